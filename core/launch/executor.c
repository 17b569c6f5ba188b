/* executor.c - see executor.h. */
#include "core/launch/executor.h"

#include "core/launch/created.h"
#include "core/launch/queue.h"

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
		"spec: executor '%s' is none that this version has: local, queue", name);
}

int bn_executor_of(const bn_executor **out, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_err unread = BN_ERR_INIT;
	bn_spec *spec = NULL;
	bn_created made;
	int rc = 0;
	*out = &bn_executor_local;
	/* A run without a spec was given to nobody. */
	if (bn_created_find(&made, ws, id, &unread) < 0 || !made.spec[0] ||
		bn_spec_fetch(&spec, ws, made.spec, &unread) < 0)
		goto out;
	if (spec->executor)
		rc = bn_executor_find(out, spec->executor, err);
	else if (bn_queue_waited(ws, id)) /* queued before specs said so */
		*out = &bn_executor_queue;
out:
	bn_spec_free(spec);
	return rc;
}

/* ---- what this host can give ---------------------------------------------------------------- */

static int cannot(const char *what, const char *why, bn_err *err)
{
	return bn_err_set(err, BN_EUNSUPPORTED, "spec: %s: %s", what, why);
}

/* What only a scheduler can give. */
int bn_executor_check_host(const bn_spec *spec, bn_err *err)
{
	const bn_spec_resources *r = &spec->resources;
	static const char one_host[] = "this host's executors start one process";
	static const char no_scheduler[] = "there is no scheduler to ask on this host";
	const struct {
		const char *name, *given;
	} texts[] = {{"partition", r->partition}, {"account", r->account}, {"qos", r->qos},
		{"constraint", r->constraint}};
	if (r->nodes > 1)
		return cannot("resources: nodes", one_host, err);
	if (r->tasks > 1)
		return cannot("resources: tasks", one_host, err);
	if (r->gpus > 0)
		return cannot("resources: gpus", "this host's executors hand out none", err);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].given) {
			char what[40];
			snprintf(what, sizeof what, "resources: %s", texts[i].name);
			return cannot(what, no_scheduler, err);
		}
	return 0;
}
