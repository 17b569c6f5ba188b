/*
 * mentions.c - see forget.h: where a text of the expression occurs besides tables: records of the log, objects that are no
 * tables (specs, suites, cards of models, artifacts), files in directories of runs. All of it is read, as bytes.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/forget/_forget.h"
#include "core/store/index/fold.h"
#include "core/store/object/object.h"
#include "core/table/table.h"

#include <fcntl.h>
#include <string.h>

enum { BLOCK = 1 << 18, TEXT_MOST = 4096, DEPTH_MOST = 16 };

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Looks for any of the texts in bytes that come in pieces. */
typedef struct search {
	bn_forget_plan *p;
	bn_dict texts;
	size_t longest;
	char *block; /* what is left of the piece before, then the next */
} search;

static bool has_text(const search *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < s->texts.count; i++) {
		bn_text t = bn_dict_get(&s->texts, i);
		if (t.len <= n && memmem(bytes, n, t.ptr, t.len))
			return true;
	}
	return false;
}

typedef int next_piece(void *from, void *bytes, size_t n, size_t *got, bn_err *err);

/* A table of Arrow is searched by its rows, or belongs to others. */
static int search_stream(bool *found, bool *is_table, search *s, next_piece *next, void *from, bn_err *err)
{
	size_t have = 0, got = 1;
	bool first = true;
	*found = *is_table = false;
	while (got && !*found) {
		int rc = next(from, s->block + have, BLOCK, &got, err);
		if (rc < 0)
			return rc;
		have += got;
		if (first && have >= 6 && !memcmp(s->block, "ARROW1", 6)) {
			*is_table = true;
			return 0;
		}
		first = false;
		*found = has_text(s, s->block, have);
		size_t keep = have < s->longest ? have : s->longest;
		memmove(s->block, s->block + have - keep, keep);
		have = keep;
	}
	return 0;
}

/* ---- the log --------------------------------------------------------------------------------- */

static int search_log(search *s, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < s->texts.count; i++) {
		sqlite3_stmt *st = NULL;
		bn_text t = bn_dict_get(&s->texts, i);
		char *text = bn_strndup(t.ptr, t.len);
		rc = text ? bn_sql_prepare(&st, bn_workspace_index(s->p->ws), err,
				    "SELECT entity, kind, count(*) FROM dump_event WHERE typeof(payload) = 'text' AND "
				    "instr(payload, ?) > 0 GROUP BY entity, kind ORDER BY entity, kind LIMIT 100",
				    "s", text)
			  : bn_err_nomem(err, "a search");
		while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1)
			rc = bn_forget_note_add(s->p, "log", bn_sql_text(st, 0),
				bn_strf("%lld of its records (%s) have the text: records cannot be erased",
					(long long)sqlite3_column_int64(st, 2), (const char *)sqlite3_column_text(st, 1)),
				err);
		sqlite3_finalize(st);
		bn_free(text);
	}
	return rc;
}

/* ---- objects --------------------------------------------------------------------------------- */

static int next_of_object(void *from, void *bytes, size_t n, size_t *got, bn_err *err)
{
	return bn_object_read(from, bytes, n, got, err);
}

static int note_object(search *s, const char *hash, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_workspace_index(s->p->ws), err,
		"SELECT entity, role FROM dump_object_ref WHERE hash = ? ORDER BY entity LIMIT 1", "s", hash);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) >= 0)
		rc = bn_forget_note_add(s->p, "object",
			rc == 1 ? bn_sql_text(st, 0) : bn_strf("object %.12s", hash),
			bn_strf("its %s has the text", rc == 1 ? (const char *)sqlite3_column_text(st, 1) : "object"), err);
	sqlite3_finalize(st);
	return rc;
}

static bool goes_as_batch(const bn_forget_plan *p, const char *hash)
{
	for (size_t i = 0; i < p->batch_count; i++)
		if (!strcmp(p->batches[i].hash, hash))
			return true;
	return false;
}

static int search_object(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	search *s = ctx;
	bn_object_store *objects = NULL;
	bn_object_reader *r = NULL;
	bn_err why = BN_ERR_INIT;
	bool found = false, is_table = false;
	if (bn_forget_has_object(s->p, hash) || goes_as_batch(s->p, hash))
		return 0;
	int rc = bn_workspace_objects(&objects, s->p->ws, err);
	if (rc < 0 || (rc = bn_progress_step(s->p->o->progress, "searching objects", info->bytes, 0, err)) < 0)
		return rc;
	if (bn_object_reader_new(&r, objects, hash, 0, UINT64_MAX, &why) >= 0)
		(void)search_stream(&found, &is_table, s, next_of_object, r, &why); /* audit verify names damage */
	bn_object_reader_free(r);
	return found ? note_object(s, hash, err) : 0;
}

/* ---- directories of runs --------------------------------------------------------------------- */

typedef struct file {
	const bn_env *env;
	int fd;
	off_t at;
} file;

static int next_of_file(void *from, void *bytes, size_t n, size_t *got, bn_err *err)
{
	file *f = from;
	int rc = bn_fs_read_at(f->env, f->fd, bytes, n, f->at, got, "a run's file", err);
	f->at += (off_t)*got;
	return rc;
}

static int search_file(search *s, const char *name, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(s->p->ws);
	file f = {bn_workspace_env(s->p->ws), -1, 0};
	bn_err why = BN_ERR_INIT;
	bool found = false, is_table = false;
	if (bn_dir_open_file(&f.fd, at, name, O_RDONLY, 0, NULL) < 0)
		return 0; /* of another user, or gone */
	(void)search_stream(&found, &is_table, s, next_of_file, &f, &why);
	f.env->fs->close(f.env, f.fd);
	return found ? bn_forget_note_add(s->p, "file", bn_strdup(name), bn_strdup("has the text"), err) : 0;
}

static int search_dir(search *s, const char *dir, int depth, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(s->p->ws);
	bn_names names = BN_NAMES_INIT;
	int rc = bn_progress_step(s->p->o->progress, "searching runs", 0, 0, err);
	if (rc < 0 || depth > DEPTH_MOST || bn_dir_list(at, dir, &names, NULL) < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		struct stat st;
		char *name = bn_path_join(dir, names.items[i]);
		if (!name)
			rc = bn_err_nomem(err, "a file name");
		else if (bn_dir_stat(at, name, &st, NULL) == 0 && S_ISDIR(st.st_mode))
			rc = search_dir(s, name, depth + 1, err);
		else if (S_ISREG(st.st_mode))
			rc = search_file(s, name, err);
		bn_free(name);
	}
	bn_names_release(&names);
	return rc;
}

/* ---- all ------------------------------------------------------------------------------------- */

int bn_forget_mentions_find(bn_forget_plan *p, bn_err *err)
{
	search s = {.p = p, .texts = bn_eraser_texts(p->eraser)};
	bn_object_store *objects = NULL;
	int rc;
	for (size_t i = 0; i < s.texts.count; i++) {
		size_t n = bn_dict_get(&s.texts, i).len;
		s.longest = n > s.longest ? n : s.longest;
	}
	if (!s.texts.count || bn_forget_is_empty(p))
		return 0;
	s.longest = s.longest > TEXT_MOST ? TEXT_MOST : s.longest;
	if (!(s.block = bn_alloc(BLOCK + TEXT_MOST)))
		return bn_err_nomem(err, "a search");
	if ((rc = search_log(&s, err)) < 0 || (rc = bn_workspace_objects(&objects, p->ws, err)) < 0 ||
		(rc = bn_object_list(objects, search_object, &s, err)) < 0)
		goto out;
	rc = search_dir(&s, "runs", 0, err);
out:
	bn_free(s.block);
	return rc;
}
