/*
 * binnacle.h - log a run from C, C++ or anything that can call C.
 *
 *	#include <binnacle.h>
 *
 *	int main(void)
 *	{
 *		binnacle_run *run = binnacle_run_open(NULL); // the run we are in, or a new one
 *		binnacle_log_param(run, "dt", "1e-3");
 *		for (long step = 0; step < 1000; step++)
 *			binnacle_log_metric(run, "energy", 1.0 / (double)(step + 1), step);
 *		return binnacle_run_close(run, 0) == 0 ? 0 : 1;
 *	}
 *
 * Build: cc sim.c $(pkg-config --cflags --libs binnacle)
 *
 * Inside `binnacle run start -- ./sim` the run is the one that was started (BINNACLE_RUN_ID); else
 * binnacle_run_open makes one in the workspace around the working directory (or BINNACLE_HOME).
 *
 * binnacle_log_metric only puts the point into memory; a background thread writes it to the
 * workspace's log at least once a second, and binnacle_run_flush and binnacle_run_close wait for
 * the disk. A process has one such thread for all its runs, or none: it starts when a run that was made
 * here is opened, or when something is logged into another one, and ends with the last close.
 *
 * Close each run. One that is open when the program returns from main or calls exit is written and, when it was
 * made here, ended then: FINISHED for exit status 0, else FAILED. exit waits for that as long as the disk needs,
 * at most 10 s, and says on stderr when that was not enough, or when something was refused or dropped that neither
 * a flush nor binnacle_run_error has told; so is a close that fails in another thread meanwhile. What exits later (the destructor of a C++ object that
 * was made before the first run) may still log and close; the run's end stays as it is. _exit, abort and a
 * signal that kills lose what was logged since the last second or flush; such a run is LOST. A plugin that has
 * libbinnacle.a in it is linked with -Wl,-z,nodelete, as libbinnacle.so is: it may be closed, never unmapped.
 *
 * Every function may be called from any thread, and in each rank of an MPI program: ranks write files
 * of their own, to the run of `binnacle run start -- mpirun ./sim`, or to one that rank 0 has opened and
 * whose id it gave to the others. Log from rank 0, or with keys that carry the rank. A NULL run is
 * accepted everywhere and does nothing, so a simulation need not care whether logging works. Call none of
 * this in a signal handler or between vfork and exec.
 *
 * A run belongs to the process that opened it. In a child of fork every call on it fails at once, without
 * touching the parent's log, and close does nothing; the child may open the same run by its id.
 *
 * Nothing is said on stderr but at exit, and when a run is opened that is nobody's. A descriptor 2 that the program
 * has closed and given to a regular file or a socket of its own is no stderr: then nothing is said, except into a
 * file that is opened for appending.
 *
 * Functions return 0, or a negative code with the message in binnacle_run_error.
 */
#ifndef BINNACLE_H
#define BINNACLE_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct binnacle_run binnacle_run;

typedef struct binnacle_options {
	const char *workspace; /* directory inside a workspace; NULL: BINNACLE_HOME, then "." */
	/* an existing run; NULL: BINNACLE_RUN_ID, else a new run. One that the workspace does not have, or of another
	 * user, is opened all the same, and stderr says once that what is logged to it is not shown. */
	const char *run_id;
	const char *name;       /* of a new run; NULL: made up */
	const char *experiment; /* of a new run; NULL: "default" */
	const char *title;      /* what runs, for people; NULL: the program's name */
} binnacle_options;

/* Options may be NULL. NULL when it cannot be opened: binnacle_last_error says why. */
binnacle_run *binnacle_run_open(const binnacle_options *options);
/* Message of this thread's last failed binnacle_run_open; "" when none failed. */
const char *binnacle_last_error(void);

/* 32 hex digits; borrowed until close. */
const char *binnacle_run_id(const binnacle_run *run);

/* NaN and infinities are kept. Steps may come in any order. */
int binnacle_log_metric(binnacle_run *run, const char *key, double value, int64_t step);
/* With the time given (milliseconds since 1970 UTC). */
int binnacle_log_metric_at(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms);
/* A parameter is written once: another value is refused. What other processes have logged to the run is not known
 * here; of two values that come that way the first counts, and the audit log names the other. */
int binnacle_log_param(binnacle_run *run, const char *key, const char *value);
int binnacle_log_tag(binnacle_run *run, const char *key, const char *value);
/* Copies a file or directory into the workspace; name NULL: its own ("." has that of the working directory). A
 * directory with a workspace in it is refused. Waits for the disk. */
int binnacle_log_artifact(binnacle_run *run, const char *path, const char *name);

/* Waits until everything logged so far is on disk. A negative code: some of it is not. What could not
 * be written (the disk is full) is kept, in bounds, and tried again every second and by the next
 * flush; what did not fit into these bounds was refused by the call that logged it, and one flush
 * says how much that was. One flush also says when something else in the process has damaged what was on disk
 * (it has closed descriptors that are not its own), and each says when a large file cannot be sealed. */
int binnacle_run_flush(binnacle_run *run);
/* The first failure since open (or since it was last asked for): "" when there is none. Borrowed
 * until the next call from the same thread. */
const char *binnacle_run_error(binnacle_run *run);

/* Flushes, records the end of a run that we made (exit_code 0: FINISHED, else FAILED; a run that
 * `binnacle run start` made is ended by its supervisor) and frees run. A negative code: something
 * that was logged is not on disk, or was refused and binnacle_run_error not asked about it. */
int binnacle_run_close(binnacle_run *run, int exit_code);

#ifdef __cplusplus
}
#endif
#endif
