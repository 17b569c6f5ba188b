/* source.c - see source.h. */
#include "core/dvc/source.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/scan.h"
#include "core/dvc/transfer.h"

#include <string.h>
#include <unistd.h>

typedef struct opening {
	bn_dvc_source *out;
	const bn_env *env;
	const bn_progress *progress;
	bn_dvc_session s;
	const bn_dvc_out *o;
	bn_dvc_oid oid; /* of the file */
	char *path;     /* of the file in the repository */
	bn_err *err;
} opening;

void bn_dvc_source_close(bn_dvc_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	bn_free(s->name);
	bn_free(s->file);
	bn_free(s->path);
	bn_free(s->remote);
	*s = (bn_dvc_source){.fd = -1};
}

/* Whether the path, or a directory above it, has a .dvc file beside it. */
static bool has_pointer(const bn_env *env, const char *path)
{
	char *part = bn_strdup(path), *name = NULL;
	bool has = false;
	for (bool more = part != NULL; more && !has;) {
		name = bn_strf("%s" BN_DVC_SUFFIX, part);
		bn_path_kind kind = BN_PATH_ABSENT;
		has = name && part[0] && bn_fs_look(&kind, env, name, NULL) == 0 &&
		      kind == BN_PATH_FILE;
		bn_free(name);
		char *slash = strrchr(part, '/');
		more = slash && slash > part;
		if (more)
			*slash = '\0';
	}
	bn_free(part);
	return has;
}

/* The output, and in it the file. */
static int find_file(opening *x, const char *word, bool is_pointer)
{
	bn_dvc_chosen chosen = {.numbers = NULL};
	char *path = NULL;
	int rc;
	if ((rc = bn_dvc_repo_relative(&path, x->s.repo, word, x->err)) < 0)
		goto out;
	if (!is_pointer) {
		x->o = bn_dvc_tracked_at(&x->s.tracked, path);
		if (!x->o)
			rc = bn_dvc_session_problem(&x->s, path, x->err);
		x->path = path;
		path = NULL;
		goto out;
	}
	if ((rc = bn_dvc_choose(&chosen, &x->s, &word, 1, x->err)) < 0)
		goto out;
	if (chosen.count != 1) {
		rc = bn_err_set(x->err, BN_EINVAL, "%s tracks %zu files; name one of them", word,
			chosen.count);
		goto out;
	}
	x->o = &x->s.tracked.outs.items[chosen.numbers[0]];
	if (!(x->path = bn_strdup(x->o->path)))
		rc = bn_err_nomem(x->err, "a path");
out:
	bn_dvc_chosen_release(&chosen);
	bn_free(path);
	return rc;
}

/* Whether something at the path is not what is tracked. */
static int check_work(opening *x)
{
	bn_dvc_scan scan;
	int rc = bn_dvc_scan_path(&scan, &x->s, x->path,
		x->oid.is_legacy ? BN_DVC_SCAN_DOS2UNIX : BN_DVC_SCAN, x->err);
	if (rc < 0 || scan.kind == BN_DVC_ABSENT)
		goto out;
	x->out->changed =
		scan.kind != BN_DVC_FILE || strcmp(scan.files.items[0].md5, x->oid.md5) != 0;
out:
	bn_dvc_scan_release(&scan);
	return rc;
}

static int fetch(opening *x, const bn_dvc_oid *oid)
{
	const bn_dvc_transfer_options options = {.fetch_only = true};
	bn_dvc_moved moved = {.places = NULL};
	int rc = 0;
	if (bn_dvc_cache_has(&x->s.cache, oid))
		return 0;
	if (x->s.repo->lock < 0) { /* the cache is written to */
		bn_dvc_cache_close(&x->s.cache);
		if ((rc = bn_dvc_repo_lock(x->s.repo, x->err)) < 0 ||
			(rc = bn_dvc_cache_open(&x->s.cache, x->s.repo, true, x->err)) < 0)
			return rc;
	}
	if ((rc = bn_dvc_fetch_one(&moved, &x->s, x->o, oid, &options, x->err)) < 0)
		goto out;
	x->out->fetched = true;
	bn_free(x->out->remote);
	x->out->remote = moved.places;
	moved.places = NULL;
out:
	bn_dvc_moved_release(&moved);
	return rc;
}

/* The identity of the file in a directory output. */
static int find_entry(opening *x)
{
	bn_dvc_listing l = BN_DVC_LISTING_INIT;
	const bn_dvc_entry *e = NULL;
	bn_dvc_oid own = bn_dvc_oid_of(x->o);
	size_t n = strlen(x->o->path);
	int rc;
	if (!x->path[n]) {
		bn_err_set(x->err, BN_EINVAL, "'%s' is a directory that DVC tracks", x->path);
		bn_err_hint(x->err, "name one file in it");
		return BN_EINVAL;
	}
	if ((rc = fetch(x, &own)) < 0 ||
		(rc = bn_dvc_cache_listing(&l, &x->s.cache, x->s.state, &own, x->err)) < 0)
		goto out;
	if ((e = bn_dvc_listing_find(&l, x->path + n + 1)))
		x->oid = bn_dvc_oid_in(x->o, e);
	else
		x->out->changed = true; /* a file that is not in the listing yet, or is nowhere */
out:
	bn_dvc_listing_release(&l);
	return rc;
}

static int open_verified(opening *x)
{
	char hex[BN_MD5_HEX + 1];
	uint64_t size;
	int rc = bn_dvc_cache_open_object(&x->out->fd, &x->s.cache, &x->oid, x->err);
	if (rc < 0)
		return rc;
	if ((rc = bn_md5_open_file(x->env, x->out->fd, x->path, x->oid.is_legacy, NULL, NULL, hex,
		     &size, x->err)) < 0)
		return rc;
	if (!strcmp(hex, x->oid.md5))
		return 0;
	bn_err_set(x->err, BN_ECORRUPT, "'%s': its object in the cache has MD5 %s instead of %s",
		x->path, hex, x->oid.md5);
	bn_err_hint(x->err, "remove the object, and pull again");
	return BN_ECORRUPT;
}

static int describe(opening *x)
{
	bn_dvc_source *out = x->out;
	memcpy(out->md5, x->oid.md5, sizeof out->md5);
	if (!bn_dvc_git_head(x->s.repo->git, out->rev))
		out->rev[0] = '\0';
	out->path = x->path;
	x->path = NULL;
	out->file = bn_strdup(x->o->file);
	return out->file ? 0 : bn_err_nomem(x->err, "a source");
}

static int open_tracked(opening *x, const char *word, bool is_pointer, bool exists)
{
	int rc;
	if ((rc = bn_dvc_session_open(&x->s, x->env, word, false, x->progress, x->err)) < 0 ||
		(rc = find_file(x, word, is_pointer)) < 0)
		return rc;
	if (!x->o || x->o->uncached)
		return 0;
	if (!x->o->md5[0])
		return exists ? 0
			      : bn_err_set(x->err, BN_ENOTFOUND, "%s has no hash of '%s' yet",
					x->o->file, x->path);
	x->oid = bn_dvc_oid_of(x->o);
	if ((x->o->is_dir && (rc = find_entry(x)) < 0) || x->out->changed ||
		(rc = check_work(x)) < 0 || x->out->changed)
		return rc;
	if ((rc = fetch(x, &x->oid)) < 0 || (rc = open_verified(x)) < 0)
		return rc;
	return describe(x);
}

int bn_dvc_source_open(bn_dvc_source *out, const bn_env *env, const char *path,
	const bn_progress *progress, bn_err *err)
{
	opening x = {.out = out, .env = env, .progress = progress, .err = err};
	bn_path_kind kind = BN_PATH_ABSENT;
	size_t n = strlen(path);
	int rc = 0;
	*out = (bn_dvc_source){.fd = -1};
	if (bn_fs_look(&kind, env, path, NULL) < 0)
		return 0; /* who opens it says why */
	bool is_pointer = kind == BN_PATH_FILE && n > 4 && bn_str_ends(path, BN_DVC_SUFFIX);
	if (kind != BN_PATH_ABSENT && !is_pointer && !has_pointer(env, path))
		return 0;
	if (!(out->name = is_pointer ? bn_strndup(path, n - 4) : bn_strdup(path)))
		return bn_err_nomem(err, "a path");
	bn_err why = BN_ERR_INIT;
	x.err = &why;
	rc = open_tracked(&x, path, is_pointer, kind != BN_PATH_ABSENT);
	if (rc == BN_ENOTFOUND && !x.s.repo) /* in no repository */
		rc = 0;
	else if (rc < 0)
		bn_err_move(err, &why);
	bn_dvc_session_close(&x.s);
	bn_free(x.path);
	if (rc < 0 && out->fd >= 0) {
		close(out->fd);
		out->fd = -1;
	}
	return rc;
}
