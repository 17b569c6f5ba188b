/*
 * aws_profile.h - with which key, region and endpoint an S3 server is asked: as AWS's own tools look it up.
 *
 * Keys, the first that there is:
 *	1. of the profile that was named
 *	2. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary ones, AWS_SESSION_TOKEN
 *	3. of the profile AWS_PROFILE, else "default"
 * in $AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), then $AWS_CONFIG_FILE (~/.aws/config, "[profile NAME]"). A file
 * that holds a secret must be the user's own and closed to others, as with every secret (core/base/secret_file.h).
 *
 * Region: $AWS_REGION, $AWS_DEFAULT_REGION, the profile's. Endpoint: $AWS_ENDPOINT_URL_S3, $AWS_ENDPOINT_URL, the
 * profile's endpoint_url. Of the profile also s3.addressing_style.
 *
 * Profiles that run a program, assume a role or sign on (credential_process, role_arn, sso_session, sso_start_url) give
 * no keys here, and the error says so. Keys are never written anywhere or shown.
 */
#ifndef BN_REMOTE_AWS_PROFILE_H
#define BN_REMOTE_AWS_PROFILE_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>

typedef struct bn_aws_profile {
	char *key_id, *secret, *token;   /* NULL: none; token: of temporary keys */
	char *region, *endpoint, *style; /* NULL: not said; style: "path", "virtual" or "auto" */
	char *source; /* where the keys come from, for messages; NULL: there are none */
} bn_aws_profile;

/* name: of the profile, or NULL. need_keys: BN_EREFUSED without. BN_EINVAL: a file that is not of that form, naming file
 * and line; only one of key and secret. BN_ENOTFOUND: a profile that was named is in neither file. BN_EREFUSED: a
 * file with a secret that others may read. Release *out also after an error. */
int bn_aws_profile_find(
	bn_aws_profile *out, const bn_env *env, const char *name, bool need_keys, bn_err *err);
void bn_aws_profile_release(bn_aws_profile *p);

#endif
