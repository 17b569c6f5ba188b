/*
 * artifact_upload.c - PUT and DELETE of artifacts, and POST upload-artifact.
 *
 * A body goes to the object store while it arrives and is never in memory as a whole. The object is durable before the
 * event that names it (I4), and 200 is sent after the event is (writer.c). A client that stops in the middle leaves
 * nothing; an upload to a run that does not exist leaves an object that no row names, for gc.
 */
#include "core/api/_artifact.h"
#include "core/api/_routes.h"
#include "core/api/run_state.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"
#include "core/track/logged_model.h"

#include <string.h>

/* ---- the body -------------------------------------------------------------------------------- */

static int on_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	bn_api_upload *u = user;
	return bn_object_write(u->writer, bytes, n, err);
}

static void on_close(void *user, bool whole)
{
	bn_api_upload *u = user;
	if (whole)
		u->is_stored = bn_object_commit(u->writer, u->hash, &u->bytes, &u->err) == 0;
	bn_object_writer_free(u->writer);
	u->writer = NULL;
}

int bn_api_upload_raw(bn_api_call *c, bn_http_sink *sink, bn_err *err)
{
	bn_api_upload *u = c->data ? c->data : bn_alloc_zeroed(1, sizeof *u);
	if (!u)
		return bn_err_nomem(err, "an upload");
	c->data = u;
	int rc = bn_object_writer_new(&u->writer, c->api->objects, NULL, err);
	*sink = (bn_http_sink){.write = on_bytes, .close = on_close, .user = u};
	return rc;
}

/* Begins an upload to the path: c->data is the bn_api_upload, and *sink stores what arrives. Durable when it closes. */
static int upload_begin(bn_api_call *c, const char *path, bn_http_sink *sink, bn_err *err)
{
	int rc = 0;
	bn_api_upload *u = bn_alloc_zeroed(1, sizeof *u);
	if (!u)
		return bn_err_nomem(err, "an upload");
	c->data = u;
	if ((rc = bn_api_path_parse(&u->to, path, &c->fault)) < 0 ||
		(rc = bn_api_path_check_file(&u->to, &c->fault)) < 0)
		return rc;
	return bn_api_upload_raw(c, sink, err);
}

void bn_api_upload_free(bn_api_call *c)
{
	bn_api_upload *u = c->data;
	if (!u)
		return;
	bn_object_writer_free(u->writer);
	bn_api_path_release(&u->to);
	bn_free(u);
	c->data = NULL;
}

/* ---- naming it ------------------------------------------------------------------------------- */

static int artifact_open(bn_api_call *c, const bn_api_artifact_path *p, bn_err *err)
{
	bn_api_run *run;
	bn_logged_model *m = NULL;
	int rc;
	if (p->owner == BN_API_OF_RUN)
		return bn_api_run_open(&run, c, p->id, err);
	rc = bn_logged_get(&m, c->ws, p->id, err);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return rc;
	if (!m || m->removed)
		rc = bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"Logged model with ID '%s' not found.", p->id);
	else if (m->uid != c->api->env->uid(c->api->env))
		rc = bn_api_refuse(c, BN_API_PERMISSION_DENIED,
			"logged model '%s' belongs to another user of the workspace", p->id);
	bn_logged_free(m);
	return rc;
}

/* One event: the file is the object with that hash. */
static int artifact_name(bn_api_call *c, const bn_api_artifact_path *p, const char *hash,
	uint64_t bytes, bn_err *err)
{
	bn_logged_file file = {.path = p->path, .hash = hash, .size_bytes = (int64_t)bytes};
	return p->owner == BN_API_OF_RUN
		       ? bn_runlog_artifact_stored(c->ws, p->id, p->path, hash, bytes, err)
		       : bn_logged_write_artifacts(c->ws, p->id, &file, 1, err);
}

/* A file and a directory cannot have one name: the run could not be exported. */
static int check_place(bn_api_call *c, const bn_api_artifact_path *p, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	bool is_dir = false;
	char *parent = bn_strdup(p->path);
	int rc = parent ? bn_api_artifacts_of(&all, c, p, err) : bn_err_nomem(err, "a path");
	if (rc < 0)
		goto out;
	bn_api_artifact_find(&all, p->path, &is_dir);
	if (is_dir)
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"'%s' is a directory of artifacts", p->whole);
	for (char *slash; rc == 0 && (slash = strrchr(parent, '/'));) {
		*slash = '\0';
		if (bn_api_artifact_find(&all, parent, &is_dir))
			rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
				"'%s' cannot be stored: '%s' is a file", p->whole, parent);
	}
out:
	bn_artifacts_release(&all);
	bn_free(parent);
	return rc;
}

int bn_api_upload_stored(bn_api_call *c, bn_err *err)
{
	bn_api_upload *u = c->data;
	if (u->writer) /* no body: an empty file */
		on_close(u, true);
	return u->is_stored ? 0 : bn_err_move(err, &u->err);
}

int bn_api_upload_end(bn_api_call *c, bn_err *err)
{
	bn_api_upload *u = c->data;
	int rc;
	if ((rc = bn_api_upload_stored(c, err)) < 0 ||
		(rc = artifact_open(c, &u->to, err)) < 0 ||
		(rc = check_place(c, &u->to, err)) < 0)
		return rc;
	return artifact_name(c, &u->to, u->hash, u->bytes, err);
}

/* ---- PUT /mlflow-artifacts/artifacts/PATH ------------------------------------------------------ */

static int receive_put(bn_api_call *c, bn_http_sink *sink, bn_err *err)
{
	return upload_begin(c, c->params[0], sink, err);
}

const bn_api_about bn_api_artifact_put = {.handle = bn_api_upload_end,
	.need = BN_API_WRITER,
	.place = BN_API_ALONE,
	.receive = receive_put,
	.release = bn_api_upload_free};

/* ---- POST /mlflow/upload-artifact?run_uuid=RUN&path=PATH ---------------------------------------- */

static int receive_post(bn_api_call *c, bn_http_sink *sink, bn_err *err)
{
	char run[BN_API_ARTIFACT_ID], path[BN_ROUTE_MAX_PATH];
	bn_buf whole = BN_BUF_INIT;
	if (!bn_http_request_field(c->request, "run_uuid", run, sizeof run) || !run[0])
		return bn_api_refuse(
			c, BN_API_INVALID_PARAMETER_VALUE, "Request must specify run_uuid.");
	if (!bn_http_request_field(c->request, "path", path, sizeof path) || !path[0])
		return bn_api_refuse(
			c, BN_API_INVALID_PARAMETER_VALUE, "Request must specify path.");
	bn_buf_addf(&whole, "%s/artifacts/%s", run, path);
	int rc = bn_buf_check(&whole, err, "a path");
	if (rc < 0)
		goto out;
	rc = upload_begin(c, whole.ptr, sink, err);
out:
	bn_buf_release(&whole);
	return rc;
}

const bn_api_about bn_api_artifact_post = {.handle = bn_api_upload_end,
	.need = BN_API_WRITER,
	.place = BN_API_ALONE,
	.receive = receive_post,
	.release = bn_api_upload_free};

/* ---- DELETE /mlflow-artifacts/artifacts/PATH ----------------------------------------------------- */

/* All of them: their first segments. */
static int remove_all(bn_api_call *c, const bn_api_artifact_path *p, bn_artifacts *all, bn_err *err)
{
	const char **tops = bn_alloc(all->count * sizeof *tops);
	size_t count = 0;
	int rc = tops ? 0 : bn_err_nomem(err, "a list of artifacts");
	for (size_t i = 0; tops && i < all->count; i++) {
		char *path = all->items[i].path; /* this list is ours */
		path[strcspn(path, "/")] = '\0';
		if (!count || strcmp(tops[count - 1], path) != 0)
			tops[count++] = path;
	}
	if (count)
		rc = p->owner == BN_API_OF_RUN
			     ? bn_runlog_artifact_removed(c->ws, p->id, tops, count, err)
			     : bn_logged_remove_artifacts(c->ws, p->id, tops, count, err);
	bn_free(tops);
	return rc;
}

/* What is not there is removed already. */
static int remove_artifact(bn_api_call *c, bn_err *err)
{
	bn_api_artifact_path p;
	bn_artifacts all = BN_ARTIFACTS_INIT;
	bool is_dir = false;
	int rc;
	if ((rc = bn_api_path_parse(&p, c->params[0], &c->fault)) < 0 ||
		((p.owner == BN_API_OF_NOTHING || p.path[0]) &&
			(rc = bn_api_path_check_file(&p, &c->fault)) < 0) ||
		(rc = artifact_open(c, &p, err)) < 0 ||
		(rc = bn_api_artifacts_of(&all, c, &p, err)) < 0)
		goto out;
	if (!p.path[0]) {
		rc = remove_all(c, &p, &all, err);
		goto out;
	}
	if (!bn_api_artifact_find(&all, p.path, &is_dir) && !is_dir)
		goto out;
	rc = p.owner == BN_API_OF_RUN ? bn_runlog_artifact_removed(c->ws, p.id, &p.path, 1, err)
				      : bn_logged_remove_artifacts(c->ws, p.id, &p.path, 1, err);
out:
	bn_artifacts_release(&all);
	bn_api_path_release(&p);
	return rc;
}

const bn_api_about bn_api_artifact_delete = {
	.handle = remove_artifact, .need = BN_API_WRITER, .place = BN_API_ALONE};
