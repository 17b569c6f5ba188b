/*
 * manifest_store.c - manifests as objects: one object, or a top with groups of 1024 parts each; see
 * manifest.h. Groups are stored before the top that names them (I4).
 */
#include "core/base/json.h"
#include "core/store/object/_manifest.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

static int put_text(bn_workspace *ws, const bn_buf *text, char hash[65], bn_err *err)
{
	if (text->len > BN_MANIFEST_BYTES)
		return bn_err_set(err, BN_EINVAL, "a manifest of %zu bytes; the limit is %d",
			text->len, BN_MANIFEST_BYTES);
	return bn_object_put(ws, text->ptr, text->len, hash, err);
}

static int put_one(bn_workspace *ws, json_t *o, char hash[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = o ? bn_json_canonical(o, &text, err) : bn_err_nomem(err, "a manifest");
	if (rc < 0)
		goto out;
	rc = put_text(ws, &text, hash, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* Stores parts[from .. to-1] and appends to groups what the top says of them. */
static int put_group(
	json_t *groups, bn_workspace *ws, const bn_manifest *m, size_t from, size_t to, bn_err *err)
{
	char hash[65];
	uint64_t bytes = 0, rows = 0;
	for (size_t i = from; i < to; i++) {
		bytes += m->parts[i].bytes;
		rows += m->parts[i].rows;
	}
	json_t *o = json_pack("{s:i, s:s, s:o}", "format", 1, "kind",
		bn_manifest_kind_name(m->kind), "parts", bn_manifest_parts_json(m, from, to));
	int rc = put_one(ws, o, hash, err);
	json_decref(o);
	if (rc < 0)
		return rc;
	json_t *group = json_pack("{s:s, s:I, s:I}", "manifest", hash, "bytes", (json_int_t)bytes,
		"parts", (json_int_t)(to - from));
	if (group && m->kind == BN_MANIFEST_TABLE)
		json_object_set_new(group, "rows", json_integer((json_int_t)rows));
	return json_array_append_new(groups, group) ? bn_err_nomem(err, "a manifest") : 0;
}

static int put_groups(bn_workspace *ws, const bn_manifest *m, char hash[65], bn_err *err)
{
	json_t *groups = json_array(), *top = bn_manifest_head_json(m);
	int rc = groups && top ? 0 : bn_err_nomem(err, "a manifest");
	if (rc < 0)
		goto out;
	for (size_t from = 0; from < m->count; from += BN_MANIFEST_PARTS) {
		size_t to =
			from + BN_MANIFEST_PARTS < m->count ? from + BN_MANIFEST_PARTS : m->count;
		if ((rc = put_group(groups, ws, m, from, to, err)) < 0)
			goto out;
	}
	if (json_object_set(top, "groups", groups)) {
		rc = bn_err_nomem(err, "a manifest");
		goto out;
	}
	rc = put_one(ws, top, hash, err);
out:
	json_decref(groups);
	json_decref(top);
	return rc;
}

int bn_manifest_store(bn_workspace *ws, const bn_manifest *m, char hash[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	if (m->format && m->count > BN_MANIFEST_PARTS)
		return put_groups(ws, m, hash, err);
	int rc = bn_manifest_format(&text, m, err);
	if (rc < 0)
		goto out;
	rc = put_text(ws, &text, hash, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- loading -------------------------------------------------------------------------------- */

static int load_group(bn_manifest *m, bn_workspace *ws, const char *hash, bn_err *err)
{
	bn_manifest group;
	json_t *o = NULL;
	char name[40];
	snprintf(name, sizeof name, "group %.12s", hash);
	bn_manifest_init(&group, BN_MANIFEST_TABLE);
	int rc = bn_object_load_json(&o, ws, hash, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_manifest_parse_head(&group, o, name, err)) < 0)
		goto out;
	if (group.kind != m->kind) {
		rc = bn_err_set(err, BN_EINVAL, "%s: field 'kind' is not %s", name,
			bn_manifest_kind_name(m->kind));
		goto out;
	}
	rc = bn_manifest_parse_parts(m, o, name, err);
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
	int rc = bn_manifest_parse_head(m, o, name, err);
	if (rc < 0)
		return rc;
	if (m->kind == BN_MANIFEST_TABLE) {
		if ((rc = bn_json_need_array(o, "schema", &m->schema, name, err)) < 0)
			return rc;
		json_incref(m->schema);
	}
	if ((rc = bn_json_need_array(o, "groups", &groups, name, err)) < 0)
		return rc;
	if (json_array_size(groups) > BN_MANIFEST_GROUPS)
		return bn_err_set(err, BN_EINVAL, "%s: field 'groups' has more than %d entries",
			name, BN_MANIFEST_GROUPS);
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const char *hash = NULL;
		snprintf(where, sizeof where, "%.100s: groups[%zu]", name, i);
		if ((rc = bn_json_need_str(group, "manifest", &hash, where, err)) < 0)
			return rc;
		if ((rc = load_group(m, ws, hash, err)) < 0)
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
	/* No input of a user: it was damaged, or is no manifest. */
	return bn_err_recode(err, &e, rc == BN_EINVAL ? BN_ECORRUPT : rc);
}
