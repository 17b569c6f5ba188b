/*
 * run_log.h - what a run printed: files of its directory, and reading them as one text.
 *
 *	log.txt             the beginning: half of the limit, or all of it while it is below that
 *	log.tail.<OFFSET>   the end, in two files at most, each a quarter of the limit; OFFSET, decimal, is the place of
 *	                    the first byte in all that the run has printed
 *
 * What lay between is not kept: the oldest of the files goes when a third one begins (core/launch/log_writer.c). A
 * place that could not be written (a full disk) is left out likewise: a file begins behind it. So what is left out is
 * seen from names and sizes alone, and readers of earlier versions have log.txt.
 */
#ifndef BN_RUN_RUN_LOG_H
#define BN_RUN_RUN_LOG_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

#include <stdint.h>

#define BN_RUN_LOG_FILE "log.txt"
#define BN_RUN_LOG_TAIL "log.tail."
#define BN_RUN_LOG_TAILS 2
#define BN_RUN_LOG_LIMIT (64 << 20) /* bytes, where the spec has no log_limit_bytes */
#define BN_RUN_LOG_LIMIT_LEAST (64 << 10)

typedef struct bn_run_log_part {
	char name[40];
	uint64_t from, size; /* place in what was printed; bytes of the file */
	int fd;
} bn_run_log_part;

typedef struct bn_run_log {
	const bn_env *env;
	char *path;          /* of the directory, for messages */
	size_t count;
	bn_run_log_part parts[BN_RUN_LOG_TAILS + 2];
	uint64_t printed, kept; /* bytes */
} bn_run_log;

/* Opens runs/<id>'s files as they are now. BN_ENOTFOUND when there is none, with a hint. BN_EREFUSED when directory or
 * a file are not of owner, the run's user as the log says, nor of root: anybody may have put them there. */
int bn_run_log_open(
	bn_run_log *out, const bn_workspace *ws, const char *id, uid_t owner, bn_err *err);
void bn_run_log_close(bn_run_log *l); /* one that was not opened is fine when it is all zeroes */
/* Up to n bytes from place *at on, which moves behind them. *left_out: how many before them are gone. *got 0: the end
 * of what was there when it was opened. */
int bn_run_log_read(bn_run_log *l, uint64_t *at, void *bytes, size_t n, size_t *got,
	uint64_t *left_out, bn_err *err);
/* The words that stand in the place of what is left out, one line with its line feed. */
void bn_run_log_gap_words(char text[120], uint64_t left_out);
/* The files' names, places and sizes; nothing is open. For who writes them. */
int bn_run_log_list(
	bn_run_log_part *parts, size_t most, size_t *count, const bn_dir *run_dir, bn_err *err);

/* Opens runs/<id>/log.txt to append what is said before the run's log has a writer; made when it is missing. */
int bn_run_log_append(int *fd, const bn_dir *run_dir, bn_err *err);

#endif
