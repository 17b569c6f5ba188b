/*
 * code_again.h - whether the code is unchanged when a queued run starts.
 *
 * A spec describes the code at the time of submission. What runs is the code at the start. A run whose code
 * has changed meanwhile is not refused: it is marked (run.started, core/run/runlog.h), which is reported
 * when it is shown or repeated. Untracked files are ignored in both.
 */
#ifndef BN_LAUNCH_CODE_AGAIN_H
#define BN_LAUNCH_CODE_AGAIN_H
#include "core/run/spec.h"

typedef struct bn_code_again {
	json_t *code;      /* the code found, as "code" of a spec; NULL: as in the spec, or none */
	char changed[200]; /* the difference, in words; "": there is none */
} bn_code_again;

/* Examines the spec's code again. The diff of a changed one becomes an object. Fails only if that cannot be
 * stored. */
int bn_code_look_again(bn_code_again *out, bn_workspace *ws, const bn_spec *spec, bn_err *err);
void bn_code_again_release(bn_code_again *c);

#endif
