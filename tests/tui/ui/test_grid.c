/* Lists: 100 000 rows, filtering, sorting, marks that follow their rows, columns that fit. */
#include "tui/ui/grid.h"

#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct numbers {
	int64_t rows, first; /* row r shows the number first + r */
	long cells;          /* number of calls of cell() */
} numbers;

static int64_t rows(void *ctx)
{
	return ((numbers *)ctx)->rows;
}

static void cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	numbers *n = ctx;
	int64_t v = n->first + row;
	n->cells++;
	if (col == 2 && v % 3 == 0)
		return; /* absent */
	if (col == 0) {
		snprintf(out->buf, sizeof out->buf, "item %lld", (long long)v);
		out->text = out->buf;
	} else {
		out->number = (double)(col == 2 ? v * 7919 % 1000 : v);
	}
}

static uint64_t key(void *ctx, int64_t row)
{
	return (uint64_t)(((numbers *)ctx)->first + row);
}

static const bn_grid_column group_columns[] = {{.title = "name", .frozen = true},
	{.title = "group", .form = BN_COLUMN_NUMBER, .priority = 1},
	{.title = "value", .form = BN_COLUMN_COUNT, .falls = true, .priority = 1}};

/* Row r is named run-r, in group r % 3. */
static void group_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	(void)ctx;
	snprintf(out->buf, sizeof out->buf, "run-%lld", (long long)row);
	if (col == 0)
		out->text = out->buf;
	else
		out->number = (double)(col == 1 ? row % 3 : row);
}

/* A row with all values, and one with none. */
static void typed_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	static const double numbers_of[] = {0, 1048577, 1000000000000, 0.1234567891234};
	(void)ctx;
	if (row == 0 && col == 0)
		out->text = "say \"hi\", then go";
	else if (row == 0)
		out->number = numbers_of[col];
	else if (col == 2)
		out->number = -1; /* an unknown time */
}

static const bn_grid_column columns[] = {
	{.title = "name", .frozen = true, .min = 6},
	{.title = "number", .name = "item.number", .form = BN_COLUMN_NUMBER, .priority = 2},
	{.title = "hash", .form = BN_COLUMN_NUMBER, .priority = 1},
};

static void grid_make(bn_grid *g, numbers *n)
{
	bn_grid_source s = {.ctx = n, .rows = rows, .cell = cell, .key = key};
	ck_assert_int_eq(bn_grid_init(g, &s, columns, 3, NULL), 0);
}

static char *draw(bn_grid *g, int r, int c)
{
	bn_surface *s = NULL;
	bn_buf b = BN_BUF_INIT;
	ck_assert_int_eq(bn_surface_new(&s, r, c, BN_ALPHABET_ASCII, NULL), 0);
	bn_grid_draw(g, bn_area_all(s), true);
	bn_surface_dump(s, &b, false);
	bn_surface_free(s);
	return bn_buf_take(&b, NULL);
}

START_TEST(test_grid_asks_only_for_what_it_draws)
{
	numbers n = {100000, 0, 0};
	bn_grid g;
	grid_make(&g, &n);
	bn_grid_command(&g, BN_CMD_BOTTOM, NULL);
	n.cells = 0;
	char *text = draw(&g, 21, 80);
	ck_assert_ptr_nonnull(strstr(text, "item 99999"));
	ck_assert_int_le(n.cells, 3 * 20 * 2);
	bn_free(text);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_filters_while_typing_and_sorts_a_hundred_thousand_rows)
{
	struct timespec a, b, c;
	numbers n = {100000, 0, 0};
	bn_grid g;
	grid_make(&g, &n);
	clock_gettime(CLOCK_MONOTONIC, &a);
	bn_grid_filter(&g, "item 9999");
	clock_gettime(CLOCK_MONOTONIC, &b);
	ck_assert_int_eq(bn_grid_count(&g), 19); /* 9999, 19999 .. 89999, 99990 .. 99999 */
	bn_grid_filter(&g, "");
	bn_grid_sort(&g, 2, true);
	clock_gettime(CLOCK_MONOTONIC, &c);
	printf("NOTE: 100 000 rows: filter %.0f ms, sort %.0f ms\n",
		(double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6,
		(double)(c.tv_sec - b.tv_sec) * 1e3 + (double)(c.tv_nsec - b.tv_nsec) / 1e6);
	ck_assert_int_eq(bn_grid_count(&g), 100000);
	ck_assert_int_eq(bn_grid_row(&g, 0) * 7919 % 1000, 999);
	ck_assert_int_eq(bn_grid_row(&g, 99999) % 3, 0); /* absent ones are always last */
	bn_grid_sort(&g, 2, false);
	ck_assert_int_eq(bn_grid_row(&g, 99999) % 3, 0);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_selection_and_marks_follow_their_rows)
{
	numbers n = {10, 100, 0};
	bn_grid g;
	grid_make(&g, &n);
	bn_grid_select(&g, 4);
	bn_grid_command(&g, BN_CMD_MARK, NULL); /* marks 104 and moves to 105 */
	ck_assert_int_eq(bn_grid_selected_row(&g), 5);
	n.first = 98; /* two newer rows above */
	n.rows = 12;
	bn_grid_reload(&g);
	ck_assert_int_eq(n.first + bn_grid_selected_row(&g), 105);
	ck_assert(bn_grid_is_marked(&g, 6));
	ck_assert(!bn_grid_is_marked(&g, 4));
	bn_grid_command(&g, BN_CMD_INVERT, NULL);
	ck_assert_uint_eq(bn_grid_mark_count(&g), 11);
	n.rows = 3; /* the selected row is gone */
	bn_grid_reload(&g);
	ck_assert_int_eq(bn_grid_selected_row(&g), 2);
	n.rows = 0;
	bn_grid_reload(&g);
	ck_assert_int_eq(bn_grid_selected_row(&g), -1);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_leaves_out_unimportant_columns_then_scrolls_to_them)
{
	numbers n = {3, 1, 0};
	bn_grid g;
	grid_make(&g, &n);
	char *text = draw(&g, 2, 22);
	ck_assert_ptr_null(strstr(text, "number")); /* priority 2 is dropped first */
	ck_assert_ptr_nonnull(strstr(text, "hash"));
	ck_assert_ptr_nonnull(strstr(text, "}|"));
	bn_free(text);
	bn_grid_command(&g, BN_CMD_RIGHT, NULL); /* along what is shown, which does not change */
	text = draw(&g, 2, 22);
	ck_assert_ptr_null(strstr(text, "number"));
	ck_assert_ptr_nonnull(strstr(text, "hash"));
	bn_free(text);
	bn_grid_command(&g, BN_CMD_RIGHT, NULL); /* then on to what was left out */
	text = draw(&g, 2, 22);
	ck_assert_ptr_nonnull(strstr(text, "number"));
	ck_assert_ptr_nonnull(strstr(text, "name")); /* frozen columns stay */
	bn_free(text);
	bn_grid_command(&g, BN_CMD_LEFT, NULL); /* and back, to the same picture */
	bn_grid_command(&g, BN_CMD_LEFT, NULL);
	text = draw(&g, 2, 22);
	ck_assert_ptr_null(strstr(text, "number"));
	ck_assert_ptr_nonnull(strstr(text, "hash"));
	bn_free(text);
	bn_grid_release(&g);
}
END_TEST

/* Names with a common beginning, a column with values in one of five rows, and one with all
 * values. */
static void name_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	(void)ctx;
	if (col == 1 && row % 5)
		return;
	snprintf(out->buf, sizeof out->buf, col ? "%lld" : "a-long-name-of-a-run-in-the-queue-%lld",
		(long long)row);
	out->text = out->buf;
}

/* Of a sweep: what differs is in the middle. */
static void sweep_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	static const char *const rates[] = {"0.01", "0.001", "0.0001"};
	(void)ctx;
	(void)col;
	snprintf(out->buf, sizeof out->buf, "mlp-narrow-2-le%s-al0.0001", rates[row % 3]);
	out->text = out->buf;
}

START_TEST(test_grid_cuts_names_where_they_are_alike)
{
	static const bn_grid_column named[] = {{.title = "run", .min = 8, .max = 20}};
	numbers n = {3, 0, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = sweep_cell, .key = key};
	bn_grid g;
	ck_assert_int_eq(bn_grid_init(&g, &s, named, 1, NULL), 0);
	char *text = draw(&g, 4, 24);
	ck_assert_ptr_nonnull(strstr(text, "le0.01-al0.0001 "));
	ck_assert_ptr_nonnull(strstr(text, "le0.001-al0.0001 "));
	ck_assert_ptr_nonnull(strstr(text, "le0.0001-al0.00"));
	bn_free(text);
	bn_grid_release(&g);
}
END_TEST

/* Values that are alike at both ends, with a count that stays whole; the last two differ in two places. */
static void counted_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	static const char *const values[] = {"/scratch/ada/set-a/part-1/jobs.csv", "/scratch/ada/set-b/part-1/jobs.csv",
		"/scratch/ada/set-b/part-2/jobs.csv", "short"};
	(void)ctx;
	(void)col;
	snprintf(out->buf, sizeof out->buf, "%s  %lld runs", values[row % 4], (long long)row + 1);
	out->tail = 8;
	out->text = out->buf;
}

START_TEST(test_grid_names_stay_distinct_and_counts_whole)
{
	static const bn_grid_column named[] = {{.title = "group", .min = 8, .max = 40, .flexible = true}};
	numbers n = {4, 0, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = counted_cell, .key = key};
	for (int cols = 16; cols <= 60; cols++) {
		bn_grid g;
		ck_assert_int_eq(bn_grid_init(&g, &s, named, 1, NULL), 0);
		char *text = draw(&g, 5, cols), *lines[5], *rest = text;
		for (int i = 0; i < 5; i++)
			lines[i] = strsep(&rest, "\n");
		for (int i = 1; i < 5; i++) {
			char *count = strstr(lines[i], " runs");
			ck_assert_msg(count != NULL, "%d columns: %s", cols, lines[i]);
			count[-3] = '\0'; /* the values alone */
		}
		for (int i = 1; i < 5; i++)
			for (int k = 1; k < i && cols >= 24; k++)
				ck_assert_msg(strcmp(lines[i], lines[k]) != 0, "%d columns: %s", cols, lines[i]);
		bn_free(text);
		bn_grid_release(&g);
	}
}
END_TEST

START_TEST(test_grid_keeps_names_before_columns_that_are_nearly_empty)
{
	static const bn_grid_column named[] = {
		{.title = "run", .min = 8, .max = 40, .wish = 24, .flexible = true},
		{.title = "rare", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 2},
		{.title = "time", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 1},
		{.title = "by", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 2},
	};
	numbers n = {10, 0, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = name_cell, .key = key};
	bn_grid g;
	ck_assert_int_eq(bn_grid_init(&g, &s, named, 4, NULL), 0);
	char *text = draw(&g, 11, 60);
	ck_assert_ptr_nonnull(strstr(text, "a-long-name-of-a-run-in-the-queue-9"));
	ck_assert_ptr_null(strstr(text, "rare"));
	ck_assert_ptr_nonnull(strstr(text, "by"));
	bn_free(text);
	text = draw(&g, 11,
		42); /* shortened, but kept at its wanted width: less important columns go */
	ck_assert_ptr_nonnull(strstr(text, "a-long-name-of"));
	ck_assert_ptr_nonnull(strstr(text, "-queue-9 "));
	ck_assert_ptr_null(strstr(text, "by"));
	bn_free(text);
	bn_grid_sort(&g, 1, false); /* a sorted column is kept */
	text = draw(&g, 11, 60);
	ck_assert_ptr_nonnull(strstr(text, "rare"));
	bn_free(text);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_draws_at_any_size)
{
	numbers n = {50, 0, 0};
	bn_grid g;
	grid_make(&g, &n);
	for (int r = 1; r <= 60; r += r < 8 ? 1 : 13) {
		for (int c = 1; c <= 200; c += c < 40 ? 1 : 23) {
			bn_grid_command(&g, (r + c) % 2 ? BN_CMD_RIGHT : BN_CMD_PAGE_DOWN, NULL);
			bn_free(draw(&g, r, c));
		}
	}
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_writes_rows_as_they_are_chosen_and_sorted)
{
	numbers n = {3, 2, 0};
	bn_buf b = BN_BUF_INIT;
	bn_grid g;
	grid_make(&g, &n);
	bn_grid_sort(&g, 1, true);
	bn_grid_write(&g, BN_EXPORT_TSV, &b);
	ck_assert_str_eq(
		b.ptr, "name\titem.number\thash\nitem 4\t4\t676\nitem 3\t3\t\nitem 2\t2\t838\n");
	bn_buf_clear(&b);
	bn_grid_choose(&g, "-number", NULL);
	bn_grid_write(&g, BN_EXPORT_CSV, &b);
	ck_assert_str_eq(b.ptr, "name,hash\r\nitem 4,676\r\nitem 3,\r\nitem 2,838\r\n");
	bn_buf_clear(&b);
	bn_grid_filter(&g, "item 838");
	bn_grid_write(&g, BN_EXPORT_JSON, &b);
	ck_assert_str_eq(b.ptr, "[\n{\"name\":\"item 2\",\"hash\":838}\n]\n");
	bn_buf_release(&b);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_sorts_by_several_columns_the_last_first)
{
	numbers n = {12, 0, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = group_cell, .key = key};
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_grid g;
	ck_assert_int_eq(bn_grid_init(&g, &s, group_columns, 3, NULL), 0);
	g.column = 2;
	bn_grid_command(&g, BN_CMD_SORT, NULL);
	ck_assert_int_eq(bn_grid_row(&g, 0), 11); /* descending: the largest first */
	g.column = 1;
	bn_grid_command(&g, BN_CMD_SORT, NULL);
	bn_grid_write_sort(&g, &b);
	ck_assert_str_eq(b.ptr, "group,-value");
	ck_assert_int_eq(bn_grid_row(&g, 0), 9); /* group 0: 9 6 3 0 */
	ck_assert_int_eq(bn_grid_row(&g, 3), 0);
	ck_assert_int_eq(bn_grid_row(&g, 4), 10);
	bn_grid_command(&g, BN_CMD_SORT, NULL);
	ck_assert_int_eq(bn_grid_row(&g, 0), 11); /* group 2 first */
	bn_grid_command(&g, BN_CMD_SORT, NULL);   /* off: the earlier sort remains */
	bn_buf_clear(&b);
	bn_grid_write_sort(&g, &b);
	ck_assert_str_eq(b.ptr, "-value");
	ck_assert_int_eq(bn_grid_sort_by(&g, "-group, name", &err), 0);
	ck_assert_int_eq(bn_grid_row(&g, 0), 2); /* natural order: run-2 before run-11 */
	ck_assert_int_eq(bn_grid_row(&g, 3), 11);
	ck_assert_int_eq(bn_grid_sort_by(&g, "group,bogus", &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "no column 'bogus'"));
	ck_assert_int_eq(g.sort_count, 2); /* unchanged */
	ck_assert_int_eq(bn_grid_sort_by(&g, "none", NULL), 0);
	ck_assert_int_eq(bn_grid_row(&g, 5), 5);
	bn_buf_release(&b);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_columns_are_chosen_widened_and_kept_by_name)
{
	numbers n = {12, 0, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = group_cell, .key = key};
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_grid g;
	ck_assert_int_eq(bn_grid_init(&g, &s, group_columns, 3, NULL), 0);
	bn_grid_write_columns(&g, &b);
	ck_assert_uint_eq(b.len, 0); /* the default columns */
	ck_assert_int_eq(bn_grid_choose(&g, "value", &err), 0);
	bn_grid_write_columns(&g, &b);
	ck_assert_str_eq(b.ptr, "name,value"); /* frozen columns stay */
	g.column = 0;
	bn_grid_command(&g, BN_CMD_RIGHT, NULL);
	ck_assert_int_eq(g.column, 2); /* skips the hidden column */
	bn_grid_command(&g, BN_CMD_SORT, NULL);
	bn_free(draw(&g, 5, 40));
	bn_grid_command(&g, BN_CMD_WIDER, NULL);
	bn_grid_command(&g, BN_CMD_WIDER, NULL);
	int wide = g.shapes[2].wanted;
	static const bn_grid_column others[] = {
		{.title = "name", .frozen = true}, {.title = "value", .form = BN_COLUMN_COUNT}};
	ck_assert_int_eq(bn_grid_set_columns(&g, others, 2, NULL), 0);
	ck_assert_int_eq(g.shapes[1].wanted, wide);
	ck_assert_int_eq(bn_grid_sorted(&g), 1);
	ck_assert_int_eq(g.column, 1);
	ck_assert_int_eq(bn_grid_set_columns(&g, group_columns, 3, NULL), 0);
	ck_assert_int_eq(bn_grid_choose(&g, "-value,+group", &err), 0);
	ck_assert(!bn_grid_is_shown(&g, 2) && bn_grid_is_shown(&g, 1));
	ck_assert_int_eq(g.column, 1); /* never on a hidden column */
	ck_assert_int_eq(bn_grid_choose(&g, "value,nothing", &err), BN_EINVAL);
	ck_assert(!bn_grid_is_shown(&g, 2)); /* unchanged */
	ck_assert_int_eq(bn_grid_choose(&g, "default", NULL), 0);
	ck_assert(bn_grid_is_shown(&g, 2));
	bn_buf_release(&b);
	bn_grid_release(&g);
}
END_TEST

START_TEST(test_grid_writes_values_in_full_and_times_as_iso)
{
	static const bn_grid_column typed[] = {{.title = "what", .name = "a.what"},
		{.title = "size", .name = "size_bytes", .form = BN_COLUMN_BYTES},
		{.title = "made", .name = "made_ms", .form = BN_COLUMN_AGE},
		{.title = "x", .form = BN_COLUMN_NUMBER}};
	numbers n = {2, 0, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = typed_cell, .key = key};
	bn_buf b = BN_BUF_INIT;
	bn_grid g;
	ck_assert_int_eq(bn_grid_init(&g, &s, typed, 4, NULL), 0);
	g.clock.now_ms = 1000000060000;
	bn_grid_write(&g, BN_EXPORT_CSV, &b);
	ck_assert_str_eq(b.ptr,
		"a.what,size_bytes,made_ms,x\r\n"
		"\"say \"\"hi\"\", then go\",1048577,2001-09-09T01:46:40Z,0.1234567891234\r\n"
		",,,\r\n");
	bn_buf_clear(&b);
	bn_grid_write(&g, BN_EXPORT_JSON, &b);
	ck_assert_str_eq(b.ptr,
		"[\n{\"a.what\":\"say \\\"hi\\\", then go\",\"size_bytes\":1048577,"
		"\"made_ms\":\"2001-09-09T01:46:40Z\",\"x\":0.1234567891234},\n"
		"{\"a.what\":null,\"size_bytes\":null,\"made_ms\":null,\"x\":null}\n]\n");
	bn_buf_clear(&b);
	bn_grid_write_row(&g, 0, &b); /* the columns shown, in their order */
	ck_assert_str_eq(b.ptr, "say \"hi\", then go\t1.0 MiB\t1 min ago\t0.1235\n");
	bn_buf_release(&b);
	bn_grid_release(&g);
}
END_TEST

#define LONG_20 "a-name-of-20-letters"
#define LONG_200 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20

START_TEST(test_grid_values_are_seen_beside_very_long_names)
{
	static const bn_grid_column named[] = {{.title = "row", .frozen = true},
		{.title = LONG_200, .form = BN_COLUMN_NUMBER, .unit = LONG_200, .max = 40},
		{.title = "two\nlines", .form = BN_COLUMN_NUMBER, .max = 40, .priority = 1}};
	numbers n = {2, 700, 0};
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = cell, .key = key};
	bn_buf b = BN_BUF_INIT;
	bn_grid g;
	ck_assert_int_eq(bn_grid_init(&g, &s, named, 3, NULL), 0);
	char *text = draw(&g, 10, 80);
	ck_assert_ptr_nonnull(strstr(text, " 701 "));
	ck_assert_ptr_nonnull(strstr(text, "two?lines"));
	bn_free(text);
	bn_grid_write_in_full(&g, 1, &b);
	ck_assert_str_eq(b.ptr, "row        item 701\n" LONG_200 "\n           701\n"
				"two lines  219\n");
	bn_buf_clear(&b);
	bn_record_write(&b, 4, "why", "a\n\nb");
	bn_record_write(&b, 4, "\xe4\xbd\x9c", NULL); /* two columns wide */
	ck_assert_str_eq(b.ptr, "why   a\n      \n      b\n\xe4\xbd\x9c    -\n");
	bn_buf_release(&b);
	bn_grid_release(&g);
}
END_TEST

/* Rows 0 and 1 are live; row r has the group r % 3 and the value r. */
static int live_first(void *ctx, int64_t row)
{
	(void)ctx;
	return row > 1;
}

START_TEST(test_grid_groups_rows_under_their_mean_and_deviation)
{
	numbers n = {11, 0, 0};
	bn_grid g;
	bn_grid_source s = {
		.ctx = &n, .rows = rows, .cell = group_cell, .key = key, .rank = live_first};
	ck_assert_int_eq(bn_grid_init(&g, &s, group_columns, 3, NULL), 0);
	bn_grid_select(&g, 4);
	bn_grid_group_by(&g, 1);
	/* 0 1 | 2 5 8 | 3 6 9 | 4 7 10, and a header line for each group */
	ck_assert_int_eq(bn_grid_count(&g), 14);
	ck_assert_int_eq(bn_grid_selected_row(&g), 4); /* stays on its row */
	ck_assert(bn_grid_is_group(bn_grid_row(&g, 2)));
	ck_assert_int_eq(bn_grid_row(&g, 3), 2);
	bn_grid_cell c;
	bn_grid_get_cell(&g, bn_grid_row(&g, 6), 1, &c); /* the grouping column has no mean */
	ck_assert_ptr_null(c.text);
	bn_grid_sort(&g, 2, true); /* sorts the groups, and the rows in each */
	ck_assert_int_eq(bn_grid_row(&g, 0), 1);
	ck_assert_int_eq(bn_grid_row(&g, 3), 10);
	/* On the header line of a group Enter folds the group, and the line stays selected. */
	bn_grid_select(&g, 2);
	ck_assert(bn_grid_command(&g, BN_CMD_OPEN, NULL));
	ck_assert_int_eq(bn_grid_count(&g), 11);
	ck_assert(bn_grid_is_group(bn_grid_selected_row(&g)));
	bn_grid_command(&g, BN_CMD_MARK, NULL);
	ck_assert_uint_eq(bn_grid_mark_count(&g), 0);
	bn_grid_select(&g, 2);
	ck_assert(bn_grid_command(&g, BN_CMD_OPEN, NULL));
	ck_assert_int_eq(bn_grid_count(&g), 14);
	/* Header lines are not exported. */
	bn_buf out = BN_BUF_INIT;
	bn_grid_write(&g, BN_EXPORT_TSV, &out);
	int lines = 0;
	for (const char *at = out.ptr; *at; at++)
		lines += *at == '\n';
	ck_assert_int_eq(lines, 12);
	bn_buf_release(&out);
	bn_grid_group_by(&g, -1);
	ck_assert_int_eq(bn_grid_count(&g), 11);
	bn_grid_release(&g);
}
END_TEST

/* Group 1 has the smallest value, group 0 the smallest mean; group 2 has no value. */
static void ordered_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	static const double values[] = {4, 1, NAN, 5, 90, NAN};
	(void)ctx;
	if (col == 0)
		snprintf(out->buf, sizeof out->buf, "%lld", (long long)row % 3), out->text = out->buf;
	else if (row < 6)
		out->number = values[row];
}

START_TEST(test_grid_sorts_groups_by_what_they_show)
{
	static const bn_grid_column two[] = {
		{.title = "name"}, {.title = "value", .form = BN_COLUMN_NUMBER}};
	numbers n = {6, 0, 0};
	bn_grid g;
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = ordered_cell, .key = key};
	ck_assert_int_eq(bn_grid_init(&g, &s, two, 2, NULL), 0);
	bn_grid_group_by(&g, 0);
	bn_grid_sort(&g, 1, false);
	ck_assert_int_eq(bn_grid_row(&g, 1), 0);
	ck_assert_int_eq(bn_grid_row(&g, 4), 1);
	ck_assert_int_eq(bn_grid_row(&g, 5), 4);
	ck_assert_int_eq(bn_grid_row(&g, 7), 2);
	bn_grid_sort(&g, 1, true);
	ck_assert_int_eq(bn_grid_row(&g, 1), 4);
	ck_assert_int_eq(bn_grid_row(&g, 7), 2); /* without a value: last */
	bn_grid_release(&g);
}
END_TEST

/* Live rows come first in the order of the source only. */
START_TEST(test_grid_sort_is_obeyed_by_live_rows)
{
	numbers n = {11, 0, 0};
	bn_grid g;
	bn_grid_source s = {
		.ctx = &n, .rows = rows, .cell = group_cell, .key = key, .rank = live_first};
	ck_assert_int_eq(bn_grid_init(&g, &s, group_columns, 3, NULL), 0);
	bn_grid_sort(&g, 2, true);
	ck_assert_int_eq(bn_grid_row(&g, 0), 10);
	ck_assert_int_eq(bn_grid_row(&g, 10), 0);
	bn_grid_sort(&g, -1, false);
	ck_assert_int_eq(bn_grid_row(&g, 0), 0);
	bn_grid_release(&g);
}
END_TEST

static void measured_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
	(void)ctx;
	if (col == 0)
		out->text = "a";
	else if (row < 8)
		out->number = values[row];
}

/* 2 4 4 4 5 5 7 9: mean 5, deviation sqrt(32 / 7); absent values are ignored. */
START_TEST(test_grid_deviation_is_that_of_a_sample)
{
	static const bn_grid_column two[] = {
		{.title = "name"}, {.title = "value", .form = BN_COLUMN_NUMBER}};
	numbers n = {9, 0, 0};
	bn_grid g;
	bn_grid_cell c;
	bn_grid_source s = {.ctx = &n, .rows = rows, .cell = measured_cell, .key = key};
	ck_assert_int_eq(bn_grid_init(&g, &s, two, 2, NULL), 0);
	bn_grid_group_by(&g, 0);
	ck_assert_int_eq(bn_grid_count(&g), 10);
	bn_grid_get_cell(&g, bn_grid_row(&g, 0), 1, &c);
	ck_assert_str_eq(c.text, "5 +- 2.1, 8 of 9");
	bn_grid_release(&g);
}
END_TEST

BN_TEST_MAIN("tui/ui/grid", test_grid_names_stay_distinct_and_counts_whole,
	test_grid_sorts_groups_by_what_they_show, test_grid_sort_is_obeyed_by_live_rows,
	test_grid_groups_rows_under_their_mean_and_deviation,
	test_grid_deviation_is_that_of_a_sample, test_grid_asks_only_for_what_it_draws,
	test_grid_filters_while_typing_and_sorts_a_hundred_thousand_rows,
	test_grid_selection_and_marks_follow_their_rows,
	test_grid_leaves_out_unimportant_columns_then_scrolls_to_them,
	test_grid_cuts_names_where_they_are_alike,
	test_grid_keeps_names_before_columns_that_are_nearly_empty, test_grid_draws_at_any_size,
	test_grid_writes_rows_as_they_are_chosen_and_sorted,
	test_grid_sorts_by_several_columns_the_last_first,
	test_grid_columns_are_chosen_widened_and_kept_by_name,
	test_grid_writes_values_in_full_and_times_as_iso,
	test_grid_values_are_seen_beside_very_long_names)
