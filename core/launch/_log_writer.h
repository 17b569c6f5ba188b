/*
 * _log_writer.h - what a run prints, on its way into the files of its log (core/run/run_log.h). Not for other modules.
 *
 * A run writes into a pipe, and the guard (_guard.h) takes it out and writes the files. So a program that prints for
 * ever does not fill the disk, and a full disk does not end a program whose print fails: what could not be written is
 * left out, which readers see, and the run goes on. Should the guard be killed, the supervisor does it; it keeps
 * the pipe's other end open, so that nobody gets SIGPIPE.
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
	int fd;            /* the file that is written; -1: none */
	bool is_tail;
	char name[40];
	uint64_t from, size; /* of the file */
	uint64_t at;      /* place of what comes next: behind from + size when something was lost */
	int64_t retry_ms; /* after a failure: not before */
} bn_log_writer;

/* Goes on behind what lies there. A file that cannot be opened or made is one that cannot be written: it is passed
 * over. */
int bn_log_writer_open(bn_log_writer *out, const bn_dir *dir, bn_err *err);
/* Never fails: what cannot be written is passed over. limit: of all files together. */
void bn_log_writer_add(bn_log_writer *w, const char *bytes, size_t n, uint64_t limit);
void bn_log_writer_close(bn_log_writer *w);

/* ---- the pipe ------------------------------------------------------------------------------- */

typedef struct bn_log_pump {
	int in, out; /* the pipe */
	struct {
		_Atomic uint64_t limit;
		_Atomic bool is_busy; /* something was taken out that is not in the files yet */
		_Atomic bool
			is_left; /* the guard has no directory to write to: the supervisor takes out */
	} * shared;              /* by guard and supervisor */
} bn_log_pump;

/* Before the two part. */
int bn_log_pump_make(bn_log_pump *p, bn_err *err);
/* Where they did not part. One that was not made, or is released, is all zeroes but the descriptors, and empty. */
void bn_log_pump_release(bn_log_pump *p);
/* In the supervisor: what it and its children print goes into the pipe. */
void bn_log_pump_enter(bn_log_pump *p);
/* In who takes out: only he holds p->in. */
void bn_log_pump_leave(bn_log_pump *p);
/* Takes out what is there, without waiting for more; at most some pieces, so that signals are heard. */
void bn_log_pump_step(bn_log_pump *p, bn_log_writer *w);
/* All that is there, when nobody prints any more. */
void bn_log_pump_drain(bn_log_pump *p, bn_log_writer *w);
/* In the supervisor: whether all that was printed by now is in the files. */
bool bn_log_pump_is_empty(const bn_log_pump *p);

#endif
