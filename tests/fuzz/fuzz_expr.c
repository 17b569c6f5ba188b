/*
 * Any text as an expression over rows: an error with a position in it, or a filter (or a value) that is evaluated; its
 * canonical text has the same result, and pruning skips only rows that are not selected.
 */
#include "core/base/mem.h"
#include "core/table/expr/eval.h"
#include "core/table/expr/prune.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 5, COLUMNS = 6 };

static const int64_t ints[ROWS] = {0, -1, 5, INT64_MAX, INT64_MIN};
static const double reals[ROWS] = {0, -0.5, NAN, 1e300, INFINITY};
static const int64_t times[ROWS] = {0, 1, -1, INT64_MAX, 1700000000000000000};
static const int32_t ends[ROWS + 1] = {0, 0, 1, 3, 3, 7}, codes[ROWS] = {1, 0, 1, 0, 0};
static const int32_t offsets[3] = {0, 2, 3};
static const uint8_t bits[1] = {0x15}, there[1] = {0x1b};

static const bn_schema *schema(void)
{
	static bn_schema s;
	static const char *const names[COLUMNS] = {"i", "x", "t", "s", "c", "b"};
	static const bn_type types[COLUMNS] = {BN_TYPE_INT64, BN_TYPE_FLOAT64, BN_TYPE_TIMESTAMP,
		BN_TYPE_STRING, BN_TYPE_CATEGORY, BN_TYPE_BOOL};
	for (size_t i = 0; !s.count || (i && i < COLUMNS); i++)
		if (bn_schema_add(&s, names[i], types[i], true, NULL, NULL) != 0)
			abort();
	return &s;
}

static bn_part_stats *stats(void)
{
	bn_part_stats *s = bn_part_stats_new(2, ROWS);
	s->columns[0] = (bn_column_stats){.min = {BN_EXPR_INT, {.i = INT64_MIN}},
		.max = {BN_EXPR_INT, {.i = INT64_MAX}},
		.missing = 1};
	s->columns[1] = (bn_column_stats){.min = {BN_EXPR_REAL, {.r = -0.5}},
		.max = {BN_EXPR_REAL, {.r = INFINITY}},
		.missing = 2};
	return s;
}

static void evaluate(const bn_expr *e, bool filter)
{
	static const bn_dict dict = {2, offsets, "ab\xc3"};
	bn_column columns[COLUMNS] = {{.type = BN_TYPE_INT64, .i64 = ints},
		{.type = BN_TYPE_FLOAT64, .f64 = reals}, {.type = BN_TYPE_TIMESTAMP, .i64 = times},
		{.type = BN_TYPE_STRING, .ends = ends, .bytes = "a\xc3\xa4 1.5"},
		{.type = BN_TYPE_CATEGORY, .codes = codes, .dict = &dict},
		{.type = BN_TYPE_BOOL, .bits = bits}};
	bn_batch b = {.rows = ROWS, .column_count = COLUMNS, .columns = columns};
	bn_expr_scratch *s = NULL;
	uint32_t rows[ROWS];
	size_t n = 0;
	for (size_t i = 0; i < COLUMNS; i++) {
		columns[i].rows = ROWS;
		columns[i].nulls = 1;
		columns[i].validity = there;
	}
	if (bn_expr_scratch_new(&s, e, NULL, 0, NULL) != 0)
		abort();
	if (filter) {
		int rc = bn_expr_select(s, &b, rows, &n, NULL);
		bn_part_stats *known = stats();
		bn_prune can = bn_expr_prune(e, known);
		if ((can == BN_PRUNE_NONE && (rc < 0 || n)) ||
			(can == BN_PRUNE_ALL && (rc < 0 || n != ROWS)))
			abort();
		bn_part_stats_free(known);
	} else {
		bn_arena arena = BN_ARENA_INIT;
		bn_column out;
		bn_expr_eval(s, &b, &out, &arena, NULL);
		bn_arena_release(&arena);
	}
	bn_expr_scratch_free(s);
}

static void check_canonical(const char *text)
{
	bn_buf once = BN_BUF_INIT, twice = BN_BUF_INIT;
	bn_expr *e = NULL;
	bn_expr_source source = {.text = text, .name = "x"};
	if (bn_expr_parse(&e, &source, NULL) != 0 || bn_expr_format(&once, e, NULL) != 0)
		abort();
	bn_expr_free(e);
	source.text = once.ptr;
	if (bn_expr_parse(&e, &source, NULL) != 0 || bn_expr_format(&twice, e, NULL) != 0 ||
		strcmp(once.ptr, twice.ptr) != 0)
		abort();
	bn_expr_free(e);
	bn_buf_release(&once);
	bn_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bn_expr *e = NULL;
	bn_err err = BN_ERR_INIT;
	const bn_expr_source source = {.text = text, .name = "x"};
	memcpy(text, data, size);
	text[size] = '\0';
	if (size > 4096)
		text[4096] = '\0';
	int rc = bn_expr_parse(&e, &source, &err);
	if (rc < 0 && (!err.code || bn_expr_error_at(e) > strlen(text)))
		abort();
	bn_expr_free(e);
	if (rc == 0)
		check_canonical(text);
	for (int filter = 0; filter < 2; filter++) {
		if (bn_expr_of_rows(&e, text, "x", schema(), filter ? BN_EXPR_BOOL : BN_EXPR_TYPES,
			    NULL) == 0)
			evaluate(e, filter);
		bn_expr_free(e);
	}
	free(text);
	return 0;
}
