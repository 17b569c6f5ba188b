/* fake.c - canned runs for a comparison. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

static const char *const hashes[] = {"4f2c1e", "4f2c1e", "90ab77", "4f2c1e"};

/* The value of run i; NULL: it has none. */
static const char *text_of(bn_arena *arena, bn_compare_group group, const char *key, size_t i,
	const char *const *trainers)
{
	if (group == BN_COMPARE_RUN)
		return strcmp(key, "runs") == 0 ? trainers[i % 2] : i == 3 ? "FAILED" : "FINISHED";
	if (group == BN_COMPARE_DATA)
		return i == 2 ? "jobs@v2" : "jobs@v3";
	if (group == BN_COMPARE_CODE)
		return hashes[i % 4];
	if (strcmp(key, "hidden") == 0)
		return i % 2 ? "64,64" : NULL;
	if (strcmp(key, "epochs") == 0)
		return "40";
	if (strcmp(key, "seed") == 0)
		return bn_arena_strf(arena, "%zu", i % 3);
	return i % 2 ? "0.001" : "0.01";
}

static double number_of(const char *key, size_t i)
{
	double base = 11.92 + (double)(i * 7 % 5) * 0.37;
	if (i == 3) /* it failed before the test */
		return strncmp(key, "train", 5) == 0 ? base : NAN;
	if (strcmp(key, "test_r2") == 0)
		return 0.97 - base / 1000;
	if (strncmp(key, "train", 5) == 0)
		return base * 0.93;
	return strstr(key, "mae") ? base * 0.7 : base;
}

int bn_fake_object(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	page->data = bn_arena_strdup(&page->arena,
		"diff --git a/train.py b/train.py\n@@ -1 +1 @@\n-lr = 0.1\n+lr = 0.01\n");
	return 0;
}

int bn_fake_code(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_code_arg *a = arg;
	page->data = bn_arena_strf(&page->arena,
		"M  net.py  +1 -1\nM  train.py  +1 -1\n\n"
		"diff --git a/net.py b/net.py\n@@ -7 +7 @@ def net(hidden):\n-    x = relu(x)\n"
		"+    x = gelu(x)\ndiff --git a/train.py b/train.py\n@@ -1 +1 @@\n-lr = 0.1\n"
		"+lr = 0.01 # %.4s to %.4s\n",
		a->a, a->b);
	return 0;
}

static const struct {
	bn_compare_group group;
	const char *key;
	int better;
} table[] = {
	{BN_COMPARE_RUN, "runs", 0},
	{BN_COMPARE_RUN, "status", 0},
	{BN_COMPARE_PARAM, "epochs", 0},
	{BN_COMPARE_PARAM, "hidden", 0},
	{BN_COMPARE_PARAM, "learning_rate", 0},
	{BN_COMPARE_PARAM, "seed", 0},
	{BN_COMPARE_METRIC, "test_mae", -1},
	{BN_COMPARE_METRIC, "test_r2", 1},
	{BN_COMPARE_METRIC, "test_rmse", -1},
	{BN_COMPARE_METRIC, "train_rmse", -1},
	{BN_COMPARE_METRIC, "val_mae", -1},
	{BN_COMPARE_METRIC, "val_rmse", -1},
	{BN_COMPARE_DATA, "train", 0},
	{BN_COMPARE_CODE, "diff", 0},
};
enum { ROWS = sizeof table / sizeof *table };

static void row_fill(bn_compare_row *out, bn_page *page, size_t r, size_t runs, size_t base,
	const char *const *trainers)
{
	bn_compare_cell *cells = bn_arena_alloc(&page->arena, runs * sizeof *cells);
	bool metric = table[r].group == BN_COMPARE_METRIC, differs = false;
	for (size_t i = 0; i < runs; i++) {
		double v = metric ? number_of(table[r].key, i) : NAN;
		const char *t = metric ? isnan(v) ? NULL : bn_arena_strf(&page->arena, "%.4g", v)
				       : text_of(&page->arena, table[r].group, table[r].key, i,
					       trainers);
		if (!metric && t && table[r].group == BN_COMPARE_PARAM)
			v = strtod(t, NULL);
		cells[i] = (bn_compare_cell){t, v, NAN, NAN};
	}
	for (size_t i = 0; i < runs; i++) {
		const char *t = cells[i].text, *b = cells[base].text;
		cells[i].delta = cells[i].number - cells[base].number;
		cells[i].percent = 100 * cells[i].delta / fabs(cells[base].number);
		differs |= !t || !b ? t != b : strcmp(t, b) != 0;
	}
	*out = (bn_compare_row){table[r].group, table[r].key, differs, table[r].better, cells};
}

int bn_fake_compare(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_compare_arg *a = arg;
	static const char *const metrics[] = {"val_rmse", "val_mae"};
	static const char *const one[] = {"mlp", "mlp"}, *const mixed[] = {"mlp", "ridge"};
	size_t n = a->count;
	bn_comparison *c = bn_arena_alloc(&page->arena, sizeof *c);
	c->runs = n;
	c->baseline = a->baseline;
	c->count = ROWS;
	c->same_terms = true;
	c->rows = bn_arena_alloc(&page->arena, ROWS * sizeof *c->rows);
	c->ids = bn_arena_alloc(&page->arena, n * sizeof *c->ids);
	c->names = bn_arena_alloc(&page->arena, n * sizeof *c->names);
	for (size_t i = 0; i < n; i++) {
		c->names[i] = bn_arena_strf(
			&page->arena, "sweep-lr%s-s%zu-final", i % 2 ? "0.001" : "0.01", i);
		c->ids[i] = bn_arena_strdup(&page->arena, a->ids[i]);
	}
	for (size_t r = 0; r < ROWS; r++)
		row_fill(&c->rows[r], page, r, n, a->baseline,
			fake->has_mixed_runs ? mixed : one);
	bn_compare_page p = {.table = c, .metrics = metrics, .metric_count = 2};
	p.metric = strcmp(a->metric, "val_mae") == 0;
	for (size_t i = 0; i < n; i++)
		p.curves[i] = bn_fake_curve(
			page, c->names[i], metrics[p.metric], 40, 3 + 2 * (double)(i % 6));
	bn_fake_take(page, &p, sizeof p);
	return 0;
}

static bn_seed_setting fake_settings[3] = {
	{.label = "learning_rate 0.01", .run_count = 5, .seeds = 5, .mean = 12.1, .deviation = 0.3, .low = 11.9, .high = 12.4},
	{.label = "learning_rate 0.001", .run_count = 5, .seeds = 5, .mean = 12.9, .deviation = 0.4, .low = 12.6, .high = 13.2,
		.pairs = 5, .difference = 0.8, .difference_low = 0.5, .difference_high = 1.1, .t = 5.1, .t_p = 0.00701,
		.t_p_holm = 0.01402, .w = 0, .w_p = 0.0625, .w_p_holm = 0.125},
	{.label = "learning_rate 0.003", .run_count = 4, .seeds = 4, .mean = 12.2, .deviation = 0.3, .low = 12, .high = 12.4,
		.pairs = 4, .difference = 0.1, .difference_low = -0.2, .difference_high = 0.3, .t = 0.7, .t_p = 0.5343,
		.t_p_holm = 0.5343, .w = 3, .w_p = 0.625, .w_p_holm = 0.625},
};
static bn_param_importance fake_parameters[] = {
	{"learning_rate", true, 14, 3, 0.82, -0.91}, {"hidden", false, 14, 2, 0.11, (double)NAN}, {"seed", true, 14, 5, 0, 0.03}};

int bn_fake_statistics(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_compare_arg *a = arg;
	bn_seeds *s = bn_arena_alloc(&page->arena, sizeof *s);
	const double none = (double)NAN;
	fake_settings[0].difference = fake_settings[0].difference_low = fake_settings[0].difference_high = none;
	fake_settings[0].t_p = fake_settings[0].t_p_holm = fake_settings[0].w_p = fake_settings[0].w_p_holm = none;
	*s = (bn_seeds){.metric = bn_arena_strdup(&page->arena, a->metric),
		.seed = "seed",
		.better = -1,
		.settings = fake_settings,
		.count = 3};
	bn_statistics_page p = {.seeds = s, .importance = {s->metric, fake_parameters, 3}};
	bn_fake_take(page, &p, sizeof p);
	return 0;
}
