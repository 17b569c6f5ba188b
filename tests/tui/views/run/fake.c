/* fake.c - a canned run. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

bn_curve bn_fake_curve(bn_page *page, const char *run, const char *key, size_t n, double speed)
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
	int64_t gaps = n > 100 ? 2 : 0;
	return (bn_curve){run, key, x, y, n, (int64_t)n, gaps, gaps, NULL, NULL, 0};
}

int bn_fake_origin(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_origin_line lines[] = {
		{"data, train", "jobs-train@v1", "jobs-train@v1", BN_ORIGIN_ROWS, NULL},
		{"code", "4f2c1e77ab01 on main, with changes that were not committed", "fd8808dd",
			BN_ORIGIN_OBJECT, NULL},
		{"environment", "libraries, processor, modules", "{\n  \"cpu\": \"AVX-512\"\n}\n",
			BN_ORIGIN_TEXT, NULL},
		{"version", "power/3", "power/3", BN_ORIGIN_MODEL, NULL}};
	bn_origin o = {lines, 4};
	bn_fake_take(page, &o, sizeof o);
	return 0;
}

/* Of the canned runs the first one is running, the third one has no curve, the fourth one
 * failed. */
static bool is_run(const char *id, unsigned i)
{
	char front[9];
	snprintf(front, sizeof front, "%08x", 0x7f3a0000u + i * 77u);
	return strncmp(id, front, 8) == 0;
}

static void log_set(bn_run_detail *d, bool failed)
{
	static const char *const lines[] = {"reading jobs-train@v1: 321 098 rows, 14 columns",
		"fitted: 11 numbers, 2 categories", "epoch 1  loss 0.2211  val_rmse 71.02",
		"epoch 2  loss 0.1004  val_rmse 42.77", "epoch 3  loss 0.0607  val_rmse 28.10",
		"epoch 4  loss 0.0121  val_rmse 11.92"};
	static const char *const failing[] = {
		"Traceback (most recent call last):", "  File \"train.py\", line 12",
		"CUDA error: out of memory", "binnacle: the run ended with status 3"};
	d->log = failed ? failing : lines;
	d->log_count = failed ? 4 : 6;
}

/* Numbered lines; a page has the last 500. */
static void log_grow(bn_run_detail *d, bn_arena *arena, int lines)
{
	enum { BYTES = 32, MOST = 500 };
	int n = lines < MOST ? lines : MOST;
	char *text = bn_arena_alloc(arena, (size_t)n * BYTES + 1);
	const char **log = bn_arena_alloc(arena, MOST * sizeof *log);
	for (int i = 0; i < n; i++) {
		log[i] = text + i * BYTES;
		snprintf(text + i * BYTES, BYTES, "line %d %s", lines - n + i,
			(lines - n + i) % 100 == 7 ? "seven" : "");
	}
	d->log = log;
	d->log_count = (size_t)n;
	d->log_end = text + n * BYTES;
	d->log_bytes = (int64_t)lines * BYTES;
}

/* Curves of the metrics that have none yet. */
static void grid_set(bn_run_detail *d, bn_page *page, const bn_run_arg *a)
{
	bn_curve *grid = bn_arena_alloc(&page->arena, 3 * sizeof *grid);
	for (size_t i = 0; a->grid && i < d->metric_count; i++)
		if (i != d->metric && strstr(d->metrics[i], a->words))
			grid[d->grid_count++] = bn_fake_curve(
				page, d->info->name, d->metrics[i], 300, 3 + (double)i);
	d->grid = grid;
}

static void metrics_set(bn_run_detail *d, bn_page *page, const bn_run_arg *a, bool scalars)
{
	static const char *const metrics[] = {"val_rmse", "val_mae", "train_loss"};
	static const double last[] = {11.92, 8.103, 0.0121}, best[] = {11.87, 8.01, NAN};
	static const int64_t many[] = {300, 300, 300};
	static const char *const numbers[] = {"test_r2", "test_rmse", "train_rmse", "val_rmse"};
	static const double values[] = {0.9594, 33.82, 33.5, 33.47},
			    least[] = {0.9594, 33.82, 33.5, 33.47};
	static const int64_t ones[] = {1, 1, 1, 1};
	bn_spark *sparks = bn_arena_alloc(&page->arena, 4 * sizeof *sparks);
	memset(sparks, 0, 4 * sizeof *sparks);
	d->sparks = sparks;
	d->metrics = scalars ? numbers : metrics;
	d->last = scalars ? values : last;
	d->best = scalars ? least : best;
	d->points = scalars ? ones : many;
	d->metric_count = scalars ? 4 : 3;
	for (size_t i = 0; i < d->metric_count; i++)
		if (strcmp(d->metrics[i], a->metric) == 0)
			d->metric = i;
	for (size_t i = 0; i < 3 && !scalars; i++)
		for (; sparks[i].count < BN_SPARK; sparks[i].count++)
			sparks[i].y[sparks[i].count] = 1.0 / (1 + sparks[i].count);
	d->curve = bn_fake_curve(page, d->info->name, d->metrics[d->metric], scalars ? 1 : 300, 6);
	if (!scalars && d->metric == 0)
		d->partner = bn_fake_curve(page, d->info->name, "train_rmse", 300, 9);
	d->length = 2990;
	d->step = 2990;
	d->steps = scalars ? 0 : 12000;
}

/* The runs above and below, what it used and made, and tags that need room. */
static void around_set(bn_run_detail *d)
{
	static bn_run_kin children[] = {{.label = (char *)"fold-0", .status = BN_RUN_FINISHED},
		{.label = (char *)"train.py 3fa91c02", .status = BN_RUN_FAILED}};
	static bn_dataset_input inputs[] = {{.name = (char *)"jobs", .digest = (char *)"2ef1a907"}};
	static bn_model_link models[] = {{(char *)"m-16a44841a1cc88cc8dff03233f66b90c", 3}};
	static bn_artifact files[] = {{.path = (char *)"model/MLmodel", .size_bytes = 812},
		{.path = (char *)"plots/residuals.png", .size_bytes = 40312}};
	static bn_pair tags[] = {{(char *)"mlflow.source.git.repository.url", (char *)"https://git.example.org/power"},
		{(char *)"team", (char *)"energy\nand cooling"}};
	d->kins = (bn_run_kins){.has_parent = true,
		.parent_is_known = true,
		.parent = {.label = (char *)"sweep-of-widths", .status = BN_RUN_RUNNING},
		.children = children,
		.child_count = 2,
		.child_total = 70};
	d->links = (bn_run_links){
		.datasets = inputs, .dataset_count = 1, .outputs = models, .output_count = 1};
	d->artifacts = (bn_artifacts){files, 2, 2};
	d->tags = (bn_pairs){tags, 2, 2};
}

int bn_fake_run(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_run_arg *a = arg;
	static bn_pair params[] = {{(char *)"hidden", (char *)"64,64"},
		{(char *)"learning_rate", (char *)"0.01"}, {(char *)"seed", (char *)"7"}};
	bool first = is_run(a->id, 0), failed = is_run(a->id, 3);
	bn_run_info *info = bn_arena_alloc(&page->arena, sizeof *info);
	*info = (bn_run_info){.name = (char *)(first    ? "ridge-0"
					       : failed ? "boom"
							: "mlp-1"),
		.experiment = (char *)"power-forecast",
		.user = (char *)"ada",
		.status = first    ? BN_RUN_RUNNING
			  : failed ? BN_RUN_FAILED
				   : BN_RUN_FINISHED,
		.reason = (char *)(failed ? "exit status 3" : NULL),
		.title = (char *)(first ? "ridge" : "mlp"),
		.host = (char *)"node017",
		.created_ms = NOW - 11 * MIN,
		.started_ms = NOW - 11 * MIN + 2 * S,
		.finished_ms = first ? -1 : NOW - 5 * MIN,
		.dataset = (char *)"jobs-train@v1",
		.beat_ms = 5 * S,
		.heartbeat_ms = NOW - (fake->silent_s ? fake->silent_s : 2) * S,
		.rss_bytes = 734003200,
		.peak_rss_bytes = 801112064,
		.cpu_ms = 21 * MIN,
		.energy_joules = 48200};
	snprintf(info->id, sizeof info->id, "%s", a->id);
	if (fake->has_long_name)
		info->name = (char *)"a-sweep-over-widths-and-learning-rates-17";
	if (fake->has_long_name) {
		char *note = bn_arena_alloc(&page->arena, 1001);
		memset(note, 'x', 1000);
		note[1000] = '\0';
		info->note = note;
	}
	bn_run_detail d = {.info = info, .params = {params, 3, 3}, .now_ms = NOW};
	if (fake->is_nested)
		around_set(&d);
	memcpy(&d.asked, a, sizeof d.asked);
	log_set(&d, failed);
	if (fake->console_lines)
		log_grow(&d, &page->arena, fake->console_lines);
	if (!failed)
		metrics_set(&d, page, a, is_run(a->id, 2));
	if (!failed && !is_run(a->id, 2))
		grid_set(&d, page, a);
	bn_fake_take(page, &d, sizeof d);
	return 0;
}

int bn_fake_reproduce(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return bn_fake_named(fake, page, job, "bit-identical: mlp-1", err);
}
