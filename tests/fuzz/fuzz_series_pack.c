/* Any bytes as packed summaries: refused, or summaries that pack to a block that reads the same. */
#include "core/track/series_pack.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	bn_series_summaries a = {NULL, 0, 0}, b = {NULL, 0, 0};
	bn_buf out = BN_BUF_INIT, again = BN_BUF_INIT;
	if (bn_series_unpack(&a, bytes, n, NULL) == 0) {
		for (size_t i = 0; i < a.count; i++)
			bn_series_mean(&a.items[i]);
		if (bn_series_pack(&out, &a, NULL) != 0 ||
			bn_series_unpack(&b, out.ptr, out.len, NULL) != 0 ||
			bn_series_pack(&again, &b, NULL) != 0 || again.len != out.len ||
			memcmp(again.ptr, out.ptr, out.len) != 0)
			abort();
	}
	bn_free(a.items);
	bn_free(b.items);
	bn_buf_release(&out);
	bn_buf_release(&again);
	return 0;
}
