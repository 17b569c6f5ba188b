/*
 * workspace.c - see workspace.h: making, finding and opening a workspace, and its writing side.
 */
#include "core/store/workspace.h"

#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/index/_index.h"
#include "core/store/object/object.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1, ADOPT_MOST = 8 };

/* Shared directories are sticky, so that group members can add but not remove each other's. */
static const struct {
	const char *name;
	mode_t mode;
} parts[] = {{"log", 01777}, {"objects", 0777}, {"claims", 01777}, {"runs", 01777},
	{"trash", 01777}, {"tmp", 01777}};

/* ---- making one ----------------------------------------------------------------------------- */

static int write_identity(const bn_env *env, const char *root, bn_err *err)
{
	char id[BN_UUID_TEXT], *path = bn_path_join(root, "workspace.json");
	bn_buf text = BN_BUF_INIT;
	int rc = path ? bn_uuid_new(env, id, err) : bn_err_nomem(err, "a file name");
	if (!rc) {
		bn_buf_addf(&text, "{\n  \"format\": %d,\n  \"id\": \"%s\"\n}\n", FORMAT, id);
		rc = bn_buf_check(&text, err, "workspace.json");
	}
	if (!rc)
		rc = bn_fs_write_file(env, path, text.ptr, text.len, 0644, err);
	bn_buf_release(&text);
	bn_free(path);
	return rc;
}

/* A log whose workspace.json is gone belongs to the workspace that wrote it: a new identity would
 * take it over. */
static int refuse_orphan_log(const bn_env *env, const char *root, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char *log = bn_path_join(root, "log");
	int rc = log ? 0 : bn_err_nomem(err, "a file name");
	if (!rc && bn_fs_is_dir(env, log))
		rc = bn_fs_list_dir(env, log, &names, err);
	if (!rc && names.count) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' holds a log, but no workspace.json", root);
		bn_err_hint(err, "put its workspace.json back, or move the directory away");
	}
	bn_names_release(&names);
	bn_free(log);
	return rc;
}

int bn_workspace_init(const bn_env *env, const char *dir, bn_err *err)
{
	int rc = 0;
	char *abs = NULL, *root = NULL, *mark = NULL;
	if ((rc = bn_path_absolute(&abs, dir, err)) < 0)
		goto out;
	if (!(root = bn_path_join(abs, ".binnacle")) ||
		!(mark = bn_path_join(root, "workspace.json"))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if (bn_fs_exists(env, mark)) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' is a workspace already", dir);
		goto out;
	}
	rc = refuse_orphan_log(env, root, err);
	if (!rc)
		rc = bn_fs_make_dirs(env, root, 0777, err);
	for (size_t i = 0; !rc && i < sizeof parts / sizeof *parts; i++) {
		char *path = bn_path_join(root, parts[i].name);
		rc = path ? bn_fs_make_dirs(env, path, parts[i].mode, err)
			  : bn_err_nomem(err, "a file name");
		bn_free(path);
	}
	if (!rc)
		rc = bn_fs_sync_dir(
			env, abs, err); /* an init that died may have left it unsynced */
	/* Last: a workspace without its identity is none, so a crash before this is harmless. */
	if (!rc)
		rc = write_identity(env, root, err);
out:
	bn_free(mark);
	bn_free(root);
	bn_free(abs);
	return rc;
}

/* ---- finding and opening -------------------------------------------------------------------- */

/* Walks up from an absolute path until a directory holds .binnacle/workspace.json. */
static int find_up(char **dir, const bn_env *env, const char *start, bn_err *err)
{
	char *at = bn_strdup(start);
	size_t n = at ? strlen(at) : 0;
	while (n > 1 && at[n - 1] == '/')
		at[--n] = '\0';
	for (;;) {
		char *mark = at ? bn_strf("%s/.binnacle/workspace.json", at) : NULL;
		if (!mark) {
			bn_free(at);
			return bn_err_nomem(err, "a file name");
		}
		bool found = bn_fs_exists(env, mark);
		bn_free(mark);
		if (found) {
			*dir = at;
			return 0;
		}
		char *slash = strrchr(at, '/');
		if (!slash || !at[1])
			break;
		slash[slash == at] = '\0';
	}
	bn_free(at);
	bn_err_set(err, BN_ENOTFOUND, "no workspace at or above '%s'", start);
	bn_err_hint(err, "make one with `binnacle init`, or name one with -C DIR");
	return BN_ENOTFOUND;
}

static int read_identity(bn_workspace *ws, bn_err *err)
{
	json_t *j = NULL;
	const char *id;
	int64_t format;
	char *path = bn_workspace_path(ws, "workspace.json");
	int rc = path ? bn_json_load(&j, ws->env, path, err) : bn_err_nomem(err, "a file name");
	if (!rc && !(rc = bn_json_need_str(j, "id", &id, path, err)) &&
		!(rc = bn_json_need_int(j, "format", &format, path, err))) {
		if (format != FORMAT) {
			rc = bn_err_set(err, BN_EUNSUPPORTED,
				"%s: format %lld; this binnacle reads %d", path, (long long)format,
				FORMAT);
			bn_err_hint(err, "use a newer binnacle");
		} else if (strlen(id) > 64 || strchr(id, '/') || !*id) {
			rc = bn_err_set(err, BN_ECORRUPT, "%s: the id is malformed", path);
		} else if (!(ws->id = bn_strdup(id))) {
			rc = bn_err_nomem(err, "a workspace");
		}
	}
	json_decref(j);
	bn_free(path);
	return rc;
}

int bn_workspace_open(bn_workspace **out, const bn_env *env, const bn_fold_class *const *classes,
	const char *start, bn_err *err)
{
	int rc = 0;
	char *abs = NULL;
	const char *home = bn_env_get(env, "BINNACLE_HOME");
	bn_workspace *ws = bn_alloc_zeroed(1, sizeof *ws);
	if (!ws)
		return bn_err_nomem(err, "a workspace");
	ws->env = env;
	ws->classes = classes;
	if (!start)
		start = home && *home ? home : ".";
	if ((rc = bn_path_absolute(&abs, start, err)) < 0)
		goto out;
	if ((rc = find_up(&ws->dir, env, abs, err)))
		goto out;
	if (!(ws->root = bn_path_join(ws->dir, ".binnacle"))) {
		rc = bn_err_nomem(err, "a workspace");
		goto out;
	}
	if ((rc = read_identity(ws, err)))
		goto out;
	*out = ws;
	ws = NULL;
out:
	bn_workspace_close(ws);
	bn_free(abs);
	return rc;
}

void bn_workspace_close(bn_workspace *ws)
{
	if (!ws)
		return;
	if (ws->writer && ws->writer->pid == getpid())
		bn_writer_seal(ws->writer, NULL);
	bn_writer_free(ws->writer);
	bn_index_close(ws->index);
	if (ws->objects)
		ws->objects->ops->free(ws->objects);
	bn_free(ws->dir);
	bn_free(ws->root);
	bn_free(ws->id);
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

bool bn_clock_is_sane(const bn_env *env, uint64_t clock)
{
	return (int64_t)(clock >> 16) <= bn_env_now_ms(env) + BN_CLOCK_AHEAD_MS;
}

char *bn_workspace_tmp_name(bn_workspace *ws, const char *what, bn_err *err)
{
	uint64_t tag[2];
	if (bn_env_random(ws->env, tag, sizeof tag, err))
		return NULL;
	char *path = bn_workspace_path(ws, "tmp/%s-%016llx%016llx", what,
		(unsigned long long)tag[0], (unsigned long long)tag[1]);
	if (!path)
		bn_err_nomem(err, "a file name");
	return path;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Makes ws->writer usable by this very process. */
static int need_writer(bn_workspace *ws, bn_err *err)
{
	if (ws->writer && ws->writer->pid == getpid() && !ws->writer->broken)
		return 0;
	bn_writer_free(ws->writer); /* our parent's, or one that failed: others will adopt it */
	ws->writer = NULL;
	char *log = bn_workspace_path(ws, "log"), *trash = bn_workspace_path(ws, "trash");
	int rc = log && trash ? bn_writer_open(&ws->writer, ws->env, log, trash, err)
			      : bn_err_nomem(err, "a file name");
	if (!rc)
		bn_writer_adopt_dead(ws->writer, log, ADOPT_MOST);
	bn_free(log);
	bn_free(trash);
	return rc;
}

/* "run.created": lower case words joined by dots. */
static bool kind_is_valid(const char *s)
{
	size_t n = strlen(s);
	return n >= 1 && n <= BN_KIND_MAX &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static bool entity_is_valid(const char *s)
{
	size_t n = strlen(s);
	if (n < 1 || n > BN_ENTITY_MAX || *s == '/')
		return false;
	for (const unsigned char *p = (const unsigned char *)s; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

static int append(bn_workspace *ws, bn_record_type type, const char *kind, const char *entity,
	const void *payload, size_t n, bn_err *err)
{
	if (!kind_is_valid(kind))
		return bn_err_set(err, BN_EINVAL, "'%.140s' is not a kind of event", kind);
	if (!entity_is_valid(entity))
		return bn_err_set(err, BN_EINVAL,
			"'%.140s' is not the name of an entity (at most %d bytes, no control "
			"characters)",
			entity, BN_ENTITY_MAX);
	if (n > BN_PAYLOAD_MAX)
		return bn_err_set(err, BN_EINVAL, "event %s of %s: %zu bytes; the limit is %d",
			kind, entity, n, BN_PAYLOAD_MAX);
	int rc = need_writer(ws, err);
	if (rc)
		return rc;
	return bn_writer_append(ws->writer, type, kind, entity, payload, n, ws->seen_clock, err);
}

int bn_workspace_append(
	bn_workspace *ws, const char *kind, const char *entity, const json_t *payload, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (!payload)
		bn_buf_adds(&text, "{}");
	else if (!json_is_object(payload))
		rc = bn_err_set(
			err, BN_EINVAL, "event %s of %s: the payload is no object", kind, entity);
	else
		rc = bn_json_canonical(payload, &text, err);
	if (!rc)
		rc = append(ws, BN_RECORD_JSON, kind, entity, text.ptr, text.len, err);
	bn_buf_release(&text);
	return rc;
}

int bn_workspace_append_raw(bn_workspace *ws, const char *kind, const char *entity,
	const void *payload, size_t n, bn_err *err)
{
	return append(ws, BN_RECORD_RAW, kind, entity, payload, n, err);
}

/* A forked child has nothing of its own to commit: what is pending is its parent's. */
static bn_writer *own_writer(bn_workspace *ws)
{
	return ws->writer && ws->writer->pid == getpid() ? ws->writer : NULL;
}

int bn_workspace_commit(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	return w ? bn_writer_commit(w, err) : 0;
}

int bn_workspace_seal(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	return w ? bn_writer_seal(w, err) : 0;
}

int bn_workspace_tick(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	return w && bn_writer_is_due(w) ? bn_writer_seal(w, err) : 0;
}

int bn_workspace_sync(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_commit(ws, err);
	return rc ? rc : bn_workspace_refresh(ws, NULL, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

int bn_workspace_refresh(bn_workspace *ws, bool *changed, bn_err *err)
{
	bool unused;
	int rc = ws->index ? 0 : bn_index_open(&ws->index, ws, err);
	return rc ? rc : bn_index_refresh(ws->index, changed ? changed : &unused, err);
}

int bn_workspace_read(sqlite3 **out, bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_refresh(ws, NULL, err);
	sqlite3 *db = rc ? NULL : bn_workspace_index(ws);
	if (!rc && !db)
		rc = bn_err_set(err, BN_EIO, "the index cannot be opened");
	if (!rc)
		*out = db;
	return rc;
}

sqlite3 *bn_workspace_index(bn_workspace *ws)
{
	if (!ws->index && bn_workspace_refresh(ws, NULL, NULL))
		return NULL;
	return bn_index_db(ws->index);
}
