/*
 * slot.h - the directory of a writer: its name, its lock, where its history ends, and closing what a
 * dead process left open in it.
 *
 * The name is <user>@<host>-<boot>-<slot>: user with odd characters as '-', boot the first 8
 * characters of the host's boot id, slot a number, or 'r' and 8 hex digits where flock does not work.
 * Host names contain '-', so a name is taken apart from its right end.
 *
 * A history in which a sealed segment is damaged or missing cannot be folded past that place, and what is
 * written behind it is seen by nobody. So who finds that gives the slot up (L9): a file `damaged` in the
 * directory, for which writers look before they take a slot and before each new segment. That the file is
 * there is all that counts; the text in it is for people. Making it may fail, and a slot that is given
 * up without need costs a directory: it needs neither locks nor syncs, and who mended the history
 * may remove it.
 */
#ifndef BN_STORE_LOG_SLOT_H
#define BN_STORE_LOG_SLOT_H
#include "core/base/dir.h"
#include "core/base/ed25519.h"
#include "core/store/log/record.h"

#include <stdbool.h>

typedef struct bn_slot_name {
	char place[128]; /* user@host */
	char boot[9];
	bool is_random;
} bn_slot_name;

/* False unless name has the form above. */
bool bn_slot_parse_name(bn_slot_name *out, const char *name);
/* place and boot of this very user, host and boot. */
void bn_slot_own_name(bn_slot_name *out, const bn_env *env);

/* Whether a writer of this very user, host and boot may take that slot. */
bool bn_slot_is_own(const bn_env *env, const char *name);

/* In what follows at is the workspace's handle, and dir is "log/<name>" below it. */

/* Whether this slot directory's lock is ours to take: 0 and *lock_fd, 1 when somebody holds it,
 * 2 when flock does not work here, negative on errors. */
int bn_slot_lock(int *lock_fd, const bn_dir *at, const char *dir, bn_err *err);

/* Seals dir's open.seg if there is one (cut behind its last good record; bytes that are cut off
 * are kept in trash/) and gives the end of the writer's history. The caller holds the lock.
 * BN_ECORRUPT when what is there cannot be continued, BN_EUNSUPPORTED when only a newer binnacle
 * can: nothing is changed then. */
int bn_slot_adopt(bn_log_point *end, const bn_dir *at, const char *dir, bn_err *err);

/* Whether the newest of its sealed segments that are signed is signed with another key: 1, 0, or an error. Of
 * those that nobody signed (of killed processes) BN_SLOT_UNSIGNED_MOST are looked behind. */
enum { BN_SLOT_UNSIGNED_MOST = 16 };
int bn_slot_is_of_other_key(
	const bn_dir *at, const char *dir, const uint8_t key[BN_ED25519_KEY_BYTES], bn_err *err);

/* Gives the slot in dir up. Best effort. */
void bn_slot_give_up(const bn_dir *at, const char *dir, const char *why);
bool bn_slot_is_given_up(const bn_dir *at, const char *dir);

/* Seals what dead writers of this user and host left open, in slots other than `own` (a name); at
 * most `most` of them. Failures of single ones are not errors: the next process tries again. */
void bn_slot_adopt_dead(const bn_dir *at, const char *own, int most);

#endif
