/* _candidates.h - what a pipeline may be fitted on: the columns of a part, and the elements of its columns of vectors. */
#ifndef BN_LEARN__CANDIDATES_H
#define BN_LEARN__CANDIDATES_H
#include "core/base/mem.h"
#include "core/learn/features.h"

typedef struct bn_candidate {
	const char *name;
	const char *vector; /* the column whose element it is; NULL: it is a column */
	size_t column;      /* of the table */
	size_t element, elements;
	bn_type type;
} bn_candidate;

typedef struct bn_candidates {
	bn_candidate *items;
	size_t count;
	bn_arena arena; /* names of elements */
} bn_candidates;

/* BN_ECONFLICT when a column is called as an element of another. Released in any case. */
int bn_candidates_find(bn_candidates *c, const bn_part *train, bn_err *err);
void bn_candidates_release(bn_candidates *c);
/* Is a candidate, or the vector whose element it is, called so? */
bool bn_candidates_have(const bn_candidates *c, const char *name);
/* By its name, or its vector's: what is not the target, not excluded, and asked for where inputs are. */
bool bn_candidate_is_wanted(const bn_features_options *opt, const bn_candidate *c);

#endif
