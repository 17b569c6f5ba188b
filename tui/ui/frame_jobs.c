/* frame_jobs.c - jobs in the frame: views that wait for one, the message when one ends, the
 * indicator at the right of the title, and leaving while some are running. See job.h. */
#include "tui/ui/_frame.h"

#include <stdio.h>
#include <string.h>

#define QUIET_MS 500   /* shorter jobs are not mentioned */
#define TRIFLE_MS 1000 /* a job shown on its screen for less is not listed afterwards */

bn_jobs *bn_frame_jobs(bn_frame *f)
{
	return f->jobs;
}

bool bn_view_start(bn_view *v, const bn_job_spec *spec)
{
	bn_err err = BN_ERR_INIT;
	bn_frame *f = v->frame;
	uint64_t id = bn_jobs_start(f->jobs, spec, bn_frame_now_ms(f), &err);
	if (!id) {
		bn_frame_error(f, &err);
		return false;
	}
	v->job = id;
	v->job_ms = bn_frame_now_ms(f);
	return true;
}

bool bn_frame_start(bn_frame *f, const bn_job_spec *spec)
{
	bn_err err = BN_ERR_INIT;
	bool started = bn_jobs_start(f->jobs, spec, bn_frame_now_ms(f), &err) != 0;
	if (started)
		bn_frame_message(f, "%s: at work; B lists jobs", spec->title);
	else
		bn_frame_error(f, &err);
	return started;
}

/* ---- when one ends ---------------------------------------------------------------------------- */

/* What a view receives: the result, or a page that only has the error. */
static bn_page *page_for(bn_jobs *jobs, const bn_job_info *job)
{
	bn_page *p = bn_jobs_result(jobs, job->id);
	if (p || !(p = bn_page_new(0, -1)))
		return p;
	if (job->state == BN_JOB_FAILED) {
		p->err = job->err;
	} else {
		bn_err_set(&p->err, BN_EINTR, "%s was stopped", job->title);
		bn_err_hint(&p->err, "r begins anew");
	}
	return p;
}

/* True if the top view was among those that waited. */
static bool deliver(bn_frame *f, const bn_job_info *job)
{
	bool seen = false;
	for (bn_view *v = f->all, *next; v; v = next) {
		next = v->next;
		if (v->job != job->id)
			continue;
		v->job = 0;
		v->shown = job->id;
		v->has_page = true;
		seen = seen || v == bn_frame_top(f);
		bn_page *p = page_for(f->jobs, job);
		if (p)
			v->cls->page(v, p);
	}
	return seen;
}

static void announce(bn_frame *f, const bn_job_info *job, bool seen)
{
	char summary[256];
	bn_err err = BN_ERR_INIT;
	bn_jobs_summary(f->jobs, job->id, summary, sizeof summary);
	if (job->state == BN_JOB_STOPPED) {
		bn_frame_message(f, "stopped: %s", job->title);
	} else if (job->state == BN_JOB_FAILED) {
		err = job->err;
		bn_err_prefix(&err, "%s", job->title);
		bn_frame_error(f, &err);
	} else if (!seen) {
		bn_frame_message(f, "%s: %s%s", job->title, summary[0] ? summary : "done",
			job->opens ? "; B opens it" : "");
	}
}

bool bn_frame_jobs_pump(bn_frame *f)
{
	bn_job_info job;
	bool changed = bn_jobs_pump(f->jobs, bn_frame_now_ms(f));
	for (uint64_t id; (id = bn_jobs_take_ended(f->jobs)) != 0;) {
		if (!bn_jobs_find(f->jobs, id, &job))
			continue;
		bool seen = deliver(f, &job);
		announce(f, &job, seen);
		/* A result without a view of its own is its summary, which was just shown. */
		if (seen || (job.state == BN_JOB_DONE && !job.opens))
			bn_jobs_mark_read(f->jobs, id);
		if (seen && job.state == BN_JOB_DONE && job.ended_ms - job.asked_ms < TRIFLE_MS)
			bn_jobs_forget(f->jobs, id);
		changed = true;
	}
	const bn_view *top = bn_frame_top(f);
	if (top && top->shown)
		bn_jobs_mark_read(f->jobs, top->shown);
	return changed || bn_jobs_active(f->jobs) > 0;
}

/* ---- the indicator ---------------------------------------------------------------------------- */

void bn_frame_jobs_words(const bn_frame *f, char *out, size_t size)
{
	bn_job_info job, one = {0};
	int active = 0, results = 0, failed = 0;
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; bn_jobs_get(f->jobs, i, &job); i++) {
		bool ended = job.state >= BN_JOB_DONE;
		if (!ended && bn_frame_now_ms(f) - job.asked_ms >= QUIET_MS && ++active == 1)
			one = job;
		results += ended && job.unread && job.state == BN_JOB_DONE;
		failed += ended && job.unread && job.state == BN_JOB_FAILED;
	}
	if (active == 1 && one.total > 0 && one.state == BN_JOB_RUNS)
		at += (size_t)snprintf(out, size, "1 job %d %%",
			(int)(100 * (double)one.done / (double)one.total));
	else if (active)
		at += (size_t)snprintf(out, size, "%d job%s", active, active == 1 ? "" : "s");
	if (results && at < size)
		at += (size_t)snprintf(out + at, size - at, "%s%d result%s", at ? "  " : "",
			results, results == 1 ? "" : "s");
	if (failed && at < size)
		snprintf(out + at, size - at, "%s%d job%s failed", at ? "  " : "", failed,
			failed == 1 ? "" : "s");
}

/* ---- leaving ---------------------------------------------------------------------------------- */

void bn_frame_quit(bn_frame *f)
{
	char title[64];
	bn_buf body = BN_BUF_INIT;
	bn_job_info job;
	int active = bn_jobs_active(f->jobs), named = 0;
	if (!active) {
		f->done = true;
		return;
	}
	snprintf(title, sizeof title, "Leave, and stop %d job%s?", active, active == 1 ? "" : "s");
	for (size_t i = 0; bn_jobs_get(f->jobs, i, &job) && named < 4; i++) {
		if (job.state >= BN_JOB_DONE)
			continue;
		bn_buf_addf(&body, "%s%.60s", named++ ? ", " : "", job.title);
	}
	bn_buf_addf(&body,
		"%s.\nWhat %s done so far is lost; nothing half-done is left behind. "
		"Runs go on.",
		active > named ? " and others" : "", active == 1 ? "it has" : "they have");
	bn_frame_confirm(f, NULL, BN_CMD_QUIT, title, body.ptr ? body.ptr : "", "stop and leave");
	bn_buf_release(&body);
}
