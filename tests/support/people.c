/* people.c - see people.h. The creator of an inode is recorded in a table, which forked processes share. */
#include "tests/support/people.h"

#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/store/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static team *the_team;

/* Shared with forked processes, like the files. */
static struct owners {
	pthread_mutex_t lock; /* also protects drawn */
	size_t n;
	uint64_t drawn; /* number of random bytes drawn in a fixed world */
	struct {
		dev_t dev;
		ino_t ino;
		uid_t uid;
	} files[8192];
} * owners;

/* If a process was killed while holding the lock, its state is still usable. */
static void owners_lock(void)
{
	if (pthread_mutex_lock(&owners->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&owners->lock);
}

static void owners_unlock(void)
{
	pthread_mutex_unlock(&owners->lock);
}

static void owners_make(void)
{
	pthread_mutexattr_t attr;
	void *page = mmap(
		NULL, sizeof *owners, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		abort();
	owners = page;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&owners->lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* The index of a file, or of a free slot. */
static size_t owner_find(const struct stat *st)
{
	size_t i = 0;
	while (i < owners->n &&
		(owners->files[i].dev != st->st_dev || owners->files[i].ino != st->st_ino))
		i++;
	return i;
}

/* Requires the lock. */
static void own(const struct stat *st, uid_t uid)
{
	size_t i = owner_find(st);
	if (i == sizeof owners->files / sizeof *owners->files)
		abort();
	owners->n += i == owners->n;
	owners->files[i].dev = st->st_dev;
	owners->files[i].ino = st->st_ino;
	owners->files[i].uid = uid;
}

static void set_owner(struct stat *st)
{
	owners_lock();
	size_t i = owner_find(st);
	if (i < owners->n)
		st->st_uid = owners->files[i].uid;
	owners_unlock();
}

static const person *person_of(const bn_env *env)
{
	return env->ctx;
}

/* Holds the lock, so that other threads never see the file without its owner. */
static int people_open(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	struct stat st;
	if (!(flags & O_CREAT))
		return bn_fs_real.open(env, at, path, flags, mode);
	owners_lock();
	bool made = bn_fs_real.stat(env, at, path, &st) != 0;
	int fd = bn_fs_real.open(env, at, path, flags, mode);
	if (fd >= 0 && made && fstat(fd, &st) == 0)
		own(&st, person_of(env)->uid);
	owners_unlock();
	return fd;
}

static int people_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	struct stat st;
	owners_lock();
	int e = bn_fs_real.mkdir(env, at, path, mode);
	if (e == 0 && bn_fs_real.stat(env, at, path, &st) == 0)
		own(&st, person_of(env)->uid);
	owners_unlock();
	return e;
}

static int people_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	const person *p = person_of(env);
	int e = bn_fs_real.stat(env, at, path, st);
	if (e == 0)
		set_owner(st);
	if (e == 0 && at && !strcmp(at->path, p->index))
		st->st_uid = p->uid; /* created by SQLite, which does not use bn_fs_ops */
	return e;
}

static int people_fstat(const bn_env *env, int fd, struct stat *st)
{
	int e = bn_fs_real.fstat(env, fd, st);
	if (e == 0)
		set_owner(st);
	char link[40], path[600];
	const person *p = person_of(env);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	if (e == 0 && p->index[0] && !strncmp(path, p->index, strlen(p->index)))
		st->st_uid = p->uid; /* created by SQLite, which does not use bn_fs_ops */
	return e;
}

static bn_fs_ops people_fs;

static const char *people_get(const bn_env *env, const char *name)
{
	const person *p = person_of(env);
	if (!strcmp(name, "XDG_CONFIG_HOME"))
		return p->config;
	if (!strcmp(name, "XDG_STATE_HOME"))
		return p->state;
	if (!strcmp(name, "BINNACLE_INDEX"))
		return p->index;
	if (the_team->is_fixed && !strcmp(name, "HOME"))
		return the_team->top;
	if (the_team->is_fixed && strcmp(name, "BINNACLE_KERNELS") != 0)
		return NULL;
	return strcmp(name, "BINNACLE_HOME") ? getenv(name) : NULL;
}

static uid_t people_uid(const bn_env *env)
{
	return person_of(env)->uid;
}

static void people_name(const bn_env *env, uid_t uid, char *name, size_t size)
{
	(void)env;
	snprintf(name, size, "uid-%lu", (unsigned long)uid);
	for (size_t i = 0; i < PEOPLE; i++)
		if (the_team->people[i].uid == uid)
			snprintf(name, size, "%s", the_team->people[i].name);
}

static int64_t people_now(const bn_env *env)
{
	int64_t step = the_team->is_fixed ? 0 : 1000000; /* workers of the workbench ask, too */
	int64_t now = step ? __atomic_add_fetch(&the_team->clock_ns, step, __ATOMIC_RELAXED)
			   : the_team->clock_ns;
	return now + person_of(env)->clock_offset_ms * 1000000;
}

/* The clock of this process, unless the world is fixed. */
static int64_t people_monotonic(const bn_env *env)
{
	return the_team->is_fixed ? the_team->clock_ns : bn_env_real()->monotonic_ns(env);
}

/* SplitMix64 of a counter: distinct, and the same in every process. */
static int people_random(const bn_env *env, void *out, size_t n)
{
	if (!the_team->is_fixed)
		return bn_env_real()->random(env, out, n);
	owners_lock();
	for (size_t i = 0; i < n; i++) {
		uint64_t z = ++owners->drawn * UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		((uint8_t *)out)[i] = (uint8_t)(z >> 56);
	}
	owners_unlock();
	return 0;
}

static const char *people_host(const bn_env *env)
{
	return the_team->is_fixed ? person_of(env)->host : bn_env_real()->host(env);
}

static const char *people_boot(const bn_env *env)
{
	return the_team->is_fixed ? "6f1d2c40" : bn_env_real()->boot_id(env);
}

static const bn_fold_class *const *the_classes;

static void die_unless(int rc, const bn_err *err)
{
	if (rc) {
		fprintf(stderr, "people.c: %s\n", err->msg);
		abort();
	}
}

void person_reopen(team *t, person *p, bool fresh_index)
{
	static int fresh;
	bn_err err = BN_ERR_INIT;
	bn_workspace_close(p->ws);
	p->ws = NULL;
	if (fresh_index)
		snprintf(p->index, sizeof p->index, "%s/%s-index-%d", t->top, p->name, ++fresh);
	die_unless(bn_workspace_open(&p->ws, &p->env, the_classes, t->dir, &err), &err);
}

typedef int founding(const bn_env *env, const char *dir, bn_err *err);

static void person_prepare(person *p, const team *t)
{
	p->env = *bn_env_real();
	p->env.ctx = p;
	p->env.fs = &people_fs;
	p->env.get = people_get;
	p->env.uid = people_uid;
	p->env.user_name = people_name;
	p->env.now_ns = people_now;
	p->env.monotonic_ns = people_monotonic;
	p->env.random = people_random;
	p->env.host = people_host;
	p->env.boot_id = people_boot;
	p->host = "n12";
	snprintf(p->config, sizeof p->config, "%s/%s-config", t->top, p->name);
	snprintf(p->state, sizeof p->state, "%s/%s-state", t->top, p->name);
}

void team_prepare(team *t, const char *folder)
{
	static const char *const names[PEOPLE] = {"ann", "bob", "cleo", "dan"};
	const char *tmp = getenv("TMPDIR");
	memset(t, 0, sizeof *t);
	the_team = t;
	if (!owners)
		owners_make();
	owners->n = 0;
	owners->drawn = 0;
	t->clock_ns = 1790000000LL * 1000000000;
	snprintf(t->top, sizeof t->top, "%.160s/binnacle-team-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(t->top))
		abort();
	snprintf(t->dir, sizeof t->dir, "%s%s%.40s", t->top, folder ? "/" : "",
		folder ? folder : "");
	if (folder && mkdir(t->dir, 0755) != 0)
		abort();
	people_fs = bn_fs_real;
	people_fs.open = people_open;
	people_fs.mkdir = people_mkdir;
	people_fs.stat = people_stat;
	people_fs.fstat = people_fstat;
	for (size_t i = 0; i < PEOPLE; i++) {
		t->people[i].uid = (uid_t)(5001 + i);
		t->people[i].name = names[i];
		person_prepare(&t->people[i], t);
	}
}

static void make(team *t, const bn_fold_class *const *classes, founding *found)
{
	bn_err err = BN_ERR_INIT;
	team_prepare(t, NULL);
	the_classes = classes;
	for (size_t i = 0; i < PEOPLE; i++) {
		if (i == 0)
			die_unless(found(&t->people[i].env, t->dir, &err), &err);
		person_reopen(t, &t->people[i], true);
	}
}

void team_make(team *t, const bn_fold_class *const *classes)
{
	make(t, classes, bn_workspace_init);
}

static int found_signed(const bn_env *env, const char *dir, bn_err *err)
{
	return bn_authority_init(env, dir, NULL, NULL, err);
}

void team_make_signed(team *t, const bn_fold_class *const *classes)
{
	make(t, classes, found_signed);
}

void team_remove(team *t)
{
	for (size_t i = 0; i < PEOPLE; i++)
		bn_workspace_close(t->people[i].ws);
	bn_fs_remove_tree(bn_env_real(), t->top, NULL);
}

static int add_line(void *ctx, const char *text, size_t n)
{
	bn_buf_add(ctx, text, n);
	return 0;
}

char *person_dump(person *p)
{
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	die_unless(bn_workspace_refresh(p->ws, NULL, &err), &err);
	die_unless(bn_index_dump(p->ws, add_line, &b, &err), &err);
	return bn_buf_take(&b, NULL);
}
