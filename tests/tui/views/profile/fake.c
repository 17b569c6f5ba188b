/* fake.c - a canned profile, and frequencies. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

static bn_profile_value partition_top[] = {{(char *)"batch", NAN, 280000},
	{(char *)"gpu", NAN, 101372}, {(char *)"debug", NAN, 20000}};

static int fake_profile_fill(bn_page *page)
{
	bn_profile *p = bn_arena_alloc(&page->arena, sizeof *p);
	p->rows = 401372;
	p->column_count = 3;
	p->columns = bn_arena_alloc(&page->arena, 3 * sizeof *p->columns);
	p->columns[0] = (bn_profile_column){.name = (char *)"partition",
		.type = BN_TYPE_CATEGORY,
		.rows = 401372,
		.distinct = 3,
		.distinct_exact = true,
		.min = NAN,
		.max = NAN,
		.mean = NAN,
		.std = NAN,
		.skew = NAN,
		.top = partition_top,
		.top_count = 3};
	for (int c = 1; c < 3; c++) {
		bn_profile_column *k = &p->columns[c];
		*k = (bn_profile_column){.name = (char *)(c == 1 ? "power" : "run_time"),
			.unit = (char *)(c == 1 ? "W" : "s"),
			.type = BN_TYPE_FLOAT64,
			.rows = 401372,
			.missing = c == 1 ? 36488 : 0,
			.distinct = c == 1 ? 288123 : 86400,
			.distinct_exact = c == 2,
			.is_numeric = true,
			.min = 180,
			.max = 1090,
			.mean = 634.2 * c,
			.std = 262.7,
			.skew = 0.013,
			.hist_lo = 180,
			.hist_hi = 1090,
			.hist_count = BN_PROFILE_BINS};
		for (int i = 0; i < BN_PROFILE_QUANTILES; i++)
			k->quantiles[i] = 180 + 910 * i / 100.0;
		for (int i = 0; i < BN_PROFILE_BINS; i++)
			k->hist[i] = 1000 + 15000 * exp(-(i - 12.0) * (i - 12.0) / (40.0 * c));
	}
	page->data = p;
	return 0;
}

int bn_fake_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return fake->is_unmade ? 0 : fake_profile_fill(page);
}

int bn_fake_make_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int rc = bn_fake_work(fake, job, "profiling", err);
	if (rc < 0)
		return rc;
	bn_job_log(job, "401 372 rows, 3 columns");
	return fake_profile_fill(page);
}

static void fake_frequency_fill(bn_page *page)
{
	static const char *const values[] = {"batch", "gpu", "debug", NULL};
	static const int64_t counts[] = {260000, 101372, 20000, 9000};
	static const bn_frequency_rows rows[] = {{"partition=batch", NULL}, {"partition=gpu", NULL},
		{"partition=debug", NULL}, {"partition IS NULL", NULL}};
	static const bn_frequency f = {
		{0, BN_TYPE_CATEGORY, "partition"}, rows, values, counts, 4, 401372, 11000, 7};
	bn_fake_take(page, &f, sizeof f);
}

#define POWER \
	{ \
		0, BN_TYPE_FLOAT64, "power" \
	}
#define NODES \
	{ \
		1, BN_TYPE_FLOAT64, "nodes" \
	}
#define RUN_TIME \
	{ \
		2, BN_TYPE_FLOAT64, "run_time" \
	}
#define JOB_ID \
	{ \
		3, BN_TYPE_FLOAT64, "job_id" \
	}

int bn_fake_correlations(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_correlation items[] = {{POWER, NODES, 0.913, 364884},
		{POWER, RUN_TIME, -0.412, 364884}, {NODES, RUN_TIME, 0.027, 401372},
		{NODES, JOB_ID, NAN, 401372}};
	static const bn_correlations c = {items, 4, 4, 4, 401372};
	bn_fake_take(page, &c, sizeof c);
	return 0;
}

int bn_fake_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	if (!fake->is_unmade)
		fake_frequency_fill(page);
	return 0;
}

int bn_fake_make_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int rc = bn_fake_work(fake, job, "counting", err);
	if (rc == 0)
		fake_frequency_fill(page);
	return rc;
}
