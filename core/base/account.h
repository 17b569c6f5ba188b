/*
 * account.h - users and groups as this host's databases have them.
 *
 * An entry may be long: a group of a cluster lists thousands of members. The C library says ERANGE when the caller's
 * buffer is too short; then it is asked again with a larger one, up to BN_ACCOUNT_BYTES. Nothing is kept between
 * calls, as entries change while a program runs.
 */
#ifndef BN_BASE_ACCOUNT_H
#define BN_BASE_ACCOUNT_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BN_ACCOUNT_BYTES = 64 << 20 };

/* False: this host does not know it, or its text is not shorter than size. */
bool bn_account_name(uid_t uid, char *name, size_t size);
bool bn_account_home(uid_t uid, char *path, size_t size);
/* 0; ENOENT: there is none of that name; another errno: the database could not be asked. */
int bn_account_find_user(uid_t *out, const char *name);
int bn_account_find_group(gid_t *out, const char *name);

/* What one look does with a buffer: 0 or an errno; *found is set when there is an entry. */
typedef int (*bn_account_ask)(void *ctx, char *text, size_t size, bool *found);
/* Asks with a buffer that grows while the answer is ERANGE. 0, ENOENT, ENOMEM or ask's errno. */
int bn_account_look(bn_account_ask ask, void *ctx);

#endif
