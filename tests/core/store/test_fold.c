/*
 * The fold gives the same rows in any order of arrival (invariant 5): random histories of several writers with skewed
 * clocks and a random dependency graph reach a reader segment by segment, shuffled. Also: faults of the index file.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/store/_workspace.h"
#include "core/store/index/_index.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/signer.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 5, ENTITIES = 12, SEEDS = 40, STEPS = 120 };

static bn_err err = BN_ERR_INIT;

static bn_workspace *open_at(const toy_env *env, const char *path)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env->env, toy_classes, path, &err), &err);
	return ws;
}

/* The path of the index file; yours. */
static char *index_file(const bn_workspace *ws, const toy_env *env)
{
	return bn_strf("%s/binnacle/%s/index.db", env->state_dir, bn_workspace_id(ws));
}

static bn_workspace *make_at(toy_env *env, toy_dir *d)
{
	toy_dir_make(d);
	toy_env_init(env, d);
	ck_assert_bn_ok(bn_workspace_init(&env->env, d->path, &err), &err);
	return open_at(env, d->path);
}

/* ---- shuffled arrival ------------------------------------------------------------------------ */

static void random_event(bn_workspace *ws, bn_rng *r)
{
	char entity[32], other[32];
	uint64_t at = bn_rng_below(r, ENTITIES);
	snprintf(entity, sizeof entity, "toy/%02d", (int)at);
	uint64_t what = bn_rng_below(r, 10);
	if (what == 0 && at > 0) {
		/* Only on lower numbers, so dependencies are acyclic. */
		snprintf(other, sizeof other, "toy/%02d", (int)bn_rng_below(r, at));
		ck_assert_int_eq(toy_append_needs(ws, entity, other), 0);
		return;
	}
	switch (what) {
	case 1:
		ck_assert_int_eq(bn_workspace_append(ws, "toy.refuse", entity, NULL, NULL), 0);
		break;
	case 2:
	case 3:
		ck_assert_int_eq(toy_append_tick(ws, entity, (int)bn_rng_below(r, 100)), 0);
		break;
	default:
		ck_assert_int_eq(toy_append_set(ws, entity, (int)bn_rng_below(r, 1000)), 0);
	}
}

/* A random history of WRITERS writers, whose clocks differ by up to its total length. */
static void random_history(const toy_dir *d, bn_rng *r)
{
	toy_env envs[WRITERS];
	bn_workspace *ws[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		toy_env_init(&envs[i], d);
		envs[i].clock_step_ns = 1000000;
		envs[i].clock_ns = 1700000000 * (int64_t)1000000000 +
				   (int64_t)bn_rng_below(r, STEPS) * 1000000;
		ws[i] = open_at(&envs[i], d->path);
	}
	for (int step = 0; step < STEPS; step++) {
		bn_workspace *w = ws[bn_rng_below(r, WRITERS)];
		random_event(w, r);
		if (bn_rng_below(r, 3) == 0)
			ck_assert_bn_ok(bn_workspace_seal(w, &err), &err);
	}
	for (int i = 0; i < WRITERS; i++)
		bn_workspace_close(ws[i]);
}

/* The paths of all segments, relative to log/. */
static void list_segments(const toy_dir *d, bn_names *out)
{
	bn_names writers = BN_NAMES_INIT;
	char *log = bn_strf("%s/.binnacle/log", d->path);
	bn_fs_list_dir(bn_env_real(), log, &writers, NULL);
	for (size_t i = 0; i < writers.count; i++) {
		bn_names files = BN_NAMES_INIT;
		char *dir = bn_path_join(log, writers.items[i]);
		bn_fs_list_dir(bn_env_real(), dir, &files, NULL);
		for (size_t k = 0; k < files.count; k++)
			if (strstr(files.items[k], ".seg")) {
				char *name = bn_strf("%s/%s", writers.items[i], files.items[k]);
				ck_assert_int_eq(bn_names_add(out, name), 0);
				bn_free(name);
			}
		bn_names_release(&files);
		bn_free(dir);
	}
	bn_names_release(&writers);
	bn_free(log);
}

static void bring(const toy_dir *from, const toy_dir *to, const char *segment)
{
	char *src = bn_strf("%s/.binnacle/log/%s", from->path, segment);
	char *dst = bn_strf("%s/.binnacle/log/%s", to->path, segment);
	char *dir = bn_strndup(dst, (size_t)(strrchr(dst, '/') - dst));
	mkdir(dir, 0755);
	ck_assert_int_eq(link(src, dst), 0);
	bn_free(src);
	bn_free(dst);
	bn_free(dir);
}

static void shuffled(uint64_t seed)
{
	toy_dir a, b;
	toy_env env_a, env_b;
	bn_rng r;
	bn_names segments = BN_NAMES_INIT;
	char shuffled_hash[65], rebuilt[65], first[65];
	bn_rng_init(&r, seed, "test.fold", 0);
	bn_workspace *source = make_at(&env_a, &a), *reader = make_at(&env_b, &b);
	toy_empty_log(&b);
	random_history(&a, &r);
	list_segments(&a, &segments);
	uint32_t *order = bn_alloc(segments.count * sizeof *order);
	bn_rng_permutation(&r, order, segments.count);
	for (size_t i = 0; i < segments.count; i++) {
		bring(&a, &b, segments.items[order[i]]);
		if (bn_rng_below(&r, 2) == 0)
			ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	}
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(reader, shuffled_hash, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(reader, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(reader, rebuilt, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(source, NULL, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(source, first, &err), &err);
	ck_assert_msg(!strcmp(shuffled_hash, rebuilt) && !strcmp(first, rebuilt),
		"seed %d: the dumps differ", (int)seed);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(reader), -1, "SELECT sum(events) FROM writer", ""),
		STEPS + 1 /* the founding record */);
	bn_free(order);
	bn_names_release(&segments);
	bn_workspace_close(source);
	bn_workspace_close(reader);
	toy_dir_remove(&a);
	toy_dir_remove(&b);
}

START_TEST(test_fold_is_the_same_in_any_order_of_arrival)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		shuffled(seed);
	printf("NOTE: %d random histories of %d writers came shuffled, segment by segment: equal "
	       "dumps\n",
		SEEDS, WRITERS);
}
END_TEST

/* ---- late events and dependencies, one by one ------------------------------------------------- */

START_TEST(test_fold_replays_an_entity_when_an_older_event_comes_late)
{
	toy_dir d;
	toy_env fast, slow;
	bn_workspace *a = make_at(&fast, &d);
	toy_env_init(&slow, &d);
	fast.clock_step_ns = slow.clock_step_ns = 1000000;
	fast.clock_ns = 1000003600000000000; /* an hour ahead */
	slow.clock_ns = 1000000000000000000;
	bn_workspace *b = open_at(&slow, d.path);
	toy_append_set(a, "toy/x", 1);
	ck_assert_bn_ok(bn_workspace_sync(a, &err), &err);
	ck_assert_int_eq(toy_value(a, "toy/x"), 1);
	toy_append_set(b, "toy/x", 2); /* b has not read a's event: its clock is behind */
	ck_assert_bn_ok(bn_workspace_commit(b, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(a, NULL, &err), &err);
	ck_assert_int_eq(toy_value(a, "toy/x"), 2 * 31 + 1);
	ck_assert_bn_ok(bn_workspace_refresh(b, NULL, &err), &err);
	toy_append_set(b, "toy/x", 3); /* now it has, and its clock is ahead */
	ck_assert_bn_ok(bn_workspace_sync(b, &err), &err);
	ck_assert_int_eq(toy_value(b, "toy/x"), (2 * 31 + 1) * 31 + 3);
	bn_workspace_close(a);
	bn_workspace_close(b);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_a_machine_with_a_wrong_clock_does_not_set_everybody_elses)
{
	toy_dir d;
	toy_env wrong, right;
	bn_workspace *a = make_at(&wrong, &d);
	toy_env_init(&right, &d);
	wrong.clock_step_ns = 1000000;
	wrong.clock_ns = 4102444800 * (int64_t)1000000000; /* the year 2100 */
	toy_append_set(a, "toy/x", 1);
	ck_assert_bn_ok(bn_workspace_sync(a, &err), &err);
	bn_workspace_close(a);
	bn_workspace *b = open_at(&right, d.path);
	ck_assert_bn_ok(bn_workspace_refresh(b, NULL, &err), &err);
	toy_append_set(b, "toy/x", 2);
	ck_assert_bn_ok(bn_workspace_sync(b, &err), &err);
	ck_assert_int_eq(toy_value(b, "toy/x"), 2 * 31 + 1);
	ck_assert_int_lt(
		bn_sql_int(bn_workspace_index(b), 0, "SELECT min(clock >> 16) FROM event", ""),
		4102444800000);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(b), 0, "SELECT count(*) FROM writer", ""), 2);
	bn_workspace_close(b);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_fold_replays_who_depends_on_what_changed)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d);
	toy_append_needs(ws, "toy/c", "toy/b");
	toy_append_needs(ws, "toy/b", "toy/a");
	toy_append_set(ws, "toy/c", 0);
	toy_append_set(ws, "toy/b", 0);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/b"), 1);
	ck_assert_int_eq(toy_value(ws, "toy/c"), 8);
	toy_append_set(ws, "toy/a", 10);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/b"), 71);
	ck_assert_int_eq(toy_value(ws, "toy/c"), 71 * 7 + 1);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_fold_reports_a_cycle_of_dependencies)
{
	toy_dir d;
	toy_env env;
	bn_err e = BN_ERR_INIT;
	bn_workspace *ws = make_at(&env, &d);
	toy_append_needs(ws, "toy/a", "toy/b");
	toy_append_needs(ws, "toy/b", "toy/a");
	ck_assert_int_eq(bn_workspace_sync(ws, &e), BN_EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, "depends on itself"));
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

/* ---- another host's view ------------------------------------------------------------------------ */

static void other_name(const bn_env *env, uid_t uid, char *name, size_t size)
{
	(void)env;
	snprintf(name, size, "somebody-%lu", (unsigned long)uid % 7);
}

static int foreign_dirs(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	int e = bn_fs_real.stat(env, at, path, st);
	if (e == 0 && S_ISDIR(st->st_mode) && strstr(path, "log"))
		st->st_uid = 4711;
	return e;
}

START_TEST(test_fold_is_the_same_with_other_names_of_users_and_other_owners_of_directories)
{
	toy_dir d;
	toy_env env, other;
	bn_rng r;
	char ours[65], theirs[65];
	bn_workspace *ws = make_at(&env, &d);
	bn_rng_init(&r, 5, "test.fold", 0);
	random_history(&d, &r);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(ws, ours, &err), &err);
	toy_env_init(&other, &d);
	char *index = bn_strf("%s/other-index", d.path);
	toy_env_own_index(&other, index);
	bn_fs_ops ops = bn_fs_real;
	ops.stat = foreign_dirs;
	other.env.fs = &ops;
	other.env.user_name = other_name;
	bn_workspace *reader = open_at(&other, d.path);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(reader, theirs, &err), &err);
	ck_assert_str_eq(ours, theirs);
	sqlite3_stmt *st = NULL;
	char expected[96], name[64];
	other_name(NULL, getuid(), name, sizeof name);
	snprintf(expected, sizeof expected, "%s may not", name);
	ck_assert_int_eq(
		bn_sql_prepare(&st, bn_workspace_index(reader), NULL,
			"SELECT bn_reason(reason) FROM event WHERE outcome = 1 LIMIT 1", ""),
		0);
	ck_assert_int_eq(bn_sql_step(st, NULL), 1);
	ck_assert_str_eq((const char *)sqlite3_column_text(st, 0), expected);
	sqlite3_finalize(st);
	bn_free(index);
	bn_workspace_close(reader);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

/* ---- whole mode ---------------------------------------------------------------------------------- */

/* Class "whole": its rows are the values of its events by (epoch, depth, clock, writer, seq). */
static int64_t place_of(const bn_event *ev, const char *key)
{
	return bn_json_int(ev->payload, key, 0);
}

static int by_place(const void *a, const void *b)
{
	const bn_event *x = *(const bn_event *const *)a, *y = *(const bn_event *const *)b;
	const int64_t p[] = {place_of(x, "epoch"), place_of(x, "depth"), (int64_t)x->key.clock};
	const int64_t q[] = {place_of(y, "epoch"), place_of(y, "depth"), (int64_t)y->key.clock};
	for (size_t i = 0; i < 3; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	int c = strcmp(x->key.writer, y->key.writer);
	return c ? c : x->key.seq < y->key.seq ? -1 : 1;
}

static int whole_clear(bn_fold *f, const char *entity, bn_err *e)
{
	int rc = bn_sql_run(bn_fold_db(f), e,
		"CREATE TABLE IF NOT EXISTS whole (entity TEXT PRIMARY KEY, text TEXT)", "");
	return rc < 0 ? rc
		      : bn_sql_run(bn_fold_db(f), e, "DELETE FROM whole WHERE entity = ?", "s",
				entity);
}

static int whole_apply_all(
	bn_fold *f, const char *entity, const bn_event *events, size_t n, bn_err *e)
{
	const bn_event *order[64];
	bn_buf text = BN_BUF_INIT;
	ck_assert_uint_le(n, 64);
	for (size_t i = 0; i < n; i++) {
		order[i] = &events[i];
		bn_fold_place(f, i, place_of(&events[i], "epoch"), place_of(&events[i], "depth"));
		if (place_of(&events[i], "epoch") < 0)
			bn_fold_outcome_of(f, i, BN_OUTCOME_REFUSED, "no epoch");
	}
	qsort(order, n, sizeof *order, by_place);
	for (size_t i = 0; i < n; i++)
		if (place_of(order[i], "epoch") >= 0)
			bn_buf_addf(&text, "%d ", (int)place_of(order[i], "v"));
	int rc = bn_sql_run(
		bn_fold_db(f), e, "INSERT INTO whole VALUES (?, ?)", "ss", entity, text.ptr);
	bn_buf_release(&text);
	return rc;
}

static const bn_fold_kind whole_kinds[] = {
	{"whole.x", .fields = BN_FIELDS("epoch", "depth", "v")}, {0}};
static const bn_fold_class whole_class = {
	.name = "whole", .kinds = whole_kinds, .apply_all = whole_apply_all, .clear = whole_clear};
static const bn_fold_class *const whole_classes[] = {&whole_class, NULL};

static void whole_append(bn_workspace *ws, int epoch, int depth, int v)
{
	json_t *p = json_pack("{s:i, s:i, s:i}", "epoch", epoch, "depth", depth, "v", v);
	ck_assert_bn_ok(bn_workspace_append(ws, "whole.x", "whole/a", p, &err), &err);
	json_decref(p);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
}

static void whole_expect(bn_workspace *ws, const char *text)
{
	ck_assert_msg(bn_sql_int(bn_workspace_index(ws), 0,
			      "SELECT 1 FROM whole WHERE entity = 'whole/a' AND text = ?", "s",
			      text) == 1,
		"not '%s'", text);
}

START_TEST(test_fold_hands_a_class_all_events_of_an_entity_to_order_by_itself)
{
	toy_dir d;
	toy_env env;
	char hash[65], rebuilt[65];
	toy_dir_make(&d);
	toy_env_init(&env, &d);
	ck_assert_bn_ok(bn_workspace_init(&env.env, d.path, &err), &err);
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, whole_classes, d.path, &err), &err);
	whole_append(ws, 1, 0, 1);
	whole_expect(ws, "1 ");
	whole_append(ws, 2, 0, 2);
	whole_append(ws, 1, 1, 3); /* later, but placed earlier */
	whole_expect(ws, "1 3 2 ");
	whole_append(ws, -1, 0, 4); /* refused */
	whole_append(ws, 0, 9, 5);
	whole_expect(ws, "5 1 3 2 ");
	sqlite3 *db = bn_workspace_index(ws);
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT count(*) FROM event WHERE epoch = 1 AND depth = 1", ""),
		1);
	ck_assert_int_eq(bn_sql_int(db, -1,
				 "SELECT count(*) FROM dump_event WHERE outcome = 'refused' AND "
				 "reason = 'no epoch'",
				 ""),
		1);
	ck_assert_bn_ok(bn_index_dump_hash(ws, hash, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(ws, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(ws, rebuilt, &err), &err);
	ck_assert_str_eq(hash, rebuilt);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

/* ---- a newer binnacle ------------------------------------------------------------------------------ */

START_TEST(test_fold_keeps_what_it_does_not_know_and_names_who_signed_it)
{
	toy_dir d;
	toy_env env;
	bn_signer signer;
	bn_index_status s;
	bn_workspace *ws = make_at(&env, &d);
	test_signer_init(&signer, 3);
	toy_append_set(ws, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_append(ws, "toy.new", "toy/a", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(ws, "other.x", "other/b", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_int_eq(s.newer, 3); /* these two and the founding record */
	ck_assert_int_eq(s.unknown_count, 3);
	ck_assert_str_eq(s.unknown[0].kind, "other.x");
	ck_assert_str_eq(s.unknown[0].entity, "other/b");
	ck_assert_int_eq(s.unknown[0].events, 1);
	ck_assert_str_eq(s.unknown[1].kind, "toy.new");
	ck_assert_int_eq(s.unknown[1].version, 1);
	bn_index_status_release(&s);
	ck_assert(!bn_index_is_newer(bn_workspace_index(ws), "toy/a"));
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	ck_assert_bn_ok(
		bn_workspace_append_signed(ws, 2, "toy.set", "toy/a", NULL, NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert(bn_index_is_newer(bn_workspace_index(ws), "toy/a"));
	ck_assert(!bn_index_is_newer(bn_workspace_index(ws), "toy/b"));
	bn_workspace_close(ws);
	test_signer_release(&signer);
	toy_dir_remove(&d);
}
END_TEST

/* ---- numbers stay private -------------------------------------------------------------------------- */

START_TEST(test_every_table_with_private_numbers_has_a_view_that_resolves_them)
{
	toy_dir d;
	toy_env env;
	sqlite3_stmt *st = NULL;
	bn_workspace *ws = make_at(&env, &d);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(
		bn_sql_prepare(&st, bn_workspace_index(ws), NULL,
			"SELECT t.name || '.' || c.name FROM sqlite_master t, "
			"pragma_table_info(t.name) c WHERE t.type = 'table' AND "
			"t.name NOT GLOB 'index_*' AND c.type = 'INTEGER' AND c.name IN "
			"('no', 'entity', 'on_entity', 'writer', 'kind', 'host', 'key', "
			"'experiment', 'role', 'run') AND NOT EXISTS (SELECT 1 FROM "
			"sqlite_master v WHERE v.type = 'view' AND v.name = 'dump_' || t.name)",
			""),
		0);
	ck_assert_msg(bn_sql_step(st, NULL) == 0, "%s has no view",
		(const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

/* ---- the file ------------------------------------------------------------------------------- */

static void write_some(bn_workspace *ws)
{
	toy_append_set(ws, "toy/a", 5);
	toy_append_tick(ws, "toy/a", 6);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
}

START_TEST(test_index_can_be_deleted_at_any_time)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d);
	write_some(ws);
	char *path = index_file(ws, &env);
	ck_assert_int_eq(unlink(path), 0);
	write_some(ws);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 160);
	ck_assert_int_eq(toy_ticks(ws, "toy/a"), 12);
	ck_assert(bn_fs_exists(&env.env, path));
	bn_free(path);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_that_is_damaged_is_made_anew)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d);
	for (int i = 0; i < 200; i++)
		toy_append_set(ws, "toy/a", i);
	write_some(ws);
	int64_t value = toy_value(ws, "toy/a");
	char *path = index_file(ws, &env);
	bn_workspace_close(ws);
	for (int how = 0; how < 3; how++) {
		int fd = open(path, O_WRONLY);
		char junk[4096];
		memset(junk, how == 1 ? 0 : 0x5a, sizeof junk);
		/* the header with garbage; with zeros; all pages except the header */
		for (off_t at = how == 2 ? 4096 : 0; at < (how == 2 ? 400000 : 4096); at += 4096)
			ck_assert_int_eq(pwrite(fd, junk, sizeof junk, at), sizeof junk);
		close(fd);
		ws = open_at(&env, d.path);
		toy_append_tick(ws, "toy/a", 0);
		ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
		ck_assert_int_eq(toy_value(ws, "toy/a"), value);
		bn_workspace_close(ws);
	}
	bn_free(path);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_of_another_schema_is_rebuilt)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d);
	write_some(ws);
	ck_assert_int_eq(bn_sql_run(bn_workspace_index(ws), NULL,
				 "UPDATE index_meta SET value = 'old' WHERE key = 'schema'", ""),
		0);
	ck_assert_int_eq(bn_sql_run(bn_workspace_index(ws), NULL, "DELETE FROM event", ""), 0);
	bn_workspace_close(ws);
	ws = open_at(&env, d.path);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(ws), -1, "SELECT count(*) FROM event", ""), 2);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_notices_that_history_was_cut)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d), *reader = open_at(&env, d.path);
	toy_append_set(ws, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	char *open_seg = bn_workspace_path(ws, "log/%s/open.seg", ws->writer->name);
	struct stat st;
	ck_assert_int_eq(stat(open_seg, &st), 0);
	toy_append_set(ws, "toy/a", 6);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5 * 31 + 6);
	/* The writer is killed and its last record is lost, as in a power cut. */
	bn_writer_free(ws->writer);
	ws->writer = NULL;
	ck_assert_int_eq(truncate(open_seg, st.st_size), 0);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5);
	/* Another record has the same number. */
	toy_append_set(ws, "toy/a", 7);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5 * 31 + 7);
	bn_free(open_seg);
	bn_workspace_close(reader);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

static const char *another_boot(const bn_env *env)
{
	(void)env;
	return "ffffffff-0000-0000-0000-000000000000";
}

START_TEST(test_index_over_a_network_reads_an_open_segment_only_after_long_silence)
{
	toy_dir d;
	toy_env here, there;
	bn_workspace *reader = make_at(&here, &d);
	toy_env_init(&there, &d);
	there.env.boot_id = another_boot;
	bn_workspace *writer = open_at(&there, d.path);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	reader->index->follow_open = false; /* as on a network file system */
	toy_append_set(writer, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	toy_append_set(writer, "toy/a", 6);
	ck_assert_bn_ok(bn_workspace_commit(writer, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5);
	char *path = bn_workspace_path(writer, "log/%s/open.seg", writer->writer->name);
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5 * 31 + 6);
	toy_append_set(writer, "toy/a", 7); /* it is alive after all */
	ck_assert_bn_ok(bn_workspace_commit(writer, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5 * 31 + 6);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), (5 * 31 + 6) * 31 + 7);
	bn_free(path);
	bn_workspace_close(writer);
	bn_workspace_close(reader);
	toy_dir_remove(&d);
}
END_TEST

static int deny_open(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	return strstr(path, "ffffffff-") ? -EACCES : bn_fs_real.open(env, at, path, flags, mode);
}

START_TEST(test_index_goes_on_without_a_writer_whose_log_may_not_be_read)
{
	toy_dir d;
	toy_env here, there;
	bn_index_status s;
	bn_workspace *reader = make_at(&here, &d);
	toy_env_init(&there, &d);
	there.env.boot_id = another_boot;
	bn_workspace *writer = open_at(&there, d.path);
	toy_append_set(writer, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	bn_fs_ops ops = bn_fs_real;
	ops.open = deny_open;
	here.env.fs = &ops;
	toy_append_set(reader, "toy/b", 6);
	ck_assert_bn_ok(bn_workspace_sync(reader, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/b"), 6);
	ck_assert_bn_ok(bn_index_status_get(&s, reader, &err), &err);
	ck_assert_uint_eq(s.gap_count, 1);
	ck_assert_ptr_nonnull(strstr(s.gaps[0].why, "ermission denied"));
	bn_index_status_release(&s);
	bn_workspace_close(writer);
	bn_workspace_close(reader);
	toy_dir_remove(&d);
}
END_TEST

static bool hide_other;

static int stale_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	size_t n = strlen(path);
	bool is_dir = n > 10 && !strcmp(path + n - 10, "ffffffff-0");
	return hide_other && is_dir ? -ESTALE : bn_fs_real.stat(env, at, path, st);
}

/* Otherwise the index would be rebuilt without that writer, and gc would rely on it. */
START_TEST(test_index_keeps_a_writer_whose_directory_cannot_be_seen_for_a_moment)
{
	toy_dir d;
	toy_env here, there;
	bn_index_status s;
	bn_fs_ops ops = bn_fs_real;
	bn_workspace *reader = make_at(&here, &d);
	toy_env_init(&there, &d);
	there.env.boot_id = another_boot;
	bn_workspace *writer = open_at(&there, d.path);
	toy_append_set(writer, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	ops.stat = stale_stat;
	here.env.fs = &ops;
	for (int i = 0; i < 3; i++) {
		hide_other = i == 1;
		ck_assert_bn_ok(bn_index_status_get(&s, reader, &err), &err);
		ck_assert_uint_eq(s.gap_count, hide_other);
		ck_assert_int_eq(toy_value(reader, "toy/a"), 5);
		bn_index_status_release(&s);
	}
	toy_append_set(writer, "toy/a", 6);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5 * 31 + 6);
	bn_workspace_close(writer);
	bn_workspace_close(reader);
	toy_dir_remove(&d);
}
END_TEST

/* Processes share an index file; the second one finds nothing left to do. */
START_TEST(test_index_is_shared_by_processes_that_fold_at_once)
{
	enum { READERS = 4, ROUNDS = 15 };
	toy_dir d;
	toy_env env;
	pid_t children[READERS];
	char hash[65], rebuilt[65];
	bn_workspace_close(make_at(&env, &d));
	for (int i = 0; i < READERS; i++) {
		if ((children[i] = fork()) != 0)
			continue;
		bn_workspace *ws = open_at(&env, d.path);
		int rc = 0;
		for (int k = 0; !rc && k < ROUNDS; k++) {
			toy_append_set(ws, "toy/shared", i * 100 + k);
			toy_append_tick(ws, "toy/shared", 1);
			rc = bn_workspace_sync(ws, NULL);
		}
		bn_workspace_close(ws);
		_exit(rc != 0);
	}
	for (int i = 0; i < READERS; i++) {
		int status = -1;
		waitpid(children[i], &status, 0);
		ck_assert_int_eq(status, 0);
	}
	bn_workspace *ws = open_at(&env, d.path);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(toy_ticks(ws, "toy/shared"), READERS * ROUNDS);
	ck_assert_bn_ok(bn_index_dump_hash(ws, hash, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(ws, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(ws, rebuilt, &err), &err);
	ck_assert_str_eq(hash, rebuilt);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

/* SQLite itself does not wait while another process converts the file to a WAL database. */
START_TEST(test_index_waits_for_who_is_making_it)
{
	toy_dir d;
	toy_env env;
	int ready[2];
	char byte;
	bn_workspace *ws = make_at(&env, &d);
	char *path = index_file(ws, &env);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err); /* creates the directory */
	bn_workspace_close(ws);
	ws = open_at(&env, d.path);
	for (size_t i = 0; i < 3; i++) {
		char *one = bn_strf("%s%s", path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
		unlink(one);
		bn_free(one);
	}
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		sqlite3 *db = NULL;
		int rc = sqlite3_open(path, &db);
		rc |= sqlite3_exec(db, "CREATE TABLE x (y); BEGIN IMMEDIATE", NULL, NULL, NULL);
		rc |= write(ready[1], "x", 1) != 1;
		sqlite3_sleep(200);
		rc |= sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		_exit(rc != 0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	int status = -1;
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
	close(ready[0]);
	close(ready[1]);
	bn_free(path);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

static char runtime_dir[400];

static const char *no_state_get(const bn_env *env, const char *name)
{
	const toy_env *e = env->ctx;
	if (!strcmp(name, "XDG_STATE_HOME"))
		return e->state_dir; /* not a directory */
	if (!strcmp(name, "XDG_RUNTIME_DIR"))
		return runtime_dir[0] ? runtime_dir : NULL;
	if (!strcmp(name, "BINNACLE_INDEX"))
		return e->index_dir[0] ? e->index_dir : NULL;
	return strcmp(name, "BINNACLE_HOME") ? getenv(name) : NULL;
}

START_TEST(test_index_lies_in_a_private_directory_and_says_why_there)
{
	toy_dir d;
	toy_env env;
	struct stat st;
	bn_index_status s;
	bn_workspace *ws = make_at(&env, &d);
	write_some(ws);
	char *path = index_file(ws, &env), *dir = bn_strndup(path, strlen(path) - 9);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_str_eq(s.path, path);
	ck_assert_str_eq(s.why, "");
	bn_index_status_release(&s);
	bn_workspace_close(ws);
	/* Others could write to the directory: another one is used, and its mode is not changed. */
	snprintf(runtime_dir, sizeof runtime_dir, "%s/runtime", d.path);
	env.env.get = no_state_get;
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ws = open_at(&env, d.path);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_ptr_nonnull(strstr(s.path, "/runtime/binnacle/"));
	ck_assert_ptr_nonnull(strstr(s.why, "only you can write to"));
	bn_index_status_release(&s);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0777);
	bn_workspace_close(ws);
	bn_free(dir);
	bn_free(path);
	/* Without a state directory the index is in the runtime directory, with a reason. */
	snprintf(runtime_dir, sizeof runtime_dir, "%s/runtime", d.path);
	env.env.get = no_state_get;
	snprintf(env.state_dir, sizeof env.state_dir, "%s/file", d.path);
	ck_assert_int_eq(close(open(env.state_dir, O_CREAT | O_WRONLY, 0600)), 0);
	ws = open_at(&env, d.path);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_ptr_nonnull(strstr(s.path, "/runtime/binnacle/"));
	ck_assert_ptr_nonnull(strstr(s.why, "/file"));
	bn_index_status_release(&s);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

static int no_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	(void)env;
	(void)at;
	(void)path;
	(void)mode;
	return -EROFS;
}

static uid_t nobody(const bn_env *env)
{
	(void)env;
	return 3999999999u; /* no directory in /var/tmp belongs to it */
}

START_TEST(test_index_is_in_memory_where_no_directory_can_be_made)
{
	toy_dir d;
	toy_env env;
	bn_index_status s;
	bn_workspace *ws = make_at(&env, &d);
	toy_append_set(ws, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	bn_fs_ops ops = bn_fs_real;
	ops.mkdir = no_mkdir;
	env.env.fs = &ops;
	env.env.uid = nobody;
	env.env.get = no_state_get;
	snprintf(runtime_dir, sizeof runtime_dir, "%s/runtime", d.path);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_str_eq(s.path, "(in memory)");
	ck_assert_ptr_nonnull(strstr(s.why, "/var/tmp"));
	ck_assert_int_eq(s.events, 2);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	bn_index_status_release(&s);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_goes_neither_into_the_workspace_nor_into_somebody_elses_directory)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d);
	char *inside = bn_workspace_path(ws, "tmp/index");
	toy_env_own_index(&env, inside);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_workspace_refresh(ws, NULL, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "in the workspace"));
	bn_free(inside);
	char *open_to_all = bn_strf("%s/all", d.path);
	ck_assert_int_eq(mkdir(open_to_all, 0700), 0);
	ck_assert_int_eq(chmod(open_to_all, 0777), 0);
	toy_env_own_index(&env, open_to_all);
	bn_err_clear(&e);
	ck_assert_int_lt(bn_workspace_refresh(ws, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, "only you can write to"));
	bn_free(open_to_all);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_follows_no_link_and_replaces_no_file_of_another_kind)
{
	toy_dir d;
	toy_env env;
	struct stat st;
	bn_index_status s;
	char text[64] = "";
	bn_workspace *ws = make_at(&env, &d);
	toy_append_set(ws, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	env.env.get = no_state_get;
	snprintf(runtime_dir, sizeof runtime_dir, "%s/runtime", d.path);
	char *project = bn_strf("%s/project", d.path), *file = bn_strf("%s/index.db", project);
	char *state = bn_strf("%s/binnacle", env.state_dir);
	char *link = bn_strf("%s/%s", state, bn_workspace_id(ws));
	ck_assert_int_eq(mkdir(project, 0755), 0);
	ck_assert_int_eq(chmod(project, 0755), 0);
	ck_assert_bn_ok(bn_fs_write_file(&env.env, file, "a catalogue", 11, 0600, &err), &err);
	ck_assert_bn_ok(bn_fs_make_dirs(&env.env, state, 0700, &err), &err);
	bn_fs_remove_tree(&env.env, link, NULL);
	/* First a link, then a suitable directory that contains somebody's index.db. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(i ? rename(project, link) : symlink(project, link), 0);
		ws = i ? open_at(&env, d.path) : ws;
		ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
		ck_assert_ptr_nonnull(strstr(s.path, "/runtime/binnacle/"));
		ck_assert_ptr_nonnull(strstr(s.why, i ? "left alone" : link));
		bn_index_status_release(&s);
		ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
		bn_workspace_close(ws);
		ck_assert_int_eq(stat(link, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0755);
		ck_assert_int_eq(i ? 0 : unlink(link), 0);
	}
	bn_free(file);
	file = bn_strf("%s/index.db", link);
	FILE *f = fopen(file, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
	fclose(f);
	ck_assert_str_eq(text, "a catalogue");
	bn_free(project);
	bn_free(file);
	bn_free(state);
	bn_free(link);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_goes_on_in_the_next_place_when_its_disk_is_full)
{
	toy_dir d;
	toy_env env;
	bn_index_status s;
	bn_workspace *ws = make_at(&env, &d);
	env.env.get = no_state_get;
	snprintf(runtime_dir, sizeof runtime_dir, "%s/runtime", d.path);
	toy_append_set(ws, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	sqlite3 *db = bn_workspace_index(ws);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		char name[32];
		snprintf(name, sizeof name, "toy/%d", i);
		toy_append_set(ws, name, i);
	}
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_ptr_nonnull(strstr(s.path, "/runtime/binnacle/"));
	ck_assert_ptr_nonnull(strstr(s.why, env.state_dir));
	ck_assert_ptr_nonnull(strstr(s.why, "full"));
	bn_index_status_release(&s);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	ck_assert_int_eq(toy_value(ws, "toy/1999"), 1999);
	/* This disk is full as well: BINNACLE_INDEX was set, so no other directory is tried. */
	toy_env_own_index(&env, runtime_dir);
	bn_workspace_close(ws);
	ws = open_at(&env, d.path);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	db = bn_workspace_index(ws);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		char name[32];
		snprintf(name, sizeof name, "toy/b%d", i);
		toy_append_set(ws, name, i);
	}
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_workspace_refresh(ws, NULL, &e), BN_EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, "BINNACLE_INDEX"));
	ck_assert_ptr_nonnull(strstr(e.hint, "free space"));
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_of_the_first_version_is_ignored_and_removed)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = make_at(&env, &d);
	char *old = bn_workspace_path(ws, "index.db");
	FILE *f = fopen(old, "w");
	ck_assert_ptr_nonnull(f);
	fputs("whatever somebody put there", f);
	fclose(f);
	write_some(ws);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	ck_assert_int_ne(access(old, F_OK), 0);
	bn_free(old);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_index_status_names_a_missing_segment)
{
	toy_dir d;
	toy_env env;
	bn_index_status s;
	bn_workspace *ws = make_at(&env, &d);
	for (int i = 0; i < 3; i++) {
		toy_append_set(ws, "toy/a", i);
		ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	}
	char *seg = bn_workspace_path(ws, "log/%s/0000000002-0000000002.seg", ws->writer->name);
	ck_assert_int_eq(unlink(seg), 0);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_uint_eq(s.gap_count, 1);
	ck_assert_ptr_nonnull(strstr(s.gaps[0].why, "event 2 is missing"));
	ck_assert_int_eq(s.gaps[0].folded, 1);
	ck_assert_int_eq(s.events, 1);
	bn_index_status_release(&s);
	bn_free(seg);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

BN_TEST_MAIN("core/store/fold", test_fold_is_the_same_in_any_order_of_arrival,
	test_fold_replays_an_entity_when_an_older_event_comes_late,
	test_fold_replays_who_depends_on_what_changed, test_fold_reports_a_cycle_of_dependencies,
	test_a_machine_with_a_wrong_clock_does_not_set_everybody_elses,
	test_fold_is_the_same_with_other_names_of_users_and_other_owners_of_directories,
	test_fold_hands_a_class_all_events_of_an_entity_to_order_by_itself,
	test_every_table_with_private_numbers_has_a_view_that_resolves_them,
	test_fold_keeps_what_it_does_not_know_and_names_who_signed_it,
	test_index_can_be_deleted_at_any_time, test_index_that_is_damaged_is_made_anew,
	test_index_of_another_schema_is_rebuilt, test_index_notices_that_history_was_cut,
	test_index_over_a_network_reads_an_open_segment_only_after_long_silence,
	test_index_goes_on_without_a_writer_whose_log_may_not_be_read,
	test_index_keeps_a_writer_whose_directory_cannot_be_seen_for_a_moment,
	test_index_is_shared_by_processes_that_fold_at_once, test_index_waits_for_who_is_making_it,
	test_index_lies_in_a_private_directory_and_says_why_there,
	test_index_is_in_memory_where_no_directory_can_be_made,
	test_index_goes_neither_into_the_workspace_nor_into_somebody_elses_directory,
	test_index_follows_no_link_and_replaces_no_file_of_another_kind,
	test_index_goes_on_in_the_next_place_when_its_disk_is_full,
	test_index_of_the_first_version_is_ignored_and_removed,
	test_index_status_names_a_missing_segment)
