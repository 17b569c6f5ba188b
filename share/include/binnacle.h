/*
 * binnacle.h - log a run from C, C++ or anything that can call C.
 *
 *	#include <binnacle.h>
 *
 *	int main(void)
 *	{
 *		binnacle_run *run = binnacle_run_open(NULL); // the current run, or a new one
 *		binnacle_log_param(run, "dt", "1e-3");
 *		for (long step = 0; step < 1000; step++)
 *			binnacle_log_metric(run, "energy", 1.0 / (double)(step + 1), step);
 *		return binnacle_run_close(run, 0) == 0 ? 0 : 1;
 *	}
 *
 * Build: cc sim.c $(pkg-config --cflags --libs binnacle)
 *
 * Inside `binnacle run start -- ./sim` the run is the one that was started (BINNACLE_RUN_ID); otherwise
 * binnacle_run_open creates one in the workspace of the working directory (or BINNACLE_HOME).
 *
 * binnacle_log_metric only stores the point in memory; a background thread writes it to the
 * workspace's log at least once a second, and binnacle_run_flush and binnacle_run_close wait for
 * the disk. A process has one such thread for all its runs, or none: it starts when a run created by
 * binnacle_run_open is opened, or when something is logged to another one, and ends with the last close.
 *
 * Close each run. One that is open when the program returns from main or calls exit is written and, if
 * binnacle_run_open created it, ended then: FINISHED for exit status 0, else FAILED. exit waits for the disk,
 * at most 10 s, and prints to stderr if that was not enough, or if something was rejected or dropped that neither
 * a flush nor binnacle_run_error has reported; likewise for a close that fails in another thread meanwhile. Code
 * that runs later (the destructor of a C++ object created before the first run) may still log and close; the
 * run's end does not change. _exit, abort and a fatal signal lose what was logged since the last second or flush;
 * such a run is LOST. A plugin that contains libbinnacle.a must be linked with -Wl,-z,nodelete, like
 * libbinnacle.so: it may be closed, but not unmapped.
 *
 * Every function may be called from any thread, and in each rank of an MPI program: ranks write separate
 * files, to the run of `binnacle run start -- mpirun ./sim`, or to one that rank 0 has opened and
 * whose id it passed to the others. Log from rank 0, or with keys that contain the rank. A NULL run is
 * accepted everywhere and does nothing, so a simulation need not check whether logging works. Do not call
 * these functions in a signal handler or between vfork and exec.
 *
 * A run belongs to the process that opened it. In a child of fork every call on it fails at once, without
 * changing the parent's log, and close does nothing; the child may open the same run by its id.
 *
 * Nothing is printed to stderr except at exit, and when a run is opened that the workspace does not have. If the
 * program has closed descriptor 2 and reused it for a regular file or a socket, it is not stderr: then nothing is
 * printed, unless the file was opened for appending.
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
	/* an existing run; NULL: BINNACLE_RUN_ID, else a new run. A run that the workspace does not have, or of another
	 * user, is opened too, with one message on stderr that what is logged to it is not shown. */
	const char *run_id;
	const char *name;       /* of a new run; NULL: generated */
	const char *experiment; /* of a new run; NULL: "default" */
	const char *title;      /* displayed description; NULL: the program's name */
} binnacle_options;

/* Options may be NULL. Returns NULL if it cannot be opened: binnacle_last_error has the reason. */
binnacle_run *binnacle_run_open(const binnacle_options *options);
/* Message of this thread's last failed binnacle_run_open; "" if none failed. */
const char *binnacle_last_error(void);

/* 32 hex digits; borrowed until close. */
const char *binnacle_run_id(const binnacle_run *run);

/* NaN and infinities are kept. Steps may come in any order. */
int binnacle_log_metric(binnacle_run *run, const char *key, double value, int64_t step);
/* With the time given (milliseconds since 1970 UTC). */
int binnacle_log_metric_at(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms);
/* A parameter is written once: another value is rejected. Values logged by other processes are not known here; if
 * two processes log different values, the first one counts, and the audit log lists the other. */
int binnacle_log_param(binnacle_run *run, const char *key, const char *value);
int binnacle_log_tag(binnacle_run *run, const char *key, const char *value);
/* Copies a file or directory into the workspace; name NULL: its own ("." has that of the working directory). A
 * directory that contains a workspace is rejected. Waits for the disk. */
int binnacle_log_artifact(binnacle_run *run, const char *path, const char *name);

/* Waits until everything logged so far is on disk. A negative code: some of it is not. What could not
 * be written (the disk is full) is kept, up to a limit, and retried every second and by the next
 * flush; beyond that limit the logging call was rejected, and one flush
 * reports how much that was. One flush also reports if other code in the process has damaged the file on disk
 * (by closing our descriptor), and each reports if a large file cannot be sealed. */
int binnacle_run_flush(binnacle_run *run);
/* The first failure since open (or since the last call): "" if there is none. Borrowed
 * until the next call from the same thread. */
const char *binnacle_run_error(binnacle_run *run);

/* Flushes, records the end of a run that binnacle_run_open created (exit_code 0: FINISHED, else FAILED; a run of
 * `binnacle run start` is ended by its supervisor) and frees run. A negative code: something
 * that was logged is not on disk, or was rejected without being reported by binnacle_run_error. */
int binnacle_run_close(binnacle_run *run, int exit_code);

#ifdef __cplusplus
}
#endif
#endif
