/* checkout.c - makes an output's path what it says: see place.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/objects.h"
#include "core/dvc/place.h"

#include <errno.h>
#include <string.h>

/* What there is (scan) and what there shall be (want), both in order. */
typedef struct change {
	bn_dvc_placer *p;
	const bn_dvc_out *o;
	bn_dvc_scan scan;
	bn_dvc_listing want;
	bool force;
	bn_err *err;
} change;

static int load_want(change *c)
{
	bn_dvc_oid oid = bn_dvc_oid_of(c->o);
	if (c->o->is_dir)
		return bn_dvc_cache_listing(
			&c->want, &c->p->s->cache, c->p->s->state, &oid, c->err);
	return bn_dvc_listing_add(&c->want, "", c->o->md5, c->o->size, c->err);
}

static char *path_of(const change *c, const bn_dvc_entry *e)
{
	return *e->path ? bn_strf("%s/%s", c->o->path, e->path) : bn_strdup(c->o->path);
}

/* Whether the bytes of a file in the working tree are kept in the cache, in either layout. */
static bool is_kept(const change *c, const bn_dvc_entry *e)
{
	bn_dvc_oid oid = bn_dvc_oid_in(c->o, e);
	return e->md5[0] && bn_dvc_cache_has(&c->p->s->cache, &oid);
}

/* What is there at a wanted file's place; NULL: nothing, or the same. The kinds of both are equal. */
static const bn_dvc_entry *wanted(const change *c, const bn_dvc_entry *there)
{
	return bn_dvc_listing_find(&c->want, there->path);
}

/* Files that would be lost: neither wanted as they are nor kept. */
static int check_losses(const change *c, bool same_kind)
{
	const bn_dvc_entry *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < c->scan.files.count; i++) {
		const bn_dvc_entry *there = &c->scan.files.items[i],
				   *want = same_kind ? wanted(c, there) : NULL;
		if ((want && !strcmp(want->md5, there->md5)) || is_kept(c, there))
			continue;
		first = first ? first : there;
		n++;
	}
	if (!n || c->force)
		return 0;
	char *path = path_of(c, first);
	if (n == 1)
		bn_err_set(c->err, BN_EREFUSED, "'%s' has changes that are not in the cache",
			path ? path : c->o->path);
	else
		bn_err_set(c->err, BN_EREFUSED,
			"'%s': %zu files have changes that are not in the cache, such as '%s'",
			c->o->path, n, path ? path : "");
	bn_free(path);
	bn_err_hint(c->err, "binnacle dvc add keeps them, --force replaces them");
	return BN_EREFUSED;
}

/* Removes the directories above a path that are empty now, up to the output's. */
static void remove_empty(const change *c, char *path)
{
	const bn_dir *root = c->p->s->repo->root;
	size_t least = strlen(c->o->path);
	for (char *slash; (slash = strrchr(path, '/')) && (size_t)(slash - path) > least;) {
		*slash = '\0';
		if (root->env->fs->rmdir(root->env, root, path) < 0)
			return;
	}
}

static int remove_file(change *c, const bn_dvc_entry *there)
{
	const bn_dir *root = c->p->s->repo->root;
	char *path = path_of(c, there);
	if (!path)
		return bn_err_nomem(c->err, "a path");
	int e = root->env->fs->unlink(root->env, root, path);
	int rc = 0;
	if (e < 0 && e != -ENOENT) {
		rc = bn_dir_error(c->err, -e, "cannot remove", root, path);
		goto out;
	}
	c->p->removed++;
	remove_empty(c, path);
out:
	bn_free(path);
	return rc;
}

static int remove_others(change *c, bool same_kind)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < c->scan.files.count; i++)
		if (!same_kind || !wanted(c, &c->scan.files.items[i]))
			rc = remove_file(c, &c->scan.files.items[i]);
	return rc;
}

/* A directory where a file is to be, whose files are gone. */
static int clear_place(const change *c)
{
	const bn_dir *root = c->p->s->repo->root;
	if (c->scan.kind != BN_DVC_DIR)
		return 0;
	int e = root->env->fs->rmdir(root->env, root, c->o->path);
	if (e == -ENOTEMPTY || e == -EEXIST) {
		bn_err_set(c->err, BN_EREFUSED,
			"'%s' is in the way: it holds what DVC does not see", c->o->path);
		bn_err_hint(c->err, "empty directories, and files that .dvcignore names: remove "
				    "them, or move them");
		return BN_EREFUSED;
	}
	return e < 0 ? bn_dir_error(c->err, -e, "cannot remove", root, c->o->path) : 0;
}

static int place_all(change *c)
{
	bn_dvc_placer *p = c->p;
	for (size_t i = 0; i < c->want.count; i++) {
		const bn_dvc_entry *want = &c->want.items[i],
				   *there = bn_dvc_listing_find(&c->scan.files, want->path);
		bool exec = c->o->is_exec && !c->o->is_dir;
		if (there && !strcmp(there->md5, want->md5) && (!exec || c->scan.is_exec))
			continue;
		bn_dvc_oid oid = bn_dvc_oid_in(c->o, want);
		char *path = path_of(c, want);
		int rc = path ? bn_dvc_place(p, &oid, path, exec, c->err)
			      : bn_err_nomem(c->err, "a path");
		bn_free(path);
		if (rc < 0 || (rc = bn_progress_step(p->s->progress, "placing files", i + 1,
				       c->want.count, c->err)) < 0)
			return rc;
	}
	return 0;
}

/* An output without files is a directory all the same. */
static int make_dir(const change *c)
{
	const bn_dir *root = c->p->s->repo->root;
	int e = root->env->fs->mkdir(root->env, root, c->o->path, 0777);
	if (e < 0 && e != -EEXIST && e != -ENOENT) /* its parents come with its files */
		return bn_dir_error(c->err, -e, "cannot make the directory", root, c->o->path);
	return 0;
}

int bn_dvc_checkout(bn_dvc_placer *p, const bn_dvc_out *o, bool force, bn_err *err)
{
	change c = {.p = p, .o = o, .force = force, .want = BN_DVC_LISTING_INIT, .err = err};
	int rc;
	if ((rc = load_want(&c)) < 0 ||
		(rc = bn_dvc_scan_path(&c.scan, p->s, o->path,
			 o->is_legacy ? BN_DVC_SCAN_DOS2UNIX : BN_DVC_SCAN, err)) < 0)
		goto out;
	bool same_kind = c.scan.kind == (o->is_dir ? BN_DVC_DIR : BN_DVC_FILE);
	if (c.scan.kind == BN_DVC_OTHER) {
		rc = bn_err_set(err, BN_EREFUSED,
			"'%s' is neither a file nor a directory, or is behind a link, so it is not "
			"replaced",
			o->path);
		goto out;
	}
	if ((rc = check_losses(&c, same_kind)) < 0)
		goto out;
	if ((rc = remove_others(&c, same_kind)) < 0 || (!same_kind && (rc = clear_place(&c)) < 0) ||
		(o->is_dir && (rc = make_dir(&c)) < 0))
		goto out;
	rc = place_all(&c);
out:
	bn_dvc_scan_release(&c.scan);
	bn_dvc_listing_release(&c.want);
	return rc;
}
