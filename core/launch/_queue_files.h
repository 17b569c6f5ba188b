/*
 * _queue_files.h - the directory of a queue (queue.h) and its files. For core/launch alone.
 */
#ifndef BN_LAUNCH__QUEUE_FILES_H
#define BN_LAUNCH__QUEUE_FILES_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

/* Opens the directory of this user's queue on this host, made when it is missing. *out is yours. Anybody may
 * make directories there, so somebody else may have made that one: then it is <user>@<host>-1, -2 ..., the first
 * that is this user's or is free. Likewise for queue/ itself, of which there may be queue-1/ ... queue-7/. BN_EREFUSED,
 * with whose they are, or what is the matter with queue/, when there is no place. */
int bn_queue_dir(bn_dir **out, bn_workspace *ws, bn_err *err);
/* Whether queue/ is there, and is another user's or no directory. */
bool bn_queue_dir_is_others(bn_workspace *ws);

/* Takes the runner's lock; *fd is held until it is closed. BN_ECONFLICT when another process is the
 * runner, BN_EUNSUPPORTED where files cannot be locked. */
int bn_queue_lock_runner(int *fd, const bn_dir *at, bn_err *err);
/* Whether somebody holds it; false when that cannot be told. */
bool bn_queue_has_runner(const bn_dir *at);

/* Between them nobody else gives out places in line: *fd is the file `order`, and whatever the
 * workspace appends has a higher clock than the entry before. Ending writes the clock it has now. */
int bn_queue_order_begin(int *fd, const bn_dir *at, bn_workspace *ws, bn_err *err);
int bn_queue_order_end(int fd, const bn_dir *at, bn_workspace *ws, bn_err *err);
/* Wakes the runner, if there is one. */
void bn_queue_ring(const bn_dir *at);
/* Opens the file that is written to wake the runner. */
int bn_queue_bell_open(int *fd, const bn_dir *at, bn_err *err);

#endif
