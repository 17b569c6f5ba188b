/*
 * error.h - the error codes of MLflow's protocol, with the HTTP status of each: the only table of them.
 *
 * Client control flow depends on the codes (RESOURCE_DOES_NOT_EXIST becomes None in Python, ENDPOINT_NOT_FOUND makes
 * a client try an older route), and its repetitions on the statuses (408, 429, 500, 502, 503 and 504 are repeated up
 * to seven times). So INVALID_STATE, which MLflow sends with 500, comes with 400 here: it would fail again.
 */
#ifndef BN_API_ERROR_H
#define BN_API_ERROR_H
#include "core/base/err.h"

/* code, HTTP status */
#define BN_API_ERRORS(X) \
	X(INVALID_PARAMETER_VALUE, 400) \
	X(BAD_REQUEST, 400) \
	X(RESOURCE_ALREADY_EXISTS, 400) \
	X(UNAUTHENTICATED, 401) \
	X(PERMISSION_DENIED, 403) \
	X(RESOURCE_DOES_NOT_EXIST, 404) \
	X(ENDPOINT_NOT_FOUND, 404) \
	X(RESOURCE_CONFLICT, 409) \
	X(REQUEST_LIMIT_EXCEEDED, 429) \
	X(INTERNAL_ERROR, 500) \
	X(INVALID_STATE, 400) \
	X(NOT_IMPLEMENTED, 501) \
	X(TEMPORARILY_UNAVAILABLE, 503)

typedef enum bn_api_error {
	BN_API_OK = 0,
#define X(name, status) BN_API_##name,
	BN_API_ERRORS(X)
#undef X
} bn_api_error;

const char *bn_api_error_name(bn_api_error e);
int bn_api_error_status(bn_api_error e);
/* For an error of the layers below. */
bn_api_error bn_api_error_of(const bn_err *err);
/* For a request that the listener refused with that status. */
bn_api_error bn_api_error_of_status(int status);

#endif
