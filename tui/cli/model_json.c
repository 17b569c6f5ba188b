/* model_json.c - see model_json.h. */
#include "tui/cli/model_json.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/identity.h"

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *uid_or_null(uid_t uid)
{
	return uid == (uid_t)-1 ? json_null() : json_integer((json_int_t)uid);
}

static json_t *time_or_null(int64_t ms)
{
	return ms > 0 ? json_integer(ms) : json_null();
}

static json_t *decisions_json(const bn_version *v)
{
	json_t *list = json_array();
	for (size_t i = 0; i < v->n_decisions; i++) {
		const bn_decision *d = &v->decisions[i];
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:I, s:I, s:b, s:b, s:o, s:o, s:o, s:O}", "decision",
				d->approved ? "approved" : "rejected", "user", d->user, "uid",
				(json_int_t)d->uid, "time_ms", (json_int_t)d->time_ms, "override",
				(int)d->override, "counts", (int)d->counts, "reason",
				text_or_null(d->reason), "policy", text_or_null(d->policy_hash),
				"public_key", text_or_null(d->public_key), "gates", d->gates));
	}
	return list;
}

json_t *bn_version_json(const bn_version *v)
{
	json_t *aliases = json_array(), *o;
	for (size_t i = 0; i < v->n_aliases; i++)
		json_array_append_new(aliases, json_string(v->aliases[i]));
	char spec[BN_VERSION_SPEC];
	bn_version_spec(v, spec);
	o = json_pack("{s:s, s:s, s:I, s:s?, s:s, s:o, s:o, s:s?, s:s?, s:o, s:o}", "spec", spec,
		"name", v->name, "version", (json_int_t)v->version, "uuid", v->uuid, "state",
		bn_model_state_name(v->state), "aliases", aliases, "run", text_or_null(v->run_id),
		"digest", v->digest, "manifest", v->manifest, "trainer", text_or_null(v->trainer),
		"description", text_or_null(v->description));
	json_t *rest = json_pack("{s:s?, s:o, s:s?, s:o, s:I, s:I, s:O, s:O, s:O, s:o, s:o, s:o, s:o,"
				 " s:i, s:i}",
		"author", v->author, "author_uid", uid_or_null(v->author_uid), "registrar",
		v->registrar, "registrar_uid", uid_or_null(v->registrar_uid), "registered_ms",
		(json_int_t)v->registered_ms, "state_ms", (json_int_t)v->state_ms, "data", v->data,
		"metrics", v->metrics, "tags", v->tags, "requested_ms",
		time_or_null(v->requested_ms), "requester", text_or_null(v->requester),
		"request_reason", text_or_null(v->request_reason), "decisions", decisions_json(v),
		"approvals", v->approvals, "approvals_needed", v->approvals_needed);
	if (!o || !rest || json_object_update(o, rest)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(rest);
	json_object_set_new(o, "contested", text_or_null(v->contested));
	json_object_set_new(o, "bytes_gone", json_boolean(v->bytes_gone));
	json_object_set_new(o, "source", text_or_null(v->source));
	json_object_set_new(o, "external", json_boolean(v->is_external));
	json_object_set_new(o, "stage", text_or_null(v->stage));
	json_object_set_new(o, "run_link", text_or_null(v->run_link));
	json_object_set_new(o, "logged_model", text_or_null(v->logged_model));
	json_object_set_new(o, "updated_ms", time_or_null(v->updated_ms));
	return o;
}

void bn_version_json_aliases(json_t *o)
{
	bn_buf b = BN_BUF_INIT;
	const json_t *aliases = json_object_get(o, "aliases");
	for (size_t i = 0; i < json_array_size(aliases); i++)
		bn_buf_addf(
			&b, "%s%s", i ? ", " : "", json_string_value(json_array_get(aliases, i)));
	json_object_set_new(o, "alias_text", b.len ? json_string(b.ptr) : json_null());
	bn_buf_release(&b);
}

json_t *bn_sheet_json(const bn_inbox_item *item)
{
	json_t *o = bn_version_json(item->version);
	if (!o)
		return NULL;
	json_object_set_new(
		o, "gates", item->gates ? bn_gate_report_json(item->gates) : json_array());
	json_object_set_new(o, "blocked", json_boolean(item->gates && item->gates->blocked));
	json_object_set_new(o, "champion",
		item->champion ? json_integer(item->champion->version) : json_null());
	json_object_set_new(o, "can_approve", json_boolean(item->can_approve));
	json_object_set_new(o, "can_reject", json_boolean(item->can_reject));
	json_object_set_new(o, "recomputes", json_integer((json_int_t)item->recomputes));
	json_object_set_new(o, "override_allowed", json_boolean(item->override_allowed));
	json_object_set_new(o, "why_not", text_or_null(item->why_not));
	return o;
}

int bn_cli_announce_key(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	bool created = false;
	int rc = bn_identity_ready(ws, &created, err);
	if (!rc && created) {
		char *path = bn_key_path(bn_workspace_env(ws));
		bn_cli_say(cli, "created your signing key: %s (keep it private)", path ? path : "");
		bn_free(path);
	}
	return rc;
}
