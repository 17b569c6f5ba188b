/* fake.c - canned rows. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#define FAKE_COLUMNS 6
static const char *const column_names[FAKE_COLUMNS] = {
	"job_id", "partition", "nodes", "power", "run_time", "user 名"};
static const char *const column_units[FAKE_COLUMNS] = {NULL, NULL, NULL, "W", "s", NULL};
static const bn_type column_types[FAKE_COLUMNS] = {BN_TYPE_INT64, BN_TYPE_CATEGORY, BN_TYPE_INT64,
	BN_TYPE_FLOAT64, BN_TYPE_FLOAT64, BN_TYPE_STRING};

int bn_fake_order(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_order_arg *a = arg;
	static const int64_t few[] = {7, 1007, 2007};
	bool some = a->of.filter[0] || a->of.bases;
	bn_order order = {.count = some ? 3 : 401372,
		.rows = some ? few : NULL,
		.total = 401372,
		.columns = FAKE_COLUMNS,
		.names = column_names,
		.units = column_units,
		.types = column_types};
	if (strcmp(a->of.filter, "bad=") == 0)
		return bn_err_set(err, BN_EINVAL, "no column 'bad'");
	bn_fake_take(page, &order, sizeof order);
	return 0;
}

int bn_fake_window(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_window_arg *a = arg;
	static const char *const partitions[] = {"batch", "gpu", "debug"};
	static const char *const users[] = {"ada", "作者", "grace"};
	const char **cells =
		bn_arena_alloc(&page->arena, (size_t)a->count * FAKE_COLUMNS * sizeof *cells);
	for (int i = 0; i < a->count; i++) {
		int64_t r = a->rows[i];
		const char **row = cells + (size_t)i * FAKE_COLUMNS;
		row[0] = bn_arena_strf(&page->arena, "%lld", (long long)(4000000 + r));
		row[1] = partitions[r % 3];
		row[2] = bn_arena_strf(&page->arena, "%lld", (long long)(1 + r * 7 % 16));
		row[3] = r % 11 == 5 ? NULL
				     : bn_arena_strf(
					       &page->arena, "%.1f", 180 + (double)(r * 37 % 911));
		row[4] = bn_arena_strf(&page->arena, "%lld", (long long)(r * 7919 % 86400));
		row[5] = users[r % 3];
	}
	bn_window w = {a->first, a->count, FAKE_COLUMNS, cells};
	bn_fake_take(page, &w, sizeof w);
	return 0;
}

int bn_fake_totals(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_rows_of *a = arg;
	static const bn_total some[FAKE_COLUMNS] = {{0, 4001014, NULL, NAN}, {0, NAN, "gpu", 0.667},
		{0, 6, NULL, NAN}, {1, 871.5, NULL, NAN}, {0, 61240, NULL, NAN},
		{0, NAN, "ada", 0.667}};
	static const bn_total all[FAKE_COLUMNS] = {{0, 4200686, NULL, NAN},
		{0, NAN, "batch", 0.698}, {0, 8.5, NULL, NAN}, {36488, 634.2, NULL, NAN},
		{0, 43180, NULL, NAN}, {0, NAN, "ada", 0.334}};
	bool part = a->filter[0] || a->bases;
	bn_totals t = {.rows = part ? 3 : 401372,
		.columns = FAKE_COLUMNS,
		.some = part ? some : all,
		.all = all,
		.all_columns = FAKE_COLUMNS,
		.all_rows = 401372};
	bn_fake_take(page, &t, sizeof t);
	return 0;
}

int bn_fake_export(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int rc = bn_fake_named(fake, page, job, ((const bn_export_arg *)arg)->path, err);
	if (rc == 0)
		bn_job_log(job, "wrote 401 372 rows, 31.2 MiB, to jobs.csv");
	return rc;
}
