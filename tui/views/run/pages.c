/* pages.c - one run with a curve, small ones of its other metrics, and its console. Its lineage is in origin_pages.c. */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/run_log.h"
#include "core/run/spec.h"
#include "core/track/best.h"
#include "core/track/resume.h"
#include "core/track/series.h"
#include "tui/views/_source.h"
#include "tui/views/run/_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOG_BYTES (64 * 1024)
#define LOG_LINES 500
#define SPARKS_MOST 12 /* small curves */
#define KINS_SHOWN 50  /* runs below */

/* ---- the console --------------------------------------------------------------------------------- */

static int log_lines(bn_run_detail *d, bn_arena *arena, char *text, bn_err *err)
{
	const char **lines = bn_arena_alloc(arena, LOG_LINES * sizeof *lines);
	size_t n = 0, total = 1;
	if (!lines)
		return bn_err_nomem(err, "the console");
	const char *end_of_text = text + strlen(text);
	for (const char *s = text; *s; s++)
		total += *s == '\n';
	size_t skip = total > LOG_LINES ? total - LOG_LINES : 0;
	for (char *s = text; *s;) {
		char *end = strchr(s, '\n'), *cr;
		if (end)
			*end = '\0';
		if ((cr = strrchr(s, '\r')) != NULL && cr[1]) /* a progress bar: its last state */
			s = cr + 1;
		if (skip > 0)
			skip--;
		else if (n < LOG_LINES)
			lines[n++] = s;
		if (!end)
			break;
		s = end + 1;
	}
	d->log = lines;
	d->log_count = n;
	d->log_end = end_of_text;
	return 0;
}

/* The end of the console: whole lines, with a note where something is omitted. */
static size_t log_tail(char *text, size_t size, bn_run_log *log)
{
	uint64_t at = log->printed > size ? log->printed - size : 0, left_out;
	size_t n = 0, got = 1;
	bool cut = at > 0;
	while (got > 0 && n + 1 < size) {
		if (bn_run_log_read(log, &at, text + n, size - 1 - n, &got, &left_out, NULL) < 0)
			break;
		char words[120];
		size_t k = 0;
		if (left_out > 0) {
			bn_run_log_gap_words(words, left_out);
			k = strlen(words);
		}
		if (k > 0 && n + got + k < size) {
			memmove(text + n + k, text + n, got);
			memcpy(text + n, words, k);
			n += k;
		}
		n += got;
	}
	text[n] = '\0';
	const char *line = cut ? strchr(text, '\n') : NULL;
	return line ? (size_t)(line + 1 - text) : 0;
}

static int log_read(bn_run_detail *d, bn_arena *arena, bn_reader *r, bn_err *err)
{
	char *text = bn_arena_alloc(arena, LOG_BYTES + 1);
	bn_err why = BN_ERR_INIT;
	bn_run_log log;
	if (!text)
		return bn_err_nomem(err, "the console");
	if (bn_run_log_open(&log, r->ws, d->info->id, d->info->uid, &why) < 0) {
		if (why.code != BN_EREFUSED)
			return 0;
		snprintf(text, LOG_BYTES, "%s", why.msg);
		return log_lines(d, arena, text, err);
	}
	size_t from = log_tail(text, LOG_BYTES + 1, &log);
	d->log_bytes = (int64_t)log.printed;
	bn_run_log_close(&log);
	return log_lines(d, arena, text + from, err);
}

const char *bn_reader_run_error(bn_reader *r, bn_arena *arena, bn_run_info *run)
{
	bn_run_detail d = {.info = run};
	bn_arena own = BN_ARENA_INIT;
	const char *line = NULL;
	int at = log_read(&d, &own, r, NULL) < 0 ? -1 : bn_run_error_line(&d);
	if (at >= 0)
		line = bn_arena_strdup(arena, d.log[at] + strspn(d.log[at], " \t"));
	bn_arena_release(&own);
	return line;
}

/* ---- metrics ------------------------------------------------------------------------------------- */

static void run_release(void *data)
{
	bn_run_detail *d = data;
	bn_run_info_free(d->info);
	bn_pairs_release(&d->params);
	bn_pairs_release(&d->tags);
	bn_run_kins_release(&d->kins);
	bn_run_links_release(&d->links);
	bn_artifacts_release(&d->artifacts);
}

static const bn_series_info *named(const bn_series_list *list, const char *front, const char *key)
{
	char name[BN_KEY_BYTES + 8];
	snprintf(name, sizeof name, "%s%s", front, key);
	return bn_series_list_get(list, name);
}

/* The same metric of the other part: val_loss for loss, train_rmse for val_rmse. */
static const bn_series_info *partner_of(const bn_series_list *list, const char *key)
{
	static const char *const others[] = {"val_", "valid_", "val/", "test_"};
	const bn_series_info *found = NULL;
	if (bn_str_starts(key, "val_") || bn_str_starts(key, "val/")) {
		found = named(list, "train_", key + 4);
		return found ? found : named(list, "", key + 4);
	}
	key += bn_str_starts(key, "train_") ? 6 : 0;
	for (size_t i = 0; i < sizeof others / sizeof *others && !found; i++)
		found = named(list, others[i], key);
	return found;
}

static int sparks_read(
	bn_run_detail *d, bn_reader *r, const bn_series_list *list, bn_spark *sparks, bn_err *err)
{
	int read = 0, rc = 0;
	for (size_t i = 0; rc >= 0 && i < list->count && read < SPARKS_MOST; i++) {
		const bn_series_info *s = &list->items[i];
		bn_bucket b[BN_SPARK];
		if (s->count < 2 || bn_metric_is_system(s->key))
			continue;
		read++;
		if ((rc = bn_series_envelope(b, BN_SPARK, NULL, r->ws, d->info->id, s->key,
			     BN_AXIS_STEP, 1, 0, err)) < 0)
			return rc;
		for (int k = 0; k < BN_SPARK; k++)
			if (b[k].count)
				sparks[i].y[sparks[i].count++] = b[k].mean;
	}
	return rc;
}

static double axis_length(const bn_series_info *s, bn_run_axis axis, const bn_points *epochs)
{
	if (axis == BN_RUN_BY_EPOCH)
		return epochs->count ? epochs->value[epochs->count - 1] - epochs->value[0] : 0;
	if (axis == BN_RUN_BY_STEP)
		return (double)(s->last_step - s->first_step);
	double ms = (double)(s->last_time_ms - s->first_time_ms);
	return axis == BN_RUN_BY_SECONDS ? ms / 1000 : ms;
}

static int curves_read(bn_run_detail *d, bn_arena *arena, bn_reader *r, const bn_series_list *list,
	const bn_run_arg *a, const bn_points *epochs, bn_err *err)
{
	const bn_series_info *s = &list->items[d->metric], *with = partner_of(list, s->key);
	bn_curve_part part = {a->axis, a->from, a->to, d->info->started_ms, epochs};
	int rc = bn_curve_read(&d->curve, arena, r->ws, d->info->id, s, &part, err);
	d->length = axis_length(s, a->axis, epochs);
	if (rc >= 0 && with && with->count > 1)
		rc = bn_curve_read(&d->partner, arena, r->ws, d->info->id, with, &part, err);
	return rc;
}

/* Whether a name contains every word. */
static bool has_words(const char *name, const char *words)
{
	char copy[BN_TYPED_BYTES], *rest = copy, *word;
	snprintf(copy, sizeof copy, "%s", words);
	while ((word = strsep(&rest, " ")))
		if (!strcasestr(name, word))
			return false;
	return true;
}

/* Curves other than the one above the grid, by interest; the list of metrics is by name. */
static int grid_read(bn_run_detail *d, bn_arena *arena, bn_reader *r, const bn_series_list *list,
	const bn_run_arg *a, const bn_points *epochs, bn_err *err)
{
	bn_curve *grid = bn_arena_alloc(arena, BN_RUN_GRID * sizeof *grid);
	bn_curve_part part = {a->axis, a->from, a->to, d->info->started_ms, epochs};
	if (!grid)
		return bn_err_nomem(err, "curves");
	for (int system = 0; system < 2; system++) /* the supervisor's metrics come last */
		for (size_t i = 0; i < list->count && d->grid_count < BN_RUN_GRID; i++) {
			const bn_series_info *s = &list->items[i];
			bool is_system = bn_metric_is_system(s->key);
			bool above = i == d->metric ||
				     (d->partner.key && strcmp(s->key, d->partner.key) == 0);
			int rc;
			if (s->count < 2 || above || is_system != system ||
				!has_words(s->key, a->words))
				continue;
			if ((rc = bn_curve_read(&grid[d->grid_count], arena, r->ws, d->info->id, s,
				     &part, err)) < 0)
				return rc;
			d->grid_count++;
		}
	d->grid = grid;
	return 0;
}

static int metrics_fill(bn_run_detail *d, bn_arena *arena, bn_reader *r, const bn_series_list *list,
	const bn_run_arg *a, bn_err *err)
{
	size_t n = list->count;
	const char **names = bn_arena_alloc(arena, (n + 1) * sizeof *names);
	double *last = bn_arena_alloc(arena, (n + 1) * sizeof *last);
	double *best = bn_arena_alloc(arena, (n + 1) * sizeof *best);
	int64_t *points = bn_arena_alloc(arena, (n + 1) * sizeof *points);
	bn_spark *sparks = bn_arena_alloc(arena, (n + 1) * sizeof *sparks);
	size_t longest = 0;
	bool found = false;
	if (!names || !last || !best || !points || !sparks)
		return bn_err_nomem(err, "metrics");
	memset(sparks, 0, (n + 1) * sizeof *sparks);
	for (size_t i = 0; i < n; i++) {
		const bn_series_info *s = &list->items[i];
		if (!(names[i] = bn_arena_strdup(arena, s->key)))
			return bn_err_nomem(err, "metrics");
		last[i] = s->last;
		points[i] = s->count;
		best[i] = bn_metric_best(s->key, s->min, s->max);
		if (strcmp(s->key, a->metric) == 0) {
			d->metric = i;
			found = true;
		}
		if (bn_series_interest(s) > bn_series_interest(&list->items[longest]))
			longest = i;
	}
	d->metrics = names;
	d->last = last;
	d->best = best;
	d->points = points;
	d->sparks = sparks;
	d->metric_count = n;
	if (!found)
		d->metric = longest;
	if (n == 0)
		return 0;
	bn_points epochs = BN_POINTS_INIT;
	int rc;
	if ((rc = a->axis == BN_RUN_BY_EPOCH
			    ? bn_series_read(&epochs, r->ws, d->info->id, BN_EPOCH_METRIC, err)
			    : 0) < 0 ||
		(rc = curves_read(d, arena, r, list, a, &epochs, err)) < 0 ||
		(rc = a->grid ? grid_read(d, arena, r, list, a, &epochs, err) : 0) < 0)
		goto out;
	rc = sparks_read(d, r, list, sparks, err);
out:
	bn_points_release(&epochs);
	return rc;
}

static int metrics_read(
	bn_run_detail *d, bn_arena *arena, bn_reader *r, const bn_run_arg *a, bn_err *err)
{
	bn_series_list list = BN_SERIES_LIST_INIT;
	int rc = bn_series_find_all(&list, r->ws, d->info->id, err);
	int64_t newest = rc >= 0 ? bn_series_newest_step(&list) : -1;
	d->step = newest > 0 ? newest : 0; /* of the run, whichever curve is shown */
	if (rc >= 0)
		rc = metrics_fill(d, arena, r, &list, a, err);
	bn_series_list_release(&list);
	return rc;
}

/* ---- one run ------------------------------------------------------------------------------------- */

int bn_source_run(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_run_arg *a = arg;
	(void)job;
	bn_run_detail *d = bn_arena_alloc(&page->arena, sizeof *d);
	char id[BN_RUN_ID_TEXT];
	int rc;
	if (!d)
		return bn_err_nomem(err, "a run");
	memcpy(&d->asked, a, sizeof d->asked);
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_run_resolve(r->ws, a->id, id, err)) < 0 ||
		(rc = bn_run_get(&d->info, r->ws, id, err)) < 0 ||
		(rc = bn_run_params(&d->params, r->ws, id, err)) < 0 ||
		(rc = bn_run_tags(&d->tags, r->ws, id, err)) < 0 ||
		(rc = bn_run_kins_load(&d->kins, r->ws, id, KINS_SHOWN, err)) < 0 ||
		(rc = bn_run_links_load(&d->links, r->ws, id, err)) < 0 ||
		(rc = bn_run_artifacts(&d->artifacts, r->ws, id, err)) < 0 ||
		(rc = metrics_read(d, &page->arena, r, a, err)) < 0 ||
		(rc = bn_reader_run_steps(&d->steps, r, id, err)) < 0 ||
		(rc = log_read(d, &page->arena, r, err)) < 0)
		goto out;
	if (d->info->status == BN_RUN_QUEUED) {
		const bn_executor *by;
		memcpy(d->job.run, d->info->id, sizeof d->job.run);
		if ((rc = bn_executor_of(&by, r->ws, d->info->id, err)) < 0 ||
			(rc = by->poll(r->ws, &d->job, 1, err)) < 0)
			goto out;
	}
	d->is_resumable = !d->info->resumed_by && bn_resume_is_open(r->ws, d->info);
	return BN_PAGE_TAKE(page, d, run_release);
out:
	run_release(d);
	return rc;
}
