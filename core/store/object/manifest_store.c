/*
 * manifest_store.c - manifests as objects: one object, or a top with groups of 1024 parts each; see
 * manifest.h. Groups are stored before the top that names them (I4).
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/object/_manifest.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

static int put_text(bn_object_store *s, const bn_buf *text, char hash[65], bn_err *err)
{
	if (text->len > BN_MANIFEST_BYTES)
		return bn_err_set(err, BN_EINVAL, "a manifest of %zu bytes; the limit is %d",
			text->len, BN_MANIFEST_BYTES);
	return bn_object_put_in(s, text->ptr, text->len, hash, err);
}

static int put_one(bn_object_store *s, const json_t *o, char hash[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_json_canonical(o, &text, err);
	if (rc < 0)
		goto out;
	rc = put_text(s, &text, hash, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* Stores parts[from .. to-1] and appends their entry in the top to groups. kept: the group as it was
 * read, or NULL. */
static int put_group(json_t *groups, bn_object_store *s, const bn_manifest *m,
	const bn_manifest_group *kept, size_t from, size_t to, bn_err *err)
{
	char hash[65];
	uint64_t bytes = 0, rows = 0;
	for (size_t i = from; i < to; i++) {
		bytes += m->parts[i].bytes;
		rows += m->parts[i].rows;
	}
	json_t *o = bn_manifest_object_of(kept ? kept->more : NULL);
	json_t *known = json_pack("{s:i, s:s, s:o}", "format", 1, "kind",
		bn_manifest_kind_name(m->kind), "parts", bn_manifest_parts_json(m, from, to));
	int rc = !o || !known || json_object_update(o, known) ? bn_err_nomem(err, "a manifest")
							      : put_one(s, o, hash, err);
	json_decref(known);
	json_decref(o);
	if (rc < 0)
		return rc;
	json_t *group = bn_manifest_object_of(kept ? kept->entry : NULL);
	known = json_pack("{s:s, s:I, s:I}", "manifest", hash, "bytes", (json_int_t)bytes, "parts",
		(json_int_t)(to - from));
	if (known && m->kind == BN_MANIFEST_TABLE)
		json_object_set_new(known, "rows", json_integer((json_int_t)rows));
	if (!group || !known || json_object_update(group, known))
		rc = bn_err_nomem(err, "a manifest");
	json_decref(known);
	if (json_array_append_new(groups, group) && rc >= 0)
		rc = bn_err_nomem(err, "a manifest");
	return rc;
}

static int put_groups(bn_object_store *s, const bn_manifest *m, char hash[65], bn_err *err)
{
	json_t *groups = json_array(), *top = bn_manifest_head_json(m);
	bn_buf text = BN_BUF_INIT;
	int rc = groups && top ? 0 : bn_err_nomem(err, "a manifest");
	if (rc < 0)
		goto out;
	/* Groups that were read keep their parts; the last one takes the added ones. */
	for (size_t from = 0, i = 0; from < m->count; i++) {
		const bn_manifest_group *kept = i < m->group_count ? &m->groups[i] : NULL;
		size_t n = i + 1 < m->group_count ? kept->parts : BN_MANIFEST_PARTS;
		n = n < m->count - from ? n : m->count - from;
		if ((rc = put_group(groups, s, m, kept, from, from + n, err)) < 0)
			goto out;
		from += n;
	}
	if (json_object_set(top, "groups", groups)) {
		rc = bn_err_nomem(err, "a manifest");
		goto out;
	}
	if ((rc = bn_manifest_top_text(&text, top, m, err)) < 0)
		goto out;
	rc = put_text(s, &text, hash, err);
out:
	bn_buf_release(&text);
	json_decref(groups);
	json_decref(top);
	return rc;
}

int bn_manifest_store_in(bn_object_store *s, const bn_manifest *m, char hash[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	if (m->format && (m->count > BN_MANIFEST_PARTS || m->group_count))
		return put_groups(s, m, hash, err);
	int rc = bn_manifest_format(&text, m, err);
	if (rc < 0)
		goto out;
	rc = put_text(s, &text, hash, err);
out:
	bn_buf_release(&text);
	return rc;
}

int bn_manifest_store(bn_workspace *ws, const bn_manifest *m, char hash[65], bn_err *err)
{
	bn_object_store *s = NULL;
	int rc = bn_workspace_objects(&s, ws, err);
	return rc < 0 ? rc : bn_manifest_store_in(s, m, hash, err);
}

/* ---- loading -------------------------------------------------------------------------------- */

/* Compares a group's entry in the top with its parts, those from `from` on. */
static int check_entry(
	const bn_manifest *m, const json_t *entry, size_t from, const char *where, bn_err *err)
{
	uint64_t sum[3] = {0, m->count - from, 0};
	static const char *const keys[3] = {"bytes", "parts", "rows"};
	int64_t said = 0;
	for (size_t i = from; i < m->count; i++) {
		sum[0] += m->parts[i].bytes;
		sum[2] += m->parts[i].rows;
	}
	for (size_t k = 0; k < (m->kind == BN_MANIFEST_TABLE ? 3 : 2); k++) {
		int rc = bn_json_need_int(entry, keys[k], &said, where, err);
		if (rc < 0)
			return rc;
		if (said < 0 || (uint64_t)said != sum[k])
			return bn_err_set(err, BN_EINVAL, "%s: field '%s' is not that of its parts",
				where, keys[k]);
	}
	return 0;
}

static int keep_group(
	bn_manifest *m, const json_t *entry, const json_t *o, size_t parts, bn_err *err)
{
	static const char *const in_top[] = {"manifest", "bytes", "parts", "rows", NULL};
	static const char *const in_group[] = {"format", "kind", "parts", NULL};
	if (bn_grow(&m->groups, &m->group_cap, m->group_count + 1, sizeof *m->groups))
		return bn_err_nomem(err, "a manifest");
	bn_manifest_group *g = &m->groups[m->group_count++];
	*g = (bn_manifest_group){.parts = parts};
	int rc = bn_manifest_keep_more(&g->entry, entry, in_top, err);
	return rc < 0 ? rc : bn_manifest_keep_more(&g->more, o, in_group, err);
}

static int load_group(
	bn_manifest *m, bn_workspace *ws, const json_t *entry, const char *where, bn_err *err)
{
	bn_manifest group;
	json_t *o = NULL;
	char name[40];
	const char *hash = NULL;
	size_t from = m->count;
	bn_manifest_init(&group, BN_MANIFEST_TABLE);
	int rc = bn_json_need_str(entry, "manifest", &hash, where, err);
	if (rc < 0 || (rc = bn_object_load_json(&o, ws, hash, err)) < 0)
		goto out;
	snprintf(name, sizeof name, "group %.12s", hash);
	if ((rc = bn_manifest_parse_head(&group, o, name, err)) < 0)
		goto out;
	if (group.kind != m->kind) {
		rc = bn_err_set(err, BN_EINVAL, "%s: field 'kind' is not %s", name,
			bn_manifest_kind_name(m->kind));
		goto out;
	}
	if ((rc = bn_manifest_parse_parts(m, o, name, err)) < 0 ||
		(rc = check_entry(m, entry, from, where, err)) < 0)
		goto out;
	rc = keep_group(m, entry, o, m->count - from, err);
out:
	bn_manifest_release(&group);
	json_decref(o);
	return rc;
}

static int load_groups(
	bn_manifest *m, bn_workspace *ws, const json_t *o, const char *name, bn_err *err)
{
	char where[160];
	json_t *groups = NULL;
	int rc;
	if ((rc = bn_manifest_parse_head(m, o, name, err)) < 0 ||
		(rc = bn_manifest_parse_schema(m, o, name, err)) < 0 ||
		(rc = bn_json_need_array(o, "groups", &groups, name, err)) < 0)
		return rc;
	if (json_array_size(groups) > BN_MANIFEST_GROUPS)
		return bn_err_set(err, BN_EINVAL, "%s: field 'groups' has more than %d entries",
			name, BN_MANIFEST_GROUPS);
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		snprintf(where, sizeof where, "%.100s: groups[%zu]", name, i);
		if ((rc = load_group(m, ws, group, where, err)) < 0)
			return rc;
	}
	return bn_manifest_check_totals(m, o, name, err);
}

int bn_manifest_load(bn_manifest *out, bn_workspace *ws, const char *hash, bn_err *err)
{
	json_t *o = NULL;
	char name[40];
	bn_err e = BN_ERR_INIT;
	snprintf(name, sizeof name, "manifest %.12s", hash);
	bn_manifest_init(out, BN_MANIFEST_TABLE);
	int rc = bn_object_load_json(&o, ws, hash, &e);
	if (rc < 0)
		goto out;
	if (json_is_array(json_object_get(o, "groups")))
		rc = load_groups(out, ws, o, name, &e);
	else
		rc = bn_manifest_from_json(out, o, name, &e);
out:
	json_decref(o);
	if (rc >= 0)
		return 0;
	bn_manifest_release(out);
	/* Not user input: it is damaged, or not a manifest. */
	return bn_err_recode(err, &e, rc == BN_EINVAL ? BN_ECORRUPT : rc);
}

/* An Arrow file begins with its magic, a manifest with a brace. */
int bn_manifest_is_named(bool *yes, bn_workspace *ws, const char *hash, bn_err *err)
{
	bn_object_store *objects = NULL;
	bn_object_reader *r = NULL;
	char first = 0;
	size_t got = 0;
	int rc = bn_workspace_objects(&objects, ws, err);
	if (rc < 0 || (rc = bn_object_reader_new(&r, objects, hash, 0, 1, err)) < 0)
		return rc;
	rc = bn_object_read(r, &first, 1, &got, err);
	*yes = got == 1 && first == '{';
	bn_object_reader_free(r);
	return rc;
}
