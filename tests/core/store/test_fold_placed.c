/* test_fold_placed.c - classes that define the order in which their events are applied. */
#include "core/base/json.h"
#include "core/store/index/fold.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

static bn_err err;
static int placings, replays; /* since they were last set to 0 */

/* Class "placed": its row is the values of its events in the order in which they were applied. "waits" is a value that
 * an event depends on; an event with such a value moves others. */
static int placed_place(bn_fold *f, bn_event *ev, bn_err *e)
{
	(void)e;
	placings++;
	if (bn_json_bool(ev->payload, "aside", false))
		return BN_PLACED_ASIDE;
	if (bn_json_bool(ev->payload, "nowhere", false)) {
		ev->epoch = ev->depth = 9; /* not kept */
		bn_fold_outcome(f, BN_OUTCOME_LATE, "it stands nowhere");
		return BN_PLACED_NOWHERE;
	}
	ev->epoch = bn_json_int(ev->payload, "epoch", 0);
	ev->depth = bn_json_int(ev->payload, "depth", 0);
	if (bn_sql_int(bn_fold_db(f), 0,
		    "SELECT 1 FROM event WHERE payload LIKE '%\"waits\":' || ? || '}'", "i",
		    bn_json_int(ev->payload, "v", 0)))
		return BN_PLACED_MOVES_OTHERS;
	return BN_PLACED;
}

static int table_make(bn_fold *f, bn_err *e)
{
	return bn_sql_run(bn_fold_db(f), e,
		"CREATE TABLE IF NOT EXISTS placed (entity TEXT PRIMARY KEY, text TEXT)", "");
}

static int placed_clear(bn_fold *f, const char *entity, bn_err *e)
{
	int rc = table_make(f, e);
	replays++;
	return rc < 0 ? rc
		      : bn_sql_run(bn_fold_db(f), e, "DELETE FROM placed WHERE entity = ?", "s",
				entity);
}

static int placed_apply(bn_fold *f, const bn_event *ev, bn_err *e)
{
	if (bn_json_bool(ev->payload, "aside", false)) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "it has no effect");
		return 0;
	}
	ck_assert(!bn_json_bool(ev->payload, "nowhere", false));
	int rc = table_make(f, e);
	return rc < 0 ? rc
		      : bn_sql_run(bn_fold_db(f), e,
				"INSERT INTO placed (entity, text) VALUES (?1, ?2 || ' ') ON "
				"CONFLICT (entity) DO "
				"UPDATE SET text = text || ?2 || ' '",
				"si", ev->entity, bn_json_int(ev->payload, "v", 0));
}

static const bn_fold_kind kinds[] = {
	{"placed.x", .fields = BN_FIELDS("epoch", "depth", "v", "aside", "nowhere", "waits")}, {0}};
static const bn_fold_class placed_class = {.name = "placed",
	.kinds = kinds,
	.apply = placed_apply,
	.place = placed_place,
	.clear = placed_clear};
static const bn_fold_class *const classes[] = {&placed_class, NULL};

typedef struct place_of_test {
	toy_dir d;
	toy_env env;
	bn_workspace *ws;
} place_of_test;

static void begin(place_of_test *t)
{
	toy_dir_make(&t->d);
	toy_env_init(&t->env, &t->d);
	ck_assert_bn_ok(bn_workspace_init(&t->env.env, t->d.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&t->ws, &t->env.env, classes, t->d.path, &err), &err);
	ck_assert_ptr_nonnull(bn_workspace_index(t->ws));
	placings = replays = 0;
}

static void end(place_of_test *t)
{
	bn_workspace_close(t->ws);
	toy_dir_remove(&t->d);
}

static void append(place_of_test *t, json_t *payload)
{
	ck_assert_bn_ok(bn_workspace_append(t->ws, "placed.x", "placed/a", payload, &err), &err);
	json_decref(payload);
}

static void add(place_of_test *t, int epoch, int depth, int v)
{
	append(t, json_pack("{s:i, s:i, s:i}", "epoch", epoch, "depth", depth, "v", v));
	ck_assert_bn_ok(bn_workspace_sync(t->ws, &err), &err);
}

static void expect(place_of_test *t, const char *text)
{
	ck_assert_msg(bn_sql_int(bn_workspace_index(t->ws), 0,
			      "SELECT 1 FROM placed WHERE entity = 'placed/a' AND text = ?", "s",
			      text) == 1,
		"not '%s'", text);
}

START_TEST(test_events_are_applied_by_epoch_and_depth_and_then_by_clock)
{
	place_of_test t;
	begin(&t);
	add(&t, 1, 0, 1);
	add(&t, 1, 0, 2);
	add(&t, 2, 0, 3);
	expect(&t, "1 2 3 ");
	ck_assert_int_eq(replays, 0);
	add(&t, 1, 5, 4);
	expect(&t, "1 2 4 3 ");
	ck_assert_int_eq(replays, 1);
	add(&t, 2, 0, 5);
	expect(&t, "1 2 4 3 5 ");
	ck_assert_int_eq(replays, 1);
	end(&t);
}
END_TEST

START_TEST(test_what_comes_after_the_last_one_is_applied_without_a_replay_in_the_next_batch_too)
{
	place_of_test t;
	begin(&t);
	add(&t, 3, 7, 1);
	bn_workspace_close(t.ws);
	ck_assert_bn_ok(bn_workspace_open(&t.ws, &t.env.env, classes, t.d.path, &err), &err);
	add(&t, 3, 8, 2);
	expect(&t, "1 2 ");
	ck_assert_int_eq(replays, 0);
	add(&t, 3, 7, 3); /* a later clock at the same place as the first */
	expect(&t, "1 3 2 ");
	ck_assert_int_eq(replays, 1);
	end(&t);
}
END_TEST

START_TEST(test_what_has_no_effect_moves_nothing_and_keeps_its_outcome)
{
	place_of_test t;
	begin(&t);
	add(&t, 5, 0, 1);
	append(&t, json_pack("{s:b, s:i}", "aside", 1, "v", 2));
	ck_assert_bn_ok(bn_workspace_sync(t.ws, &err), &err);
	expect(&t, "1 ");
	ck_assert_int_eq(replays, 0);
	ck_assert_int_eq(bn_sql_int(bn_workspace_index(t.ws), 0,
				 "SELECT count(*) FROM dump_event WHERE outcome = 'refused' AND "
				 "reason = 'it has no effect'",
				 ""),
		1);
	add(&t, 5, 0, 3);
	expect(&t, "1 3 ");
	ck_assert_int_eq(replays, 0);
	end(&t);
}
END_TEST

START_TEST(test_what_stands_nowhere_is_not_applied_in_a_replay_either_and_moves_nobody)
{
	place_of_test t;
	begin(&t);
	for (int batch = 0; batch < 2; batch++) {
		append(&t, json_pack("{s:b, s:i, s:i}", "nowhere", 1, "v", 2, "strange", 1));
		add(&t, 5, batch, 1);
		ck_assert_int_eq(replays, 0);
		bn_workspace_close(t.ws);
		ck_assert_bn_ok(
			bn_workspace_open(&t.ws, &t.env.env, classes, t.d.path, &err), &err);
	}
	expect(&t, "1 1 ");
	add(&t, 4, 0, 3);
	expect(&t, "3 1 1 ");
	ck_assert_int_eq(replays, 1);
	sqlite3 *db = bn_workspace_index(t.ws);
	ck_assert_int_eq(
		bn_sql_int(db, 0,
			"SELECT count(*) FROM dump_event WHERE outcome = 'late' AND reason = "
			"'it stands nowhere' AND epoch IS NULL AND depth IS NULL",
			""),
		2);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM index_unknown_field", ""), 2);
	end(&t);
}
END_TEST

START_TEST(test_an_event_that_others_waited_for_has_all_placed_anew)
{
	place_of_test t;
	begin(&t);
	append(&t, json_pack("{s:i, s:i}", "v", 1, "waits", 9));
	ck_assert_bn_ok(bn_workspace_sync(t.ws, &err), &err);
	placings = 0;
	add(&t, 8, 0, 9);
	expect(&t, "1 9 ");
	ck_assert_int_eq(replays, 1);
	ck_assert_int_eq(placings, 3); /* the new event on arrival, then both */
	end(&t);
}
END_TEST

START_TEST(test_rows_are_the_same_however_many_batches_brought_the_events)
{
	char each[65], once[65];
	place_of_test t;
	begin(&t);
	for (int i = 0; i < 40; i++)
		add(&t, i * 7 % 5, i * 3 % 4, i);
	ck_assert_bn_ok(bn_index_dump_hash(t.ws, each, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(t.ws, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(t.ws, once, &err), &err);
	ck_assert_str_eq(each, once);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(t.ws), 0,
			"SELECT count(*) FROM dump_event WHERE epoch = 3 AND depth = 2", ""),
		2);
	end(&t);
}
END_TEST

BN_TEST_MAIN("core/store/fold_placed", test_events_are_applied_by_epoch_and_depth_and_then_by_clock,
	test_what_comes_after_the_last_one_is_applied_without_a_replay_in_the_next_batch_too,
	test_what_has_no_effect_moves_nothing_and_keeps_its_outcome,
	test_what_stands_nowhere_is_not_applied_in_a_replay_either_and_moves_nobody,
	test_an_event_that_others_waited_for_has_all_placed_anew,
	test_rows_are_the_same_however_many_batches_brought_the_events)
