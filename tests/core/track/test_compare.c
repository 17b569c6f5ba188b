/* Comparisons: the metric that they are about, significance over seeds, importance of parameters, data, and reports in
 * which no name adds markup. */
#include "core/track/compare.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/compare_data.h"
#include "core/track/compare_report.h"
#include "core/track/importance.h"
#include "core/track/seeds.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

static bn_comparison *compare(track_world *w, size_t runs, size_t baseline)
{
	enum { MOST = 200 };
	static char ids[MOST][BN_RUN_ID_TEXT];
	const char *list[MOST];
	bn_comparison *c = NULL;
	track_sync(w);
	for (size_t i = 0; i < runs; i++) {
		snprintf(ids[i], sizeof ids[i], "%s", track_id((int)i + 1));
		list[i] = ids[i];
	}
	ck_assert_bn_ok(bn_compare_runs(&c, w->ws, list, runs, baseline, &err), &err);
	return c;
}

static void run_make(track_world *w, int n, const char *params, const char *metric, double value)
{
	char metrics[80], name[40];
	snprintf(metrics, sizeof metrics, "%s=%.17g", metric, value);
	snprintf(name, sizeof name, "run%d", n);
	track_run(w, n, name, params, metrics, "FINISHED");
}

/* A case of paired.json: its differences, and what SciPy says. Yours. */
static json_t *peer(const char *name)
{
	json_error_t e;
	size_t i;
	json_t *c, *found = NULL, *doc = json_load_file("tests/reference/paired.json", 0, &e);
	ck_assert_msg(doc != NULL, "%s", e.text);
	json_array_foreach(json_object_get(doc, "paired"), i, c)
	{
		if (strcmp(json_string_value(json_object_get(c, "name")), name) == 0)
			found = json_incref(c);
	}
	ck_assert_msg(found != NULL, "no case %s", name);
	json_decref(doc);
	return found;
}

static double peer_number(const json_t *c, const char *key)
{
	return json_number_value(json_object_get(c, key));
}

/* Two settings with the peer's differences between them, a third that is the first again, over the same seeds. */
START_TEST(test_compare_over_seeds_pairs_and_corrects)
{
	json_t *c = peer("ten");
	const json_t *d = json_object_get(c, "d");
	track_world w;
	char params[80];
	int n = 0;
	track_make(&w);
	for (int s = 0; s < 10; s++) {
		double diff = json_number_value(json_array_get(d, (size_t)s)), base = 10 + 0.25 * s;
		snprintf(params, sizeof params, "lr=1 seed=%d", s);
		run_make(&w, ++n, params, "test_rmse", base);
		snprintf(params, sizeof params, "lr=2 seed=%d", s);
		run_make(&w, ++n, params, "test_rmse", base + diff);
		snprintf(params, sizeof params, "lr=3 seed=%d", s);
		run_make(&w, ++n, params, "test_rmse", base);
	}
	run_make(&w, ++n, "lr=2 seed=77", "test_rmse", 11); /* no partner */
	run_make(&w, ++n, "lr=2 seed=78", "other", 11);     /* no number */
	bn_comparison *all = compare(&w, (size_t)n, 0);
	bn_seeds *s = NULL;
	ck_assert_bn_ok(bn_seeds_compare(&s, all, NULL, &err), &err);
	ck_assert_str_eq(s->metric, "test_rmse");
	ck_assert_str_eq(s->seed, "seed");
	ck_assert_int_eq(s->better, -1);
	ck_assert_uint_eq(s->count, 3);
	ck_assert_uint_eq(s->left_out, 1);
	ck_assert(bn_seeds_have_pairs(s));
	const bn_seed_setting *base = &s->settings[0], *two = &s->settings[1], *three = &s->settings[2];
	ck_assert_str_eq(base->label, "lr 1");
	ck_assert_uint_eq(base->seeds, 10);
	ck_assert_double_eq_tol(base->mean, 11.125, 1e-12);
	ck_assert(isnan(base->t_p) && base->low < base->mean && base->high > base->mean);
	ck_assert_uint_eq(two->seeds, 11);
	ck_assert_uint_eq(two->pairs, 10);
	ck_assert_double_eq_tol(two->t, peer_number(c, "t"), 1e-9);
	ck_assert_double_eq_tol(two->t_p, peer_number(c, "t_p"), 1e-9);
	ck_assert_double_eq_tol(two->w, peer_number(c, "w"), 1e-9);
	ck_assert_double_eq_tol(two->w_p, peer_number(c, "w_p"), 1e-9);
	ck_assert_double_eq(two->t_p_holm, two->t_p); /* the other setting has no test: all differences are 0 */
	ck_assert_double_eq(three->difference, 0);
	ck_assert(isnan(three->t_p) && isnan(three->w_p));
	json_t *o = NULL;
	ck_assert_bn_ok(bn_seeds_to_json(&o, s, all, &err), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "settings")), 3);
	ck_assert(json_is_null(json_object_get(json_array_get(json_object_get(o, "settings"), 2), "t_p")));
	json_decref(o);
	bn_seeds_free(s);
	ck_assert_int_eq(bn_seeds_compare(&s, all, "test_rmsf", &err), BN_ENOTFOUND);
	ck_assert_str_eq(err.hint, "did you mean 'test_rmse'?");
	bn_comparison_free(all);
	json_decref(c);
	track_remove(&w);
}
END_TEST

START_TEST(test_compare_over_seeds_without_seeds_has_no_pairs)
{
	track_world w;
	bn_seeds *s = NULL;
	track_make(&w);
	run_make(&w, 1, "lr=1", "loss", 1);
	run_make(&w, 2, "lr=2", "loss", 2);
	run_make(&w, 3, "lr=2", "loss", 4);
	bn_comparison *c = compare(&w, 3, 0);
	ck_assert_bn_ok(bn_seeds_compare(&s, c, NULL, &err), &err);
	ck_assert_ptr_null(s->seed);
	ck_assert(!bn_seeds_have_pairs(s));
	ck_assert_uint_eq(s->settings[1].pairs, 0);
	ck_assert_double_eq(s->settings[1].mean, 3);
	bn_seeds_free(s);
	bn_comparison_free(c);
	ck_assert(bn_param_is_seed("torch_seed") && bn_param_is_seed("random_state"));
	ck_assert(!bn_param_is_seed("seeds") && !bn_param_is_seed("seedling"));
	track_remove(&w);
}
END_TEST

/* A run without the seed that others have is in no mean, also where it is the baseline. */
START_TEST(test_compare_over_seeds_leaves_out_runs_without_a_seed)
{
	track_world w;
	bn_seeds *s = NULL;
	char text[BN_SEEDS_TEXT];
	track_make(&w);
	run_make(&w, 1, "lr=2", "loss", 1000);
	run_make(&w, 2, "lr=1 seed=1", "loss", 1);
	run_make(&w, 3, "lr=1 seed=2", "loss", 3);
	run_make(&w, 4, "lr=2 seed=1", "loss", 5);
	run_make(&w, 5, "lr=2 seed=2", "loss", 7);
	run_make(&w, 6, "lr=2 seed=3", "other", 7);
	bn_comparison *c = compare(&w, 6, 0);
	ck_assert_bn_ok(bn_seeds_compare(&s, c, "loss", &err), &err);
	ck_assert_uint_eq(s->count, 2);
	ck_assert_uint_eq(s->left_out, 2);
	ck_assert_uint_eq(s->without_seed, 1);
	ck_assert_str_eq(s->settings[0].label, "lr 2"); /* the baseline's setting is the first still */
	ck_assert_double_eq(s->settings[0].mean, 6);
	ck_assert_uint_eq(s->settings[0].seeds, 2);
	ck_assert_double_eq(s->settings[1].difference, -4);
	ck_assert_str_eq(bn_seeds_left_out(text, s),
		"2 runs are left out: 1 without seed, 1 without the metric or measured on other rows");
	bn_seeds_free(s);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

static double uniform(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (double)(*x >> 11) * (1.0 / 9007199254740992.0);
}

START_TEST(test_compare_importance_finds_what_matters)
{
	track_world w;
	char params[120];
	uint64_t state = 5;
	track_make(&w);
	for (int i = 0; i < 40; i++) {
		double x = uniform(&state), noise = uniform(&state);
		snprintf(params, sizeof params, "x=%g noise=%g kind=%s same=1", x, noise,
			i % 2 ? "a" : "b");
		run_make(&w, i + 1, params, "loss", 3 - 2 * x + (i % 2 ? 0.01 : 0));
	}
	run_make(&w, 41, "x=0.5", "loss", (double)NAN);
	bn_comparison *c = compare(&w, 41, 0);
	bn_importance m;
	ck_assert_bn_ok(bn_importance_measure(&m, c, "loss", &err), &err);
	ck_assert_uint_eq(m.count, 4); /* "same" differs too: the last run lacks it */
	ck_assert_str_eq(m.items[0].key, "x");
	ck_assert_uint_eq(m.items[0].runs, 40);
	ck_assert_double_lt(m.items[0].correlation, -0.99);
	ck_assert_double_gt(m.items[0].information, 1);
	for (size_t i = 1; i < m.count; i++) {
		ck_assert(isnan(m.items[i].information) || m.items[i].information < 0.3);
		if (strcmp(m.items[i].key, "kind") == 0)
			ck_assert(!m.items[i].is_number && isnan(m.items[i].correlation));
		if (strcmp(m.items[i].key, "same") == 0)
			ck_assert(isnan(m.items[i].information));
	}
	json_t *o = NULL;
	ck_assert_bn_ok(bn_importance_to_json(&o, &m, &err), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "parameters")), 4);
	json_decref(o);
	bn_importance_release(&m);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

START_TEST(test_compare_main_metric_is_on_the_test_part)
{
	static const struct {
		const char *metrics, *main;
	} cases[] = {{"loss=1 test_mae=2 test_rmse=3 train_rmse=4", "test_rmse"},
		{"loss=1 val_accuracy=2 train_loss=3", "val_accuracy"}, {"speed=1 loss=2", "loss"},
		{"zz=1 system/rss_bytes=2", "zz"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		track_world w;
		const bn_compare_row *row = NULL;
		track_make(&w);
		track_run(&w, 1, "a", NULL, cases[i].metrics, "FINISHED");
		bn_comparison *c = compare(&w, 1, 0);
		ck_assert_bn_ok(bn_comparison_metric(&row, c, NULL, &err), &err);
		ck_assert_str_eq(row->key, cases[i].main);
		bn_comparison_free(c);
		track_remove(&w);
	}
	track_world w;
	const bn_compare_row *row = NULL;
	track_make(&w);
	track_run(&w, 1, "a", "lr=1", NULL, "FINISHED");
	bn_comparison *c = compare(&w, 1, 0);
	ck_assert_int_eq(bn_comparison_metric(&row, c, NULL, &err), BN_ENOTFOUND);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

/* ---- reports ------------------------------------------------------------------------------------ */

static char *report_of(track_world *w, const bn_comparison *c, bool html)
{
	bn_buf out = BN_BUF_INIT;
	bn_compare_report_wish wish = {.is_html = html};
	ck_assert_bn_ok(bn_compare_report(&out, w->ws, c, &wish, &err), &err);
	return bn_buf_take(&out, NULL);
}

static size_t times(const char *text, const char *word)
{
	size_t n = 0;
	for (const char *s = text; (s = strstr(s, word)); s += strlen(word))
		n++;
	return n;
}

START_TEST(test_compare_report_is_safe_and_stands_alone)
{
	static const char *const evil[] = {"<script>alert(1)</script>", "a|b\n# head", "[x](http://evil) **b** ![i](u)",
		"\" onload=\"x", "</table><img src=x>", "`code` @all #1 ~label !2", "\033[31mred", "&amp;<b>"};
	track_world w;
	char metrics[200];
	track_make(&w);
	for (int i = 0; i < 8; i++) {
		char id[BN_RUN_ID_TEXT];
		snprintf(metrics, sizeof metrics, "loss=%d,%d,nan,%d", i + 3, i + 2, i + 1);
		track_run(&w, i + 1, evil[i], NULL, metrics, "FINISHED");
		snprintf(id, sizeof id, "%s", track_id(i + 1));
		ck_assert_bn_ok(bn_runlog_param(w.ws, id, "evil", evil[7 - i], &err), &err);
		ck_assert_bn_ok(bn_runlog_param(w.ws, id, "seed", i % 2 ? "1" : "2", &err), &err);
	}
	bn_comparison *c = compare(&w, 8, 0);
	char *html = report_of(&w, c, true), *md = report_of(&w, c, false);
	ck_assert_ptr_nonnull(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
	ck_assert_ptr_nonnull(strstr(html, "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(html, "<svg"));
	static const char *const never[] = {"<script", "<img", "onload=\"x", "<b>", "\033", "href", "src=x>", "url("};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		const char *at = strstr(html, never[i]);
		ck_assert_msg(!at || (i == 2 && strstr(html, "&quot; onload=&quot;x")), "%s in the HTML: %.60s",
			never[i], at);
		if (i != 2)
			ck_assert_msg(!strstr(md, never[i]), "%s in the Markdown", never[i]);
	}
	ck_assert_uint_eq(times(html, "<table>"), times(html, "</table>"));
	ck_assert_uint_eq(times(html, "<td"), times(html, "</td>"));
	ck_assert_uint_eq(times(html, "<svg "), times(html, "</svg>"));
	ck_assert_ptr_null(strstr(md, "](http"));
	ck_assert_ptr_null(strstr(md, "\n# head"));
	ck_assert_ptr_null(strstr(md, "@all"));
	ck_assert_ptr_nonnull(strstr(md, "# Comparison of 8 runs\n"));
	for (const char *line = strstr(md, "\n|"); line; line = strstr(line + 1, "\n|")) { /* cells keep their bars */
		size_t bars = 0;
		for (const char *s = line + 1; *s && *s != '\n'; s++)
			bars += *s == '|';
		ck_assert_uint_ge(bars, 2);
	}
	bn_free(html);
	bn_free(md);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

/* The bars of each table stand below each other. */
START_TEST(test_compare_report_tables_are_aligned)
{
	static const char *const params[] = {"lr=0.1 seed=1 name=a", "lr=0.2 seed=1 name=bcdefghij", "lr=0.1 seed=2 name=a",
		"lr=0.2 seed=2 name=bcdefghij"};
	track_world w;
	track_make(&w);
	for (int i = 0; i < 4; i++)
		run_make(&w, i + 1, params[i], "test_rmse", i + 0.25);
	bn_comparison *c = compare(&w, 4, 0);
	char *md = report_of(&w, c, false);
	size_t tables = 0, before = 0, lines = 0;
	for (const char *line = md, *end; (end = strchr(line, '\n')); line = end + 1) {
		size_t n = line[0] == '|' ? (size_t)(end - line) : 0;
		if (n && !before)
			tables++;
		if (n && before)
			ck_assert_msg(n == before, "%.*s", (int)n, line);
		lines += n > 0;
		before = n;
	}
	ck_assert_uint_ge(tables, 2);
	ck_assert_uint_ge(lines, 8);
	ck_assert_ptr_nonnull(strstr(md, "| run "));
	bn_free(md);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

/* The parent of a sweep has no metric of its own: no line of parallel coordinates ends before it. */
START_TEST(test_compare_parallel_leaves_out_runs_without_the_metric)
{
	track_world w;
	track_make(&w);
	run_make(&w, 1, "lr=9", "other", 1);
	for (int i = 2; i < 6; i++) {
		char params[40];
		snprintf(params, sizeof params, "lr=%d depth=%d", i, i % 3);
		run_make(&w, i, params, "test_rmse", i * i);
	}
	bn_comparison *c = compare(&w, 5, 0);
	char *html = report_of(&w, c, true);
	const char *svg = strstr(html, "Parallel coordinates"), *end = svg ? strstr(svg, "</svg>") : NULL;
	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_nonnull(strstr(end, "1 run without <code>test_rmse</code> is left out."));
	for (const char *at = svg; (at = strstr(at, "run1")) && at < end; at++)
		ck_abort_msg("the parent is in the picture");
	bn_free(html);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

START_TEST(test_compare_report_of_little_has_little)
{
	track_world w;
	track_make(&w);
	track_run(&w, 1, "a", NULL, NULL, "FAILED");
	bn_comparison *c = compare(&w, 1, 0);
	char *md = report_of(&w, c, false), *html = report_of(&w, c, true);
	ck_assert_ptr_null(strstr(md, "## Over seeds"));
	ck_assert_ptr_null(strstr(md, "## Parameters"));
	ck_assert_ptr_null(strstr(html, "<svg"));
	bn_free(md);
	bn_free(html);
	bn_compare_report_wish wish = {.metric = "loss"};
	bn_buf out = BN_BUF_INIT;
	ck_assert_int_eq(bn_compare_report(&out, w.ws, c, &wish, &err), BN_ENOTFOUND);
	bn_buf_release(&out);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

START_TEST(test_compare_says_so_when_memory_is_short)
{
	track_world w;
	char params[60];
	int failed = 0;
	track_make(&w);
	for (int i = 0; i < 9; i++) {
		snprintf(params, sizeof params, "lr=%d seed=%d", i / 3, i % 3);
		run_make(&w, i + 1, params, "loss", i * i % 7);
	}
	bn_comparison *c = compare(&w, 9, 0);
	for (long at = 1; at < 2000; at++) {
		bn_buf out = BN_BUF_INIT;
		bn_compare_report_wish wish = {.is_html = true};
		bn_alloc_fail_at(at);
		int rc = bn_compare_report(&out, w.ws, c, &wish, NULL);
		bn_alloc_fail_at(0);
		bn_buf_release(&out);
		failed += rc != 0;
		if (rc == 0)
			break;
	}
	ck_assert_int_gt(failed, 20);
	bn_comparison_free(c);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/compare", test_compare_over_seeds_pairs_and_corrects,
	test_compare_over_seeds_without_seeds_has_no_pairs, test_compare_importance_finds_what_matters,
	test_compare_main_metric_is_on_the_test_part, test_compare_report_is_safe_and_stands_alone,
	test_compare_over_seeds_leaves_out_runs_without_a_seed, test_compare_report_tables_are_aligned,
	test_compare_parallel_leaves_out_runs_without_the_metric, test_compare_report_of_little_has_little, test_compare_says_so_when_memory_is_short)
