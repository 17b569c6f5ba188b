/* Expressions over rows: results, positions of errors, equal results in SQLite and in a scalar evaluator. */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/table/expr/eval.h"
#include "core/table/expr/prune.h"
#include "core/table/scan.h"
#include "tests/support/check_main.h"

#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 2500 };

static bn_err err = BN_ERR_INIT;
static bn_table_reader *table;
static char path[64];

enum { COL_I, COL_J, COL_X, COL_Y, COL_B, COL_S, COL_C, COL_T, COL_U, COLUMNS };
static const struct {
	const char *name;
	bn_type type;
} columns[COLUMNS] = {{"i", BN_TYPE_INT64}, {"j", BN_TYPE_INT32}, {"x", BN_TYPE_FLOAT64},
	{"y", BN_TYPE_FLOAT32}, {"b", BN_TYPE_BOOL}, {"s", BN_TYPE_STRING}, {"c", BN_TYPE_CATEGORY},
	{"t", BN_TYPE_TIMESTAMP}, {"my col", BN_TYPE_INT8}};

static const char *const words[] = {"", "a", "ab", "aB", "abc", "b", "z_1", "z%1",
	"\xc3\xa4\xc3\xb6", "  x ", "12", "-3.5", "A"};

static uint64_t pick(bn_rng *r, uint64_t n)
{
	return bn_rng_u64(r) % n;
}

static int64_t some_int(bn_rng *r)
{
	static const int64_t edges[] = {
		0, 1, -1, INT64_MAX, INT64_MIN, (1LL << 53) + 1, 1LL << 53, -(1LL << 53) - 1, 2, 3};
	return pick(r, 3) ? (int64_t)pick(r, 21) - 10 : edges[pick(r, 10)];
}

static double some_real(bn_rng *r)
{
	static const double edges[] = {0, -0.0, 0.5, 9007199254740992.0, 9223372036854775808.0,
		-9223372036854775808.0, 1e300, -1e300, INFINITY, 1.5};
	return pick(r, 3) ? ((double)pick(r, 41) - 20) / 4 : edges[pick(r, 10)];
}

static void set_row(bn_table_writer *w, bn_rng *r, size_t row)
{
	const char *s = words[pick(r, 13)], *c = words[pick(r, 13)];
	if (pick(r, 6))
		bn_table_row_i64(w, COL_I, some_int(r));
	if (pick(r, 6))
		bn_table_row_i64(w, COL_J, (int64_t)pick(r, 9) - 4);
	if (pick(r, 6))
		bn_table_row_f64(w, COL_X, some_real(r));
	if (pick(r, 6))
		bn_table_row_f64(w, COL_Y, (double)pick(r, 9) / 2);
	if (pick(r, 6))
		bn_table_row_bool(w, COL_B, pick(r, 2));
	if (pick(r, 6))
		bn_table_row_text(w, COL_S, s, strlen(s));
	if (pick(r, 6))
		bn_table_row_text(w, COL_C, c, strlen(c));
	if (pick(r, 6))
		bn_table_row_i64(w, COL_T, (int64_t)row * 3600000000000 + 1577836800000000000);
	if (pick(r, 6))
		bn_table_row_i64(w, COL_U, (int64_t)pick(r, 128));
}

static void make(uint64_t seed)
{
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_rng r;
	bn_rng_init(&r, seed, "test", 0);
	snprintf(path, sizeof path, "/tmp/bn-expr-%d.arrow", (int)getpid());
	for (size_t i = 0; i < COLUMNS; i++)
		ck_assert_bn_ok(
			bn_schema_add(&schema, columns[i].name, columns[i].type, true, NULL, &err),
			&err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &schema, &err), &err);
	for (size_t row = 0; row < ROWS; row++) {
		set_row(w, &r, row);
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	ck_assert_bn_ok(bn_table_open(&table, bn_env_real(), path, &err), &err);
}

static void finish(void)
{
	bn_table_reader_free(table);
	unlink(path);
}

/* The selected rows of all batches, one bit each. */
static int select_rows(uint8_t *out, const char *text, bn_err *e)
{
	bn_expr *x = NULL;
	bn_expr_scratch *s = NULL;
	bn_batch b = BN_BATCH_INIT;
	uint32_t *rows = bn_alloc(BN_BATCH_ROWS * sizeof *rows);
	int rc = bn_expr_of_rows(&x, text, "filter", bn_table_schema(table), BN_EXPR_BOOL, e);
	if (rc < 0 || (rc = bn_expr_scratch_new(&s, x, NULL, 0, e)) < 0)
		goto out;
	memset(out, 0, ROWS);
	for (size_t i = 0; i < bn_table_batches(table) && rc == 0; i++) {
		size_t n = 0;
		ck_assert_bn_ok(bn_table_read(table, i, NULL, 0, &b, &err), &err);
		rc = bn_expr_select(s, &b, rows, &n, e);
		for (size_t k = 0; k < n && rc == 0; k++)
			out[b.first_row + rows[k]] = 1;
	}
out:
	bn_batch_release(&b);
	bn_expr_scratch_free(s);
	bn_expr_free(x);
	bn_free(rows);
	return rc;
}

/* ---- results ---------------------------------------------------------------------------------- */

/* Pairs of expressions that select the same rows. */
static const char *const same[][2] = {
	{"i = 5", "NOT i <> 5"},
	{"i BETWEEN -2 AND 4", "i >= -2 AND i <= 4"},
	{"i IN (1, 2, 3)", "i = 1 OR i = 2 OR i = 3"},
	{"i IN (1, 2.5)", "i = 1"},
	{"i IN (9007199254740993, 2.5)", "i = 9007199254740993"},
	{"i IN (-9223372036854775808)", "i < -9223372036854775807"},
	{"i IN (2.5)", "i <> i"},
	{"i NOT IN (1, 2)", "i <> 1 AND i <> 2"},
	{"x = 0", "x = -0.0"},
	{"s LIKE 'a%'", "starts_with(s, 'a')"},
	{"s LIKE '%b'", "ends_with(s, 'b')"},
	{"s LIKE '__'", "length(s) = 2"},
	{"c ILIKE 'AB'", "lower(c) = 'ab'"},
	{"c ~ 'B'", "lower(c) LIKE '%b%'"},
	{"c = abc", "c = 'abc'"},
	{"concat(s, '''') = 'a'''", "s = 'a'"},
	{"s = \"abc\"", "s = 'abc'"},
	{"s = c", "NOT s <> c"},
	{"s IS NULL", "NOT (s IS NOT NULL)"},
	{"b", "b = true"},
	{"NOT b", "b = false"},
	{"b = 1", "b = true"},
	{"t > 2020-02-01", "t > '2020-02-01T00:00:00Z'"},
	{"t >= 2020-02-01 AND t < 2020-03-01", "year(t) = 2020 AND month(t) = 2"},
	{"t - 2020-01-01 < 36h", "t < '2020-01-02T12:00:00Z'"},
	{"t + 1h >= 2020-02-01", "t >= '2020-01-31T23:00'"},
	{"date(t) = 2020-02-03", "t >= '2020-02-03' AND t < '2020-02-04'"},
	{"date(t) < t", "time(date(t)) < t"},
	{"t - time(date(t)) > 90m", "seconds(t - time(date(t))) > 5400"},
	{"t - time(date(t)) > '01:30:00'", "t - time(date(t)) > 90m"},
	{"`my col` > 100", "\"my col\" > 100"},
	{"j % 2 = 0", "j IN (-4, -2, 0, 2, 4)"},
	{"i+1>3 AND i < 100", "i > 2 AND i < 100"},
	{"j-1=-2", "j = -1"},
	{"-j = 2", "j = -2"},
	{"i = 9007199254740993", "i = 9007199254740993 AND i <> 9007199254740992.0"},
	{"i / 0 IS NULL", "true"},
	{"ln(x) IS NULL AND x > -1e9", "x <= 0 AND x > -1e9"},
	{"false AND 9223372036854775807 + i > 0", "false"},
	{"if(i > 4, false, 9223372036854775807 - 5 + i > 0)",
		"i <= 4 AND i > -9223372036854775807 OR "
		"i = -9223372036854775808 AND false "
		"OR i IS NULL AND NULL = 1"},
	{"coalesce(i, j) = 3", "i = 3 OR i IS NULL AND j = 3"},
	{"nullif(s, 'a') IS NULL", "s IS NULL OR s = 'a'"},
	{"substr(s, 1, 2) = 'ab'", "s LIKE 'ab%'"},
	{"concat(c, '-', c) = 'ab-ab'", "c = 'ab'"},
	{"int(s) = 12", "s = '12'"},
	{"real(c) < 0", "c = '-3.5'"},
	{"null = 1", "false"},
	{"least(j, 2, 1) = 1", "j >= 1"},
	{"weekday(t) = 6 OR weekday(t) = 7", "weekday(t) > 5"},
	{"hour(t) = 5", "t - time(date(t)) = 5h"},
	{"round(x, 1) = 0.3 AND abs(x) < 4", "x = 0.25 AND abs(x) < 4"},
	{"text(b) = 'true'", "b"},
	/* Integers are not rounded in any notation. */
	{"i = 9007199254740993.0", "i = 9007199254740993"},
	{"i IN (9.007199254740993e15, 2.5)", "i = 9007199254740993"},
	{"i BETWEEN 9007199254740993.0 AND 900719925474099300e-2", "i = 9007199254740993"},
	{"-9007199254740993.0 = i", "i = -9007199254740993"},
	{"i = int(9007199254740993.0)", "i = 9007199254740993"},
	{"round(i) = 9007199254740993", "i = 9007199254740993"},
	{"floor(i) = i AND ceil(i) = i AND trunc(i) = i", "i IS NOT NULL"},
	{"nullif(i, 9007199254740992.0) IS NULL", "i IS NULL OR i = 9007199254740992"},
	{"x IN (9007199254740993, 0.5)", "x = 0.5"},
	{"x IS NAN", "false"},
	{"y IS NOT NAN", "true"},
};

START_TEST(test_expr_pairs_select_the_same_rows)
{
	static uint8_t a[ROWS], b[ROWS];
	size_t all = 0;
	make(1);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		bn_err e = BN_ERR_INIT;
		ck_assert_msg(select_rows(a, same[i][0], &e) == 0, "%s: %s", same[i][0], e.msg);
		ck_assert_msg(select_rows(b, same[i][1], &e) == 0, "%s: %s", same[i][1], e.msg);
		for (size_t r = 0; r < ROWS; r++) {
			all += a[r];
			if (a[r] != b[r])
				ck_abort_msg("%s is not %s in row %zu", same[i][0], same[i][1], r);
		}
	}
	ck_assert_uint_gt(all, 10000);
	finish();
}
END_TEST

static const struct {
	const char *text;
	size_t at;
	const char *says, *hint;
} wrong[] = {
	{"", 0, "filter:1:1: expected a field at the end", ""},
	{"i >", 3, "filter:1:4: expected a value at the end", ""},
	{"i = 'x'", 4, "expected a number, not 'x'", ""},
	{"my_col > 3", 0, "no column 'my_col'", "did you mean 'my col'?"},
	{"i + s > 3", 2, "+ does not take a whole number and text", ""},
	{"i", 1, "expected a comparison", ""},
	{"s > 3", 4, "the column is text: quote the value", ""},
	{"t > soon", 4, "expected a time such as", ""},
	{"i LIKE 'a'", 2, "LIKE compares text, but this field is a number", ""},
	{"flor(x) = 1", 0, "no function 'flor'", "did you mean 'floor'?"},
	{"floor(x, 1) = 1", 0, "floor does not take a number and a whole number", ""},
	{"t = x", 2, "a time cannot be compared with a number", ""},
	{"x % 2 = 0", 2, "% does not take a number and a whole number", ""},
	{"i IN (1, null)", 9, "null is never in a list", ""},
	{"s IN ('a', -1)", 11, "text cannot be compared with a number", ""},
	{"b IN (-1)", 6, "a condition cannot be compared with a number", ""},
	{"b = maybe", 4, "expected true or false", ""},
	{"i = 1 i", 6, "expected AND or OR, not 'i'", ""},
	{"(i = 1", 6, "expected AND, OR or ')' at the end", ""},
	{"i + 1 ~ 'a'", 6, "~ compares text", ""},
	{"x = nan", 4, "expected a number", "IS NAN"},
	{"isnan(x)", 0, "no function 'isnan'", "x IS NAN"},
	{"i IS NAN", 0, "only a column of real numbers has NaN", ""},
	{"x / 0 IS NAN", 0, "IS NAN takes a column", ""},
	{"x IS 1", 5, "expected NULL, NAN, NOT NULL or NOT NAN", ""},
	{"i = 9007199254740993.2", 4, "expected a number whose fraction", ""},
	{"t = 2020-02-30", 4, "expected a time such as", ""},
	{"i = 1 AND ?", 10, "unexpected character", ""},
	/* Operators of pandas, C and Python. */
	{"(i = 1) & (i = 2)", 8, "unexpected character", "AND joins"},
	{"i = 1 && i = 2", 6, "unexpected character", "AND joins"},
	{"i = 1 | i = 2", 6, "unexpected character", "OR joins"},
	{"!(i = 1)", 0, "unexpected character", "NOT (a > 1)"},
	{"i IN [1, 2]", 5, "unexpected character", "a IN (1, 2)"},
	{"x.notnull()", 10, "expected an argument, not ')'", "x IS NOT NULL"},
	{"x.isna()", 7, "expected an argument, not ')'", "x IS NULL"},
};

START_TEST(test_expr_errors_point_at_the_character)
{
	make(1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err e = BN_ERR_INIT;
		bn_expr *x = NULL;
		const char *text = wrong[i].text;
		int rc = bn_expr_of_rows(
			&x, text, "filter", bn_table_schema(table), BN_EXPR_BOOL, &e);
		char place[40];
		snprintf(place, sizeof place, "filter:1:%zu: ", wrong[i].at + 1);
		ck_assert_msg(rc == BN_EINVAL, "'%s' is accepted", text);
		ck_assert_msg(strstr(e.msg, wrong[i].says), "'%s' says '%s'", text, e.msg);
		ck_assert_msg(strstr(e.msg, place) == e.msg, "'%s' says '%s'", text, e.msg);
		ck_assert_msg(strstr(e.hint, wrong[i].hint), "'%s' hints at '%s'", text, e.hint);
	}
	finish();
}
END_TEST

START_TEST(test_expr_overflow_names_the_row_unless_nothing_comes_of_it)
{
	static uint8_t out[ROWS];
	bn_err e = BN_ERR_INIT;
	make(1);
	ck_assert_int_eq(select_rows(out, "j = 1 OR i * 2 > 0", &e), BN_EINVAL);
	ck_assert_msg(strstr(e.msg, "filter:1:12: row ") == e.msg, "%s", e.msg);
	ck_assert_ptr_nonnull(strstr(e.msg, ": * is out of the range of int64"));
	bn_err_clear(&e);
	ck_assert_bn_ok(select_rows(out, "i < 1000 AND i > -1000 AND i * 2 > 0", &e), &e);
	ck_assert_int_eq(select_rows(out, "int(x * 1e300) > 0", &e), BN_EINVAL);
	finish();
}
END_TEST

/* ---- canonical text --------------------------------------------------------------------------- */

static const char *const canonical[][2] = {
	{"not x is nan or x is not NaN", "x IS NOT NAN OR x IS NOT NAN"},
	{"a=1 and(b>2 or c<3)", "a = 1 AND (b > 2 OR c < 3)"},
	{"((a))+b*( c )", "a + b * c"},
	{"(a+b)*c-(d-e)", "(a + b) * c - (d - e)"},
	{"not not a", "NOT NOT a"},
	{"NOT(a=1 AND b=2)", "NOT (a = 1 AND b = 2)"},
	{"a is not null", "a IS NOT NULL"},
	{"a not in(1,'x')", "NOT a IN (1, 'x')"},
	{"`my col`  > \"x\"", "`my col` > \"x\""},
	{"`plain`=1", "plain = 1"},
	{"IF(a>1,-b,Floor(c))", "if(a > 1, -b, floor(c))"},
	{"a between 1 and 2+3", "a BETWEEN 1 AND 2 + 3"},
	{"a == 1 or a != 2", "a = 1 OR a <> 2"},
	{"t>2026-01-31 AND s like \"it's\"", "t > 2026-01-31 AND s LIKE 'it''s'"},
	{"-(-a)", "--a"},
	{"(a = 1) = (b = 2)", "(a = 1) = (b = 2)"},
};

static void format_of(bn_buf *out, const char *text)
{
	bn_expr *e = NULL;
	const bn_expr_source source = {.text = text, .name = "filter"};
	bn_buf_clear(out);
	int rc = bn_expr_parse(&e, &source, &err);
	ck_assert_msg(rc == 0, "%s: %s", text, err.msg);
	ck_assert_bn_ok(bn_expr_format(out, e, &err), &err);
	bn_expr_free(e);
}

START_TEST(test_expr_canonical_text_is_a_fixed_point)
{
	bn_buf once = BN_BUF_INIT, twice = BN_BUF_INIT;
	for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++) {
		format_of(&once, canonical[i][0]);
		ck_assert_str_eq(once.ptr, canonical[i][1]);
		format_of(&twice, once.ptr);
		ck_assert_str_eq(once.ptr, twice.ptr);
	}
	bn_buf_release(&once);
	bn_buf_release(&twice);
}
END_TEST

/* ---- against SQLite --------------------------------------------------------------------------- */

typedef struct pair {
	bn_buf ours, sql;
} pair;

static void both(pair *p, const char *s)
{
	bn_buf_adds(&p->ours, s);
	bn_buf_adds(&p->sql, s);
}

static void say(pair *p, bn_rng *r, char type, int depth);

static void say_call(
	pair *p, bn_rng *r, const char *ours, const char *sql, const char *args, int depth)
{
	bn_buf_adds(&p->ours, ours);
	bn_buf_adds(&p->sql, sql);
	both(p, "(");
	for (size_t i = 0; args[i]; i++) {
		both(p, i ? ", " : "");
		say(p, r, args[i], depth);
	}
	both(p, ")");
}

static void say_infix(pair *p, bn_rng *r, const char *op, char left, char right, int depth)
{
	both(p, "(");
	say(p, r, left, depth);
	both(p, " ");
	both(p, op);
	both(p, " ");
	say(p, r, right, depth);
	both(p, ")");
}

static void say_leaf(pair *p, bn_rng *r, char type)
{
	char text[64];
	const char *w = words[pick(r, 13)];
	switch (type) {
	case 'b':
		both(p, "b");
		break;
	case 'i':
		snprintf(text, sizeof text, "%d", (int)pick(r, 9) - 4);
		both(p, pick(r, 2) ? "j" : text);
		break;
	case 'r':
		snprintf(text, sizeof text, "%.2f", ((double)pick(r, 33) - 16) / 4);
		both(p, pick(r, 3) ? (pick(r, 2) ? "x" : "y") : text);
		break;
	default:
		snprintf(text, sizeof text, "'%s'", w);
		both(p, pick(r, 3) ? (pick(r, 2) ? "s" : "c") : text);
	}
}

static void say_bool(pair *p, bn_rng *r, int depth)
{
	static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
	static const char types[] = "irs";
	char type = types[pick(r, 3)];
	switch (pick(r, 10)) {
	case 0:
	case 1:
		say_infix(p, r, pick(r, 2) ? "AND" : "OR", 'b', 'b', depth);
		return;
	case 2:
		both(p, "(NOT ");
		say(p, r, 'b', depth);
		both(p, ")");
		return;
	case 3:
		both(p, "(");
		say(p, r, type, depth);
		both(p, pick(r, 2) ? " IS NULL)" : " IS NOT NULL)");
		return;
	case 4:
		both(p, "(");
		say(p, r, 's', depth);
		bn_buf_adds(&p->ours, " ILIKE ");
		bn_buf_adds(&p->sql, " LIKE ");
		both(p, pick(r, 2) ? "'a%')" : "'%b_')");
		return;
	case 5:
		both(p, "(");
		say(p, r, 'i', depth);
		both(p, " IN (1, -2, 3))");
		return;
	case 6: /* an int compared with a real, exactly */
		say_infix(p, r, ops[pick(r, 6)], pick(r, 2) ? 'I' : 'i', 'r', depth);
		return;
	default:
		say_infix(p, r, ops[pick(r, 6)], type, type, depth);
	}
}

static void say_real(pair *p, bn_rng *r, int depth)
{
	static const char *const ops[] = {"+", "-", "*"};
	switch (pick(r, 6)) {
	case 0:
		bn_buf_adds(&p->ours, "(");
		bn_buf_adds(&p->sql, "(CAST(");
		say(p, r, 'r', depth);
		bn_buf_adds(&p->sql, " AS REAL)");
		both(p, " / ");
		say(p, r, 'r', depth);
		both(p, ")");
		return;
	case 1:
		say_call(p, r, "abs", "abs", "r", depth);
		return;
	case 2:
		say_call(p, r, "coalesce", "coalesce", "rr", depth);
		return;
	case 3:
		say_call(p, r, "least", "min", "rr", depth);
		return;
	default:
		say_infix(p, r, ops[pick(r, 3)], 'r', 'r', depth);
	}
}

static void say(pair *p, bn_rng *r, char type, int depth)
{
	static const char *const ops[] = {"+", "-", "*", "%"};
	if (type == 'I') {
		both(p, "i");
		return;
	}
	if (depth == 0 || pick(r, 5) == 0) {
		say_leaf(p, r, type);
		return;
	}
	depth--;
	if (type == 'b')
		say_bool(p, r, depth);
	else if (type == 'r')
		say_real(p, r, depth);
	else if (type == 'i' && pick(r, 4) == 0)
		say_call(p, r, "length", "length", "s", depth);
	else if (type == 'i' && pick(r, 6) == 0)
		say_call(p, r, "nullif", "nullif", "ii", depth);
	else if (type == 'i')
		say_infix(p, r, ops[pick(r, 4)], 'i', 'i', depth);
	else if (pick(r, 3) == 0)
		say_call(p, r, "concat", "concat2", "ss", depth);
	else if (pick(r, 2))
		say_call(p, r, "upper", "upper", "s", depth);
	else
		say_call(p, r, "substr", "substr", "sii", depth);
}

static void concat2(sqlite3_context *c, int n, sqlite3_value **v)
{
	bn_buf b = BN_BUF_INIT;
	(void)n;
	if (sqlite3_value_type(v[0]) == SQLITE_NULL || sqlite3_value_type(v[1]) == SQLITE_NULL)
		return;
	bn_buf_adds(&b, (const char *)sqlite3_value_text(v[0]));
	bn_buf_adds(&b, (const char *)sqlite3_value_text(v[1]));
	sqlite3_result_text(c, b.ptr, (int)b.len, SQLITE_TRANSIENT);
	bn_buf_release(&b);
}

static void bind_cell(sqlite3_stmt *st, int at, const bn_column *c, size_t row)
{
	int64_t i;
	bn_text t = bn_column_text(c, row);
	if (bn_column_is_null(c, row))
		sqlite3_bind_null(st, at);
	else if (t.ptr)
		sqlite3_bind_text(st, at, t.ptr, (int)t.len, SQLITE_TRANSIENT);
	else if (bn_column_int(c, row, &i))
		sqlite3_bind_int64(st, at, i);
	else
		sqlite3_bind_double(st, at, bn_column_number(c, row));
}

static sqlite3 *database(void)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	bn_batch b = BN_BATCH_INIT;
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	sqlite3_create_function(db, "concat2", 2, SQLITE_UTF8, NULL, concat2, NULL, NULL);
	sqlite3_exec(db, "CREATE TABLE d(row, i, j, x, y, b, s, c)", NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO d VALUES(?,?,?,?,?,?,?,?)", -1, &st, NULL);
	for (size_t k = 0; k < bn_table_batches(table); k++) {
		ck_assert_bn_ok(bn_table_read(table, k, NULL, 0, &b, &err), &err);
		for (size_t r = 0; r < b.rows; r++) {
			sqlite3_bind_int64(st, 1, (int64_t)(b.first_row + r));
			for (int c = 0; c < 7; c++)
				bind_cell(st, c + 2, &b.columns[c], r);
			sqlite3_step(st);
			sqlite3_reset(st);
		}
	}
	sqlite3_finalize(st);
	bn_batch_release(&b);
	return db;
}

START_TEST(test_expr_says_what_sqlite_says)
{
	static uint8_t mine[ROWS], theirs[ROWS];
	bn_rng r;
	size_t done = 0, chosen = 0;
	make(2);
	sqlite3 *db = database();
	bn_rng_init(&r, 1, "sqlite", 0);
	for (int k = 0; k < 3000; k++) {
		pair p = {BN_BUF_INIT, BN_BUF_INIT};
		bn_buf sql = BN_BUF_INIT;
		sqlite3_stmt *st = NULL;
		bn_err e = BN_ERR_INIT;
		say(&p, &r, 'b', 4);
		bn_buf_addf(&sql, "SELECT row FROM d WHERE %s", p.sql.ptr);
		int rc = select_rows(mine, p.ours.ptr, &e);
		ck_assert_msg(rc == 0 || strstr(e.msg, "out of the range of int64"), "%s: %s",
			p.ours.ptr, e.msg);
		memset(theirs, 0, sizeof theirs);
		ck_assert_msg(sqlite3_prepare_v2(db, sql.ptr, -1, &st, NULL) == SQLITE_OK, "%s: %s",
			sql.ptr, sqlite3_errmsg(db));
		while (sqlite3_step(st) == SQLITE_ROW)
			theirs[sqlite3_column_int64(st, 0)] = 1;
		sqlite3_finalize(st);
		for (size_t row = 0; row < ROWS && rc == 0; row++) {
			chosen += mine[row];
			if (mine[row] != theirs[row])
				ck_abort_msg("row %zu: %d %d: %s | %s", row, mine[row], theirs[row],
					p.ours.ptr, sql.ptr);
		}
		done += rc == 0;
		bn_buf_release(&p.ours);
		bn_buf_release(&p.sql);
		bn_buf_release(&sql);
	}
	printf("NOTE: %zu random filters select in %d rows what SQLite selects, %.0f %% of them\n",
		done, ROWS, 100.0 * (double)chosen / (double)(done * ROWS));
	ck_assert_uint_gt(done, 2900);
	sqlite3_close(db);
	finish();
}
END_TEST

/* ---- pruning ---------------------------------------------------------------------------------- */

static void widen(bn_column_stats *c, bn_expr_value v)
{
	int64_t missing = c->missing;
	bool first = c->min.type == BN_EXPR_NULL;
	bool real = v.type == BN_EXPR_REAL;
	bn_text a = {v.s.ptr, v.s.len};
	if (v.type == BN_EXPR_TEXT) {
		bn_text low = {c->min.s.ptr, c->min.s.len}, high = {c->max.s.ptr, c->max.s.len};
		size_t nl = a.len < low.len ? a.len : low.len,
		       nh = a.len < high.len ? a.len : high.len;
		int cl = first ? -1 : memcmp(a.ptr, low.ptr, nl),
		    ch = first ? 1 : memcmp(a.ptr, high.ptr, nh);
		if (cl < 0 || (cl == 0 && a.len < low.len))
			c->min = v;
		if (ch > 0 || (ch == 0 && a.len > high.len))
			c->max = v;
	} else {
		if (first || (real ? v.r < c->min.r : v.i < c->min.i))
			c->min = v;
		if (first || (real ? v.r > c->max.r : v.i > c->max.i))
			c->max = v;
	}
	c->missing = missing;
}

/* Statistics of rows from .. from+n-1 of the batch; those of about every eighth column are unknown. */
static bn_part_stats *stats_of(const bn_batch *b, size_t from, size_t n, bn_rng *r)
{
	bn_part_stats *s = bn_part_stats_new(COL_T, n);
	for (size_t k = 0; k < COL_T; k++) {
		const bn_column *c = &b->columns[k];
		if (pick(r, 8) == 0)
			continue;
		s->columns[k].missing = 0;
		for (size_t i = from; i < from + n; i++) {
			bn_text t = bn_column_text(c, i);
			bn_expr_value v = {.type = BN_EXPR_INT};
			if (bn_column_is_absent(c, i))
				s->columns[k].missing++;
			else if (t.ptr)
				widen(&s->columns[k],
					(bn_expr_value){BN_EXPR_TEXT, {.s = {t.ptr, t.len}}});
			else if (bn_column_int(c, i, &v.i))
				widen(&s->columns[k], v);
			else
				widen(&s->columns[k], (bn_expr_value){BN_EXPR_REAL,
							      {.r = bn_column_number(c, i)}});
		}
	}
	return s;
}

START_TEST(test_expr_pruned_parts_have_no_row_that_is_kept)
{
	static uint8_t mine[ROWS];
	bn_rng r;
	bn_batch b = BN_BATCH_INIT;
	size_t verdicts[3] = {0, 0, 0}, failing = 0;
	make(3);
	bn_rng_init(&r, 3, "prune", 0);
	ck_assert_bn_ok(bn_table_read(table, 0, NULL, 0, &b, &err), &err);
	ck_assert_uint_eq(b.rows, ROWS);
	for (int k = 0; k < 1500; k++) {
		pair p = {BN_BUF_INIT, BN_BUF_INIT};
		bn_err e = BN_ERR_INIT;
		bn_expr *x = NULL;
		unsigned long long guilty = ROWS;
		say(&p, &r, 'b', (int)pick(&r, 4) + 1);
		if (select_rows(mine, p.ours.ptr, &e) < 0) {
			ck_assert_int_eq(sscanf(strstr(e.msg, "row "), "row %llu", &guilty), 1);
			failing++;
		}
		ck_assert_bn_ok(bn_expr_of_rows(&x, p.ours.ptr, "filter", bn_table_schema(table),
					BN_EXPR_BOOL, &err),
			&err);
		for (int w = 0; w < 40; w++) {
			size_t n = pick(&r, 2) ? 1 : pick(&r, 12) + 1, from = pick(&r, ROWS - n);
			if (guilty < ROWS)
				from = guilty < ROWS - n ? guilty : ROWS - n;
			bn_part_stats *s = stats_of(&b, from, n, &r);
			bn_prune can = bn_expr_prune(x, s);
			size_t kept = 0;
			for (size_t i = from; i < from + n; i++)
				kept += mine[i];
			verdicts[can]++;
			if (guilty < ROWS ? can != BN_PRUNE_SOME
					  : (can == BN_PRUNE_NONE && kept) ||
						    (can == BN_PRUNE_ALL && kept != n))
				ck_abort_msg("rows %zu to %zu: %d, and %zu are kept: %s", from,
					from + n - 1, (int)can, kept, p.ours.ptr);
			bn_part_stats_free(s);
		}
		bn_expr_free(x);
		bn_buf_release(&p.ours);
		bn_buf_release(&p.sql);
	}
	printf("NOTE: of random parts %zu none, %zu some, %zu all; %zu filters with an error\n",
		verdicts[0], verdicts[1], verdicts[2], failing);
	ck_assert_uint_gt(verdicts[0], 5000);
	ck_assert_uint_gt(verdicts[2], 1000);
	bn_batch_release(&b);
	finish();
}
END_TEST

/* ---- computed columns ------------------------------------------------------------------------- */

static void value_of(bn_buf *out, const char *text, uint64_t row, bn_type *type)
{
	bn_expr *x = NULL;
	bn_expr_scratch *s = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_column c;
	bn_arena arena = BN_ARENA_INIT;
	size_t batch, at;
	ck_assert_bn_ok(
		bn_expr_of_rows(&x, text, "--column", bn_table_schema(table), BN_EXPR_TYPES, &err),
		&err);
	ck_assert_bn_ok(bn_expr_scratch_new(&s, x, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_table_locate(table, row, &batch, &at, &err), &err);
	ck_assert_bn_ok(bn_table_read(table, batch, NULL, 0, &b, &err), &err);
	ck_assert_bn_ok(bn_expr_eval(s, &b, &c, &arena, &err), &err);
	*type = c.type;
	bn_buf_clear(out);
	if (!bn_column_format(&c, at, out))
		bn_buf_adds(out, "-");
	bn_arena_release(&arena);
	bn_batch_release(&b);
	bn_expr_scratch_free(s);
	bn_expr_free(x);
}

static const struct {
	const char *text, *value;
	bn_type type;
} values[] = {
	{"1 + 2", "3", BN_TYPE_INT64},
	{"7 / 2", "3.5", BN_TYPE_FLOAT64},
	{"-7 % 3", "-1", BN_TYPE_INT64},
	{"2 < 1", "false", BN_TYPE_BOOL},
	{"1 / 0", "-", BN_TYPE_FLOAT64},
	{"if(true, 'hot', 'cold')", "hot", BN_TYPE_CATEGORY},
	{"upper(concat(coalesce(s, ''), 'q'))", NULL, BN_TYPE_STRING},
	{"concat(text(1), '/', text(2.5), '/', text(true))", "1/2.5/true", BN_TYPE_CATEGORY},
	{"time('2026-01-31T10:00:00Z') + 90m", "2026-01-31T11:30:00Z", BN_TYPE_TIMESTAMP},
	{"time('2026-01-31T10:00:00Z') - '2026-01-30'", "PT34H", BN_TYPE_DURATION},
	{"date(time('1969-12-31T23:00:00Z'))", "1969-12-31", BN_TYPE_DATE},
	{"year(time('1900-03-01'))", "1900", BN_TYPE_INT64},
	{"weekday(time('2026-11-29'))", "7", BN_TYPE_INT64},
	{"length('\xc3\xa4\xc3\xb6')", "2", BN_TYPE_INT64},
	{"substr('abcdef', -3, 2)", "de", BN_TYPE_CATEGORY},
	{"round(2.5)", "3", BN_TYPE_FLOAT64},
	{"round(9007199254740993)", "9007199254740993", BN_TYPE_INT64},
	{"round(-1250, -2)", "-1300", BN_TYPE_INT64},
	{"round(7, 3)", "7", BN_TYPE_INT64},
	{"round(-1.25, 1)", "-1.3", BN_TYPE_FLOAT64},
	{"int('0x12')", "-", BN_TYPE_INT64},
	{"trim('  a b ')", "a b", BN_TYPE_CATEGORY},
	{"text(1e400)", NULL, BN_TYPE_COUNT},
};

START_TEST(test_expr_makes_columns)
{
	bn_buf b = BN_BUF_INIT;
	bn_type type;
	make(1);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		if (values[i].type == BN_TYPE_COUNT)
			continue;
		value_of(&b, values[i].text, 1500, &type);
		ck_assert_msg(
			type == values[i].type, "%s is %s", values[i].text, bn_type_name(type));
		if (values[i].value)
			ck_assert_msg(
				!strcmp(b.ptr, values[i].value), "%s is %s", values[i].text, b.ptr);
	}
	bn_buf_release(&b);
	finish();
}
END_TEST

/* Checks which rows of the batch, at most 4, the filter selects: one bit each. */
static void assert_rows(
	const bn_schema *schema, const bn_batch *batch, const char *text, unsigned want)
{
	bn_expr *e = NULL;
	bn_expr_scratch *s = NULL;
	uint32_t rows[4];
	size_t n;
	unsigned got = 0;
	ck_assert_bn_ok(bn_expr_of_rows(&e, text, "filter", schema, BN_EXPR_BOOL, &err), &err);
	ck_assert_bn_ok(bn_expr_scratch_new(&s, e, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_expr_select(s, batch, rows, &n, &err), &err);
	for (size_t k = 0; k < n; k++)
		got |= 1u << rows[k];
	ck_assert_msg(got == want, "%s: %x", text, got);
	bn_expr_scratch_free(s);
	bn_expr_free(e);
}

/* A cell with the value NaN, and an absent cell. */
START_TEST(test_expr_tells_nan_from_absent)
{
	static const double x[] = {1, NAN, NAN, 0};
	static const uint8_t there[] = {1 | 2 | 8};
	static const struct {
		const char *text;
		unsigned rows; /* one bit each */
	} asked[] = {{"x IS NAN", 2}, {"x IS NOT NAN", 1 | 4 | 8}, {"x IS NULL", 2 | 4},
		{"x IS NULL AND x IS NOT NAN", 4}, {"x = 0", 8}};
	bn_schema schema = BN_SCHEMA_INIT;
	bn_column column = {
		.type = BN_TYPE_FLOAT64, .rows = 4, .nulls = 1, .validity = there, .f64 = x};
	const bn_batch batch = {.rows = 4, .column_count = 1, .columns = &column};
	ck_assert_bn_ok(bn_schema_add(&schema, "x", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_rows(&schema, &batch, asked[i].text, asked[i].rows);
	bn_schema_release(&schema);
}
END_TEST

START_TEST(test_expr_compares_uint64_above_int64)
{
	static const uint64_t u[] = {1, UINT64_C(1) << 63, UINT64_MAX, 0};
	static const uint8_t there[] = {1 | 2 | 4};
	static const struct {
		const char *text;
		unsigned rows; /* one bit each */
	} asked[] = {{"u > 5", 2 | 4}, {"u = 9223372036854775808", 2},
		{"u > 9223372036854775808", 4}, {"u < 1e30", 1 | 2 | 4}, {"1 <> u", 2 | 4},
		{"u BETWEEN 0 AND 1e19", 1 | 2}, {"u IS NULL", 8}, {"u = u", 1 | 2 | 4},
		{"u <= 9223372036854775807", 1}};
	bn_schema schema = BN_SCHEMA_INIT;
	bn_column column = {
		.type = BN_TYPE_UINT64, .rows = 4, .nulls = 1, .validity = there, .u64 = u};
	const bn_batch batch = {.rows = 4, .column_count = 1, .columns = &column};
	bn_err e = BN_ERR_INIT;
	bn_expr *x = NULL;
	ck_assert_bn_ok(bn_schema_add(&schema, "u", BN_TYPE_UINT64, true, NULL, &err), &err);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_rows(&schema, &batch, asked[i].text, asked[i].rows);
	ck_assert_int_eq(bn_expr_of_rows(&x, "u = 18446744073709551615", "filter", &schema,
				 BN_EXPR_BOOL, &e),
		BN_EINVAL);
	ck_assert_msg(
		strstr(e.msg, "filter:1:5: expected a whole number that a real"), "%s", e.msg);
	bn_schema_release(&schema);
}
END_TEST

BN_TEST_MAIN("core/table/expr/expr", test_expr_compares_uint64_above_int64,
	test_expr_tells_nan_from_absent, test_expr_pairs_select_the_same_rows,
	test_expr_errors_point_at_the_character,
	test_expr_overflow_names_the_row_unless_nothing_comes_of_it,
	test_expr_canonical_text_is_a_fixed_point, test_expr_says_what_sqlite_says,
	test_expr_pruned_parts_have_no_row_that_is_kept, test_expr_makes_columns)
