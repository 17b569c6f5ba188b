/* Numbers equal the rows that they open: for random tables (60; 200 in make check-all) with columns of every type,
 * awkward names and values, and random filters, the counts in frequencies, bins, missing values, correlations and checks
 * equal the number of rows that Enter opens, in the order of the source. */
#include "core/base/fs.h"
#include "core/check/expect.h"
#include "core/data/add.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tests/support/random_arrow.h"
#include "tui/views/rows/filter.h"
#include "tui/views/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLES = 60 }; /* unless BINNACLE_TABLES says how many */

static char dir[64];
static void *reader;
static const bn_page_source *source;
static int64_t compared; /* numbers compared */
static uint64_t state;

/* A number from 0 to n - 1, by a linear congruential generator (Knuth, MMIX). */
static size_t below(size_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)((state >> 33) % n);
}

static bn_page *page_of(bn_page_fn fn, const void *arg, const char *what)
{
	bn_page *p = bn_page_new(1, 0);
	bn_err err = BN_ERR_INIT;
	int rc = fn(reader, arg, p, NULL, &err);
	ck_assert_msg(rc == 0, "%s: %s", what, err.msg);
	return p;
}

static int64_t rows_opened(const bn_rows_of *of, const char *what)
{
	bn_order_arg arg;
	memset(&arg, 0, sizeof arg);
	arg.of = *of;
	char words[sizeof of->filter + sizeof of->title + 300];
	snprintf(words, sizeof words, "%s: %s [%s]", what, of->filter, of->title);
	bn_page *p = page_of(source->order, &arg, words);
	int64_t n = ((const bn_order *)p->data)->count;
	bn_page_free(p);
	compared++;
	return n;
}

static void compare_frequency(const bn_rows_of *of, const bn_order *o, size_t number, int64_t all)
{
	bn_frequency_arg arg;
	const char *column = o->names[number];
	memset(&arg, 0, sizeof arg);
	arg.of = *of;
	arg.column = (int)number;
	bn_page *p = page_of(source->frequency, &arg, column);
	const bn_frequency *f = p->data;
	int64_t sum = f->others;
	ck_assert_int_eq(f->total, all);
	for (size_t i = 0; i < f->count; i++) {
		bn_rows_of rows = *of;
		ck_assert_msg(bn_frequency_rows_of(&rows, f, (int64_t)i), "%s: %s cannot be opened",
			column, f->values[i] ? f->values[i] : "absent");
		int64_t n = rows_opened(&rows, column);
		ck_assert_msg(n == f->counts[i], "%s, %s '%s': %lld on the screen, %lld rows by %s",
			of->ref, column, f->values[i] ? f->values[i] : "(absent)",
			(long long)f->counts[i], (long long)n, rows.filter);
		sum += f->counts[i];
	}
	ck_assert_int_eq(sum, all);
	bn_page_free(p);
}

static void compare_totals(const bn_rows_of *of, const bn_order *o)
{
	bn_page *p = page_of(source->totals, of, "totals");
	const bn_totals *t = p->data;
	ck_assert_int_eq(t->rows, o->count);
	ck_assert_uint_eq(t->columns, o->columns);
	for (size_t c = below(2); c < t->columns; c += 2) { /* missing ones */
		bn_rows_of rows = *of;
		bn_rows_column column = {(int)c, o->types[c], o->names[c]};
		ck_assert(bn_rows_of_state(&rows, BN_ROWS_ABSENT, &column));
		ck_assert_msg(rows_opened(&rows, o->names[c]) == t->some[c].missing,
			"%s, %s: %lld are missing on the screen, not so many by %s", of->ref,
			o->names[c], (long long)t->some[c].missing, rows.filter);
	}
	bn_page_free(p);
}

static void compare_correlations(const bn_rows_of *of)
{
	bn_page *p = page_of(source->correlations, of, "correlations");
	const bn_correlations *c = p->data;
	for (size_t i = 0; i < c->count; i++) {
		const bn_correlation *pair = &c->items[i];
		bn_rows_of rows = *of;
		ck_assert(isnan(pair->r) || fabs(pair->r) <= 1);
		if (below(12)) /* any pair will do */
			continue;
		ck_assert_msg(bn_correlation_rows_of(&rows, pair), "%s with %s cannot be opened",
			pair->a.name, pair->b.name);
		int64_t n = rows_opened(&rows, pair->a.name);
		ck_assert_msg(n == pair->rows,
			"%s, %s with %s: %lld on the screen, %lld rows by %s", of->ref,
			pair->a.name, pair->b.name, (long long)pair->rows, (long long)n,
			rows.filter);
	}
	bn_page_free(p);
}

/* Words found in some row, an expression on a column, both, or nothing. */
static void filter_random(const bn_order *o, char *out, size_t size)
{
	const char *name = o->names[below(o->columns)];
	char quoted[300];
	size_t at = 0;
	for (const char *s = name; *s; s++) {
		quoted[at++] = *s;
		if (*s == '`')
			quoted[at++] = *s;
	}
	quoted[at] = '\0';
	switch (below(5)) {
	case 0:
		snprintf(out, size, "`%s` IS NOT NULL", quoted);
		return;
	case 1:
		snprintf(out, size, "%c", "15ae"[below(4)]);
		return;
	case 2:
		snprintf(out, size, "%c; `%s` IS NOT NULL", "15ae"[below(4)], quoted);
		return;
	case 3:
		snprintf(out, size, "NOT (`%s` IS NULL AND 1 = 1)", quoted);
		return;
	default:
		out[0] = '\0';
	}
}

static bool can_be_asked(const bn_rows_of *of)
{
	bn_order_arg arg;
	bn_err err = BN_ERR_INIT;
	bn_page *p = bn_page_new(1, 0);
	memset(&arg, 0, sizeof arg);
	arg.of = *of;
	int rc = source->order(reader, &arg, p, NULL, &err);
	bn_page_free(p);
	return rc == 0; /* expressions cannot use lists and binary values */
}

static void add(bn_workspace *ws, const char *name, const char *path)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	o.retype = true;
	bn_ingest_report report = {0};
	bn_dataset_version *v = NULL;
	bool added;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_dataset_add(&v, &added, ws, name, BN_DATASET_AS_BEFORE, NULL, path, &o,
				&report, &err),
		&err);
	bn_ingest_report_release(&report);
	bn_dataset_version_free(v);
}

static json_t *suite_of(const bn_order *o)
{
	json_t *list = json_array();
	for (size_t c = 0; c < o->columns; c++) {
		json_array_append_new(list,
			json_pack("{s:s, s:{s:s}}", "type", "expect_column_values_to_not_be_null",
				"kwargs", "column", o->names[c]));
		json_array_append_new(list, json_pack("{s:s, s:{s:s, s:f}}", "type",
						    "expect_column_values_to_be_unique", "kwargs",
						    "column", o->names[c], "mostly", 0.5));
		if (bn_type_is_number(o->types[c]))
			json_array_append_new(list,
				json_pack("{s:s, s:{s:s, s:i, s:i}}", "type",
					"expect_column_values_to_be_between", "kwargs", "column",
					o->names[c], "min_value", -3, "max_value", 100));
	}
	return json_pack("{s:s, s:o}", "name", "random", "expectations", list);
}

static void compare_checks(const bn_rows_of *all, const bn_order *o)
{
	char path[128];
	bn_recheck_arg recheck;
	bn_ref_arg ref = {""};
	json_t *suite = suite_of(o);
	snprintf(path, sizeof path, "%s/suite.json", dir);
	ck_assert_int_eq(json_dump_file(suite, path, 0), 0);
	json_decref(suite);
	memset(&recheck, 0, sizeof recheck);
	snprintf(recheck.ref, sizeof recheck.ref, "%s", all->ref);
	snprintf(recheck.suite, sizeof recheck.suite, "%s", path);
	bn_page_free(page_of(source->check, &recheck, "check"));
	snprintf(ref.ref, sizeof ref.ref, "%s", all->ref);
	bn_page *p = page_of(source->checks, &ref, "checks");
	const bn_checks *d = p->data;
	for (size_t i = 0; i < d->count; i++) {
		bn_rows_of of = *all;
		bn_rows_base base = {.kind = BN_ROWS_FAILING, .at = (int)i};
		if (d->items[i].failing < 0)
			continue;
		snprintf(base.hash, sizeof base.hash, "%s", d->result);
		ck_assert(bn_rows_of_add(&of, &base, "fails"));
		int64_t n = rows_opened(&of, d->items[i].expectation);
		ck_assert_msg(n == d->items[i].failing, "%s %s: %lld fail, %lld rows",
			d->items[i].expectation, d->items[i].column, (long long)d->items[i].failing,
			(long long)n);
		if (n && below(8) == 0) /* frequencies within the failing rows */
			compare_frequency(&of, o, below(o->columns), n);
	}
	bn_page_free(p);
}

static void compare_profile(const bn_rows_of *of, int64_t all)
{
	bn_profile_arg arg = {*of};
	bn_page *p = page_of(source->make_profile, &arg, "profile");
	const bn_profile *d = p->data;
	ck_assert_int_eq((int64_t)d->rows, all);
	for (size_t c = 0; c < d->column_count; c++) {
		bn_rows_of rows = *of;
		ck_assert(bn_profile_absent_rows(&rows, d, &d->columns[c]));
		ck_assert_int_eq(
			rows_opened(&rows, d->columns[c].name), (int64_t)d->columns[c].missing);
	}
	bn_page_free(p);
}

static void one_table(uint64_t seed)
{
	char path[128], name[32], filter[BN_FILTER_BYTES];
	bn_workspace *ws = NULL;
	bn_err err = BN_ERR_INIT;
	state = seed;
	snprintf(path, sizeof path, "%s/t.arrow", dir);
	snprintf(name, sizeof name, "t%d", (int)seed);
	random_arrow_write(path, seed, 1 + below(RANDOM_ARROW_ROWS));
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err), &err);
	add(ws, name, path);
	bn_workspace_close(ws);
	strcat(name, "@v1");
	bn_rows_of all = bn_rows_of_version(name, "");
	bn_order_arg arg;
	memset(&arg, 0, sizeof arg);
	arg.of = all;
	bn_page *plain = page_of(source->order, &arg, name);
	const bn_order *o = plain->data;
	filter_random(o, filter, sizeof filter);
	bn_rows_of of = bn_rows_of_version(name, filter);
	if (!can_be_asked(&of))
		of = all;
	arg.of = of;
	bn_page *narrowed = page_of(source->order, &arg, filter);
	const bn_order *some = narrowed->data;
	for (size_t c = below(4); c < o->columns; c += 4)
		compare_frequency(&of, o, c, some->count);
	if (seed % 5 == 0) { /* derived columns are counted like others */
		bn_rows_of derived = of;
		snprintf(derived.derived, sizeof derived.derived,
			"three = 1 + 2; `a b` = three * 2");
		arg.of = derived;
		bn_page *with = page_of(source->order, &arg, name);
		const bn_order *more = with->data;
		compare_frequency(&derived, more, more->columns - 1, some->count);
		bn_page_free(with);
	}
	compare_totals(&of, some);
	compare_correlations(&of);
	if (seed % 4 == 0) {
		compare_profile(&of, some->count);
		compare_checks(&all, o);
	}
	bn_page_free(narrowed);
	bn_page_free(plain);
}

static void workspace_begin(void)
{
	bn_err err = BN_ERR_INIT;
	strcpy(dir, "/tmp/bn-behind-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_source_open(&reader, bn_env_real(), dir, &err), &err);
	source = bn_source_workspace();
}

static void csv_add(const char *name, const char *text)
{
	char path[128];
	bn_workspace *ws = NULL;
	bn_err err = BN_ERR_INIT;
	snprintf(path, sizeof path, "%s/t.csv", dir);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0644, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err), &err);
	add(ws, name, path);
	bn_workspace_close(ws);
}

START_TEST(test_rows_that_differ_between_two_versions_are_those_that_are_counted)
{
	bn_changes_arg arg;
	bn_order_arg order;
	workspace_begin();
	csv_add("t", "a,b,c\n1,x,1.5\n2,y,\n3,z,2.5\n4,x,0\n");
	csv_add("t", "a,b,d\n1,x,1\n2,Y,2\n,z,3\n5,w,4\n");
	memset(&arg, 0, sizeof arg);
	strcpy(arg.a, "t@v1");
	strcpy(arg.b, "t@v2");
	bn_page *p = page_of(source->changes, &arg, "changes");
	const bn_changes_page *d = p->data;
	ck_assert(d->changes.by_value && !d->same_schema);
	memset(&order, 0, sizeof order);
	order.of = bn_rows_of_version("t@v2", "");
	bn_page *all = page_of(source->order, &order, "t@v2");
	ck_assert_uint_eq(d->changes.count, 4); /* a and b differ, c was removed, d added */
	for (size_t i = 0; i < d->changes.count; i++) {
		const bn_column_change *c = &d->changes.items[i];
		bn_rows_of of = bn_rows_of_version("t@v2", "");
		bn_rows_base base = {.kind = BN_ROWS_CHANGED};
		ck_assert_int_eq(c->rows, i < 2 ? 2 : -1);
		if (c->rows < 0)
			continue;
		base.at = (int)(c->b - d->columns_of_b);
		strcpy(base.other, "t@v1");
		ck_assert(bn_rows_of_add(&of, &base, "differs"));
		ck_assert_int_eq(rows_opened(&of, c->a->name), c->rows);
		compare_frequency(&of, all->data, 1, c->rows);
	}
	bn_page_free(all);
	bn_page_free(p);
	/* By a key, in another order: one row was added, two were removed, b differs in one. */
	csv_add("t", "a,b,c\n3,z,2.5\n1,X,1.5\n9,w,1\n");
	strcpy(arg.b, "t@v3");
	strcpy(arg.key, "a");
	p = page_of(source->changes, &arg, "changes by key");
	d = p->data;
	ck_assert(d->changes.by_key && d->changes.count == 1 && d->common == 3);
	ck_assert_int_eq(d->changes.items[0].rows, 1);
	bn_rows_of changed = bn_rows_of_version("t@v3", ""), added = changed,
		   removed = bn_rows_of_version("t@v1", "");
	bn_rows_base base = {.kind = BN_ROWS_CHANGED, .at = 1, .other = "t@v1", .key = "a"};
	ck_assert(bn_rows_of_add(&changed, &base, "differs"));
	ck_assert_int_eq(rows_opened(&changed, "b"), 1);
	base.kind = BN_ROWS_UNMATCHED;
	ck_assert(bn_rows_of_add(&added, &base, "added"));
	ck_assert_int_eq(rows_opened(&added, "b"), (int64_t)d->changes.rows_added);
	strcpy(base.other, "t@v3");
	ck_assert(bn_rows_of_add(&removed, &base, "removed"));
	ck_assert_int_eq(rows_opened(&removed, "b"), (int64_t)d->changes.rows_removed);
	ck_assert(d->changes.rows_added == 1 && d->changes.rows_removed == 2);
	bn_page_free(p);
	/* Training again on the first of them: the form says that there is a newer one. */
	bn_warnings_arg form;
	memset(&form, 0, sizeof form);
	strcpy(form.train, "t@v1");
	p = page_of(source->warnings, &form, "warnings");
	ck_assert_str_eq(((const bn_warnings *)p->data)->text, "t@v3 is newer than t@v1");
	bn_page_free(p);
	strcpy(form.train, "t@v3");
	p = page_of(source->warnings, &form, "warnings");
	ck_assert_str_eq(((const bn_warnings *)p->data)->text, "");
	bn_page_free(p);
	bn_source_close(reader);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}
END_TEST

/* Names longer than any buffer of the screens that differ only in their last bytes: the second and third do not fit
 * into a filter once and twice. */
START_TEST(test_columns_with_long_names_are_counted_and_opened)
{
	static const size_t lengths[] = {130, 600, 1200, 5000};
	enum { KINDS = 5, COLUMNS = 4 * KINDS };
	bn_buf text = BN_BUF_INIT;
	workspace_begin();
	for (int c = 0; c < COLUMNS; c++) {
		for (size_t i = 0; i < lengths[c / KINDS]; i++)
			bn_buf_addch(&text, 'x');
		bn_buf_addf(&text, "%c%c", 'a' + c, c + 1 < COLUMNS ? ',' : '\n');
	}
	for (int row = 0; row < 60; row++) { /* few values, bins of three types, text */
		int any = row * 7919 % 97;
		char real[16] = "";
		if (row % 7)
			snprintf(real, sizeof real, "%d.25", any);
		else if (row % 2)
			strcpy(real, "inf");
		for (int c = 0; c < 4; c++)
			bn_buf_addf(&text, "%s%d,%s,%d,2026-01-02T03:%02d:07,%s", c ? "," : "",
				row % 3, real, 1000 * any, row, row % 4 ? "word" : "");
		bn_buf_addch(&text, '\n');
	}
	csv_add("t", text.ptr);
	bn_buf_release(&text);
	bn_rows_of all = bn_rows_of_version("t@v1", "");
	bn_order_arg arg;
	memset(&arg, 0, sizeof arg);
	arg.of = all;
	bn_page *p = page_of(source->order, &arg, "t@v1");
	const bn_order *o = p->data;
	ck_assert_uint_eq(o->columns, COLUMNS);
	for (size_t c = 0; c < o->columns; c++)
		compare_frequency(&all, o, c, o->count);
	compare_totals(&all, o);
	compare_correlations(&all);
	compare_profile(&all, o->count);
	bn_page_free(p);
	bn_source_close(reader);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}
END_TEST

START_TEST(test_every_number_is_that_of_the_rows_that_it_opens)
{
	const char *rounds = getenv("BINNACLE_ROWS_BEHIND"), *many = getenv("BINNACLE_TABLES");
	uint64_t first = rounds ? strtoull(rounds, NULL, 10) : 1;
	int tables = many ? atoi(many) : TABLES;
	workspace_begin();
	for (int i = 0; i < tables; i++)
		one_table(first + (uint64_t)i);
	bn_source_close(reader);
	printf("NOTE: %lld numbers of %d random tables are those of their rows\n",
		(long long)compared, tables);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}
END_TEST

BN_TEST_MAIN("tui/views/rows_behind",
	test_rows_that_differ_between_two_versions_are_those_that_are_counted,
	test_columns_with_long_names_are_counted_and_opened,
	test_every_number_is_that_of_the_rows_that_it_opens)
