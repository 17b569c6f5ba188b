/*
 * Random expressions over a table with every type that they read, compared with an evaluator that computes one row at a
 * time with 128 bits: the same rows, absent values and errors.
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/table/expr/eval.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 1500 };

static bn_err err = BN_ERR_INIT;
static bn_table_reader *table;
static bn_batch whole = BN_BATCH_INIT;
static char path[64];

static const struct {
	const char *name, *type;
} columns[] = {{"i64", "int64"}, {"i32", "int32"}, {"i16", "int16"}, {"i8", "int8"},
	{"u64", "uint64"}, {"u32", "uint32"}, {"u16", "uint16"}, {"u8", "uint8"},
	{"f64", "float64"}, {"f32", "float32"}, {"dec", "decimal(12,2)"}, {"b", "bool"},
	{"t", "timestamp"}, {"day", "date"}, {"clock", "time"}, {"len", "duration"},
	{"s", "string"}, {"c", "category"}};
#define COLUMNS (sizeof columns / sizeof *columns)
static const char *const words[] = {"", "a", "ab", "B", "abc", "\xc3\xa4", "10", "-2.5"};

static uint64_t pick(bn_rng *r, uint64_t n)
{
	return bn_rng_below(r, n);
}

static int64_t small(bn_rng *r)
{
	return (int64_t)pick(r, 17) - 8;
}

static void set_cell(bn_table_writer *w, size_t c, bn_type type, bn_rng *r)
{
	static const int64_t wide[] = {INT64_MAX, INT64_MIN, INT64_MAX / 2, 1LL << 53};
	const char *word = words[pick(r, 8)];
	bool is_unsigned = type == BN_TYPE_UINT64 || type == BN_TYPE_UINT32 ||
			   type == BN_TYPE_UINT16 || type == BN_TYPE_UINT8;
	if (bn_type_is_text(type))
		bn_table_row_text(w, c, word, strlen(word));
	else if (type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32)
		bn_table_row_f64(w, c, (double)small(r) / 4);
	else if (type == BN_TYPE_BOOL)
		bn_table_row_bool(w, c, pick(r, 2));
	else if (type == BN_TYPE_INT64 && pick(r, 9) == 0)
		bn_table_row_i64(w, c, wide[pick(r, 4)]);
	else if (type == BN_TYPE_TIMESTAMP)
		bn_table_row_i64(w, c, 1577836800000000000 + small(r) * 86400000000000);
	else if (type == BN_TYPE_DATE)
		bn_table_row_i64(w, c, 18262 + small(r));
	else if (type == BN_TYPE_TIME)
		bn_table_row_i64(w, c, (int64_t)pick(r, 24) * 3600000000000);
	else if (type == BN_TYPE_DURATION)
		bn_table_row_i64(w, c, small(r) * 3600000000000);
	else
		bn_table_row_i64(w, c, is_unsigned ? (int64_t)pick(r, 9) : small(r));
}

static void make(void)
{
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_rng r;
	bn_rng_init(&r, 11, "scalar", 0);
	snprintf(path, sizeof path, "/tmp/bn-expr-scalar-%d.arrow", (int)getpid());
	for (size_t i = 0; i < COLUMNS; i++) {
		bn_field f = {.nullable = true};
		ck_assert_bn_ok(bn_field_parse_type(&f, columns[i].type, &err), &err);
		ck_assert_bn_ok(bn_schema_add_field(&schema, &f, columns[i].name, &err), &err);
		bn_field_release(&f);
	}
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &schema, &err), &err);
	for (size_t row = 0; row < ROWS; row++) {
		for (size_t c = 0; c < COLUMNS; c++)
			if (pick(&r, 7))
				set_cell(w, c, schema.fields[c].type, &r);
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	ck_assert_bn_ok(bn_table_open(&table, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_table_read(table, 0, NULL, 0, &whole, &err), &err);
	ck_assert_uint_eq(whole.rows, ROWS);
}

static void finish(void)
{
	bn_batch_release(&whole);
	bn_table_reader_free(table);
	unlink(path);
}

/* ---- one row at a time ------------------------------------------------------------------------ */

typedef struct value {
	int state; /* 0 present, 1 absent, 2 an error */
	bn_expr_type type;
	__int128 i;
	double r;
	bn_text s;
} value;

static value of_int(bn_expr_type type, __int128 i)
{
	value v = {.type = type, .i = i};
	bool wide = i > INT64_MAX || i < INT64_MIN;
	if (wide)
		v.state = type == BN_EXPR_INT ? 2 : 1;
	return v;
}

static value of_real(double r)
{
	return (value){.type = BN_EXPR_REAL, .r = r, .state = isnan(r) ? 1 : 0};
}

static value of_bool(bool b)
{
	return (value){.type = BN_EXPR_BOOL, .i = b};
}

static value of_field(const bn_expr_node *n, size_t row)
{
	const bn_column *c = &whole.columns[n->field.slot];
	int64_t i = 0;
	value v = {.type = n->type, .state = bn_column_is_absent(c, row)};
	if (v.state)
		return v;
	v.s = bn_column_text(c, row);
	v.r = bn_column_number(c, row);
	if (n->type != BN_EXPR_REAL && !v.s.ptr && !bn_column_int(c, row, &i))
		v.state = 2;
	v.i = i;
	return v;
}

static value of_constant(const bn_expr_node *n)
{
	value v = {.type = n->type, .state = n->value.type == BN_EXPR_NULL};
	if (v.state)
		return v;
	if (n->type == BN_EXPR_REAL)
		v.r = n->value.r;
	else if (n->type == BN_EXPR_TEXT)
		v.s = (bn_text){n->value.s.ptr, n->value.s.len};
	else
		v.i = n->value.i;
	return v;
}

static int order_of(const value *a, const value *b)
{
	if (a->type == BN_EXPR_TEXT) {
		size_t n = a->s.len < b->s.len ? a->s.len : b->s.len;
		int c = n ? memcmp(a->s.ptr, b->s.ptr, n) : 0;
		return c ? c : (a->s.len > b->s.len) - (a->s.len < b->s.len);
	}
	__float128 x = a->type == BN_EXPR_REAL ? (__float128)a->r : (__float128)a->i;
	__float128 y = b->type == BN_EXPR_REAL ? (__float128)b->r : (__float128)b->i;
	return (x > y) - (x < y);
}

static value compared(const char *op, const value *a, const value *b)
{
	int c = order_of(a, b);
	if (!strcmp(op, "="))
		return of_bool(c == 0);
	if (!strcmp(op, "<>"))
		return of_bool(c != 0);
	if (op[0] == '<')
		return of_bool(op[1] ? c <= 0 : c < 0);
	return of_bool(op[1] ? c >= 0 : c > 0);
}

static value logic(const char *op, const value *a, const value *b)
{
	bool stop = !strcmp(op, "OR"); /* this value decides alone */
	if ((!a->state && (bool)a->i == stop) || (!b->state && (bool)b->i == stop))
		return of_bool(stop);
	value v = of_bool(!stop);
	v.state = a->state | b->state;
	v.state = v.state > 2 ? 2 : v.state;
	return v;
}

static value arithmetic(char op, bn_expr_type type, const value *a, const value *b)
{
	if (type == BN_EXPR_REAL && op == '/' && a->type != BN_EXPR_REAL)
		return b->i == 0 ? of_real(NAN) : of_real((double)a->i / (double)b->i);
	if (type == BN_EXPR_REAL) {
		double x = a->r, y = b->r;
		if (op == '/')
			return of_real(y == 0 ? NAN : x / y);
		if (op == '*')
			return of_real(x * y);
		return of_real(op == '+' ? x + y : x - y);
	}
	if (op == '%')
		return b->i == 0 ? (value){.type = type, .state = 1} : of_int(type, a->i % b->i);
	if (op == '*')
		return of_int(type, a->i * b->i);
	return of_int(type, op == '+' ? a->i + b->i : a->i - b->i);
}

static value scalar(const bn_expr_node *nodes, int at, size_t row);

static value of_list(const bn_expr_node *n, const value *a)
{
	for (size_t k = 0; k < n->list.count && !a->state; k++) {
		bn_expr_node one = {.type = n->list.items[k].type};
		one.value = n->list.items[k];
		value v = of_constant(&one);
		if (order_of(a, &v) == 0)
			return of_bool(true);
	}
	value v = of_bool(false);
	v.state = a->state;
	return v;
}

/* Operators whose result is absent if an argument is. */
static value strict(const bn_expr_node *n, const char *name, value *a, int count)
{
	value v = {.type = n->type};
	for (int k = 0; k < count; k++)
		v.state = a[k].state > v.state ? a[k].state : v.state;
	if (v.state)
		return v;
	if (strchr("=<>", name[0]))
		return compared(name, &a[0], &a[1]);
	if (count == 1 && name[0] == '-')
		return n->type == BN_EXPR_REAL ? of_real(-a[0].r) : of_int(n->type, -a[0].i);
	if (strchr("+-*/%", name[0]))
		return arithmetic(name[0], n->type, &a[0], &a[1]);
	if (!strcmp(name, "abs"))
		return n->type == BN_EXPR_REAL ? of_real(fabs(a[0].r))
					       : of_int(n->type, a[0].i < 0 ? -a[0].i : a[0].i);
	if (!strcmp(name, "real"))
		return of_real(a[0].type == BN_EXPR_REAL ? a[0].r : (double)a[0].i);
	if (!strcmp(name, "int"))
		return of_int(BN_EXPR_INT, a[0].i);
	if (!strcmp(name, "time"))
		return of_int(BN_EXPR_TIME, a[0].i * 86400000000000);
	if (!strcmp(name, "seconds"))
		return of_real((double)a[0].i / 1e9);
	ck_abort_msg("the evaluator of rows has no %s", name);
	return v;
}

static value scalar(const bn_expr_node *nodes, int at, size_t row)
{
	const bn_expr_node *n = &nodes[at];
	const char *name = bn_expr_ops[n->op].name;
	value a[3];
	int count = 0;
	if (n->op == BN_OP_FIELD)
		return of_field(n, row);
	if (n->op == BN_OP_CONSTANT)
		return of_constant(n);
	for (; count < 3 && n->arg[count] >= 0; count++)
		a[count] = scalar(nodes, n->arg[count], row);
	if (n->op == BN_OP_AND || n->op == BN_OP_OR)
		return logic(name, &a[0], &a[1]);
	if (n->op == BN_OP_IN)
		return of_list(n, &a[0]);
	if (n->op == BN_OP_ISNULL) {
		value v = of_bool(a[0].state == 1);
		v.state = a[0].state == 2 ? 2 : 0;
		return v;
	}
	if (n->op == BN_OP_NOT) {
		a[0].i = !a[0].i;
		return a[0];
	}
	if (!strcmp(name, "if")) {
		if (a[0].state == 2)
			return (value){.type = n->type, .state = 2};
		return !a[0].state && a[0].i ? a[1] : a[2];
	}
	if (!strcmp(name, "coalesce"))
		return a[0].state == 1 ? a[1] : a[0];
	return strict(n, name, a, count);
}

/* ---- random expressions ----------------------------------------------------------------------- */

static void say(bn_buf *b, bn_rng *r, char type, int depth);

static const char *one_of(bn_rng *r, const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	return list[pick(r, n)];
}

static void say_leaf(bn_buf *b, bn_rng *r, char type)
{
	static const char *const ints[] = {"i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8",
		"2", "-3", "9223372036854775807", NULL};
	static const char *const reals[] = {"f64", "f32", "dec", "0.5", "-1.25", "0.0", NULL};
	static const char *const texts[] = {"s", "c", "'ab'", "''", NULL};
	static const char *const times[] = {"t", "t", "time(day)", NULL};
	static const char *const lengths[] = {"len", "clock", "len", NULL};
	const char *const *lists[] = {ints, reals, texts, times, lengths};
	static const char letters[] = "irstd";
	const char *at = strchr(letters, type);
	bn_buf_adds(b, at ? one_of(r, lists[at - letters]) : "b");
}

static void infix(bn_buf *b, bn_rng *r, char left, const char *op, char right, int depth)
{
	bn_buf_addch(b, '(');
	say(b, r, left, depth);
	bn_buf_addf(b, " %s ", op);
	say(b, r, right, depth);
	bn_buf_addch(b, ')');
}

static void call(bn_buf *b, bn_rng *r, const char *name, const char *types, int depth)
{
	bn_buf_addf(b, "%s(", name);
	for (size_t k = 0; types[k]; k++) {
		bn_buf_adds(b, k ? ", " : "");
		say(b, r, types[k], depth);
	}
	bn_buf_addch(b, ')');
}

static void say_bool(bn_buf *b, bn_rng *r, int depth)
{
	static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">=", NULL};
	static const char types[] = "irstd";
	char type = types[pick(r, 5)];
	char other = type == 'i' && pick(r, 2) ? 'r' : type;
	switch (pick(r, 8)) {
	case 0:
	case 1:
		infix(b, r, 'b', pick(r, 2) ? "AND" : "OR", 'b', depth);
		return;
	case 2:
		bn_buf_adds(b, "(NOT ");
		say(b, r, 'b', depth);
		bn_buf_addch(b, ')');
		return;
	case 3:
		bn_buf_addch(b, '(');
		say(b, r, type, depth);
		bn_buf_adds(b, " IS NULL)");
		return;
	case 4:
		bn_buf_addch(b, '(');
		say(b, r, 'i', depth);
		bn_buf_adds(b, " IN (1, -2, 5))");
		return;
	case 5:
		bn_buf_adds(b, "(day >= 2019-12-30 AND day < t)");
		return;
	default:
		infix(b, r, type, one_of(r, ops), other, depth);
	}
}

static void say(bn_buf *b, bn_rng *r, char type, int depth)
{
	static const char *const sums[] = {"+", "-", "*", NULL};
	if (depth == 0 || pick(r, 5) == 0) {
		say_leaf(b, r, type);
		return;
	}
	depth--;
	if (type == 'b') {
		say_bool(b, r, depth);
	} else if (type == 'i') {
		uint64_t k = pick(r, 8);
		if (k == 0)
			call(b, r, "abs", "i", depth);
		else if (k == 1)
			call(b, r, "coalesce", "ii", depth);
		else if (k == 2)
			call(b, r, "if", "bii", depth);
		else
			infix(b, r, 'i', pick(r, 4) ? one_of(r, sums) : "%", 'i', depth);
	} else if (type == 'r') {
		uint64_t k = pick(r, 6);
		if (k == 0)
			call(b, r, "seconds", "d", depth);
		else if (k == 1)
			call(b, r, "real", "i", depth);
		else
			infix(b, r, k == 2 ? 'i' : 'r', k == 3 ? "/" : one_of(r, sums), 'r', depth);
	} else if (type == 't') {
		infix(b, r, 't', pick(r, 2) ? "+" : "-", 'd', depth);
	} else if (type == 'd') {
		infix(b, r, 't', "-", 't', depth);
	} else {
		bool choice = pick(r, 2);
		call(b, r, choice ? "if" : "coalesce", choice ? "bss" : "ss", depth);
	}
}

static bool same(const value *want, const bn_column *got, size_t row)
{
	int64_t i = 0;
	if (bn_column_is_absent(got, row) != (want->state == 1))
		return false;
	if (want->state)
		return true;
	if (want->type == BN_EXPR_TEXT) {
		bn_text t = bn_column_text(got, row);
		return t.len == want->s.len && (!t.len || !memcmp(t.ptr, want->s.ptr, t.len));
	}
	if (want->type == BN_EXPR_REAL)
		return bn_column_number(got, row) == want->r;
	return bn_column_int(got, row, &i) && i == want->i;
}

static void check_expression(const char *text, size_t *errors)
{
	bn_expr *e = NULL;
	bn_expr_scratch *s = NULL;
	bn_arena arena = BN_ARENA_INIT;
	bn_err own = BN_ERR_INIT;
	bn_column c;
	size_t count, guilty = ROWS;
	int rc = bn_expr_of_rows(&e, text, "x", bn_table_schema(table), BN_EXPR_TYPES, &own);
	ck_assert_msg(rc == 0, "%s: %s", text, own.msg);
	const bn_expr_node *nodes = bn_expr_nodes(e, &count);
	ck_assert_bn_ok(bn_expr_scratch_new(&s, e, NULL, 0, &err), &err);
	rc = bn_expr_eval(s, &whole, &c, &arena, &own);
	for (size_t row = 0; row < ROWS && guilty == ROWS; row++) {
		value want = scalar(nodes, (int)count - 1, row);
		if (want.state == 2)
			guilty = row;
		else if (rc == 0 && !same(&want, &c, row))
			ck_abort_msg("row %zu: %s", row, text);
	}
	unsigned long long said = ROWS;
	if (rc < 0)
		ck_assert_int_eq(sscanf(strstr(own.msg, "row "), "row %llu", &said), 1);
	ck_assert_msg(said == guilty, "%s: row %llu, not %zu", text, said, guilty);
	*errors += rc < 0;
	bn_arena_release(&arena);
	bn_expr_scratch_free(s);
	bn_expr_free(e);
}

START_TEST(test_expr_is_what_each_row_gives_by_itself)
{
	static const char types[] = "bbbirtd";
	bn_rng r;
	size_t errors = 0;
	make();
	bn_rng_init(&r, 12, "expressions", 0);
	for (int k = 0; k < 3000; k++) {
		bn_buf text = BN_BUF_INIT;
		say(&text, &r, types[pick(&r, 7)], (int)pick(&r, 4) + 1);
		check_expression(text.ptr, &errors);
		bn_buf_release(&text);
	}
	printf("NOTE: 3000 random expressions over %zu types give in %d rows what each row gives "
	       "by "
	       "itself; %zu with an error\n",
		COLUMNS, ROWS, errors);
	ck_assert_uint_gt(errors, 100);
	finish();
}
END_TEST

BN_TEST_MAIN("core/table/expr/expr_scalar", test_expr_is_what_each_row_gives_by_itself)
