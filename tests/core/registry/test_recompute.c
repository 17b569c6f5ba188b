/* test_recompute.c - metrics required by gates are measured again before an approval, and signed. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/govern/authority.h"
#include "core/launch/resolve.h"
#include "core/learn/fit.h"
#include "core/pipeline/fold_classes.h"
#include "core/registry/evidence.h"
#include "core/registry/recompute.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/table/table.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static team t;
static person *ann, *bob, *cleo, *dan;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void must_be(int rc, int code)
{
	ck_assert_msg(rc == code, "%d instead of %d: %s", rc, code, err.msg);
	bn_err_clear(&err);
}

static void see_all(void)
{
	for (int i = 0; i < PEOPLE; i++)
		must(bn_workspace_refresh(t.people[i].ws, NULL, &err));
}

/* ann is the founder; bob is a reviewer, cleo and dan are developers. */
static void setup(const char *policy)
{
	json_t *doc = NULL;
	bn_buf text = BN_BUF_INIT;
	team_make_signed(&t, bn_fold_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	must(bn_json_parse(&doc, policy, strlen(policy), "policy", &err));
	must(bn_json_canonical(doc, &text, &err));
	const bn_change is_policy = {.kind = BN_CHANGE_POLICY, .policy = text.ptr, .signers = 1};
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true), is_policy}, 2);
	see_all();
	json_decref(doc);
	bn_buf_release(&text);
}

/* name@v1, with rows of y = slope * a + noise. */
static void add_data(const char *name, int rows, double slope)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_dataset_version *v = NULL;
	bn_rng rng;
	char path[400];
	bn_rng_init(&rng, 7, name, 0);
	snprintf(path, sizeof path, "%s/%s.arrow", t.dir, name);
	must(bn_schema_add(&s, "a", BN_TYPE_FLOAT64, true, NULL, &err));
	must(bn_schema_add(&s, "y", BN_TYPE_FLOAT64, true, NULL, &err));
	must(bn_table_create(&w, &cleo->env, NULL, path, &s, &err));
	for (int i = 0; i < rows; i++) {
		double a = bn_rng_normal(&rng);
		bn_table_row_f64(w, 0, a);
		bn_table_row_f64(w, 1, slope * a + 0.1 * bn_rng_normal(&rng));
		must(bn_table_row_end(w, &err));
	}
	must(bn_table_writer_finish(w, &err));
	bn_table_writer_free(w);
	bn_schema_release(&s);
	const bn_dataset_draft draft = {
		.name = name, .table_path = path, .take = true, .source_kind = "generate"};
	must(bn_dataset_publish(&v, NULL, cleo->ws, &draft, &err));
	bn_dataset_version_free(v);
}

/* Stores the files of a directory and their manifest as a model. */
static void store_model(const char *dir, char hash[65])
{
	static const char *const files[] = {
		"MLmodel", "features.json", "metrics.json", "model.safetensors", "model_card.md"};
	bn_manifest m;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		bn_buf b = BN_BUF_INIT;
		char path[500], one[65];
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		must(bn_fs_read_file(&cleo->env, path, &b, &err));
		must(bn_object_put(cleo->ws, b.ptr, b.len, one, &err));
		must(bn_manifest_add_file(&m, files[i], one, b.len, &err));
		bn_buf_release(&b);
	}
	must(bn_manifest_seal(&m, &err));
	must(bn_manifest_store(cleo->ws, &m, hash, &err));
	bn_manifest_release(&m);
}

/* cleo trains on jobs@v1, registers the next version of power with the test rmse `reported`, and requests approval. */
static void train(const char *id, double alpha, double reported)
{
	char dir[400], entity[64], hash[65], manifest[65];
	bn_spec *given = NULL, *spec = NULL;
	bn_fit_report report;
	json_t *as_json = NULL,
	       *json = json_pack("{ss ss ss si s{sf}}", "trainer", "ridge", "data", "jobs@v1",
		       "target", "y", "seed", 5, "hyper", "alpha", alpha);
	must(bn_spec_from_json(&given, json, "spec", &err));
	must(bn_spec_resolve(&spec, cleo->ws, given, &err));
	must(bn_spec_store(cleo->ws, spec, hash, &err));
	snprintf(dir, sizeof dir, "%s/model-%s", t.dir, id);
	must(bn_fit_run(&report, cleo->ws, spec, NULL, dir, 1, NULL, &err));
	store_model(dir, manifest);
	json_t *created = json_pack(
		"{ss ss ss ss}", "name", "heron", "experiment", "e", "kind", "train", "spec", hash);
	snprintf(entity, sizeof entity, "run/%s", id);
	must(bn_workspace_append(cleo->ws, "run.created", entity, created, &err));
	must(bn_workspace_sync(cleo->ws, &err));
	must(bn_spec_to_json(&as_json, spec, &err));
	json_t *metrics = json_pack("{s{sf}}", "test", "rmse", reported);
	int64_t version = 0;
	const bn_registration r = {.name = "power",
		.run_id = id,
		.author_uid = cleo->uid,
		.author = cleo->name,
		.manifest = manifest,
		.data = json_object_get(as_json, "data"),
		.metrics = metrics};
	must(bn_version_register_manifest(&version, cleo->ws, &r, &err));
	snprintf(entity, sizeof entity, "power/%lld", (long long)version);
	must(bn_version_request(cleo->ws, entity, "please", &err));
	see_all();
	bn_fit_report_release(&report);
	bn_spec_free(given);
	bn_spec_free(spec);
	json_decref(json);
	json_decref(created);
	json_decref(as_json);
	json_decref(metrics);
}

START_TEST(test_number_that_the_author_made_up_is_measured_and_blocks)
{
	bn_recomputed_list *l = NULL;
	setup("{\"gates\":[{\"metric\":\"rmse\",\"op\":\"<=\",\"threshold\":0.2}]}");
	add_data("jobs", 400, 3);
	train("00000000000000000000000000000001", 1e6, 0.1); /* nearly 0 everywhere: rmse 3 */
	must(bn_version_recompute(&l, bob->ws, "power/1", NULL, &err));
	ck_assert_uint_eq(l->count, 1);
	ck_assert_uint_eq(l->problems, 0);
	ck_assert_str_eq(l->items[0].dataset, "jobs@v1");
	ck_assert_double_eq(l->items[0].reported, 0.1);
	ck_assert(l->items[0].value > 2 && l->items[0].is_new);
	ck_assert_int_eq(l->items[0].rows, 60);
	bn_recomputed_list_free(l);
	must_be(bn_version_approve(bob->ws, "power/1", "x", false, &err), BN_EREFUSED);
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_honest_number_is_measured_once_and_approved)
{
	bn_inbox_item *sheet = NULL;
	bn_recomputed_list *l = NULL;
	setup("{\"gates\":[{\"metric\":\"rmse\",\"op\":\"<=\",\"threshold\":0.2},"
	      "{\"name\":\"r2\",\"metric\":\"r2\",\"op\":\">=\",\"threshold\":0.9}]}");
	add_data("jobs", 400, 3);
	train("00000000000000000000000000000001", 0.1, 0.1);
	must(bn_inbox_item_read(&sheet, bob->ws, "power/1", &err));
	ck_assert(sheet->can_approve); /* after measuring */
	ck_assert_uint_eq(sheet->recomputes, 2);
	bn_inbox_item_free(sheet);
	must(bn_inbox_item_read(&sheet, cleo->ws, "power/1", &err));
	ck_assert(!sheet->can_approve);
	bn_inbox_item_free(sheet);
	must_be(bn_version_recompute(&l, cleo->ws, "power/1", NULL, &err), BN_EREFUSED);
	for (int again = 0; again < 2; again++) {
		must(bn_version_recompute(&l, bob->ws, "power/1", NULL, &err));
		ck_assert_uint_eq(l->count, 2);
		for (int i = 0; i < 2; i++)
			ck_assert(l->items[i].is_new == !again && !l->items[i].problem);
		bn_recomputed_list_free(l);
	}
	must(bn_version_approve(bob->ws, "power/1", "x", false, &err));
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	bn_evidence_list *all = NULL;
	must(bn_evidence_read(&all, dan->ws, "power/1", &err));
	ck_assert_uint_eq(all->count, 2);
	ck_assert_str_eq(all->items[0].user, "bob");
	ck_assert(all->items[0].counts);
	bn_evidence_list_free(all);
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_gate_names_its_own_data_and_the_champion_is_measured_on_the_same)
{
	bn_recomputed_list *l = NULL;
	setup("{\"gates\":[{\"name\":\"ours\",\"metric\":\"rmse\",\"data\":\"holdout@v1\",\"op\":"
	      "\"<="
	      "\",\"threshold\":2},{\"name\":\"better\",\"metric\":\"rmse\",\"data\":\"holdout@"
	      "v1\","
	      "\"op\":\"<=\",\"than\":\"champion\"}]}");
	add_data("jobs", 400, 3);
	add_data("holdout", 50, 4);
	train("00000000000000000000000000000001", 30, 0.1);
	must(bn_version_recompute(&l, bob->ws, "power/1", NULL, &err));
	ck_assert_str_eq(l->items[0].dataset, "holdout@v1");
	ck_assert_int_eq(l->items[0].rows, 50);
	bn_recomputed_list_free(l);
	must(bn_version_approve(bob->ws, "power/1", "x", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	see_all();
	train("00000000000000000000000000000002", 0.1, 0.1);
	must(bn_version_recompute(&l, bob->ws, "power/2", NULL, &err));
	ck_assert_uint_eq(l->count, 3);
	ck_assert_str_eq(l->items[2].spec, "power/1");
	ck_assert(!l->items[2].is_new && l->items[2].value > l->items[1].value);
	bn_recomputed_list_free(l);
	must(bn_version_approve(bob->ws, "power/2", "x", false, &err));
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_what_cannot_be_measured_is_said_and_leaves_the_gate_open)
{
	bn_recomputed_list *l = NULL;
	setup("{\"gates\":[{\"metric\":\"joules\",\"op\":\"<=\",\"threshold\":2},"
	      "{\"name\":\"series\",\"metric\":\"rmse\",\"part\":\"run\",\"op\":\"<=\","
	      "\"threshold\":2},{\"name\":\"gone\",\"metric\":\"rmse\",\"data\":\"none@v1\",\"op\":"
	      "\"<=\",\"threshold\":2}]}");
	add_data("jobs", 100, 3);
	train("00000000000000000000000000000001", 0.1, 0.1);
	must(bn_version_recompute(&l, bob->ws, "power/1", NULL, &err));
	ck_assert_uint_eq(l->count, 3);
	ck_assert_uint_eq(l->problems, 3);
	ck_assert_ptr_nonnull(strstr(l->items[0].problem, "joules"));
	ck_assert_ptr_nonnull(strstr(l->items[1].problem, "run"));
	ck_assert_ptr_nonnull(strstr(l->items[2].problem, "none"));
	bn_recomputed_list_free(l);
	must_be(bn_version_approve(bob->ws, "power/1", "x", false, &err), BN_EREFUSED);
	team_remove(&t);
}
END_TEST

START_TEST(test_changed_bytes_of_the_data_give_no_evidence)
{
	bn_recomputed_list *l = NULL;
	bn_dataset_version *v = NULL;
	char path[500];
	setup("{\"gates\":[{\"metric\":\"rmse\",\"op\":\"<=\",\"threshold\":0.2}]}");
	add_data("jobs", 400, 3);
	train("00000000000000000000000000000001", 0.1, 0.1);
	must(bn_dataset_resolve(&v, bob->ws, "jobs@v1", BN_DATASET_LIVE, &err));
	snprintf(path, sizeof path, "%s/.binnacle/objects/%.2s/%s", t.dir, v->part, v->part + 2);
	bn_dataset_version_free(v);
	ck_assert_int_eq(chmod(path, 0644), 0);
	FILE *f = fopen(path, "r+");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, -900, SEEK_END), 0);
	ck_assert_int_eq(fwrite("12345678", 1, 8, f), 8);
	ck_assert_int_eq(fclose(f), 0);
	must(bn_version_recompute(&l, bob->ws, "power/1", NULL, &err));
	ck_assert_uint_eq(l->problems, 1);
	ck_assert_ptr_null(l->items[0].dataset);
	bn_recomputed_list_free(l);
	team_remove(&t);
}
END_TEST

/* ---- bytes owned by another member ------------------------------------------------------------------ */

/* The owner of a part changes its bytes before it is opened for the n-th time, and restores them before the next
 * time. */
static struct {
	bn_fs_ops ops;
	const bn_fs_ops *below;
	char object[80], path[500]; /* below .binnacle, and from the test's directory */
	long opened, at;
} flip;

static void flip_bytes(void)
{
	char bytes[64];
	FILE *f = fopen(flip.path, "r+");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, -900, SEEK_END), 0);
	ck_assert_int_eq(fread(bytes, 1, sizeof bytes, f), sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)~bytes[i];
	ck_assert_int_eq(fseek(f, -900, SEEK_END), 0);
	ck_assert_int_eq(fwrite(bytes, 1, sizeof bytes, f), sizeof bytes);
	ck_assert_int_eq(fclose(f), 0);
}

static int flip_open(const bn_env *e, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	if (!strcmp(path, flip.object)) {
		flip.opened++;
		if (flip.at && (flip.opened == flip.at || flip.opened == flip.at + 1))
			flip_bytes();
	}
	return flip.below->open(e, at, path, flags, mode);
}

START_TEST(test_bytes_that_are_others_for_a_moment_give_no_evidence)
{
	bn_recomputed_list *l = NULL;
	bn_dataset_version *v = NULL;
	double honest = 0;
	int measured = 0, refused = 0;
	setup("{\"gates\":[{\"metric\":\"rmse\",\"op\":\"<=\",\"threshold\":0.2}]}");
	add_data("jobs", 400, 3);
	train("00000000000000000000000000000001", 0.1, 0.1);
	must(bn_dataset_resolve(&v, bob->ws, "jobs@v1", BN_DATASET_LIVE, &err));
	snprintf(flip.object, sizeof flip.object, "objects/%.2s/%s", v->part, v->part + 2);
	snprintf(flip.path, sizeof flip.path, "%s/.binnacle/%s", t.dir, flip.object);
	bn_dataset_version_free(v);
	ck_assert_int_eq(chmod(flip.path, 0644), 0);
	flip.below = bob->env.fs;
	flip.ops = *flip.below;
	flip.ops.open = flip_open;
	bob->env.fs = &flip.ops;
	do {
		flip.opened = 0;
		must(bn_version_recompute(&l, bob->ws, "power/1", NULL, &err));
		ck_assert_uint_eq(l->count, 1);
		if (flip.at == 0)
			honest = l->items[0].value;
		if (l->items[0].problem)
			refused++;
		else
			ck_assert_double_eq(l->items[0].value, honest);
		measured += !l->items[0].problem;
		if (flip.opened == flip.at)
			flip_bytes(); /* it was not opened again */
		bn_recomputed_list_free(l);
	} while (flip.opened >= flip.at++);
	bob->env.fs = flip.below;
	ck_assert_int_ge(measured, 2);
	ck_assert_int_ge(refused, 1);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/registry/recompute", test_number_that_the_author_made_up_is_measured_and_blocks,
	test_honest_number_is_measured_once_and_approved,
	test_gate_names_its_own_data_and_the_champion_is_measured_on_the_same,
	test_what_cannot_be_measured_is_said_and_leaves_the_gate_open,
	test_changed_bytes_of_the_data_give_no_evidence,
	test_bytes_that_are_others_for_a_moment_give_no_evidence)
