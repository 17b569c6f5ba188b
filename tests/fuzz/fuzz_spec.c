/* Any bytes as a spec: an error with a message, or a spec whose canonical form reads back equal. */
#include "core/base/json.h"
#include "core/run/spec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *tree(const bn_spec *spec)
{
	json_t *json = NULL;
	if (bn_spec_to_json(&json, spec, NULL) != 0)
		abort();
	return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_spec *spec = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	char hash[65], again[65];
	if (bn_spec_parse(&spec, (const char *)data, size, "fuzz", &err) != 0) {
		if (err.code == 0 || !err.msg[0])
			abort();
		return 0;
	}
	char *title = bn_spec_title(spec);
	free(title);
	json_t *json = tree(spec);
	if (bn_spec_check(spec, "fuzz", NULL) != 0 || bn_spec_is_understood(spec, NULL) != 0)
		abort();
	if (bn_json_canonical(json, &b, NULL) == 0) {
		if (bn_spec_parse(&back, b.ptr, b.len, "again", &err) != 0)
			abort();
		json_t *other = tree(back);
		if (!json_equal(json, other) || bn_spec_recipe_hash(spec, hash, NULL) != 0 ||
			bn_spec_recipe_hash(back, again, NULL) != 0 || strcmp(hash, again) != 0)
			abort();
		json_decref(other);
	}
	json_decref(json);
	bn_spec_free(spec);
	bn_spec_free(back);
	bn_buf_release(&b);
	return 0;
}
