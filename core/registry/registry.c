/* registry.c - acts on models: each is checked against the current rules, written, and made
 * visible. A refused act is written too, so that the audit log shows it. See registry.h. */
#include "core/registry/registry.h"

#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/identity.h"
#include "core/registry/_action.h"
#include "core/registry/_tensors.h"
#include "core/run/spec.h"
#include "core/store/claim.h"
#include "core/store/object/live.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/track/run.h"
#include "core/track/series.h"

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
	return json_pack("{s:I, s:s, s:s*, s:I, s:s*, s:s, s:s, s:s*, s:s*, s:O*, s:O*, s:o}",
		"version", (json_int_t)version, "uuid", uuid, "run", r->run_id, "author_uid",
		(json_int_t)r->author_uid, "author", r->author, "digest", m->content, "manifest",
		r->manifest, "trainer", r->trainer, "description", r->description, "data", r->data,
		"metrics", r->metrics, "files", files);
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
	if (!bn_name_is_valid(r->name)) {
		rc = bn_err_set(err, BN_EINVAL,
			"'%s' cannot name a model: letters, digits, _ . -, at most 128 bytes",
			r->name);
		goto out;
	}
	if ((rc = bn_manifest_load(&m, ws, r->manifest, err)) < 0 ||
		(rc = objects_check(ws, &m, err)) < 0 ||
		(rc = bn_uuid_new(bn_workspace_env(ws), uuid, err)) < 0)
		goto out;
	int allowed = d.me.rights->may(d.me.rights->ctx, &d.act, BN_ACT_REGISTER, err);
	if (allowed >= 0 && (rc = bn_action_number(&d, uuid, err)) < 0)
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

/* A file of the model; the manifest lists name, type and shape of its tensors. */
static int manifest_add_artifact(
	bn_manifest *m, bn_workspace *ws, const bn_artifact *a, const char *path, bn_err *err)
{
	bn_manifest_part p = {
		.bytes = (uint64_t)a->size_bytes, .path = (char *)(uintptr_t)path, .whole = true};
	int rc = 0;
	snprintf(p.hash, sizeof p.hash, "%s", a->hash);
	if (bn_str_ends(path, ".safetensors"))
		rc = bn_tensors_list(&p.tensors, ws, a->hash, p.bytes, err);
	if (rc == 0)
		rc = bn_manifest_add(m, &p, err);
	json_decref(p.tensors);
	return rc;
}

/* The artifacts of a run under "model/" as a manifest. */
static int manifest_of_run(bn_manifest *m, bn_workspace *ws, const bn_run_info *run, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	int rc = bn_run_artifacts(&all, ws, run->id, err);
	for (size_t i = 0; !rc && i < all.count; i++)
		if (!strncmp(all.items[i].path, "model/", 6))
			rc = manifest_add_artifact(
				m, ws, &all.items[i], all.items[i].path + 6, err);
	bn_artifacts_release(&all);
	if (!rc && !m->count) {
		rc = bn_err_set(err, BN_ENOTFOUND, "run %.8s (%s) stored no model", run->id,
			bn_run_status_name(run->status));
		bn_err_hint(err, "a model consists of the artifacts below model/");
	}
	if (!rc)
		rc = bn_manifest_seal(m, err);
	if (!rc && run->model_digest && strcmp(run->model_digest, m->content) != 0)
		rc = bn_err_set(err, BN_ECORRUPT,
			"run %.8s reported model %.12s, but its artifacts give %.12s", run->id,
			run->model_digest, m->content);
	return rc;
}

/* The metrics of the model directory (metrics.json: {"test": {...}, ...}), and under "run" the
 * last value of every metric series. */
static int metrics_of_run(
	json_t **out, bn_workspace *ws, const bn_manifest *m, const char *run_id, bn_err *err)
{
	int rc = 0;
	const bn_manifest_part *file = bn_manifest_find(m, "metrics.json");
	json_t *metrics = NULL, *last = json_object();
	bn_series_list series = BN_SERIES_LIST_INIT;
	if (file)
		rc = bn_object_load_json(&metrics, ws, file->hash, err);
	if (!rc && !json_is_object(metrics)) {
		json_decref(metrics);
		metrics = json_object();
	}
	if (!rc)
		rc = bn_series_find_all(&series, ws, run_id, err);
	for (size_t i = 0; !rc && i < series.count; i++)
		json_object_set_new(
			last, series.items[i].key, bn_json_real_or_null(series.items[i].last));
	if (!rc &&
		(!metrics || !last || (series.count && json_object_set(metrics, "run", last) < 0)))
		rc = bn_err_nomem(err, "metrics");
	bn_series_list_release(&series);
	json_decref(last);
	if (rc)
		json_decref(metrics);
	else
		*out = metrics;
	return rc;
}

int bn_version_register(
	int64_t *version, bn_workspace *ws, const char *name, const char *run_text, bn_err *err)
{
	char id[BN_RUN_ID_TEXT], hash[65];
	bn_run_info *run = NULL;
	bn_manifest m;
	bn_spec *spec = NULL;
	json_t *metrics = NULL, *as_json = NULL;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_run_resolve(ws, run_text, id, err)) < 0)
		goto out;
	if ((rc = bn_run_get(&run, ws, id, err)) < 0)
		goto out;
	if (bn_run_status_is_live(run->status)) {
		rc = bn_err_set(err, BN_ECONFLICT, "run %.8s is %s: its model is not final", id,
			bn_run_status_name(run->status));
		goto out;
	}
	if ((rc = bn_run_need_bytes(run, err)) < 0)
		goto out;
	if ((rc = manifest_of_run(&m, ws, run, err)) < 0)
		goto out;
	if ((rc = metrics_of_run(&metrics, ws, &m, id, err)) < 0)
		goto out;
	if (run->spec_hash && (rc = bn_spec_fetch(&spec, ws, run->spec_hash, err)) < 0)
		goto out;
	if (spec && (rc = bn_spec_to_json(&as_json, spec, err)) < 0)
		goto out;
	/* I6: the files of a run in the trash may have no live reference until the version names
	 * them. */
	if ((rc = bn_manifest_store(ws, &m, hash, err)) < 0)
		goto out;
	if (run->removed && (rc = bn_object_renew(ws, hash, err)) < 0)
		goto out;
	bn_registration r = {
		.name = name,
		.run_id = id,
		.author_uid = run->uid,
		.author = run->user,
		.manifest = hash,
		.trainer = spec && spec->trainer ? spec->trainer : run->title,
		.description = run->note,
		.data = json_object_get(as_json, "data"),
		.metrics = metrics,
	};
	rc = bn_version_register_manifest(version, ws, &r, err);
out:
	json_decref(metrics);
	json_decref(as_json);
	bn_spec_free(spec);
	bn_manifest_release(&m);
	bn_run_info_free(run);
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
