/*
 * arrow_schema.c - converts Arrow's Schema message to bn_schema, with the layout of each column
 * in the file.
 *
 * It accepts more than we write, so that files of pandas, polars and R can be read: structs are flattened to
 * columns by path, maps are lists of their keys and values, dictionaries of other types than strings (and all
 * dictionaries in lists) are read as their values, half floats as floats, coarser times as nanoseconds. Types
 * without an exact equivalent in bn_type are refused by name.
 *
 * The fields are walked in the order of their nodes and buffers in a record batch. A walk keeps the enclosing
 * structs since the innermost list, and the lists. At a leaf a column is built from these.
 */
#include "core/base/utf8.h"
#include "core/table/_arrow.h"

#include <string.h>

#define NESTED_MAX 32        /* structs and lists around a leaf */
#define COLUMNS_MAX 1048576u /* limit of flattened columns */

/* By number in the Type union of Schema.fbs. */
static const char *const arrow_type_names[] = {"none", "null", "int", "floating point", "binary",
	"utf8", "bool", "decimal", "date", "time", "timestamp", "interval", "list", "struct",
	"union", "fixed-size binary", "fixed-size list", "map", "duration", "large binary",
	"large utf8", "large list", "run-end encoded", "binary view", "utf8 view", "list view",
	"large list view"};

static int unsupported(const char *name, const char *what, bn_err *err)
{
	bn_err_set(err, BN_EUNSUPPORTED, "column '%s': Arrow type %s is not supported", name, what);
	bn_err_hint(err, "cast the column to a number, bool, time, string, dictionary or list, or "
			 "leave it out");
	return BN_EUNSUPPORTED;
}

size_t bn_phys_buffers(bn_phys phys)
{
	switch (phys) {
	case PHYS_NULL:
		return 0;
	case PHYS_FIXED_LIST:
		return 1;
	case PHYS_TEXT:
	case PHYS_LARGE_TEXT:
	case PHYS_LIST_VIEW:
	case PHYS_LARGE_LIST_VIEW:
		return 3;
	default:
		return 2;
	}
}

/* ---- types of values ------------------------------------------------------------------------ */

static int read_int(bn_fb_table t, const char *name, bn_phys *phys, bn_type *type, bn_err *err)
{
	static const struct {
		int64_t bits;
		bn_phys phys[2]; /* unsigned, signed */
		bn_type type[2];
	} ints[] = {{8, {PHYS_U8, PHYS_I8}, {BN_TYPE_UINT8, BN_TYPE_INT8}},
		{16, {PHYS_U16, PHYS_I16}, {BN_TYPE_UINT16, BN_TYPE_INT16}},
		{32, {PHYS_U32, PHYS_I32}, {BN_TYPE_UINT32, BN_TYPE_INT32}},
		{64, {PHYS_U64, PHYS_I64}, {BN_TYPE_UINT64, BN_TYPE_INT64}}};
	int64_t bits = bn_fb_int(t, 0, 4, 0);
	bool is_signed = bn_fb_int(t, 1, 1, 0) != 0;

	for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
		if (ints[i].bits != bits)
			continue;
		*phys = ints[i].phys[is_signed];
		*type = ints[i].type[is_signed];
		return 0;
	}
	return bn_err_set(
		err, BN_ECORRUPT, "column '%s': an integer of %lld bits", name, (long long)bits);
}

static int read_float(bn_fb_table t, const char *name, bn_arrow_column *c, bn_field *f, bn_err *err)
{
	static const bn_phys phys[] = {PHYS_F16, PHYS_F32, PHYS_F64};
	int64_t precision = bn_fb_int(t, 0, 2, 0);

	if (precision < 0 || precision > 2)
		return bn_err_set(err, BN_ECORRUPT, "column '%s': unknown precision", name);
	c->phys = phys[precision];
	f->type = precision == 2 ? BN_TYPE_FLOAT64 : BN_TYPE_FLOAT32;
	return 0;
}

static const int64_t ns_per_unit[] = {1000000000, 1000000, 1000, 1};

static int read_unit(int64_t unit, const char *name, bn_arrow_column *c, bn_err *err)
{
	if (unit < 0 || unit > 3)
		return bn_err_set(err, BN_ECORRUPT, "column '%s': unknown time unit", name);
	c->scale = ns_per_unit[unit];
	c->phys = PHYS_I64;
	return 0;
}

/* Other names of UTC are UTC. */
static int read_zone(bn_fb_table t, const char *name, bn_field *f, bn_err *err)
{
	static const char *const utc[] = {"UTC", "Etc/UTC", "utc", "Z", "+00:00", "GMT"};
	const char *s = "";
	size_t n = 0;

	bn_fb_string(t, 1, &s, &n);
	for (size_t i = 0; i < sizeof utc / sizeof *utc; i++)
		if (strlen(utc[i]) == n && !memcmp(utc[i], s, n))
			return 0;
	if (!bn_utf8_is_valid(s, n) || memchr(s, 0, n))
		return bn_err_set(
			err, BN_ECORRUPT, "column '%s': its time zone is not UTF-8", name);
	f->zone = bn_strndup(s, n);
	return f->zone ? 0 : bn_err_nomem(err, "an Arrow schema");
}

static int read_time(
	int64_t id, bn_fb_table t, const char *name, bn_arrow_column *c, bn_field *f, bn_err *err)
{
	int rc;

	switch (id) {
	case ARROW_DATE: /* scale 0: date or timestamp, depending on the values */
		f->type = BN_TYPE_DATE;
		c->phys = bn_fb_int(t, 0, 2, 1) == 0 ? PHYS_I32 : PHYS_I64;
		c->scale = c->phys == PHYS_I32;
		return 0;
	case ARROW_TIME:
		f->type = BN_TYPE_TIME;
		if ((rc = read_unit(bn_fb_int(t, 0, 2, 1), name, c, err)) < 0)
			return rc;
		c->phys = bn_fb_int(t, 1, 4, 32) == 32 ? PHYS_I32 : PHYS_I64;
		return 0;
	case ARROW_DURATION:
		f->type = BN_TYPE_DURATION;
		return read_unit(bn_fb_int(t, 0, 2, 1), name, c, err);
	default:
		f->type = BN_TYPE_TIMESTAMP;
		if ((rc = read_unit(bn_fb_int(t, 0, 2, 0), name, c, err)) < 0)
			return rc;
		return read_zone(t, name, f, err);
	}
}

static int read_decimal(
	bn_fb_table t, const char *name, bn_arrow_column *c, bn_field *f, bn_err *err)
{
	int64_t precision = bn_fb_int(t, 0, 4, 0), scale = bn_fb_int(t, 1, 4, 0);
	int64_t bits = bn_fb_int(t, 2, 4, 128);
	char what[48];

	if (bits != 32 && bits != 64 && bits != 128 && bits != 256)
		return bn_err_set(err, BN_ECORRUPT, "column '%s': a decimal of %lld bits", name,
			(long long)bits);
	snprintf(what, sizeof what, "decimal(%d,%d)", (int)precision, (int)scale);
	/* A negative scale counts hundreds, thousands: their zeros become digits. */
	int64_t zeros = scale < 0 ? -scale : 0;
	if (precision < 1 || zeros > BN_DECIMAL_DIGITS || precision + zeros > BN_DECIMAL_DIGITS ||
		scale > precision)
		return unsupported(name, what, err);
	c->scale = zeros;
	precision += zeros;
	scale += zeros;
	c->phys = PHYS_DECIMAL;
	c->width = (size_t)bits / 8;
	f->type = BN_TYPE_DECIMAL;
	f->precision = (uint8_t)precision;
	f->scale = (uint8_t)scale;
	return 0;
}

static int read_fixed_bytes(
	bn_fb_table t, const char *name, bn_arrow_column *c, bn_field *f, bn_err *err)
{
	int64_t width = bn_fb_int(t, 0, 4, 0);

	if (width < 0 || width > INT32_MAX)
		return bn_err_set(err, BN_ECORRUPT, "column '%s': values of %lld bytes", name,
			(long long)width);
	c->phys = PHYS_FIXED_BYTES;
	c->width = (size_t)width;
	f->type = BN_TYPE_BINARY;
	return 0;
}

/* The value type of a field without child fields. */
static int read_leaf(
	bn_fb_table field, const char *name, bn_arrow_column *c, bn_field *f, bn_err *err)
{
	int64_t id = bn_fb_int(field, FIELD_TYPE_TYPE, 1, 0);
	bn_fb_table t = bn_fb_child(field, FIELD_TYPE);

	switch (id) {
	case ARROW_NULL:
		c->phys = PHYS_NULL;
		f->type = BN_TYPE_FLOAT64;
		return 0;
	case ARROW_INT:
		return read_int(t, name, &c->phys, &f->type, err);
	case ARROW_FLOAT:
		return read_float(t, name, c, f, err);
	case ARROW_BOOL:
		c->phys = PHYS_BOOL;
		f->type = BN_TYPE_BOOL;
		return 0;
	case ARROW_UTF8:
	case ARROW_LARGE_UTF8:
	case ARROW_UTF8_VIEW:
		f->type = BN_TYPE_STRING;
		c->phys = id == ARROW_UTF8_VIEW ? PHYS_TEXT_VIEW : PHYS_LARGE_TEXT;
		c->phys = id == ARROW_UTF8 ? PHYS_TEXT : c->phys;
		return 0;
	case ARROW_BINARY:
	case ARROW_LARGE_BINARY:
	case ARROW_BINARY_VIEW:
		f->type = BN_TYPE_BINARY;
		c->phys = id == ARROW_BINARY_VIEW ? PHYS_TEXT_VIEW : PHYS_LARGE_TEXT;
		c->phys = id == ARROW_BINARY ? PHYS_TEXT : c->phys;
		return 0;
	case ARROW_FIXED_BINARY:
		return read_fixed_bytes(t, name, c, f, err);
	case ARROW_DECIMAL:
		return read_decimal(t, name, c, f, err);
	case ARROW_DATE:
	case ARROW_TIME:
	case ARROW_TIMESTAMP:
	case ARROW_DURATION:
		return read_time(id, t, name, c, f, err);
	default:
		if (id < 1 || id >= (int64_t)(sizeof arrow_type_names / sizeof *arrow_type_names))
			return bn_err_set(err, BN_ECORRUPT, "column '%s': Arrow type number %lld",
				name, (long long)id);
		return unsupported(name, arrow_type_names[id], err);
	}
}

/* ---- the walk ------------------------------------------------------------------------------- */

/* An enclosing list, linked to the lists around it. */
typedef struct around {
	bn_arrow_column layout; /* of the list; its child is created at the leaf */
	bn_type type;           /* LIST, FIXED */
	uint32_t fixed_size;
	bool nullable;
	const struct around *outer;
} around;

/* The position of a walk in the schema. */
typedef struct walk {
	bn_schema *schema;
	bn_arrow_layout *out;
	size_t column; /* of the file, for messages */
	const bn_arrow_parent *parents;
	const around *lists;
	int depth, list_depth;
	bool nullable; /* a struct since the innermost list is */
	bool plain;    /* only lists around: the name is still one step */
} walk;

static char *dup_text(const char *s, size_t n, const char *what, size_t i, bn_err *err)
{
	if (!bn_utf8_is_valid(s, n) || memchr(s, 0, n)) {
		bn_err_set(err, BN_ECORRUPT, "the %s of column %zu is not UTF-8", what, i + 1);
		return NULL;
	}
	char *copy = bn_strndup(s, n);
	if (!copy)
		bn_err_nomem(err, "an Arrow schema");
	return copy;
}

/* The value of key in a list of KeyValue tables, as a copy; NULL if there is none. */
static char *find_metadata(bn_fb_vector list, const char *key, size_t column, bn_err *err)
{
	for (size_t i = 0; i < list.count; i++) {
		bn_fb_table kv = bn_fb_list_table(list, i);
		const char *k, *v;
		size_t nk, nv;
		if (bn_fb_string(kv, KV_KEY, &k, &nk) && nk == strlen(key) && !memcmp(k, key, nk) &&
			bn_fb_string(kv, KV_VALUE, &v, &nv))
			return dup_text(v, nv, key, column, err);
	}
	return NULL;
}

/* Takes the next position of the record batch. */
static bn_arrow_place take_place(bn_arrow_layout *out, bn_phys phys)
{
	bn_arrow_place place = {out->nodes++, out->buffers, out->views};

	out->buffers += bn_phys_buffers(phys);
	out->views += phys == PHYS_TEXT_VIEW;
	return place;
}

/* Adds the column to the schema, with its type wrapped into the enclosing lists. field's type is moved. */
static int add_leaf(const walk *w, const char *name, char *unit, char *read,
	const bn_arrow_column *layout, bn_field *field, bn_err *err)
{
	bn_arrow_layout *out = w->out;
	bn_arrow_column column = *layout;
	bn_field whole = *field;
	int rc = 0;

	*field = (bn_field){0};
	for (const around *a = w->lists; a; a = a->outer) {
		bn_arrow_column *inner = bn_arena_alloc(&out->arena, sizeof *inner);
		bn_field *child = bn_alloc_zeroed(1, sizeof *child);
		if (!inner || !child) {
			bn_free(child);
			rc = bn_err_nomem(err, "an Arrow schema");
			goto out;
		}
		*inner = column;
		column = a->layout;
		column.child = inner;
		*child = whole;
		whole = (bn_field){.type = a->type,
			.fixed_size = a->fixed_size,
			.nullable = a->nullable,
			.child = child};
	}
	if (w->schema->count >= COLUMNS_MAX) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "more than %u columns", COLUMNS_MAX);
		goto out;
	}
	if (bn_grow(&out->columns, &out->column_cap, w->schema->count + 1, sizeof column)) {
		rc = bn_err_nomem(err, "an Arrow schema");
		goto out;
	}
	out->columns[w->schema->count] = column;
	whole.unit = unit;
	whole.read = read;
	rc = bn_schema_add_field(w->schema, &whole, name, err);
	whole.unit = whole.read = NULL;
	if (rc == BN_ECONFLICT || rc == BN_EINVAL) {
		bn_err_hint(err, "rename one of them");
		rc = BN_EUNSUPPORTED;
	}
out:
	bn_field_release(&whole);
	return rc;
}

/* A field with a dictionary: codes in the record batch, values elsewhere. */
static int read_coded(const walk *w, bn_fb_table field, bn_fb_table encoding, const char *name,
	bn_arrow_column *c, bn_field *f, bn_err *err)
{
	bn_fb_table index = bn_fb_child(encoding, DICTENC_INDEX);
	bn_arrow_layout *out = w->out;
	bn_type code_type;
	int rc;

	if (bn_fb_list(field, FIELD_CHILDREN, 4).count)
		return unsupported(name, "dictionary of lists or structs", err);
	if (bn_grow(&out->dicts, &out->dict_cap, out->dict_count + 1, sizeof *out->dicts))
		return bn_err_nomem(err, "an Arrow schema");
	bn_arrow_dict_field *d = &out->dicts[out->dict_count++];
	*d = (bn_arrow_dict_field){0};
	if ((rc = read_leaf(field, name, &d->layout, &d->field, err)) < 0 ||
		(rc = bn_field_copy_type(f, &d->field, err)) < 0)
		return rc;
	d->layout.dict_id = c->dict_id = bn_fb_int(encoding, DICTENC_ID, 8, 0);
	if (d->layout.scale == 0 && f->type == BN_TYPE_DATE)
		return unsupported(name, "dictionary of dates in milliseconds", err);
	c->coded = true;
	c->phys = PHYS_I32; /* the default of the format */
	if (index.fb && (rc = read_int(index, name, &c->phys, &code_type, err)) < 0)
		return rc;
	if (f->type == BN_TYPE_STRING && !w->lists)
		f->type = BN_TYPE_CATEGORY;
	return 0;
}

static int walk_field(const walk *w, bn_fb_table field, const char *name, bn_err *err);

static int walk_leaf(const walk *w, bn_fb_table field, const char *name, bool nullable, bn_err *err)
{
	bn_arrow_column c = {.parents = w->parents};
	bn_field f = {0};
	bn_err local = BN_ERR_INIT;
	bn_fb_table encoding = bn_fb_child(field, FIELD_DICTIONARY);
	bn_fb_vector metadata = bn_fb_list(field, FIELD_METADATA, 4);
	char *unit = find_metadata(metadata, "unit", w->column, &local);
	char *read = local.code ? NULL : find_metadata(metadata, BN_ARROW_READ, w->column, &local);
	int rc = local.code;

	if (rc < 0)
		goto out;
	rc = encoding.fb ? read_coded(w, field, encoding, name, &c, &f, &local)
			 : read_leaf(field, name, &c, &f, &local);
	if (rc < 0)
		goto out;
	f.nullable = nullable;
	c.place = take_place(w->out, c.phys);
	rc = add_leaf(w, name, unit, read, &c, &f, &local);
out:
	if (rc < 0)
		bn_err_recode(err, &local, rc);
	bn_field_release(&f);
	bn_free(unit);
	bn_free(read);
	return rc;
}

/* Appends a step to name, escaping dots in either ("outer": name is one step too). */
static char *path_of(const char *name, bool outer, const char *step)
{
	bn_buf b = BN_BUF_INIT;

	for (const char *s = name; *s; s++) {
		if (outer && (*s == '.' || *s == '\\'))
			bn_buf_addch(&b, '\\');
		bn_buf_addch(&b, *s);
	}
	bn_buf_addch(&b, '.');
	for (const char *s = step; *s; s++) {
		if (*s == '.' || *s == '\\')
			bn_buf_addch(&b, '\\');
		bn_buf_addch(&b, *s);
	}
	return bn_buf_take(&b, NULL);
}

static int walk_struct(
	const walk *w, bn_fb_table field, const char *name, bool nullable, bool is_map, bn_err *err)
{
	bn_fb_vector children = bn_fb_list(field, FIELD_CHILDREN, 4);
	bn_arrow_parent *parent = bn_arena_alloc(&w->out->arena, sizeof *parent);
	walk inner = *w;

	if (!parent)
		return bn_err_nomem(err, "an Arrow schema");
	if (!children.count)
		return unsupported(name, "struct without fields", err);
	if (is_map && children.count != 2)
		return bn_err_set(
			err, BN_ECORRUPT, "column '%s': a map of %zu fields", name, children.count);
	*parent = (bn_arrow_parent){.place = take_place(w->out, PHYS_FIXED_LIST), .up = w->parents};
	inner.parents = parent;
	inner.plain = false;
	inner.nullable = nullable;
	inner.depth++;
	for (size_t i = 0; i < children.count; i++) {
		bn_fb_table child = bn_fb_list_table(children, i);
		bn_err local = BN_ERR_INIT;
		const char *s = i ? "value" : "key";
		size_t n = strlen(s);
		if (!child.fb)
			return bn_err_set(err, BN_ECORRUPT, "column '%s' is damaged", name);
		if (!is_map && !bn_fb_string(child, FIELD_NAME, &s, &n))
			n = 0;
		char *step = dup_text(s, n, "name", w->column, &local);
		char *path = step ? path_of(name, w->depth == 0 || w->plain, step) : NULL;
		if (step && !path)
			bn_err_nomem(&local, "an Arrow schema");
		int rc = path ? walk_field(&inner, child, path, &local) : local.code;
		bn_free(step);
		bn_free(path);
		if (rc < 0)
			return bn_err_recode(err, &local, rc);
	}
	return 0;
}

static int walk_list(
	const walk *w, bn_fb_table field, int64_t id, const char *name, bool nullable, bn_err *err)
{
	bn_fb_vector children = bn_fb_list(field, FIELD_CHILDREN, 4);
	bn_fb_table child = children.count == 1 ? bn_fb_list_table(children, 0) : (bn_fb_table){0};
	around list = {.type = BN_TYPE_LIST, .nullable = nullable, .outer = w->lists};
	walk inner = *w;
	char what[40];

	if (!child.fb)
		return bn_err_set(err, BN_ECORRUPT, "column '%s': a list of %zu fields", name,
			children.count);
	if (w->list_depth == BN_LIST_DEPTH_MAX) {
		snprintf(what, sizeof what, "list, more than %d deep,", BN_LIST_DEPTH_MAX);
		return unsupported(name, what, err);
	}
	list.layout.phys = id == ARROW_LARGE_LIST ? PHYS_LARGE_LIST : PHYS_LIST;
	if (id == ARROW_LIST_VIEW || id == ARROW_LARGE_LIST_VIEW)
		list.layout.phys = id == ARROW_LIST_VIEW ? PHYS_LIST_VIEW : PHYS_LARGE_LIST_VIEW;
	if (id == ARROW_FIXED_LIST) {
		int64_t n = bn_fb_int(bn_fb_child(field, FIELD_TYPE), 0, 4, 0);
		snprintf(what, sizeof what, "fixed-size list of %lld", (long long)n);
		if (n < 1 || n > BN_FIXED_SIZE_MAX)
			return unsupported(name, what, err);
		list.layout.phys = PHYS_FIXED_LIST;
		list.type = BN_TYPE_FIXED;
		list.fixed_size = (uint32_t)n;
	}
	list.layout.parents = w->parents;
	list.layout.place = take_place(w->out, list.layout.phys);
	inner.lists = &list;
	inner.parents = NULL;
	inner.nullable = false;
	inner.depth++;
	inner.list_depth++;
	inner.plain = w->depth == 0 || w->plain;
	if (id == ARROW_MAP && bn_fb_int(child, FIELD_TYPE_TYPE, 1, 0) == ARROW_STRUCT)
		return walk_struct(&inner, child, name, bn_fb_int(child, FIELD_NULLABLE, 1, 0) != 0,
			true, err);
	return walk_field(&inner, child, name, err);
}

static int walk_field(const walk *w, bn_fb_table field, const char *name, bn_err *err)
{
	int64_t id = bn_fb_int(field, FIELD_TYPE_TYPE, 1, 0);
	bool nullable = w->nullable || bn_fb_int(field, FIELD_NULLABLE, 1, 0) != 0;

	if (w->depth == NESTED_MAX)
		return unsupported(name, "nested that deep", err);
	if (bn_fb_child(field, FIELD_DICTIONARY).fb)
		return walk_leaf(w, field, name, nullable, err);
	switch (id) {
	case ARROW_STRUCT:
		return walk_struct(w, field, name, nullable, false, err);
	case ARROW_LIST:
	case ARROW_LARGE_LIST:
	case ARROW_LIST_VIEW:
	case ARROW_LARGE_LIST_VIEW:
	case ARROW_FIXED_LIST:
	case ARROW_MAP:
		return walk_list(w, field, id, name, nullable, err);
	default:
		return walk_leaf(w, field, name, nullable, err);
	}
}

/* ---- the schema ----------------------------------------------------------------------------- */

static int read_metadata(bn_fb_table t, bn_schema *schema, bn_err *err)
{
	bn_fb_vector list = bn_fb_list(t, SCHEMA_METADATA, 4);
	int rc = 0;

	for (size_t i = 0; i < list.count && !rc; i++) {
		bn_fb_table kv = bn_fb_list_table(list, i);
		const char *k, *v;
		size_t nk, nv;
		/* Foreign metadata may be bytes, not text: those are left out. */
		if (!bn_fb_string(kv, KV_KEY, &k, &nk) || !bn_fb_string(kv, KV_VALUE, &v, &nv) ||
			!bn_utf8_is_valid(k, nk) || !bn_utf8_is_valid(v, nv) || memchr(k, 0, nk) ||
			memchr(v, 0, nv))
			continue;
		char *key = bn_strndup(k, nk), *value = bn_strndup(v, nv);
		rc = key && value ? bn_schema_set_meta(schema, key, value, err)
				  : bn_err_nomem(err, "an Arrow schema");
		bn_free(key);
		bn_free(value);
	}
	return rc;
}

void bn_arrow_layout_release(bn_arrow_layout *l)
{
	for (size_t i = 0; i < l->dict_count; i++)
		bn_field_release(&l->dicts[i].field);
	bn_free(l->dicts);
	bn_free(l->columns);
	bn_arena_release(&l->arena);
	*l = (bn_arrow_layout){0};
}

int bn_arrow_read_schema(bn_fb_table t, bn_schema *schema, bn_arrow_layout *out, bn_err *err)
{
	bn_fb_vector fields = bn_fb_list(t, SCHEMA_FIELDS, 4);
	int rc = 0;

	if (t.fb && bn_fb_int(t, SCHEMA_ENDIANNESS, 2, 0) != 0)
		return bn_err_set(err, BN_EUNSUPPORTED, "it was written big-endian");
	for (size_t i = 0; i < fields.count && !rc; i++) {
		const walk w = {.schema = schema, .out = out, .column = i};
		bn_fb_table field = bn_fb_list_table(fields, i);
		const char *s = "";
		size_t n = 0;
		bn_err local = BN_ERR_INIT;
		if (!field.fb)
			break;
		bn_fb_string(field, FIELD_NAME, &s, &n);
		char *name = dup_text(s, n, "name", i, &local);
		rc = name ? walk_field(&w, field, name, &local) : local.code;
		bn_free(name);
		if (rc < 0)
			return bn_err_recode(err, &local, rc);
	}
	if ((rc = read_metadata(t, schema, err)) < 0)
		return rc;
	if (!t.fb || t.fb->bad)
		return bn_err_set(err, BN_ECORRUPT, "its schema is damaged");
	out->only_nulls = schema->count != 0;
	for (size_t i = 0; i < schema->count; i++)
		out->only_nulls &= out->columns[i].phys == PHYS_NULL;
	return 0;
}
