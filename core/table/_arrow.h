/*
 * _arrow.h - constants of the Arrow IPC format shared by reader and writer, and the internals of
 * the reader.
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
#define BN_ARROW_END_BYTES 8 /* of a stream's end: the continuation, and a length of 0 */
#define BN_ARROW_CUT_HINT \
	"it was not written or copied to the end: fetch it again, or write it anew"
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
enum { RECORDS_LENGTH, RECORDS_NODES, RECORDS_BUFFERS, RECORDS_COMPRESSION, RECORDS_VARIADIC };
enum { COMPRESSION_CODEC, COMPRESSION_METHOD };
enum { CODEC_LZ4_FRAME, CODEC_ZSTD };
enum { DICT_ID, DICT_DATA, DICT_DELTA };
enum { FOOTER_VERSION, FOOTER_SCHEMA, FOOTER_DICTIONARIES, FOOTER_RECORDS };
enum {
	ARROW_NULL = 1,
	ARROW_INT,
	ARROW_FLOAT,
	ARROW_BINARY,
	ARROW_UTF8,
	ARROW_BOOL,
	ARROW_DECIMAL,
	ARROW_DATE,
	ARROW_TIME,
	ARROW_TIMESTAMP,
	ARROW_INTERVAL,
	ARROW_LIST,
	ARROW_STRUCT,
	ARROW_UNION,
	ARROW_FIXED_BINARY,
	ARROW_FIXED_LIST,
	ARROW_MAP,
	ARROW_DURATION,
	ARROW_LARGE_BINARY,
	ARROW_LARGE_UTF8,
	ARROW_LARGE_LIST,
	ARROW_RUN_END,
	ARROW_BINARY_VIEW,
	ARROW_UTF8_VIEW,
	ARROW_LIST_VIEW,
	ARROW_LARGE_LIST_VIEW
};
#define BN_ARROW_READ "binnacle.read" /* metadata of a field: bn_field.read; "unit" is its unit */
#define BN_ARROW_NOTHING_MAX ((size_t)1 << 26) /* rows that no byte of the file stands for */
#define BN_ARROW_BLOCK_BYTES \
	24 /* int64 offset, int32 metadata length, padding, int64 body length */

/* The physical layout of a column's values in the file. */
typedef enum bn_phys {
	PHYS_NULL, /* no buffers at all: every value is absent */
	PHYS_I8,
	PHYS_I16,
	PHYS_I32,
	PHYS_I64,
	PHYS_U8,
	PHYS_U16,
	PHYS_U32,
	PHYS_U64,
	PHYS_F16,
	PHYS_F32,
	PHYS_F64,
	PHYS_BOOL,
	PHYS_DECIMAL, /* of `width` bytes: 4, 8, 16, 32 */
	PHYS_TEXT,
	PHYS_LARGE_TEXT, /* 32 and 64-bit offsets; of binary too */
	PHYS_TEXT_VIEW,
	PHYS_FIXED_BYTES, /* `width` in every row */
	PHYS_LIST,
	PHYS_LARGE_LIST,
	PHYS_LIST_VIEW,
	PHYS_LARGE_LIST_VIEW,
	PHYS_FIXED_LIST,
} bn_phys;

/* The position of a node (a field of the schema, followed by its children) in a record batch. */
typedef struct bn_arrow_place {
	size_t node;         /* in its list of nodes, */
	size_t first_buffer; /* in that of buffers, if there were no views before it */
	size_t views;        /* their number: each has a variable number of further buffers */
} bn_arrow_place;

/* A struct around a node: its validity applies to its content. */
typedef struct bn_arrow_parent {
	bn_arrow_place place;
	const struct bn_arrow_parent *up;
} bn_arrow_parent;

/* How a column, or the values of its lists, is read. Complements the type in bn_field. */
typedef struct bn_arrow_column {
	bn_phys phys; /* of the values; of the codes where there is a dictionary */
	bn_arrow_place place;
	int64_t scale; /* times: ns, or days, per unit; 0: days that count in milliseconds. Decimals: zeros behind the digits */
	size_t width;
	bool coded;      /* the values are in a dictionary */
	int64_t dict_id; /* its number in the file */
	size_t dict;     /* and its place in the reader's dictionaries */
	const bn_arrow_parent *parents;
	struct bn_arrow_column *child; /* of lists */
} bn_arrow_column;

/* The content of a dictionary; it is read as a record batch of one column. */
typedef struct bn_arrow_dict_field {
	bn_arrow_column layout; /* dict_id: its number */
	bn_field field;
} bn_arrow_dict_field;

/* The layout of all record batches of a file. */
typedef struct bn_arrow_layout {
	bn_arrow_column *columns; /* one for each field of the schema */
	size_t column_cap;
	size_t nodes, buffers,
		views;   /* of a record batch, views being nodes whose buffers vary in number */
	bool only_nulls; /* nothing in it says how many rows a batch can have */
	bn_arrow_dict_field *dicts; /* one for each coded column, in any order */
	size_t dict_count, dict_cap;
	bn_arena arena; /* children and parents */
} bn_arrow_layout;

/* Fills schema and *out (zeroed) from an Arrow Schema table: structs become columns by path. Release out in
 * any case. BN_EUNSUPPORTED names column and type. */
int bn_arrow_read_schema(bn_fb_table t, bn_schema *schema, bn_arrow_layout *out, bn_err *err);
void bn_arrow_layout_release(bn_arrow_layout *l);
/* The number of buffers of a node, without the variable ones of views. */
size_t bn_phys_buffers(bn_phys phys);

/* ---- messages: arrow_body.c ----------------------------------------------------------------- */

typedef struct bn_arrow_block {
	size_t offset, meta_bytes, body_bytes;
} bn_arrow_block;

/* A message whose metadata was found and whose body is inside the file. */
typedef struct bn_arrow_message {
	bn_fb fb;
	bn_fb_table header;
	int type; /* of the header: HEADER_... */
	const uint8_t *body;
	size_t body_bytes;
} bn_arrow_message;

/* end: of the messages in the file at base. */
int bn_arrow_read_message(
	bn_arrow_message *m, const uint8_t *base, size_t end, const bn_arrow_block *b, bn_err *err);
/* The same for a stream: the message at *offset, which is advanced past it. 1, or 0 at the end of the
 * stream. */
int bn_arrow_next_message(bn_arrow_message *m, bn_arrow_block *b, const uint8_t *base, size_t end,
	size_t *offset, bn_err *err);

/* The nodes and buffers of a record batch or dictionary. */
typedef struct bn_arrow_body {
	const bn_arrow_message *m;
	bn_fb_vector nodes, buffers, variadic;
	size_t rows;
	int codec; /* -1: as they are */
	size_t views_passed,
		views_sum; /* buffers that the first views have more; columns come in order */
} bn_arrow_body;

/* A slice of a body: data NULL if it has no bytes. */
typedef struct bn_arrow_buffer {
	const uint8_t *data;
	size_t bytes;
} bn_arrow_buffer;

/* records: a RecordBatch table of m, which must have as many nodes, buffers and views. */
int bn_arrow_body_open(bn_arrow_body *out, const bn_arrow_message *m, bn_fb_table records,
	const bn_arrow_layout *l, bn_err *err);
/* Buffer i of the node at that place; views count their own from bn_phys_buffers on. What is compressed is
 * unpacked into the arena. */
int bn_arrow_body_buffer(bn_arrow_buffer *out, bn_arrow_body *b, const bn_arrow_place *place,
	size_t i, bn_arena *arena, bn_err *err);
/* The number of variable buffers of the view at that position. */
int bn_arrow_body_views(
	size_t *out, const bn_arrow_body *b, const bn_arrow_place *place, bn_err *err);
/* The rows and absent values claimed by a node. */
int bn_arrow_body_node(size_t *rows, size_t *nulls, const bn_arrow_body *b,
	const bn_arrow_place *place, bn_err *err);

/* ---- dictionaries: arrow_dict.c ------------------------------------------------------------- */

/*
 * The values of one dictionary, from all of its messages. If a stream replaces it, codes before and after mean
 * different values: each generation has a map to one dictionary that holds all of them.
 */
typedef struct bn_arrow_generation {
	size_t first_batch; /* batches to which it applies */
	bn_column *pieces;  /* the values of each message: the first, and appended ones */
	size_t piece_count, piece_cap;
	bn_column values; /* all of them, by the file's codes */
	int32_t *map;     /* text: to the codes of `dict`, -1: absent. NULL: they are the same */
} bn_arrow_generation;

typedef struct bn_arrow_dict {
	const bn_arrow_dict_field *field;
	bn_dict dict; /* text: all of it */
	bn_arrow_generation *generations;
	size_t count, cap;
} bn_arrow_dict;

typedef struct bn_arrow_dicts {
	bn_arrow_dict *items;
	size_t count;
	size_t *slots; /* hash table of their numbers in the file: index + 1; 0: free */
	size_t slot_count;
	bn_arena arena;
} bn_arrow_dicts;

/* One for each number in l, whose columns get its index. l is borrowed. */
int bn_arrow_dicts_init(bn_arrow_dicts *d, bn_arrow_layout *l, size_t columns, bn_err *err);
void bn_arrow_dicts_release(bn_arrow_dicts *d);
/* Adds a DictionaryBatch that precedes record batch `batch`. replace: whether it may replace another. */
int bn_arrow_dicts_read(
	bn_arrow_dicts *d, const bn_arrow_message *m, size_t batch, bool replace, bn_err *err);
/* Call once, after all were read: builds `values`, `dict` and the maps. */
int bn_arrow_dicts_finish(bn_arrow_dicts *d, bn_err *err);
/* The generation for a record batch; NULL if the dictionary is missing. */
const bn_arrow_generation *bn_arrow_dict_at(const bn_arrow_dict *d, size_t batch);

/* ---- columns: arrow_column.c ---------------------------------------------------------------- */

/* What a column is read from. */
typedef struct bn_arrow_from {
	bn_arrow_body *body;
	const bn_arrow_dicts *dicts; /* NULL: there can be none */
	size_t batch;                /* number of the record batch */
	bool check;                  /* false: its values were checked before */
	bn_arena *arena;             /* for converted values */
} bn_arrow_from;

/* Builds *out from the buffers of one column: checks everything, and converts into the arena what is not in the
 * layout of table.h. rows: the required number. */
int bn_arrow_read_column(bn_column *out, const bn_arrow_column *layout, const bn_field *field,
	const bn_arrow_from *from, size_t rows, bn_err *err);
/* Whether all of these milliseconds are whole days. (phys PHYS_I64, scale 0.) */
int bn_arrow_is_dates(bool *out, const bn_arrow_column *layout, const bn_arrow_from *from,
	size_t rows, bn_err *err);

#endif
