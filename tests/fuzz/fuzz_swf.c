/* Any bytes as a log of jobs: an error that says something, or batches that hold together. */
#include "core/base/fs.h"
#include "core/base/utf8.h"
#include "core/source/swf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *file;
static size_t file_size;

static int mem_open(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	(void)env, (void)at, (void)path, (void)flags, (void)mode;
	return 7;
}

static int mem_close(const bn_env *env, int fd)
{
	(void)env, (void)fd;
	return 0;
}

static ssize_t mem_pread(const bn_env *env, int fd, void *bytes, size_t n, off_t at)
{
	(void)env, (void)fd;
	size_t left = (size_t)at < file_size ? file_size - (size_t)at : 0;
	n = n < left ? n : left;
	memcpy(bytes, file + at, n);
	return (ssize_t)n;
}

static int mem_fstat(const bn_env *env, int fd, struct stat *st)
{
	(void)env, (void)fd;
	memset(st, 0, sizeof *st);
	st->st_mode = S_IFREG;
	st->st_size = (off_t)file_size;
	return 0;
}

static int mem_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	(void)at, (void)path;
	return mem_fstat(env, 7, st);
}

static const bn_fs_ops mem_fs = {.open = mem_open,
	.close = mem_close,
	.pread = mem_pread,
	.stat = mem_stat,
	.fstat = mem_fstat};

static void look_at(const bn_schema *schema, const bn_batch *b)
{
	if (b->column_count != schema->count)
		abort();
	for (size_t c = 0; c < b->column_count; c++) {
		const bn_column *k = &b->columns[c];
		size_t nulls = 0;
		for (size_t r = 0; r < b->rows; r++)
			nulls += bn_column_is_null(k, r);
		if (k->rows != b->rows || k->nulls != nulls || k->type != schema->fields[c].type)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_env env = *bn_env_real();
	bn_err err = BN_ERR_INIT;
	bn_stream *s = NULL;
	bn_input *in = NULL;
	const bn_batch *b = NULL;
	int state;

	env.fs = &mem_fs;
	file = data;
	file_size = size;
	if (bn_input_open(&in, &env, "in.swf", NULL, &err) ||
		bn_source_swf.open(&s, in, &o, &err)) {
		if (!err.msg[0])
			abort();
		bn_input_free(in);
		return 0;
	}
	const bn_schema *schema = s->ops->schema(s);
	for (size_t i = 0; i < schema->meta_count; i++)
		if (!bn_utf8_is_valid(schema->meta[i].value, strlen(schema->meta[i].value)))
			abort();
	while ((state = s->ops->next(s, &b, &err)) == BN_STREAM_BATCH)
		look_at(schema, b);
	if (state < 0 && !err.msg[0])
		abort();
	s->ops->free(s);
	bn_input_free(in);
	return 0;
}
