/* rejects.c - see rejects.h. */
#include "core/source/rejects.h"

#include "core/base/mem.h"
#include "core/source/csv_write.h"

#include <inttypes.h>
#include <string.h>

#define MANY_ROWS 10000 /* up to this many rows there is no limit */
#define FLUSH_BYTES ((size_t)1 << 20)

int bn_rejects_init(bn_rejects *r, const bn_env *env, const char *path, uint64_t most, bn_err *err)
{
	*r = (bn_rejects){.env = env, .most = most};
	bn_buf_init(&r->text);
	if (path && !(r->path = bn_strdup(path)))
		return bn_err_nomem(err, "the name of a file");
	return 0;
}

void bn_rejects_clear(bn_rejects *r)
{
	bn_buf_clear(&r->text);
	bn_file_out_free(r->file);
	r->file = NULL;
	r->count = 0;
}

void bn_rejects_release(bn_rejects *r)
{
	bn_file_out_free(r->file);
	bn_buf_release(&r->text);
	bn_free(r->path);
	*r = (bn_rejects){.env = NULL};
}

static int flush(bn_rejects *r, bn_err *err)
{
	int rc;

	if ((rc = bn_buf_check(&r->text, err, "malformed records")) < 0)
		return rc;
	if (r->text.len && (rc = bn_file_out_add(r->file, r->text.ptr, r->text.len, err)) < 0)
		return rc;
	bn_buf_clear(&r->text);
	return 0;
}

int bn_rejects_add(bn_rejects *r, uint64_t line, uint64_t column, const char *reason,
	const char *record, size_t bytes, bn_err *err)
{
	int rc;

	if (!r->file) {
		if ((rc = bn_file_out_open(&r->file, r->env, r->path, 0644, err)) < 0) {
			if (err)
				err->hint[0] = '\0';
			bn_err_hint(err, "--rejects FILE writes malformed records to another file");
			return rc;
		}
		bn_buf_adds(&r->text, "line,column,reason,record\n");
	}
	bn_buf_addf(&r->text, "%" PRIu64 ",%" PRIu64 ",", line, column);
	bn_csv_add_field(&r->text, reason, strlen(reason), ',');
	bn_buf_addch(&r->text, ',');
	bn_csv_add_field(&r->text, record, bytes, ',');
	bn_buf_addch(&r->text, '\n');
	return r->text.len > FLUSH_BYTES ? flush(r, err) : 0;
}

int bn_rejects_check(const bn_rejects *r, uint64_t read, const char *input, bn_err *err)
{
	if (r->most ? r->count <= r->most : read < MANY_ROWS || r->count <= read / 10)
		return 0;
	bn_err_set(err, BN_EINVAL,
		"%s: %" PRIu64 " of the first %" PRIu64 " records are malformed, at most %" PRIu64
		" may be",
		input, r->count, read, r->most ? r->most : read / 10);
	bn_err_hint(err, "--max-rejects N allows so many");
	return BN_EINVAL;
}

int bn_rejects_finish(bn_rejects *r, bn_err *err)
{
	int rc;

	if (!r->file)
		return 0;
	if ((rc = flush(r, err)) < 0)
		return rc;
	return bn_file_out_finish(r->file, err);
}
