/*
 * stopping.h - a run that was asked to end, for who waits for that: a supervisor that is stopped cannot end it.
 *
 * SIGSTOP, a debugger or a frozen cgroup holds a supervisor without ending it: its lock is held, so for readers it
 * lives, and it neither hears SIGTERM nor counts its grace time. Who waits looks here again and again: each look
 * lets the supervisor and its guard go on (SIGCONT); one that is found stopped for BN_STOPPING_PATIENCE_MS all the same
 * is killed, and its guard, or the next reader, ends what it supervised. Only on this host, and only for who may
 * signal it. Whoever waits gives up BN_STOPPING_LONGEST_S after the grace time.
 */
#ifndef BN_LAUNCH_STOPPING_H
#define BN_LAUNCH_STOPPING_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_STOPPING_PATIENCE_MS 3000
#define BN_STOPPING_LONGEST_S 60

typedef struct bn_stopping {
	int64_t begun_ms, stopped_ms; /* monotonic; stopped_ms 0: was not found stopped */
	int64_t grace_s;
	bool killed;
} bn_stopping;

void bn_stopping_begin(bn_stopping *s, bn_workspace *ws, const char *id);
/* *killed: just now. BN_ECONFLICT, with who supervises it, when it has lasted too long. */
int bn_stopping_look(bn_stopping *s, bn_workspace *ws, const char *id, bool *killed, bn_err *err);

#endif
