/* pages.c - the table of runs, curves, and comparison. One run is in tui/views/run/pages.c. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/launch/launch.h"
#include "core/store/object/object.h"
#include "core/track/best.h"
#include "core/track/run_code.h"
#include "core/track/series.h"
#include "tui/views/runs/_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OBJECT_MOST (4 << 20) /* limit of a displayed text */

/* ---- the table ----------------------------------------------------------------------------------- */

static void runs_release(void *data)
{
	bn_run_page_free(((bn_runs *)data)->page);
	bn_run_page_free(((bn_runs *)data)->all);
	bn_queue_free(((bn_runs *)data)->queue);
}

void bn_reader_wake_queue(bn_reader *r)
{
	char *program = NULL;
	if (bn_process_program(&program, NULL) == 0)
		bn_queue_wake(r->ws, program, NULL);
	bn_free(program);
}

/* The queue, which continues even if its runner was killed: every reader starts another. */
static int queue_read(bn_queue **out, bn_reader *r, bn_err *err)
{
	int rc = bn_queue_read(out, r->ws, NULL, 0, err);
	if (rc < 0)
		return rc;
	if ((*out)->waiting > 0 && !(*out)->runner && (*out)->paused_ms < 0)
		bn_reader_wake_queue(r);
	return 0;
}

/* The fields in query syntax: a key may contain a space, a quote or a dot. */
static int fields_write(const char *const **out, const bn_runs *runs, bn_arena *arena, bn_err *err)
{
	const char **written =
		bn_arena_alloc(arena, (runs->columns + BN_RUN_EXTRA) * sizeof *written);
	bn_buf text = BN_BUF_INIT;
	int rc = written ? 0 : bn_err_nomem(err, "columns");
	for (size_t i = 0; rc == 0 && i < runs->columns; i++) {
		bn_buf_clear(&text);
		bn_run_field_write(&text, runs->fields[i]);
		if ((rc = bn_buf_check(&text, err, "columns")) < 0)
			break;
		if (!(written[i] = bn_arena_strdup(arena, text.ptr)))
			rc = bn_err_nomem(err, "columns");
	}
	if (rc == 0) {
		written[runs->columns + BN_RUN_STAR] = "tags." BN_STAR_TAG;
		written[runs->columns + BN_RUN_NOTE] = "note";
		written[runs->columns + BN_RUN_PARENT] = "parent";
		written[runs->columns + BN_RUN_PARENT_NAME] = "parent_name";
		written[runs->columns + BN_RUN_KIND] = "kind";
	}
	bn_buf_release(&text);
	*out = written;
	return rc;
}

/* The first visible metric; -1: none. */
static int first_metric(const bn_runs *runs)
{
	for (size_t i = 0; i < runs->columns; i++)
		if (!runs->folded[i] && strncmp(runs->fields[i], "metrics.", 8) == 0)
			return (int)i;
	return -1;
}

/* Whether the runs with the metric are measured on different terms. In a window no run is called
 * the best. */
static int mixed_look(bn_runs *runs, bn_reader *r, bn_arena *arena, bn_err *err)
{
	const bn_run_page *p = bn_runs_whole(runs);
	bn_run_terms first = {.key = NULL};
	bool any = false;
	int field = first_metric(runs), rc = 0;
	if (field < 0 || bn_runs_is_part(runs) ||
		!bn_metric_direction(runs->fields[field] + 8))
		return 0;
	for (size_t i = 0; i < p->count && !runs->mixed; i++) {
		const bn_cell *c = &p->rows[i].cells[field];
		bn_run_terms own;
		if (c->kind != BN_CELL_NUMBER || isnan(c->number))
			continue;
		if ((rc = bn_reader_terms(&own, r, p->rows[i].id, err)) < 0)
			return rc;
		if (!any)
			first.key = own.key ? bn_arena_strdup(arena, own.key) : NULL;
		else
			runs->mixed = !bn_run_terms_are_same(&first, &own);
		any = true;
	}
	return 0;
}

/* Of a tree that is not too large all of its runs, folded ones too. */
static int all_read(bn_runs *runs, bn_reader *r, const bn_run_query *q, bn_err *err)
{
	bn_run_query every = *q;
	if (!runs->page->is_tree || runs->page->matched > BN_RUNS_WINDOW)
		return 0;
	every.tree = every.last = false;
	every.sort = every.from = every.before = NULL;
	every.offset = 0;
	return bn_run_query_page(&runs->all, r->ws, &every, err);
}

/* Groups by parent are named as the parents are. */
static int parents_name(bn_runs *runs, bn_reader *r, bn_arena *arena, bn_err *err)
{
	for (size_t k = 0; k < runs->page->group_count; k++) {
		bn_run_group *g = &runs->page->groups[k];
		bn_run_info *parent = NULL;
		char label[BN_RUN_LABEL_BYTES];
		bn_err gone = BN_ERR_INIT;
		if (!g->value || bn_run_get(&parent, r->ws, g->value, &gone) < 0)
			continue;
		g->value = bn_arena_strdup(
			arena, bn_run_label(label, parent->name, parent->title, parent->id));
		bn_run_info_free(parent);
		if (!g->value)
			return bn_err_nomem(err, "groups of runs");
	}
	return 0;
}

/* The rows, all of one state of the index. */
static int rows_read(
	bn_runs *runs, bn_reader *r, const bn_run_query *q, bool all, bn_arena *arena, bn_err *err)
{
	int rc = bn_workspace_snapshot_begin(r->ws, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_run_query_page(&runs->page, r->ws, q, err)) < 0 ||
		(rc = all_read(runs, r, q, err)) < 0 ||
		(rc = bn_runs_fields_fold(runs, arena, err)) < 0)
		goto out;
	if (all || runs->all)
		rc = mixed_look(runs, r, arena, err);
	if (rc >= 0 && q->group && strcmp(q->group, "parent") == 0)
		rc = parents_name(runs, r, arena, err);
out:
	bn_workspace_snapshot_end(r->ws);
	return rc;
}

/* For a filter that selects nothing: the key that no run has. */
static void absent_look(bn_runs *runs, bn_reader *r, bn_arena *arena, const char *filter)
{
	bn_err why = BN_ERR_INIT;
	if (filter[0] && runs->page->total == 0 &&
		bn_run_filter_absent(r->ws, filter, &why) == BN_ENOTFOUND)
		runs->absent = bn_arena_strf(arena, "%s; %s", why.msg, why.hint);
}

int bn_source_runs(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_runs_arg *a = arg;
	const bn_progress watch = bn_job_watch(job);
	int rc = bn_reader_refresh(r, err);
	if (rc || a->have == r->generation)
		return rc; /* no change */
	bn_runs *runs = bn_arena_alloc(&page->arena, sizeof *runs);
	if (!runs)
		return bn_err_nomem(err, "runs");
	const char *const *written = NULL;
	bool summed[BN_RUN_FIELDS + BN_RUN_EXTRA] = {false};
	for (int i = 0; i < BN_RUN_FIELDS; i++)
		summed[i] = a->summed >> i & 1;
	if ((rc = bn_runs_fields_choose(runs, r, &page->arena, err)) < 0 ||
		(rc = fields_write(&written, runs, &page->arena, err)) < 0 ||
		(!r->runs && (rc = bn_run_memory_new(&r->runs, err)) < 0))
		return rc;
	bn_run_query q = {.columns = written,
		.column_count = runs->columns + BN_RUN_EXTRA,
		.filter = a->filter,
		.sort = a->sort,
		.search = a->search,
		.removed = a->removed,
		.memory = r->runs,
		.live_first = true,
		.group = a->is_window ? a->group : NULL, /* fewer are grouped by the view */
		.ordered = a->ordered,
		.open = a->open,
		.open_count = a->open_count,
		.tree = a->tree,
		.unfolded = a->unfolded,
		.summed = summed,
		.watch = job ? &watch : NULL,
		.limit = BN_RUNS_WINDOW,
		.limit_of_more = BN_RUNS_PART,
		.last = a->at == BN_RUNS_LAST,
		.from = a->at == BN_RUNS_FROM ? a->mark : NULL,
		.before = a->at == BN_RUNS_BEFORE ? a->mark : NULL,
		.offset = a->at == BN_RUNS_PLACE ? a->place : 0};
	if ((rc = rows_read(runs, r, &q, !a->is_window, &page->arena, err)) < 0 ||
		(rc = queue_read(&runs->queue, r, err)) < 0) {
		runs_release(runs);
		return rc;
	}
	absent_look(runs, r, &page->arena, a->filter);
	runs->generation = r->generation;
	return BN_PAGE_TAKE(page, runs, runs_release);
}

/* ---- curves -------------------------------------------------------------------------------------- */

int bn_reader_spark(bn_spark *out, bn_reader *r, bn_arena *arena, const char *run, bn_err *err)
{
	bn_series_list list = BN_SERIES_LIST_INIT;
	bn_bucket b[BN_SPARK];
	const bn_series_info *s;
	int rc = bn_series_find_all(&list, r->ws, run, err);
	*out = (bn_spark){.last = NAN};
	if (rc < 0 || !(s = bn_series_main(&list)))
		goto out;
	out->key = bn_arena_strdup(arena, s->key);
	out->last = s->last;
	out->last_step = bn_series_newest_step(&list);
	if (!out->key) {
		rc = bn_err_nomem(err, "a curve");
		goto out;
	}
	if (s->count < 2)
		goto out;
	rc = bn_series_envelope(b, BN_SPARK, NULL, r->ws, run, s->key, BN_AXIS_STEP, 1, 0, err);
	for (int i = 0; rc >= 0 && i < BN_SPARK; i++)
		if (b[i].count)
			out->y[out->count++] = b[i].mean;
out:
	bn_series_list_release(&list);
	return rc;
}

int bn_reader_run_steps(int64_t *out, bn_reader *r, const char *run, bn_err *err)
{
	static const char *const lengths[] = {"epochs", "max_iter", "steps", "num_epochs"};
	bn_pairs params = BN_PAIRS_INIT;
	int rc = bn_run_params(&params, r->ws, run, err);
	*out = 0;
	for (size_t i = 0; rc >= 0 && *out == 0 && i < sizeof lengths / sizeof *lengths; i++) {
		const char *text = bn_pairs_get(&params, lengths[i]);
		double steps;
		if (text && bn_parse_f64(text, strlen(text), &steps) && steps >= 1 && steps < 1e12)
			*out = (int64_t)steps;
	}
	bn_pairs_release(&params);
	return rc;
}

int bn_source_curves(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_curves *c = bn_arena_alloc(&page->arena, sizeof *c);
	int rc = c ? bn_reader_refresh(r, err) : bn_err_nomem(err, "curves");
	(void)job;
	if (rc < 0)
		return rc;
	c->runs = *(const bn_curves_arg *)arg;
	for (size_t i = 0; i < c->runs.count; i++) {
		bn_spark *s = &c->sparks[i];
		if ((rc = bn_reader_spark(s, r, &page->arena, c->runs.ids[i], err)) < 0)
			return rc;
		if (c->runs.live[i] && s->key &&
			(rc = bn_reader_run_steps(&s->total, r, c->runs.ids[i], err)) < 0)
			return rc;
		if (s->total < s->last_step)
			s->total = 0;
	}
	page->data = c;
	return 0;
}

/* ---- compare ------------------------------------------------------------------------------------- */

static void compare_release(void *data)
{
	bn_comparison_free(((bn_compare_page *)data)->table);
}

static int compare_metrics(bn_compare_page *p, bn_arena *arena, const char *wanted, bn_err *err)
{
	const char **names = bn_arena_alloc(arena, (p->table->count + 1) * sizeof *names);
	if (!names)
		return bn_err_nomem(err, "metrics");
	for (size_t i = 0; i < p->table->count; i++) {
		const bn_compare_row *row = &p->table->rows[i];
		if (row->group != BN_COMPARE_METRIC)
			continue;
		if (wanted && strcmp(row->key, wanted) == 0)
			p->metric = p->metric_count;
		names[p->metric_count++] = row->key;
	}
	p->metrics = names;
	return 0;
}

/* The metric of the curves: the requested one, otherwise the default of the baseline. */
static int compare_metric(bn_compare_page *p, bn_arena *arena, bn_reader *r,
	const bn_compare_arg *a, const char *base, bn_err *err)
{
	bn_spark spark;
	int rc;
	if (a->metric[0])
		return compare_metrics(p, arena, a->metric, err);
	if ((rc = bn_reader_spark(&spark, r, arena, base, err)) < 0)
		return rc;
	return compare_metrics(p, arena, spark.key, err);
}

int bn_source_compare(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_compare_arg *a = arg;
	char full[BN_COMPARE_MAX][BN_RUN_ID_TEXT];
	const char *ids[BN_COMPARE_MAX];
	(void)job;
	static const bn_curve_part whole = {BN_RUN_BY_STEP, 0, 0, 0, NULL};
	bn_compare_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc;
	if (!p)
		return bn_err_nomem(err, "a comparison");
	if ((rc = bn_reader_refresh(r, err)) < 0)
		return rc;
	/* For marked runs outside of the window, the prefix of the id is known. */
	for (size_t i = 0; i < a->count; i++) {
		if ((rc = bn_run_resolve(r->ws, a->ids[i], full[i], err)) < 0)
			return rc;
		ids[i] = full[i];
	}
	if ((rc = bn_compare_runs(&p->table, r->ws, ids, a->count, a->baseline, err)) < 0)
		return rc;
	if ((rc = compare_metric(p, &page->arena, r, a, ids[a->baseline], err)) < 0)
		goto out;
	for (size_t i = 0; p->metric < p->metric_count && i < a->count; i++) {
		bn_series_list list = BN_SERIES_LIST_INIT;
		const bn_series_info *s = NULL;
		if ((rc = bn_series_find_all(&list, r->ws, ids[i], err)) >= 0)
			s = bn_series_list_get(&list, p->metrics[p->metric]);
		if (s)
			rc = bn_curve_read(
				&p->curves[i], &page->arena, r->ws, ids[i], s, &whole, err);
		bn_series_list_release(&list);
		if (rc < 0)
			goto out;
	}
	return BN_PAGE_TAKE(page, p, compare_release);
out:
	bn_comparison_free(p->table);
	return rc;
}

int bn_source_object(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_object_arg *a = arg;
	bn_buf text = BN_BUF_INIT;
	int rc;
	(void)job;
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_object_load(&text, r->ws, a->hash, OBJECT_MOST, err)) < 0)
		goto out;
	if (!(page->data = bn_arena_strdup(&page->arena, text.ptr ? text.ptr : "")))
		rc = bn_err_nomem(err, "a text");
out:
	bn_buf_release(&text);
	return rc;
}

int bn_source_code(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_code_arg *a = arg;
	bn_code_diff diff = {.patch = BN_BUF_INIT};
	bn_buf text = BN_BUF_INIT;
	const bn_progress watch = bn_job_watch(job);
	int rc;
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_run_code_diff(&diff, r->ws, a->a, a->b, &watch, err)) < 0)
		goto out;
	bn_code_diff_text(&text, &diff);
	if ((rc = bn_buf_check(&text, err, "a diff of code")) < 0)
		goto out;
	if (!(page->data = bn_arena_strdup(&page->arena, text.ptr)))
		rc = bn_err_nomem(err, "a diff of code");
out:
	bn_buf_release(&text);
	bn_code_diff_release(&diff);
	return rc;
}
