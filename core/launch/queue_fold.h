/*
 * queue_fold.h - what the events of queues and of queued runs mean (core/launch/queue.h says which).
 *
 * A run's events belong to class "run", which core/track folds: it calls the functions below when a
 * run is queued, starts and ends. Class "queue" is folded here.
 */
#ifndef BN_LAUNCH_QUEUE_FOLD_H
#define BN_LAUNCH_QUEUE_FOLD_H
#include "core/store/index/fold.h"

extern const bn_fold_class bn_queue_fold_class; /* "queue" */

/* An event run.queued of the run ev->entity_no. *fine is false, and the outcome invalid, when its
 * payload makes no sense. */
int bn_queue_fold_queued(bn_fold *f, const bn_event *ev, bool *fine, bn_err *err);
/* It runs: it no longer waits, and holds what it asked for. */
int bn_queue_fold_started(bn_fold *f, int64_t run, bn_err *err);
/* Somebody who may has asked it to stop. */
int bn_queue_fold_stop(bn_fold *f, int64_t run, bn_err *err);
/* It is over, or its events are about to be replayed. Fine for a run that never was in a queue. */
int bn_queue_fold_left(bn_fold *f, int64_t run, bn_err *err);

#endif
