/*
 * link.c - links of the chain of authority as JSON, and back (link.h).
 *
 * First the names of members tell whether a newer binnacle made a link; only then is every value parsed
 * strictly. So a link counts as newer whatever else is wrong with it.
 */
#include "core/govern/link.h"

#include "core/govern/_link.h"

#include <string.h>

static const char *const top_names[] = {
	"changes", "cuts", "horizon", "n", "prev", "reason", "void", NULL};

typedef int change_read(const bn_link_reader *r, const json_t *body, bn_change *out);

static int person_read(const bn_link_reader *r, const json_t *body, bn_change *out)
{
	int rc;
	if ((rc = bn_link_hex(r, body, "person.", "key", out->key, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	if ((rc = bn_link_text(r, body, "person.", "name", &out->text)) < 0)
		return rc;
	return bn_link_maybe_hex(r, body, "person.", "request", out->request, &out->has_request);
}

static int key_read(const bn_link_reader *r, const json_t *body, bn_change *out)
{
	int rc;
	if ((rc = bn_link_hex(r, body, "key.", "key", out->key, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	if ((rc = bn_link_hex(r, body, "key.", "person", out->person, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	return bn_link_maybe_hex(r, body, "key.", "request", out->request, &out->has_request);
}

static int role_read(const bn_link_reader *r, const json_t *body, bn_change *out)
{
	const json_t *grant = json_object_get(body, "grant");
	const char *role = json_string_value(json_object_get(body, "role"));
	int rc;
	if (!json_is_boolean(grant))
		return bn_link_bad(r, "role.", "grant", "is neither true nor false");
	out->grant = json_is_true(grant);
	if (!role || bn_role_parse(&out->role, role, NULL) < 0)
		return bn_link_bad(r, "role.", "role", "is not a role");
	if ((rc = bn_link_hex(r, body, "role.", "person", out->person, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	return 0;
}

static int revoke_read(const bn_link_reader *r, const json_t *body, bn_change *out)
{
	return bn_link_hex(r, body, "revoke.", "key", out->key, BN_CHAIN_ID_BYTES);
}

static int remove_read(const bn_link_reader *r, const json_t *body, bn_change *out)
{
	return bn_link_hex(r, body, "remove.", "person", out->person, BN_CHAIN_ID_BYTES);
}

static int restored_read(const bn_link_reader *r, const json_t *body, bn_change *out)
{
	return bn_link_text(r, body, "restored.", "why", &out->text);
}

/* policy has no reader: its document is the value itself, not an object with known names. */
static const struct {
	const char *name;
	change_read *read;
	const char *const *names;
} kinds[] = {
	[BN_CHANGE_POLICY] = {"policy", NULL, NULL},
	[BN_CHANGE_PERSON] = {"person", person_read,
		(const char *const[]){"key", "name", "request", NULL}},
	[BN_CHANGE_KEY] = {"key", key_read,
		(const char *const[]){"key", "person", "request", NULL}},
	[BN_CHANGE_ROLE] = {"role", role_read,
		(const char *const[]){"grant", "person", "role", NULL}},
	[BN_CHANGE_REVOKE] = {"revoke", revoke_read, (const char *const[]){"key", NULL}},
	[BN_CHANGE_REMOVE] = {"remove", remove_read, (const char *const[]){"person", NULL}},
	[BN_CHANGE_RESTORED] = {"restored", restored_read, (const char *const[]){"why", NULL}},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* The kind with that name, or KINDS. */
static size_t kind_of(const char *name)
{
	size_t k = 0;
	while (k < KINDS && strcmp(kinds[k].name, name) != 0)
		k++;
	return k;
}

/* ---- made by a newer binnacle? -------------------------------------------------------------- */

static bool role_is_newer(const json_t *body)
{
	const char *role = json_string_value(json_object_get(body, "role"));
	bn_role known;
	return role && bn_role_parse(&known, role, NULL) < 0;
}

static bool policy_is_newer(const bn_link_reader *r, const json_t *change)
{
	bn_link_reader quiet = {.what = r->what, .arena = r->arena, .check = r->check};
	uint32_t signers;
	const char *text;
	return bn_link_policy(&quiet, change, &signers, &text) == BN_EUNSUPPORTED;
}

static bool change_is_newer(const bn_link_reader *r, const json_t *change)
{
	const char *name;
	json_t *body;
	json_object_foreach((json_t *)change, name, body)
	{
		size_t k = kind_of(name);
		if (k == KINDS || (kinds[k].names && bn_link_has_other(body, kinds[k].names)))
			return true;
		if (k == BN_CHANGE_ROLE && role_is_newer(body))
			return true;
		if (k == BN_CHANGE_POLICY && policy_is_newer(r, change))
			return true;
	}
	return false;
}

static bool is_newer(const bn_link_reader *r, const json_t *o)
{
	const json_t *changes = json_object_get(o, "changes");
	if (bn_link_has_other(o, top_names))
		return true;
	for (size_t i = 0; i < json_array_size(changes); i++)
		if (change_is_newer(r, json_array_get(changes, i)))
			return true;
	return false;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int one_change(const bn_link_reader *r, const json_t *change, bn_change *out)
{
	const char *name = json_object_iter_key(json_object_iter((json_t *)change));
	size_t k = name ? kind_of(name) : KINDS;
	json_t *body;
	int rc;
	if (json_object_size(change) != 1 || k == KINDS)
		return bn_link_bad(
			r, "", "changes", "has an entry that is not an object with one change");
	out->kind = (bn_change_kind)k;
	if (!kinds[k].read)
		return bn_link_policy(r, change, &out->signers, &out->policy);
	if ((rc = bn_link_object(r, change, "changes.", name, &body)) < 0)
		return rc;
	return kinds[k].read(r, body, out);
}

static int changes_read(const bn_link_reader *r, const json_t *o, bn_link *link)
{
	json_t *list;
	int rc;
	if ((rc = bn_link_array(r, o, "changes", BN_LINK_CHANGES_MAX, &list)) < 0)
		return rc;
	size_t n = json_array_size(list);
	bn_change *all = bn_arena_alloc(r->arena, (n + 1) * sizeof *all);
	if (!all)
		return bn_err_nomem(r->err, "a link");
	for (size_t i = 0; i < n; i++)
		if ((rc = one_change(r, json_array_get(list, i), &all[i])) < 0)
			return rc;
	link->changes = all;
	link->n_changes = n;
	return 0;
}

static size_t cuts_count(const json_t *cuts)
{
	const char *key;
	json_t *writers;
	size_t n = 0;
	json_object_foreach((json_t *)cuts, key, writers) n += json_object_size(writers);
	return n;
}

static int cuts_of_key(
	const bn_link_reader *r, const char *key, json_t *writers, bn_chain_cut *all, size_t *n)
{
	const char *writer;
	json_t *value;
	int64_t seq;
	int rc;
	if (!json_object_size(writers))
		return bn_link_bad(r, "cuts.", key, "names no writer");
	json_object_foreach(writers, writer, value)
	{
		bn_chain_cut *cut = &all[*n];
		if ((rc = bn_link_hex_text(r, "cuts.", key, cut->key, BN_CHAIN_ID_BYTES)) < 0)
			return rc;
		if ((rc = bn_link_writer(r, "cuts.", writer, &cut->writer)) < 0)
			return rc;
		if ((rc = bn_link_int(r, writers, "cuts.", writer, 0, INT64_MAX, &seq)) < 0)
			return rc;
		cut->seq = (uint64_t)seq;
		++*n;
	}
	return 0;
}

static int cuts_read(const bn_link_reader *r, const json_t *o, bn_link *link)
{
	json_t *cuts, *writers;
	const char *key;
	size_t n = 0;
	int rc;
	if (!json_object_get(o, "cuts"))
		return 0;
	if ((rc = bn_link_object(r, o, "", "cuts", &cuts)) < 0)
		return rc;
	size_t most = cuts_count(cuts);
	if (!most || most > BN_LINK_MANY_MAX)
		return bn_link_bad(r, "", "cuts", "is not 1 to 100000 cuts");
	bn_chain_cut *all = bn_arena_alloc(r->arena, most * sizeof *all);
	if (!all)
		return bn_err_nomem(r->err, "a link");
	json_object_foreach(
		cuts, key, writers) if ((rc = cuts_of_key(r, key, writers, all, &n)) < 0) return rc;
	link->cuts = all;
	link->n_cuts = n;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, BN_CHAIN_ID_BYTES);
}

static int voids_check(const bn_link_reader *r, const uint8_t (*all)[BN_CHAIN_ID_BYTES], size_t n)
{
	int rc = 0;
	uint8_t(*sorted)[BN_CHAIN_ID_BYTES] = bn_alloc(n * sizeof *sorted);
	if (!sorted)
		return bn_err_nomem(r->err, "a link");
	memcpy(sorted, all, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare_ids);
	for (size_t i = 1; i < n && rc == 0; i++)
		if (!compare_ids(sorted[i - 1], sorted[i]))
			rc = bn_link_bad(r, "", "void", "names an id twice");
	bn_free(sorted);
	return rc;
}

static int voids_read(const bn_link_reader *r, const json_t *o, bn_link *link)
{
	json_t *list;
	int rc;
	if (!json_object_get(o, "void"))
		return 0;
	if ((rc = bn_link_array(r, o, "void", BN_LINK_MANY_MAX, &list)) < 0)
		return rc;
	size_t n = json_array_size(list);
	if (!n)
		return bn_link_bad(r, "", "void", "is empty");
	uint8_t(*all)[BN_CHAIN_ID_BYTES] = bn_arena_alloc(r->arena, n * sizeof *all);
	if (!all)
		return bn_err_nomem(r->err, "a link");
	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(list, i));
		if ((rc = bn_link_hex_text(r, "void ", id ? id : "", all[i], BN_CHAIN_ID_BYTES)) <
			0)
			return rc;
	}
	link->voids = all;
	link->n_voids = n;
	return voids_check(r, link->voids, n);
}

static int link_read(const bn_link_reader *r, uint32_t version, const json_t *o, bn_link *link)
{
	int64_t n;
	int rc;
	if ((rc = bn_link_int(r, o, "", "n", 1, UINT32_MAX - 1, &n)) < 0)
		return rc;
	if ((rc = bn_link_hex(r, o, "", "prev", link->prev, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	link->n = (uint32_t)n;
	link->is_newer = version > 1 || is_newer(r, o);
	if (link->is_newer)
		return 0;
	if ((rc = changes_read(r, o, link)) < 0)
		return rc;
	if ((rc = bn_link_heads(r, o, "horizon", &link->horizon, &link->n_horizon)) < 0)
		return rc;
	if (json_object_get(o, "reason") &&
		(rc = bn_link_text(r, o, "", "reason", &link->reason)) < 0)
		return rc;
	if ((rc = cuts_read(r, o, link)) < 0)
		return rc;
	return voids_read(r, o, link);
}

int bn_link_decode(const bn_link **out, bn_arena *arena, uint32_t version, const void *payload,
	size_t n, bn_link_policy_check *check, bn_err *err)
{
	bn_link_reader r = {.what = BN_AUTHORITY_LINK, .arena = arena, .check = check, .err = err};
	json_t *o = NULL;
	int rc;
	bn_link *link = bn_arena_alloc(arena, sizeof *link);
	if (!link)
		return bn_err_nomem(err, "a link");
	if ((rc = bn_link_parse(&o, &r, payload, n)) < 0)
		return rc;
	if ((rc = link_read(&r, version, o, link)) < 0)
		goto out;
	*out = link;
out:
	json_decref(o);
	return rc;
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *change_body(const bn_change *c)
{
	json_t *person = bn_link_hex_json(c->person, BN_CHAIN_ID_BYTES);
	json_t *key = bn_link_hex_json(c->key, BN_CHAIN_ID_BYTES);
	json_t *request = c->has_request ? bn_link_hex_json(c->request, BN_CHAIN_ID_BYTES) : NULL;
	json_t *body = NULL;
	switch (c->kind) {
	case BN_CHANGE_POLICY:
		body = bn_link_policy_json(c->policy);
		break;
	case BN_CHANGE_PERSON:
		body = json_pack("{sO ss sO*}", "key", key, "name", c->text, "request", request);
		break;
	case BN_CHANGE_KEY:
		body = json_pack("{sO sO sO*}", "key", key, "person", person, "request", request);
		break;
	case BN_CHANGE_ROLE:
		body = json_pack("{sb sO ss}", "grant", c->grant, "person", person, "role",
			bn_role_name(c->role));
		break;
	case BN_CHANGE_REVOKE:
		body = json_pack("{sO}", "key", key);
		break;
	case BN_CHANGE_REMOVE:
		body = json_pack("{sO}", "person", person);
		break;
	case BN_CHANGE_RESTORED:
		body = json_pack("{ss}", "why", c->text);
		break;
	}
	json_decref(person);
	json_decref(key);
	json_decref(request);
	return body;
}

static json_t *changes_json(const bn_link *link)
{
	json_t *all = json_array();
	for (size_t i = 0; i < link->n_changes; i++) {
		const bn_change *c = &link->changes[i];
		json_t *change = json_pack("{so}", kinds[c->kind].name, change_body(c));
		if (json_array_append_new(all, change) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *cuts_json(const bn_link *link)
{
	json_t *all = json_object();
	for (size_t i = 0; i < link->n_cuts; i++) {
		const bn_chain_cut *cut = &link->cuts[i];
		char key[2 * BN_CHAIN_ID_BYTES + 1];
		bn_hex(cut->key, BN_CHAIN_ID_BYTES, key);
		json_t *writers = json_object_get(all, key);
		if (!writers) {
			writers = json_object();
			json_object_set_new(all, key, writers);
		}
		if (json_object_get(writers, cut->writer) ||
			json_object_set_new(
				writers, cut->writer, json_integer((json_int_t)cut->seq)) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *voids_json(const bn_link *link)
{
	json_t *all = json_array();
	for (size_t i = 0; i < link->n_voids; i++)
		json_array_append_new(all, bn_link_hex_json(link->voids[i], BN_CHAIN_ID_BYTES));
	return all;
}

int bn_link_encode(bn_buf *out, const bn_link *link, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	const bn_link *again;
	size_t start = out->len;
	json_t *cuts = link->n_cuts ? cuts_json(link) : NULL;
	json_t *voids = link->n_voids ? voids_json(link) : NULL;
	json_t *o = json_pack("{so so sI so}", "changes", changes_json(link), "horizon",
		bn_link_heads_json(link->horizon, link->n_horizon), "n", (json_int_t)link->n,
		"prev", bn_link_hex_json(link->prev, BN_CHAIN_ID_BYTES));
	bool is_whole =
		o && (!link->n_cuts || json_object_set(o, "cuts", cuts) == 0) &&
		(!link->n_voids || json_object_set(o, "void", voids) == 0) &&
		(!link->reason || json_object_set_new(o, "reason", json_string(link->reason)) == 0);
	json_decref(cuts);
	json_decref(voids);
	if (!is_whole) {
		json_decref(o);
		o = NULL;
	}
	int rc;
	if ((rc = bn_link_write(out, o, BN_AUTHORITY_LINK, err)) < 0)
		goto out;
	rc = bn_link_decode(&again, &arena, 1, out->ptr + start, out->len - start, NULL, err);
out:
	if (rc < 0)
		bn_buf_truncate(out, start);
	bn_arena_release(&arena);
	return rc;
}

/* ---- co-signatures -------------------------------------------------------------------------- */

int bn_link_signed_encode(bn_buf *out, const uint8_t id[BN_CHAIN_ID_BYTES], bn_err *err)
{
	return bn_link_write(out, json_pack("{so}", "id", bn_link_hex_json(id, BN_CHAIN_ID_BYTES)),
		BN_AUTHORITY_SIGNED, err);
}

int bn_link_signed_decode(uint8_t id[BN_CHAIN_ID_BYTES], const void *payload, size_t n, bn_err *err)
{
	bn_link_reader r = {.what = BN_AUTHORITY_SIGNED, .err = err};
	json_t *o = NULL;
	int rc;
	if ((rc = bn_link_parse(&o, &r, payload, n)) < 0)
		return rc;
	if ((rc = bn_link_refuse_other(&r, o, (const char *const[]){"id", NULL})) < 0)
		goto out;
	rc = bn_link_hex(&r, o, "", "id", id, BN_CHAIN_ID_BYTES);
out:
	json_decref(o);
	return rc;
}
