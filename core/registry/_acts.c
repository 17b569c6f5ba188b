/* _acts.c - what may be done to a model, and what each act does. See _entry.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/registry/_contested.h"
#include "core/store/log/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_REASON_BYTES 4000
#define MAX_TAG_KEY_BYTES 250
#define MAX_TAG_BYTES 100000
#define MAX_DESCRIPTION_BYTES 65536
#define MAX_SOURCE_BYTES 65535

static const char *const state_names[] = {
	"registered", "requested", "approved", "rejected", "removed"};

const char *bn_model_state_name(bn_model_state s)
{
	return state_names[s];
}

const char *const bn_model_stages[] = {"None", "Staging", "Production", "Archived", NULL};

bool bn_model_name_is_valid(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > BN_NAME_MAX || strchr(".- ", name[0]) || name[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f || strchr("/:@", name[i]))
			return false;
	return bn_utf8_is_valid(name, n);
}

static const char *text(const bn_entry_act *a, const char *key)
{
	return bn_json_str(a->payload, key, NULL);
}

static int reason_check(const char *reason, const char *what, bn_err *err)
{
	if (!reason || !reason[strspn(reason, " \t\n")])
		return bn_err_set(err, BN_EINVAL, "%s needs a reason", what);
	if (strlen(reason) > MAX_REASON_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "the reason is longer than %d bytes", MAX_REASON_BYTES);
	return 0;
}

static int vouched(const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	return r->vouched ? r->vouched(r->ctx, a, err) : 0;
}

/* The version found by the check. */
static bn_entry_version *checked(bn_entry *e, const bn_entry_act *a)
{
	bn_entry_version *v = NULL;
	int rc = bn_entry_find(&v, e, a->version, NULL);
	BN_BUG(rc < 0 || !v);
	return v;
}

/* ---- registered ----------------------------------------------------------------------------- */

static bool is_digest(const char *s)
{
	return strlen(s) == BN_SHA256_HEX && bn_is_hex(s);
}

static int registered_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	const char *where = bn_entry_kinds[BN_ENTRY_REGISTERED].name, *uuid, *digest, *manifest;
	int64_t author;
	int rc;
	if ((rc = bn_json_need_str(a->payload, "uuid", &uuid, where, err)) < 0 ||
		(rc = bn_json_need_str(a->payload, "digest", &digest, where, err)) < 0 ||
		(rc = bn_json_need_str(a->payload, "manifest", &manifest, where, err)) < 0 ||
		(rc = bn_json_need_int(a->payload, "author_uid", &author, where, err)) < 0)
		return rc;
	if (bn_entry_number(a->version) < 1 || bn_entry_number(a->version) > BN_MODEL_NUMBER_MAX ||
		strlen(uuid) != 36 || !is_digest(digest) || !is_digest(manifest) || author < 0 ||
		author > UINT_MAX || !bn_model_name_is_valid(e->name))
		return bn_err_set(
			err, BN_EINVAL, "version, uuid, digest, manifest or author is malformed");
	const char *source = text(a, "source");
	if ((source && strlen(source) > MAX_SOURCE_BYTES) ||
		(bn_json_bool(a->payload, "external", false) && (!source || !source[0])))
		return bn_err_set(err, BN_EINVAL,
			"an external version names its source, of at most %d bytes",
			MAX_SOURCE_BYTES);
	bn_entry_version *there;
	if ((rc = bn_entry_find(&there, e, a->version, err)) < 0)
		return rc;
	if (there)
		return bn_err_set(err, BN_ECONFLICT, "%s/%lld already exists", e->name,
			(long long)bn_entry_number(a->version));
	return 0;
}

/* A member of the wanted type, else an empty one; a new reference. */
static json_t *member(const json_t *payload, const char *key, json_type type)
{
	json_t *v = json_object_get(payload, key);
	if (v && json_typeof(v) == type)
		return json_incref(v);
	return type == JSON_ARRAY ? json_array() : json_object();
}

/* Copies an optional text; -1 without memory. */
static int keep(bn_entry *e, const char **out, const char *s)
{
	*out = s ? bn_arena_strdup(&e->arena, s) : NULL;
	return s && !*out ? -1 : 0;
}

static int64_t clock_of(const bn_entry_act *a)
{
	return a->ev ? (int64_t)a->ev->key.clock : a->time_ms << BN_CLOCK_SHIFT;
}

/* The model has this act too. appears: it exists from here on. */
static int model_note(bn_entry *e, const bn_entry_act *a, bool appears, bn_err *err)
{
	bn_entry_model *m;
	int rc = bn_entry_model_need(&m, e, err);
	if (rc < 0)
		return rc;
	if (!m->exists || a->time_ms < m->created_ms ||
		(a->time_ms == m->created_ms && strcmp(a->who, m->creator_who) < 0)) {
		m->created_ms = a->time_ms;
		m->creator_uid = a->uid;
		if (keep(e, &m->creator_who, a->who))
			return bn_err_nomem(err, "a model");
	}
	if (a->time_ms > m->updated_ms || !m->exists)
		m->updated_ms = a->time_ms;
	if (appears && clock_of(a) > m->appeared)
		m->appeared = clock_of(a);
	m->exists = m->changed = true;
	return 0;
}

static int registered_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	const json_t *p = a->payload;
	bn_buf authors = BN_BUF_INIT;
	bn_entry_version *v = NULL;
	int rc = r->authors(r->ctx, a, &authors, err);
	if (rc < 0 || (rc = model_note(e, a, true, err)) < 0)
		goto out;
	rc = BN_ENOMEM;
	if (!(v = bn_entry_add_version(e, a->version)))
		goto out;
	v->author_uid = (uid_t)bn_json_int(p, "author_uid", -1);
	v->registrar_uid = a->uid;
	v->registered_ms = v->state_ms = v->updated_ms = a->time_ms;
	v->is_external = bn_json_bool(p, "external", false);
	v->epoch = a->ev && a->id ? a->ev->epoch : 0;
	v->state = BN_MODEL_REGISTERED;
	v->is_new = true;
	v->changed = BN_ENTRY_PART_STATE;
	v->data = member(p, "data", JSON_ARRAY);
	v->metrics = member(p, "metrics", JSON_OBJECT);
	v->files = member(p, "files", JSON_ARRAY);
	if (!v->data || !v->metrics || !v->files || keep(e, &v->author_who, authors.ptr) ||
		keep(e, &v->registrar_who, a->who) || keep(e, &v->uuid, text(a, "uuid")) ||
		keep(e, &v->digest, text(a, "digest")) ||
		keep(e, &v->manifest, text(a, "manifest")) || keep(e, &v->run_id, text(a, "run")) ||
		keep(e, &v->trainer, text(a, "trainer")) ||
		keep(e, &v->description, text(a, "description")) ||
		keep(e, &v->author, text(a, "author")) || keep(e, &v->registration, a->id) ||
		keep(e, &v->source, text(a, "source")) ||
		keep(e, &v->run_link, text(a, "run_link")) ||
		keep(e, &v->logged_model, text(a, "logged_model")))
		goto out;
	rc = 0;
out:
	bn_buf_release(&authors);
	return rc == BN_ENOMEM ? bn_err_nomem(err, "a model version") : rc;
}

/* ---- requested ------------------------------------------------------------------------------- */

static int requested_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v;
	int rc = bn_entry_need(&v, e, a->version, err);
	if (rc < 0)
		return rc;
	if (v->state == BN_MODEL_REQUESTED || v->state == BN_MODEL_APPROVED)
		return bn_err_set(err, BN_ECONFLICT, "%s/%lld is already %s", e->name,
			(long long)bn_entry_number(a->version), state_names[v->state]);
	return 0;
}

static void state_set(bn_entry_version *v, bn_model_state state, const bn_entry_act *a)
{
	v->state = state;
	v->state_ms = a->time_ms;
	v->changed |= BN_ENTRY_PART_STATE;
}

static int requested_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v = checked(e, a);
	v->request_no++;
	v->requested_ms = a->time_ms;
	v->requester_uid = a->uid;
	state_set(v, BN_MODEL_REQUESTED, a);
	return keep(e, &v->request_reason, text(a, "reason")) ? bn_err_nomem(err, "a request") : 0;
}

/* ---- decided --------------------------------------------------------------------------------- */

/* A decision needs an open request. */
static int decidable(bn_entry_version **v, bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	int rc = bn_entry_need(v, e, a->version, err);
	if (rc < 0 || (*v)->state == BN_MODEL_REQUESTED)
		return rc;
	bn_err_set(err, BN_ECONFLICT, "%s/%lld is %s: there is no open request to decide", e->name,
		(long long)bn_entry_number(a->version), state_names[(*v)->state]);
	if ((*v)->state != BN_MODEL_APPROVED)
		bn_err_hint(err, "ask first: binnacle model request %s/%lld", e->name,
			(long long)bn_entry_number(a->version));
	return BN_ECONFLICT;
}

/* A decision names the bytes it is about. */
static int subject_check(bn_entry *e, const bn_entry_version *v, const bn_entry_act *a, bn_err *err)
{
	const char *digest = text(a, "digest"), *uuid = text(a, "uuid");
	if (digest && !strcmp(digest, v->digest) && uuid && !strcmp(uuid, v->uuid))
		return 0;
	return bn_err_set(err, BN_EINVAL, "the decision is about other bytes than %s/%lld", e->name,
		(long long)bn_entry_number(a->version));
}

static int four_eyes(bn_entry *e, const bn_policy *p, const bn_entry_rights *r,
	const bn_entry_version *v, const bn_entry_act *a, bn_err *err)
{
	int rc = p->self_approval ? 0 : bn_entry_is_own(r, v, a, err);
	if (rc <= 0)
		return rc;
	bn_err_set(err, BN_EREFUSED, "%s %s %s/%lld: an author may not approve their own", a->user,
		rc == 1 ? "is the author of" : "registered", e->name,
		(long long)bn_entry_number(a->version));
	bn_err_hint(err,
		"another reviewer or admin approves it; to work alone: binnacle policy show "
		">p.json, self_approval true in it, binnacle policy set p.json");
	return BN_EREFUSED;
}

static int not_twice(bn_entry *e, const bn_entry_version *v, const bn_entry_act *a, bn_err *err)
{
	for (size_t i = 0; i < v->n_decisions; i++)
		if (v->decisions[i].request_no == v->request_no &&
			!strcmp(v->decisions[i].who, a->who))
			return bn_err_set(err, BN_ECONFLICT,
				"%s has already approved this request of %s/%lld", a->user, e->name,
				(long long)bn_entry_number(a->version));
	return 0;
}

static int gates_check(
	bn_entry_finding *out, const bn_policy *p, const bn_entry_act *a, bn_err *err)
{
	const bn_gate_report *r = out->gates;
	bool override = bn_json_bool(a->payload, "override", false);
	if (!r->blocked)
		return 0;
	const bn_gate_result *g = r->items;
	while (g->severity != BN_GATE_BLOCK ||
		(g->verdict != BN_VERDICT_FAIL && g->verdict != BN_VERDICT_INCONCLUSIVE))
		g++;
	if (!override || !p->gate_override) {
		out->by_gates = true;
		bn_err_set(err, BN_EREFUSED, "gate '%s' is %s: %s (%s)%s", g->name,
			bn_verdict_name(g->verdict), g->claim, g->evidence,
			override ? "; the policy allows no override" : "");
		if (p->gate_override)
			bn_err_hint(err, "the policy allows --override, with a reason");
		return BN_EREFUSED;
	}
	int rc = reason_check(text(a, "reason"), "an override", err);
	out->overridden = rc == 0;
	return rc;
}

/* refused: the role already forbids it; the gates are still evaluated, for the audit log. */
static int approved_check(bn_entry_finding *out, bn_entry *e, const bn_entry_rights *r,
	const bn_entry_act *a, bool refused, bn_err *err)
{
	bn_err unheard = BN_ERR_INIT;
	const bn_policy *p;
	bn_entry_version *v;
	int rc;
	if ((rc = r->policy(r->ctx, a, &p, refused ? &unheard : err)) < 0)
		return refused ? BN_EREFUSED : rc;
	if ((rc = bn_entry_find(&v, e, a->version, refused ? &unheard : err)) < 0 ||
		(v && (rc = bn_entry_gates(&out->gates, e, v, p, r, a, refused ? &unheard : err)) <
				0))
		return refused ? BN_EREFUSED : rc;
	if (refused)
		return BN_EREFUSED;
	if ((rc = decidable(&v, e, a, err)) < 0 || (rc = four_eyes(e, p, r, v, a, err)) < 0 ||
		(rc = not_twice(e, v, a, err)) < 0)
		return rc;
	const char *reason = text(a, "reason");
	if (reason && strlen(reason) > MAX_REASON_BYTES)
		return reason_check(reason, "an approval", err);
	if ((rc = bn_contested_check(e, a, err)) < 0 || (rc = gates_check(out, p, a, err)) < 0 ||
		(rc = vouched(r, a, err)) < 0)
		return rc;
	return subject_check(e, v, a, err);
}

static int rejected_check(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v;
	int rc;
	if ((rc = decidable(&v, e, a, err)) < 0 ||
		(rc = reason_check(text(a, "reason"), "a rejection", err)) < 0 ||
		(rc = vouched(r, a, err)) < 0)
		return rc;
	return subject_check(e, v, a, err);
}

static int decision_add(bn_entry *e, bn_entry_version *v, const bn_entry_act *a,
	const bn_entry_finding *found, bn_err *err)
{
	bn_entry_decision *d = bn_entry_put_decision(e, v, v->request_no, a->who);
	v->changed |= BN_ENTRY_PART_DECISIONS;
	if (!d)
		return bn_err_nomem(err, "a decision");
	d->uid = a->uid;
	d->time_ms = a->time_ms;
	d->approved = a->kind == BN_ENTRY_APPROVED;
	d->override = found->overridden;
	d->gates = member(a->payload, "gates", JSON_ARRAY);
	const json_t *signature = json_object_get(a->payload, "signature");
	if (!d->gates || keep(e, &d->reason, text(a, "reason")) ||
		keep(e, &d->policy_hash, text(a, "policy")) ||
		keep(e, &d->public_key, bn_json_str(signature, "public_key", NULL)))
		return bn_err_nomem(err, "a decision");
	return 0;
}

/* Counts approvals of the current request by users who hold the right where this act is judged: an approval
 * whose signer has lost the right since does not count towards a quorum. */
static int approvals_that_hold(size_t *out, const bn_entry_version *v, const bn_entry_rights *r,
	const bn_entry_act *a, bn_err *err)
{
	*out = 0;
	for (size_t i = 0; i < v->n_decisions; i++) {
		const bn_entry_decision *d = &v->decisions[i];
		bn_err why = BN_ERR_INIT;
		bn_entry_act his = *a;
		if (!d->approved || d->request_no != v->request_no)
			continue;
		his.who = d->who;
		his.uid = d->uid;
		int rc = r->may(r->ctx, &his, BN_ACT_APPROVE, &why);
		if (rc < 0 && rc != BN_EREFUSED)
			return bn_err_move(err, &why);
		bn_err_clear(&why);
		*out += rc >= 0;
	}
	return 0;
}

static int approved_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a,
	const bn_entry_finding *found, char *remark, size_t size, bn_err *err)
{
	bn_entry_version *v = checked(e, a);
	const bn_policy *p;
	int rc;
	if ((rc = decision_add(e, v, a, found, err)) < 0 ||
		(rc = r->policy(r->ctx, a, &p, err)) < 0)
		return rc;
	size_t have;
	if ((rc = approvals_that_hold(&have, v, r, a, err)) < 0)
		return rc;
	if (have >= (size_t)p->approvals)
		state_set(v, BN_MODEL_APPROVED, a);
	if (found->overridden)
		snprintf(remark, size,
			"OVERRIDE: approved although %zu gates fail and %zu are inconclusive",
			found->gates->failed, found->gates->inconclusive);
	else if (have < (size_t)p->approvals)
		snprintf(remark, size, "%zu of %d approvals", have, p->approvals);
	return 0;
}

static int rejected_do(
	bn_entry *e, const bn_entry_act *a, const bn_entry_finding *found, bn_err *err)
{
	bn_entry_version *v = checked(e, a);
	int rc = decision_add(e, v, a, found, err);
	if (rc >= 0)
		state_set(v, BN_MODEL_REJECTED, a);
	return rc;
}

json_t *bn_entry_decision_draft(const bn_entry_version *v, const char *reason, bool override)
{
	json_t *p = json_pack("{s:I, s:s, s:s, s:s*}", "version",
		(json_int_t)bn_entry_number(v->version), "uuid", v->uuid, "digest", v->digest,
		"reason", reason);
	if (p && override && json_object_set_new(p, "override", json_true()) < 0) {
		json_decref(p);
		p = NULL;
	}
	return p;
}

/* ---- attested, aliases, tags, removed -------------------------------------------------------- */

static int attested_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v = checked(e, a);
	bn_entry_attestation *t =
		bn_entry_put_attestation(e, v, bn_json_str(a->payload, "check", ""));
	if (!t || keep(e, &t->verdict, text(a, "verdict")) ||
		keep(e, &t->detail, text(a, "detail")))
		return bn_err_nomem(err, "an attestation");
	t->uid = a->uid;
	t->time_ms = a->time_ms;
	v->changed |= BN_ENTRY_PART_ATTESTATIONS;
	return 0;
}

/* An alias must be distinguishable from a version: not "latest", not "v3". */
static bool alias_is_valid(const char *alias)
{
	if (!bn_name_is_valid(alias) || !strcmp(alias, "latest"))
		return false;
	size_t digits = alias[0] == 'v' ? 1 : 0;
	return alias[digits + strspn(alias + digits, "0123456789")] != '\0';
}

static int alias_check(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	const char *alias = bn_json_str(a->payload, "alias", "");
	const bn_policy *p;
	bn_entry_version *v;
	int rc;
	if (!alias_is_valid(alias))
		return bn_err_set(err, BN_EINVAL,
			"'%s' cannot be an alias: letters, digits, _ . -, and neither 'latest' nor "
			"a version number",
			alias);
	if ((rc = bn_entry_need(&v, e, a->version, err)) < 0 ||
		(rc = r->policy(r->ctx, a, &p, err)) < 0)
		return rc;
	if (a->version < 0)
		return bn_err_set(err, BN_EREFUSED,
			"%s/%lld belongs to another registration than %s", e->name,
			(long long)bn_entry_number(a->version), v->uuid);
	if (v->state != BN_MODEL_APPROVED && bn_policy_protects(p, alias)) {
		bn_err_set(err, BN_EREFUSED,
			"alias '%s' is only for approved versions, and %s/%lld is %s", alias,
			e->name, (long long)bn_entry_number(a->version), state_names[v->state]);
		bn_err_hint(err, "see: binnacle model show %s/%lld", e->name,
			(long long)bn_entry_number(a->version));
		return BN_EREFUSED;
	}
	return vouched(r, a, err);
}

static int alias_removed_check(
	bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	const char *alias = bn_json_str(a->payload, "alias", "");
	if (!bn_entry_find_alias(e, alias))
		return bn_err_set(
			err, BN_ENOTFOUND, "model '%s' has no alias '%s'", e->name, alias);
	return vouched(r, a, err);
}

static void alias_removed_do(bn_entry *e, const bn_entry_act *a)
{
	size_t at =
		(size_t)(bn_entry_find_alias(e, bn_json_str(a->payload, "alias", "")) - e->aliases);
	e->aliases[at] = e->aliases[--e->n_aliases];
	e->aliases_changed = true;
}

static int tag_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	const char *key = bn_json_str(a->payload, "key", ""), *value = text(a, "value");
	bn_entry_version *v;
	int rc;
	if ((rc = a->version ? bn_entry_need(&v, e, a->version, err)
			     : bn_entry_find(&v, e, 0, err)) < 0)
		return rc;
	if (!key[0] || strlen(key) > MAX_TAG_KEY_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "a tag's key must have 1 to %d bytes", MAX_TAG_KEY_BYTES);
	if (value && strlen(value) > MAX_TAG_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "a tag's value must have at most %d bytes", MAX_TAG_BYTES);
	if (value)
		return 0;
	for (size_t i = 0; i < v->tags.count; i++)
		if (!strcmp(v->tags.items[i].key, key))
			return 0;
	return bn_err_set(err, BN_ENOTFOUND, "%s/%lld has no tag '%s'", e->name,
		(long long)bn_entry_number(a->version), key);
}

static int tag_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v = checked(e, a);
	v->changed |= BN_ENTRY_PART_TAGS;
	return bn_entry_put_tag(e, &v->tags, text(a, "key"), text(a, "value")) < 0
		       ? bn_err_nomem(err, "a tag")
		       : 0;
}

static int alias_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	e->aliases_changed = true;
	return bn_entry_put_alias(e, text(a, "alias"), a->version, a->uid, a->time_ms) < 0
		       ? bn_err_nomem(err, "an alias")
		       : 0;
}

static int removed_check(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	const char *first = NULL;
	bn_entry_version *v;
	int rc = bn_entry_need(&v, e, a->version, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < e->n_aliases; i++)
		if (e->aliases[i].version == a->version &&
			(!first || strcmp(e->aliases[i].alias, first) < 0))
			first = e->aliases[i].alias;
	if (first) {
		bn_err_set(err, BN_EREFUSED, "alias '%s' points to %s/%lld", first, e->name,
			(long long)bn_entry_number(a->version));
		bn_err_hint(err, "move or remove the alias first");
		return BN_EREFUSED;
	}
	return vouched(r, a, err);
}

/* ---- words and stages ------------------------------------------------------------------------ */

static int description_check(const bn_entry_act *a, bn_err *err)
{
	const char *description = text(a, "description");
	if (description && strlen(description) > MAX_DESCRIPTION_BYTES)
		return bn_err_set(err, BN_EINVAL, "a description has at most %d bytes",
			MAX_DESCRIPTION_BYTES);
	return 0;
}

/* Whether the model exists is not asked: a registration that arrives later may come before it. */
static int created_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	if (!bn_model_name_is_valid(e->name))
		return bn_err_set(err, BN_EINVAL,
			"'%s' cannot name a model: text without / : @, at most %d bytes", e->name,
			BN_NAME_MAX);
	return description_check(a, err);
}

static int described_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v;
	int rc = description_check(a, err);
	return rc < 0 || !a->version ? rc : bn_entry_need(&v, e, a->version, err);
}

/* An empty description removes it. */
static int described_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	const char *description = text(a, "description");
	bn_entry_model *m;
	int rc = model_note(e, a, a->kind == BN_ENTRY_CREATED, err);
	if (rc < 0)
		return rc;
	description = description && description[0] ? description : NULL;
	if (a->kind == BN_ENTRY_CREATED) {
		const char *from = text(a, "renamed_from");
		if ((rc = bn_entry_model_need(&m, e, err)) < 0)
			return rc;
		if (from && bn_model_name_is_valid(from) && keep(e, &m->renamed_from, from))
			return bn_err_nomem(err, "a model");
	}
	if (a->kind == BN_ENTRY_CREATED && !description)
		return 0;
	if (!a->version) {
		if ((rc = bn_entry_model_need(&m, e, err)) < 0)
			return rc;
		return keep(e, &m->description, description) ? bn_err_nomem(err, "a description")
							     : 0;
	}
	bn_entry_version *v = checked(e, a);
	v->changed |= BN_ENTRY_PART_WORDS;
	v->updated_ms = a->time_ms > v->updated_ms ? a->time_ms : v->updated_ms;
	return keep(e, &v->description, description) ? bn_err_nomem(err, "a description") : 0;
}

static const char *stage_of(const bn_entry_act *a)
{
	const char *stage = bn_json_str(a->payload, "stage", "");
	for (size_t i = 0; bn_model_stages[i]; i++)
		if (!strcmp(stage, bn_model_stages[i]))
			return bn_model_stages[i];
	return NULL;
}

/* Production is judged as the protected alias is, under whichever name the policy protects it. */
static bool is_protected(const bn_policy *p, const char *stage)
{
	return !strcmp(stage, "Production") &&
	       (bn_policy_protects(p, "champion") || bn_policy_protects(p, "production") ||
		       bn_policy_protects(p, "Production"));
}

static int stage_check(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	const char *stage = stage_of(a);
	const bn_policy *p;
	bn_entry_version *v;
	int rc;
	if (!stage)
		return bn_err_set(
			err, BN_EINVAL, "a stage is None, Staging, Production or Archived");
	if ((rc = bn_entry_need(&v, e, a->version, err)) < 0 ||
		(rc = r->policy(r->ctx, a, &p, err)) < 0)
		return rc;
	if (a->version < 0)
		return bn_err_set(err, BN_EREFUSED,
			"%s/%lld belongs to another registration than %s", e->name,
			(long long)bn_entry_number(a->version), v->uuid);
	if (v->state != BN_MODEL_APPROVED && is_protected(p, stage)) {
		bn_err_set(err, BN_EREFUSED,
			"stage Production is only for approved versions, and %s/%lld is %s",
			e->name, (long long)bn_entry_number(a->version), state_names[v->state]);
		bn_err_hint(err, "ask for approval: binnacle model request %s/%lld", e->name,
			(long long)bn_entry_number(a->version));
		return BN_EREFUSED;
	}
	return vouched(r, a, err);
}

static int stage_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v = checked(e, a);
	v->stage = stage_of(a);
	v->updated_ms = a->time_ms > v->updated_ms ? a->time_ms : v->updated_ms;
	v->changed |= BN_ENTRY_PART_WORDS;
	return model_note(e, a, false, err);
}

static int deleted_do(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_model *m;
	int rc = model_note(e, a, false, err);
	if (rc < 0 || (rc = bn_entry_model_need(&m, e, err)) < 0)
		return rc;
	m->deleted = clock_of(a) > m->deleted ? clock_of(a) : m->deleted;
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const bn_act acts[BN_ENTRY_KINDS] = {
	[BN_ENTRY_REGISTERED] = BN_ACT_REGISTER,
	[BN_ENTRY_REQUESTED] = BN_ACT_REQUEST,
	[BN_ENTRY_APPROVED] = BN_ACT_APPROVE,
	[BN_ENTRY_REJECTED] = BN_ACT_APPROVE,
	[BN_ENTRY_ATTESTED] = BN_ACT_ATTEST,
	[BN_ENTRY_ALIAS] = BN_ACT_ALIAS,
	[BN_ENTRY_ALIAS_REMOVED] = BN_ACT_ALIAS,
	[BN_ENTRY_TAG] = BN_ACT_TAG,
	[BN_ENTRY_REMOVED] = BN_ACT_REMOVE,
	[BN_ENTRY_EVIDENCE] = BN_ACT_ATTEST,
	[BN_ENTRY_CREATED] = BN_ACT_REGISTER,
	[BN_ENTRY_DESCRIBED] = BN_ACT_TAG,
	[BN_ENTRY_STAGE] = BN_ACT_ALIAS,
	[BN_ENTRY_DELETED] = BN_ACT_REMOVE,
};

void bn_entry_finding_release(bn_entry_finding *f)
{
	bn_gate_report_free(f->gates);
	*f = (bn_entry_finding){0};
}

int bn_entry_check(bn_entry_finding *out, bn_entry *e, const bn_entry_rights *r,
	const bn_entry_act *a, bn_err *err)
{
	*out = (bn_entry_finding){0};
	int rc = r->may(r->ctx, a, acts[a->kind], err);
	if (a->kind == BN_ENTRY_APPROVED && (rc >= 0 || rc == BN_EREFUSED))
		return approved_check(out, e, r, a, rc < 0, err);
	if (rc < 0)
		return rc;
	switch (a->kind) {
	case BN_ENTRY_REGISTERED:
		return registered_check(e, a, err);
	case BN_ENTRY_REQUESTED:
		return requested_check(e, a, err);
	case BN_ENTRY_REJECTED:
		return rejected_check(e, r, a, err);
	case BN_ENTRY_ATTESTED:
		return bn_entry_attested_check(e, a, err);
	case BN_ENTRY_ALIAS:
		return alias_check(e, r, a, err);
	case BN_ENTRY_ALIAS_REMOVED:
		return alias_removed_check(e, r, a, err);
	case BN_ENTRY_TAG:
		return tag_check(e, a, err);
	case BN_ENTRY_REMOVED:
		return removed_check(e, r, a, err);
	case BN_ENTRY_EVIDENCE:
		return bn_entry_evidence_check(e, a, err);
	case BN_ENTRY_CREATED:
		return created_check(e, a, err);
	case BN_ENTRY_DESCRIBED:
		return described_check(e, a, err);
	case BN_ENTRY_STAGE:
		return stage_check(e, r, a, err);
	case BN_ENTRY_DELETED:
		return vouched(r, a, err);
	default:
		return 0;
	}
}

int bn_entry_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a,
	const bn_entry_finding *found, char *remark, size_t size, bn_err *err)
{
	remark[0] = '\0';
	switch (a->kind) {
	case BN_ENTRY_REGISTERED:
		return registered_do(e, r, a, err);
	case BN_ENTRY_REQUESTED:
		return requested_do(e, a, err);
	case BN_ENTRY_APPROVED:
		return approved_do(e, r, a, found, remark, size, err);
	case BN_ENTRY_REJECTED:
		return rejected_do(e, a, found, err);
	case BN_ENTRY_ATTESTED:
		return e->is_chained ? bn_entry_evidence_do(e, r, a, remark, size, err)
				     : attested_do(e, a, err);
	case BN_ENTRY_EVIDENCE:
		return bn_entry_evidence_do(e, r, a, remark, size, err);
	case BN_ENTRY_ALIAS:
		return alias_do(e, a, err);
	case BN_ENTRY_ALIAS_REMOVED:
		alias_removed_do(e, a);
		return 0;
	case BN_ENTRY_TAG:
		return tag_do(e, a, err);
	case BN_ENTRY_REMOVED:
		state_set(checked(e, a), BN_MODEL_REMOVED, a);
		return 0;
	case BN_ENTRY_CREATED:
	case BN_ENTRY_DESCRIBED:
		return described_do(e, a, err);
	case BN_ENTRY_STAGE:
		return stage_do(e, a, err);
	case BN_ENTRY_DELETED:
		return deleted_do(e, a, err);
	default:
		return 0;
	}
}
