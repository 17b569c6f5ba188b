/* library.c - see library.h. */
#include "core/base/library.h"

#include <dlfcn.h>
#include <stdbool.h>

static bool find_all(void *(*calls)[], void *lib, const char *const *names, size_t count,
	const char **missing)
{
	for (size_t i = 0; i < count; i++)
		if (!((*calls)[i] = dlsym(lib, names[i]))) {
			*missing = names[i];
			return false;
		}
	return true;
}

int bn_library_open(
	void *(*calls)[], const char *file, const char *const *names, size_t count, bn_err *err)
{
	const char *missing = names[0], *why = NULL;
	if (find_all(calls, RTLD_DEFAULT, names, count, &missing))
		return 0;
	void *lib = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
	if (!lib)
		why = dlerror();
	else if (find_all(calls, lib, names, count, &missing))
		return 0;
	else
		return bn_err_set(err, BN_EUNSUPPORTED, "%s has no %s", file, missing);
	bn_err_set(err, BN_EUNSUPPORTED, "%s cannot be opened: %s", file, why ? why : "no reason given");
	bn_err_hint(err, "install the libraries that docs/dependencies.md lists");
	return BN_EUNSUPPORTED;
}
