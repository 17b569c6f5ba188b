/* _entry.c - a model's versions in memory: finding, adding, releasing. What acts do is in _acts.c. See
 * _entry.h. */
#include "core/registry/_entry.h"

#include <string.h>

const char *const bn_entry_kind_names[BN_ENTRY_KINDS + 1] = {"model.registered", "model.requested",
	"model.approved", "model.rejected", "model.attested", "model.alias", "model.alias_removed",
	"model.tag", "model.removed", NULL};

void bn_entry_init(bn_entry *l, const char *name)
{
	*l = (bn_entry){.arena = BN_ARENA_INIT, .name = name};
}

static void version_release(bn_entry_version *v)
{
	for (size_t i = 0; i < v->n_decisions; i++)
		json_decref(v->decisions[i].gates);
	json_decref(v->data);
	json_decref(v->metrics);
	json_decref(v->files);
	bn_free(v->decisions);
	bn_free(v->attestations);
	bn_free(v->tags.items);
}

void bn_entry_release(bn_entry *l)
{
	for (size_t i = 0; i < l->n_versions; i++)
		version_release(&l->versions[i]);
	bn_free(l->versions);
	bn_free(l->aliases);
	bn_free(l->tags.items);
	bn_arena_release(&l->arena);
}

/* ---- finding -------------------------------------------------------------------------------- */

/* Where a version stands, or would. */
static size_t version_place(const bn_entry *l, int64_t version)
{
	size_t low = 0, high = l->n_versions;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->versions[mid].version < version)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bn_entry_version *bn_entry_find(const bn_entry *l, int64_t version)
{
	size_t at = version_place(l, version);
	return at < l->n_versions && l->versions[at].version == version ? &l->versions[at] : NULL;
}

int bn_entry_need(bn_entry_version **out, const bn_entry *l, int64_t version, bn_err *err)
{
	bn_entry_version *v = bn_entry_find(l, version);
	if (!v)
		return bn_err_set(err, BN_ENOTFOUND, "no model version '%s/%lld'", l->name,
			(long long)version);
	if (v->state == BN_MODEL_REMOVED)
		return bn_err_set(
			err, BN_ENOTFOUND, "%s/%lld was removed", l->name, (long long)version);
	*out = v;
	return 0;
}

const bn_entry_alias *bn_entry_find_alias(const bn_entry *l, const char *alias)
{
	for (size_t i = 0; i < l->n_aliases; i++)
		if (!strcmp(l->aliases[i].alias, alias))
			return &l->aliases[i];
	return NULL;
}

size_t bn_entry_approvals(const bn_entry_version *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n_decisions; i++)
		n += v->decisions[i].approved && v->decisions[i].request_no == v->request_no;
	return n;
}

/* ---- adding --------------------------------------------------------------------------------- */

bn_entry_version *bn_entry_add_version(bn_entry *l, int64_t version)
{
	size_t at = version_place(l, version);
	if (bn_grow(&l->versions, &l->cap_versions, l->n_versions + 1, sizeof *l->versions))
		return NULL;
	memmove(&l->versions[at + 1], &l->versions[at], (l->n_versions - at) * sizeof *l->versions);
	l->n_versions++;
	l->versions[at] = (bn_entry_version){.version = version};
	return &l->versions[at];
}

bn_entry_decision *bn_entry_put_decision(bn_entry_version *v, int64_t request_no, uid_t uid)
{
	bn_entry_decision *d = NULL;
	for (size_t i = 0; i < v->n_decisions && !d; i++)
		if (v->decisions[i].request_no == request_no && v->decisions[i].uid == uid)
			d = &v->decisions[i];
	if (!d) {
		if (bn_grow(&v->decisions, &v->cap_decisions, v->n_decisions + 1,
			    sizeof *v->decisions))
			return NULL;
		d = &v->decisions[v->n_decisions++];
		*d = (bn_entry_decision){0};
	}
	json_decref(d->gates);
	*d = (bn_entry_decision){.request_no = request_no, .uid = uid};
	return d;
}

bn_entry_attestation *bn_entry_put_attestation(bn_entry *l, bn_entry_version *v, const char *check)
{
	for (size_t i = 0; i < v->n_attestations; i++)
		if (!strcmp(v->attestations[i].check, check))
			return &v->attestations[i];
	if (bn_grow(&v->attestations, &v->cap_attestations, v->n_attestations + 1,
		    sizeof *v->attestations))
		return NULL;
	bn_entry_attestation *a = &v->attestations[v->n_attestations];
	*a = (bn_entry_attestation){.check = bn_arena_strdup(&l->arena, check)};
	if (!a->check)
		return NULL;
	v->n_attestations++;
	return a;
}

int bn_entry_put_alias(bn_entry *l, const char *alias, int64_t version, uid_t uid, int64_t time_ms)
{
	bn_entry_alias *a = (bn_entry_alias *)(uintptr_t)bn_entry_find_alias(l, alias);
	if (!a) {
		if (bn_grow(&l->aliases, &l->cap_aliases, l->n_aliases + 1, sizeof *l->aliases))
			return -1;
		a = &l->aliases[l->n_aliases];
		if (!(a->alias = bn_arena_strdup(&l->arena, alias)))
			return -1;
		l->n_aliases++;
	}
	a->version = version;
	a->uid = uid;
	a->time_ms = time_ms;
	return 0;
}

int bn_entry_put_tag(bn_entry *l, bn_entry_tags *tags, const char *key, const char *value)
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
	bn_entry_tag t = {bn_arena_strdup(&l->arena, key), bn_arena_strdup(&l->arena, value)};
	if (!t.key || !t.value)
		return -1;
	tags->items[at] = t;
	tags->count += at == tags->count;
	return 0;
}
