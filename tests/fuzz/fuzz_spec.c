/* Any bytes as a spec: an error with a message, or a spec whose canonical form reads back equal. */
#include "core/base/json.h"
#include "core/launch/spec.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *spec = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	char hash[65];
	if (bn_spec_parse(&spec, (const char *)data, size, "fuzz", &err) != 0) {
		if (err.code == 0 || !err.msg[0])
			abort();
		return 0;
	}
	bn_spec_check(spec, "fuzz", NULL);
	char *title = bn_spec_title(spec);
	free(title);
	if (bn_spec_recipe_hash(spec, hash, NULL) == 0 && bn_json_canonical(spec, &b, NULL) == 0 &&
		(bn_spec_parse(&back, b.ptr, b.len, "again", &err) != 0 || !json_equal(spec, back)))
		abort();
	json_decref(spec);
	json_decref(back);
	bn_buf_release(&b);
	return 0;
}
