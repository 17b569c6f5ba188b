/*
 * writer.h - this process's place in the log: a directory that nobody else writes to.
 *
 * Whoever holds flock on the file `lock` of a slot (slot.h) owns it; the kernel gives it up when the
 * process dies, however it dies. A free slot's next owner adopts what the last one left: open.seg is
 * cut behind its last good record and sealed, and the sequence and the hash chain go on. So there
 * are as many directories as there were processes at once, and nobody ever waits for a lock: a slot
 * that is taken is skipped. Where flock does not work (ENOLCK, ENOTSUP) a slot with a random name
 * is taken.
 *
 * Failure: when a commit fails, the events since the last good commit are not in the log (the file
 * is cut back) or, if even cutting fails, may be there or not; the writer is then `broken` and the
 * caller takes another one. Events that a commit acknowledged are never touched.
 *
 * An append that has to write and fails loses what was appended since the last good commit, answered
 * with 0, along with its own event. The writer then holds that failure: every append fails with it
 * until a commit or seal has returned it, so that no commit says 0 behind a loss. (An append that
 * loses its own event alone has said all there is to say.) Who gives up after a failed append and
 * means to go on with other events commits all the same.
 *
 * A descriptor is a number that everything in the process may use. A program that closes numbers that are not
 * its own makes what it opens or prints next meet open.seg. So before each write, before a commit answers and
 * before a seal, the file is looked at: is it the one that was opened, and as long as what was written? Where
 * there is more, the rest is cut off and the commit fails before it has acknowledged anything; where acknowledged
 * bytes are missing it is BN_ECORRUPT, and the slot is given up (L9); another file is neither written to nor
 * closed. The writer is `broken` then.
 *
 * A writer may have a signer. Then it first signs a card that says who writes (sign.h), and from
 * then on every trailer.
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
	pid_t pid;    /* who took the slot: a fork()ed child must not use it */
	int lock_fd;  /* -1 where flock does not work */
	int fd;       /* open.seg, -1 when there is none */
	dev_t device; /* of open.seg */
	ino_t inode;
	bool broken;
	bool damaged; /* the slot's history was found to be: no new segment goes there */
	bn_err lost;  /* set: why events since `durable` are lost, which the next commit returns */
	bool merge_due;        /* a segment was sealed since the owner last merged */
	bn_log_point tip;      /* behind what was appended */
	bn_log_point durable;  /* behind what the last commit covered */
	bn_log_point start;    /* where open.seg starts */
	uint64_t durable_size; /* of open.seg */
	uint64_t written_size; /* of open.seg, with what is written but not synced */
	bn_buf pending;        /* appended, not written */
	bn_hasher *hasher;
	const bn_signer *signer; /* borrowed; NULL: trailers are not signed */
	char *workspace;         /* the id that is signed */
	uint64_t card_seq;       /* of the signer's card; 0 when it is not appended yet */
	const uint8_t *open_key; /* while it is opened: as bn_writer_open says; NULL else */
	int64_t opened_ms;       /* monotonic: when the slot was taken */
	int64_t seg_ms;          /* monotonic: when open.seg was created */
} bn_writer;

/* Takes a slot below at, the workspace's handle, which must outlive the writer. key: with which it will be signed,
 * NULL for none or not known yet. A slot that another key has signed is left to that key: the newest card and
 * seal of a log say who vouches for it, so a second key there would take the first one's records from it. */
int bn_writer_open(bn_writer **out, const bn_dir *at, const uint8_t *key, bn_err *err);
/* Gives the slot up as it is; a child after fork() uses this to forget its parent's writer. */
void bn_writer_free(bn_writer *w);
/* In a child of fork: closes its copies of the descriptors, since the slot's lock lives as long as any of
 * them. Nothing else, so that it may be called where memory may not be freed. */
void bn_writer_abandon(bn_writer *w);
/* signer: borrowed while the writer lives. workspace: the workspace's id, copied. */
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

/* The slot's history is damaged, and nothing waits for a commit: whoever owns the writer takes another. */
bool bn_writer_must_move(const bn_writer *w);
/* Buffers one event. The clock becomes max(now, seen + 1, last + 1). */
int bn_writer_append(bn_writer *w, const bn_draft *event, uint64_t seen_clock, bn_err *err);
/* 0: everything that an append answered with 0 is durable. Returns a held failure, once. */
int bn_writer_commit(bn_writer *w, bn_err *err);
/* Commits, and makes open.seg a sealed segment. Sets w->merge_due: whoever owns the writer merges
 * (merge.h) when it has time. */
int bn_writer_seal(bn_writer *w, bn_err *err);
/* open.seg is so large that it is to be sealed now. */
bool bn_writer_is_full(const bn_writer *w);
/* Time or size asks for a seal, and nothing waits for a commit. */
bool bn_writer_is_due(const bn_writer *w);

#endif
