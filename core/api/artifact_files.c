/*
 * artifact_files.c - artifacts that a client wrote to a directory of this machine (an experiment whose artifact location
 * is a path or a file:// URI), listed and read.
 *
 * The location is the client's word, so only directories below the workspace's own one and below --artifact-root are
 * looked at, never .binnacle, and no link is followed below them: no request reads another file of the server's user.
 */
#include "core/api/_artifact.h"

#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The path of a location; NULL: it is none of this machine. Borrowed. */
static const char *local_path(const char *root)
{
	if (!strncmp(root, "file://localhost/", 17))
		return root + 16;
	if (!strncmp(root, "file://", 7))
		root += 7;
	else if (!strncmp(root, "file:", 5))
		root += 5;
	return root[0] == '/' ? root : NULL;
}

int bn_api_is_local(bool *out, bn_api_call *c, const char *id, const char *root, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	*out = false;
	if (!local_path(root))
		return 0;
	int rc = bn_run_artifacts(&all, c->ws, id, err);
	*out = rc == 0 && !all.count;
	bn_artifacts_release(&all);
	return rc;
}

/* What follows `top` in path, "" for top itself; NULL: it is not below it. */
static const char *below(const char *path, const char *top)
{
	size_t n = top ? strlen(top) : 0;
	while (n && top[n - 1] == '/')
		n--;
	if (!n || strncmp(path, top, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	path += n;
	return path + strspn(path, "/");
}

/* Whether a part of the path is a workspace's store, of this one or of another. */
static bool has_store(const char *path)
{
	for (const char *part = path; *part;) {
		size_t n = strcspn(part, "/");
		if (bn_str_is(".binnacle", part, n))
			return true;
		part += n + strspn(part + n, "/");
	}
	return false;
}

/* A name below a directory that may be read; *rest is yours. */
static int find_place(
	bn_dir **at, char **rest, bn_api_call *c, const char *root, const char *path, bn_err *err)
{
	const char *top = bn_workspace_dir(c->ws);
	char *whole = NULL;
	int rc = bn_api_path_decode(&whole, local_path(root) + 1, &c->fault);
	if (rc < 0)
		return rc;
	char *full = bn_strf("/%s%s%s", whole, *path ? "/" : "", path);
	bn_free(whole);
	if (!full)
		return bn_err_nomem(err, "a path");
	const char *found = below(full, top);
	if (!found)
		found = below(full, top = c->api->artifact_root);
	if (!found || has_store(found)) {
		rc = bn_api_refuse(c, BN_API_PERMISSION_DENIED,
			"the artifacts at '%s' are below neither the workspace's directory nor "
			"--artifact-root",
			root);
		goto out;
	}
	if (!(*rest = bn_strdup(*found ? found : "."))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	rc = bn_dir_open(at, c->api->env, top, err);
out:
	bn_free(full);
	return rc;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int put_entry(bn_wire *w, const bn_dir *at, const char *dir, const char *name,
	const char *path, bn_err *err)
{
	struct stat st;
	char *where = bn_strf("%s/%s", dir, name), *shown = NULL;
	int rc = where ? bn_dir_stat(at, where, &st, NULL) : bn_err_nomem(err, "a path");
	bn_free(where);
	if (!where || rc < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return where ? 0 : rc; /* gone meanwhile, or a link */
	if (!(shown = bn_strf("%s%s%s", path, *path ? "/" : "", name)))
		return bn_err_nomem(err, "a path");
	bn_wire_open(w, NULL, '{');
	bn_wire_put_text(w, "path", shown);
	bn_wire_put_bool(w, "is_dir", S_ISDIR(st.st_mode));
	if (S_ISREG(st.st_mode) && st.st_size)
		bn_wire_put_int(w, "file_size", st.st_size);
	bn_wire_close(w, '}');
	bn_free(shown);
	return 0;
}

int bn_api_put_local(bn_wire *w, bn_api_call *c, const char *root, const char *path, bn_err *err)
{
	bn_dir *at = NULL;
	char *rest = NULL;
	bn_names names = BN_NAMES_INIT;
	bn_path_kind kind = BN_PATH_ABSENT;
	int rc = find_place(&at, &rest, c, root, path, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_dir_look(&kind, at, rest, err)) < 0 || kind != BN_PATH_DIR ||
		(rc = bn_dir_list(at, rest, &names, err)) < 0)
		goto out;
	if (names.count)
		bn_wire_open(w, "files", '[');
	for (size_t i = 0; i < names.count; i++)
		if ((rc = put_entry(w, at, rest, names.items[i], path, err)) < 0)
			goto out;
	if (names.count)
		bn_wire_close(w, ']');
out:
	bn_names_release(&names);
	bn_dir_close(at);
	bn_free(rest);
	return rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct sending {
	const bn_env *env;
	int fd;
	off_t at;
	uint64_t left;
} sending;

/* A file that shrinks meanwhile cuts the connection, so that the client cannot take a part for the whole. */
static ssize_t on_read(void *user, void *out, size_t size)
{
	sending *s = user;
	size_t got = 0;
	if (!s->left)
		return 0;
	if (size > s->left)
		size = (size_t)s->left;
	if (bn_dir_read_at(s->env, NULL, "an artifact", s->fd, out, size, s->at, &got, NULL) < 0 ||
		!got)
		return BN_HTTP_SOURCE_BROKEN;
	s->at += (off_t)got;
	s->left -= got;
	return (ssize_t)got;
}

static void on_close(void *user)
{
	sending *s = user;
	s->env->fs->close(s->env, s->fd);
	bn_free(s);
}

static int send_open(bn_api_call *c, int fd, const char *path, bn_err *err)
{
	struct stat st;
	char tag[80];
	uint64_t from = 0, count = 0;
	const bn_env *env = c->api->env;
	int e = env->fs->fstat(env, fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", path);
	snprintf(tag, sizeof tag, "%llx-%llx", (unsigned long long)st.st_size,
		(unsigned long long)st.st_mtim.tv_sec * 1000000000 +
			(unsigned long long)st.st_mtim.tv_nsec);
	int rc = bn_api_send_head(c, tag, (uint64_t)st.st_size, path, &from, &count, err);
	if (rc <= 0)
		return rc;
	sending *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a response");
	*s = (sending){env, fd, (off_t)from, count};
	c->response->source = (bn_http_source){
		.read = on_read, .close = on_close, .user = s, .length = (int64_t)count};
	return 1;
}

int bn_api_send_file(bn_api_call *c, const char *root, const char *path, bn_err *err)
{
	bn_dir *at = NULL;
	char *rest = NULL, *decoded = NULL;
	int fd = -1;
	bn_err why = BN_ERR_INIT;
	int rc = bn_api_path_decode(&decoded, path, &c->fault);
	if (rc < 0 || (rc = find_place(&at, &rest, c, root, decoded, err)) < 0)
		goto out;
	rc = bn_dir_open_file(&fd, at, rest, O_RDONLY, 0, &why);
	if (rc == BN_ENOTFOUND) {
		rc = bn_api_no_artifact(c, decoded);
		goto out;
	}
	if (rc < 0) {
		rc = bn_err_recode(err, &why, BN_EINVAL);
		goto out;
	}
	rc = send_open(c, fd, decoded, err);
	if (rc <= 0)
		c->api->env->fs->close(c->api->env, fd);
out:
	bn_dir_close(at);
	bn_free(rest);
	bn_free(decoded);
	return rc < 0 ? rc : 0;
}
