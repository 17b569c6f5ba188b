/*
 * _collect.h - one input of a model on both sides of a comparison: its numbers, or how often each of
 * its values occurs. Filled column by column from tables.
 */
#ifndef BN_MONITOR_COLLECT_H
#define BN_MONITOR_COLLECT_H
#include "core/learn/features.h"
#include "core/monitor/drift.h"

enum { BN_SIDE_REF = 0, BN_SIDE_CUR = 1 };

typedef struct bn_collected {
	const char *name;
	bn_input_kind kind;
	double *numbers[2]; /* NUMBER; NaN where missing */
	size_t rows[2], cap[2];
	char **labels; /* BOOL ("false", "true"), CATEGORY */
	double *counts[2];
	size_t label_count, label_cap;
	int32_t *slots; /* hash table over labels */
	size_t slot_count;
	size_t missing[2];
	bool absent[2]; /* the side's table has no such column */
} bn_collected;

void bn_collected_init(bn_collected *c, const char *name, bn_input_kind kind);
void bn_collected_release(bn_collected *c);
/* Rows [from, end) of a column. BN_EINVAL when its type cannot be that input. */
int bn_collected_add(
	bn_collected *c, int side, const bn_column *column, size_t from, size_t end, bn_err *err);
int bn_collected_add_label(
	bn_collected *c, int side, const char *text, size_t len, double count, bn_err *err);
/* Orders labels by bytes, as required by the statistical tests. */
int bn_collected_sort(bn_collected *c, bn_err *err);

#endif
