/*
 * code_again.h - whether the code is still what the spec says when a run starts that has waited.
 *
 * A spec describes the code as it was when the run was submitted. What runs is what lies there at the start.
 * A run whose code has changed meanwhile is not refused: it is marked (run.started, core/run/runlog.h), and
 * whoever shows or repeats it says so. Untracked files count for nothing, there and here.
 */
#ifndef BN_LAUNCH_CODE_AGAIN_H
#define BN_LAUNCH_CODE_AGAIN_H
#include "core/run/spec.h"

typedef struct bn_code_again {
	json_t *code; /* what was found, as "code" of a spec; NULL: what the spec says, or nothing */
	char changed[200]; /* the difference, in words; "": there is none */
} bn_code_again;

/* Looks again where the spec's code was found. The diff of a changed one becomes an object. An error is one
 * of storing that. */
int bn_code_look_again(bn_code_again *out, bn_workspace *ws, const bn_spec *spec, bn_err *err);
void bn_code_again_release(bn_code_again *c);

#endif
