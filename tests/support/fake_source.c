/* fake_source.c - see fake_source.h. Deeds are written by the worker and read after the page came. */
#include "tests/support/fake_source.h"

#include "tui/views/views.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOW BN_FAKE_NOW_MS
#define S 1000LL
#define MIN (60 * S)
#define HOUR (60 * MIN)

#define FAKE_BEGIN(page) \
	bn_fake *fake = context; \
	(void)fake; \
	(void)arg; \
	(void)job; \
	(void)err; \
	if (fake->is_slow) \
	nanosleep(&(struct timespec){0, 30 * 1000000}, NULL)

static void *take(bn_page *p, const void *data, size_t bytes)
{
	void *copy = bn_arena_alloc(&p->arena, bytes);
	memcpy(copy, data, bytes);
	p->data = copy;
	return copy;
}

static int fake_status(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	page->data = bn_arena_strdup(
		&page->arena, fake->is_empty ? "" : "1 running  1 to approve  1 alert");
	return 0;
}

static int fake_overview(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
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
	static const bn_overview empty = {
		.stations = {[BN_STATION_LOG] = {BN_STATE_OK, 1, "1 record"}}};
	bn_overview *o = take(page, fake->is_empty ? &empty : &full, sizeof full);
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

/* ---- data ---------------------------------------------------------------------------------------- */

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

static int fake_datasets(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_dataset_row rows[] = {{"jobs", 2, &jobs_v3, false},
		{"jobs-train", 1, &split_v1, false}, {"node", 1, &node_v1, false}};
	static const bn_dataset_list list = {rows, 3}, none = {NULL, 0};
	take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}

static int fake_versions(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_dataset_version *items[] = {&jobs_v3, &jobs_v2};
	static const bn_dataset_versions list = {items, 2};
	take(page, &list, sizeof list);
	return 0;
}

#define FAKE_COLUMNS 6
static const char *const column_names[FAKE_COLUMNS] = {
	"job_id", "partition", "nodes", "power", "run_time", "user 名"};
static const char *const column_units[FAKE_COLUMNS] = {NULL, NULL, NULL, "W", "s", NULL};
static const bool column_numbers[FAKE_COLUMNS] = {true, false, true, true, true, false};

static int fake_order(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_order_arg *a = arg;
	static const int64_t few[] = {7, 1007, 2007};
	bn_order order = {.count = a->filter[0] ? 3 : 401372,
		.rows = a->filter[0] ? few : NULL,
		.total = 401372,
		.columns = FAKE_COLUMNS,
		.names = column_names,
		.units = column_units,
		.is_number = column_numbers};
	if (strcmp(a->filter, "bad=") == 0)
		return bn_err_set(err, BN_EINVAL, "no column 'bad'");
	take(page, &order, sizeof order);
	return 0;
}

static int fake_window(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
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
	take(page, &w, sizeof w);
	return 0;
}

static bn_profile_value partition_top[] = {{(char *)"batch", NAN, 280000},
	{(char *)"gpu", NAN, 101372}, {(char *)"debug", NAN, 20000}};

/* What every job does first. */
static int fake_work(bn_fake *fake, bn_job *job, const char *what, bn_err *err)
{
	atomic_fetch_add(&fake->jobs, 1);
	bn_job_log(job, "began with %s", what);
	bn_job_step(job, what, "rows", 421, 1000);
	while (atomic_load(&fake->hold) && !bn_job_is_cancelled(job))
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	if (bn_job_is_cancelled(job))
		return bn_err_set(err, BN_EINTR, "stopped");
	if (fake->job_fails) {
		bn_err_set(err, BN_ECORRUPT, "object 9f2c01ab77de is damaged");
		bn_err_hint(err, "fetch it again from where it came from");
		return BN_ECORRUPT;
	}
	return 0;
}

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

static int fake_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return fake->is_unmade ? 0 : fake_profile_fill(page);
}

static int fake_make_profile(
	void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int rc = fake_work(fake, job, "profiling", err);
	if (rc < 0)
		return rc;
	bn_job_log(job, "401 372 rows, 3 columns");
	return fake_profile_fill(page);
}

static int fake_findings(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_finding items[] = {{BN_STATE_OK, "writers", "4"},
		{BN_STATE_OK, "records, in chains", "41"}, {BN_STATE_OK, "signatures", "3"},
		{BN_STATE_FAIL, "objects, hashed", "1 of 77 are wrong"},
		{BN_STATE_FAIL, "first fault",
			"objects/9f/2c01ab77de (part of dataset/jobs): object 9f2c01ab77de is "
			"damaged"}};
	static const bn_findings f = {"the log", "2 faults", BN_STATE_FAIL, items, 5};
	int rc = fake_work(fake, job, "hashing", err);
	if (rc < 0)
		return rc;
	bn_job_log(job, "2 faults");
	take(page, &f, sizeof f);
	return 0;
}

/* Of jobs whose result is a name. */
static int fake_named(bn_fake *fake, bn_page *page, bn_job *job, const char *name, bn_err *err)
{
	int rc = fake_work(fake, job, "working", err);
	if (rc == 0)
		page->data = bn_arena_strdup(&page->arena, name);
	return rc;
}

static int fake_make_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return fake_named(fake, page, job, "bf13e870b66fa73b", err);
}

static int fake_export(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int rc = fake_named(fake, page, job, ((const bn_export_arg *)arg)->path, err);
	if (rc == 0)
		bn_job_log(job, "wrote 401 372 rows, 31.2 MiB, to jobs.csv");
	return rc;
}

static int fake_add(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return fake_named(fake, page, job, "jobs@v3", err);
}

static int fake_check(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return fake_named(fake, page, job, ((const bn_recheck_arg *)arg)->ref, err);
}

static void fake_frequency_fill(bn_page *page)
{
	static const char *const values[] = {"batch", "gpu", "debug", NULL};
	static const int64_t counts[] = {260000, 101372, 20000, 9000};
	static const char *const filters[] = {
		"partition=batch", "partition=gpu", "partition=debug", "partition="};
	static const bn_frequency f = {filters, values, counts, 4, 401372, 11000, true};
	take(page, &f, sizeof f);
}

static int fake_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	if (!fake->is_unmade)
		fake_frequency_fill(page);
	return 0;
}

static int fake_make_frequency(
	void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int rc = fake_work(fake, job, "counting", err);
	if (rc == 0)
		fake_frequency_fill(page);
	return rc;
}

static int fake_checks(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const int64_t failing[] = {17, 404, 90210};
	static const bn_check_row rows[] = {
		{"values not null", "job_id", "always", "100 %", 0, BN_STATE_OK, NULL, 0},
		{"values between", "power", "0 to 1000", "max 1090", 3, BN_STATE_FAIL, failing, 3},
		{"column mean between", "run_time", "100 to 90000", "41233", -1, BN_STATE_OK, NULL,
			0},
	};
	static const bn_checks c = {"telemetry.json", NOW - HOUR, rows, 3};
	static const bn_checks none = {NULL, 0, NULL, 0};
	take(page, fake->is_empty ? &none : &c, sizeof c);
	return 0;
}

/* ---- runs ---------------------------------------------------------------------------------------- */

static const char *const run_fields[] = {
	"metrics.val_rmse", "metrics.val_mae", "params.learning_rate", "params.hidden"};

static bn_cell number(double v)
{
	return (bn_cell){BN_CELL_NUMBER, v, NULL};
}

static void run_fill(bn_run_row *r, bn_arena *arena, int64_t i, bn_cell *cells)
{
	static const char *const titles[] = {"ridge", "mlp", "logistic"};
	static const bn_run_status states[] = {BN_RUN_RUNNING, BN_RUN_FINISHED, BN_RUN_FINISHED,
		BN_RUN_FAILED, BN_RUN_FINISHED, BN_RUN_LOST};
	snprintf(r->id, sizeof r->id, "%08x%016llx%08x", 0x7f3a0000u + (unsigned)i * 77u,
		(unsigned long long)i, 0u);
	r->name = bn_arena_strf(arena, "%s-%lld", titles[i % 3], (long long)i);
	r->experiment = "power-forecast";
	r->user = i % 2 ? "grace" : "ada";
	r->title = titles[i % 3];
	r->host = "node017";
	r->status = states[i % 6];
	r->created_ms = NOW - (i + 1) * 11 * MIN;
	r->started_ms = r->created_ms + 2 * S;
	r->finished_ms =
		bn_run_status_is_live(r->status) ? -1 : r->started_ms + (i * 37 % 500 + 3) * S;
	r->heartbeat_ms = NOW - 2 * S;
	r->cells = cells;
	cells[0] =
		i % 6 == 3 ? (bn_cell){BN_CELL_ABSENT, 0, NULL} : number(11.92 + (double)i * 0.37);
	cells[1] = number(8.1 + (double)(i * 13 % 7));
	cells[2] = (bn_cell){BN_CELL_TEXT, 0, i % 2 ? "0.001" : "0.01"};
	cells[3] = i % 3 == 1 ? (bn_cell){BN_CELL_TEXT, 0, "64,64"}
			      : (bn_cell){BN_CELL_ABSENT, 0, NULL};
}

/* The newest run waits behind an older one, and another runs. */
static bn_queue *fake_queue(const bn_fake *fake, bn_page *page, bn_run_page *p)
{
	bn_queue *q = bn_arena_alloc(&page->arena, sizeof *q);
	*q = (bn_queue){.own = true, .runner = true};
	q->items = bn_arena_alloc(&page->arena, 3 * sizeof *q->items);
	memset(q->items, 0, 3 * sizeof *q->items);
	q->count = 3;
	q->waiting = 2;
	q->used.at_once = 1;
	q->paused_ms = fake->is_paused ? NOW : -1;
	for (int i = 0; i < 2; i++) {
		bn_queue_item *item = &q->items[i + 1];
		bn_run_row *r = &p->rows[1 - i];
		r->status = BN_RUN_QUEUED;
		r->started_ms = r->finished_ms = -1;
		item->position = i + 1;
		memcpy(item->run, r->id, sizeof item->run);
		snprintf(item->name, sizeof item->name, "%.40s", r->name);
		if (i)
			snprintf(item->reason, sizeof item->reason, "behind %.40s", item[-1].name);
		else
			snprintf(item->reason, sizeof item->reason,
				"needs 4 cores, 6 of 8 are taken");
	}
	return q;
}

static int fake_runs(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int64_t total = fake->is_empty ? 0 : fake->many_runs ? fake->many_runs : 6, place = 0;
	const bn_runs_arg *a = arg;
	if (strcmp(a->filter, "bad") == 0)
		return bn_err_set(err, BN_EINVAL, "filter:1:1: no field 'bad'");
	total = a->filter[0] ? 1 : total;
	int64_t left = total > BN_RUNS_WINDOW ? total - BN_RUNS_WINDOW : 0;
	/* A mark is the row's number here. */
	place = a->at == BN_RUNS_LAST     ? left
		: a->at == BN_RUNS_FROM   ? strtoll(a->mark, NULL, 10)
		: a->at == BN_RUNS_BEFORE ? strtoll(a->mark, NULL, 10) - BN_RUNS_WINDOW
		: a->at == BN_RUNS_PLACE  ? a->place
					  : 0;
	place = place < left ? place : left;
	size_t n = (size_t)(total - place < BN_RUNS_WINDOW ? total - place : BN_RUNS_WINDOW);
	bn_run_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	p->rows = bn_arena_alloc(&page->arena, (n + 1) * sizeof *p->rows);
	bn_cell *cells = bn_arena_alloc(&page->arena, (4 * n + 1) * sizeof *cells);
	p->count = n;
	p->total = total;
	p->place = place;
	for (size_t i = 0; i < n; i++) {
		run_fill(&p->rows[i], &page->arena, place + (int64_t)i, cells + 4 * i);
		p->rows[i].mark =
			bn_arena_strf(&page->arena, "%lld", (long long)place + (long long)i);
	}
	bn_runs runs = {p, 1, 4, run_fields, NULL};
	if (fake->has_queue && n > 1)
		runs.queue = fake_queue(fake, page, p);
	take(page, &runs, sizeof runs);
	return 0;
}

static bn_curve curve_make(bn_page *page, const char *run, const char *key, size_t n, double speed)
{
	double *x = bn_arena_alloc(&page->arena, n * sizeof *x),
	       *y = bn_arena_alloc(&page->arena, n * sizeof *y);
	for (size_t i = 0; i < n; i++) {
		x[i] = (double)i * 10;
		y[i] = 11 + 60 * exp(-(double)i * speed / (double)n) +
		       2.5 * sin((double)i * 1.7) * exp(-(double)i / (double)n);
	}
	if (n > 100)
		y[70] = y[71] = NAN;
	return (bn_curve){run, key, x, y, n, (int64_t)n, n > 100 ? 2 : 0};
}

static int fake_run(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_run_arg *a = arg;
	static const char *const metrics[] = {"val_rmse", "val_mae", "train_loss"};
	static const double last[] = {11.92, 8.103, 0.0121}, best[] = {11.87, 8.01, NAN};
	static const char *const lines[] = {"reading jobs-train@v1: 321 098 rows, 14 columns",
		"fitted: 11 numbers, 2 categories", "epoch 1  loss 0.2211  val_rmse 71.02",
		"epoch 2  loss 0.1004  val_rmse 42.77", "epoch 3  loss 0.0607  val_rmse 28.10",
		"epoch 4  loss 0.0121  val_rmse 11.92"};
	static bn_pair params[] = {{(char *)"hidden", (char *)"64,64"},
		{(char *)"learning_rate", (char *)"0.01"}, {(char *)"seed", (char *)"7"}};
	bool first = strncmp(a->id, "7f3a0000", 8) == 0;
	bn_run_info *info = bn_arena_alloc(&page->arena, sizeof *info);
	*info = (bn_run_info){.name = (char *)(first ? "ridge-0" : "mlp-1"),
		.experiment = (char *)"power-forecast",
		.user = (char *)"ada",
		.status = first ? BN_RUN_RUNNING : BN_RUN_FINISHED,
		.title = (char *)(first ? "ridge" : "mlp"),
		.host = (char *)"node017",
		.created_ms = NOW - 11 * MIN,
		.started_ms = NOW - 11 * MIN + 2 * S,
		.finished_ms = first ? -1 : NOW - 5 * MIN,
		.dataset = (char *)"jobs-train@v1",
		.heartbeat_ms = NOW - 2 * S,
		.rss_bytes = 734003200,
		.peak_rss_bytes = 801112064,
		.cpu_ms = 21 * MIN,
		.energy_joules = 48200};
	snprintf(info->id, sizeof info->id, "%s", a->id);
	if (fake->has_long_name)
		info->name = (char *)"a-sweep-over-widths-and-learning-rates-17";
	bn_run_detail d = {.info = info,
		.params = {params, 3, 3},
		.metrics = metrics,
		.last = last,
		.best = best,
		.metric_count = 3,
		.log = lines,
		.log_count = 6,
		.now_ms = NOW};
	for (size_t i = 0; i < 3; i++)
		if (strcmp(metrics[i], a->metric) == 0)
			d.metric = i;
	d.curve = curve_make(page, info->name, metrics[d.metric], 300, 6);
	take(page, &d, sizeof d);
	return 0;
}

static int fake_compare(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_compare_arg *a = arg;
	static const char *const metrics[] = {"val_rmse", "val_mae"};
	static const char *const names[] = {"ridge-0", "mlp-1", "logistic-2", "ridge-3"};
	static const struct {
		bn_compare_group group;
		const char *key, *text[4];
		double value[4];
		int better;
	} table[] = {
		{BN_COMPARE_RUN, "status", {"RUNNING", "FINISHED", "FINISHED", "FAILED"},
			{NAN, NAN, NAN, NAN}, 0},
		{BN_COMPARE_PARAM, "learning_rate", {"0.01", "0.001", "0.01", "0.001"},
			{0.01, 0.001, 0.01, 0.001}, 0},
		{BN_COMPARE_PARAM, "seed", {"7", "7", "7", "7"}, {7, 7, 7, 7}, 0},
		{BN_COMPARE_PARAM, "hidden", {NULL, "64,64", NULL, NULL}, {NAN, NAN, NAN, NAN}, 0},
		{BN_COMPARE_METRIC, "val_rmse", {"11.92", "12.29", "12.66", NULL},
			{11.92, 12.29, 12.66, NAN}, -1},
		{BN_COMPARE_METRIC, "val_mae", {"8.1", "14.1", "13.1", "12.1"},
			{8.1, 14.1, 13.1, 12.1}, -1},
		{BN_COMPARE_DATA, "dataset", {"jobs@v3", "jobs@v3", "jobs@v2", "jobs@v3"},
			{NAN, NAN, NAN, NAN}, 0},
	};
	size_t rows = sizeof table / sizeof *table, n = a->count > 4 ? 4 : a->count;
	bn_comparison *c = bn_arena_alloc(&page->arena, sizeof *c);
	c->runs = n;
	c->baseline = a->baseline;
	c->count = rows;
	c->rows = bn_arena_alloc(&page->arena, rows * sizeof *c->rows);
	c->ids = bn_arena_alloc(&page->arena, n * sizeof *c->ids);
	c->names = bn_arena_alloc(&page->arena, n * sizeof *c->names);
	for (size_t i = 0; i < n; i++) {
		c->names[i] = names[i];
		c->ids[i] = bn_arena_strdup(&page->arena, a->ids[i]);
	}
	for (size_t r = 0; r < rows; r++) {
		bn_compare_cell *cells = bn_arena_alloc(&page->arena, n * sizeof *cells);
		double base = table[r].value[a->baseline];
		bool differs = false;
		for (size_t i = 0; i < n; i++) {
			double v = table[r].value[i];
			const char *t = table[r].text[i], *b = table[r].text[a->baseline];
			cells[i] = (bn_compare_cell){t, v, v - base, 100 * (v - base) / fabs(base)};
			differs |= !t || !b ? t != b : strcmp(t, b) != 0;
		}
		c->rows[r] = (bn_compare_row){
			table[r].group, table[r].key, differs, table[r].better, cells};
	}
	bn_compare_page p = {.table = c, .metrics = metrics, .metric_count = 2};
	p.metric = strcmp(a->metric, "val_mae") == 0;
	for (size_t i = 0; i < n; i++)
		p.curves[i] = curve_make(page, names[i], metrics[p.metric], 40, 3 + 2 * (double)i);
	take(page, &p, sizeof p);
	return 0;
}

/* ---- models -------------------------------------------------------------------------------------- */

static bn_gate_result gates[] = {
	{(char *)"error", (char *)"test rmse <= 12.5", (char *)"11.92, 0.58 below the limit",
		(char *)"run", BN_VERDICT_PASS, BN_GATE_BLOCK, 11.92, 12.5, false},
	{(char *)"no worse", (char *)"test rmse <= champion", (char *)"11.92 against 12.44",
		(char *)"run", BN_VERDICT_PASS, BN_GATE_BLOCK, 11.92, 12.44, false},
	{(char *)"reproducible", (char *)"reproducible", (char *)"nobody has attested it",
		(char *)"policy", BN_VERDICT_INCONCLUSIVE, BN_GATE_WARN, NAN, NAN, false},
	{(char *)"card", (char *)"card", (char *)"model_card.md, 2.1 KiB", (char *)"manifest",
		BN_VERDICT_PASS, BN_GATE_BLOCK, NAN, NAN, false},
};
static bn_gate_report gate_report = {.items = gates, .count = 4, .passed = 3, .inconclusive = 1};
static bn_decision old_decision = {.time_ms = NOW - 26 * HOUR,
	.user = (char *)"ada",
	.approved = true,
	.counts = true,
	.reason = (char *)"all gates pass"};
static char *champion_alias[] = {(char *)"champion"};
static bn_version power_3, power_2, power_1;

static void versions_make(void)
{
	if (power_3.name)
		return;
	bn_version base = {.name = (char *)"power",
		.run_id = (char *)"7f3a0000000000000000000000000000",
		.digest = (char *)"ab12cd34ef56ab12cd34",
		.trainer = (char *)"ridge",
		.author = (char *)"grace",
		.registrar = (char *)"grace",
		.approvals_needed = 1};
	base.data = json_pack("[{s:s,s:i}]", "name", "jobs", "version", 3);
	base.tags = json_object();
	power_3 = power_2 = power_1 = base;
	power_3.version = 3;
	power_3.state = BN_MODEL_REQUESTED;
	power_3.state_ms = power_3.requested_ms = NOW - 20 * MIN;
	power_3.request_reason = (char *)"better on long jobs";
	power_3.requester = (char *)"grace";
	power_3.metrics =
		json_pack("{s:{s:f,s:f,s:f}}", "test", "rmse", 11.92, "mae", 8.1, "r2", 0.913);
	power_2.version = 2;
	power_2.state = BN_MODEL_APPROVED;
	power_2.state_ms = NOW - 26 * HOUR;
	power_2.metrics =
		json_pack("{s:{s:f,s:f,s:f}}", "test", "rmse", 12.44, "mae", 8.6, "r2", 0.902);
	power_2.aliases = champion_alias;
	power_2.n_aliases = 1;
	power_2.decisions = &old_decision;
	power_2.n_decisions = 1;
	power_2.approvals = 1;
	power_1.version = 1;
	power_1.state = BN_MODEL_REJECTED;
	power_1.state_ms = NOW - 50 * HOUR;
	power_1.metrics = json_pack("{s:{s:f}}", "test", "rmse", 19.3);
}

static bn_inbox_item item_make(const bn_fake *fake, bn_version *v)
{
	return (bn_inbox_item){.version = v,
		.champion = v == &power_2 ? NULL : &power_2,
		.gates = &gate_report,
		.can_approve = !fake->own_request,
		.can_reject = !fake->own_request,
		.why_not = (char *)(fake->own_request
					    ? "you registered it; somebody else has to decide"
					    : NULL)};
}

static int fake_models(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	versions_make();
	bn_inbox *inbox = bn_arena_alloc(&page->arena, sizeof *inbox);
	bn_version_page *versions = bn_arena_alloc(&page->arena, sizeof *versions);
	if (!fake->is_empty) {
		inbox->items = bn_arena_alloc(&page->arena, sizeof *inbox->items);
		inbox->items[0] = item_make(fake, &power_3);
		inbox->count = 1;
		inbox->for_me = !fake->own_request;
		versions->items = bn_arena_alloc(&page->arena, 3 * sizeof *versions->items);
		versions->items[0] = power_3;
		versions->items[1] = power_2;
		versions->items[2] = power_1;
		versions->count = 3;
	}
	bn_models m = {inbox, versions};
	take(page, &m, sizeof m);
	return 0;
}

static int fake_sheet(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_ref_arg *a = arg;
	versions_make();
	const char *slash = strchr(a->ref, '/');
	bn_inbox_item item = item_make(fake, slash && slash[1] == '2'   ? &power_2
					     : slash && slash[1] == '1' ? &power_1
									: &power_3);
	take(page, &item, sizeof item);
	return 0;
}

static int fake_deed(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	fake->last = *(const bn_deed_arg *)arg;
	fake->deeds++;
	page->data = bn_arena_strf(&page->arena, "done: %s", fake->last.ref);
	return 0;
}

/* ---- monitor and audit --------------------------------------------------------------------------- */

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

static int fake_reports(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_monitor_report *items[] = {&report};
	static const bn_monitor_reports list = {items, 1}, none = {NULL, 0};
	take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}

/* ---- servers ------------------------------------------------------------------------------------- */

static int fake_endpoints(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_endpoint items[] = {{.id = (char *)"7c01d9e2ab34",
					      .models = (char *)"power/3",
					      .url = (char *)"http://127.0.0.1:8420",
					      .unix_path = (char *)"/home/ada/.power.sock",
					      .host = (char *)"n12",
					      .user = (char *)"ada",
					      .pid = 40312,
					      .port = 8420,
					      .started_ms = NOW - 7500000,
					      .seen_ms = NOW - 12000,
					      .requests = 41203,
					      .errors = 2,
					      .predictions = 164812,
					      .p50_ms = 0.08,
					      .p95_ms = 0.31,
					      .p99_ms = 1.02,
					      .state = BN_ENDPOINT_RUNNING},
		{.id = (char *)"19be00f2c5d7",
			.models = (char *)"power/2, power/1",
			.url = (char *)"unix:/run/user/1003/power",
			.unix_path = (char *)"/run/user/1003/power",
			.host = (char *)"n07",
			.user = (char *)"lin",
			.pid = 977,
			.started_ms = NOW - 90000000,
			.seen_ms = NOW - 86400000,
			.requests = 12,
			.p50_ms = 0.2,
			.p95_ms = 0.4,
			.p99_ms = 0.4,
			.state = BN_ENDPOINT_LOST},
		{.id = (char *)"e3aa41d0b6f8",
			.models = (char *)"a-model-with-a-rather-long-name/12",
			.url = (char *)"https://[2001:db8::17]:8420",
			.host = (char *)"n12",
			.user = (char *)"grace",
			.pid = 31002,
			.port = 8420,
			.started_ms = NOW - 190000000,
			.seen_ms = NOW - 100000000,
			.stopped_ms = NOW - 100000000,
			.p50_ms = NAN,
			.p95_ms = NAN,
			.p99_ms = NAN,
			.state = BN_ENDPOINT_STOPPED}};
	static const bn_endpoints list = {items, 3}, none = {NULL, 0};
	take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}

static int fake_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	for (int i = 0; i <= BINS; i++)
		edges[i] = 150 + 60 * i;
	for (int i = 0; i < BINS; i++) {
		ref_shares[i] = 0.19 * exp(-(i - 5.0) * (i - 5.0) / 9);
		cur_shares[i] = 0.19 * exp(-(i - 9.0) * (i - 9.0) / 9);
	}
	bn_monitor_report *r = take(page, &report, sizeof report);
	r->features = features;
	r->feature_count = sizeof features / sizeof *features;
	return 0;
}

static int fake_audit(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_audit_row rows[] = {
		{.time_ms = NOW - 20 * MIN,
			.clock = 9,
			.seq = 4,
			.writer = (char *)"grace@login1-411-01HX",
			.uid = 1002,
			.user = (char *)"grace",
			.kind = (char *)"model.requested",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_APPLIED,
			.standing = "applied",
			.summary = (char *)"version 3, reason: better on long jobs",
			.payload = (char *)"{\"reason\":\"better on long jobs\",\"version\":3}"},
		{.time_ms = NOW - 21 * MIN,
			.clock = 8,
			.seq = 3,
			.writer = (char *)"grace@login1-411-01HX",
			.uid = 1002,
			.user = (char *)"grace",
			.kind = (char *)"model.approved",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_REFUSED,
			.standing = "refused",
			.is_signed = true,
			.reason = (char *)"grace registered version 3 and may not approve it",
			.summary = (char *)"version 3"},
		{.time_ms = NOW - 26 * HOUR,
			.clock = 5,
			.seq = 9,
			.writer = (char *)"ada@login1-77-01HW",
			.uid = 1001,
			.user = (char *)"ada",
			.kind = (char *)"model.approved",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_APPLIED,
			.standing = "applied",
			.is_signed = true,
			.summary = (char *)"version 2, reason: all gates pass",
			.unknown = (char *)"energy.budget"},
		{.time_ms = NOW - 27 * HOUR,
			.clock = 4,
			.seq = 8,
			.writer = (char *)"ada@login1-77-01HW",
			.uid = 1001,
			.user = (char *)"ada",
			.kind = (char *)"model.quantised",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_NEWER,
			.standing = "newer",
			.reason = (char *)"unknown kind",
			.summary = (char *)"version 2"},
	};
	static const bn_audit_page p = {rows, 4, 41, 1, 2}, none = {NULL, 0, 0, 0, 0};
	take(page, fake->is_empty ? &none : &p, sizeof p);
	return 0;
}

const bn_page_source *bn_fake_source(void)
{
	static const bn_page_source source = {.status = fake_status,
		.overview = fake_overview,
		.datasets = fake_datasets,
		.versions = fake_versions,
		.order = fake_order,
		.window = fake_window,
		.profile = fake_profile,
		.frequency = fake_frequency,
		.checks = fake_checks,
		.runs = fake_runs,
		.run = fake_run,
		.compare = fake_compare,
		.models = fake_models,
		.sheet = fake_sheet,
		.deed = fake_deed,
		.reports = fake_reports,
		.report = fake_report,
		.endpoints = fake_endpoints,
		.audit = fake_audit,
		.authority = bn_fake_authority,
		.make_profile = fake_make_profile,
		.make_frequency = fake_make_frequency,
		.verify_log = fake_findings,
		.verify_model = fake_findings,
		.make_report = fake_make_report,
		.export_rows = fake_export,
		.add_data = fake_add,
		.check = fake_check};
	return &source;
}

/* ---- the frame ----------------------------------------------------------------------------------- */

static int lane_open(void **context, bn_lane lane, void *user, bn_err *err)
{
	(void)lane;
	(void)err;
	*context = user;
	return 0;
}

static int64_t host_now(void *user)
{
	return ((bn_fake *)user)->now_ms;
}

static bool host_copy(void *user, const char *text)
{
	bn_fake *fake = user;
	snprintf(fake->copied, sizeof fake->copied, "%s", text);
	return true;
}

bn_frame *bn_fake_frame(bn_fake *fake, bool readonly)
{
	bn_frame *f = NULL;
	bn_err err = BN_ERR_INIT;
	fake->now_ms = NOW;
	bn_frame_options o = {
		.host = {.now_ms = host_now, .copy = host_copy, .user = fake},
		.loader = {.open = lane_open, .user = fake},
		.tabs = bn_view_tabs,
		.tab_count = bn_view_tab_count,
		.side = bn_view_side,
		.side_count = bn_view_side_count,
		.status = fake_status,
		.title = "power-forecast",
		.save_dir = "build",
		.source = bn_fake_source(),
		.readonly = readonly,
		.utc = true,
	};
	ck_assert_msg(bn_frame_new(&f, &o, &err) == 0, "%s", err.msg);
	return f;
}
