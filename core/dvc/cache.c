/* cache.c - see cache.h. */
#include "core/dvc/cache.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OBJECT_MODE 0444
#define FILES "files/md5"
#define LEFTOVER_SECONDS 86400
#define LEFT_FROM ((uint64_t)16 << 20) /* bytes that are worth a second name */
enum { BLOCK = 1 << 20 };

const char *bn_dvc_key(const bn_dvc_oid *oid, char key[BN_DVC_KEY])
{
	snprintf(key, BN_DVC_KEY, "%s%.2s/%s%s", oid->is_legacy ? "" : FILES "/", oid->md5,
		oid->md5 + 2, oid->is_dir ? ".dir" : "");
	return key;
}

/* ---- opening ---------------------------------------------------------------------------------- */

static int read_links(bn_dvc_cache *c, const bn_dvc_config *config, bn_err *err)
{
	static const char *const names[] = {"reflink", "hardlink", "symlink", "copy", NULL};
	const bn_dvc_option *o = bn_dvc_config_find(config, "cache", "type");
	const char *p = o ? o->value : "reflink,copy";
	while (*p) {
		size_t n = strcspn(p, ", \t"), kind = 0;
		while (n && names[kind] && !bn_str_is(names[kind], p, n))
			kind++;
		if (n && !names[kind])
			return bn_err_set(err, BN_EINVAL,
				"%s: cache.type has '%.*s'; there are reflink, hardlink, symlink "
				"and copy",
				bn_dvc_level_name(o ? o->level : BN_DVC_REPO),
				(int)(n < 40 ? n : 40), p);
		if (n && c->link_count < sizeof c->links / sizeof *c->links)
			c->links[c->link_count++] = (bn_dvc_link)kind;
		p += n + strspn(p + n, ", \t");
	}
	if (!c->link_count)
		c->links[c->link_count++] = BN_DVC_COPY;
	return 0;
}

/* Makes the directories of a path below `at` as the umask says; those of a group's cache belong to the group. */
static int make_below(const bn_dir *at, const char *path, bool shared, bn_err *err)
{
	char part[4096];
	size_t n = strlen(path);
	if (n >= sizeof part)
		return bn_err_set(err, BN_EINVAL, "'%.80s...' is too long for a path", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		int e = at->env->fs->mkdir(at->env, at, part, 0777);
		if (e < 0 && e != -EEXIST)
			return bn_dir_error(err, -e, "cannot make the directory", at, part);
		int fd = e == 0 && shared
				 ? at->env->fs->open(at->env, at, part, O_RDONLY | O_DIRECTORY, 0)
				 : -1;
		if (fd >= 0) {
			at->env->fs->fchmod(at->env, fd, 02775);
			at->env->fs->close(at->env, fd);
		}
	}
	return 0;
}

/* The cache is below the repository: name. */
static int open_inside(
	bn_dvc_cache *c, const bn_dvc_repo *r, const char *name, bool to_write, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc;
	if (to_write && (rc = make_below(r->root, name, c->shared, err)) < 0)
		return rc;
	if ((rc = bn_dir_open_below(&c->dir, r->root, name, &why)) == BN_ENOTFOUND)
		return 0;
	if (rc != BN_EREFUSED)
		return rc < 0 ? bn_err_move(err, &why) : 0;
	bn_err_set(
		err, BN_EREFUSED, "'%s' is behind a symbolic link, which is not followed", c->path);
	bn_err_hint(err, "name the cache where it is: dvc cache dir --local PATH");
	return BN_EREFUSED;
}

static int open_outside(
	bn_dvc_cache *c, const bn_dvc_repo *r, bn_dvc_level level, bool to_write, bn_err *err)
{
	bool is_there = bn_fs_exists(r->env, c->path);
	int rc;
	if (!is_there && !to_write)
		return 0;
	if (!is_there && level == BN_DVC_REPO) {
		bn_err_set(err, BN_ENOTFOUND, "there is no '%s', the cache that .dvc/config names",
			c->path);
		bn_err_hint(err, "it is outside of the repository: make the directory first");
		return BN_ENOTFOUND;
	}
	if (!is_there && (rc = bn_fs_make_dirs(r->env, c->path, 0777, err)) < 0)
		return rc;
	return bn_dir_open(&c->dir, r->env, c->path, err);
}

/* Removes this user's temporary files of processes that were killed, a day ago or more. */
static void remove_leftovers(const bn_dvc_cache *c)
{
	const bn_env *env = c->env;
	bn_names names = BN_NAMES_INIT;
	bn_dir *at = NULL;
	struct stat st;
	int64_t before = bn_env_now_ns(env) / 1000000000 - LEFTOVER_SECONDS;
	if (!c->dir || bn_dir_open_below(&at, c->dir, FILES, NULL) < 0 ||
		bn_dir_list(at, NULL, &names, NULL) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if (names.items[i][0] == '.' && bn_str_ends(names.items[i], ".tmp") &&
			env->fs->stat(env, at, names.items[i], &st) == 0 && S_ISREG(st.st_mode) &&
			st.st_uid == env->uid(env) && st.st_mtim.tv_sec < before)
			env->fs->unlink(env, at, names.items[i]);
out:
	bn_names_release(&names);
	bn_dir_close(at);
}

static int open_cache(bn_dvc_cache *c, const bn_dvc_repo *r, bool to_write, bn_err *err)
{
	const bn_dvc_option *o = bn_dvc_config_find(&r->config, "cache", "dir");
	const char *shared = bn_dvc_config_get(&r->config, "cache", "shared");
	char *inside = NULL;
	int rc;
	*c = (bn_dvc_cache){.env = r->env, .shared = shared && !strcmp(shared, "group")};
	if (shared && !c->shared)
		return bn_err_set(err, BN_EINVAL, "cache.shared is 'group' or not set");
	if ((rc = read_links(c, &r->config, err)) < 0)
		return rc;
	if (!o) {
		c->path = bn_dir_join(r->root, ".dvc/cache");
		return c->path ? open_inside(c, r, ".dvc/cache", to_write, err)
			       : bn_err_nomem(err, "a path");
	}
	if ((rc = bn_dvc_config_path(&c->path, &r->config, o, r->env, err)) < 0)
		return rc;
	if (c->path[0] != '/')
		return bn_err_set(err, BN_EUNSUPPORTED, "cache.dir is not a path of this host");
	rc = bn_dvc_repo_relative(&inside, r, c->path, NULL) == 0 && *inside
		     ? open_inside(c, r, inside, to_write, err)
		     : open_outside(c, r, o->level, to_write, err);
	bn_free(inside);
	return rc;
}

int bn_dvc_cache_open(bn_dvc_cache *c, const bn_dvc_repo *r, bool to_write, bn_err *err)
{
	int rc = open_cache(c, r, to_write, err);
	if (rc < 0)
		return rc;
	if (to_write)
		remove_leftovers(c);
	return 0;
}

void bn_dvc_cache_close(bn_dvc_cache *c)
{
	bn_dir_close(c->dir);
	bn_free(c->path);
	*c = (bn_dvc_cache){.dir = NULL};
}

/* ---- reading ---------------------------------------------------------------------------------- */

bool bn_dvc_cache_has(const bn_dvc_cache *c, const bn_dvc_oid *oid)
{
	char key[BN_DVC_KEY];
	struct stat st;
	return c->dir && c->env->fs->stat(c->env, c->dir, bn_dvc_key(oid, key), &st) == 0 &&
	       S_ISREG(st.st_mode);
}

int bn_dvc_cache_open_object(int *fd, const bn_dvc_cache *c, const bn_dvc_oid *oid, bn_err *err)
{
	char key[BN_DVC_KEY];
	if (!c->dir)
		return bn_err_set(err, BN_ENOTFOUND, "there is no cache yet at '%s'", c->path);
	return bn_dir_open_file(fd, c->dir, bn_dvc_key(oid, key), O_RDONLY, 0, err);
}

/* Whether the text of an object has its MD5; what was hashed before, and has not changed since, is not again. */
static bool has_md5(const bn_dvc_cache *c, bn_dvc_state *state, const bn_dvc_oid *oid,
	const char *key, const bn_buf *text)
{
	char name[BN_DVC_KEY + 1], hex[BN_MD5_HEX + 1];
	int64_t began = bn_env_now_ns(c->env);
	struct stat st;
	snprintf(name, sizeof name, "\2%s", key);
	bool looked = state && c->env->fs->stat(c->env, c->dir, key, &st) == 0;
	if (looked && bn_dvc_state_get(state, name, &st, hex) && !strcmp(hex, oid->md5))
		return true;
	bn_md5_hex(text->ptr, text->len, hex);
	if (strcmp(hex, oid->md5) != 0)
		return false;
	if (looked)
		bn_dvc_state_put(state, name, &st, began, hex);
	return true;
}

int bn_dvc_cache_listing(bn_dvc_listing *l, const bn_dvc_cache *c, bn_dvc_state *state,
	const bn_dvc_oid *oid, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char key[BN_DVC_KEY];
	int rc;
	if (!c->dir)
		return bn_err_set(err, BN_ENOTFOUND, "there is no cache yet at '%s'", c->path);
	if ((rc = bn_dir_read_file(c->dir, bn_dvc_key(oid, key), &text, err)) < 0)
		goto out;
	if (!has_md5(c, state, oid, key, &text)) {
		rc = bn_err_set(err, BN_ECORRUPT, "'%s/%s' has other bytes than its name says",
			c->path, key);
		bn_err_hint(err, "remove it, and pull again");
		goto out;
	}
	rc = bn_dvc_listing_parse(l, text.ptr, text.len, key, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- writing ---------------------------------------------------------------------------------- */

int bn_dvc_incoming_begin(bn_dvc_incoming *in, const bn_dvc_cache *c, bn_err *err)
{
	uint64_t tag;
	int rc;
	*in = (bn_dvc_incoming){.c = c, .fd = -1};
	if ((rc = bn_env_random(c->env, &tag, sizeof tag, err)) < 0)
		return rc;
	bn_md5_init(&in->md5);
	snprintf(in->name, sizeof in->name, FILES "/.%016llx.tmp", (unsigned long long)tag);
	if ((rc = make_below(c->dir, FILES, c->shared, err)) < 0 ||
		(rc = bn_dir_open_file(
			 &in->fd, c->dir, in->name, O_RDWR | O_CREAT | O_EXCL, 0600, err)) < 0)
		in->name[0] = '\0';
	return rc;
}

/* Opens what was left under the name `known`. False: nothing, another process is at it, or it is not ours. */
static bool open_left(bn_dvc_incoming *in)
{
	const bn_dvc_cache *c = in->c;
	const bn_env *env = c->env;
	struct stat here, named;
	if (bn_dir_open_file(&in->fd, c->dir, in->known, O_RDWR, 0, NULL) < 0) {
		in->fd = -1;
		return false;
	}
	if (env->fs->flock(env, in->fd, LOCK_EX | LOCK_NB) == 0 &&
		env->fs->fstat(env, in->fd, &here) == 0 &&
		env->fs->stat(env, c->dir, in->known, &named) == 0 &&
		here.st_ino == named.st_ino && here.st_dev == named.st_dev && here.st_nlink == 1 &&
		S_ISREG(here.st_mode) && here.st_uid == env->uid(env)) {
		memcpy(in->name, in->known, sizeof in->name);
		return true;
	}
	env->fs->close(env, in->fd);
	in->fd = -1;
	return false;
}

/* Takes what the open file has. */
static int take_left(bn_dvc_incoming *in, const bn_progress *progress, bn_err *err)
{
	const bn_dvc_cache *c = in->c;
	size_t got = BLOCK;
	int rc = 0;
	char *block = bn_alloc(BLOCK);
	if (!block)
		return bn_err_nomem(err, "a block");
	bn_md5_init(&in->md5);
	while (got == BLOCK) {
		if ((rc = bn_dir_read_at(c->env, c->dir, in->name, in->fd, block, BLOCK,
			     (off_t)in->bytes, &got, err)) < 0 ||
			(rc = bn_progress_step(progress, "hashing", 0, 0, err)) < 0)
			goto out;
		bn_md5_add(&in->md5, block, got);
		in->bytes += got;
	}
	if (lseek(in->fd, (off_t)in->bytes, SEEK_SET) < 0)
		rc = bn_dir_error(err, errno, "cannot position in", c->dir, in->name);
out:
	bn_free(block);
	return rc;
}

int bn_dvc_incoming_continue(bn_dvc_incoming *in, const bn_dvc_cache *c, const bn_dvc_oid *oid,
	const bn_progress *progress, bn_err *err)
{
	*in = (bn_dvc_incoming){.c = c, .fd = -1};
	bool can = !oid->is_dir && !oid->is_legacy;
	if (can)
		snprintf(in->known, sizeof in->known, FILES "/.%s.tmp", oid->md5);
	if (can && open_left(in)) {
		int rc = take_left(in, progress, err);
		if (rc < 0)
			bn_dvc_incoming_leave(in);
		return rc;
	}
	int rc = bn_dvc_incoming_begin(in, c, err);
	if (can && rc == 0)
		snprintf(in->known, sizeof in->known, FILES "/.%s.tmp", oid->md5);
	return rc;
}

/* From here on it is found again. Where another process has the name, or links are not to be had, it is not. */
static void take_known_name(bn_dvc_incoming *in)
{
	const bn_dvc_cache *c = in->c;
	const bn_env *env = c->env;
	if (env->fs->flock(env, in->fd, LOCK_EX | LOCK_NB) == 0 &&
		env->fs->link(env, c->dir, in->name, c->dir, in->known) == 0) {
		env->fs->unlink(env, c->dir, in->name);
		memcpy(in->name, in->known, sizeof in->name);
	} else {
		in->known[0] = '\0';
	}
}

int bn_dvc_incoming_add(bn_dvc_incoming *in, const void *bytes, size_t n, bn_err *err)
{
	bn_md5_add(&in->md5, bytes, n);
	in->bytes += n;
	int rc = bn_dir_write_all(in->c->env, in->c->dir, in->name, in->fd, bytes, n, err);
	if (rc < 0)
		return rc;
	if (in->known[0] && in->bytes >= LEFT_FROM && strcmp(in->name, in->known) != 0)
		take_known_name(in);
	return 0;
}

bool bn_dvc_incoming_clone(bn_dvc_incoming *in, int fd)
{
	return ioctl(in->fd, FICLONE, fd) == 0;
}

/* The MD5 by the rule of DVC 2, which is not that of the bytes as they came. */
static int legacy_md5(bn_dvc_incoming *in, char hex[BN_MD5_HEX + 1], bn_err *err)
{
	uint64_t size;
	return bn_md5_open_file(in->c->env, in->fd, in->name, true, NULL, NULL, hex, &size, err);
}

static int name_it(bn_dvc_incoming *in, const bn_dvc_oid *oid, bn_err *err)
{
	const bn_dvc_cache *c = in->c;
	char key[BN_DVC_KEY], dir[BN_DVC_KEY];
	int rc, e;
	bn_dvc_key(oid, key);
	if (bn_dvc_cache_has(c, oid))
		return 0; /* the temporary one is removed by the caller */
	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(key, '/') - key), key);
	if ((rc = make_below(c->dir, dir, c->shared, err)) < 0 ||
		(rc = bn_dir_sync_file(c->env, c->dir, in->name, in->fd, err)) < 0)
		return rc;
	if ((e = c->env->fs->fchmod(c->env, in->fd, OBJECT_MODE)) < 0)
		return bn_dir_error(err, -e, "cannot set the mode of", c->dir, in->name);
	if ((e = c->env->fs->rename(c->env, c->dir, in->name, c->dir, key)) < 0)
		return bn_dir_error(err, -e, "cannot rename", c->dir, in->name);
	in->name[0] = '\0';
	return 0;
}

int bn_dvc_incoming_finish(bn_dvc_incoming *in, bn_dvc_oid *oid, const char *what, bn_err *err)
{
	char hex[BN_MD5_HEX + 1];
	int rc = 0;
	if (in->verified)
		memcpy(hex, oid->md5, sizeof hex);
	else
		bn_md5_finish(&in->md5, hex);
	if (oid->is_legacy && !oid->is_dir && strcmp(hex, oid->md5) != 0 &&
		(rc = legacy_md5(in, hex, err)) < 0)
		goto out;
	if (!oid->md5[0]) {
		memcpy(oid->md5, hex, sizeof oid->md5);
	} else if (strcmp(hex, oid->md5) != 0) {
		rc = bn_err_set(err, BN_ECORRUPT, "%s: the bytes have MD5 %s instead of %s", what,
			hex, oid->md5);
		bn_err_hint(err, "they were damaged or replaced where they are; nothing was kept");
		goto out;
	}
	rc = name_it(in, oid, err);
out:
	bn_dvc_incoming_abort(in);
	return rc;
}

void bn_dvc_incoming_abort(bn_dvc_incoming *in)
{
	if (in->fd >= 0)
		in->c->env->fs->close(in->c->env, in->fd);
	if (in->name[0])
		in->c->env->fs->unlink(in->c->env, in->c->dir, in->name);
	in->fd = -1;
	in->name[0] = '\0';
}

void bn_dvc_incoming_leave(bn_dvc_incoming *in)
{
	if (in->known[0] && !strcmp(in->name, in->known))
		in->name[0] = '\0';
	bn_dvc_incoming_abort(in);
}

int bn_dvc_cache_put_listing(
	bn_dvc_oid *oid, int64_t *size, const bn_dvc_cache *c, const bn_dvc_listing *l, bn_err *err)
{
	bn_dvc_incoming in = {.fd = -1};
	bn_buf text = BN_BUF_INIT;
	int rc;
	*size = 0;
	for (size_t i = 0; i < l->count; i++)
		*size += l->items[i].size;
	*oid = (bn_dvc_oid){.is_dir = true};
	if ((rc = bn_dvc_listing_write(&text, l, err)) < 0 ||
		(rc = bn_dvc_incoming_begin(&in, c, err)) < 0 ||
		(rc = bn_dvc_incoming_add(&in, text.ptr, text.len, err)) < 0)
		goto out;
	rc = bn_dvc_incoming_finish(&in, oid, "a listing", err);
out:
	if (in.c)
		bn_dvc_incoming_abort(&in);
	bn_buf_release(&text);
	return rc;
}
