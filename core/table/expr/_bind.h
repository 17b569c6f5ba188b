/* _bind.h - shared by the files of the binder: nodes, and words as values. See expr.h. */
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
/* bind_value.c: whether the leaf is a value, if there is no such field. */
bool bn_tree_is_leaf(const bn_tree *t);
/* The leaf as a value of the type it is compared with, and of that field if it is one (else NULL). */
int bn_bind_value(bn_binder *b, const bn_tree *t, bn_expr_type type, const bn_expr_field *field);
/* The leaf by its form: a number, a text, true, false, null. BN_ENOTFOUND (no message) for other words. */
int bn_bind_plain(bn_binder *b, const bn_tree *t);

#endif
