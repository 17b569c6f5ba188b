/*
 * run_dir.h - the directory of a run, .binnacle/runs/<id>, which belongs to the run's user.
 *
 *	spec            hash of the spec, so that the supervisor needs no index
 *	clock           the log's clock when the run had been created: decimal digits, a newline
 *	supervisor      who looks after the run (core/run/supervisor.h)
 *	stop            asks the supervisor to end the run: its id and a newline ("stop" by earlier versions)
 *	log.txt, log.tail.* what the run printed (core/run/run_log.h)
 *	reserve         room that the record of the run's end will need, while the run is not over
 *	artifacts/      what a command leaves to be stored
 *	metrics.json    numbers that a command leaves
 *	model/          a trainer's model until it is stored
 *
 * Everything in it is reached through a handle: no link is followed.
 */
#ifndef BN_RUN_RUN_DIR_H
#define BN_RUN_RUN_DIR_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

#define BN_RUN_RESERVE_BYTES \
	32768 /* a writer's directory, its lock, its segment, and as much again */

/* *out is yours. BN_ENOTFOUND when it is not on this file system. */
int bn_run_dir_open(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err);
/* For who acts on what lies in it: BN_EREFUSED unless it belongs to the user of this process and nobody
 * else may write to it. A directory above it may be one that a whole group can rename. */
int bn_run_dir_open_own(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err);
/* The same, made when it is missing. */
int bn_run_dir_make(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err);
/* Whether what this process says about the run counts for anybody, as far as its directory tells: BN_ENOTFOUND when
 * the workspace has no such run, BN_EREFUSED when it is another user's. Readers judge by the log. */
int bn_run_is_own(const bn_workspace *ws, const char *id, bn_err *err);
/* Returns BN_EREFUSED, with the name of the user whose run it is. */
int bn_run_of_another(const bn_env *env, const char *id, uid_t owner, bn_err *err);
/* Whoever has created a run leaves its clock there; whoever goes on with it, and has no index,
 * writes behind that clock. Without the file (another file system, an older binnacle) its own clock
 * is all that there is. */
int bn_run_clock_leave(const bn_workspace *ws, const char *id, bn_err *err);
void bn_run_clock_follow(bn_workspace *ws, const char *id);
/* The stop file: its owner asks the run's supervisor, or the runner of its queue, to end it. It counts when
 * it is a regular file of the user of this process, or of root, and names the run: a directory may have been
 * exchanged with another run's. */
int bn_run_stop_ask(const bn_workspace *ws, const char *id, bn_err *err);
bool bn_run_stop_asked(const bn_dir *run_dir, const char *id);
/* Keeps room on the disk for the last words of a run: a file of BN_RUN_RESERVE_BYTES that no file system makes
 * smaller. Who starts a run makes it before anything is started (where there is one already, nothing is done), and
 * who records its end removes it, first when the disk is full: so a run that ends for want of room is FAILED in the
 * log, and does not stay RUNNING until a reader finds it LOST. */
int bn_run_reserve_make(const bn_dir *run_dir, bn_err *err);
/* Whether there was one. */
bool bn_run_reserve_release(const bn_dir *run_dir);

#endif
