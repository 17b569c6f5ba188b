/* cmd_data_gaps.c - binnacle data gaps: what is missing in telemetry, key by key (core/check/gaps.h). */
#include "core/check/gaps.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/data/dataset.h"
#include "tui/cli/unmask.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <string.h>

static json_t *time_json(int64_t ns)
{
	char text[BN_TIMESTAMP_TEXT];
	return json_string(bn_timestamp_iso(ns, text));
}

static json_t *keys_json(const bn_gaps *g)
{
	json_t *items = json_array();
	for (size_t i = 0; i < g->key_count; i++) {
		const bn_gap_key *k = &g->keys[i];
		uint64_t expected = k->present + k->missing;
		json_array_append_new(items,
			json_pack("{s:s?, s:o, s:o, s:I, s:I, s:I, s:f, s:o, s:I}", "key", k->text,
				"first", time_json(k->first_ns), "last", time_json(k->last_ns), "present",
				(json_int_t)k->present, "expected", (json_int_t)expected, "missing",
				(json_int_t)k->missing, "share_missing",
				expected ? (double)k->missing / (double)expected : 0, "longest_ns",
				k->longest_ns ? json_integer(k->longest_ns) : json_null(), "repeated",
				(json_int_t)k->repeated));
	}
	return items;
}

static json_t *gaps_json(const bn_gaps *g)
{
	json_t *items = json_array();
	for (size_t i = 0; i < g->kept; i++) {
		const bn_gap *gap = &g->gaps[i];
		json_array_append_new(items, json_pack("{s:s?, s:o, s:o, s:I, s:I}", "key",
						     g->keys[gap->key].text, "after",
						     time_json(gap->after_ns), "before",
						     time_json(gap->before_ns), "missing",
						     (json_int_t)gap->missing, "length_ns",
						     (json_int_t)(gap->before_ns - gap->after_ns)));
	}
	return items;
}

static bool interrupted(void *ctx)
{
	(void)ctx;
	return bn_cli_interrupted();
}

static int read_options(bn_gaps_options *o, bn_cli *cli, const bn_schema *schema, bn_err *err)
{
	const char *time = bn_cli_opt(cli, "time"), *key = bn_cli_opt(cli, "key");
	int rc;
	*o = (bn_gaps_options){.key = BN_SCHEMA_NONE,
		.tolerance = 0.5,
		.own_span = bn_cli_flag(cli, "own-span"),
		.cancelled = interrupted};
	if (!time || !bn_cli_opt(cli, "every")) {
		bn_err_set(err, BN_EINVAL, "--time COLUMN and --every TIME are needed");
		bn_err_hint(err, "binnacle data gaps power --time t --key node --every 60s");
		return BN_EINVAL;
	}
	if ((rc = bn_cli_opt_duration(cli, "every", &o->interval_ns, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "tolerance", 0, 100, &o->tolerance, err)) < 0 ||
		(rc = bn_schema_need(schema, time, &o->time, err)) < 0)
		return rc;
	if (o->interval_ns <= 0)
		return bn_err_set(err, BN_EINVAL, "--every must be above 0");
	return key ? bn_schema_need(schema, key, &o->key, err) : 0;
}

static void tell(bn_cli *cli, const bn_gaps *g, bool lists_gaps)
{
	bn_cli_say(cli, "%llu of %llu instants are missing, in %llu gaps",
		(unsigned long long)g->missing, (unsigned long long)(g->present + g->missing),
		(unsigned long long)g->gap_count);
	if (g->skipped)
		bn_cli_warn(cli, "%llu rows have no time or no key", (unsigned long long)g->skipped);
	if (lists_gaps && g->gap_count > g->kept)
		bn_cli_warn(cli, "the first %zu gaps are listed", g->kept);
}

static int run_gaps(bn_cli *cli, bn_err *err)
{
	static const bn_col of_keys[] = {{"key", "KEY", BN_AS_TEXT}, {"first", "FIRST", BN_AS_TEXT},
		{"last", "LAST", BN_AS_TEXT}, {"present", "PRESENT", BN_AS_COUNT},
		{"missing", "MISSING", BN_AS_COUNT}, {"share_missing", "SHARE", BN_AS_PERCENT},
		{"longest_ns", "LONGEST", BN_AS_DURATION}, {"repeated", "REPEATED", BN_AS_COUNT}, {0}};
	static const bn_col of_gaps[] = {{"key", "KEY", BN_AS_TEXT}, {"after", "AFTER", BN_AS_TEXT},
		{"before", "BEFORE", BN_AS_TEXT}, {"missing", "MISSING", BN_AS_COUNT},
		{"length_ns", "LENGTH", BN_AS_DURATION}, {0}};
	bool lists = bn_cli_flag(cli, "gaps");
	const bn_progress watch = bn_cli_watch(cli);
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_gaps_options o;
	bn_gaps g = {.keys = NULL};
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_cli_unmask(cli, ws, v, err)) < 0 ||
		(rc = bn_cli_need_unmasked(ws, v, bn_cli_opt(cli, "time"), err)) < 0 ||
		(rc = bn_cli_need_unmasked(ws, v, bn_cli_opt(cli, "key"), err)) < 0 ||
		(rc = bn_dataset_open_table_watched(&table, ws, v, &watch, err)) < 0 ||
		(rc = bn_cli_where(&table, cli, err)) < 0 ||
		(rc = read_options(&o, cli, bn_table_schema(table), err)) < 0 ||
		(rc = bn_gaps_find(&g, table, &o, err)) < 0)
		goto out;
	tell(cli, &g, lists);
	rc = lists ? bn_cli_list(cli, gaps_json(&g), of_gaps, "nothing is missing", err)
		   : bn_cli_list(cli, keys_json(&g), of_keys, "no times", err);
out:
	bn_gaps_release(&g);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt gaps_opts[] = {BN_OPT_UNMASK, {"time", 0, "COLUMN", "the column of times"},
	{"key", 0, "COLUMN", "count for each of its values: a node, a sensor"},
	{"every", 0, "TIME", "the expected interval (60s)"},
	{"tolerance", 0, "X", "how late a value may be, in intervals (0.5)"},
	{"own-span", 0, NULL, "expect a key from its own first to its own last time only"},
	{"gaps", 0, NULL, "list the gaps instead of the keys"}, BN_OPT_WHERE, {0}};

const bn_verb bn_verbs_data_gaps[] = {
	{"data", "gaps", "NAME[@vN] --time COLUMN --every TIME", 1, 1,
		"what is missing in telemetry, for each node or sensor",
		"Every key is expected at each interval from the first to the last time of the rows. "
		"The\n"
		"check expect_column_times_to_be_complete asks the same of each new version.",
		{"binnacle data gaps power --time t --key node --every 60s",
			"binnacle data gaps power --time t --key node --every 60s --gaps"},
		gaps_opts, BN_VERB_LISTS, run_gaps},
	{0},
};
