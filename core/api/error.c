/* error.c - see error.h. */
#include "core/api/error.h"

#include <string.h>

static const struct {
	const char *name;
	int status;
} table[] = {[BN_API_OK] = {"", 200},
#define X(name, status) [BN_API_##name] = {#name, status},
	BN_API_ERRORS(X)
#undef X
};

const char *bn_api_error_name(bn_api_error e)
{
	return table[e].name;
}

int bn_api_error_status(bn_api_error e)
{
	return table[e].status;
}

/* What may succeed later (a full disk, a lock, memory) is repeated by the client after a while. */
bn_api_error bn_api_error_of(const bn_err *err)
{
	if (err->code == BN_EIO || err->code == BN_ENOMEM || err->code == BN_EINTR)
		return BN_API_TEMPORARILY_UNAVAILABLE;
	const char *name = bn_code_mlflow_name(err->code);
	for (size_t i = 1; i < sizeof table / sizeof *table; i++)
		if (!strcmp(table[i].name, name))
			return (bn_api_error)i;
	return BN_API_INTERNAL_ERROR;
}

bn_api_error bn_api_error_of_status(int status)
{
	if (status == 404)
		return BN_API_ENDPOINT_NOT_FOUND;
	for (size_t i = 1; i < sizeof table / sizeof *table; i++)
		if (table[i].status == status && i != BN_API_INVALID_PARAMETER_VALUE)
			return (bn_api_error)i;
	return status >= 500 ? BN_API_INTERNAL_ERROR : BN_API_BAD_REQUEST;
}
