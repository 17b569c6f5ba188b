/*
 * credentials.h - with which user and password, or which token, a registry is asked.
 *
 * Looked up in this order; the first that has something for the registry is used:
 *
 *	1. the file that the user named (--auth-file), and nothing else then
 *	2. BINNACLE_REGISTRY_USER and BINNACLE_REGISTRY_PASSWORD
 *	3. CI_REGISTRY_USER and CI_REGISTRY_PASSWORD, if CI_REGISTRY is this registry (GitLab CI)
 *	4. the file REGISTRY_AUTH_FILE, and no other file then
 *	5. $XDG_RUNTIME_DIR/containers/auth.json, without that variable /run/containers/UID/auth.json
 *	6. $XDG_CONFIG_HOME/containers/auth.json, ~/.config/containers/auth.json
 *	7. $DOCKER_CONFIG/config.json, ~/.docker/config.json
 *
 * In a file (containers-auth.json(5), Docker's config.json): credHelpers for the registry; else the entry
 * of auths whose key is the longest prefix of REGISTRY/NAME ("host", "host/group", also "https://host/v1/",
 * which means "host"); else credsStore. Helpers are programs, `docker-credential-X get`, and are run only
 * from a file to which nobody else may write.
 *
 * Secrets appear in no message. They are overwritten when they are freed, except for copies in the JSON
 * parser's and libcurl's own buffers.
 */
#ifndef BN_PACKAGE_CREDENTIALS_H
#define BN_PACKAGE_CREDENTIALS_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/package/reference.h"

typedef struct bn_credentials {
	char *user, *password; /* both or none */
	char *identity_token; /* exchanged for a token at the registry's authorization server; or NULL */
	char *registry_token; /* sent to the registry as it is; or NULL */
	char *source;         /* where they come from, for messages: a variable, a file, a helper */
} bn_credentials;

typedef struct bn_credentials_options {
	const char *auth_file; /* NULL: none named */
	/* Told of files that others may read, and of a missing helper; or NULL. */
	void (*warn)(void *user, const char *text);
	void *user;
} bn_credentials_options;

/* *out: yours; NULL if there are none for this registry. BN_EINVAL: a file that is not of that form, naming
 * file and field, or one variable of two. BN_ENOTFOUND: a file that was named is missing. BN_EREFUSED: a
 * helper of a file that others may change. BN_EIO: a helper failed. */
int bn_credentials_find(bn_credentials **out, const bn_env *env, const bn_reference *ref,
	const bn_credentials_options *options, bn_err *err);
void bn_credentials_free(bn_credentials *c); /* NULL is fine */

#endif
