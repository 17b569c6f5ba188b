/* cmd_data_transform.c - binnacle data transform: making a dataset from another, by expressions. */
#include "core/base/mem.h"
#include "core/data/transform.h"
#include "tui/cli/data_json.h"
#include "tui/cli/data_look.h"
#include "tui/cli/suites.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <string.h>

#define COLUMNS_MAX 512

/* --keep a,b,c, cut in place. */
static size_t split_names(const char **out, char *text)
{
	size_t n = 0;
	for (char *rest = text, *one; text && n < COLUMNS_MAX && (one = strsep(&rest, ","));)
		out[n++] = one;
	return n;
}

static int read_options(bn_transform *o, const char **columns, const char **keep, const char **pseudonymise,
	char *names, bn_cli *cli, bn_err *err)
{
	const char *text;
	while ((text = bn_cli_opt_nth(cli, "column", o->column_count))) {
		if (o->column_count == COLUMNS_MAX)
			return bn_err_set(err, BN_EINVAL, "more than %d --column", COLUMNS_MAX);
		columns[o->column_count++] = text;
	}
	o->columns = columns;
	while ((text = bn_cli_opt_nth(cli, "pseudonymise", o->pseudonymise_count))) {
		if (o->pseudonymise_count == COLUMNS_MAX)
			return bn_err_set(err, BN_EINVAL, "more than %d --pseudonymise", COLUMNS_MAX);
		pseudonymise[o->pseudonymise_count++] = text;
	}
	o->pseudonymise = pseudonymise;
	o->where = bn_cli_opt(cli, "where");
	if (names) {
		o->keep = keep;
		o->keep_count = split_names(keep, names);
	}
	int rc = bn_cli_privacy(&o->privacy, cli, err);
	if (rc < 0)
		return rc;
	if (o->column_count || o->where || o->keep || o->pseudonymise_count)
		return 0;
	bn_err_set(err, BN_EINVAL, "nothing to do: give --column, --where, --keep or --pseudonymise");
	bn_err_hint(err, "binnacle help data transform has examples");
	return BN_EINVAL;
}

static int show_made(bn_cli *cli, const bn_dataset_version *v, bool added, bn_err *err)
{
	static const bn_col fields[] = {{"ref", "Dataset", BN_AS_TEXT},
		{"rows", "Rows", BN_AS_COUNT}, {"columns", "Columns", BN_AS_COUNT},
		{"size_bytes", "Size", BN_AS_BYTES}, {"hash", "Hash", BN_AS_TEXT},
		{"parents_text", "Made from", BN_AS_TEXT}, {0}};
	char ref[192];
	json_t *o = bn_data_version_json(v);
	if (!o)
		return bn_err_nomem(err, "a dataset");
	json_object_set_new(o, "added", json_boolean(added));
	bn_dataset_version_name(v, ref, sizeof ref);
	if (v->rows == 0)
		bn_cli_warn(cli, "%s has no rows", ref);
	bn_cli_say(cli, added ? "added %s" : "nothing new: these are the bytes of %s", ref);
	return bn_cli_object(cli, o, fields, err);
}

static int run_transform(bn_cli *cli, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	bn_workspace *ws = NULL;
	bn_dataset_version *from = NULL, *v = NULL;
	const char **columns = bn_alloc_zeroed(3 * COLUMNS_MAX, sizeof *columns);
	char *names = bn_strdup(bn_cli_opt(cli, "keep"));
	bn_transform o = {.progress = &watch};
	bool added = false;
	int rc;
	if (!columns || (!names && bn_cli_opt(cli, "keep"))) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	if ((rc = read_options(&o, columns, columns + COLUMNS_MAX, columns + 2 * COLUMNS_MAX, names, cli, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&from, ws, bn_cli_arg(cli, 1), BN_DATASET_LIVE, err)) < 0)
		goto out;
	bn_cli_doubt_where(cli, ws, from);
	rc = bn_dataset_transform(&v, &added, ws, bn_cli_arg(cli, 0), from, &o, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	if (added)
		bn_cli_tell_suites(cli, ws, v);
	rc = show_made(cli, v, added, err);
out:
	bn_free(names);
	bn_free(columns);
	bn_dataset_version_free(from);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt opts[] = {{"column", 0, "NAME=EXPR", "a computed column (may be repeated)"},
	BN_OPT_WHERE, {"keep", 0, "A,B", "only these of its columns, in this order"},
	{"pseudonymise", 0, "COLUMN", "replace its values by pseudonyms (may be repeated)"},
	{"private", 0, NULL, "nobody else can read its rows"},
	{"shared", 0, NULL, "others can read it although it is made from a private version"}, {0}};

const bn_verb bn_verbs_data_transform[] = {
	{"data", "transform", "NEW NAME[@vN]", 2, 2,
		"make a dataset from another: computed columns, filtered rows",
		"Expressions are those of --where (binnacle help expressions). They use the columns of "
		"the source\n"
		"version; a computed column replaces an existing one of the same name. The recipe "
		"of the\n"
		"new version is printed by show --json.",
		{"binnacle data transform jobs2 jobs --column 'hours = run_time / 3600'",
			"binnacle data transform failed jobs --where 'job_state = FAILED' --keep "
			"user_id,run_time",
			"binnacle data transform clean power --column 'power = if(power < 0, null, "
			"power)'"},
		opts, 0, run_transform},
	{0},
};
