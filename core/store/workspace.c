/*
 * workspace.c - see workspace.h: making, finding and opening a workspace, and its writing side.
 */
#include "core/store/workspace.h"

#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/founding.h"
#include "core/store/index/index.h"
#include "core/store/log/clock.h"
#include "core/store/log/merge.h"
#include "core/store/log/slot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT_OLDEST = 1, FORMAT = 2, ADOPT_MOST = 8 };

#define IDENTITY "workspace.json"

/* Shared directories are sticky, so that group members can add but not remove each other's. */
static const struct {
	const char *name;
	mode_t mode;
} parts[] = {{"log", 01777}, {"objects", 0777}, {"claims", 01777}, {"runs", 01777},
	{"trash", 01777}, {"tmp", 01777}};

/* ---- making one ----------------------------------------------------------------------------- */

static int write_identity(const bn_dir *root, bn_err *err)
{
	char id[BN_UUID_TEXT];
	bn_buf text = BN_BUF_INIT;
	int rc = bn_founding_make(id, root, err);
	if (rc < 0)
		return rc;
	bn_buf_addf(&text, "{\n  \"format\": %d,\n  \"id\": \"%s\"\n}\n", FORMAT, id);
	if ((rc = bn_buf_check(&text, err, IDENTITY)) < 0)
		goto out;
	rc = bn_dir_write_file(root, IDENTITY, text.ptr, text.len, 0644, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* mode is cut by the umask: who may use the workspace is what the user's umask says. */
static int make_part(const bn_dir *at, const char *name, mode_t mode, bn_err *err)
{
	int e = at->env->fs->mkdir(at->env, at, name, mode);
	if (e < 0 && e != -EEXIST)
		return bn_err_sys(
			err, BN_EIO, -e, "cannot make the directory '%s/%s'", at->path, name);
	return 0;
}

int bn_workspace_init(const bn_env *env, const char *dir, bn_err *err)
{
	int rc = 0;
	char *abs = NULL;
	bn_dir *at = NULL, *root = NULL;
	if ((rc = bn_path_absolute(&abs, dir, err)) < 0)
		goto out;
	if ((rc = bn_fs_make_dirs(env, abs, 0777, err)) < 0 ||
		(rc = bn_dir_open(&at, env, abs, err)) < 0 ||
		(rc = make_part(at, ".binnacle", 0777, err)) < 0 ||
		(rc = bn_dir_open_below(&root, at, ".binnacle", err)) < 0)
		goto out;
	if (bn_dir_has(root, IDENTITY)) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' is a workspace already", dir);
		goto out;
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if ((rc = make_part(root, parts[i].name, parts[i].mode, err)) < 0)
			goto out;
	/* Also what an init that died may have left unsynced. The identity comes last: a workspace
	 * without it is none, so a crash before this is harmless. */
	if ((rc = bn_dir_sync(root, NULL, err)) < 0 || (rc = bn_dir_sync(at, NULL, err)) < 0)
		goto out;
	rc = write_identity(root, err);
out:
	bn_dir_close(root);
	bn_dir_close(at);
	bn_free(abs);
	return rc;
}

/* ---- finding and opening -------------------------------------------------------------------- */

/* Whether dir holds .binnacle/workspace.json. A file system that does not answer is an error: what
 * lies there is not known to be absent. */
static int has_workspace(bool *found, const bn_env *env, const char *dir, bn_err *err)
{
	struct stat st;
	char *mark = bn_strf("%s/.binnacle/" IDENTITY, dir);
	if (!mark)
		return bn_err_nomem(err, "a file name");
	int e = env->fs->stat(env, NULL, mark, &st);
	bn_free(mark);
	*found = e == 0;
	if (e == 0 || e == -ENOENT || e == -ENOTDIR)
		return 0;
	bn_err_sys(err, BN_EIO, -e, "cannot look for a workspace in '%s'", dir);
	bn_err_hint(err, "%s",
		e == -EACCES ? "you may not search that directory: name a workspace with -C DIR"
			     : "if its file system was cut off, mount it again; or name another "
			       "workspace with -C DIR");
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
			bn_err_hint(err, "make one with `binnacle init`, or name one with -C DIR");
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

static int load_identity(json_t **out, const bn_dir *root, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char *path = bn_dir_join(root, IDENTITY);
	int rc;
	if (!path)
		return bn_err_nomem(err, "a file name");
	struct stat st;
	if ((rc = bn_dir_stat(root, IDENTITY, &st, err)) < 0)
		goto out;
	if (st.st_size > IDENTITY_BYTES) {
		rc = bn_err_set(err, BN_ECORRUPT, "'%s' has %lld bytes; the limit is %d", path,
			(long long)st.st_size, IDENTITY_BYTES);
		goto out;
	}
	if ((rc = bn_dir_read_file(root, IDENTITY, &text, err)) < 0)
		goto out;
	rc = bn_json_parse(out, text.ptr, text.len, path, err);
out:
	bn_buf_release(&text);
	bn_free(path);
	return rc;
}

static int read_identity(bn_workspace *ws, bn_err *err)
{
	json_t *j = NULL;
	const char *id;
	int rc = load_identity(&j, ws->at, err);
	if (rc < 0 || (rc = bn_json_need_str(j, "id", &id, IDENTITY, err)) < 0 ||
		(rc = bn_json_need_int(j, "format", &ws->format, IDENTITY, err)) < 0)
		goto out;
	if (ws->format < FORMAT_OLDEST || strlen(id) > 64 || strchr(id, '/') || !*id)
		rc = bn_err_set(err, BN_ECORRUPT, "'%s/" IDENTITY "' is malformed", ws->root);
	else if (!(ws->id = bn_strdup(id)))
		rc = bn_err_nomem(err, "a workspace");
out:
	json_decref(j);
	return rc;
}

int bn_workspace_open(bn_workspace **out, const bn_env *env,
	const struct bn_fold_class *const *classes, const char *start, bn_err *err)
{
	int rc = 0;
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
	if ((rc = bn_dir_open(&ws->at, env, ws->root, err)) < 0 ||
		(rc = read_identity(ws, err)) < 0)
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
	bn_workspace_seal(ws, NULL);
	bn_writer_free(ws->writer);
	bn_index_close(ws->index);
	if (ws->objects)
		ws->objects_free(ws->objects);
	bn_dir_close(ws->at);
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

const bn_dir *bn_workspace_at(const bn_workspace *ws)
{
	return ws->at;
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

/* ---- writing -------------------------------------------------------------------------------- */

int bn_workspace_need_writable(const bn_workspace *ws, bn_err *err)
{
	if (ws->format <= FORMAT)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED,
		"'%s' has format %lld: this binnacle reads it, and writes formats %d and %d only",
		ws->dir, (long long)ws->format, FORMAT_OLDEST, FORMAT);
	bn_err_hint(err, "use the newer binnacle that others work with there");
	return BN_EUNSUPPORTED;
}

/* Says in workspace.json that the first version must not write here any more: it would not
 * understand what is about to be appended. Where the file is not ours this is tried and no more:
 * the first version then stops at the record itself. */
static int upgrade(bn_workspace *ws, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	struct stat st;
	json_t *j = NULL;
	if (ws->format >= FORMAT)
		return 0;
	int rc = load_identity(&j, ws->at, &why);
	if (rc < 0)
		goto out;
	int64_t now = bn_json_int(j, "format", FORMAT_OLDEST); /* somebody may have been faster */
	if (now < FORMAT) {
		if (json_object_set_new(j, "format", json_integer(FORMAT))) {
			rc = bn_err_nomem(&why, IDENTITY);
			goto out;
		}
		if ((rc = bn_json_pretty(j, &text, &why)) < 0)
			goto out;
		rc = bn_dir_write_file(ws->at, IDENTITY, text.ptr, text.len, 0644, &why);
		now = FORMAT;
	}
	if (rc < 0 && bn_dir_stat(ws->at, IDENTITY, &st, NULL) == 0 &&
		st.st_uid != ws->env->uid(ws->env)) {
		bn_err_clear(&why);
		rc = 0;
	}
	if (rc < 0)
		goto out;
	ws->format = now;
out:
	json_decref(j);
	bn_buf_release(&text);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* Makes ws->writer usable by this very process. */
static int need_writer(bn_workspace *ws, bn_err *err)
{
	/* One that holds a failure stays until a commit has returned it. */
	if (ws->writer && ws->writer->pid == getpid() &&
		(!ws->writer->broken || ws->writer->lost.code))
		return 0;
	bn_writer_free(ws->writer); /* our parent's, or one that failed: others will adopt it */
	ws->writer = NULL;
	int rc = bn_writer_open(&ws->writer, ws->at, err);
	if (rc < 0)
		return rc;
	bn_slot_adopt_dead(ws->at, ws->writer->name, ADOPT_MOST);
	if (ws->signer && (rc = bn_writer_set_signer(ws->writer, ws->signer, ws->id, err)) < 0) {
		bn_writer_free(ws->writer);
		ws->writer = NULL;
	}
	return rc;
}

int bn_workspace_set_signer(bn_workspace *ws, const struct bn_signer *signer, bn_err *err)
{
	int rc = bn_workspace_need_writable(ws, err);
	if (rc < 0 || (rc = need_writer(ws, err)) < 0)
		return rc;
	ws->signer = signer;
	return bn_writer_set_signer(ws->writer, signer, ws->id, err);
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

static int check_draft(const bn_draft *d, bn_err *err)
{
	if (!kind_is_valid(d->kind))
		return bn_err_set(err, BN_EINVAL, "'%.140s' is not a kind of event", d->kind);
	if (!entity_is_valid(d->entity))
		return bn_err_set(err, BN_EINVAL,
			"'%.140s' is not the name of an entity (at most %d bytes, no control "
			"characters)",
			d->entity, BN_ENTITY_MAX);
	if (d->n > BN_PAYLOAD_MAX)
		return bn_err_set(err, BN_EINVAL, "event %s of %s: %zu bytes; the limit is %d",
			d->kind, d->entity, d->n, BN_PAYLOAD_MAX);
	if (d->version > UINT16_MAX)
		return bn_err_set(err, BN_EINVAL, "event %s of %s: no version %u of a class",
			d->kind, d->entity, d->version);
	return 0;
}

static uint64_t seen_clock(const bn_workspace *ws)
{
	uint64_t folded = bn_index_seen_clock(ws->index);
	return folded > ws->seen_clock ? folded : ws->seen_clock;
}

uint64_t bn_workspace_clock(const bn_workspace *ws)
{
	uint64_t seen = seen_clock(ws), own = ws->writer ? ws->writer->tip.clock : 0;
	return own > seen ? own : seen;
}

void bn_workspace_see_clock(bn_workspace *ws, uint64_t clock)
{
	if (clock > ws->seen_clock && bn_clock_is_sane(ws->env, clock))
		ws->seen_clock = clock;
}

static int append(bn_workspace *ws, const bn_draft *d, bn_err *err)
{
	int rc = check_draft(d, err);
	if (rc < 0 || (rc = bn_workspace_need_writable(ws, err)) < 0)
		return rc;
	bool is_old = d->version <= 1 && d->type != BN_RECORD_SIGNED && !ws->signer;
	if (!is_old && (rc = upgrade(ws, err)) < 0) /* S7 */
		return rc;
	if ((rc = need_writer(ws, err)) < 0)
		return rc;
	return bn_writer_append(ws->writer, d, seen_clock(ws), err);
}

/* Appends d with the canonical text of an object (NULL: an empty one) as its payload. */
static int append_json(bn_workspace *ws, bn_draft *d, const json_t *payload, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (!payload)
		bn_buf_adds(&text, "{}");
	else if (!json_is_object(payload))
		rc = bn_err_set(err, BN_EINVAL, "event %s of %s: the payload is no object", d->kind,
			d->entity);
	else
		rc = bn_json_canonical(payload, &text, err);
	if (rc < 0 || (rc = bn_buf_check(&text, err, "an event")) < 0)
		goto out;
	d->payload = text.ptr;
	d->n = text.len;
	rc = append(ws, d, err);
out:
	bn_buf_release(&text);
	return rc;
}

int bn_workspace_append(
	bn_workspace *ws, const char *kind, const char *entity, const json_t *payload, bn_err *err)
{
	return bn_workspace_append_version(ws, 1, kind, entity, payload, err);
}

int bn_workspace_append_version(bn_workspace *ws, unsigned version, const char *kind,
	const char *entity, const json_t *payload, bn_err *err)
{
	bn_draft d = {.type = BN_RECORD_JSON, .version = version, .kind = kind, .entity = entity};
	return append_json(ws, &d, payload, err);
}

int bn_workspace_append_signed(bn_workspace *ws, unsigned version, const char *kind,
	const char *entity, const json_t *payload, const uint8_t *epoch, bn_err *err)
{
	bn_draft d = {.type = BN_RECORD_SIGNED,
		.version = version,
		.epoch = epoch,
		.kind = kind,
		.entity = entity};
	return append_json(ws, &d, payload, err);
}

int bn_workspace_append_raw(bn_workspace *ws, const char *kind, const char *entity,
	const void *payload, size_t n, bn_err *err)
{
	bn_draft d = {
		.type = BN_RECORD_RAW, .kind = kind, .entity = entity, .payload = payload, .n = n};
	return append(ws, &d, err);
}

/* A forked child has nothing of its own to commit: what is pending is its parent's. */
static bn_writer *own_writer(bn_workspace *ws)
{
	return ws->writer && ws->writer->pid == getpid() ? ws->writer : NULL;
}

/* A segment was sealed: merges small ones when there are many. A failure leaves them as they are. */
static void merge_if_due(bn_workspace *ws, bn_writer *w)
{
	if (!w->merge_due || w->broken)
		return;
	w->merge_due = false;
	bn_log_merge(ws->at, w->dir, ws->merge_at, NULL);
}

int bn_workspace_commit(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	if (!w)
		return 0;
	int rc = bn_writer_commit(w, err);
	merge_if_due(ws, w);
	return rc;
}

int bn_workspace_seal(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	if (!w)
		return 0;
	int rc = bn_writer_seal(w, err);
	merge_if_due(ws, w);
	return rc;
}

int bn_workspace_tick(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	return w && bn_writer_is_due(w) ? bn_workspace_seal(ws, err) : 0;
}

int bn_workspace_sync(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_commit(ws, err);
	return rc < 0 ? rc : bn_workspace_refresh(ws, NULL, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

int bn_workspace_need_index(bn_workspace *ws, bn_err *err)
{
	const bn_index_source of = {ws->at, ws->id, ws->classes};
	return ws->index ? 0 : bn_index_open(&ws->index, &of, err);
}

int bn_workspace_refresh(bn_workspace *ws, bool *changed, bn_err *err)
{
	bool unused;
	int rc = bn_workspace_need_index(ws, err);
	return rc < 0 ? rc : bn_index_refresh(ws->index, changed ? changed : &unused, err);
}

int bn_workspace_read(sqlite3 **out, bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		return rc;
	sqlite3 *db = bn_index_db(ws->index);
	if (!db)
		return bn_err_set(err, BN_EIO, "the index cannot be opened");
	*out = db;
	return 0;
}

sqlite3 *bn_workspace_index(bn_workspace *ws)
{
	if (!ws->index && bn_workspace_refresh(ws, NULL, NULL))
		return NULL;
	return bn_index_db(ws->index);
}
