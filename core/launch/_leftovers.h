/*
 * _leftovers.h - what a command leaves behind and we pick up. Not for other modules.
 */
#ifndef BN_LAUNCH_LEFTOVERS_H
#define BN_LAUNCH_LEFTOVERS_H
#include "core/run/runlog.h"
#include "core/run/spec.h"

/*
 * For commands: metrics.json in runs/<id>/ or, when written since the last attempt began, in the working
 * directory: {"rmse": 1.5, "test": {"mae": 2}} becomes metrics rmse and test_mae (step 0), added to
 * `metrics`; everything in runs/<id>/artifacts/ is stored, and the spec's outputs are: those of
 * every attempt, since one may go on where another has stopped. For trainers nothing. Appends, does not commit. Below runs/<id> only regular files of this user count, reached
 * without links; what is not one, and a metrics.json that is no such object, is an error after
 * everything else was done. BN_EINTR when it was told to stop: what is stored by then is named all the same.
 */
int bn_leftovers_store(bn_workspace *ws, const char *id, const bn_spec *spec, const bn_dir *run_dir,
	int64_t since_ms, int64_t attempt_ms, bn_metric_set *metrics, const bn_progress *progress,
	bn_err *err);
/* Moves `one` into `kept`, which keeps the first error, unless that is about what was left and this about the disk. */
void bn_leftovers_keep(bn_err *kept, bn_err *one);
/* What a failed attempt has said of itself does not count for the next one: its metrics.json. */
void bn_leftovers_forget(const bn_dir *run_dir);

/*
 * Stores what matches a pattern of spec->outputs below the working directory and was written since
 * since_ms, under its path there. A pattern has components: *, ? and [] stand for parts of one, ** for
 * any number of components, none of them for a name that begins with a dot. What lies below a directory
 * that matches belongs to it. Regular files of this user, reached without links, as above. A pattern
 * for which nothing was written is an error, after everything was stored.
 */
int bn_outputs_store(bn_workspace *ws, const char *id, const bn_spec *spec, int64_t since_ms,
	const bn_progress *progress, bn_err *err);

typedef enum bn_match {
	BN_MATCH_NO,
	BN_MATCH_BELOW, /* not it, but perhaps something below it */
	BN_MATCH_YES,
} bn_match;
bn_match bn_output_match(const char *pattern, const char *path);

#endif
