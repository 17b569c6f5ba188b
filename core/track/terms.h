/*
 * terms.h - on what terms the figures of a run were measured: which target, on which rows. A metric of two runs is
 * compared only when their terms are the same; everything that names a best run or a difference asks here.
 *
 * Terms are the target, the task, the filter of rows, the split, and the validation and test parts; the training part
 * too when one of the others is a share of it. Features, settings and the trainer are no terms: they are what is
 * compared. Of a run without a spec (from the API) they are its dataset.
 */
#ifndef BN_TRACK_TERMS_H
#define BN_TRACK_TERMS_H
#include "core/base/err.h"
#include "core/store/workspace.h"
#include "core/track/run.h"

#include <stdbool.h>

typedef struct bn_run_terms {
	char *key; /* equal texts: the same terms; NULL: not known, as of a run whose files are freed */
	char *target, *where; /* NULL: none */
} bn_run_terms;

int bn_run_terms_read(bn_run_terms *out, bn_workspace *ws, const bn_run_info *run, bn_err *err);
/* False when those of either are not known. */
bool bn_run_terms_are_same(const bn_run_terms *a, const bn_run_terms *b);
void bn_run_terms_release(bn_run_terms *t);

#endif
