/* Any bytes as JSON with Python's NaN and Infinity: an error with a position, or a value; standard JSON is read
 * unchanged. */
#include "core/base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	json_t *value = NULL, *plain = NULL;
	bn_err err = BN_ERR_INIT;
	double x;
	if (bn_json_parse_numbers(&value, text, size, "fuzz", &err) != 0 && err.code == 0)
		abort();
	if (bn_json_parse(&plain, text, size, "fuzz", NULL) == 0 &&
		(!value || !json_equal(value, plain)))
		abort();
	bn_json_number_of(value, &x);
	json_decref(value);
	json_decref(plain);
	return 0;
}
