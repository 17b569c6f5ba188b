/* Runs whose own program reports their state, their inputs and outputs, and experiments. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/run/runlog.h"
#include "core/store/inspect.h"
#include "core/store/object/live.h"
#include "core/store/object/object.h"
#include "core/track/admit.h"
#include "core/track/experiment.h"
#include "core/track/query.h"
#include "core/track/reconcile.h"
#include "core/track/run_links.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <stdio.h>
#include <string.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static void create(int n, const char *experiment, int64_t start_ms)
{
	const bn_run_created made = {.name = "net",
		.experiment = experiment,
		.kind = "api",
		.reported = true,
		.start_ms = start_ms,
		.user = "ada@lab",
		.source = "mlflow"};
	ck_assert_bn_ok(bn_runlog_created(w.ws, track_id(n), &made, &err), &err);
}

static bn_run_info *get(int n)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_run_get(&r, w.ws, track_id(n), &err), &err);
	return r;
}

static void report(int n, const char *status, int64_t start_ms, int64_t end_ms)
{
	const bn_run_report said = {status, start_ms, end_ms};
	ck_assert_bn_ok(bn_runlog_status(w.ws, track_id(n), &said, &err), &err);
	track_sync(&w);
}

/* Rebuilding gives the same content. */
static void check_rebuild(void)
{
	char one[65], other[65];
	ck_assert_bn_ok(bn_index_dump_hash(w.ws, one, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(w.ws, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(w.ws, other, &err), &err);
	ck_assert_str_eq(one, other);
}

START_TEST(test_reported_run_is_running_at_once_since_its_start)
{
	track_make(&w);
	create(1, "exp", 5000);
	create(2, "exp", -1);
	track_sync(&w);
	bn_run_info *r = get(1);
	ck_assert(r->reported);
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	ck_assert_int_eq(r->started_ms, 5000);
	ck_assert_int_eq(r->created_ms, 5000);
	ck_assert_int_eq(r->finished_ms, -1);
	ck_assert_str_eq(r->reported_user, "ada@lab");
	ck_assert_str_eq(r->source, "mlflow");
	bn_run_info_free(r);
	r = get(2);
	ck_assert_int_eq(r->started_ms, -1);
	bn_run_info_free(r);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_reported_run_takes_any_state_in_any_order)
{
	static const char *const order[] = {"FINISHED", "RUNNING", "KILLED", "SCHEDULED", "FAILED"};
	track_make(&w);
	create(1, "exp", 5000);
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		report(1, order[i], -1, i == 0 ? 9000 : -1);
		bn_run_info *r = get(1);
		ck_assert_str_eq(bn_run_status_name(r->status), order[i]);
		ck_assert_int_eq(r->finished_ms, 9000); /* stays until another is reported */
		bn_run_info_free(r);
	}
	report(1, NULL, 6000, -1);
	bn_run_info *r = get(1);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->started_ms, 6000);
	ck_assert_int_eq(bn_run_duration_ms(r, 1), 3000);
	bn_run_info_free(r);
	bn_run_counts counts;
	ck_assert_bn_ok(bn_run_count(&counts, w.ws, &err), &err);
	ck_assert_int_eq(counts.by_status[BN_RUN_FAILED], 1);
	ck_assert_int_eq(counts.total, 1);
	const bn_run_report lost = {"LOST", -1, -1};
	ck_assert_int_eq(bn_runlog_status(w.ws, track_id(1), &lost, NULL), BN_EINVAL);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_reported_run_ignores_what_a_supervisor_would_say)
{
	track_make(&w);
	create(1, "exp", 5000);
	track_run(&w, 2, "ours", NULL, NULL, "RUNNING");
	ck_assert_bn_ok(bn_runlog_finished(w.ws, track_id(1), "LOST", -1, 0, "silent", &err), &err);
	report(2, "FINISHED", -1, 9000);
	bn_run_info *r = get(1);
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	bn_run_info_free(r);
	r = get(2);
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_reported_run_is_never_lost_and_goes_to_the_trash_while_it_runs)
{
	bn_run_info *r;
	track_make(&w);
	create(1, "exp", 5000);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_reconcile(w.ws, NULL, &err), &err);
	r = get(1);
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	ck_assert_bn_ok(bn_run_admits_trash(r, true, &err), &err);
	bn_run_info_free(r);
	ck_assert_bn_ok(bn_runlog_removed(w.ws, track_id(1), &err), &err);
	track_sync(&w);
	r = get(1);
	ck_assert(r->removed && r->trashed);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_renamed_run_is_found_by_its_new_name)
{
	char id[BN_RUN_ID_TEXT];
	track_make(&w);
	create(1, "exp", 5000);
	ck_assert_bn_ok(bn_runlog_renamed(w.ws, track_id(1), "other", &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_resolve(w.ws, "other", id, &err), &err);
	ck_assert_str_eq(id, track_id(1));
	ck_assert_int_eq(bn_runlog_renamed(w.ws, track_id(1), "", NULL), BN_EINVAL);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_removed_artifacts_are_gone_and_name_no_object)
{
	static const char *const gone[] = {"dir", "b.txt"};
	bn_artifacts list;
	bn_live *live = NULL;
	char same[65], other[65];
	track_make(&w);
	create(1, "exp", 5000);
	ck_assert_bn_ok(bn_object_put(w.ws, "same", 4, same, &err), &err);
	ck_assert_bn_ok(bn_object_put(w.ws, "other", 5, other, &err), &err);
	json_t *p = json_pack("{s[{sssssi}{sssssi}{sssssi}{sssssi}]}", "artifacts", "path", "a.txt",
		"hash", same, "size", 4, "path", "b.txt", "hash", same, "size", 4, "path",
		"dir/c.txt", "hash", other, "size", 5, "path", "directory", "hash", same, "size",
		4);
	char entity[64];
	snprintf(entity, sizeof entity, "run/%s", track_id(1));
	ck_assert_bn_ok(bn_workspace_append(w.ws, "run.artifact", entity, p, &err), &err);
	json_decref(p);
	ck_assert_bn_ok(bn_runlog_artifact_removed(w.ws, track_id(1), gone, 2, &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_artifacts(&list, w.ws, track_id(1), &err), &err);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0].path, "a.txt");
	ck_assert_str_eq(list.items[1].path, "directory");
	ck_assert_bn_ok(bn_live_find(&live, w.ws, 0, NULL, &err), &err);
	ck_assert(bn_live_has(live, same));
	ck_assert(!bn_live_has(live, other));
	bn_live_free(live);
	bn_artifacts_release(&list);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_stored_artifacts_are_named_by_paths_that_lead_nowhere_else)
{
	static const char *const bad[] = {"", "/a", "a/", "a//b", "./a", "a/..", "..", "a/./b", "\xff"};
	bn_artifacts list;
	char first[65], second[65];
	track_make(&w);
	create(1, "exp", 5000);
	ck_assert_bn_ok(bn_object_put(w.ws, "one", 3, first, &err), &err);
	ck_assert_bn_ok(bn_object_put(w.ws, "second", 6, second, &err), &err);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(bn_runlog_artifact_stored(w.ws, track_id(1), bad[i], first, 3, NULL),
			BN_EINVAL);
	ck_assert_int_eq(
		bn_runlog_artifact_stored(w.ws, track_id(1), "a", "no hash", 3, NULL), BN_EINVAL);
	ck_assert_bn_ok(
		bn_runlog_artifact_stored(w.ws, track_id(1), "v1..2/.x", first, 3, &err), &err);
	ck_assert_bn_ok(
		bn_runlog_artifact_stored(w.ws, track_id(1), "v1..2/.x", second, 6, &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_artifacts(&list, w.ws, track_id(1), &err), &err);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0].path, "v1..2/.x");
	ck_assert_str_eq(list.items[0].hash, second);
	ck_assert_int_eq(list.items[0].size_bytes, 6);
	bn_artifacts_release(&list);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_inputs_and_outputs_are_kept_in_order_with_long_schemas_as_objects)
{
	char *schema = bn_alloc_zeroed(10001, 1);
	bn_run_links links;
	bn_live *live = NULL;
	memset(schema, '{', 10000);
	const bn_run_word tags[] = {{"mlflow.data.context", "training"}};
	const bn_run_dataset sets[] = {
		{"wine", "d1", "http", "{\"url\": \"x\"}", schema, "{\"rows\": 3}", tags, 1},
		{"beer", "d2", "local", "y", NULL, NULL, NULL, 0}};
	const bn_run_dataset nameless = {"", "d", "local", "y", NULL, NULL, NULL, 0};
	const char *const models[] = {"m-1"};
	const bn_run_output made[] = {{"m-2", 0}, {"m-3", 7}};
	track_make(&w);
	create(1, "exp", 5000);
	ck_assert_bn_ok(bn_runlog_inputs(w.ws, track_id(1), sets, 2, models, 1, &err), &err);
	ck_assert_bn_ok(bn_runlog_inputs(w.ws, track_id(1), sets, 1, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_runlog_outputs(w.ws, track_id(1), made, 2, &err), &err);
	ck_assert_int_eq(
		bn_runlog_inputs(w.ws, track_id(1), &nameless, 1, NULL, 0, NULL), BN_EINVAL);
	track_sync(&w);
	for (int again = 0; again < 2; again++) {
		ck_assert_bn_ok(bn_run_links_load(&links, w.ws, track_id(1), &err), &err);
		ck_assert_uint_eq(links.dataset_count, 2);
		ck_assert_str_eq(links.datasets[0].name, "wine");
		ck_assert_str_eq(
			bn_pairs_get(&links.datasets[0].tags, "mlflow.data.context"), "training");
		ck_assert_ptr_null(links.datasets[0].schema);
		ck_assert_str_eq(links.datasets[0].profile, "{\"rows\": 3}");
		ck_assert_bn_ok(bn_live_find(&live, w.ws, 0, NULL, &err), &err);
		ck_assert(bn_live_has(live, links.datasets[0].schema_hash));
		bn_live_free(live);
		ck_assert_bn_ok(bn_dataset_input_load(&links.datasets[0], w.ws, &err), &err);
		ck_assert_str_eq(links.datasets[0].schema, schema);
		ck_assert_str_eq(links.datasets[1].source, "y");
		ck_assert_uint_eq(links.input_count, 1);
		ck_assert_uint_eq(links.output_count, 2);
		ck_assert_str_eq(links.outputs[1].model, "m-3");
		ck_assert_int_eq(links.outputs[1].step, 7);
		bn_run_links_release(&links);
		check_rebuild();
	}
	json_t *o = NULL;
	ck_assert_bn_ok(bn_run_to_json(&o, w.ws, track_id(1), &err), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "dataset_inputs")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "model_outputs")), 2);
	json_decref(o);
	bn_free(schema);
	track_remove(&w);
}
END_TEST

/* ---- hostile events ------------------------------------------------------------------------- */

START_TEST(test_malformed_events_change_nothing)
{
	static const struct {
		const char *kind, *payload;
	} bad[] = {{"run.status", "{\"status\": \"LOST\"}"},
		{"run.status", "{\"status\": \"DONE\"}"}, {"run.renamed", "{}"},
		{"run.renamed", "{\"name\": 3}"},
		{"run.artifact_removed", "{\"paths\": [\"../a\"]}"},
		{"run.artifact_removed", "{\"paths\": [1]}"}, {"run.artifact_removed", "{}"},
		{"run.inputs", "{\"datasets\": {}}"},
		{"run.inputs", "{\"datasets\": [{\"name\": \"x\"}]}"},
		{"run.inputs", "{\"datasets\": [{\"name\": \"x\", \"digest\": \"y\", "
			       "\"schema_hash\": \"zz\"}]}"},
		{"run.inputs", "{\"models\": [3]}"}, {"run.outputs", "{\"models\": [\"m-1\"]}"},
		{"run.outputs", "{}"}};
	char entity[64];
	track_make(&w);
	create(1, "exp", 5000);
	snprintf(entity, sizeof entity, "run/%s", track_id(1));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *p = json_loads(bad[i].payload, 0, NULL);
		ck_assert_ptr_nonnull(p);
		ck_assert_bn_ok(bn_workspace_append(w.ws, bad[i].kind, entity, p, &err), &err);
		json_decref(p);
	}
	track_sync(&w);
	sqlite3 *db = bn_workspace_index(w.ws);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM event WHERE outcome = 2", ""),
		(int64_t)(sizeof bad / sizeof *bad));
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM run_dataset", ""), 0);
	bn_run_info *r = get(1);
	ck_assert_str_eq(r->name, "net");
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

/* ---- experiments ---------------------------------------------------------------------------- */

static bn_experiment *by_name(const char *name)
{
	bn_experiment *e = NULL;
	ck_assert_bn_ok(bn_experiment_by_name(&e, w.ws, name, &err), &err);
	return e;
}

static void make(const char *name, const char *id)
{
	const bn_experiment_made made = {.name = name, .id = id, .created_ms = -1};
	ck_assert_bn_ok(bn_experiment_create(w.ws, &made, &err), &err);
}

START_TEST(test_default_experiment_has_id_0_before_any_run)
{
	bn_experiments l;
	bn_experiment *e = NULL;
	track_make(&w);
	for (int again = 0; again < 2; again++) {
		ck_assert_bn_ok(bn_experiment_list(&l, w.ws, BN_EXPERIMENTS_ACTIVE, &err), &err);
		ck_assert_uint_eq(l.count, 1);
		ck_assert_str_eq(l.items[0].name, "default");
		ck_assert_str_eq(l.items[0].id, "0");
		ck_assert_int_eq(l.items[0].created_ms, again ? 5000 : -1);
		bn_experiments_release(&l);
		ck_assert_bn_ok(bn_experiment_by_id(&e, w.ws, "0", &err), &err);
		ck_assert_int_eq(e->runs, again);
		bn_experiment_free(e);
		create(1, NULL, 5000);
		track_sync(&w);
	}
	ck_assert_int_eq(bn_experiment_by_name(&e, w.ws, "none", NULL), BN_ENOTFOUND);
	track_remove(&w);
}
END_TEST

START_TEST(test_experiment_keeps_what_it_was_created_with)
{
	const bn_experiment_made made = {"forecast", "42", "s3://bucket/x", "about", 1234};
	track_make(&w);
	ck_assert_bn_ok(bn_experiment_create(w.ws, &made, &err), &err);
	make("forecast", "43"); /* too late */
	ck_assert_bn_ok(bn_experiment_tag(w.ws, "forecast", "team", "a", &err), &err);
	ck_assert_bn_ok(bn_experiment_tag(w.ws, "forecast", "gone", "b", &err), &err);
	ck_assert_bn_ok(bn_experiment_tag(w.ws, "forecast", "gone", NULL, &err), &err);
	track_sync(&w);
	bn_experiment *e = by_name("forecast");
	ck_assert_str_eq(e->id, "42");
	ck_assert_str_eq(e->artifact_location, "s3://bucket/x");
	ck_assert_str_eq(e->note, "about");
	ck_assert_int_eq(e->created_ms, 1234);
	ck_assert_uint_eq(e->tags.count, 1);
	ck_assert_str_eq(bn_pairs_get(&e->tags, "team"), "a");
	bn_experiment_free(e);
	const bn_experiment_made bad = {.name = "x", .id = "a b", .created_ms = -1};
	ck_assert_int_eq(bn_experiment_create(w.ws, &bad, NULL), BN_EINVAL);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_derived_ids_have_18_digits_and_never_change)
{
	char id[BN_EXPERIMENT_ID_TEXT];
	bn_experiment_derive_id(id, "forecast");
	ck_assert_uint_eq(strlen(id), 18);
	ck_assert_str_eq(
		id, "280920964009342148"); /* Python: 10**17 + int(sha256[:8]) % (9 * 10**17) */
	bn_experiment_derive_id(id, "default");
	ck_assert_str_eq(id, "0");
}
END_TEST

static size_t found(const char *experiment, const char *filter)
{
	bn_run_page *page = NULL;
	const bn_run_query q = {.experiment = experiment, .filter = filter};
	ck_assert_bn_ok(bn_run_query_page(&page, w.ws, &q, &err), &err);
	size_t n = page->count;
	bn_run_page_free(page);
	return n;
}

START_TEST(test_renamed_experiment_is_shown_and_found_by_its_present_name)
{
	track_make(&w);
	create(1, "old", 5000);
	ck_assert_bn_ok(bn_experiment_rename(w.ws, "old", "new", &err), &err);
	track_sync(&w);
	create(2, "old", 6000); /* runs name it as at first */
	track_sync(&w);
	bn_run_info *r = get(2);
	ck_assert_str_eq(r->experiment, "new");
	bn_run_info_free(r);
	ck_assert_uint_eq(found("new", NULL), 2);
	ck_assert_uint_eq(found("old", NULL), 0);
	ck_assert_uint_eq(found(NULL, "experiment = 'new'"), 2);
	bn_experiment *e = by_name("new");
	ck_assert_str_eq(e->first, "old");
	ck_assert_int_eq(e->runs, 2);
	bn_experiment_free(e);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_name_of_a_renamed_experiment_may_be_used_again)
{
	char *first = NULL;
	track_make(&w);
	make("a", NULL);
	track_sync(&w);
	ck_assert_bn_ok(bn_experiment_rename(w.ws, "a", "b", &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_experiment_for_run(&first, w.ws, "b", &err), &err);
	ck_assert_str_eq(first, "a");
	bn_free(first);
	ck_assert_bn_ok(bn_experiment_for_run(&first, w.ws, "new", &err), &err);
	ck_assert_str_eq(first, "new"); /* the run makes it */
	bn_free(first);
	ck_assert_bn_ok(bn_experiment_for_run(&first, w.ws, "a", &err), &err);
	ck_assert_str_ne(first, "a");
	track_sync(&w);
	bn_experiment *e = by_name("a");
	ck_assert_str_eq(e->first, first);
	bn_experiment_free(e);
	bn_free(first);
	ck_assert_bn_ok(bn_experiment_for_run(&first, w.ws, "a", &err), &err);
	track_sync(&w);
	bn_experiments l = BN_EXPERIMENTS_INIT;
	ck_assert_bn_ok(bn_experiment_list(&l, w.ws, BN_EXPERIMENTS_ALL, &err), &err);
	ck_assert_uint_eq(l.count, 3); /* default, b, a: none was made twice */
	bn_experiments_release(&l);
	bn_free(first);
	ck_assert_int_eq(bn_experiment_for_run(&first, w.ws, "x\ny", NULL), 0);
	bn_free(first);
	ck_assert_int_eq(bn_experiment_rename(w.ws, "a", "x\ny", NULL), BN_EINVAL);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_two_experiments_never_show_one_name_or_id)
{
	track_make(&w);
	make("a", "7");
	make("b", "7");
	make("c", NULL);
	track_sync(&w);
	ck_assert_bn_ok(bn_experiment_rename(w.ws, "b", "x", &err), &err);
	ck_assert_bn_ok(bn_experiment_rename(w.ws, "c", "x", &err), &err);
	track_sync(&w);
	bn_experiment *e = by_name("x"), *c = NULL;
	char name[256], derived[BN_EXPERIMENT_ID_TEXT];
	ck_assert_str_eq(e->first, "b");
	bn_experiment_derive_id(derived, "b");
	ck_assert_str_eq(e->id, derived); /* "a" has 7 */
	bn_experiment_free(e);
	bn_experiment_derive_id(derived, "c");
	snprintf(name, sizeof name, "x (%s)", derived);
	c = by_name(name);
	ck_assert_str_eq(c->first, "c");
	bn_experiment_free(c);
	/* Who had it first has it: its run is older than the renaming. */
	create(1, "x", 5000);
	track_sync(&w);
	e = by_name("x");
	ck_assert_str_eq(e->first, "x");
	ck_assert_int_eq(e->runs, 1);
	bn_experiment_free(e);
	bn_experiments l;
	ck_assert_bn_ok(bn_experiment_list(&l, w.ws, BN_EXPERIMENTS_ALL, &err), &err);
	ck_assert_uint_eq(l.count, 5);
	for (size_t i = 0; i < l.count; i++)
		for (size_t k = 0; k < i; k++) {
			ck_assert_str_ne(l.items[i].name, l.items[k].name);
			ck_assert_str_ne(l.items[i].id, l.items[k].id);
		}
	bn_experiments_release(&l);
	check_rebuild();
	track_remove(&w);
}
END_TEST

START_TEST(test_runs_of_a_removed_experiment_count_as_removed_and_come_back)
{
	bn_run_counts counts;
	bn_run_info *r;
	track_make(&w);
	create(1, "exp", 5000);
	create(2, "exp", 6000);
	create(3, "other", 7000);
	ck_assert_bn_ok(bn_runlog_removed(w.ws, track_id(2), &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_experiment_remove(w.ws, "exp", true, &err), &err);
	track_sync(&w);
	create(4, "exp", 8000); /* by a writer that does not know it */
	track_sync(&w);
	ck_assert_bn_ok(bn_run_count(&counts, w.ws, &err), &err);
	ck_assert_int_eq(counts.total, 1);
	ck_assert_int_eq(counts.removed, 3);
	ck_assert_uint_eq(found(NULL, NULL), 1);
	r = get(1);
	ck_assert(r->removed && !r->trashed);
	ck_assert_int_eq(bn_run_admits_trash(r, false, NULL), BN_EREFUSED);
	bn_run_info_free(r);
	check_rebuild();
	ck_assert_bn_ok(bn_experiment_remove(w.ws, "exp", false, &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_count(&counts, w.ws, &err), &err);
	ck_assert_int_eq(counts.total, 3);
	ck_assert_int_eq(counts.removed, 1);
	ck_assert_uint_eq(found("exp", NULL), 2);
	check_rebuild();
	track_remove(&w);
}
END_TEST

/* Two writers, whose segments arrive in an order that is not that of their events. */
START_TEST(test_any_order_of_arrival_gives_the_same_experiments)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	bn_rng rng;
	bn_buf before = BN_BUF_INIT;
	char one[65], again[65];
	for (uint64_t seed = 1; seed <= 8; seed++) {
		track_make(&w);
		bn_rng_init(&rng, seed, "experiments", 0);
		bn_workspace *writers[2] = {track_open(&w), track_open(&w)}, *mine = w.ws;
		for (int i = 0; i < 80; i++) {
			bn_workspace *x = w.ws = writers[bn_rng_u64(&rng) % 2];
			const char *name = names[bn_rng_u64(&rng) % 4];
			const char *to = names[bn_rng_u64(&rng) % 4];
			switch (bn_rng_u64(&rng) % 6) {
			case 0:
				make(name, bn_rng_u64(&rng) % 2 ? "7" : NULL);
				break;
			case 1:
				ck_assert_bn_ok(bn_experiment_rename(x, name, to, &err), &err);
				break;
			case 2:
				ck_assert_bn_ok(
					bn_experiment_remove(x, name, bn_rng_u64(&rng) % 2, &err),
					&err);
				break;
			case 3:
				ck_assert_bn_ok(bn_experiment_tag(x, name, "k", to, &err), &err);
				break;
			default:
				create(i, name, 5000 + i);
			}
			if (bn_rng_u64(&rng) % 8 == 0)
				ck_assert_bn_ok(bn_workspace_commit(x, &err), &err);
			if (bn_rng_u64(&rng) % 10 == 0)
				ck_assert_bn_ok(bn_workspace_refresh(mine, NULL, &err), &err);
		}
		w.ws = mine;
		bn_workspace_close(writers[0]);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		bn_workspace_close(writers[1]);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		for (int i = 0; i < 2; i++) {
			bn_experiments l;
			bn_buf text = BN_BUF_INIT;
			ck_assert_bn_ok(
				bn_experiment_list(&l, w.ws, BN_EXPERIMENTS_ALL, &err), &err);
			for (size_t k = 0; k < l.count; k++)
				bn_buf_addf(&text, "%s=%s %s %d %lld\n", l.items[k].first,
					l.items[k].name, l.items[k].id, l.items[k].removed,
					(long long)l.items[k].runs);
			if (i)
				ck_assert_str_eq(text.ptr, before.ptr);
			bn_buf_clear(&before);
			bn_buf_adds(&before, text.ptr);
			bn_buf_release(&text);
			bn_experiments_release(&l);
			ck_assert_bn_ok(bn_index_dump_hash(w.ws, one, &err), &err);
			ck_assert_bn_ok(bn_index_rebuild(w.ws, &err), &err);
			ck_assert_bn_ok(bn_index_dump_hash(w.ws, again, &err), &err);
			ck_assert_str_eq(one, again);
		}
		track_remove(&w);
	}
	bn_buf_release(&before);
}
END_TEST

BN_TEST_MAIN("core/track/reported", test_reported_run_is_running_at_once_since_its_start,
	test_reported_run_takes_any_state_in_any_order,
	test_reported_run_ignores_what_a_supervisor_would_say,
	test_reported_run_is_never_lost_and_goes_to_the_trash_while_it_runs,
	test_renamed_run_is_found_by_its_new_name,
	test_removed_artifacts_are_gone_and_name_no_object,
	test_stored_artifacts_are_named_by_paths_that_lead_nowhere_else,
	test_inputs_and_outputs_are_kept_in_order_with_long_schemas_as_objects,
	test_malformed_events_change_nothing, test_default_experiment_has_id_0_before_any_run,
	test_experiment_keeps_what_it_was_created_with,
	test_derived_ids_have_18_digits_and_never_change,
	test_renamed_experiment_is_shown_and_found_by_its_present_name,
	test_name_of_a_renamed_experiment_may_be_used_again,
	test_two_experiments_never_show_one_name_or_id,
	test_runs_of_a_removed_experiment_count_as_removed_and_come_back,
	test_any_order_of_arrival_gives_the_same_experiments)
