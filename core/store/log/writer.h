/*
 * writer.h - this process's place in the log: a directory that nobody else writes to.
 *
 * A directory is log/<user>@<host>-<boot8>-<slot>. Whoever holds flock on its file `lock` owns the
 * slot; the kernel gives it up when the process dies, however it dies. A free slot's next owner
 * adopts what the last one left: open.seg is cut behind its last good record and sealed, and the
 * sequence and the hash chain go on. So there are as many directories as there were processes at
 * once, and nobody ever waits for a lock: a slot that is taken is skipped.
 *
 * Where flock does not work (ENOLCK, ENOTSUP) a slot of its own with a random name is taken.
 *
 * Failure: when a commit fails, the events since the last good commit are not in the log (the file
 * is cut back) or, if even cutting fails, may be there or not; the writer is then `broken` and the
 * caller takes another one. Events that a commit acknowledged are never touched.
 */
#ifndef BN_STORE_LOG_WRITER_H
#define BN_STORE_LOG_WRITER_H
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/store/log/record.h"

#include <stdbool.h>

enum { BN_MERGE_AT = 24 };

/* A place between two records of a writer's history. */
typedef struct bn_log_point {
	uint64_t seq, clock; /* of the record before it; 0 at the very start */
	uint32_t crc;
	uint8_t chain[BN_SHA256_BYTES];
} bn_log_point;

typedef struct bn_writer {
	const bn_env *env;
	char *dir, *open_path; /* dir: absolute path of the slot */
	char *trash_dir;
	char name[BN_WRITER_NAME_MAX + 1];
	pid_t pid;   /* who took the slot: a fork()ed child must not use it */
	int lock_fd; /* -1 where flock does not work */
	int fd;      /* open.seg, -1 when there is none */
	bool broken;
	bn_log_point tip;      /* behind what was appended */
	bn_log_point durable;  /* behind what the last commit covered */
	bn_log_point start;    /* where open.seg starts */
	uint64_t durable_size; /* of open.seg */
	uint64_t written_size; /* of open.seg, with what is written but not synced */
	bn_buf pending;        /* appended, not written */
	bn_hasher *hasher;
	int64_t opened_ms; /* monotonic: when the slot was taken */
	size_t merge_at;   /* sealed segments from which on small ones are merged */
	int64_t seg_ms;    /* monotonic: when open.seg was created */
} bn_writer;

/* log_dir: absolute path of log/. trash_dir: where cut-off bytes go. */
int bn_writer_open(bn_writer **out, const bn_env *env, const char *log_dir, const char *trash_dir,
	bn_err *err);
/* Gives the slot up as it is; a child after fork() uses this to forget its parent's writer. */
void bn_writer_free(bn_writer *w);

/* Buffers one event. The clock becomes max(now, seen + 1, last + 1). */
int bn_writer_append(bn_writer *w, bn_record_type type, const char *kind, const char *entity,
	const void *payload, size_t n, uint64_t seen_clock, bn_err *err);
int bn_writer_commit(bn_writer *w, bn_err *err);
/* Commits, and makes open.seg a sealed segment; merges small ones when there are many. */
int bn_writer_seal(bn_writer *w, bn_err *err);
bool bn_writer_is_due(const bn_writer *w); /* time or size asks for a seal */

/* Seals what dead writers of this user and host left open; at most `most` of them. Failures of
 * single ones are not errors: the next process tries again. */
void bn_writer_adopt_dead(bn_writer *w, const char *log_dir, int most);

/* _merge.c: rewrites small neighbouring segments in dir as one. Called with the slot's lock held. */
int bn_writer_merge(bn_writer *w, bn_err *err);
/* Names of the sealed segments in dir in order of first, then widest first; *has_open may be
 * NULL. The names are for bn_segment_parse_name. */
int bn_writer_list(
	const bn_env *env, const char *dir, bn_names *segments, bool *has_open, bn_err *err);

#endif
