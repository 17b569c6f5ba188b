/*
 * queue_environ.h - what a queued run keeps in its directory until it starts: the environment that it was
 * queued in, and why the last try to start it failed (queue.h).
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
/* Puts them in the place of this process's own. BN_ENOTFOUND when the environment is not there any more,
 * BN_EREFUSED when what lies there is another run's. */
int bn_queue_environ_restore(const bn_dir *run_dir, const char *id, bn_err *err);

/* Keeps why it could not be started; does nothing for a run that has started, or is over. */
void bn_queue_note_failure(bn_workspace *ws, const char *id, const char *why);
/* False, and "", when no try has failed. */
bool bn_queue_read_failure(char why[BN_QUEUE_WHY], bn_workspace *ws, const char *id);

/* The run waits no more, or will not in a moment: removes what it kept for its start. For who records that
 * it has started (behind that event) or that it is over (before that event: who is killed in between
 * leaves nothing behind). Nothing to do for other runs. */
void bn_queue_forget(bn_workspace *ws, const char *id);

#endif
