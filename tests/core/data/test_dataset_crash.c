/*
 * Objects, manifests and gc when the process is killed, the disk fails or is full, or the power is lost at a
 * change of the disk (tests/support/crash_points.h selects the changes).
 *
 * A forked child works in a workspace made by the parent: it adds a dataset, interrupts a streamed put and
 * resumes it, adds a second version, removes the first one and frees it by gc, adds a third one (whose file
 * is read twice in one of the tests), and appends the rows of table 1 to it. Through a pipe the child reports
 * each acknowledged step. Then the parent checks the result:
 *
 *	I1  every object hashes to its name
 *	I3  every acknowledged version, object and removal exists
 *	I4  every live version has its manifest, parts and profile, and audit verify finds no fault
 *	I5  the index equals a rebuilt one
 *	I6  gc freed nothing that a live version names
 *
 * and that work can continue: the interrupted put is resumed, and the versions are added again under the same
 * numbers.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/data/add.h"
#include "core/data/append.h"
#include "core/data/dataset.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profiler.h"
#include "core/store/index/fold.h"
#include "core/store/inspect.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOURNAL_BYTES = 8 << 20, VERSIONS = 3, APPENDED = 4 };

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};
static const char streamed[] = "0123456789abcdef0123456789abcdef";

/* ---- the scenario --------------------------------------------------------------------------- */

static int said;

static void say(const char *what, long n)
{
	char line[64];
	int k = snprintf(line, sizeof line, "%s %ld\n", what, n);
	if (write(said, line, (size_t)k) != k)
		_exit(3);
}

/* If set, table 3 is long and its last row contradicts the type inferred from the sample for x: the file is read twice,
 * and what was written is discarded. */
static bool contradicts;

static int rows_of(int i)
{
	if (i == APPENDED)
		return rows_of(3) + rows_of(1);
	return i == 3 && contradicts ? BN_BATCH_ROWS + 1000 : 10 * i;
}

/* Tables 1 to 3 are made once, before any fault is armed, and by a single thread, because forked children have only
 * one. Number 2 is an Arrow file with its profile, which is published as it is; the others are CSV files, which are
 * read, stored and profiled in one pass. */
static bn_profile *profiles[VERSIONS + 1];

static bool is_published(int i)
{
	return i == 2;
}

static char *table_path(const toy_dir *d, int i)
{
	return bn_strf("%s/table-%d.%s", d->path, i, is_published(i) ? "arrow" : "csv");
}

static void make_csv(const char *path, int i)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("x,c\n", f);
	for (int r = 0; r < rows_of(i); r++)
		fprintf(f, "%d%s,%s\n", r % 30 * i, contradicts && i == 3 && r + 1 == rows_of(i) ? "x" : "",
			r % 2 ? "odd" : "even");
	ck_assert_int_eq(fclose(f), 0);
}

static void make_table(const toy_dir *d, int i)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_err err = BN_ERR_INIT;
	char *path = table_path(d, i);
	if (!is_published(i)) {
		make_csv(path, i);
		bn_free(path);
		return;
	}
	ck_assert_bn_ok(bn_schema_add(&s, "x", BN_TYPE_INT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "c", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	for (int r = 0; r < rows_of(i); r++) {
		bn_table_row_i64(w, 0, r * i);
		bn_table_row_text(w, 1, r % 2 ? "odd" : "even", r % 2 ? 3 : 4);
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
	bn_table_reader *t = NULL;
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_profile_table(&profiles[i], t, 1, NULL, &err), &err);
	bn_table_reader_free(t);
	bn_free(path);
}

static int add(bn_workspace *ws, const toy_dir *d, int i, int64_t *version, bn_err *err)
{
	bn_dataset_version *v = NULL;
	char *path = table_path(d, i);
	bn_dataset_draft draft = {
		.name = "t", .table_path = path, .profile = profiles[i], .source_kind = "arrow"};
	const bn_source_options anew = {.retype = true};
	int rc = is_published(i) ? bn_dataset_publish(&v, NULL, ws, &draft, err)
				 : bn_dataset_add(&v, NULL, ws, "t", BN_DATASET_AS_BEFORE, NULL,
					   path, &anew, NULL, err);
	if (rc == 0)
		*version = v->version;
	bn_dataset_version_free(v);
	bn_free(path);
	return rc;
}

static bool add_and_say(bn_workspace *ws, const toy_dir *d, int i)
{
	int64_t version = 0;
	if (add(ws, d, i, &version, NULL) != 0)
		return false;
	say("version", version * 100 + i);
	return true;
}

/* Appends the rows of table 1 to the newest version, as a separate part. */
static int append(bn_workspace *ws, const toy_dir *d, bn_dataset_version **v, bn_err *err)
{
	const bn_append_limits limits = {.tail_bytes = 1};
	char *path = table_path(d, 1);
	bool added = false;
	int rc = bn_dataset_append(v, &added, ws, "t", NULL, path, NULL, &limits, NULL, err);
	bn_free(path);
	return rc;
}

static void append_and_say(bn_workspace *ws, const toy_dir *d)
{
	bn_dataset_version *v = NULL;
	if (append(ws, d, &v, NULL) != 0)
		return;
	say("version", v->version * 100 + APPENDED);
	bn_dataset_version_free(v);
}

/* The hash is known in advance; the first put stops after `cut` bytes. */
static int put_streamed(bn_workspace *ws, size_t cut, bn_err *err)
{
	bn_object_store *s = NULL;
	bn_object_writer *w = NULL;
	char hash[65], found[65];
	bn_sha256_hex(streamed, strlen(streamed), hash);
	int rc = bn_workspace_objects(&s, ws, err);
	if (rc < 0 || (rc = bn_object_writer_new(&w, s, hash, err)) < 0)
		return rc;
	for (uint64_t at = bn_object_writer_offset(w); rc == 0 && at < cut; at += 8)
		rc = bn_object_write(w, streamed + at, cut - at < 8 ? cut - at : 8, err);
	if (rc == 0 && cut == strlen(streamed))
		rc = bn_object_commit(w, found, NULL, err);
	bn_object_writer_free(w);
	return rc;
}

static void scenario(const bn_env *env, const toy_dir *d, const char *work)
{
	bn_workspace *ws = NULL;
	bn_gc_report report;
	bn_gc_options all = {.retention_ms = -60000, .tmp_ms = BN_GC_TMP_MS};
	if (bn_workspace_open(&ws, env, classes, work, NULL))
		return;
	add_and_say(ws, d, 1);
	put_streamed(ws, 19, NULL);
	if (put_streamed(ws, strlen(streamed), NULL) == 0)
		say("streamed", 1);
	add_and_say(ws, d, 2);
	if (bn_dataset_remove(ws, "t", 1, NULL) == 0)
		say("removed", 1);
	say("collecting", 1);
	bn_gc_run(&report, ws, &all, NULL);
	if (add_and_say(ws, d, 3))
		append_and_say(ws, d);
	bn_workspace_close(ws);
}

/* ---- what must hold ------------------------------------------------------------------------- */

typedef struct outcome {
	bool finished, streamed, removed, collecting;
	int64_t versions[APPENDED + 1]; /* of table i; 0: not acknowledged */
	long ops;
	char where[80];
} outcome;

static void hear(outcome *o, int fd)
{
	char line[64], what[20];
	long n;
	FILE *f = fdopen(fd, "r");
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%19s %ld", what, &n) != 2)
			continue;
		if (!strcmp(what, "version"))
			o->versions[n % 100] = n / 100;
		else if (!strcmp(what, "streamed"))
			o->streamed = true;
		else if (!strcmp(what, "removed"))
			o->removed = true;
		else if (!strcmp(what, "collecting"))
			o->collecting = true;
		else if (!strcmp(what, "done")) {
			o->finished = true;
			o->ops = n;
		}
	}
	fclose(f);
}

static void run_child(outcome *o, const toy_dir *d, const char *work, const char *index,
	faultfs_kind kind, long at)
{
	int ends[2], status;
	memset(o, 0, sizeof *o);
	snprintf(o->where, sizeof o->where, "fault %d at change %ld", (int)kind, at);
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		toy_env env;
		close(ends[0]);
		said = ends[1];
		toy_env_init(&env, d);
		toy_env_own_index(&env, index);
		env.env.fs = &faultfs_ops;
		faultfs_arm(kind, at);
		scenario(&env.env, d, work);
		say("done", faultfs_count());
		_exit(0);
	}
	close(ends[1]);
	hear(o, ends[0]);
	waitpid(child, &status, 0);
	ck_assert_msg(o->finished || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		"%s: the scenario ended with status %x", o->where, status);
}

static int verify_one(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	(void)info;
	return bn_object_verify(ctx, hash, err);
}

/* I4 and I6: a live version can be read and has the expected number of rows. */
static void check_version(const outcome *o, bn_workspace *ws, const bn_dataset_version *v)
{
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;
	bn_profile *p = NULL;
	ck_assert_msg(bn_dataset_open_table(&t, ws, v, &err) == 0, "%s: I4: %s", o->where, err.msg);
	ck_assert_int_eq((int64_t)bn_table_rows(t), v->rows);
	ck_assert_msg(
		bn_dataset_load_profile(&p, ws, v, &err) == 0, "%s: I4: %s", o->where, err.msg);
	bn_profile_free(p);
	bn_table_reader_free(t);
}

static void check_versions(const outcome *o, bn_workspace *ws)
{
	bn_err err = BN_ERR_INIT;
	for (int i = 1; i <= APPENDED; i++) {
		bn_dataset_version *v = NULL;
		char ref[32];
		if (!o->versions[i])
			continue;
		snprintf(ref, sizeof ref, "t@v%d", (int)o->versions[i]);
		ck_assert_msg(bn_dataset_resolve(&v, ws, ref, BN_DATASET_REMOVED_TOO, &err) == 0,
			"%s: I3: %s", o->where, err.msg);
		ck_assert_int_eq(v->rows, rows_of(i));
		bn_dataset_version_free(v);
	}
	bn_dataset_versions *all = NULL;
	int rc = bn_dataset_versions_load(&all, ws, NULL, BN_DATASET_REMOVED_TOO, &err);
	ck_assert_msg(rc == 0, "%s: %s", o->where, err.msg);
	for (size_t i = 0; i < all->count; i++) {
		if (!all->items[i]->removed)
			check_version(o, ws, all->items[i]);
		ck_assert_msg(
			!(o->removed && all->items[i]->version == 1) || all->items[i]->removed,
			"%s: I3: the removal is lost", o->where);
	}
	bn_dataset_versions_free(all);
}

static void check_goes_on(const outcome *o, bn_workspace *ws, const toy_dir *d)
{
	bn_err err = BN_ERR_INIT;
	int64_t version = 0;
	char hash[65];
	/* An interrupted put is resumed; if the bytes kept are wrong, it starts again. */
	int rc = put_streamed(ws, strlen(streamed), &err);
	if (rc == BN_ECORRUPT) {
		bn_err_clear(&err);
		rc = put_streamed(ws, strlen(streamed), &err);
	}
	ck_assert_msg(rc == 0, "%s: %s", o->where, err.msg);
	bn_sha256_hex(streamed, strlen(streamed), hash);
	ck_assert_msg(bn_object_verify(ws, hash, &err) == 0, "%s: %s", o->where, err.msg);
	for (int i = 1; i <= VERSIONS; i++) {
		rc = add(ws, d, i, &version, &err);
		ck_assert_msg(rc == 0, "%s: table %d again: %s", o->where, i, err.msg);
		ck_assert_msg(!o->versions[i] || version == o->versions[i],
			"%s: table %d was version %d, is %d", o->where, i, (int)o->versions[i],
			(int)version);
	}
}

static const char *another_boot(const bn_env *env)
{
	(void)env;
	return "ffffffff-0000-0000-0000-000000000000";
}

/* In a separate process: profiling all parts starts threads, for which children forked later would wait. */
static void check_appends(const outcome *o, const bn_env *env, const toy_dir *d, const char *work)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		bn_workspace *ws = NULL;
		bn_dataset_version *v = NULL;
		bn_table_reader *t = NULL;
		bn_err err = BN_ERR_INIT;
		bool good = bn_workspace_open(&ws, env, classes, work, &err) == 0 &&
			    append(ws, d, &v, &err) == 0 &&
			    bn_dataset_open_table(&t, ws, v, &err) == 0 &&
			    (int64_t)bn_table_rows(t) == v->rows;
		if (!good)
			printf("%s: appending: %s\n", o->where, err.msg);
		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	waitpid(child, &status, 0);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: appending", o->where);
}

static void check_all(
	const outcome *o, const toy_dir *d, const char *work, const char *index, bool rebooted)
{
	toy_env env;
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	bn_object_store *objects = NULL;
	bn_audit_report *audit = NULL;
	char before[65], after[65];
	toy_env_init(&env, d);
	toy_env_own_index(&env, index);
	if (rebooted)
		env.env.boot_id = another_boot;
	ck_assert_msg(bn_workspace_open(&ws, &env.env, classes, work, &err) == 0, "%s: %s",
		o->where, err.msg);
	ck_assert_msg(bn_workspace_refresh(ws, NULL, &err) == 0, "%s: %s", o->where, err.msg);
	ck_assert_int_eq(bn_workspace_objects(&objects, ws, NULL), 0);
	ck_assert_msg(bn_object_list(objects, verify_one, ws, &err) == 0, "%s: I1: %s", o->where,
		err.msg);
	if (o->streamed && !o->collecting) { /* unreferenced: gc may have removed it */
		char hash[65];
		bn_sha256_hex(streamed, strlen(streamed), hash);
		ck_assert_msg(bn_object_is_here(ws, hash), "%s: I3: the object is lost", o->where);
	}
	check_versions(o, ws);
	ck_assert_int_eq(bn_index_dump_hash(ws, before, NULL), 0);
	ck_assert_int_eq(bn_index_rebuild(ws, NULL), 0);
	ck_assert_int_eq(bn_index_dump_hash(ws, after, NULL), 0);
	ck_assert_msg(!strcmp(before, after), "%s: I5", o->where);
	ck_assert_msg(bn_audit_verify(&audit, ws, NULL, &err) == 0 && audit->faults == 0,
		"%s: audit: %s", o->where, audit ? audit->first_fault : err.msg);
	bn_audit_report_free(audit);
	check_goes_on(o, ws, d);
	bn_workspace_close(ws);
	check_appends(o, &env.env, d, work);
}

/* ---- the tests ------------------------------------------------------------------------------ */

/* In memory if possible: fsync is cheap there, and the tests are about killed processes. */
static void crash_dir_make(toy_dir *d)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(d);
	for (int i = 1; i <= VERSIONS; i++)
		make_table(d, i);
}

/* Creates `work` with a new workspace, sealed and closed. */
static void fresh(const toy_dir *d, char *work, char *index, size_t size, const char *what,
	bool with_workspace)
{
	toy_env env;
	bn_err err = BN_ERR_INIT;
	snprintf(work, size, "%s/work%s", d->path, what);
	snprintf(index, size, "%s/index%s", d->path, what);
	bn_fs_remove_tree(bn_env_real(), work, NULL);
	bn_fs_remove_tree(bn_env_real(), index, NULL);
	ck_assert_int_eq(mkdir(work, 0755), 0);
	toy_env_init(&env, d);
	if (with_workspace)
		ck_assert_bn_ok(bn_workspace_init(&env.env, work, &err), &err);
}

/* The changes to try: those of a run without a fault, and some more, since a failed change causes others. */
static void choose(crash_points *p, toy_dir *d, crash_family family)
{
	outcome o;
	char work[400], index[400];
	uint32_t *kinds = crash_kinds_new();
	crash_dir_make(d);
	fresh(d, work, index, sizeof work, "", true);
	faultfs_note_kinds(kinds, CRASH_POINTS_MOST);
	run_child(&o, d, work, index, FAULTFS_NONE, 0);
	faultfs_note_kinds(NULL, 0);
	check_all(&o, d, work, index, false);
	ck_assert(o.finished && o.streamed && o.removed && o.versions[3] == 3 &&
		  o.versions[APPENDED] == 4);
	crash_points_choose(p, family, kinds, o.ops, family == CRASH_DISK ? 5 : 0);
	crash_kinds_free(kinds);
}

static void die_at_every_change(faultfs_kind kind)
{
	toy_dir d;
	outcome o;
	crash_points points;
	char work[400], index[400];
	choose(&points, &d, CRASH_KILL);
	for (int i = 0; i < points.count; i++) {
		fresh(&d, work, index, sizeof work, "", true);
		run_child(&o, &d, work, index, kind, points.at[i]);
		check_all(&o, &d, work, index, false);
	}
	toy_dir_remove(&d);
}

static void fail_at_every_change(faultfs_kind kind)
{
	toy_dir d;
	outcome o;
	crash_points points;
	char work[400], index[400];
	choose(&points, &d, CRASH_DISK);
	for (int i = 0; i < points.count; i++) {
		fresh(&d, work, index, sizeof work, "", true);
		run_child(&o, &d, work, index, kind, points.at[i]);
		ck_assert_msg(o.finished, "%s: the scenario did not go on", o.where);
		check_all(&o, &d, work, index, false);
	}
	toy_dir_remove(&d);
}

/* The workspace was created before the journal began, so its initial state is copied first. */
static void lose_power_at_every_change(faultfs_loss loss)
{
	toy_dir d;
	outcome o;
	crash_points points;
	char work[400], index[400], after[400], other[400];
	choose(&points, &d, CRASH_POWER);
	for (int i = 0; i < points.count; i++) {
		fresh(&d, work, index, sizeof work, "", false);
		faultfs_journal *j = faultfs_journal_new(work, JOURNAL_BYTES);
		toy_env env;
		toy_env_init(&env, &d);
		env.env.fs = &faultfs_ops;
		faultfs_arm(FAULTFS_NONE, 0);
		ck_assert_int_eq(bn_workspace_init(&env.env, work, NULL), 0);
		run_child(&o, &d, work, index, FAULTFS_KILL, points.at[i]);
		fresh(&d, after, other, sizeof after, "-power", false);
		ck_assert_int_eq(faultfs_replay(j, loss, after), 0);
		check_all(&o, &d, after, other, true);
		faultfs_journal_free(j);
	}
	toy_dir_remove(&d);
}

#define CRASH_TEST(name, call) \
	START_TEST(name) \
	{ \
		call; \
	} \
	END_TEST

/* clang-format off */
CRASH_TEST(test_dataset_survives_sigkill_before_every_change,
	contradicts = true; die_at_every_change(FAULTFS_KILL))
CRASH_TEST(test_dataset_survives_sigkill_within_every_change, die_at_every_change(FAULTFS_TEAR))
CRASH_TEST(test_dataset_survives_power_loss_that_takes_all_that_was_not_synced,
	lose_power_at_every_change(FAULTFS_LOSE_ALL))
CRASH_TEST(test_dataset_survives_power_loss_that_leaves_zeros,
	lose_power_at_every_change(FAULTFS_LOSE_ZEROS))
CRASH_TEST(test_dataset_survives_power_loss_that_takes_names,
	lose_power_at_every_change(FAULTFS_LOSE_NAMES))
CRASH_TEST(test_dataset_survives_a_write_without_space, fail_at_every_change(FAULTFS_ENOSPC))
CRASH_TEST(test_dataset_survives_a_disk_that_stays_full, fail_at_every_change(FAULTFS_FULL))
CRASH_TEST(test_dataset_survives_an_io_error, fail_at_every_change(FAULTFS_EIO))
/* clang-format on */

START_TEST(test_dataset_crash_points_are_counted)
{
	crash_points_report(" of put, manifest, add and gc");
}
END_TEST

BN_TEST_MAIN("core/data/dataset_crash", test_dataset_survives_sigkill_before_every_change,
	test_dataset_survives_sigkill_within_every_change,
	test_dataset_survives_power_loss_that_takes_all_that_was_not_synced,
	test_dataset_survives_power_loss_that_leaves_zeros,
	test_dataset_survives_power_loss_that_takes_names,
	test_dataset_survives_a_write_without_space, test_dataset_survives_a_disk_that_stays_full,
	test_dataset_survives_an_io_error, test_dataset_crash_points_are_counted)
