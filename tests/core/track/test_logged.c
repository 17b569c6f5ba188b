/* Logged models: what their events make, what is refused, what gc keeps, any order of arrival. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/run/run_id.h"
#include "core/store/inspect.h"
#include "core/store/object/live.h"
#include "core/store/object/object.h"
#include "core/track/experiment.h"
#include "core/track/logged_model.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

/* A foreign id: without a nonce. */
static const char *model_id(int n)
{
	static char ids[4][BN_LOGGED_ID_TEXT];
	static unsigned next;
	char *id = ids[next++ % 4];
	snprintf(id, BN_LOGGED_ID_TEXT, "m-%032x", (unsigned)n);
	return id;
}

static void create(int n, const char *experiment, int64_t created_ms)
{
	const bn_run_word params[] = {{"depth", "3"}}, tags[] = {{"team", "a"}, {"gone", "b"}};
	const bn_logged_made made = {.name = "tree",
		.experiment = experiment,
		.run = track_id(n),
		.type = "sklearn",
		.artifact_location = "s3://bucket/x",
		.created_ms = created_ms,
		.params = params,
		.param_count = 1,
		.tags = tags,
		.tag_count = 2};
	ck_assert_bn_ok(bn_logged_create(w.ws, model_id(n), &made, &err), &err);
}

static bn_logged_model *get(int n)
{
	bn_logged_model *m = NULL;
	ck_assert_bn_ok(bn_logged_get(&m, w.ws, model_id(n), &err), &err);
	return m;
}

static void check_rebuild(void)
{
	char one[65], other[65];
	ck_assert_bn_ok(bn_index_dump_hash(w.ws, one, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(w.ws, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(w.ws, other, &err), &err);
	ck_assert_str_eq(one, other);
}

START_TEST(test_logged_model_has_what_its_events_say)
{
	const bn_run_word more[] = {{"depth", "3"}, {"width", "4"}}, other[] = {{"depth", "9"}};
	const bn_run_word tags[] = {{"gone", NULL}, {"new", "c"}};
	const bn_logged_point points[] = {
		{"rmse", 0.5, 1000, 1, "00000000000000000000000000000001", "wine", "d1"},
		{"rmse", 0.25, 1000, 2, NULL, NULL, NULL},
		{"a", (double)NAN, 1, 0, NULL, NULL, NULL},
		{"b", -(double)INFINITY, 1, 0, NULL, NULL, NULL}};
	track_make(&w);
	create(1, "exp", 1234);
	ck_assert_bn_ok(bn_logged_write_params(w.ws, model_id(1), more, 2, &err), &err);
	ck_assert_bn_ok(bn_logged_write_params(w.ws, model_id(1), other, 1, &err), &err);
	ck_assert_bn_ok(bn_logged_write_tags(w.ws, model_id(1), tags, 2, &err), &err);
	ck_assert_bn_ok(bn_logged_write_metrics(w.ws, model_id(1), points, 4, &err), &err);
	ck_assert_bn_ok(bn_logged_write_metrics(w.ws, model_id(1), points, 2, &err), &err);
	track_sync(&w);
	bn_logged_model *m = get(1);
	ck_assert_int_eq(m->status, BN_LOGGED_PENDING);
	ck_assert_str_eq(m->name, "tree");
	ck_assert_str_eq(m->experiment, "exp");
	ck_assert_uint_eq(strlen(m->experiment_id), 18);
	ck_assert_str_eq(m->run, track_id(1));
	ck_assert_str_eq(m->type, "sklearn");
	ck_assert_str_eq(m->artifact_location, "s3://bucket/x");
	ck_assert_int_eq(m->created_ms, 1234);
	ck_assert_uint_eq(m->params.count, 2);
	ck_assert_str_eq(bn_pairs_get(&m->params, "depth"), "3");
	ck_assert_uint_eq(m->tags.count, 2);
	ck_assert_ptr_null(bn_pairs_get(&m->tags, "gone"));
	ck_assert_uint_eq(m->metrics.count, 4);
	ck_assert(isnan(m->metrics.items[0].value));
	ck_assert(isinf(m->metrics.items[1].value) && m->metrics.items[1].value < 0);
	ck_assert_str_eq(m->metrics.items[2].dataset_name, "wine");
	ck_assert_ptr_null(m->metrics.items[3].dataset_name);
	bn_logged_free(m);
	ck_assert_bn_ok(
		bn_logged_set_status(w.ws, model_id(1), BN_LOGGED_READY, "done", &err), &err);
	track_sync(&w);
	m = get(1);
	ck_assert_int_eq(m->status, BN_LOGGED_READY);
	ck_assert_str_eq(m->message, "done");
	ck_assert(m->updated_ms > 1234);
	bn_logged_free(m);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_logged_models_are_listed_by_experiment_newest_first)
{
	bn_logged_models l;
	char exp[BN_EXPERIMENT_ID_TEXT];
	const char *ids[] = {exp, "0"};
	bn_experiment_derive_id(exp, "exp");
	track_make(&w);
	track_run(&w, 9, "run", NULL, NULL, "RUNNING"); /* makes "exp" */
	for (int n = 1; n <= 4; n++)
		create(n, n == 4 ? "other" : "exp", 1000 + n);
	ck_assert_bn_ok(bn_logged_remove(w.ws, model_id(2), true, &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_logged_list(&l, w.ws, ids, 2, &err), &err);
	ck_assert_uint_eq(l.count, 2);
	ck_assert_str_eq(l.items[0].id, model_id(3));
	ck_assert_str_eq(l.items[1].id, model_id(1));
	bn_logged_models_release(&l);
	ck_assert_bn_ok(bn_logged_list(&l, w.ws, NULL, 0, &err), &err);
	ck_assert_uint_eq(l.count, 3);
	bn_logged_models_release(&l);
	ck_assert_bn_ok(bn_logged_of_run(&l, w.ws, track_id(3), &err), &err);
	ck_assert_uint_eq(l.count, 1);
	bn_logged_models_release(&l);
	bn_logged_model *m = get(2);
	ck_assert(m->removed);
	bn_logged_free(m);
	ck_assert_int_eq(bn_logged_get(&m, w.ws, model_id(77), NULL), BN_ENOTFOUND);
	ck_assert_int_eq(bn_logged_get(&m, w.ws, "m-x", NULL), BN_ENOTFOUND);
	track_remove(&w);
}
END_TEST

static bool is_live(const char *hash, int64_t removed_ms)
{
	bn_live *live = NULL;
	ck_assert_bn_ok(bn_live_find(&live, w.ws, removed_ms, NULL, &err), &err);
	bool is = bn_live_has(live, hash);
	bn_live_free(live);
	return is;
}

START_TEST(test_logged_models_keep_their_objects_until_they_are_removed)
{
	char a[65], b[65];
	static const char *const gone[] = {"data"};
	bn_artifacts list;
	track_make(&w);
	create(1, "exp", 1234);
	ck_assert_bn_ok(bn_object_put(w.ws, "one", 3, a, &err), &err);
	ck_assert_bn_ok(bn_object_put(w.ws, "two", 3, b, &err), &err);
	const bn_logged_file files[] = {{"MLmodel", a, 3}, {"data/x", b, 3}, {"data/y", a, 3}};
	const bn_logged_file bad = {"../x", a, 3};
	ck_assert_bn_ok(bn_logged_write_artifacts(w.ws, model_id(1), files, 3, &err), &err);
	ck_assert_int_eq(bn_logged_write_artifacts(w.ws, model_id(1), &bad, 1, NULL), BN_EINVAL);
	track_sync(&w);
	ck_assert_bn_ok(bn_logged_artifacts(&list, w.ws, model_id(1), &err), &err);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[1].path, "data/x");
	bn_artifacts_release(&list);
	ck_assert(is_live(a, 0) && is_live(b, 0));
	ck_assert_bn_ok(bn_logged_remove_artifacts(w.ws, model_id(1), gone, 1, &err), &err);
	track_sync(&w);
	ck_assert(is_live(a, 0) && !is_live(b, 0));
	ck_assert_bn_ok(bn_logged_remove(w.ws, model_id(1), true, &err), &err);
	track_sync(&w);
	ck_assert(is_live(a, 0) && !is_live(a, INT64_MAX));
	check_rebuild();
	ck_assert_bn_ok(bn_logged_remove(w.ws, model_id(1), false, &err), &err);
	track_sync(&w);
	ck_assert(is_live(a, INT64_MAX));
	track_remove(&w);
}
END_TEST

START_TEST(test_logged_id_names_its_writer)
{
	bn_logged_id id, again;
	const bn_logged_made made = {.name = "x", .created_ms = -1};
	track_make(&w);
	ck_assert_bn_ok(bn_logged_id_make(&id, w.ws, &err), &err);
	ck_assert_bn_ok(bn_logged_id_make(&again, w.ws, &err), &err);
	ck_assert(bn_logged_id_is_valid(id.id));
	ck_assert_str_ne(id.id, again.id);
	ck_assert_int_eq(bn_logged_create(w.ws, id.id, &made, NULL), BN_ECONFLICT);
	const bn_logged_made mine = {.name = "x", .created_ms = -1, .nonce = id.nonce};
	ck_assert_bn_ok(bn_logged_create(w.ws, id.id, &mine, &err), &err);
	/* By hand, from another writer. */
	char entity[64];
	snprintf(entity, sizeof entity, "logged/%s", again.id);
	bn_workspace *other = track_open(&w);
	json_t *p = json_pack("{ss ss ss}", "name", "x", "experiment", "e", "nonce", again.nonce);
	ck_assert_bn_ok(bn_workspace_append(other, "logged.created", entity, p, &err), &err);
	json_decref(p);
	bn_workspace_close(other);
	track_sync(&w);
	bn_logged_model *m = NULL;
	ck_assert_bn_ok(bn_logged_get(&m, w.ws, id.id, &err), &err);
	ck_assert_str_eq(m->experiment_id, "0");
	bn_logged_free(m);
	ck_assert_int_eq(bn_logged_get(&m, w.ws, again.id, NULL), BN_ENOTFOUND);
	track_remove(&w);
}
END_TEST

START_TEST(test_malformed_events_of_logged_models_change_nothing)
{
	static const struct {
		const char *kind, *payload;
	} bad[] = {{"logged.created", "{\"name\": \"x\"}"},
		{"logged.created", "{\"name\": \"x\", \"experiment\": \"e\", \"run\": \"zz\"}"},
		{"logged.status", "{\"status\": \"DONE\"}"}, {"logged.status", "{}"},
		{"logged.param", "{\"params\": []}"}, {"logged.tag", "{}"},
		{"logged.metrics", "{\"metrics\": [{\"key\": \"k\"}]}"},
		{"logged.metrics", "{\"metrics\": [{\"key\": \"k\", \"value\": \"many\"}]}"},
		{"logged.metrics", "{\"metrics\": {}}"},
		{"logged.artifact", "{\"artifacts\": [{\"path\": \"/a\"}]}"},
		{"logged.artifact_removed", "{\"paths\": [\"a/../b\"]}"},
		{"logged.restored", "{}"}};
	char entity[64];
	track_make(&w);
	create(1, "exp", 1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *p = json_loads(bad[i].payload, 0, NULL);
		bool creates = !strcmp(bad[i].kind, "logged.created");
		snprintf(entity, sizeof entity, "logged/%s", model_id(creates ? 2 : 1));
		ck_assert_bn_ok(bn_workspace_append(w.ws, bad[i].kind, entity, p, &err), &err);
		json_decref(p);
	}
	json_t *p = json_pack("{ss ss}", "name", "x", "experiment", "e");
	ck_assert_bn_ok(bn_workspace_append(w.ws, "logged.created", "logged/m-12", p, &err), &err);
	json_decref(p);
	track_sync(&w);
	sqlite3 *db = bn_workspace_index(w.ws);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM event WHERE outcome = 2", ""),
		(int64_t)(sizeof bad / sizeof *bad) + 1);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM logged_model", ""), 1);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM logged_metric", ""), 0);
	track_remove(&w);
}
END_TEST

static void random_event(bn_rng *rng)
{
	int n = 1 + (int)(bn_rng_u64(rng) % 3);
	const char *value = bn_rng_u64(rng) % 2 ? "1" : "2";
	const bn_run_word word = {"k", value};
	const bn_logged_point point = {"m", (double)(bn_rng_u64(rng) % 9), 1,
		(int64_t)(bn_rng_u64(rng) % 3), NULL, NULL, NULL};
	const char *id = model_id(n);
	switch (bn_rng_u64(rng) % 7) {
	case 0:
		create(n, value, 5);
		break;
	case 1:
		ck_assert_bn_ok(bn_logged_write_params(w.ws, id, &word, 1, &err), &err);
		break;
	case 2:
		ck_assert_bn_ok(bn_logged_write_tags(w.ws, id, &word, 1, &err), &err);
		break;
	case 3:
		ck_assert_bn_ok(bn_logged_write_metrics(w.ws, id, &point, 1, &err), &err);
		break;
	case 4:
		ck_assert_bn_ok(bn_logged_set_status(w.ws, id,
					(bn_logged_status)(bn_rng_u64(rng) % 3), NULL, &err),
			&err);
		break;
	default:
		ck_assert_bn_ok(bn_logged_remove(w.ws, id, bn_rng_u64(rng) % 2, &err), &err);
	}
}

START_TEST(test_logged_models_are_the_same_in_any_order_of_arrival)
{
	bn_rng rng;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		track_make(&w);
		bn_rng_init(&rng, seed, "logged", 0);
		bn_workspace *writers[2] = {track_open(&w), track_open(&w)}, *mine = w.ws;
		for (int i = 0; i < 80; i++) {
			w.ws = writers[bn_rng_u64(&rng) % 2];
			random_event(&rng);
			if (bn_rng_u64(&rng) % 8 == 0)
				ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
			if (bn_rng_u64(&rng) % 10 == 0)
				ck_assert_bn_ok(bn_workspace_refresh(mine, NULL, &err), &err);
		}
		w.ws = mine;
		bn_workspace_close(writers[0]);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		bn_workspace_close(writers[1]);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		check_rebuild();
		track_remove(&w);
	}
}
END_TEST

BN_TEST_MAIN("core/track/logged", test_logged_model_has_what_its_events_say,
	test_logged_models_are_listed_by_experiment_newest_first,
	test_logged_models_keep_their_objects_until_they_are_removed,
	test_logged_id_names_its_writer, test_malformed_events_of_logged_models_change_nothing,
	test_logged_models_are_the_same_in_any_order_of_arrival)
