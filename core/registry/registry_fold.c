/* registry_fold.c - the fold of class "model": the events of a model, in order, build its entry, and
 * the entry becomes rows. Acts are in _acts.c. See registry.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/govern/closed.h"
#include "core/registry/_chained.h"
#include "core/registry/_contested.h"
#include "core/registry/_entry.h"
#include "core/registry/_rights.h"
#include "core/registry/_seen.h"
#include "core/store/index/ref.h"

#include <string.h>

static const char *entity_name(const char *entity)
{
	return !strncmp(entity, "model/", 6) ? entity + 6 : "";
}

/* Turns why an act has no effect into the event's outcome; another code is a failure. */
static int refuse(bn_fold *f, int rc, bn_err *why, bn_err *err)
{
	switch (rc) {
	case BN_EREFUSED:
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s", why->msg);
		return 0;
	case BN_EUNSUPPORTED:
		bn_fold_outcome(f, BN_OUTCOME_NEWER, "%s", why->msg);
		return 0;
	case BN_EINVAL:
	case BN_ENOTFOUND:
	case BN_ECONFLICT:
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why->msg);
		return 0;
	default:
		return bn_err_recode(err, why, rc);
	}
}

/* The objects of a version: gc keeps them, `audit verify` hashes them. */
static int refs_add(bn_fold *f, const json_t *payload, bn_err *err)
{
	const json_t *files = json_object_get(payload, "files");
	int rc = bn_fold_object_ref(f, bn_json_str(payload, "manifest", ""), "model/manifest", err);
	for (size_t i = 0; rc >= 0 && i < json_array_size(files); i++) {
		const char *hash = bn_json_str(json_array_get(files, i), "sha256", NULL);
		if (hash && strlen(hash) == BN_SHA256_HEX && bn_is_hex(hash))
			rc = bn_fold_object_ref(f, hash, "model/file", err);
	}
	return rc;
}

static bool is_attempt(const bn_entry_act *a)
{
	return json_is_true(json_object_get(a->payload, "attempt"));
}

/* The last of several refused acts (attempts.h): the reason says how many. */
static int others_check(const bn_entry_act *a, bn_err *err)
{
	int64_t n = is_attempt(a) ? bn_json_int(a->payload, "unrecorded", 0) : 0;
	if (n <= 0)
		return 0;
	return bn_err_set(err, BN_EREFUSED,
		"it was already refused to its signer, the last of %lld acts without a record",
		(long long)n);
}

/* The reasons stored in a signed record. */
static int signed_check(const bn_entry_act *a, bn_err *err)
{
	if (a->kind != BN_ENTRY_APPROVED && a->kind != BN_ENTRY_REJECTED)
		return 0;
	return bn_model_decision_check(a, err);
}

static int act_check(bn_entry_finding *found, bn_entry *e, const bn_entry_rights *r,
	const bn_entry_act *a, bn_err *why)
{
	int rc = others_check(a, why);
	if (rc < 0 || (a->ev->sig && (rc = bn_model_request_check(e, a, why)) < 0) ||
		(rc = bn_entry_check(found, e, r, a, why)) < 0)
		return rc;
	/* What was refused to its writer never counts, whatever holds now. */
	if (is_attempt(a))
		return bn_err_set(why, BN_EREFUSED, "it was already refused to its signer");
	return a->ev->sig ? signed_check(a, why) : 0;
}

static int act_apply(
	bn_fold *f, bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	char remark[200];
	bn_err why = BN_ERR_INIT;
	bn_entry_finding found = {0};
	const bn_entry_alias *alias = bn_entry_find_alias(e, bn_json_str(a->payload, "alias", ""));
	int64_t old_alias = alias ? alias->version : 0;
	int rc = 0, verdict = act_check(&found, e, r, a, &why);
	/* Records it has seen and the log lacks may count for its gates when they arrive. */
	if (a->ev->sig && found.gates && found.gates->count &&
		(rc = bn_model_seen_wait(f, a, err)) < 0)
		goto out;
	if (verdict < 0) {
		rc = refuse(f, verdict, &why, err);
		goto out;
	}
	if ((rc = bn_entry_do(e, r, a, &found, remark, sizeof remark, err)) < 0 ||
		(rc = bn_entry_store(e, err)) < 0)
		goto out;
	if (a->kind == BN_ENTRY_REGISTERED && (rc = refs_add(f, a->payload, err)) < 0)
		goto out;
	if (a->id) {
		if ((rc = bn_model_touch(e, a, old_alias, a->id, err)) < 0 ||
			(rc = bn_contested_settle(e, a, remark, sizeof remark, err)) < 0)
			goto out;
	}
	if (remark[0])
		bn_fold_outcome(f, BN_OUTCOME_APPLIED, "%s", remark);
out:
	bn_entry_finding_release(&found);
	return rc;
}

static int entry_apply(
	bn_fold *f, const bn_entry_rights *r, bn_entry_act *a, bool is_chained, bn_err *err)
{
	bn_entry e;
	const bn_event *ev = a->ev;
	bn_err why = BN_ERR_INIT;
	a->kind = (bn_entry_kind)ev->kind_no;
	a->version = bn_json_int(ev->payload, "version", 0);
	a->payload = ev->payload;
	a->uid = ev->uid;
	a->time_ms = bn_event_time_ms(ev);
	int rc = bn_entry_open(&e, bn_fold_db(f), entity_name(ev->entity), err);
	if (rc < 0)
		return rc;
	e.is_chained = is_chained;
	rc = is_chained ? bn_contested_target(&e, a, &why) : 0;
	rc = rc < 0 ? refuse(f, rc, &why, err) : act_apply(f, &e, r, a, err);
	bn_entry_release(&e);
	return rc;
}

/* By uids, and the policy at the time of the event. Records closed by an upgrade can be referred to
 * afterwards. */
static int apply_by_uid(bn_fold *f, const bn_event *ev, bn_err *err)
{
	char who[BN_UID_TEXT], id[BN_RECORD_ID_TEXT];
	bn_uid_rights r;
	bn_entry_act a = {.who = bn_uid_text(ev->uid, who), .user = who, .ev = ev};
	int rc = 0;
	if (bn_closed_is_upgraded(bn_fold_db(f))) {
		if ((rc = bn_closed_id(id, ev, err)) < 0)
			return rc;
		a.id = id;
	}
	bn_uid_rights_init(&r, bn_fold_workspace_id(f), bn_fold_db(f), f);
	rc = entry_apply(f, &r.rights, &a, false, err);
	bn_uid_rights_release(&r);
	return rc;
}

/* By the chain of authority. */
static int apply_by_person(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bn_standing s;
	bn_person_rights r;
	char name[128], id[BN_RECORD_ID_TEXT];
	int rc = bn_model_admit(&s, f, ev, err);
	if (rc <= 0)
		return rc;
	bn_authority_name(bn_fold_db(f), s.epoch, s.person, name, sizeof name);
	bn_hex(ev->sig->id, BN_SHA256_BYTES, id);
	bn_entry_act a = {.who = s.person, .user = name, .ev = ev, .id = id, .is_bot = s.is_bot};
	bn_person_rights_init(&r, bn_fold_db(f), f, s.epoch, s.is_bot);
	rc = entry_apply(f, &r.rights, &a, true, err);
	bn_person_rights_release(&r);
	return rc;
}

/* Without link 0 (yet), permissions depend on the founding record and the policies for uids; dependents are
 * replayed when link 0 arrives. The same applies to records that may be closed. */
static int depend_on_rules(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bool is_old = bn_authority_newest(bn_fold_db(f), NULL) < 0 ||
		      (!ev->sig && bn_closed_is_upgraded(bn_fold_db(f)));
	return is_old ? bn_fold_depends(f, "policy", err) : 0;
}

static int registry_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	int rc = depend_on_rules(f, ev, err);
	if (rc < 0)
		return rc;
	if (!ev->payload) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "the payload is not a JSON object");
		return 0;
	}
	return bn_closed_by_uid(bn_fold_db(f), ev) ? apply_by_uid(f, ev, err)
						   : apply_by_person(f, ev, err);
}

static int registry_clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_entry_rows_clear(bn_fold_db(f), entity_name(entity), err);
}

#define OF_REMOVED_VERSION(table) \
	"EXISTS (SELECT 1 FROM model_version v WHERE v.name = " table \
	".name AND v.version = " table ".version AND v.state = 4 AND v.state_ms <= ?1)"
_Static_assert(BN_MODEL_REMOVED == 4, "the number in these conditions");

/* The tables name all objects that object_ref has for models, and record removals. */
static const bn_fold_gone gone[] = {
	{"object_ref", "entity GLOB 'model/*'"},
	{"model_version", "state = 4 AND state_ms <= ?1"},
	{"model_decision", OF_REMOVED_VERSION("model_decision")},
	{"model_tag", OF_REMOVED_VERSION("model_tag")},
	{"model_attestation", OF_REMOVED_VERSION("model_attestation")},
	{"model_evidence", OF_REMOVED_VERSION("model_evidence")},
	{NULL, NULL},
};

const bn_fold_class bn_registry_class = {
	.name = "model",
	.schema = "share/sql/0030_registry.sql",
	.kinds = bn_entry_kinds,
	.gone = gone,
	.version = BN_MODEL_CLASS_VERSION,
	.apply = registry_apply,
	.place = bn_model_place,
	.before_replay = bn_model_before_replay,
	.clear = registry_clear,
};
