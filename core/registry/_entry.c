/* _entry.c - a model's versions in memory: finding, adding, releasing. Acts are in _acts.c. See
 * _entry.h. */
#include "core/registry/_entry.h"

#include "core/govern/identity.h"

#include <string.h>

/* data is that of the run's spec, metrics are as in their files, and gates are kept for display. */
const bn_fold_kind bn_entry_kinds[BN_ENTRY_KINDS + 1] = {
	[BN_ENTRY_REGISTERED] = {"model.registered",
		.fields = BN_FIELDS("version", "uuid", "run", "author_uid", "author", "digest",
			"manifest", "trainer", "description", "data.*", "metrics.*", "files.path",
			"files.sha256", "answers", "attempt", "unrecorded", "repeats", "source",
			"external", "run_link", "logged_model")},
	[BN_ENTRY_REQUESTED] = {"model.requested",
		.fields = BN_FIELDS("version", "reason", "answers", "attempt", "unrecorded")},
	[BN_ENTRY_APPROVED] = {"model.approved",
		.fields = BN_FIELDS("version", "uuid", "digest", "reason", "policy", "gates.*",
			"override", "answers", "seen.*", "rules", "attempt", "unrecorded",
			"claim.uuid", "claim.owner", BN_SIGNATURE_FIELDS)},
	[BN_ENTRY_REJECTED] = {"model.rejected",
		.fields = BN_FIELDS("version", "uuid", "digest", "reason", "policy", "gates.*",
			"answers", "seen.*", "rules", "attempt", "unrecorded", "claim.uuid",
			"claim.owner", BN_SIGNATURE_FIELDS)},
	[BN_ENTRY_ATTESTED] = {"model.attested",
		.fields = BN_FIELDS("version", "check", "verdict", "detail", "answers", "attempt",
			"unrecorded")},
	[BN_ENTRY_ALIAS] = {"model.alias", .fields = BN_FIELDS("version", "alias", "answers",
						   "attempt", "unrecorded", BN_SIGNATURE_FIELDS)},
	[BN_ENTRY_ALIAS_REMOVED] = {"model.alias_removed",
		.fields = BN_FIELDS(
			"alias", "answers", "attempt", "unrecorded", BN_SIGNATURE_FIELDS)},
	[BN_ENTRY_TAG] = {"model.tag",
		.fields = BN_FIELDS("version", "key", "value", "answers", "attempt", "unrecorded")},
	[BN_ENTRY_REMOVED] = {"model.removed",
		.fields = BN_FIELDS("version", "reason", "answers", "attempt", "unrecorded",
			BN_SIGNATURE_FIELDS)},
	[BN_ENTRY_EVIDENCE] = {"model.evidence",
		.fields = BN_FIELDS("version", "registration", "model", "dataset.name",
			"dataset.version", "dataset.digest", "part", "metric", "value", "rows",
			"check", "verdict", "detail", "how", "tool", "rules", "answers", "attempt",
			"unrecorded")},
	[BN_ENTRY_CREATED] = {"model.created", .fields = BN_FIELDS("description", "renamed_from",
						       "answers", "attempt", "unrecorded")},
	[BN_ENTRY_DESCRIBED] = {"model.described",
		.fields = BN_FIELDS("version", "description", "answers", "attempt", "unrecorded")},
	[BN_ENTRY_STAGE] = {"model.stage", .fields = BN_FIELDS("version", "stage", "answers",
						   "attempt", "unrecorded", BN_SIGNATURE_FIELDS)},
	[BN_ENTRY_DELETED] = {"model.deleted", .fields = BN_FIELDS("reason", "answers", "attempt",
						       "unrecorded", BN_SIGNATURE_FIELDS)},
};

void bn_entry_release(bn_entry *e)
{
	for (size_t i = 0; i < e->n_versions; i++) {
		bn_entry_version *v = e->versions[i];
		for (size_t k = 0; k < v->n_decisions; k++)
			json_decref(v->decisions[k].gates);
		json_decref(v->data);
		json_decref(v->metrics);
		json_decref(v->files);
		bn_free(v->decisions);
		bn_free(v->attestations);
		bn_free(v->tags.items);
	}
	bn_free(e->versions);
	bn_free(e->aliases);
	bn_arena_release(&e->arena);
}

/* ---- finding -------------------------------------------------------------------------------- */

int bn_entry_find(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err)
{
	for (size_t i = 0; i < e->n_versions; i++)
		if (e->versions[i]->version == version) {
			*out = e->versions[i];
			return 0;
		}
	return bn_entry_version_read(out, e, version, err);
}

int bn_entry_need(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err)
{
	int rc = bn_entry_find(out, e, version, err);
	if (rc < 0)
		return rc;
	if (!*out || !version)
		return bn_err_set(err, BN_ENOTFOUND, "no model version '%s/%lld'", e->name,
			(long long)bn_entry_number(version));
	if ((*out)->state == BN_MODEL_REMOVED)
		return bn_err_set(err, BN_ENOTFOUND, "%s/%lld was removed", e->name,
			(long long)bn_entry_number(version));
	return 0;
}

const bn_entry_alias *bn_entry_find_alias(const bn_entry *e, const char *alias)
{
	for (size_t i = 0; i < e->n_aliases; i++)
		if (!strcmp(e->aliases[i].alias, alias))
			return &e->aliases[i];
	return NULL;
}

/* ---- adding --------------------------------------------------------------------------------- */

bn_entry_version *bn_entry_add_version(bn_entry *e, int64_t version)
{
	bn_entry_version *v = bn_arena_alloc(&e->arena, sizeof *v);
	if (!v || bn_grow(&e->versions, &e->cap_versions, e->n_versions + 1, sizeof *e->versions))
		return NULL;
	v->version = version;
	e->versions[e->n_versions++] = v;
	return v;
}

bn_entry_decision *bn_entry_put_decision(
	bn_entry *e, bn_entry_version *v, int64_t request_no, const char *who)
{
	bn_entry_decision *d = NULL;
	for (size_t i = 0; i < v->n_decisions && !d; i++)
		if (v->decisions[i].request_no == request_no && !strcmp(v->decisions[i].who, who))
			d = &v->decisions[i];
	if (!d) {
		char *kept = bn_arena_strdup(&e->arena, who);
		if (!kept || bn_grow(&v->decisions, &v->cap_decisions, v->n_decisions + 1,
				     sizeof *v->decisions))
			return NULL;
		d = &v->decisions[v->n_decisions++];
		*d = (bn_entry_decision){.who = kept};
	}
	json_decref(d->gates);
	*d = (bn_entry_decision){.request_no = request_no, .who = d->who};
	return d;
}

bn_entry_attestation *bn_entry_put_attestation(bn_entry *e, bn_entry_version *v, const char *check)
{
	for (size_t i = 0; i < v->n_attestations; i++)
		if (!strcmp(v->attestations[i].check, check))
			return &v->attestations[i];
	if (bn_grow(&v->attestations, &v->cap_attestations, v->n_attestations + 1,
		    sizeof *v->attestations))
		return NULL;
	bn_entry_attestation *a = &v->attestations[v->n_attestations];
	*a = (bn_entry_attestation){.check = bn_arena_strdup(&e->arena, check)};
	if (!a->check)
		return NULL;
	v->n_attestations++;
	return a;
}

int bn_entry_put_alias(bn_entry *e, const char *alias, int64_t version, uid_t uid, int64_t time_ms)
{
	bn_entry_alias *a = (bn_entry_alias *)(uintptr_t)bn_entry_find_alias(e, alias);
	if (!a) {
		if (bn_grow(&e->aliases, &e->cap_aliases, e->n_aliases + 1, sizeof *e->aliases))
			return -1;
		a = &e->aliases[e->n_aliases];
		if (!(a->alias = bn_arena_strdup(&e->arena, alias)))
			return -1;
		e->n_aliases++;
	}
	a->version = version;
	a->uid = uid;
	a->time_ms = time_ms;
	return 0;
}

int bn_entry_put_tag(bn_entry *e, bn_entry_tags *tags, const char *key, const char *value)
{
	size_t at = 0;
	while (at < tags->count && strcmp(tags->items[at].key, key) != 0)
		at++;
	if (!value) {
		if (at < tags->count)
			tags->items[at] = tags->items[--tags->count];
		return 0;
	}
	if (at == tags->count &&
		bn_grow(&tags->items, &tags->cap, tags->count + 1, sizeof *tags->items))
		return -1;
	bn_entry_tag t = {bn_arena_strdup(&e->arena, key), bn_arena_strdup(&e->arena, value)};
	if (!t.key || !t.value)
		return -1;
	tags->items[at] = t;
	tags->count += at == tags->count;
	return 0;
}
