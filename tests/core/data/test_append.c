/* Appending: existing parts are reused, small tails merged, mismatched columns refused, and statistics of parts
 * known. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/add.h"
#include "core/data/append.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/store/claim.h"
#include "core/store/object/gc.h"
#include "core/table/expr/eval.h"
#include "core/table/scan.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};
static const bn_append_limits apart = {.tail_bytes = 1}; /* existing parts are not rewritten */

static bn_err err = BN_ERR_INIT;
static char dir[64];
static bn_workspace *ws;

static void make(void)
{
	strcpy(dir, "/tmp/bn-append-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), classes, dir, &err), &err);
}

static void finish(void)
{
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* Rows from .. to-1: an int, a float, a state (a new value every 1000 rows) with gaps, a time. */
static const char *csv(const char *header, int64_t from, int64_t to)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/rows-%d.csv", dir, (int)from);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%s\n", header);
	for (int64_t i = from; i < to; i++)
		for (const char *c = header; c; c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL) {
			int day = (int)(i / 1000) + 1;
			if (*c == 'i')
				fprintf(f, "%lld", (long long)i);
			else if (*c == 'x' && i % 11)
				fprintf(f, "%.3f", (double)(i % 500) / 8);
			else if (*c == 's' && i % 7)
				fprintf(f, "state-%d", day);
			else if (*c == 't')
				fprintf(f, "2026-01-%02dT00:00:%02dZ", day, (int)(i % 60));
			else if (*c == 'e')
				fputs("extra", f);
			fputc(strchr(c, ',') ? ',' : '\n', f);
		}
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static bn_dataset_version *add(const char *name, int64_t from, int64_t to)
{
	bn_dataset_version *v = NULL;
	ck_assert_bn_ok(bn_dataset_add(&v, NULL, ws, name, BN_DATASET_AS_BEFORE, NULL,
				csv("i,x,state,t", from, to), NULL, NULL, &err),
		&err);
	return v;
}

static bn_dataset_version *append(const char *name, const char *path,
	const bn_append_limits *limits, const bn_source_options *o, bool *added)
{
	bn_dataset_version *v = NULL;
	ck_assert_bn_ok(
		bn_dataset_append(&v, added, ws, name, NULL, path, o, limits, NULL, &err), &err);
	return v;
}

/* All rows of a version as text, in order; yours. */
static char *text_of(const bn_dataset_version *v)
{
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_buf out = BN_BUF_INIT;
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	ck_assert_int_eq((int64_t)bn_table_rows(t), v->rows);
	for (size_t k = 0; k < bn_table_batches(t); k++) {
		ck_assert_bn_ok(bn_table_read(t, k, NULL, 0, &b, &err), &err);
		for (size_t r = 0; r < b.rows; r++)
			for (size_t c = 0; c < b.column_count; c++) {
				if (!bn_column_format(&b.columns[c], r, &out))
					bn_buf_addch(&out, '-');
				bn_buf_addch(&out, c + 1 < b.column_count ? ',' : '\n');
			}
	}
	bn_batch_release(&b);
	bn_table_reader_free(t);
	char *text = bn_strndup(out.ptr, out.len);
	bn_buf_release(&out);
	return text;
}

static void manifest_of(bn_manifest *m, const bn_dataset_version *v)
{
	ck_assert_bn_ok(bn_dataset_parts(m, ws, v->hash, &err), &err);
}

START_TEST(test_append_repeats_the_parts_that_are_there)
{
	bool added = false;
	bn_manifest one, three;
	make();
	bn_dataset_version *all = add("all", 0, 6000), *v1 = add("rows", 0, 3000);
	char *want = text_of(all);
	bn_dataset_version *v2 =
		append("rows", csv("i,x,state,t", 3000, 4500), &apart, NULL, &added);
	ck_assert(added);
	/* Columns in another order, and an unknown one. */
	bn_dataset_version *v3 =
		append("rows", csv("extra,t,state,i,x", 4500, 6000), &apart, NULL, &added);
	ck_assert_int_eq(v3->version, 3);
	ck_assert_int_eq(v3->parts, 3);
	ck_assert_str_eq(v3->part, "");
	ck_assert_int_eq(v3->parent_count, 1);
	ck_assert_str_eq(v3->parents[0].hash, v2->hash);
	ck_assert_ptr_nonnull(strstr(v3->recipe, "\"do\":\"append\""));
	char *got = text_of(v3);
	ck_assert_str_eq(got, want);
	manifest_of(&one, v1);
	manifest_of(&three, v3);
	ck_assert_str_eq(one.parts[0].hash, three.parts[0].hash);
	ck_assert(json_equal(one.parts[0].stats, three.parts[0].stats));
	ck_assert_uint_eq(three.parts[1].rows, 1500);
	const json_t *stats = json_array_get(three.parts[2].stats, 0);
	ck_assert_str_eq(json_string_value(json_array_get(stats, 0)), "4500");
	ck_assert_str_eq(json_string_value(json_array_get(stats, 1)), "5999");
	bn_profile *p = NULL;
	ck_assert_bn_ok(bn_dataset_load_profile(&p, ws, v3, &err), &err);
	ck_assert_uint_eq(p->rows, 6000);
	bn_profile_free(p);
	bn_manifest_release(&one);
	bn_manifest_release(&three);
	bn_free(got);
	bn_free(want);
	bn_dataset_version_free(all);
	bn_dataset_version_free(v1);
	bn_dataset_version_free(v2);
	bn_dataset_version_free(v3);
	finish();
}
END_TEST

START_TEST(test_append_merges_small_tails)
{
	bool added = false;
	make();
	bn_dataset_version *all = add("all", 0, 1000), *v = add("rows", 0, 200);
	for (int k = 1; k < 5; k++) {
		bn_dataset_version_free(v);
		v = append("rows", csv("i,x,state,t", 200 * k, 200 * k + 200), NULL, NULL, &added);
		ck_assert_int_eq(v->parts, 1);
	}
	char *got = text_of(v), *want = text_of(all);
	ck_assert_str_eq(got, want);
	ck_assert_str_eq(v->content, all->content); /* same bytes as one file of all rows */
	bn_free(got);
	bn_free(want);
	bn_dataset_version_free(all);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

START_TEST(test_append_cuts_parts_by_the_rows_alone)
{
	static const int threads[] = {1, 2, 7};
	const bn_append_limits limits = {.part_bytes = 300000, .tail_bytes = 1};
	char content[65] = "";
	bool added = false;
	make();
	for (size_t k = 0; k < 3; k++) {
		char name[16];
		bn_source_options o = BN_SOURCE_OPTIONS_INIT;
		snprintf(name, sizeof name, "rows%zu", k);
		bn_dataset_version_free(add(name, 0, 1000));
		bn_dataset_version *v = NULL;
		o.threads = threads[k];
		v = append(name, csv("i,x,state,t", 1000, 30000), &limits, &o, &added);
		ck_assert_int_ge(v->parts, 2);
		ck_assert_int_eq(v->rows, 30000);
		if (k)
			ck_assert_str_eq(v->content, content);
		memcpy(content, v->content, sizeof content);
		bn_dataset_version_free(v);
	}
	finish();
}
END_TEST

START_TEST(test_append_refuses_what_does_not_fit_and_adds_nothing_for_no_rows)
{
	bool added = true;
	bn_dataset_version *v = NULL, *same = NULL;
	bn_err e = BN_ERR_INIT;
	make();
	v = add("rows", 0, 50);
	same = append("rows", csv("i,x,state,t", 50, 50), NULL, NULL, &added);
	ck_assert(!added);
	ck_assert_str_eq(same->hash, v->hash);
	bn_dataset_version_free(same);
	ck_assert_int_eq(bn_dataset_append(&same, &added, ws, "rows", NULL,
				 csv("i,state,t", 50, 60), NULL, NULL, NULL, &e),
		BN_EINVAL);
	ck_assert_msg(strstr(e.msg, "x") && strstr(e.msg, "rows@v1"), "%s", e.msg);
	bn_err_clear(&e);
	const char *path =
		csv("x,i,state,t", 50, 60); /* the header does not match the values */
	FILE *f = fopen(path, "r+");
	fputs("i,x,state,t", f);
	fclose(f);
	ck_assert_int_eq(
		bn_dataset_append(&same, &added, ws, "rows", NULL, path, NULL, NULL, NULL, &e),
		BN_EINVAL);
	ck_assert_msg(strstr(e.msg, ":2:"), "%s", e.msg);
	bn_err_clear(&e);
	ck_assert_int_eq(
		bn_dataset_append(&same, &added, ws, "rosw", NULL, path, NULL, NULL, NULL, &e),
		BN_ENOTFOUND);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

/* Another process has claimed the next version number and not written its record yet. */
static bool take_the_next(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	bool *taken = ctx;
	(void)done;
	(void)total;
	(void)rows;
	if (!*taken)
		ck_assert_bn_ok(bn_claim_take(ws, "dataset/rows/2", "", &err), &err);
	*taken = true;
	return true;
}

/* If two versions were made from the same predecessor, the rows appended in between would be in neither. */
START_TEST(test_append_of_two_at_once_loses_no_rows)
{
	bool taken = false, added = false;
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_dataset_version *v = NULL;
	bn_err e = BN_ERR_INIT;
	make();
	bn_dataset_version_free(add("rows", 0, 50));
	o.progress = take_the_next;
	o.progress_ctx = &taken;
	ck_assert_int_eq(bn_dataset_append(&v, &added, ws, "rows", NULL, csv("i,x,state,t", 50, 60),
				 &o, NULL, NULL, &e),
		BN_ECONFLICT);
	ck_assert(taken && !added);
	ck_assert_msg(strstr(e.msg, "rows@v2 was added meanwhile by "), "%s", e.msg);
	v = append("rows", csv("i,x,state,t", 50, 60), NULL, NULL, &added);
	ck_assert_int_eq(
		v->version, 3); /* a claimed number is skipped: its claimant may be dead */
	ck_assert_int_eq(v->rows, 60);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

START_TEST(test_append_survives_gc_of_the_versions_before)
{
	bool added = false;
	bn_gc_report report;
	bn_gc_options now = {.retention_ms = -60000, .tmp_ms = BN_GC_TMP_MS};
	bn_audit_report *audit = NULL;
	make();
	bn_dataset_version_free(add("rows", 0, 500));
	bn_dataset_version_free(append("rows", csv("i,x,state,t", 500, 900), &apart, NULL, &added));
	bn_dataset_version *v = append("rows", csv("i,x,state,t", 900, 1000), &apart, NULL, &added);
	char *before = text_of(v);
	ck_assert_bn_ok(bn_dataset_remove(ws, "rows", 1, &err), &err);
	ck_assert_bn_ok(bn_dataset_remove(ws, "rows", 2, &err), &err);
	ck_assert_bn_ok(bn_gc_run(&report, ws, &now, &err), &err);
	char *after = text_of(v);
	ck_assert_str_eq(before, after);
	ck_assert_bn_ok(bn_audit_verify(&audit, ws, NULL, &err), &err);
	ck_assert_msg(audit->faults == 0, "%s", audit->first_fault);
	bn_audit_report_free(audit);
	bn_free(before);
	bn_free(after);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

/* A version of the first format: identified by its Arrow file, without a manifest that records sizes. */
START_TEST(test_append_to_a_version_of_the_first_format)
{
	bool added = false;
	bn_manifest m;
	make();
	bn_dataset_version *all = add("all", 0, 800), *like = add("like", 0, 500), *old = NULL;
	json_t *payload = json_pack("{s:i, s:s, s:I, s:I, s:I, s:s, s:s, s:{s:s}, s:[], s:n}",
		"version", 1, "hash", like->part, "size", (json_int_t)like->size_bytes, "rows",
		(json_int_t)500, "columns", (json_int_t)4, "schema_hash", like->schema_hash,
		"profile", like->profile_hash, "source", "kind", "csv", "parents", "recipe");
	int64_t number = 0;
	ck_assert_bn_ok(bn_claim_next(ws, "dataset/old", like->part, &number, &err), &err);
	ck_assert_bn_ok(
		bn_workspace_append_version(ws, 1, "dataset.version", "dataset/old", payload, &err),
		&err);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_dataset_resolve(&old, ws, "old@v1", BN_DATASET_LIVE, &err), &err);
	ck_assert_str_eq(old->hash, like->part);
	bn_dataset_version *v = append("old", csv("i,x,state,t", 500, 800), &apart, NULL, &added);
	ck_assert_int_eq(v->version, 2);
	ck_assert_int_eq(v->rows, 800);
	ck_assert_int_ge((int64_t)v->size_bytes, (int64_t)old->size_bytes);
	manifest_of(&m, v);
	ck_assert_uint_eq(m.count, 2);
	ck_assert_str_eq(m.parts[0].hash, old->hash);
	ck_assert_uint_eq(m.parts[0].rows, 500);
	bn_manifest_release(&m);
	char *got = text_of(v), *want = text_of(all);
	ck_assert_str_eq(got, want);
	bn_free(got);
	bn_free(want);
	bn_dataset_version_free(all);
	bn_dataset_version_free(like);
	bn_dataset_version_free(old);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

/* The statistics of a part equal those in its profile, for every type. */
static void check_statistics(const bn_dataset_version *v)
{
	bn_manifest m;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	manifest_of(&m, v);
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	const bn_schema *schema = bn_table_schema(t);
	bn_part_stats *s = bn_part_stats_new(schema->count, (uint64_t)v->rows);
	for (size_t k = 0; k < bn_table_batches(t); k++) {
		ck_assert_bn_ok(bn_table_read(t, k, NULL, 0, &b, &err), &err);
		for (size_t c = 0; c < schema->count; c++)
			ck_assert_bn_ok(bn_part_stats_add(s, c, &b.columns[c], &err), &err);
	}
	json_t *mine = bn_dataset_part_stats(s, schema);
	for (size_t c = 0; c < schema->count; c++) {
		const json_t *x = json_array_get(mine, c), *y = json_array_get(m.parts[0].stats, c);
		char *p = json_dumps(x, JSON_COMPACT), *q = json_dumps(y, JSON_COMPACT);
		ck_assert_msg(
			json_equal(x, y), "%s: %s, the profile: %s", schema->fields[c].name, p, q);
		free(p);
		free(q);
	}
	json_decref(mine);
	bn_part_stats_free(s);
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_manifest_release(&m);
}

START_TEST(test_append_statistics_of_parts_are_those_of_the_profile)
{
	bn_generate_options o = {.rows = 3000, .seed = 5};
	bn_dataset_version *v = NULL;
	make();
	ck_assert_bn_ok(
		bn_dataset_generate(&v, NULL, ws, "jobs", BN_DATASET_AS_BEFORE, &o, &err), &err);
	check_statistics(v);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

START_TEST(test_append_statistics_of_every_type_are_those_of_the_profile)
{
	static const char *const types[] = {"float64", "float32", "int64", "int32", "int16", "int8",
		"uint64", "uint32", "uint16", "uint8", "decimal(9,3)", "bool", "timestamp", "date",
		"time", "duration", "category", "string", "binary"};
	enum { TYPES = sizeof types / sizeof *types };
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_dataset_version *v = NULL;
	make();
	for (size_t i = 0; i < TYPES; i++) {
		bn_field f = {.nullable = true};
		ck_assert_bn_ok(bn_field_parse_type(&f, types[i], &err), &err);
		ck_assert_bn_ok(bn_schema_add_field(&schema, &f, types[i], &err), &err);
		bn_field_release(&f);
	}
	char *path = bn_workspace_path(ws, "tmp/types.arrow");
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &schema, &err), &err);
	for (int64_t r = 0; r < 100; r++) {
		for (size_t i = 0; i < TYPES; i++) {
			bn_type type = schema.fields[i].type;
			char text[80];
			int n = snprintf(text, sizeof text,
				"%d and a text that is longer than bounds are %d",
				(int)(r * 37 % 100), (int)r);
			if ((r + (int64_t)i) % 9 == 0)
				continue;
			if (bn_type_is_text(type))
				bn_table_row_text(w, i, text, (size_t)n);
			else if (type == BN_TYPE_BOOL)
				bn_table_row_bool(w, i, r % 2);
			else if (bn_type_is_scalar(type))
				bn_table_row_i64(w, i, r * 37 % 100 + 3);
		}
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_dataset_draft d = {
		.name = "types", .table_path = path, .take = true, .source_kind = "arrow"};
	ck_assert_bn_ok(bn_dataset_publish(&v, NULL, ws, &d, &err), &err);
	check_statistics(v);
	bn_dataset_version_free(v);
	bn_schema_release(&schema);
	bn_free(path);
	finish();
}
END_TEST

/* Scans use the statistics of parts to skip them. */
START_TEST(test_append_scans_pass_over_parts)
{
	bool added = false;
	bn_table_reader *t = NULL, *some = NULL;
	bn_expr *where = NULL;
	make();
	bn_dataset_version_free(add("rows", 0, 2000));
	bn_dataset_version *v =
		append("rows", csv("i,x,state,t", 2000, 5000), &apart, NULL, &added);
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	for (size_t b = 0; b < bn_table_batches(t); b++) {
		const bn_part_stats *s = bn_table_batch_stats(t, b);
		ck_assert_ptr_nonnull(s);
		ck_assert_int_eq(s->columns[0].min.i, bn_table_batch_start(t, b) < 2000 ? 0 : 2000);
		ck_assert_mem_eq(s->columns[2].min.s.ptr, "state-", 6);
	}
	ck_assert_bn_ok(bn_expr_of_rows(&where, "t >= 2026-01-04 AND i < 4000", "x",
				bn_table_schema(t), BN_EXPR_BOOL, &err),
		&err);
	ck_assert_bn_ok(bn_table_scan(&some, t, &(bn_scan){.where = where}, &err), &err);
	ck_assert_uint_eq(bn_table_rows(some), 1000);
	ck_assert_uint_eq(bn_table_origin(some, 0), 3000);
	bn_table_reader_free(some);
	bn_expr_free(where);
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

BN_TEST_MAIN("core/data/append", test_append_repeats_the_parts_that_are_there,
	test_append_merges_small_tails, test_append_cuts_parts_by_the_rows_alone,
	test_append_refuses_what_does_not_fit_and_adds_nothing_for_no_rows,
	test_append_of_two_at_once_loses_no_rows, test_append_survives_gc_of_the_versions_before,
	test_append_to_a_version_of_the_first_format,
	test_append_statistics_of_parts_are_those_of_the_profile,
	test_append_statistics_of_every_type_are_those_of_the_profile,
	test_append_scans_pass_over_parts)
