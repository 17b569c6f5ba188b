/*
 * secret.h - secrets of a command, by reference: the spec says where a value is found, never what it is.
 *
 *	"env:NAME"     the variable NAME in the environment of whoever starts the run. The supervisor
 *	               inherits that environment, so the value lies on no disk and in no argument
 *	"file:/PATH"   a regular file of this user, mode 0600 or stricter; a newline at its end is left out
 *
 * The supervisor reads the values at the moment in which it starts the command, gives them to that
 * process's environment alone, and overwrites its copy. They are in no event, no spec, no log of ours
 * and no file of the run. What the command prints is its own affair.
 *
 * A run that waits in a queue is started later by another process, and what it keeps of its launcher's
 * environment lies in a file meanwhile. That is no place for a secret: env: references are refused there,
 * file: references are read when it starts.
 */
#ifndef BN_LAUNCH_SECRET_H
#define BN_LAUNCH_SECRET_H
#include "core/run/spec.h"

#define BN_SECRET_BYTES_MAX 65536

/* Whether every reference leads to a value here and now. Messages name variable and reference:
 * BN_ENOTFOUND for a variable that is not set or a file that is not there, BN_EREFUSED for a file that
 * others may read. */
int bn_secrets_check(const bn_spec *spec, const bn_env *env, bn_err *err);
/* BN_EUNSUPPORTED names the first reference whose value could only wait in a file of ours. */
int bn_secrets_can_wait(const bn_spec *spec, bn_err *err);

/* *out: "NAME=value" texts, NULL-terminated; yours (bn_secrets_free, which overwrites them). */
int bn_secrets_read(char ***out, const bn_spec *spec, const bn_env *env, bn_err *err);
void bn_secrets_free(char **list);

#endif
