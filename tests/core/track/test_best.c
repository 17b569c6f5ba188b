/* Which value of a metric is the best one, and that every place gives the same answer. */
#include "core/track/best.h"

#include "core/track/compare.h"
#include "core/track/query.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"
#include "tui/views/source.h"

#include <math.h>
#include <string.h>

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

/* A run's screen: the page that the workbench draws. NaN: it shows a dash. */
static double best_on_screen(track_world *w, const char *id, const char *key)
{
	void *context = NULL;
	double best = (double)NAN;
	bn_run_arg arg = {.metric = ""};
	bn_page page = {.data = NULL};
	memcpy(arg.id, id, BN_RUN_ID_TEXT);
	ck_assert_bn_ok(bn_source_open(&context, w->dir.path, &err), &err);
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

BN_TEST_MAIN("core/track/best", test_best_direction_goes_by_the_end_of_the_name,
	test_best_takes_no_nan_and_is_absent_without_a_direction, test_best_is_the_same_everywhere)
