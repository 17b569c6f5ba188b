/*
 * remotes.h - the places that a workspace keeps copies of its data at, by name.
 *
 * The log has what every member may know: name, URL, endpoint. Never keys: each user's own are looked up when a remote
 * is opened (core/remote/aws_profile.h). Events on entity remote/NAME, of who may tag (core/govern/rights.h):
 *
 *	remote.added   {url, endpoint?, region?, style? "path"|"host", allow_http? true, anonymous? true}
 *	remote.removed {}
 *
 * A name is taken until it is removed: no record turns an existing one to another place. What a site allows (settings.h,
 * `remotes`) is checked whenever one is opened, for every user.
 */
#ifndef BN_SHARE_REMOTES_H
#define BN_SHARE_REMOTES_H
#include "core/remote/store.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

extern const bn_fold_class bn_remote_class;

enum { BN_REMOTES_MOST = 64, BN_REMOTE_URL_MOST = 1000 };

typedef struct bn_remote_entry {
	char *name, *url;
	char *endpoint, *region, *style; /* NULL: not said */
	bool allow_http, anonymous;
	uid_t uid; /* who added it */
	int64_t created_ms;
} bn_remote_entry;

typedef struct bn_remotes {
	bn_remote_entry *items; /* by name */
	size_t count, cap;
} bn_remotes;
#define BN_REMOTES_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Refreshes the index. Release *out also after an error. */
int bn_remotes_load(bn_remotes *out, bn_workspace *ws, bn_err *err);
void bn_remotes_release(bn_remotes *l);
/* name NULL: the only one, or that named "origin". BN_ENOTFOUND with the nearest name, or with how to add one. *out is
 * borrowed from l, which is to be released also after an error. */
int bn_remotes_find(const bn_remote_entry **out, bn_remotes *l, bn_workspace *ws, const char *name,
	bn_err *err);

/* BN_EINVAL: a name or a URL that is not one; keys in a URL. BN_ECONFLICT: the name is taken. BN_EREFUSED: by role. A
 * relative directory is made absolute. Fields of e besides name and URL may be NULL. */
int bn_remotes_add(bn_workspace *ws, const bn_remote_entry *e, bn_err *err);
int bn_remotes_remove(bn_workspace *ws, const char *name, bn_err *err);

/* What this user says, beside what is recorded. May be NULL. */
typedef struct bn_remote_use {
	const char *profile; /* of ~/.aws */
	const char *ca_file;
	int attempts; /* 0: as core/remote/store.h */
} bn_remote_use;

/* BN_EREFUSED where the site's settings do not allow that server. The caller owns *out. */
int bn_remotes_open(bn_remote_store **out, bn_workspace *ws, const bn_remote_entry *e,
	const bn_remote_use *use, bn_err *err);

#endif
