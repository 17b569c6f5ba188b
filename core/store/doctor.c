/* doctor.c - see doctor.h. */
#include "core/store/doctor.h"

#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

enum { FSYNCS_MAX = 100, FSYNCS_MS = 2000, BLOCK = 4096 };

typedef struct trial {
	bn_fs_report *report;
	const bn_env *env;
	const bn_dir *dir; /* a scratch directory */
} trial;

const char *bn_fs_state_name(bn_fs_state state)
{
	static const char *const names[] = {"OK", "OFF", "FAIL"};
	return names[state];
}

static void found(trial *t, const char *what, bn_fs_state state, const char *cure, const char *fmt,
	...) __attribute__((format(printf, 5, 6)));

static void found(
	trial *t, const char *what, bn_fs_state state, const char *cure, const char *fmt, ...)
{
	bn_fs_report *r = t->report;
	BN_BUG(r->count == sizeof r->checks / sizeof *r->checks);
	bn_fs_check *c = &r->checks[r->count++];
	*c = (bn_fs_check){.what = what, .state = state, .cure = cure};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(c->detail, sizeof c->detail, fmt, ap);
	va_end(ap);
	if (state > r->verdict)
		r->verdict = state;
}

#define A "a" /* names in the scratch directory */
#define B "b"

static void close_all(const trial *t, int a, int b)
{
	if (a >= 0)
		t->env->fs->close(t->env, a);
	if (b >= 0)
		t->env->fs->close(t->env, b);
}

static void try_exclusive(trial *t)
{
	const bn_env *env = t->env;
	int fd = env->fs->open(env, t->dir, A, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int again = env->fs->open(env, t->dir, A, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int e = fd < 0 ? fd : again;
	if (fd >= 0 && again == -EEXIST)
		found(t, "O_EXCL", BN_FS_OK, NULL, "a file is created once");
	else
		found(t, "O_EXCL", BN_FS_FAIL, "put the workspace on another file system",
			"a second exclusive creation was not refused (%s)",
			strerror(e < 0 ? -e : 0));
	close_all(t, fd, again);
}

static void try_link(trial *t)
{
	const bn_env *env = t->env;
	struct stat st = {0};
	int first = env->fs->link(env, t->dir, A, t->dir, B);
	int second = env->fs->link(env, t->dir, A, t->dir, B);
	bn_dir_stat(t->dir, A, &st, NULL);
	if (first == 0 && second == -EEXIST && st.st_nlink == 2)
		found(t, "hard links", BN_FS_OK, NULL, "link(2) takes a name once");
	else
		found(t, "hard links", BN_FS_FAIL,
			"names such as model versions cannot be claimed here: put the workspace on "
			"a file system with hard links",
			"link(2): %s, then %s; %d links", first < 0 ? strerror(-first) : "done",
			second < 0 ? strerror(-second) : "done again", (int)st.st_nlink);
	bn_dir_unlink(t->dir, B, NULL);
}

/* Whether a rename can replace an existing file. */
static bool rename_replaces(const bn_dir *dir, bn_buf *text)
{
	return bn_dir_write_file(dir, B, "old", 3, 0600, NULL) == 0 &&
	       bn_dir_write_file(dir, B, "new", 3, 0600, NULL) == 0 &&
	       bn_dir_read_file(dir, B, text, NULL) == 0 && !strcmp(text->ptr, "new");
}

static void try_rename(trial *t)
{
	bn_buf text = BN_BUF_INIT;
	if (rename_replaces(t->dir, &text))
		found(t, "rename", BN_FS_OK, NULL, "replaces a file in one step");
	else
		found(t, "rename", BN_FS_FAIL, "put the workspace on another file system",
			"a file could not be replaced by renaming");
	bn_buf_release(&text);
	bn_dir_unlink(t->dir, B, NULL);
}

static void try_flock(trial *t)
{
	const bn_env *env = t->env;
	int a = env->fs->open(env, t->dir, A, O_RDWR, 0);
	int b = env->fs->open(env, t->dir, A, O_RDWR, 0);
	int first = a < 0 ? a : env->fs->flock(env, a, LOCK_EX | LOCK_NB);
	int second = b < 0 ? b : env->fs->flock(env, b, LOCK_EX | LOCK_NB);
	if (first == 0 && second == -EWOULDBLOCK)
		found(t, "flock", BN_FS_OK, NULL, "log directories of dead processes are reused");
	else if (first < 0)
		found(t, "flock", BN_FS_OFF, "on Lustre, mount with -o flock",
			"not available (%s): every process gets its own log directory",
			strerror(-first));
	else
		found(t, "flock", BN_FS_FAIL,
			"mount with working locks (on Lustre: -o flock), or put the workspace "
			"elsewhere",
			"a held lock was granted a second time");
	close_all(t, a, b);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static int append_block(const trial *t, int fd)
{
	static const char block[BLOCK];
	if (bn_fs_write_all(t->env, fd, block, sizeof block, A, NULL) < 0)
		return -EIO;
	return t->env->fs->fsync(t->env, fd);
}

/* As in a commit: append, fsync. Nearest-rank quantiles. */
static void try_fsync(trial *t)
{
	const bn_env *env = t->env;
	double ms[FSYNCS_MAX];
	int n = 0, e = 0, fd = env->fs->open(env, t->dir, A, O_WRONLY | O_APPEND, 0);
	int64_t limit = bn_env_monotonic_ns(env) + FSYNCS_MS * (int64_t)1000000;
	if (fd < 0)
		e = fd;
	while (e >= 0 && n < FSYNCS_MAX && bn_env_monotonic_ns(env) < limit) {
		int64_t before = bn_env_monotonic_ns(env);
		e = append_block(t, fd);
		ms[n++] = (double)(bn_env_monotonic_ns(env) - before) / 1e6;
	}
	close_all(t, fd, -1);
	if (e < 0 || n == 0) {
		found(t, "fsync", BN_FS_FAIL, "acknowledged data would not be safe here", "%s",
			strerror(-e));
		return;
	}
	qsort(ms, (size_t)n, sizeof *ms, compare_doubles);
	t->report->fsync_median_ms = ms[(n - 1) / 2];
	t->report->fsync_p99_ms = ms[(n * 99 + 99) / 100 - 1];
	bool slow = t->report->fsync_median_ms > 200;
	found(t, "fsync", slow ? BN_FS_OFF : BN_FS_OK,
		slow ? "every command that writes waits this long several times" : NULL,
		"median %.2f ms, p99 %.2f ms over %d appends of 4 KiB", t->report->fsync_median_ms,
		t->report->fsync_p99_ms, n);
}

static void try_sync_dir(trial *t)
{
	int e = t->env->fs->sync_dir(t->env, t->dir, ".");
	if (e == 0)
		found(t, "directory fsync", BN_FS_OK, NULL, "names survive a power cut");
	else
		found(t, "directory fsync", BN_FS_FAIL, "put the workspace on another file system",
			"%s", strerror(-e));
}

/* File times are the server's; gc and the dead-writer rule compare them with ours. */
static void try_clock(trial *t)
{
	struct stat st;
	const bn_env *env = t->env;
	if (bn_dir_write_file(t->dir, B, "x", 1, 0600, NULL) < 0 ||
		bn_dir_stat(t->dir, B, &st, NULL) < 0)
		return;
	double off = (double)(st.st_mtim.tv_sec - bn_env_now_ns(env) / 1000000000);
	bool bad = fabs(off) > 60;
	found(t, "clock", bad ? BN_FS_FAIL : BN_FS_OK,
		bad ? "set this host's clock or the file server's (NTP)" : NULL,
		"file times are within %.0f s of this host's clock", fabs(off) + 1);
	bn_dir_unlink(t->dir, B, NULL);
}

static void try_space(trial *t)
{
	char text[BN_FMT];
	uint64_t bytes;
	if (!bn_dir_free_bytes(t->dir, &bytes))
		return;
	bool low = bytes < (uint64_t)1 << 30;
	found(t, "free space", low ? BN_FS_OFF : BN_FS_OK,
		low ? "free some space, or put the workspace elsewhere" : NULL, "%s",
		bn_fmt_bytes(bytes, text));
}

static void try_index(trial *t)
{
	bn_index_place p = {0};
	bn_err why = BN_ERR_INIT;
	if (bn_index_place_next(&p, t->env, NULL, NULL, &why) < 0)
		found(t, "index", BN_FS_FAIL, "set BINNACLE_INDEX to a directory on a local disk",
			"%s", why.msg);
	else if (!p.dir)
		found(t, "index", BN_FS_OFF, "set BINNACLE_INDEX to a directory on a local disk",
			"in memory, rebuilt by each command: %s", p.why);
	else if (p.why[0])
		found(t, "index", BN_FS_OK, NULL, "SQLite index in %s, since %s", p.dir, p.why);
	else
		found(t, "index", BN_FS_OK, NULL, "SQLite index in %s (local)", p.dir);
	bn_index_place_release(&p);
}

static void try_all(trial *t)
{
	found(t, "file system", BN_FS_OK, NULL, "%s, %s", t->report->type,
		t->report->is_network ? "shared by several hosts" : "local");
	try_exclusive(t);
	try_link(t);
	try_rename(t);
	try_flock(t);
	try_fsync(t);
	try_sync_dir(t);
	try_clock(t);
	try_space(t);
	try_index(t);
}

int bn_fs_examine(bn_fs_report *out, const bn_env *env, const char *dir, bn_err *err)
{
	char type[24], name[40];
	uint32_t tag;
	bn_dir *at = NULL, *scratch = NULL;
	int rc, e;
	*out = (bn_fs_report){.fsync_median_ms = (double)NAN, .fsync_p99_ms = (double)NAN};
	if ((rc = bn_dir_open(&at, env, dir, err)) < 0 ||
		(rc = bn_env_random(env, &tag, sizeof tag, err)) < 0)
		goto out;
	snprintf(name, sizeof name, ".binnacle-doctor-%08" PRIx32, tag);
	snprintf(out->type, sizeof out->type, "%s", bn_fs_type(dir, type));
	out->is_network = bn_dir_is_network(at);
	if ((e = env->fs->mkdir(env, at, name, 0700)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot make a directory in '%s'", dir);
		goto out;
	}
	if ((rc = bn_dir_open_below(&scratch, at, name, err)) < 0)
		goto out;
	trial t = {.report = out, .env = env, .dir = scratch};
	try_all(&t);
	rc = bn_dir_remove_tree(at, name, err);
out:
	bn_dir_close(scratch);
	bn_dir_close(at);
	return rc;
}
