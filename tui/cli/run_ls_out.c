/* run_ls_out.c - see run_ls.h: groups of runs, and the list as a file. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/source/list_table.h"
#include "tui/cli/run_ls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- groups --------------------------------------------------------------------------------- */

enum {
	AGGREGATE_N,
	AGGREGATE_MEAN,
	AGGREGATE_STD,
	AGGREGATE_MIN,
	AGGREGATE_MAX,
	AGGREGATE_MEDIAN,
	AGGREGATES
};
static const char *const aggregate_names[AGGREGATES + 1] = {
	"n", "mean", "std", "min", "max", "median", NULL};

static int aggregates_parse(bool *wanted, const char *text, bn_err *err)
{
	char copy[128], *rest = copy, *one;
	snprintf(copy, sizeof copy, "%s", text);
	while ((one = strsep(&rest, ", "))) {
		int k = 0;
		if (!*one)
			continue;
		while (k < AGGREGATES && strcmp(aggregate_names[k], one) != 0)
			k++;
		if (k == AGGREGATES) {
			const char *near = bn_nearest_word(one, aggregate_names);
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

static json_t *sum_json(const bn_run_sum *s, int aggregate)
{
	const double values[AGGREGATES] = {(double)s->count, s->count ? s->mean : (double)NAN,
		s->deviation, s->min, s->max, s->median};
	double x = values[aggregate];
	if (aggregate == AGGREGATE_N)
		return json_integer((json_int_t)s->count);
	return isfinite(x) ? json_real(x) : json_null();
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
	const bn_run_group *g, const bn_run_page *page, const bn_run_query *q, const bool *wanted)
{
	json_t *o = json_pack("{ss? sI sI}", "group", g->value, "runs", (json_int_t)g->count,
		"failed", (json_int_t)g->bad);
	json_t *values = json_object();
	for (size_t i = 0; i < q->column_count; i++) {
		const bn_run_sum *s = &g->sums[i];
		json_t *of = json_object();
		char key[40];
		bool numbers = is_number_column(page, i);
		for (int k = 0; numbers && k < AGGREGATES; k++) {
			json_t *x = sum_json(s, k);
			snprintf(key, sizeof key, "c%zu_%s", i, aggregate_names[k]);
			if (wanted[k])
				json_object_set(o, key, x);
			json_object_set_new(of, aggregate_names[k], x);
		}
		snprintf(key, sizeof key, "c%zu", i);
		if (!numbers)
			json_object_set_new(o, key, s->alike ? json_string(s->alike) : json_null());
		json_object_set_new(
			values, q->columns[i], numbers ? of : json_incref(json_object_get(o, key)));
		if (!numbers)
			json_decref(of);
	}
	json_object_set_new(o, "values", values);
	return o;
}

typedef struct group_columns {
	bn_col *items;
	size_t count;
	bn_arena arena;
} group_columns;

static int column_add(group_columns *c, size_t i, const char *field, const char *aggregate,
	bn_format format, bn_err *err)
{
	char *key = bn_arena_strf(
		&c->arena, "c%zu%s%s", i, aggregate ? "_" : "", aggregate ? aggregate : "");
	char *title = bn_arena_strf(
		&c->arena, "%s%s%s", field, aggregate ? " " : "", aggregate ? aggregate : "");
	if (!key || !title)
		return bn_err_nomem(err, "groups of runs");
	c->items[c->count++] = (bn_col){key, title, format};
	return 0;
}

static int columns_make(group_columns *c, const bn_run_page *page, const bn_run_query *q,
	const bool *wanted, bn_err *err)
{
	static const bn_col fixed[] = {{"group", "GROUP", BN_AS_TEXT}, {"runs", "RUNS", BN_AS_NUM},
		{"failed", "FAILED", BN_AS_NUM}};
	size_t n = sizeof fixed / sizeof *fixed;
	int rc = 0;
	c->items = bn_alloc_zeroed(n + q->column_count * AGGREGATES + 1, sizeof *c->items);
	if (!c->items)
		return bn_err_nomem(err, "groups of runs");
	memcpy(c->items, fixed, sizeof fixed);
	c->count = n;
	for (size_t i = 0; i < q->column_count && rc == 0; i++) {
		bool numbers = is_number_column(page, i);
		if (!numbers)
			rc = column_add(c, i, q->columns[i], NULL, BN_AS_TEXT, err);
		for (int k = 0; numbers && k < AGGREGATES && rc == 0; k++)
			if (wanted[k])
				rc = column_add(
					c, i, q->columns[i], aggregate_names[k], BN_AS_NUM, err);
	}
	return rc;
}

int bn_run_ls_groups(bn_cli *cli, const bn_run_page *page, const bn_run_query *q,
	const char *aggregates, bn_err *err)
{
	bool wanted[AGGREGATES] = {false};
	group_columns c = {NULL, 0, BN_ARENA_INIT};
	json_t *items = NULL;
	int rc;
	if ((rc = aggregates_parse(wanted, aggregates, err)) < 0)
		return rc;
	if (page->too_many_groups)
		return bn_err_set(
			err, BN_EINVAL, "--group %.80s: more than 10 000 values", q->group);
	if ((rc = columns_make(&c, page, q, wanted, err)) < 0)
		goto out;
	items = json_array();
	for (size_t i = 0; items && i < page->group_count; i++)
		json_array_append_new(items, group_json(&page->groups[i], page, q, wanted));
	rc = bn_cli_list(cli, items, c.items, "no run is over; live runs are in no group", err);
out:
	bn_free(c.items);
	bn_arena_release(&c.arena);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------- */

enum {
	OUT_ID,
	OUT_NAME,
	OUT_STATUS,
	OUT_EXPERIMENT,
	OUT_USER,
	OUT_TITLE,
	OUT_HOST,
	OUT_CREATED,
	OUT_STARTED,
	OUT_FINISHED,
	OUT_COLUMNS
};

static const struct {
	const char *name;
	bn_type type;
} out_columns[OUT_COLUMNS] = {
	[OUT_ID] = {"id", BN_TYPE_STRING},
	[OUT_NAME] = {"name", BN_TYPE_STRING},
	[OUT_STATUS] = {"status", BN_TYPE_STRING},
	[OUT_EXPERIMENT] = {"experiment", BN_TYPE_STRING},
	[OUT_USER] = {"user", BN_TYPE_STRING},
	[OUT_TITLE] = {"title", BN_TYPE_STRING},
	[OUT_HOST] = {"host", BN_TYPE_STRING},
	[OUT_CREATED] = {"created", BN_TYPE_TIMESTAMP},
	[OUT_STARTED] = {"started", BN_TYPE_TIMESTAMP},
	[OUT_FINISHED] = {"finished", BN_TYPE_TIMESTAMP},
};

/* A field is a column of numbers if all of its values read as such: parameters are texts. */
static bool are_numbers(const bn_run_page *page, size_t column)
{
	double x;
	bool any = false;
	for (size_t i = 0; i < page->count; i++) {
		const bn_cell *c = &page->rows[i].cells[column];
		any = any || c->kind != BN_CELL_ABSENT;
		if (c->kind == BN_CELL_TEXT && !bn_parse_f64(c->text, strlen(c->text), &x))
			return false;
	}
	return any;
}

static void time_put(bn_list_table *t, size_t column, int64_t ms)
{
	if (ms >= 0 && ms < INT64_MAX / 1000000)
		bn_list_table_i64(t, column, ms * 1000000);
}

static void cell_put(bn_list_table *t, size_t column, const bn_cell *c, bool number)
{
	char text[BN_FMT];
	double x = c->number;
	if (c->kind == BN_CELL_ABSENT)
		return;
	if (number && c->kind == BN_CELL_TEXT)
		bn_parse_f64(c->text, strlen(c->text), &x);
	if (number)
		bn_list_table_f64(t, column, x);
	else
		bn_list_table_text(
			t, column, c->kind == BN_CELL_TEXT ? c->text : bn_fmt_f64(c->number, text));
}

static int row_put(
	bn_list_table *t, const bn_run_row *r, const bool *numbers, size_t fields, bn_err *err)
{
	bn_list_table_text(t, OUT_ID, r->id);
	bn_list_table_text(t, OUT_NAME, r->name);
	bn_list_table_text(t, OUT_STATUS, bn_run_status_name(r->status));
	bn_list_table_text(t, OUT_EXPERIMENT, r->experiment);
	bn_list_table_text(t, OUT_USER, r->user);
	bn_list_table_text(t, OUT_TITLE, r->title);
	bn_list_table_text(t, OUT_HOST, r->host);
	time_put(t, OUT_CREATED, r->created_ms);
	time_put(t, OUT_STARTED, r->started_ms);
	time_put(t, OUT_FINISHED, r->finished_ms);
	for (size_t i = 0; i < fields; i++)
		cell_put(t, OUT_COLUMNS + i, &r->cells[i], numbers[i]);
	return bn_list_table_row(t, err);
}

int bn_run_ls_save(
	bn_cli *cli, const bn_run_page *page, const bn_run_query *q, const char *path, bn_err *err)
{
	bn_list_table *t = NULL;
	bn_list_format format;
	bool *numbers = bn_alloc_zeroed(q->column_count + 1, sizeof *numbers);
	int rc = numbers ? bn_list_format_of(&format, path, err) : bn_err_nomem(err, "a list");
	if (rc < 0 || (rc = bn_list_table_new(&t, err)) < 0)
		goto out;
	for (size_t i = 0; i < OUT_COLUMNS; i++)
		if ((rc = bn_list_table_column(t, out_columns[i].name, out_columns[i].type, err)) <
			0)
			goto out;
	for (size_t i = 0; i < q->column_count; i++) {
		numbers[i] = are_numbers(page, i);
		if ((rc = bn_list_table_column(t, q->columns[i],
			     numbers[i] ? BN_TYPE_FLOAT64 : BN_TYPE_STRING, err)) < 0)
			goto out;
	}
	for (size_t i = 0; i < page->count; i++)
		if ((rc = row_put(t, &page->rows[i], numbers, q->column_count, err)) < 0)
			goto out;
	if ((rc = bn_list_table_save(t, bn_cli_env(cli), path, format, err)) < 0)
		goto out;
	bn_cli_say(cli, "%s: %zu runs, %zu columns", path, page->count, bn_list_table_columns(t));
out:
	bn_list_table_free(t);
	bn_free(numbers);
	return rc;
}
