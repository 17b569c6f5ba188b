/* parquet_column.c - see _parquet.h. */
#include "core/table/_parquet.h"

#include <math.h>
#include <string.h>

enum { TEXT_RANGE_MAX = 64 }; /* bytes of a text that is a minimum or maximum */

bn_parquet_type bn_parquet_type_of(bn_type type)
{
	switch (type) {
	case BN_TYPE_BOOL:
		return BN_PARQUET_BOOLEAN;
	case BN_TYPE_FLOAT64:
		return BN_PARQUET_DOUBLE;
	case BN_TYPE_FLOAT32:
		return BN_PARQUET_FLOAT;
	case BN_TYPE_INT64:
	case BN_TYPE_UINT64:
	case BN_TYPE_TIMESTAMP:
	case BN_TYPE_TIME:
	case BN_TYPE_DURATION:
		return BN_PARQUET_INT64;
	case BN_TYPE_DECIMAL:
		return BN_PARQUET_FIXED;
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
	case BN_TYPE_BINARY:
		return BN_PARQUET_BYTE_ARRAY;
	default:
		return BN_PARQUET_INT32;
	}
}

static void range_set(bn_parquet_range *r, const void *min, const void *max, size_t n)
{
	r->known = true;
	bn_buf_add(&r->min, min, n);
	bn_buf_add(&r->max, max, n);
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Integers of all widths and signs, and times. */
static void integers(bn_buf *out, bn_parquet_range *r, const bn_column *c)
{
	bool wide = bn_parquet_type_of(c->type) == BN_PARQUET_INT64, any = false;
	bool is_unsigned = c->type == BN_TYPE_UINT64;
	int64_t least = 0, most = 0;
	for (size_t i = 0; i < c->rows; i++) {
		int64_t v = 0;
		if (bn_column_is_null(c, i))
			continue;
		if (is_unsigned)
			v = (int64_t)c->u64[i];
		else
			bn_column_int(c, i, &v);
		int32_t narrow = (int32_t)(uint32_t)(uint64_t)v;
		bn_buf_add(out, wide ? (const void *)&v : (const void *)&narrow,
			wide ? sizeof v : sizeof narrow);
		bool less = is_unsigned ? (uint64_t)v < (uint64_t)least : v < least;
		bool more = is_unsigned ? (uint64_t)v > (uint64_t)most : v > most;
		least = !any || less ? v : least;
		most = !any || more ? v : most;
		any = true;
	}
	int32_t low = (int32_t)(uint32_t)(uint64_t)least, high = (int32_t)(uint32_t)(uint64_t)most;
	if (any && wide)
		range_set(r, &least, &most, sizeof least);
	else if (any)
		range_set(r, &low, &high, sizeof low);
}

/* NaN has no place in the range, and a zero stands for both of them. */
static void reals(bn_buf *out, bn_parquet_range *r, const bn_column *c)
{
	bool wide = c->type == BN_TYPE_FLOAT64;
	double least = INFINITY, most = -INFINITY;
	bool any = false;
	for (size_t i = 0; i < c->rows; i++) {
		if (bn_column_is_null(c, i))
			continue;
		double v = wide ? c->f64[i] : (double)c->f32[i];
		bn_buf_add(out, wide ? (const void *)&c->f64[i] : (const void *)&c->f32[i],
			wide ? sizeof c->f64[i] : sizeof c->f32[i]);
		if (isnan(v))
			continue;
		least = v < least ? v : least;
		most = v > most ? v : most;
		any = true;
	}
	least = least == 0 ? -0.0 : least;
	most = most == 0 ? 0.0 : most;
	float low = (float)least, high = (float)most;
	if (any && wide)
		range_set(r, &least, &most, sizeof least);
	else if (any)
		range_set(r, &low, &high, sizeof low);
}

static void bools(bn_buf *out, const bn_column *c)
{
	unsigned char byte = 0;
	size_t n = 0;
	for (size_t i = 0; i < c->rows; i++) {
		if (bn_column_is_null(c, i))
			continue;
		byte = (unsigned char)(byte | (c->bits[i >> 3] >> (i & 7) & 1) << (n & 7));
		if (++n % 8 == 0) {
			bn_buf_addch(out, (char)byte);
			byte = 0;
		}
	}
	if (n % 8)
		bn_buf_addch(out, (char)byte);
}

/* Big-endian two's complement. */
static void decimals(bn_buf *out, const bn_column *c)
{
	for (size_t i = 0; i < c->rows; i++) {
		unsigned char bytes[16];
		if (bn_column_is_null(c, i))
			continue;
		for (int k = 0; k < 8; k++) {
			bytes[k] = (unsigned char)((uint64_t)c->dec[i].high >> (56 - 8 * k));
			bytes[8 + k] = (unsigned char)(c->dec[i].low >> (56 - 8 * k));
		}
		bn_buf_add(out, bytes, sizeof bytes);
	}
}

/* ---- texts ---------------------------------------------------------------------------------- */

static int text_cmp(bn_text a, bn_text b)
{
	int c = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static void texts(bn_buf *out, bn_parquet_range *r, const bn_column *c)
{
	bn_text least = {NULL, 0}, most = {NULL, 0};
	for (size_t i = 0; i < c->rows; i++) {
		bn_text t = bn_column_bytes(c, i);
		uint32_t n = (uint32_t)t.len;
		if (bn_column_is_null(c, i))
			continue;
		bn_buf_add(out, &n, sizeof n);
		bn_buf_add(out, t.ptr, t.len);
		least = !least.ptr || text_cmp(t, least) < 0 ? t : least;
		most = !most.ptr || text_cmp(t, most) > 0 ? t : most;
	}
	if (!least.ptr || least.len > TEXT_RANGE_MAX || most.len > TEXT_RANGE_MAX)
		return;
	r->known = true;
	bn_buf_add(&r->min, least.ptr, least.len);
	bn_buf_add(&r->max, most.ptr, most.len);
}

int bn_parquet_values(
	bn_buf *out, bn_parquet_range *range, const bn_column *c, const char *name, bn_err *err)
{
	switch (bn_parquet_type_of(c->type)) {
	case BN_PARQUET_BOOLEAN:
		bools(out, c);
		break;
	case BN_PARQUET_FLOAT:
	case BN_PARQUET_DOUBLE:
		reals(out, range, c);
		break;
	case BN_PARQUET_FIXED:
		decimals(out, c);
		break;
	case BN_PARQUET_BYTE_ARRAY:
		texts(out, range, c);
		break;
	default:
		integers(out, range, c);
	}
	if (out->len > INT32_MAX / 2)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"column '%.100s': more than %d bytes in one batch do not fit a page of "
			"Parquet",
			name, INT32_MAX / 2);
	if (range->min.failed || range->max.failed)
		return bn_err_nomem(err, "a Parquet file");
	return bn_buf_check(out, err, "a Parquet file");
}
