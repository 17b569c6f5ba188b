/* add.c - see add.h. */
#include "core/dvc/add.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/ignore.h"
#include "core/dvc/place.h"
#include "core/dvc/scan.h"

#include <string.h>

void bn_dvc_added_release(bn_dvc_added *added)
{
	bn_free(added->path);
	bn_free(added->file);
	*added = (bn_dvc_added){.path = NULL};
}

/* ---- whether it may be tracked ------------------------------------------------------------------ */

static bool is_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return !strncmp(path, dir, n) && path[n] == '/';
}

/* *before: the output at this path now, or NULL. */
static int check_others(
	const bn_dvc_out **before, const bn_dvc_session *s, const char *path, bn_err *err)
{
	*before = NULL;
	for (size_t i = 0; i < s->tracked.outs.count; i++) {
		const bn_dvc_out *o = &s->tracked.outs.items[i];
		if (!strcmp(o->path, path))
			*before = o;
		if (is_in(path, o->path)) {
			bn_err_set(err, BN_EREFUSED, "'%s' is in '%s', which %s tracks", path,
				o->path, o->file);
			bn_err_hint(err, "add '%s': its listing is made again", o->path);
			return BN_EREFUSED;
		}
		if (is_in(o->path, path)) {
			bn_err_set(err, BN_EREFUSED, "'%s' is in '%s', and %s tracks it", o->path,
				path, o->file);
			bn_err_hint(err, "stop tracking that first: dvc remove %s", o->file);
			return BN_EREFUSED;
		}
	}
	if (*before && ((*before)->stage || (*before)->has_deps)) {
		bn_err_set(err, BN_EREFUSED, "'%s' is made by %s, so it is not added", path,
			(*before)->file);
		bn_err_hint(err, "dvc commit accepts what is there, dvc repro makes it again");
		return BN_EREFUSED;
	}
	return 0;
}

/* A path that DVC would not see again. */
static int check_seen(const bn_dvc_session *s, const char *path, bool is_dir, bn_err *err)
{
	bn_dvc_ignore ig = BN_DVC_IGNORE_INIT;
	bool ignored = false;
	int rc = bn_dvc_ignore_load_above(&ig, &ignored, s->repo->root, path, is_dir, err);
	bn_dvc_ignore_release(&ig);
	if (rc < 0 || !ignored)
		return rc;
	return bn_err_set(err, BN_EREFUSED, "'%s' is ignored by .dvcignore", path);
}

static int check_git(const bn_dvc_session *s, const char *path, bn_err *err)
{
	if (!bn_dvc_git_tracks(s->repo->git, path))
		return 0;
	bn_err_set(err, BN_EREFUSED, "'%s' is tracked by Git, so DVC cannot track it", path);
	bn_err_hint(err, "git rm -r --cached '%s', and commit that", path);
	return BN_EREFUSED;
}

/* What was scanned can be tracked as it is. */
static int check_scan(const bn_dvc_scan *scan, const char *path, bn_err *err)
{
	if (scan->kind == BN_DVC_ABSENT)
		return bn_err_set(err, BN_ENOTFOUND, "there is no '%s'", path);
	if (scan->kind == BN_DVC_OTHER)
		return bn_err_set(err, BN_EINVAL, "'%s' is neither a file nor a directory", path);
	for (size_t i = 0; i < scan->files.count; i++) {
		const bn_dvc_entry *e = &scan->files.items[i];
		if (e->md5[0])
			continue;
		bn_err_set(err, BN_EINVAL, "'%s%s%s' is a link (or no file), which is not tracked",
			path, *e->path ? "/" : "", e->path);
		bn_err_hint(err, "replace it by the file itself, or name it in .dvcignore");
		return BN_EINVAL;
	}
	return 0;
}

/* ---- .dvc and .gitignore ------------------------------------------------------------------------ */

static int write_pointer(
	bn_dvc_added *a, const bn_dvc_session *s, const bn_dvc_out *o, bool is_new, bn_err *err)
{
	bn_buf old = BN_BUF_INIT, text = BN_BUF_INIT;
	int rc;
	if (is_new) {
		rc = bn_dvc_pointer_write(&text, o, bn_path_base(o->path), err);
	} else if ((rc = bn_dir_read_file(s->repo->root, o->file, &old, err)) == 0) {
		rc = bn_dvc_pointer_rewrite(&text, old.ptr, old.len, o, err);
	}
	if (rc < 0)
		goto out;
	a->changed = is_new || text.len != old.len || memcmp(text.ptr, old.ptr, old.len) != 0;
	if (a->changed)
		rc = bn_dvc_write_text(s->repo->root, o->file, text.ptr, text.len, err);
out:
	bn_buf_release(&old);
	bn_buf_release(&text);
	return rc;
}

/* "/name", with the characters that have a meaning in .gitignore escaped, in the file of the path's directory. */
static int ignore_in_git(
	bn_dvc_added *a, const bn_dvc_session *s, const char *path, bool is_dir, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	const char *name = bn_path_base(path);
	int rc;
	if (!s->repo->git || bn_dvc_git_ignores(s->repo->git, path, is_dir))
		return 0;
	char *file = bn_strf("%.*s.gitignore", (int)(name - path), path);
	if (!file)
		return bn_err_nomem(err, "a path");
	rc = bn_dir_read_file(s->repo->root, file, &text, &why);
	if (rc < 0 && rc != BN_ENOTFOUND) {
		rc = bn_err_move(err, &why);
		goto out;
	}
	if (text.len && text.ptr[text.len - 1] != '\n')
		bn_buf_addch(&text, '\n');
	bn_buf_addch(&text, '/');
	for (const char *p = name; *p; p++) {
		if (strchr("[]!*#?", *p))
			bn_buf_addch(&text, '\\');
		bn_buf_addch(&text, *p);
	}
	bn_buf_addch(&text, '\n');
	if ((rc = bn_buf_check(&text, err, file)) == 0)
		rc = bn_dvc_write_text(s->repo->root, file, text.ptr, text.len, err);
	a->ignored = rc == 0;
out:
	bn_free(file);
	bn_buf_release(&text);
	return rc;
}

/* ---- adding ----------------------------------------------------------------------------------- */

/* Where files are links to the cache, those just stored become links, unless they have changed since. */
static int relink(bn_dvc_session *s, const bn_dvc_scan *scan, const char *path, bn_err *err)
{
	const bn_dir *root = s->repo->root;
	bn_dvc_placer placer;
	struct stat st;
	int rc = 0;
	if (s->cache.links[0] != BN_DVC_HARDLINK && s->cache.links[0] != BN_DVC_SYMLINK)
		return 0;
	bn_dvc_placer_init(&placer, s);
	for (size_t i = 0; rc == 0 && i < scan->files.count; i++) {
		const bn_dvc_entry *e = &scan->files.items[i];
		bn_dvc_oid oid = {.is_dir = false};
		memcpy(oid.md5, e->md5, sizeof oid.md5);
		char *full = *e->path ? bn_strf("%s/%s", path, e->path) : bn_strdup(path);
		if (!full)
			rc = bn_err_nomem(err, "a path");
		else if (root->env->fs->stat(root->env, root, full, &st) == 0 &&
			 S_ISREG(st.st_mode) && st.st_ino == e->inode &&
			 (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec ==
				 e->modified_ns)
			rc = bn_dvc_place(&placer, &oid, full, scan->is_exec, err);
		bn_free(full);
	}
	bn_dvc_placer_finish(&placer);
	return rc;
}

/* What the .dvc file says of it. */
static int describe(bn_dvc_out *o, bn_dvc_added *a, const bn_dvc_session *s,
	const bn_dvc_scan *scan, bn_err *err)
{
	bn_dvc_oid oid = {.is_dir = false};
	int rc;
	o->is_dir = scan->kind == BN_DVC_DIR;
	o->is_exec = scan->is_exec;
	o->is_legacy = false;
	o->nfiles = -1;
	if (o->is_dir) {
		o->nfiles = (int64_t)scan->files.count;
		if ((rc = bn_dvc_cache_put_listing(&oid, &o->size, &s->cache, &scan->files, err)) <
			0)
			return rc;
	} else {
		memcpy(oid.md5, scan->files.items[0].md5, sizeof oid.md5);
		o->size = scan->files.items[0].size;
	}
	memcpy(o->md5, oid.md5, sizeof o->md5);
	memcpy(a->md5, oid.md5, sizeof a->md5);
	a->is_dir = o->is_dir;
	a->size = o->size;
	a->nfiles = o->nfiles;
	return 0;
}

/* The size of a file that is a link to the cache is that of the object. */
static int fill_sizes(bn_dvc_scan *scan, const bn_dvc_cache *c, bn_err *err)
{
	for (size_t i = 0; i < scan->files.count; i++) {
		bn_dvc_entry *e = &scan->files.items[i];
		bn_dvc_oid oid = {.is_dir = false};
		struct stat st;
		char key[BN_DVC_KEY];
		int rc;
		if (e->size >= 0)
			continue;
		memcpy(oid.md5, e->md5, sizeof oid.md5);
		if ((rc = bn_dir_stat(c->dir, bn_dvc_key(&oid, key), &st, err)) < 0)
			return rc;
		e->size = st.st_size;
	}
	return 0;
}

static int add_path(bn_dvc_added *a, bn_dvc_session *s, const bn_dvc_out *before, bn_err *err)
{
	bn_dvc_out o = {.file = a->file, .path = a->path};
	bn_dvc_scan scan;
	int rc = bn_dvc_scan_path(&scan, s, a->path, BN_DVC_SCAN_STORE, err);
	if (before) {
		o = *before;
		o.file = a->file;
		o.path = a->path;
	}
	if (rc < 0 || (rc = check_scan(&scan, a->path, err)) < 0 ||
		(rc = fill_sizes(&scan, &s->cache, err)) < 0 ||
		(rc = describe(&o, a, s, &scan, err)) < 0 ||
		(rc = write_pointer(a, s, &o, !before, err)) < 0 ||
		(rc = ignore_in_git(a, s, a->path, o.is_dir, err)) < 0)
		goto out;
	rc = relink(s, &scan, a->path, err);
out:
	bn_dvc_scan_release(&scan);
	return rc;
}

int bn_dvc_add(bn_dvc_added *a, bn_dvc_session *s, const char *word, bn_err *err)
{
	const bn_dvc_out *before = NULL;
	char *given = NULL;
	struct stat st;
	int rc;
	*a = (bn_dvc_added){.nfiles = -1};
	if ((rc = bn_dvc_repo_relative(&given, s->repo, word, err)) < 0 ||
		(rc = bn_dvc_path_below(&a->path, "", NULL, given, "the path", err)) < 0 ||
		(rc = bn_dir_stat(s->repo->root, a->path, &st, err)) < 0 ||
		(rc = check_others(&before, s, a->path, err)) < 0 ||
		(rc = check_seen(s, a->path, S_ISDIR(st.st_mode), err)) < 0 ||
		(rc = check_git(s, a->path, err)) < 0 ||
		(rc = bn_dvc_repo_check_free(s->repo, a->path, err)) < 0)
		goto out;
	a->is_new = !before;
	if (!(a->file = before ? bn_strdup(before->file) : bn_strf("%s" BN_DVC_SUFFIX, a->path))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if (!before && bn_dir_has(s->repo->root, a->file)) {
		rc = bn_err_set(err, BN_EREFUSED,
			"there is a '%s' already, which does not track '%s'", a->file, a->path);
		goto out;
	}
	rc = add_path(a, s, before, err);
out:
	bn_free(given);
	return rc;
}
