/* fake.c - canned drift reports. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

int bn_fake_make_skew(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return bn_fake_named(fake, page, job,
		"200 logged rows of power/3, computed again\n\n"
		"same       prediction, by the model: 200 rows, 0 different\n"
		"DIFFERS    per_node, by the recipe, power / nodes: 200 rows, 10 different, by up to 1\n"
		"           request 3507e2760f8f0da9: served 225.97, now 224.97\n\n"
		"inputs, against jobs.train@v3; skewed above 0.1\n\n"
		"near       power: Jensen-Shannon divergence 0.01988\n"
		"SKEWED     partition: infinity norm 0.1912\n",
		err);
}

int bn_fake_make_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return bn_fake_named(fake, page, job, "bf13e870b66fa73b", err);
}

#define BINS 16
static double edges[BINS + 1], ref_shares[BINS], cur_shares[BINS];
static char *partition_labels[] = {(char *)"batch", (char *)"gpu", (char *)"debug"};
static double ref_parts[] = {0.70, 0.25, 0.05}, cur_parts[] = {0.52, 0.44, 0.04};
static bn_monitor_feature features[] = {
	{.name = (char *)"power",
		.kind = (char *)"number",
		.result = {.test = BN_DRIFT_WASSERSTEIN,
			.op = BN_DRIFT_DISTANCE_AT_LEAST,
			.verdict = BN_DRIFT_FOUND,
			.statistic = 0.412,
			.p = NAN,
			.score = 0.412,
			.threshold = 0.1,
			.n_ref = 321098,
			.n_cur = 4093,
			.cur_dropped = 11},
		.bins = BINS,
		.edges = edges,
		.ref = ref_shares,
		.cur = cur_shares},
	{.name = (char *)"partition",
		.kind = (char *)"category",
		.result = {.test = BN_DRIFT_JENSEN_SHANNON,
			.op = BN_DRIFT_DISTANCE_AT_LEAST,
			.verdict = BN_DRIFT_FOUND,
			.statistic = 0.171,
			.p = NAN,
			.score = 0.171,
			.threshold = 0.1,
			.n_ref = 321098,
			.n_cur = 4093},
		.bins = 3,
		.labels = partition_labels,
		.ref = ref_parts,
		.cur = cur_parts},
	{.name = (char *)"nodes",
		.kind = (char *)"number",
		.result = {.test = BN_DRIFT_KS,
			.op = BN_DRIFT_P_AT_MOST,
			.verdict = BN_DRIFT_NONE,
			.statistic = 0.021,
			.p = 0.34,
			.score = 0.34,
			.threshold = 0.05,
			.n_ref = 900,
			.n_cur = 800}},
	{.name = (char *)"run_time",
		.kind = (char *)"number",
		.result = {.test = BN_DRIFT_KS,
			.op = BN_DRIFT_P_AT_MOST,
			.verdict = BN_DRIFT_INCONCLUSIVE,
			.statistic = NAN,
			.p = NAN,
			.score = NAN,
			.threshold = 0.05,
			.n_ref = 900,
			.n_cur = 12,
			.why = "12 rows, 30 are needed"}},
};
static bn_monitor_report report = {.id = (char *)"c0dec0de00112233",
	.model = (char *)"power",
	.version = (char *)"2",
	.time_ms = NOW - 2 * MIN,
	.from_ms = NOW - HOUR,
	.to_ms = NOW,
	.rows = 4093,
	.reference_kind = (char *)"table",
	.reference = (char *)"jobs-train@v1",
	.reference_rows = 321098,
	.dataset = {.columns = 4,
		.drifted = 2,
		.inconclusive = 1,
		.share = 0.5,
		.threshold = 0.5,
		.verdict = BN_DRIFT_FOUND}};

int bn_fake_reports(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_monitor_report *items[] = {&report};
	static const bn_monitor_reports list = {items, 1}, none = {NULL, 0};
	bn_fake_take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}

int bn_fake_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	for (int i = 0; i <= BINS; i++)
		edges[i] = 150 + 60 * i;
	for (int i = 0; i < BINS; i++) {
		ref_shares[i] = 0.19 * exp(-(i - 5.0) * (i - 5.0) / 9);
		cur_shares[i] = 0.19 * exp(-(i - 9.0) * (i - 9.0) / 9);
	}
	bn_monitor_report *r = bn_arena_alloc(&page->arena, sizeof *r);
	*r = report;
	r->features = features;
	r->feature_count = sizeof features / sizeof *features;
	bn_report_page p = {.report = r,
		.windows = 5,
		.port = 8420,
		.requests = 442,
		.p99_ms = 6.3,
		.run = "7f3a0000000000000000000000000000"};
	p.severities =
		bn_arena_alloc(&page->arena, r->feature_count * BN_WINDOWS * sizeof *p.severities);
	for (size_t w = 0; w < p.windows; w++) {
		p.times_ms[w] = (double)(NOW - 2 * MIN - (int64_t)(4 - w) * HOUR);
		for (size_t i = 0; i < r->feature_count; i++) {
			double last = bn_drift_severity(&features[i].result);
			p.severities[i * BN_WINDOWS + w] = last * (double)(w + 1) / 5;
		}
	}
	bn_fake_take(page, &p, sizeof p);
	return 0;
}
