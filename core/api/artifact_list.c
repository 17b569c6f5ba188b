/* artifact_list.c - lists of artifacts: of a path, of a run, of a logged model. */
#include "core/api/_artifact.h"
#include "core/api/_routes.h"
#include "core/api/run_state.h"

#include "core/base/mem.h"
#include "core/track/logged_model.h"

#include <stdlib.h>
#include <string.h>

/* ---- entries --------------------------------------------------------------------------------- */

typedef struct entry {
	const char *path; /* of the artifact */
	size_t name_n;    /* bytes of it that name the entry */
	size_t skip;      /* bytes of it before the entry's own name */
	bool is_dir;
	int64_t bytes;
} entry;

static int by_name(const void *a, const void *b)
{
	const entry *x = a, *y = b;
	size_t n = x->name_n < y->name_n ? x->name_n : y->name_n;
	int c = memcmp(x->path, y->path, n);
	return c ? c : (x->name_n > y->name_n) - (x->name_n < y->name_n);
}

/* What is directly below dir. Files of one directory are beside each other, since all are sorted by path. */
static size_t entries_of(entry *out, const bn_artifacts *all, const char *dir)
{
	size_t n = strlen(dir), count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const bn_artifact *a = &all->items[i];
		if (n && (strncmp(a->path, dir, n) != 0 || a->path[n] != '/'))
			continue;
		size_t skip = n ? n + 1 : 0;
		size_t end = skip + strcspn(a->path + skip, "/");
		bool is_dir = a->path[end] == '/';
		const entry *last = count ? &out[count - 1] : NULL;
		if (is_dir && last && last->is_dir && last->name_n == end &&
			!memcmp(last->path, a->path, end))
			continue;
		out[count++] = (entry){a->path, end, skip, is_dir, a->size_bytes};
	}
	qsort(out, count, sizeof *out, by_name);
	return count;
}

/* "files" of the answer: what is directly below dir ("": all), named by its whole path or by its name. */
static void put_files(bn_wire *w, const bn_artifacts *all, const char *dir, bool whole_paths)
{
	entry *entries = bn_alloc((all->count + 1) * sizeof *entries);
	if (!entries) {
		w->out->failed = true;
		return;
	}
	size_t count = entries_of(entries, all, dir);
	if (count)
		bn_wire_open(w, "files", '[');
	for (size_t i = 0; i < count; i++) {
		const entry *e = &entries[i];
		size_t skip = whole_paths ? 0 : e->skip;
		bn_wire_open(w, NULL, '{');
		bn_wire_put_text_n(w, "path", e->path + skip, e->name_n - skip);
		bn_wire_put_bool(w, "is_dir", e->is_dir);
		if (!e->is_dir && e->bytes) /* as MLflow: 0 is absent */
			bn_wire_put_int(w, "file_size", e->bytes);
		bn_wire_close(w, '}');
	}
	if (count)
		bn_wire_close(w, ']');
	bn_free(entries);
}

/* ---- GET /mlflow-artifacts/artifacts?path=PATH --------------------------------------------------- */

static const bn_wire_field path_field[] = {{.name = "path"}, {0}};

static int list_path(bn_api_call *c, bn_err *err)
{
	bn_api_artifact_path p;
	bn_artifacts all = BN_ARTIFACTS_INIT;
	const char *path = bn_wire_text(c->body, "path");
	int rc = bn_api_path_parse(&p, path ? path : "", &c->fault);
	if (rc < 0 || (rc = bn_api_artifacts_of(&all, c, &p, err)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	put_files(&w, &all, p.path, false);
	bn_wire_close(&w, '}');
out:
	bn_artifacts_release(&all);
	bn_api_path_release(&p);
	return rc;
}

const bn_api_about bn_api_artifact_list = {
	.handle = list_path, .fields = path_field, .need = BN_API_READER, .place = BN_API_READS};

/* ---- GET /mlflow/artifacts/list?run_id=RUN&path=PATH ---------------------------------------------- */

static const bn_wire_field run_fields[] = {
	{.name = "run_id"}, {.name = "run_uuid"}, {.name = "path"}, {.name = "page_token"}, {0}};

static int list_run(bn_api_call *c, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	const char *id = bn_wire_text(c->body, "run_id"), *path = bn_wire_text(c->body, "path");
	char *root = NULL, *dir = NULL;
	bool is_local = false;
	int rc;
	if (!id)
		id = bn_wire_text(c->body, "run_uuid");
	if (!id)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Missing value for required parameter 'run_id'. See the API docs for more "
			"information about request parameters.");
	if ((rc = bn_api_path_decode(&dir, path ? path : "", &c->fault)) < 0 ||
		(rc = bn_api_run_root(&root, c, id, err)) < 0 ||
		(rc = bn_api_is_local(&is_local, c, id, root, err)) < 0 ||
		(rc = bn_run_artifacts(&all, c->ws, id, err)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	bn_wire_put_text(&w, "root_uri", root);
	if (!is_local)
		put_files(&w, &all, dir, true);
	else if ((rc = bn_api_put_local(&w, c, root, dir, err)) < 0)
		goto out;
	bn_wire_close(&w, '}');
out:
	bn_artifacts_release(&all);
	bn_free(root);
	bn_free(dir);
	return rc;
}

const bn_api_about bn_api_artifacts_list = {
	.handle = list_run, .fields = run_fields, .need = BN_API_READER, .place = BN_API_READS};

/* ---- GET /mlflow/logged-models/ID/artifacts/directories --------------------------------------------- */

static const bn_wire_field directory_field[] = {{.name = "artifact_directory_path"}, {0}};

static int list_logged(bn_api_call *c, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	bn_logged_model *m = NULL;
	bn_buf root = BN_BUF_INIT;
	const char *path = bn_wire_text(c->body, "artifact_directory_path");
	char *dir = NULL;
	int rc = bn_logged_get(&m, c->ws, c->params[0], err);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"Logged model with ID '%s' not found.", c->params[0]);
	if (rc < 0 || (rc = bn_api_path_decode(&dir, path ? path : "", &c->fault)) < 0 ||
		(rc = bn_logged_artifacts(&all, c->ws, m->id, err)) < 0)
		goto out;
	bn_api_experiment_root(&root, m->experiment_id, m->artifact_location);
	bn_buf_addf(&root, "/models/%s/artifacts", m->id);
	bn_wire w = bn_api_answer(c);
	bn_wire_put_text(&w, "root_uri", root.ptr);
	put_files(&w, &all, dir, true);
	bn_wire_close(&w, '}');
out:
	bn_buf_release(&root);
	bn_artifacts_release(&all);
	bn_logged_free(m);
	bn_free(dir);
	return rc;
}

const bn_api_about bn_api_logged_directories = {.handle = list_logged,
	.fields = directory_field,
	.need = BN_API_READER,
	.place = BN_API_READS};
