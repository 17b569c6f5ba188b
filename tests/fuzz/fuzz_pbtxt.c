/* Any bytes as a schema of TFDV: an error with a message and a place, or a schema whose features have names. */
#include "core/check/tfdv_schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_tfdv_schema *s = NULL;
	bn_err err = BN_ERR_INIT;
	/* Of exactly that size, so that reading beyond it is found. */
	char *exact = malloc(size ? size : 1);
	memcpy(exact, data, size);
	if (bn_tfdv_schema_parse(&s, exact, size, "fuzz", &err)) {
		if (strncmp(err.msg, "fuzz:", 5) != 0)
			abort();
		free(exact);
		return 0;
	}
	for (size_t i = 0; i < s->count; i++)
		if (!s->features[i].name || !bn_tfdv_feature_is_in(s, &s->features[i], NULL))
			abort();
	bn_tfdv_schema_free(s);
	free(exact);
	return 0;
}
