/*
 * url.h - the URL of the API of Git LFS, from a configured one or from that of a Git remote
 * (https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md).
 *
 * User and password are taken out of a URL, decoded, and never shown with it.
 */
#ifndef BN_LFS_URL_H
#define BN_LFS_URL_H
#include "core/base/err.h"

#include <stdbool.h>

typedef struct bn_lfs_url {
	char *text; /* without user and password, and without a '/' at its end; NULL: none */
	char *user, *password; /* or NULL */
} bn_lfs_url;

bool bn_lfs_url_is_http(const char *text); /* http:// or https:// */
/* Of an http(s) URL. The caller releases it, also after a failure. */
int bn_lfs_url_parse(bn_lfs_url *out, const char *text, bn_err *err);
/* For the URL of a Git remote: https://host/a.git/info/lfs, also for ssh (git@host:a.git), whose user, password and port
 * do not belong to https. text stays NULL for a directory. */
int bn_lfs_url_of_remote(bn_lfs_url *out, const char *remote, bn_err *err);
void bn_lfs_url_release(bn_lfs_url *u); /* overwrites the password */

#endif
