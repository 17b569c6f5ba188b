/* fake.c - canned charts of some runs. See tests/support/fake_source.h. */
#include "core/track/metric_group.h"
#include "core/track/styles.h"
#include "tests/tui/views/_fake.h"

static const struct {
	const char *title;
	bn_chart_kind kind;
} all[] = {{"accuracy", BN_CHART_LINES}, {"grad_norm", BN_CHART_LINES}, {"loss", BN_CHART_LINES},
	{"lr", BN_CHART_LINES}, {"val_loss", BN_CHART_LINES}, {"weights", BN_CHART_HISTOGRAM},
	{"system/gpu*/power", BN_CHART_ROWS}, {"system/rss_bytes", BN_CHART_LINES}};
enum { ALL = sizeof all / sizeof *all, ROWS = 4, POINTS = 120 };

/* One bump that moves, so that rows differ. */
static bn_curve row_curve(bn_page *page, const char *run, const char *key, size_t row)
{
	double *x = bn_arena_alloc(&page->arena, POINTS * sizeof *x), *y = bn_arena_alloc(&page->arena, POINTS * sizeof *y);
	for (size_t i = 0; i < POINTS; i++) {
		double away = (double)i / POINTS - (double)(row + 1) / (ROWS + 1);
		x[i] = (double)i * 10;
		y[i] = 300 * exp(-20 * away * away);
	}
	return (bn_curve){run, key, x, y, POINTS, POINTS, 0, 0, NULL, NULL, 0};
}

static void item_fill(bn_charts_item *out, bn_page *page, const bn_charts *c, size_t at)
{
	static const char *const devices[ROWS] = {"gpu0", "gpu1", "gpu2", "gpu3"},
				 *const bins[ROWS] = {"-1:-0.5", "-0.5:0", "0:0.5", "0.5:1"};
	bool lines = all[at].kind == BN_CHART_LINES;
	size_t n = lines ? c->run_count : c->run_count * ROWS;
	bn_charts_series *s = bn_arena_alloc(&page->arena, n * sizeof *s);
	for (size_t i = 0; i < n; i++) {
		size_t run = lines ? i : i / ROWS;
		const char *label = all[at].kind == BN_CHART_ROWS ? devices[i % ROWS] : bins[i % ROWS];
		s[i] = (bn_charts_series){run, all[at].title, lines ? NULL : label,
			lines ? bn_fake_curve(page, c->ids[run], all[at].title, POINTS, 2 + (double)(at + run % 6))
			      : row_curve(page, c->ids[run], all[at].title, i % ROWS)};
		if (lines)
			s[i].curve.gaps = 2;
	}
	*out = (bn_charts_item){all[at].title, all[at].kind, s, n, strncmp(all[at].title, "system/", 7) == 0};
}

int bn_fake_charts(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_charts_arg *a = arg;
	bn_charts c = {.run_count = a->count, .x0 = 0, .x1 = 1190};
	const char **ids = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *ids),
		   **names = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *names),
		   **titles = bn_arena_alloc(&page->arena, ALL * sizeof *titles);
	int *styles = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *styles);
	size_t matching[ALL];
	for (size_t i = 0; i < a->count; i++) {
		ids[i] = bn_arena_strdup(&page->arena, a->ids[i]);
		names[i] = bn_arena_strf(&page->arena, "mlp-lr%s-s%zu", i % 2 ? "0.001" : "0.01", i);
	}
	bn_run_styles(styles, ids, a->count, NULL);
	for (size_t i = 0; i < ALL; i++) {
		if (!a->words[0] || strstr(all[i].title, a->words)) {
			matching[c.title_count] = i;
			titles[c.title_count++] = all[i].title;
		} else {
			c.unmatched++;
		}
	}
	c.ids = ids;
	c.names = names;
	c.styles = styles;
	c.titles = titles;
	c.items = bn_arena_alloc(&page->arena, ALL * sizeof *c.items);
	for (size_t i = a->first; i < c.title_count && c.count < a->most; i++)
		item_fill(&c.items[c.count++], page, &c, matching[i]);
	bn_charts *kept = bn_arena_alloc(&page->arena, sizeof *kept);
	*kept = c;
	bn_charts_page p = {.charts = kept};
	memcpy(&p.asked, a, sizeof p.asked);
	bn_fake_take(page, &p, sizeof p);
	return 0;
}
