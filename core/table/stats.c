/* stats.c - see stats.h. */
#include "core/table/stats.h"

#include "core/base/mem.h"

#include <math.h>
#include <string.h>

bn_part_stats *bn_part_stats_new(size_t columns, uint64_t rows)
{
	bn_part_stats *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s || !(s->columns = bn_alloc_zeroed(columns + 1, sizeof *s->columns))) {
		bn_free(s);
		return NULL;
	}
	s->rows = rows;
	s->count = columns;
	for (size_t i = 0; i < columns; i++)
		s->columns[i].missing = -1;
	return s;
}

void bn_part_stats_free(bn_part_stats *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		bn_free(s->columns[i].text);
	bn_free(s->columns);
	bn_free(s);
}

/* ---- finding out ------------------------------------------------------------------------------ */

typedef struct bounds {
	bool any;
	int64_t low, high;
	double least, greatest;
	bool beyond; /* a uint64 above int64: the maximum is unknown */
	int64_t missing;
} bounds;

static void add_int(bounds *b, int64_t x)
{
	b->low = !b->any || x < b->low ? x : b->low;
	b->high = !b->any || x > b->high ? x : b->high;
	b->any = true;
}

static void add_real(bounds *b, double x)
{
	b->least = !b->any || x < b->least ? x : b->least;
	b->greatest = !b->any || x > b->greatest ? x : b->greatest;
	b->any = true;
}

/* Any number or time of a column: each type has its loop. */
static void add_numbers(bounds *b, const bn_column *c)
{
	switch (c->type) {
#define REALS(TYPE, member) \
	case BN_TYPE_##TYPE: \
		for (size_t i = 0; i < c->rows; i++) { \
			double x = (double)c->member[i]; \
			if (bn_column_is_null(c, i) || x != x) \
				b->missing++; \
			else \
				add_real(b, x); \
		} \
		break;
#define INTS(TYPE, member) \
	case BN_TYPE_##TYPE: \
		for (size_t i = 0; i < c->rows; i++) { \
			if (bn_column_is_null(c, i)) \
				b->missing++; \
			else \
				add_int(b, (int64_t)c->member[i]); \
		} \
		break;
		REALS(FLOAT64, f64)
		REALS(FLOAT32, f32)
		INTS(INT64, i64)
		INTS(INT32, i32)
		INTS(INT16, i16)
		INTS(INT8, i8)
		INTS(UINT32, u32)
		INTS(UINT16, u16)
		INTS(UINT8, u8)
		INTS(TIMESTAMP, i64)
		INTS(DATE, i32)
		INTS(TIME, i64)
		INTS(DURATION, i64)
#undef REALS
#undef INTS
	case BN_TYPE_DECIMAL:
		for (size_t i = 0; i < c->rows; i++) {
			if (bn_column_is_null(c, i))
				b->missing++;
			else
				add_real(b, bn_column_number(c, i));
		}
		break;
	case BN_TYPE_UINT64:
		for (size_t i = 0; i < c->rows; i++) {
			bool absent = bn_column_is_null(c, i);
			b->missing += absent;
			b->beyond = b->beyond || (!absent && c->u64[i] > INT64_MAX);
			if (!absent && c->u64[i] <= INT64_MAX)
				add_int(b, (int64_t)c->u64[i]);
		}
		break;
	default: /* bool */
		for (size_t i = 0; i < c->rows; i++) {
			if (bn_column_is_null(c, i))
				b->missing++;
			else
				add_int(b, c->bits[i >> 3] >> (i & 7) & 1);
		}
	}
}

static void settle_numbers(bn_column_stats *s, const bounds *b, bn_type type)
{
	bool real = type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32 || type == BN_TYPE_DECIMAL;
	bool first = s->min.type == BN_EXPR_NULL;
	if (b->beyond)
		s->no_max = true;
	if (b->any && real) {
		s->min.r = first || b->least < s->min.r ? b->least : s->min.r;
		s->max.r = first || b->greatest > s->max.r ? b->greatest : s->max.r;
		s->min.type = s->max.type = BN_EXPR_REAL;
	} else if (b->any) {
		s->min.i = first || b->low < s->min.i ? b->low : s->min.i;
		s->max.i = first || b->high > s->max.i ? b->high : s->max.i;
		s->min.type = s->max.type = BN_EXPR_INT;
	}
	if (s->no_max)
		s->max.type = BN_EXPR_NULL;
	s->missing += b->missing;
}

/* ---- texts: their start ------------------------------------------------------------------ */

static int text_order(bn_text a, bn_expr_text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	if (c)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

static void keep_text(bn_expr_value *v, char *room, bn_text t)
{
	if (t.len)
		memcpy(room, t.ptr, t.len);
	*v = (bn_expr_value){BN_EXPR_TEXT, {.s = {room, t.len}}};
}

static void add_text(bn_column_stats *s, bn_text t)
{
	t.len = t.len < BN_STATS_TEXT ? t.len : BN_STATS_TEXT;
	if (s->min.type == BN_EXPR_NULL || text_order(t, s->min.s) < 0)
		keep_text(&s->min, s->text, t);
	if (s->max.type == BN_EXPR_NULL || text_order(t, s->max.s) > 0)
		keep_text(&s->max, s->text + BN_STATS_TEXT, t);
}

/* Of a category each text once. */
static int add_category(bn_column_stats *s, const bn_column *c, bn_err *err)
{
	uint8_t *seen = bn_alloc_zeroed(c->dict->count / 8 + 1, 1);
	if (!seen)
		return bn_err_nomem(err, "the bounds of a column");
	for (size_t i = 0; i < c->rows; i++) {
		size_t code = (size_t)c->codes[i];
		if (bn_column_is_null(c, i)) {
			s->missing++;
			continue;
		}
		if (seen[code >> 3] >> (code & 7) & 1)
			continue;
		seen[code >> 3] = (uint8_t)(seen[code >> 3] | 1u << (code & 7));
		add_text(s, bn_dict_get(c->dict, code));
	}
	bn_free(seen);
	return 0;
}

char *bn_column_stats_room(bn_column_stats *s, int which)
{
	if (!s->text)
		s->text = bn_alloc_zeroed(2, BN_STATS_TEXT);
	return s->text ? s->text + which * BN_STATS_TEXT : NULL;
}

static int add_texts(bn_column_stats *s, const bn_column *c, bn_err *err)
{
	if (!bn_column_stats_room(s, 0))
		return bn_err_nomem(err, "the bounds of a column");
	if (c->type == BN_TYPE_CATEGORY)
		return add_category(s, c, err);
	for (size_t i = 0; i < c->rows; i++) {
		bn_text t = bn_column_text(c, i);
		if (t.ptr)
			add_text(s, t);
		else
			s->missing++;
	}
	return 0;
}

int bn_part_stats_add(bn_part_stats *s, size_t column, const bn_column *c, bn_err *err)
{
	if (column >= s->count)
		return 0;
	bn_column_stats *of = &s->columns[column];
	if (of->missing < 0)
		of->missing = 0;
	if (bn_type_is_text(c->type))
		return add_texts(of, c, err);
	if (!bn_type_is_scalar(c->type)) {
		for (size_t i = 0; i < c->rows; i++)
			of->missing += bn_column_is_null(c, i);
		return 0;
	}
	bounds b = {.any = false};
	add_numbers(&b, c);
	settle_numbers(of, &b, c->type);
	return 0;
}
