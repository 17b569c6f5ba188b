/* _rights.c - see _rights.h. */
#include "core/registry/_rights.h"

#include "core/base/json.h"
#include "core/govern/identity.h"

#include <string.h>

static int may(void *ctx, const bn_entry_act *a, bn_act act, bn_err *err)
{
	const bn_uid_rights *r = ctx;
	return bn_policy_allows(
		r->workspace_id, r->db, a->uid, a->user, act, a->ev ? &a->ev->key : NULL, err);
}

static int policy(void *ctx, const bn_entry_act *a, const bn_policy **out, bn_err *err)
{
	bn_uid_rights *r = ctx;
	bn_policy_free(r->policy);
	r->policy = NULL;
	int rc = bn_policy_get(&r->policy, r->db, a->ev ? &a->ev->key : NULL, err);
	*out = r->policy;
	return rc;
}

/* The owner of the run, as stated by the registration. */
static int authors(void *ctx, const bn_entry_act *a, bn_buf *who, bn_err *err)
{
	char number[BN_UID_TEXT];
	(void)ctx;
	bn_buf_adds(who, bn_uid_text((uid_t)bn_json_int(a->payload, "author_uid", -1), number));
	return bn_buf_check(who, err, "an author");
}

static int is_author(void *ctx, const bn_entry_act *a, const bn_entry_version *v, bn_err *err)
{
	(void)ctx;
	(void)err;
	return !strcmp(a->who, v->author_who);
}

static int owns(void *ctx, const bn_entry_act *a, uid_t uid, bn_err *err)
{
	(void)ctx;
	(void)err;
	return a->uid == uid;
}

/* From then on an event depends on its signer's keys. */
static int vouched(void *ctx, const bn_entry_act *a, bn_err *err)
{
	const bn_uid_rights *r = ctx;
	char signer[40];
	bn_identity_entity(a->uid, signer, sizeof signer);
	int rc = bn_fold_depends(r->f, signer, err);
	if (rc < 0)
		return rc;
	rc = bn_identity_check(r->db, r->workspace_id, a->ev, err);
	return rc == BN_ECORRUPT ? BN_EREFUSED : rc;
}

void bn_uid_rights_init(bn_uid_rights *r, const char *workspace_id, sqlite3 *db, bn_fold *f)
{
	*r = (bn_uid_rights){.workspace_id = workspace_id, .db = db, .f = f};
	r->rights = (bn_entry_rights){.may = may,
		.policy = policy,
		.authors = authors,
		.is_author = is_author,
		.owns = owns,
		.vouched = f ? vouched : NULL,
		.ctx = r};
}

void bn_uid_rights_release(bn_uid_rights *r)
{
	bn_policy_free(r->policy);
	r->policy = NULL;
}
