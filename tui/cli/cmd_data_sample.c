/* cmd_data_sample.c - binnacle data sample: some rows of a version, or classes made even; and data balance. */
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/data/sample.h"
#include "core/profile/frequencies.h"
#include "tui/cli/data_json.h"
#include "tui/cli/data_look.h"
#include "tui/cli/unmask.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <math.h>
#include <string.h>

static bool report_rows(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "rows");
	return !bn_cli_interrupted();
}

/* ---- sample ------------------------------------------------------------------------------------------- */

static int read_sample(bn_sample *o, bn_cli *cli, bn_err *err)
{
	const char *how = bn_cli_opt(cli, "how");
	int64_t rows = 0, seed = 1;
	int rc;

	if (!how)
		how = bn_cli_opt(cli, "weights") ? "all" : "random";
	o->column = bn_cli_opt(cli, "by");
	o->weights = bn_cli_opt(cli, "weights");
	o->where = bn_cli_opt(cli, "where");
	if ((rc = bn_sample_kind_parse(&o->kind, how, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "rows", 1, INT64_MAX, &rows, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "share", 0, 1, &o->share, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "seed", 0, INT64_MAX, &seed, err)) < 0)
		return rc;
	o->rows = (uint64_t)rows;
	o->seed = (uint64_t)seed;
	return bn_cli_privacy(&o->privacy, cli, err);
}

static json_t *classes_json(const bn_sample_outcome *all)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < all->count; i++) {
		const bn_sample_value *v = &all->values[i];
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:I, s:o}", "value", v->text, "rows_before", (json_int_t)v->before, "rows",
				(json_int_t)v->after, "weight", bn_json_real_or_null(v->weight)));
	}
	return list;
}

static int show_sample(
	bn_cli *cli, const bn_dataset_version *v, bool added, const bn_sample_outcome *all, bn_err *err)
{
	static const bn_col fields[] = {{"ref", "Dataset", BN_AS_TEXT}, {"rows", "Rows", BN_AS_COUNT},
		{"rows_before", "Of rows", BN_AS_COUNT}, {"size_bytes", "Size", BN_AS_BYTES},
		{"hash", "Hash", BN_AS_WHOLE}, {0}};
	char ref[192];
	json_t *o = bn_data_version_json(v);

	if (!o)
		return bn_err_nomem(err, "a dataset");
	json_object_set_new(o, "rows_before", json_integer((json_int_t)all->before));
	json_object_set_new(o, "classes", classes_json(all));
	bn_dataset_version_name(v, ref, sizeof ref);
	bn_cli_say(cli, added ? "added %s" : "nothing new: these are the bytes of %s", ref);
	for (size_t i = 0; i < all->count && i < 20; i++)
		bn_cli_say(cli, "  %s: %llu of %llu rows", all->values[i].text, (unsigned long long)all->values[i].after,
			(unsigned long long)all->values[i].before);
	return bn_cli_object(cli, o, fields, err);
}

static int run_sample(bn_cli *cli, bn_err *err)
{
	const bn_progress watch = {report_rows, cli};
	bn_sample o = {.progress = &watch};
	bn_sample_outcome outcome = {.values = NULL};
	bn_workspace *ws = NULL;
	bn_dataset_version *from = NULL, *v = NULL;
	bool added = false;
	int rc;

	if ((rc = read_sample(&o, cli, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&from, ws, bn_cli_arg(cli, 1), BN_DATASET_LIVE, err)) < 0)
		goto out;
	bn_cli_doubt_where(cli, ws, from);
	rc = bn_dataset_sample(&v, &added, ws, bn_cli_arg(cli, 0), from, &o, &outcome, err);
	bn_cli_progress_end(cli);
	if (rc >= 0)
		rc = show_sample(cli, v, added, &outcome, err);
out:
	bn_sample_outcome_release(&outcome);
	bn_dataset_version_free(from);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- balance ------------------------------------------------------------------------------------------ */

#define SHOWN 1000

/* Each class with its share, and the weight that gives all classes the same sum. */
static json_t *balance_json(const bn_frequencies *f)
{
	json_t *items = json_array();
	double rows = (double)(f->rows - f->missing), classes = (double)f->distinct;

	for (size_t i = 0; items && i < f->count; i++) {
		const bn_frequency_value *v = &f->values[i];
		json_array_append_new(items,
			json_pack("{s:o, s:I, s:f, s:f, s:f}", "value", bn_json_lossy(v->text, v->bytes), "rows",
				(json_int_t)v->count, "share", (double)v->count / rows, "weight",
				rows / (classes * (double)v->count), "to_largest",
				(double)v->count / (double)f->values[0].count));
	}
	return items;
}

static void say_balance(bn_cli *cli, const bn_frequencies *f)
{
	double rows = (double)(f->rows - f->missing), entropy = 0;

	if (f->missing)
		bn_cli_note(cli, "%llu rows have no value", (unsigned long long)f->missing);
	if (f->count < 2)
		return;
	for (size_t i = 0; i < f->count; i++) {
		double p = (double)f->values[i].count / rows;
		entropy -= p * log(p);
	}
	if (f->count == f->distinct)
		bn_cli_note(cli, "%llu classes; the largest has %.3g times the rows of the smallest; evenness %.3f (entropy, 1 is even)",
			(unsigned long long)f->distinct,
			(double)f->values[0].count / (double)f->values[f->count - 1].count,
			entropy / log((double)f->distinct));
	else
		bn_cli_note(cli, "the %zu most frequent of %llu values", f->count, (unsigned long long)f->distinct);
}

static int run_balance(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"value", "VALUE", BN_AS_TEXT}, {"rows", "ROWS", BN_AS_COUNT},
		{"share", "SHARE", BN_AS_PERCENT}, {"to_largest", "TO LARGEST", BN_AS_PERCENT},
		{"weight", "WEIGHT", BN_AS_NUM}, {0}};
	const bn_progress watch = {report_rows, cli};
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_frequencies f = {.values = NULL};
	size_t column;
	int rc;

	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_cli_unmask(cli, ws, v, err)) < 0 ||
		(rc = bn_cli_need_unmasked(ws, v, bn_cli_arg(cli, 1), err)) < 0 ||
		(rc = bn_dataset_open_table_watched(&table, ws, v, &watch, err)) < 0 ||
		(rc = bn_cli_where(&table, cli, err)) < 0 ||
		(rc = bn_schema_need(bn_table_schema(table), bn_cli_arg(cli, 1), &column, err)) < 0)
		goto out;
	rc = bn_frequencies_count(&f, table, column, SHOWN, &watch, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	say_balance(cli, &f);
	rc = bn_cli_list(cli, balance_json(&f), cols, "no row has a value", err);
out:
	bn_frequencies_release(&f);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt sample_opts[] = {{"how", 0, "KIND", "random, stratified, down, up, weighted or all (random)"},
	{"rows", 0, "N", "how many; of down: at most"}, {"share", 0, "X", "or which share of the rows: 0.1"},
	{"by", 0, "COLUMN", "the classes; of weighted the weights"},
	{"weights", 0, "NAME", "add a column of weights that make the classes of --by even"},
	{"seed", 0, "S", "the same seed gives the same rows (1)"}, BN_OPT_WHERE,
	{"private", 0, NULL, "nobody else can read its rows"},
	{"shared", 0, NULL, "others can read it although it is made from a private version"}, {0}};
static const bn_opt balance_opts[] = {BN_OPT_WHERE, BN_OPT_UNMASK, {0}};

const bn_verb bn_verbs_data_sample[] = {
	{"data", "sample", "NEW NAME[@vN]", 2, 2, "make a dataset of some rows of another, or with even classes",
		"random and stratified take --rows or --share; down takes as many rows of each class as the\n"
		"rarest has; up repeats rows until each class has as many as the largest; weighted draws rows\n"
		"in proportion to a column. --weights adds rows / (classes * rows of the class). Sample the\n"
		"training part, not what is split afterwards: repeated rows would be in two parts.",
		{"binnacle data sample tenth jobs --share 0.1",
			"binnacle data sample even jobs.train --how down --by job_state",
			"binnacle data sample weighed jobs.train --by job_state --weights weight"},
		sample_opts, 0, run_sample},
	{"data", "balance", "NAME[@vN] COLUMN", 2, 2, "how even the classes of a column are",
		"WEIGHT gives every class the same sum: rows / (classes * rows of the class).",
		{"binnacle data balance jobs job_state", "binnacle data balance jobs.train failed --json"}, balance_opts,
		BN_VERB_LISTS, run_balance},
	{0},
};
