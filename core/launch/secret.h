/*
 * secret.h - secrets of a command, by reference: the spec says where a value is, never the value.
 *
 *	"env:NAME"     the variable NAME in the environment of the process that starts the run. The
 *	               supervisor inherits that environment, so the value is on no disk and in no
 *	               argument
 *	"file:/PATH"   a regular file of this user, mode 0600 or stricter; a newline at its end is left out
 *
 * The supervisor reads the values when it starts the command, puts them only into that process's
 * environment, and overwrites its copy. They are in no event, spec, log of ours or file of the run.
 * What the command prints is up to the command.
 *
 * A queued run is started later by another process, and its environment is kept in a file meanwhile.
 * Secrets must not be there: env: references are refused, file: references are read when it starts.
 */
#ifndef BN_LAUNCH_SECRET_H
#define BN_LAUNCH_SECRET_H
#include "core/run/spec.h"

/* Whether every reference can be resolved now. Messages name variable and reference: BN_ENOTFOUND for
 * an unset variable or a missing file, BN_EREFUSED for a file that others may read. */
int bn_secrets_check(const bn_spec *spec, const bn_env *env, bn_err *err);
/* BN_EUNSUPPORTED names the first reference whose value would have to be kept in a file of ours. */
int bn_secrets_can_wait(const bn_spec *spec, bn_err *err);

/* *out: "NAME=value" texts, NULL-terminated; yours (bn_secrets_free, which overwrites them). */
int bn_secrets_read(char ***out, const bn_spec *spec, const bn_env *env, bn_err *err);
void bn_secrets_free(char **list);

#endif
