/*
 * remote.h - the remotes that a DVC repository names: directories, S3, HTTP for reading.
 *
 * An option of the configuration becomes one of core/remote: of S3 region, profile, endpointurl, access_key_id,
 * secret_access_key, session_token, credentialpath, configpath, allow_anonymous_login, use_ssl, ssl_verify. What would
 * change the meaning of a remote and is not supported is refused by name (version_aware, worktree, auth of HTTP, other
 * kinds of URL), never ignored. Keys in the configuration reach core/remote as environment variables of this store
 * alone, and no message.
 */
#ifndef BN_DVC_REMOTE_H
#define BN_DVC_REMOTE_H
#include "core/dvc/repo.h"
#include "core/remote/store.h"

typedef struct bn_dvc_remote {
	char *name;
	bn_remote_store *store;
	struct bn_dvc_remote_env *env; /* what the store sees as its environment */
} bn_dvc_remote;

/* name NULL: core.remote. to_write: a directory that is not there is made. BN_ENOTFOUND if there is no such remote, or
 * none is set; BN_EUNSUPPORTED. The caller closes it, also after a failure. */
int bn_dvc_remote_open(
	bn_dvc_remote *out, const bn_dvc_repo *r, const char *name, bool to_write, bn_err *err);
void bn_dvc_remote_close(bn_dvc_remote *remote);

#endif
