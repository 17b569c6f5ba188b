/*
 * Any bytes as a CSV file: an error, or consistent batches; and the scanners of this CPU give the same as the
 * portable one. The first byte selects settings of the dialect, the rest is the file.
 */
#include "core/base/utf8.h"
#include "core/source/csv.h"
#include "core/source/signature.h"
#include "tests/fuzz/_one_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bn_buf spool = BN_BUF_INIT; /* the text converted from another encoding */

static int mem_open(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	(void)at;
	(void)env, (void)flags, (void)mode;
	if (!strcmp(path, "in"))
		return ONE_FILE_FD;
	bn_buf_clear(&spool);
	return strstr(path, "rejects") ? 9 : 8;
}

static int mem_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	return strcmp(path, "in") ? -ENOENT : one_file_stat(env, at, path, st);
}

static int mem_rename(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	(void)env, (void)at, (void)from, (void)to_at, (void)to;
	return 0;
}

static int mem_unlink(const bn_env *env, const bn_dir *at, const char *path)
{
	(void)env, (void)at, (void)path;
	return 0;
}

static int mem_sync_dir(const bn_env *env, const bn_dir *at, const char *path)
{
	return mem_unlink(env, at, path);
}

static ssize_t mem_pread(const bn_env *env, int fd, void *bytes, size_t n, off_t at)
{
	return fd == ONE_FILE_FD ? one_file_pread(env, fd, bytes, n, at)
				 : one_file_copy(bytes, n, at, spool.ptr, spool.len);
}

static ssize_t mem_write(const bn_env *env, int fd, const void *bytes, size_t n)
{
	(void)env;
	if (fd == 8)
		bn_buf_add(&spool, bytes, n);
	return (ssize_t)n;
}

static const bn_fs_ops mem_fs = {.open = mem_open,
	.close = one_file_close,
	.fsync = one_file_close,
	.pread = mem_pread,
	.write = mem_write,
	.fstat = one_file_fstat,
	.stat = mem_stat,
	.rename = mem_rename,
	.sync_dir = mem_sync_dir,
	.unlink = mem_unlink};

static void add_batch(bn_buf *out, const bn_batch *b)
{
	for (size_t c = 0; c < b->column_count; c++) {
		const bn_column *k = &b->columns[c];
		if (k->rows != b->rows)
			abort();
		bn_buf_addf(out, "[%s %zu]", bn_type_name(k->type), k->nulls);
		for (size_t r = 0; r < b->rows; r++) {
			bn_text t = bn_column_text(k, r);
			if (t.ptr && (!bn_utf8_is_valid(t.ptr, t.len) || memchr(t.ptr, 0, t.len)))
				abort();
			bn_buf_adds(out, bn_column_format(k, r, out) ? "|" : "<>|");
		}
	}
}

/* Everything that reading returns, as text. */
static void read_all(bn_buf *out, uint8_t choice)
{
	static const char delimiters[] = {',', '\t', ';', ' '};
	bn_env env = *bn_env_real();
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_err err = BN_ERR_INIT;
	bn_stream *s = NULL;
	bn_input *in = NULL;
	const bn_batch *b = NULL;
	int state;

	env.fs = &mem_fs;
	o.threads = 1;
	o.no_header = choice & 4;
	o.quote = choice & 8 ? '\'' : 0;
	o.rejects = choice & 16 ? "rejects" : NULL;
	o.escape = choice & 32 ? '\\' : 0;
	o.comment = choice & 64 ? '#' : 0;
	o.decimal = choice & 128 ? ',' : 0;
	o.trim = (choice & 34) == 34 ? 'y' : 0;
	if ((choice & 192) == 192)
		o.thousands = '.';
	else if ((choice & 48) == 48)
		o.thousands = ',';
	o.date_order = choice & 128 ? BN_DATE_DMY : BN_DATE_ISO;
	if ((choice & 12) == 12)
		o.quote = BN_DIALECT_NONE;
	if (delimiters[choice & 3] == ' ') /* which is never inferred */
		o.delimiter = ' ';
	if (bn_input_open(&in, &env, "in", NULL, &err) ||
		bn_csv_open(&s, in, delimiters[choice & 3], &o, &err)) {
		bn_buf_adds(out, err.msg);
		bn_input_free(in);
		return;
	}
	while ((state = s->ops->next(s, &b, &err)) > 0) {
		if (state == BN_STREAM_BATCH)
			add_batch(out, b);
		else
			bn_buf_clear(out);
	}
	bn_buf_addf(out, "%d %s %zu", state, err.msg, (size_t)s->ops->rejected(s));
	if (state < 0 && !err.msg[0])
		abort();
	s->ops->free(s);
	bn_input_free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_buf fast = BN_BUF_INIT, slow = BN_BUF_INIT;

	if (!size)
		return 0;
	one_file = data + 1;
	one_file_size = size - 1;
	bn_signature_check("in", (const char *)one_file,
		one_file_size < BN_INPUT_HEAD ? one_file_size : BN_INPUT_HEAD, BN_SIGNATURE_FORM,
		NULL);
	bn_csv_limit_isa(0);
	read_all(&fast, data[0]);
	bn_csv_limit_isa(2);
	read_all(&slow, data[0]);
	if (fast.len != slow.len || memcmp(fast.ptr, slow.ptr, fast.len))
		abort();
	bn_buf_release(&fast);
	bn_buf_release(&slow);
	return 0;
}
