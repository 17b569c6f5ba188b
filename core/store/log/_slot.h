/*
 * _slot.h - finding out where a writer's history ends, and closing what a dead one left open.
 */
#ifndef BN_STORE_LOG__SLOT_H
#define BN_STORE_LOG__SLOT_H
#include "core/store/log/writer.h"

/* Whether this slot directory's lock is ours to take: 0 and *lock_fd, 1 when somebody holds it,
 * 2 when flock does not work here, negative on errors. */
int bn_slot_lock(int *lock_fd, const bn_env *env, const char *dir, bn_err *err);

/* Seals dir's open.seg if there is one (cut behind its last good record; bytes that are cut off
 * are kept in trash_dir) and gives the end of the writer's history. The caller holds the lock.
 * BN_ECORRUPT when what is there cannot be continued; nothing is changed then. */
int bn_slot_adopt(const bn_env *env, const char *dir, const char *name, const char *trash_dir,
	bn_log_point *end, bn_err *err);

#endif
