/*
 * table.h - tables: a schema, and rows in column-wise batches.
 *
 * Every dataset version is a table, and modules exchange data as tables: a schema (names, types,
 * units) and a sequence of record batches, each a set of columns in Apache Arrow's memory layout.
 * Tables may be larger than memory: a reader maps the file and returns one batch at a time; a
 * writer takes batches or rows and keeps one batch in memory.
 *
 * Invariants
 *  1. Every column of a batch has batch->rows values; columns are in the requested order.
 *  2. For one reader, a column's dictionary is the same object in all batches.
 *  3. Text is valid UTF-8, of a known length, not NUL-terminated.
 * The invariants of a column are C1 to C8 below.
 *
 * Ownership: a bn_batch filled by a reader owns its array of columns and borrows their buffers from
 * the reader, which must outlive it. Columns are read-only.
 * Threads: a reader may be used by
 * several threads concurrently, each with its own bn_batch. A writer, a schema under construction
 * and a batch are used by one thread.
 */
#ifndef BN_TABLE_TABLE_H
#define BN_TABLE_TABLE_H
#include "core/base/buf.h"
#include "core/base/decimal.h"
#include "core/base/dir.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- types ---------------------------------------------------------------------------------- */

/* Numbers are permanent: they are part of files. */
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
	BN_TYPE_UINT64,
	BN_TYPE_UINT32,
	BN_TYPE_UINT16,
	BN_TYPE_UINT8,
	BN_TYPE_INT16,
	BN_TYPE_DATE,     /* int32 days since 1970-01-01 */
	BN_TYPE_TIME,     /* int64 nanoseconds since midnight */
	BN_TYPE_DURATION, /* int64 nanoseconds */
	BN_TYPE_DECIMAL,  /* bn_decimal, at most 38 digits, `scale` of them after the point */
	BN_TYPE_BINARY,   /* bytes */
	BN_TYPE_LIST,     /* of any type but category, at most 4 deep */
	BN_TYPE_FIXED,    /* the same, with fixed_size values in every row */
	BN_TYPE_COUNT
} bn_type;

#define BN_LIST_DEPTH_MAX 4
#define BN_FIXED_SIZE_MAX (1u << 20)

/* One X(TYPE, member of bn_column's union, C type) for each type whose values are numbers in an array. */
#define BN_NUMBER_TYPES(X) \
	X(FLOAT64, f64, double) \
	X(FLOAT32, f32, float) \
	X(INT64, i64, int64_t) \
	X(INT32, i32, int32_t) \
	X(INT16, i16, int16_t) \
	X(INT8, i8, int8_t) \
	X(UINT64, u64, uint64_t) \
	X(UINT32, u32, uint32_t) \
	X(UINT16, u16, uint16_t) \
	X(UINT8, u8, uint8_t)
/* The same for those that count days or nanoseconds. */
#define BN_TIME_TYPES(X) \
	X(TIMESTAMP, i64, int64_t) \
	X(DATE, i32, int32_t) \
	X(TIME, i64, int64_t) \
	X(DURATION, i64, int64_t)

/* "float64", "float32", "int64", ... "decimal", "binary", "list", "fixed": the enum's names in small letters. */
const char *bn_type_name(bn_type type);
/* Only types without parameters: not decimal, list and fixed (bn_field_parse_type has all). BN_EINVAL with
 * the nearest one. */
int bn_type_parse(bn_type *out, const char *name, bn_err *err);
bool bn_type_is_number(bn_type type); /* floats, integers and decimals */
bool bn_type_is_time(bn_type type);   /* timestamp, date, time, duration */
bool bn_type_is_text(bn_type type);   /* category and string */
bool bn_type_is_list(bn_type type);   /* list and fixed */
/* Whether values are numbers, times or bool (bn_column_numbers). */
bool bn_type_is_scalar(bn_type type);
/* Bytes of one value in a column's array; 0 for bool (a bitmap) and types without such an array: string,
 * binary, list, fixed. */
size_t bn_type_width(bn_type type);

/* ---- schema --------------------------------------------------------------------------------- */

/*
 * A column of a schema, or the values of a list (name and unit NULL).
 *
 * There are no structs: their members are ordinary columns named by path, "power.gpu" (a dot inside a step is
 * "\."), and a value is absent where an enclosing struct is. Lists of structs are lists that share their ends;
 * a map is a list of structs of key and value.
 */
typedef struct bn_field {
	char *name; /* unique in its schema, valid UTF-8, may be empty */
	char *unit; /* "W", "s", "degC"; NULL when not known */
	char *read; /* how text of the column is read (core/source/reading.h); NULL: as usual. It belongs to the file
		     * that the table came from, so it is no part of bn_schema_equal and bn_schema_json */
	char *zone; /* TIMESTAMP: NULL: UTC; "": unknown; "Europe/Rome": zone for display */
	bn_type type;
	bool nullable;            /* false: no value is ever absent, enforced by a writer */
	uint8_t precision, scale; /* DECIMAL: 1..38 digits, of which 0..precision after the point */
	uint32_t fixed_size;      /* FIXED: values per row, 1..BN_FIXED_SIZE_MAX */
	struct bn_field *child;   /* LIST, FIXED: owned; else NULL */
} bn_field;

void bn_field_release(bn_field *f);                               /* leaves it zeroed */
int bn_field_copy(bn_field *out, const bn_field *f, bn_err *err); /* out: zeroed */
/* Copies type, precision, scale, fixed_size, zone and child of f to out. Its previous ones are
 * released. */
int bn_field_copy_type(bn_field *out, const bn_field *f, bn_err *err);
/* Compares types recursively, with precision, scale, size and zone; not names, units and nullability. */
bool bn_field_same_type(const bn_field *a, const bn_field *b);
/* "int64", "decimal(10,2)", "list<float32>", "fixed<uint8,3>". */
void bn_field_format_type(const bn_field *f, bn_buf *out);
/* The same truncated to fit, NUL-terminated, for a message. */
#define BN_TYPE_TEXT 64
const char *bn_field_type_text(const bn_field *f, char out[BN_TYPE_TEXT]);
/* Fills type, precision, scale, fixed_size and child, which must be 0. BN_EINVAL with what is wrong, and the
 * nearest name. */
int bn_field_parse_type(bn_field *f, const char *text, bn_err *err);

typedef struct bn_schema_meta {
	char *key, *value;
} bn_schema_meta;

typedef struct bn_schema {
	bn_field *fields;
	size_t count, cap;
	bn_schema_meta *meta; /* of the whole table, in the order set */
	size_t meta_count, meta_cap;
	uint32_t *places; /* hash table of names: number + 1; NULL while there are few */
	size_t place_count;
} bn_schema;

#define BN_SCHEMA_INIT \
	{ \
		NULL, 0, 0, NULL, 0, 0, NULL, 0 \
	}
#define BN_SCHEMA_NONE SIZE_MAX /* "no such column" */

void bn_schema_release(bn_schema *s); /* frees; then as after init */
/* Copies name and unit (NULL: none). BN_ECONFLICT when the name is taken, BN_EINVAL when it is not
 * UTF-8. */
int bn_schema_add(
	bn_schema *s, const char *name, bn_type type, bool nullable, const char *unit, bn_err *err);
/* Adds a copy of f with its complete type and read, as bn_schema_add; name NULL: f's. */
int bn_schema_add_field(bn_schema *s, const bn_field *f, const char *name, bn_err *err);
int bn_schema_copy(bn_schema *out, const bn_schema *s, bn_err *err); /* out: initialised, empty */
size_t bn_schema_find(const bn_schema *s, const char *name);         /* or BN_SCHEMA_NONE */
/* As find; BN_ENOTFOUND "no column 'x'" with the nearest name as a hint. */
int bn_schema_need(const bn_schema *s, const char *name, size_t *out, bn_err *err);
/* Same names, types (bn_field_same_type), nullability and units in the same order (metadata aside). */
bool bn_schema_equal(const bn_schema *a, const bn_schema *b);
int bn_schema_set_meta(bn_schema *s, const char *key, const char *value, bn_err *err);
int bn_schema_copy_meta(
	bn_schema *out, const bn_schema *s, bn_err *err); /* in addition to what out has */
const char *bn_schema_get_meta(const bn_schema *s, const char *key); /* borrowed, or NULL */
/* Adds [{"name":..,"nullable":..,"type":..,"unit":..}] in canonical form (json.h), with "zone" if it is not UTC. type
 * is the output of bn_field_format_type. Written as text, since a tree of 100 000 columns takes half a second. */
int bn_schema_json(bn_buf *out, const bn_schema *s, bn_err *err);

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct bn_text {
	const char *ptr; /* NULL: absent */
	size_t len;
} bn_text;

/* The distinct strings of a category column. */
typedef struct bn_dict {
	size_t count;
	const int32_t *offsets; /* count + 1, ascending */
	const char *bytes;
} bn_dict;

bn_text bn_dict_get(const bn_dict *d, size_t code);
/* NUL-terminated copies of all strings, in the arena. A string with a NUL inside is truncated
 * there. */
int bn_dict_strings(const char *const **out, const bn_dict *d, bn_arena *arena, bn_err *err);

/*
 * Invariants of a column
 * C1 Every array is aligned to its element (decimal: 8) and no more: arrays of mapped files are not aligned to 64
 *    bytes and have no padding. Only elements 0 .. rows - 1 may be read.
 * C2 There is no bit offset: bit 0 of a bitmap is row 0. A slice begins at a multiple of 64 rows.
 * C3 The slot of an absent value is initialised memory with any content. A code, a time or a decimal there has no
 *    meaning; ends are non-decreasing in every row, including absent ones.
 * C4 ends[0] and first need not be 0: bytes and child are shared by slices.
 * C5 Present codes are in 0 .. dict->count - 1. Within one scan each snapshot of a dictionary is a prefix of
 *    the next, so a code never changes its text.
 * C6 A category is never inside a list: there it is a string.
 * C7 A batch is immutable once returned, and may be read by any number of threads.
 * C8 Absent means null, or NaN in a float column (bn_column_is_absent).
 *
 * A column contains its complete type: no separate field is needed.
 */
typedef struct bn_column {
	bn_type type;
	uint8_t precision, scale; /* DECIMAL */
	bool naive;               /* TIMESTAMP: of a field with zone "" */
	uint32_t fixed_size;      /* FIXED */
	size_t rows;
	size_t nulls;            /* how many are null, exactly */
	const uint8_t *validity; /* bit r % 8 of byte r / 8, 1 = present; NULL: all present */
	union {
		const void *any;
		const double *f64;  /* FLOAT64 */
		const float *f32;   /* FLOAT32 */
		const int64_t *i64; /* INT64, TIMESTAMP, TIME, DURATION */
		const int32_t *i32; /* INT32, DATE */
		const int16_t *i16;
		const int8_t *i8;
		const uint64_t *u64;
		const uint32_t *u32;
		const uint16_t *u16;
		const uint8_t *u8;
		const bn_decimal *dec; /* DECIMAL */
		const uint8_t *bits;   /* BOOL: bit r % 8 of byte r / 8 */
		const int32_t *codes;  /* CATEGORY */
		const int32_t *
			ends; /* STRING, BINARY: rows + 1 offsets into bytes, ends[r] .. ends[r+1]; LIST: into child */
	};
	const char *bytes;             /* STRING, BINARY */
	const bn_dict *dict;           /* CATEGORY */
	const struct bn_column *child; /* LIST, FIXED */
	size_t first;                  /* FIXED: the row of child where the values of row 0 begin */
} bn_column;

static inline bool bn_column_is_null(const bn_column *c, size_t row)
{
	return c->validity && !(c->validity[row >> 3] >> (row & 7) & 1);
}

bool bn_column_is_absent(const bn_column *c, size_t row); /* C8 */
/* Whether it has that field's type, precision, scale, size and values. */
bool bn_column_fits(const bn_column *c, const bn_field *f);
/* A column of that field's type, without rows. */
bn_column bn_column_of(const bn_field *f);
/* Rows from .. from + n - 1 as a column that borrows from c. from is a multiple of 64 (C2). */
bn_column bn_column_slice(const bn_column *c, size_t from, size_t n);
/* The number of nulls among those; any from. */
size_t bn_column_count_nulls(const bn_column *c, size_t from, size_t n);

/*
 * Access by form. A reader of a column chooses the one it needs, which covers every type: numbers, exact
 * integers, codes (c->codes and c->dict), text, lists.
 */

/* A number, decimal, bool (0/1) or time (ns; days of a date) as a double, rounded to the nearest; NaN when absent
 * or of another type. */
double bn_column_number(const bn_column *c, size_t row);
/* out[i] = bn_column_number(c, from + i), faster. BN_EINVAL for types that have none (bn_type_is_scalar). */
int bn_column_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err);
/* Integers, bools and times exactly; false when absent, another type, or beyond int64. */
bool bn_column_int(const bn_column *c, size_t row, int64_t *out);
/* out[i] is what bn_column_int gives for from + i, faster, and 0 where that is false. */
void bn_column_ints(const bn_column *c, size_t from, size_t n, int64_t *out);
/* ptr NULL when absent or not text. Borrowed as the column is. */
bn_text bn_column_text(const bn_column *c, size_t row);
/* The bytes of text or binary; the same. */
bn_text bn_column_bytes(const bn_column *c, size_t row);
/* The position of a list's values in c->child; false if absent or not a list. */
bool bn_column_list(const bn_column *c, size_t row, size_t *from, size_t *n);

/* Appends the value as text: shortest number that reads back equal ("nan", "inf" spelled so), all digits of a
 * decimal, true/false, ISO date, time, timestamp (without Z when naive) and duration (PT1H2M3.5S), the text itself, bytes
 * in hexadecimal, a list as JSON. For an absent value appends nothing and returns false. */
bool bn_column_format(const bn_column *c, size_t row, bn_buf *out);
/* Value as JSON; null when absent; NaN and infinities are the texts "nan", "inf", "-inf". Values that a JSON
 * number cannot hold exactly (decimals, integers above 2^63 - 1) are strings of digits. New reference. */
json_t *bn_column_json(const bn_column *c, size_t row);

/* ---- batches -------------------------------------------------------------------------------- */

typedef struct bn_batch {
	size_t rows;
	size_t column_count;
	bn_column *columns;
	uint64_t first_row; /* number, in the table, of row 0 */
	bn_arena *owned;    /* on the heap, with converted buffers; NULL if all are borrowed */
} bn_batch;

#define BN_BATCH_INIT \
	{ \
		0, 0, NULL, 0, NULL \
	}
#define BN_BATCH_ROWS 65536 /* maximum batch size of our writers */

void bn_batch_release(bn_batch *b);

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct bn_table_reader bn_table_reader;

/* Opens an Arrow IPC file (Feather V2) or stream. BN_ENOTFOUND, BN_EIO, BN_EUNSUPPORTED (a
 * type or feature, named), BN_ECORRUPT (what and where). The file must not change while open. */
int bn_table_open(bn_table_reader **out, const bn_env *env, const char *path, bn_err *err);
/* The same of a file that the user gave and that is open: what is wrong in it is BN_EINVAL, now and when it is read.
 * fd stays the caller's and may be closed, name is what messages call it. */
int bn_table_open_given(
	bn_table_reader **out, const bn_env *env, int fd, const char *name, bn_err *err);
/* Is it a stream that ends without the mark of its end? What followed may have been cut off. */
bool bn_table_is_unmarked(const bn_table_reader *r);
/* A table of several files, its parts, whose rows follow each other. All have one schema, and a category's
 * dictionary in a part begins with that of the part before: BN_ECORRUPT otherwise. n >= 1. Paths
 * are below the handle at; with at NULL they are paths that the user named. */
int bn_table_open_parts(bn_table_reader **out, const bn_env *env, const bn_dir *at,
	const char *const *paths, size_t n, bn_err *err);
/* The same for files open for reading; names are used in messages. The caller keeps the descriptors and
 * may close them. */
int bn_table_open_files(bn_table_reader **out, const bn_env *env, const int *fds,
	const char *const *names, size_t n, bn_err *err);
void bn_table_reader_free(bn_table_reader *r);

const bn_schema *bn_table_schema(const bn_table_reader *r); /* borrowed until the reader is freed */
uint64_t bn_table_rows(const bn_table_reader *r);
size_t bn_table_batches(const bn_table_reader *r);
uint64_t bn_table_batch_start(const bn_table_reader *r, size_t batch); /* number of its row 0 */
size_t bn_table_batch_rows(const bn_table_reader *r, size_t batch);
/* The position of row `row` of the table. BN_EINVAL if out of range. */
int bn_table_locate(
	const bn_table_reader *r, uint64_t row, size_t *batch, size_t *row_in_batch, bn_err *err);
/* Fills *out (initialised; an earlier content is released) with the n columns numbered columns[0
 * .. n-1], in that order; columns NULL: all of them. Everything returned has been validated:
 * BN_ECORRUPT otherwise. */
int bn_table_read(bn_table_reader *r, size_t batch, const size_t *columns, size_t n, bn_batch *out,
	bn_err *err);
/* Hints that a batch's values will not be used again soon, so that a pass over a file larger than
 * memory does not keep it resident. They can still be read, at the cost of reading them again. */
void bn_table_forget(const bn_table_reader *r, const bn_batch *b);
/* A category column's dictionary, NULL for other types. Borrowed until the reader is freed. */
const bn_dict *bn_table_dict(const bn_table_reader *r, size_t column);

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct bn_table_writer bn_table_writer;

/* Creates path (truncating it) and writes an Arrow IPC file. With a handle at, path is a new file below it
 * (BN_EIO if it exists); with at NULL the user named it. The schema is copied. The same rows in the same
 * batches give the same bytes. */
int bn_table_create(bn_table_writer **out, const bn_env *env, const bn_dir *at, const char *path,
	const bn_schema *schema, bn_err *err);
/* The output of a table that is not a separate file (an object of the store). Bytes arrive sequentially,
 * from one thread at a time. */
typedef struct bn_table_out {
	int (*write)(void *ctx, const void *bytes, size_t n, bn_err *err);
	void *ctx;
} bn_table_out;
/* The same to `to`; finishing writes the last bytes, and leaves syncing to the caller. */
int bn_table_create_out(
	bn_table_writer **out, const bn_table_out *to, const bn_schema *schema, bn_err *err);
/* An observer of each record batch of the table as it is written, so that nothing must be read back. take calls
 * write(w) once before it returns, on any thread; the batch is valid until it returns. Its dictionaries hold
 * what has been used so far, and are prefixes of those of the table. */
typedef struct bn_table_tap {
	int (*take)(void *ctx, const bn_batch *b, int (*write)(void *w, bn_err *err), void *w,
		bn_err *err);
	void *ctx;
} bn_table_tap;
void bn_table_writer_tap(bn_table_writer *w, const bn_table_tap *tap);
/* When the file has reached that many bytes after a record batch, it is finished, and the next batch starts
 * another one, whose dictionaries continue: next(ctx) is called between them. For tables written to a
 * bn_table_out; call before the first row. */
void bn_table_writer_cut(
	bn_table_writer *w, uint64_t bytes, int (*next)(void *ctx, bn_err *err), void *ctx);
/* Starts the dictionary of a category column with these texts, from the previous part. Call before the first
 * row. */
int bn_table_writer_seed(bn_table_writer *w, size_t column, const bn_dict *dict, bn_err *err);
/* All columns of the schema, in order, of the schema's types; the rows are appended, and
 * dictionaries are merged (codes by first appearance). BN_EINVAL names the column that does not
 * fit.
 */
int bn_table_write_batch(bn_table_writer *w, const bn_batch *b, bn_err *err);
/* Only rows[0 .. n-1] of it, in that order; rows may repeat. */
int bn_table_write_rows(
	bn_table_writer *w, const bn_batch *b, const uint32_t *rows, size_t n, bn_err *err);

/* Row by row: set the cells, then end the row; cells not set are absent. Setting converts between
 * number types and rejects inexact conversions (3.5 to an integer): reported, with column and row,
 * by bn_table_row_end. Timestamps are set as int64 ns. */
void bn_table_row_f64(bn_table_writer *w, size_t column, double value); /* NaN: absent */
void bn_table_row_i64(bn_table_writer *w, size_t column, int64_t value);
void bn_table_row_bool(bn_table_writer *w, size_t column, bool value);
void bn_table_row_text(bn_table_writer *w, size_t column, const char *text, size_t n);
int bn_table_row_end(bn_table_writer *w, bn_err *err);

uint64_t bn_table_written_rows(const bn_table_writer *w);
uint64_t bn_table_written_bytes(const bn_table_writer *w); /* of the file so far */
/* Writes pending rows, dictionaries and footer; syncs (only a file). The writer must still be
 * freed. */
int bn_table_writer_finish(bn_table_writer *w, bn_err *err);
/* Without a previous finish, the unfinished file is removed. */
void bn_table_writer_free(bn_table_writer *w);

#endif
