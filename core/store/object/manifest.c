/*
 * manifest.c - manifests as values and as text; see manifest.h. Their form in the store (groups,
 * loading) is in manifest_store.c.
 *
 * Parsing checks every known field and keeps the others unchanged. The same function checks a part
 * added by a caller and one read from a text.
 */
#include "core/store/object/manifest.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/object/_manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[BN_MANIFEST_KINDS] = {
	[BN_MANIFEST_TABLE] = "table",
	[BN_MANIFEST_MODEL] = "model",
	[BN_MANIFEST_ARTIFACTS] = "artifacts",
};

const char *bn_manifest_kind_name(bn_manifest_kind kind)
{
	return kind_names[kind];
}

static int kind_parse(bn_manifest_kind *out, const char *name)
{
	for (bn_manifest_kind k = 0; k < BN_MANIFEST_KINDS; k++) {
		if (!strcmp(kind_names[k], name)) {
			*out = k;
			return 0;
		}
	}
	return -1;
}

void bn_manifest_init(bn_manifest *m, bn_manifest_kind kind)
{
	*m = (bn_manifest){.kind = kind, .format = 1};
}

static void part_release(bn_manifest_part *p)
{
	bn_free(p->path);
	json_decref(p->values);
	json_decref(p->stats);
	json_decref(p->tensors);
	json_decref(p->more);
}

void bn_manifest_release(bn_manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		part_release(&m->parts[i]);
	bn_free(m->parts);
	for (size_t i = 0; i < m->group_count; i++) {
		json_decref(m->groups[i].more);
		json_decref(m->groups[i].entry);
	}
	bn_free(m->groups);
	bn_free(m->schema);
	json_decref(m->more);
	bn_manifest_init(m, BN_MANIFEST_TABLE);
}

/* ---- one part ------------------------------------------------------------------------------- */

/* Relative, and inside the directory: no empty, "." or ".." component. */
static bool path_is_safe(const char *path)
{
	for (const char *p = path;;) {
		size_t n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (!p[n])
			return true;
		p += n + 1;
	}
}

/* A bound or a count: unknown, a number or a text; NaN is not a bound. */
static bool stat_is_bound(const json_t *x)
{
	return json_is_null(x) || json_is_number(x) ||
	       (json_is_string(x) && json_string_length(x) <= BN_MANIFEST_STAT_TEXT);
}

static int check_stats(const json_t *stats, bn_err *err)
{
	if (!json_is_array(stats) || json_array_size(stats) > BN_MANIFEST_STATS)
		return bn_err_set(err, BN_EINVAL,
			"field 'stats' is not a list of at most %d columns", BN_MANIFEST_STATS);
	for (size_t i = 0; i < json_array_size(stats); i++) {
		const json_t *s = json_array_get(stats, i);
		const json_t *missing = json_array_get(s, 2);
		if (!json_is_array(s) || json_array_size(s) != 3 ||
			!stat_is_bound(json_array_get(s, 0)) ||
			!stat_is_bound(json_array_get(s, 1)) ||
			!(json_is_null(missing) ||
				(json_is_integer(missing) && json_integer_value(missing) >= 0)))
			return bn_err_set(
				err, BN_EINVAL, "field 'stats[%zu]' is not [min, max, missing]", i);
	}
	return 0;
}

static int check_tensor(const json_t *t, uint64_t part_bytes, const char *where, bn_err *err)
{
	const char *name = NULL, *type = NULL;
	int64_t at = 0, bytes = 0;
	json_t *shape = NULL;
	int rc = bn_json_need_str(t, "name", &name, where, err);
	if (rc < 0 || (rc = bn_json_need_str(t, "type", &type, where, err)) < 0 ||
		(rc = bn_json_need_array(t, "shape", &shape, where, err)) < 0 ||
		(rc = bn_json_need_int(t, "at", &at, where, err)) < 0 ||
		(rc = bn_json_need_int(t, "bytes", &bytes, where, err)) < 0)
		return rc;
	if (!*name || strlen(name) > BN_MANIFEST_PATH_MAX || !*type || strlen(type) > 16)
		return bn_err_set(
			err, BN_EINVAL, "%s: field 'name' or 'type' is empty or too long", where);
	if (at < 0 || bytes < 0 || (uint64_t)at > part_bytes ||
		(uint64_t)bytes > part_bytes - (uint64_t)at)
		return bn_err_set(
			err, BN_EINVAL, "%s: fields 'at' and 'bytes' are outside the part", where);
	for (size_t i = 0; i < json_array_size(shape); i++) {
		const json_t *n = json_array_get(shape, i);
		if (!json_is_integer(n) || json_integer_value(n) < 0)
			return bn_err_set(
				err, BN_EINVAL, "%s: field 'shape' is not a list of sizes", where);
	}
	return 0;
}

static int check_tensors(const json_t *tensors, uint64_t part_bytes, bn_err *err)
{
	char where[48];
	int rc = json_is_array(tensors)
			 ? 0
			 : bn_err_set(err, BN_EINVAL, "field 'tensors' is not a list");
	for (size_t i = 0; rc == 0 && i < json_array_size(tensors); i++) {
		snprintf(where, sizeof where, "tensors[%zu]", i);
		rc = check_tensor(json_array_get(tensors, i), part_bytes, where, err);
	}
	return rc;
}

/* Files are sorted by path; the parts of one file follow each other without a gap. */
static int check_file_order(const bn_manifest *m, const bn_manifest_part *p, bn_err *err)
{
	const bn_manifest_part *last = m->count ? &m->parts[m->count - 1] : NULL;
	int order = last ? strcmp(last->path, p->path) : -1;
	if (!p->path[0] || strlen(p->path) > BN_MANIFEST_PATH_MAX || !path_is_safe(p->path))
		return bn_err_set(err, BN_EINVAL,
			"field 'path': '%.200s' is not a path inside the directory", p->path);
	if (order > 0 || (order == 0 && (p->whole || last->whole)))
		return bn_err_set(err, BN_EINVAL,
			"field 'path': '%.200s' is listed twice or out of order", p->path);
	if (!p->whole && p->at != (order == 0 ? last->at + last->bytes : 0))
		return bn_err_set(err, BN_EINVAL,
			"field 'at': the parts of '%.200s' do not follow each other", p->path);
	return 0;
}

static int check_part(const bn_manifest *m, const bn_manifest_part *p, bn_err *err)
{
	int rc = 0;
	if (strlen(p->hash) != BN_SHA256_HEX || !bn_is_hex(p->hash))
		return bn_err_set(err, BN_EINVAL, "field 'hash' is not a SHA-256");
	if (p->bytes > INT64_MAX - m->bytes || p->rows > INT64_MAX - m->rows)
		return bn_err_set(err, BN_EINVAL, "field 'bytes' or 'rows' is too large");
	if (m->count >= (size_t)BN_MANIFEST_GROUPS * BN_MANIFEST_PARTS)
		return bn_err_set(err, BN_EINVAL, "more than %d parts",
			BN_MANIFEST_GROUPS * BN_MANIFEST_PARTS);
	if (m->kind != BN_MANIFEST_TABLE) {
		if (!p->path)
			return bn_err_set(err, BN_EINVAL, "field 'path' is missing");
		if ((rc = check_file_order(m, p, err)) < 0)
			return rc;
		return p->tensors ? check_tensors(p->tensors, p->bytes, err) : 0;
	}
	if (p->values && !json_is_object(p->values))
		return bn_err_set(err, BN_EINVAL, "field 'values' is not an object");
	return p->stats ? check_stats(p->stats, err) : 0;
}

int bn_manifest_add(bn_manifest *m, const bn_manifest_part *part, bn_err *err)
{
	int rc = check_part(m, part, err);
	if (rc < 0)
		return rc;
	if (bn_grow(&m->parts, &m->cap, m->count + 1, sizeof *m->parts))
		return bn_err_nomem(err, "a manifest");
	bn_manifest_part *p = &m->parts[m->count];
	*p = *part;
	p->path = bn_strdup(part->path);
	if (part->path && !p->path)
		return bn_err_nomem(err, "a manifest");
	json_incref(p->values);
	json_incref(p->stats);
	json_incref(p->tensors);
	json_incref(p->more);
	m->count++;
	m->bytes += p->bytes;
	m->rows += p->rows;
	return 0;
}

int bn_manifest_add_file(
	bn_manifest *m, const char *path, const char *hash, uint64_t bytes, bn_err *err)
{
	bn_manifest_part p = {.bytes = bytes, .path = (char *)(uintptr_t)path, .whole = true};
	snprintf(p.hash, sizeof p.hash, "%s", hash);
	return bn_manifest_add(m, &p, err);
}

const bn_manifest_part *bn_manifest_find(const bn_manifest *m, const char *path)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->parts[i].path && !strcmp(m->parts[i].path, path))
			return &m->parts[i];
	return NULL;
}

/* ---- content -------------------------------------------------------------------------------- */

static void hash_line(bn_hasher *h, const char *text)
{
	bn_hasher_add(h, text, strlen(text));
	bn_hasher_add(h, "\n", 1);
}

static void hash_end(bn_hasher *h, char out[65])
{
	uint8_t raw[BN_SHA256_BYTES];
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, out);
}

static int table_content(bn_manifest *m, bn_err *err)
{
	char schema_hash[65];
	bn_hasher *h = NULL;
	int rc = m->schema ? bn_hasher_new(&h, err)
			   : bn_err_set(err, BN_EINVAL, "field 'schema' is missing");
	if (rc < 0)
		return rc;
	bn_sha256_hex(m->schema, strlen(m->schema), schema_hash);
	hash_line(h, "bn-table 1");
	hash_line(h, schema_hash);
	for (size_t i = 0; i < m->count; i++)
		hash_line(h, m->parts[i].hash);
	hash_end(h, m->content);
	bn_hasher_free(h);
	return 0;
}

static int files_content(bn_manifest *m, bn_err *err)
{
	bn_hasher *h = NULL;
	int rc = m->count || m->kind == BN_MANIFEST_ARTIFACTS
			 ? bn_hasher_new(&h, err)
			 : bn_err_set(err, BN_EINVAL, "a model without files");
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < m->count; i++) {
		bn_hasher_add(h, m->parts[i].hash, BN_SHA256_HEX);
		bn_hasher_add(h, "  ", 2);
		hash_line(h, m->parts[i].path);
	}
	hash_end(h, m->content);
	bn_hasher_free(h);
	return 0;
}

int bn_manifest_seal(bn_manifest *m, bn_err *err)
{
	return m->kind == BN_MANIFEST_TABLE ? table_content(m, err) : files_content(m, err);
}

int bn_manifest_of_part(const char *schema_hash, const char *part, char content[65], bn_err *err)
{
	bn_hasher *h = NULL;
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	hash_line(h, "bn-table 1");
	hash_line(h, schema_hash);
	hash_line(h, part);
	hash_end(h, content);
	bn_hasher_free(h);
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A new object with the unknown fields, to which the known ones are added. */
json_t *bn_manifest_object_of(const json_t *more)
{
	return more ? json_deep_copy(more) : json_object();
}

static int set_int(json_t *o, const char *key, uint64_t value)
{
	return json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *part_json(const bn_manifest *m, const bn_manifest_part *p)
{
	json_t *o = bn_manifest_object_of(p->more);
	int bad = !o || json_object_set_new(o, "hash", json_string(p->hash)) ||
		  set_int(o, "bytes", p->bytes);
	if (m->kind == BN_MANIFEST_TABLE)
		bad = bad || set_int(o, "rows", p->rows) ||
		      (p->values && json_object_set(o, "values", p->values)) ||
		      (p->stats && json_object_set(o, "stats", p->stats));
	else
		bad = bad || json_object_set_new(o, "path", json_string(p->path)) ||
		      (!p->whole && set_int(o, "at", p->at)) ||
		      (p->tensors && json_object_set(o, "tensors", p->tensors));
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

json_t *bn_manifest_parts_json(const bn_manifest *m, size_t from, size_t to)
{
	json_t *list = json_array();
	for (size_t i = from; list && i < to; i++) {
		if (json_array_append_new(list, part_json(m, &m->parts[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *bn_manifest_head_json(const bn_manifest *m)
{
	json_t *o = bn_manifest_object_of(m->more);
	int bad = !o || set_int(o, "format", (uint64_t)m->format) ||
		  set_int(o, "bytes", m->bytes) ||
		  json_object_set_new(o, "kind", json_string(kind_names[m->kind])) ||
		  json_object_set_new(o, "content", json_string(m->content));
	if (m->kind == BN_MANIFEST_TABLE)
		bad = bad || set_int(o, "rows", m->rows);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

/* What the first version wrote for a model. */
static json_t *files_json(const bn_manifest *m)
{
	json_t *files = json_array(), *o = bn_manifest_object_of(m->more);
	int bad = !files || !o;
	for (size_t i = 0; !bad && i < m->count; i++) {
		const bn_manifest_part *p = &m->parts[i];
		json_t *f = bn_manifest_object_of(p->more);
		bad = !f || json_object_set_new(f, "path", json_string(p->path)) ||
		      json_object_set_new(f, "sha256", json_string(p->hash)) ||
		      set_int(f, "size", p->bytes) || json_array_append(files, f);
		json_decref(f);
	}
	bad = bad || json_object_set(o, "files", files);
	json_decref(files);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

int bn_manifest_top_text(bn_buf *out, const json_t *o, const bn_manifest *m, bn_err *err)
{
	return m->schema ? bn_json_canonical_with(o, "schema", m->schema, out, err)
			 : bn_json_canonical(o, out, err);
}

int bn_manifest_format(bn_buf *out, const bn_manifest *m, bn_err *err)
{
	json_t *o = m->format == 0 ? files_json(m) : bn_manifest_head_json(m);
	int rc = 0;
	BN_BUG(m->format && m->count > BN_MANIFEST_PARTS);
	if (!o || (m->format && json_object_set_new(
					o, "parts", bn_manifest_parts_json(m, 0, m->count)))) {
		rc = bn_err_nomem(err, "a manifest");
		goto out;
	}
	rc = bn_manifest_top_text(out, o, m, err);
out:
	json_decref(o);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The fields of o that are not in the list of known ones; NULL if there are none. */
int bn_manifest_keep_more(json_t **more, const json_t *o, const char *const *known, bn_err *err)
{
	json_t *rest = json_copy((json_t *)(uintptr_t)o);
	if (!rest)
		return bn_err_nomem(err, "a manifest");
	for (; *known; known++)
		json_object_del(rest, *known);
	if (json_object_size(rest)) {
		*more = rest;
		return 0;
	}
	json_decref(rest);
	return 0;
}

static int need_size(
	const json_t *o, const char *key, uint64_t *out, const char *where, bn_err *err)
{
	int64_t n = 0;
	int rc = bn_json_need_int(o, key, &n, where, err);
	if (rc < 0)
		return rc;
	if (n < 0)
		return bn_err_set(err, BN_EINVAL, "%s: field '%s' is negative", where, key);
	*out = (uint64_t)n;
	return 0;
}

static int read_hash(
	const json_t *o, const char *key, char hash[65], const char *where, bn_err *err)
{
	const char *text = NULL;
	int rc = bn_json_need_str(o, key, &text, where, err);
	if (rc < 0)
		return rc;
	if (strlen(text) != BN_SHA256_HEX || !bn_is_hex(text))
		return bn_err_set(err, BN_EINVAL, "%s: field '%s' is not a SHA-256", where, key);
	memcpy(hash, text, BN_SHA256_HEX + 1);
	return 0;
}

static int parse_part(bn_manifest *m, const json_t *o, const char *where, bn_err *err)
{
	static const char *const table_keys[] = {"hash", "bytes", "rows", "values", "stats", NULL};
	static const char *const file_keys[] = {"hash", "bytes", "path", "at", "tensors", NULL};
	const bool table = m->kind == BN_MANIFEST_TABLE;
	bn_manifest_part p = {.whole = true};
	const char *path = NULL;
	int rc = read_hash(o, "hash", p.hash, where, err);
	if (rc < 0 || (rc = need_size(o, "bytes", &p.bytes, where, err)) < 0)
		goto out;
	if (table) {
		p.values = json_object_get(o, "values");
		p.stats = json_object_get(o, "stats");
		rc = need_size(o, "rows", &p.rows, where, err);
	} else {
		p.tensors = json_object_get(o, "tensors");
		p.whole = !json_object_get(o, "at");
		if ((rc = bn_json_need_str(o, "path", &path, where, err)) < 0)
			goto out;
		if (!p.whole)
			rc = need_size(o, "at", &p.at, where, err);
		p.path = (char *)(uintptr_t)path;
	}
	if (rc < 0 ||
		(rc = bn_manifest_keep_more(&p.more, o, table ? table_keys : file_keys, err)) < 0)
		goto out;
	if ((rc = bn_manifest_add(m, &p, err)) < 0)
		bn_err_prefix(err, "%s", where);
out:
	json_decref(p.more);
	return rc;
}

int bn_manifest_parse_parts(bn_manifest *m, const json_t *o, const char *name, bn_err *err)
{
	char where[160];
	json_t *parts = NULL;
	int rc = bn_json_need_array(o, "parts", &parts, name, err);
	if (rc < 0)
		return rc;
	if (json_array_size(parts) > BN_MANIFEST_PARTS)
		return bn_err_set(err, BN_EINVAL, "%s: field 'parts' has more than %d entries",
			name, BN_MANIFEST_PARTS);
	for (size_t i = 0; i < json_array_size(parts); i++) {
		snprintf(where, sizeof where, "%.100s: parts[%zu]", name, i);
		if ((rc = parse_part(m, json_array_get(parts, i), where, err)) < 0)
			return rc;
	}
	return 0;
}

static int parse_file(bn_manifest *m, const json_t *file, const char *where, bn_err *err)
{
	static const char *const keys[] = {"path", "sha256", "size", NULL};
	bn_manifest_part p = {.whole = true};
	const char *path = NULL;
	int rc = bn_json_need_str(file, "path", &path, where, err);
	if (rc < 0)
		return rc;
	if ((rc = read_hash(file, "sha256", p.hash, where, err)) < 0)
		return rc;
	if ((rc = need_size(file, "size", &p.bytes, where, err)) < 0)
		return rc;
	if ((rc = bn_manifest_keep_more(&p.more, file, keys, err)) < 0)
		return rc;
	p.path = (char *)(uintptr_t)path;
	if ((rc = bn_manifest_add(m, &p, err)) < 0)
		bn_err_prefix(err, "%s", where);
	json_decref(p.more);
	return rc;
}

static int parse_files(bn_manifest *m, const json_t *o, const char *name, bn_err *err)
{
	static const char *const top[] = {"files", NULL};
	char where[160];
	json_t *files = NULL;
	int rc = bn_json_need_array(o, "files", &files, name, err);
	if (rc < 0 || (rc = bn_manifest_keep_more(&m->more, o, top, err)) < 0)
		return rc;
	for (size_t i = 0; i < json_array_size(files); i++) {
		snprintf(where, sizeof where, "%.100s: files[%zu]", name, i);
		if ((rc = parse_file(m, json_array_get(files, i), where, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_manifest_parse_head(bn_manifest *m, const json_t *o, const char *name, bn_err *err)
{
	static const char *const known[] = {
		"format", "kind", "content", "schema", "rows", "bytes", "parts", "groups", NULL};
	const char *kind = NULL;
	int64_t format = 0;
	int rc = bn_json_need_int(o, "format", &format, name, err);
	if (rc < 0)
		return rc;
	if (format != 1) {
		rc = bn_err_set(err, BN_EUNSUPPORTED,
			"%s: field 'format' is %" PRId64 ", this program supports 1", name, format);
		bn_err_hint(err, "a newer binnacle made it");
		return rc;
	}
	if ((rc = bn_json_need_str(o, "kind", &kind, name, err)) < 0)
		return rc;
	if (kind_parse(&m->kind, kind) < 0)
		return bn_err_set(
			err, BN_EUNSUPPORTED, "%s: field 'kind': '%.40s' is not known", name, kind);
	return bn_manifest_keep_more(&m->more, o, known, err);
}

int bn_manifest_parse_schema(bn_manifest *m, const json_t *o, const char *name, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	json_t *schema = NULL;
	int rc;
	if (m->kind != BN_MANIFEST_TABLE)
		return 0;
	if ((rc = bn_json_need_array(o, "schema", &schema, name, err)) < 0 ||
		(rc = bn_json_canonical(schema, &text, err)) < 0)
		goto out;
	if (!(m->schema = bn_buf_take(&text, NULL)))
		rc = bn_err_nomem(err, "a manifest");
out:
	bn_buf_release(&text);
	return rc;
}

/* Compares the head with the sums over the parts. */
int bn_manifest_check_totals(bn_manifest *m, const json_t *o, const char *name, bn_err *err)
{
	char content[65];
	uint64_t bytes = 0, rows = 0;
	int rc = read_hash(o, "content", content, name, err);
	if (rc < 0)
		return rc;
	if ((rc = need_size(o, "bytes", &bytes, name, err)) < 0)
		return rc;
	if (m->kind == BN_MANIFEST_TABLE && (rc = need_size(o, "rows", &rows, name, err)) < 0)
		return rc;
	if ((rc = bn_manifest_seal(m, err)) < 0) {
		bn_err_prefix(err, "%s", name);
		return rc;
	}
	if (bytes != m->bytes || rows != m->rows)
		return bn_err_set(err, BN_EINVAL, "%s: field '%s' is not the sum of the parts",
			name, bytes != m->bytes ? "bytes" : "rows");
	if (strcmp(content, m->content) != 0)
		return bn_err_set(err, BN_EINVAL,
			"%s: field 'content' is %.12s, the parts give %.12s", name, content,
			m->content);
	return 0;
}

static int parse_whole(bn_manifest *m, const json_t *o, const char *name, bn_err *err)
{
	int rc = bn_manifest_parse_head(m, o, name, err);
	if (rc < 0)
		return rc;
	if (json_object_get(o, "groups"))
		return bn_err_set(err, BN_EUNSUPPORTED, "%s: its parts are in groups", name);
	if ((rc = bn_manifest_parse_schema(m, o, name, err)) < 0 ||
		(rc = bn_manifest_parse_parts(m, o, name, err)) < 0)
		return rc;
	return bn_manifest_check_totals(m, o, name, err);
}

int bn_manifest_from_json(bn_manifest *out, const json_t *o, const char *name, bn_err *err)
{
	int rc = 0;
	bn_manifest_init(out, BN_MANIFEST_TABLE);
	if (!json_is_object(o)) {
		rc = bn_err_set(err, BN_EINVAL, "%s: a manifest is a JSON object", name);
	} else if (!json_object_get(o, "format") && json_object_get(o, "files")) {
		out->kind = BN_MANIFEST_MODEL;
		out->format = 0;
		if ((rc = parse_files(out, o, name, err)) < 0)
			goto failed;
		if ((rc = bn_manifest_seal(out, err)) < 0)
			bn_err_prefix(err, "%s", name);
	} else {
		rc = parse_whole(out, o, name, err);
	}
failed:
	if (rc < 0)
		bn_manifest_release(out);
	return rc;
}

int bn_manifest_parse(bn_manifest *out, const char *text, size_t n, const char *name, bn_err *err)
{
	json_t *o = NULL;
	bn_manifest_init(out, BN_MANIFEST_TABLE);
	if (n > BN_MANIFEST_BYTES)
		return bn_err_set(err, BN_EINVAL, "%s: %zu bytes; the limit is %d", name, n,
			BN_MANIFEST_BYTES);
	int rc = bn_json_parse(&o, text, n, name, err);
	if (rc < 0)
		return rc;
	rc = bn_manifest_from_json(out, o, name, err);
	json_decref(o);
	return rc;
}
