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
	for (size_t i = 0; i < f->count; i++)
		bn_free(f->items[i].path);
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

/* ---- listing ----------------------------------------------------------------------------------- */

typedef struct listing {
	bn_mirror *m;
	bn_mirror_files *out;
	const char *run;
	char *root; /* as the server named it */
} listing;

static int listing_dir(listing *l, const char *path, int depth, bn_err *err);

static int listing_item(listing *l, const char *dir, const json_t *item, int depth, bn_err *err)
{
	const char *path = bn_json_str(item, "path", "");
	int64_t size = -1;
	if (!is_inside(path))
		return bn_err_set(err, BN_EIO,
			"%s names an artifact '%.100s', which is no path inside the run's",
			l->m->address, path);
	if (bn_json_bool(item, "is_dir", false)) {
		size_t n = strlen(dir);
		bool below = !n || (!strncmp(path, dir, n) && path[n] == '/');
		if (!below || depth >= MOST_DEPTH)
			return bn_err_set(err, BN_EIO, "%s: the directories of run %.8s do not end",
				l->m->address, l->run);
		return listing_dir(l, path, depth + 1, err);
	}
	if (l->out->count >= MOST_FILES)
		return bn_err_set(err, BN_EREFUSED, "run %.8s has more than %d artifacts", l->run,
			MOST_FILES);
	bn_mlflow_integer(json_object_get(item, "file_size"), &size);
	if (bn_grow(&l->out->items, &l->out->cap, l->out->count + 1, sizeof *l->out->items) != 0)
		return bn_err_nomem(err, "artifacts");
	bn_mirror_file *f = &l->out->items[l->out->count];
	*f = (bn_mirror_file){.path = bn_strdup(path), .size_bytes = size};
	if (!f->path)
		return bn_err_nomem(err, "artifacts");
	l->out->count++;
	return 0;
}

static int listing_dir(listing *l, const char *path, int depth, bn_err *err)
{
	json_t *answer = NULL, *item, *query;
	size_t i;
	query = json_pack("{s:s s:s}", "run_id", l->run, "run_uuid", l->run);
	if (query && *path)
		json_object_set_new(query, "path", json_string(path));
	int rc = bn_mirror_ask(&answer, l->m, NULL, "artifacts/list", query, NULL, true, err);
	if (rc < 0)
		return rc;
	if (!l->root)
		l->root = bn_strdup(bn_json_str(answer, "root_uri", ""));
	json_array_foreach(json_object_get(answer, "files"), i, item)
	{
		if ((rc = listing_item(l, path, item, depth, err)) < 0)
			break;
	}
	json_decref(answer);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const bn_mirror_file *)a)->path, ((const bn_mirror_file *)b)->path);
}

/* A path that is a file lists itself (MLflow), or nothing. */
static int files_list(char **root, bn_mirror_files *out, bn_mirror *m, const char *id,
	const char *path, bn_err *err)
{
	listing l = {.m = m, .out = out, .run = id};
	bn_err why = BN_ERR_INIT;
	const char *from = path ? path : "";
	if (*from && !is_inside(from))
		return bn_err_set(err, BN_EINVAL, "'%.200s' is no path inside a run's artifacts", from);
	int rc = listing_dir(&l, from, 0, &why);
	if (rc < 0) {
		bn_free(l.root);
		return bn_err_move(err, &why);
	}
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, by_path);
	*root = l.root;
	if (!out->count && *from)
		rc = bn_err_set(err, BN_ENOTFOUND, "run %.8s has no artifact '%.200s'", id, from);
	return rc;
}

int bn_mirror_artifacts(
	bn_mirror_files *out, bn_mirror *m, const char *run, const char *path, bn_err *err)
{
	char *id = NULL, *root = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	*out = (bn_mirror_files)BN_MIRROR_FILES_INIT;
	if (rc >= 0)
		rc = files_list(&root, out, m, id, path, err);
	if (rc < 0)
		bn_mirror_files_release(out);
	bn_free(root);
	bn_free(id);
	return rc;
}

/* ---- copying ----------------------------------------------------------------------------------- */

/* Below the address: of the proxy where the artifacts are behind it, else of the route that serves any artifact which the
 * server can read. */
static int target_of(char **out, const char *root, const char *id, const char *path, bn_err *err)
{
	static const char proxy[] = "/api/2.0/mlflow-artifacts/artifacts/", scheme[] = "mlflow-artifacts:",
			  mark[] = "/mlflow-artifacts/artifacts/";
	bn_buf b = BN_BUF_INIT;
	const char *below = strstr(root, mark);
	if (below)
		below += strlen(mark);
	if (bn_str_starts(root, scheme)) { /* mlflow-artifacts:/PATH or mlflow-artifacts://HOST/PATH */
		const char *rest = root + strlen(scheme);
		if (bn_str_starts(rest, "//"))
			rest = strchr(rest + 2, '/');
		below = rest && *rest == '/' ? rest + 1 : rest;
	}
	if (below) {
		bn_buf_addf(&b, "%s%s/", proxy, below);
		for (const char *p = path; p;) {
			size_t part = strcspn(p, "/");
			char *name = bn_strndup(p, part);
			bn_http_url_add(&b, name ? name : "");
			bn_free(name);
			p = p[part] ? p + part + 1 : NULL;
			if (p)
				bn_buf_addch(&b, '/');
		}
	} else {
		bn_buf_addf(&b, "/get-artifact?run_id=%s&run_uuid=%s&path=", id, id);
		bn_http_url_add(&b, path);
	}
	*out = bn_buf_take(&b, NULL);
	return *out ? 0 : bn_err_nomem(err, "a URL");
}

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

static int file_copy(copying *c, const bn_dir *at, const char *target, const bn_mirror_file *f,
	const char *name, bn_err *err)
{
	bn_mlflow_client *client;
	const bn_http_answer *answer = NULL;
	int fd = -1, rc;
	if ((rc = bn_progress_step(c->progress, f->path, c->done, c->total, err)) < 0 ||
		(rc = bn_mirror_client(&client, c->m, err)) < 0 ||
		(rc = file_make(&fd, at, name, err)) < 0)
		return rc;
	bn_http_call call = {.method = "GET", .to = {.kind = BN_HTTP_TO_FILE, .fd = fd}};
	if ((rc = bn_mlflow_call(&answer, client, &call, target, NULL, err)) < 0)
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

int bn_mirror_download(uint64_t *bytes, bn_mirror *m, const char *run, const char *path,
	const char *dir, const bn_progress *progress, bn_err *err)
{
	bn_mirror_files files = BN_MIRROR_FILES_INIT;
	copying c = {.m = m, .progress = progress};
	char *id = NULL, *root = NULL, *target = NULL;
	bn_dir_out *out = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	if (rc < 0 || (rc = files_list(&root, &files, m, id, path, err)) < 0)
		goto out;
	if (!files.count) {
		rc = bn_err_set(err, BN_ENOTFOUND, "run %.8s has no artifacts", id);
		goto out;
	}
	for (size_t i = 0; i < files.count; i++)
		c.total += files.items[i].size_bytes > 0 ? (uint64_t)files.items[i].size_bytes : 0;
	const bn_dir_out_how new_only = {.replaces = NULL};
	if ((rc = bn_dir_out_open(&out, m->env, dir, &new_only, err)) < 0)
		goto out;
	for (size_t i = 0; rc >= 0 && i < files.count; i++) {
		const bn_mirror_file *f = &files.items[i];
		if ((rc = target_of(&target, root ? root : "", id, f->path, err)) >= 0)
			rc = file_copy(&c, bn_dir_out_at(out), target, f, name_below(f->path, path), err);
		bn_free(target);
		target = NULL;
	}
	if (rc >= 0)
		rc = bn_dir_out_finish(out, err);
	if (rc >= 0 && bytes)
		*bytes = c.done;
out:
	bn_dir_out_free(out);
	bn_mirror_files_release(&files);
	bn_free(root);
	bn_free(id);
	return rc;
}
