/* runlog.c - see runlog.h. */
#include "core/run/runlog.h"
#include "core/run/run_id.h"

#include "core/base/buf.h"
#include "core/base/dir.h"
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/store/log/limits.h"
#include "core/store/object/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARTIFACT_DEPTH_MAX 64
#define ARTIFACT_BLOCK 262144

/* One event of metrics: even in the worst case, with incompressible data, it is far below
 * BN_PAYLOAD_MAX. A point takes a step and a time of at most 10 bytes each and a value. */
#define WINDOW_BYTES (BN_PAYLOAD_MAX / 2)
#define POINT_BYTES (10 + 10 + 8)
#define SERIES_BYTES 20 /* two lengths, besides the key */

/* Takes the payload's reference. */
static int append_take(
	bn_workspace *ws, const char *kind, const char *id, json_t *payload, bn_err *err)
{
	char entity[8 + BN_RUN_ID_TEXT];
	if (!payload)
		return bn_err_nomem(err, "an event");
	snprintf(entity, sizeof entity, "run/%.32s", id);
	int rc = bn_workspace_append(ws, kind, entity, payload, err);
	json_decref(payload);
	return rc;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (object && text)
		json_object_set_new(object, key, json_string(text));
}

bool bn_run_id_is_valid(const char *id)
{
	return strlen(id) == BN_RUN_ID_TEXT - 1 && bn_is_hex(id);
}

int bn_run_key_length_check(const char *what, const char *key, bn_err *err)
{
	size_t len = strlen(key), chars = 0;
	for (size_t i = 0; i < len; i++)
		chars += ((unsigned char)key[i] & 0xc0) != 0x80;
	if (chars > BN_RUN_KEY_CHARS || len > BN_RUN_KEY_MAX)
		return bn_err_set(err, BN_EINVAL, "%s '%.40s...': a key has at most %d characters",
			what, key, BN_RUN_KEY_CHARS);
	if (!bn_utf8_is_valid(key, len))
		return bn_err_set(err, BN_EINVAL, "%s: a key that is not UTF-8", what);
	return 0;
}

/* Between slashes: an empty part, or "..", which as the name of a file would be another one. */
static bool has_bad_part(const char *key)
{
	for (;;) {
		size_t n = strcspn(key, "/");
		if (n == 0 || (n == 2 && !memcmp(key, "..", 2)))
			return true;
		if (!key[n])
			return false;
		key += n + 1;
	}
}

int bn_run_key_check(const char *what, const char *key, bn_err *err)
{
	int rc = bn_run_key_length_check(what, key, err);
	if (rc < 0)
		return rc;
	if (!key[0])
		return bn_err_set(err, BN_EINVAL, "%s: an empty key", what);
	for (size_t i = 0; key[i]; i++) {
		unsigned char c = (unsigned char)key[i];
		if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
			strchr("_/.-: ", c))
			continue;
		bn_err_set(err, BN_EINVAL, "%s '%s': character %zu is not allowed in a key", what,
			key, i + 1);
		bn_err_hint(err, "letters, digits, spaces and _ / . - : are");
		return BN_EINVAL;
	}
	if (has_bad_part(key) || !strcmp(key, "."))
		return bn_err_set(err, BN_EINVAL,
			"%s '%s': a key has no part '..' and no empty part between slashes", what,
			key);
	return 0;
}

static int value_check(const char *what, const char *key, const char *value, bn_err *err)
{
	if (strlen(value) > BN_RUN_VALUE_MAX)
		return bn_err_set(err, BN_EINVAL, "%s '%s': the value has %zu bytes, at most %d",
			what, key, strlen(value), BN_RUN_VALUE_MAX);
	if (!bn_utf8_is_valid(value, strlen(value)))
		return bn_err_set(err, BN_EINVAL, "%s '%s': the value is not UTF-8", what, key);
	return 0;
}

int bn_run_param_conflict(const char *key, const char *is, bn_err *err)
{
	bn_err_set(err, BN_ECONFLICT, "parameter '%s' is '%.80s%s' already", key, is,
		strlen(is) > 80 ? "..." : "");
	bn_err_hint(err, "a parameter is written once; what changes is a metric or a tag");
	return BN_ECONFLICT;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int name_check(const char *what, const char *name, bn_err *err)
{
	size_t len = name ? strlen(name) : 0;
	if (len > BN_RUN_NAME_MAX)
		return bn_err_set(err, BN_EINVAL,
			"%s '%.40s...': the name has %zu bytes, at most %d", what, name, len,
			BN_RUN_NAME_MAX);
	return 0;
}

int bn_runlog_created(bn_workspace *ws, const char *id, const bn_run_created *b, bn_err *err)
{
	char made_up[64];
	int rc;
	if ((rc = name_check("run", b->name, err)) < 0 ||
		(rc = name_check("experiment", b->experiment, err)) < 0 ||
		(!b->is_mirrored && (rc = bn_run_id_check(id, b->nonce, ws, err)) < 0))
		return rc;
	bn_readable_name(id, made_up, sizeof made_up);
	json_t *p = json_object();
	set_text(p, "name", b->name && b->name[0] ? b->name : made_up);
	set_text(p, "experiment", b->experiment && b->experiment[0] ? b->experiment : "default");
	set_text(p, "kind", b->kind);
	set_text(p, "title", b->title);
	if (!b->is_mirrored) /* it ran elsewhere */
		set_text(p, "host", bn_workspace_env(ws)->host(bn_workspace_env(ws)));
	set_text(p, "spec", b->spec_hash);
	set_text(p, "diff", b->diff_hash);
	set_text(p, "dataset", b->dataset);
	set_text(p, "parent", b->parent);
	set_text(p, "again", b->again);
	set_text(p, "resumes", b->resumes);
	if (b->resumes)
		json_object_set_new(p, "resumed_step", json_integer(b->resumed_step));
	set_text(p, "note", b->note);
	set_text(p, "nonce", b->nonce);
	set_text(p, "user", b->user);
	set_text(p, "source", b->source);
	if (b->reported) {
		json_object_set_new(p, "reported", json_true());
		if (b->start_ms >= 0)
			json_object_set_new(p, "start_ms", json_integer(b->start_ms));
	}
	return append_take(ws, "run.created", id, p, err);
}

int bn_runlog_submitted(
	bn_workspace *ws, const char *id, const char *executor, const char *job, bn_err *err)
{
	json_t *p = json_object();
	set_text(p, "executor", executor);
	set_text(p, "job", job);
	return append_take(ws, "run.submitted", id, p, err);
}

int bn_runlog_queued(bn_workspace *ws, const char *id, const char *queue, int64_t cores,
	int64_t memory_bytes, bn_err *err)
{
	json_t *p = json_pack("{ss sI}", "queue", queue, "cores", (json_int_t)cores);
	if (p && memory_bytes > 0)
		json_object_set_new(p, "memory_bytes", json_integer(memory_bytes));
	return append_take(ws, "run.queued", id, p, err);
}

int bn_runlog_started_with(bn_workspace *ws, const char *id, int64_t interval_ms, json_t *code,
	const char *changed, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	json_t *p = json_pack("{ss ss sI sI}", "host", env->host(env), "boot_id", env->boot_id(env),
		"pid", (json_int_t)getpid(), "interval_ms", (json_int_t)interval_ms);
	if (changed && changed[0])
		set_text(p, "changed", changed);
	if (p && code)
		json_object_set(p, "code", code);
	return append_take(ws, "run.started", id, p, err);
}

int bn_runlog_started(bn_workspace *ws, const char *id, int64_t interval_ms, bn_err *err)
{
	return bn_runlog_started_with(ws, id, interval_ms, NULL, NULL, err);
}

int bn_runlog_finished(bn_workspace *ws, const char *id, const char *status, int exit_code,
	int signal, const char *reason, bn_err *err)
{
	const bn_run_end end = {status, exit_code, signal, reason, NULL};
	return bn_runlog_ended(ws, id, &end, err);
}

int bn_runlog_ended(bn_workspace *ws, const char *id, const bn_run_end *end, bn_err *err)
{
	json_t *p = json_pack("{ss}", "status", end->status);
	if (p && end->exit_code >= 0)
		json_object_set_new(p, "exit_code", json_integer(end->exit_code));
	if (p && end->signal > 0)
		json_object_set_new(p, "signal", json_integer(end->signal));
	set_text(p, "reason", end->reason);
	set_text(p, "failure", end->failure);
	return append_take(ws, "run.finished", id, p, err);
}

const char *bn_run_failure(const bn_err *why)
{
	return bn_err_is_full(why) ? BN_RUN_NO_SPACE : bn_code_name(why->code);
}

int bn_runlog_failed(bn_workspace *ws, const char *id, const bn_err *why, bn_err *err)
{
	const bn_run_end end = {"FAILED", -1, 0, why->msg, bn_run_failure(why)};
	return bn_runlog_ended(ws, id, &end, err);
}

int bn_runlog_removed(bn_workspace *ws, const char *id, bn_err *err)
{
	return append_take(ws, "run.removed", id, json_object(), err);
}

int bn_runlog_stop(bn_workspace *ws, const char *id, bn_err *err)
{
	return append_take(ws, "run.stop", id, json_object(), err);
}

/* ---- words ---------------------------------------------------------------------------------- */

/* So that a record with these, escaped, is below BN_PAYLOAD_MAX. */
enum { WORDS_BYTES = 2 << 20 };

/* {FIELD: words}; as several records if there are many. Nothing if there are none. */
static int append_words(bn_workspace *ws, const char *kind, const char *id, const char *field,
	const json_t *words, bn_err *err)
{
	json_t *piece = json_object(), *value;
	const char *key;
	size_t bytes = 0;
	int rc = piece ? 0 : bn_err_nomem(err, "an event");
	json_object_foreach((json_t *)(uintptr_t)words, key, value)
	{
		if (rc < 0)
			break;
		if (json_object_set(piece, key, value) < 0) {
			rc = bn_err_nomem(err, "an event");
			break;
		}
		bytes += strlen(key) + json_string_length(value);
		if (bytes <= WORDS_BYTES)
			continue;
		rc = append_take(ws, kind, id, json_pack("{sO}", field, piece), err);
		json_decref(piece);
		bytes = 0;
		if (!(piece = json_object()) && rc >= 0)
			rc = bn_err_nomem(err, "an event");
	}
	if (rc >= 0 && json_object_size(piece))
		rc = append_take(ws, kind, id, json_pack("{sO}", field, piece), err);
	json_decref(piece);
	return rc;
}

int bn_runlog_param(
	bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err)
{
	int rc;
	if ((rc = bn_run_key_check("parameter", key, err)) < 0 ||
		(rc = value_check("parameter", key, value, err)) < 0)
		return rc;
	return append_take(ws, "run.param", id, json_pack("{s{ss}}", "params", key, value), err);
}

/* Adds key with the text of value to texts; b is for that text. */
static int add_param(json_t *texts, const char *key, const json_t *value, bn_buf *b, bn_err *err)
{
	int rc = 0;
	bn_buf_clear(b);
	if (json_is_string(value))
		bn_buf_adds(b, json_string_value(value));
	else if ((rc = bn_json_canonical(value, b, err)) < 0)
		return rc;
	if ((rc = bn_buf_check(b, err, "parameters")) < 0 ||
		(rc = bn_run_key_check("parameter", key, err)) < 0 ||
		(rc = value_check("parameter", key, b->ptr, err)) < 0)
		return rc;
	if (json_object_set_new(texts, key, json_string(b->ptr)))
		return bn_err_nomem(err, "parameters");
	return 0;
}

int bn_runlog_params(bn_workspace *ws, const char *id, const json_t *params, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	const char *key;
	json_t *value, *texts = json_object();
	int rc = 0;
	if (!texts)
		return bn_err_nomem(err, "parameters");
	json_object_foreach((json_t *)(uintptr_t)params, key, value)
	{
		if (!json_is_null(value) && (rc = add_param(texts, key, value, &b, err)) < 0)
			goto out;
	}
	rc = append_words(ws, "run.param", id, "params", texts, err);
out:
	bn_buf_release(&b);
	json_decref(texts);
	return rc;
}

int bn_runlog_tag(bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err)
{
	int rc;
	if ((rc = bn_run_key_check("tag", key, err)) < 0 ||
		(value && (rc = value_check("tag", key, value, err)) < 0))
		return rc;
	return append_take(ws, "run.tag", id, json_pack("{s{ss?}}", "tags", key, value), err);
}

int bn_runlog_tags(bn_workspace *ws, const char *id, const json_t *tags, bn_err *err)
{
	const char *key;
	json_t *value;
	int rc;
	json_object_foreach((json_t *)(uintptr_t)tags, key, value)
	{
		const char *text = json_string_value(value);
		if ((rc = bn_run_key_check("tag", key, err)) < 0 ||
			(text && (rc = value_check("tag", key, text, err)) < 0))
			return rc;
		if (!text && !json_is_null(value))
			return bn_err_set(err, BN_EINVAL, "tag '%s': a value is a text", key);
	}
	return append_words(ws, "run.tag", id, "tags", tags, err);
}

int bn_runlog_note(bn_workspace *ws, const char *id, const char *note, bn_err *err)
{
	if (strlen(note) > 65536 || !bn_utf8_is_valid(note, strlen(note)))
		return bn_err_set(err, BN_EINVAL, "a note is UTF-8 text of at most 65536 bytes");
	return append_take(ws, "run.note", id, json_pack("{ss}", "note", note), err);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* What is stored and its name. With at NULL src is a path that the user named, and links in it are
 * followed. */
typedef struct artifact {
	const bn_dir *at;
	const char *src, *name;
	const bn_progress *progress; /* NULL: none */
} artifact;

static int put_stream(
	bn_workspace *ws, const artifact *a, int fd, char hash[65], uint64_t *size, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_object_store *objects = NULL;
	bn_object_writer *w = NULL;
	off_t from = 0;
	size_t got = 0;
	int rc = 0;
	char *block = bn_alloc(ARTIFACT_BLOCK);
	if (!block)
		return bn_err_nomem(err, "a file");
	if ((rc = bn_workspace_objects(&objects, ws, err)) < 0)
		goto out;
	if ((rc = bn_object_writer_new(&w, objects, NULL, err)) < 0)
		goto out;
	do {
		if ((rc = bn_progress_step(a->progress, "storing", (uint64_t)from, 0, err)) < 0)
			goto out;
		if ((rc = bn_dir_read_at(
			     env, a->at, a->src, fd, block, ARTIFACT_BLOCK, from, &got, err)) < 0)
			goto out;
		if ((rc = bn_object_write(w, block, got, err)) < 0)
			goto out;
		from += (off_t)got;
	} while (got == ARTIFACT_BLOCK);
	rc = bn_object_commit(w, hash, size, err);
out:
	bn_object_writer_free(w);
	bn_free(block);
	return rc;
}

/* Whether others may write to the directory of a: they can link a file of its user there (where the system
 * allows hard links to files of others). */
static bool is_open_to_others(const artifact *a)
{
	struct stat st;
	const char *slash = strrchr(a->src, '/');
	char *dir = slash ? bn_strndup(a->src, (size_t)(slash - a->src)) : bn_strdup(".");
	bool is = !dir || bn_dir_stat(a->at, dir, &st, NULL) < 0 || (st.st_mode & 022);
	bn_free(dir);
	return is;
}

static int put_below(
	bn_workspace *ws, const artifact *a, char hash[65], uint64_t *size, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	struct stat st;
	int e, fd = -1, rc = bn_dir_open_file(&fd, a->at, a->src, O_RDONLY, 0, err);
	if (rc < 0)
		return rc;
	if ((e = env->fs->fstat(env, fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot stat '%s/%s'", a->at->path, a->src);
		goto out;
	}
	if (st.st_uid != env->uid(env)) {
		rc = bn_err_set(err, BN_EREFUSED, "'%s/%s' belongs to another user (uid %lu)",
			a->at->path, a->src, (unsigned long)st.st_uid);
		goto out;
	}
	if (st.st_nlink > 1 && is_open_to_others(a)) {
		rc = bn_err_set(err, BN_EREFUSED,
			"'%s/%s' has several hard links, and others may write to its directory: "
			"they may have linked another file of yours there",
			a->at->path, a->src);
		goto out;
	}
	rc = put_stream(ws, a, fd, hash, size, err);
out:
	env->fs->close(env, fd);
	return rc;
}

static int artifact_put(bn_workspace *ws, const artifact *a, json_t *list, bn_err *err)
{
	char hash[65];
	uint64_t size = 0;
	int rc = a->at ? put_below(ws, a, hash, &size, err)
		       : bn_object_put_file(ws, a->src, false, hash, &size, err);
	if (rc < 0)
		return rc;
	if (json_array_append_new(list, json_pack("{ss ss sI}", "path", a->name, "hash", hash,
						"size", (json_int_t)size)) != 0)
		return bn_err_nomem(err, "a list of artifacts");
	return 0;
}

static int artifact_walk(bn_workspace *ws, const artifact *a, int depth, json_t *list, bn_err *err);

static int artifact_walk_dir(
	bn_workspace *ws, const artifact *a, int depth, json_t *list, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char *from = NULL, *to = NULL;
	int rc = a->at ? bn_dir_list(a->at, a->src, &names, err)
		       : bn_fs_list_dir(bn_workspace_env(ws), a->src, &names, err);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++) {
		if (strcmp(names.items[i], ".binnacle") == 0) {
			rc = bn_err_set(err, BN_EREFUSED,
				"artifact '%s' contains a workspace ('%s/.binnacle'): name its "
				"other contents instead",
				a->src, a->src);
			goto out;
		}
		from = bn_path_join(a->src, names.items[i]);
		to = bn_path_join(a->name, names.items[i]);
		if (!from || !to) {
			rc = bn_err_nomem(err, "a path");
			goto out;
		}
		const artifact below = {a->at, from, to, a->progress};
		if ((rc = artifact_walk(ws, &below, depth + 1, list, err)) < 0)
			goto out;
		bn_free(from);
		bn_free(to);
		from = to = NULL;
	}
out:
	bn_free(from);
	bn_free(to);
	bn_names_release(&names);
	return rc;
}

static int artifact_walk(bn_workspace *ws, const artifact *a, int depth, json_t *list, bn_err *err)
{
	bn_path_kind kind;
	int rc = a->at ? bn_dir_look(&kind, a->at, a->src, err)
		       : bn_fs_look(&kind, bn_workspace_env(ws), a->src, err);
	if (rc < 0)
		return rc;
	switch (kind) {
	case BN_PATH_FILE:
		return artifact_put(ws, a, list, err);
	case BN_PATH_DIR:
		if (depth <= ARTIFACT_DEPTH_MAX)
			return artifact_walk_dir(ws, a, depth, list, err);
		return bn_err_set(err, BN_EINVAL, "artifact '%s': nested over %d directories",
			a->src, ARTIFACT_DEPTH_MAX);
	case BN_PATH_OTHER:
		return bn_err_set(
			err, BN_EINVAL, "artifact '%s' is neither a file nor a directory", a->src);
	case BN_PATH_ABSENT:
		break;
	}
	return bn_err_sys(err, BN_ENOTFOUND, ENOENT, "artifact '%s'", a->src);
}

static int artifact_add(
	bn_workspace *ws, const char *id, const artifact *a, const char *model_digest, bn_err *err)
{
	const char *name = a->name;
	json_t *list = NULL;
	int rc = 0;
	if (!bn_utf8_is_valid(name, strlen(name)) || !name[0] || name[0] == '/' ||
		strstr(name, "..") || strlen(name) >= 1024)
		return bn_err_set(
			err, BN_EINVAL, "artifact name '%s': a relative path without '..'", name);
	if (!(list = json_array()))
		return bn_err_nomem(err, "a list of artifacts");
	if ((rc = artifact_walk(ws, a, 0, list, err)) < 0)
		goto out;
	if (json_array_size(list))
		rc = bn_runlog_artifact_objects(ws, id, list, model_digest, err);
out:
	json_decref(list);
	return rc;
}

/* Without trailing "/" and "/."; yours. */
static char *bare_path(const char *path)
{
	size_t n = strlen(path);
	while (n > 1 && (path[n - 1] == '/' || (path[n - 1] == '.' && path[n - 2] == '/')))
		n--;
	return bn_strndup(path, n);
}

int bn_runlog_artifact(
	bn_workspace *ws, const char *id, const char *src, const char *name, bn_err *err)
{
	char *bare = NULL, *here = NULL;
	int rc;
	if (!(bare = bare_path(src))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if (!name && strcmp(bare, ".") == 0 && (rc = bn_path_absolute(&here, ".", err)) < 0)
		goto out;
	const char *own = bn_path_base(here ? here : bare);
	artifact a = {NULL, bare, name ? name : own, NULL};
	rc = artifact_add(ws, id, &a, NULL, err);
out:
	bn_free(bare);
	bn_free(here);
	return rc;
}

int bn_runlog_artifact_below(bn_workspace *ws, const char *id, const bn_dir *at, const char *src,
	const char *name, const bn_progress *progress, bn_err *err)
{
	return artifact_add(ws, id, &(artifact){at, src, name, progress}, NULL, err);
}

int bn_runlog_model(bn_workspace *ws, const char *id, const bn_dir *at, const char *dir,
	const char *digest, bn_err *err)
{
	return artifact_add(ws, id, &(artifact){at, dir, "model", NULL}, digest, err);
}

/* ---- floods --------------------------------------------------------------------------------- */

static int append_window(bn_workspace *ws, const char *id, const bn_metric_set *window, bn_err *err)
{
	char entity[8 + BN_RUN_ID_TEXT];
	bn_buf b = BN_BUF_INIT;
	snprintf(entity, sizeof entity, "run/%.32s", id);
	int rc = bn_metric_chunk_write(&b, window, err);
	if (rc < 0)
		goto out;
	rc = bn_workspace_append_raw(ws, "run.metrics", entity, b.ptr, b.len, err);
out:
	bn_buf_release(&b);
	return rc;
}

/* Events with points from .. from + BN_METRIC_CHUNK_POINTS of every series; with short chunks a
 * chart of a million points opens few of them. Each event has as many series as fit in
 * WINDOW_BYTES. */
static int append_windows(bn_workspace *ws, const char *id, const bn_metric_set *set, size_t from,
	bn_metric_series *items, bn_err *err)
{
	bn_metric_set window = {.items = items};
	size_t bytes = 0;
	int rc = 0;
	for (size_t i = 0; i < set->count; i++) {
		const bn_metric_series *s = &set->items[i];
		size_t n = s->count > from ? s->count - from : 0;
		n = n < BN_METRIC_CHUNK_POINTS ? n : BN_METRIC_CHUNK_POINTS;
		if (n == 0)
			continue;
		size_t more = n * POINT_BYTES + strlen(s->key) + SERIES_BYTES;
		if (window.count && bytes + more > WINDOW_BYTES) {
			if ((rc = append_window(ws, id, &window, err)) < 0)
				return rc;
			window.count = bytes = 0;
		}
		bytes += more;
		items[window.count++] = (bn_metric_series){
			s->key, s->step + from, s->time_ms + from, s->value + from, n, n};
	}
	return window.count ? append_window(ws, id, &window, err) : 0;
}

int bn_runlog_metrics(bn_workspace *ws, const char *id, const bn_metric_set *set, bn_err *err)
{
	size_t longest = 0;
	int rc = 0;
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].count &&
			(rc = bn_run_key_check("metric", set->items[i].key, err)) < 0)
			return rc;
		longest = set->items[i].count > longest ? set->items[i].count : longest;
	}
	if (longest == 0)
		return 0;
	bn_metric_series *items = bn_alloc(set->count * sizeof *items);
	if (!items)
		return bn_err_nomem(err, "metrics");
	for (size_t from = 0; from < longest && rc == 0; from += BN_METRIC_CHUNK_POINTS)
		rc = append_windows(ws, id, set, from, items, err);
	bn_free(items);
	return rc;
}

int bn_runlog_heartbeat(bn_workspace *ws, const char *id, int64_t interval_ms, bn_err *err)
{
	return append_take(ws, "run.heartbeat", id,
		json_pack("{sI}", "interval_ms", (json_int_t)interval_ms), err);
}

int bn_runlog_resources(bn_workspace *ws, const char *id, const bn_process_usage *u,
	int64_t peak_rss_bytes, bn_err *err)
{
	const struct {
		const char *key;
		int64_t value;
	} fields[] = {{"processes", u->processes}, {"threads", u->threads},
		{"rss_bytes", u->rss_bytes}, {"peak_rss_bytes", peak_rss_bytes},
		{"cpu_ms", u->cpu_ms}, {"read_bytes", u->read_bytes},
		{"write_bytes", u->write_bytes}};
	json_t *p = json_object();
	for (size_t i = 0; p && i < sizeof fields / sizeof *fields; i++)
		if (fields[i].value >= 0)
			json_object_set_new(p, fields[i].key, json_integer(fields[i].value));
	return append_take(ws, "run.resources", id, p, err);
}
