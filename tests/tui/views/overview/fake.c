/* fake.c - the canned Overview. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

static const bn_line people[] = {
	{BN_LINE_NEED, BN_STATE_WAIT, "admit", "2", "keys that ask to be admitted", NULL, -1,
		BN_OPENS_PEOPLE, "", NULL, -1, -1, -1, NULL, 0, {0}, 0, NULL},
	{BN_LINE_NEED, BN_STATE_WAIT, "sign", "1", "links of the chain that wait for you", NULL, -1,
		BN_OPENS_CHAIN, "", NULL, -1, -1, -1, NULL, 0, {0}, 0, NULL},
	{BN_LINE_NEED, BN_STATE_WAIT, "late", "1", "what you signed too late, to repeat", NULL, -1,
		BN_OPENS_LATE, "", NULL, -1, -1, -1, NULL, 0, {0}, 0, NULL}};

static const bn_line work[] = {
	{BN_LINE_NEED, BN_STATE_WAIT, "approve", "power/3",
		"3 gates pass, 0 fail, 1 unclear: blocked", NULL, NOW - 20 * MIN, BN_OPENS_MODEL,
		"power/3", NULL, -1, -1, -1, NULL, 0, {0}, 0, NULL},
	{BN_LINE_NEED, BN_STATE_FAIL, "validate", "jobs@v3", "1 of 6 checks failed", NULL,
		NOW - 3 * HOUR, BN_OPENS_CHECKS, "jobs@v3", NULL, -1, -1, -1, NULL, 0, {0}, 0,
		NULL},
	{BN_LINE_NEED, BN_STATE_FAIL, "run", "ridge-3-with-a-name-that-is-long",
		"FAILED: exit status 3: CUDA error: out of memory", NULL, NOW - 44 * MIN,
		BN_OPENS_RUN, "7f3a00e700000000000000000300000000", NULL, -1, -1, -1, NULL, 0, {0},
		0, NULL},
	{BN_LINE_NEED, BN_STATE_FAIL, "gate", "power", "failed on wide at 2adf5c6: error, rmse",
		NULL, NOW - 70 * MIN, BN_OPENS_RUN, "7f3a00e700000000000000000300000000", NULL, -1,
		-1, -1, NULL, 0, {0}, 0, "failed: error, rmse"},
	{BN_LINE_NEED, BN_STATE_WARN, "monitor", "power/2", "2 of 6 inputs drift", NULL,
		NOW - 2 * MIN, BN_OPENS_REPORT, "c0dec0de00112233", NULL, -1, -1, -1, NULL, 0, {0},
		0, NULL},
	{BN_LINE_RUN, BN_STATE_RUN, NULL, "ridge-0", NULL, NULL, NOW - 11 * MIN, BN_OPENS_RUN,
		"7f3a0000000000000000000000000000", NULL, 382, 1500, 9 * MIN, "loss", 0.119,
		{2.1, 1.4, 0.9, 0.7, 0.5, 0.4, 0.32, 0.27, 0.22, 0.2, 0.18, 0.16, 0.14, 0.13, 0.12,
			0.119},
		16, NULL},
	{BN_LINE_BEST, BN_STATE_NONE, "jobs.train@v3", "mlp-1",
		"test_rmse 11.92  -3.0 % against mlp-4", "mlp", NOW - 22 * MIN, BN_OPENS_RUN,
		"7f3a004d000000000000000100000000", NULL, -1, -1, -1, NULL, 0, {0}, 0,
		"test_rmse 11.92  -3.0 %"},
	{BN_LINE_USE, BN_STATE_OK, "champion", "power/2", "ridge by ada", NULL, NOW - 26 * HOUR,
		BN_OPENS_MODEL, "power/2", NULL, -1, -1, -1, NULL, 0, {0}, 0, NULL},
	{BN_LINE_USE, BN_STATE_RUN, "serves", "power/2",
		"http://127.0.0.1:8420  4 093 answers  2 errors  p99 6.3 ms", NULL, NOW - 5 * HOUR,
		BN_OPENS_SERVERS, "c0ffee001122", NULL, -1, -1, -1, NULL, 0, {0}, 0, NULL}};

static const bn_line steps[] = {
	{BN_LINE_STEP, BN_STATE_NONE, "first", "make a table", "binnacle data generate jobs", "",
		-1, BN_OPENS_NOTHING, NULL, "binnacle data generate jobs", -1, -1, -1, NULL, 0, {0},
		0, NULL},
	{BN_LINE_STEP, BN_STATE_NONE, "or", "see a whole life", "binnacle demo", "", -1,
		BN_OPENS_NOTHING, NULL, "binnacle demo", -1, -1, -1, NULL, 0, {0}, 0, NULL}};

static void lines_add(bn_overview *o, const bn_fake *fake)
{
	for (size_t i = 0; fake->has_chain && !fake->is_nobody && i < 3; i++)
		o->lines[o->line_count++] = people[i];
	for (size_t i = 0; !fake->is_empty && i < sizeof work / sizeof *work; i++)
		o->lines[o->line_count++] = work[i];
	for (size_t i = 0; fake->is_empty && i < sizeof steps / sizeof *steps; i++)
		o->lines[o->line_count++] = steps[i];
}

int bn_fake_overview(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_news news[] = {{NOW - 2 * MIN, "ada       monitor.report  monitor/power"},
		{NOW - 20 * MIN, "grace     model.requested  model/power"},
		{NOW - 26 * HOUR, "ada       model.approved  model/power"}};
	static const bn_overview full = {
		.stations = {{BN_STATE_OK, 3, "3 datasets, 5 versions, 1 204 117 rows"},
			{BN_STATE_OK, 5, "5 versions profiled"}, {BN_STATE_NONE, 0, ""},
			{BN_STATE_FAIL, 2, "jobs@v2: 1 of 6 expectations failed"},
			{BN_STATE_OK, 2, "train and test parts of jobs@v3"},
			{BN_STATE_RUN, 6, "1 running, 4 finished, 1 failed"},
			{BN_STATE_OK, 4, "4 runs have test metrics"}, {BN_STATE_NONE, 0, ""},
			{BN_STATE_WAIT, 1, "1 request waits; 2 versions approved"},
			{BN_STATE_OK, 1, "power@champion is version 2"},
			{BN_STATE_RUN, 1, "1 server, 4 093 predictions"},
			{BN_STATE_FAIL, 1, "drift in 2 of 6 features of power/2"},
			{BN_STATE_OK, 41, "41 records, 1 refused"}},
		.news = news,
		.news_count = 3,
	};
	static const bn_overview empty = {.place = "/scratch/ada/new",
		.stations = {[BN_STATION_LOG] = {BN_STATE_OK, 1, "1 record"}}};
	bn_overview *o = bn_fake_take(page, fake->is_empty ? &empty : &full, sizeof full);
	lines_add(o, fake);
	if (fake->has_chain && !fake->is_nobody) {
		o->who = "you are ada: admin, reviewer";
		o->requests = 2;
		o->to_sign = o->late = 1;
	} else if (fake->has_chain) {
		o->who = "your key is not admitted: :request asks";
		o->is_nobody = true;
	}
	return 0;
}
