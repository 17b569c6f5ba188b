/* collect.c - see _collect.h. */
#include "core/monitor/_collect.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/profile/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void bn_collected_init(bn_collected *c, const char *name, bn_input_kind kind)
{
	memset(c, 0, sizeof *c);
	c->name = name;
	c->kind = kind;
}

void bn_collected_release(bn_collected *c)
{
	for (size_t i = 0; i < c->label_count; i++)
		bn_free(c->labels[i]);
	bn_free(c->labels);
	bn_free(c->slots);
	for (int side = 0; side < 2; side++) {
		bn_free(c->numbers[side]);
		bn_free(c->counts[side]);
	}
	memset(c, 0, sizeof *c);
}

/* ---- labels --------------------------------------------------------------------------------- */

static size_t slot_of(const bn_collected *c, const char *text, size_t len)
{
	size_t mask = c->slot_count - 1, at = bn_hash_text(text, len) & mask;
	for (; c->slots[at] >= 0; at = (at + 1) & mask) {
		if (bn_str_is(c->labels[c->slots[at]], text, len))
			break;
	}
	return at;
}

static int grow_slots(bn_collected *c, bn_err *err)
{
	size_t count = c->slot_count ? c->slot_count * 2 : 64;
	int32_t *slots = bn_alloc(count * sizeof *slots);
	if (!slots)
		return bn_err_nomem(err, "values of a column");
	memset(slots, 0xff, count * sizeof *slots);
	bn_free(c->slots);
	c->slots = slots;
	c->slot_count = count;
	for (size_t i = 0; i < c->label_count; i++)
		c->slots[slot_of(c, c->labels[i], strlen(c->labels[i]))] = (int32_t)i;
	return 0;
}

/* Number of a label, added if needed; negative if out of memory. */
static int32_t label_number(bn_collected *c, const char *text, size_t len, bn_err *err)
{
	if (c->label_count * 2 >= c->slot_count && grow_slots(c, err))
		return -1;
	size_t at = slot_of(c, text, len), cap = c->label_cap;
	if (c->slots[at] >= 0)
		return c->slots[at];
	if (c->label_count == c->label_cap) {
		size_t cap0 = cap, cap1 = cap;
		if (bn_grow(&c->labels, &cap, c->label_count + 1, sizeof *c->labels) ||
			bn_grow(&c->counts[0], &cap0, c->label_count + 1, sizeof(double)) ||
			bn_grow(&c->counts[1], &cap1, c->label_count + 1, sizeof(double))) {
			bn_err_nomem(err, "values of a column");
			return -1;
		}
		c->label_cap = cap;
	}
	char *copy = bn_strndup(text, len);
	if (!copy) {
		bn_err_nomem(err, "values of a column");
		return -1;
	}
	int32_t number = (int32_t)c->label_count++;
	c->labels[number] = copy;
	c->counts[0][number] = c->counts[1][number] = 0;
	c->slots[at] = number;
	return number;
}

int bn_collected_add_label(
	bn_collected *c, int side, const char *text, size_t len, double count, bn_err *err)
{
	int32_t n = label_number(c, text, len, err);
	if (n < 0)
		return BN_ENOMEM;
	c->counts[side][n] += count;
	c->rows[side] += (size_t)count;
	return 0;
}

typedef struct labelled {
	char *label;
	double counts[2];
} labelled;

static int by_label(const void *a, const void *b)
{
	return strcmp(((const labelled *)a)->label, ((const labelled *)b)->label);
}

int bn_collected_sort(bn_collected *c, bn_err *err)
{
	labelled *all = bn_alloc((c->label_count ? c->label_count : 1) * sizeof *all);
	if (!all)
		return bn_err_nomem(err, "values of a column");
	for (size_t i = 0; i < c->label_count; i++)
		all[i] = (labelled){c->labels[i], {c->counts[0][i], c->counts[1][i]}};
	qsort(all, c->label_count, sizeof *all, by_label);
	for (size_t i = 0; i < c->label_count; i++) {
		c->labels[i] = all[i].label;
		c->counts[0][i] = all[i].counts[0];
		c->counts[1][i] = all[i].counts[1];
	}
	bn_free(all);
	bn_free(c->slots); /* numbers have changed: nothing may be added any more */
	c->slots = NULL;
	c->slot_count = 0;
	return 0;
}

/* ---- columns -------------------------------------------------------------------------------- */

static int add_numbers(
	bn_collected *c, int side, const bn_column *column, size_t from, size_t n, bn_err *err)
{
	if (bn_grow(&c->numbers[side], &c->cap[side], c->rows[side] + n, sizeof(double)))
		return bn_err_nomem(err, "numbers of a column");
	int rc = bn_column_numbers(column, from, n, c->numbers[side] + c->rows[side], err);
	if (rc < 0)
		return rc;
	c->rows[side] += n;
	return 0;
}

static int add_bools(
	bn_collected *c, int side, const bn_column *column, size_t from, size_t end, bn_err *err)
{
	double counts[2] = {0, 0};
	if (bn_type_is_text(column->type))
		return bn_err_set(err, BN_EINVAL, "it holds text, not true or false");
	for (size_t r = from; r < end; r++) {
		double x = bn_column_number(column, r);
		if (isnan(x))
			c->missing[side]++;
		else
			counts[x != 0]++;
	}
	int rc = bn_collected_add_label(c, side, "false", 5, counts[0], err);
	return rc < 0 ? rc : bn_collected_add_label(c, side, "true", 4, counts[1], err);
}

/* Dictionary codes are counted first, then each text is looked up once. */
static int add_codes(
	bn_collected *c, int side, const bn_column *column, size_t from, size_t end, bn_err *err)
{
	double *counts = bn_alloc_zeroed(column->dict->count + 1, sizeof *counts);
	if (!counts)
		return bn_err_nomem(err, "values of a column");
	for (size_t r = from; r < end; r++) {
		if (bn_column_is_null(column, r))
			c->missing[side]++;
		else
			counts[column->codes[r]]++;
	}
	int rc = 0;
	for (size_t k = 0; k < column->dict->count; k++) {
		bn_text t = bn_dict_get(column->dict, k);
		if (counts[k] > 0 &&
			(rc = bn_collected_add_label(c, side, t.ptr, t.len, counts[k], err)) < 0)
			goto out;
	}
out:
	bn_free(counts);
	return rc;
}

static int add_texts(
	bn_collected *c, int side, const bn_column *column, size_t from, size_t end, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	for (size_t r = from; r < end; r++) {
		bn_buf_clear(&text);
		if (!bn_column_format(column, r, &text)) {
			c->missing[side]++;
			continue;
		}
		if ((rc = bn_buf_check(&text, err, "a value")) < 0 ||
			(rc = bn_collected_add_label(c, side, text.ptr, text.len, 1, err)) < 0)
			goto out;
	}
out:
	bn_buf_release(&text);
	return rc;
}

int bn_collected_add(
	bn_collected *c, int side, const bn_column *column, size_t from, size_t end, bn_err *err)
{
	if (from >= end)
		return 0;
	switch (c->kind) {
	case BN_INPUT_NUMBER:
		return add_numbers(c, side, column, from, end - from, err);
	case BN_INPUT_BOOL:
		return add_bools(c, side, column, from, end, err);
	case BN_INPUT_CATEGORY:
		return column->type == BN_TYPE_CATEGORY
			       ? add_codes(c, side, column, from, end, err)
			       : add_texts(c, side, column, from, end, err);
	}
	return 0;
}
