/*
 * protection.c - what is known of a version's protection goes with it: see transfer.h.
 *
 * A description is never replaced, and a protection may become stricter later; so it is a document beside it, named by its
 * hash. Several may be there, of several workspaces and times. Who pulls takes the strictest of all of them and of his own.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/protect.h"
#include "core/govern/rights.h"
#include "core/share/_share.h"

#include <stdio.h>
#include <string.h>

#define DOCUMENT_BYTES ((size_t)1 << 20)
enum { DOCUMENTS_MOST = 1000 };

static json_t *names_json(char *const *names, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *document_json(bn_workspace *ws, const bn_dataset_version *v, const bn_protection *p)
{
	json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:s*, s:s*, s:s*}", "format", 1, "name", v->name,
		"manifest", v->hash, "workspace", bn_workspace_id(ws), "owner", p->owner, "licence",
		p->licence, "purpose", p->purpose);
	if (o && p->level != BN_CLASS_UNKNOWN)
		json_object_set_new(o, "class", json_string(bn_data_class_name(p->level)));
	if (o && p->keep_days)
		json_object_set_new(o, "keep_days", json_integer((json_int_t)p->keep_days));
	if (o && p->personal_count)
		json_object_set_new(o, "personal", names_json(p->personal, p->personal_count));
	return o;
}

static bool says_nothing(const bn_protection *p)
{
	return p->level == BN_CLASS_UNKNOWN && !p->personal_count && !p->keep_days && !p->owner &&
	       !p->licence && !p->purpose;
}

/* "datasets/NAME/protection/HASH-" */
static void prefix_of(char key[BN_SHARE_NAME_KEY], const char *name, const char *hash)
{
	snprintf(key, BN_SHARE_NAME_KEY, "datasets/%.128s/protection/%.64s-", name, hash);
}

int bn_share_protection_put(
	bool *put, bn_workspace *ws, bn_remote_store *s, const bn_dataset_version *v, bn_err *err)
{
	char prefix[BN_SHARE_NAME_KEY], key[BN_SHARE_NAME_KEY], hex[BN_SHA256_HEX + 1];
	bn_protection p = BN_PROTECTION_INIT;
	bn_buf text = BN_BUF_INIT;
	json_t *o = NULL;
	*put = false;
	int rc = bn_protection_of(&p, ws, v, err);
	if (rc < 0 || says_nothing(&p))
		goto out;
	o = document_json(ws, v, &p);
	rc = o ? bn_json_canonical(o, &text, err) : bn_err_nomem(err, "a protection");
	if (rc < 0)
		goto out;
	bn_sha256_hex(text.ptr, text.len, hex);
	prefix_of(prefix, v->name, v->hash);
	snprintf(key, sizeof key, "%.320s%s.json", prefix, hex);
	rc = bn_remote_store_put_bytes(s, key, text.ptr, text.len, BN_REMOTE_IF_ABSENT, put, err);
out:
	bn_protection_release(&p);
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int take_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *err)
{
	bn_names *keys = ctx;
	(void)info;
	if (keys->count == DOCUMENTS_MOST)
		return bn_err_set(err, BN_EINVAL, "'%.200s' is one of over %d documents", key, DOCUMENTS_MOST);
	return bn_names_add(keys, key) ? bn_err_nomem(err, "names of documents") : 0;
}

/* From the index of that name, where a place cannot list. */
static int index_keys(bn_names *keys, bn_remote_store *s, const char *name, const char *hash, bn_err *err)
{
	char key[BN_SHARE_NAME_KEY];
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	json_t *o = NULL;
	snprintf(key, sizeof key, "datasets/%.128s/index.json", name);
	int rc = bn_remote_store_load(&text, s, key, (size_t)16 << 20, NULL, &why);
	if (rc == BN_ENOTFOUND) {
		rc = 0;
		goto out;
	}
	if (rc < 0 || (rc = bn_json_parse(&o, text.ptr, text.len, key, &why)) < 0) {
		bn_err_move(err, &why);
		goto out;
	}
	const json_t *list = json_object_get(o, "protection");
	for (size_t i = 0; i < json_array_size(list) && rc >= 0; i++) {
		const char *file = json_string_value(json_array_get(list, i));
		if (!file || strncmp(file, hash, BN_SHA256_HEX) != 0 || strchr(file, '/') || strlen(file) > 200)
			continue;
		snprintf(key, sizeof key, "datasets/%.128s/protection/%s", name, file);
		rc = take_key(keys, key, NULL, err);
	}
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

int bn_share_protection_names(json_t *list, bn_remote_store *s, const char *name, bn_err *err)
{
	char prefix[BN_SHARE_NAME_KEY];
	bn_names keys = BN_NAMES_INIT;
	snprintf(prefix, sizeof prefix, "datasets/%.128s/protection/", name);
	int rc = bn_remote_store_list(s, prefix, take_key, &keys, err);
	for (size_t i = 0; rc >= 0 && i < keys.count; i++)
		json_array_append_new(list, json_string(keys.items[i] + strlen(prefix)));
	bn_names_release(&keys);
	return rc;
}

static int add_column(bn_share_protection *to, const char *column, bn_err *err)
{
	for (size_t i = 0; i < to->personal.count; i++)
		if (!strcmp(to->personal.items[i], column))
			return 0;
	return bn_names_add(&to->personal, column) ? bn_err_nomem(err, "columns") : 0;
}

/* The first one that says something stays. */
static int add_text(char **to, const json_t *o, const char *key, bn_err *err)
{
	const char *text = bn_json_str(o, key, "");
	if (*to || !*text)
		return 0;
	return (*to = bn_strdup(text)) ? 0 : bn_err_nomem(err, "a protection");
}

static int add_document(bn_share_protection *to, const json_t *o, bn_err *err)
{
	bn_data_class c = BN_CLASS_UNKNOWN;
	const json_t *columns = json_object_get(o, "personal");
	int64_t days = bn_json_int(o, "keep_days", 0);
	int rc;
	if (json_object_get(o, "class") && (rc = bn_data_class_parse(&c, bn_json_str(o, "class", ""), err)) < 0)
		return rc;
	if (c > to->level)
		to->level = c;
	if (days > 0 && days <= BN_PROTECT_DAYS_MOST && (!to->keep_days || days < to->keep_days))
		to->keep_days = days;
	for (size_t i = 0; i < json_array_size(columns); i++) {
		const char *column = json_string_value(json_array_get(columns, i));
		if (!column || to->personal.count == BN_PROTECT_COLUMNS_MOST)
			return bn_err_set(err, BN_EINVAL, "its personal columns are no list of at most %d names",
				BN_PROTECT_COLUMNS_MOST);
		if ((rc = add_column(to, column, err)) < 0)
			return rc;
	}
	if ((rc = add_text(&to->owner, o, "owner", err)) < 0 ||
		(rc = add_text(&to->licence, o, "licence", err)) < 0)
		return rc;
	return add_text(&to->purpose, o, "purpose", err);
}

/* The name of a document holds the hash of its bytes. */
static int load_document(bn_share_protection *to, bn_remote_store *s, const char *key, const char *name,
	const char *hash, bn_err *err)
{
	const char *sum = strrchr(key, '-');
	char hex[BN_SHA256_HEX + 1];
	bn_buf text = BN_BUF_INIT;
	json_t *o = NULL;
	int rc = 0;
	if (!sum || strlen(sum) != 1 + BN_SHA256_HEX + strlen(".json"))
		return 0; /* something else that lies there */
	snprintf(hex, sizeof hex, "%.64s", sum + 1);
	if (!bn_is_hex(hex))
		return 0;
	if ((rc = bn_remote_store_load(&text, s, key, DOCUMENT_BYTES, hex, err)) < 0 ||
		(rc = bn_json_parse(&o, text.ptr, text.len, key, err)) < 0)
		goto out;
	if (bn_json_int(o, "format", 0) != 1)
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s was written by a newer binnacle", key);
	else if (strcmp(bn_json_str(o, "manifest", ""), hash) != 0 || strcmp(bn_json_str(o, "name", ""), name) != 0)
		rc = bn_err_set(err, BN_ECORRUPT, "%s describes another version", key);
	else
		rc = add_document(to, o, err);
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

int bn_share_protection_get(
	bn_share_protection *out, bn_remote_store *s, const char *name, const char *hash, bn_err *err)
{
	char prefix[BN_SHARE_NAME_KEY];
	bn_names keys = BN_NAMES_INIT;
	prefix_of(prefix, name, hash);
	*out = (bn_share_protection){.personal = BN_NAMES_INIT};
	int rc = bn_remote_store_can_list(s) ? bn_remote_store_list(s, prefix, take_key, &keys, err)
					     : index_keys(&keys, s, name, hash, err);
	for (size_t i = 0; rc >= 0 && i < keys.count; i++)
		rc = load_document(out, s, keys.items[i], name, hash, err);
	bn_names_release(&keys);
	return rc;
}

void bn_share_protection_release(bn_share_protection *p)
{
	bn_free(p->owner);
	bn_free(p->licence);
	bn_free(p->purpose);
	bn_names_release(&p->personal);
	*p = (bn_share_protection){.personal = BN_NAMES_INIT};
}

/* ---- taking it ------------------------------------------------------------------------------ */

/* What is stricter than what holds here, or not said here; false: nothing. columns has room for all of p's. */
static bool change_of(bn_protect_change *c, const char **columns, const bn_share_protection *p,
	const bn_protection *here)
{
	*c = (bn_protect_change){.keep_days = -1, .personal = columns};
	if (p->level > here->level)
		c->level = bn_data_class_name(p->level);
	if (p->keep_days && (!here->keep_days || p->keep_days < here->keep_days))
		c->keep_days = p->keep_days;
	for (size_t i = 0; i < p->personal.count; i++)
		if (!bn_protection_marks(here, p->personal.items[i]))
			columns[c->personal_count++] = p->personal.items[i];
	c->owner = here->owner ? NULL : p->owner;
	c->licence = here->licence ? NULL : p->licence;
	c->purpose = here->purpose ? NULL : p->purpose;
	return c->level || c->keep_days >= 0 || c->personal_count || c->owner || c->licence || c->purpose;
}

int bn_share_protection_take(bn_workspace *ws, const bn_remote_store *s, const char *name,
	const bn_share_protection *p, bool only_ask, bn_err *err)
{
	bn_protection here = BN_PROTECTION_INIT;
	bn_protect_change c;
	bn_err why = BN_ERR_INIT;
	char reason[300];
	const char **columns = bn_alloc_zeroed(p->personal.count + 1, sizeof *columns);
	int rc = columns ? bn_protection_of_name(&here, ws, name, err) : bn_err_nomem(err, "columns");
	if (rc < 0 || !change_of(&c, columns, p, &here))
		goto out;
	snprintf(reason, sizeof reason, "pulled from %.250s", bn_remote_store_place(s));
	c.reason = reason;
	rc = only_ask ? bn_rights_may(ws, BN_ACT_TAG, &why) : bn_protect_set(ws, name, &c, &why);
	if (rc < 0) {
		bn_err_prefix(&why, "%s is protected where it comes from, and that must hold here too", name);
		bn_err_move(err, &why);
	}
out:
	bn_protection_release(&here);
	bn_free(columns);
	return rc;
}
