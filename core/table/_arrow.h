/*
 * _arrow.h - the numbers of the Arrow IPC format that reader and writer share, and the pieces that
 * the reader is made of.
 *
 * Format: https://arrow.apache.org/docs/format/Columnar.html, and Message.fbs, Schema.fbs, File.fbs
 * of apache/arrow. A file is
 *
 *	"ARROW1\0\0", messages, footer (FlatBuffer), int32 footer length, "ARROW1"
 *
 * and a message is 0xFFFFFFFF, int32 length, metadata (FlatBuffer, padded to 8), body.
 */
#ifndef BN_TABLE_ARROW_H
#define BN_TABLE_ARROW_H
#include "core/table/_flatbuf.h"
#include "core/table/table.h"

#define BN_ARROW_MAGIC "ARROW1"
#define BN_ARROW_MAGIC_BYTES 6
#define BN_ARROW_CONTINUATION 0xffffffffu
#define BN_ARROW_V4 3
#define BN_ARROW_V5 4

/* Numbers of fields in the tables, in the order of the .fbs files. */
enum { MSG_VERSION, MSG_HEADER_TYPE, MSG_HEADER, MSG_BODY_LENGTH };
enum { HEADER_SCHEMA = 1, HEADER_DICTIONARY = 2, HEADER_RECORDS = 3 };
enum { SCHEMA_ENDIANNESS, SCHEMA_FIELDS, SCHEMA_METADATA };
enum {
	FIELD_NAME,
	FIELD_NULLABLE,
	FIELD_TYPE_TYPE,
	FIELD_TYPE,
	FIELD_DICTIONARY,
	FIELD_CHILDREN,
	FIELD_METADATA
};
enum { KV_KEY, KV_VALUE };
enum { DICTENC_ID, DICTENC_INDEX, DICTENC_ORDERED };
enum { RECORDS_LENGTH, RECORDS_NODES, RECORDS_BUFFERS, RECORDS_COMPRESSION };
enum { DICT_ID, DICT_DATA, DICT_DELTA };
enum { FOOTER_VERSION, FOOTER_SCHEMA, FOOTER_DICTIONARIES, FOOTER_RECORDS };
enum {
	ARROW_NULL = 1,
	ARROW_INT = 2,
	ARROW_FLOAT = 3,
	ARROW_UTF8 = 5,
	ARROW_BOOL = 6,
	ARROW_DATE = 8,
	ARROW_TIMESTAMP = 10,
	ARROW_LARGE_UTF8 = 20
};
#define BN_ARROW_BLOCK_BYTES \
	24 /* int64 offset, int32 metadata length, padding, int64 body length */

/* How a column's values lie in the file. */
typedef enum bn_phys {
	PHYS_NULL, /* no buffers at all: every value is absent */
	PHYS_I8,
	PHYS_I16,
	PHYS_I32,
	PHYS_I64,
	PHYS_U8,
	PHYS_U16,
	PHYS_U32,
	PHYS_F32,
	PHYS_F64,
	PHYS_BOOL,
	PHYS_TEXT,
	PHYS_LARGE_TEXT, /* 32 and 64-bit offsets */
} bn_phys;

typedef struct bn_arrow_column {
	bn_phys phys;        /* of the values; of the codes of a category */
	int64_t scale;       /* TIMESTAMP: ns per unit */
	int64_t dict_id;     /* CATEGORY */
	bn_phys dict_phys;   /* CATEGORY: of the strings */
	size_t dict;         /* CATEGORY: place in the reader's dictionaries */
	size_t first_buffer; /* place in a record batch's list of buffers */
} bn_arrow_column;

/* Fills schema and *columns (one per field; yours) from an Arrow Schema table. buffers gets how
 * many buffers a record batch has. BN_EUNSUPPORTED names column and type. */
int bn_arrow_read_schema(
	bn_fb_table t, bn_schema *schema, bn_arrow_column **columns, size_t *buffers, bn_err *err);

/* A slice of a body: data NULL when it has no bytes. */
typedef struct bn_arrow_buffer {
	const uint8_t *data;
	size_t bytes;
} bn_arrow_buffer;

/* Makes *out of the buffers of one column: checks everything (check false: was checked before),
 * converts into arena what does not lie as table.h wants it. dict: of a category. */
int bn_arrow_read_column(bn_column *out, const bn_arrow_column *layout, bn_type type,
	const bn_dict *dict, const bn_arrow_buffer *buffers, size_t rows, int64_t nulls, bool check,
	bn_arena *arena, bn_err *err);

#endif
