/*
 * table_write.c - bn_table_writer: rows and batches in, record batches of an Arrow file out.
 *
 * Big batches go straight through to the file; rows and small batches are gathered column by column
 * into a pending batch. What is pending is bounded by PENDING_BYTES, whatever the number of columns.
 * Category codes of each incoming batch are translated to the writer's own dictionary, which holds
 * what was used, in order of first use.
 */
#include "core/base/utf8.h"
#include "core/table/_arrow_write.h"
#include "core/table/_table_file.h"
#include "core/table/dict.h"

#include <math.h>
#include <string.h>

#define PENDING_BYTES ((size_t)64 << 20)
#define DIRECT_ROWS 8192               /* a batch of so many rows, */
#define DIRECT_BYTES ((size_t)1 << 20) /* or bytes, is worth a record batch of its own */

typedef struct pending_column {
	char *values; /* numbers and codes: capacity * width; bool: a bitmap */
	uint8_t *validity;
	int32_t *ends; /* string */
	bn_buf bytes;  /* string */
	size_t nulls;
	bool set;             /* in the row under construction */
	bn_dict_builder dict; /* category */
	int32_t *map;         /* category: scratch, code of a batch -> code here */
	size_t map_cap;
	int32_t *codes; /* category: scratch, a column of translated codes */
} pending_column;

struct bn_table_writer {
	bn_schema schema;
	bn_arrow_writer *file;
	bn_table_file *own; /* that it writes to; NULL: the caller's bn_table_out */
	bn_table_tap tap;
	pending_column *columns;
	bn_column *out; /* scratch: the columns of one record batch, */
	bn_dict *dicts; /* and their dictionaries so far */
	size_t out_rows;
	uint64_t written; /* rows that have been */
	size_t capacity; /* rows of a pending batch */
	size_t row_bytes;
	size_t pending;
	uint64_t rows;  /* pending or written */
	bn_err row_err; /* of the row under construction */
};

/* ---- room ----------------------------------------------------------------------------------- */

static size_t row_bytes_of(const bn_schema *s)
{
	size_t bytes = 1;

	for (size_t i = 0; i < s->count; i++)
		bytes += s->fields[i].type == BN_TYPE_STRING ? 16
							     : bn_type_width(s->fields[i].type) + 1;
	return bytes;
}

/* Memory for pending rows, on first use. */
static int make_room(bn_table_writer *w, bn_err *err)
{
	size_t n = w->capacity;

	for (size_t i = 0; i < w->schema.count; i++) {
		pending_column *p = &w->columns[i];
		bn_type type = w->schema.fields[i].type;
		size_t width = bn_type_width(type);
		if (p->validity)
			continue;
		if (type == BN_TYPE_STRING)
			p->ends = bn_alloc_zeroed(n + 1, sizeof *p->ends);
		else
			p->values = bn_alloc_zeroed(
				type == BN_TYPE_BOOL ? n / 8 + 1 : n, width + !width);
		p->validity = bn_alloc_zeroed(n / 8 + 1, 1);
		if (!p->validity || (!p->ends && !p->values))
			return bn_err_nomem(err, "pending rows of a table");
	}
	return 0;
}

static void set_bit(uint8_t *bits, size_t i, bool on)
{
	bits[i >> 3] = (uint8_t)((bits[i >> 3] & ~(1u << (i & 7))) | (unsigned)on << (i & 7));
}

static int write_out(void *writer, bn_err *err)
{
	bn_table_writer *w = writer;

	return bn_arrow_write_batch(w->file, w->out, w->out_rows, err);
}

/* The columns of w->out as a record batch. */
static int emit(bn_table_writer *w, size_t rows, bn_err *err)
{
	int rc;

	w->out_rows = rows;
	if (w->tap.take) {
		bn_batch b = {.rows = rows,
			.column_count = w->schema.count,
			.columns = w->out,
			.first_row = w->written};
		for (size_t i = 0; i < w->schema.count; i++) {
			if (w->out[i].type != BN_TYPE_CATEGORY)
				continue;
			w->dicts[i] = bn_dict_builder_view(&w->columns[i].dict);
			w->out[i].dict = &w->dicts[i];
		}
		rc = w->tap.take(w->tap.ctx, &b, write_out, w, err);
	} else {
		rc = write_out(w, err);
	}
	w->written += rows;
	return rc;
}

static int flush_pending(bn_table_writer *w, bn_err *err)
{
	if (!w->pending)
		return 0;
	for (size_t i = 0; i < w->schema.count; i++) {
		pending_column *p = &w->columns[i];
		int rc = bn_buf_check(&p->bytes, err, "pending text of a table");
		if (rc)
			return rc;
		w->out[i] = (bn_column){.type = w->schema.fields[i].type,
			.rows = w->pending,
			.nulls = p->nulls,
			.validity = p->nulls ? p->validity : NULL,
			.bytes = p->bytes.ptr};
		w->out[i].any = p->ends ? (const void *)p->ends : p->values;
	}
	int rc = emit(w, w->pending, err);
	for (size_t i = 0; i < w->schema.count; i++) {
		w->columns[i].nulls = 0;
		bn_buf_clear(&w->columns[i].bytes);
	}
	w->pending = 0;
	return rc;
}

static int flush_if_full(bn_table_writer *w, bn_err *err)
{
	size_t text = 0;

	for (size_t i = 0; i < w->schema.count; i++)
		text += w->columns[i].bytes.len;
	return w->pending >= w->capacity || text >= PENDING_BYTES ? flush_pending(w, err) : 0;
}

/* ---- batches -------------------------------------------------------------------------------- */

static int check_batch(const bn_table_writer *w, const bn_batch *b, bn_err *err)
{
	if (b->column_count != w->schema.count)
		return bn_err_set(err, BN_EINVAL, "a batch of %zu columns for a table of %zu",
			b->column_count, w->schema.count);
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_field *f = &w->schema.fields[i];
		const bn_column *c = &b->columns[i];
		if (c->type != f->type)
			return bn_err_set(err, BN_EINVAL, "column '%s' is %s, not %s", f->name,
				bn_type_name(f->type), bn_type_name(c->type));
		if (c->rows != b->rows)
			return bn_err_set(err, BN_EINVAL, "column '%s' has %zu rows, its batch %zu",
				f->name, c->rows, b->rows);
		if (c->nulls && c->validity && !f->nullable)
			return bn_err_set(err, BN_EINVAL,
				"column '%s' allows no absent values and has %zu", f->name,
				c->nulls);
	}
	return 0;
}

/* to[i] = this writer's code for row (rows ? rows[i] : from + i) of c; 0 where absent. */
static int translate(pending_column *p, const bn_column *c, const uint32_t *rows, size_t from,
	size_t n, int32_t *to, bn_err *err)
{
	if (bn_grow(&p->map, &p->map_cap, c->dict->count + 1, sizeof *p->map))
		return bn_err_nomem(err, "a dictionary");
	memset(p->map, 0xff, c->dict->count * sizeof *p->map);
	for (size_t i = 0; i < n; i++) {
		size_t r = rows ? rows[i] : from + i;
		to[i] = 0;
		if (bn_column_is_null(c, r))
			continue;
		int32_t *code = &p->map[c->codes[r]];
		if (*code < 0) {
			bn_text t = bn_dict_get(c->dict, (size_t)c->codes[r]);
			*code = bn_dict_builder_add(&p->dict, t.ptr, t.len);
			if (*code < 0)
				return bn_err_set(err, BN_ENOMEM, "no memory for a dictionary");
		}
		to[i] = *code;
	}
	return 0;
}

static size_t count_absent(const bn_column *c, size_t from, size_t n)
{
	size_t absent = 0;

	if (!c->nulls || !c->validity)
		return 0;
	for (size_t i = 0; i < n; i++)
		absent += bn_column_is_null(c, from + i);
	return absent;
}

/* Rows from .. from + n - 1 as a record batch of their own. from is a multiple of 8. */
static int write_slice(bn_table_writer *w, const bn_batch *b, size_t from, size_t n, bn_err *err)
{
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_column *c = &b->columns[i];
		pending_column *p = &w->columns[i];
		bn_column *o = &w->out[i];
		*o = *c;
		o->rows = n;
		o->nulls = count_absent(c, from, n);
		o->validity = o->nulls ? c->validity + from / 8 : NULL;
		if (c->type == BN_TYPE_CATEGORY) {
			if (!p->codes && !(p->codes = bn_alloc(BN_BATCH_ROWS * sizeof *p->codes)))
				return bn_err_nomem(err, "a column of codes");
			int rc = translate(p, c, NULL, from, n, p->codes, err);
			if (rc)
				return rc;
			o->codes = p->codes;
		} else if (c->type == BN_TYPE_STRING) {
			o->ends = c->ends + from;
		} else if (c->type == BN_TYPE_BOOL) {
			o->bits = c->bits + from / 8;
		} else {
			o->any = (const char *)c->any + from * bn_type_width(c->type);
		}
	}
	w->rows += n;
	return emit(w, n, err);
}

/* Appends n rows of c to what is pending; there is room. */
static int gather(bn_table_writer *w, size_t column, const bn_column *c, const uint32_t *rows,
	size_t from, size_t n, bn_err *err)
{
	pending_column *p = &w->columns[column];
	size_t at = w->pending, width = bn_type_width(c->type);

	for (size_t i = 0; i < n; i++) {
		size_t r = rows ? rows[i] : from + i;
		bool absent = bn_column_is_null(c, r);
		set_bit(p->validity, at + i, !absent);
		p->nulls += absent;
		if (c->type == BN_TYPE_STRING) {
			if (!absent)
				bn_buf_add(&p->bytes, c->bytes + c->ends[r],
					(size_t)(c->ends[r + 1] - c->ends[r]));
			p->ends[at + i + 1] = (int32_t)p->bytes.len;
		} else if (c->type == BN_TYPE_BOOL) {
			set_bit((uint8_t *)p->values, at + i,
				!absent && (c->bits[r >> 3] >> (r & 7) & 1));
		} else if (c->type != BN_TYPE_CATEGORY && absent) {
			memset(p->values + (at + i) * width, 0, width);
		} else if (c->type != BN_TYPE_CATEGORY) {
			memcpy(p->values + (at + i) * width, (const char *)c->any + r * width,
				width);
		}
	}
	if (c->type == BN_TYPE_CATEGORY)
		return translate(p, c, rows, from, n, (int32_t *)(void *)p->values + at, err);
	if (p->bytes.len > INT32_MAX)
		return bn_err_set(err, BN_ENOMEM, "more than 2 GiB of text in one record batch");
	return bn_buf_check(&p->bytes, err, "pending text of a table");
}

static int gather_rows(
	bn_table_writer *w, const bn_batch *b, const uint32_t *rows, size_t n, bn_err *err)
{
	int rc = make_room(w, err);

	for (size_t done = 0; done < n && !rc;) {
		/* Small steps, so that text cannot grow far beyond its bound in one of them. */
		size_t step = w->capacity - w->pending;
		step = step > n - done ? n - done : step;
		step = step > 1024 ? 1024 : step;
		for (size_t i = 0; i < b->column_count && !rc; i++)
			rc = gather(
				w, i, &b->columns[i], rows ? rows + done : NULL, done, step, err);
		w->pending += step;
		w->rows += step;
		done += step;
		rc = rc ? rc : flush_if_full(w, err);
	}
	return rc;
}

int bn_table_write_batch(bn_table_writer *w, const bn_batch *b, bn_err *err)
{
	int rc = check_batch(w, b, err);

	if (rc || !b->rows)
		return rc;
	if (b->rows < DIRECT_ROWS && b->rows * w->row_bytes < DIRECT_BYTES)
		return gather_rows(w, b, NULL, b->rows, err);
	rc = flush_pending(w, err);
	for (size_t from = 0; from < b->rows && !rc; from += BN_BATCH_ROWS) {
		size_t n = b->rows - from;
		rc = write_slice(w, b, from, n > BN_BATCH_ROWS ? BN_BATCH_ROWS : n, err);
	}
	return rc;
}

int bn_table_write_rows(
	bn_table_writer *w, const bn_batch *b, const uint32_t *rows, size_t n, bn_err *err)
{
	int rc = check_batch(w, b, err);

	for (size_t i = 0; i < n && !rc; i++) {
		if (rows[i] >= b->rows)
			rc = bn_err_set(err, BN_EINVAL, "row %u of a batch of %zu rows",
				(unsigned)rows[i], b->rows);
	}
	return rc ? rc : gather_rows(w, b, rows, n, err);
}

/* ---- row by row ----------------------------------------------------------------------------- */

static void row_error(bn_table_writer *w, size_t column, int code, const char *what)
{
	bn_err_set(&w->row_err, code, "column '%s', row %llu: %s", w->schema.fields[column].name,
		(unsigned long long)w->rows, what);
}

/* The place of the cell under construction, or NULL. text: bytes are meant. */
static char *row_cell(bn_table_writer *w, size_t column, bool text)
{
	if (column >= w->schema.count) {
		bn_err_set(&w->row_err, BN_EINVAL, "a table of %zu columns has no column %zu",
			w->schema.count, column);
		return NULL;
	}
	if (w->row_err.code || make_room(w, &w->row_err))
		return NULL;
	bn_type type = w->schema.fields[column].type;
	if (bn_type_is_text(type) != text) {
		row_error(w, column, BN_EINVAL,
			text ? "text for a column of numbers" : "a number for a column of text");
		return NULL;
	}
	pending_column *p = &w->columns[column];
	p->set = true;
	return type == BN_TYPE_STRING ? (char *)p->ends
				      : p->values + w->pending * bn_type_width(type);
}

void bn_table_row_i64(bn_table_writer *w, size_t column, int64_t x)
{
	char *cell = row_cell(w, column, false);
	bool fits = true;

	if (!cell)
		return;
	switch (w->schema.fields[column].type) {
	case BN_TYPE_FLOAT64:
		*(double *)(void *)cell = (double)x;
		fits = x >= -(1LL << 53) && x <= 1LL << 53;
		break;
	case BN_TYPE_FLOAT32:
		*(float *)(void *)cell = (float)x;
		fits = x >= -(1LL << 24) && x <= 1LL << 24;
		break;
	case BN_TYPE_INT32:
		*(int32_t *)(void *)cell = (int32_t)x;
		fits = x >= INT32_MIN && x <= INT32_MAX;
		break;
	case BN_TYPE_INT8:
		*(int8_t *)cell = (int8_t)x;
		fits = x >= INT8_MIN && x <= INT8_MAX;
		break;
	case BN_TYPE_BOOL:
		set_bit((uint8_t *)w->columns[column].values, w->pending, x == 1);
		fits = x == 0 || x == 1;
		break;
	default:
		*(int64_t *)(void *)cell = x;
	}
	if (!fits)
		row_error(w, column, BN_EINVAL, "the integer does not fit the type exactly");
}

void bn_table_row_f64(bn_table_writer *w, size_t column, double x)
{
	if (isnan(x) && column < w->schema.count)
		return;
	if (column < w->schema.count && w->schema.fields[column].type != BN_TYPE_FLOAT64 &&
		w->schema.fields[column].type != BN_TYPE_FLOAT32) {
		if (x == floor(x) && x >= -9223372036854775808.0 && x < 9223372036854775808.0)
			bn_table_row_i64(w, column, (int64_t)x);
		else
			row_error(w, column, BN_EINVAL, "the number is no integer");
		return;
	}
	char *cell = row_cell(w, column, false);
	if (cell && w->schema.fields[column].type == BN_TYPE_FLOAT64)
		*(double *)(void *)cell = x;
	else if (cell)
		*(float *)(void *)cell = (float)x;
}

void bn_table_row_bool(bn_table_writer *w, size_t column, bool x)
{
	bn_table_row_i64(w, column, x);
}

void bn_table_row_text(bn_table_writer *w, size_t column, const char *text, size_t n)
{
	char *cell = row_cell(w, column, true);

	if (!cell)
		return;
	pending_column *p = &w->columns[column];
	if (!bn_utf8_is_valid(text, n)) {
		row_error(w, column, BN_EINVAL, "the text is not UTF-8");
	} else if (w->schema.fields[column].type == BN_TYPE_STRING) {
		bn_buf_truncate(&p->bytes, (size_t)p->ends[w->pending]);
		if (p->bytes.len + n > INT32_MAX)
			row_error(w, column, BN_ENOMEM, "more than 2 GiB of text");
		else
			bn_buf_add(&p->bytes, text, n);
	} else {
		int32_t code = bn_dict_builder_add(&p->dict, text, n);
		if (code < 0)
			row_error(w, column, BN_ENOMEM, "no memory for a dictionary");
		*(int32_t *)(void *)cell = code;
	}
}

int bn_table_row_end(bn_table_writer *w, bn_err *err)
{
	size_t at = w->pending;
	int rc = make_room(w, &w->row_err);

	for (size_t i = 0; i < w->schema.count && !rc; i++) {
		pending_column *p = &w->columns[i];
		if (!p->set && !w->schema.fields[i].nullable)
			row_error(w, i, BN_EINVAL, "the column allows no absent values");
		if (bn_buf_check(&p->bytes, &w->row_err, "text of a row"))
			break;
	}
	rc = w->row_err.code;
	for (size_t i = 0; i < w->schema.count; i++) {
		pending_column *p = &w->columns[i];
		bn_type type = w->schema.fields[i].type;
		size_t width = bn_type_width(type);
		bool set = p->set;
		p->set = false;
		if (rc) { /* the row never was */
			if (p->ends)
				bn_buf_truncate(&p->bytes, (size_t)p->ends[at]);
			continue;
		}
		set_bit(p->validity, at, set);
		p->nulls += !set;
		if (type == BN_TYPE_STRING)
			p->ends[at + 1] = (int32_t)p->bytes.len;
		else if (!set && type == BN_TYPE_BOOL)
			set_bit((uint8_t *)p->values, at, false);
		else if (!set)
			memset(p->values + at * width, 0, width);
	}
	if (rc) {
		bn_err_set(err, rc, "%s", w->row_err.msg);
		bn_err_clear(&w->row_err);
		return rc;
	}
	w->pending++;
	w->rows++;
	return flush_if_full(w, err);
}

/* ---- begin and end -------------------------------------------------------------------------- */

static int writer_new(bn_table_writer **out, const bn_schema *schema, bn_err *err)
{
	bn_table_writer *w = bn_alloc_zeroed(1, sizeof *w);

	if (!w)
		return bn_err_nomem(err, "a table writer");
	*out = w;
	int rc = bn_schema_copy(&w->schema, schema, err);
	if (rc < 0)
		return rc;
	w->columns = bn_alloc_zeroed(schema->count + 1, sizeof *w->columns);
	w->out = bn_alloc_zeroed(schema->count + 1, sizeof *w->out);
	w->dicts = bn_alloc_zeroed(schema->count + 1, sizeof *w->dicts);
	if (!w->columns || !w->out || !w->dicts)
		return bn_err_nomem(err, "a table writer");
	for (size_t i = 0; i < schema->count; i++) {
		w->columns[i].dict = (bn_dict_builder)BN_DICT_BUILDER_INIT;
		bn_buf_init(&w->columns[i].bytes);
	}
	w->row_bytes = row_bytes_of(schema);
	w->capacity = PENDING_BYTES / w->row_bytes;
	w->capacity = w->capacity < 1024 ? 1024 : w->capacity;
	w->capacity = w->capacity > BN_BATCH_ROWS ? BN_BATCH_ROWS : w->capacity;
	return 0;
}

/* own: what `to` writes to, or NULL; it is the writer's from now on. */
static int writer_begin(bn_table_writer **out, bn_table_file *own, const bn_table_out *to,
	const bn_schema *schema, bn_err *err)
{
	bn_table_writer *w = NULL;
	int rc = writer_new(&w, schema, err);

	if (w)
		w->own = own;
	else
		bn_table_file_free(own);
	rc = rc < 0 ? rc : bn_arrow_writer_open(&w->file, to, &w->schema, err);
	if (rc < 0)
		bn_table_writer_free(w);
	else
		*out = w;
	return rc;
}

int bn_table_create_out(
	bn_table_writer **out, const bn_table_out *to, const bn_schema *schema, bn_err *err)
{
	return writer_begin(out, NULL, to, schema, err);
}

int bn_table_create(bn_table_writer **out, const bn_env *env, const bn_dir *at, const char *path,
	const bn_schema *schema, bn_err *err)
{
	bn_table_file *file = NULL;
	bn_table_out to;
	int rc = bn_table_file_open(&file, &to, env, at, path, err);

	return rc < 0 ? rc : writer_begin(out, file, &to, schema, err);
}

void bn_table_writer_tap(bn_table_writer *w, const bn_table_tap *tap)
{
	w->tap = *tap;
}

uint64_t bn_table_written_rows(const bn_table_writer *w)
{
	return w->rows;
}

uint64_t bn_table_written_bytes(const bn_table_writer *w)
{
	return bn_arrow_writer_bytes(w->file);
}

int bn_table_writer_finish(bn_table_writer *w, bn_err *err)
{
	int rc = flush_pending(w, err);

	for (size_t i = 0; i < w->schema.count; i++)
		w->dicts[i] = bn_dict_builder_view(&w->columns[i].dict);
	rc = rc ? rc : bn_arrow_writer_finish(w->file, w->dicts, err);
	return rc || !w->own ? rc : bn_table_file_finish(w->own, err);
}

void bn_table_writer_free(bn_table_writer *w)
{
	if (!w)
		return;
	for (size_t i = 0; w->columns && i < w->schema.count; i++) {
		pending_column *p = &w->columns[i];
		bn_free(p->values);
		bn_free(p->validity);
		bn_free(p->ends);
		bn_free(p->map);
		bn_free(p->codes);
		bn_buf_release(&p->bytes);
		bn_dict_builder_release(&p->dict);
	}
	bn_arrow_writer_free(w->file);
	bn_table_file_free(w->own);
	bn_free(w->columns);
	bn_free(w->out);
	bn_free(w->dicts);
	bn_schema_release(&w->schema);
	bn_free(w);
}
