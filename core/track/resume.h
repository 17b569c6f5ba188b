/*
 * resume.h - continuing a run that was stopped, killed, lost or failed, from its checkpoint.
 *
 * A new run continues the old one, whose record stays as it is: run.created of the new one names the old one and
 * the number of steps that are taken over (core/run/runlog.h). It has the same recipe: data versions,
 * hyper-parameters, seed, code; only the limit of steps may be raised (bn_trainer.limit). It gets the checkpoint
 * (a hard link) and the metrics of those steps, so that its curve is whole, and gives the bytes of a run that was
 * never interrupted. It starts through any executor.
 *
 * Only the owner resumes a run: nobody else's checkpoint is read. The checkpoint is compared here, with the
 * arithmetic of this host, and again where the run starts: there a checkpoint that does not fit ends the run
 * as FAILED, with its checkpoint untouched. (An executor for other hosts has to leave out the comparison here.)
 *
 * One run resumes another at a time: the old run's lock (core/run/supervisor.h) is held while the new one is
 * created, and what the log says then is decisive. Where locks do not work, two may run: each has its own copy,
 * and both give the same bytes.
 */
#ifndef BN_TRACK_RESUME_H
#define BN_TRACK_RESUME_H
#include "core/launch/launch.h"
#include "core/learn/checkpoint.h"
#include "core/learn/fit.h"
#include "core/track/run.h"

typedef struct bn_resume {
	bn_run_info *run; /* the resumed run */
	bn_spec *spec;    /* of the new run: fields that are not in the recipe may be changed */
	bn_checkpoint_about checkpoint; /* the checkpoint to continue from */
	/* private */
	bn_workspace *ws;
	bn_dir *dir;
	char file[BN_FIT_FILE];
	bn_metric_set metrics;
	bn_launch_resumed taken;
} bn_resume;

/* Whether a run in that state can be resumed, according to its record: BN_EUNSUPPORTED if it never has a checkpoint,
 * BN_ECONFLICT if it is live or finished, BN_EREFUSED if it is in the trash or belongs to another user, with an
 * alternative. For menus. */
int bn_resume_admits(const bn_run_info *run, uid_t uid, bn_err *err);
/* Whether this user may resume it and a checkpoint exists; the file is not read. */
bool bn_resume_is_open(bn_workspace *ws, const bn_run_info *run);
/* As of the last refresh. The errors of bn_resume_admits; BN_ENOTFOUND without a checkpoint, BN_ECORRUPT for a damaged
 * one. *out is yours. */
int bn_resume_open(bn_resume **out, bn_workspace *ws, const char *id, bn_err *err);
void bn_resume_free(bn_resume *r); /* NULL is fine */
/* Sets the hyper-parameter "epochs=80" of the new run: only the limit of steps, and only to a higher value. */
int bn_resume_set(bn_resume *r, const char *name, const char *text, bn_err *err);
/* The limit of steps of the new run, -1 unknown, and its name ("epochs"; NULL). */
int64_t bn_resume_limit(const bn_resume *r, const char **name);
/* Fills in opt what the new run takes over from the old one, unless opt sets it (experiment, parent), and its state.
 * Valid as long as r. */
void bn_resume_options(bn_resume *r, bn_launch_options *opt);
/* Whether the new run would give the bytes of an uninterrupted one here, and no other run resumes it: BN_ECONFLICT
 * names the difference, or the other run. As of the last refresh. */
int bn_resume_check(const bn_resume *r, bn_err *err);
/* Starts it, after the same checks while other processes are excluded. */
int bn_resume_launch(
	bn_resume *r, const bn_launch_options *opt, char id[BN_RUN_ID_TEXT], bn_err *err);

#endif
