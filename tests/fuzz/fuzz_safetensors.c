/* Any bytes as a safetensors file: an error, or tensors that read back equal. */
#include "core/base/buf.h"
#include "core/learn/safetensors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_tensors *t = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	if (bn_safetensors_parse(&t, data, size, "fuzz", &err) != 0)
		return 0;
	if (bn_safetensors_write(&b, t, &err) != 0 ||
		bn_safetensors_parse(&back, b.ptr, b.len, "again", &err) != 0 ||
		bn_tensors_count(back) != bn_tensors_count(t))
		abort();
	for (size_t i = 0; i < bn_tensors_count(t); i++) {
		const bn_tensor *x = bn_tensors_get(t, i), *y = bn_tensors_get(back, i);
		if (x->bytes != y->bytes || memcmp(x->data, y->data, x->bytes) != 0)
			abort();
	}
	bn_tensors_free(t);
	bn_tensors_free(back);
	bn_buf_release(&b);
	return 0;
}
