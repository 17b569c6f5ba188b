/*
 * run_log.h - the output of a run: files of its directory, and reading them as one text.
 *
 *	log.txt             the start: half of the limit, or everything while it is below that
 *	log.tail.<OFFSET>   the end, in two files at most, each a quarter of the limit; OFFSET, decimal, is the
 *	                    position of the first byte in the whole output
 *	log.packed.<FROM>-<SIZE>[.<FROM>-<SIZE>...]  instead of all these, once the run is over and if there were tails:
 *	                    their contents in order, each with its position and its bytes
 *
 * The part between is not kept: the oldest tail is removed when a third one begins (core/launch/log_writer.c).
 * A part that could not be written (a full disk) is left out likewise: a file begins after it. So gaps are
 * known from names and sizes alone, and readers of earlier versions have log.txt. The packed file appears complete
 * (tmp, fsync, rename), and then counts alone: a file beside it is a leftover of packing.
 */
#ifndef BN_RUN_RUN_LOG_H
#define BN_RUN_RUN_LOG_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_RUN_LOG_FILE "log.txt"
#define BN_RUN_LOG_TAIL "log.tail."
#define BN_RUN_LOG_PACKED "log.packed."
#define BN_RUN_LOG_PACKING "log.packing" /* until it is complete */
#define BN_RUN_LOG_TAILS 2
#define BN_RUN_LOG_PARTS (BN_RUN_LOG_TAILS + 2)
#define BN_RUN_LOG_NAME 200
#define BN_RUN_LOG_LIMIT (64 << 20) /* default of the spec's log_limit_bytes */
#define BN_RUN_LOG_LIMIT_LEAST (64 << 10)

typedef struct bn_run_log_part {
	char name[BN_RUN_LOG_NAME];
	uint64_t from, size; /* position in the output; bytes of the file, as of opening */
	bool packed;         /* only a part of the file: */
	uint64_t at;         /* its position there */
	int fd;
} bn_run_log_part;

typedef struct bn_run_log {
	const bn_env *env;
	char *path; /* of the directory, for messages */
	size_t count;
	bn_run_log_part parts[BN_RUN_LOG_PARTS];
	uint64_t printed, kept; /* bytes */
} bn_run_log;

/* Opens the present files of runs/<id>. BN_ENOTFOUND if there is none, with a hint. BN_EREFUSED if the
 * directory or a file belongs neither to owner, the run's user according to the log, nor to root: anyone may
 * have put them there. */
int bn_run_log_open(
	bn_run_log *out, const bn_workspace *ws, const char *id, uid_t owner, bn_err *err);
void bn_run_log_close(bn_run_log *l); /* fine on an unopened one that is all zeroes */
/* Reads up to n bytes from position *at, which advances past them. *left_out: bytes missing before them. *got
 * 0: the end as of opening. */
int bn_run_log_read(bn_run_log *l, uint64_t *at, void *bytes, size_t n, size_t *got,
	uint64_t *left_out, bn_err *err);
/* The text shown in place of a missing part, one line with its line feed. */
void bn_run_log_gap_words(char text[120], uint64_t left_out);
/* The files' names, positions and sizes, without opening them. For the writer. */
int bn_run_log_list(
	bn_run_log_part *parts, size_t most, size_t *count, const bn_dir *run_dir, bn_err *err);

/* Whether a file of that name is to be packed, or a leftover of packing. */
bool bn_run_log_is_loose(const char *name);
/* Makes one file of the output of a run that is over, and removes the others; nothing to do without tails. Killed at
 * any moment, the output is read as before. */
int bn_run_log_pack(const bn_dir *run_dir, bn_err *err);

/* Opens runs/<id>/log.txt, created if missing, to append output before the run's log has a writer. */
int bn_run_log_append(int *fd, const bn_dir *run_dir, bn_err *err);

#endif
