/*
 * Lists of runs: pages in both directions by any sort, counts and positions; and the fold's result does not depend on
 * the order of arrival.
 */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/run/runlog.h"
#include "core/store/inspect.h"
#include "core/track/query.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <string.h>

enum { RUNS = 60, LIMIT = 7 };

static track_world w;
static bn_err err = BN_ERR_INIT;

static void make_runs(void)
{
	track_make(&w);
	w.env.clock_ns = 1800000000000000000;
	for (int i = 0; i < RUNS; i++) {
		char params[64], metrics[64], name[16];
		/* Some runs have the same time, so the id decides; values are equal, absent, or
		 * NaN. */
		w.env.clock_step_ns = i % 4 ? 0 : 1000000000;
		snprintf(name, sizeof name, "n%d", i * 37 % 10);
		snprintf(params, sizeof params, i % 5 ? "lr=%d" : "opt=%d", i * 7 % 4);
		if (i % 9 == 4)
			snprintf(metrics, sizeof metrics, "rmse=nan all=%d", i * 17 % 8);
		else
			snprintf(metrics, sizeof metrics,
				i % 6 ? "rmse=%d,%d all=%d" : "mae=%d,%d all=%d", i * 13 % 5,
				i * 11 % 6, i * 17 % 8);
		track_run(&w, i * 7919 % 1000 + 1, name, params, metrics, "FINISHED");
		if (i % 11 == 10)
			ck_assert_bn_ok(
				bn_runlog_removed(w.ws, track_id(i * 7919 % 1000 + 1), &err), &err);
	}
	track_sync(&w);
}

static bn_run_page *get(bn_run_query q)
{
	bn_run_page *p = NULL;
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	return p;
}

static void check_same(const bn_run_page *all, const bn_run_page *part, int64_t place)
{
	ck_assert_int_eq(part->total, all->total);
	ck_assert_int_eq(part->place, place);
	for (size_t i = 0; i < part->count; i++)
		ck_assert_str_eq(part->rows[i].id, all->rows[(size_t)place + i].id);
}

START_TEST(test_list_pages_join_in_both_directions_for_any_sort)
{
	static const char *const sorts[] = {NULL, "metrics.rmse", "-metrics.rmse", "params.lr",
		"-params.lr", "name", "-name", "created", "-best(mae),name", "mean(rmse)",
		"status,-metrics.rmse", "duration", "metrics.all", "-metrics.all,name",
		"-max(all),-params.lr"};
	static const char *const filters[] = {NULL, "metrics.rmse >= 1 OR params.opt IS NOT NULL"};
	make_runs();
	for (size_t s = 0; s < sizeof sorts / sizeof *sorts * 2; s++) {
		bn_run_query q = {.sort = sorts[s / 2], .filter = filters[s % 2], .limit = 1000};
		bn_run_page *all = get(q), *p;
		q.limit = LIMIT;
		int64_t place = 0, n = (int64_t)all->count;
		ck_assert_int_eq(all->total, n);
		for (const char *mark = NULL; place < n; place += LIMIT) {
			q.after = mark;
			p = get(q);
			check_same(all, p, place);
			mark = all->rows[place + (int64_t)p->count - 1].mark;
			bn_run_page_free(p);
		}
		q.after = NULL;
		for (q.offset = 0; q.offset < n; q.offset += 3) {
			p = get(q);
			ck_assert_uint_eq(
				p->count, (size_t)(n - q.offset < LIMIT ? n - q.offset : LIMIT));
			check_same(all, p, q.offset);
			bn_run_page_free(p);
		}
		q.offset = 0;
		q.last = true;
		p = get(q);
		check_same(all, p, n - LIMIT);
		bn_run_page_free(p);
		q.last = false;
		for (int64_t at = n - LIMIT; at > 0; at -= LIMIT) {
			q.before = all->rows[at].mark;
			p = get(q);
			ck_assert_uint_eq(p->count, (size_t)(at < LIMIT ? at : LIMIT));
			check_same(all, p, at < LIMIT ? 0 : at - LIMIT);
			bn_run_page_free(p);
		}
		q.before = NULL;
		q.from = all->rows[n / 2].mark;
		p = get(q);
		check_same(all, p, n / 2);
		bn_run_page_free(p);
		bn_run_page_free(all);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_list_marks_hold_when_their_row_has_gone_and_refuse_another_sort)
{
	make_runs();
	static const char *const sorts[] = {NULL, "-metrics.rmse"};
	for (int s = 0; s < 2; s++) {
		bn_run_query q = {.sort = sorts[s], .limit = 10};
		bn_run_page *first = get(q), *p;
		ck_assert_bn_ok(bn_runlog_removed(w.ws, first->rows[9].id, &err), &err);
		track_sync(&w);
		q.after = first->rows[9].mark;
		q.limit = 3;
		p = get(q);
		ck_assert_int_eq(p->place, 9);
		q = (bn_run_query){.sort = sorts[s], .limit = 12};
		bn_run_page *now = get(q);
		for (size_t i = 0; i < 3; i++)
			ck_assert_str_eq(p->rows[i].id, now->rows[9 + i].id);
		bn_run_page_free(p);
		bn_run_page_free(now);
		bn_err e = BN_ERR_INIT;
		q = (bn_run_query){.sort = sorts[!s], .after = first->rows[3].mark};
		ck_assert_int_eq(bn_run_query_page(&p, w.ws, &q, &e), BN_EINVAL);
		bn_run_page_free(first);
	}
	track_remove(&w);
}
END_TEST

static void check_held(bn_run_memory *memory, bn_run_query q)
{
	bn_run_page *p = get(q);
	q.memory = memory;
	bn_run_page *held = get(q);
	ck_assert_uint_eq(held->count, p->count);
	ck_assert_int_eq(held->total, p->total);
	ck_assert_int_eq(held->place, p->place);
	for (size_t i = 0; i < p->count; i++) {
		ck_assert_str_eq(held->rows[i].id, p->rows[i].id);
		ck_assert_str_eq(held->rows[i].mark, p->rows[i].mark);
	}
	bn_run_page_free(p);
	bn_run_page_free(held);
}

START_TEST(test_list_held_in_memory_is_the_one_that_is_read)
{
	static const char *const sorts[] = {NULL, "metrics.rmse", "-params.lr,name", "-best(mae)",
		"mean(rmse)", "status,-metrics.rmse", "duration", "user,created"};
	static const char *const filters[] = {NULL, "metrics.rmse >= 1 OR params.opt IS NOT NULL",
		"name = 'n3' AND created > '2000-01-01'", "status = 'FAILED'"};
	static const char *const words[] = {NULL, "n1", "N", "N1 finished", "0000000000",
		"000000000a", "nothing%", "  n4  ", "z"};
	bn_run_memory *memory = NULL;
	make_runs();
	ck_assert_bn_ok(bn_run_memory_new(&memory, &err), &err);
	for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++)
		for (size_t f = 0; f < sizeof filters / sizeof *filters; f++)
			for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
				bn_run_query q = {.sort = sorts[s],
					.filter = filters[f],
					.search = words[i],
					.limit = 1000};
				check_held(memory, q);
				q.limit = 5;
				q.offset = 4;
				check_held(memory, q);
				q.last = true;
				check_held(memory, q);
				q.removed = true;
				check_held(memory, q);
			}
	bn_run_memory_free(memory);
	track_remove(&w);
}
END_TEST

START_TEST(test_list_held_in_memory_reads_only_what_changed)
{
	bn_run_memory *memory = NULL;
	bn_metric_set set = BN_METRIC_SET_INIT;
	make_runs();
	ck_assert_bn_ok(bn_run_memory_new(&memory, &err), &err);
	bn_run_query q = {.memory = memory, .sort = "metrics.rmse", .filter = "metrics.rmse >= 0"};
	bn_run_page_free(get(q));
	const bn_run_memory_work *did = bn_run_memory_did(memory);
	bn_run_memory_work first = *did;
	ck_assert_int_eq(first.runs_read, RUNS - RUNS / 11);
	ck_assert_int_eq(first.columns_read, 1);
	/* Narrowing a list with each typed key reads no run again. */
	static const char *const typed[] = {"n", "n1", "n", ""};
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		q.search = typed[i];
		bn_run_page_free(get(q));
	}
	ck_assert_int_eq(did->runs_read, first.runs_read);
	ck_assert_int_eq(did->columns_read, first.columns_read);
	ck_assert_int_eq(did->filters_read, 1);
	/* A new point of a live run reads columns again, but no run. */
	bn_metric_set_add(&set, "rmse", 9, bn_env_now_ms(bn_workspace_env(w.ws)), -5);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
	track_sync(&w);
	check_held(memory, (bn_run_query){.sort = "metrics.rmse"});
	ck_assert_int_eq(did->runs_read, first.runs_read);
	ck_assert_int_gt(did->columns_read, first.columns_read);
	/* A new run is read. */
	track_run(&w, 1001, "added", NULL, NULL, "RUNNING");
	track_sync(&w);
	check_held(memory, (bn_run_query){.search = "added"});
	ck_assert_int_gt(did->runs_read, first.runs_read);
	bn_metric_set_release(&set);
	bn_run_memory_free(memory);
	track_remove(&w);
}
END_TEST

static void point_add(int run, int64_t step, double value)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_metric_set_add(&set, "rmse", step, 5000 + step, value);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(run), &set, &err), &err);
	bn_metric_set_release(&set);
}

/* A filter's columns are kept: another limit reads none anew, and a point that arrives late is seen at once. */
START_TEST(test_list_held_in_memory_keeps_the_columns_of_filters)
{
	static const char *const filters[] = {"at(rmse, 1) >= 2", "at(rmse, 1) >= 3",
		"at(rmse, 7) > 0", "at(rmse, 1) >= 1 AND params.lr = 1 AND max(rmse) < 5"};
	bn_run_memory *memory = NULL;
	make_runs();
	ck_assert_bn_ok(bn_run_memory_new(&memory, &err), &err);
	const bn_run_memory_work *did = bn_run_memory_did(memory);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
			check_held(memory, (bn_run_query){.filter = filters[i], .limit = 1000});
		bn_run_query q = {.memory = memory, .filter = "at(rmse, 1) >= 2", .limit = 1000};
		const bn_run_memory_work before = *did;
		bn_run_page *p = get(q);
		int64_t matched = p->total;
		bn_run_page_free(p);
		q.filter = "at(rmse, 1) >= 4";
		w.env.clock_ns += 60000000000; /* a minute: points do not age */
		p = get(q);
		ck_assert_int_lt(p->total, matched);
		bn_run_page_free(p);
		ck_assert_int_eq(did->columns_read, before.columns_read);
		ck_assert_int_eq(did->runs_read, before.runs_read);
		/* The value of that step, of a run that had one and of others. */
		for (int run = 1; run <= 3; run++)
			point_add(run * 7919 % 1000 + 1, 1 + 6 * round, 9 + round);
		track_sync(&w);
	}
	bn_run_memory_free(memory);
	track_remove(&w);
}
END_TEST

typedef struct stop {
	uint64_t asked, total;
	bool now;
} stop;

static bool stop_ask(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	stop *s = ctx;
	ck_assert_str_eq(what, "reading points");
	ck_assert_uint_le(done, total);
	s->asked++;
	s->total = total;
	return !s->now;
}

/* at() reads the points of each run: it says how far it is, and stops when it is told to. */
START_TEST(test_list_that_reads_points_can_be_stopped)
{
	stop s = {0, 0, true};
	const bn_progress watch = {stop_ask, &s};
	make_runs();
	for (int i = 0; i < 4; i++) {
		bn_run_memory *memory = NULL;
		bn_run_page *p = NULL;
		bn_err why = BN_ERR_INIT;
		ck_assert_bn_ok(bn_run_memory_new(&memory, &err), &err);
		bn_run_query q = {.filter = i % 2 ? NULL : "at(rmse, 1) >= 2",
			.sort = i % 2 ? "at(rmse, 1)" : NULL,
			.memory = i < 2 ? NULL : memory,
			.watch = &watch};
		s.now = true;
		ck_assert_int_eq(bn_run_query_page(&p, w.ws, &q, &why), BN_EINTR);
		ck_assert_ptr_null(p);
		ck_assert_str_eq(why.msg, "stopped while reading points");
		ck_assert_uint_ge(s.total, RUNS);
		s.now = false;
		p = get(q);
		ck_assert_uint_gt(p->count, 0);
		bn_run_page_free(p);
		q.watch = NULL;
		q.memory = NULL;
		check_held(memory, q);
		bn_run_memory_free(memory);
	}
	track_remove(&w);
}
END_TEST

/* A run whose least and greatest values cannot match is not read. */
START_TEST(test_list_reads_points_only_of_runs_that_may_match)
{
	static const char *const none[] = {"at(rmse, 1) > 1e9", "at(rmse, 1) = 1e9", "-1e9 >= at(rmse, 1)"};
	stop s = {0, 0, false};
	const bn_progress watch = {stop_ask, &s};
	make_runs();
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		bn_run_page *p = get((bn_run_query){.filter = none[i], .watch = &watch});
		ck_assert_uint_eq(p->count, 0);
		bn_run_page_free(p);
	}
	ck_assert_uint_eq(s.asked, 0);
	bn_run_page_free(get((bn_run_query){.filter = "NOT at(rmse, 1) > 1e9", .watch = &watch}));
	ck_assert_uint_gt(s.asked, 0);
	track_remove(&w);
}
END_TEST

static const bn_run_group *group_of(const bn_run_page *p, const char *value)
{
	for (size_t i = 0; i < p->group_count; i++)
		if (p->groups[i].key == bn_run_group_key(value))
			return &p->groups[i];
	ck_abort_msg("no group");
	return NULL;
}

/* Live runs come first in any sort; then groups in the order of their first runs. */
START_TEST(test_list_groups_runs_behind_those_that_live)
{
	static const bool summed[] = {true, true};
	static const char *const columns[] = {"metrics.rmse", "params.opt"};
	bn_run_memory *memory = NULL;
	track_make(&w);
	track_run(&w, 1, "a", "lr=1 opt=x", "rmse=4", "FINISHED");
	track_run(&w, 2, "b", "lr=1 opt=x", "rmse=6", "FAILED");
	track_run(&w, 3, "c", "lr=2 opt=x", "rmse=1", "FINISHED");
	track_run(&w, 4, "d", "lr=2 opt=y", NULL, "FINISHED");
	track_run(&w, 5, "e", NULL, "rmse=3", "FINISHED");
	track_run(&w, 6, "f", "lr=2", "rmse=9", "RUNNING");
	track_sync(&w);
	ck_assert_bn_ok(bn_run_memory_new(&memory, &err), &err);
	bn_run_query q = {.memory = memory,
		.live_first = true,
		.sort = "metrics.rmse",
		.columns = columns,
		.column_count = 2};
	bn_run_page *p = get(q);
	ck_assert_str_eq(p->rows[0].name, "c"); /* a sort puts a live run where it belongs */
	ck_assert_str_eq(p->rows[4].name, "f");
	ck_assert_int_eq(p->total, 6);
	bn_run_page_free(p);
	q.sort = NULL;
	p = get(q);
	ck_assert_str_eq(p->rows[0].name, "f");
	bn_run_page_free(p);
	q.sort = "metrics.rmse";
	const uint64_t open[] = {bn_run_group_key("1")};
	q.group = "params.lr";
	q.open = open;
	q.open_count = 1;
	q.summed = summed;
	p = get(q);
	ck_assert_int_eq(p->matched, 6);
	ck_assert_int_eq(p->total, 3);
	ck_assert_int_eq(p->lead, 1);
	ck_assert_str_eq(p->rows[0].name, "f");
	ck_assert_str_eq(p->rows[1].name, "a");
	ck_assert_str_eq(p->rows[2].name, "b");
	ck_assert_uint_eq(p->group_count, 3);
	ck_assert_str_eq(p->groups[0].value, "2");
	ck_assert_ptr_null(p->groups[1].value);
	ck_assert_str_eq(p->groups[2].value, "1");
	const bn_run_group *g = group_of(p, "1");
	ck_assert_int_eq(g->first, 1);
	ck_assert_int_eq(g->count, 2);
	ck_assert_int_eq(g->bad, 1);
	ck_assert_double_eq(g->sums[0].mean, 5);
	ck_assert_double_eq_tol(g->sums[0].deviation, sqrt(2), 1e-12);
	ck_assert_str_eq(g->sums[1].alike, "x");
	g = group_of(p, "2");
	ck_assert_int_eq(g->first, -1);
	ck_assert_int_eq(g->sums[0].count, 1);
	ck_assert(isnan(g->sums[0].deviation));
	ck_assert_ptr_null(g->sums[1].alike); /* the values differ */
	bn_run_page_free(p);
	q.group = "metrics.rmse";
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_run_query_page(&p, w.ws, &q, &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "metrics.rmse"));
	bn_run_memory_free(memory);
	track_remove(&w);
}
END_TEST

/* The order of the values of the groups. */
static void groups_are(bn_run_query q, const char *wanted)
{
	bn_buf text = BN_BUF_INIT;
	bn_run_page *p = get(q);
	for (size_t i = 0; i < p->group_count; i++)
		bn_buf_addf(&text, "%s%s", i ? " " : "", p->groups[i].value ? p->groups[i].value : "-");
	ck_assert_str_eq(text.ptr, wanted);
	bn_run_page_free(p);
	bn_buf_release(&text);
}

/* The best run of all is in the group with the worst mean. */
START_TEST(test_list_sorts_groups_by_their_aggregate)
{
	static const char *const columns[] = {"metrics.rmse"};
	bn_run_memory *memory = NULL;
	track_make(&w);
	track_run(&w, 1, "a", "lr=1", "rmse=1", "FINISHED");
	track_run(&w, 2, "b", "lr=1", "rmse=9", "FINISHED");
	track_run(&w, 3, "c", "lr=1", "rmse=8", "FINISHED");
	track_run(&w, 4, "d", "lr=2", "rmse=4", "FINISHED");
	track_run(&w, 5, "e", "lr=2", "rmse=2", "FINISHED");
	track_run(&w, 6, "f", "lr=3", "rmse=nan", "FINISHED");
	track_run(&w, 7, "g", "lr=4", "rmse=5", "FINISHED");
	track_sync(&w);
	ck_assert_bn_ok(bn_run_memory_new(&memory, &err), &err);
	bn_run_query q = {.memory = memory,
		.sort = "metrics.rmse",
		.group = "params.lr",
		.ordered = BN_SUM_MEAN,
		.columns = columns,
		.column_count = 1};
	groups_are(q, "2 4 1 3");
	q.sort = "-metrics.rmse";
	groups_are(q, "1 4 2 3"); /* without a number: last in either direction */
	q.sort = "metrics.rmse";
	q.ordered = BN_SUM_MIN;
	groups_are(q, "1 2 4 3");
	q.ordered = BN_SUM_MEDIAN;
	groups_are(q, "2 4 1 3");
	q.ordered = BN_SUM_MAX;
	groups_are(q, "2 4 1 3");
	q.ordered = BN_SUM_STD;
	groups_are(q, "2 1 4 3"); /* none: of one run */
	q.ordered = BN_SUM_N;
	q.sort = "-metrics.rmse,params.lr";
	groups_are(q, "1 2 4 3");
	q.sort = "name desc";
	groups_are(q, "4 3 2 1"); /* by the first run */
	bn_run_memory_free(memory);
	track_remove(&w);
}
END_TEST

/* A random act on a random run, by one of two writers. */
static void act(bn_workspace *ws, bn_rng *rng, bn_metric_set *set)
{
	static const char *const keys[] = {"rmse", "val_loss", "steps", "r2"};
	char id[BN_RUN_ID_TEXT];
	snprintf(id, sizeof id, "%s", track_id(1 + (int)(bn_rng_u64(rng) % 5)));
	bn_run_created birth = {.name = "x", .experiment = bn_rng_u64(rng) & 1 ? "a" : "b"};
	switch (bn_rng_u64(rng) % 10) {
	case 0:
		ck_assert_bn_ok(bn_runlog_created(ws, id, &birth, &err), &err);
		break;
	case 1:
		ck_assert_bn_ok(bn_runlog_finished(ws, id, "FINISHED", 0, 0, NULL, &err), &err);
		break;
	case 2:
		ck_assert_bn_ok(bn_rng_u64(rng) & 1 ? bn_runlog_removed(ws, id, &err)
						    : bn_runlog_restored(ws, id, &err),
			&err);
		break;
	case 3:
		ck_assert_bn_ok(bn_runlog_tag(ws, id, keys[bn_rng_u64(rng) % 4],
					bn_rng_u64(rng) % 3 ? "t" : NULL, &err),
			&err);
		break;
	case 4:
		ck_assert_bn_ok(bn_runlog_param(ws, id, keys[bn_rng_u64(rng) % 4],
					bn_rng_u64(rng) & 1 ? "1" : "2", &err),
			&err);
		break;
	default:
		bn_metric_set_clear(set);
		for (uint64_t n = bn_rng_u64(rng) % 6; n < 6; n++)
			bn_metric_set_add(set, keys[bn_rng_u64(rng) % 4],
				(int64_t)(bn_rng_u64(rng) % 50), (int64_t)(bn_rng_u64(rng) % 9),
				bn_rng_u64(rng) % 8 ? (double)(bn_rng_u64(rng) % 100) / 7
						    : (double)NAN);
		ck_assert_bn_ok(bn_runlog_metrics(ws, id, set, &err), &err);
	}
}

/* Checks filters, sorts and fields on the columns, which are not part of a dump. */
static void check_columns(void)
{
	static const char *const columns[] = {
		"metrics.rmse", "min(val_loss)", "tags.r2", "params.steps"};
	bn_run_query q = {.columns = columns, .column_count = 4};
	bn_run_page *all = get(q);
	for (size_t c = 0; c < 4; c++) {
		char filter[64];
		int64_t has = 0;
		for (size_t i = 0; i < all->count; i++) {
			const bn_cell *cell = &all->rows[i].cells[c];
			has += cell->kind == BN_CELL_TEXT ||
			       (cell->kind == BN_CELL_NUMBER && !isnan(cell->number));
		}
		snprintf(filter, sizeof filter, "%s IS NOT NULL", columns[c]);
		bn_run_page *some = get((bn_run_query){.filter = filter});
		ck_assert_int_eq(some->total, has);
		bn_run_page_free(some);
	}
	bn_run_counts counts;
	ck_assert_bn_ok(bn_run_count(&counts, w.ws, &err), &err);
	ck_assert_int_eq(counts.total, all->total);
	bn_run_page_free(all);
}

START_TEST(test_list_fold_is_the_same_in_any_order_of_arrival)
{
	for (uint64_t seed = 0; seed < 12; seed++) {
		bn_rng rng;
		char one[65], other[65];
		bn_metric_set set = BN_METRIC_SET_INIT;
		bn_rng_init(&rng, seed, "orders", 0);
		track_make(&w);
		bn_workspace *writers[2] = {track_open(&w), track_open(&w)};
		for (int i = 0; i < 150; i++) {
			bn_workspace *x = writers[bn_rng_u64(&rng) & 1];
			act(x, &rng, &set);
			/* A segment sealed late arrives after newer events of the other writer. */
			if (bn_rng_u64(&rng) % 12 == 0)
				ck_assert_bn_ok(bn_workspace_commit(x, &err), &err);
			if (bn_rng_u64(&rng) % 20 == 0)
				ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		}
		bn_workspace_close(writers[0]);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		bn_workspace_close(writers[1]);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		check_columns();
		ck_assert_bn_ok(bn_index_dump_hash(w.ws, one, &err), &err);
		ck_assert_bn_ok(bn_index_rebuild(w.ws, &err), &err);
		check_columns();
		ck_assert_bn_ok(bn_index_dump_hash(w.ws, other, &err), &err);
		ck_assert_str_eq(one, other);
		bn_metric_set_release(&set);
		track_remove(&w);
	}
}
END_TEST

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

typedef struct summary {
	size_t count, nans;
	double min, max;
} summary;

/* The summary of the points from (inclusive) to (exclusive). */
static summary summary_of(const bn_points *p, bn_series_axis axis, long double from, long double to)
{
	summary s = {0, 0, NAN, NAN};
	for (size_t k = 0; k < p->count; k++) {
		long double at = (long double)(axis == BN_AXIS_STEP ? p->step[k] : p->time_ms[k]);
		double v = p->value[k];
		if (at < from || at >= to)
			continue;
		s.nans += isnan(v) ? 1 : 0;
		s.count += isnan(v) ? 0 : 1;
		s.min = isnan(v) || v >= s.min ? s.min : v;
		s.max = isnan(v) || v <= s.max ? s.max : v;
	}
	return s;
}

/* Compares the envelope with all points. A bucket may lack points, or have additional ones, only within an eighth of
 * its width of its borders, and none if it is exact; no point is lost or counted twice. */
static void check_envelope(bn_series_axis axis, int64_t from, int64_t to, size_t n, bool exact)
{
	bn_bucket b[64];
	bn_points p;
	bool any;
	size_t count = 0, nans = 0;
	long double width = ((long double)to - (long double)from + 1) / (long double)n;
	long double slack = exact ? 0 : width / 8 + 1, end = (long double)to + 1;
	ck_assert_bn_ok(bn_series_read(&p, w.ws, track_id(1), "x", &err), &err);
	ck_assert_bn_ok(
		bn_series_envelope(b, n, &any, w.ws, track_id(1), "x", axis, from, to, &err), &err);
	for (size_t i = 0; i < n; i++) {
		long double low = (long double)from + width * (long double)i, high = low + width;
		long double far_low = fmaxl(low - slack, (long double)from);
		summary most = summary_of(&p, axis, far_low, fminl(high + slack, end));
		summary least =
			summary_of(&p, axis, i ? low + slack : low, i + 1 < n ? high - slack : end);
		count += b[i].count;
		nans += b[i].nan_count;
		ck_assert(b[i].count >= least.count && b[i].count <= most.count);
		ck_assert(b[i].nan_count >= least.nans && b[i].nan_count <= most.nans);
		ck_assert(!exact || (same(b[i].min, most.min) && same(b[i].max, most.max)));
		ck_assert(!(b[i].min < most.min) && !(b[i].min > least.min));
		ck_assert(!(b[i].max > most.max) && !(b[i].max < least.max));
	}
	summary all = summary_of(&p, axis, (long double)from, end);
	ck_assert_uint_eq(count, all.count);
	ck_assert_uint_eq(nans, all.nans);
	bn_points_release(&p);
}

START_TEST(test_list_envelope_equals_every_point)
{
	bn_rng rng;
	bn_metric_set set = BN_METRIC_SET_INIT;
	size_t added = 0;
	bn_rng_init(&rng, 5, "envelope", 0);
	track_make(&w);
	track_run(&w, 1, "long", NULL, NULL, "RUNNING");
	for (int event = 0; event < 110; event++) {
		/* Finally there are chunks with spans above them. */
		uint64_t n = event % 10 == 3 || event > 70 ? 6000 : 1 + bn_rng_u64(&rng) % 300;
		for (uint64_t i = 0; i < n; i++, added++) {
			/* Increasing, with gaps, and sometimes far back. */
			int64_t step = (int64_t)added * 3 + (added > 9000 ? 50000 : 0);
			if (bn_rng_u64(&rng) % 40 == 0)
				step = (int64_t)(bn_rng_u64(&rng) % 60000);
			bn_metric_set_add(&set, "x", step, 1000 + step * 2,
				bn_rng_u64(&rng) % 30 ? (double)(int64_t)bn_rng_u64(&rng) * 1e-15
						      : (double)NAN);
			bn_metric_set_add(&set, "other", step, step, 1);
		}
		ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
		bn_metric_set_clear(&set);
		if (event % 6 == 0)
			track_sync(&w);
	}
	track_sync(&w);
	bn_points p;
	ck_assert_bn_ok(bn_series_read(&p, w.ws, track_id(1), "x", &err), &err);
	ck_assert_uint_eq(p.count, added);
	bn_points_release(&p);
	check_envelope(BN_AXIS_STEP, 0, (int64_t)added * 3 + 50000, 40, false);
	check_envelope(BN_AXIS_STEP, 20000, 20500, 64, true);
	check_envelope(BN_AXIS_STEP, -1000, 100, 7, false);
	check_envelope(BN_AXIS_TIME, 1000, 1000 + (int64_t)added * 6 + 100000, 33, false);
	check_envelope(BN_AXIS_TIME, 5000, 6000, 10, false);
	printf("NOTE: %zu points, envelopes equal to brute force\n", added);
	bn_metric_set_release(&set);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/list", test_list_held_in_memory_is_the_one_that_is_read,
	test_list_held_in_memory_reads_only_what_changed,
	test_list_held_in_memory_keeps_the_columns_of_filters,
	test_list_that_reads_points_can_be_stopped,
	test_list_reads_points_only_of_runs_that_may_match,
	test_list_sorts_groups_by_their_aggregate, test_list_groups_runs_behind_those_that_live,
	test_list_pages_join_in_both_directions_for_any_sort,
	test_list_marks_hold_when_their_row_has_gone_and_refuse_another_sort,
	test_list_fold_is_the_same_in_any_order_of_arrival, test_list_envelope_equals_every_point)
