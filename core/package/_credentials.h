/*
 * _credentials.h - making credentials, and reading a file of them (auth_file.c): see credentials.h.
 */
#ifndef BN_PACKAGE_CREDENTIALS_INTERNAL_H
#define BN_PACKAGE_CREDENTIALS_INTERNAL_H
#include "core/package/credentials.h"

/* *out stays NULL if the file has nothing for the registry. BN_ENOTFOUND if there is no such file. */
int bn_auth_file_find(bn_credentials **out, const bn_env *env, const char *path,
	const bn_reference *ref, const bn_credentials_options *options, bn_err *err);
/* Of user and password, or with user NULL of an identity token; copied. NULL if out of memory. */
bn_credentials *bn_credentials_new(
	const char *user, const char *password, const char *identity_token, const char *source);

#endif
