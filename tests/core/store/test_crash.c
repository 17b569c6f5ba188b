/*
 * The store's invariants (architecture, section 3) when the process is killed, the disk is full or fails, or the power
 * is lost, at changes of the disk (tests/support/crash_points.h selects them).
 *
 * A fixed scenario runs in a forked child: init, commits, objects, claims, seals, a merge, the adoption of a dead
 * writer, gc, an index rebuild. Through a pipe it reports what was acknowledged. Afterwards the parent opens the result
 * with the real file system and checks:
 *
 *	1  every object hashes to its name
 *	2  the log verifies: no gap, no torn segment
 *	3  every acknowledged event, object and claim exists
 *	4  every object named in the index exists
 *	5  the index equals a rebuilt one
 *	6  gc removed nothing that is named
 *
 *	7  records that the first version cannot read come after format 2 in workspace.json
 *
 * and that writing continues, after which no segment is unsealed. A second, shorter scenario does the same for a
 * workspace of the first version that gets signed records, trailers and classes of later versions, and a third one for
 * events so large that appending writes, by a caller that commits whatever the appends returned.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/claim.h"
#include "core/store/inspect.h"
#include "core/store/log/listing.h"
#include "core/store/log/verify.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/signer.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOURNAL_BYTES = 8 << 20, EVENTS_MAX = 64 };

/* ---- the scenario --------------------------------------------------------------------------- */

static int said; /* write end of the pipe */
static int next_id;
/* The scenario, and what precedes it without faults; the latter may be NULL. */
static void (*scenario_run)(const bn_env *env, const char *dir);
static bool (*scenario_prepare)(const bn_env *env, const char *dir);

static void say(const char *what, const char *arg)
{
	char line[200];
	int n = snprintf(line, sizeof line, "%s %s\n", what, arg);
	if (write(said, line, (size_t)n) != n)
		_exit(3);
}

static void say_events(int from, int to)
{
	char id[16];
	for (int i = from; i < to; i++) {
		snprintf(id, sizeof id, "%d", i);
		say("event", id);
	}
}

/* Commits n events together. */
static void batch(bn_workspace *ws, int n)
{
	char entity[32];
	int first = next_id, rc = 0;
	for (int i = 0; !rc && i < n; i++, next_id++) {
		snprintf(entity, sizeof entity, "toy/%d", next_id % 3);
		rc = toy_append_set(ws, entity, next_id);
	}
	if (!rc && bn_workspace_commit(ws, NULL) == 0)
		say_events(first, next_id);
}

static void store_and_name(bn_workspace *ws, const char *text)
{
	char hash[65];
	if (bn_object_put(ws, text, strlen(text), hash, NULL))
		return;
	json_t *payload = json_pack("{s:s}", "hash", hash);
	int rc = bn_workspace_append(ws, "toy.object", "toy/o", payload, NULL);
	json_decref(payload);
	if (!rc && bn_workspace_commit(ws, NULL) == 0)
		say("object", hash); /* named: gc may remove objects without a name */
}

static void claims(bn_workspace *ws)
{
	int64_t n;
	char name[64];
	if (bn_claim_take(ws, "model/m/1", "first", NULL) == 0)
		say("claim", "model/m/1");
	if (bn_claim_next(ws, "model/m", "next", &n, NULL) == 0) {
		snprintf(name, sizeof name, "model/m/%d", (int)n);
		say("claim", name);
	}
}

/* A writer that commits and is then gone without sealing, as after kill -9. */
static void dead_writer(bn_workspace *ws)
{
	bn_writer *w = NULL;
	char payload[32];
	if (bn_writer_open(&w, bn_workspace_at(ws), NULL, NULL) == 0) {
		int id = next_id++;
		snprintf(payload, sizeof payload, "{\"v\":%d}", id);
		bn_draft d = {.type = BN_RECORD_JSON,
			.kind = "toy.set",
			.entity = "toy/d",
			.payload = payload,
			.n = strlen(payload)};
		if (bn_writer_append(w, &d, 0, NULL) == 0 && bn_writer_commit(w, NULL) == 0)
			say_events(id, id + 1);
		d.n = 0;
		bn_writer_append(w, &d, 0, NULL);
		bn_writer_free(w);
	}
}

static void garbage(bn_workspace *ws)
{
	char hash[65];
	bn_gc_options all = {.retention_ms = -1000, .tmp_ms = -1000};
	bn_gc_report report;
	char *src = bn_workspace_path(ws, "runs/out");
	bn_object_put(ws, "garbage", 7, hash, NULL);
	if (bn_fs_write_file(ws->env, src, "taken in", 8, 0644, NULL) == 0)
		bn_object_put_file(ws, src, true, hash, NULL, NULL);
	bn_gc_run(&report, ws, &all, NULL);
	bn_free(src);
}

static void scenario(const bn_env *env, const char *dir)
{
	bn_workspace *ws = NULL;
	next_id = 1;
	if (bn_workspace_init(env, dir, NULL) == 0)
		say("init", "");
	if (bn_workspace_open(&ws, env, toy_classes, dir, NULL))
		return;
	batch(ws, 3);
	bn_workspace_refresh(ws, NULL, NULL);
	store_and_name(ws, "an object");
	claims(ws);
	bn_workspace_refresh(ws, NULL, NULL);
	bn_workspace_seal(ws, NULL);
	for (int i = 0; i < 5; i++) {
		batch(ws, 1 + i % 2);
		ws->merge_at = 4;
		bn_workspace_seal(ws, NULL);
	}
	bn_workspace_refresh(ws, NULL, NULL);
	dead_writer(ws);
	bn_workspace_close(ws);
	if (bn_workspace_open(&ws, env, toy_classes, dir, NULL))
		return;
	batch(ws, 2);
	store_and_name(ws, "another object");
	garbage(ws);
	batch(ws, 1);
	bn_index_rebuild(ws, NULL);
	bn_workspace_close(ws);
}

/* Makes a workspace of the first version. */
static bool init_first_format(const bn_env *env, const char *dir)
{
	static const char text[] =
		"{\"format\": 1, \"id\": \"0f8b1c2d-0000-4000-8000-000000000001\"}";
	char *path = bn_path_join(dir, ".binnacle/workspace.json");
	bool made = bn_workspace_init(env, dir, NULL) == 0 &&
		    bn_fs_write_file(env, path, text, strlen(text), 0644, NULL) == 0;
	bn_free(path);
	if (made)
		say("init", "");
	return made;
}

static void append_new_form(bn_workspace *ws, bool is_signed)
{
	int id = next_id++;
	json_t *payload = json_pack("{s:i}", "v", id);
	int rc = is_signed ? bn_workspace_append_signed(
				     ws, 1, "toy.set", "toy/s", payload, NULL, NULL)
			   : bn_workspace_append_version(ws, 2, "toy.set", "toy/v", payload, NULL);
	json_decref(payload);
	if (!rc && bn_workspace_commit(ws, NULL) == 0)
		say_events(id, id + 1);
}

static void scenario_of_new_forms(const bn_env *env, const char *dir)
{
	bn_workspace *ws = NULL;
	bn_signer signer;
	next_id = 1;
	test_signer_init(&signer, 1);
	if (bn_workspace_open(&ws, env, toy_classes, dir, NULL))
		goto out;
	batch(ws, 2);
	append_new_form(ws, false);
	if (bn_workspace_set_signer(ws, &signer, NULL))
		goto out;
	append_new_form(ws, true);
	ws->merge_at = 4;
	for (int i = 0; i < 4; i++) {
		batch(ws, 1);
		bn_workspace_seal(ws, NULL);
	}
	append_new_form(ws, true);
	bn_writer_free(ws->writer); /* killed without sealing */
	ws->writer = NULL;
	ws->signer = (bn_signer){0};
	batch(ws, 1);
out:
	bn_workspace_close(ws);
	test_signer_release(&signer);
}

/* n events, of which every fourth makes append write. Those whose append succeeded depend on the commit. */
static void large_batch(bn_workspace *ws, int n)
{
	static char pad[300000];
	bool taken[EVENTS_MAX];
	char entity[32];
	int first = next_id;
	memset(pad, 'x', sizeof pad - 1);
	for (int i = 0; i < n; i++, next_id++) {
		json_t *payload = json_pack("{s:i, s:s}", "v", next_id, "pad", pad);
		snprintf(entity, sizeof entity, "toy/%d", next_id % 3);
		taken[i] = bn_workspace_append(ws, "toy.set", entity, payload, NULL) == 0;
		json_decref(payload);
	}
	if (bn_workspace_commit(ws, NULL) != 0)
		return;
	for (int i = 0; i < n; i++)
		if (taken[i])
			say_events(first + i, first + i + 1);
}

static void scenario_of_large_events(const bn_env *env, const char *dir)
{
	bn_workspace *ws = NULL;
	next_id = 1;
	if (bn_workspace_open(&ws, env, toy_classes, dir, NULL))
		return;
	large_batch(ws, 5);
	large_batch(ws, 5);
	bn_workspace_close(ws);
}

/* ---- what must hold ------------------------------------------------------------------------- */

typedef struct outcome {
	bool init, finished;
	bool events[EVENTS_MAX];
	char objects[8][65], claims[8][64];
	int object_count, claim_count;
	long ops;
	char where[160]; /* for messages */
} outcome;

static void hear(outcome *o, int fd)
{
	char line[200];
	FILE *f = fdopen(fd, "r");
	while (fgets(line, sizeof line, f)) {
		char what[16] = "", arg[100] = "";
		if (sscanf(line, "%15s %99s", what, arg) < 1)
			continue;
		if (!strcmp(what, "init"))
			o->init = true;
		else if (!strcmp(what, "event"))
			o->events[atoi(arg)] = true;
		else if (!strcmp(what, "object"))
			snprintf(o->objects[o->object_count++], 65, "%.64s", arg);
		else if (!strcmp(what, "claim"))
			snprintf(o->claims[o->claim_count++], 64, "%.63s", arg);
		else if (!strcmp(what, "done")) {
			o->finished = true;
			o->ops = atol(arg);
		}
	}
	fclose(f);
}

/* Runs the scenario on d in a child with the fault armed, and reads its reports. */
static void run_child(outcome *o, const toy_dir *d, const char *work, const char *index,
	faultfs_kind kind, long at)
{
	int ends[2], status;
	memset(o, 0, sizeof *o);
	snprintf(o->where, sizeof o->where, "fault %d at change %ld", (int)kind, at);
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		toy_env env;
		char done[32];
		close(ends[0]);
		said = ends[1];
		toy_env_init(&env, d);
		toy_env_own_index(&env, index);
		env.env.fs = &faultfs_ops;
		if (scenario_prepare && !scenario_prepare(&env.env, work))
			_exit(4);
		faultfs_arm(kind, at);
		scenario_run(&env.env, work);
		snprintf(done, sizeof done, "%ld", faultfs_count());
		say("done", done);
		_exit(0);
	}
	close(ends[1]);
	hear(o, ends[0]);
	waitpid(child, &status, 0);
	ck_assert_msg(o->finished || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		"%s: the scenario ended with status %x", o->where, status);
}

static void check_objects(const outcome *o, bn_workspace *ws)
{
	bn_names tops = BN_NAMES_INIT;
	bn_err err = BN_ERR_INIT;
	char *root = bn_workspace_path(ws, "objects"), hash[65];
	bn_fs_list_dir(bn_env_real(), root, &tops, NULL);
	for (size_t i = 0; i < tops.count; i++) {
		bn_names names = BN_NAMES_INIT;
		char *dir = bn_path_join(root, tops.items[i]);
		bn_fs_list_dir(bn_env_real(), dir, &names, NULL);
		for (size_t k = 0; k < names.count; k++) {
			snprintf(hash, sizeof hash, "%.2s%.62s", tops.items[i], names.items[k]);
			ck_assert_msg(bn_object_verify(ws, hash, &err) == 0, "%s: invariant 1: %s",
				o->where, err.msg);
		}
		bn_names_release(&names);
		bn_free(dir);
	}
	bn_names_release(&tops);
	bn_free(root);
	for (int i = 0; i < o->object_count; i++)
		ck_assert_msg(bn_object_verify(ws, o->objects[i], &err) == 0, "%s: invariant 3: %s",
			o->where, err.msg);
}

static void check_log(const outcome *o, bn_workspace *ws)
{
	bn_log_report report;
	bn_err err = BN_ERR_INIT;
	ck_assert_msg(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err) == 0,
		"%s: %s", o->where, err.msg);
	if (report.fault_count)
		ck_abort_msg("%s: invariant 2: %s/%s at %d: %s", o->where, report.faults[0].writer,
			report.faults[0].file ? report.faults[0].file : "-",
			(int)report.faults[0].offset, report.faults[0].what);
	bn_log_report_release(&report);
}

/* Whether the first version can read the record. */
static bool is_old_form(const bn_record *r)
{
	return (r->type == BN_RECORD_JSON || r->type == BN_RECORD_RAW) && r->version == 1;
}

static void check_format(const outcome *o, bn_workspace *ws)
{
	bn_log log = {0};
	bool is_old = true;
	if (ws->format >= 2)
		return;
	ck_assert_int_eq(bn_log_scan(&log, ws->at, NULL), 0);
	for (size_t i = 0; i < log.count; i++)
		for (size_t k = 0; k <= log.items[i].sealed_count; k++) {
			char name[BN_SEGMENT_NAME] = BN_SEGMENT_OPEN;
			bn_segment s;
			bn_record r;
			if (k < log.items[i].sealed_count)
				bn_segment_name(name, log.items[i].sealed[k].first,
					log.items[i].sealed[k].last);
			char *path = bn_path_join(log.items[i].dir, name);
			if (bn_segment_open(&s, ws->at, path, false, NULL) == 0) {
				while (bn_segment_next(&s, &r, NULL) == 1)
					is_old = is_old && is_old_form(&r);
				is_old = is_old && !s.trailer.signature.scheme;
				bn_segment_close(&s);
			}
			bn_free(path);
		}
	ck_assert_msg(is_old, "%s: invariant 7", o->where);
	bn_log_release(&log);
}

static void check_rows(const outcome *o, bn_workspace *ws)
{
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	bn_err err = BN_ERR_INIT;
	int found[EVENTS_MAX] = {0};
	bn_sql_prepare(&st, db, NULL,
		"SELECT json_extract(payload, '$.v') FROM dump_event WHERE kind = 'toy.set'", "");
	while (bn_sql_step(st, NULL) == 1) {
		int64_t v = sqlite3_column_int64(st, 0);
		if (v > 0 && v < EVENTS_MAX)
			found[v]++;
	}
	sqlite3_finalize(st);
	for (int i = 1; i < EVENTS_MAX; i++)
		ck_assert_msg(!o->events[i] || found[i] == 1,
			"%s: invariant 3: event %d was acknowledged", o->where, i);
	bn_sql_prepare(&st, db, NULL, "SELECT DISTINCT hash FROM dump_object_ref", "");
	while (bn_sql_step(st, NULL) == 1)
		ck_assert_msg(
			bn_object_verify(ws, (const char *)sqlite3_column_text(st, 0), &err) == 0,
			"%s: invariants 4 and 6: %s", o->where, err.msg);
	sqlite3_finalize(st);
	for (int i = 0; i < o->claim_count; i++) {
		bn_buf value = BN_BUF_INIT;
		ck_assert_msg(bn_claim_get(ws, o->claims[i], &value, &err) == 0 && value.len,
			"%s: invariant 3: claim %s: %s", o->where, o->claims[i], err.msg);
		bn_buf_release(&value);
	}
}

static void check_same_when_rebuilt(const outcome *o, bn_workspace *ws)
{
	char before[65], after[65];
	bn_err err = BN_ERR_INIT;
	ck_assert_msg(bn_index_dump_hash(ws, before, &err) == 0, "%s: %s", o->where, err.msg);
	ck_assert_msg(bn_index_rebuild(ws, &err) == 0, "%s: %s", o->where, err.msg);
	ck_assert_int_eq(bn_index_dump_hash(ws, after, &err), 0);
	ck_assert_msg(!strcmp(before, after), "%s: invariant 5", o->where);
}

static void check_nothing_open(const outcome *o, bn_workspace *ws)
{
	bn_names writers = BN_NAMES_INIT;
	char *log = bn_workspace_path(ws, "log");
	bn_fs_list_dir(bn_env_real(), log, &writers, NULL);
	for (size_t i = 0; i < writers.count; i++) {
		char *path = bn_strf("%s/%s/open.seg", log, writers.items[i]);
		ck_assert_msg(access(path, F_OK) != 0, "%s: %s is still open", o->where, path);
		bn_free(path);
	}
	bn_names_release(&writers);
	bn_free(log);
}

static const char *another_boot(const bn_env *env)
{
	(void)env;
	return "ffffffff-0000-0000-0000-000000000000";
}

/* Checks all invariants on `work`. */
static void check_all(
	const outcome *o, const toy_dir *d, const char *work, const char *index, bool rebooted)
{
	toy_env env;
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	toy_env_init(&env, d);
	toy_env_own_index(&env, index);
	if (rebooted)
		env.env.boot_id = another_boot;
	int rc = bn_workspace_open(&ws, &env.env, toy_classes, work, &err);
	if (rc == BN_ENOTFOUND && !o->init) {
		bn_err_clear(&err);
		ck_assert_msg(
			bn_workspace_init(&env.env, work, &err) == 0, "%s: %s", o->where, err.msg);
		rc = bn_workspace_open(&ws, &env.env, toy_classes, work, &err);
	}
	ck_assert_msg(rc == 0, "%s: %s", o->where, err.msg);
	ck_assert_msg(bn_workspace_refresh(ws, NULL, &err) == 0, "%s: %s", o->where, err.msg);
	check_format(o, ws);
	check_objects(o, ws);
	check_log(o, ws);
	check_rows(o, ws);
	check_same_when_rebuilt(o, ws);
	int64_t before = bn_sql_int(bn_workspace_index(ws), 0, "SELECT count(*) FROM event", "");
	ck_assert_int_eq(toy_append_set(ws, "toy/after", 1), 0);
	ck_assert_msg(bn_workspace_sync(ws, &err) == 0, "%s: %s", o->where, err.msg);
	ck_assert_int_eq(bn_sql_int(bn_workspace_index(ws), 0, "SELECT count(*) FROM event", ""),
		before + 1);
	ck_assert_msg(bn_workspace_seal(ws, &err) == 0, "%s: %s", o->where, err.msg);
	ck_assert_int_eq(bn_workspace_refresh(ws, NULL, NULL), 0);
	check_nothing_open(o, ws);
	check_log(o, ws);
	bn_workspace_close(ws);
}

/* ---- the tests ------------------------------------------------------------------------------ */

/* In memory if possible: fsync is cheap there, and the tests are about killed processes. */
static void crash_dir_make(toy_dir *d)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(d);
}

static void fresh(const toy_dir *d, char *work, char *index, size_t size, const char *what)
{
	snprintf(work, size, "%s/work%s", d->path, what);
	snprintf(index, size, "%s/index%s", d->path, what);
	bn_fs_remove_tree(bn_env_real(), work, NULL);
	bn_fs_remove_tree(bn_env_real(), index, NULL);
	ck_assert_int_eq(mkdir(work, 0755), 0);
}

static void copy_dir(const char *from, const char *to)
{
	bn_names names = BN_NAMES_INIT;
	const bn_env *env = bn_env_real();
	bn_fs_list_dir(env, from, &names, NULL);
	mkdir(to, 0700);
	for (size_t i = 0; i < names.count; i++) {
		bn_buf bytes = BN_BUF_INIT;
		char *src = bn_path_join(from, names.items[i]);
		char *dst = bn_path_join(to, names.items[i]);
		bn_fs_read_file(env, src, &bytes, NULL);
		bn_fs_write_file(env, dst, bytes.ptr, bytes.len, 0600, NULL);
		bn_buf_release(&bytes);
		bn_free(src);
		bn_free(dst);
	}
	bn_names_release(&names);
}

/* The changes to try: those of a run without a fault, and some more, since a failed change causes others. */
static void choose(crash_points *p, toy_dir *d, crash_family family)
{
	outcome o;
	char work[400], index[400];
	crash_dir_make(d);
	uint32_t *kinds = crash_kinds_new();
	fresh(d, work, index, sizeof work, "");
	faultfs_note_kinds(kinds, CRASH_POINTS_MOST);
	run_child(&o, d, work, index, FAULTFS_NONE, 0);
	faultfs_note_kinds(NULL, 0);
	check_all(&o, d, work, index, false);
	ck_assert(o.finished);
	crash_points_choose(p, family, kinds, o.ops, family == CRASH_DISK ? 10 : 0);
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
		fresh(&d, work, index, sizeof work, "");
		run_child(&o, &d, work, index, kind, points.at[i]);
		check_all(&o, &d, work, index, false);
	}
	toy_dir_remove(&d);
}

/* After a power loss the disk has one of several earlier states; the index, on another disk, may be newer than the
 * log. */
static void lose_power_at_every_change(faultfs_loss loss, bool keep_index)
{
	toy_dir d;
	outcome o;
	crash_points points;
	char work[400], index[400], after[400], other[400];
	choose(&points, &d, CRASH_POWER);
	for (int i = 0; i < points.count; i++) {
		fresh(&d, work, index, sizeof work, "");
		faultfs_journal *j = faultfs_journal_new(work, JOURNAL_BYTES);
		run_child(&o, &d, work, index, FAULTFS_KILL, points.at[i]);
		fresh(&d, after, other, sizeof after, "-power");
		ck_assert_int_eq(faultfs_replay(j, loss, after), 0);
		if (keep_index)
			copy_dir(index, other);
		check_all(&o, &d, after, other, true);
		faultfs_journal_free(j);
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
		fresh(&d, work, index, sizeof work, "");
		run_child(&o, &d, work, index, kind, points.at[i]);
		ck_assert_msg(o.finished, "%s: the scenario did not go on", o.where);
		check_all(&o, &d, work, index, false);
	}
	toy_dir_remove(&d);
}

#define CRASH_TEST(name, what, call) \
	START_TEST(name) \
	{ \
		scenario_run = what; \
		scenario_prepare = what == scenario ? NULL : init_first_format; \
		call; \
	} \
	END_TEST

/* clang-format off */
CRASH_TEST(test_store_survives_sigkill_before_every_change, scenario,
	die_at_every_change(FAULTFS_KILL))
CRASH_TEST(test_store_survives_sigkill_within_every_change, scenario,
	die_at_every_change(FAULTFS_TEAR))
CRASH_TEST(test_store_survives_power_loss_that_takes_all_that_was_not_synced, scenario,
	lose_power_at_every_change(FAULTFS_LOSE_ALL, true))
CRASH_TEST(test_store_survives_power_loss_that_takes_bytes, scenario,
	lose_power_at_every_change(FAULTFS_LOSE_DATA, true))
CRASH_TEST(test_store_survives_power_loss_that_leaves_zeros, scenario,
	lose_power_at_every_change(FAULTFS_LOSE_ZEROS, false))
CRASH_TEST(test_store_survives_power_loss_that_takes_names, scenario,
	lose_power_at_every_change(FAULTFS_LOSE_NAMES, false))
CRASH_TEST(test_store_survives_power_loss_that_takes_added_names_but_not_removals, scenario,
	lose_power_at_every_change(FAULTFS_LOSE_ADDED, true))
CRASH_TEST(test_store_survives_a_write_without_space, scenario,
	fail_at_every_change(FAULTFS_ENOSPC))
CRASH_TEST(test_store_survives_a_disk_that_stays_full, scenario, fail_at_every_change(FAULTFS_FULL))
CRASH_TEST(test_store_survives_an_io_error, scenario, fail_at_every_change(FAULTFS_EIO))
CRASH_TEST(test_store_survives_a_lost_reply, scenario, fail_at_every_change(FAULTFS_LOST))
CRASH_TEST(test_new_forms_survive_sigkill_before_every_change, scenario_of_new_forms,
	die_at_every_change(FAULTFS_KILL))
CRASH_TEST(test_new_forms_survive_power_loss_that_takes_all, scenario_of_new_forms,
	lose_power_at_every_change(FAULTFS_LOSE_ALL, true))
CRASH_TEST(test_new_forms_survive_power_loss_that_takes_bytes, scenario_of_new_forms,
	lose_power_at_every_change(FAULTFS_LOSE_DATA, true))
CRASH_TEST(test_new_forms_survive_a_disk_that_stays_full, scenario_of_new_forms,
	fail_at_every_change(FAULTFS_FULL))
CRASH_TEST(test_new_forms_survive_a_lost_reply, scenario_of_new_forms,
	fail_at_every_change(FAULTFS_LOST))
CRASH_TEST(test_large_events_survive_a_write_without_space, scenario_of_large_events,
	fail_at_every_change(FAULTFS_ENOSPC))
CRASH_TEST(test_large_events_survive_a_disk_that_stays_full, scenario_of_large_events,
	fail_at_every_change(FAULTFS_FULL))
/* clang-format on */

START_TEST(test_store_crash_points_are_counted)
{
	crash_points_report("");
}
END_TEST

BN_TEST_MAIN("core/store/crash", test_store_survives_sigkill_before_every_change,
	test_store_survives_sigkill_within_every_change,
	test_store_survives_power_loss_that_takes_all_that_was_not_synced,
	test_store_survives_power_loss_that_takes_bytes,
	test_store_survives_power_loss_that_leaves_zeros,
	test_store_survives_power_loss_that_takes_names,
	test_store_survives_power_loss_that_takes_added_names_but_not_removals,
	test_store_survives_a_write_without_space, test_store_survives_a_disk_that_stays_full,
	test_store_survives_an_io_error, test_store_survives_a_lost_reply,
	test_new_forms_survive_sigkill_before_every_change,

	test_new_forms_survive_power_loss_that_takes_all,
	test_new_forms_survive_power_loss_that_takes_bytes,

	test_new_forms_survive_a_disk_that_stays_full, test_new_forms_survive_a_lost_reply,
	test_large_events_survive_a_write_without_space,
	test_large_events_survive_a_disk_that_stays_full, test_store_crash_points_are_counted)
