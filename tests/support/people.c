/* people.c - see people.h. The creator of an inode is recorded in a table of this process. */
#include "tests/support/people.h"

#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/store/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static team *the_team;

static struct {
	dev_t dev;
	ino_t ino;
	uid_t uid;
} owned[8192];
static size_t n_owned;

static void own(const struct stat *st, uid_t uid)
{
	size_t i = 0;
	while (i < n_owned && (owned[i].dev != st->st_dev || owned[i].ino != st->st_ino))
		i++;
	if (i == sizeof owned / sizeof *owned)
		abort();
	n_owned += i == n_owned;
	owned[i].dev = st->st_dev;
	owned[i].ino = st->st_ino;
	owned[i].uid = uid;
}

static void set_owner(struct stat *st)
{
	for (size_t i = 0; i < n_owned; i++)
		if (owned[i].dev == st->st_dev && owned[i].ino == st->st_ino)
			st->st_uid = owned[i].uid;
}

static const person *person_of(const bn_env *env)
{
	return env->ctx;
}

static int people_open(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	struct stat st;
	bool made = (flags & O_CREAT) && bn_fs_real.stat(env, at, path, &st) != 0;
	int fd = bn_fs_real.open(env, at, path, flags, mode);
	if (fd >= 0 && made && fstat(fd, &st) == 0)
		own(&st, person_of(env)->uid);
	return fd;
}

static int people_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	struct stat st;
	int e = bn_fs_real.mkdir(env, at, path, mode);
	if (e == 0 && bn_fs_real.stat(env, at, path, &st) == 0)
		own(&st, person_of(env)->uid);
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
	the_team->clock_ns += 1000000;
	return the_team->clock_ns + person_of(env)->clock_offset_ms * 1000000;
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
		snprintf(p->index, sizeof p->index, "%s/%s-index-%d", t->dir, p->name, ++fresh);
	die_unless(bn_workspace_open(&p->ws, &p->env, the_classes, t->dir, &err), &err);
}

typedef int founding(const bn_env *env, const char *dir, bn_err *err);

static void make(team *t, const bn_fold_class *const *classes, founding *found)
{
	static const char *const names[PEOPLE] = {"ann", "bob", "cleo", "dan"};
	const char *tmp = getenv("TMPDIR");
	bn_err err = BN_ERR_INIT;
	memset(t, 0, sizeof *t);
	the_team = t;
	the_classes = classes;
	n_owned = 0;
	t->clock_ns = 1790000000LL * 1000000000;
	snprintf(t->dir, sizeof t->dir, "%.200s/binnacle-team-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(t->dir))
		abort();
	people_fs = bn_fs_real;
	people_fs.open = people_open;
	people_fs.mkdir = people_mkdir;
	people_fs.stat = people_stat;
	people_fs.fstat = people_fstat;
	for (size_t i = 0; i < PEOPLE; i++) {
		person *p = &t->people[i];
		p->uid = (uid_t)(5001 + i);
		p->name = names[i];
		p->env = *bn_env_real();
		p->env.ctx = p;
		p->env.fs = &people_fs;
		p->env.get = people_get;
		p->env.uid = people_uid;
		p->env.user_name = people_name;
		p->env.now_ns = people_now;
		snprintf(p->config, sizeof p->config, "%s/%s-config", t->dir, names[i]);
		snprintf(p->state, sizeof p->state, "%s/%s-state", t->dir, names[i]);
		if (i == 0)
			die_unless(found(&p->env, t->dir, &err), &err);
		person_reopen(t, p, true);
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
	bn_fs_remove_tree(bn_env_real(), t->dir, NULL);
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
