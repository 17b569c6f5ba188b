/*
 * recompute.h - measures the numbers that the policy's gates need, and signs them as evidence (evidence.h) of
 * this process's user: before an approval, or without one.
 *
 * The registered bytes are checked out and hashed, the data is hashed, and the rows are those that the run's
 * spec held out for the gate's part, or the dataset version named by the gate. For a gate that compares with
 * the champion, the champion is scored on the same rows. What cannot be scored here (another program's model, a
 * series of the run) is reported, and leaves the gate inconclusive.
 */
#ifndef BN_REGISTRY_RECOMPUTE_H
#define BN_REGISTRY_RECOMPUTE_H
#include "core/base/progress.h"
#include "core/store/workspace.h"

#include <stddef.h>

typedef struct bn_recomputed {
	char *spec;             /* what was scored: "power/3", or the champion's */
	char *metric, *part;    /* of the gate */
	char *dataset;          /* "jobs@v3"; NULL: it was not scored */
	double value, reported; /* NaN: not defined, not reported */
	int64_t rows;
	bool is_new;   /* signed now; false: the same was already signed */
	char *problem; /* why it could not be measured; NULL: it was */
} bn_recomputed;

typedef struct bn_recomputed_list {
	bn_recomputed *items;
	size_t count, problems;
} bn_recomputed_list;

/* One item for each gate about a metric that needs independent evidence, and one more if it compares with
 * a champion. None in a workspace without a chain of authority. BN_EREFUSED, with nothing done, if the
 * user may not attest, or is author or registrar. progress may be NULL. */
int bn_version_recompute(bn_recomputed_list **out, bn_workspace *ws, const char *spec,
	const bn_progress *progress, bn_err *err);
void bn_recomputed_list_free(bn_recomputed_list *l);

#endif
