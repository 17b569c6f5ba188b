/*
 * _arrow_write.h - writing record batches as an Arrow IPC file; other code uses bn_table_create
 * in table.h.
 *
 * The file is written sequentially: schema, record batches as they come, then one dictionary per
 * category column, then the footer. The file format allows dictionaries after the batches that use
 * them, because a reader uses the footer; so nothing must be known in advance. Bodies and buffers
 * are aligned to 64 bytes. Equal calls write equal bytes.
 */
#ifndef BN_TABLE_ARROW_WRITE_H
#define BN_TABLE_ARROW_WRITE_H
#include "core/table/table.h"

typedef struct bn_arrow_writer bn_arrow_writer;

/* The schema is borrowed; the caller opens and closes `to`. */
int bn_arrow_writer_open(
	bn_arrow_writer **out, const bn_table_out *to, const bn_schema *schema, bn_err *err);
/* One record batch; codes of categories are those of the dictionaries given at the end. */
int bn_arrow_write_batch(bn_arrow_writer *w, const bn_column *columns, size_t rows, bn_err *err);
/* dicts: one per column of the schema (ignored except for categories). */
int bn_arrow_writer_finish(bn_arrow_writer *w, const bn_dict *dicts, bn_err *err);
uint64_t bn_arrow_writer_bytes(const bn_arrow_writer *w);
void bn_arrow_writer_free(bn_arrow_writer *w);

#endif
