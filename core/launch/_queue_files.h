/*
 * _queue_files.h - the directory of a queue (queue.h) and its files. Internal to core/launch.
 */
#ifndef BN_LAUNCH__QUEUE_FILES_H
#define BN_LAUNCH__QUEUE_FILES_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

/* Opens the directory of this user's queue on this host, creating it if missing. *out is yours. Anyone can
 * create directories there, so another user may have created that one: then it is <user>@<host>-1, -2 ..., the
 * first that is this user's or free. Likewise for queue/ itself, with queue-1/ ... queue-7/. BN_EREFUSED, with
 * the owners, or the problem with queue/, if there is no place. */
int bn_queue_dir(bn_dir **out, bn_workspace *ws, bn_err *err);
/* Whether queue/ exists, but belongs to another user or is not a directory. */
bool bn_queue_dir_is_others(bn_workspace *ws);

/* Takes the runner's lock; *fd is held until it is closed. BN_ECONFLICT if another process is the
 * runner, BN_EUNSUPPORTED if files cannot be locked. */
int bn_queue_lock_runner(int *fd, const bn_dir *at, bn_err *err);
/* Whether it is held; false if unknown. */
bool bn_queue_has_runner(const bn_dir *at);

/* Between begin and end no other process queues runs: *fd is the file `order`, and events that the
 * workspace appends have a higher clock than the previous entry. Ending writes the current clock. */
int bn_queue_order_begin(int *fd, const bn_dir *at, bn_workspace *ws, bn_err *err);
int bn_queue_order_end(int fd, const bn_dir *at, bn_workspace *ws, bn_err *err);
/* Wakes the runner, if there is one. */
void bn_queue_ring(const bn_dir *at);
/* Opens the file that others write to wake the runner. */
int bn_queue_bell_open(int *fd, const bn_dir *at, bn_err *err);

#endif
