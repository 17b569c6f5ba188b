/*
 * about_target.h - what the target's column says about a training run before it starts, as text:
 * for the form or verb that starts it.
 */
#ifndef BN_LAUNCH_ABOUT_TARGET_H
#define BN_LAUNCH_ABOUT_TARGET_H
#include "core/run/spec.h"
#include "core/store/workspace.h"

#include <stdbool.h>

/* warns: it is rarely what was meant; false: good to know. */
typedef void (*bn_target_say)(void *ctx, bool warns, const char *text);

/* By the stored profile of the training data: numbers that would be a class each; 0 and 1 that would
 * be numbers; rows without a target; the target among the features. Says nothing of a command, or of
 * data that does not resolve: what cannot be trained is refused by bn_spec_resolve. */
void bn_target_tell(bn_workspace *ws, const bn_spec *spec, bn_target_say say, void *ctx);

#endif
