/*
 * _table_file.h - the file of a table whose caller gave a path: created, synced when the table is complete, and
 * removed otherwise.
 */
#ifndef BN_TABLE_TABLE_FILE_H
#define BN_TABLE_TABLE_FILE_H
#include "core/table/table.h"

typedef struct bn_table_file bn_table_file;

/* at and path as for bn_table_create; at is borrowed. *to writes to it. */
int bn_table_file_open(bn_table_file **out, bn_table_out *to, const bn_env *env, const bn_dir *at,
	const char *path, bn_err *err);
int bn_table_file_finish(bn_table_file *f, bn_err *err);
void bn_table_file_free(bn_table_file *f); /* removes an unfinished one; NULL is fine */

#endif
