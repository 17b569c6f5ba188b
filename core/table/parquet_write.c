/*
 * parquet_write.c - see parquet_write.h. Numbers of fields and enums are those of parquet.thrift in
 * apache/parquet-format.
 */
#include "core/table/parquet_write.h"

#include "core/table/_parquet.h"
#include "core/table/_table_file.h"
#include "core/table/_thrift.h"

#include <string.h>
#include <zstd.h>

enum { PLAIN = 0, RLE = 3, CODEC_ZSTD = 6, LEVEL = 3, DECIMAL_BYTES = 16 };

static const char magic[4] = {'P', 'A', 'R', '1'};

typedef struct chunk {
	uint64_t at;             /* of its page in the file */
	size_t packed, unpacked; /* bytes with the page's header */
	size_t nulls;
	bn_parquet_range range;
} chunk;

typedef struct group {
	chunk *chunks; /* one per column */
	size_t rows;
} group;

struct bn_parquet_writer {
	bn_schema schema;
	bn_table_file *file;
	bn_table_out to;
	uint64_t written, rows;
	group *groups;
	size_t group_count, group_cap;
	bn_buf page, packed; /* scratch */
};

static int put(bn_parquet_writer *w, const void *bytes, size_t n, bn_err *err)
{
	w->written += n;
	return w->to.write(w->to.ctx, bytes, n, err);
}

/* ---- pages ---------------------------------------------------------------------------------- */

static void varint(bn_buf *out, size_t n)
{
	for (; n >= 0x80; n >>= 7)
		bn_buf_addch(out, (char)(n | 0x80));
	bn_buf_addch(out, (char)n);
}

/* Definition levels, 1 for a value that is there: one run of equal ones, or of bits. */
static void levels(bn_buf *out, const bn_column *c)
{
	size_t start = out->len, bytes = (c->rows + 7) / 8;
	uint32_t length = 0;
	bn_buf_add(out, &length, sizeof length);
	if (c->nulls == 0 || !c->validity) {
		varint(out, c->rows << 1);
		bn_buf_addch(out, 1);
	} else {
		varint(out, bytes << 1 | 1);
		bn_buf_add(out, c->validity, bytes);
	}
	if (out->failed)
		return;
	length = (uint32_t)(out->len - start - sizeof length);
	memcpy(out->ptr + start, &length, sizeof length);
}

static void page_header(bn_buf *out, size_t unpacked, size_t packed, size_t rows)
{
	bn_thrift t;
	bn_thrift_begin(&t, out);
	bn_thrift_i32(&t, 1, 0); /* a data page */
	bn_thrift_i32(&t, 2, (int32_t)unpacked);
	bn_thrift_i32(&t, 3, (int32_t)packed);
	bn_thrift_struct(&t, 5);
	bn_thrift_i32(&t, 1, (int32_t)rows);
	bn_thrift_i32(&t, 2, PLAIN);
	bn_thrift_i32(&t, 3, RLE);
	bn_thrift_i32(&t, 4, RLE);
	bn_thrift_end(&t);
	bn_thrift_end(&t);
}

static int page_pack(bn_parquet_writer *w, bn_err *err)
{
	size_t most = ZSTD_compressBound(w->page.len);
	bn_buf_clear(&w->packed);
	if (bn_buf_reserve(&w->packed, most) < 0)
		return bn_err_nomem(err, "a Parquet file");
	size_t n = ZSTD_compress(w->packed.ptr, most, w->page.ptr, w->page.len, LEVEL);
	if (ZSTD_isError(n))
		return bn_err_set(err, BN_EIO, "zstd: %s", ZSTD_getErrorName(n));
	w->packed.len = n;
	return 0;
}

static int chunk_write(
	bn_parquet_writer *w, chunk *k, const bn_column *c, const bn_field *f, bn_err *err)
{
	bn_buf header = BN_BUF_INIT;
	int rc;
	bn_buf_clear(&w->page);
	if (f->nullable)
		levels(&w->page, c);
	if ((rc = bn_parquet_values(&w->page, &k->range, c, f->name, err)) < 0 ||
		(rc = page_pack(w, err)) < 0)
		goto out;
	page_header(&header, w->page.len, w->packed.len, c->rows);
	if ((rc = bn_buf_check(&header, err, "a Parquet file")) < 0)
		goto out;
	k->at = w->written;
	k->nulls = c->nulls;
	k->packed = header.len + w->packed.len;
	k->unpacked = header.len + w->page.len;
	if ((rc = put(w, header.ptr, header.len, err)) < 0)
		goto out;
	rc = put(w, w->packed.ptr, w->packed.len, err);
out:
	bn_buf_release(&header);
	return rc;
}

int bn_parquet_write_batch(bn_parquet_writer *w, const bn_batch *b, bn_err *err)
{
	int rc = 0;
	if (b->column_count != w->schema.count)
		return bn_err_set(err, BN_EINVAL, "%zu columns instead of %zu", b->column_count,
			w->schema.count);
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_field *f = &w->schema.fields[i];
		if (!bn_column_fits(&b->columns[i], f))
			return bn_err_set(err, BN_EINVAL,
				"column '%.100s' does not have the schema's type", f->name);
		if (!f->nullable && b->columns[i].nulls)
			return bn_err_set(err, BN_EINVAL,
				"column '%.100s' must not have absent values", f->name);
	}
	if (b->rows == 0)
		return 0;
	if (bn_grow(&w->groups, &w->group_cap, w->group_count + 1, sizeof *w->groups) != 0)
		return bn_err_nomem(err, "a Parquet file");
	group *g = &w->groups[w->group_count];
	*g = (group){bn_alloc_zeroed(b->column_count + 1, sizeof *g->chunks), b->rows};
	if (!g->chunks)
		return bn_err_nomem(err, "a Parquet file");
	w->group_count++;
	for (size_t i = 0; i < b->column_count; i++) {
		bn_buf_init(&g->chunks[i].range.min);
		bn_buf_init(&g->chunks[i].range.max);
	}
	for (size_t i = 0; i < b->column_count && rc == 0; i++)
		rc = chunk_write(w, &g->chunks[i], &b->columns[i], &w->schema.fields[i], err);
	w->rows += b->rows;
	return rc;
}

/* ---- the footer ----------------------------------------------------------------------------- */

/* The older annotation, for readers that do not know the newer ones; -1: none. */
static int converted_type(bn_type type)
{
	switch (type) {
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
		return 0;
	case BN_TYPE_DECIMAL:
		return 5;
	case BN_TYPE_DATE:
		return 6;
	case BN_TYPE_UINT8:
		return 11;
	case BN_TYPE_UINT16:
		return 12;
	case BN_TYPE_UINT32:
		return 13;
	case BN_TYPE_UINT64:
		return 14;
	case BN_TYPE_INT8:
		return 15;
	case BN_TYPE_INT16:
		return 16;
	default:
		return -1;
	}
}

static void logical_time(bn_thrift *t, int which, bool is_utc)
{
	bn_thrift_struct(t, which);
	bn_thrift_bool(t, 1, is_utc);
	bn_thrift_struct(t, 2);
	bn_thrift_struct(t, 3); /* nanoseconds */
	bn_thrift_end(t);
	bn_thrift_end(t);
	bn_thrift_end(t);
}

static void logical_int(bn_thrift *t, int8_t bits, bool is_signed)
{
	bn_thrift_struct(t, 10);
	bn_thrift_byte(t, 1, bits);
	bn_thrift_bool(t, 2, is_signed);
	bn_thrift_end(t);
}

static void logical_decimal(bn_thrift *t, const bn_field *f)
{
	bn_thrift_struct(t, 5);
	bn_thrift_i32(t, 1, f->scale);
	bn_thrift_i32(t, 2, f->precision);
	bn_thrift_end(t);
}

static void logical_empty(bn_thrift *t, int which)
{
	bn_thrift_struct(t, which);
	bn_thrift_end(t);
}

static bool has_logical_type(bn_type type)
{
	return type != BN_TYPE_FLOAT64 && type != BN_TYPE_FLOAT32 && type != BN_TYPE_BOOL &&
	       type != BN_TYPE_INT64 && type != BN_TYPE_INT32 && type != BN_TYPE_DURATION &&
	       type != BN_TYPE_BINARY;
}

static void logical_type(bn_thrift *t, const bn_field *f)
{
	if (!has_logical_type(f->type))
		return;
	bn_thrift_struct(t, 10);
	if (bn_type_is_text(f->type))
		logical_empty(t, 1);
	else if (f->type == BN_TYPE_DATE)
		logical_empty(t, 6);
	else if (f->type == BN_TYPE_DECIMAL)
		logical_decimal(t, f);
	else if (f->type == BN_TYPE_TIME)
		logical_time(t, 7, false);
	else if (f->type == BN_TYPE_TIMESTAMP)
		logical_time(t, 8, !f->zone || f->zone[0]);
	else
		logical_int(t, (int8_t)(8 * bn_type_width(f->type)),
			f->type == BN_TYPE_INT8 || f->type == BN_TYPE_INT16);
	bn_thrift_end(t);
}

static void schema_element(bn_thrift *t, const bn_field *f)
{
	int converted = converted_type(f->type);
	bn_thrift_item_struct(t);
	bn_thrift_i32(t, 1, (int32_t)bn_parquet_type_of(f->type));
	if (f->type == BN_TYPE_DECIMAL)
		bn_thrift_i32(t, 2, DECIMAL_BYTES);
	bn_thrift_i32(t, 3, f->nullable);
	bn_thrift_binary(t, 4, f->name, strlen(f->name));
	if (converted >= 0)
		bn_thrift_i32(t, 6, converted);
	if (f->type == BN_TYPE_DECIMAL) {
		bn_thrift_i32(t, 7, f->scale);
		bn_thrift_i32(t, 8, f->precision);
	}
	logical_type(t, f);
	bn_thrift_end(t);
}

static void schema_add(bn_thrift *t, const bn_schema *s)
{
	bn_thrift_list(t, 2, BN_THRIFT_STRUCT, s->count + 1);
	bn_thrift_item_struct(t);
	bn_thrift_binary(t, 4, "schema", 6);
	bn_thrift_i32(t, 5, (int32_t)s->count);
	bn_thrift_end(t);
	for (size_t i = 0; i < s->count; i++)
		schema_element(t, &s->fields[i]);
}

static void statistics(bn_thrift *t, const chunk *k)
{
	bn_thrift_struct(t, 12);
	bn_thrift_i64(t, 3, (int64_t)k->nulls);
	if (k->range.known) {
		bn_thrift_binary(t, 5, k->range.max.ptr, k->range.max.len);
		bn_thrift_binary(t, 6, k->range.min.ptr, k->range.min.len);
	}
	bn_thrift_end(t);
}

static void chunk_add(bn_thrift *t, const chunk *k, const bn_field *f, size_t rows)
{
	bn_thrift_item_struct(t);
	bn_thrift_i64(t, 2, (int64_t)k->at);
	bn_thrift_struct(t, 3);
	bn_thrift_i32(t, 1, (int32_t)bn_parquet_type_of(f->type));
	bn_thrift_list(t, 2, BN_THRIFT_I32, 2);
	bn_thrift_item_i32(t, PLAIN);
	bn_thrift_item_i32(t, RLE);
	bn_thrift_list(t, 3, BN_THRIFT_BINARY, 1);
	bn_thrift_item_binary(t, f->name, strlen(f->name));
	bn_thrift_i32(t, 4, CODEC_ZSTD);
	bn_thrift_i64(t, 5, (int64_t)rows);
	bn_thrift_i64(t, 6, (int64_t)k->unpacked);
	bn_thrift_i64(t, 7, (int64_t)k->packed);
	bn_thrift_i64(t, 9, (int64_t)k->at);
	statistics(t, k);
	bn_thrift_end(t);
	bn_thrift_end(t);
}

static void group_add(bn_thrift *t, const group *g, const bn_schema *s)
{
	size_t unpacked = 0, packed = 0;
	bn_thrift_item_struct(t);
	bn_thrift_list(t, 1, BN_THRIFT_STRUCT, s->count);
	for (size_t i = 0; i < s->count; i++) {
		chunk_add(t, &g->chunks[i], &s->fields[i], g->rows);
		unpacked += g->chunks[i].unpacked;
		packed += g->chunks[i].packed;
	}
	bn_thrift_i64(t, 2, (int64_t)unpacked);
	bn_thrift_i64(t, 3, (int64_t)g->rows);
	bn_thrift_i64(t, 5, s->count ? (int64_t)g->chunks[0].at : 4);
	bn_thrift_i64(t, 6, (int64_t)packed);
	bn_thrift_end(t);
}

static void footer(bn_buf *out, const bn_parquet_writer *w)
{
	const bn_schema *s = &w->schema;
	static const char maker[] = "binnacle version " BN_VERSION;
	bn_thrift t;
	bn_thrift_begin(&t, out);
	bn_thrift_i32(&t, 1, 2);
	schema_add(&t, s);
	bn_thrift_i64(&t, 3, (int64_t)w->rows);
	bn_thrift_list(&t, 4, BN_THRIFT_STRUCT, w->group_count);
	for (size_t i = 0; i < w->group_count; i++)
		group_add(&t, &w->groups[i], s);
	if (s->meta_count)
		bn_thrift_list(&t, 5, BN_THRIFT_STRUCT, s->meta_count);
	for (size_t i = 0; i < s->meta_count; i++) {
		bn_thrift_item_struct(&t);
		bn_thrift_binary(&t, 1, s->meta[i].key, strlen(s->meta[i].key));
		bn_thrift_binary(&t, 2, s->meta[i].value, strlen(s->meta[i].value));
		bn_thrift_end(&t);
	}
	bn_thrift_binary(&t, 6, maker, sizeof maker - 1);
	/* Ranges are in the order of each type. */
	bn_thrift_list(&t, 7, BN_THRIFT_STRUCT, s->count);
	for (size_t i = 0; i < s->count; i++) {
		bn_thrift_item_struct(&t);
		logical_empty(&t, 1);
		bn_thrift_end(&t);
	}
	bn_thrift_end(&t);
}

int bn_parquet_finish(bn_parquet_writer *w, bn_err *err)
{
	bn_buf end = BN_BUF_INIT;
	int rc;
	footer(&end, w);
	uint32_t length = (uint32_t)end.len;
	bn_buf_add(&end, &length, sizeof length);
	bn_buf_add(&end, magic, sizeof magic);
	if ((rc = bn_buf_check(&end, err, "a Parquet file")) < 0 ||
		(rc = put(w, end.ptr, end.len, err)) < 0)
		goto out;
	rc = bn_table_file_finish(w->file, err);
out:
	bn_buf_release(&end);
	return rc;
}

/* ---- writers -------------------------------------------------------------------------------- */

static int schema_check(const bn_schema *s, bn_err *err)
{
	for (size_t i = 0; i < s->count; i++)
		if (bn_type_is_list(s->fields[i].type)) {
			bn_err_set(err, BN_EUNSUPPORTED,
				"column '%.100s' has lists, which are not written to Parquet",
				s->fields[i].name);
			bn_err_hint(err, "leave it out with --columns, or write an Arrow file");
			return BN_EUNSUPPORTED;
		}
	return 0;
}

int bn_parquet_create(bn_parquet_writer **out, const bn_env *env, const char *path,
	const bn_schema *schema, bn_err *err)
{
	bn_parquet_writer *w = NULL;
	int rc = schema_check(schema, err);
	if (rc < 0)
		return rc;
	if (!(w = bn_alloc_zeroed(1, sizeof *w)))
		return bn_err_nomem(err, "a Parquet file");
	bn_buf_init(&w->page);
	bn_buf_init(&w->packed);
	if ((rc = bn_schema_copy(&w->schema, schema, err)) < 0 ||
		(rc = bn_schema_copy_meta(&w->schema, schema, err)) < 0 ||
		(rc = bn_table_file_open(&w->file, &w->to, env, NULL, path, err)) < 0 ||
		(rc = put(w, magic, sizeof magic, err)) < 0) {
		bn_parquet_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void bn_parquet_free(bn_parquet_writer *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->group_count; i++) {
		for (size_t k = 0; k < w->schema.count; k++) {
			bn_buf_release(&w->groups[i].chunks[k].range.min);
			bn_buf_release(&w->groups[i].chunks[k].range.max);
		}
		bn_free(w->groups[i].chunks);
	}
	bn_free(w->groups);
	bn_table_file_free(w->file);
	bn_buf_release(&w->page);
	bn_buf_release(&w->packed);
	bn_schema_release(&w->schema);
	bn_free(w);
}
