/*
 * _leftovers.h - files left by a command and collected here. Not for other modules.
 */
#ifndef BN_LAUNCH_LEFTOVERS_H
#define BN_LAUNCH_LEFTOVERS_H
#include "core/run/runlog.h"
#include "core/run/spec.h"

/*
 * For commands: metrics.json in runs/<id>/ or, if written since the last attempt began, in the working
 * directory: {"rmse": 1.5, "test": {"mae": 2}} becomes metrics rmse and test_mae (step 0), added to `metrics`;
 * everything in runs/<id>/artifacts/ is stored, and so are the spec's outputs: those of every attempt, since
 * one may continue where another stopped. Nothing for trainers. Appends, does not commit. Below runs/<id> only
 * regular files of this user, reached without links, are accepted; any other file, and an invalid metrics.json,
 * is an error after everything else was done. BN_EINTR if told to stop: what was stored by then is still
 * recorded.
 */
int bn_leftovers_store(bn_workspace *ws, const char *id, const bn_spec *spec, const bn_dir *run_dir,
	int64_t since_ms, int64_t attempt_ms, bn_metric_set *metrics, const bn_progress *progress,
	bn_err *err);
/* Moves `one` into `kept`, which keeps the first error, except that a disk error replaces an error about a
 * file. */
void bn_leftovers_keep(bn_err *kept, bn_err *one);
/* Removes the metrics.json of a failed attempt, which must not count for the next one. */
void bn_leftovers_forget(const bn_dir *run_dir);

/*
 * Stores what matches a pattern of spec->outputs below the working directory and was written since
 * since_ms, under its path there. A pattern has components: *, ? and [] match within one, ** matches
 * any number of components, and none matches a name that begins with a dot. Everything below a matching
 * directory matches. Only regular files of this user, reached without links, as above. A pattern
 * without a match is an error, after everything was stored.
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
