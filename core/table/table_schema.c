/* table_schema.c - types and schemas; see table.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/table/table.h"

#include <string.h>

/* ---- types ---------------------------------------------------------------------------------- */

/* Indexed by bn_type; the last entry ends the list of words for bn_nearest_word. */
static const char *const type_names[BN_TYPE_COUNT + 1] = {"float64", "float32", "int64", "int32",
	"int8", "bool", "timestamp", "category", "string", NULL};
static const uint8_t type_widths[BN_TYPE_COUNT] = {8, 4, 8, 4, 1, 0, 8, 4, 0};

const char *bn_type_name(bn_type type)
{
	return (unsigned)type < BN_TYPE_COUNT ? type_names[type] : "?";
}

int bn_type_parse(bn_type *out, const char *name, bn_err *err)
{
	for (int i = 0; i < BN_TYPE_COUNT; i++) {
		if (!strcmp(name, type_names[i])) {
			*out = (bn_type)i;
			return 0;
		}
	}
	bn_err_set(err, BN_EINVAL, "no column type '%s'", name);
	const char *near = bn_nearest_word(name, type_names);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else
		bn_err_hint(err, "float64, float32, int64, int32, int8, bool, timestamp, category "
				 "or string");
	return BN_EINVAL;
}

bool bn_type_is_number(bn_type type)
{
	return type <= BN_TYPE_INT8;
}

bool bn_type_is_text(bn_type type)
{
	return type == BN_TYPE_CATEGORY || type == BN_TYPE_STRING;
}

size_t bn_type_width(bn_type type)
{
	return type_widths[type];
}

/* ---- schema --------------------------------------------------------------------------------- */

void bn_schema_release(bn_schema *s)
{
	for (size_t i = 0; i < s->count; i++) {
		bn_free(s->fields[i].name);
		bn_free(s->fields[i].unit);
	}
	for (size_t i = 0; i < s->meta_count; i++) {
		bn_free(s->meta[i].key);
		bn_free(s->meta[i].value);
	}
	bn_free(s->fields);
	bn_free(s->meta);
	bn_free(s->places);
	*s = (bn_schema)BN_SCHEMA_INIT;
}

#define PLACES_FROM 32 /* so few names are compared one by one */

static size_t name_hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* Where the name stands in the table, or the free place where it belongs. */
static size_t find_place(const bn_schema *s, const char *name)
{
	size_t mask = s->place_count - 1, at = name_hash(name) & mask;

	while (s->places[at] && strcmp(s->fields[s->places[at] - 1].name, name))
		at = (at + 1) & mask;
	return at;
}

/* Room in the table for one more name: at most half of it is taken. */
static int reserve_place(bn_schema *s, bn_err *err)
{
	size_t n = s->place_count ? s->place_count * 2 : PLACES_FROM * 4;
	bn_schema grown = *s;

	if (s->count < PLACES_FROM || (s->count + 1) * 2 <= s->place_count)
		return 0;
	if (s->count >= UINT32_MAX - 1 || !(grown.places = bn_alloc_zeroed(n, sizeof *grown.places)))
		return bn_err_nomem(err, "a column of a schema");
	grown.place_count = n;
	for (size_t i = 0; i < s->count; i++)
		grown.places[find_place(&grown, s->fields[i].name)] = (uint32_t)i + 1;
	bn_free(s->places);
	*s = grown;
	return 0;
}

int bn_schema_add(
	bn_schema *s, const char *name, bn_type type, bool nullable, const char *unit, bn_err *err)
{
	bn_field f = {NULL, NULL, type, nullable};

	if ((unsigned)type >= BN_TYPE_COUNT)
		return bn_err_set(err, BN_EINVAL, "column '%s': no such type", name);
	if (!bn_utf8_is_valid(name, strlen(name)) ||
		(unit && !bn_utf8_is_valid(unit, strlen(unit))))
		return bn_err_set(err, BN_EINVAL, "the name or unit of column %zu is not UTF-8",
			s->count + 1);
	if (bn_schema_find(s, name) != BN_SCHEMA_NONE)
		return bn_err_set(err, BN_ECONFLICT, "two columns are called '%s'", name);
	f.name = bn_strdup(name);
	f.unit = bn_strdup(unit);
	if (!f.name || (unit && !f.unit) || bn_grow(&s->fields, &s->cap, s->count + 1, sizeof f)) {
		bn_free(f.name);
		bn_free(f.unit);
		return bn_err_nomem(err, "a column of a schema");
	}
	int rc = reserve_place(s, err);
	if (rc < 0) {
		bn_free(f.name);
		bn_free(f.unit);
		return rc;
	}
	if (s->places)
		s->places[find_place(s, name)] = (uint32_t)s->count + 1;
	s->fields[s->count++] = f;
	return 0;
}

int bn_schema_copy(bn_schema *out, const bn_schema *s, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->count && !rc; i++) {
		const bn_field *f = &s->fields[i];
		rc = bn_schema_add(out, f->name, f->type, f->nullable, f->unit, err);
	}
	for (size_t i = 0; i < s->meta_count && !rc; i++)
		rc = bn_schema_set_meta(out, s->meta[i].key, s->meta[i].value, err);
	if (rc)
		bn_schema_release(out);
	return rc;
}

size_t bn_schema_find(const bn_schema *s, const char *name)
{
	if (s->places) {
		size_t at = find_place(s, name);
		return s->places[at] ? s->places[at] - 1 : BN_SCHEMA_NONE;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (!strcmp(s->fields[i].name, name))
			return i;
	}
	return BN_SCHEMA_NONE;
}

int bn_schema_need(const bn_schema *s, const char *name, size_t *out, bn_err *err)
{
	size_t i = bn_schema_find(s, name);
	int length = (int)strlen(name), best = length < 3 ? length : 3; /* beyond is not "near" */

	if (i != BN_SCHEMA_NONE) {
		*out = i;
		return 0;
	}
	bn_err_set(err, BN_ENOTFOUND, "no column '%s'", name);
	const char *near = NULL;
	for (size_t k = 0; k < s->count; k++) {
		int d = bn_edit_distance(name, s->fields[k].name);
		if (d < best) {
			best = d;
			near = s->fields[k].name;
		}
	}
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	return BN_ENOTFOUND;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool bn_schema_equal(const bn_schema *a, const bn_schema *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const bn_field *x = &a->fields[i], *y = &b->fields[i];
		if (x->type != y->type || x->nullable != y->nullable ||
			!same_text(x->name, y->name) || !same_text(x->unit, y->unit))
			return false;
	}
	return true;
}

int bn_schema_set_meta(bn_schema *s, const char *key, const char *value, bn_err *err)
{
	char *v = bn_strdup(value), *k = NULL;

	if (!v)
		return bn_err_nomem(err, "metadata of a schema");
	for (size_t i = 0; i < s->meta_count; i++) {
		if (!strcmp(s->meta[i].key, key)) {
			bn_free(s->meta[i].value);
			s->meta[i].value = v;
			return 0;
		}
	}
	k = bn_strdup(key);
	if (!k || bn_grow(&s->meta, &s->meta_cap, s->meta_count + 1, sizeof *s->meta)) {
		bn_free(k);
		bn_free(v);
		return bn_err_nomem(err, "metadata of a schema");
	}
	s->meta[s->meta_count++] = (bn_schema_meta){k, v};
	return 0;
}

const char *bn_schema_get_meta(const bn_schema *s, const char *key)
{
	for (size_t i = 0; i < s->meta_count; i++) {
		if (!strcmp(s->meta[i].key, key))
			return s->meta[i].value;
	}
	return NULL;
}

json_t *bn_schema_json(const bn_schema *s)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < s->count; i++) {
		const bn_field *f = &s->fields[i];
		json_t *o = json_pack("{s:s, s:s, s:b, s:s?}", "name", f->name, "type",
			bn_type_name(f->type), "nullable", f->nullable, "unit", f->unit);
		if (!o || json_array_append_new(list, o)) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

int bn_schema_hash(const bn_schema *s, char out[65], bn_err *err)
{
	json_t *list = bn_schema_json(s);
	int rc = list ? bn_json_hash(list, out, err) : bn_err_nomem(err, "a schema as JSON");

	json_decref(list);
	return rc;
}
