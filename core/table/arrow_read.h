/*
 * arrow_read.h - one Arrow IPC file, a part of a table. Other code uses bn_table_reader (table.h),
 * which covers one or more of these.
 *
 * The functions correspond to those of the same name in table.h, for one file.
 */
#ifndef BN_TABLE_ARROW_READ_H
#define BN_TABLE_ARROW_READ_H
#include "core/table/table.h"

typedef struct bn_arrow_file bn_arrow_file;

/* Maps the file. BN_ENOTFOUND, BN_EIO, BN_EUNSUPPORTED (a type or feature, named), BN_ECORRUPT (what and
 * where). It must not change while open. */
/* Below the handle at, or with at NULL a path that the user named. */
int bn_arrow_file_open(
	bn_arrow_file **out, const bn_env *env, const bn_dir *at, const char *path, bn_err *err);
/* given: as for bn_table_open_given. */
int bn_arrow_file_open_fd(
	bn_arrow_file **out, const bn_env *env, int fd, bool given, const char *name, bn_err *err);
/* bytes: borrowed for the file's life, 8-byte aligned. name: what messages call it. */
int bn_arrow_file_open_bytes(
	bn_arrow_file **out, const void *bytes, size_t n, const char *name, bn_err *err);
void bn_arrow_file_free(bn_arrow_file *r);

const char *bn_arrow_file_name(const bn_arrow_file *r);
bool bn_arrow_file_is_unmarked(const bn_arrow_file *r);
const bn_schema *bn_arrow_file_schema(const bn_arrow_file *r);
uint64_t bn_arrow_file_rows(const bn_arrow_file *r);
size_t bn_arrow_file_batches(const bn_arrow_file *r);
uint64_t bn_arrow_file_batch_start(const bn_arrow_file *r, size_t batch);
size_t bn_arrow_file_batch_rows(const bn_arrow_file *r, size_t batch);
const bn_dict *bn_arrow_file_dict(const bn_arrow_file *r, size_t column);
int bn_arrow_file_read(bn_arrow_file *r, size_t batch, const size_t *columns, size_t n,
	bn_batch *out, bn_err *err);
void bn_arrow_file_forget(const bn_arrow_file *r, const bn_batch *b);

/* A table over bytes in memory. Errors as bn_table_open. */
int bn_arrow_open_bytes(
	bn_table_reader **out, const void *bytes, size_t n, const char *name, bn_err *err);
/* Whether the first n bytes look like an Arrow IPC file. */
bool bn_arrow_detect(const char *head, size_t n);

#endif
