/*
 * score.h - evaluates a stored model again with the code that trains: on the rows that a run's spec
 * held out, or on another dataset version.
 *
 * The rows are read from held bytes (core/store/object/held.h), so the result applies to the digest
 * that it names, whoever owns the files.
 */
#ifndef BN_LEARN_SCORE_H
#define BN_LEARN_SCORE_H
#include "core/base/progress.h"
#include "core/learn/model.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

typedef struct bn_score {
	json_t *metrics; /* as in metrics.json for a part; an undefined metric is null */
	size_t rows;     /* number of rows scored */
	char dataset[129];
	int64_t version;
	char digest[65];
} bn_score;

/* On a part of the spec's rows, divided as for training. BN_ENOTFOUND: there is no such part. */
int bn_score_part(bn_score *out, bn_workspace *ws, const bn_model *m, const bn_spec *spec,
	const char *part, const bn_progress *progress, bn_err *err);
/* On all rows of a dataset version, "jobs@v3" or "jobs@sha256:...". */
int bn_score_dataset(bn_score *out, bn_workspace *ws, const bn_model *m, const char *ref,
	const bn_progress *progress, bn_err *err);
void bn_score_release(bn_score *s);
/* NaN: there is no such metric, or it is undefined on these rows. */
double bn_score_metric(const bn_score *s, const char *metric);

#endif
