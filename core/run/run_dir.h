/*
 * run_dir.h - the directory of a run, .binnacle/runs/<id>, owned by the run's user.
 *
 *	spec            hash of the spec, so that the supervisor needs no index
 *	clock           the log's clock when the run was created: decimal digits, a newline
 *	supervisor      the run's supervisor (core/run/supervisor.h)
 *	stop            asks the supervisor to end the run: its id and a newline ("stop" by earlier versions)
 *	log.txt, log.tail.* or log.packed.* output of the run (core/run/run_log.h)
 *	reserve         space for the record of the run's end, until the run is over
 *	artifacts/      files left by a command to be stored
 *	metrics.json    numbers left by a command
 *	model/          a trainer's model until it is stored
 *	model.checkpoint the state of its fit (core/learn/checkpoint.h), until its model is stored
 *	resumes         the id of the run whose checkpoint that was at first; absent: it began anew
 *
 * Once the end of the run is in the log, the directory is packed (core/run/run_pack.h): the output in one file and
 * what the run left stay, the rest goes.
 *
 * Everything in it is reached through a handle: no link is followed.
 */
#ifndef BN_RUN_RUN_DIR_H
#define BN_RUN_RUN_DIR_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

#define BN_RUN_RESERVE_BYTES \
	32768 /* a writer's directory, its lock, its segment, and the same again */

#define BN_RUN_MODEL_DIR "model"
#define BN_RUN_SPEC_FILE "spec"
#define BN_RUN_CLOCK_FILE "clock"
#define BN_RUN_STOP_FILE "stop"
#define BN_RUN_RESUMES_FILE "resumes"
#define BN_RUN_RESERVE_FILE "reserve"

/* *out is yours. BN_ENOTFOUND when it is not on this file system. */
int bn_run_dir_open(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err);
/* For callers that act on its content: BN_EREFUSED unless the user of this process owns it and nobody
 * else may write to it. A whole group may be able to rename a directory above it. */
int bn_run_dir_open_own(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err);
/* The same, creating it if missing. */
int bn_run_dir_make(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err);
int bn_run_dir_remove(
	const bn_workspace *ws, const char *id, bn_err *err); /* with all its content */
/* Whether this process's records about the run will count, judging by its directory: BN_ENOTFOUND if the
 * workspace has no such run, BN_EREFUSED if another user owns it. Readers judge by the log. */
int bn_run_is_own(const bn_workspace *ws, const char *id, bn_err *err);
/* Returns BN_EREFUSED, with the name of the run's owner. */
int bn_run_of_another(const bn_env *env, const char *id, uid_t owner, bn_err *err);
/* The creator of a run stores its clock there; a process that continues the run without an index
 * writes after that clock. Without the file (another file system, an older binnacle) it only has
 * its own clock. */
int bn_run_clock_leave(const bn_workspace *ws, const char *id, bn_err *err);
void bn_run_clock_follow(bn_workspace *ws, const char *id);
/* The stop file: its owner requests the run's supervisor, or the runner of its queue, to end it. It counts
 * if it is a regular file of the user of this process, or of root, and names the run: directories of two
 * runs may have been swapped. */
int bn_run_stop_ask(const bn_workspace *ws, const char *id, bn_err *err);
bool bn_run_stop_asked(const bn_dir *run_dir, const char *id);
/* Records in its directory that the run resumes the run `of`: its fit must continue from the checkpoint there. */
int bn_run_resumes_leave(const bn_dir *run_dir, const char *of, bn_err *err);
bool bn_run_resumes(const bn_dir *run_dir);
/* Reserves disk space for the last records of a run: a file of BN_RUN_RESERVE_BYTES that no file system can
 * compress. The process that starts a run creates it first (unless it exists), and the one that records the end
 * removes it, before that if the disk is full: so a run that ends for lack of space is FAILED in the log, and
 * does not stay RUNNING until a reader finds it LOST. */
int bn_run_reserve_make(const bn_dir *run_dir, bn_err *err);
/* Whether there was one. */
bool bn_run_reserve_release(const bn_dir *run_dir);

#endif
