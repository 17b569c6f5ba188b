/* jobs.c - background jobs: the list, and one of them. Both read the jobs of the frame whenever
 * they are drawn, and request no pages. Enter opens a result. */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/ui/job_draw.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

/* ---- one -------------------------------------------------------------------------------------- */

typedef struct job_view {
	bn_view view;
	uint64_t job_id;
} job_view;

static void stop_ask(bn_view *v, const bn_job_info *job)
{
	char title[128];
	snprintf(title, sizeof title, "Stop %.100s?", job->title);
	bn_frame_confirm(v->frame, v, BN_CMD_STOP, title,
		"What it has done so far is lost; nothing half-done is left behind. It can be "
		"started again where it was started.",
		"stop it");
}

static void open_result(bn_view *v, uint64_t id)
{
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int rc = bn_jobs_open(&made, bn_frame_jobs(v->frame), id, v->frame, &err);
	bn_jobs_mark_read(bn_frame_jobs(v->frame), id);
	bn_view_open(v->frame, rc, &made, &err);
}

/* Why a command about this job cannot run; job NULL: there is none. */
static bool job_refuses(const bn_job_info *job, bn_command_id id, char *why, size_t size)
{
	if (id != BN_CMD_OPEN && id != BN_CMD_STOP && id != BN_CMD_IN_FULL)
		return false;
	if (!job) {
		snprintf(why, size, "there is no job");
		return true;
	}
	if (id == BN_CMD_STOP && job->state >= BN_JOB_STOPPING) {
		snprintf(why, size, "it is %s", bn_job_state_name(job->state));
		return true;
	}
	return false;
}

static void job_draw(bn_view *view, bn_area a, bool focused)
{
	const job_view *v = (const job_view *)view;
	if (!bn_job_draw(a, bn_frame_jobs(view->frame), v->job_id, bn_frame_now_ms(view->frame)))
		bn_area_text(a, 0, 1, BN_INK_DIM, "this job is no longer listed");
	if (focused)
		bn_area_cursor(a, 0, 0, false);
}

static bool job_command(bn_view *view, bn_command_id id, const char *arg)
{
	const job_view *v = (const job_view *)view;
	bn_jobs *jobs = bn_frame_jobs(view->frame);
	bn_job_info job;
	(void)arg;
	if (!bn_jobs_find(jobs, v->job_id, &job))
		return false;
	if (id == BN_CMD_OPEN)
		open_result(view, v->job_id);
	else if (id == BN_CMD_STOP)
		stop_ask(view, &job);
	else if (id != BN_CMD_CANCEL || !bn_jobs_cancel(jobs, v->job_id))
		return false;
	return true;
}

static bool one_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_job_info job;
	bool there = bn_jobs_find(bn_frame_jobs(view->frame), ((job_view *)view)->job_id, &job);
	if (id == BN_CMD_OPEN && (!there || !job.opens)) {
		snprintf(why, size, "there is no result to open");
		return true;
	}
	return job_refuses(there ? &job : NULL, id, why, size);
}

static void job_answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)id;
	(void)text;
	bn_jobs_cancel(bn_frame_jobs(view->frame), ((job_view *)view)->job_id);
}

static void no_page(bn_view *view, bn_page *p)
{
	(void)view;
	bn_page_free(p);
}

static void job_crumb(const bn_view *view, bn_buf *out)
{
	bn_job_info job;
	if (bn_jobs_find(bn_frame_jobs(view->frame), ((const job_view *)view)->job_id, &job))
		bn_buf_adds(out, job.title);
}

static void job_free(bn_view *view)
{
	bn_view_release(view);
	bn_free(view);
}

static const bn_view_class job_class = {
	.name = "job",
	.kind = BN_ON(JOB),
	.draw = job_draw,
	.command = job_command,
	.refuses = one_refuses,
	.answer = job_answer,
	.page = no_page,
	.crumb = job_crumb,
	.free = job_free,
};

static int job_new(bn_view **out, bn_frame *f, uint64_t id, bn_err *err)
{
	job_view *v = bn_view_alloc(sizeof *v, &job_class, f, err);
	if (!v)
		return BN_ENOMEM;
	v->job_id = id;
	v->view.shown = id; /* its error or its log is shown here */
	*out = &v->view;
	return 0;
}

/* ---- the list --------------------------------------------------------------------------------- */

enum { COL_STATE, COL_TITLE, COL_FAR, COL_TIME, COL_LEFT, COL_REMARK, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.title = "state", .form = BN_COLUMN_STATE, .falls = true, .min = 10},
	[COL_TITLE] = {.title = "job", .min = 15, .max = 60, .wish = 30, .flexible = true},
	[COL_FAR] = {.title = "how far",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 9,
		.priority = 1},
	[COL_TIME] = {.title = "time",
		.name = "time_ms",
		.form = BN_COLUMN_DURATION,
		.falls = true,
		.min = 8},
	[COL_LEFT] = {.title = "left",
		.name = "left_ms",
		.form = BN_COLUMN_DURATION,
		.falls = true,
		.min = 8,
		.priority = 1},
	[COL_REMARK] = {.title = "",
		.name = "remark",
		.min = 20,
		.max = 95,
		.flexible = true,
		.prose = true,
		.priority = 2},
};

typedef struct jobs_view {
	bn_list list;
	uint64_t generation;
	uint64_t asked_about; /* the job of the open dialog */
} jobs_view;

static bool info_at(const bn_list *l, int64_t row, bn_job_info *out)
{
	return row >= 0 && bn_jobs_get(bn_frame_jobs(l->view.frame), (size_t)row, out);
}

static int64_t grid_rows(void *ctx)
{
	const bn_list *l = ctx;
	bn_job_info job;
	int64_t n = 0;
	while (info_at(l, n, &job))
		n++;
	return n;
}

static void remark_cell(const bn_list *l, const bn_job_info *job, bn_grid_cell *out)
{
	out->ink = BN_INK_DIM;
	if (job->state == BN_JOB_FAILED) {
		out->ink = BN_INK_FAIL;
		snprintf(out->buf, sizeof out->buf, "%.95s", job->err.msg);
	} else if (job->state < BN_JOB_DONE) {
		memcpy(out->buf, job->what, sizeof job->what);
	} else {
		bn_jobs_summary(bn_frame_jobs(l->view.frame), job->id, out->buf, sizeof out->buf);
	}
	out->text = out->buf;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_list *l = ctx;
	bn_job_info job;
	int64_t now = bn_frame_now_ms(l->view.frame), left;
	if (!info_at(l, row, &job))
		return;
	switch (col) {
	case COL_STATE:
		out->text = job.unread && job.state == BN_JOB_DONE ? "ready"
								   : bn_job_state_name(job.state);
		out->number = (double)job.state;
		out->glyph = bn_job_glyph(job.state);
		out->ink = bn_job_ink(job.state);
		return;
	case COL_TITLE:
		out->text = job.title;
		out->ink = job.unread ? BN_INK_STRONG : BN_INK_TEXT;
		return;
	case COL_FAR:
		if (job.total > 0)
			out->number = (double)job.done / (double)job.total;
		out->text = job.state == BN_JOB_RUNS && job.done > 0
				    ? bn_job_how_far(out->buf, &job)
				    : "";
		return;
	case COL_TIME:
		if (job.started_ms)
			out->number =
				(double)((job.ended_ms ? job.ended_ms : now) - job.started_ms);
		else
			out->text = "";
		return;
	case COL_LEFT:
		left = bn_job_left_ms(&job, now);
		out->number = (double)left;
		out->text = left < 0 ? "" : NULL;
		return;
	default:
		remark_cell(l, &job, out);
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	bn_job_info job;
	return info_at(ctx, row, &job) ? job.id : 0;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static bool selected(const bn_list *l, bn_job_info *job)
{
	return info_at(l, bn_grid_selected_row(&l->grid), job);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	jobs_view *v = (jobs_view *)view;
	bn_list *l = &v->list;
	bn_jobs *jobs = bn_frame_jobs(view->frame);
	bn_area list, detail;
	bn_job_info job;
	uint64_t generation = bn_jobs_generation(jobs);
	if (generation != v->generation)
		bn_grid_reload(&l->grid);
	v->generation = generation;
	bool split = bn_view_split(view, a, &list, &detail);
	bn_grid_draw(&l->grid, list, focused);
	if (split && selected(l, &job))
		bn_job_draw(detail, jobs, job.id, bn_frame_now_ms(view->frame));
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	jobs_view *v = (jobs_view *)view;
	bn_jobs *jobs = bn_frame_jobs(view->frame);
	bn_job_info job;
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	(void)arg;
	if (!selected(&v->list, &job))
		return false;
	switch (id) {
	case BN_CMD_OPEN:
		if (job.opens) {
			open_result(view, job.id);
			return true;
		} /* fall through */
	case BN_CMD_IN_FULL:
		return bn_view_open(
			view->frame, job_new(&made, view->frame, job.id, &err), &made, &err);
	case BN_CMD_STOP:
		v->asked_about = job.id;
		stop_ask(view, &job);
		return true;
	case BN_CMD_CANCEL:
		return bn_jobs_cancel(jobs, job.id);
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_job_info job;
	bool there = selected((bn_list *)view, &job);
	return job_refuses(there ? &job : NULL, id, why, size);
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)id;
	(void)text;
	bn_jobs_cancel(bn_frame_jobs(view->frame), ((jobs_view *)view)->asked_about);
}

static const bn_view_class jobs_class = {
	.name = "jobs",
	.kind = BN_ON(JOBS),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = no_page,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_jobs_new(bn_view **out, bn_frame *f, bn_err *err)
{
	jobs_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &jobs_class, f, &source, columns, COLUMNS, NULL, err);
	if (rc)
		return rc;
	v->list.grid.empty =
		"no jobs: what takes long (profiles, verifying, exports) is listed here";
	bn_grid_reload(&v->list.grid);
	*out = &v->list.view;
	return 0;
}
