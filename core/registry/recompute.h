/*
 * recompute.h - the numbers that the policy's gates ask for, measured anew and signed as evidence (evidence.h) by
 * whoever runs this: before an approval, or without one.
 *
 * The registered bytes are taken out and hashed, the data is hashed, and the rows are those that the run's spec
 * kept back for the gate's part, or the dataset version that the gate names. A gate that compares with the
 * champion has the champion scored on the same rows. What the code that trains cannot score (another
 * program's model, a series of the run) is said, and leaves the gate inconclusive.
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
	bool is_new;   /* signed now; false: the same had been signed already */
	char *problem; /* why it could not be measured; NULL: it was */
} bn_recomputed;

typedef struct bn_recomputed_list {
	bn_recomputed *items;
	size_t count, problems;
} bn_recomputed_list;

/* One item for each gate about a metric that asks for somebody else's word, and one more where it compares
 * with a champion. None in a workspace without a chain of authority. BN_EREFUSED, and nothing is done:
 * who may not attest, or is author or registrar. progress may be NULL. */
int bn_version_recompute(bn_recomputed_list **out, bn_workspace *ws, const char *spec,
	const bn_progress *progress, bn_err *err);
void bn_recomputed_list_free(bn_recomputed_list *l);

#endif
