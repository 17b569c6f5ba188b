/* Any bytes as a policy document: an error, or a policy whose document reads back equal. */
#include "core/base/json.h"
#include "core/govern/policy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc = NULL, *full = NULL, *again = NULL;
	bn_policy *p = NULL, *q = NULL;
	if (bn_json_parse(&doc, (const char *)data, size, "fuzz", &err) != 0)
		return 0;
	if (bn_policy_parse(&p, doc, "fuzz", &err) == 0) {
		full = bn_policy_document(p);
		if (bn_policy_parse(&q, full, "again", &err) != 0)
			abort();
		again = bn_policy_document(q);
		if (!json_equal(full, again) || q->n_gates != p->n_gates)
			abort();
	} else if (!err.msg[0]) {
		abort(); /* refused without a message */
	}
	bn_policy_free(p);
	bn_policy_free(q);
	json_decref(doc);
	json_decref(full);
	json_decref(again);
	return 0;
}
