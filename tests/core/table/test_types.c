/* All types: names, cells as text and JSON, and random columns through files, slices and selections. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/table/take.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const bn_env *env;
static char dir[64], path[96];
static bn_err err = BN_ERR_INIT;
static bn_arena arena = BN_ARENA_INIT;
static uint64_t seed;

static uint64_t draw(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) ^ (seed << 17);
}

static size_t below(size_t n)
{
	return (size_t)(draw() >> 8) % n;
}

static void begin(void)
{
	env = bn_env_real();
	seed = 7;
	strcpy(dir, "/tmp/bn-types-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/t.arrow", dir);
}

static void end(void)
{
	bn_arena_release(&arena);
	bn_fs_remove_tree(env, dir, NULL);
}

static const char *const all_types[] = {"float64", "float32", "int64", "int32", "int8", "bool",
	"timestamp", "category", "string", "uint64", "uint32", "uint16", "uint8", "int16", "date",
	"time", "duration", "decimal(38,10)", "decimal(5,0)", "binary", "list<int32>",
	"list<string>", "list<bool>", "list<list<uint16>>", "list<decimal(9,2)>",
	"list<fixed<float32,3>>", "fixed<bool,5>", "fixed<list<date>,2>", "fixed<binary,1>",
	"list<list<list<list<float64>>>>"};
enum { TYPES = sizeof all_types / sizeof *all_types };

static const int32_t word_ends[] = {0, 0, 1, 3, 20};
static const bn_dict words = {4, word_ends, "axy12345678901234567"};

/* ---- random columns ------------------------------------------------------------------------- */

static void *room(size_t bytes)
{
	void *p = bn_arena_alloc(&arena, bytes + 1);
	ck_assert_ptr_nonnull(p);
	return p;
}

static void fill_values(bn_column *c)
{
	size_t width = bn_type_width(c->type);
	uint8_t *values = room(width ? c->rows * width : c->rows / 8 + 1);
	for (size_t i = 0; i < (width ? c->rows * width : c->rows / 8 + 1); i++)
		values[i] = (uint8_t)draw();
	for (size_t i = 0; i < c->rows; i++) {
		if (c->type == BN_TYPE_CATEGORY)
			((int32_t *)(void *)values)[i] = (int32_t)below(words.count);
		else if (c->type == BN_TYPE_TIME)
			((int64_t *)(void *)values)[i] = (int64_t)(draw() % 86400000000000);
		else if (c->type == BN_TYPE_DECIMAL)
			((bn_decimal *)(void *)values)[i] =
				bn_decimal_of((int64_t)below(99999) - 50000);
		else if (c->type == BN_TYPE_FLOAT64)
			((double *)(void *)values)[i] = (double)below(1000) / 8;
		else if (c->type == BN_TYPE_FLOAT32)
			((float *)(void *)values)[i] = (float)below(1000) / 8;
	}
	c->any = values;
	c->dict = c->type == BN_TYPE_CATEGORY ? &words : NULL;
}

static int32_t *random_ends(size_t rows, size_t most)
{
	int32_t *ends = room((rows + 1) * sizeof *ends);
	ends[0] = (int32_t)below(4);
	for (size_t i = 0; i < rows; i++)
		ends[i + 1] = ends[i] + (int32_t)below(most);
	return ends;
}

static bn_column random_column(const bn_field *f, size_t rows)
{
	bn_column c = bn_column_of(f), *child = NULL;
	c.rows = rows;
	if (below(4) && f->nullable) {
		uint8_t *bits = room(rows / 8 + 1);
		for (size_t i = 0; i < rows; i++) {
			bool there = below(5) != 0;
			bits[i >> 3] = (uint8_t)(bits[i >> 3] | there << (i & 7));
			c.nulls += !there;
		}
		c.validity = c.nulls ? bits : NULL;
	}
	if (f->child)
		child = room(sizeof *child);
	if (f->type == BN_TYPE_FIXED) {
		c.first = below(9);
		*child = random_column(f->child, c.first + rows * f->fixed_size);
	} else if (f->type == BN_TYPE_LIST) {
		c.ends = random_ends(rows, 4);
		*child = random_column(f->child, (size_t)c.ends[rows] + below(3));
	} else if (f->type == BN_TYPE_STRING || f->type == BN_TYPE_BINARY) {
		c.ends = random_ends(rows, 20);
		char *bytes = room((size_t)c.ends[rows]);
		for (int32_t i = 0; i < c.ends[rows]; i++)
			bytes[i] = (char)('a' + below(26));
		c.bytes = bytes;
	} else {
		fill_values(&c);
	}
	c.child = child;
	return c;
}

static void random_batch(bn_batch *b, const bn_schema *s, size_t rows)
{
	b->rows = rows;
	b->column_count = s->count;
	b->columns = bn_alloc_zeroed(s->count, sizeof *b->columns);
	for (size_t i = 0; i < s->count; i++)
		b->columns[i] = random_column(&s->fields[i], rows);
}

static void add_cell(bn_buf *out, const bn_column *c, size_t row)
{
	if (!bn_column_format(c, row, out))
		bn_buf_adds(out, "-");
	bn_buf_adds(out, "\n");
}

static void make_schema(bn_schema *s)
{
	for (size_t i = 0; i < TYPES; i++) {
		char name[20];
		bn_field f = {.nullable = i % 11 != 5};
		snprintf(name, sizeof name, "c%zu", i);
		ck_assert_bn_ok(bn_field_parse_type(&f, all_types[i], &err), &err);
		ck_assert_bn_ok(bn_schema_add_field(s, &f, name, &err), &err);
		bn_field_release(&f);
	}
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(test_types_have_names_that_are_read_back)
{
	static const struct {
		const char *text, *msg;
	} bad[] = {{"", "no column type"}, {"int", "no column type 'int'"},
		{"decimal", "needs the number of digits"},
		{"decimal(39,2)", "needs the number of digits"},
		{"decimal(0)", "needs the number of digits"},
		{"decimal(3,4)", "needs the number of digits"},
		{"decimal(3,2", "needs the number of digits"}, {"list", "needs the type"},
		{"list<", "no column type"}, {"list<int32", "needs the type"},
		{"list<category>", "must be a string"}, {"fixed<int32>", "needs the type"},
		{"fixed<int32,0>", "needs the type"}, {"fixed<int32,9999999>", "needs the type"},
		{"int32>", "no column type"},
		{"list<list<list<list<list<int8>>>>>", "at most 4 deep"}};
	char text[BN_TYPE_TEXT];
	for (size_t i = 0; i < TYPES; i++) {
		bn_field f = {0}, g = {0};
		ck_assert_bn_ok(bn_field_parse_type(&f, all_types[i], &err), &err);
		ck_assert_str_eq(bn_field_type_text(&f, text), all_types[i]);
		ck_assert_bn_ok(bn_field_copy(&g, &f, &err), &err);
		ck_assert(bn_field_same_type(&f, &g));
		bn_field_release(&f);
		bn_field_release(&g);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_field f = {0};
		ck_assert_int_eq(bn_field_parse_type(&f, bad[i].text, &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, bad[i].msg) != NULL, "%s: %s", bad[i].text, err.msg);
		ck_assert_ptr_null(f.child);
		bn_err_clear(&err);
	}
	bn_field f = {0};
	bn_field_parse_type(&f, "unit32", &err);
	ck_assert_str_eq(err.hint, "did you mean 'uint32'?");
	bn_err_clear(&err);
}
END_TEST

/* Rows are written in large and small batches and by selections, and read back equal and in order. */
START_TEST(test_random_columns_of_every_type_read_back_equal)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_table_reader *r = NULL;
	bn_buf want[TYPES], got = BN_BUF_INIT;
	size_t rows = 0;
	begin();
	make_schema(&s);
	for (size_t c = 0; c < TYPES; c++)
		bn_buf_init(&want[c]);
	ck_assert_bn_ok(bn_table_create(&w, env, NULL, path, &s, &err), &err);
	for (int i = 0; i < 40; i++) {
		bn_batch b = BN_BATCH_INIT;
		uint32_t picked[50];
		bool pick = i % 3 == 1;
		random_batch(&b, &s, i == 20 ? 9000 : below(200) + 1);
		for (size_t k = 0; k < 50; k++)
			picked[k] = (uint32_t)below(b.rows);
		if (pick)
			ck_assert_bn_ok(bn_table_write_rows(w, &b, picked, 50, &err), &err);
		else
			ck_assert_bn_ok(bn_table_write_batch(w, &b, &err), &err);
		for (size_t c = 0; c < TYPES; c++)
			for (size_t k = 0; k < (pick ? 50 : b.rows); k++)
				add_cell(&want[c], &b.columns[c], pick ? picked[k] : k);
		rows += pick ? 50 : b.rows;
		bn_batch_release(&b);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	ck_assert_bn_ok(bn_table_open(&r, env, path, &err), &err);
	ck_assert(bn_schema_equal(bn_table_schema(r), &s));
	ck_assert_uint_eq(bn_table_rows(r), rows);
	for (size_t c = 0; c < TYPES; c++) {
		bn_batch b = BN_BATCH_INIT;
		bn_buf_clear(&got);
		for (size_t i = 0; i < bn_table_batches(r); i++) {
			ck_assert_bn_ok(bn_table_read(r, i, &c, 1, &b, &err), &err);
			for (size_t k = 0; k < b.rows; k++)
				add_cell(&got, &b.columns[0], k);
		}
		ck_assert_msg(!strcmp(got.ptr, want[c].ptr), "%s", all_types[c]);
		bn_batch_release(&b);
		bn_buf_release(&want[c]);
	}
	bn_table_reader_free(r);
	bn_schema_release(&s);
	bn_buf_release(&got);
	end();
}
END_TEST

START_TEST(test_slices_picks_and_joins_say_the_same_as_the_column)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_buf want = BN_BUF_INIT, got = BN_BUF_INIT;
	begin();
	make_schema(&s);
	for (size_t c = 0; c < TYPES; c++) {
		bn_column whole = random_column(&s.fields[c], 300), taken, pieces[3], joined;
		uint32_t rows[200];
		for (size_t k = 0; k < 200; k++)
			rows[k] = below(8) ? (uint32_t)below(300) : BN_TAKE_ABSENT;
		bn_buf_clear(&want);
		bn_buf_clear(&got);
		ck_assert_bn_ok(bn_column_take(&taken, &whole, rows, 200, &arena, &err), &err);
		for (size_t k = 0; k < 200; k++) {
			if (rows[k] == BN_TAKE_ABSENT)
				bn_buf_adds(&want, "-\n");
			else
				add_cell(&want, &whole, rows[k]);
			add_cell(&got, &taken, k);
		}
		pieces[0] = bn_column_slice(&whole, 64, 100);
		pieces[1] = bn_column_slice(&whole, 128, 0);
		pieces[2] = bn_column_slice(&whole, 256, 44);
		ck_assert_bn_ok(bn_column_join(&joined, pieces, 3, &arena, &err), &err);
		ck_assert_uint_eq(joined.rows, 144);
		ck_assert_uint_eq(joined.nulls, pieces[0].nulls + pieces[2].nulls);
		for (size_t k = 0; k < 144; k++) {
			add_cell(&want, &whole, k < 100 ? 64 + k : 256 + k - 100);
			add_cell(&got, &joined, k);
		}
		ck_assert_msg(!strcmp(want.ptr, got.ptr), "%s", all_types[c]);
	}
	bn_schema_release(&s);
	bn_buf_release(&want);
	bn_buf_release(&got);
	end();
}
END_TEST

START_TEST(test_reading_forms_say_what_is_exact)
{
	const uint64_t u[] = {UINT64_MAX, 5};
	const bn_decimal d[] = {{1250, 0}, {1200, 0}};
	const int32_t days[] = {-1, 19782};
	const bn_column unsigned_ = {.type = BN_TYPE_UINT64, .rows = 2, .u64 = u};
	const bn_column decimal = {
		.type = BN_TYPE_DECIMAL, .precision = 9, .scale = 2, .rows = 2, .dec = d};
	const bn_column date = {.type = BN_TYPE_DATE, .rows = 2, .i32 = days};
	double numbers[2];
	int64_t i = 0;
	ck_assert(!bn_column_int(&unsigned_, 0, &i) && bn_column_int(&unsigned_, 1, &i) && i == 5);
	ck_assert_double_eq(bn_column_number(&unsigned_, 0), 0x1p64);
	ck_assert(!bn_column_int(&decimal, 0, &i) && !bn_column_int(&decimal, 1, &i));
	ck_assert_bn_ok(bn_column_numbers(&decimal, 0, 2, numbers, &err), &err);
	ck_assert_double_eq(numbers[0], 12.5);
	ck_assert_bn_ok(bn_column_numbers(&date, 0, 2, numbers, &err), &err);
	ck_assert_double_eq(numbers[1], 19782);
	json_t *large = bn_column_json(&unsigned_, 0), *small = bn_column_json(&unsigned_, 1);
	ck_assert_str_eq(json_string_value(large), "18446744073709551615");
	ck_assert_int_eq(json_integer_value(small), 5);
	json_decref(large);
	json_decref(small);
}
END_TEST

/* Lists are shown as JSON, which has no infinity or NaN: these are strings, and missing values are null. */
START_TEST(test_lists_tell_infinity_nan_and_missing_apart)
{
	static const double values[] = {INFINITY, -INFINITY, NAN, 0, -0.5, 2};
	static const float narrow[] = {INFINITY, -INFINITY, NAN, 0, -0.5F, 2};
	static const uint8_t there[] = {0x37}; /* all but the fourth */
	static const int32_t ends[] = {0, 4, 6};
	const bn_column child = {
		.type = BN_TYPE_FLOAT64, .rows = 6, .nulls = 1, .validity = there, .f64 = values};
	const bn_column small = {.type = BN_TYPE_FLOAT32, .rows = 6, .f32 = narrow};
	const bn_column lists = {.type = BN_TYPE_LIST, .rows = 2, .ends = ends, .child = &child};
	const bn_column vectors = {
		.type = BN_TYPE_FIXED, .rows = 2, .fixed_size = 3, .child = &small};
	bn_buf got = BN_BUF_INIT;
	for (size_t r = 0; r < 2; r++) {
		add_cell(&got, &lists, r);
		add_cell(&got, &vectors, r);
	}
	ck_assert_str_eq(got.ptr, "[\"inf\",\"-inf\",\"nan\",null]\n[\"inf\",\"-inf\",\"nan\"]\n"
				  "[-0.5,2]\n[0,-0.5,2]\n");
	bn_buf_clear(&got);
	json_t *list = bn_column_json(&lists, 0);
	ck_assert_bn_ok(bn_json_canonical(list, &got, &err), &err);
	ck_assert_str_eq(got.ptr, "[\"inf\",\"-inf\",\"nan\",null]");
	json_decref(list);
	bn_buf_release(&got);
}
END_TEST

START_TEST(test_cells_are_set_exactly_or_refused_by_column_and_row)
{
	static const struct {
		const char *type;
		double x;
		const char *want; /* NULL: refused */
	} cases[] = {{"uint8", 255, "255"}, {"uint8", 256, NULL}, {"uint8", -1, NULL},
		{"uint64", 0, "0"}, {"uint64", -1, NULL}, {"int16", -32768, "-32768"},
		{"int16", 32768, NULL}, {"date", 1, "1970-01-02"}, {"date", 3e9, NULL},
		{"decimal(4,2)", 12.25, "12.25"}, {"decimal(4,2)", 99, "99.00"},
		{"decimal(4,2)", 100, NULL}, {"decimal(4,2)", 0.125, NULL}, {"duration", 1.5, NULL},
		{"list<int8>", 1, NULL}};
	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_schema s = BN_SCHEMA_INIT;
		bn_field f = {.nullable = true};
		bn_table_writer *w = NULL;
		bn_table_reader *r = NULL;
		bn_batch b = BN_BATCH_INIT;
		bn_buf got = BN_BUF_INIT;
		ck_assert_bn_ok(bn_field_parse_type(&f, cases[i].type, &err), &err);
		ck_assert_bn_ok(bn_schema_add_field(&s, &f, "x", &err), &err);
		ck_assert_bn_ok(bn_table_create(&w, env, NULL, path, &s, &err), &err);
		bn_table_row_f64(w, 0, cases[i].x);
		int rc = bn_table_row_end(w, &err);
		ck_assert_msg((rc < 0) == !cases[i].want, "%s %g", cases[i].type, cases[i].x);
		if (rc < 0)
			ck_assert_ptr_nonnull(strstr(err.msg, "column 'x', row 0"));
		bn_err_clear(&err);
		if (cases[i].want) {
			ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
			ck_assert_bn_ok(bn_table_open(&r, env, path, &err), &err);
			ck_assert_bn_ok(bn_table_read(r, 0, NULL, 0, &b, &err), &err);
			bn_column_format(&b.columns[0], 0, &got);
			ck_assert_str_eq(got.ptr, cases[i].want);
		}
		bn_batch_release(&b);
		bn_table_reader_free(r);
		bn_table_writer_free(w);
		bn_schema_release(&s);
		bn_field_release(&f);
		bn_buf_release(&got);
	}
	end();
}
END_TEST

BN_TEST_MAIN("core/table/types", test_types_have_names_that_are_read_back,
	test_random_columns_of_every_type_read_back_equal,
	test_slices_picks_and_joins_say_the_same_as_the_column,
	test_reading_forms_say_what_is_exact, test_lists_tell_infinity_nan_and_missing_apart,
	test_cells_are_set_exactly_or_refused_by_column_and_row)
