/*
 * queue_environ.h - files of a queued run until it starts: the environment it was queued in, and why the
 * last attempt to start it failed (queue.h).
 */
#ifndef BN_LAUNCH_QUEUE_ENVIRON_H
#define BN_LAUNCH_QUEUE_ENVIRON_H
#include "core/base/dir.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

#define BN_QUEUE_ENVIRON "environ" /* below runs/<id> */
#define BN_QUEUE_WHY 200

/* The environment of this process, without the variables that the spec names as secrets, and its umask, limits and
 * nice value (queue_limits.h). Durable. */
int bn_queue_environ_save(bn_workspace *ws, const char *id, const bn_spec *spec, bn_err *err);
/* Replaces this process's own by them. BN_ENOTFOUND if the environment no longer exists, BN_EREFUSED if
 * the files belong to another run. */
int bn_queue_environ_restore(const bn_dir *run_dir, const char *id, bn_err *err);

/* Stores why it could not be started; does nothing for a run that has started or ended. */
void bn_queue_note_failure(bn_workspace *ws, const char *id, const char *why);
/* False, and "", if no attempt has failed. */
bool bn_queue_read_failure(char why[BN_QUEUE_WHY], bn_workspace *ws, const char *id);

/* Removes the files when the run stops waiting. Call it after recording that it has started, or before
 * recording that it has ended (so a crash in between leaves nothing behind). Does nothing for other
 * runs. */
void bn_queue_forget(bn_workspace *ws, const char *id);

#endif
