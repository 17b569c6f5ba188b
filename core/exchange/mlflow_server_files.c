/*
 * mlflow_server_files.c - the artifacts of an MLflow server, for an import: see _mlflow_server.h.
 *
 * They come through the server's proxy (mlflow-artifacts:), from a root that the user named, or else through the server's
 * own reading of the artifacts of a run or a logged model, whatever store they are in.
 */
#include "core/exchange/_mlflow_server.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

#define PROXY "/api/2.0/mlflow-artifacts/artifacts"
#define DEPTH_MAX 64

typedef bn_mlflow_server server;

/* ---- where they are --------------------------------------------------------------------------- */

/* The path of a URI that the proxy serves; NULL: it does not. */
static const char *proxy_path(const server *s, const char *uri)
{
	const char *tail;
	if (bn_str_starts(uri, "mlflow-artifacts:")) {
		tail = uri + strlen("mlflow-artifacts:");
		if (!strncmp(tail, "//", 2))
			tail = strchr(tail + 2, '/');
		return tail ? tail + strspn(tail, "/") : NULL;
	}
	if (!strstr(uri, "://") || !bn_http_url_same_origin(uri, bn_mlflow_address(s->client)) ||
		!(tail = strstr(uri, "/mlflow-artifacts/artifacts")))
		return NULL;
	tail += strlen("/mlflow-artifacts/artifacts");
	return tail + strspn(tail, "/");
}

/* "P:PATH" of the proxy, "N:PATH" of a root; NULL: neither. */
static char *near_files(const server *s, const char *uri, const char *must)
{
	const char *path = uri ? proxy_path(s, uri) : NULL;
	return path ? bn_strf("P:%s", path) : bn_src_roots_find(&s->roots, uri, must);
}

/* "R:RUN" or "R:RUN/PATH": what the server reads for those who ask for a run's artifacts. */
char *bn_mlflow_server_run_files(const server *s, const char *uri, const char *run)
{
	char *files = near_files(s, uri, run);
	return files ? files : bn_strf("R:%s", run);
}

/* "L:ID", likewise. */
char *bn_mlflow_server_model_files(const server *s, const char *uri, const char *model)
{
	char *files = near_files(s, uri, model);
	return files || strchr(model, '/') ? files : bn_strf("L:%s", model);
}

/* The place below the artifacts of its run, in whatever store. */
static char *below_run(const char *uri, const char *run)
{
	char *mark = bn_strf("/%s/artifacts/", run);
	const char *at = mark && *run ? strstr(uri, mark) : NULL;
	char *files = at ? bn_strf("R:%s/%s", run, at + strlen(mark)) : NULL;
	bn_free(mark);
	return files;
}

/* A version says what it was made of, and the server where that is. */
char *bn_mlflow_server_version_files(server *s, const char *name, const json_t *item)
{
	const char *source = bn_json_str(item, "source", ""), *run = bn_json_str(item, "run_id", "");
	bn_err none = BN_ERR_INIT;
	json_t *answer = NULL, *query;
	char *files = near_files(s, source, NULL);
	if (files || !*source || !strchr(source, '/'))
		return files;
	query = json_pack("{ss sO?}", "name", name, "version", json_object_get(item, "version"));
	const bn_mlflow_request r = {.path = "model-versions/get-download-uri", .query = query};
	if (query && bn_mlflow_do(&answer, s->client, &r, &none) >= 0) {
		const char *uri = bn_json_str(answer, "artifact_uri", "");
		files = near_files(s, uri, NULL);
		if (!files)
			files = below_run(uri, run);
	}
	if (!files && bn_str_starts(source, "models:/m-"))
		files = bn_mlflow_server_model_files(s, NULL, source + strlen("models:/"));
	json_decref(answer);
	json_decref(query);
	return files;
}

/* ---- lists ------------------------------------------------------------------------------------ */

/* Percent-encodes a path, whose slashes stay. */
static void add_path(bn_buf *out, const char *path)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		char *part = bn_strndup(p, n);
		if (!part) {
			out->failed = true;
			return;
		}
		bn_http_url_add(out, part);
		bn_free(part);
		p += n;
		if (*p)
			bn_buf_addch(out, *p++);
	}
}

typedef struct file_sink {
	server *s;
	const char *files;
	const char *dir; /* that is listed, below the root: "" or "model" */
	int depth;
	bn_src_each_file *each;
	void *user;
} file_sink;

static int list_dir(const file_sink *k, bn_err *err);

/* The proxy names files by their last component, artifacts/list by their path. */
static int on_file(void *user, const json_t *item, bn_err *err)
{
	file_sink *k = user;
	const char *name = bn_path_base(bn_json_str(item, "path", ""));
	int64_t size = -1;
	int rc = 0;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	char *path = *k->dir ? bn_strf("%s/%s", k->dir, name) : bn_strdup(name);
	if (!path)
		return bn_err_nomem(err, "a path");
	bn_mlflow_integer(json_object_get(item, "file_size"), &size);
	if (!bn_json_bool(item, "is_dir", false)) {
		const bn_src_file f = {path, size < 0 ? 0 : (uint64_t)size, -1};
		rc = k->each(k->user, &f, err);
	} else if (k->depth >= DEPTH_MAX) {
		bn_exchange_leave_out(k->s->base.report, "artifact",
			"directories are nested too deep", "%s/%s", k->files, path);
	} else {
		file_sink below = *k;
		below.dir = path;
		below.depth++;
		rc = list_dir(&below, err);
	}
	bn_free(path);
	return rc;
}

static int list_dir(const file_sink *k, bn_err *err)
{
	file_sink sink = *k;
	const char *root = k->files + 2;
	json_t *query;
	bn_mlflow_request r = {.path = PROXY};
	char *path = NULL;
	if (k->files[0] == 'P') {
		path = bn_strf("%s%s%s", root, *root && *k->dir ? "/" : "", k->dir);
		query = path ? json_pack("{ss}", "path", path) : NULL;
	} else if (k->files[0] == 'L') {
		r.path = path = bn_strf("logged-models/%s/artifacts/directories", root);
		query = path ? json_pack("{ss}", "artifact_directory_path", k->dir) : NULL;
	} else {
		char *run = bn_strndup(root, strcspn(root, "/"));
		const char *below = strchr(root, '/');
		below = below ? below + 1 : "";
		path = bn_strf("%s%s%s", below, *below && *k->dir ? "/" : "", k->dir);
		query = run && path ? json_pack("{ss}", "run_id", run) : NULL;
		if (query && *path && json_object_set_new(query, "path", json_string(path)) < 0) {
			json_decref(query);
			query = NULL;
		}
		r.path = "artifacts/list";
		bn_free(run);
	}
	r.query = query;
	int rc = query ? bn_mlflow_server_list(k->s, &r, "files", on_file, &sink, err)
		       : bn_err_nomem(err, "a request");
	json_decref(query);
	bn_free(path);
	return rc;
}

int bn_mlflow_server_files(
	bn_src *src, const char *files, bn_src_each_file *each, void *user, bn_err *err)
{
	server *s = (server *)src;
	const file_sink k = {s, files, "", 0, each, user};
	bn_err why = BN_ERR_INIT;
	if (!strchr("PRL", files[0]))
		return bn_src_roots_files(&s->roots, src, files, each, user, err);
	int rc = list_dir(&k, &why);
	if (rc >= 0)
		return rc;
	if (rc == BN_ENOTFOUND || rc == BN_EUNSUPPORTED || rc == BN_EINVAL ||
		bn_mlflow_status(s->client) >= 500) {
		if (rc != BN_ENOTFOUND) /* a run without artifacts may have no directory */
			bn_exchange_unreadable(
				s->base.report, "list of artifacts", &why, "%s", files + 2);
		return 0;
	}
	return bn_err_move(err, &why);
}

int bn_mlflow_server_read(bn_src *src, const char *files, const char *path, bn_src_write *write,
	void *user, bn_err *err)
{
	server *s = (server *)src;
	bn_buf target = BN_BUF_INIT;
	bn_http_call call = {.to = {.kind = BN_HTTP_TO_CALLBACK, .write = write, .user = user}};
	if (!strchr("PRL", files[0]))
		return bn_src_roots_read(&s->roots, files, path, write, user, err);
	if (files[0] == 'P') {
		bn_buf_adds(&target, PROXY "/");
		add_path(&target, files + 2);
		bn_buf_addch(&target, '/');
		add_path(&target, path);
	} else if (files[0] == 'L') {
		bn_buf_adds(&target, "/ajax-api/2.0/mlflow/logged-models/");
		bn_http_url_add(&target, files + 2);
		bn_buf_adds(&target, "/artifacts/files?artifact_file_path=");
		bn_http_url_add(&target, path);
	} else {
		const char *below = strchr(files + 2, '/');
		char *run = bn_strndup(files + 2, strcspn(files + 2, "/"));
		bn_buf_adds(&target, "/get-artifact?run_uuid=");
		bn_http_url_add(&target, run ? run : "");
		bn_buf_adds(&target, "&path=");
		bn_free(run);
		if (below) {
			bn_http_url_add(&target, below + 1);
			bn_buf_adds(&target, "%2F");
		}
		bn_http_url_add(&target, path);
	}
	int rc = bn_buf_check(&target, err, "a URL");
	if (rc >= 0)
		rc = bn_mlflow_call(NULL, s->client, &call, target.ptr, NULL, err);
	bn_buf_release(&target);
	return rc;
}
