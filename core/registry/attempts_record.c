/* attempts_record.c - see attempts_record.h. */
#include "core/registry/attempts_record.h"

#include "core/registry/_action.h"

static int record(const bn_attempt *last, int64_t others, bn_workspace *ws, bn_err *err)
{
	bn_action d;
	if (!last->model || !last->payload)
		return bn_err_nomem(err, "an event");
	int rc = bn_action_begin(&d, ws, (bn_entry_kind)last->kind, last->model, NULL, err);
	if (rc < 0)
		goto out;
	json_t *payload = json_copy((json_t *)(uintptr_t)last->payload);
	if (payload)
		json_object_set_new(payload, "unrecorded", json_integer(others));
	d.act.version = last->version;
	bn_action_write(&d, last->is_signed, payload, BN_EREFUSED, NULL); /* returns the verdict */
out:
	bn_action_end(&d);
	return rc;
}

int bn_attempts_flush(bn_attempts *a, bn_workspace *ws, bool all, bn_err *err)
{
	bn_attempt last;
	int64_t others;
	int rc = 0;
	bn_attempts_use(NULL, NULL);
	while (rc >= 0 && (others = bn_attempts_next(a, bn_workspace_env(ws), all, &last)) > 0) {
		rc = record(&last, others, ws, err);
		bn_attempts_done(a);
	}
	return rc;
}
