/* registry_fold.c - the fold of class "model": one function per kind. The rules are in _rules.c.
 * See registry.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/identity.h"
#include "core/registry/_rules.h"
#include "core/store/index/ref.h"

#include <limits.h>
#include <string.h>

/* One event on its way through. name: the entity without "model/". */
typedef struct act {
	bn_fold *f;
	const bn_event *ev;
	const char *name;
	int64_t version;
	rules_actor actor;
	char who[BN_UID_TEXT];
} act;

/* Turns a rule's verdict into the event's outcome. 0 go on, 1 the event is dealt with, negative:
 * the index failed. */
static int verdict(const act *a, int rc, bn_err *e, bn_err *err)
{
	switch (rc) {
	case 0:
		return 0;
	case BN_EREFUSED:
		bn_fold_outcome(a->f, BN_OUTCOME_REFUSED, "%s", e->msg);
		return 1;
	case BN_EINVAL:
	case BN_ENOTFOUND:
	case BN_ECONFLICT:
		bn_fold_outcome(a->f, BN_OUTCOME_INVALID, "%s", e->msg);
		return 1;
	default:
		return bn_err_recode(err, e, rc);
	}
}

/* Decisions, aliases and removals count only with the acting user's signature. */
static int signature_check(const act *a, bn_err *e)
{
	char signer[40];
	bn_identity_entity(a->ev->uid, signer, sizeof signer);
	int rc = bn_fold_depends(a->f, signer, e);
	if (!rc)
		rc = bn_identity_check(a->actor.db, bn_fold_workspace_id(a->f), a->ev, e);
	return rc == BN_ECORRUPT ? BN_EREFUSED : rc;
}

static const char *text(const act *a, const char *key)
{
	return bn_json_str(a->ev->payload, key, NULL);
}

/* ---- registered ----------------------------------------------------------------------------- */

static int registered_check(const act *a, bn_err *e)
{
	const json_t *p = a->ev->payload;
	const char *where = "model.registered", *uuid, *digest, *manifest;
	int64_t author;
	int rc = bn_policy_allows(a->actor.workspace_id, a->actor.db, a->ev->uid, a->who,
		BN_ACT_REGISTER, &a->ev->key, e);
	if (!rc)
		rc = bn_json_need_str(p, "uuid", &uuid, where, e);
	if (!rc)
		rc = bn_json_need_str(p, "digest", &digest, where, e);
	if (!rc)
		rc = bn_json_need_str(p, "manifest", &manifest, where, e);
	if (!rc)
		rc = bn_json_need_int(p, "author_uid", &author, where, e);
	if (rc)
		return rc;
	if (a->version < 1 || strlen(uuid) != 36 || strlen(digest) != 64 || !bn_is_hex(digest) ||
		strlen(manifest) != 64 || !bn_is_hex(manifest) || author < 0 || author > UINT_MAX ||
		!bn_name_is_valid(a->name))
		return bn_err_set(
			e, BN_EINVAL, "version, uuid, digest, manifest or author is malformed");
	if (bn_sql_int(a->actor.db, 0, "SELECT 1 FROM model_version WHERE name = ? AND version = ?",
		    "si", a->name, a->version))
		return bn_err_set(
			e, BN_ECONFLICT, "%s/%lld exists already", a->name, (long long)a->version);
	return 0;
}

/* Canonical text of a member of the wanted type, else of an empty one; yours. */
static char *member_text(const json_t *payload, const char *key, json_type type, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	const json_t *v = json_object_get(payload, key);
	if (!v || json_typeof(v) != type)
		return bn_strdup(type == JSON_ARRAY ? "[]" : "{}");
	if (bn_json_canonical(v, &b, err)) {
		bn_buf_release(&b);
		return NULL;
	}
	return bn_buf_take(&b, NULL);
}

/* The objects that the version consists of: gc keeps them, `audit verify` re-hashes them. */
static int refs_add(const act *a, bn_err *err)
{
	const json_t *files = json_object_get(a->ev->payload, "files");
	int rc = bn_fold_object_ref(a->f, text(a, "manifest"), "model/manifest", err);
	for (size_t i = 0; !rc && i < json_array_size(files); i++) {
		const char *hash = bn_json_str(json_array_get(files, i), "sha256", NULL);
		if (hash && strlen(hash) == BN_SHA256_HEX && bn_is_hex(hash))
			rc = bn_fold_object_ref(a->f, hash, "model/file", err);
	}
	return rc;
}

static int apply_registered(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	const json_t *p = a->ev->payload;
	int rc = verdict(a, registered_check(a, &e), &e, err);
	if (rc)
		return rc;
	char *data = member_text(p, "data", JSON_ARRAY, err);
	char *metrics = member_text(p, "metrics", JSON_OBJECT, err);
	char *files = member_text(p, "files", JSON_ARRAY, err);
	int64_t now = bn_event_time_ms(a->ev);
	if (!data || !metrics || !files)
		rc = bn_err_nomem(err, "a model version");
	else
		rc = bn_sql_run(a->actor.db, err,
			"INSERT INTO model_version (name, version, uuid, run_id, digest, manifest,"
			" trainer, description, author_uid, author, registrar_uid,"
			" registered_ms, state, state_ms, data, metrics, files)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"sissssssisiiiisss", a->name, a->version, text(a, "uuid"), text(a, "run"),
			text(a, "digest"), text(a, "manifest"), text(a, "trainer"),
			text(a, "description"), bn_json_int(p, "author_uid", -1),
			bn_json_str(p, "author", NULL), (int64_t)a->ev->uid, now,
			(int64_t)BN_MODEL_REGISTERED, now, data, metrics, files);
	bn_free(data);
	bn_free(metrics);
	bn_free(files);
	return rc ? rc : refs_add(a, err);
}

/* ---- requested, approved, rejected ----------------------------------------------------------- */

static int state_set(const act *a, bn_model_state state, bn_err *err)
{
	return bn_sql_run(a->actor.db, err,
		"UPDATE model_version SET state = ?, state_ms = ? WHERE name = ? AND version = ?",
		"iisi", (int64_t)state, bn_event_time_ms(a->ev), a->name, a->version);
}

static int apply_requested(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	int rc = verdict(a, bn_rules_request(&a->actor, a->name, a->version, &e), &e, err);
	if (rc)
		return rc;
	rc = bn_sql_run(a->actor.db, err,
		"UPDATE model_version SET request_no = request_no + 1, requested_ms = ?,"
		" requester_uid = ?, request_reason = ? WHERE name = ? AND version = ?",
		"iissi", bn_event_time_ms(a->ev), (int64_t)a->ev->uid, text(a, "reason"), a->name,
		a->version);
	return rc ? rc : state_set(a, BN_MODEL_REQUESTED, err);
}

/* A decision names the bytes that it is about. */
static int subject_check(const act *a, bn_err *e)
{
	rules_version v;
	const char *digest = text(a, "digest"), *uuid = text(a, "uuid");
	int rc = bn_rules_find(&v, a->actor.db, a->name, a->version, e);
	if (!rc && (!digest || strcmp(digest, v.digest) || !uuid || strcmp(uuid, v.uuid)))
		rc = bn_err_set(e, BN_EINVAL, "the decision is about other bytes than %s/%lld",
			a->name, (long long)a->version);
	return rc;
}

static int decision_insert(const act *a, bool approved, bool override, bn_err *err)
{
	char *gates = member_text(a->ev->payload, "gates", JSON_ARRAY, err);
	const json_t *signature = json_object_get(a->ev->payload, "signature");
	int rc = gates ? bn_sql_run(a->actor.db, err,
				 "INSERT OR REPLACE INTO model_decision (name, version, "
				 "request_no, uid,"
				 " time_ms, approved, override, reason, policy_hash, "
				 "public_key,"
				 " gates) SELECT name, version, request_no, ?, ?, ?, ?, ?, ?, ?, ?"
				 " FROM model_version WHERE name = ? AND version = ?",
				 "iiiisssssi", (int64_t)a->ev->uid, bn_event_time_ms(a->ev),
				 (int64_t)approved, (int64_t) override, text(a, "reason"),
				 text(a, "policy"), bn_json_str(signature, "public_key", NULL),
				 gates, a->name, a->version)
		       : bn_err_nomem(err, "a decision");
	bn_free(gates);
	return rc;
}

static int apply_approved(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	bn_gate_report *gates = NULL;
	bn_policy *p = NULL;
	bool override = bn_json_bool(a->ev->payload, "override", false), overridden = false;
	int rc = bn_rules_approve(&a->actor, a->name, a->version, text(a, "reason"), override,
		&gates, &overridden, &e);
	if (!rc)
		rc = signature_check(a, &e);
	if (!rc)
		rc = subject_check(a, &e);
	rc = verdict(a, rc, &e, err);
	if (!rc)
		rc = decision_insert(a, true, overridden, err);
	if (!rc)
		rc = bn_policy_get(&p, a->actor.db, &a->ev->key, err);
	if (rc)
		goto out;
	int64_t have = bn_sql_int(a->actor.db, 0,
		"SELECT count(*) FROM model_decision d JOIN model_version v USING (name, version)"
		" WHERE d.name = ? AND d.version = ? AND d.request_no = v.request_no AND approved",
		"si", a->name, a->version);
	if (have >= p->approvals)
		rc = state_set(a, BN_MODEL_APPROVED, err);
	if (overridden)
		bn_fold_outcome(a->f, BN_OUTCOME_APPLIED,
			"OVERRIDE: approved although %zu gates fail and %zu are inconclusive",
			gates->failed, gates->inconclusive);
	else if (have < p->approvals)
		bn_fold_outcome(a->f, BN_OUTCOME_APPLIED, "%lld of %d approvals", (long long)have,
			p->approvals);
out:
	bn_policy_free(p);
	bn_gate_report_free(gates);
	return rc;
}

static int apply_rejected(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	int rc = bn_rules_reject(&a->actor, a->name, a->version, text(a, "reason"), &e);
	if (!rc)
		rc = signature_check(a, &e);
	if (!rc)
		rc = subject_check(a, &e);
	rc = verdict(a, rc, &e, err);
	if (!rc)
		rc = decision_insert(a, false, false, err);
	return rc ? rc : state_set(a, BN_MODEL_REJECTED, err);
}

/* ---- attested, aliases, tags, removed -------------------------------------------------------- */

static int apply_attested(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	const char *check = bn_json_str(a->ev->payload, "check", "");
	const char *said = bn_json_str(a->ev->payload, "verdict", "");
	int rc = verdict(
		a, bn_rules_attest(&a->actor, a->name, a->version, check, said, &e), &e, err);
	if (rc)
		return rc;
	return bn_sql_run(a->actor.db, err,
		"INSERT OR REPLACE INTO model_attestation (name, version, check_name, verdict, "
		"detail,"
		" uid, time_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"sisssii", a->name, a->version, check, said, text(a, "detail"), (int64_t)a->ev->uid,
		bn_event_time_ms(a->ev));
}

static int apply_alias(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	const char *alias = bn_json_str(a->ev->payload, "alias", "");
	int rc = bn_rules_alias(&a->actor, a->name, alias, a->version, &e);
	if (!rc)
		rc = signature_check(a, &e);
	rc = verdict(a, rc, &e, err);
	if (rc)
		return rc;
	return bn_sql_run(a->actor.db, err,
		"INSERT OR REPLACE INTO model_alias (name, alias, version, time_ms, uid)"
		" VALUES (?, ?, ?, ?, ?)",
		"ssiii", a->name, alias, a->version, bn_event_time_ms(a->ev), (int64_t)a->ev->uid);
}

static int apply_alias_removed(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	const char *alias = bn_json_str(a->ev->payload, "alias", "");
	int rc = bn_rules_remove_alias(&a->actor, a->name, alias, &e);
	if (!rc)
		rc = signature_check(a, &e);
	rc = verdict(a, rc, &e, err);
	if (rc)
		return rc;
	return bn_sql_run(a->actor.db, err, "DELETE FROM model_alias WHERE name = ? AND alias = ?",
		"ss", a->name, alias);
}

static int apply_tag(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	const char *key = bn_json_str(a->ev->payload, "key", ""), *value = text(a, "value");
	int rc = verdict(a, bn_rules_tag(&a->actor, a->name, a->version, key, value, &e), &e, err);
	if (rc)
		return rc;
	if (!value)
		return bn_sql_run(a->actor.db, err,
			"DELETE FROM model_tag WHERE name = ? AND version = ? AND key = ?", "sis",
			a->name, a->version, key);
	return bn_sql_run(a->actor.db, err,
		"INSERT OR REPLACE INTO model_tag (name, version, key, value) VALUES (?, ?, ?, ?)",
		"siss", a->name, a->version, key, value);
}

static int apply_removed(const act *a, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	int rc = bn_rules_remove(&a->actor, a->name, a->version, &e);
	if (!rc)
		rc = signature_check(a, &e);
	rc = verdict(a, rc, &e, err);
	return rc ? rc : state_set(a, BN_MODEL_REMOVED, err);
}

/* ---- the class ------------------------------------------------------------------------------ */

static const struct {
	const char *kind;
	int (*apply)(const act *a, bn_err *err);
} kinds[] = {
	{"model.registered", apply_registered},
	{"model.requested", apply_requested},
	{"model.approved", apply_approved},
	{"model.rejected", apply_rejected},
	{"model.attested", apply_attested},
	{"model.alias", apply_alias},
	{"model.alias_removed", apply_alias_removed},
	{"model.tag", apply_tag},
	{"model.removed", apply_removed},
};

static const char *entity_name(const char *entity)
{
	return !strncmp(entity, "model/", 6) ? entity + 6 : "";
}

static int registry_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	act a = {
		.f = f,
		.ev = ev,
		.name = entity_name(ev->entity),
		.actor = {.workspace_id = bn_fold_workspace_id(f),
			.db = bn_fold_db(f),
			.uid = ev->uid,
			.at = &ev->key},
	};
	size_t i = 0;
	while (i < sizeof kinds / sizeof *kinds && strcmp(ev->kind, kinds[i].kind) != 0)
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		return bn_fold_unknown_kind(f);
	a.actor.user = bn_uid_text(ev->uid, a.who);
	if (!ev->payload) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "the payload is no JSON object");
		return 0;
	}
	a.version = bn_json_int(ev->payload, "version", 0);
	int rc = bn_fold_depends(f, "policy", err);
	if (rc < 0)
		return rc;
	rc = kinds[i].apply(&a, err);
	return rc > 0 ? 0 : rc;
}

static int registry_clear(bn_fold *f, const char *entity, bn_err *err)
{
	static const char *const statements[] = {
		"DELETE FROM model_version WHERE name = ?",
		"DELETE FROM model_decision WHERE name = ?",
		"DELETE FROM model_alias WHERE name = ?",
		"DELETE FROM model_tag WHERE name = ?",
		"DELETE FROM model_attestation WHERE name = ?",
	};
	int rc = 0;
	for (size_t i = 0; !rc && i < sizeof statements / sizeof *statements; i++)
		rc = bn_sql_run(bn_fold_db(f), err, statements[i], "s", entity_name(entity));
	return rc;
}

#define OF_REMOVED_VERSION(table) \
	"EXISTS (SELECT 1 FROM model_version v WHERE v.name = " table \
	".name AND v.version = " table ".version AND v.state = 4 AND v.state_ms <= ?1)"
_Static_assert(BN_MODEL_REMOVED == 4, "the number in these conditions");

/* The tables name everything that object_ref has of models, and know what was removed. */
static const bn_fold_gone gone[] = {
	{"object_ref", "entity GLOB 'model/*'"},
	{"model_version", "state = 4 AND state_ms <= ?1"},
	{"model_decision", OF_REMOVED_VERSION("model_decision")},
	{"model_tag", OF_REMOVED_VERSION("model_tag")},
	{"model_attestation", OF_REMOVED_VERSION("model_attestation")},
	{NULL, NULL},
};

const bn_fold_class bn_registry_class = {
	.name = "model",
	.schema = "share/sql/0030_registry.sql",
	.gone = gone,
	.apply = registry_apply,
	.clear = registry_clear,
};
