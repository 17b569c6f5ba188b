/* scan.c - see scan.h. */
#include "core/dvc/scan.h"

#include "core/base/crew.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/ignore.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

enum { DEPTH_MOST = 200, THREADS = 4, STORE_THREADS = 8, BLOCK = 1 << 20 };

/* A file that must be read. */
typedef struct pending {
	size_t entry;
	struct stat st; /* before it was read */
	int64_t began_ns;
	bool changed; /* while it was read */
} pending;

typedef struct scanner {
	bn_dvc_scan *out;
	const bn_dvc_session *s;
	const char *path;
	bool dos2unix, stores;
	bn_dvc_ignore ignore;
	bn_buf at; /* the current directory relative to path, with its slash */
	pending *pending;
	size_t count, cap;
	uint64_t to_hash, hashed; /* bytes */
	pthread_mutex_t mutex;    /* of hashed, and of the progress */
	bn_err *err;
} scanner;

void bn_dvc_scan_release(bn_dvc_scan *scan)
{
	bn_dvc_listing_release(&scan->files);
}

/* The path of an entry in the repository. NULL if out of memory. */
static char *full_path(const scanner *x, const char *entry)
{
	return *entry ? bn_strf("%s/%s", x->path, entry) : bn_strdup(x->path);
}

/* What the state calls a file; hashes of both kinds live side by side. */
static char *state_name(const scanner *x, const char *entry)
{
	return bn_strf("%s%s%s%s", x->dos2unix ? "\1" : "", x->path, *entry ? "/" : "", entry);
}

/* ---- looking ---------------------------------------------------------------------------------- */

/* Whether a link below `at` leads to an object of the cache: *oid is its identity. */
static bool is_cache_link(
	bn_dvc_oid *oid, const bn_dvc_cache *c, const bn_dir *at, const char *name)
{
	char target[4096], key[BN_DVC_KEY];
	size_t n = strlen(c->path);
	if (!bn_dir_read_link(at, name, target, sizeof target) || !bn_str_starts(target, c->path) ||
		target[n] != '/')
		return false;
	const char *rest = target + n + 1;
	*oid = (bn_dvc_oid){.is_legacy = !bn_str_starts(rest, "files/md5/")};
	rest += oid->is_legacy ? 0 : strlen("files/md5/");
	if (strlen(rest) != BN_MD5_HEX + 1 || rest[2] != '/')
		return false;
	memcpy(oid->md5, rest, 2);
	memcpy(oid->md5 + 2, rest + 3, BN_MD5_HEX - 1);
	return bn_md5_is_hex(oid->md5) && bn_str_ends(target, bn_dvc_key(oid, key)) &&
	       bn_dvc_cache_has(c, oid);
}

static int add_pending(scanner *x, const struct stat *st)
{
	if (bn_grow(&x->pending, &x->cap, x->count + 1, sizeof *x->pending) < 0)
		return bn_err_nomem(x->err, "a list of files");
	x->pending[x->count++] = (pending){.entry = x->out->files.count - 1, .st = *st};
	x->to_hash += (uint64_t)st->st_size;
	return 0;
}

static void remember_stat(bn_dvc_entry *e, const struct stat *st)
{
	e->inode = st->st_ino;
	e->modified_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Whether the state has the MD5 of a file whose path in the repository is `full`. */
static bool is_known(const scanner *x, const char *full, const char *entry, const struct stat *st,
	char md5[BN_MD5_HEX + 1])
{
	if (!x->dos2unix)
		return bn_dvc_state_get(x->s->state, full, st, md5);
	char *key = state_name(x, entry);
	bool known = key && bn_dvc_state_get(x->s->state, key, st, md5);
	bn_free(key);
	return known;
}

/* A regular file or a link: name below at; full: its path in the repository, entry: in the output. */
static int take_file(scanner *x, const bn_dir *at, const char *name, const char *full,
	const char *entry, const struct stat *st)
{
	char md5[BN_MD5_HEX + 1] = "";
	bn_dvc_oid oid;
	bool known = false;
	if (S_ISREG(st->st_mode)) {
		known = is_known(x, full, entry, st, md5);
		if (known && x->stores) {
			oid = (bn_dvc_oid){.is_dir = false};
			memcpy(oid.md5, md5, sizeof oid.md5);
			known = bn_dvc_cache_has(&x->s->cache, &oid);
		}
	} else if (S_ISLNK(st->st_mode) && is_cache_link(&oid, &x->s->cache, at, name) &&
		   oid.is_legacy == x->dos2unix) {
		memcpy(md5, oid.md5, sizeof md5);
	}
	int64_t size = S_ISREG(st->st_mode) ? (int64_t)st->st_size : -1;
	int rc = bn_dvc_listing_add(&x->out->files, entry, md5, size, x->err);
	if (rc < 0)
		return rc;
	remember_stat(&x->out->files.items[x->out->files.count - 1], st);
	return known || !S_ISREG(st->st_mode) ? 0 : add_pending(x, st);
}

static int enter(scanner *x, const bn_dir *at, int depth);

static int take_dir(scanner *x, const bn_dir *at, const char *name, int depth)
{
	bn_dir *below = NULL;
	size_t n = x->at.len;
	int rc;
	if (depth >= DEPTH_MOST)
		return bn_err_set(x->err, BN_EINVAL, "'%s/%s%s': directories over %d levels deep",
			x->path, x->at.ptr, name, DEPTH_MOST);
	if ((rc = bn_dir_open_below(&below, at, name, x->err)) < 0)
		return rc;
	bn_buf_addf(&x->at, "%s/", name);
	rc = x->at.failed ? bn_err_nomem(x->err, "a path") : enter(x, below, depth + 1);
	bn_buf_truncate(&x->at, n);
	bn_dir_close(below);
	return rc;
}

static int enter(scanner *x, const bn_dir *at, int depth)
{
	bn_names names = BN_NAMES_INIT;
	bn_buf full = BN_BUF_INIT;
	struct stat st;
	int rc, e;
	if ((rc = bn_dir_list(at, NULL, &names, x->err)) < 0)
		goto out;
	bn_buf_addf(&full, "%s/%s", x->path, x->at.ptr);
	size_t prefix = full.len;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		bn_buf_truncate(&full, prefix);
		bn_buf_adds(&full, name);
		if ((rc = bn_buf_check(&full, x->err, "a path")) < 0)
			goto out;
		if ((e = at->env->fs->stat(at->env, at, name, &st)) == -ENOENT)
			continue; /* removed meanwhile */
		if (e < 0) {
			rc = bn_dir_error(x->err, -e, "cannot stat", at, name);
			goto out;
		}
		if (bn_dvc_ignore_has(&x->ignore, full.ptr, S_ISDIR(st.st_mode)))
			continue;
		if (!strcmp(name, BN_DVC_IGNORE_FILE)) {
			rc = bn_err_set(x->err, BN_EINVAL,
				"'%s' is inside of a directory that DVC tracks", full.ptr);
			bn_err_hint(x->err, "move it to a directory above");
			goto out;
		}
		rc = S_ISDIR(st.st_mode) ? take_dir(x, at, name, depth)
					 : take_file(x, at, name, full.ptr,
						   full.ptr + strlen(x->path) + 1, &st);
		if (rc < 0)
			goto out;
	}
	rc = bn_progress_step(x->s->progress, "looking at files", x->out->files.count, 0, x->err);
out:
	bn_names_release(&names);
	bn_buf_release(&full);
	return rc;
}

/* ---- hashing ---------------------------------------------------------------------------------- */

static int hash_step(void *user, uint64_t bytes, bn_err *err)
{
	scanner *x = user;
	pthread_mutex_lock(&x->mutex);
	x->hashed += bytes;
	int rc = bn_progress_step(x->s->progress, "hashing", x->hashed, x->to_hash, err);
	pthread_mutex_unlock(&x->mutex);
	return rc;
}

static bool same_times(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Copies an open file to the cache while it is hashed. */
static int store_file(
	scanner *x, int fd, const char *path, bn_dvc_entry *e, uint64_t *size, bn_err *err)
{
	const bn_env *env = x->s->repo->env;
	bn_dvc_incoming in;
	bn_dvc_oid oid = {.is_dir = false};
	size_t got = BLOCK;
	uint8_t *block = NULL;
	int rc = bn_dvc_incoming_begin(&in, &x->s->cache, err);
	if (rc < 0)
		return rc;
	if (bn_dvc_incoming_clone(&in, fd)) {
		if ((rc = bn_md5_open_file(
			     env, in.fd, path, false, hash_step, x, oid.md5, size, err)) < 0)
			goto out;
		in.verified = true;
	} else if (!(block = bn_alloc(BLOCK))) {
		rc = bn_err_nomem(err, "a block");
		goto out;
	}
	while (block && got == BLOCK) {
		if ((rc = bn_fs_read_at(env, fd, block, BLOCK, (off_t)*size, &got, path, err)) <
				0 ||
			(rc = bn_dvc_incoming_add(&in, block, got, err)) < 0)
			goto out;
		*size += got;
		if ((rc = hash_step(x, got, err)) < 0)
			goto out;
	}
	rc = bn_dvc_incoming_finish(&in, &oid, path, err);
	memcpy(e->md5, oid.md5, sizeof e->md5);
out:
	bn_dvc_incoming_abort(&in);
	bn_free(block);
	return rc;
}

static int hash_one(void *ctx, size_t i, bn_err *err)
{
	scanner *x = ctx;
	const bn_env *env = x->s->repo->env;
	pending *p = &x->pending[i];
	bn_dvc_entry *e = &x->out->files.items[p->entry];
	struct stat after;
	uint64_t size = 0;
	int fd = -1, rc;
	char *path = full_path(x, e->path);
	if (!path)
		return bn_err_nomem(err, "a path");
	p->began_ns = bn_env_now_ns(env);
	if ((rc = bn_dir_open_file(&fd, x->s->repo->root, path, O_RDONLY, 0, err)) < 0)
		goto out;
	env->fs->fstat(env, fd, &p->st);
	rc = x->stores ? store_file(x, fd, path, e, &size, err)
		       : bn_md5_open_file(
				 env, fd, path, x->dos2unix, hash_step, x, e->md5, &size, err);
	if (rc < 0)
		goto out;
	e->size = (int64_t)size;
	remember_stat(e, &p->st);
	p->changed = env->fs->fstat(env, fd, &after) < 0 || !same_times(&p->st, &after);
	if (p->changed && x->stores)
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' changed while it was read", path);
out:
	if (fd >= 0)
		env->fs->close(env, fd);
	bn_free(path);
	return rc;
}

static int hash_all(scanner *x)
{
	bn_crew *crew = NULL;
	int rc = 0;
	if (x->count > 1 &&
		(rc = bn_crew_new(&crew, x->stores ? STORE_THREADS : THREADS, x->err)) < 0)
		return rc;
	rc = bn_crew_fan(crew, x->count, hash_one, x, x->err);
	bn_crew_free(crew);
	for (size_t i = 0; rc == 0 && i < x->count; i++) {
		const pending *p = &x->pending[i];
		char *key = state_name(x, x->out->files.items[p->entry].path);
		if (key && !p->changed)
			bn_dvc_state_put(x->s->state, key, &p->st, p->began_ns,
				x->out->files.items[p->entry].md5);
		bn_free(key);
	}
	return rc;
}

int bn_dvc_scan_path(bn_dvc_scan *out, const bn_dvc_session *s, const char *path,
	bn_dvc_scan_how how, bn_err *err)
{
	const bn_dir *root = s->repo->root;
	scanner x = {.out = out,
		.s = s,
		.path = path,
		.dos2unix = how == BN_DVC_SCAN_DOS2UNIX,
		.stores = how == BN_DVC_SCAN_STORE,
		.ignore = BN_DVC_IGNORE_INIT,
		.at = BN_BUF_INIT,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.err = err};
	struct stat st;
	bn_dir *at = NULL;
	bool ignored;
	int rc = 0, e = root->env->fs->stat(root->env, root, path, &st);
	*out = (bn_dvc_scan){.kind = BN_DVC_OTHER, .files = BN_DVC_LISTING_INIT};
	if (e == -ENOENT || e == -ENOTDIR) {
		out->kind = BN_DVC_ABSENT;
		return 0;
	}
	if (e == -ELOOP)
		return 0; /* a link in the path is not followed */
	if (e < 0)
		return bn_dir_error(err, -e, "cannot stat", root, path);
	if (S_ISDIR(st.st_mode)) {
		out->kind = BN_DVC_DIR;
		if ((rc = bn_dvc_ignore_load_above(&x.ignore, &ignored, root, path, true, err)) <
				0 ||
			(rc = bn_dir_open_below(&at, root, path, err)) < 0 ||
			(rc = enter(&x, at, 0)) < 0)
			goto out;
	} else if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) {
		out->kind = BN_DVC_FILE;
		out->is_exec = S_ISREG(st.st_mode) && (st.st_mode & S_IXUSR);
		if ((rc = take_file(&x, root, path, path, "", &st)) < 0)
			goto out;
	}
	if ((rc = hash_all(&x)) == 0)
		bn_dvc_listing_sort(&out->files);
out:
	bn_dir_close(at);
	bn_dvc_ignore_release(&x.ignore);
	bn_buf_release(&x.at);
	bn_free(x.pending);
	pthread_mutex_destroy(&x.mutex);
	return rc;
}
