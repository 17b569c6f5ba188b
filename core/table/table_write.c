/*
 * table_write.c - bn_table_writer: rows and batches in, record batches of an Arrow file out.
 *
 * Large batches are written directly; rows and small batches are collected column by column in a
 * pending batch, bounded by PENDING_BYTES for any number of columns. Category codes of each incoming
 * batch are translated to the writer's dictionary, which holds the used texts, in order of first
 * use.
 */
#include "core/table/_table_writer.h"
#include "core/table/take.h"

#include <string.h>

#define PENDING_BYTES ((size_t)64 << 20)
#define FIRST_ROOM ((size_t)8)         /* rows; doubled as needed: tables of few long rows stay small */
#define DIRECT_ROWS 8192               /* a batch of this many rows, */
#define DIRECT_BYTES ((size_t)1 << 20) /* or bytes, becomes a separate record batch */

/* ---- room ----------------------------------------------------------------------------------- */

/* An estimate; a list counts as four values. */
static size_t value_bytes(const bn_field *f)
{
	if (bn_type_has_bytes(f->type))
		return 16;
	if (bn_type_is_list(f->type))
		return value_bytes(f->child) * (f->type == BN_TYPE_FIXED ? f->fixed_size : 4) + 1;
	return bn_type_width(f->type) + 1;
}

static size_t row_bytes_of(const bn_schema *s)
{
	size_t bytes = 1;

	for (size_t i = 0; i < s->count; i++)
		bytes += value_bytes(&s->fields[i]);
	return bytes;
}

/* Of a column's arrays. */
static size_t column_bytes(const bn_column *c)
{
	size_t bytes = c->rows * (bn_type_width(c->type) + 5);

	if (bn_type_has_bytes(c->type) && c->rows)
		bytes += (size_t)(c->ends[c->rows] - c->ends[0]);
	return bytes + (c->child ? column_bytes(c->child) : 0);
}

/* *array with room for `to` items instead of `from`, zero there. */
static bool more_room(void *array, size_t from, size_t to, size_t width)
{
	char *old, *grown;

	memcpy(&old, array, sizeof old);
	grown = bn_realloc(old, to * width);
	if (!grown)
		return false;
	memset(grown + from * width, 0, (to - from) * width);
	memcpy(array, &grown, sizeof grown);
	return true;
}

/* from, to: multiples of 8. */
static bool column_room(bn_pending_column *p, bn_type type, size_t from, size_t to)
{
	if (!more_room(&p->validity, from / 8, to / 8, 1))
		return false;
	if (bn_type_is_list(type))
		return true;
	if (bn_type_has_bytes(type))
		return more_room(&p->ends, from ? from + 1 : 0, to + 1, sizeof *p->ends);
	if (type == BN_TYPE_BOOL)
		return more_room(&p->values, from / 8, to / 8, 1);
	return more_room(&p->values, from, to, bn_type_width(type));
}

int bn_table_writer_make_room(bn_table_writer *w, size_t rows, bn_err *err)
{
	size_t room = w->room ? w->room : FIRST_ROOM;

	if (rows <= w->room)
		return 0;
	while (room < rows)
		room *= 2;
	for (size_t i = 0; i < w->schema.count; i++)
		if (!column_room(&w->columns[i], w->schema.fields[i].type, w->room, room))
			return bn_err_nomem(err, "pending rows of a table");
	w->room = room;
	return 0;
}

static int write_out(void *writer, bn_err *err)
{
	bn_table_writer *w = writer;

	return bn_arrow_write_batch(w->file, w->out, w->out_rows, err);
}

static int finish_file(bn_table_writer *w, bn_err *err)
{
	for (size_t i = 0; i < w->schema.count; i++)
		w->dicts[i] = bn_dict_builder_view(&w->columns[i].dict);
	return bn_arrow_writer_finish(w->file, w->dicts, err);
}

/* Called before a batch that does not fit into the file any more. */
static int cut_if_full(bn_table_writer *w, bn_err *err)
{
	int rc;

	if (!w->cut_bytes || bn_arrow_writer_bytes(w->file) < w->cut_bytes)
		return 0;
	if ((rc = finish_file(w, err)) < 0)
		return rc;
	w->done_bytes += bn_arrow_writer_bytes(w->file);
	bn_arrow_writer_free(w->file);
	w->file = NULL;
	rc = w->next(w->next_ctx, err);
	return rc < 0 ? rc : bn_arrow_writer_open(&w->file, &w->to, &w->schema, err);
}

/* The columns of w->out as a record batch. */
static int emit(bn_table_writer *w, size_t rows, bn_err *err)
{
	int rc = cut_if_full(w, err);

	if (rc < 0)
		return rc;
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

/* The pending rows of a column, as a column. */
static int pending_out(
	bn_column *out, bn_pending_column *p, const bn_field *f, size_t rows, bn_err *err)
{
	int rc = bn_buf_check(&p->bytes, err, "pending text of a table");

	if (rc < 0)
		return rc;
	if (bn_type_is_list(f->type)) {
		rc = bn_column_join(out, p->pieces, p->piece_count, &p->lists, err);
		return rc;
	}
	*out = bn_column_of(f);
	out->rows = rows;
	out->nulls = p->nulls;
	out->validity = p->nulls ? p->validity : NULL;
	out->bytes = p->bytes.ptr;
	out->any = p->ends ? (const void *)p->ends : p->values;
	return 0;
}

static void clear_lists(bn_pending_column *p)
{
	bn_arena_release(&p->lists);
	p->piece_count = p->list_bytes = 0;
}

static int flush_pending(bn_table_writer *w, bn_err *err)
{
	if (!w->pending)
		return 0;
	for (size_t i = 0; i < w->schema.count; i++) {
		int rc = pending_out(
			&w->out[i], &w->columns[i], &w->schema.fields[i], w->pending, err);
		if (rc < 0)
			return rc;
	}
	int rc = emit(w, w->pending, err);
	for (size_t i = 0; i < w->schema.count; i++) {
		w->columns[i].nulls = 0;
		bn_buf_clear(&w->columns[i].bytes);
		clear_lists(&w->columns[i]);
	}
	w->pending = 0;
	return rc;
}

int bn_table_writer_flush_full(bn_table_writer *w, bn_err *err)
{
	size_t text = 0;

	for (size_t i = 0; i < w->schema.count; i++)
		text += w->columns[i].bytes.len + w->columns[i].list_bytes;
	return w->pending >= w->capacity || text >= PENDING_BYTES ? flush_pending(w, err) : 0;
}

/* ---- batches -------------------------------------------------------------------------------- */

static int check_batch(const bn_table_writer *w, const bn_batch *b, bn_err *err)
{
	char type[BN_TYPE_TEXT];

	if (b->column_count != w->schema.count)
		return bn_err_set(err, BN_EINVAL, "a batch of %zu columns for a table of %zu",
			b->column_count, w->schema.count);
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_field *f = &w->schema.fields[i];
		const bn_column *c = &b->columns[i];
		if (c->type != f->type)
			return bn_err_set(err, BN_EINVAL, "column '%s' is %s, not %s", f->name,
				bn_type_name(f->type), bn_type_name(c->type));
		if (!bn_column_fits(c, f))
			return bn_err_set(err, BN_EINVAL,
				"column '%s' is %s, and other digits, sizes or values do not fit",
				f->name, bn_field_type_text(f, type));
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
static int translate(bn_pending_column *p, const bn_column *c, const uint32_t *rows, size_t from,
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

/* Writes rows from .. from + n - 1 as a separate record batch. from is a multiple of 64. */
static int write_slice(bn_table_writer *w, const bn_batch *b, size_t from, size_t n, bn_err *err)
{
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_column *c = &b->columns[i];
		bn_pending_column *p = &w->columns[i];
		bn_column *o = &w->out[i];
		*o = bn_column_slice(c, from, n);
		if (c->type == BN_TYPE_CATEGORY) {
			if (bn_grow(&p->codes, &p->codes_cap, n, sizeof *p->codes))
				return bn_err_nomem(err, "a column of codes");
			int rc = translate(p, c, NULL, from, n, p->codes, err);
			if (rc)
				return rc;
			o->codes = p->codes;
		}
	}
	w->rows += n;
	return emit(w, n, err);
}

/* Adds rows of c (BN_TAKE_ABSENT: absent) as another piece of a column of lists. */
static int add_piece(
	bn_pending_column *p, const bn_column *c, const uint32_t *rows, size_t n, bn_err *err)
{
	bn_column piece;

	if (bn_grow(&p->pieces, &p->piece_cap, p->piece_count + 1, sizeof *p->pieces))
		return bn_err_nomem(err, "pending lists of a table");
	int rc = bn_column_take(&piece, c, rows, n, &p->lists, err);
	if (rc < 0)
		return rc;
	p->pieces[p->piece_count++] = piece;
	p->list_bytes += column_bytes(&piece);
	return 0;
}

#define STEP_ROWS 1024

static int gather_lists(bn_pending_column *p, const bn_column *c, const uint32_t *rows, size_t from,
	size_t n, bn_err *err)
{
	uint32_t all[STEP_ROWS];

	for (size_t i = 0; i < n && !rows; i++)
		all[i] = (uint32_t)(from + i);
	return add_piece(p, c, rows ? rows : all, n, err);
}

/* Appends n <= STEP_ROWS rows of c to the pending ones; there is room. */
static int gather(bn_table_writer *w, size_t column, const bn_column *c, const uint32_t *rows,
	size_t from, size_t n, bn_err *err)
{
	bn_pending_column *p = &w->columns[column];
	size_t at = w->pending, width = bn_type_width(c->type);

	if (bn_type_is_list(c->type))
		return gather_lists(p, c, rows, from, n, err);
	for (size_t i = 0; i < n; i++) {
		size_t r = rows ? rows[i] : from + i;
		bool absent = bn_column_is_null(c, r);
		bn_bit_set(p->validity, at + i, !absent);
		p->nulls += absent;
		if (bn_type_has_bytes(c->type)) {
			if (!absent)
				bn_buf_add(&p->bytes, c->bytes + c->ends[r],
					(size_t)(c->ends[r + 1] - c->ends[r]));
			p->ends[at + i + 1] = (int32_t)p->bytes.len;
		} else if (c->type == BN_TYPE_BOOL) {
			bn_bit_set((uint8_t *)p->values, at + i,
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
	int rc = 0;

	for (size_t done = 0; done < n && !rc;) {
		/* Small steps, so that text cannot grow far beyond its bound in one of them. */
		size_t step = w->capacity - w->pending;
		step = step > n - done ? n - done : step;
		step = step > STEP_ROWS ? STEP_ROWS : step;
		if ((rc = bn_table_writer_make_room(w, w->pending + step, err)) < 0)
			break;
		for (size_t i = 0; i < b->column_count && !rc; i++)
			rc = gather(
				w, i, &b->columns[i], rows ? rows + done : NULL, done, step, err);
		w->pending += step;
		w->rows += step;
		done += step;
		rc = rc ? rc : bn_table_writer_flush_full(w, err);
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

/* own: the output behind `to`, or NULL; taken by the writer. */
static int writer_begin(bn_table_writer **out, bn_table_file *own, const bn_table_out *to,
	const bn_schema *schema, bn_err *err)
{
	bn_table_writer *w = NULL;
	int rc = writer_new(&w, schema, err);

	if (w)
		w->own = own;
	else
		bn_table_file_free(own);
	if (w)
		w->to = *to;
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
	return w->done_bytes + (w->file ? bn_arrow_writer_bytes(w->file) : 0);
}

void bn_table_writer_cut(
	bn_table_writer *w, uint64_t bytes, int (*next)(void *ctx, bn_err *err), void *ctx)
{
	w->cut_bytes = bytes;
	w->next = next;
	w->next_ctx = ctx;
}

int bn_table_writer_seed(bn_table_writer *w, size_t column, const bn_dict *dict, bn_err *err)
{
	for (size_t i = 0; i < dict->count; i++) {
		bn_text t = bn_dict_get(dict, i);
		if (bn_dict_builder_add(&w->columns[column].dict, t.ptr, t.len) < 0)
			return bn_err_nomem(err, "a dictionary");
	}
	return 0;
}

int bn_table_writer_finish(bn_table_writer *w, bn_err *err)
{
	int rc = flush_pending(w, err);

	rc = rc < 0 ? rc : finish_file(w, err);
	return rc || !w->own ? rc : bn_table_file_finish(w->own, err);
}

void bn_table_writer_free(bn_table_writer *w)
{
	if (!w)
		return;
	for (size_t i = 0; w->columns && i < w->schema.count; i++) {
		bn_pending_column *p = &w->columns[i];
		bn_free(p->values);
		bn_free(p->validity);
		bn_free(p->ends);
		bn_free(p->map);
		bn_free(p->codes);
		bn_free(p->pieces);
		bn_arena_release(&p->lists);
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
