/* named_columns.c - see named_columns.h. */
#include "tests/support/named_columns.h"

#include "core/base/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const bn_column *named_columns_find(const named_columns *t, const char *name)
{
	for (size_t i = 0; i < t->batch.column_count; i++)
		if (!strcmp(t->names[i], name))
			return &t->batch.columns[i];
	abort();
}

int named_columns_open(bn_table_reader **out, const named_columns *t, bn_err *err)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	char path[64];
	int rc = 0;

	snprintf(path, sizeof path, "/tmp/bn-columns-%ld.arrow", (long)getpid());
	for (size_t i = 0; i < t->batch.column_count; i++)
		if ((rc = bn_schema_add(&s, t->names[i], t->batch.columns[i].type, true, NULL,
			     err)) < 0)
			goto out;
	if ((rc = bn_table_create(&w, bn_env_real(), NULL, path, &s, err)) < 0 ||
		(rc = bn_table_write_batch(w, &t->batch, err)) < 0 ||
		(rc = bn_table_writer_finish(w, err)) < 0)
		goto out;
	rc = bn_table_open(out, bn_env_real(), path, err);
out:
	unlink(path);
	bn_table_writer_free(w);
	bn_schema_release(&s);
	return rc;
}

int named_columns_learn(
	bn_features **out, const named_columns *t, const bn_features_options *opt, bn_err *err)
{
	size_t columns[64], n = t->batch.column_count;
	bn_part all = {.rows = t->batch.rows, .columns = columns, .column_count = n};
	int rc = named_columns_open(&all.table, t, err);
	for (size_t i = 0; i < n; i++)
		columns[i] = i;
	if (rc == 0)
		rc = bn_features_learn(out, &all, opt, 1, err);
	bn_table_reader_free(all.table);
	return rc;
}

const bn_dict *named_dict_of(named_dict *room, const char *const *texts, size_t n)
{
	int32_t at = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(texts[i]);
		memcpy(room->bytes + at, texts[i], len);
		room->offsets[i] = at;
		at += (int32_t)len;
	}
	room->offsets[n] = at;
	room->dict = (bn_dict){.count = n, .offsets = room->offsets, .bytes = room->bytes};
	return &room->dict;
}
