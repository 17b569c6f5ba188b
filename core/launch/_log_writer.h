/*
 * _log_writer.h - copies the output of a run into the files of its log (core/run/run_log.h). Not for other
 * modules.
 *
 * A run writes into a pipe, and the guard (_guard.h) reads it and writes the files. So a program that prints
 * without end does not fill the disk, and a full disk does not kill a program whose print fails: what could not
 * be written is left out, visibly for readers, and the run continues. If the guard is killed, the supervisor
 * takes over; it keeps the pipe's read end open, so that nothing gets SIGPIPE.
 */
#ifndef BN_LAUNCH_LOG_WRITER_H
#define BN_LAUNCH_LOG_WRITER_H
#include "core/base/dir.h"
#include "core/run/run_log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- the files ------------------------------------------------------------------------------ */

typedef struct bn_log_writer {
	const bn_dir *dir; /* of the run; borrowed */
	int fd;            /* the current file; -1: none */
	bool is_tail;
	char name[40];
	uint64_t from, size; /* of the file */
	uint64_t at;      /* position of the next byte: beyond from + size if something was lost */
	int64_t retry_ms; /* after a failure: do not retry before */
} bn_log_writer;

/* Continues after existing files. A file that cannot be opened or created counts as unwritable and is
 * skipped. */
int bn_log_writer_open(bn_log_writer *out, const bn_dir *dir, bn_err *err);
/* Never fails: what cannot be written is skipped. limit: for all files together. */
void bn_log_writer_add(bn_log_writer *w, const char *bytes, size_t n, uint64_t limit);
void bn_log_writer_close(bn_log_writer *w);

/* ---- the pipe ------------------------------------------------------------------------------- */

typedef struct bn_log_pump {
	int in, out; /* the pipe */
	struct {
		_Atomic uint64_t limit;
		_Atomic bool is_busy; /* some output was read but is not in the files yet */
		_Atomic bool
			is_left; /* the guard has no directory to write to: the supervisor reads the pipe */
	} * shared;              /* by guard and supervisor */
} bn_log_pump;

/* Before the fork. */
int bn_log_pump_make(bn_log_pump *p, bn_err *err);
/* Without a fork. One that was not created, or is released, is all zeroes except the descriptors, and empty. */
void bn_log_pump_release(bn_log_pump *p);
/* In the supervisor: redirects the output of itself and its children into the pipe. */
void bn_log_pump_enter(bn_log_pump *p);
/* In the reading process, the only one with p->in. */
void bn_log_pump_leave(bn_log_pump *p);
/* Reads what is available without blocking; a few pieces at most, so that signals are handled. */
void bn_log_pump_step(bn_log_pump *p, bn_log_writer *w);
/* Reads everything left, once nothing prints any more. */
void bn_log_pump_drain(bn_log_pump *p, bn_log_writer *w);
/* In the supervisor: whether everything printed so far is in the files. */
bool bn_log_pump_is_empty(const bn_log_pump *p);

#endif
