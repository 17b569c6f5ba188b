/*
 * Runs below their parents: the tree of a list equals one that is built by hand from the flat list, for random
 * parents, filters, sorts and folds; what a folded run says of those below it; circles; the runs around a run.
 */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/run/runlog.h"
#include "core/track/kin.h"
#include "core/track/nest.h"
#include "core/track/query.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 40, NONE = -1 };

static track_world w;
static bn_err err = BN_ERR_INIT;
static int parent_of[RUNS + 1]; /* by number of the run; 0: none */

/* The keys of runs are the first half of their ids. */
static const char *id_of(int n)
{
	static char ids[4][BN_RUN_ID_TEXT];
	static unsigned next;
	char *id = ids[next++ % 4];
	snprintf(id, BN_RUN_ID_TEXT, "%016x%016x", (unsigned)n, 0u);
	return id;
}

static void below(int child, int parent)
{
	parent_of[child] = parent;
	ck_assert_bn_ok(
		bn_runlog_tag(w.ws, id_of(child), BN_NEST_PARENT_TAG, id_of(parent), &err), &err);
}

static void run_make(int n, double rmse)
{
	char name[16], h[8];
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_run_created birth = {.experiment = "exp", .kind = "api", .title = "a test"};
	const char *id = id_of(n);
	snprintf(name, sizeof name, "n%d", n);
	snprintf(h, sizeof h, "%d", n % 3);
	birth.name = name;
	ck_assert_bn_ok(bn_runlog_created(w.ws, id, &birth, &err), &err);
	ck_assert_bn_ok(bn_runlog_param(w.ws, id, "h", h, &err), &err);
	if (rmse >= 0)
		bn_metric_set_add(&set, "rmse", 1, 1, rmse);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, id, &set, &err), &err);
	ck_assert_bn_ok(bn_runlog_started(w.ws, id, 5000, &err), &err);
	ck_assert_bn_ok(bn_runlog_finished(w.ws, id, "FINISHED", 0, 0, NULL, &err), &err);
	bn_metric_set_release(&set);
}

static void world_make(void)
{
	track_make(&w);
	w.env.clock_ns = 1800000000000000000;
	w.env.clock_step_ns = 1000000000;
	memset(parent_of, 0, sizeof parent_of);
}

static bn_run_page *get(bn_run_memory *m, bn_run_query q)
{
	bn_run_page *p = NULL;
	q.memory = m;
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	return p;
}

static int number_of(const bn_run_row *r)
{
	int n = -1;
	ck_assert_int_eq(sscanf(r->name, "n%d", &n), 1);
	return n;
}

/* ---- a tree by hand ------------------------------------------------------------------------- */

typedef struct naive {
	const bn_run_page *flat;
	size_t place[RUNS + 1]; /* in the flat list; SIZE_MAX: the filter leaves it out */
	int rows[RUNS + 1], depth[RUNS + 1], count;
} naive;

/* The first place of the run and all below it. */
static size_t first_of(const naive *t, int n)
{
	size_t first = t->place[n];
	for (int c = 1; c <= RUNS; c++)
		if (parent_of[c] == n && first_of(t, c) < first)
			first = first_of(t, c);
	return first;
}

static void lay(naive *t, int parent, int depth)
{
	bool done[RUNS + 1] = {false};
	for (;;) {
		int next = NONE;
		for (int n = 1; n <= RUNS; n++)
			if (!done[n] && parent_of[n] == parent && first_of(t, n) != SIZE_MAX &&
				(next == NONE || first_of(t, n) < first_of(t, next)))
				next = n;
		if (next == NONE)
			return;
		done[next] = true;
		t->depth[t->count] = depth;
		t->rows[t->count++] = next;
		lay(t, next, depth + 1);
	}
}

static void check_tree(bn_run_memory *m, const char *filter, const char *sort)
{
	naive t = {.count = 0};
	bn_run_query q = {.filter = filter, .sort = sort, .limit = 1000};
	bn_run_page *flat = get(m, q), *p;
	t.flat = flat;
	memset(t.place, 0xff, sizeof t.place);
	for (size_t i = 0; i < flat->count; i++)
		t.place[number_of(&flat->rows[i])] = i;
	lay(&t, 0, 0);
	q.tree = q.unfolded = true;
	p = get(m, q);
	ck_assert_int_eq(p->total, t.count);
	if (!p->is_tree) { /* one run that the filter chose, without a parent */
		ck_assert_int_eq(p->total, flat->total);
		for (int i = 0; i < t.count; i++)
			ck_assert_int_eq(t.depth[i], 0);
		bn_run_page_free(flat);
		bn_run_page_free(p);
		return;
	}
	ck_assert_int_eq(p->matched, flat->total);
	for (int i = 0; i < t.count; i++) {
		const bn_run_row *r = &p->rows[i];
		int64_t children = 0, inside = 0;
		ck_assert_int_eq(number_of(r), t.rows[i]);
		ck_assert_int_eq(r->depth, t.depth[i]);
		ck_assert_int_eq(r->is_context, t.place[t.rows[i]] == SIZE_MAX);
		for (int k = i + 1; k < t.count && t.depth[k] > t.depth[i]; k++) {
			children += t.depth[k] == t.depth[i] + 1;
			inside += t.place[t.rows[k]] != SIZE_MAX;
		}
		ck_assert_int_eq(r->children, children);
		ck_assert_int_eq(r->below, inside);
		ck_assert_str_eq(r->mark, "");
	}
	/* Folded, the same without what is below; and pages of it join. */
	q.unfolded = false;
	bn_run_page *folded = get(m, q);
	size_t at = 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->rows[i].depth == 0)
			ck_assert_str_eq(folded->rows[at++].id, p->rows[i].id);
	ck_assert_uint_eq(folded->count, at);
	q.unfolded = true;
	q.limit = 7;
	for (q.offset = 0; q.offset < p->total; q.offset += 7) {
		bn_run_page *part = get(m, q);
		ck_assert_int_eq(part->place, q.offset);
		for (size_t i = 0; i < part->count; i++)
			ck_assert_str_eq(part->rows[i].id, p->rows[(size_t)q.offset + i].id);
		bn_run_page_free(part);
	}
	bn_run_page_free(flat);
	bn_run_page_free(folded);
	bn_run_page_free(p);
}

START_TEST(test_tree_is_the_one_made_by_hand_for_any_parents_filter_and_sort)
{
	static const char *const filters[] = {NULL, "params.h = 1", "rmse < 10", "name = 'n7'"};
	static const char *const sorts[] = {
		NULL, "metrics.rmse", "-metrics.rmse", "name", "params.h,-created"};
	bn_rng rng;
	uint32_t order[RUNS];
	bn_rng_init(&rng, 7, "trees", 0);
	for (int round = 0; round < 4; round++) {
		bn_run_memory *m = NULL;
		world_make();
		for (int n = 1; n <= RUNS; n++)
			run_make(n, n % 5 == round ? -1 : (double)bn_rng_below(&rng, 20));
		/* In any order: also below a run that is younger. */
		bn_rng_permutation(&rng, order, RUNS);
		for (uint32_t i = 3; i < RUNS; i++)
			if (bn_rng_below(&rng, 3))
				below(1 + (int)order[i], 1 + (int)order[bn_rng_below(&rng, i)]);
		track_sync(&w);
		ck_assert_bn_ok(bn_run_memory_new(&m, &err), &err);
		for (size_t f = 0; f < sizeof filters / sizeof *filters; f++)
			for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++)
				check_tree(m, filters[f], sorts[s]);
		bn_run_memory_free(m);
		track_remove(&w);
	}
}
END_TEST

START_TEST(test_tree_folded_run_says_the_best_below_it)
{
	static const char *const columns[] = {"metrics.rmse", "params.h"};
	static const bool summed[] = {true, true};
	bn_run_memory *m = NULL;
	world_make();
	for (int n = 1; n <= 5; n++)
		run_make(n, n == 1 ? -1 : 10 - n);
	for (int n = 2; n <= 5; n++)
		below(n, n == 5 ? 2 : 1);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_memory_new(&m, &err), &err);
	bn_run_query q = {.columns = columns, .column_count = 2, .summed = summed, .tree = true};
	bn_run_page *p = get(m, q);
	ck_assert_int_eq(p->total, 1);
	ck_assert_int_eq(p->matched, 5);
	ck_assert_int_eq(p->rows[0].children, 3);
	ck_assert_int_eq(p->rows[0].below, 4);
	ck_assert(p->rows[0].best && p->rows[0].best[0] == 5 && isnan(p->rows[0].best[1]));
	bn_run_page_free(p);
	/* One that is open says nothing; the run below it does. */
	uint64_t open = bn_run_row_key(id_of(1));
	q.open = &open;
	q.open_count = 1;
	p = get(m, q);
	ck_assert_int_eq(p->total, 4);
	ck_assert(p->rows[0].is_open && !p->rows[0].best);
	for (size_t i = 1; i < p->count; i++)
		ck_assert_int_eq(p->rows[i].best != NULL, number_of(&p->rows[i]) == 2);
	bn_run_page_free(p);
	/* The filter counts; a new run is there at once. */
	q.filter = "rmse > 5";
	p = get(m, q);
	ck_assert(p->rows[0].is_context);
	ck_assert_int_eq(p->rows[0].below, 3);
	bn_run_page_free(p);
	run_make(6, 9);
	below(6, 1);
	track_sync(&w);
	p = get(m, q);
	ck_assert_int_eq(p->rows[0].below, 4);
	bn_run_page_free(p);
	bn_run_memory_free(m);
	track_remove(&w);
}
END_TEST

START_TEST(test_tree_of_a_circle_has_its_smallest_id_on_top)
{
	bn_run_memory *m = NULL;
	world_make();
	for (int n = 1; n <= 4; n++)
		run_make(n, n);
	below(2, 3);
	below(3, 4);
	below(4, 2);
	below(1, 1);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_memory_new(&m, &err), &err);
	bn_run_page *p = get(m, (bn_run_query){.tree = true, .unfolded = true, .sort = "name"});
	static const int expected[] = {1, 2, 4, 3}, depths[] = {0, 0, 1, 2};
	ck_assert_int_eq(p->total, 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(number_of(&p->rows[i]), expected[i]);
		ck_assert_int_eq(p->rows[i].depth, depths[i]);
	}
	bn_run_page_free(p);
	bn_run_memory_free(m);
	track_remove(&w);
}
END_TEST

START_TEST(test_tree_without_parents_is_the_list_and_a_parent_in_the_trash_is_none)
{
	bn_run_memory *m = NULL;
	world_make();
	for (int n = 1; n <= 3; n++)
		run_make(n, n);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_memory_new(&m, &err), &err);
	bn_run_page *p = get(m, (bn_run_query){.tree = true});
	ck_assert(!p->is_tree);
	ck_assert_int_eq(p->total, 3);
	ck_assert(p->rows[0].mark[0]);
	bn_run_page_free(p);
	below(3, 1);
	track_sync(&w);
	p = get(m, (bn_run_query){.tree = true});
	ck_assert(p->is_tree);
	ck_assert_int_eq(p->total, 2);
	bn_run_page_free(p);
	ck_assert_bn_ok(bn_runlog_removed(w.ws, id_of(1), &err), &err);
	track_sync(&w);
	p = get(m, (bn_run_query){.tree = true});
	ck_assert(!p->is_tree);
	ck_assert_int_eq(p->total, 2);
	bn_run_page_free(p);
	bn_run_memory_free(m);
	track_remove(&w);
}
END_TEST

START_TEST(test_kin_of_a_run_are_its_parent_and_its_children_oldest_first)
{
	bn_run_kins k;
	world_make();
	for (int n = 1; n <= 5; n++)
		run_make(n, n);
	run_make(6, 1);
	for (int n = 2; n <= 4; n++)
		below(n, 1);
	below(6, 4);
	below(5, 999);
	ck_assert_bn_ok(bn_runlog_removed(w.ws, id_of(3), &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_kins_load(&k, w.ws, id_of(1), 10, &err), &err);
	ck_assert(!k.has_parent);
	ck_assert_uint_eq(k.child_count, 2);
	ck_assert_str_eq(k.children[0].label, "n2");
	ck_assert_str_eq(k.children[1].label, "n4");
	bn_run_kins_release(&k);
	ck_assert_bn_ok(bn_run_kins_load(&k, w.ws, id_of(1), 1, &err), &err);
	ck_assert_uint_eq(k.child_count, 1);
	ck_assert_int_eq(k.child_total, 2);
	bn_run_kins_release(&k);
	ck_assert_bn_ok(bn_run_kins_load(&k, w.ws, id_of(4), 10, &err), &err);
	ck_assert(k.has_parent && k.parent_is_known);
	ck_assert_str_eq(k.parent.label, "n1");
	ck_assert_int_eq(k.parent.status, BN_RUN_FINISHED);
	bn_run_kins_release(&k);
	ck_assert_bn_ok(bn_run_kins_load(&k, w.ws, id_of(5), 10, &err), &err);
	ck_assert(k.has_parent && !k.parent_is_known);
	ck_assert_str_eq(k.parent.label, id_of(999));
	bn_run_kins_release(&k);
	track_remove(&w);
}
END_TEST

START_TEST(test_label_of_a_run_tells_it_from_others)
{
	char out[BN_RUN_LABEL_BYTES], wide[200] = "";
	const char *id = "0123456789abcdef0123456789abcdef";
	ck_assert_str_eq(bn_run_label(out, "mlp", "train.py", id), "mlp");
	ck_assert_str_eq(bn_run_label(out, NULL, "train.py", id), "train.py 01234567");
	ck_assert_str_eq(bn_run_label(out, "", "", id), id);
	for (int i = 0; i < 60; i++)
		strcat(wide, "語");
	const char *label = bn_run_label(out, NULL, wide, id);
	ck_assert_uint_lt(strlen(label), BN_RUN_LABEL_BYTES);
	ck_assert(strstr(label, " 01234567") && strncmp(label, wide, strlen(label) - 9) == 0);
}
END_TEST

BN_TEST_MAIN("core/track/tree", test_tree_is_the_one_made_by_hand_for_any_parents_filter_and_sort,
	test_tree_folded_run_says_the_best_below_it,
	test_tree_of_a_circle_has_its_smallest_id_on_top,
	test_tree_without_parents_is_the_list_and_a_parent_in_the_trash_is_none,
	test_kin_of_a_run_are_its_parent_and_its_children_oldest_first,
	test_label_of_a_run_tells_it_from_others)
