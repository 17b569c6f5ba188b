/*
 * queue_fold.h - folds the events of queues and of queued runs (listed in core/launch/queue.h).
 *
 * A run's events belong to class "run", folded by core/track, which calls the functions below when
 * a run is queued, starts and ends. Class "queue" is folded here.
 */
#ifndef BN_LAUNCH_QUEUE_FOLD_H
#define BN_LAUNCH_QUEUE_FOLD_H
#include "core/store/index/fold.h"

extern const bn_fold_class bn_queue_fold_class; /* "queue" */

/* An event run.queued of the run ev->entity_no. *fine is false, and the outcome invalid, if its
 * payload is invalid. */
int bn_queue_fold_queued(bn_fold *f, const bn_event *ev, bool *fine, bn_err *err);
/* It runs: it no longer waits, and holds the resources it requested. */
int bn_queue_fold_started(bn_fold *f, int64_t run, bn_err *err);
/* An authorised user has asked it to stop. */
int bn_queue_fold_stop(bn_fold *f, int64_t run, bn_err *err);
/* It has ended, or its events are about to be replayed. Fine for a run that was never in a
 * queue. */
int bn_queue_fold_left(bn_fold *f, int64_t run, bn_err *err);

#endif
