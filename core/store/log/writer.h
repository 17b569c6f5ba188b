/*
 * writer.h - this process's part of the log: a directory that no other process writes to.
 *
 * The holder of flock on the file `lock` of a slot (slot.h) owns it; the kernel releases it when the
 * process dies. The next owner of a free slot adopts what the last one left: open.seg is truncated
 * after its last good record and sealed, and the sequence and the hash chain continue. So there are
 * as many directories as there were concurrent processes, and no process ever waits for a lock: a
 * slot in use is skipped. Where flock does not work (ENOLCK, ENOTSUP) a slot with a random name is
 * taken.
 *
 * Failure: when a commit fails, the events since the last good commit are not in the log (the file
 * is truncated) or, if even that fails, may or may not be; the writer is then `broken` and the
 * caller must take another one. Acknowledged events are never touched.
 *
 * An append that has to write and fails loses its own event and also earlier ones, appended
 * successfully since the last good commit. The writer then keeps that failure: every append fails
 * with it until a commit or seal has returned it, so that no commit returns 0 after a loss. (If only
 * its own event is lost, the append's return value is enough.) A caller that gives up after a failed
 * append and continues with other events must still commit.
 *
 * A group is what belongs together, such as the events of one request: they are written by one call of write(2), so a
 * process that dies has written all of them or none, and as long as no commit has covered them they can be dropped
 * without the events before them. (A power loss may tear that write: then events at its start may be kept. None of them
 * was acknowledged.) A commit or seal inside a group ends what can be dropped; the group goes on from there.
 *
 * A descriptor number can be used by any code in the process. If a program closes descriptors that it does not
 * own, its next open or print may hit open.seg. So before each write, before a commit returns and before a
 * seal, the file is checked: it must be the one that was opened, with the length that was written. If it is
 * longer, the excess is truncated and the commit fails before it acknowledges anything; if acknowledged bytes
 * are missing, the result is BN_ECORRUPT and the slot is abandoned (L9); a different file is neither written to
 * nor closed. The writer is `broken` then.
 *
 * A writer may have a signer. It then first signs a card that names the author (sign.h), and
 * later every trailer.
 */
#ifndef BN_STORE_LOG_WRITER_H
#define BN_STORE_LOG_WRITER_H
#include "core/base/dir.h"
#include "core/store/log/sign.h"

#include <stdbool.h>

typedef struct bn_writer {
	const bn_dir *at; /* the workspace's handle, borrowed */
	const bn_env *env;
	char *dir, *open_path; /* below at: log/<name>, log/<name>/open.seg */
	char name[BN_WRITER_NAME_MAX + 1];
	pid_t pid;    /* the process that took the slot: a forked child must not use it */
	int lock_fd;  /* -1 where flock does not work */
	int fd;       /* open.seg, -1 when there is none */
	dev_t device; /* of open.seg */
	ino_t inode;
	bool broken;
	bool damaged;   /* the slot's history is damaged: no new segment goes there */
	bn_err lost;    /* set: why events since `durable` are lost; returned by the next commit */
	bool merge_due; /* a segment was sealed since the owner last merged */
	bn_log_point tip;      /* position after what was appended */
	bn_log_point durable;  /* position after what the last commit covered */
	bn_log_point start;    /* where open.seg starts */
	uint64_t durable_size; /* of open.seg */
	uint64_t written_size; /* size of open.seg, including what is written but not synced */
	bn_buf pending;        /* appended, not written */
	bn_hasher *hasher;
	bool in_group;
	bn_log_point group;      /* the position before what can be dropped of the group */
	uint64_t group_card;     /* card_seq there */
	size_t group_len;        /* of pending there */
	const bn_signer *signer; /* borrowed; NULL: trailers are not signed */
	char *workspace;         /* the id that is signed */
	uint64_t card_seq;       /* of the signer's card; 0 if it is not appended yet */
	const uint8_t *open_key; /* during bn_writer_open: its key; else NULL */
	int64_t opened_ms;       /* monotonic: when the slot was taken */
	int64_t seg_ms;          /* monotonic: when open.seg was created */
} bn_writer;

/* Takes a slot below at, the workspace's handle, which must outlive the writer. key: the key that will sign,
 * NULL for none or not yet known. A slot signed with another key is left to that key: the newest card and seal
 * of a log determine who vouches for it, so a second key would take over the first one's records. */
int bn_writer_open(bn_writer **out, const bn_dir *at, const uint8_t *key, bn_err *err);
/* Releases the slot as it is; a forked child uses this to drop its parent's writer. */
void bn_writer_free(bn_writer *w);
/* In a forked child: closes its copies of the descriptors, since the slot's lock lasts as long as any of
 * them. Nothing else, so that it may be called where memory must not be freed. */
void bn_writer_abandon(bn_writer *w);
/* signer: borrowed by the writer until it is freed. workspace: the workspace's id, copied. */
int bn_writer_set_signer(bn_writer *w, const bn_signer *signer, const char *workspace, bn_err *err);

/* An event to append. */
typedef struct bn_draft {
	bn_record_type type;  /* BN_RECORD_JSON, _RAW, or _SIGNED, which needs a signer */
	uint32_t version;     /* of the class; 0 is 1 */
	const uint8_t *epoch; /* of a signed one: BN_EPOCH_BYTES, or NULL */
	const char *kind, *entity;
	const void *payload;
	size_t n;
} bn_draft;

/* The slot's history is damaged, and nothing waits for a commit: the owner must take another writer. */
bool bn_writer_must_move(const bn_writer *w);
/* Buffers one event. The clock becomes max(now, seen + 1, last + 1). */
int bn_writer_append(bn_writer *w, const bn_draft *event, uint64_t seen_clock, bn_err *err);
/* What is appended from now on is a group. Groups do not nest. */
void bn_writer_group_begin(bn_writer *w);
/* A failure to write what is buffered is kept, as described above. True: the group has events that no commit has
 * covered. */
bool bn_writer_group_end(bn_writer *w);
/* Ends the group and drops those events. */
bool bn_writer_group_drop(bn_writer *w);
/* 0: everything for which an append returned 0 is durable. Returns a kept failure once. */
int bn_writer_commit(bn_writer *w, bn_err *err);
/* Commits, and makes open.seg a sealed segment. Sets w->merge_due: the owner merges (merge.h)
 * when it has time. */
int bn_writer_seal(bn_writer *w, bn_err *err);
/* open.seg is large enough to be sealed now. */
bool bn_writer_is_full(const bn_writer *w);
/* Time or size requires a seal, and nothing waits for a commit. */
bool bn_writer_is_due(const bn_writer *w);

#endif
