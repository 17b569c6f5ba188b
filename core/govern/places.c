/* places.c - see places.h. */
#include "core/govern/places.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/_host_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "trust/paths"
#define KIND "paths"
#define EVERYWHERE "-" /* scope of a path on a network file system */

typedef struct entry {
	int64_t version, inode;
	char scope[BN_HOST_NAME];
	char id[BN_UUID_TEXT]; /* "": forgotten */
	char *path;
} entry;

typedef struct entries {
	entry *items; /* by (path, scope) */
	size_t count, cap;
} entries;

static void entries_release(entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		bn_free(e->items[i].path);
	bn_free(e->items);
	*e = (entries){0};
}

/* ---- text ----------------------------------------------------------------------------------- */

static bool field_text(char *out, size_t size, const bn_host_line *l, size_t i)
{
	if (l->len[i] >= size)
		return false;
	memcpy(out, l->at[i], l->len[i]);
	out[l->len[i]] = '\0';
	return true;
}

/* Takes path, also on failure. */
static int entry_add(entries *e, const entry *given)
{
	if (bn_grow(&e->items, &e->cap, e->count + 1, sizeof *e->items) < 0) {
		bn_free(given->path);
		return BN_ENOMEM;
	}
	e->items[e->count++] = *given;
	return 0;
}

static int entry_parse(entries *e, const bn_host_line *l)
{
	entry x = {0};
	if (!bn_host_line_is(l, "path", 6) ||
		!bn_host_line_number(l, 1, INT64_MAX - 1, &x.version) ||
		!field_text(x.scope, sizeof x.scope, l, 2) ||
		!bn_host_line_number(l, 3, INT64_MAX, &x.inode) ||
		!field_text(x.id, sizeof x.id, l, 4))
		return BN_ECORRUPT;
	if (!strcmp(x.id, "-"))
		x.id[0] = '\0';
	int rc = bn_host_line_name(&x.path, l, 5);
	if (rc < 0)
		return rc;
	if (x.path[0] != '/') {
		bn_free(x.path);
		return BN_ECORRUPT;
	}
	return entry_add(e, &x);
}

/* Adds the lines of a file; none of them on failure. */
static int entries_parse(entries *e, const char *body, size_t n, bn_err *err)
{
	bn_host_line l;
	size_t first = e->count, number = 0;
	const char *at = body, *end = body + n;
	int rc;
	while ((rc = bn_host_line_next(&l, &at, end)) == 1) {
		number++;
		if ((rc = entry_parse(e, &l)) < 0)
			break;
	}
	if (rc == BN_ENOMEM)
		return bn_err_nomem(err, "places");
	if (rc < 0) {
		while (e->count > first)
			bn_free(e->items[--e->count].path);
		return bn_err_set(
			err, BN_ECORRUPT, "has an invalid line: %zu after the head", number);
	}
	return 0;
}

static void entries_format(bn_buf *out, const entries *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const entry *x = &e->items[i];
		bn_buf_addf(out, "path %lld %s %lld %s ", (long long)x->version, x->scope,
			(long long)x->inode, x->id[0] ? x->id : "-");
		bn_host_name_add(out, x->path);
		bn_buf_addch(out, '\n');
	}
}

/* The valid statement about a path comes first. */
static int by_path(const void *a, const void *b)
{
	const entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);
	if (!order)
		order = strcmp(x->scope, y->scope);
	if (order)
		return order;
	if (x->version != y->version)
		return x->version > y->version ? -1 : 1;
	order = strcmp(y->id, x->id);
	if (order)
		return order;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static void entries_settle(entries *e)
{
	size_t kept = 0;
	if (!e->count)
		return;
	qsort(e->items, e->count, sizeof *e->items, by_path);
	for (size_t i = 0; i < e->count; i++) {
		const entry *last = kept ? &e->items[kept - 1] : NULL;
		if (last && !strcmp(last->path, e->items[i].path) &&
			!strcmp(last->scope, e->items[i].scope))
			bn_free(e->items[i].path);
		else
			e->items[kept++] = e->items[i];
	}
	e->count = kept;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Merges the files. why: what is wrong with one of them, or "". BN_ECORRUPT if none can be trusted. */
static int entries_of(entries *e, bn_host_files *f, char why[256], bn_err *err)
{
	size_t good = 0, bad = 0;
	for (size_t i = 0; i < f->count; i++) {
		bn_host_file *file = &f->items[i];
		int rc = 0;
		if (file->state == BN_HOST_FILE_COVERED)
			continue;
		if (file->state == BN_HOST_FILE_READ &&
			(rc = entries_parse(e, file->body, file->n, &file->why)) < 0) {
			if (rc == BN_ENOMEM)
				return bn_err_move(err, &file->why);
			bn_err_prefix(&file->why, "'%s/%s'", f->dir->path, file->host);
			file->state = BN_HOST_FILE_BAD;
		}
		good += file->state == BN_HOST_FILE_READ;
		bad += file->state != BN_HOST_FILE_READ;
		if (file->state != BN_HOST_FILE_READ)
			snprintf(why, 256, "%.255s", file->why.msg);
	}
	entries_settle(e);
	return bad && !good ? bn_err_set(err, BN_ECORRUPT, "%s", why) : 0;
}

typedef struct here {
	const bn_env *env;
	char *path;
	struct stat st;
	bool network;
} here;

static int here_look(here *h, const bn_env *env, const char *root, bn_err *err)
{
	int e, rc;
	char *real = NULL;
	*h = (here){.env = env};
	if ((rc = bn_path_real(&real, root, err)) < 0)
		return rc;
	size_t n = (size_t)(bn_path_base(real) - real);
	while (n > 1 && real[n - 1] == '/')
		n--;
	h->path = bn_strndup(real, n);
	bn_free(real);
	if (!h->path)
		return bn_err_nomem(err, "a file name");
	if ((e = env->fs->stat(env, NULL, h->path, &h->st)) < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", h->path);
	h->network = bn_fs_is_network(h->path);
	return 0;
}

static bool counts_here(const entry *x, const char *own)
{
	return x->id[0] && (!strcmp(x->scope, EVERYWHERE) || !strcmp(x->scope, own));
}

static bool is_below(const char *path, const char *above)
{
	size_t n = strlen(above);
	if (!strcmp(above, "/"))
		return path[1] != '\0';
	return !strncmp(path, above, n) && path[n] == '/';
}

/* Whether the known path is still this directory, seen through another mount. */
static bool is_same_directory(const entry *x, const here *h)
{
	struct stat st;
	if (x->inode != (int64_t)h->st.st_ino)
		return false;
	return h->env->fs->stat(h->env, NULL, x->path, &st) == 0 && st.st_dev == h->st.st_dev &&
	       st.st_ino == h->st.st_ino;
}

/* The deciding entry and its result. */
static bn_place_kind decide(
	const entry **by, const entries *e, const here *h, const char *own, const char *id)
{
	const entry *mount = NULL, *above = NULL, *moved = NULL;
	*by = NULL;
	for (size_t i = 0; i < e->count; i++) {
		const entry *x = &e->items[i];
		if (!counts_here(x, own))
			continue;
		if (!strcmp(x->path, h->path)) {
			*by = x;
			if (strcmp(x->id, id))
				return BN_PLACE_OTHER;
		} else if (is_same_directory(x, h)) {
			mount = x;
		} else if (strcmp(x->id, id) != 0 && is_below(h->path, x->path) &&
			   (!above || strlen(x->path) > strlen(above->path))) {
			above = x;
		}
		if (!strcmp(x->id, id))
			moved = x;
	}
	if (*by)
		return BN_PLACE_KNOWN;
	*by = mount;
	if (mount)
		return strcmp(mount->id, id) ? BN_PLACE_OTHER : BN_PLACE_MOVED;
	*by = above;
	if (above)
		return BN_PLACE_BENEATH;
	*by = moved;
	return moved ? BN_PLACE_MOVED : BN_PLACE_NEW;
}

/* Whether another directory than the one that was found is the workspace at `path`. */
static bool lies_there_too(const bn_env *env, const here *h, const char *path)
{
	struct stat st;
	char *root = bn_path_join(path, ".binnacle");
	bool is = root && env->fs->stat(env, NULL, root, &st) == 0 && S_ISDIR(st.st_mode) &&
		  env->fs->stat(env, NULL, path, &st) == 0 && st.st_ino != h->st.st_ino;
	bn_free(root);
	return is;
}

int bn_place_find(
	bn_place *out, const bn_env *env, const char *root, const char *workspace_id, bn_err *err)
{
	here h = {0};
	entries e = {0};
	bn_host_files f = {.lock = -1};
	bn_err why = BN_ERR_INIT;
	const entry *by = NULL;
	int rc;
	*out = (bn_place){0};
	if ((rc = here_look(&h, env, root, err)) < 0)
		goto out;
	if ((rc = bn_host_files_open(&f, env, FOLDER, KIND, err)) < 0)
		goto out;
	if ((rc = entries_of(&e, &f, out->why, &why)) == BN_ENOMEM) {
		bn_err_move(err, &why);
		goto out;
	}
	out->kind = BN_PLACE_UNREAD;
	if (rc >= 0 && f.state != BN_HOST_FILES_DISTRUSTED)
		out->kind = decide(&by, &e, &h, f.own, workspace_id);
	rc = 0;
	if (f.why.code) /* without a home there is no memory either, which reports it */
		snprintf(out->why, sizeof out->why, "%.255s", f.why.msg);
	out->path = h.path;
	h.path = NULL;
	if (by && !(out->other_path = bn_strdup(by->path)))
		rc = bn_err_nomem(err, "a file name");
	if (by)
		snprintf(out->other_id, sizeof out->other_id, "%s", by->id);
	out->is_copy = by && out->kind == BN_PLACE_MOVED && lies_there_too(env, &h, by->path);
out:
	bn_free(h.path);
	entries_release(&e);
	bn_host_files_close(&f);
	return rc;
}

/* The deepest known path of another workspace at or above `named` and below the found one. */
static const entry *entry_on_the_way(
	const entries *e, const char *own, const char *named, const char *found, const char *id)
{
	const entry *on = NULL;
	for (size_t i = 0; i < e->count; i++) {
		const entry *x = &e->items[i];
		if (counts_here(x, own) && strcmp(x->id, id) != 0 && is_below(x->path, found) &&
			(!strcmp(x->path, named) || is_below(named, x->path)) &&
			(!on || strlen(x->path) > strlen(on->path)))
			on = x;
	}
	return on;
}

int bn_place_find_lost(
	bn_place *p, const bn_env *env, const char *named, const char *workspace_id, bn_err *err)
{
	entries e = {0};
	bn_host_files f = {.lock = -1};
	char *real = NULL, why[256] = "";
	int rc = bn_path_real(&real, named, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_host_files_open(&f, env, FOLDER, KIND, err)) < 0)
		goto out;
	/* bn_place_find reports what cannot be read. */
	if (entries_of(&e, &f, why, NULL) == BN_ENOMEM) {
		rc = bn_err_nomem(err, "places");
		goto out;
	}
	const entry *on = entry_on_the_way(&e, f.own, real, p->path, workspace_id);
	if (!on)
		goto out;
	snprintf(p->lost_id, sizeof p->lost_id, "%s", on->id);
	if (!(p->lost_path = bn_strdup(on->path)))
		rc = bn_err_nomem(err, "a file name");
out:
	entries_release(&e);
	bn_host_files_close(&f);
	bn_free(real);
	return rc;
}

void bn_place_release(bn_place *p)
{
	bn_free(p->lost_path);
	bn_free(p->path);
	bn_free(p->other_path);
	*p = (bn_place){0};
}

/* ---- writing -------------------------------------------------------------------------------- */

static int entries_write(const entries *e, bn_host_files *f, bn_err *err)
{
	bn_buf body = BN_BUF_INIT;
	entries_format(&body, e);
	int rc = bn_buf_check(&body, err, "places");
	if (rc < 0)
		goto out;
	rc = bn_host_files_write(f, body.ptr, body.len, err);
out:
	bn_buf_release(&body);
	return rc;
}

static const entry *entry_find(const entries *e, const char *path, const char *scope)
{
	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->items[i].path, path) && !strcmp(e->items[i].scope, scope))
			return &e->items[i];
	return NULL;
}

/* Other statements about this path are obsolete: it may have been on another file system. */
static void others_forget(entries *e, const char *path, const char *own)
{
	for (size_t i = 0; i < e->count; i++) {
		entry *x = &e->items[i];
		if (counts_here(x, own) && !strcmp(x->path, path)) {
			x->id[0] = '\0';
			x->version++;
		}
	}
}

/* Whether there is something to record about h; puts it into e. 1, 0. */
static int entry_put(
	entries *e, const here *h, const char *own, const char *id, bool replace, bn_err *err)
{
	const entry *by;
	bn_place_kind kind = decide(&by, e, h, own, id);
	if (kind == BN_PLACE_KNOWN && by->inode == (int64_t)h->st.st_ino)
		return 0;
	if ((kind == BN_PLACE_OTHER || kind == BN_PLACE_BENEATH) && !replace)
		return bn_err_set(
			err, BN_EREFUSED, "'%s' is known as workspace %s", by->path, by->id);
	const entry *old = entry_find(e, h->path, h->network ? EVERYWHERE : own);
	if (!old && e->count >= BN_PLACES)
		return bn_err_set(err, BN_EREFUSED,
			"%d places of workspaces are remembered, and no more", BN_PLACES);
	others_forget(e, h->path, own);
	entry x = {.version = old ? old->version + 1 : 1, .inode = (int64_t)h->st.st_ino};
	snprintf(x.scope, sizeof x.scope, "%s", h->network ? EVERYWHERE : own);
	snprintf(x.id, sizeof x.id, "%s", id);
	if (!(x.path = bn_strdup(h->path)) || entry_add(e, &x) < 0)
		return bn_err_nomem(err, "places");
	entries_settle(e);
	return 1;
}

/* Whether one of the files read belongs to the host. */
static bool has_file(const bn_host_files *f, const char *host)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->items[i].host, host))
			return true;
	return false;
}

/* Whether the entry is obsolete: forgotten, or a missing local path of this host or of a vanished one. */
static bool is_spent(const entry *x, const bn_host_files *f)
{
	struct stat st;
	if (!x->id[0])
		return true;
	if (!strcmp(x->scope, EVERYWHERE))
		return false;
	return strcmp(x->scope, f->own) ? !has_file(f, x->scope)
					: f->env->fs->stat(f->env, NULL, x->path, &st) == -ENOENT;
}

/* Makes room if needed: containers have a new name each time, tests a new directory. */
static void entries_prune(entries *e, const bn_host_files *f)
{
	size_t kept = 0;
	if (e->count < BN_PLACES)
		return;
	for (size_t i = 0; i < e->count; i++)
		if (is_spent(&e->items[i], f))
			bn_free(e->items[i].path);
		else
			e->items[kept++] = e->items[i];
	e->count = kept;
}

/* Reads under the lock, calls change() to see whether there is something to write, and writes. */
static int change_locked(const bn_env *env,
	int (*change)(entries *e, const char *own, void *arg, bn_err *err), void *arg, bool replace,
	bn_err *err)
{
	bn_host_files f = {.lock = -1};
	entries e = {0};
	bn_err why = BN_ERR_INIT;
	char some[256] = "";
	int rc = bn_host_files_open_locked(&f, env, FOLDER, KIND, err);
	if (rc < 0)
		goto out;
	rc = entries_of(&e, &f, some, &why);
	if (rc < 0 && (rc == BN_ENOMEM || !replace)) {
		bn_err_move(err, &why);
		goto out;
	}
	entries_prune(&e, &f);
	if ((rc = change(&e, f.own, arg, err)) <= 0 && !bn_host_files_are_stale(&f))
		goto out;
	if (rc < 0)
		goto out;
	if ((rc = entries_write(&e, &f, err)) < 0)
		goto out;
	if (replace)
		bn_host_files_set_aside(&f);
out:
	entries_release(&e);
	bn_host_files_close(&f);
	return rc;
}

typedef struct learning {
	const here *h;
	const char *id;
	bool replace;
} learning;

static int change_learn(entries *e, const char *own, void *arg, bn_err *err)
{
	const learning *l = arg;
	return entry_put(e, l->h, own, l->id, l->replace, err);
}

/* Without a lock: whether the path is already known like this. */
static bool is_known(const bn_env *env, const here *h, const char *id)
{
	bn_host_files f = {.lock = -1};
	entries e = {0};
	const entry *by = NULL;
	char why[256] = "";
	bool known = bn_host_files_open(&f, env, FOLDER, KIND, NULL) == 0 &&
		     f.state == BN_HOST_FILES_THERE && entries_of(&e, &f, why, NULL) == 0 &&
		     !bn_host_files_are_stale(&f) &&
		     decide(&by, &e, h, f.own, id) == BN_PLACE_KNOWN &&
		     by->inode == (int64_t)h->st.st_ino;
	entries_release(&e);
	bn_host_files_close(&f);
	return known;
}

int bn_place_learn(
	const bn_env *env, const char *root, const char *workspace_id, bool replace, bn_err *err)
{
	here h = {0};
	learning l = {.h = &h, .id = workspace_id, .replace = replace};
	int rc = here_look(&h, env, root, err);
	if (rc < 0)
		goto out;
	if (strlen(workspace_id) != BN_UUID_TEXT - 1 || strpbrk(workspace_id, " \n")) {
		rc = bn_err_set(err, BN_EINVAL, "'%.60s' is not a workspace id", workspace_id);
		goto out;
	}
	if (!is_known(env, &h, workspace_id))
		rc = change_locked(env, change_learn, &l, replace, err);
out:
	bn_free(h.path);
	return rc;
}

static int change_forget(entries *e, const char *own, void *arg, bn_err *err)
{
	const char *id = arg;
	int changed = 0;
	(void)own;
	(void)err;
	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->items[i].id, id)) {
			e->items[i].id[0] = '\0';
			e->items[i].version++;
			changed = 1;
		}
	return changed;
}

int bn_place_forget(const bn_env *env, const char *workspace_id, bn_err *err)
{
	char id[BN_UUID_TEXT];
	snprintf(id, sizeof id, "%s", workspace_id);
	return change_locked(env, change_forget, id, false, err);
}
