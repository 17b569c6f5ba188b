/* Any bytes as a manifest: an error with a message, or a manifest that is written back to the same bytes. */
#include "core/store/object/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_manifest m, again;
	bn_buf text = BN_BUF_INIT, back = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	if (bn_manifest_parse(&m, (const char *)data, size, "fuzz", &err)) {
		if (!err.msg[0])
			abort();
		return 0;
	}
	if (bn_manifest_format(&text, &m, &err))
		abort();
	if (bn_manifest_parse(&again, text.ptr, text.len, "again", &err) ||
		bn_manifest_format(&back, &again, &err) || text.len != back.len ||
		memcmp(text.ptr, back.ptr, text.len) != 0)
		abort();
	bn_buf_release(&text);
	bn_buf_release(&back);
	bn_manifest_release(&m);
	bn_manifest_release(&again);
	return 0;
}
