/*
 * table.h - tables: a schema, and rows in column-wise batches.
 *
 * A table is what every dataset version is and what every station hands on: a schema (names, types,
 * units) and a sequence of record batches, each a set of columns in Apache Arrow's memory layout.
 * Larger than memory is normal: a reader maps the file and gives one batch at a time; a writer
 * takes batches or rows and keeps one batch in memory.
 *
 * Invariants
 *  1. Every column of a batch has batch->rows values; columns stand in the order asked for.
 *  2. A value whose validity bit is 0 is absent. What its slot holds is undefined: ask first.
 *  3. The codes of a dictionary column lie in 0 .. dict->count - 1 wherever the value is present.
 *     Of one reader, a column's dictionary is the same object in all batches.
 *  4. Text is valid UTF-8, of a known length, not NUL-terminated.
 *
 * Ownership: a bn_batch filled by a reader owns its array of columns and borrows their buffers from
 * the reader, which must outlive it. Columns are read-only for everybody.
 * Threads: a reader may be used by several threads at once, each with a bn_batch of its own. A
 * writer, a schema under construction and a batch belong to one thread.
 */
#ifndef BN_TABLE_TABLE_H
#define BN_TABLE_TABLE_H
#include "core/base/buf.h"
#include "core/base/dir.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- types ---------------------------------------------------------------------------------- */

typedef enum bn_type {
	BN_TYPE_FLOAT64 = 0,
	BN_TYPE_FLOAT32,
	BN_TYPE_INT64,
	BN_TYPE_INT32,
	BN_TYPE_INT8,
	BN_TYPE_BOOL,
	BN_TYPE_TIMESTAMP, /* int64 nanoseconds since 1970-01-01T00:00:00Z */
	BN_TYPE_CATEGORY,  /* text, dictionary-encoded: int32 codes */
	BN_TYPE_STRING,
	BN_TYPE_COUNT
} bn_type;

/* "float64", "float32", "int64", "int32", "int8", "bool", "timestamp", "category", "string". */
const char *bn_type_name(bn_type type);
/* The same names. BN_EINVAL with the nearest one. */
int bn_type_parse(bn_type *out, const char *name, bn_err *err);
bool bn_type_is_number(bn_type type); /* floats and integers */
bool bn_type_is_text(bn_type type);   /* category and string */
/* Bytes of one value in a column's array; bool: 0 (it is a bitmap), string: 0. */
size_t bn_type_width(bn_type type);

/* ---- schema --------------------------------------------------------------------------------- */

typedef struct bn_field {
	char *name; /* unique in its schema, valid UTF-8, may be empty */
	char *unit; /* "W", "s", "degC"; NULL when not known */
	bn_type type;
	bool nullable; /* false: no value is ever absent, and a writer insists */
} bn_field;

typedef struct bn_schema_meta {
	char *key, *value;
} bn_schema_meta;

typedef struct bn_schema {
	bn_field *fields;
	size_t count, cap;
	bn_schema_meta *meta; /* of the whole table, in the order set */
	size_t meta_count, meta_cap;
	uint32_t *places; /* by the hash of a name: its number + 1; NULL while there are few */
	size_t place_count;
} bn_schema;

#define BN_SCHEMA_INIT \
	{ \
		NULL, 0, 0, NULL, 0, 0, NULL, 0 \
	}
#define BN_SCHEMA_NONE SIZE_MAX /* "no such column" */

void bn_schema_release(bn_schema *s); /* frees, and leaves it as after init */
/* Copies name and unit (NULL: none). BN_ECONFLICT when the name is taken, BN_EINVAL when it is not
 * UTF-8. */
int bn_schema_add(
	bn_schema *s, const char *name, bn_type type, bool nullable, const char *unit, bn_err *err);
int bn_schema_copy(bn_schema *out, const bn_schema *s, bn_err *err); /* out: initialised, empty */
size_t bn_schema_find(const bn_schema *s, const char *name);         /* or BN_SCHEMA_NONE */
/* As find; BN_ENOTFOUND "no column 'x'" with the nearest name as the hint. */
int bn_schema_need(const bn_schema *s, const char *name, size_t *out, bn_err *err);
/* Same names, types, nullability and units in the same order (metadata aside). */
bool bn_schema_equal(const bn_schema *a, const bn_schema *b);
int bn_schema_set_meta(bn_schema *s, const char *key, const char *value, bn_err *err);
const char *bn_schema_get_meta(const bn_schema *s, const char *key); /* borrowed, or NULL */
/* [{"name":..,"type":..,"nullable":..,"unit":..}]; new reference, NULL without memory. */
json_t *bn_schema_json(const bn_schema *s);
/* SHA-256, in hex, of the canonical form of that. */
int bn_schema_hash(const bn_schema *s, char out[65], bn_err *err);

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct bn_text {
	const char *ptr; /* NULL: absent */
	size_t len;
} bn_text;

/* The distinct strings of a category column. */
typedef struct bn_dict {
	size_t count;
	const int32_t *offsets; /* count + 1, rising */
	const char *bytes;
} bn_dict;

bn_text bn_dict_get(const bn_dict *d, size_t code);
/* NUL-terminated copies of all strings, in the arena. A string with a NUL inside is cut there. */
int bn_dict_strings(const char *const **out, const bn_dict *d, bn_arena *arena, bn_err *err);

typedef struct bn_column {
	bn_type type;
	size_t rows;
	size_t nulls;            /* how many are absent */
	const uint8_t *validity; /* bit r % 8 of byte r / 8, 1 = present; NULL: all present */
	union {
		const void *any;
		const double *f64;    /* FLOAT64 */
		const float *f32;     /* FLOAT32 */
		const int64_t *i64;   /* INT64, TIMESTAMP */
		const int32_t *i32;   /* INT32 */
		const int8_t *i8;     /* INT8 */
		const uint8_t *bits;  /* BOOL: bit r % 8 of byte r / 8 */
		const int32_t *codes; /* CATEGORY */
		const int32_t *ends; /* STRING: rows + 1 offsets into bytes, ends[r] .. ends[r+1] */
	};
	const char *bytes;   /* STRING */
	const bn_dict *dict; /* CATEGORY */
} bn_column;

static inline bool bn_column_is_null(const bn_column *c, size_t row)
{
	return c->validity && !(c->validity[row >> 3] >> (row & 7) & 1);
}

/* A number, bool (0/1) or timestamp (ns) as a double; NaN when absent or text. Integers beyond
 * 2^53 are rounded. */
double bn_column_number(const bn_column *c, size_t row);
/* out[i] = bn_column_number(c, from + i), faster. BN_EINVAL for text columns. */
int bn_column_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err);
/* Integers, bools and timestamps exactly; false when absent or another type. */
bool bn_column_int(const bn_column *c, size_t row, int64_t *out);
/* ptr NULL when absent or not text. Borrowed as the column is. */
bn_text bn_column_text(const bn_column *c, size_t row);
/* Appends the value as text: shortest number that reads back equal ("nan", "inf" spelled so),
 * true/false, ISO timestamp, the text itself. Absent appends nothing and returns false. */
bool bn_column_format(const bn_column *c, size_t row, bn_buf *out);
/* Value as JSON; null when absent; NaN and infinity are null too. New reference. */
json_t *bn_column_json(const bn_column *c, size_t row);

/* ---- batches -------------------------------------------------------------------------------- */

typedef struct bn_batch {
	size_t rows;
	size_t column_count;
	bn_column *columns;
	uint64_t first_row; /* number, in the table, of row 0 */
	bn_arena *owned;    /* on the heap, with converted buffers; NULL when all are borrowed */
} bn_batch;

#define BN_BATCH_INIT \
	{ \
		0, 0, NULL, 0, NULL \
	}
#define BN_BATCH_ROWS 65536 /* what our own writers put in a batch at most */

void bn_batch_release(bn_batch *b);

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct bn_table_reader bn_table_reader;

/* Opens an Arrow IPC file (Feather V2, uncompressed). BN_ENOTFOUND, BN_EIO, BN_EUNSUPPORTED (a
 * type or feature, named), BN_ECORRUPT (what and where). The file must not change while open. */
int bn_table_open(bn_table_reader **out, const bn_env *env, const char *path, bn_err *err);
/* The same of a file that is open; fd stays the caller's and may be closed, name is what messages call it. */
int bn_table_open_fd(
	bn_table_reader **out, const bn_env *env, int fd, const char *name, bn_err *err);
/* A table of several files, its parts, whose rows follow each other. All have one schema, and a category's
 * dictionary in a part begins with that of the part before: BN_ECORRUPT otherwise. n >= 1. Paths
 * are below the handle at; with at NULL they are paths that the user named. */
int bn_table_open_parts(bn_table_reader **out, const bn_env *env, const bn_dir *at,
	const char *const *paths, size_t n, bn_err *err);
/* The same of files that are open for reading; names: what messages call them. The descriptors stay the
 * caller's and may be closed. */
int bn_table_open_files(bn_table_reader **out, const bn_env *env, const int *fds,
	const char *const *names, size_t n, bn_err *err);
void bn_table_reader_free(bn_table_reader *r);

const bn_schema *bn_table_schema(const bn_table_reader *r); /* borrowed for the reader's life */
uint64_t bn_table_rows(const bn_table_reader *r);
size_t bn_table_batches(const bn_table_reader *r);
uint64_t bn_table_batch_start(const bn_table_reader *r, size_t batch); /* number of its row 0 */
size_t bn_table_batch_rows(const bn_table_reader *r, size_t batch);
/* Where row `row` of the table lies. BN_EINVAL when there are not so many. */
int bn_table_locate(
	const bn_table_reader *r, uint64_t row, size_t *batch, size_t *row_in_batch, bn_err *err);
/* Fills *out (initialised; an earlier content is released) with the n columns numbered columns[0
 * .. n-1], in that order; columns NULL: all of them. Everything handed out has been validated:
 * BN_ECORRUPT otherwise. */
int bn_table_read(bn_table_reader *r, size_t batch, const size_t *columns, size_t n, bn_batch *out,
	bn_err *err);
/* Says that a batch's values will not be looked at again soon, so that a pass over a file larger than
 * memory does not keep it all mapped in. They can still be read; it costs reading them again. */
void bn_table_forget(const bn_table_reader *r, const bn_batch *b);
/* A category column's dictionary, NULL for other types. Borrowed for the reader's life. */
const bn_dict *bn_table_dict(const bn_table_reader *r, size_t column);

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct bn_table_writer bn_table_writer;

/* Creates path (truncating it) and writes an Arrow IPC file. With a handle at, path is a new file below
 * it (BN_EIO when it is there already); with at NULL the user named it. The schema is copied. The same rows in
 * the same batches give the same bytes. */
int bn_table_create(bn_table_writer **out, const bn_env *env, const bn_dir *at, const char *path,
	const bn_schema *schema, bn_err *err);
/* Where the bytes of a table go that is not a file of its own (an object of the store). They come front to
 * back, from one thread at a time. */
typedef struct bn_table_out {
	int (*write)(void *ctx, const void *bytes, size_t n, bn_err *err);
	void *ctx;
} bn_table_out;
/* The same to `to`; finishing writes the last bytes, and leaves what has to be synced to the caller. */
int bn_table_create_out(
	bn_table_writer **out, const bn_table_out *to, const bn_schema *schema, bn_err *err);
/* Somebody who looks at each record batch of the table as it is written, so that nothing has to be read back. take
 * calls write(w) once before it returns, on whatever thread; the batch is good until it returns. Its dictionaries
 * hold what has been used so far, and are the beginning of those of the table. */
typedef struct bn_table_tap {
	int (*take)(void *ctx, const bn_batch *b, int (*write)(void *w, bn_err *err), void *w,
		bn_err *err);
	void *ctx;
} bn_table_tap;
void bn_table_writer_tap(bn_table_writer *w, const bn_table_tap *tap);
/* All columns of the schema, in order, of the schema's types; the rows join those added before, and
 * dictionaries are merged (codes by first appearance). BN_EINVAL names the column that does not
 * fit.
 */
int bn_table_write_batch(bn_table_writer *w, const bn_batch *b, bn_err *err);
/* Only rows[0 .. n-1] of it, in that order; a row may be named twice. */
int bn_table_write_rows(
	bn_table_writer *w, const bn_batch *b, const uint32_t *rows, size_t n, bn_err *err);

/* Row by row: set the cells, then end the row; cells not set are absent. Setting converts between
 * number types and refuses what would not be exact (3.5 into an integer): reported, with column and
 * row, by bn_table_row_end. Timestamps are set as int64 ns. */
void bn_table_row_f64(bn_table_writer *w, size_t column, double value); /* NaN: absent */
void bn_table_row_i64(bn_table_writer *w, size_t column, int64_t value);
void bn_table_row_bool(bn_table_writer *w, size_t column, bool value);
void bn_table_row_text(bn_table_writer *w, size_t column, const char *text, size_t n);
int bn_table_row_end(bn_table_writer *w, bn_err *err);

uint64_t bn_table_written_rows(const bn_table_writer *w);
uint64_t bn_table_written_bytes(const bn_table_writer *w); /* of the file so far */
/* Writes what is pending, dictionaries and footer; fsync (file alone). The writer stays to be
 * freed. */
int bn_table_writer_finish(bn_table_writer *w, bn_err *err);
/* Without finish before, the unfinished file is removed. */
void bn_table_writer_free(bn_table_writer *w);

#endif
