/*
 * core/share: versions to a remote and back, whole and equal, also after a push that was killed, with objects that were
 * lost on either side, and with what somebody changed there. A directory and an S3 server (tests/support/s3_server.h).
 */
#include "core/share/transfer.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/add.h"
#include "core/data/protect.h"
#include "core/pipeline/fold_classes.h"
#include "core/share/kept.h"
#include "core/share/remotes.h"
#include "core/store/object/gc.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/s3_server.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct world {
	toy_dir dir;
	toy_env own;
	bn_workspace *ws;
} world;

static world a, b;
static toy_dir place;
static bn_err err;
static bn_remote_store *s;
static bn_share_report r;

static void world_make(world *w)
{
	toy_dir_make(&w->dir);
	toy_env_init(&w->own, &w->dir);
	ck_assert_bn_ok(bn_workspace_init(&w->own.env, w->dir.path, &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&w->ws, &w->own.env, bn_fold_classes, w->dir.path, &err), &err);
}

static void world_end(world *w)
{
	bn_workspace_close(w->ws);
	toy_dir_remove(&w->dir);
}

static void setup(void)
{
	err = (bn_err)BN_ERR_INIT;
	world_make(&a);
	world_make(&b);
	toy_dir_make(&place);
	ck_assert_bn_ok(bn_remote_store_open(&s, &a.own.env, place.path, NULL, &err), &err);
}

static void teardown(void)
{
	bn_share_report_release(&r);
	bn_remote_store_close(s);
	s = NULL;
	world_end(&a);
	world_end(&b);
	toy_dir_remove(&place);
}

/* A version with rows 0 .. rows - 1. */
static void add(world *w, const char *name, int rows, bool is_private)
{
	char path[400];
	bn_dataset_version *v = NULL;
	snprintf(path, sizeof path, "%s/in.csv", w->dir.path);
	FILE *f = fopen(path, "w");
	fputs("id,power,user\n", f);
	for (int i = 0; i < rows; i++)
		fprintf(f, "%d,%d.5,u%d\n", i, i * 7 % 301, i % 5);
	fclose(f);
	int rc = bn_dataset_add(&v, NULL, w->ws, name,
		is_private ? BN_DATASET_PRIVATE : BN_DATASET_AS_BEFORE, "csv", path, NULL, NULL,
		&err);
	ck_assert_msg(rc == 0, "%s", err.msg);
	bn_dataset_version_free(v);
}

typedef int action(
	bn_share_report *, bn_workspace *, bn_remote_store *, const bn_share_options *, bn_err *);

static int act(action *what, world *w, const char *ref, bn_share_options o)
{
	const char *refs[] = {ref};
	bn_share_report_release(&r);
	bn_err_clear(&err);
	o.refs = refs;
	o.ref_count = ref ? 1 : 0;
	return what(&r, w->ws, s, &o, &err);
}

#define ACT(what, w, ref, ...) act(what, w, ref, (bn_share_options){.at_once = 3, __VA_ARGS__})
#define OK(call) \
	do { \
		int rc_ = call; \
		ck_assert_msg(rc_ == 0, "%s: %s", #call, err.msg); \
	} while (0)

static const char *state_of(world *w, const char *ref)
{
	OK(ACT(bn_share_status, w, ref, .all = true));
	ck_assert_uint_ge(r.count, 1);
	return bn_share_state(&r.versions[0]);
}

static void equal_here(const char *ref)
{
	bn_dataset_version *x = NULL, *y = NULL;
	ck_assert_bn_ok(bn_dataset_resolve(&x, a.ws, ref, BN_DATASET_LIVE, &err), &err);
	ck_assert_bn_ok(bn_dataset_resolve(&y, b.ws, ref, BN_DATASET_LIVE, &err), &err);
	ck_assert_str_eq(x->hash, y->hash);
	ck_assert_str_eq(x->content, y->content);
	ck_assert_str_eq(x->profile_hash, y->profile_hash);
	ck_assert_int_eq(x->rows, y->rows);
	ck_assert_bn_ok(bn_dataset_verify(b.ws, y, NULL, &err), &err);
	bn_dataset_version_free(x);
	bn_dataset_version_free(y);
}

/* Removes all objects of a workspace. */
static void purge(world *w)
{
	char path[400];
	snprintf(path, sizeof path, "%s/.binnacle/objects", w->dir.path);
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

START_TEST(test_versions_go_there_and_come_elsewhere)
{
	setup();
	add(&a, "jobs", 50, false);
	add(&a, "jobs", 70, false);
	ck_assert_str_eq(state_of(&a, "jobs"), "here");
	OK(ACT(bn_share_push, &a, NULL, .dry_run = true, .all = true));
	ck_assert_uint_eq(r.objects, 6);
	ck_assert_str_eq(state_of(&a, "jobs"), "here");
	OK(ACT(bn_share_push, &a, NULL, .all = true));
	ck_assert_uint_eq(r.objects, 6);
	ck_assert_str_eq(state_of(&a, "jobs"), "both");
	OK(ACT(bn_share_push, &a, NULL, .all = true));
	ck_assert_uint_eq(r.objects, 0);
	ck_assert_uint_eq(r.present, 6);
	/* In a new workspace, by name. */
	OK(ACT(bn_share_status, &b, NULL, .all = true));
	ck_assert_uint_eq(r.count, 2);
	ck_assert_int_eq(r.versions[0].version, 0);
	OK(ACT(bn_share_pull, &b, "jobs@v1"));
	ck_assert_uint_eq(r.objects, 3);
	OK(ACT(bn_share_pull, &b, "jobs"));
	equal_here("jobs@v1");
	equal_here("jobs@v2");
	OK(ACT(bn_share_pull, &b, NULL, .all = true));
	ck_assert_uint_eq(r.objects, 0);
	ck_assert_str_eq(state_of(&b, "jobs"), "both");
	ck_assert_int_eq(ACT(bn_share_pull, &b, "jobs@v3"), BN_ENOTFOUND);
	ck_assert_int_eq(ACT(bn_share_pull, &b, "none"), BN_ENOTFOUND);
	ck_assert_int_eq(ACT(bn_share_push, &b, "none"), BN_ENOTFOUND);
	/* What is recorded of it elsewhere stops no gc. */
	bn_gc_report gc;
	ck_assert_bn_ok(bn_gc_run(&gc, b.ws, &(bn_gc_options){.tmp_ms = BN_GC_TMP_MS}, &err), &err);
	ck_assert_uint_eq(gc.objects, 0);
	teardown();
}
END_TEST

/* What holds for a dataset, as text: "restricted 30 owner+licence user,power". */
static const char *protection_of(world *w, const char *name)
{
	static char text[400];
	bn_protection p = BN_PROTECTION_INIT;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_protection_of_name(&p, w->ws, name, &err), &err);
	int n = snprintf(text, sizeof text, "%s %d %s ", bn_data_class_name(p.level), (int)p.keep_days,
		p.owner ? p.owner : "-");
	for (size_t i = 0; i < p.personal_count; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", i ? "," : "", p.personal[i]);
	bn_protection_release(&p);
	return text;
}

static void protect(world *w, const char *name, bn_protect_change c)
{
	if (!c.keep_days)
		c.keep_days = -1;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_protect_set(w->ws, name, &c, &err), &err);
}

static const char *const user[] = {"user"}, *const power[] = {"power"};

START_TEST(test_protection_goes_with_a_version)
{
	setup();
	add(&a, "jobs", 50, false);
	protect(&a, "jobs", (bn_protect_change){.level = "personal", .owner = "ann", .keep_days = 30,
				.personal = user, .personal_count = 1});
	OK(ACT(bn_share_push, &a, "jobs"));
	OK(ACT(bn_share_pull, &b, "jobs", .dry_run = true));
	ck_assert_str_eq(protection_of(&b, "jobs"), "unknown 0 - ");
	OK(ACT(bn_share_pull, &b, "jobs"));
	ck_assert_str_eq(protection_of(&b, "jobs"), "personal 30 ann user");
	/* Stricter afterwards: by the next push, also of a version that is there. */
	protect(&a, "jobs", (bn_protect_change){.level = "restricted", .no_remotes = true, .keep_days = -1});
	ck_assert_int_eq(ACT(bn_share_push, &a, "jobs"), BN_EREFUSED);
	const char *const to[] = {"lab"};
	protect(&a, "jobs", (bn_protect_change){.remotes = to, .remote_count = 1, .keep_days = -1});
	OK(ACT(bn_share_push, &a, "jobs", .remote = "lab"));
	OK(ACT(bn_share_pull, &b, "jobs"));
	ck_assert_str_eq(protection_of(&b, "jobs"), "restricted 30 ann user");
	/* And may not go on from there. */
	ck_assert_int_eq(ACT(bn_share_push, &b, "jobs", .remote = "other"), BN_EREFUSED);
	teardown();
}
END_TEST

START_TEST(test_the_strictest_protection_holds)
{
	setup();
	add(&a, "jobs", 50, false);
	add(&b, "jobs", 60, false);
	protect(&b, "jobs", (bn_protect_change){.level = "restricted", .owner = "bob", .keep_days = 10,
				.personal = power, .personal_count = 1});
	protect(&a, "jobs", (bn_protect_change){.level = "public", .owner = "ann", .keep_days = 30,
				.personal = user, .personal_count = 1});
	OK(ACT(bn_share_push, &a, "jobs"));
	OK(ACT(bn_share_pull, &b, "jobs"));
	ck_assert_str_eq(protection_of(&b, "jobs"), "restricted 10 bob power,user");
	/* Nothing is said there: as before. */
	add(&a, "plain", 5, false);
	OK(ACT(bn_share_push, &a, "plain"));
	OK(ACT(bn_share_pull, &b, "plain"));
	ck_assert_str_eq(protection_of(&b, "plain"), "unknown 0 - ");
	teardown();
}
END_TEST

START_TEST(test_a_damaged_protection_is_refused)
{
	char path[700], name[300] = "";
	setup();
	add(&a, "jobs", 50, false);
	protect(&a, "jobs", (bn_protect_change){.level = "personal", .keep_days = -1});
	OK(ACT(bn_share_push, &a, "jobs"));
	bn_names names = BN_NAMES_INIT;
	snprintf(path, sizeof path, "%s/datasets/jobs/protection", place.path);
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), path, &names, &err), &err);
	ck_assert_uint_eq(names.count, 1);
	snprintf(name, sizeof name, "%s", names.items[0]);
	bn_names_release(&names);
	snprintf(path, sizeof path, "%s/datasets/jobs/protection/%s", place.path, name);
	bn_buf text = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &text, &err), &err);
	char *word = strstr(text.ptr, "personal");
	ck_assert_ptr_nonnull(word);
	memcpy(word, "public\",", 8);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, text.ptr, text.len, 0644, &err), &err);
	bn_buf_release(&text);
	ck_assert_int_eq(ACT(bn_share_pull, &b, "jobs"), BN_ECORRUPT);
	ck_assert_int_eq(bn_dataset_resolve(&(bn_dataset_version *){NULL}, b.ws, "jobs", BN_DATASET_LIVE, NULL),
		BN_ENOTFOUND);
	teardown();
}
END_TEST

START_TEST(test_lost_bytes_are_fetched)
{
	setup();
	add(&a, "jobs", 50, false);
	OK(ACT(bn_share_push, &a, "jobs"));
	purge(&a);
	ck_assert_str_eq(state_of(&a, "jobs"), "there");
	OK(ACT(bn_share_fetch, &a, NULL));
	ck_assert_uint_eq(r.objects, 3);
	ck_assert_str_eq(state_of(&a, "jobs"), "both");
	/* Lost there: pushed again. */
	char path[400];
	snprintf(path, sizeof path, "%s/objects", place.path);
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	ck_assert_str_eq(state_of(&a, "jobs"), "here");
	OK(ACT(bn_share_push, &a, "jobs"));
	ck_assert_uint_eq(r.objects, 3);
	/* Lost in both. */
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	purge(&a);
	ck_assert_str_eq(state_of(&a, "jobs"), "lost");
	ck_assert_int_eq(ACT(bn_share_fetch, &a, "jobs"), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "neither here nor at"));
	ck_assert_int_eq(ACT(bn_share_push, &a, "jobs"), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "jobs@v1 is not whole here"));
	teardown();
}
END_TEST

/* Killed at every change of the disk: what is described there is whole, and the next push ends well. */
START_TEST(test_push_survives_every_kill)
{
	setup();
	add(&a, "jobs", 50, false);
	char path[400];
	for (long at = 1; at < 300; at += 17) {
		pid_t pid = fork();
		if (pid == 0) {
			bn_workspace *ws = NULL;
			a.own.env.fs = &faultfs_ops;
			if (bn_workspace_open(&ws, &a.own.env, bn_fold_classes, a.dir.path, NULL) <
				0)
				_exit(3);
			faultfs_arm(FAULTFS_KILL, at);
			bn_share_options o = {.at_once = 1};
			_exit(bn_share_push(&r, ws, s, &o, NULL) == 0 ? 0 : 1);
		}
		int status = 0;
		waitpid(pid, &status, 0);
		OK(ACT(bn_share_status, &b, NULL, .all = true));
		if (r.count) {
			ck_assert_uint_eq(r.count, 1);
			OK(ACT(bn_share_pull, &b, "jobs", .dry_run = true));
		}
		OK(ACT(bn_share_push, &a, "jobs"));
		ck_assert_str_eq(state_of(&a, "jobs"), "both");
		if (WIFEXITED(status)) {
			ck_assert_int_eq(WEXITSTATUS(status), 0);
			break;
		}
		snprintf(path, sizeof path, "%s/objects", place.path);
		bn_fs_remove_tree(bn_env_real(), path, NULL);
		snprintf(path, sizeof path, "%s/datasets", place.path);
		bn_fs_remove_tree(bn_env_real(), path, NULL);
		ck_assert_int_lt(at, 298);
	}
	OK(ACT(bn_share_pull, &b, "jobs"));
	equal_here("jobs@v1");
	teardown();
}
END_TEST

START_TEST(test_private_versions_stay_unless_they_are_named)
{
	setup();
	add(&a, "open", 20, false);
	add(&a, "mine", 30, true);
	OK(ACT(bn_share_push, &a, NULL));
	ck_assert_uint_eq(r.objects, 3);
	ck_assert_int_eq(ACT(bn_share_push, &a, "mine"), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "mine@v1 can be read by you alone"));
	OK(ACT(bn_share_push, &a, "mine", .private_too = true));
	OK(ACT(bn_share_pull, &b, "mine"));
	bn_dataset_version *v = NULL;
	ck_assert_bn_ok(bn_dataset_resolve(&v, b.ws, "mine", BN_DATASET_LIVE, &err), &err);
	ck_assert(v->is_private);
	bn_dataset_version_free(v);
	teardown();
}
END_TEST

static void overwrite(const char *key, const char *text)
{
	ck_assert_bn_ok(bn_remote_store_put_bytes(
				s, key, text, strlen(text), BN_REMOTE_REPLACE, NULL, &err),
		&err);
}

static int first_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *e)
{
	(void)info;
	(void)e;
	if (strstr(key, "index.json"))
		return 0;
	snprintf(ctx, 400, "%s", key);
	return 1;
}

START_TEST(test_what_was_changed_at_a_remote_is_refused)
{
	char key[400];
	bn_dataset_version *v = NULL;
	setup();
	add(&a, "jobs", 50, false);
	OK(ACT(bn_share_push, &a, "jobs"));
	ck_assert_bn_ok(bn_dataset_resolve(&v, a.ws, "jobs", BN_DATASET_LIVE, &err), &err);
	/* Other bytes under an object's name: of another size they are replaced by a push, and never read. */
	snprintf(key, sizeof key, "objects/%.2s/%s", v->part, v->part + 2);
	overwrite(key, "other bytes");
	ck_assert_str_eq(state_of(&a, "jobs"), "part");
	ck_assert_int_eq(ACT(bn_share_pull, &b, "jobs"), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "does not match its SHA-256"));
	OK(ACT(bn_share_push, &a, "jobs"));
	ck_assert_uint_eq(r.objects, 1);
	/* Another description. */
	ck_assert_int_eq(bn_remote_store_list(s, "datasets/jobs/v", first_key, key, &err), 1);
	overwrite(key, "{\"format\":1,\"name\":\"other\",\"version\":1,\"manifest\":\"0\"}");
	ck_assert_int_eq(ACT(bn_share_pull, &b, "jobs"), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "describes another version"));
	overwrite(key, "[");
	ck_assert_int_eq(ACT(bn_share_pull, &b, "jobs"), BN_EINVAL);
	/* Names that are none are passed over. */
	overwrite("datasets/jobs/v2-short.json", "{}");
	overwrite("datasets/-x/"
		  "v1-0000000000000000000000000000000000000000000000000000000000000000.json",
		"{}");
	OK(ACT(bn_share_status, &b, NULL));
	ck_assert_uint_eq(r.count, 1);
	bn_dataset_version_free(v);
	teardown();
}
END_TEST

START_TEST(test_versions_of_one_number_are_told_apart)
{
	char ref[100];
	setup();
	add(&a, "jobs", 50, false);
	add(&b, "jobs", 60, false);
	OK(ACT(bn_share_push, &a, "jobs"));
	OK(ACT(bn_share_push, &b, "jobs"));
	ck_assert_int_eq(ACT(bn_share_pull, &a, "jobs@v1"), BN_ECONFLICT);
	ck_assert_ptr_nonnull(strstr(err.hint, "jobs@sha256:"));
	bn_dataset_version *v = NULL;
	ck_assert_bn_ok(bn_dataset_resolve(&v, b.ws, "jobs", BN_DATASET_LIVE, &err), &err);
	snprintf(ref, sizeof ref, "jobs@sha256:%.12s", v->hash);
	OK(ACT(bn_share_pull, &a, ref));
	ck_assert_int_eq(r.versions[0].version, 2); /* the next number here */
	ck_assert_int_eq(r.versions[0].number, 1);
	bn_dataset_version_free(v);
	teardown();
}
END_TEST

START_TEST(test_s3_server_keeps_versions)
{
	s3_server *server = s3_start(NULL);
	bn_remote_options o = {.endpoint = s3_url(server), .anonymous = true};
	setup();
	bn_remote_store_close(s);
	s = NULL;
	/* Without keys it refuses, and nothing is there. */
	ck_assert_bn_ok(bn_remote_store_open(&s, &a.own.env, "s3://lab/p", &o, &err), &err);
	add(&a, "jobs", 50, false);
	ck_assert_int_eq(ACT(bn_share_push, &a, "jobs"), BN_EREFUSED);
	ck_assert_int_eq(s3_keys(server), 0);
	bn_share_probe probes[BN_SHARE_PROBES];
	size_t n = 0;
	ck_assert_int_eq(bn_share_try(probes, &n, &a.own.env, s, &err), BN_EREFUSED);
	ck_assert_uint_eq(n, BN_SHARE_PROBES);
	ck_assert(!probes[0].done && probes[0].why.code == BN_EREFUSED && !probes[1].why.code);
	s3_free(server);
	teardown();
}
END_TEST

START_TEST(test_a_place_is_tried_step_by_step)
{
	bn_share_probe probes[BN_SHARE_PROBES];
	size_t n = 0;
	setup();
	ck_assert_bn_ok(bn_share_try(probes, &n, &a.own.env, s, &err), &err);
	ck_assert_uint_eq(n, BN_SHARE_PROBES);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(probes[i].done, "%s", probes[i].what);
	ck_assert_bn_ok(bn_remote_store_list(s, "", first_key, &(char[400]){""}, &err), &err);
	teardown();
}
END_TEST

START_TEST(test_remotes_are_recorded_and_found)
{
	bn_remotes l = BN_REMOTES_INIT;
	const bn_remote_entry *e = NULL;
	setup();
	ck_assert_int_eq(bn_remotes_find(&e, &l, a.ws, NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	bn_remotes_release(&l);
	bn_remote_entry lab = {.name = "lab",
		.url = "s3://lab/data",
		.endpoint = "https://s3.x.org",
		.region = "r",
		.style = "path"};
	ck_assert_bn_ok(bn_remotes_add(a.ws, &lab, &err), &err);
	ck_assert_int_eq(bn_remotes_add(a.ws, &lab, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_remotes_find(&e, &l, a.ws, NULL, &err), &err);
	ck_assert_str_eq(e->endpoint, "https://s3.x.org");
	ck_assert_str_eq(e->style, "path");
	bn_remotes_release(&l);
	static const bn_remote_entry bad[] = {{.name = "x/y", .url = "/tmp"},
		{.name = "x", .url = "ftp://h"}, {.name = "x", .url = "s3://id:secret@lab/x"},
		{.name = "x", .url = "/tmp", .region = "r"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(bn_remotes_add(a.ws, &bad[i], &err), BN_EINVAL);
		ck_assert_ptr_null(strstr(err.msg, "secret"));
		bn_err_clear(&err);
	}
	bn_remote_entry dir = {.name = "dir", .url = place.path};
	ck_assert_bn_ok(bn_remotes_add(a.ws, &dir, &err), &err);
	ck_assert_int_eq(bn_remotes_find(&e, &l, a.ws, NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	bn_remotes_release(&l);
	ck_assert_int_eq(bn_remotes_find(&e, &l, a.ws, "dri", &err), BN_ENOTFOUND);
	ck_assert_str_eq(err.hint, "did you mean 'dir'?");
	bn_err_clear(&err);
	bn_remotes_release(&l);
	ck_assert_bn_ok(bn_remotes_remove(a.ws, "lab", &err), &err);
	ck_assert_bn_ok(bn_remotes_find(&e, &l, a.ws, NULL, &err), &err);
	ck_assert_str_eq(e->name, "dir");
	bn_remotes_release(&l);
	teardown();
}
END_TEST

START_TEST(test_what_was_seen_is_kept_with_its_time)
{
	bn_share_report kept = {.versions = NULL};
	setup();
	add(&a, "jobs", 50, false);
	ck_assert_bn_ok(bn_share_kept_load(&kept, a.ws, "lab", &err), &err);
	ck_assert_uint_eq(kept.count, 0);
	OK(ACT(bn_share_push, &a, "jobs"));
	OK(ACT(bn_share_status, &a, NULL));
	ck_assert_bn_ok(bn_share_kept_save(a.ws, "lab", &r, &err), &err);
	add(&a, "more", 10, false);
	OK(ACT(bn_share_status, &a, "more"));
	ck_assert_bn_ok(bn_share_kept_save(a.ws, "lab", &r, &err), &err);
	ck_assert_bn_ok(bn_share_kept_load(&kept, a.ws, "lab", &err), &err);
	ck_assert_uint_eq(kept.count, 2);
	ck_assert_str_eq(kept.versions[0].name, "more");
	ck_assert_str_eq(bn_share_state(&kept.versions[0]), "here");
	ck_assert_str_eq(bn_share_state(&kept.versions[1]), "both");
	ck_assert(kept.asked_ms > 0 && kept.versions[1].asked_ms > 0);
	bn_share_report_release(&kept);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/share/transfer", test_versions_go_there_and_come_elsewhere,
	test_protection_goes_with_a_version, test_the_strictest_protection_holds,
	test_a_damaged_protection_is_refused,
	test_lost_bytes_are_fetched, test_push_survives_every_kill,
	test_private_versions_stay_unless_they_are_named,
	test_what_was_changed_at_a_remote_is_refused, test_versions_of_one_number_are_told_apart,
	test_s3_server_keeps_versions, test_a_place_is_tried_step_by_step,
	test_remotes_are_recorded_and_found, test_what_was_seen_is_kept_with_its_time)
