/* Curves, charts of runs, and their pictures: no spike is lost, NaN is a gap and is counted, the same run looks the same
 * everywhere, and a name can add no markup. */
#include "core/track/charts.h"

#include "core/run/metric_chunk.h"
#include "core/run/runlog.h"
#include "core/track/chart_svg.h"
#include "core/track/metric_group.h"
#include "core/track/styles.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

/* A run with `n` points of "loss": 1 / (1 + step), and one spike; every step in `nans` is NaN. */
static void long_run(track_world *w, int number, size_t n, int64_t spike, int64_t nan_from, int64_t nan_to)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	char id[BN_RUN_ID_TEXT];
	snprintf(id, sizeof id, "%s", track_id(number));
	track_run(w, number, "long", NULL, "lr=1", "RUNNING");
	for (size_t i = 0; i < n; i++) {
		int64_t step = (int64_t)i;
		double y = step == spike ? 500 : 1.0 / (1 + (double)i);
		y = step >= nan_from && step < nan_to ? (double)NAN : y;
		ck_assert_int_eq(bn_metric_set_add(&set, "loss", step, 1000 + 10 * step, y), 0);
		if (set.points == 50000 || i + 1 == n) {
			ck_assert_bn_ok(bn_runlog_metrics(w->ws, id, &set, &err), &err);
			bn_metric_set_clear(&set);
		}
	}
	bn_metric_set_release(&set);
	track_sync(w);
}

static bn_charts *charts_of(track_world *w, int runs, const bn_charts_query *wish)
{
	char ids[8][BN_RUN_ID_TEXT];
	const char *list[8];
	bn_charts *c = NULL;
	bn_charts_query q = *wish;
	for (int i = 0; i < runs; i++) {
		snprintf(ids[i], sizeof ids[i], "%s", track_id(i + 1));
		list[i] = ids[i];
	}
	q.ids = list;
	q.run_count = (size_t)runs;
	ck_assert_bn_ok(bn_charts_read(&c, w->ws, &q, &err), &err);
	return c;
}

static double most_of(const bn_curve *c)
{
	double most = -INFINITY;
	for (size_t i = 0; i < c->n; i++)
		most = c->y[i] > most ? c->y[i] : most;
	return most;
}

START_TEST(test_charts_keep_a_spike_of_one_point_in_a_million)
{
	static const char *const loss[] = {"loss"};
	track_world w;
	track_make(&w);
	long_run(&w, 1, 1000000, 654321, 0, 0);
	for (int axis = 0; axis < BN_RUN_BY_EPOCH; axis++) {
		bn_charts_query q = {.metrics = loss, .metric_count = 1, .axis = (bn_run_axis)axis};
		bn_charts *c = charts_of(&w, 1, &q);
		const bn_curve *v = &c->items[0].series[0].curve;
		ck_assert_uint_le(v->n, 2 * BN_CURVE_BUCKETS);
		ck_assert_int_eq(v->points, 1000000);
		ck_assert_double_eq(most_of(v), 500);
		for (size_t i = 1; i < v->n; i++)
			ck_assert_double_ge(v->x[i], v->x[i - 1]);
		bn_charts_free(c);
	}
	bn_charts_query part = {.metrics = loss, .metric_count = 1, .from = 654000, .to = 654999};
	bn_charts *c = charts_of(&w, 1, &part);
	ck_assert_double_eq(most_of(&c->items[0].series[0].curve), 500);
	bn_charts_free(c);
	part.from = 100;
	part.to = 90000;
	c = charts_of(&w, 1, &part);
	ck_assert_double_lt(most_of(&c->items[0].series[0].curve), 1);
	bn_charts_free(c);
	track_remove(&w);
}
END_TEST

START_TEST(test_charts_break_at_nan_and_count_it)
{
	static const char *const loss[] = {"loss"};
	static const size_t sizes[] = {300, 30000};
	for (int i = 0; i < 2; i++) {
		track_world w;
		size_t n = sizes[i], breaks = 0;
		track_make(&w);
		long_run(&w, 1, n, -1, (int64_t)n / 3, (int64_t)n / 2);
		bn_charts_query q = {.metrics = loss, .metric_count = 1};
		bn_charts *c = charts_of(&w, 1, &q);
		const bn_curve *v = &c->items[0].series[0].curve;
		ck_assert_int_eq(v->gaps, (int64_t)(n / 2 - n / 3));
		ck_assert_int_eq(v->nan_count, (int64_t)(n / 2 - n / 3));
		for (size_t k = 0; k < v->n; k++)
			breaks += isnan(v->y[k]) != 0;
		ck_assert_uint_ge(breaks, 40); /* a wide gap, also in a reduced series */
		bn_charts_free(c);
		track_remove(&w);
	}
}
END_TEST

START_TEST(test_charts_have_every_axis)
{
	static const char *const loss[] = {"loss"};
	track_world w;
	track_make(&w);
	track_run(&w, 1, "a", NULL, "loss=5,4,3,2 epoch=0,0.5,1,1.5", "FINISHED");
	track_run(&w, 2, "b", NULL, "loss=6,5", "FINISHED");
	track_sync(&w);
	bn_charts_query q = {.metrics = loss, .metric_count = 1, .axis = BN_RUN_BY_EPOCH};
	bn_charts *c = charts_of(&w, 2, &q);
	ck_assert(c->has_epochs);
	ck_assert_double_eq(c->items[0].series[0].curve.x[3], 1.5);
	ck_assert_uint_eq(c->items[0].series[1].curve.n, 0); /* it logged no epochs */
	ck_assert_double_eq(c->x1, 1.5);
	bn_charts_free(c);
	q.axis = BN_RUN_BY_TIME;
	c = charts_of(&w, 2, &q);
	ck_assert_double_eq(c->items[0].series[0].curve.x[3], 1003);
	ck_assert_double_eq(c->x0, 1000);
	bn_charts_free(c);
	bn_run_axis axis = BN_RUN_BY_TIME;
	ck_assert_bn_ok(bn_run_axis_find(&axis, "epoch", &err), &err);
	ck_assert_int_eq(axis, BN_RUN_BY_EPOCH);
	ck_assert_int_eq(bn_run_axis_find(&axis, "date", &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "step, relative, time or epoch, not 'date'"));
	track_remove(&w);
}
END_TEST

START_TEST(test_charts_are_chosen_by_name_and_page)
{
	track_world w;
	track_make(&w);
	track_run(&w, 1, "a", NULL, "loss=5,4 val/loss=6,5 acc=1,2 once=1 system/rss_bytes=1,2", "FINISHED");
	track_run(&w, 2, "b", NULL, "loss=5,4 extra=1,2", "FINISHED");
	track_sync(&w);
	bn_charts *c = charts_of(&w, 2, &(bn_charts_query){.first = 1, .most = 2});
	static const char *const all[] = {"acc", "extra", "loss", "val/loss", "system/rss_bytes"};
	ck_assert_uint_eq(c->title_count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(c->titles[i], all[i]);
	ck_assert_uint_eq(c->count, 2);
	ck_assert_str_eq(c->items[0].title, "extra");
	ck_assert_uint_eq(c->items[0].series[0].curve.n, 0);
	bn_charts_free(c);
	c = charts_of(&w, 2, &(bn_charts_query){.words = "LOSS val"});
	ck_assert_uint_eq(c->count, 1);
	ck_assert_str_eq(c->items[0].title, "val/loss");
	ck_assert_uint_eq(c->unmatched, 4);
	bn_charts_free(c);
	static const char *const wrong[] = {"lozz"};
	char id[BN_RUN_ID_TEXT];
	snprintf(id, sizeof id, "%s", track_id(1));
	const char *ids[] = {id};
	bn_charts_query q = {.ids = ids, .run_count = 1, .metrics = wrong, .metric_count = 1};
	ck_assert_int_eq(bn_charts_read(&c, w.ws, &q, &err), BN_ENOTFOUND);
	ck_assert_str_eq(err.hint, "did you mean 'loss'?");
	q = (bn_charts_query){.ids = ids, .run_count = 0};
	ck_assert_int_eq(bn_charts_read(&c, w.ws, &q, NULL), BN_EINVAL);
	track_remove(&w);
}
END_TEST

START_TEST(test_charts_group_devices_and_bins)
{
	static const struct {
		const char *key, *name, *label;
		bool is_histogram;
	} cases[] = {{"system/gpu0/power", "system/gpu*/power", "gpu0", false},
		{"system/gpu_11_utilization_percentage", "system/gpu_*_utilization_percentage", "gpu11", false},
		{"system/gpu.3.temp", "system/gpu.*.temp", "gpu3", false},
		{"w/hist/-0.5:0", "w", "-0.5:0", true}, {"w/hist/-inf:-1e3", "w", "-inf:-1e3", true},
		{"w/hist/1:0", NULL, NULL, false}, {"w/hist/a:b", NULL, NULL, false},
		{"/hist/0:1", NULL, NULL, false}, {"gpu0/power", NULL, NULL, false},
		{"system/gpus", NULL, NULL, false}, {"system/gpu2x", NULL, NULL, false}, {"", NULL, NULL, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_metric_group g;
		bool is = bn_metric_group_of(&g, cases[i].key);
		ck_assert_msg(is == (cases[i].name != NULL), "%s", cases[i].key);
		if (!is)
			continue;
		ck_assert_str_eq(g.name, cases[i].name);
		ck_assert_str_eq(g.label, cases[i].label);
		ck_assert_int_eq(g.is_histogram, cases[i].is_histogram);
	}
	track_world w;
	track_make(&w);
	track_run(&w, 1, "a", NULL,
		"system/gpu10/power=3,4 system/gpu2/power=1,2 system/gpu0/alone=1,2 "
		"w/hist/0:1=5,6 w/hist/-1:0=7,8",
		"FINISHED");
	track_sync(&w);
	bn_charts *c = charts_of(&w, 1, &(bn_charts_query){.most = 0});
	ck_assert_uint_eq(c->count, 3);
	ck_assert_str_eq(c->items[0].title, "w");
	ck_assert_int_eq(c->items[0].kind, BN_CHART_HISTOGRAM);
	ck_assert_str_eq(c->items[0].series[0].label, "-1:0");
	ck_assert_str_eq(c->items[1].title, "system/gpu*/power");
	ck_assert_int_eq(c->items[1].kind, BN_CHART_ROWS);
	ck_assert_str_eq(c->items[1].series[0].label, "gpu2");
	ck_assert_str_eq(c->items[1].series[1].label, "gpu10");
	ck_assert_str_eq(c->items[2].title, "system/gpu0/alone");
	ck_assert_int_eq(c->items[2].kind, BN_CHART_LINES);
	double lo, hi;
	ck_assert(bn_charts_range(&lo, &hi, &c->items[1]));
	ck_assert_double_eq(lo, 0);
	ck_assert_double_eq(hi, 4);
	bn_charts_free(c);
	track_remove(&w);
}
END_TEST

START_TEST(test_charts_rows_hold_a_value_until_the_next)
{
	static const double x[] = {0, 1, 10}, y[] = {2, 4, 6};
	bn_curve c = {.x = x, .y = y, .n = 3};
	double cells[6];
	bn_curve_cells(cells, 6, &c, 0, 12);
	ck_assert_double_eq(cells[0], 3); /* the mean of 2 and 4 */
	ck_assert_double_eq(cells[2], 4);
	ck_assert_double_eq(cells[5], 6);
	bn_curve_cells(cells, 6, &c, 0, 24);
	ck_assert(isnan(cells[4])); /* after the last point */
}
END_TEST

START_TEST(test_charts_know_a_run_by_its_style)
{
	enum { MANY = 50 };
	char ids[MANY][BN_RUN_ID_TEXT];
	const char *list[MANY], *back[MANY];
	int one, all[MANY], reversed[MANY], used[BN_RUN_STYLES] = {0};
	for (int i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof ids[i], "%032x", 77 * i);
		list[i] = back[MANY - 1 - i] = ids[i];
	}
	for (int n = 1; n <= 6; n++) {
		unsigned colours = 0, shapes = 0;
		ck_assert_bn_ok(bn_run_styles(all, list, (size_t)n, &err), &err);
		for (int i = 0; i < n; i++) {
			colours |= 1u << bn_style_colour(all[i]);
			shapes |= 1u << bn_style_shape(all[i]);
		}
		ck_assert_int_eq(__builtin_popcount(colours), n);
		ck_assert_int_eq(__builtin_popcount(shapes), n);
	}
	ck_assert_bn_ok(bn_run_styles(&one, list, 1, &err), &err);
	ck_assert_bn_ok(bn_run_styles(all, list, BN_RUN_STYLES, &err), &err);
	ck_assert_int_eq(all[0], one); /* the first by id keeps its own */
	for (int i = 0; i < BN_RUN_STYLES; i++)
		ck_assert_int_eq(used[all[i]]++, 0);
	ck_assert_bn_ok(bn_run_styles(all, list, MANY, &err), &err);
	ck_assert_bn_ok(bn_run_styles(reversed, back, MANY, &err), &err);
	for (int i = 0; i < MANY; i++) /* whatever the order of the list */
		ck_assert_int_eq(all[i], reversed[MANY - 1 - i]);
}
END_TEST

/* ---- pictures ----------------------------------------------------------------------------------- */

/* Every element is closed, every attribute quoted, and no '<' or '&' is bare: what an XML parser asks for here. */
static void check_xml(const char *s)
{
	char open[64][32];
	int depth = 0;
	for (const char *p = s; *p; p++) {
		if (*p == '&')
			ck_assert_msg(strncmp(p, "&lt;", 4) == 0 || strncmp(p, "&gt;", 4) == 0 ||
					      strncmp(p, "&amp;", 5) == 0 || strncmp(p, "&quot;", 6) == 0,
				"a bare & at %.30s", p);
		if (*p != '<')
			continue;
		const char *end = strchr(p, '>');
		ck_assert_ptr_nonnull(end);
		if (p[1] == '?') {
			p = end;
			continue;
		}
		bool closes = p[1] == '/';
		size_t n = strcspn(p + 1 + closes, " />");
		if (closes) {
			ck_assert_int_gt(depth, 0);
			depth--;
			ck_assert_msg(strlen(open[depth]) == n && strncmp(open[depth], p + 2, n) == 0,
				"<%s> closed by %.20s", open[depth], p);
		} else if (end[-1] != '/') {
			ck_assert_int_lt(depth, 64);
			snprintf(open[depth++], 32, "%.*s", (int)n, p + 1);
		}
		int quotes = 0;
		for (const char *q = p; q < end; q++) {
			quotes += *q == '"';
			ck_assert_msg(*q != '<' || q == p, "a bare < in %.40s", p);
		}
		ck_assert_int_eq(quotes % 2, 0);
		p = end;
	}
	ck_assert_int_eq(depth, 0);
	ck_assert_ptr_null(strstr(s, "<script"));
	ck_assert_ptr_null(strstr(s, "nan"));
	ck_assert_ptr_null(strstr(s, "inf"));
}

START_TEST(test_charts_as_svg_are_well_formed_whatever_the_names)
{
	static const char *const loss[] = {"loss", "none_here", "system/gpu*/power"};
	track_world w;
	track_make(&w);
	track_run(&w, 1, "<script>alert(1)</script>", NULL,
		"loss=5,nan,4,0,-1,inf,3 none_here=nan,nan system/gpu0/power=1,nan,3 system/gpu1/power=1,2", "FINISHED");
	track_run(&w, 2, "a\"b & <c>\033[1m", NULL, "loss=5", "FINISHED");
	track_sync(&w);
	for (int k = 0; k < 4; k++) {
		bn_charts_query q = {.metrics = loss, .metric_count = 3, .axis = k == 3 ? BN_RUN_BY_TIME : 0};
		bn_charts *c = charts_of(&w, 2, &q);
		bn_buf out = BN_BUF_INIT;
		ck_assert_bn_ok(bn_charts_add_svg(&out, c, &q, k == 1, k == 2 ? 0.9 : 0, 2, k == 2, &err), &err);
		check_xml(out.ptr);
		ck_assert_ptr_nonnull(strstr(out.ptr, "&lt;script&gt;alert(1)&lt;/script&gt;"));
		ck_assert_ptr_nonnull(strstr(out.ptr, k == 1 ? "2 gaps  2 not above 0" : "2 gaps"));
		ck_assert_ptr_nonnull(strstr(out.ptr, "no points to draw"));
		ck_assert((strstr(out.ptr, "prefers-color-scheme") != NULL) == (k != 2));
		ck_assert_ptr_null(strstr(out.ptr, "http://www.w3.org/1999/xlink"));
		bn_buf_release(&out);
		bn_charts_free(c);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_charts_parallel_coordinates_as_svg)
{
	static const char *const axes[] = {"lr & more", "depth", "loss"}, *const names[] = {"a<b", "c"};
	static const double values[] = {0.1, 3, 7, (double)NAN, 3, 8};
	static const int styles[] = {4, 35};
	bn_svg_parallel p = {axes, 3, 2, values, names, styles, 1, -1};
	bn_buf out = BN_BUF_INIT;
	ck_assert_bn_ok(bn_svg_add_parallel(&out, &p, false, &err), &err);
	check_xml(out.ptr);
	ck_assert_ptr_nonnull(strstr(out.ptr, "lr &amp; more"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "bn-hi"));
	bn_buf_release(&out);
	p.axis_count = 1;
	ck_assert_int_eq(bn_svg_add_parallel(&out, &p, false, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_svg_add_charts(&out, NULL, 0, 1, false, NULL), BN_EINVAL);
	bn_buf_release(&out);
}
END_TEST

START_TEST(test_charts_say_so_when_memory_is_short)
{
	static const char *const loss[] = {"loss", "system/gpu*/power"};
	track_world w;
	int failed = 0;
	track_make(&w);
	track_run(&w, 1, "a", NULL, "loss=5,4 system/gpu0/power=1,2 system/gpu1/power=1,2", "FINISHED");
	track_sync(&w);
	bn_charts *warm = charts_of(&w, 1, &(bn_charts_query){.metrics = loss, .metric_count = 2});
	bn_charts_free(warm);
	char id[BN_RUN_ID_TEXT];
	snprintf(id, sizeof id, "%s", track_id(1));
	const char *ids[] = {id};
	bn_charts_query q = {.ids = ids, .run_count = 1, .metrics = loss, .metric_count = 2};
	for (long at = 1; at < 400; at++) {
		bn_charts *c = NULL;
		bn_alloc_fail_at(at);
		int rc = bn_charts_read(&c, w.ws, &q, NULL);
		bn_alloc_fail_at(0);
		ck_assert((rc == 0) == (c != NULL));
		bn_charts_free(c);
		failed += rc != 0;
		if (rc == 0)
			break;
	}
	ck_assert_int_gt(failed, 8);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/charts", test_charts_keep_a_spike_of_one_point_in_a_million,
	test_charts_break_at_nan_and_count_it, test_charts_have_every_axis,
	test_charts_are_chosen_by_name_and_page, test_charts_group_devices_and_bins,
	test_charts_rows_hold_a_value_until_the_next, test_charts_know_a_run_by_its_style,
	test_charts_as_svg_are_well_formed_whatever_the_names, test_charts_parallel_coordinates_as_svg,
	test_charts_say_so_when_memory_is_short)
