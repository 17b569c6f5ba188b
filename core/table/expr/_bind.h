/* _bind.h - what the files of the binder share: nodes, and words as values. See expr.h. */
#ifndef BN_TABLE__BIND_H
#define BN_TABLE__BIND_H
#include "core/table/expr/_expr.h"

typedef struct bn_binder {
	bn_expr *e;
	const bn_expr_names *names;
	bn_err *err;
} bn_binder;

/* Numbers of nodes, or a negative code. */
int bn_bind_constant(bn_binder *b, const bn_expr_value *value, size_t at);
/* bind_value.c: is the leaf a value, when there is no such field? */
bool bn_tree_is_leaf(const bn_tree *t);
/* The leaf as a value of what it is compared with: of that type, of that field when it is one (else NULL). */
int bn_bind_value(bn_binder *b, const bn_tree *t, bn_expr_type type, const bn_expr_field *field);
/* The leaf as what it looks like: a number, a text, true, false, null. BN_ENOTFOUND (no message) for other words. */
int bn_bind_plain(bn_binder *b, const bn_tree *t);

#endif
