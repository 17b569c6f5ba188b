/* queue_executor.c - executor "queue": the run starts on this host when it has its turn (queue.h). */
#include "core/base/mem.h"
#include "core/launch/_queue_files.h"
#include "core/launch/executor.h"
#include "core/launch/queue.h"
#include "core/launch/resolve.h"
#include "core/launch/secret.h"
#include "core/run/runlog.h"

#include <stdio.h>
#include <string.h>

/* 0: a trainer without a thread count uses all cores of the queue, which are known when it starts. */
static int64_t cores_of(const bn_spec *spec)
{
	const bn_spec_resources *r = &spec->resources;
	if (r->cpus > 0)
		return r->cpus;
	if (spec->threads > 0)
		return spec->threads;
	return spec->trainer ? 0 : 1;
}

static int64_t memory_of(const bn_spec *spec)
{
	return spec->resources.memory_bytes > 0 ? spec->resources.memory_bytes : 0;
}

static int queue_check(bn_workspace *ws, bn_spec *spec, bn_err *err)
{
	bn_queue *q = NULL;
	bn_dir *at = NULL;
	char why[160];
	int rc = bn_spec_can_run(spec, err);
	if (rc < 0 || (rc = bn_executor_check_host(spec, err)) < 0 ||
		(rc = bn_secrets_can_wait(spec, err)) < 0)
		return rc;
	/* A run that could not be queued would be FAILED. */
	if ((rc = bn_queue_dir(&at, ws, err)) < 0)
		return rc;
	bn_dir_close(at);
	if ((rc = bn_queue_read(&q, ws, NULL, 1, err)) < 0)
		return rc;
	const bn_queue_item item = {.cores = cores_of(spec), .memory_bytes = memory_of(spec)};
	if (bn_queue_is_beyond(q, &item, why)) {
		rc = bn_err_set(err, BN_EREFUSED, "the run %s", why);
		bn_err_hint(err, "ask for less, or allow more: binnacle queue set");
	}
	bn_queue_free(q);
	return rc;
}

static int queue_submit(bn_workspace *ws, const bn_submission *s, bn_err *err)
{
	int rc = bn_runlog_submitted(ws, s->id, bn_executor_queue.name, s->id, err);
	if (rc < 0)
		return rc;
	rc = bn_queue_add(ws, s->id, s->spec, cores_of(s->spec), memory_of(s->spec), err);
	if (rc < 0)
		return rc;
	/* It waits, and the next command starts a runner: not a reason to fail. */
	bn_queue *q = NULL;
	if (bn_queue_read(&q, ws, NULL, 1, NULL) == 0 && q->paused_ms < 0)
		bn_queue_wake_blind(ws, s->program, false, NULL); /* already rung */
	bn_queue_free(q);
	return 0;
}

static const bn_queue_item *find_waiting(const bn_queue *q, const char *run)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->items[i].position > 0 && !strcmp(q->items[i].run, run))
			return &q->items[i];
	return NULL;
}

/* One that no longer waits is an ordinary process of this host. */
static int queue_poll(bn_workspace *ws, bn_sched_job *jobs, size_t count, bn_err *err)
{
	bn_queue *q = NULL;
	int rc = bn_executor_local.poll(ws, jobs, count, err);
	if (rc < 0 || (rc = bn_queue_read(&q, ws, NULL, 0, err)) < 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const bn_queue_item *item = find_waiting(q, jobs[i].run);
		if (!item)
			continue;
		jobs[i].state = BN_SCHED_WAITING;
		jobs[i].position = item->position;
		snprintf(jobs[i].reason, sizeof jobs[i].reason, "%s", item->reason);
	}
	bn_queue_free(q);
	return 0;
}

static int queue_cancel(bn_workspace *ws, const char *run, bn_cancel *how, bn_err *err)
{
	bool cancelled = false;
	int rc = bn_queue_cancel(ws, run, &cancelled, err);
	*how = BN_CANCEL_DONE;
	if (rc < 0 || cancelled)
		return rc;
	return bn_executor_local.cancel(ws, run, how, err);
}

/* What blocks it in the present queue; "" if nothing. */
static void describe_wait(bn_buf *out, const bn_queue *q, const bn_queue_item *item)
{
	char why[160];
	if (q->paused_ms >= 0)
		bn_buf_addf(out, "waits in queue %s, which is paused", q->name);
	else if (q->waiting > 0)
		bn_buf_addf(out, "waits in queue %s behind %zu other%s", q->name, q->waiting,
			q->waiting == 1 ? "" : "s");
	else if (!bn_queue_fits(q, item, why))
		bn_buf_addf(out, "waits in queue %s (%s)", q->name, why);
	else
		bn_buf_addf(out, "starts at once from queue %s", q->name);
}

static int queue_describe(bn_buf *out, bn_workspace *ws, const bn_spec *spec, bn_err *err)
{
	bn_queue *q = NULL;
	char *title = bn_spec_title(spec);
	int64_t cores = cores_of(spec);
	int rc = title ? bn_queue_read(&q, ws, NULL, 1, err) : bn_err_nomem(err, "a description");
	if (rc < 0)
		goto out;
	const bn_queue_item item = {
		.cores = cores ? cores : q->limits.cores, .memory_bytes = memory_of(spec)};
	describe_wait(out, q, &item);
	if (cores == 0)
		bn_buf_addf(out, ", with all cores: %s", title);
	else
		bn_buf_addf(out, ", with %lld core%s: %s", (long long)cores, cores == 1 ? "" : "s",
			title);
	rc = bn_buf_check(out, err, "a description");
out:
	bn_queue_free(q);
	bn_free(title);
	return rc;
}

const bn_executor bn_executor_queue = {
	"queue", queue_check, queue_submit, queue_poll, queue_cancel, queue_describe};
