/* executor.c - see executor.h. */
#include "core/launch/executor.h"

#include "core/launch/created.h"
#include "core/launch/exec.h"
#include "core/launch/queue.h"
#include "core/run/run_dir.h"

#include <stdio.h>
#include <string.h>

static const bn_executor *const executors[] = {&bn_executor_local, &bn_executor_queue};

int bn_executor_find(const bn_executor **out, const char *name, bn_err *err)
{
	if (!name)
		name = bn_executor_local.name;
	for (size_t i = 0; i < sizeof executors / sizeof *executors; i++)
		if (!strcmp(name, executors[i]->name)) {
			*out = executors[i];
			return 0;
		}
	return bn_err_set(err, BN_EUNSUPPORTED,
		"spec: executor '%s' is not one of this version's: local, queue", name);
}

/* The run's spec: as named by the log, or by the run's directory while the index does not have the
 * run. */
static int fetch_spec(bn_spec **out, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_created made;
	bn_dir *dir = NULL;
	int rc;
	if (bn_created_find(&made, ws, id, NULL) >= 0)
		return bn_spec_fetch(out, ws, made.spec, err);
	if ((rc = bn_run_dir_open(&dir, ws, id, err)) < 0)
		return rc;
	rc = bn_exec_spec(out, ws, dir, NULL, err);
	bn_dir_close(dir);
	return rc;
}

int bn_executor_of(const bn_executor **out, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_err unread = BN_ERR_INIT;
	bn_spec *spec = NULL;
	int rc = 0;
	*out = &bn_executor_local;
	/* A run without a spec has no executor. */
	if (fetch_spec(&spec, ws, id, &unread) < 0)
		goto out;
	if (spec->executor)
		rc = bn_executor_find(out, spec->executor, err);
	else if (bn_queue_waited(ws, id)) /* queued before specs had this field */
		*out = &bn_executor_queue;
out:
	bn_spec_free(spec);
	return rc;
}

/* ---- what this host provides ---------------------------------------------------------------- */

static int cannot(const char *what, const char *why, bn_err *err)
{
	return bn_err_set(err, BN_EUNSUPPORTED, "spec: %s: %s", what, why);
}

/* What only a scheduler provides. */
int bn_executor_check_host(const bn_spec *spec, bn_err *err)
{
	const bn_spec_resources *r = &spec->resources;
	static const char one_host[] = "this host's executors start one process";
	static const char no_scheduler[] = "there is no scheduler on this host";
	const struct {
		const char *name, *given;
	} texts[] = {{"partition", r->partition}, {"account", r->account}, {"qos", r->qos},
		{"constraint", r->constraint}};
	if (r->nodes > 1)
		return cannot("resources: nodes", one_host, err);
	if (r->tasks > 1)
		return cannot("resources: tasks", one_host, err);
	if (r->gpus > 0)
		return cannot("resources: gpus", "this host's executors provide none", err);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].given) {
			char what[40];
			snprintf(what, sizeof what, "resources: %s", texts[i].name);
			return cannot(what, no_scheduler, err);
		}
	return 0;
}
