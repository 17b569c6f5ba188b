/*
 * arrow_read.h - an Arrow IPC file that is in memory already (bn_table_open maps a file itself).
 */
#ifndef BN_DATA_ARROW_READ_H
#define BN_DATA_ARROW_READ_H
#include "core/data/table.h"

/* bytes: borrowed for the reader's life, 8-byte aligned. name: what messages call it. Errors as
 * bn_table_open. */
int bn_arrow_open_bytes(
	bn_table_reader **out, const void *bytes, size_t n, const char *name, bn_err *err);
/* Do the first n bytes look like an Arrow IPC file? */
bool bn_arrow_detect(const char *head, size_t n);

#endif
