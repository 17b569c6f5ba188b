/* Any bytes as an archive of a workspace: an error with a message, or the listed entries, each of its size and hash. */
#include "core/archive/_archive.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bytes {
	const uint8_t *data;
	size_t size, at;
} bytes;

/* A few at a time, as a pipe gives them. */
static int read_bytes(void *ctx, void *to, size_t n, size_t *got, bn_err *err)
{
	bytes *b = ctx;
	(void)err;
	*got = b->size - b->at < n ? b->size - b->at : n;
	*got = *got < 700 ? *got : 700;
	if (*got)
		memcpy(to, b->data + b->at, *got);
	b->at += *got;
	return 0;
}

static int read_entry(bn_archive_reader *r, const bn_archive_entry *e, bn_err *err)
{
	uint8_t block[1000];
	uint64_t total = 0;
	size_t got = 1;
	int rc = 0;
	if (bn_archive_kind_of(e->path) == BN_ARCHIVE_BAD || e->path[0] == '/' || strstr(e->path, ".."))
		abort();
	while (rc >= 0 && got) {
		rc = bn_archive_reader_read(r, block, sizeof block, &got, err);
		total += got;
	}
	if (rc >= 0 && total != e->bytes)
		abort();
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes b = {data, size, 0};
	bn_err err = BN_ERR_INIT;
	bn_archive_reader *r = NULL;
	const bn_archive_entry *e;
	int rc = bn_archive_reader_new(&r, bn_env_real(), (bn_archive_stream){read_bytes, &b, "fuzz"}, &err);
	while (rc >= 0 && (rc = bn_archive_reader_next(&e, r, &err)) == 1)
		rc = read_entry(r, e, &err);
	if (rc < 0 && !err.msg[0])
		abort();
	bn_archive_reader_free(r);
	return 0;
}
