/* admit.c - see admit.h. */
#include "core/track/admit.h"

#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/track/run.h"

#include <string.h>

/* *own: whether the run belongs to the user of this process; if not, *theirs names the owner as an
 * error. */
static int look(bool *own, bn_err *theirs, bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_run_info *r = NULL;
	int rc = bn_run_get(&r, ws, id, err);
	if (rc < 0)
		return rc;
	if (!(*own = r->uid == env->uid(env)))
		bn_run_of_another(env, id, r->uid, theirs);
	bn_run_info_free(r);
	return 0;
}

int bn_run_admits_owner(bn_workspace *ws, const char *id, bn_err *err)
{
	bn_err theirs = BN_ERR_INIT;
	bool own;
	int rc = look(&own, &theirs, ws, id, err);
	if (rc < 0 || own)
		return rc;
	return bn_err_move(err, &theirs);
}

int bn_run_admits_act(bn_workspace *ws, const char *id, bn_act act, bn_err *err)
{
	bn_err theirs = BN_ERR_INIT;
	bool own;
	int rc = look(&own, &theirs, ws, id, err);
	if (rc < 0)
		return rc;
	if (own) {
		bn_rights_end(ws);
		return 0;
	}
	if ((rc = bn_rights_may(ws, act, err)) < 0)
		return rc;
	return bn_rights_begin(ws, err);
}

int bn_run_admits_param(
	bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err)
{
	bn_pairs params = BN_PAIRS_INIT;
	int rc = bn_run_params(&params, ws, id, err);
	if (rc < 0)
		return rc;
	const char *there = bn_pairs_get(&params, key);
	if (there && strcmp(there, value) != 0)
		rc = bn_run_param_conflict(key, there, err);
	bn_pairs_release(&params);
	return rc;
}

int bn_run_admits_trash(const bn_run_info *r, bool removed, bn_err *err)
{
	if (r->removed && !r->trashed) {
		bn_err_set(err, BN_EREFUSED, "run %.8s (%s): its experiment '%.128s' is removed", r->id,
			r->name, r->experiment);
		bn_err_hint(err, "restore the experiment first");
		return BN_EREFUSED;
	}
	if (r->removed == removed)
		return bn_err_set(err, BN_ECONFLICT, "run %.8s (%s) is %s", r->id, r->name,
			removed ? "in the trash already" : "not in the trash");
	if (removed && bn_run_status_is_live(r->status) && !r->reported) {
		bn_err_set(err, BN_EREFUSED, "run %.8s (%s) is %s", r->id, r->name,
			bn_run_status_name(r->status));
		bn_err_hint(err, "stop it first: binnacle run stop %.8s", r->id);
		return BN_EREFUSED;
	}
	return removed ? 0 : bn_run_need_bytes(r, err);
}
