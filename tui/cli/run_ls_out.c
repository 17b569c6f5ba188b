/* run_ls_out.c - see run_ls.h: groups of runs, and the list as a file. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/track/save.h"
#include "tui/cli/run_ls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- groups --------------------------------------------------------------------------------- */

static int aggregates_parse(bool *wanted, const char *text, bn_err *err)
{
	char copy[128], *rest = copy, *one;
	snprintf(copy, sizeof copy, "%s", text);
	while ((one = strsep(&rest, ", "))) {
		int k = 0;
		if (!*one)
			continue;
		while (k < BN_SUM_KINDS && strcmp(bn_run_sum_names[k], one) != 0)
			k++;
		if (k == BN_SUM_KINDS) {
			const char *near = bn_nearest_word(one, bn_run_sum_names);
			bn_err_set(err, BN_EINVAL,
				"--aggregate: '%.40s' is none of n, mean, std, min, max, median",
				one);
			if (near)
				bn_err_hint(err, "did you mean '%s'?", near);
			return BN_EINVAL;
		}
		wanted[k] = true;
	}
	return 0;
}

static json_t *sum_json(const bn_run_sum *s, bn_run_sum_kind aggregate)
{
	double x = bn_run_sum_get(s, aggregate);
	if (aggregate == BN_SUM_N)
		return json_integer((json_int_t)s->count);
	return isfinite(x) ? json_real(x) : json_null();
}

/* Whether some group has a mean of only a part of its runs. */
static bool is_partly(const bn_run_page *page, size_t column)
{
	for (size_t i = 0; i < page->group_count; i++)
		if (page->groups[i].sums[column].count < page->groups[i].count)
			return true;
	return false;
}

#define PART "part"

/* "2 of 3": said in a table for people, which has no column for both numbers. */
static json_t *part_json(const bn_run_sum *s, const bn_run_group *g)
{
	char text[64];
	snprintf(text, sizeof text, "%lld of %lld", (long long)s->count, (long long)g->count);
	return json_string(text);
}

bn_run_sum_kind bn_run_ls_first_aggregate(const char *aggregates)
{
	size_t n = strcspn(aggregates, ", ");
	for (int k = 0; k < BN_SUM_KINDS; k++)
		if (strlen(bn_run_sum_names[k]) == n && strncmp(bn_run_sum_names[k], aggregates, n) == 0)
			return (bn_run_sum_kind)k;
	return BN_SUM_MEAN;
}

/* A column of numbers has its aggregates; of texts, the one that all runs share. */
static bool is_number_column(const bn_run_page *page, size_t column)
{
	for (size_t i = 0; i < page->group_count; i++)
		if (page->groups[i].sums[column].alike || page->groups[i].sums[column].differs)
			return false;
	return true;
}

static json_t *group_json(
	const bn_run_group *g, const bn_run_page *page, const bn_run_query *q, bool is_text)
{
	json_t *values = json_object();
	for (size_t i = 0; i < q->column_count; i++) {
		const bn_run_sum *s = &g->sums[i];
		json_t *of = NULL;
		if (is_number_column(page, i)) {
			of = json_object();
			for (int k = 0; k < BN_SUM_KINDS; k++)
				json_object_set_new(of, bn_run_sum_names[k], sum_json(s, (bn_run_sum_kind)k));
			json_object_set_new(of, "total", json_integer((json_int_t)g->count));
			if (is_text && s->count < g->count)
				json_object_set_new(of, PART, part_json(s, g));
		} else {
			of = s->alike ? json_string(s->alike) : json_null();
		}
		json_object_set_new(values, q->columns[i], of);
	}
	return json_pack("{ss? sI sI so}", "group", g->value, "runs", (json_int_t)g->count, "failed",
		(json_int_t)g->bad, "values", values);
}

typedef struct group_columns {
	bn_col *items;
	size_t count;
	bn_arena arena;
} group_columns;

/* aggregate: in its JSON; named: in the title. NULL: the field itself. */
static int column_add(group_columns *c, const char *field, const char *aggregate, const char *named,
	bn_format format, bn_err *err)
{
	char *key = bn_arena_strf(
		&c->arena, "%s%s%s", field, aggregate ? " " : "", aggregate ? aggregate : "");
	char *title = bn_arena_strf(&c->arena, "%s%s%s", field, named ? " " : "", named ? named : "");
	if (!key || !title)
		return bn_err_nomem(err, "groups of runs");
	c->items[c->count++] = (bn_col){key, title, format};
	return 0;
}

static int columns_make(group_columns *c, const bn_run_page *page, const bn_run_query *q,
	const bool *wanted, bool is_text, bn_err *err)
{
	static const bn_col fixed[] = {{"group", "GROUP", BN_AS_TEXT}, {"runs", "RUNS", BN_AS_NUM},
		{"failed", "FAILED", BN_AS_NUM}};
	size_t n = sizeof fixed / sizeof *fixed;
	int rc = 0;
	c->items = bn_alloc_zeroed(n + q->column_count * (BN_SUM_KINDS + 1) + 1, sizeof *c->items);
	if (!c->items)
		return bn_err_nomem(err, "groups of runs");
	memcpy(c->items, fixed, sizeof fixed);
	c->count = n;
	for (size_t i = 0; i < q->column_count && rc == 0; i++) {
		bool numbers = is_number_column(page, i);
		if (!numbers)
			rc = column_add(c, q->columns[i], NULL, NULL, BN_AS_TEXT, err);
		else if (is_text && !wanted[BN_SUM_N] && is_partly(page, i))
			rc = column_add(c, q->columns[i], PART, bn_run_sum_names[BN_SUM_N], BN_AS_TEXT, err);
		for (int k = 0; numbers && k < BN_SUM_KINDS && rc == 0; k++)
			if (wanted[k])
				rc = column_add(c, q->columns[i], bn_run_sum_names[k], bn_run_sum_names[k],
					BN_AS_NUM, err);
	}
	return rc;
}

int bn_run_ls_groups(bn_cli *cli, const bn_run_page *page, const bn_run_query *q,
	const char *aggregates, bn_err *err)
{
	bool wanted[BN_SUM_KINDS] = {false};
	group_columns c = {NULL, 0, BN_ARENA_INIT};
	json_t *items = NULL;
	int rc;
	if ((rc = aggregates_parse(wanted, aggregates, err)) < 0)
		return rc;
	if (page->too_many_groups)
		return bn_err_set(
			err, BN_EINVAL, "--group %.80s: more than 10 000 values", q->group);
	if ((rc = columns_make(&c, page, q, wanted, bn_cli_is_text(cli), err)) < 0)
		goto out;
	items = json_array();
	for (size_t i = 0; items && i < page->group_count; i++)
		json_array_append_new(items, group_json(&page->groups[i], page, q, bn_cli_is_text(cli)));
	rc = bn_cli_list(cli, items, c.items, "no run is over; live runs are in no group", err);
out:
	bn_free(c.items);
	bn_arena_release(&c.arena);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------- */

int bn_run_ls_save(bn_cli *cli, int64_t *runs, bn_workspace *ws, const bn_run_query *q, const char *path,
	bn_err *err)
{
	static const char *const fixed[] = {"id", "name", "status", "experiment", "user", "title",
		"host", "created", "started", "finished"};
	const size_t n = sizeof fixed / sizeof *fixed;
	const char **columns = bn_alloc((n + q->column_count) * sizeof *columns);
	const bn_progress watch = bn_cli_watch(cli);
	bn_runs_saved saved = {0};
	bn_run_query all = *q;
	bn_list_format format;
	int rc = columns ? bn_list_format_of(&format, path, err) : bn_err_nomem(err, "a list");
	if (rc < 0)
		goto out;
	memcpy(columns, fixed, sizeof fixed);
	for (size_t i = 0; i < q->column_count; i++)
		columns[n + i] = q->columns[i];
	all.columns = columns;
	all.column_count = n + q->column_count;
	rc = bn_runs_save(&saved, ws, &all, q->limit, path, format, &watch, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	*runs = saved.runs;
	bn_cli_say(cli, "%s: %lld runs, %zu columns", path, (long long)saved.runs, saved.columns);
out:
	bn_free(columns);
	return rc;
}
