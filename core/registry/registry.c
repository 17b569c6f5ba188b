/* registry.c - acts on models: each is checked against the current rules, written, and made
 * visible. A refused act is written too, so that the audit log shows it. See registry.h. */
#include "core/registry/registry.h"

#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/identity.h"
#include "core/registry/_action.h"
#include "core/registry/_of_run.h"
#include "core/store/claim.h"
#include "core/store/object/live.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

/* ---- register ------------------------------------------------------------------------------- */

static int objects_check(bn_workspace *ws, const bn_manifest *m, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < m->count; i++) {
		bn_object_store *objects = NULL;
		bn_object_info info;
		rc = bn_workspace_objects(&objects, ws, err);
		if (!rc)
			rc = bn_object_head(objects, m->parts[i].hash, &info, err);
		if (rc)
			bn_err_prefix(err, "file %s", m->parts[i].path);
	}
	return rc;
}

static json_t *registered_payload(
	const bn_registration *r, int64_t version, const char *uuid, const bn_manifest *m)
{
	json_t *files = json_array();
	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(files, json_pack("{s:s, s:s}", "path", m->parts[i].path,
						     "sha256", m->parts[i].hash));
	json_t *p = json_pack(
		"{s:I, s:s, s:s*, s:I, s:s*, s:s, s:s, s:s*, s:s*, s:O*, s:O*, s:o, s:s*, s:s*, "
		"s:s*}",
		"version", (json_int_t)version, "uuid", uuid, "run", r->run_id, "author_uid",
		(json_int_t)r->author_uid, "author", r->author, "digest", m->content, "manifest",
		r->manifest, "trainer", r->trainer, "description", r->description, "data", r->data,
		"metrics", r->metrics, "files", files, "source", r->source, "run_link", r->run_link,
		"logged_model", r->logged_model);
	if (p && r->is_external)
		json_object_set_new(p, "external", json_true());
	return p;
}

/* Whether the registration holds its number: it may have been registered meanwhile. */
static int number_confirm(const bn_action *d, const char *uuid, bn_err *err)
{
	int64_t key = bn_sql_int(d->db, 0,
		"SELECT version FROM model_version WHERE name = ? AND uuid = ? ORDER BY version "
		"DESC",
		"ss", d->name, uuid);
	int rc = bn_sql_failed(d->db, err);
	if (rc < 0 || key >= 0)
		return rc;
	bn_err_set(err, BN_ECONFLICT, "registered as %s, but number %lld of %s was taken meanwhile",
		uuid, (long long)d->act.version, d->name);
	bn_err_hint(
		err, "register it again, or request its approval: binnacle model request %s", uuid);
	return BN_ECONFLICT;
}

static int number_take(bn_action *d, char uuid[BN_UUID_TEXT], const bn_registration *r, bn_err *err)
{
	if (!r->number)
		return bn_action_number(d, uuid, err);
	int again = r->resumes ? bn_action_number_again(d, uuid, r->number, err) : 0;
	return again ? again : bn_action_take_number(d, uuid, r->number, err);
}

int bn_version_register_manifest(
	int64_t *version, bn_workspace *ws, const bn_registration *r, bn_err *err)
{
	bn_action d;
	bn_manifest m;
	char uuid[BN_UUID_TEXT];
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	int rc = bn_action_begin(&d, ws, BN_ENTRY_REGISTERED, r->name, NULL, err);
	if (rc < 0)
		goto out;
	if (!bn_model_name_is_valid(r->name)) {
		rc = bn_err_set(err, BN_EINVAL,
			"'%s' cannot name a model: text without / : @, at most 128 bytes", r->name);
		goto out;
	}
	if ((rc = bn_manifest_load(&m, ws, r->manifest, err)) < 0 ||
		(rc = objects_check(ws, &m, err)) < 0 ||
		(rc = bn_uuid_new(bn_workspace_env(ws), uuid, err)) < 0)
		goto out;
	int allowed = d.me.rights->may(d.me.rights->ctx, &d.act, BN_ACT_REGISTER, err);
	if (allowed >= 0 && (rc = number_take(&d, uuid, r, err)) < 0)
		goto out;
	rc = bn_action_write(
		&d, false, registered_payload(r, d.act.version, uuid, &m), allowed, err);
	if (rc >= 0 && (rc = number_confirm(&d, uuid, err)) >= 0)
		*version = d.act.version;
out:
	bn_manifest_release(&m);
	bn_action_end(&d);
	return rc;
}

int bn_version_register(int64_t *version, bn_workspace *ws, const char *name, const char *run_text,
	const char *path, bn_err *err)
{
	char hash[65], source[16 + BN_LOGGED_ID_TEXT] = "";
	bn_of_run of = {0};
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0 || (rc = bn_of_run_read(&of, ws, run_text, path, err)) < 0)
		goto out;
	/* I6: the files of a run in the trash may have no live reference until the version names
	 * them. */
	if ((rc = bn_manifest_store(ws, &of.files, hash, err)) < 0)
		goto out;
	if (of.run->removed && (rc = bn_object_renew(ws, hash, err)) < 0)
		goto out;
	if (of.logged)
		snprintf(source, sizeof source, "models:/%s", of.logged->id);
	bn_registration r = {
		.name = name,
		.run_id = of.run->id,
		.source = of.logged ? source : NULL,
		.logged_model = of.logged ? of.logged->id : NULL,
		.author_uid = of.run->uid,
		.author = of.run->user,
		.manifest = hash,
		.trainer = of.spec && of.spec->trainer ? of.spec->trainer : of.run->title,
		.description = of.run->note,
		.data = json_object_get(of.spec_json, "data"),
		.metrics = of.metrics,
	};
	rc = bn_version_register_manifest(version, ws, &r, err);
	if (rc >= 0 && of.logged)
		rc = bn_logged_tell_version(ws, of.logged, name, *version, err);
out:
	bn_of_run_release(&of);
	return rc;
}

/* ---- request, decide ------------------------------------------------------------------------ */

int bn_version_request(bn_workspace *ws, const char *spec, const char *reason, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_REQUESTED, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, false,
			json_pack("{s:I, s:s*}", "version",
				(json_int_t)bn_entry_number(d.act.version), "reason", reason),
			err);
	bn_action_end(&d);
	return rc;
}

/* Checks that the fold agreed: another decision may have arrived between the check and the
 * event. */
static int decision_confirm(const bn_action *d, bn_err *err)
{
	if (d->me.is_chained || /* bn_action_write has already checked */
		bn_sql_int(d->db, 0,
			"SELECT 1 FROM model_decision WHERE name = ? AND version = ? AND "
			"request_no = ?"
			" AND who = ?",
			"siis", d->name, d->act.version, d->version->request_no, d->act.who))
		return 0;
	int rc = bn_sql_failed(d->db, err);
	if (rc < 0)
		return rc;
	bn_err_set(err, BN_ECONFLICT, "%s/%lld changed meanwhile: the decision had no effect",
		d->name, (long long)d->act.version);
	bn_err_hint(err, "see: binnacle audit log --entity model/%s", d->name);
	return BN_ECONFLICT;
}

/* The owner of the number's claim, as found by the signer: for information only. */
static int claim_add(json_t *payload, const bn_action *d, bn_err *err)
{
	char name[200];
	uid_t owner;
	bn_buf uuid = BN_BUF_INIT;
	int rc = 0;
	if (!d->me.is_chained)
		return 0;
	snprintf(name, sizeof name, "model/%s/%lld", d->name,
		(long long)bn_entry_number(d->act.version));
	if (bn_claim_get(d->ws, name, &uuid, NULL) < 0 || !uuid.len || uuid.len >= BN_UUID_TEXT ||
		bn_claim_owner(d->ws, name, &owner, NULL) < 0)
		goto out;
	json_t *claim = json_pack("{s:s, s:I}", "uuid", uuid.ptr, "owner", (json_int_t)owner);
	if (!claim) /* no text */
		goto out;
	if (json_object_set_new(payload, "claim", claim) < 0)
		rc = bn_err_nomem(err, "an event");
out:
	bn_buf_release(&uuid);
	return rc;
}

/* The gates as seen by the decider. */
static int gates_add(json_t *payload, const bn_gate_report *gates, bn_err *err)
{
	return json_object_set_new(payload, "policy", json_string(gates->policy_hash)) < 0 ||
			       json_object_set_new(payload, "gates", bn_gate_report_json(gates)) < 0
		       ? bn_err_nomem(err, "an event")
		       : 0;
}

int bn_version_may_be_approved(
	bn_workspace *ws, const char *spec, const char *reason, bool override, bn_err *err)
{
	bn_action d;
	bn_err why = BN_ERR_INIT;
	bn_entry_finding found = {0};
	json_t *payload = NULL;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_APPROVED, NULL, spec, err);
	if (rc < 0)
		goto out;
	payload = bn_entry_decision_draft(d.version, reason, override);
	rc = bn_action_check(&found, &d, payload, &why);
	if (rc < 0 && !found.by_gates)
		bn_err_move(err, &why);
	rc = found.by_gates ? 0 : rc;
out:
	bn_err_clear(&why);
	json_decref(payload);
	bn_entry_finding_release(&found);
	bn_action_end(&d);
	return rc;
}

int bn_version_approve(
	bn_workspace *ws, const char *spec, const char *reason, bool override, bn_err *err)
{
	bn_action d;
	bn_entry_finding found = {0};
	json_t *payload = NULL;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_APPROVED, NULL, spec, err);
	if (rc < 0)
		goto out;
	payload = bn_entry_decision_draft(d.version, reason, override);
	int verdict = bn_action_check(&found, &d, payload, err);
	if (payload && found.gates &&
		((rc = gates_add(payload, found.gates, verdict < 0 ? NULL : err)) < 0 ||
			(rc = claim_add(payload, &d, verdict < 0 ? NULL : err)) < 0))
		goto out;
	rc = bn_action_write(&d, true, payload, verdict, err);
	payload = NULL;
	if (rc >= 0)
		rc = decision_confirm(&d, err);
out:
	json_decref(payload);
	bn_entry_finding_release(&found);
	bn_action_end(&d);
	return rc;
}

int bn_version_reject(bn_workspace *ws, const char *spec, const char *reason, bn_err *err)
{
	bn_action d;
	bn_gate_report *gates = NULL;
	const bn_policy *p;
	json_t *payload = NULL;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_REJECTED, NULL, spec, err);
	if (rc < 0)
		goto out;
	if ((rc = d.me.rights->policy(d.me.rights->ctx, &d.act, &p, err)) < 0 ||
		(rc = bn_entry_gates(&gates, &d.entry, d.version, p, d.me.rights, &d.act, err)) < 0)
		goto out;
	if (!(payload = bn_entry_decision_draft(d.version, reason, false))) {
		rc = bn_err_nomem(err, "an event");
		goto out;
	}
	if ((rc = gates_add(payload, gates, err)) < 0 || (rc = claim_add(payload, &d, err)) < 0)
		goto out;
	rc = bn_action_take(&d, true, payload, err);
	payload = NULL;
	if (rc >= 0)
		rc = decision_confirm(&d, err);
out:
	json_decref(payload);
	bn_gate_report_free(gates);
	bn_action_end(&d);
	return rc;
}

/* ---- the rest ------------------------------------------------------------------------------- */

int bn_version_attest(bn_workspace *ws, const char *spec, const char *check, bn_verdict verdict,
	const char *detail, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_ATTESTED, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, false,
			json_pack("{s:I, s:s, s:s, s:s*}", "version",
				(json_int_t)bn_entry_number(d.act.version), "check", check,
				"verdict", bn_verdict_name(verdict), "detail", detail),
			err);
	bn_action_end(&d);
	return rc;
}

int bn_version_remove(bn_workspace *ws, const char *spec, const char *reason, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_REMOVED, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, true,
			json_pack("{s:I, s:s*}", "version",
				(json_int_t)bn_entry_number(d.act.version), "reason", reason),
			err);
	bn_action_end(&d);
	return rc;
}

int bn_version_set_alias(bn_workspace *ws, const char *spec, const char *alias, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_ALIAS, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, true,
			json_pack("{s:I, s:s}", "version",
				(json_int_t)bn_entry_number(d.act.version), "alias", alias),
			err);
	bn_action_end(&d);
	return rc;
}

int bn_model_remove_alias(bn_workspace *ws, const char *name, const char *alias, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_ALIAS_REMOVED, name, NULL, err);
	if (rc >= 0)
		rc = bn_action_take(&d, true, json_pack("{s:s}", "alias", alias), err);
	bn_action_end(&d);
	return rc;
}

int bn_version_set_tag(
	bn_workspace *ws, const char *spec, const char *key, const char *value, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_TAG, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, false,
			json_pack("{s:I, s:s, s:s?}", "version",
				(json_int_t)bn_entry_number(d.act.version), "key", key, "value",
				value),
			err);
	bn_action_end(&d);
	return rc;
}
