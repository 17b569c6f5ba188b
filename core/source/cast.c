/* cast.c - see cast.h. */
#include "core/source/cast.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/source/_csv_parts.h"
#include "core/source/cell.h"
#include "core/source/cell_form.h"
#include "core/table/dict.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define SHOWN 40 /* bytes of a value in a message */

typedef struct cast_column {
	size_t from;    /* column of the source */
	bn_type type;   /* output type */
	bn_type told;   /* requested type */
	bn_field field; /* the type in full */
	bool input;     /* input of a model */
	bn_cell_form *form; /* how text is read; NULL: as usual */
	bn_dict_builder words;
	bn_dict dict;
	bn_buf bytes;
} cast_column;

struct bn_cast {
	bn_schema schema;
	cast_column *columns;
	size_t column_count; /* their capacity */
	bn_column *made;     /* of the current batch */
	bn_batch batch;
	bn_arena arena; /* its arrays */
	char *path;
};

/* ---- one value ------------------------------------------------------------------------------ */

/* The value as a number, and exactly as an integer or decimal if it is one; absent if it means "no
 * value". */
typedef struct cast_value {
	double number;
	int64_t whole;
	bn_decimal decimal;
	unsigned scale;
	bool is_whole, is_decimal, absent, is_text;
	bool is_ready; /* `cell` is the value in the column's form */
	bn_cell cell;
} cast_value;

static bool is_float(bn_type type)
{
	return type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32;
}

static void set_number(cast_value *v, double x)
{
	v->number = x;
	v->absent = isnan(x);
	v->is_whole = x == floor(x) && fabs(x) < 0x1p63;
	v->whole = v->is_whole ? (int64_t)x : 0;
}

static bool read_text(cast_value *v, const cast_column *k, bn_text t)
{
	char plain[BN_CELL_PLAIN];

	v->is_text = true;
	v->absent = bn_cell_form_is_absent(k->form, false, t.ptr, t.len);
	if (v->absent)
		return true;
	if (!(t.ptr = bn_cell_form_plain(k->form, k->told, t.ptr, &t.len, plain)))
		return false;
	if (k->type > BN_TYPE_STRING && bn_cell_parse(&v->cell, &k->field, t.ptr, t.len)) {
		v->is_ready = true;
		return true;
	}
	if (k->type > BN_TYPE_STRING && !k->input)
		return false;
	csv_token token = bn_csv_parse_number(t.ptr, t.len, &v->whole, &v->number);
	v->is_whole = token == CSV_INT || token == CSV_BIG_INT;
	if (v->is_whole && k->told != BN_TYPE_BOOL && !bn_type_is_time(k->told))
		return true;
	if (!bn_cell_number(k->told, t.ptr, t.len, &v->number))
		return false;
	set_number(v, v->number);
	return true;
}

#define DAY_NS INT64_C(86400000000000)

/* Converts between time types: only dates and timestamps are equivalent. */
static bool read_time(cast_value *v, bn_type from, bn_type told)
{
	if (from == BN_TYPE_DATE && told == BN_TYPE_TIMESTAMP)
		return !__builtin_mul_overflow(v->whole, DAY_NS, &v->whole);
	if (from == BN_TYPE_TIMESTAMP && told == BN_TYPE_DATE) {
		bool day = v->whole % DAY_NS == 0;
		v->whole /= DAY_NS;
		return day;
	}
	return from == told;
}

static bool read_value(cast_value *v, const cast_column *k, const bn_column *c, size_t row)
{
	*v = (cast_value){0};
	bool reads = true;
	if (bn_type_is_text(c->type))
		reads = read_text(v, k, bn_column_text(c, row));
	else if (is_float(c->type))
		set_number(v, bn_column_number(c, row));
	if (bn_type_is_text(c->type) || is_float(c->type))
		return reads;
	if (!bn_type_is_scalar(c->type))
		return false;
	v->is_whole = bn_column_int(c, row, &v->whole);
	v->number = v->is_whole ? (double)v->whole : bn_column_number(c, row);
	v->is_decimal = c->type == BN_TYPE_DECIMAL;
	if (v->is_decimal) {
		v->decimal = c->dec[row];
		v->scale = c->scale;
		v->is_whole = bn_decimal_int(v->decimal, v->scale, &v->whole);
	}
	if (bn_type_is_time(c->type) && bn_type_is_time(k->told)) {
		bool same = read_time(v, c->type, k->told);
		v->number = (double)v->whole;
		return same;
	}
	/* Only a model's input defines the unit of a time given as a number. */
	return k->input || bn_type_is_time(c->type) == bn_type_is_time(k->told);
}

/* A decimal with the column's digits. For a float, that of its shortest text. */
static bool make_decimal(cast_value *v, const cast_column *k)
{
	char text[BN_FMT];

	if (v->is_decimal || v->is_whole) {
		v->cell.d = v->is_decimal ? v->decimal : bn_decimal_of(v->whole);
		return bn_decimal_rescale(&v->cell.d, v->is_decimal ? v->scale : 0, k->field.scale,
			k->field.precision);
	}
	bn_fmt_f64(v->number, text);
	return bn_decimal_parse(&v->cell.d, text, strlen(text), k->field.precision, k->field.scale);
}

/* Whether it is exactly a value of that type. Then it is in `cell`. */
static bool value_fits(cast_value *v, const cast_column *k)
{
	if (v->is_ready)
		return true;
	switch (k->type) {
	case BN_TYPE_FLOAT64:
		v->cell.f = v->number;
		if (k->input)
			return isfinite(v->number) || is_float(k->told);
		return v->is_text || !v->is_whole ||
		       (fabs(v->number) < 0x1p63 && (int64_t)v->number == v->whole);
	case BN_TYPE_FLOAT32:
		v->cell.f = v->number;
		if (v->is_text)
			return isfinite(v->number) == isfinite((float)v->number);
		return (double)(float)v->number == v->number;
	case BN_TYPE_DECIMAL:
		return make_decimal(v, k);
	default:
		v->cell.i = v->whole;
		return v->is_whole && bn_cell_int_fits(k->type, v->whole);
	}
}

static void store(uint8_t *values, bn_type type, size_t row, const cast_value *v)
{
	if (type == BN_TYPE_BOOL)
		values[row >> 3] |= (uint8_t)(v->cell.i << (row & 7));
	else
		bn_cell_store(values, type, row, &v->cell);
}

/* ---- one column ----------------------------------------------------------------------------- */

/* The expected form of c's values, for messages. */
static const char *wanted(const cast_column *k, const bn_column *c)
{
	if (!is_float(k->told) || !bn_type_is_number(c->type))
		return bn_cell_wanted(k->told);
	return k->told == BN_TYPE_FLOAT32 ? "exactly a float32" : "exactly a float64";
}

static int misfit(const bn_cast *cast, const cast_column *k, const bn_column *c, size_t row,
	uint64_t first_row, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	const char *name = "";
	for (size_t i = 0; i < cast->schema.count; i++)
		if (&cast->columns[i] == k)
			name = cast->schema.fields[i].name;
	bn_column_format(c, row, &text);
	bn_err_set(err, BN_EINVAL, "%s: row %" PRIu64 ": column '%.80s': \"%.*s\" is not %s",
		cast->path, first_row + row + 1, name, text.len > SHOWN ? SHOWN : (int)text.len,
		text.ptr ? text.ptr : "", wanted(k, c));
	bn_buf_release(&text);
	return BN_EINVAL;
}

static int cast_numbers(bn_cast *cast, cast_column *k, bn_column *out, const bn_column *c,
	uint64_t first_row, bn_err *err)
{
	size_t rows = c->rows;
	size_t width = k->type == BN_TYPE_BOOL ? 1 : bn_type_width(k->type);
	uint8_t *values = bn_arena_alloc(&cast->arena, rows * width + 8);
	uint8_t *validity = bn_arena_alloc(&cast->arena, rows / 8 + 1);
	cast_value v;
	if (!values || !validity)
		return bn_err_nomem(err, "the columns of a batch");
	memset(values, 0, rows * width + 8);
	memset(validity, 0xff, rows / 8 + 1);
	for (size_t r = 0; r < rows; r++) {
		bool there = !bn_column_is_null(c, r);
		if (there && !read_value(&v, k, c, r))
			return misfit(cast, k, c, r, first_row, err);
		there = there && !v.absent;
		if (there && !value_fits(&v, k))
			return misfit(cast, k, c, r, first_row, err);
		if (there) {
			store(values, k->type, r, &v);
			continue;
		}
		validity[r >> 3] = (uint8_t)(validity[r >> 3] & ~(1u << (r & 7)));
		out->nulls++;
	}
	out->any = values;
	out->validity = out->nulls ? validity : NULL;
	return 0;
}

/* Appends the text of a value to k->bytes. */
static bool text_of(cast_column *k, const bn_column *c, size_t row)
{
	if (is_float(c->type) && isnan(bn_column_number(c, row)))
		return false;
	return bn_column_format(c, row, &k->bytes);
}

static int cast_texts(
	bn_cast *cast, cast_column *k, bn_column *out, const bn_column *c, bn_err *err)
{
	size_t rows = c->rows;
	int32_t *to = bn_arena_alloc(&cast->arena, (rows + 1) * sizeof *to);
	uint8_t *validity = bn_arena_alloc(&cast->arena, rows / 8 + 1);
	if (!to || !validity)
		return bn_err_nomem(err, "the columns of a batch");
	memset(validity, 0xff, rows / 8 + 1);
	bn_dict_builder_clear(&k->words);
	bn_buf_clear(&k->bytes);
	to[0] = 0;
	for (size_t r = 0; r < rows; r++) {
		if (k->type == BN_TYPE_CATEGORY) {
			bn_buf_clear(&k->bytes);
			to[r] = 0;
		}
		if (!text_of(k, c, r)) {
			validity[r >> 3] = (uint8_t)(validity[r >> 3] & ~(1u << (r & 7)));
			out->nulls++;
		} else if (k->type == BN_TYPE_CATEGORY) {
			to[r] = bn_dict_builder_add(&k->words, k->bytes.ptr, k->bytes.len);
			if (to[r] < 0)
				return bn_err_nomem(err, "a dictionary");
		}
		if (k->type == BN_TYPE_STRING && k->bytes.len > INT32_MAX)
			return bn_err_set(err, BN_EUNSUPPORTED, "%s: over 2 GiB of text in a batch",
				cast->path);
		if (k->type == BN_TYPE_STRING)
			to[r + 1] = (int32_t)k->bytes.len;
	}
	int rc = bn_buf_check(&k->bytes, err, "text of a batch");
	if (rc < 0)
		return rc;
	k->dict = bn_dict_builder_view(&k->words);
	out->any = to;
	out->bytes = k->bytes.ptr;
	out->dict = k->type == BN_TYPE_CATEGORY ? &k->dict : NULL;
	out->validity = out->nulls ? validity : NULL;
	return 0;
}

static int cast_column_of(bn_cast *cast, cast_column *k, bn_column *out, const bn_column *c,
	uint64_t first_row, bn_err *err)
{
	/* No model accepts an infinite float, so its column is checked. */
	if (bn_column_fits(c, &k->field) && !(k->input && is_float(k->type))) {
		*out = *c;
		out->naive = bn_column_of(&k->field).naive;
		return 0;
	}
	*out = bn_column_of(&k->field);
	out->rows = c->rows;
	if (bn_type_is_text(k->type))
		return cast_texts(cast, k, out, c, err);
	return cast_numbers(cast, k, out, c, first_row, err);
}

/* ---- batches -------------------------------------------------------------------------------- */

int bn_cast_batch(const bn_batch **out, bn_cast *c, const bn_batch *in, bn_err *err)
{
	bn_arena_release(&c->arena);
	for (size_t i = 0; i < c->schema.count; i++) {
		cast_column *k = &c->columns[i];
		int rc = cast_column_of(
			c, k, &c->made[i], &in->columns[k->from], in->first_row, err);
		if (rc < 0)
			return rc;
	}
	c->batch = (bn_batch){.rows = in->rows,
		.column_count = c->schema.count,
		.columns = c->made,
		.first_row = in->first_row};
	*out = &c->batch;
	return 0;
}

const bn_schema *bn_cast_schema(const bn_cast *c)
{
	return &c->schema;
}

/* The first names: they reveal another delimiter or a missing header. */
void bn_cast_columns(const bn_schema *s, char out[BN_CAST_COLUMNS])
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < s->count && n < BN_CAST_COLUMNS; i++) {
		bool full = n + strlen(s->fields[i].name) + 8 > BN_CAST_COLUMNS;
		n += (size_t)snprintf(out + n, BN_CAST_COLUMNS - n, "%s%s", i ? ", " : "",
			full ? "..." : s->fields[i].name);
		if (full)
			break;
	}
}

int bn_cast_missing(const bn_schema *from, const char *name, const bn_source_options *options,
	const char *path, bn_err *err)
{
	bn_err near = BN_ERR_INIT;
	char has[BN_CAST_COLUMNS];
	size_t none;
	bn_schema_need(from, name, &none, &near);
	bn_err_set(err, BN_EINVAL, "%s: %s, which %s", path, near.msg, options->as_whose);
	bn_cast_columns(from, has);
	/* A single column is usually a table that was not split, not a misspelt name. */
	bool suggests = near.hint[0] && from->count > 1;
	bn_err_hint(err, "%s%s%s", suggests ? near.hint : "the file has: ", suggests ? "" : has,
		options->as_inputs || options->types_stay ? "" : " (--retype takes it without)");
	return BN_EINVAL;
}

/* Types without a scalar form are passed on unchanged, and not converted to another type. */
static int check_kind(
	const bn_cast *c, const bn_field *f, const bn_field *told, bool input, bn_err *err)
{
	char is[BN_TYPE_TEXT], want[BN_TYPE_TEXT];
	bool plain = bn_type_is_scalar(f->type) || bn_type_is_text(f->type);
	bool wanted = bn_type_is_scalar(told->type) || bn_type_is_text(told->type);

	/* The reader of a model's vectors checks each row: its length, and text. */
	if (input && bn_type_is_list(told->type) &&
		(bn_type_is_text(f->type) ||
			(bn_type_is_list(f->type) && bn_type_is_number(f->child->type))))
		return 0;
	bool texts = bn_type_is_text(told->type) && (plain || !input);
	if (bn_field_same_type(f, told) || texts || (plain && wanted))
		return 0;
	return bn_err_set(err, BN_EINVAL, "%s: column '%.80s' is %s, not %s", c->path, f->name,
		bn_field_type_text(f, is), bn_field_type_text(told, want));
}

/* f: the source's column; told: the requested type; read: what is known of its text. */
static int add_column(bn_cast *c, const bn_field *f, size_t from, const bn_field *told,
	const char *read, bool input, bn_err *err)
{
	const bn_field number = {.type = BN_TYPE_FLOAT64};
	cast_column *k = &c->columns[c->schema.count];
	bn_field column = {.name = f->name, .unit = f->unit};
	int rc;

	k->from = from;
	if ((rc = bn_cell_form_new(&k->form, read, err)) < 0)
		return rc;
	k->told = told->type;
	k->input = input;
	told = input && bn_type_is_number(told->type) ? &number : told;
	if (bn_field_same_type(f, told))
		told = f; /* more precise: may values of its lists be absent? */
	if ((rc = check_kind(c, f, told, input, err)) < 0)
		return rc;
	if (input && bn_type_is_list(told->type))
		told = f;
	k->type = told->type;
	if ((rc = bn_field_copy_type(&k->field, told, err)) < 0)
		return rc;
	column.type = told->type;
	column.zone = told->zone;
	column.precision = told->precision;
	column.scale = told->scale;
	column.fixed_size = told->fixed_size;
	column.child = told->child;
	column.nullable = k->type == f->type ? f->nullable : true;
	if ((rc = bn_reading_for_table(&column.read, read, column.type, err)) == 0)
		rc = bn_schema_add_field(&c->schema, &column, NULL, err);
	bn_free(column.read);
	return rc;
}

/* What is known of the text of a column, by the caller or else in the source. */
static const char *reading_of(const bn_source_options *o, const bn_field *f)
{
	const bn_schema *known = o->readings ? o->readings : o->as;
	size_t at = o->retype ? BN_SCHEMA_NONE : bn_schema_find(known, f->name);
	return at != BN_SCHEMA_NONE && known->fields[at].read ? known->fields[at].read : f->read;
}

/* The columns of `as`, in its order. */
static int add_wanted(bn_cast *c, const bn_schema *from, const bn_source_options *o, bn_err *err)
{
	for (size_t i = 0; i < o->as->count; i++) {
		const bn_field *want = &o->as->fields[i];
		size_t at = bn_schema_find(from, want->name);
		int rc = add_column(c, &from->fields[at], at, want,
			reading_of(o, &from->fields[at]), o->as_inputs, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The columns of the source, those in `as` with its types. */
static int add_all(bn_cast *c, const bn_schema *from, const bn_source_options *o, bn_err *err)
{
	for (size_t i = 0; i < from->count; i++) {
		const bn_field *f = &from->fields[i];
		size_t at = bn_schema_find(o->as, f->name);
		bool wanted = at != BN_SCHEMA_NONE;
		int rc = add_column(c, f, i, wanted ? &o->as->fields[at] : f, reading_of(o, f),
			wanted && o->as_inputs, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_cast_new(bn_cast **out, const bn_schema *from, const bn_source_options *options,
	const char *path, bn_err *err)
{
	size_t n = from->count + options->as->count + 1;
	int rc = 0;
	bn_cast *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return bn_err_nomem(err, "types of columns");
	c->columns = bn_alloc_zeroed(n, sizeof *c->columns);
	c->made = bn_alloc_zeroed(n, sizeof *c->made);
	c->path = bn_strdup(path);
	if (!c->columns || !c->made || !c->path) {
		rc = bn_err_nomem(err, "types of columns");
		goto out;
	}
	c->column_count = n;
	for (size_t i = 0; i < n; i++)
		c->columns[i].words = (bn_dict_builder)BN_DICT_BUILDER_INIT;
	for (size_t i = 0; i < options->as->count; i++) {
		const char *name = options->as->fields[i].name;
		if (bn_schema_find(from, name) != BN_SCHEMA_NONE)
			continue;
		rc = bn_cast_missing(from, name, options, path, err);
		goto out;
	}
	rc = options->as_only ? add_wanted(c, from, options, err) : add_all(c, from, options, err);
	if (rc < 0)
		goto out;
	rc = bn_schema_copy_meta(&c->schema, from, err);
out:
	if (rc < 0)
		bn_cast_free(c);
	else
		*out = c;
	return rc;
}

void bn_cast_free(bn_cast *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->columns && i < c->column_count; i++) {
		bn_field_release(&c->columns[i].field);
		bn_cell_form_free(c->columns[i].form);
		bn_dict_builder_release(&c->columns[i].words);
		bn_buf_release(&c->columns[i].bytes);
	}
	bn_schema_release(&c->schema);
	bn_arena_release(&c->arena);
	bn_free(c->columns);
	bn_free(c->made);
	bn_free(c->path);
	bn_free(c);
}
