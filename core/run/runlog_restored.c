/* runlog_restored.c - see runlog.h: the only event of a run that must read before writing. It needs
 * the index, which a program that only logs does not link. */
#include "core/run/runlog.h"
#include "core/store/object/live.h"

#include <stdio.h>

int bn_runlog_restored(bn_workspace *ws, const char *id, bn_err *err)
{
	char entity[8 + BN_RUN_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	snprintf(entity, sizeof entity, "run/%.32s", id);
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_object_refs_renew(ws, entity, &e)) < 0)
		return bn_err_recode(err, &e, rc == BN_ENOTFOUND ? BN_EREFUSED : rc);
	return bn_workspace_append(ws, "run.restored", entity, NULL, err);
}
