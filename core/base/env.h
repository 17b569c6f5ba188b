/*
 * env.h - the outside world as one value: clock, user, host, environment variables, randomness and
 * the file system. Nothing in core/ calls time(), getenv() or getpwuid() directly, so a test can
 * set the clock, the user and the disk by filling in this struct.
 *
 * Ownership: an env is borrowed by everything opened with it and must outlive it. Read-only after
 * setup, so threads may share it as long as its functions allow that (the real ones do).
 */
#ifndef BN_BASE_ENV_H
#define BN_BASE_ENV_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct bn_env bn_env;
struct bn_env {
	const struct bn_fs_ops *fs;                           /* core/base/fs.h */
	int64_t (*now_ns)(const bn_env *);                    /* wall clock, ns since 1970 UTC */
	int64_t (*monotonic_ns)(const bn_env *);              /* for durations */
	int (*random)(const bn_env *, void *, size_t);        /* secure random bytes; 0 or -1 */
	const char *(*get)(const bn_env *, const char *name); /* environment variable or NULL */
	uid_t (*uid)(const bn_env *);                         /* the user we act as */
	/* user name of a uid, or "uid-1234" if the machine does not know it. 0 */
	void (*user_name)(const bn_env *, uid_t uid, char *name, size_t size);
	/* home directory from the user database. 0, or -1 if there is none */
	int (*user_home)(const bn_env *, uid_t uid, char *path, size_t size);
	const char *(*host)(const bn_env *);    /* short host name; static */
	const char *(*boot_id)(const bn_env *); /* changes at each boot; static */
	void *ctx;                              /* for replacements of these functions */
};

const bn_env *bn_env_real(void); /* the real environment of this process; static */

int64_t bn_env_now_ns(const bn_env *env);
int64_t bn_env_now_ms(const bn_env *env);
int64_t bn_env_monotonic_ns(const bn_env *env);
const char *bn_env_get(const bn_env *env, const char *name);
/* Parses a duration ("5s") in milliseconds; otherwise_ms if it is absent, invalid, or below
 * least_ms. */
int64_t bn_env_get_ms(const bn_env *env, const char *name, int64_t least_ms, int64_t otherwise_ms);
int bn_env_random(const bn_env *env, void *bytes, size_t n, bn_err *err);

/* Per-user directories (XDG base directories): $XDG_CONFIG_HOME/binnacle or ~/.config/binnacle,
 * $XDG_STATE_HOME/binnacle or ~/.local/state/binnacle. ~ is $HOME, or the home in the user
 * database if $HOME is unset or relative. The caller frees *out (bn_free). BN_ENOTFOUND for a user
 * without a home: it never falls back to a directory that others may write to. */
int bn_env_config_dir(char **out, const bn_env *env, bn_err *err);
int bn_env_state_dir(char **out, const bn_env *env, bn_err *err);

#endif
