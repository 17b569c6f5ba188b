/* _scratch.h - working memory for evaluating an expression: a vector for each node, the positions of columns,
 * and look-ups in dictionaries. Not for other modules. */
#ifndef BN_TABLE__SCRATCH_H
#define BN_TABLE__SCRATCH_H
#include "core/table/expr/_vector.h"

/* The values of a node that depends on one category column, by code; the last one is for an absent value. */
typedef struct bn_lookup {
	int field;           /* the node of the column */
	const bn_dict *dict; /* of which it was made, */
	size_t count;        /* number of texts it had then */
	uint8_t *state;      /* count + 1 of them */
	union {
		uint8_t *b;
		int64_t *i;
		double *r;
		bn_text *s;
		void *any;
	};
	bn_arena texts;
} bn_lookup;

typedef struct bn_expr_scratch {
	const bn_expr *e;
	bn_vector *vectors; /* one for each node */
	bn_eval_fn *fns;
	size_t *places; /* for fields: index of the column in a batch */
	int *lookup_of; /* -1: evaluated for each row; its own number: looked up; another number: inside that one */
	bn_lookup *lookups; /* by the node */
	bn_arena texts;
} bn_expr_scratch;

/* Evaluates the node in all rows of the vector. During a lookup's own evaluation its column is already
 * loaded. */
void bn_scratch_run(bn_expr_scratch *s, int node, size_t rows, bn_arena *texts, bool *no_memory);
/* lookup.c: determines which nodes are looked up. */
void bn_lookups_plan(bn_expr_scratch *s);
/* Builds those of this batch; *on is false if a dictionary is too large to be worthwhile. */
int bn_lookups_make(bn_expr_scratch *s, const bn_batch *b, bn_err *err);
void bn_lookup_load(bn_expr_scratch *s, int node, const bn_column *c, size_t from, size_t n);
void bn_lookups_free(bn_expr_scratch *s);

#endif
