/* Any bytes as YAML: an error with a position, or a value that reads back equal. */
#include "core/base/yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *value = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	if (bn_yaml_parse(&value, (const char *)data, size, "fuzz", &err) != 0) {
		if (err.code == 0)
			abort();
		return 0;
	}
	if (bn_yaml_write(&b, value, &err) == 0) {
		if (bn_yaml_parse(&back, b.ptr, b.len, "again", &err) != 0 ||
			!json_equal(value, back))
			abort();
	}
	json_decref(value);
	json_decref(back);
	bn_buf_release(&b);
	return 0;
}
