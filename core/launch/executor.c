/* executor.c - see executor.h. */
#include "core/launch/executor.h"

#include <string.h>

static const bn_executor *const executors[] = {&bn_executor_local, &bn_executor_queue};

int bn_executor_find(const bn_executor **out, const char *name, bn_err *err)
{
	if (!name)
		name = bn_executor_local.name;
	for (size_t i = 0; i < sizeof executors / sizeof *executors; i++)
		if (!strcmp(name, executors[i]->name)) {
			*out = executors[i];
			return 0;
		}
	return bn_err_set(err, BN_EUNSUPPORTED,
		"spec: executor '%s' is none that this version has: local, queue", name);
}
