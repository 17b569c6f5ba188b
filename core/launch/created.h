/*
 * created.h - what the log says of a run, most of it from its beginning (run.created), which no file in its directory can
 * say otherwise: a directory may be another run's, or another user's, by the hand of whoever may write above it.
 */
#ifndef BN_LAUNCH_CREATED_H
#define BN_LAUNCH_CREATED_H
#include "core/store/workspace.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct bn_created {
	uid_t owner;
	char spec[65]; /* hash; "" for a run without one */
	bool running;  /* has started, and is not over */
} bn_created;

/* As of the last refresh. BN_ENOTFOUND when the index has no such run, or there is no index. */
int bn_created_find(bn_created *out, bn_workspace *ws, const char *id, bn_err *err);

#endif
