/* cmd_data_leaks.c - binnacle data leaks: rows and features that make a test look better than it is. */
#include "core/base/mem.h"
#include "core/data/leaks_of.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <string.h>

#define NAMES_MAX 64

typedef struct asked {
	bn_leaks_ask ask;
	const char *groups[NAMES_MAX], *ignore[NAMES_MAX];
	bn_leaks_known known[NAMES_MAX];
	char *texts[NAMES_MAX]; /* of known */
} asked;

static int read_names(const char **names, size_t *n, bn_cli *cli, const char *option, bn_err *err)
{
	const char *text;

	for (*n = 0; (text = bn_cli_opt_nth(cli, option, *n)); ++*n) {
		if (*n == NAMES_MAX)
			return bn_err_set(err, BN_EINVAL, "more than %d times --%s", NAMES_MAX, option);
		names[*n] = text;
	}
	return 0;
}

static int read_known(asked *a, bn_cli *cli, bn_err *err)
{
	const char *texts[NAMES_MAX];
	size_t n;
	int rc = read_names(texts, &n, cli, "known", err);

	for (size_t i = 0; rc >= 0 && i < n; i++) {
		char *equals = NULL;
		if (!(a->texts[i] = bn_strdup(texts[i])))
			return bn_err_nomem(err, "a name");
		a->ask.o.known_count++;
		if (!(equals = strrchr(a->texts[i], '=')) || equals == a->texts[i] || !equals[1]) {
			bn_err_set(err, BN_EINVAL, "--known '%s' is not FEATURE=COLUMN", texts[i]);
			bn_err_hint(err, "COLUMN has the time at which FEATURE was known");
			return BN_EINVAL;
		}
		*equals = '\0';
		a->known[i] = (bn_leaks_known){a->texts[i], equals + 1};
	}
	return rc;
}

static int read_asked(asked *a, bn_cli *cli, bn_err *err)
{
	bn_leaks_options *o = &a->ask.o;
	int rc;

	o->target = bn_cli_opt(cli, "target");
	o->time = bn_cli_opt(cli, "time");
	o->end = bn_cli_opt(cli, "end");
	a->ask.horizon = bn_cli_opt(cli, "horizon");
	a->ask.where = bn_cli_opt(cli, "where");
	o->groups = a->groups;
	o->ignore = a->ignore;
	o->known = a->known;
	if (o->end && a->ask.horizon)
		return bn_err_set(err, BN_EINVAL, "--end and --horizon both say when a label ends: give one");
	if ((rc = read_names(a->groups, &o->group_count, cli, "group", err)) < 0 ||
		(rc = read_names(a->ignore, &o->ignore_count, cli, "ignore", err)) < 0)
		return rc;
	return read_known(a, cli, err);
}

static void say_compared(bn_cli *cli, const bn_leaks *l, const bn_leaks_ask *ask)
{
	const char *target = ask->o.target;

	bn_cli_note(cli, "%llu rows, %zu columns compared%s%.200s", (unsigned long long)l->rows, l->columns,
		l->left_out[0] ? "; not compared, since they only name rows: " : "", l->left_out);
	if (l->natural)
		bn_cli_note(cli, "%llu pairs of rows in different parts are equal, as many as such a table has by chance",
			(unsigned long long)l->natural);
	if (l->part_count == 1)
		bn_cli_note(cli, "one part: only its features were examined; give two or more to compare rows");
	if (!target)
		bn_cli_note(cli, "no feature was compared with the target: --target COLUMN names it");
}

static int show(bn_cli *cli, const bn_leaks *l, bn_err *err)
{
	static const bn_col cols[] = {{"kind", "LEAK", BN_AS_TEXT}, {"column", "COLUMN", BN_AS_TEXT},
		{"rows", "ROWS", BN_AS_COUNT}, {"strength", "STRENGTH", BN_AS_PERCENT},
		{"text", "WHAT", BN_AS_WORDS}, {"advice", "WHAT TO DO", BN_AS_WORDS}, {0}};
	json_t *items = json_array();

	for (size_t i = 0; items && i < l->count; i++)
		json_array_append_new(items, bn_leak_json(l, &l->items[i]));
	return bn_cli_list(cli, items, cols, "no leak was found", err);
}

static bool report_rows(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "rows");
	return !bn_cli_interrupted();
}

static int run_leaks(bn_cli *cli, bn_err *err)
{
	const bn_progress watch = {report_rows, cli};
	size_t n = (size_t)bn_cli_nargs(cli);
	bn_workspace *ws = NULL;
	bn_dataset_version **v = bn_alloc_zeroed(n + 1, sizeof *v);
	asked *a = bn_alloc_zeroed(1, sizeof *a);
	bn_leaks l = {.items = NULL};
	int rc;

	if (!v || !a) {
		rc = bn_err_nomem(err, "parts");
		goto out;
	}
	a->ask.progress = &watch;
	if ((rc = read_asked(a, cli, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if ((rc = bn_dataset_resolve(&v[i], ws, bn_cli_arg(cli, (int)i), BN_DATASET_LIVE, err)) < 0)
			goto out;
		bn_cli_doubt_where(cli, ws, v[i]);
	}
	rc = bn_dataset_leaks(&l, ws, (const bn_dataset_version *const *)v, n, &a->ask, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	say_compared(cli, &l, &a->ask);
	if ((rc = show(cli, &l, err)) >= 0 && l.count)
		rc = bn_err_set(err, BN_EFAILED, "%zu leak%s found", l.count, l.count == 1 ? "" : "s");
out:
	bn_leaks_release(&l);
	for (size_t i = 0; v && i < n; i++)
		bn_dataset_version_free(v[i]);
	for (size_t i = 0; a && i < a->ask.o.known_count; i++)
		bn_free(a->texts[i]);
	bn_free(v);
	bn_free(a);
	return rc;
}

static const bn_opt leaks_opts[] = {{"target", 0, "COLUMN", "look for features that are this column in disguise"},
	{"group", 0, "COLUMN", "its values should be in one part each (may be repeated)"},
	{"time", 0, "COLUMN", "the time of a row's event: spans of parts, features known later"},
	{"end", 0, "COLUMN", "when the interval of a row's label ends"},
	{"horizon", 0, "LENGTH", "or how long it lasts: 6h, or a number if --time is one"},
	{"known", 0, "FEATURE=COLUMN", "COLUMN has the time at which FEATURE was known (may be repeated)"},
	{"ignore", 0, "COLUMN", "neither a feature nor part of a row's values (may be repeated)"}, BN_OPT_WHERE, {0}};

const bn_verb bn_verbs_data_leaks[] = {
	{"data", "leaks", "PART[@vN]...", 1, -1, "what lets a model see its test rows or its target",
		"Between the parts (the training part first): rows that are equal or nearly equal beyond what chance\n"
		"explains, groups in two parts, overlapping times. In the features: the target renamed, rescaled, as a\n"
		"monotone function or as codes of its classes, and what was known only after the event. Group and time\n"
		"of parts that data split made are known. Exit status 1 if there is a leak.",
		{"binnacle data leaks jobs.train jobs.test --target power",
			"binnacle data leaks jobs.train jobs.val jobs.test --group user_id --time submit_time",
			"binnacle data leaks jobs --target job_state --time submit_time --known exit_code=end_time"},
		leaks_opts, BN_VERB_LISTS, run_leaks},
	{0},
};
