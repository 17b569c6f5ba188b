/*
 * stopping.h - waiting for a run that was asked to end: a stopped supervisor cannot end it.
 *
 * SIGSTOP, a debugger or a frozen cgroup suspends a supervisor without ending it: its lock is held, so to
 * readers it is alive, but it neither handles SIGTERM nor counts its grace time. A waiting process calls this
 * repeatedly: each call resumes the supervisor and its guard (SIGCONT); one that stays stopped for
 * BN_STOPPING_PATIENCE_MS is killed, and its guard, or the next reader, ends what it supervised. Only on this
 * host, and only with permission to signal it. The wait ends BN_STOPPING_LONGEST_S after the grace time.
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
	int64_t begun_ms, stopped_ms; /* monotonic; stopped_ms 0: not seen stopped */
	int64_t grace_s;
	bool killed;
} bn_stopping;

void bn_stopping_begin(bn_stopping *s, bn_workspace *ws, const char *id);
/* *killed: by this call. BN_ECONFLICT, naming the supervisor, on timeout. */
int bn_stopping_look(bn_stopping *s, bn_workspace *ws, const char *id, bool *killed, bn_err *err);

#endif
