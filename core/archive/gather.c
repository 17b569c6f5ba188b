/* gather.c - see _archive.h: claims, directories of runs and objects. */
#include "core/archive/_archive.h"
#include "core/base/json.h"
#include "core/run/run_dir.h"
#include "core/run/supervisor.h"
#include "core/store/index/fold.h"
#include "core/store/object/object.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static bool is_denied(const bn_err *why)
{
	return bn_err_exit_status(why) == bn_code_exit_status(BN_EREFUSED);
}

/* ---- trees of files -------------------------------------------------------------------------- */

typedef struct tree {
	bn_gather *g;
	const char *prefix; /* in the archive: "private/" or "" */
	bool is_live;       /* of a run that is not over: its files are copied now, and only those at the top */
	int depth;
} tree;

/* Copies what the file has now. */
static int keep_file(tree *t, const char *file, const char *path, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(t->g->ws);
	bn_archive_list *l = &t->g->list;
	bn_archive_entry *e;
	bn_hasher *hasher = NULL;
	uint8_t *piece = bn_alloc(BN_ARCHIVE_PIECE);
	size_t got = 1;
	int fd = -1, rc = piece ? bn_hasher_new(&hasher, err) : bn_err_nomem(err, "an archive");
	if (rc < 0 || (rc = bn_dir_open_file(&fd, at, file, O_RDONLY, 0, err)) < 0 ||
		(rc = bn_archive_list_add(&e, l, path, BN_FROM_SPOOL, err)) < 0)
		goto out;
	e->at = l->spooled;
	while (got) {
		if ((rc = bn_dir_read_at(at->env, at, file, fd, piece, BN_ARCHIVE_PIECE,
			     (off_t)e->bytes, &got, err)) < 0)
			goto out;
		bn_hasher_add(hasher, piece, got);
		if (got && (rc = bn_file_out_add(l->spool, piece, got, err)) < 0)
			goto out;
		e->bytes += got;
	}
	bn_hasher_finish(hasher, e->sha256);
	l->spooled += e->bytes;
out:
	if (fd >= 0)
		at->env->fs->close(at->env, fd);
	bn_hasher_free(hasher);
	bn_free(piece);
	return rc;
}

static int add_file(tree *t, const char *file, const struct stat *st, bn_err *err)
{
	bn_archive_list *l = &t->g->list;
	bn_archive_entry *e;
	int rc;
	char *path = bn_strf("%s%s", t->prefix, file);
	if (!path)
		return bn_err_nomem(err, "a file name");
	if (bn_archive_kind_of(path) == BN_ARCHIVE_BAD) {
		rc = bn_gather_leave_out(t->g, err, "%s: a name that no archive can hold", file);
		goto out;
	}
	if (t->is_live) {
		rc = keep_file(t, file, path, err);
		goto out;
	}
	if ((rc = bn_archive_list_add(&e, l, path, BN_FROM_FILE, err)) < 0)
		goto out;
	e->bytes = (uint64_t)st->st_size;
	if (!(e->file = bn_arena_strdup(&l->arena, file)))
		rc = bn_err_nomem(err, "the list of an archive");
out:
	bn_free(path);
	return rc;
}

static int add_tree(tree *t, const char *dir, bn_err *err);

/* What only serves a process of this host. */
static bool is_of_process(const char *name)
{
	static const char *const names[] = {
		BN_RUN_SUPERVISOR_FILE, BN_RUN_STOP_FILE, BN_RUN_RESERVE_FILE};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static int add_name(tree *t, const char *dir, const char *name, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(t->g->ws);
	struct stat st;
	bn_err why = BN_ERR_INIT;
	char *file = bn_path_join(dir, name);
	int rc = file ? bn_dir_stat(at, file, &st, &why) : bn_err_nomem(err, "a file name");
	if (!file || rc == BN_ENOTFOUND) { /* gone meanwhile */
		rc = file ? 0 : rc;
		goto out;
	}
	if (rc >= 0 && t->depth == 1 && is_of_process(name))
		goto out;
	if (rc >= 0 && S_ISREG(st.st_mode))
		rc = add_file(t, file, &st, &why);
	else if (rc >= 0 && S_ISDIR(st.st_mode))
		rc = t->is_live ? bn_gather_leave_out(t->g, &why, "%s: the run is not over", file)
				: add_tree(t, file, &why);
	else if (rc >= 0)
		rc = bn_gather_leave_out(t->g, &why, "%s: neither file nor directory", file);
	if (rc == BN_ENOTFOUND)
		rc = 0;
	else if (rc < 0 && is_denied(&why))
		rc = bn_gather_leave_out(t->g, err, "%s", why.msg);
	else if (rc < 0)
		bn_err_move(err, &why);
out:
	bn_free(file);
	return rc;
}

static int add_tree(tree *t, const char *dir, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(bn_workspace_at(t->g->ws), dir, &names, err);
	t->depth++;
	for (size_t i = 0; i < names.count && rc >= 0; i++)
		if ((rc = bn_progress_step(t->g->o->progress, "looking at files",
			     t->g->report->log_bytes, 0, err)) >= 0)
			rc = add_name(t, dir, names.items[i], err);
	t->depth--;
	bn_names_release(&names);
	return rc < 0 ? rc : 0;
}

int bn_gather_claims(bn_gather *g, bn_err *err)
{
	tree t = {.g = g, .prefix = ""};
	return add_tree(&t, "claims", err);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static int add_run(bn_gather *g, const char *id, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(g->ws);
	bn_err why = BN_ERR_INIT;
	struct stat st;
	char *dir = bn_path_join("runs", id), *mark = NULL;
	int rc = dir ? bn_dir_stat(at, dir, &st, &why) : bn_err_nomem(err, "a file name");
	if (!dir)
		return rc;
	if (rc < 0 || !S_ISDIR(st.st_mode) || strlen(id) + 1 != BN_RUN_ID_TEXT || !bn_is_hex(id)) {
		rc = 0;
		goto out;
	}
	bool is_private = !(st.st_mode & 077) && bn_workspace_access(g->ws) != BN_ACCESS_PRIVATE;
	bool is_own = st.st_uid == at->env->uid(at->env);
	if (is_private && (!is_own || !g->o->private_too)) {
		rc = bn_gather_leave_out(g, err, "directory of run %.8s: %s", id,
			is_own ? "only you can read it (--private-too)" : "it is private to another user");
		goto out;
	}
	if (!(mark = bn_path_join(dir, BN_RUN_SUPERVISOR_FILE))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	tree t = {.g = g, .prefix = is_private ? "private/" : "", .is_live = bn_dir_has(at, mark)};
	rc = add_tree(&t, dir, &why);
	if (rc >= 0)
		g->report->runs++;
	else if (rc == BN_ENOTFOUND)
		rc = 0; /* removed meanwhile */
	else if (is_denied(&why))
		rc = bn_gather_leave_out(g, err, "directory of run %.8s: %s", id, why.msg);
	else
		bn_err_move(err, &why);
out:
	bn_free(mark);
	bn_free(dir);
	return rc;
}

int bn_gather_runs(bn_gather *g, bn_err *err)
{
	bn_names ids = BN_NAMES_INIT;
	int rc = 0;
	if (g->model)
		return g->model->run_id ? add_run(g, g->model->run_id, err) : 0;
	rc = bn_dir_list(bn_workspace_at(g->ws), "runs", &ids, err);
	for (size_t i = 0; i < ids.count && rc >= 0; i++)
		rc = add_run(g, ids.items[i], err);
	bn_names_release(&ids);
	return rc;
}

/* ---- objects -------------------------------------------------------------------------------- */

typedef struct objects {
	bn_gather *g;
	bn_live *named;     /* by anything in the log; NULL: not known */
	bn_live *forgotten; /* then: what was erased on request, and waits for gc */
	bn_names left;  /* hashes */
} objects;

static int one_object(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	objects *o = ctx;
	bn_gather *g = o->g;
	bn_archive_entry *e;
	char path[BN_OBJECT_NAME];
	bool is_named = o->named ? bn_live_has(o->named, hash) : !bn_live_is_forgotten(o->forgotten, hash);
	bool goes = (!g->live || bn_live_has(g->live, hash)) && (!g->held || !bn_live_has(g->held, hash)) &&
		    (!info->is_private || g->o->private_too) && is_named;
	int rc = bn_progress_step(g->o->progress, "looking at objects", g->report->object_bytes, 0, err);
	if (rc < 0)
		return rc;
	if (!goes)
		return is_named && bn_names_add(&o->left, hash) ? bn_err_nomem(err, "a list of objects") : 0;
	if (info->is_private)
		snprintf(path, sizeof path, "private/objects/%s", hash);
	else
		snprintf(path, sizeof path, "objects/%.2s/%s", hash, hash + 2);
	if ((rc = bn_archive_list_add(&e, &g->list, path, BN_FROM_OBJECT, err)) < 0)
		return rc;
	e->bytes = info->bytes;
	bn_unhex(hash, sizeof e->sha256, e->sha256);
	g->report->objects++;
	g->report->object_bytes += info->bytes;
	return 0;
}

/* What other users keep private, and what an archive left out from which this workspace came. */
static int add_elsewhere(objects *o, bn_err *err)
{
	bn_workspace *ws = o->g->ws;
	bn_copy_left_out before;
	sqlite3_stmt *st = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc = bn_copy_left_out_load(&before, bn_workspace_at(ws), err);
	for (size_t i = 0; rc >= 0 && i < bn_copy_left_out_count(&before); i++) {
		char hash[BN_SHA256_HEX + 1];
		snprintf(hash, sizeof hash, "%.64s", before.text.ptr + i * (BN_SHA256_HEX + 1));
		if (!bn_object_is_here(ws, hash) && bn_names_add(&o->left, hash))
			rc = bn_err_nomem(err, "a list of objects");
	}
	bn_copy_left_out_release(&before);
	if (rc < 0)
		return rc;
	rc = bn_sql_prepare(&st, bn_workspace_index(ws), err,
		"SELECT DISTINCT hash FROM dump_object_ref WHERE owner <> ?", "i",
		(int64_t)env->uid(env));
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		const char *hash = (const char *)sqlite3_column_text(st, 0);
		if (!bn_object_is_here(ws, hash) && bn_names_add(&o->left, hash))
			rc = bn_err_nomem(err, "a list of objects");
	}
	sqlite3_finalize(st);
	return rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int keep_left_out(objects *o, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_names *l = &o->left;
	if (!l->count)
		return 0;
	qsort(l->items, l->count, sizeof *l->items, by_text);
	for (size_t i = 0; i < l->count; i++)
		if (!i || strcmp(l->items[i - 1], l->items[i]) != 0) {
			bn_buf_addf(&text, "%s\n", l->items[i]);
			o->g->report->objects_left++;
		}
	int rc = bn_buf_check(&text, err, "a list of objects");
	if (rc >= 0)
		rc = bn_archive_list_keep(&o->g->list, BN_ARCHIVE_LEFT_OUT, text.ptr, text.len, err);
	bn_buf_release(&text);
	return rc;
}

/* The sets of objects: what belongs to the model, and what may not leave. */
static int find_sets(bn_gather *g, bn_err *err)
{
	char run[BN_RUN_ID_TEXT + 8];
	const char *entity = run;
	int rc = 0;
	if (g->held_roots.count &&
		(rc = bn_live_of(&g->held, g->ws, NULL, 0, (const char *const *)g->held_roots.items,
			 g->held_roots.count, err)) < 0)
		return rc;
	if (!g->model)
		return 0;
	snprintf(run, sizeof run, "run/%.32s", g->model->run_id ? g->model->run_id : "");
	if (bn_names_add(&g->roots, g->model->manifest))
		return bn_err_nomem(err, "a list of objects");
	return bn_live_of(&g->live, g->ws, &entity, g->model->run_id ? 1 : 0,
		(const char *const *)g->roots.items, g->roots.count, err);
}

int bn_gather_objects(bn_gather *g, bn_err *err)
{
	objects o = {.g = g};
	bn_object_store *store = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = find_sets(g, err);
	if (rc < 0)
		return rc;
	/* What removed rows alone name stays. If something hides what it names, nothing is known to be unnamed. */
	rc = bn_live_find(&o.named, g->ws, INT64_MAX, NULL, &why);
	if (rc == BN_EINCONCLUSIVE && (rc = bn_live_find_forgotten(&o.forgotten, g->ws, err)) >= 0)
		rc = bn_gather_leave_out(g, err, "nothing: also objects that nobody may name go, since %s", why.msg);
	else if (rc < 0)
		bn_err_move(err, &why);
	if (rc < 0 || (rc = bn_workspace_objects(&store, g->ws, err)) < 0 ||
		(rc = bn_object_list(store, one_object, &o, err)) < 0 ||
		(rc = add_elsewhere(&o, err)) < 0)
		goto out;
	rc = keep_left_out(&o, err);
out:
	bn_live_free(o.named);
	bn_live_free(o.forgotten);
	bn_names_release(&o.left);
	return rc;
}
