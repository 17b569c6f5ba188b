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
	return (bn_curve){run, key, x, y, n, (int64_t)n, n > 100 ? 2 : 0};
}

int bn_fake_run(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
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
	d.curve = bn_fake_curve(page, info->name, metrics[d.metric], 300, 6);
	bn_fake_take(page, &d, sizeof d);
	return 0;
}
