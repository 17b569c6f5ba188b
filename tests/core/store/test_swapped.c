/*
 * A directory of the workspace is replaced by a link between two calls of the file system: before each call of an
 * operation, in turn, the directory is moved away and a link to another workspace, or to a user's private files, put in
 * its place. Nothing is written, removed or renamed there, and nothing from there is stored.
 */
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "core/store/claim.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "0123456789abcdef0123456789abcdef"
#define SECRET "a secret that is nobody else's"
enum { CALLS_MAX = 400 };

static toy_dir dir, outside;
static toy_env env;
static bn_err err;
static bn_workspace *ws;
static char secret_hash[65], victim[65];

/* ---- the layer ------------------------------------------------------------------------------ */

static bn_fs_ops swapping;
static const char *swapped; /* below .binnacle; NULL: not armed */
static long calls, at_call;
static bool was_swapped;

static void swap_now(void)
{
	char from[400], to[400];
	snprintf(from, sizeof from, "%s/%s", bn_workspace_root(ws), swapped);
	snprintf(to, sizeof to, "%s/.aside", bn_workspace_root(ws));
	was_swapped = rename(from, to) == 0 && symlink(outside.path, from) == 0;
}

static void before_call(void)
{
	if (swapped && ++calls == at_call)
		swap_now();
}

static int swap_open(const bn_env *e, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	before_call();
	return bn_fs_real.open(e, at, path, flags, mode);
}

static int swap_rename(
	const bn_env *e, const bn_dir *a, const char *from, const bn_dir *b, const char *to)
{
	before_call();
	return bn_fs_real.rename(e, a, from, b, to);
}

static int swap_link(
	const bn_env *e, const bn_dir *a, const char *from, const bn_dir *b, const char *to)
{
	before_call();
	return bn_fs_real.link(e, a, from, b, to);
}

static int swap_unlink(const bn_env *e, const bn_dir *at, const char *path)
{
	before_call();
	return bn_fs_real.unlink(e, at, path);
}

static int swap_mkdir(const bn_env *e, const bn_dir *at, const char *path, mode_t mode)
{
	before_call();
	return bn_fs_real.mkdir(e, at, path, mode);
}

static int swap_rmdir(const bn_env *e, const bn_dir *at, const char *path)
{
	before_call();
	return bn_fs_real.rmdir(e, at, path);
}

static int swap_stat(const bn_env *e, const bn_dir *at, const char *path, struct stat *st)
{
	before_call();
	return bn_fs_real.stat(e, at, path, st);
}

/* ---- what lies outside ------------------------------------------------------------------------ */

static void put(const char *where, const char *name, const char *text)
{
	char path[500];
	snprintf(path, sizeof path, "%s/%s", where, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	utimensat(AT_FDCWD, path, old, 0);
}

static bn_buf listing;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	bn_buf_addf(&listing, "%s %o %lld\n", path, st->st_mode,
		S_ISREG(st->st_mode) ? (long long)st->st_size : 0LL);
	return 0;
}

static void list_outside(bn_buf *out)
{
	listing = (bn_buf)BN_BUF_INIT;
	nftw(outside.path, list_one, 8, FTW_PHYS);
	bn_buf_check(&listing, NULL, "a list");
	*out = listing;
}

/* ---- operations ------------------------------------------------------------------------------- */

static void make_objects(void)
{
	char hash[65];
	bn_object_put(ws, "bytes", 5, hash, NULL);
	bn_object_put(ws, SECRET, strlen(SECRET), hash, NULL); /* like a file outside */
}

static void make_claim(void)
{
	int64_t n;
	bn_claim_next(ws, "model/power", "x", &n, NULL);
}

static void collect(void)
{
	bn_gc_report r;
	bn_gc_options o = {.retention_ms = 0, .tmp_ms = 0};
	bn_gc_run(&r, ws, &o, NULL);
}

static void write_log(void)
{
	bn_workspace *other = NULL;
	if (bn_workspace_open(&other, &env.env, toy_classes, dir.path, NULL) < 0)
		return;
	toy_append_set(other, "toy/a", 1);
	bn_workspace_close(other);
}

static void store_artifacts(void)
{
	bn_dir *run = NULL;
	if (bn_run_dir_open(&run, ws, RUN, NULL) == 0)
		bn_runlog_artifact_below(ws, RUN, run, "artifacts", "artifacts", NULL, NULL);
	bn_dir_close(run);
}

static void write_run(void)
{
	bn_dir *run = NULL;
	int fd = -1;
	bn_run_clock_leave(ws, RUN, NULL);
	bn_run_stop_ask(ws, RUN, NULL);
	if (bn_run_dir_open(&run, ws, RUN, NULL) == 0 && bn_run_log_append(&fd, run, NULL) == 0) {
		ck_assert(write(fd, "line\n", 5) == 5);
		close(fd);
	}
	bn_dir_close(run);
}

static void remove_run(void)
{
	bn_dir *run = NULL;
	if (bn_run_dir_open(&run, ws, RUN, NULL) == 0)
		bn_dir_remove_tree(run, "artifacts", NULL);
	bn_dir_close(run);
}

static void read_object(void)
{
	bn_buf b = BN_BUF_INIT;
	if (bn_object_load(&b, ws, victim, 1 << 20, NULL) == 0)
		ck_assert_str_eq(b.ptr, "victim");
	bn_buf_release(&b);
}

/* ---- one trial ---------------------------------------------------------------------------------- */

/* Fills a workspace, and the directory outside with the names that the operations look for. */
static void prepare(void)
{
	char path[400];
	toy_dir_make(&dir);
	toy_dir_make(&outside);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, "victim", 6, victim, &err), &err);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	bn_dir *run = NULL;
	ck_assert_bn_ok(bn_run_dir_make(&run, ws, RUN, &err), &err);
	ck_assert_bn_ok(bn_dir_make(run, "artifacts/below", 0755, &err), &err);
	ck_assert_bn_ok(bn_dir_write_file(run, "artifacts/a.txt", "mine", 4, 0644, &err), &err);
	ck_assert_bn_ok(
		bn_dir_write_file(run, "artifacts/below/b.txt", "mine too", 8, 0644, &err), &err);
	bn_dir_close(run);
	put(outside.path, "id_ed25519", SECRET);
	put(outside.path, "a.txt", SECRET);
	put(outside.path, "b.txt", SECRET);
	put(outside.path, "stop", SECRET);
	put(outside.path, "log.txt", SECRET);
	put(outside.path, victim + 2, SECRET);
	for (const char *const *d = (const char *const[]){"artifacts", "below", RUN, "model", NULL};
		*d; d++) {
		snprintf(path, sizeof path, "%s/%s", outside.path, *d);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		put(path, "a.txt", SECRET);
		put(path, "b.txt", SECRET);
	}
}

static void finish(void)
{
	char path[400];
	env.env.fs = &bn_fs_real;
	if (was_swapped) {
		snprintf(path, sizeof path, "%s/%s", bn_workspace_root(ws), swapped);
		unlink(path);
	}
	swapped = NULL;
	bn_workspace_close(ws);
	ws = NULL;
	toy_dir_remove(&dir);
	toy_dir_remove(&outside);
}

/* Runs the operation with the swap before call n; false if it made fewer calls. */
static bool trial(const char *what, void (*operation)(void), const char *where, long n)
{
	bn_buf before, after;
	prepare();
	list_outside(&before);
	swapping = bn_fs_real;
	swapping.open = swap_open;
	swapping.rename = swap_rename;
	swapping.link = swap_link;
	swapping.unlink = swap_unlink;
	swapping.mkdir = swap_mkdir;
	swapping.rmdir = swap_rmdir;
	swapping.stat = swap_stat;
	env.env.fs = &swapping;
	swapped = where;
	calls = 0;
	at_call = n;
	was_swapped = false;
	operation();
	bool reached = calls >= n;
	env.env.fs = &bn_fs_real;
	list_outside(&after);
	if (strcmp(before.ptr, after.ptr) != 0)
		ck_abort_msg("%s, %s swapped before call %ld: outside was\n%s\nand is\n%s", what,
			where, n, before.ptr, after.ptr);
	bn_buf_release(&before);
	bn_buf_release(&after);
	/* make_objects itself stores those bytes. */
	if (operation != make_objects)
		ck_assert_msg(!bn_object_is_here(ws, secret_hash),
			"%s, %s swapped before call %ld: what lies outside was stored", what, where,
			n);
	finish();
	return reached;
}

static void swap_everywhere(const char *what, void (*operation)(void), const char *where)
{
	long n = 1;
	bn_sha256_hex(SECRET, strlen(SECRET), secret_hash);
	while (n < CALLS_MAX && trial(what, operation, where, n))
		n++;
	ck_assert_int_gt(n, 1);
	printf("NOTE: %s: %s swapped for a link before each of %ld calls\n", what, where, n - 1);
}

#define SWAP(name, operation, where) \
	START_TEST(test_swap_##name) \
	{ \
		swap_everywhere(#name, operation, where); \
	} \
	END_TEST

SWAP(objects_while_bytes_are_stored, make_objects, "objects")
SWAP(tmp_while_bytes_are_stored, make_objects, "tmp")
SWAP(objects_while_bytes_are_read, read_object, "objects")
SWAP(claims_while_a_number_is_taken, make_claim, "claims")
SWAP(tmp_while_a_number_is_taken, make_claim, "tmp")
SWAP(objects_while_gc_removes, collect, "objects")
SWAP(trash_while_gc_removes, collect, "trash")
SWAP(tmp_while_gc_removes, collect, "tmp")
SWAP(log_while_a_record_is_written, write_log, "log")
SWAP(runs_while_artefacts_are_stored, store_artifacts, "runs")
SWAP(a_run_while_artefacts_are_stored, store_artifacts, "runs/" RUN)
SWAP(artefacts_while_they_are_stored, store_artifacts, "runs/" RUN "/artifacts")
SWAP(a_directory_of_artefacts_while_they_are_stored, store_artifacts,
	"runs/" RUN "/artifacts/below")
SWAP(a_run_while_it_writes, write_run, "runs/" RUN)
SWAP(runs_while_one_writes, write_run, "runs")
SWAP(artefacts_while_they_are_removed, remove_run, "runs/" RUN "/artifacts")
SWAP(a_directory_while_it_is_removed, remove_run, "runs/" RUN "/artifacts/below")

BN_TEST_MAIN("core/store/swapped", test_swap_objects_while_bytes_are_stored,
	test_swap_tmp_while_bytes_are_stored, test_swap_objects_while_bytes_are_read,
	test_swap_claims_while_a_number_is_taken, test_swap_tmp_while_a_number_is_taken,
	test_swap_objects_while_gc_removes, test_swap_trash_while_gc_removes,
	test_swap_tmp_while_gc_removes, test_swap_log_while_a_record_is_written,
	test_swap_runs_while_artefacts_are_stored, test_swap_a_run_while_artefacts_are_stored,
	test_swap_artefacts_while_they_are_stored,
	test_swap_a_directory_of_artefacts_while_they_are_stored, test_swap_a_run_while_it_writes,
	test_swap_runs_while_one_writes, test_swap_artefacts_while_they_are_removed,
	test_swap_a_directory_while_it_is_removed)
