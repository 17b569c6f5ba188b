/*
 * csv_convert.c - converts the fields of a chunk, column by column, to typed arrays.
 *
 * Each converter has a short path for the plain form of its type and one slow path for everything
 * else (quotes, absent values, blanks, exponents, errors). A field that does not fit the plan makes
 * the column a misfit: its facts are then collected from every field of the chunk, and the chunk is
 * not used. A malformed field removes its record: the rows are compacted and the chunk is converted
 * again, so that rejected records affect neither values nor types.
 */
#include "core/base/timestamp.h"
#include "core/base/utf8.h"
#include "core/source/_csv_parts.h"
#include "core/source/cell.h"
#include "core/source/csv.h"

#include <math.h>
#include <string.h>

#define TILE_BYTES ((size_t)48 << 10) /* of text and separators: fits a level 2 cache */

typedef struct convert {
	csv_chunk *chunk;
	const csv_plan *plan;
	size_t column;
	const csv_column_plan *want;
	csv_column *out;
	bn_buf scratch;
	char day[16]; /* last date parsed, and its midnight */
	int64_t midnight_ns;
	bool day_known;
	size_t from, to; /* rows of this tile */
	int rc;
	bn_err *err;
} convert;

typedef enum slow_result { SLOW_VALUE, SLOW_NULL, SLOW_MISFIT } slow_result;

typedef bn_cell slow_value;

static void field_at(const convert *v, size_t row, const char **s, const char **e)
{
	csv_field(v->chunk, v->plan->count, v->plan->dialect, row, v->column, s, e);
}

/* For short texts with 7 readable bytes after them, as all fields of a chunk have. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
	uint64_t x, y;

	for (; n >= 8; a += 8, b += 8, n -= 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a, 8);
	memcpy(&y, b, 8);
	return n == 0 || (x ^ y) << (64 - 8 * n) == 0;
}

static void clear_bit(uint8_t *bits, size_t i)
{
	bits[i >> 3] = (uint8_t)(bits[i >> 3] & ~(1u << (i & 7)));
}

static void set_null(convert *v, size_t row)
{
	clear_bit(v->out->validity, row);
	v->out->nulls++;
}

/* ---- slow path of fields that are not plain ------------------------------------------------- */

static void reject(convert *v, size_t row, const char *at, csv_cure cure, const char *what)
{
	size_t count = v->chunk->reject_count;

	if (v->rc)
		return;
	v->rc = bn_csv_reject_row(v->chunk, v->plan, row, v->column, at, v->err, "%s", what);
	if (v->chunk->reject_count > count)
		v->chunk->rejects[count].cure = cure;
}

static void reject_value(convert *v, size_t row, const char *at, const char *s, size_t n)
{
	if (!v->rc)
		v->rc = bn_csv_reject_row(v->chunk, v->plan, row, v->column, at, v->err,
			"\"%.*s\" is not %s", n > 40 ? 40 : (int)n, s,
			bn_cell_wanted(v->want->told));
}

/* Text of the field without quotes; false if it is malformed (and its record is rejected). */
static bool clean_field(convert *v, size_t row, const char **s, const char **e, bool *quoted)
{
	const csv_dialect *d = v->plan->dialect;
	const char *begin = *s, *at = NULL;

	*quoted = *s < *e && d->quote && **s == d->quote;
	if ((*quoted || d->escape) && !bn_csv_unquote(d, s, e, &v->scratch, &at)) {
		reject(v, row, at, CSV_CURE_QUOTES, "text after the closing quote");
		return false;
	}
	if (!v->chunk->scan.odd_bytes)
		return true;
	if (!bn_utf8_is_valid(*s, (size_t)(*e - *s))) {
		reject(v, row, begin, CSV_CURE_ENCODING, "bytes that are not UTF-8");
		return false;
	}
	if (memchr(*s, 0, (size_t)(*e - *s))) {
		reject(v, row, begin, CSV_CURE_ENCODING, "a NUL byte");
		return false;
	}
	return true;
}

/* For a number of declared type: leading zeros are ignored (08). */
static const char *skip_zeros(const char *s, size_t *n, char digits[64])
{
	size_t sign = *n && (*s == '-' || *s == '+'), zeros = sign;

	while (zeros + 1 < *n && s[zeros] == '0' && (unsigned)(s[zeros + 1] - '0') <= 9)
		zeros++;
	if (zeros == sign || *n - (zeros - sign) > 64)
		return s;
	memcpy(digits, s, sign);
	memcpy(digits + sign, s + zeros, *n - zeros);
	*n -= zeros - sign;
	return digits;
}

static bool parse_number_as(
	const convert *v, bn_type type, const char *s, size_t n, slow_value *x, unsigned *facts)
{
	bool declared = v->want->declared;
	char digits[64], plain[CSV_NUMBER_BYTES];
	int64_t i = 0;
	double f = 0;

	if (!(s = bn_csv_plain_number(v->want->dialect, s, &n, plain)))
		return false;
	if (declared)
		s = skip_zeros(s, &n, digits);
	csv_token token = bn_csv_parse_number(s, n, &i, &f);
	bool is_int = token == CSV_INT || token == CSV_BIG_INT;

	switch (type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		x->f = f;
		if (type == BN_TYPE_FLOAT32 && isfinite(f) && !isfinite((float)f))
			return false;
		return token == CSV_INT || token == CSV_FLOAT ||
		       (declared && (is_int || token == CSV_LOSSY || token == CSV_HUGE_INT));
	case BN_TYPE_INT64:
	case BN_TYPE_INT32:
	case BN_TYPE_INT8:
		x->i = i;
		*facts |= token == CSV_BIG_INT ? CSV_HAS_BIG_INT : 0;
		return is_int && (type != BN_TYPE_INT32 || (i >= INT32_MIN && i <= INT32_MAX)) &&
		       (type != BN_TYPE_INT8 || (i >= INT8_MIN && i <= INT8_MAX));
	default:
		return false;
	}
}

/* A cell of a model's input; *absent if it means that there is no value. */
static bool parse_input(const convert *v, const char *s, size_t n, slow_value *x, bool *absent)
{
	char plain[CSV_NUMBER_BYTES], iso[64];
	double f = 0;

	csv_trim_tabs(&s, &n);
	size_t bytes = n;
	const char *number = bn_type_is_number(v->want->told)
				     ? bn_csv_plain_number(v->want->dialect, s, &bytes, plain)
				     : s;
	bool is_float = v->want->told == BN_TYPE_FLOAT64 || v->want->told == BN_TYPE_FLOAT32;
	if (!number)
		return false;
	s = number;
	n = bytes;
	if (v->want->told == BN_TYPE_TIMESTAMP || v->want->told == BN_TYPE_DATE)
		s = bn_csv_iso_date(v->want->dialect, s, &n, iso);
	if (!bn_cell_number(v->want->told, s, n, &f) || (isinf(f) && !is_float))
		return false;
	*absent = isnan(f); /* infinities are kept, though training takes them as missing */
	if (v->want->type == BN_TYPE_FLOAT64)
		x->f = f;
	else
		x->i = isfinite(f) ? (int64_t)f : 0;
	return true;
}

/* Types that are never inferred, only declared. */
static bool parse_declared(const convert *v, const char *s, size_t n, slow_value *x)
{
	const bn_field f = {
		.type = v->want->type, .precision = v->want->precision, .scale = v->want->scale};
	char digits[64], plain[CSV_NUMBER_BYTES], iso[64];

	if (f.type == BN_TYPE_DATE)
		s = bn_csv_iso_date(v->want->dialect, s, &n, iso);
	if (!bn_type_is_time(f.type)) {
		s = bn_csv_plain_number(v->want->dialect, s, &n, plain);
		s = s ? skip_zeros(s, &n, digits) : NULL;
	}
	return s && bn_cell_parse(x, &f, s, n);
}

static bool parse_as(const convert *v, const char *s, size_t n, slow_value *x, unsigned *facts)
{
	bool declared = v->want->declared;

	csv_trim_tabs(&s, &n);
	if (v->want->type == BN_TYPE_TIMESTAMP)
		return bn_csv_time(v->want->dialect, s, n, &x->i);
	if (v->want->type == BN_TYPE_BOOL) {
		x->i = bn_csv_parse_bool(s, n);
		if (x->i < 0 && declared && n == 1 && (*s == '0' || *s == '1'))
			x->i = *s == '1';
		return x->i >= 0;
	}
	if (v->want->type > BN_TYPE_STRING)
		return parse_declared(v, s, n, x);
	return parse_number_as(v, v->want->type, s, n, x, facts);
}

static slow_result slow_field(convert *v, size_t row, const char *s, const char *e, slow_value *x)
{
	const char *at = s;
	bool quoted, absent;

	if (!clean_field(v, row, &s, &e, &quoted) ||
		bn_csv_is_null(v->want->dialect, s, (size_t)(e - s)))
		return SLOW_NULL;
	if (v->want->input) {
		if (parse_input(v, s, (size_t)(e - s), x, &absent))
			return absent ? SLOW_NULL : SLOW_VALUE;
	} else if (!v->want->empty && parse_as(v, s, (size_t)(e - s), x, &v->out->facts)) {
		return SLOW_VALUE;
	}
	if (!v->want->declared) {
		v->out->misfit_row = (uint32_t)row;
		return SLOW_MISFIT;
	}
	reject_value(v, row, at, s, (size_t)(e - s));
	return SLOW_NULL;
}

/* ---- converters: false means misfit --------------------------------------------------------- */

static csv_fields fields_of(const convert *v)
{
	size_t columns = v->plan->count;
	bool last = v->column + 1 == columns;

	return (csv_fields){v->chunk->text, v->chunk->scan.seps + v->column, columns,
		v->column ? NULL : v->chunk->starts, last && v->plan->dialect->newline == '\n',
		v->want->dialect->decimal};
}

/* A fraction with more digits than the plain path takes, which cannot mean "absent": as printed by
 * programs to read back equal. */
static bool long_fraction(const convert *v, const char *s, const char *e, double *out)
{
	size_t n = (size_t)(e - s);
	int64_t i;

	if (n < 17 || n > 32 || v->want->dialect->null_numbers ||
		(unsigned)(s[*s == '-'] - '0') > 9)
		return false;
	return bn_csv_number(v->want->dialect, s, n, &i, out) == CSV_FLOAT;
}

/* Nothing is plain if "absent" may look like a number (--null -999). */
static size_t plain_floats(const convert *v, const csv_fields *f, double *to, size_t r)
{
	return v->want->dialect->null_numbers ? r : bn_csv_plain_floats(f, to, r, v->to);
}

static size_t plain_ints(const convert *v, const csv_fields *f, int64_t *to, size_t r)
{
	return v->want->dialect->null_numbers ? r : bn_csv_plain_ints(f, to, r, v->to);
}

static bool convert_float64(convert *v)
{
	const csv_fields f = fields_of(v);
	double *to = (double *)(void *)v->out->values;
	slow_value x = {0};
	const char *s, *e;

	for (size_t r = v->from; (r = plain_floats(v, &f, to, r)) < v->to; r++) {
		field_at(v, r, &s, &e);
		if (long_fraction(v, s, e, &to[r]))
			continue;
		slow_result got = SLOW_NULL;
		if (s < e || !(v->want->dialect->null_first[0] & 1))
			got = slow_field(v, r, s, e, &x);
		if (got == SLOW_MISFIT)
			return false;
		to[r] = got == SLOW_VALUE ? x.f : 0;
		if (got == SLOW_NULL)
			set_null(v, r);
	}
	v->out->facts |= CSV_HAS_FLOAT;
	return true;
}

static bool convert_int64(convert *v)
{
	const csv_fields f = fields_of(v);
	int64_t *to = (int64_t *)(void *)v->out->values;
	slow_value x = {0};
	const char *s, *e;

	for (size_t r = v->from; (r = plain_ints(v, &f, to, r)) < v->to; r++) {
		field_at(v, r, &s, &e);
		slow_result got = slow_field(v, r, s, e, &x);
		if (got == SLOW_MISFIT)
			return false;
		to[r] = got == SLOW_VALUE ? x.i : 0;
		if (got == SLOW_NULL)
			set_null(v, r);
	}
	v->out->facts |= CSV_HAS_INT;
	return true;
}

/* YYYY-MM-DDTHH:MM:SS[Z] on a day that was parsed before. */
static bool plain_time(const convert *v, const char *s, const char *e, int64_t *out)
{
	unsigned d[6];
	size_t n = (size_t)(e - s);

	if (!(n == 19 || (n == 20 && s[19] == 'Z')) || !v->day_known ||
		!same_bytes(s, v->day, 10) || (s[10] != 'T' && s[10] != ' ') || s[13] != ':' ||
		s[16] != ':')
		return false;
	for (int i = 0; i < 6; i++) {
		d[i] = (unsigned)(s[11 + i / 2 * 3 + i % 2] - '0');
		if (d[i] > 9)
			return false;
	}
	unsigned hour = d[0] * 10 + d[1], minute = d[2] * 10 + d[3], second = d[4] * 10 + d[5];
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	int64_t seconds = (int64_t)hour * 3600 + minute * 60 + second;
	return !__builtin_add_overflow(v->midnight_ns, seconds * 1000000000, out);
}

static void remember_day(convert *v, const char *s, const char *e)
{
	if (e - s >= 10 && bn_csv_time(v->want->dialect, s, 10, &v->midnight_ns)) {
		memcpy(v->day, s, 10);
		v->day_known = true;
	}
}

/* A time of a day with a zone behind it: "...T10:30Z", "...T10:30+01:00". */
static bool has_zone(const char *s, const char *e)
{
	const char *clock = memchr(s, ':', (size_t)(e - s));

	for (const char *c = clock; c && c < e; c++)
		if (memchr("Zz+-", *c, 4))
			return true;
	return false;
}

static void count_zone(convert *v, size_t row, bool zoned)
{
	v->out->zoned += zoned;
	if (!zoned && !v->out->zoneless++)
		v->out->zoneless_row = (uint32_t)row;
}

static bool convert_timestamp(convert *v)
{
	int64_t *to = (int64_t *)(void *)v->out->values;
	slow_value x = {0};
	const char *s, *e;

	for (size_t r = v->from; r < v->to; r++) {
		field_at(v, r, &s, &e);
		if (plain_time(v, s, e, &to[r])) {
			count_zone(v, r, e - s == 20);
			continue;
		}
		slow_result got = slow_field(v, r, s, e, &x);
		if (got == SLOW_MISFIT)
			return false;
		to[r] = got == SLOW_VALUE ? x.i : 0;
		if (got == SLOW_NULL) {
			set_null(v, r);
			continue;
		}
		remember_day(v, s, e);
		count_zone(v, r, has_zone(s, e));
	}
	v->out->facts |= CSV_HAS_TIME;
	return true;
}

/* Types that only the user requests, bool, and columns without a value. */
static bool convert_other(convert *v)
{
	csv_column *o = v->out;
	const char *s, *e;

	for (size_t r = v->from; r < v->to; r++) {
		slow_value x = {0};
		field_at(v, r, &s, &e);
		slow_result got = slow_field(v, r, s, e, &x);
		if (got == SLOW_MISFIT)
			return false;
		if (got == SLOW_NULL)
			set_null(v, r);
		switch (v->want->type) {
		case BN_TYPE_BOOL:
			if (got == SLOW_NULL || !x.i)
				clear_bit((uint8_t *)o->values, r);
			break;
		default: /* including a column without a value: float64 */
			if (got == SLOW_NULL)
				x = (slow_value){.d = {0, 0}};
			bn_cell_store(o->values, v->want->type, r, &x);
		}
	}
	if (v->want->type == BN_TYPE_BOOL)
		o->facts |= CSV_HAS_BOOL;
	return true;
}

/* Bytes are hexadecimal; "" in quotes is no bytes, and not absent. */
static bool convert_bytes(convert *v)
{
	csv_column *o = v->out;
	const char *s, *e;

	for (size_t r = v->from; r < v->to; r++) {
		bool quoted;
		field_at(v, r, &s, &e);
		const char *at = s;
		if (!clean_field(v, r, &s, &e, &quoted) ||
			(!quoted && bn_csv_is_null_text(v->want->dialect, s, (size_t)(e - s)))) {
			set_null(v, r);
		} else if (!bn_cell_bytes(&o->bytes, s, (size_t)(e - s))) {
			reject_value(v, r, at, s, (size_t)(e - s));
			set_null(v, r);
		}
		o->ends[r + 1] = (int32_t)o->bytes.len;
	}
	if (!v->rc)
		v->rc = bn_buf_check(&o->bytes, v->err, "the bytes of a column");
	return true;
}

static bool convert_text(convert *v)
{
	csv_column *o = v->out;
	bool category = v->want->type == BN_TYPE_CATEGORY, quoted = false, cached = false;
	int32_t *codes = (int32_t *)(void *)o->values, code = 0;
	const char *s, *e, *last = NULL;
	size_t last_len = 0;
	char quote = v->plan->dialect->quote;
	bool odd = v->chunk->scan.odd_bytes || v->plan->dialect->escape;

	for (size_t r = v->from; r < v->to && !v->rc; r++) {
		field_at(v, r, &s, &e);
		if (category) {
			codes[r] = 0;
			/* Values often repeat the previous one. */
			if (cached && (size_t)(e - s) == last_len &&
				same_bytes(s, last, last_len)) {
				codes[r] = code;
				continue;
			}
		}
		const char *raw = s;
		size_t raw_len = (size_t)(e - s);
		bool plain = s < e && *s != quote && !odd;
		if ((!plain && !clean_field(v, r, &s, &e, &quoted)) ||
			((plain || !quoted) &&
				bn_csv_is_null_text(v->want->dialect, s, (size_t)(e - s)))) {
			set_null(v, r);
		} else if (category) {
			code = codes[r] = bn_dict_builder_add(&o->dict, s, (size_t)(e - s));
			if (code < 0)
				v->rc = bn_err_set(v->err, BN_ENOMEM, "no memory for a dictionary");
			cached = true;
			last = raw;
			last_len = raw_len;
		} else {
			bn_buf_add(&o->bytes, s, (size_t)(e - s));
		}
		if (!category)
			o->ends[r + 1] = (int32_t)o->bytes.len;
	}
	o->facts |= CSV_HAS_TEXT;
	if (!v->rc)
		v->rc = bn_buf_check(&o->bytes, v->err, "text of a chunk");
	return true;
}

static void classify_all(convert *v)
{
	const char *s, *e;
	bool quoted;

	v->out->misfit = true;
	v->out->facts = 0;
	for (size_t r = 0; r < v->chunk->rows && !v->rc; r++) {
		field_at(v, r, &s, &e);
		if (clean_field(v, r, &s, &e, &quoted))
			v->out->facts |= bn_csv_classify(v->want->dialect, s, (size_t)(e - s));
	}
}

/* ---- a chunk -------------------------------------------------------------------------------- */

/* Bytes for a column's values, rounded up to a cache line, with as much again for wide stores. */
static size_t values_bytes(const csv_column_plan *p, size_t rows)
{
	size_t width = bn_type_width(p->type);

	return (rows * (width > 8 ? width : 8) + 127) / 64 * 64;
}

static size_t validity_bytes(size_t rows)
{
	return rows / 512 * 64 + 64;
}

/* Allocates the arrays of all columns at once: a wide table has too many for one allocation
 * each. */
static int make_arrays(csv_chunk *c, const csv_plan *plan, size_t rows, bn_err *err)
{
	size_t bytes = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (!plan->columns[i].unwanted)
			bytes += values_bytes(&plan->columns[i], rows) + validity_bytes(rows);
	bn_free(c->arrays);
	if (!(c->arrays = bn_alloc(bytes)))
		return bn_err_nomem(err, "the columns of a chunk");
	char *at = c->arrays;
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->columns[i].unwanted)
			continue;
		c->columns[i].values = at;
		c->columns[i].validity = (uint8_t *)at + values_bytes(&plan->columns[i], rows);
		at += values_bytes(&plan->columns[i], rows) + validity_bytes(rows);
	}
	return 0;
}

static int make_room(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	size_t rows = c->rows;
	int rc;

	if (!c->columns) {
		c->columns = bn_alloc_zeroed(plan->count + 1, sizeof *c->columns);
		c->batch.columns = bn_alloc_zeroed(plan->count + 1, sizeof *c->batch.columns);
		if (!c->columns || !c->batch.columns)
			return bn_err_nomem(err, "the columns of a chunk");
		for (size_t i = 0; i < plan->count; i++) {
			bn_buf_init(&c->columns[i].bytes);
			c->columns[i].dict = (bn_dict_builder)BN_DICT_BUILDER_INIT;
		}
	}
	if (rows < c->row_cap)
		return 0;
	rows += rows / 8 + 1; /* chunks of one file differ a little */
	c->row_cap = 0;
	if ((rc = make_arrays(c, plan, rows, err)) < 0)
		return rc;
	for (size_t i = 0; i < plan->count; i++) {
		bn_free(c->columns[i].ends);
		c->columns[i].ends = NULL;
	}
	c->row_cap = rows;
	return 0;
}

static int begin_column(convert *v)
{
	csv_column *o = v->out;
	size_t rows = v->chunk->rows;

	o->facts = 0;
	o->nulls = o->zoned = o->zoneless = 0;
	o->misfit = false;
	memset(o->validity, 0xff, rows / 8 + 1);
	if (v->want->type == BN_TYPE_BOOL)
		memset(o->values, 0xff, rows / 8 + 1);
	bn_dict_builder_clear(&o->dict);
	bn_buf_clear(&o->bytes);
	if (v->want->type != BN_TYPE_STRING && v->want->type != BN_TYPE_BINARY)
		return 0;
	if (!o->ends && !(o->ends = bn_alloc((v->chunk->row_cap + 1) * sizeof *o->ends)))
		return bn_err_nomem(v->err, "text offsets");
	o->ends[0] = 0;
	return 0;
}

static int convert_tile(convert *v)
{
	bool fits;

	if (v->want->empty) {
		fits = convert_other(v);
	} else {
		switch (v->want->type) {
		case BN_TYPE_FLOAT64:
			fits = convert_float64(v);
			break;
		case BN_TYPE_INT64:
			fits = convert_int64(v);
			break;
		case BN_TYPE_TIMESTAMP:
			fits = convert_timestamp(v);
			break;
		case BN_TYPE_STRING:
		case BN_TYPE_CATEGORY:
			fits = convert_text(v);
			break;
		case BN_TYPE_BINARY:
			fits = convert_bytes(v);
			break;
		default:
			fits = convert_other(v);
		}
	}
	if (!fits && !v->rc)
		classify_all(v);
	return v->rc;
}

/* Forced inline: gcc treats a function that only prefetches as having no effect and drops the
 * calls. */
#define INLINE static inline __attribute__((always_inline))

/* Prefetches share i of n of a block of memory, a cache line at a time. */
INLINE void fetch_share(const void *memory, size_t bytes, size_t i, size_t n)
{
	const char *p = memory;

	for (size_t at = bytes * i / n & ~(size_t)63; at < bytes * (i + 1) / n; at += 64)
		__builtin_prefetch(p + at, 0, 2);
}

/* A chunk is larger than the caches, and a column strides over its text: while column i of a tile
 * is converted, a share of the next tile's text, separators and output is prefetched. Without it
 * conversion took twice as long. */
INLINE void fetch_next(const csv_chunk *c, size_t columns, size_t i, size_t from, size_t rows)
{
	const char *values = c->columns[i].values;

	if (from >= c->rows)
		return;
	rows = rows < c->rows - from ? rows : c->rows - from;
	const uint32_t *seps = c->scan.seps + from * columns;
	const size_t begin = c->starts[from], end = seps[rows * columns - 1];
	fetch_share(c->text + begin, end - begin, i, columns);
	fetch_share(seps, rows * columns * sizeof *seps, i, columns);
	for (size_t at = 0; values && at < rows * 8; at += 64)
		__builtin_prefetch(values + from * 8 + at, 1, 2);
}

/* Converts every column, a tile of rows at a time, so that a tile's text and separators stay in the
 * cache for all columns. */
static int convert_columns(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	convert *list = bn_alloc_zeroed(plan->count + 1, sizeof *list);
	int rc = list ? 0 : bn_err_nomem(err, "the columns of a chunk");
	size_t text_per_row = c->rows ? c->len / c->rows + 1 : 1;
	size_t tile = TILE_BYTES / (text_per_row + 4 * plan->count);

	tile = tile < 64 ? 64 : tile;
	for (size_t i = 0; i < plan->count && !rc; i++) {
		list[i] = (convert){.chunk = c,
			.plan = plan,
			.column = i,
			.want = &plan->columns[i],
			.out = &c->columns[i],
			.scratch = BN_BUF_INIT,
			.err = err};
		if (!plan->columns[i].unwanted)
			rc = begin_column(&list[i]);
	}
	for (size_t from = 0; from < c->rows && !rc; from += tile) {
		for (size_t i = 0; i < plan->count && !rc; i++) {
			fetch_next(c, plan->count, i, from + tile, tile);
			if (c->columns[i].misfit || plan->columns[i].unwanted)
				continue;
			list[i].from = from;
			list[i].to = from + tile < c->rows ? from + tile : c->rows;
			rc = convert_tile(&list[i]);
		}
	}
	for (size_t i = 0; list && i < plan->count; i++)
		bn_buf_release(&list[i].scratch);
	bn_free(list);
	return rc;
}

/* Removes the rows that conversion rejected from the chunk. */
static void drop_rows(csv_chunk *c, size_t columns)
{
	size_t out = 0;

	for (size_t r = 0; r < c->rows; r++) {
		if (c->bad[r >> 3] >> (r & 7) & 1)
			continue;
		c->starts[out] = c->starts[r];
		memmove(c->scan.seps + out * columns, c->scan.seps + r * columns,
			columns * sizeof *c->scan.seps);
		out++;
	}
	c->rows = out;
}

static void make_batch(csv_chunk *c, const csv_plan *plan)
{
	c->batch.rows = c->rows;
	c->batch.column_count = plan->handed_count;
	for (size_t i = 0; i < plan->handed_count; i++) {
		csv_column *k = &c->columns[plan->handed[i]];
		bn_column *b = &c->batch.columns[i];
		const csv_column_plan *p = &plan->columns[plan->handed[i]];
		*b = (bn_column){.type = p->type,
			.precision = p->precision,
			.scale = p->scale,
			.naive = p->naive,
			.rows = c->rows,
			.nulls = k->nulls,
			.validity = k->nulls ? k->validity : NULL,
			.bytes = k->bytes.ptr};
		b->any = b->type == BN_TYPE_STRING || b->type == BN_TYPE_BINARY
				 ? (const void *)k->ends
				 : k->values;
		if (b->type == BN_TYPE_CATEGORY) {
			k->dict_view = bn_dict_builder_view(&k->dict);
			b->dict = &k->dict_view;
		}
	}
}

/* Only a chunk that had to grow can contain such a field. */
static int check_lengths(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	const char *s, *e;
	int rc = 0;

	for (size_t r = 0; r < c->rows && !rc && c->len > BN_CSV_FIELD_MAX; r++) {
		for (size_t i = 0; i < plan->count && !rc; i++) {
			csv_field(c, plan->count, plan->dialect, r, i, &s, &e);
			if ((size_t)(e - s) > BN_CSV_FIELD_MAX)
				rc = bn_csv_reject_row(c, plan, r, i, s, err,
					"a field of %zu bytes, the limit is %zu", (size_t)(e - s),
					BN_CSV_FIELD_MAX);
		}
	}
	return rc;
}

int bn_csv_convert_chunk(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	int rc = make_room(c, plan, err);

	if (!rc && bn_grow(&c->bad, &c->bad_cap, c->rows / 8 + 1, 1))
		rc = bn_err_nomem(err, "the rows of a chunk");
	if (rc)
		return rc;
	memset(c->bad, 0, c->rows / 8 + 1);
	size_t structural = c->reject_count;
	rc = check_lengths(c, plan, err);

	/* At most twice: the remaining rows have no errors. */
	size_t rejects = structural;
	for (bool again = true; again && !rc; rejects = c->reject_count) {
		rc = convert_columns(c, plan, err);
		again = c->reject_count > rejects;
		if (again) {
			drop_rows(c, plan->count);
			memset(c->bad, 0, c->rows / 8 + 1);
		}
	}
	if (!rc)
		make_batch(c, plan);
	return rc;
}
