/*
 * queue_limits.h - the process attributes of a queued run besides the environment: umask, resource limits and
 * nice, which a run started directly inherits.
 *
 * File runs/<id>/limits (0600), a JSON object of {"run": "<id>", "umask": 18, "nice": 5, "limits": {"NOFILE": [soft,
 * hard], ...}}; null is no limit. Attributes not in it, or a missing file (a run queued by an earlier version),
 * are inherited from the starting process. It belongs to the environment (queue_environ.h), and is written
 * before it: "run" names the run of both, since directories of runs can be swapped by anyone who may write
 * above them.
 */
#ifndef BN_LAUNCH_QUEUE_LIMITS_H
#define BN_LAUNCH_QUEUE_LIMITS_H
#include "core/base/dir.h"

#define BN_QUEUE_LIMITS "limits" /* below runs/<id> */

/* Those of this process. Durable. */
int bn_queue_limits_save(const bn_dir *run_dir, const char *id, bn_err *err);
/* Applies them to this process and its children: limits up to its hard limits, nice only upwards. What cannot
 * be applied is reported in the run's log and not a failure. BN_EREFUSED, with nothing applied, if they belong
 * to another run. */
int bn_queue_limits_restore(const bn_dir *run_dir, const char *id, bn_err *err);

#endif
