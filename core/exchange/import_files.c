/* import_files.c - the artifacts of a source that a run lacks: see _import.h. */
#include "core/exchange/_import.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX 512 /* files of one event */

/* ---- one file --------------------------------------------------------------------------------- */

typedef struct copy_sink {
	bn_object_writer *to;
	const bn_progress *progress;
	uint64_t bytes;
} copy_sink;

static int write_block(void *user, const void *bytes, size_t n, bn_err *err)
{
	copy_sink *s = user;
	int rc = bn_progress_step(s->progress, "copying", s->bytes, 0, err);
	if (rc < 0)
		return rc;
	s->bytes += n;
	return bn_object_write(s->to, bytes, n, err);
}

int bn_import_object(char hash[65], uint64_t *size, bn_importer *m, const char *files,
	const char *path, bn_err *err)
{
	bn_object_store *objects = NULL;
	copy_sink s = {.progress = NULL};
	int rc;
	if ((rc = bn_workspace_objects(&objects, m->ws, err)) < 0 ||
		(rc = bn_object_writer_new(&s.to, objects, NULL, err)) < 0)
		return rc;
	if ((rc = m->src->ops->read(m->src, files, path, write_block, &s, err)) >= 0)
		rc = bn_object_commit(s.to, hash, size, err);
	bn_object_writer_free(s.to);
	return rc;
}

/* ---- a run's ------------------------------------------------------------------------------------ */

typedef struct files_sink {
	bn_importer *m;
	const bn_src_run *run;
	const char *id;
	bn_artifacts have;
	json_t *list; /* to be written */
} files_sink;

static int flush(files_sink *s, bn_err *err)
{
	int rc = json_array_size(s->list) && !s->m->options->dry_run
			 ? bn_runlog_artifact_objects(s->m->ws, s->id, s->list, NULL, err)
			 : 0;
	json_array_clear(s->list);
	return rc;
}

static int by_path(const void *key, const void *item)
{
	return strcmp(key, ((const bn_artifact *)item)->path);
}

static bool is_path(const char *path)
{
	size_t n = strlen(path);
	return n && n < 1024 && path[0] != '/' && !strstr(path, "..") && !strstr(path, "//") &&
	       bn_utf8_is_valid(path, n);
}

/* Not written after it was imported, and as large. */
static bool is_the_same(const bn_artifact *a, const bn_src_file *f)
{
	return a && (uint64_t)a->size_bytes == f->bytes &&
	       (f->modified_ms < 0 || f->modified_ms <= a->time_ms);
}

static int each_file(void *user, const bn_src_file *f, bn_err *err)
{
	files_sink *s = user;
	bn_exchange_counts *added = &s->m->report->added;
	bn_err why = BN_ERR_INIT;
	char hash[65] = "";
	uint64_t size = f->bytes;
	int rc = 0;
	if (!is_path(f->path)) {
		bn_exchange_leave_out(s->m->report, "artifact",
			"its path is no UTF-8 text or has '..'", "run %s: '%s'", s->run->id,
			f->path);
		return 0;
	}
	const bn_artifact *a = s->have.count ? bsearch(f->path, s->have.items, s->have.count,
						       sizeof *s->have.items, by_path)
					     : NULL;
	if (is_the_same(a, f))
		return 0;
	if (!s->m->options->dry_run &&
		(rc = bn_import_object(hash, &size, s->m, s->run->files, f->path, &why)) < 0) {
		if (bn_exchange_ends(rc) || bn_err_is_full(&why))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(
			s->m->report, "artifact", &why, "run %s: '%s'", s->run->id, f->path);
		return 0;
	}
	if (a && !strcmp(a->hash, hash))
		return 0;
	added->artifacts++;
	added->artifact_bytes += (int64_t)size;
	s->m->grew = true;
	if (json_array_append_new(s->list, json_pack("{ss ss sI}", "path", f->path, "hash", hash,
						   "size", (json_int_t)size)))
		return bn_err_nomem(err, "artifacts");
	return json_array_size(s->list) < LIST_MAX ? 0 : flush(s, err);
}

int bn_import_files(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err)
{
	files_sink s = {.m = m, .run = r, .id = id, .have = BN_ARTIFACTS_INIT};
	int rc = 0;
	if (!r->files || !m->src->ops->files)
		return 0;
	if (!(s.list = json_array()))
		return bn_err_nomem(err, "artifacts");
	if (!is_new && (rc = bn_run_artifacts(&s.have, m->ws, id, err)) < 0)
		goto out;
	if ((rc = m->src->ops->files(m->src, r->files, each_file, &s, err)) >= 0)
		rc = flush(&s, err);
out:
	json_decref(s.list);
	bn_artifacts_release(&s.have);
	return rc;
}
