/*
 * _table_writer.h - a table under construction: shared by table_write.c (batches) and table_row.c (rows).
 */
#ifndef BN_TABLE_TABLE_WRITER_H
#define BN_TABLE_TABLE_WRITER_H
#include "core/table/_arrow_write.h"
#include "core/table/_table_file.h"
#include "core/table/dict.h"

typedef struct bn_pending_column {
	char *values; /* numbers and codes: room * width; bool: a bitmap */
	uint8_t *validity;
	int32_t *ends; /* string */
	bn_buf bytes;  /* string */
	size_t nulls;
	bool set;             /* in the row under construction */
	bn_dict_builder dict; /* category */
	int32_t *map;         /* category: scratch, code of a batch -> code here */
	size_t map_cap;
	int32_t *codes;    /* category: scratch, a column of translated codes */
	size_t codes_cap;
	bn_column *pieces; /* list, fixed: copied rows of incoming batches, as pieces */
	size_t piece_count, piece_cap, list_bytes;
	bn_arena lists;
} bn_pending_column;

struct bn_table_writer {
	bn_schema schema;
	bn_arrow_writer *file;
	bn_table_file *own; /* the output; NULL: the caller's bn_table_out */
	bn_table_out to;
	bn_table_tap tap;
	uint64_t cut_bytes; /* 0: one file */
	int (*next)(void *ctx, bn_err *err);
	void *next_ctx;
	uint64_t done_bytes; /* of the files before */
	bn_pending_column *columns;
	bn_column *out; /* scratch: the columns of one record batch, */
	bn_dict *dicts; /* and their dictionaries so far */
	size_t out_rows;
	uint64_t written; /* rows that have been */
	size_t capacity;  /* rows of a pending batch */
	size_t room;      /* rows for which the columns have memory */
	size_t row_bytes;
	size_t pending;
	uint64_t rows;  /* pending or written */
	bn_err row_err; /* of the row under construction */
};

/* Memory for that many pending rows, at most the capacity; nothing to do where there is. */
int bn_table_writer_make_room(bn_table_writer *w, size_t rows, bn_err *err);
/* Writes pending rows if they fill a record batch. */
int bn_table_writer_flush_full(bn_table_writer *w, bn_err *err);

/* Whether its values are ends and bytes. */
static inline bool bn_type_has_bytes(bn_type type)
{
	return type == BN_TYPE_STRING || type == BN_TYPE_BINARY;
}

static inline void bn_bit_set(uint8_t *bits, size_t i, bool on)
{
	bits[i >> 3] = (uint8_t)((bits[i >> 3] & ~(1u << (i & 7))) | (unsigned)on << (i & 7));
}

#endif
