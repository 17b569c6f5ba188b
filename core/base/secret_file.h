/*
 * secret_file.h - a secret that a user keeps in a file: a token, a password.
 *
 * The file must be a regular one of this user, mode 0600 or stricter; what is checked is what is read. A secret
 * is one line: a newline at its end is left out. The caller overwrites its copy when it is done.
 */
#ifndef BN_BASE_SECRET_FILE_H
#define BN_BASE_SECRET_FILE_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stddef.h>

#define BN_SECRET_BYTES_MAX 65536

/* what: for messages, in front of the path ("--token-file", "secret API_KEY"). *out is yours
 * (bn_secret_free). BN_ENOTFOUND; BN_EREFUSED for a file that others may use, or that is not a regular file of this
 * user; BN_EINVAL above BN_SECRET_BYTES_MAX, or for a byte 0. */
int bn_secret_file_read(
	char **out, const bn_env *env, const char *path, const char *what, bn_err *err);
/* Overwrites it. NULL is fine. */
void bn_secret_free(char *secret);
/* Overwrites the secret with '*' wherever it appears in n bytes of text, such as an answer that repeats it. secret: NULL
 * or "" for none. */
void bn_secret_hide(char *text, size_t n, const char *secret);

#endif
