/* fake.c - canned runs side by side. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

int bn_fake_compare(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
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
		p.curves[i] =
			bn_fake_curve(page, names[i], metrics[p.metric], 40, 3 + 2 * (double)i);
	bn_fake_take(page, &p, sizeof p);
	return 0;
}
