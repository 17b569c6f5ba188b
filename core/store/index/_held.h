/*
 * _held.h - the index files that connections of this process have open.
 *
 * Closing any descriptor of a file gives up all locks that the process has on it (fcntl(2), "record locks"), also those
 * of SQLite: another process would then take this one's connections for closed, delete the WAL under them and write at
 * the same time (SQLite, "How To Corrupt An SQLite Database File", 2.2). So a file that is held here must not be opened
 * and closed by anything but SQLite, in any thread.
 */
#ifndef BN_STORE_INDEX__HELD_H
#define BN_STORE_INDEX__HELD_H
#include <stdbool.h>
#include <sys/stat.h>

/* Around looking at a file by hand and opening it; one thread at a time. */
void bn_held_lock(void);
void bn_held_unlock(void);

/* Both between lock and unlock. add: false without memory. */
bool bn_held_has(const struct stat *st);
bool bn_held_add(const struct stat *st);
/* After the connection is closed, without the lock. Does nothing for what was not added. */
void bn_held_remove(dev_t device, ino_t inode);

#endif
