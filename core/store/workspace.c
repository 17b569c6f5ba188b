/*
 * workspace.c - see workspace.h: finding, opening and closing a workspace.
 */
#include "core/store/workspace.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"
#include "core/store/log/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

/* Whether dir holds .binnacle/workspace.json. A file system that does not respond is an error: the
 * workspace is not known to be absent. */
static int has_workspace(bool *found, const bn_env *env, const char *dir, bn_err *err)
{
	struct stat st;
	char *mark = bn_strf("%s/.binnacle/" BN_IDENTITY, dir);
	if (!mark)
		return bn_err_nomem(err, "a file name");
	int e = env->fs->stat(env, NULL, mark, &st);
	bn_free(mark);
	*found = e == 0;
	if (e == 0 || e == -ENOENT || e == -ENOTDIR)
		return 0;
	bn_err_sys(err, BN_EIO, -e, "cannot look for a workspace in '%s'", dir);
	bn_err_hint(err, "%s",
		e == -EACCES ? "you have no search permission there: name a workspace with -C DIR"
			     : "if its file system was disconnected, mount it again; or name "
			       "another workspace with -C DIR");
	return BN_EIO;
}

/* Walks up from an absolute path until a directory holds a workspace. */
static int find_up(char **dir, const bn_env *env, const char *start, bn_err *err)
{
	bool found = false;
	int rc = 0;
	char *at = bn_strdup(start);
	if (!at)
		return bn_err_nomem(err, "a file name");
	for (size_t n = strlen(at); n > 1 && at[n - 1] == '/';)
		at[--n] = '\0';
	for (;;) {
		if ((rc = has_workspace(&found, env, at, err)) < 0 || found)
			break;
		char *slash = strrchr(at, '/');
		if (!slash || !at[1]) {
			rc = bn_err_set(err, BN_ENOTFOUND, "no workspace at or above '%s'", start);
			bn_err_hint(
				err, "create one with `binnacle init`, or name one with -C DIR");
			break;
		}
		slash[slash == at] = '\0';
	}
	if (rc < 0)
		bn_free(at);
	else
		*dir = at;
	return rc;
}

enum { IDENTITY_BYTES = 64 << 10 };

int bn_workspace_load_identity(json_t **out, struct stat *st, const bn_dir *root, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char *path = bn_dir_join(root, BN_IDENTITY);
	int rc, fd = -1;
	if (!path)
		return bn_err_nomem(err, "a file name");
	if ((rc = bn_dir_open_look(&fd, st, root, BN_IDENTITY, O_RDONLY, 0, err)) < 0)
		goto out;
	if (st->st_size > IDENTITY_BYTES) {
		rc = bn_err_set(err, BN_ECORRUPT, "'%s' has %lld bytes; the limit is %d", path,
			(long long)st->st_size, IDENTITY_BYTES);
		goto out;
	}
	if (bn_buf_reserve(&text, IDENTITY_BYTES)) {
		rc = bn_err_nomem(err, path);
		goto out;
	}
	if ((rc = bn_dir_read_at(root->env, root, BN_IDENTITY, fd, text.ptr, (size_t)st->st_size, 0,
		     &text.len, err)) < 0)
		goto out;
	rc = bn_json_parse(out, text.ptr, text.len, path, err);
out:
	if (fd >= 0)
		root->env->fs->close(root->env, fd);
	bn_buf_release(&text);
	bn_free(path);
	return rc;
}

int bn_workspace_read_identity(bn_workspace *ws, bn_err *err)
{
	json_t *j = NULL;
	const char *id, *founding;
	struct stat st;
	int rc;
	if ((rc = bn_workspace_load_identity(&j, &st, ws->at, err)) < 0 ||
		(rc = bn_json_need_str(j, "id", &id, BN_IDENTITY, err)) < 0 ||
		(rc = bn_json_need_int(j, "format", &ws->format, BN_IDENTITY, err)) < 0)
		goto out;
	ws->identity_inode = (uint64_t)st.st_ino;
	ws->identity_time = st.st_mtim;
	ws->is_chained = json_is_true(json_object_get(j, "chain"));
	ws->is_access_said = bn_json_str(j, "access", NULL) != NULL;
	if ((rc = bn_access_find(&ws->access, ws->at, bn_json_str(j, "access", NULL), err)) < 0)
		goto out;
	founding = bn_json_str(j, "founding", "");
	bool fits = !*founding || (strlen(founding) == BN_LINK_NAME - 1 && bn_is_hex(founding));
	if (ws->format < BN_FORMAT_OLDEST || strlen(id) > 64 || strchr(id, '/') || !*id || !fits ||
		(ws->id && strcmp(ws->id, id) != 0))
		rc = bn_err_set(err, BN_ECORRUPT, "'%s/" BN_IDENTITY "' is malformed", ws->root);
	else if (!ws->id && !(ws->id = bn_strdup(id)))
		rc = bn_err_nomem(err, "a workspace");
	else
		memcpy(ws->founding, founding, strlen(founding) + 1);
out:
	json_decref(j);
	return rc;
}

int bn_workspace_open(bn_workspace **out, const bn_env *env,
	const struct bn_fold_class *const *classes, const char *start, bn_err *err)
{
	int rc = 0;
	bn_dir *above = NULL;
	char *abs = NULL;
	const char *home = bn_env_get(env, "BINNACLE_HOME");
	bn_workspace *ws = bn_alloc_zeroed(1, sizeof *ws);
	if (!ws)
		return bn_err_nomem(err, "a workspace");
	ws->env = env;
	ws->classes = classes;
	ws->merge_at = BN_MERGE_AT;
	if (!start)
		start = home && *home ? home : ".";
	if ((rc = bn_path_absolute(&abs, start, err)) < 0)
		goto out;
	if ((rc = find_up(&ws->dir, env, abs, err)) < 0)
		goto out;
	if (!(ws->root = bn_path_join(ws->dir, ".binnacle"))) {
		rc = bn_err_nomem(err, "a workspace");
		goto out;
	}
	/* The user names the directory; .binnacle in it must not be a link, as for init. */
	if ((rc = bn_dir_open(&above, env, ws->dir, err)) < 0 ||
		(rc = bn_dir_open_below(&ws->at, above, ".binnacle", err)) < 0 ||
		(rc = bn_workspace_read_identity(ws, err)) < 0)
		goto out;
	*out = ws;
	ws = NULL;
out:
	bn_dir_close(above);
	bn_workspace_close(ws);
	bn_free(abs);
	return rc;
}

void bn_workspace_close(bn_workspace *ws)
{
	if (!ws)
		return;
	bn_workspace_seal(ws, NULL);
	bn_writer_free(ws->writer);
	if (ws->index)
		ws->index_close(ws->index);
	if (ws->objects)
		ws->objects_free(ws->objects);
	if (ws->signer.release)
		ws->signer.release(ws->signer.ctx);
	bn_free(ws->kept);
	if (!ws->is_view) {
		bn_dir_close(ws->at);
		bn_free(ws->dir);
		bn_free(ws->root);
		bn_free(ws->id);
	}
	bn_free(ws);
}

const bn_env *bn_workspace_env(const bn_workspace *ws)
{
	return ws->env;
}

const char *bn_workspace_id(const bn_workspace *ws)
{
	return ws->id;
}

const char *bn_workspace_dir(const bn_workspace *ws)
{
	return ws->dir;
}

const char *bn_workspace_root(const bn_workspace *ws)
{
	return ws->root;
}

const bn_dir *bn_workspace_at(const bn_workspace *ws)
{
	return ws->at;
}

bn_access bn_workspace_access(const bn_workspace *ws)
{
	return ws->access;
}

char *bn_workspace_path(const bn_workspace *ws, const char *fmt, ...)
{
	bn_buf b = BN_BUF_INIT;
	va_list ap;
	bn_buf_addf(&b, "%s/", ws->root);
	va_start(ap, fmt);
	bn_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return bn_buf_take(&b, NULL);
}
