/*
 * created.h - what the log says about a run, mostly from run.created. It is authoritative over files in the
 * run's directory: anyone who may write above that may swap it with that of another run or user.
 */
#ifndef BN_LAUNCH_CREATED_H
#define BN_LAUNCH_CREATED_H
#include "core/store/workspace.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct bn_created {
	uid_t owner;
	char spec[65]; /* hash; "" for a run without one */
	bool running;  /* has started and not ended */
	bool over;     /* has ended, or is lost */
} bn_created;

/* As of the last refresh. BN_ENOTFOUND if the index has no such run, or there is no index. */
int bn_created_find(bn_created *out, bn_workspace *ws, const char *id, bn_err *err);

#endif
