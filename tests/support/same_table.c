/* same_table.c - see same_table.h. */
#include "tests/support/same_table.h"

#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/source/csv_write.h"
#include "tests/support/check_main.h"
#include "tests/support/train_data.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Texts that a reader may take for bools, numbers, times or nothing. The last ones are in no
 * training table. */
static const char *const words[] = {"True", "False", "true", "1.0", "2.50", "007", "+5", "1e3",
	"-0", "NA", "nan", "2024-01-01", "12:00", "inf", "a,b", "say \"so\"", " a ", "caf\xc3\xa9",
	"two\nlines", "tab\t", "it's", "back\\slash", "\r", "18446744073709551615",
	"123456789012345678901", "9007199254740993", "null", "0x10", "x", "never seen", ""};
enum { UNSEEN = 2, WORDS = sizeof words / sizeof *words - UNSEEN };

static const char *const names[] = {"c%zu", "power.gpu%zu", "a b%zu", "a,b%zu", "say \"so\"%zu",
	"\xc3\xbc%zu", "%zu", "'%zu'", "C%zu", "back\\slash%zu"};

size_t same_below(same_table *t, size_t n)
{
	return (size_t)(train_data_uniform(&t->seed) * (double)n);
}

/* ---- columns -------------------------------------------------------------------------------- */

/* How the column's text is read. */
static void add_reading(same_table *t, same_column *c)
{
	static const char *const nulls[] = {"-77777", "?", "NA", "#!"};
	static const char thousands[] = ",.' _";
	bn_reading r = BN_READING_INIT;
	bn_err err = BN_ERR_INIT;
	bool is_bytes = c->field.type == BN_TYPE_STRING || c->field.type == BN_TYPE_BINARY;
	if (same_below(t, 2) || bn_type_is_list(c->field.type) || is_bytes)
		return;
	if (same_below(t, 2)) {
		c->null = nulls[same_below(t, sizeof nulls / sizeof *nulls)];
		c->only = same_below(t, 3) == 0;
		r.nulls = &c->null;
		r.null_count = 1;
		r.only = c->only;
	}
	c->decimal = same_below(t, 2) ? ',' : '.';
	c->thousands = same_below(t, 2) ? thousands[same_below(t, 5)] : 0;
	if (c->thousands == c->decimal)
		c->thousands = 0;
	c->order = (bn_date_order)same_below(t, BN_DATE_YMD + 1);
	r.decimal = c->decimal;
	r.thousands = c->thousands;
	r.date_order = c->order;
	ck_assert_bn_ok(bn_reading_format(&c->field.read, &r, c->field.type, false, &err), &err);
}

static void add_column(same_table *t, bn_type type)
{
	same_column *c = &t->columns[t->column_count];
	bn_err err = BN_ERR_INIT;
	char spelt[BN_TYPE_TEXT];
	const char *name = names[t->plain ? 0 : same_below(t, sizeof names / sizeof *names)];
	if (t->column_count == SAME_COLUMNS || (t->plain && bn_type_is_list(type)))
		return;
	*c = (same_column){.field = {.nullable = true}};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(c->name, sizeof c->name, name, t->column_count++);
#pragma GCC diagnostic pop
	if (type == BN_TYPE_DECIMAL) {
		size_t precision = 1 + same_below(t, 38);
		snprintf(spelt, sizeof spelt, "decimal(%zu,%zu)", precision,
			same_below(t, precision + 1));
	} else if (type == BN_TYPE_LIST || type == BN_TYPE_FIXED) {
		snprintf(spelt, sizeof spelt,
			type == BN_TYPE_LIST ? "list<float32>" : "fixed<float32,3>");
	} else {
		snprintf(spelt, sizeof spelt, "%s", bn_type_name(type));
	}
	ck_assert_bn_ok(bn_field_parse_type(&c->field, spelt, &err), &err);
	if (type == BN_TYPE_TIMESTAMP && same_below(t, 2))
		c->field.zone = bn_strdup(same_below(t, 2) ? "" : "Europe/Rome");
	c->input = bn_type_is_scalar(type) || type == BN_TYPE_CATEGORY || type == BN_TYPE_FIXED;
	c->bare = same_below(t, 16) == 0;
	c->word_count = 2 + same_below(t, 5);
	c->first_word = same_below(t, WORDS - c->word_count + 1);
	add_reading(t, c);
}

void same_table_init(same_table *t, uint64_t seed)
{
	*t = (same_table){.seed = seed, .plain = seed & 1};
	for (int type = 0; type < BN_TYPE_COUNT; type++)
		add_column(t, (bn_type)type);
	for (size_t more = 4 + same_below(t, 8); more; more--)
		add_column(t, same_below(t, 3) ? (bn_type)same_below(t, BN_TYPE_COUNT)
					       : BN_TYPE_CATEGORY);
}

void same_table_release(same_table *t)
{
	for (size_t i = 0; i < t->column_count; i++)
		bn_field_release(&t->columns[i].field);
}

/* ---- values --------------------------------------------------------------------------------- */

bool same_is_missing(const same_column *c, const same_cell *v)
{
	bool is_float = c->field.type == BN_TYPE_FLOAT64 || c->field.type == BN_TYPE_FLOAT32;
	return v->absent || (is_float && !isfinite(v->v.f));
}

static double random_float(same_table *t, bn_type type)
{
	static const double odd[] = {-0.0, 0.0, NAN, INFINITY, -INFINITY, 9007199254740992.0, 0.1,
		-1e-300, 5e-324, 1e20, 16777217, 1e15 + 0.3, 123456789012345680};
	double u = train_data_uniform(&t->seed) * 2000 - 1000;
	double x = same_below(t, 3) ? u : floor(u);
	if (same_below(t, 4) == 0)
		x = odd[same_below(t, sizeof odd / sizeof *odd)];
	return type == BN_TYPE_FLOAT32 ? (double)(float)x : x;
}

static int64_t random_whole(same_table *t, int64_t low, int64_t high)
{
	const int64_t odd[] = {low, high, low + 1, high - 1, 0, high / 2, 9007199254740993, -1, 1};
	int64_t x = same_below(t, 3) ? (int64_t)same_below(t, 200) - 100
				     : odd[same_below(t, sizeof odd / sizeof *odd)];
	return x < low || x > high ? (int64_t)same_below(t, high < 100 ? (size_t)high + 1 : 100)
				   : x;
}

static bn_decimal random_decimal(same_table *t, const bn_field *f)
{
	char text[BN_DECIMAL_TEXT];
	bn_decimal d = {0, 0};
	size_t digits = 1 + same_below(t, f->precision), n = 0;
	if (same_below(t, 2))
		text[n++] = '-';
	for (size_t i = 0; i < digits; i++) /* often with zeros at the end */
		text[n++] =
			(char)('0' + (i > digits / 2 && same_below(t, 2) ? 0 : same_below(t, 10)));
	ck_assert(bn_decimal_parse(&d, text, n, f->precision, 0));
	return d;
}

#define DAY_NS INT64_C(86400000000000)

static void random_value(same_table *t, const same_column *c, same_cell *v)
{
	switch (c->field.type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		v->v.f = random_float(t, c->field.type);
		break;
	case BN_TYPE_UINT64:
		v->v.u = same_below(t, 4) ? same_below(t, 1000) : UINT64_MAX - same_below(t, 3);
		break;
#define WHOLE(TYPE, low, high) \
	case BN_TYPE_##TYPE: \
		v->v.i = random_whole(t, low, high); \
		break;
		WHOLE(INT64, INT64_MIN, INT64_MAX)
		WHOLE(INT32, INT32_MIN, INT32_MAX)
		WHOLE(INT16, INT16_MIN, INT16_MAX)
		WHOLE(INT8, INT8_MIN, INT8_MAX)
		WHOLE(UINT32, 0, UINT32_MAX)
		WHOLE(UINT16, 0, UINT16_MAX)
		WHOLE(UINT8, 0, UINT8_MAX)
		WHOLE(BOOL, 0, 1)
		WHOLE(TIME, 0, DAY_NS - 1)
		WHOLE(DATE, -719162, 2932896)
		WHOLE(DURATION, -1000 * DAY_NS, 1000 * DAY_NS)
#undef WHOLE
	case BN_TYPE_TIMESTAMP: /* including whole days */
		v->v.i = random_whole(t, -100000 * DAY_NS, 100000 * DAY_NS);
		if (same_below(t, 3) == 0)
			v->v.i = ((int64_t)same_below(t, 40000) - 20000) * DAY_NS;
		break;
	case BN_TYPE_DECIMAL:
		v->v.d = random_decimal(t, &c->field);
		break;
	case BN_TYPE_CATEGORY:
		v->text = words[c->first_word + same_below(t, c->word_count)];
		break;
	case BN_TYPE_STRING:
	case BN_TYPE_BINARY:
		v->text = words[same_below(t, WORDS)];
		break;
	default:
		v->list_count = c->field.type == BN_TYPE_FIXED ? c->field.fixed_size
							       : same_below(t, SAME_LIST + 1);
		for (size_t k = 0; k < v->list_count; k++)
			v->list[k] = random_float(t, BN_TYPE_FLOAT32);
	}
}

same_cell same_cell_random(same_table *t, size_t i, bool trained)
{
	const same_column *c = &t->columns[i];
	same_cell v = {.absent = same_below(t, 12) == 0 || (trained && c->bare)};
	random_value(t, c, &v);
	if (trained && c->word_count == 2) /* some elements without a value in training */
		v.list[1] = NAN;
	/* Training has all of its words, so that one which looks like nothing is known to be one. */
	if (trained && c->field.type == BN_TYPE_CATEGORY && !c->bare && t->row < c->word_count)
		v = (same_cell){.text = words[c->first_word + t->row]};
	if (!trained && c->field.type == BN_TYPE_CATEGORY && same_below(t, 5) == 0)
		v.text = words[WORDS + same_below(t, UNSEEN)];
	return v;
}

/* ---- as text -------------------------------------------------------------------------------- */

static bool is_whole_type(bn_type type)
{
	return bn_type_is_number(type) && type != BN_TYPE_FLOAT64 && type != BN_TYPE_FLOAT32 &&
	       type != BN_TYPE_DECIMAL;
}

/* A number, bool or time in its canonical text form. */
static void plain_text(bn_buf *b, const same_column *c, const same_cell *v)
{
	char text[BN_FMT], stamp[BN_TIMESTAMP_TEXT], digits[BN_DECIMAL_TEXT];
	switch (c->field.type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		bn_buf_adds(b, isnan(v->v.f) ? "nan" : bn_fmt_f64(v->v.f, text));
		break;
	case BN_TYPE_UINT64:
		bn_buf_addf(b, "%" PRIu64, v->v.u);
		break;
	case BN_TYPE_BOOL:
		bn_buf_adds(b, v->v.i ? "true" : "false");
		break;
	case BN_TYPE_TIMESTAMP:
		bn_buf_adds(b, bn_timestamp_iso(v->v.i, stamp));
		break;
	case BN_TYPE_DATE:
		bn_buf_adds(b, bn_date_iso((int32_t)v->v.i, stamp));
		break;
	case BN_TYPE_TIME:
		bn_buf_adds(b, bn_daytime_iso(v->v.i, stamp));
		break;
	case BN_TYPE_DURATION:
		bn_buf_adds(b, bn_duration_iso(v->v.i, stamp));
		break;
	case BN_TYPE_DECIMAL:
		bn_buf_adds(b, bn_decimal_format(v->v.d, c->field.scale, digits));
		break;
	default:
		bn_buf_addf(b, "%" PRId64, v->v.i);
	}
}

/* A date in the column's order, which other texts do not have. */
static void order_date(same_table *t, bn_buf *b, const same_column *c, const char *iso, size_t n)
{
	static const char signs[] = "/.-";
	char sign = signs[same_below(t, 3)];
	if (c->order == BN_DATE_ISO || n < 10 || iso[4] != '-' || same_below(t, 4) == 0) {
		bn_buf_add(b, iso, n);
		return;
	}
	const char *first = iso + 8, *second = iso + 5;
	if (c->order == BN_DATE_MDY) {
		first = iso + 5;
		second = iso + 8;
	}
	if (c->order == BN_DATE_YMD)
		bn_buf_addf(b, "%.4s%c%.2s%c%.2s", iso, sign, iso + 5, sign, iso + 8);
	else
		bn_buf_addf(b, "%.2s%c%.2s%c%.4s", first, sign, second, sign, iso);
	bn_buf_add(b, iso + 10, n - 10);
}

/* A number with the column's signs; groups of three or not. */
static void sign_number(same_table *t, bn_buf *b, const same_column *c, const char *text, size_t n)
{
	size_t at = n && (*text == '-' || *text == '+'), whole = at;
	bool groups = c->thousands && same_below(t, 2);
	while (whole < n && text[whole] >= '0' && text[whole] <= '9')
		whole++;
	bn_buf_add(b, text, at);
	for (size_t i = at; i < whole; i++) {
		if (groups && i > at && (whole - i) % 3 == 0)
			bn_buf_addch(b, c->thousands);
		bn_buf_addch(b, text[i]);
	}
	for (size_t i = whole; i < n; i++)
		bn_buf_addch(b, text[i] == '.' ? c->decimal : text[i]);
}

/* The text in the form of the column's reading. */
static void add_formed(same_table *t, bn_buf *b, const same_column *c, const bn_buf *text)
{
	if (c->field.read && bn_type_is_number(c->field.type))
		sign_number(t, b, c, text->ptr, text->len);
	else if (c->field.type == BN_TYPE_TIMESTAMP || c->field.type == BN_TYPE_DATE)
		order_date(t, b, c, text->ptr, text->len);
	else
		bn_buf_add(b, text->ptr, text->len);
}

/* In another notation with the same meaning. */
static void csv_value(same_table *t, bn_buf *b, const same_column *c, const same_cell *v)
{
	static const char *const truths[2][4] = {
		{"false", "False", "FALSE", "0"}, {"true", "True", "TRUE", "1"}};
	bn_type type = c->field.type;
	bool other = same_below(t, 2);
	if (type == BN_TYPE_BOOL)
		bn_buf_adds(b, truths[v->v.i][same_below(t, 4)]);
	else if (other && (type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32) && isfinite(v->v.f))
		bn_buf_addf(b, type == BN_TYPE_FLOAT32 ? "%.9g" : "%.17e", v->v.f);
	else if (other && is_whole_type(type) && type != BN_TYPE_UINT64 && v->v.i >= 0)
		bn_buf_addf(b, "+%" PRId64, v->v.i);
	else
		plain_text(b, c, v);
}

static void csv_absent(same_table *t, bn_buf *b, const same_column *c)
{
	static const char *const absent[] = {"", "NA", "nan", "None"};
	if (c->null && (c->only || same_below(t, 3) == 0))
		bn_buf_adds(b, c->null);
	else /* but a category of training */
		bn_buf_adds(b, absent[c->field.type == BN_TYPE_CATEGORY ? same_below(t, 2) * 3
									: same_below(t, 4)]);
}

/* Whether a bare text would be missing: a word of training would not, unless it is said to be. */
static bool looks_absent(const same_column *c, const char *text)
{
	bool is_bytes = c->field.type == BN_TYPE_STRING || c->field.type == BN_TYPE_BINARY;
	if (c->null && !strcmp(c->null, text))
		return true;
	return !*text || (is_bytes && bn_cell_is_absent(text, strlen(text)));
}

static void csv_cell(same_table *t, bn_buf *b, const same_column *c, const same_cell *v)
{
	bool bytes = c->field.type == BN_TYPE_STRING || c->field.type == BN_TYPE_BINARY;
	bn_buf plain = BN_BUF_INIT, formed = BN_BUF_INIT;
	if (v->absent) {
		csv_absent(t, b, c);
	} else if (c->field.type == BN_TYPE_CATEGORY || bytes) {
		/* In quotes if the bare text has another meaning. */
		if (looks_absent(c, v->text))
			bn_buf_addf(b, "\"%s\"", v->text);
		else
			bn_csv_add_field(b, v->text, strlen(v->text), ',');
	} else if (!bn_type_is_list(c->field.type)) {
		csv_value(t, &plain, c, v);
		add_formed(t, &formed, c, &plain);
		bn_csv_add_field(b, formed.ptr, formed.len, ',');
	} else {
		bn_buf_addch(b, '"');
		same_add_json(t, b, c, v, false);
		bn_buf_addch(b, '"');
	}
	bn_buf_release(&plain);
	bn_buf_release(&formed);
}

static void shuffle(same_table *t, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t r = n; r > 1; r--) {
		size_t k = same_below(t, r), last = order[r - 1];
		order[r - 1] = order[k];
		order[k] = last;
	}
}

void same_add_csv(same_table *t, bn_buf *out, const same_row *rows, const size_t *which, size_t n)
{
	size_t order[SAME_COLUMNS];
	shuffle(t, order, t->column_count);
	bool extra = same_below(t, 2);
	for (size_t i = 0; i < t->column_count; i++) {
		const char *name = t->columns[order[i]].name;
		bn_buf_adds(out, i ? "," : "");
		bn_csv_add_field(out, name, strlen(name), ',');
	}
	bn_buf_adds(out, extra ? ",extra\n" : "\n");
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < t->column_count; i++) {
			bn_buf_adds(out, i ? "," : "");
			csv_cell(t, out, &t->columns[order[i]], &rows[which[k]][order[i]]);
		}
		bn_buf_adds(out, extra ? ",\"what, nobody\nasked for\"\n" : "\n");
	}
}

/* ---- as JSON -------------------------------------------------------------------------------- */

void same_add_json(
	same_table *t, bn_buf *out, const same_column *c, const same_cell *v, bool tensor)
{
	bn_type type = c->field.type;
	if (tensor && v->absent && type == BN_TYPE_FIXED) {
		for (size_t k = 0; k < c->field.fixed_size; k++)
			bn_buf_adds(out, k ? ",null" : "null");
	} else if (same_is_missing(c, v)) {
		bn_buf_adds(out, "null");
	} else if (v->text) {
		bn_buf_add_json_string(out, v->text, strlen(v->text));
	} else if (bn_type_is_time(type) && (tensor || same_below(t, 2))) {
		bn_buf_addf(out, "%" PRId64, v->v.i);
	} else if (bn_type_is_time(type)) {
		bn_buf_addch(out, '"');
		plain_text(out, c, v);
		bn_buf_addch(out, '"');
	} else if (bn_type_is_list(type)) {
		char text[BN_FMT];
		for (size_t k = 0; k < v->list_count; k++)
			bn_buf_addf(out, "%s%s", k ? "," : "[",
				isfinite(v->list[k]) ? bn_fmt_f64(v->list[k], text) : "null");
		bn_buf_adds(out, v->list_count ? "]" : "[]");
	} else {
		plain_text(out, c, v);
		/* Integers in JSON have 64 bits here. */
		bool whole = type == BN_TYPE_DECIMAL && c->field.scale == 0;
		bn_buf_adds(out, whole ? ".0" : "");
	}
}

const char *same_datatype(const same_column *c)
{
	static const char *const known[BN_TYPE_COUNT] = {[BN_TYPE_FLOAT64] = "FP64",
		[BN_TYPE_FLOAT32] = "FP32",
		[BN_TYPE_INT64] = "INT64",
		[BN_TYPE_INT32] = "INT32",
		[BN_TYPE_INT16] = "INT16",
		[BN_TYPE_INT8] = "INT8",
		[BN_TYPE_UINT64] = "UINT64",
		[BN_TYPE_UINT32] = "UINT32",
		[BN_TYPE_UINT16] = "UINT16",
		[BN_TYPE_UINT8] = "UINT8",
		[BN_TYPE_BOOL] = "BOOL",
		[BN_TYPE_CATEGORY] = "BYTES",
		[BN_TYPE_STRING] = "BYTES",
		[BN_TYPE_BINARY] = "BYTES",
		[BN_TYPE_TIMESTAMP] = "INT64",
		[BN_TYPE_DATE] = "INT32",
		[BN_TYPE_TIME] = "INT64",
		[BN_TYPE_FIXED] = "FP32",
		[BN_TYPE_DURATION] = "INT64",
		[BN_TYPE_DECIMAL] = "FP64"};
	return known[c->field.type];
}

/* ---- as Arrow ------------------------------------------------------------------------------- */

/* What is written of one column. */
typedef struct arrow_column {
	bn_field field;
	const same_column *from;
	size_t number; /* of from */
	bn_column column;
	bn_dict dict;
	bn_column child;
} arrow_column;

typedef struct arrow_file {
	same_table *t;
	const same_row *rows;
	const size_t *which;
	size_t n;
	bn_arena arena;
} arrow_file;

static const same_cell *cell_at(const arrow_file *f, const arrow_column *a, size_t k)
{
	return &f->rows[f->which[k]][a->number];
}

/* The value exactly converted to another type, or false. */
static bool as_type(bn_cell *out, const bn_field *to, const same_column *c, const same_cell *v)
{
	bn_buf text = BN_BUF_INIT;
	bn_type from = c->field.type;
	bool is_float = from == BN_TYPE_FLOAT64 || from == BN_TYPE_FLOAT32, fits = false;
	if (same_is_missing(c, v))
		return true;
	if (from == BN_TYPE_DATE && to->type == BN_TYPE_TIMESTAMP)
		return !__builtin_mul_overflow(v->v.i, DAY_NS, &out->i);
	if (from == BN_TYPE_TIMESTAMP && to->type == BN_TYPE_DATE) {
		out->i = v->v.i / DAY_NS;
		return v->v.i % DAY_NS == 0;
	}
	plain_text(&text, c, v);
	if (bn_type_is_time(from) || from == BN_TYPE_BOOL)
		fits = (to->type == BN_TYPE_INT64 || (to->type == BN_TYPE_UINT64 && v->v.i >= 0)) &&
		       (out->i = v->v.i, true);
	else if (to->type == BN_TYPE_FLOAT64)
		fits = bn_parse_f64(text.ptr, text.len, &out->f);
	else if (to->type == BN_TYPE_INT64)
		fits = !is_float && from != BN_TYPE_DECIMAL && from != BN_TYPE_UINT64 &&
		       (out->i = v->v.i, true);
	else if (to->type == BN_TYPE_UINT64)
		fits = is_whole_type(from) && (from == BN_TYPE_UINT64 || v->v.i >= 0) &&
		       (out->u = v->v.u, true);
	else if (to->type == BN_TYPE_DECIMAL)
		fits = !is_float &&
		       bn_decimal_parse(&out->d, text.ptr, text.len, to->precision, to->scale);
	if (to->type == BN_TYPE_FLOAT64 && is_whole_type(from)) /* exactly */
		fits = fits && fabs(out->f) <= 0x1p53;
	bn_buf_release(&text);
	return fits;
}

/* Another type that holds all values; otherwise the column is unchanged. */
static void retype(const arrow_file *f, arrow_column *a, bool texts)
{
	static const char *const others[] = {"float64", "int64", "uint64", "decimal(38,6)",
		"decimal(38,0)", "timestamp", "date", "category", "string"};
	bn_err err = BN_ERR_INIT;
	bn_field to = {.nullable = true};
	bn_cell cell;
	bn_type from = a->from->field.type;
	ck_assert_bn_ok(bn_field_parse_type(&to,
				others[same_below(f->t, sizeof others / sizeof *others)], &err),
		&err);
	bool fits = a->from->input && from != BN_TYPE_FIXED &&
		    (from != BN_TYPE_CATEGORY || to.type == BN_TYPE_STRING);
	if (bn_type_is_text(to.type))
		fits = fits && texts;
	else
		for (size_t k = 0; k < f->n && fits; k++)
			fits = as_type(&cell, &to, a->from, cell_at(f, a, k));
	if (fits) {
		bn_field_release(&a->field);
		a->field = to;
	} else {
		bn_field_release(&to);
	}
}

/* The bytes of a text, binary or category value; for others its text form. */
static void add_bytes(const arrow_file *f, const arrow_column *a, size_t k, bn_buf *out)
{
	const same_cell *v = cell_at(f, a, k);
	bn_buf plain = BN_BUF_INIT;
	if (v->text) {
		bn_buf_adds(out, v->text);
	} else if (!same_is_missing(a->from, v)) {
		plain_text(&plain, a->from, v);
		add_formed(f->t, out, a->from, &plain);
	}
	bn_buf_release(&plain);
}

static void *keep(arrow_file *f, const void *bytes, size_t n)
{
	char *to = bn_arena_alloc(&f->arena, n + 8);
	ck_assert_ptr_nonnull(to);
	if (n)
		memcpy(to, bytes, n);
	return to;
}

/* A dictionary with an entry for each row, whether it is used or not. */
static void fill_texts(arrow_file *f, arrow_column *a)
{
	int32_t *ends = bn_arena_alloc(&f->arena, (f->n + 1) * sizeof *ends);
	int32_t *codes = bn_arena_alloc(&f->arena, (f->n + 1) * sizeof *codes);
	bn_buf bytes = BN_BUF_INIT;
	ends[0] = 0;
	for (size_t k = 0; k < f->n; k++) {
		add_bytes(f, a, k, &bytes);
		ends[k + 1] = (int32_t)bytes.len;
		codes[k] = (int32_t)k;
	}
	a->column.bytes = keep(f, bytes.ptr, bytes.len);
	bn_buf_release(&bytes);
	a->column.ends = ends;
	if (a->field.type != BN_TYPE_CATEGORY)
		return;
	a->dict = (bn_dict){.count = f->n, .offsets = ends, .bytes = a->column.bytes};
	a->column.bytes = NULL;
	a->column.codes = codes;
	a->column.dict = &a->dict;
}

static void fill_lists(arrow_file *f, arrow_column *a)
{
	int32_t *ends = bn_arena_alloc(&f->arena, (f->n + 1) * sizeof *ends);
	float *values = bn_arena_alloc(&f->arena, (f->n + 1) * SAME_LIST * sizeof *values);
	size_t n = 0;
	ends[0] = 0;
	for (size_t k = 0; k < f->n; k++) {
		const same_cell *v = cell_at(f, a, k);
		for (size_t i = 0; i < v->list_count; i++)
			values[n++] = (float)v->list[i];
		ends[k + 1] = (int32_t)n;
	}
	a->child = bn_column_of(a->field.child);
	a->child.f32 = values;
	a->child.rows = n;
	a->column.child = &a->child;
	a->column.ends = a->field.type == BN_TYPE_LIST ? ends : NULL;
}

static void fill_values(arrow_file *f, arrow_column *a)
{
	size_t width = bn_type_width(a->field.type);
	uint8_t *values = bn_arena_alloc(&f->arena, (f->n + 1) * 16);
	memset(values, 0, (f->n + 1) * 16);
	for (size_t k = 0; k < f->n; k++) {
		const same_cell *v = cell_at(f, a, k);
		bn_cell cell = v->v;
		bool same = bn_field_same_type(&a->field, &a->from->field);
		if (v->absent || (!same && same_is_missing(a->from, v)))
			continue;
		ck_assert(same || as_type(&cell, &a->field, a->from, v));
		if (width)
			bn_cell_store(values, a->field.type, k, &cell);
		else
			values[k >> 3] = (uint8_t)(values[k >> 3] | (cell.i ? 1u << (k & 7) : 0));
	}
	a->column.any = values;
}

static void fill_column(arrow_file *f, arrow_column *a)
{
	uint8_t *validity = bn_arena_alloc(&f->arena, f->n / 8 + 1);
	bool same = bn_field_same_type(&a->field, &a->from->field);
	a->column = bn_column_of(&a->field);
	a->column.rows = f->n;
	memset(validity, 0xff, f->n / 8 + 1);
	for (size_t k = 0; k < f->n; k++) {
		const same_cell *v = cell_at(f, a, k);
		if (!v->absent && (same || !same_is_missing(a->from, v)))
			continue;
		validity[k >> 3] = (uint8_t)(validity[k >> 3] & ~(1u << (k & 7)));
		a->column.nulls++;
	}
	a->column.validity = a->column.nulls ? validity : NULL;
	if (bn_type_is_list(a->field.type))
		fill_lists(f, a);
	else if (bn_type_is_text(a->field.type) || a->field.type == BN_TYPE_BINARY)
		fill_texts(f, a);
	else
		fill_values(f, a);
}

/* Columns "number" and "class" of every row, which are targets only. */
static void add_targets(arrow_file *f, bn_schema *s, bn_column *columns, bn_dict *classes)
{
	static const int32_t ends[] = {0, 1, 2, 3};
	bn_err err = BN_ERR_INIT;
	double *numbers = bn_arena_alloc(&f->arena, (f->n + 1) * sizeof *numbers);
	int32_t *codes = bn_arena_alloc(&f->arena, (f->n + 1) * sizeof *codes);
	*classes = (bn_dict){.count = 3, .offsets = ends, .bytes = "abc"};
	for (size_t k = 0; k < f->n; k++) {
		numbers[k] = train_data_uniform(&f->t->seed);
		codes[k] = (int32_t)(k % 3);
	}
	ck_assert_bn_ok(bn_schema_add(s, "number", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(s, "class", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	columns[0] = (bn_column){.type = BN_TYPE_FLOAT64, .rows = f->n, .f64 = numbers};
	columns[1] = (bn_column){
		.type = BN_TYPE_CATEGORY, .rows = f->n, .codes = codes, .dict = classes};
}

void same_write_arrow(same_table *t, const char *path, const same_row *rows, const size_t *which,
	size_t n, const same_form *form)
{
	bn_err err = BN_ERR_INIT;
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	size_t order[SAME_COLUMNS];
	bn_column columns[SAME_COLUMNS + 2];
	bn_dict classes;
	arrow_file f = {t, rows, which, n, {0}};
	arrow_column *all = bn_alloc_zeroed(SAME_COLUMNS, sizeof *all);
	shuffle(t, order, t->column_count);
	for (size_t i = 0; i < t->column_count; i++) {
		arrow_column *a = &all[i];
		a->number = form->shuffled ? order[i] : i;
		a->from = &t->columns[a->number];
		ck_assert_bn_ok(bn_field_copy_type(&a->field, &a->from->field, &err), &err);
		a->field.nullable = true;
		if (form->readings && a->from->field.read)
			a->field.read = bn_strdup(a->from->field.read);
		if (form->retyped)
			retype(&f, a, form->texts);
		ck_assert_bn_ok(bn_schema_add_field(&schema, &a->field, a->from->name, &err), &err);
		fill_column(&f, a);
		columns[i] = a->column;
	}
	if (form->targets)
		add_targets(&f, &schema, columns + t->column_count, &classes);
	const bn_batch b = {.rows = n, .column_count = schema.count, .columns = columns};
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &schema, &err), &err);
	ck_assert_bn_ok(bn_table_write_batch(w, &b, &err), &err);
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	for (size_t i = 0; i < t->column_count; i++)
		bn_field_release(&all[i].field);
	bn_free(all);
	bn_schema_release(&schema);
	bn_arena_release(&f.arena);
}
