/* fake.c - canned datasets. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#include "core/base/mem.h"

#include <sys/mman.h>
#include <unistd.h>

enum { MANY_READ = 200 };

static bn_dataset_version jobs_v3 = {.name = "jobs",
	.version = 3,
	.hash = "9f2b7c31aa",
	.size_bytes = 48234496,
	.rows = 401372,
	.columns = 14,
	.schema_hash = "c0ffee1234",
	.created_ms = NOW - 2 * HOUR,
	.user = "ada",
	.source_kind = "csv",
	.source_path = "telemetry/jobs-2026-02.csv",
	.checked_ms = NOW - HOUR,
	.check_success = true,
	.check_evaluated = 6};
static bn_dataset_version jobs_v2 = {.name = "jobs",
	.version = 2,
	.hash = "17aa04be55",
	.size_bytes = 46137344,
	.rows = 398114,
	.columns = 14,
	.schema_hash = "c0ffee1234",
	.created_ms = NOW - 30 * HOUR,
	.user = "ada",
	.source_kind = "csv",
	.source_path = "telemetry/jobs-2026-01.csv",
	.checked_ms = NOW - 29 * HOUR,
	.check_evaluated = 6,
	.check_failed = 1};
static bn_dataset_parent node_parent = {.name = "jobs", .version = 3};
static bn_dataset_version node_v1 = {.name = "node",
	.version = 1,
	.hash = "5d5d5d5d5d",
	.size_bytes = 81920,
	.rows = 100,
	.columns = 22,
	.schema_hash = "beef000011",
	.created_ms = NOW - 3 * 24 * HOUR,
	.user = "grace",
	.source_kind = "proc",
	.source_path = "proc:"};
static bn_dataset_version split_v1 = {.name = "jobs-train",
	.version = 1,
	.hash = "aa11bb22cc",
	.size_bytes = 33554432,
	.rows = 321098,
	.columns = 14,
	.schema_hash = "c0ffee1234",
	.created_ms = NOW - 100 * MIN,
	.user = "ada",
	.source_kind = "split",
	.parents = &node_parent,
	.parent_count = 1};

int bn_fake_datasets(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_dataset_row rows[] = {{"jobs", 2, &jobs_v3, false},
		{"jobs-train", 1, &split_v1, false}, {"node", 1, &node_v1, false}};
	static bn_protect_mark marks[] = {{BN_CLASS_PERSONAL, 2}, {BN_CLASS_PERSONAL, 0}, {0, 0}};
	static const bn_datasets_page list = {{rows, 3}, marks, NULL}, none = {{NULL, 0}, NULL, NULL};
	bn_fake_take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}

int bn_fake_versions(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_dataset_version *items[] = {&jobs_v3, &jobs_v2};
	static const bn_dataset_versions list = {items, 2};
	bn_fake_take(page, &list, sizeof list);
	return 0;
}

/* A profile of `count` columns; after the first ones their memory is inaccessible once lock() was called. */
static bn_profile *many_columns(bn_page *page, size_t count)
{
	bn_profile *p = bn_arena_alloc(&page->arena, sizeof *p);
	size_t bytes = count * sizeof(bn_profile_column);
	bn_profile_column *columns =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(p, 0, sizeof *p);
	for (size_t i = 0; columns != MAP_FAILED && i < count; i++)
		columns[i] = (bn_profile_column){.name = (char *)(i ? "rest" : "first"),
			.rows = 1000000,
			.missing = i ? i % 7 + (i < MANY_READ ? 1000 - i : 0) : 2000,
			.constant = i > MANY_READ && i % 2};
	p->columns = columns;
	p->column_count = count;
	return p;
}

static void lock(bn_profile *p)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE),
	       from = (MANY_READ * sizeof *p->columns + page - 1) / page * page;
	mprotect((char *)p->columns + from, p->column_count * sizeof *p->columns - from, PROT_NONE);
}

int bn_fake_version(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_ref_arg *a = arg;
	static bn_dataset_version *made[] = {&split_v1};
	static bn_dataset_versions children = {made, 1};
	static const bn_check_row rows[] = {
		{"values between", "power", "0 to 1000", "max 1090", 3, BN_STATE_FAIL, NULL, NULL}};
	static const bn_checks failed = {"telemetry.json", NOW - HOUR, "5ee1", rows, 1};
	static char *masked[] = {(char *)"user_id", (char *)"group_id"};
	bn_data_answer d = {.version = &jobs_v3,
		.before = &jobs_v2,
		.children = &children,
		.protection = {.level = BN_CLASS_PERSONAL,
			.owner = (char *)"HPC operations",
			.keep_days = 180,
			.personal = masked,
			.personal_count = 2},
		.proposed = "account"};
	if (strncmp(a->ref, "jobs-train", 10) == 0)
		d = (bn_data_answer){.version = &split_v1};
	else if (strncmp(a->ref, "node", 4) == 0)
		d = (bn_data_answer){.version = &node_v1};
	else if (strcmp(a->ref, "jobs@v2") == 0)
		d = (bn_data_answer){.version = &jobs_v2, .checks = &failed};
	if (bn_fake_profile(context, arg, page, job, err) == 0)
		d.profile = page->data;
	if (fake->many_columns)
		d.profile = many_columns(page, fake->many_columns);
	if (bn_data_answer_rank(&d, &page->arena, err))
		return -1;
	if (fake->many_columns)
		lock(d.profile);
	bn_fake_take(page, &d, sizeof d);
	return 0;
}

int bn_fake_changes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_profile_column a[] = {{.name = (char *)"power",
						      .type = BN_TYPE_FLOAT64,
						      .field = {.type = BN_TYPE_FLOAT64},
						      .rows = 398114,
						      .missing = 36000},
		{.name = (char *)"user",
			.type = BN_TYPE_INT64,
			.field = {.type = BN_TYPE_INT64},
			.rows = 398114}};
	static const bn_profile_column b[] = {{.name = (char *)"power",
						      .type = BN_TYPE_FLOAT64,
						      .field = {.type = BN_TYPE_FLOAT64},
						      .rows = 398114,
						      .missing = 36488},
		{.name = (char *)"user",
			.type = BN_TYPE_STRING,
			.field = {.type = BN_TYPE_STRING},
			.rows = 398114},
		{.name = (char *)"energy",
			.type = BN_TYPE_FLOAT64,
			.field = {.type = BN_TYPE_FLOAT64},
			.rows = 398114}};
	static bn_column_change items[] = {
		{BN_COLUMN_CHANGE_VALUES, &a[0], &b[0], 1204, 630.1, 634.2, 0.0156,
			{BN_DISTANCE_NONE, NAN}},
		{BN_COLUMN_CHANGE_TYPE, &a[1], &b[1], 398114, 512.4, NAN, NAN,
			{BN_DISTANCE_NONE, NAN}},
		{BN_COLUMN_CHANGE_ADDED, NULL, &b[2], -1, NAN, 41.8, NAN, {BN_DISTANCE_NONE, NAN}}};
	static const char *const both[] = {"power", "user"};
	static const bn_changes_page d = {{.items = items, .count = 3, .by_value = true}, 398114, 398114, 14, b, false, NULL, both, 2};
	bn_fake_take(page, &d, sizeof d);
	return 0;
}

/* 300 rows: the first two were removed, every fourth was added. */
int bn_fake_row_changes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_shared_column columns[] = {{"job_id", 0, 0, true}, {"power", 1, 1, false},
		{"user", 2, 2, false}, {"energy", -1, 3, false}};
	bn_row_changes_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	*p = (bn_row_changes_page){.columns = columns, .column_count = 4, .key_columns = 1};
	p->changes = (bn_row_changes){.items = bn_arena_alloc(&page->arena, 300 * sizeof(bn_row_change)),
		.count = 300,
		.removed = 2,
		.added = 75,
		.changed = 223};
	for (int i = 0; i < 300; i++)
		p->changes.items[i] = (bn_row_change){i % 4 == 3 ? BN_ROW_ADDED : BN_ROW_CHANGED, i, i};
	p->changes.items[0].kind = p->changes.items[1].kind = BN_ROW_REMOVED;
	page->data = p;
	return 0;
}

int bn_fake_changed_rows(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_changed_rows_arg *a = arg;
	bn_changed_rows *w = bn_arena_alloc(&page->arena, sizeof *w);
	bn_changed_cell *cells = bn_arena_alloc(&page->arena, (size_t)a->count * 4 * sizeof *cells);
	for (int i = 0; i < a->count; i++) {
		const char *id = bn_arena_strf(&page->arena, "%lld", (long long)(4711 + a->items[i].b));
		bool changed = a->items[i].kind == BN_ROW_CHANGED, second = a->items[i].kind != BN_ROW_REMOVED;
		cells[4 * i] = (bn_changed_cell){id, id, false};
		cells[4 * i + 1] = (bn_changed_cell){"630.1", changed ? "634.2" : "630.1", changed};
		cells[4 * i + 2] = (bn_changed_cell){"ada", changed && i % 3 == 0 ? NULL : "ada", changed && i % 3 == 0};
		cells[4 * i + 3] = (bn_changed_cell){NULL, second ? "41.8" : NULL, false};
	}
	*w = (bn_changed_rows){a->first, a->count, 4, cells};
	page->data = w;
	return 0;
}

int bn_fake_add(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return bn_fake_named(fake, page, job, "jobs@v3", err);
}
