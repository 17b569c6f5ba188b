/* _vector.h - vectors of values, and the loops of the operators over them. Not for other modules. */
#ifndef BN_TABLE__VECTOR_H
#define BN_TABLE__VECTOR_H
#include "core/table/expr/_expr.h"
#include "core/table/table.h"

#include <string.h>

#define BN_EXPR_VECTOR 1024 /* rows */

/* The state of a value. An error propagates like an absent value, and takes precedence. */
enum { BN_STATE_PRESENT = 0, BN_STATE_NULL = 1, BN_STATE_ERROR = 2 };

typedef struct bn_vector {
	union {
		int64_t i[BN_EXPR_VECTOR]; /* INT, TIME, DURATION, DATE */
		double r[BN_EXPR_VECTOR];
		bn_text s[BN_EXPR_VECTOR]; /* valid only for the rows of the vector */
		uint8_t b[BN_EXPR_VECTOR];
	};
	uint8_t state[BN_EXPR_VECTOR];
	bool any;  /* some state is not PRESENT */
	bool wide; /* uint64: BN_STATE_ERROR means above int64, with the bits in i */
} bn_vector;

typedef struct bn_eval {
	size_t rows;     /* of this vector; loops over numbers cover all of it */
	bn_arena *texts; /* created for this vector */
	const bn_expr_node *node;
	bool no_memory;
} bn_eval;

typedef void (*bn_eval_fn)(bn_eval *x, bn_vector *out, const bn_vector *const *a);

/* By operator; NULL: in another file. */
extern const bn_eval_fn bn_eval_compare[BN_OP_COUNT], bn_eval_logic[BN_OP_COUNT],
	bn_eval_numbers[BN_OP_COUNT], bn_eval_texts[BN_OP_COUNT], bn_eval_times[BN_OP_COUNT];

#define BN_EACH for (size_t i = 0; i < BN_EXPR_VECTOR; i++)

static inline void bn_vector_settle(bn_vector *v)
{
	unsigned any = 0;
	BN_EACH any |= v->state[i];
	v->any = any != 0;
}

/* States of an operator that is absent where one of its arguments is. */
static inline void bn_strict1(bn_vector *out, const bn_vector *a)
{
	memcpy(out->state, a->state, sizeof out->state);
	out->any = a->any;
}

static inline void bn_strict2(bn_vector *out, const bn_vector *a, const bn_vector *b)
{
	out->any = a->any || b->any;
	BN_EACH out->state[i] = a->state[i] | b->state[i];
}

/* Also absent, or an error, where `bad` marks a present value. */
static inline void bn_spoil(bn_vector *v, size_t i, bool bad, uint8_t how)
{
	v->state[i] = (uint8_t)(v->state[i] | (bad && !v->state[i] ? how : 0));
}

/* Whether a contains b, ignoring ASCII case. */
bool bn_text_has(bn_text a, bn_text b);

#endif
