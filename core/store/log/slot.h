/*
 * slot.h - the directory of a writer: its name, its lock, the end of its history, and closing what a
 * dead process left open in it.
 *
 * The name is <user>@<host>-<boot>-<slot>: user with odd characters as '-', boot the first 8
 * characters of the host's boot id, slot a number, or 'r' and 8 hex digits where flock does not work.
 * Host names may contain '-', so a name is parsed from its right end.
 *
 * A history with a damaged or missing sealed segment cannot be folded past that place, and what is
 * written after it is never seen. So a process that finds this abandons the slot (L9): it creates a file
 * `damaged` in the directory, and writers check for it before they take a slot and before each new
 * segment. Only the existence of the file matters; its text is for humans. Creating it may fail, and
 * abandoning a slot needlessly only costs a directory, so it needs neither locks nor syncs. After
 * repairing the history the file may be removed.
 */
#ifndef BN_STORE_LOG_SLOT_H
#define BN_STORE_LOG_SLOT_H
#include "core/base/dir.h"
#include "core/base/ed25519.h"
#include "core/store/log/record.h"

#include <stdbool.h>

/* In .binnacle: the number of the first slot of writers there, in decimal. A copy of a workspace has one (core/store/copy.h). */
#define BN_SLOT_FIRST_FILE "first-slot"
enum { BN_SLOT_FIRST_MAX = 999999999 };

typedef struct bn_slot_name {
	char place[128]; /* user@host */
	char boot[9];
	bool is_random;
} bn_slot_name;

/* False unless name has the form above. */
bool bn_slot_parse_name(bn_slot_name *out, const char *name);
/* The slot number and boot id of this user on this host and boot. */
void bn_slot_own_name(bn_slot_name *out, const bn_env *env);

/* Whether a writer of this user, host and boot may take that slot. */
bool bn_slot_is_own(const bn_env *env, const char *name);

/* Below, at is the workspace's handle, and dir is "log/<name>" below it. */

/* Tries to lock this slot directory: 0 and *lock_fd, 1 if it is held, 2 if flock does not work
 * here, negative on errors. */
int bn_slot_lock(int *lock_fd, const bn_dir *at, const char *dir, bn_err *err);

/* Seals dir's open.seg if there is one (truncated after its last good record; the rest is saved
 * in trash/) and returns the end of the writer's history. The caller holds the lock. BN_ECORRUPT
 * if the history cannot be continued, BN_EUNSUPPORTED if only a newer binnacle can; nothing is
 * changed then. */
int bn_slot_adopt(bn_log_point *end, const bn_dir *at, const char *dir, bn_err *err);

/* Whether the newest signed segment is signed with another key: 1, 0, or an error. At most
 * BN_SLOT_UNSIGNED_MOST unsigned ones (of killed processes) are skipped. */
enum { BN_SLOT_UNSIGNED_MOST = 16 };
int bn_slot_is_of_other_key(
	const bn_dir *at, const char *dir, const uint8_t key[BN_ED25519_KEY_BYTES], bn_err *err);

/* Abandons the slot in dir. Best effort. */
void bn_slot_give_up(const bn_dir *at, const char *dir, const char *why);
bool bn_slot_is_given_up(const bn_dir *at, const char *dir);

/* Seals what dead writers of this user and host left open, in slots other than `own` (a name); at
 * most `most` of them. Individual failures are not errors: the next process tries again. */
void bn_slot_adopt_dead(const bn_dir *at, const char *own, int most);

#endif
