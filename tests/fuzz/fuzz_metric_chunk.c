/* Any bytes as a metric chunk: refused, or points that read back bit for bit. */
#include "core/run/metric_chunk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const void *bytes, size_t n)
{
	bn_metric_set a, b;
	bn_buf out = BN_BUF_INIT;
	if (bn_metric_chunk_read(&a, bytes, n, NULL) != 0)
		return;
	if (bn_metric_chunk_write(&out, &a, NULL) == 0) {
		if (bn_metric_chunk_read(&b, out.ptr, out.len, NULL) != 0 || a.points != b.points)
			abort();
		bn_metric_set_release(&b);
	}
	bn_metric_set_release(&a);
	bn_buf_release(&out);
}

/* As they are, and compressed like a chunk, so that the inner parser is reached. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size);
	size_t bound = ZSTD_compressBound(size);
	unsigned char *bytes = malloc(bound + 8);
	if (!bytes || size > 65536) {
		free(bytes);
		return 0;
	}
	memcpy(bytes, "BNM1", 4);
	for (int k = 0; k < 4; k++)
		bytes[4 + k] = (unsigned char)(size >> (8 * k));
	size_t n = ZSTD_compress(bytes + 8, bound, data, size, 1);
	if (!ZSTD_isError(n))
		check(bytes, n + 8);
	free(bytes);
	return 0;
}
