/*
 * account.h - users and groups in this host's databases.
 *
 * An entry may be long: a cluster's group can have thousands of members. When the C library returns ERANGE, the
 * lookup is repeated with a larger buffer, up to BN_ACCOUNT_BYTES. Nothing is cached, since entries change
 * while a program runs.
 */
#ifndef BN_BASE_ACCOUNT_H
#define BN_BASE_ACCOUNT_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BN_ACCOUNT_BYTES = 64 << 20 };

/* False if this host does not know it, or the text does not fit in size bytes. */
bool bn_account_name(uid_t uid, char *name, size_t size);
bool bn_account_home(uid_t uid, char *path, size_t size);
/* 0; ENOENT if there is none of that name; another errno if the lookup failed. */
int bn_account_find_user(uid_t *out, const char *name);
int bn_account_find_group(gid_t *out, const char *name);

/* One lookup with the given buffer: 0 or an errno; *found is set when there is an entry. */
typedef int (*bn_account_ask)(void *ctx, char *text, size_t size, bool *found);
/* Calls ask with a buffer that grows while it returns ERANGE. 0, ENOENT, ENOMEM or ask's errno. */
int bn_account_look(bn_account_ask ask, void *ctx);

#endif
