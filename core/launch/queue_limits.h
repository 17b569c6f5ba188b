/*
 * queue_limits.h - what a queued run keeps of the shell that queued it besides the environment: umask, resource
 * limits and nice, as a run that starts at once inherits them.
 *
 * File runs/<id>/limits (0600), a JSON object of {"run": "<id>", "umask": 18, "nice": 5, "limits": {"NOFILE": [soft,
 * hard], ...}}; null is no limit. What is not in it, or the file itself (a run queued by an earlier version), is as
 * whoever starts the run has it. It goes with the environment (queue_environ.h), and is written before it: "run"
 * names the run that both are of, since directories of runs may be exchanged by whoever may write above them.
 */
#ifndef BN_LAUNCH_QUEUE_LIMITS_H
#define BN_LAUNCH_QUEUE_LIMITS_H
#include "core/base/dir.h"

#define BN_QUEUE_LIMITS "limits" /* below runs/<id> */

/* Those of this process. Durable. */
int bn_queue_limits_save(const bn_dir *run_dir, const char *id, bn_err *err);
/* Gives them to this process and what it starts: limits up to the hard limits that it has, nice only ever
 * upwards. What cannot be given is said in the run's log, and no failure. BN_EREFUSED, and nothing is given, when
 * they are another run's. */
int bn_queue_limits_restore(const bn_dir *run_dir, const char *id, bn_err *err);

#endif
