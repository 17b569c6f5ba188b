/* queue_files.c - see _queue_files.h. */
#include "core/base/str.h"
#include "core/launch/_queue_files.h"
#include "core/launch/queue_name.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PLACES "queue"
#define PLACES_MAX 64 /* names that others may have taken */
#define ROOTS_MAX 8   /* likewise: queue, queue-1, ... */
#define RUNNER_FILE "runner"
#define ORDER_FILE "order"
#define BELL_FILE "bell"
#define ORDER_TEXT 21 /* 20 digits and a newline */

#define LOCK_TRIES 50
#define LOCK_WAIT_NS 5000000

/* Opens it if it is this user's, or creates it. 1 if it is another user's. */
static int take_place(
	bn_dir **out, const bn_dir *root, const char *path, uid_t *squatter, bn_err *err)
{
	const bn_env *env = root->env;
	bn_dir *dir = NULL;
	struct stat st;
	int e, rc;
	if (bn_dir_stat(root, path, &st, NULL) < 0) {
		if ((rc = bn_dir_make(root, path, 0700, err)) < 0)
			return rc;
	} else if (!S_ISDIR(st.st_mode) || st.st_uid != env->uid(env)) {
		*squatter = st.st_uid;
		return 1;
	}
	if ((rc = bn_dir_open_below(&dir, root, path, err)) < 0)
		return rc;
	/* It may have changed just now. */
	if ((e = env->fs->fstat(env, dir->fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", dir->path);
		goto out;
	}
	*squatter = st.st_uid;
	bool is_own = st.st_uid == env->uid(env);
	if (is_own) {
		*out = dir;
		dir = NULL;
	}
	rc = !is_own;
out:
	bn_dir_close(dir);
	return rc;
}

/* A place below one of the shared directories. 1 if all belong to others. */
static int take_any(bn_dir **out, const bn_dir *root, bn_access access, const char *places,
	uid_t *squatter, bn_err *err)
{
	const bn_env *env = root->env;
	char name[BN_QUEUE_NAME], path[BN_QUEUE_NAME + 40];
	bn_queue_own_name(name, env);
	/* Like the shared directories of init: every user can add to it, nobody can remove
	 * another's. */
	int rc = bn_dir_make(root, places, bn_access_dir_mode(access), err);
	if (rc < 0)
		return rc;
	for (int i = 0; i < PLACES_MAX; i++) {
		int n = snprintf(path, sizeof path, "%s/%s", places, name);
		if (i > 0)
			snprintf(path + n, sizeof path - (size_t)n, "-%d", i);
		if ((rc = take_place(out, root, path, squatter, err)) <= 0)
			return rc;
	}
	return 1;
}

/* Whether it exists, but not as this user would have created it. */
static bool is_others(uid_t *owner, const bn_dir *root, const char *places)
{
	struct stat st;
	if (root->env->fs->stat(root->env, root, places, &st) < 0)
		return false;
	*owner = st.st_uid;
	return !S_ISDIR(st.st_mode) || st.st_uid != root->env->uid(root->env);
}

int bn_queue_dir(bn_dir **out, bn_workspace *ws, bn_err *err)
{
	const bn_dir *root = bn_workspace_at(ws);
	const bn_env *env = bn_workspace_env(ws);
	char places[sizeof PLACES + 12] = PLACES, user[65] = "";
	uid_t owner = 0;
	*out = NULL;
	for (int i = 0; i < ROOTS_MAX; i++) {
		if (i > 0)
			snprintf(places, sizeof places, PLACES "-%d", i);
		bn_err why = BN_ERR_INIT;
		int rc = take_any(out, root, bn_workspace_access(ws), places, &owner, &why);
		/* Files of another user are not disk errors. */
		if (rc < 0 && !is_others(&owner, root, places))
			return bn_err_move(err, &why);
		if (*out)
			return 0;
	}
	env->user_name(env, owner, user, sizeof user);
	bn_err_set(err, BN_EREFUSED,
		"'%s/" PLACES "', and " PLACES "-1 to " PLACES
		"-%d beside it, belong to other users (%s), and none has a place for this user's "
		"queue",
		root->path, ROOTS_MAX - 1, user);
	bn_err_hint(
		err, "someone with permission must remove them to make room for this user's queue");
	return BN_EREFUSED;
}

bool bn_queue_dir_is_others(bn_workspace *ws)
{
	uid_t owner;
	return is_others(&owner, bn_workspace_at(ws), PLACES);
}

/* ---- the runner's lock ---------------------------------------------------------------------- */

int bn_queue_lock_runner(int *fd, const bn_dir *at, bn_err *err)
{
	const bn_env *env = at->env;
	char text[32];
	int rc = bn_dir_open_file(fd, at, RUNNER_FILE, O_RDWR | O_CREAT, 0600, err);
	if (rc < 0)
		return rc;
	int e = bn_fs_lock(env, *fd, LOCK_TRIES, LOCK_WAIT_NS);
	if (e == -EWOULDBLOCK)
		rc = bn_err_set(err, BN_ECONFLICT, "this queue already has a runner");
	else if (e < 0)
		rc = bn_err_sys(err, e == -ENOLCK || e == -EOPNOTSUPP ? BN_EUNSUPPORTED : BN_EIO,
			-e, "cannot lock '%s/" RUNNER_FILE "', so there is no queue here",
			at->path);
	if (rc < 0) {
		env->fs->close(env, *fd);
		return rc;
	}
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (env->fs->ftruncate(env, *fd, 0) == 0)
		bn_fs_write_all(env, *fd, text, (size_t)n, RUNNER_FILE, NULL); /* for people */
	return 0;
}

bool bn_queue_has_runner(const bn_dir *at)
{
	const bn_env *env = at->env;
	int fd;
	if (bn_dir_open_file(&fd, at, RUNNER_FILE, O_RDWR | O_CREAT, 0600, NULL) < 0)
		return false;
	bool held = env->fs->flock(env, fd, LOCK_SH | LOCK_NB) == -EWOULDBLOCK;
	env->fs->close(env, fd);
	return held;
}

/* ---- the order ------------------------------------------------------------------------------ */

static int order_open(int *fd, const bn_dir *at, bn_err *err)
{
	return bn_dir_open_file(fd, at, ORDER_FILE, O_RDWR | O_CREAT, 0600, err);
}

/* The clock in the file; 0 if there is none. */
static uint64_t order_read(int fd, const bn_dir *at)
{
	char text[ORDER_TEXT + 1];
	int64_t clock;
	size_t got = 0;
	if (bn_fs_read_at(at->env, fd, text, ORDER_TEXT, 0, &got, ORDER_FILE, NULL) < 0 ||
		got != ORDER_TEXT || !bn_parse_i64(text, ORDER_TEXT - 1, &clock) || clock < 0)
		return 0;
	return (uint64_t)clock;
}

static int order_write(int fd, const bn_dir *at, uint64_t clock, bn_err *err)
{
	char text[ORDER_TEXT + 1];
	snprintf(text, sizeof text, "%020" PRIu64 "\n", clock);
	return bn_fs_write_all(at->env, fd, text, ORDER_TEXT, ORDER_FILE, err);
}

int bn_queue_order_begin(int *fd, const bn_dir *at, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = at->env;
	int e, rc = order_open(fd, at, err);
	if (rc < 0)
		return rc;
	while ((e = env->fs->flock(env, *fd, LOCK_EX)) == -EINTR)
		;
	if (e < 0) {
		env->fs->close(env, *fd);
		return bn_err_sys(err, BN_EIO, -e,
			"cannot lock '%s/" ORDER_FILE "', so there is no queue here", at->path);
	}
	bn_workspace_see_clock(ws, order_read(*fd, at));
	return 0;
}

int bn_queue_order_end(int fd, const bn_dir *at, bn_workspace *ws, bn_err *err)
{
	int rc = order_write(fd, at, bn_workspace_clock(ws), err);
	at->env->fs->close(at->env, fd);
	return rc;
}

/* ---- the bell ------------------------------------------------------------------------------- */

int bn_queue_bell_open(int *fd, const bn_dir *at, bn_err *err)
{
	return bn_dir_open_file(fd, at, BELL_FILE, O_RDWR | O_CREAT, 0600, err);
}

void bn_queue_ring(const bn_dir *at)
{
	int fd;
	if (bn_queue_bell_open(&fd, at, NULL) < 0)
		return;
	bn_fs_write_all(at->env, fd, "\n", 1, BELL_FILE, NULL);
	at->env->fs->close(at->env, fd);
}
