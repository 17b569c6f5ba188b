/* _candidates.h - possible inputs of a pipeline: the columns of a part, and the elements of its
 * vector columns. */
#ifndef BN_LEARN__CANDIDATES_H
#define BN_LEARN__CANDIDATES_H
#include "core/base/mem.h"
#include "core/learn/features.h"

typedef struct bn_candidate {
	const char *name;
	const char *vector; /* the vector column of this element; NULL: it is a column */
	size_t column;      /* index in the table */
	size_t element, elements;
	bn_type type;
} bn_candidate;

typedef struct bn_candidates {
	bn_candidate *items;
	size_t count;
	bn_arena arena; /* names of elements */
} bn_candidates;

/* BN_ECONFLICT if a column has the name of another's element. Release it also after an error. */
int bn_candidates_find(bn_candidates *c, const bn_part *train, bn_err *err);
void bn_candidates_release(bn_candidates *c);
/* Whether a candidate, or the vector of an element, has that name. */
bool bn_candidates_have(const bn_candidates *c, const char *name);
/* By its own or its vector's name: whether it is not the target, not excluded, and among the inputs
 * if any are given. */
bool bn_candidate_is_wanted(const bn_features_options *opt, const bn_candidate *c);

#endif
