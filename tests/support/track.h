/*
 * track.h - a scratch workspace that folds runs, for tests of core/track.
 */
#ifndef BN_TEST_TRACK_H
#define BN_TEST_TRACK_H
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "tests/support/toy.h"

typedef struct track_world {
	toy_dir dir;
	toy_env env;
	bn_workspace *ws;
} track_world;

extern const bn_fold_class *const track_classes[];

void track_make(track_world *w); /* fails the test on an error */
void track_remove(track_world *w);
bn_workspace *track_open(track_world *w); /* another handle; yours to close */

/* A run with id "0000...n", created, with params and metrics "key=value key=value" (may be NULL),
 * status "RUNNING" or a final one. Not committed. */
void track_run(track_world *w, int n, const char *name, const char *params, const char *metrics,
	const char *status);
const char *track_id(int n); /* borrowed until the fourth call from now */
void track_sync(track_world *w);

#endif
