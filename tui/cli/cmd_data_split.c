/* cmd_data_split.c - binnacle data split: parts for training and testing, and folds. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/folds.h"
#include "core/data/leaks.h"
#include "tui/cli/data_json.h"
#include "tui/cli/reading.h"
#include "tui/cli/suites.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <string.h>

typedef struct splitting {
	bn_split_options o;
	bn_split_outcome outcome;
	bn_leaks_options search;
	bn_leaks found;
	bn_progress progress;
} splitting;

static bool split_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "rows");
	return !bn_cli_interrupted();
}

/* ---- options ---------------------------------------------------------------------------------------- */

static int read_count(size_t *out, bn_cli *cli, const char *option, int64_t least, int64_t most, bn_err *err)
{
	int64_t n = 0;
	int rc = bn_cli_opt_int(cli, option, least, most, &n, err);

	*out = (size_t)n;
	return rc;
}

static int read_folds(bn_split_options *o, bn_cli *cli, bn_err *err)
{
	const char *folds = bn_cli_opt(cli, "folds");
	int rc;

	o->folds_each = folds && !strcmp(folds, "each");
	if (folds && bn_cli_opt(cli, "parts"))
		return bn_err_set(err, BN_EINVAL, "--parts and --folds: give one; each fold has a train and a test part");
	if (folds && !o->folds_each && (rc = read_count(&o->folds, cli, "folds", 2, BN_FOLDS_MAX, err)) < 0)
		return rc;
	for (int i = 0; !folds && i < 3; i++) {
		static const char *const of_folds[] = {"repeats", "inner", "window"};
		if (bn_cli_opt(cli, of_folds[i]))
			return bn_err_set(err, BN_EINVAL, "--%s needs --folds", of_folds[i]);
	}
	if ((rc = read_count(&o->repeats, cli, "repeats", 1, BN_FOLDS_MAX, err)) < 0 ||
		(rc = read_count(&o->inner, cli, "inner", 2, BN_FOLDS_INNER_MAX, err)) < 0)
		return rc;
	return read_count(&o->window, cli, "window", 1, BN_FOLDS_MAX, err);
}

static int read_split(splitting *s, bn_cli *cli, bn_err *err)
{
	const char *how = bn_cli_opt(cli, "how"), *text = bn_cli_opt(cli, "parts");
	bn_split_options *o = &s->o;
	int64_t seed = 1;
	int rc;

	s->progress = (bn_progress){split_progress, cli};
	o->progress = &s->progress;
	o->outcome = &s->outcome;
	o->column = bn_cli_opt(cli, "by");
	o->group = bn_cli_opt(cli, "group");
	o->end = bn_cli_opt(cli, "end");
	o->horizon = bn_cli_opt(cli, "horizon");
	o->embargo = bn_cli_opt(cli, "embargo");
	o->where = bn_cli_opt(cli, "where");
	o->only_plan = bn_cli_dry_run(cli);
	if (!bn_cli_flag(cli, "no-leaks"))
		o->leaks = &s->search;
	o->found = &s->found;
	s->search.target = bn_cli_opt(cli, "target");
	if ((rc = bn_split_kind_parse(&o->kind, how ? how : "random", err)) < 0)
		return rc;
	if (o->kind == BN_SPLIT_RANDOM && o->column)
		return bn_err_set(err, BN_EINVAL,
			"--by %s needs --how stratified, temporal or group", o->column);
	if (s->search.target && !o->leaks)
		return bn_err_set(err, BN_EINVAL, "--target is for the search for leaks, which --no-leaks leaves out");
	if ((rc = read_folds(o, cli, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "seed", 0, INT64_MAX, &seed, err)) < 0)
		return rc;
	o->seed = (uint64_t)seed;
	if (o->folds || o->folds_each)
		return 0;
	return bn_split_parts_parse(o, text ? text : "train=0.8,test=0.2", err);
}

/* ---- results ---------------------------------------------------------------------------------------- */

static void tell_leaks(bn_cli *cli, const bn_leaks *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_cli_warn(cli, "leak: %s", l->items[i].text);
	if (l->count)
		bn_cli_note(cli, "  hint: %s", l->items[0].advice);
}

/* A part that is not made has a name and rows only. */
static json_t *version_json(const bn_dataset_version *v, const bn_dataset_version *of, const char *name, uint64_t rows)
{
	char ref[400];
	json_t *item = v ? bn_data_version_json(v) : json_object();

	if (v || !item)
		return item;
	snprintf(ref, sizeof ref, "%s.%s", of->name, name);
	json_object_set_new(item, "ref", json_string(ref));
	json_object_set_new(item, "rows", json_integer((json_int_t)rows));
	json_object_set_new(item, "hash", json_null());
	return item;
}

static int split_parts(splitting *s, bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	static const bn_col cols[] = {{"ref", "PART", BN_AS_TEXT}, {"rows", "ROWS", BN_AS_COUNT},
		{"hash", "HASH", BN_AS_ID}, {"share", "SHARE", BN_AS_PERCENT}, {0}};
	const bn_split_outcome *all = &s->outcome;
	bn_dataset_version *parts[BN_SPLIT_MAX_PARTS] = {NULL};
	bn_source_notes notes = {.items = NULL};
	json_t *items = json_array();
	int rc = bn_dataset_split(parts, ws, v, &s->o, err);

	bn_cli_progress_end(cli);
	if (rc < 0 || (rc = bn_split_notes(&notes, &s->o, all, err)) < 0)
		goto out;
	bn_cli_tell_notes(cli, &notes);
	tell_leaks(cli, &s->found);
	for (size_t i = 0; i < s->o.part_count; i++) {
		if (parts[i])
			bn_cli_tell_suites(cli, ws, parts[i]);
		json_t *item = version_json(parts[i], v, s->o.parts[i].name, all->counts[i]);
		double share = all->rows ? (double)all->counts[i] / (double)all->rows : 0;
		if (item) {
			json_object_set_new(item, "share", json_real(share));
			json_object_set_new(item, "share_asked", json_real(s->o.parts[i].share));
		}
		json_array_append_new(items, item);
	}
	rc = bn_cli_list(cli, json_incref(items), cols, NULL, err);
out:
	json_decref(items);
	for (size_t i = 0; i < BN_SPLIT_MAX_PARTS; i++)
		bn_dataset_version_free(parts[i]);
	bn_source_notes_release(&notes);
	return rc;
}

static json_t *number_or_null(size_t n)
{
	return n ? json_integer((json_int_t)n) : json_null();
}

static json_t *fold_json(const bn_folds_made *made, size_t i, const bn_dataset_version *v)
{
	const bn_fold_part *p = &made->parts[i];
	json_t *item = version_json(made->versions[i], v, p->name, p->rows);

	if (!item)
		return NULL;
	json_object_set_new(item, "share", json_real((double)p->rows / (double)made->rows));
	json_object_set_new(item, "repeat", number_or_null(p->repeat));
	json_object_set_new(item, "fold", number_or_null(p->fold));
	json_object_set_new(item, "inner_fold", number_or_null(p->inner));
	json_object_set_new(item, "part", json_string(p->is_test ? "test" : "train"));
	json_object_set_new(item, "left_out", json_integer((json_int_t)p->left_out));
	json_object_set_new(item, "value", p->value[0] ? json_string(p->value) : json_null());
	return item;
}

static int split_folds(splitting *s, bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_col cols[] = {{"ref", "PART", BN_AS_TEXT}, {"rows", "ROWS", BN_AS_COUNT},
		{"hash", "HASH", BN_AS_ID}, {"share", "SHARE", BN_AS_PERCENT},
		{s->o.folds_each ? "value" : "left_out", s->o.folds_each ? "LEFT OUT" : "PURGED",
			s->o.folds_each ? BN_AS_TEXT : BN_AS_COUNT},
		{0}};
	bool purges = s->o.end || s->o.horizon || s->o.embargo;
	bn_folds_made made;
	json_t *items = json_array();
	int rc = bn_dataset_folds(&made, ws, v, &s->o, err);

	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	if (!purges && !s->o.folds_each)
		cols[4] = (bn_col){0};
	bn_cli_tell_notes(cli, &made.notes);
	tell_leaks(cli, &s->found);
	for (size_t i = 0; items && i < made.count; i++) {
		if (made.versions[i])
			bn_cli_tell_suites(cli, ws, made.versions[i]);
		json_array_append_new(items, fold_json(&made, i, v));
	}
	rc = bn_cli_list(cli, json_incref(items), cols, NULL, err);
out:
	json_decref(items);
	bn_folds_made_release(&made);
	return rc;
}

static int run_split(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	splitting *s = bn_alloc_zeroed(1, sizeof *s);
	int rc;

	if (!s)
		return bn_err_nomem(err, "a split");
	if ((rc = read_split(s, cli, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0)
		goto out;
	bn_cli_doubt_where(cli, ws, v);
	rc = (s->o.folds || s->o.folds_each ? split_folds : split_parts)(s, cli, ws, v, err);
	if (rc == BN_ENOTFOUND)
		bn_err_hint(err, "binnacle data describe %s lists the columns", bn_cli_arg(cli, 0));
out:
	bn_leaks_release(&s->found);
	bn_dataset_version_free(v);
	bn_free(s);
	return rc;
}

static const bn_opt split_opts[] = {{"parts", 0, "LIST", "names and shares (train=0.8,test=0.2)"},
	{"how", 0, "KIND", "random, stratified, temporal, group, stratified-group, expanding or rolling (random)"},
	{"by", 0, "COLUMN", "stratify or group by, or order in time by, this column"},
	{"group", 0, "COLUMN", "stratified-group: rows with one value stay together"},
	{"end", 0, "COLUMN", "by time: when the interval of a row's label ends"},
	{"horizon", 0, "LENGTH", "by time: or how long it lasts: 6h, or a number if --by is one"},
	{"embargo", 0, "LENGTH", "temporal folds: no training rows so long after a test: 6h, a number, or 1% of the rows"},
	{"folds", 0, "K", "cross-validation: K pairs of train and test; each: one for each value of a group"},
	{"repeats", 0, "R", "of folds: R times, with the seeds S, S + 1, ..."},
	{"inner", 0, "M", "of folds: M inner folds of each training part"},
	{"window", 0, "N", "rolling: train on the N parts before the test (1)"},
	{"seed", 0, "S", "the same seed gives the same parts (1)"},
	{"target", 0, "COLUMN", "look also for features that are this column in disguise"},
	{"no-leaks", 0, NULL, "do not look for equal rows in two parts"}, BN_OPT_WHERE, {0}};

const bn_verb bn_verbs_data_split[] = {
	{"data", "split", "NAME[@vN]", 1, 1, "split into parts, each a separate dataset, or into folds",
		"The parts are NAME.train, NAME.test and so on; every row is in exactly one. group "
		"keeps\n"
		"rows of one value together and matches the shares of the rows as closely as the "
		"values\n"
		"allow; the result is reported if it differs. With --folds the parts are NAME.fold1.train,\n"
		"NAME.fold1.test, ..., which share their bytes. With --end or --horizon, training rows whose\n"
		"label reaches into the test's time are left out. Leaks between the parts are warned of;\n"
		"--dry-run only shows the parts. Parts of a private version are private.",
		{"binnacle data split jobs --how temporal --by submit_time",
			"binnacle data split jobs --how stratified-group --by job_state --group user_id --folds 5",
			"binnacle data split jobs --how temporal --by submit_time --end end_time --folds 5 --embargo 1%"},
		split_opts, BN_VERB_DRY_RUN, run_split},
	{0},
};
