/* table_schema.c - types and schemas; see table.h. */
#include "core/base/hash_key.h"
#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/table/table.h"

#include <string.h>

/* ---- types ---------------------------------------------------------------------------------- */

/* Indexed by bn_type; the last entry ends the list of words for bn_nearest_word. */
static const char *const type_names[BN_TYPE_COUNT + 1] = {"float64", "float32", "int64", "int32",
	"int8", "bool", "timestamp", "category", "string", "uint64", "uint32", "uint16", "uint8",
	"int16", "date", "time", "duration", "decimal", "binary", "list", "fixed", NULL};
static const uint8_t type_widths[BN_TYPE_COUNT] = {
	8, 4, 8, 4, 1, 0, 8, 4, 0, 8, 4, 2, 1, 2, 4, 8, 8, 16, 0, 0, 0};

const char *bn_type_name(bn_type type)
{
	return (unsigned)type < BN_TYPE_COUNT ? type_names[type] : "?";
}

bool bn_type_is_number(bn_type type)
{
	return type <= BN_TYPE_INT8 || (type >= BN_TYPE_UINT64 && type <= BN_TYPE_INT16) ||
	       type == BN_TYPE_DECIMAL;
}

bool bn_type_is_time(bn_type type)
{
	return type == BN_TYPE_TIMESTAMP || (type >= BN_TYPE_DATE && type <= BN_TYPE_DURATION);
}

bool bn_type_is_text(bn_type type)
{
	return type == BN_TYPE_CATEGORY || type == BN_TYPE_STRING;
}

bool bn_type_is_list(bn_type type)
{
	return type == BN_TYPE_LIST || type == BN_TYPE_FIXED;
}

bool bn_type_is_scalar(bn_type type)
{
	return bn_type_is_number(type) || bn_type_is_time(type) || type == BN_TYPE_BOOL;
}

size_t bn_type_width(bn_type type)
{
	return type_widths[type];
}

/* ---- fields --------------------------------------------------------------------------------- */

static void release_type(bn_field *f)
{
	if (f->child)
		bn_field_release(f->child);
	bn_free(f->child);
	bn_free(f->zone);
	f->child = NULL;
	f->zone = NULL;
	f->precision = f->scale = 0;
	f->fixed_size = 0;
}

void bn_field_release(bn_field *f)
{
	release_type(f);
	bn_free(f->name);
	bn_free(f->unit);
	bn_free(f->read);
	*f = (bn_field){0};
}

int bn_field_copy_type(bn_field *out, const bn_field *f, bn_err *err)
{
	int rc = 0;

	release_type(out);
	out->type = f->type;
	out->precision = f->precision;
	out->scale = f->scale;
	out->fixed_size = f->fixed_size;
	if (f->zone && !(out->zone = bn_strdup(f->zone)))
		return bn_err_nomem(err, "a column of a schema");
	if (!f->child)
		return 0;
	if (!(out->child = bn_alloc_zeroed(1, sizeof *out->child)))
		return bn_err_nomem(err, "a column of a schema");
	if ((rc = bn_field_copy(out->child, f->child, err)) < 0)
		release_type(out);
	return rc;
}

int bn_field_copy(bn_field *out, const bn_field *f, bn_err *err)
{
	int rc = bn_field_copy_type(out, f, err);

	if (rc < 0)
		return rc;
	out->nullable = f->nullable;
	out->name = bn_strdup(f->name);
	out->unit = bn_strdup(f->unit);
	out->read = bn_strdup(f->read);
	if ((f->name && !out->name) || (f->unit && !out->unit) || (f->read && !out->read)) {
		bn_field_release(out);
		return bn_err_nomem(err, "a column of a schema");
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool bn_field_same_type(const bn_field *a, const bn_field *b)
{
	if (a->type != b->type || a->precision != b->precision || a->scale != b->scale ||
		a->fixed_size != b->fixed_size || !same_text(a->zone, b->zone))
		return false;
	return !bn_type_is_list(a->type) || bn_field_same_type(a->child, b->child);
}

void bn_field_format_type(const bn_field *f, bn_buf *out)
{
	bn_buf_adds(out, bn_type_name(f->type));
	if (f->type == BN_TYPE_DECIMAL) {
		bn_buf_addf(out, "(%d,%d)", f->precision, f->scale);
	} else if (bn_type_is_list(f->type)) {
		bn_buf_adds(out, "<");
		bn_field_format_type(f->child, out);
		if (f->type == BN_TYPE_FIXED)
			bn_buf_addf(out, ",%u", (unsigned)f->fixed_size);
		bn_buf_adds(out, ">");
	}
}

const char *bn_field_type_text(const bn_field *f, char out[BN_TYPE_TEXT])
{
	bn_buf text = BN_BUF_INIT;

	bn_field_format_type(f, &text);
	snprintf(out, BN_TYPE_TEXT, "%s", text.ptr ? text.ptr : bn_type_name(f->type));
	bn_buf_release(&text);
	return out;
}

static int no_such_type(const char *name, bn_err *err)
{
	const char *near = bn_nearest_word(name, type_names);

	bn_err_set(err, BN_EINVAL, "no column type '%.60s'", name);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else
		bn_err_hint(err, "float64, float32, int64 to int8, uint64 to uint8, bool, "
				 "timestamp, date, time, "
				 "duration, decimal(10,2), category, string or binary");
	return BN_EINVAL;
}

int bn_type_parse(bn_type *out, const char *name, bn_err *err)
{
	for (int i = 0; i < BN_TYPE_DECIMAL; i++) {
		if (!strcmp(name, type_names[i])) {
			*out = (bn_type)i;
			return 0;
		}
	}
	if (!strcmp(name, type_names[BN_TYPE_BINARY])) {
		*out = BN_TYPE_BINARY;
		return 0;
	}
	return no_such_type(name, err);
}

/* A number without a sign at *s, at most `most`. */
static bool take_number(const char **s, unsigned most, unsigned *out)
{
	const char *first = *s;

	for (*out = 0; **s >= '0' && **s <= '9' && *out <= most; ++*s)
		*out = *out * 10 + (unsigned)(**s - '0');
	return *s > first && *out <= most;
}

static int parse_decimal(bn_field *f, const char **s, bn_err *err)
{
	unsigned precision = 0, scale = 0;
	bool fine = *(*s)++ == '(' && take_number(s, BN_DECIMAL_DIGITS, &precision) && precision;

	if (fine && **s == ',') {
		++*s;
		fine = take_number(s, precision, &scale);
	}
	if (!fine || *(*s)++ != ')') {
		bn_err_set(err, BN_EINVAL,
			"a decimal needs the number of digits, and of those after the point");
		bn_err_hint(err, "decimal(10,2): 1 to %d digits, 2 of them after the point",
			BN_DECIMAL_DIGITS);
		return BN_EINVAL;
	}
	f->precision = (uint8_t)precision;
	f->scale = (uint8_t)scale;
	return 0;
}

static int parse_type(bn_field *f, const char **s, int depth, bn_err *err);

/* <TYPE> of a list, <TYPE,N> of a fixed one. */
static int parse_list(bn_field *f, const char **s, int depth, bn_err *err)
{
	int rc = 0;
	unsigned n = 0;
	bool fixed = f->type == BN_TYPE_FIXED;

	if (depth == BN_LIST_DEPTH_MAX)
		return bn_err_set(err, BN_EINVAL, "lists are at most %d deep", BN_LIST_DEPTH_MAX);
	if (**s != '<')
		goto malformed;
	++*s;
	if (!(f->child = bn_alloc_zeroed(1, sizeof *f->child)))
		return bn_err_nomem(err, "a column type");
	f->child->nullable = true;
	if ((rc = parse_type(f->child, s, depth + 1, err)) < 0)
		return rc;
	if (f->child->type == BN_TYPE_CATEGORY)
		return bn_err_set(err, BN_EINVAL, "a category inside a list must be a string");
	if (fixed && (*(*s)++ != ',' || !take_number(s, BN_FIXED_SIZE_MAX, &n) || !n))
		goto malformed;
	if (*(*s)++ != '>')
		goto malformed;
	f->fixed_size = n;
	return 0;
malformed:
	bn_err_set(err, BN_EINVAL, "a list needs the type of its values");
	bn_err_hint(err, "list<float32>, or fixed<float32,3> for 3 in every row");
	return BN_EINVAL;
}

static int parse_type(bn_field *f, const char **s, int depth, bn_err *err)
{
	char name[16];
	size_t n = strcspn(*s, "(<,>");
	int type = 0;

	snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 0, *s);
	while (type < BN_TYPE_COUNT && strcmp(name, type_names[type]) != 0)
		type++;
	if (type == BN_TYPE_COUNT)
		return no_such_type(n < sizeof name ? name : *s, err);
	*s += n;
	f->type = (bn_type)type;
	if (f->type == BN_TYPE_DECIMAL)
		return parse_decimal(f, s, err);
	return bn_type_is_list(f->type) ? parse_list(f, s, depth, err) : 0;
}

int bn_field_parse_type(bn_field *f, const char *text, bn_err *err)
{
	const char *s = text;
	int rc;

	if ((rc = parse_type(f, &s, 0, err)) < 0)
		goto out;
	if (*s)
		rc = no_such_type(text, err);
out:
	if (rc < 0)
		release_type(f);
	return rc;
}

/* ---- schema --------------------------------------------------------------------------------- */

void bn_schema_release(bn_schema *s)
{
	for (size_t i = 0; i < s->count; i++)
		bn_field_release(&s->fields[i]);
	for (size_t i = 0; i < s->meta_count; i++) {
		bn_free(s->meta[i].key);
		bn_free(s->meta[i].value);
	}
	bn_free(s->fields);
	bn_free(s->meta);
	bn_free(s->places);
	*s = (bn_schema)BN_SCHEMA_INIT;
}

#define PLACES_FROM 32 /* up to this many names are compared one by one */

/* The slot of the name, or the free slot for it. */
static size_t find_place(const bn_schema *s, const char *name)
{
	size_t at = bn_hash_slot(bn_hash_key(name), s->place_count);

	while (s->places[at] && strcmp(s->fields[s->places[at] - 1].name, name))
		at = (at + 1) & (s->place_count - 1);
	return at;
}

/* Makes room for one more name: the table is at most half full. */
static int reserve_place(bn_schema *s, bn_err *err)
{
	size_t n = s->place_count ? s->place_count * 2 : PLACES_FROM * 4;
	bn_schema grown = *s;

	if (s->count < PLACES_FROM || (s->count + 1) * 2 <= s->place_count)
		return 0;
	if (s->count >= UINT32_MAX - 1 ||
		!(grown.places = bn_alloc_zeroed(n, sizeof *grown.places)))
		return bn_err_nomem(err, "a column of a schema");
	grown.place_count = n;
	for (size_t i = 0; i < s->count; i++)
		grown.places[find_place(&grown, s->fields[i].name)] = (uint32_t)i + 1;
	bn_free(s->places);
	*s = grown;
	return 0;
}

/* Whether it is a valid column type. */
static int check_type(const bn_field *f, const char *name, bn_err *err)
{
	int depth = 0;

	for (const bn_field *at = f; at; at = at->child, depth++) {
		if ((unsigned)at->type >= BN_TYPE_COUNT ||
			bn_type_is_list(at->type) != (at->child != NULL) ||
			depth > BN_LIST_DEPTH_MAX)
			return bn_err_set(err, BN_EINVAL, "column '%s': unknown type", name);
		if (at->type == BN_TYPE_DECIMAL &&
			(!at->precision || at->precision > BN_DECIMAL_DIGITS ||
				at->scale > at->precision))
			return bn_err_set(err, BN_EINVAL, "column '%s': invalid decimal(%d,%d)",
				name, at->precision, at->scale);
	}
	return 0;
}

int bn_schema_add_field(bn_schema *s, const bn_field *field, const char *name, bn_err *err)
{
	bn_field f = {0};
	int rc = 0;

	name = name ? name : field->name;
	if ((rc = check_type(field, name, err)) < 0)
		return rc;
	if (!bn_utf8_is_valid(name, strlen(name)) ||
		(field->unit && !bn_utf8_is_valid(field->unit, strlen(field->unit))))
		return bn_err_set(err, BN_EINVAL, "the name or unit of column %zu is not UTF-8",
			s->count + 1);
	if (bn_grow(&s->fields, &s->cap, s->count + 1, sizeof f))
		return bn_err_nomem(err, "a column of a schema");
	if ((rc = reserve_place(s, err)) < 0)
		return rc;
	uint32_t *place = s->places ? &s->places[find_place(s, name)] : NULL;
	if (place ? *place : bn_schema_find(s, name) != BN_SCHEMA_NONE)
		return bn_err_set(err, BN_ECONFLICT, "two columns are called '%s'", name);
	bn_field named = *field;
	named.name = (char *)(uintptr_t)name;
	if ((rc = bn_field_copy(&f, &named, err)) < 0)
		return rc;
	s->fields[s->count++] = f;
	if (place)
		*place = (uint32_t)s->count;
	return 0;
}

int bn_schema_add(
	bn_schema *s, const char *name, bn_type type, bool nullable, const char *unit, bn_err *err)
{
	const bn_field f = {.unit = (char *)(uintptr_t)unit, .type = type, .nullable = nullable};

	return bn_schema_add_field(s, &f, name, err);
}

int bn_schema_copy(bn_schema *out, const bn_schema *s, bn_err *err)
{
	int rc = 0;

	BN_BUG(out->count || out->places);
	if (bn_grow(&out->fields, &out->cap, s->count, sizeof *out->fields) ||
		bn_grow(&out->places, &out->place_count, s->place_count, sizeof *out->places)) {
		rc = bn_err_nomem(err, "the columns of a schema");
		goto out;
	}
	for (; out->count < s->count; out->count++) {
		bn_field *f = &out->fields[out->count];
		*f = (bn_field){0};
		if ((rc = bn_field_copy(f, &s->fields[out->count], err)) < 0)
			goto out;
	}
	if (s->places)
		memcpy(out->places, s->places, s->place_count * sizeof *out->places);
	rc = bn_schema_copy_meta(out, s, err);
out:
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
	bn_nearest near = bn_nearest_to(name, BN_NEAREST_CLOSE);
	size_t i = bn_schema_find(s, name);
	if (i != BN_SCHEMA_NONE) {
		*out = i;
		return 0;
	}
	for (i = 0; i < s->count; i++)
		bn_nearest_offer(&near, s->fields[i].name);
	bn_err_set(err, BN_ENOTFOUND, "no column '%s'", name);
	bn_nearest_hint(&near, err);
	return BN_ENOTFOUND;
}

bool bn_schema_equal(const bn_schema *a, const bn_schema *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const bn_field *x = &a->fields[i], *y = &b->fields[i];
		if (!bn_field_same_type(x, y) || x->nullable != y->nullable ||
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

int bn_schema_copy_meta(bn_schema *out, const bn_schema *s, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < s->meta_count; i++)
		if ((rc = bn_schema_set_meta(out, s->meta[i].key, s->meta[i].value, err)) < 0)
			return rc;
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

/* The keys are in sorted order. */
static void add_field_json(bn_buf *b, const bn_field *f)
{
	bn_buf_adds(b, "{\"name\":");
	bn_buf_add_json_string(b, f->name, strlen(f->name));
	bn_buf_adds(b, f->nullable ? ",\"nullable\":true" : ",\"nullable\":false");
	bn_buf_adds(b, ",\"type\":\"");
	bn_field_format_type(f, b);
	bn_buf_adds(b, "\",\"unit\":");
	if (f->unit)
		bn_buf_add_json_string(b, f->unit, strlen(f->unit));
	else
		bn_buf_adds(b, "null");
	if (f->zone) {
		bn_buf_adds(b, ",\"zone\":");
		bn_buf_add_json_string(b, f->zone, strlen(f->zone));
	}
	bn_buf_addch(b, '}');
}

int bn_schema_json(bn_buf *out, const bn_schema *s, bn_err *err)
{
	bn_buf_addch(out, '[');
	for (size_t i = 0; i < s->count; i++) {
		if (i)
			bn_buf_addch(out, ',');
		add_field_json(out, &s->fields[i]);
	}
	bn_buf_addch(out, ']');
	return bn_buf_check(out, err, "a schema as JSON");
}
