/*
 * about_target.h - messages about the target's column before a training run starts, for the form or command that
 * starts it.
 */
#ifndef BN_LAUNCH_ABOUT_TARGET_H
#define BN_LAUNCH_ABOUT_TARGET_H
#include "core/run/spec.h"
#include "core/store/workspace.h"

#include <stdbool.h>

/* warns: a warning; false: information. */
typedef void (*bn_target_say)(void *ctx, bool warns, const char *text);

/* Uses the stored profile of the training data. Reports numbers that would each be a class, 0 and 1 that would be
 * learnt as numbers, rows without a target, and a target among the features. Reports nothing for a command, or if the
 * data does not resolve; bn_spec_resolve refuses what cannot be trained. */
void bn_target_tell(bn_workspace *ws, const bn_spec *spec, bn_target_say say, void *ctx);

#endif
