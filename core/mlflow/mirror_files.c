/* mirror_files.c - the artifacts of a run on a server: see mirror.h. Names come from the server, so each is checked
 * before it becomes the name of a file here. */
#include "core/base/dir.h"
#include "core/base/dir_out.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/mlflow/_mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FILES 100000
#define MOST_DEPTH 64
#define MOST_PATH 1024

void bn_mirror_files_release(bn_mirror_files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		bn_free(f->items[i].path);
		bn_free(f->items[i].target);
	}
	bn_free(f->items);
	*f = (bn_mirror_files)BN_MIRROR_FILES_INIT;
}

/* A relative path without empty parts, "." and "..". */
static bool is_inside(const char *path)
{
	size_t n = strlen(path);
	if (n == 0 || n > MOST_PATH)
		return false;
	for (const char *p = path; p;) {
		size_t part = strcspn(p, "/");
		if (part == 0 || (part == 1 && p[0] == '.') ||
			(part == 2 && p[0] == '.' && p[1] == '.') || memchr(p, '\\', part))
			return false;
		for (size_t i = 0; i < part; i++)
			if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
				return false;
		p = p[part] ? p + part + 1 : NULL;
	}
	return true;
}

/* ---- where a file is handed out ----------------------------------------------------------------- */

/* What is listed: the artifacts of a run, those of a logged model, or a directory behind the proxy. */
typedef enum place_kind { OF_RUN, OF_MODEL, OF_PROXY } place_kind;

/* The path below the proxy of a place as the server names it; NULL: it is elsewhere. */
static const char *proxy_path(const char *uri)
{
	static const char scheme[] = "mlflow-artifacts:", mark[] = "/mlflow-artifacts/artifacts/";
	const char *below = strstr(uri, mark);
	if (below)
		return below + strlen(mark);
	if (!bn_str_starts(uri, scheme)) /* mlflow-artifacts:/PATH or mlflow-artifacts://HOST/PATH */
		return NULL;
	uri += strlen(scheme);
	if (bn_str_starts(uri, "//"))
		uri = strchr(uri + 2, '/');
	return uri ? uri + (*uri == '/') : NULL;
}

/* Percent-encodes a path, whose slashes stay. */
static void path_add(bn_buf *b, const char *path)
{
	for (const char *p = path; p;) {
		size_t part = strcspn(p, "/");
		char *name = bn_strndup(p, part);
		bn_http_url_add(b, name ? name : "");
		bn_free(name);
		p = p[part] ? p + part + 1 : NULL;
		if (p)
			bn_buf_addch(b, '/');
	}
}

/* Below the address: of the proxy where the artifacts are behind it, else of the routes that serve any artifact which the
 * server can read. */
static char *target_of(place_kind kind, const char *root, const char *id, const char *path)
{
	bn_buf b = BN_BUF_INIT;
	const char *below = proxy_path(root);
	if (below) {
		bn_buf_adds(&b, "/api/2.0/mlflow-artifacts/artifacts/");
		path_add(&b, below);
		bn_buf_addch(&b, '/');
		path_add(&b, path);
	} else if (kind == OF_MODEL) {
		bn_buf_addf(&b, "/ajax-api/2.0/mlflow/logged-models/%s/artifacts/files?artifact_file_path=", id);
		bn_http_url_add(&b, path);
	} else {
		bn_buf_addf(&b, "/get-artifact?run_id=%s&run_uuid=%s&path=", id, id);
		bn_http_url_add(&b, path);
	}
	return bn_buf_take(&b, NULL);
}

/* ---- listing ----------------------------------------------------------------------------------- */

typedef struct listing {
	bn_mirror *m;
	bn_mirror_files *out;
	place_kind kind;
	const char *id;     /* of the run or the model; of a directory behind the proxy: its URI */
	const char *prefix; /* put before each path, with its slash: "model/" */
	const char *only;   /* this file alone, and no directories; NULL: all */
	char *root;         /* as the server named it */
	size_t dirs;        /* asked for */
} listing;

static int listing_dir(listing *l, const char *path, int depth, bn_err *err);

static int listing_add(listing *l, const char *path, const json_t *item, bn_err *err)
{
	int64_t size = -1;
	if (l->out->count >= MOST_FILES)
		return bn_err_set(
			err, BN_EREFUSED, "%.8s has more than %d artifacts", l->id, MOST_FILES);
	bn_mlflow_integer(json_object_get(item, "file_size"), &size);
	if (bn_grow(&l->out->items, &l->out->cap, l->out->count + 1, sizeof *l->out->items) != 0)
		return bn_err_nomem(err, "artifacts");
	bn_mirror_file *f = &l->out->items[l->out->count++];
	*f = (bn_mirror_file){.path = bn_strf("%s%s", l->prefix, path),
		.target = target_of(l->kind, l->root, l->id, path),
		.size_bytes = size};
	return f->path && f->target ? 0 : bn_err_nomem(err, "artifacts");
}

/* The proxy names files by their last component, the others by their path. */
static int listing_item(listing *l, const char *dir, const json_t *item, int depth, bn_err *err)
{
	const char *said = bn_json_str(item, "path", "");
	size_t n = strlen(dir);
	bool joins = l->kind == OF_PROXY && n;
	char *path = bn_strf("%s%s%s", joins ? dir : "", joins ? "/" : "", said);
	int rc = 0;
	if (!path)
		return bn_err_nomem(err, "artifacts");
	if (!is_inside(path) || strlen(said) == 0) {
		rc = bn_err_set(err, BN_EIO,
			"%s names an artifact '%.100s', which is no path inside the run's",
			l->m->address, said);
	} else if (!bn_json_bool(item, "is_dir", false)) {
		if (!l->only || !strcmp(l->only, path))
			rc = listing_add(l, path, item, err);
	} else if (!l->only) {
		bool below = !n || (!strncmp(path, dir, n) && path[n] == '/');
		rc = below && depth < MOST_DEPTH
			     ? listing_dir(l, path, depth + 1, err)
			     : bn_err_set(err, BN_EIO, "%s: the directories of %.34s do not end",
				       l->m->address, l->id);
	}
	bn_free(path);
	return rc;
}

static int listing_ask(json_t **answer, listing *l, const char *path, bn_err *err)
{
	json_t *query;
	char *route = NULL;
	if (l->kind == OF_PROXY) {
		const char *root = proxy_path(l->id);
		char *at = bn_strf("%s%s%s", root, *path ? "/" : "", path);
		query = at ? json_pack("{s:s}", "path", at) : NULL;
		bn_free(at);
		route = bn_strdup("/api/2.0/mlflow-artifacts/artifacts");
	} else if (l->kind == OF_MODEL) {
		query = json_pack("{s:s*}", "artifact_directory_path", *path ? path : NULL);
		route = bn_strf("logged-models/%s/artifacts/directories", l->id);
	} else {
		query = json_pack("{s:s s:s s:s*}", "run_id", l->id, "run_uuid", l->id, "path",
			*path ? path : NULL);
		route = bn_strdup("artifacts/list");
	}
	int rc = query && route ? 0 : bn_err_nomem(err, "a request");
	if (rc < 0)
		json_decref(query);
	else
		rc = bn_mirror_ask(answer, l->m, NULL, route, query, NULL, true, err);
	bn_free(route);
	return rc;
}

static int listing_dir(listing *l, const char *path, int depth, bn_err *err)
{
	json_t *answer = NULL, *item;
	size_t i;
	if (++l->dirs > MOST_FILES)
		return bn_err_set(
			err, BN_EREFUSED, "%.8s has more than %d directories", l->id, MOST_FILES);
	int rc = listing_ask(&answer, l, path, err);
	if (rc < 0)
		return rc;
	if (!l->root)
		l->root = bn_strdup(l->kind == OF_PROXY ? l->id : bn_json_str(answer, "root_uri", ""));
	if (!l->root)
		rc = bn_err_nomem(err, "artifacts");
	json_array_foreach(json_object_get(answer, "files"), i, item)
	{
		if (rc < 0 || (rc = listing_item(l, path, item, depth, err)) < 0)
			break;
	}
	json_decref(answer);
	return rc;
}

/* What is at or below path. A path that is a file lists nothing at most servers, so it is looked for in its directory. */
static int place_list(listing *l, const char *path, bn_err *err)
{
	size_t had = l->out->count;
	const char *slash = strrchr(path, '/');
	int rc = listing_dir(l, path, 0, err);
	if (rc >= 0 && *path && l->out->count == had) {
		char *dir = bn_strndup(path, slash ? (size_t)(slash - path) : 0);
		l->only = path;
		rc = dir ? listing_dir(l, dir, 0, err) : bn_err_nomem(err, "artifacts");
		bn_free(dir);
	}
	bn_free(l->root);
	l->root = NULL;
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const bn_mirror_file *)a)->path, ((const bn_mirror_file *)b)->path);
}

/* Whether a file or a directory of the run's own has the name of the model. */
static bool is_taken(const bn_mirror_files *f, size_t own, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < own; i++)
		if (!strncmp(f->items[i].path, name, n) && (!f->items[i].path[n] || f->items[i].path[n] == '/'))
			return true;
	return false;
}

/* The files of a logged model of the run, below its name, as MLflow's own client shows them. */
static int model_list(bn_mirror_files *out, size_t own, bn_mirror *m, const char *model,
	const char *path, bn_err *err)
{
	json_t *answer = NULL;
	char *route = bn_strf("logged-models/%s", model), *prefix = NULL;
	int rc = route ? bn_mirror_ask(&answer, m, NULL, route, NULL, NULL, true, err)
		       : bn_err_nomem(err, "a request");
	if (rc < 0)
		goto out;
	const char *name =
		bn_json_str(json_object_get(json_object_get(answer, "model"), "info"), "name", "");
	if (!is_inside(name) || strchr(name, '/') || is_taken(out, own, name))
		name = model;
	size_t n = strlen(name);
	if (*path && (strncmp(path, name, n) != 0 || (path[n] && path[n] != '/')))
		goto out;
	if (!(prefix = bn_strf("%s/", name))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	listing l = {.m = m, .out = out, .kind = OF_MODEL, .id = model, .prefix = prefix};
	rc = place_list(&l, *path && path[n] ? path + n + 1 : "", err);
out:
	json_decref(answer);
	bn_free(route);
	bn_free(prefix);
	return rc;
}

static int models_list(bn_mirror_files *out, bn_mirror *m, const char *id, const char *path, bn_err *err)
{
	json_t *answer = NULL, *v;
	size_t i, own = out->count;
	int rc = bn_mirror_ask(&answer, m, NULL, "runs/get",
		json_pack("{s:s s:s}", "run_id", id, "run_uuid", id), NULL, true, err);
	const json_t *run = json_object_get(answer, "run");
	json_array_foreach(json_object_get(json_object_get(run, "outputs"), "model_outputs"), i, v)
	{
		bn_err why = BN_ERR_INIT;
		const char *model = bn_json_str(v, "model_id", "");
		if (rc < 0)
			break;
		if (!is_inside(model) || strchr(model, '/'))
			continue;
		rc = model_list(out, own, m, model, path, &why);
		if (rc == BN_ENOTFOUND || rc == BN_EUNSUPPORTED) /* deleted, or a server that does not list them */
			rc = 0;
		else if (rc < 0)
			bn_err_move(err, &why);
	}
	json_decref(answer);
	return rc;
}

static int files_list(
	bn_mirror_files *out, bn_mirror *m, const char *id, const char *path, bn_err *err)
{
	const char *from = path ? path : "";
	if (*from && !is_inside(from))
		return bn_err_set(err, BN_EINVAL, "'%.200s' is no path inside a run's artifacts", from);
	listing l = {.m = m, .out = out, .kind = OF_RUN, .id = id, .prefix = ""};
	int rc = place_list(&l, from, err);
	if (rc < 0 || (rc = models_list(out, m, id, from, err)) < 0)
		return rc;
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, by_path);
	else if (*from)
		rc = bn_err_set(err, BN_ENOTFOUND, "run %.8s has no artifact '%.200s'", id, from);
	return rc;
}

int bn_mirror_artifacts(
	bn_mirror_files *out, bn_mirror *m, const char *run, const char *path, bn_err *err)
{
	char *id = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	*out = (bn_mirror_files)BN_MIRROR_FILES_INIT;
	if (rc >= 0)
		rc = files_list(out, m, id, path, err);
	if (rc < 0)
		bn_mirror_files_release(out);
	bn_free(id);
	return rc;
}

/* ---- copying ----------------------------------------------------------------------------------- */

typedef struct copying {
	bn_mirror *m;
	const bn_progress *progress;
	uint64_t done, total;
} copying;

static int file_make(int *fd, const bn_dir *at, const char *path, bn_err *err)
{
	const char *slash = strrchr(path, '/');
	if (slash) {
		char *dir = bn_strndup(path, (size_t)(slash - path));
		int rc = dir ? bn_dir_make(at, dir, 0755, err) : bn_err_nomem(err, "a file name");
		bn_free(dir);
		if (rc < 0)
			return rc;
	}
	return bn_dir_open_file(fd, at, path, O_RDWR | O_CREAT | O_EXCL, 0644, err);
}

static int file_copy(
	copying *c, const bn_dir *at, const bn_mirror_file *f, const char *name, bn_err *err)
{
	bn_mlflow_client *client;
	const bn_http_answer *answer = NULL;
	int fd = -1, rc;
	if ((rc = bn_progress_step(c->progress, f->path, c->done, c->total, err)) < 0 ||
		(rc = bn_mirror_client(&client, c->m, err)) < 0 ||
		(rc = file_make(&fd, at, name, err)) < 0)
		return rc;
	/* A file that is longer than listed is not received to its end, which may never come. */
	bn_http_call call = {.method = "GET",
		.to = {.kind = BN_HTTP_TO_FILE,
			.fd = fd,
			.max_bytes = f->size_bytes < 0 ? 0 : (uint64_t)f->size_bytes + !f->size_bytes}};
	if ((rc = bn_mlflow_call(&answer, client, &call, f->target, NULL, err)) < 0)
		goto out;
	if (f->size_bytes >= 0 && answer->body_bytes != (uint64_t)f->size_bytes) {
		rc = bn_err_set(err, BN_EIO, "artifact '%.200s' has %llu bytes, not %lld as listed",
			f->path, (unsigned long long)answer->body_bytes, (long long)f->size_bytes);
		goto out;
	}
	c->done += answer->body_bytes;
	rc = bn_dir_sync_file(c->m->env, at, name, fd, err);
out:
	c->m->env->fs->close(c->m->env, fd);
	return rc;
}

/* What a file is called below dir: its path without the part that was asked for. */
static const char *name_below(const char *path, const char *asked)
{
	size_t n = asked ? strlen(asked) : 0;
	if (n && !strncmp(path, asked, n) && path[n] == '/')
		return path + n + 1;
	const char *slash = strrchr(path, '/');
	return n && slash ? slash + 1 : path;
}

/* All of them to a new directory; path: the part of their paths that is cut off. */
static int files_copy(uint64_t *bytes, bn_mirror *m, const bn_mirror_files *files, const char *path,
	const char *dir, const bn_progress *progress, bn_err *err)
{
	copying c = {.m = m, .progress = progress};
	bn_dir_out *out = NULL;
	for (size_t i = 0; i < files->count; i++)
		c.total += files->items[i].size_bytes > 0 ? (uint64_t)files->items[i].size_bytes : 0;
	const bn_dir_out_how new_only = {.replaces = NULL};
	int rc = bn_dir_out_open(&out, m->env, dir, &new_only, err);
	for (size_t i = 0; rc >= 0 && i < files->count; i++)
		rc = file_copy(&c, bn_dir_out_at(out), &files->items[i],
			name_below(files->items[i].path, path), err);
	if (rc >= 0)
		rc = bn_dir_out_finish(out, err);
	if (rc >= 0 && bytes)
		*bytes = c.done;
	bn_dir_out_free(out);
	return rc;
}

int bn_mirror_download(uint64_t *bytes, bn_mirror *m, const char *run, const char *path,
	const char *dir, const bn_progress *progress, bn_err *err)
{
	bn_mirror_files files = BN_MIRROR_FILES_INIT;
	int rc = bn_mirror_artifacts(&files, m, run, path, err);
	if (rc >= 0 && !files.count)
		rc = bn_err_set(err, BN_ENOTFOUND, "run %.8s has no artifacts", run);
	if (rc >= 0)
		rc = files_copy(bytes, m, &files, path, dir, progress, err);
	bn_mirror_files_release(&files);
	return rc;
}

/* ---- the files of a version ---------------------------------------------------------------------- */

/* Where the server says that they are; yours. */
static int version_uri(char **out, bn_mirror *m, const bn_version *v, bn_err *err)
{
	json_t *answer = NULL;
	char number[BN_FMT];
	int rc = bn_mirror_version_text(number, m, v->name, v->version, err);
	if (rc < 0 || (rc = bn_mirror_ask(&answer, m, NULL, "model-versions/get-download-uri",
			       json_pack("{s:s s:s}", "name", v->name, "version", number), NULL, true,
			       err)) < 0)
		return rc;
	*out = bn_strdup(bn_json_str(answer, "artifact_uri", ""));
	json_decref(answer);
	return *out ? 0 : bn_err_nomem(err, "a place");
}

/* Behind the proxy, or among what the server reads of a logged model or of a run. */
static int version_list(bn_mirror_files *files, bn_mirror *m, const bn_version *v, const char *uri,
	const char *run, bn_err *err)
{
	listing l = {.m = m, .out = files, .kind = OF_PROXY, .id = uri, .prefix = ""};
	char *mark = run ? bn_strf("/%s/artifacts/", run) : NULL;
	const char *below = mark ? strstr(uri, mark) : NULL;
	int rc;
	if (proxy_path(uri)) {
		rc = place_list(&l, "", err);
	} else if (v->logged_model && is_inside(v->logged_model)) {
		l.kind = OF_MODEL;
		l.id = v->logged_model;
		rc = place_list(&l, "", err);
	} else if (below && is_inside(below + strlen(mark))) {
		l.kind = OF_RUN;
		l.id = run;
		rc = place_list(&l, below + strlen(mark), err);
	} else {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s does not hand out the files of %s/%lld: they are at %.200s",
			m->address, v->name, (long long)v->version, *uri ? uri : "no place");
	}
	if (rc >= 0 && !files->count)
		rc = bn_err_set(err, BN_ENOTFOUND, "%s/%lld has no files at %.200s", v->name,
			(long long)v->version, uri);
	bn_free(mark);
	return rc;
}

int bn_mirror_version_download(uint64_t *bytes, bn_mirror *m, const bn_version *v, const char *dir,
	const bn_progress *progress, bn_err *err)
{
	bn_mirror_files files = BN_MIRROR_FILES_INIT;
	char *uri = NULL, *run = NULL;
	int rc = version_uri(&uri, m, v, err);
	if (rc < 0 || (v->run_id && (rc = bn_mirror_remote_id(&run, m, v->run_id, err)) < 0) ||
		(rc = version_list(&files, m, v, uri, run, err)) < 0)
		goto out;
	const char *mark = run ? strstr(uri, "/artifacts/") : NULL; /* paths of a run have it before them */
	rc = files_copy(bytes, m, &files, proxy_path(uri) || v->logged_model || !mark ? NULL : mark + strlen("/artifacts/"),
		dir, progress, err);
out:
	bn_mirror_files_release(&files);
	bn_free(uri);
	bn_free(run);
	return rc;
}
