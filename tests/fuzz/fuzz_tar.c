/* Any bytes as a tar file: an error with a message, or entries that lie in the archive and below its root. */
#include "core/package/tar.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bytes {
	const uint8_t *data;
	size_t size;
} bytes;

static int read_bytes(void *ctx, void *to, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	const bytes *b = ctx;
	(void)err;
	*got = at >= b->size ? 0 : b->size - at;
	*got = *got < n ? *got : n;
	if (*got)
		memcpy(to, b->data + at, *got);
	return 0;
}

static void check_path(const char *path)
{
	if (path[0] == '/')
		abort();
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		size_t n = strcspn(p, "/");
		if ((!n && *path) || (n == 2 && !strncmp(p, "..", 2)) || (n == 1 && *p == '.'))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes b = {data, size};
	bn_err err = BN_ERR_INIT;
	bn_tar_reader r;
	static bn_tar_entry e;
	int rc;
	bn_tar_reader_init(
		&r, (bn_tar_source){.read = read_bytes, .ctx = &b, .size = size, .name = "fuzz"});
	while ((rc = bn_tar_next(&e, &r, &err)) == 1) {
		check_path(e.path);
		if (e.from > size || e.size > size - e.from || strlen(e.target) > BN_TAR_PATH_MAX)
			abort();
	}
	if (rc < 0 && !err.msg[0])
		abort();
	return 0;
}
