/* The best value of a metric, and that all interfaces give the same one. */
#include "core/track/best.h"

#include "core/run/runlog.h"
#include "core/run/spec.h"
#include "core/track/compare.h"
#include "core/track/query.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"
#include "tui/views/source.h"

#include <math.h>
#include <string.h>

#define REPEAT_16(c) c c c c c c c c c c c c c c c c
#define ZEROS REPEAT_16("0000")
#define ONES REPEAT_16("1111")
#define TWOS REPEAT_16("2222")

static bn_err err = BN_ERR_INIT;

START_TEST(test_best_direction_goes_by_the_end_of_the_name)
{
	ck_assert_int_eq(bn_metric_direction("rmse"), -1);
	ck_assert_int_eq(bn_metric_direction("test_rmse"), -1);
	ck_assert_int_eq(bn_metric_direction("val/accuracy"), 1);
	ck_assert_int_eq(bn_metric_direction("valid_roc_auc"), 1);
	ck_assert_int_eq(bn_metric_direction("train_loss"), -1);
	ck_assert_int_eq(bn_metric_direction("val_log_loss"), -1);
	ck_assert_int_eq(bn_metric_direction("val acc"), 1);
	ck_assert_int_eq(bn_metric_direction("loss_scale"), 0);
	ck_assert_int_eq(bn_metric_direction("system/rss_bytes"), 0);
	ck_assert_int_eq(bn_metric_direction(""), 0);
}
END_TEST

START_TEST(test_best_takes_no_nan_and_is_absent_without_a_direction)
{
	ck_assert_double_eq(bn_metric_best("rmse", 1, 5), 1);
	ck_assert_double_eq(bn_metric_best("acc", 1, 5), 5);
	ck_assert_double_eq(bn_metric_best("rmse", (double)-INFINITY, 5), (double)-INFINITY);
	ck_assert(isnan(bn_metric_best("rows", 1, 5)));
	ck_assert(isnan(bn_metric_best("rmse", (double)NAN, (double)NAN)));
	ck_assert(bn_metric_beats(-1, 1, 2) && !bn_metric_beats(-1, 2, 1));
	ck_assert(bn_metric_beats(1, 2, 1) && !bn_metric_beats(1, 1, 1));
	ck_assert(bn_metric_beats(1, 1, (double)NAN) && !bn_metric_beats(1, (double)NAN, 1));
	ck_assert(!bn_metric_beats(0, 1, 2) && !bn_metric_beats(0, 2, 1));
}
END_TEST

/* The best value on a run's page in the workbench. NaN: it shows a dash. */
static double best_on_screen(track_world *w, const char *id, const char *key)
{
	void *context = NULL;
	double best = (double)NAN;
	bn_run_arg arg = {.metric = ""};
	bn_page page = {.data = NULL};
	memcpy(arg.id, id, BN_RUN_ID_TEXT);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), w->dir.path, &err), &err);
	ck_assert_bn_ok(bn_source_workspace()->run(context, &arg, &page, NULL, &err), &err);
	const bn_run_detail *d = page.data;
	for (size_t i = 0; i < d->metric_count; i++)
		if (!strcmp(d->metrics[i], key))
			best = d->best[i];
	page.release(page.data);
	bn_arena_release(&page.arena);
	bn_source_close(context);
	return best;
}

static const bn_cell *best_in_list(bn_run_page **p, track_world *w, const char *key)
{
	char column[80];
	snprintf(column, sizeof column, "best(%s)", key);
	const char *columns[] = {column};
	bn_run_query q = {.columns = columns, .column_count = 1};
	ck_assert_bn_ok(bn_run_query_page(p, w->ws, &q, &err), &err);
	return &(*p)->rows[0].cells[0];
}

static size_t filtered(track_world *w, const char *key, double value)
{
	char filter[120];
	bn_run_page *p = NULL;
	snprintf(filter, sizeof filter, "best(%s) = %.17g", key, value);
	bn_run_query q = {.filter = filter};
	ck_assert_bn_ok(bn_run_query_page(&p, w->ws, &q, &err), &err);
	size_t count = p->count;
	bn_run_page_free(p);
	return count;
}

static double compared(track_world *w, const char *id, const char *key, int *better)
{
	bn_comparison *c = NULL;
	double x = (double)NAN;
	const char *ids[] = {id};
	ck_assert_bn_ok(bn_compare_runs(&c, w->ws, ids, 1, 0, &err), &err);
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == BN_COMPARE_METRIC && !strcmp(c->rows[i].key, key)) {
			x = c->rows[i].cells[0].number;
			*better = c->rows[i].better;
		}
	bn_comparison_free(c);
	return x;
}

START_TEST(test_best_is_the_same_everywhere)
{
	static const struct {
		const char *key;
		double best; /* NaN: absent */
	} cases[] = {{"val_rmse", 2}, {"test_acc", 9}, {"train_loss", 1}, {"val_log_loss", 3},
		{"loss_scale", (double)NAN}, {"steps", (double)NAN}, {"gone_rmse", (double)NAN}};
	track_world w;
	char id[BN_RUN_ID_TEXT];
	track_make(&w);
	snprintf(id, sizeof id, "%s", track_id(1));
	track_run(&w, 1, "one", NULL,
		"val_rmse=5,nan,2,4 test_acc=1,9,nan train_loss=3,1,2 val_log_loss=3,4 "
		"loss_scale=8,4,2 steps=1,2,3 gone_rmse=nan,nan",
		"FINISHED");
	track_sync(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_run_page *p = NULL;
		const bn_cell *cell = best_in_list(&p, &w, cases[i].key);
		double shown = best_on_screen(&w, id, cases[i].key);
		int better = 0;
		double other = compared(&w, id, cases[i].key, &better);
		if (isnan(cases[i].best)) {
			ck_assert_msg(cell->kind != BN_CELL_NUMBER || isnan(cell->number), "%s",
				cases[i].key);
			ck_assert(isnan(shown));
		} else {
			ck_assert_double_eq(cell->number, cases[i].best);
			ck_assert_double_eq(shown, cases[i].best);
			ck_assert_double_eq(other, cases[i].best);
			ck_assert_uint_eq(filtered(&w, cases[i].key, cases[i].best), 1);
		}
		ck_assert_int_eq(better, bn_metric_direction(cases[i].key));
		bn_run_page_free(p);
	}
	track_remove(&w);
}
END_TEST

typedef struct terms_case {
	const char *target, *where, *test; /* test: digest of the test part */
	const char *train;
	double rmse;
} terms_case;

static void terms_run(track_world *w, int n, const terms_case *c)
{
	char hash[65], id[BN_RUN_ID_TEXT];
	bn_spec *spec = NULL;
	bn_metric_set set = BN_METRIC_SET_INIT;
	const struct {
		const char *name, *part, *digest;
	} parts[] = {{"jobs.train", NULL, c->train}, {"jobs.val", "valid", ZEROS},
		{"jobs.test", "test", c->test}};
	snprintf(id, sizeof id, "%s", track_id(n));
	ck_assert_bn_ok(bn_spec_new(&spec, &err), &err);
	spec->trainer = "ridge";
	spec->target = c->target;
	spec->where = c->where;
	for (int i = 0; i < 3; i++) {
		bn_spec_data *d = NULL;
		ck_assert_bn_ok(bn_spec_add_data(spec, &d, &err), &err);
		d->name = parts[i].name;
		d->version = 1;
		d->part = parts[i].part;
		d->digest = parts[i].digest;
	}
	ck_assert_bn_ok(bn_spec_store(w->ws, spec, hash, &err), &err);
	bn_spec_free(spec);
	bn_run_created made = {.name = "r",
		.experiment = "exp",
		.kind = "trainer",
		.title = "ridge",
		.spec_hash = hash,
		.dataset = "jobs.train@v1"};
	ck_assert_bn_ok(bn_runlog_created(w->ws, id, &made, &err), &err);
	ck_assert_int_eq(bn_metric_set_add(&set, "test_rmse", 1, 1000, c->rmse), 0);
	ck_assert_bn_ok(bn_runlog_metrics(w->ws, id, &set, &err), &err);
	bn_metric_set_release(&set);
}

/* The difference of test_rmse from the first run to the second in per cent; NaN: not shown. */
static double percent_of(track_world *w, int a, int b, bool *same_terms)
{
	char ids[2][BN_RUN_ID_TEXT];
	const char *both[] = {ids[0], ids[1]};
	bn_comparison *c = NULL;
	double x = (double)NAN;
	snprintf(ids[0], sizeof ids[0], "%s", track_id(a));
	snprintf(ids[1], sizeof ids[1], "%s", track_id(b));
	ck_assert_bn_ok(bn_compare_runs(&c, w->ws, both, 2, 0, &err), &err);
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i].key, "test_rmse") == 0)
			x = c->rows[i].cells[1].percent;
	*same_terms = c->same_terms;
	bn_comparison_free(c);
	return x;
}

static const bn_overview *overview_read(track_world *w, bn_page *page, void **context)
{
	ck_assert_bn_ok(bn_source_open(context, bn_env_real(), w->dir.path, &err), &err);
	ck_assert_bn_ok(bn_source_workspace()->overview(*context, NULL, page, NULL, &err), &err);
	return page->data;
}

/* Runs with another target, filtered rows or another test part are not compared. */
START_TEST(test_best_is_among_runs_of_the_same_terms)
{
	static const terms_case cases[] = {{"power", NULL, ONES, ZEROS, 10},
		{"power", NULL, ONES, ZEROS, 8}, {"memory", NULL, ONES, ZEROS, 1},
		{"power", "nodes < 2", ONES, ZEROS, 2}, {"power", NULL, TWOS, ZEROS, 3},
		{"power", NULL, ONES, TWOS, 5}};
	track_world w;
	bool same_terms;
	size_t best = 0, against = 0;
	void *context = NULL;
	bn_page page = {.data = NULL};
	track_make(&w);
	for (int i = 0; i < 6; i++)
		terms_run(&w, i + 1, &cases[i]);
	track_sync(&w);
	ck_assert_double_eq_tol(percent_of(&w, 1, 2, &same_terms), -20, 1e-9);
	ck_assert(same_terms);
	for (int i = 3; i <= 5; i++) {
		ck_assert(isnan(percent_of(&w, 1, i, &same_terms)));
		ck_assert(!same_terms);
	}
	ck_assert_double_eq_tol(
		percent_of(&w, 1, 6, &same_terms), -50, 1e-9); /* with other training rows */
	ck_assert(same_terms);
	const bn_overview *o = overview_read(&w, &page, &context);
	for (size_t i = 0; i < o->line_count; i++) {
		if (o->lines[i].part != BN_LINE_BEST)
			continue;
		best++;
		against += strstr(o->lines[i].detail, "against") != NULL;
		if (strstr(o->lines[i].detail, "against"))
			ck_assert_ptr_nonnull(strstr(o->lines[i].detail, "-37.5 %"));
	}
	ck_assert_uint_eq(best, 4);
	ck_assert_uint_eq(against, 1);
	if (page.release)
		page.release(page.data);
	bn_arena_release(&page.arena);
	bn_source_close(context);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/best", test_best_direction_goes_by_the_end_of_the_name,
	test_best_takes_no_nan_and_is_absent_without_a_direction, test_best_is_the_same_everywhere,
	test_best_is_among_runs_of_the_same_terms)
