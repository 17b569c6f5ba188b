/* run.c - see run.h: reading runs from the index. The rows are written by run_fold.c. */
#include "core/track/run.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/store/object/live.h"
#include "core/store/object/object.h"
#include "core/track/_fold.h"
#include "core/track/nest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int64_t column_int(sqlite3_stmt *st, int c, int64_t fallback)
{
	return sqlite3_column_type(st, c) == SQLITE_NULL ? fallback : sqlite3_column_int64(st, c);
}

/* ---- one run -------------------------------------------------------------------------------- */

static const char run_sql[] =
	"SELECT lower(hex(r.id)), r.name, (SELECT shown FROM index_experiment WHERE no = r.experiment), "
	"bn_user(r.owner), r.owner, r.status, r.reason, r.exit_code, "
	"r.signal, r.kind, r.title, r.host, r.pid, r.created_ms, r.started_ms, r.finished_ms, "
	"r.spec, r.model, r.dataset, " BN_NEST_PARENT_SQL ", r.note, r.removed, l.beat_ms, l.rss_bytes, "
	"l.peak_rss_bytes, l.cpu_ms, l.read_bytes, l.write_bytes, l.energy_joules, "
	"r.code_changed, r.executor, r.job, r.failure, r.resumes, r.resumed_step, "
	"(SELECT lower(hex(o.id)) FROM run o INDEXED BY run_resuming WHERE o.resumes = lower(hex(r.id)) AND "
	"o.owner = r.owner AND o.removed = 0 ORDER BY o.created_ms DESC, o.id LIMIT 1), "
	"coalesce(l.interval_ms, r.interval_ms), r.trashed, r.reported, r.reported_user, r.source, "
	"(SELECT name FROM index_name WHERE no = r.experiment) "
	"FROM run r LEFT JOIN run_liveness l ON l.run = r.no AND l.owner = r.owner "
	"WHERE r.no = ?";

const char *bn_run_label(
	char out[BN_RUN_LABEL_BYTES], const char *name, const char *title, const char *id)
{
	if (name && *name)
		return name;
	if (!title || !*title)
		return id;
	size_t n = strlen(title);
	for (size_t cols = 60; n > BN_RUN_LABEL_BYTES - 16 && cols; cols--) /* wide characters have more bytes */
		n = bn_utf8_head(title, n, cols);
	if (n > BN_RUN_LABEL_BYTES - 16)
		return id; /* marks without a letter */
	snprintf(out, BN_RUN_LABEL_BYTES, "%.*s %.8s", (int)n, title, id);
	return out;
}

static int find_gone(bn_run_info *r, bn_workspace *ws, bn_err *err)
{
	char entity[8 + BN_RUN_ID_TEXT];
	snprintf(entity, sizeof entity, "run/%s", r->id);
	return r->trashed ? bn_object_refs_gone(&r->bytes_gone, ws, entity, err) : 0;
}

static bool text_of(char **out, sqlite3_stmt *st, int c)
{
	*out = bn_sql_text(st, c);
	return *out || sqlite3_column_type(st, c) == SQLITE_NULL;
}

static bool info_read(bn_run_info *r, sqlite3_stmt *st)
{
	snprintf(r->id, sizeof r->id, "%s", (const char *)sqlite3_column_text(st, 0));
	bool ok = text_of(&r->name, st, 1) && text_of(&r->experiment, st, 2) &&
		  text_of(&r->user, st, 3) && text_of(&r->reason, st, 6) &&
		  text_of(&r->kind, st, 9) && text_of(&r->title, st, 10) &&
		  text_of(&r->host, st, 11) && text_of(&r->spec_hash, st, 16) &&
		  text_of(&r->model_digest, st, 17) && text_of(&r->dataset, st, 18) &&
		  text_of(&r->parent, st, 19) && text_of(&r->note, st, 20) &&
		  text_of(&r->code_changed, st, 29) && text_of(&r->executor, st, 30) &&
		  text_of(&r->job_id, st, 31) && text_of(&r->failure, st, 32) &&
		  text_of(&r->resumes, st, 33) && text_of(&r->resumed_by, st, 35) &&
		  text_of(&r->reported_user, st, 39) && text_of(&r->source, st, 40) &&
		  text_of(&r->experiment_first, st, 41);
	r->trashed = sqlite3_column_int(st, 37) != 0;
	r->reported = sqlite3_column_int(st, 38) != 0;
	r->uid = (uid_t)sqlite3_column_int64(st, 4);
	if (!bn_run_status_parse(&r->status, (const char *)sqlite3_column_text(st, 5)))
		r->status = BN_RUN_LOST;
	r->exit_code = (int)column_int(st, 7, -1);
	r->signal = (int)column_int(st, 8, 0);
	r->pid = column_int(st, 12, -1);
	r->created_ms = column_int(st, 13, -1);
	r->started_ms = column_int(st, 14, -1);
	r->finished_ms = column_int(st, 15, -1);
	r->removed = sqlite3_column_int(st, 21) != 0;
	r->heartbeat_ms = column_int(st, 22, -1);
	r->rss_bytes = column_int(st, 23, -1);
	r->peak_rss_bytes = column_int(st, 24, -1);
	r->cpu_ms = column_int(st, 25, -1);
	r->read_bytes = column_int(st, 26, -1);
	r->write_bytes = column_int(st, 27, -1);
	r->energy_joules = bn_sql_double(st, 28);
	r->resumed_step = column_int(st, 34, -1);
	r->beat_ms = column_int(st, 36, -1);
	return ok;
}

int bn_run_get(bn_run_info **out, bn_workspace *ws, const char *id, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	bn_run_info *r = NULL;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_cached(&st, db, err, run_sql, "i", bn_run_number(db, id))) < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto failed;
	if (rc != 1) {
		rc = bn_err_set(err, BN_ENOTFOUND, "no run '%s'", id);
		goto failed;
	}
	r = bn_alloc_zeroed(1, sizeof *r);
	if (!r || !info_read(r, st)) {
		rc = bn_err_nomem(err, "a run");
		goto failed;
	}
	if ((rc = find_gone(r, ws, err)) < 0)
		goto failed;
	*out = r;
	r = NULL;
	rc = 0;
failed:
	sqlite3_reset(st);
	bn_run_info_free(r);
	return rc;
}

void bn_run_info_free(bn_run_info *r)
{
	if (!r)
		return;
	char *const owned[] = {r->name, r->experiment, r->user, r->reason, r->kind, r->title,
		r->host, r->spec_hash, r->model_digest, r->dataset, r->parent, r->note,
		r->code_changed, r->executor, r->job_id, r->failure, r->resumes, r->resumed_by, r->reported_user,
		r->source, r->experiment_first};
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		bn_free(owned[i]);
	bn_free(r);
}

int bn_run_need_bytes(const bn_run_info *r, bn_err *err)
{
	if (!r->bytes_gone)
		return 0;
	bn_err_set(err, BN_EREFUSED, "the bytes of run %.8s (%s) are gone", r->id, r->name);
	bn_err_hint(err, "gc freed them; what is known of the run stays in the trash");
	return BN_EREFUSED;
}

int64_t bn_run_span_ms(int64_t start_ms, int64_t end_ms)
{
	if (start_ms < 0 || end_ms < start_ms || end_ms - start_ms > INT64_MAX / 1000000)
		return -1;
	return end_ms - start_ms;
}

int64_t bn_run_duration_ms(const bn_run_info *r, int64_t now_ms)
{
	if (r->started_ms < 0)
		return -1;
	bool is_live = bn_run_status_is_live(r->status); /* one that was reopened has an end */
	if (r->finished_ms >= 0 && !is_live)
		return bn_run_span_ms(r->started_ms, r->finished_ms);
	return r->status == BN_RUN_RUNNING ? bn_run_span_ms(r->started_ms, now_ms) : -1;
}

int64_t bn_run_left_ms(const bn_run_info *r, int64_t step, int64_t steps, int64_t now_ms)
{
	int64_t before = r->resumed_step > 0 ? r->resumed_step : 0;
	if (r->started_ms <= 0 || now_ms <= r->started_ms || step <= before || step > steps)
		return -1;
	double left =
		(double)(now_ms - r->started_ms) * (double)(steps - step) / (double)(step - before);
	return left < 0x1p53 ? (int64_t)left : -1;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Reads and finalizes a statement: the id of the first run, their number, a list for display. */
static int resolve_rows(
	char id[BN_RUN_ID_TEXT], int *count, bn_buf *list, sqlite3_stmt *st, bn_err *err)
{
	int rc;
	*count = 0;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const char *found = (const char *)sqlite3_column_text(st, 0);
		if (++*count == 1)
			snprintf(id, BN_RUN_ID_TEXT, "%s", found);
		bn_buf_addf(list, "%s%.8s (%s)", *count > 1 ? ", " : "", found,
			(const char *)sqlite3_column_text(st, 1));
		if (*count == 5)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Runs found by sql for text: the id of the first, their number, and a list for display. */
static int resolve_by(char id[BN_RUN_ID_TEXT], int *count, bn_buf *list, sqlite3 *db,
	const char *sql, const char *text, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err, sql, "s", text);
	return rc < 0 ? rc : resolve_rows(id, count, list, st, err);
}

/* Ids with the prefix text: a range of index_entity. */
static int resolve_prefix(char id[BN_RUN_ID_TEXT], int *count, bn_buf *list, sqlite3 *db,
	const char *text, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	char digits[BN_RUN_ID_TEXT];
	uint8_t range[2][(BN_RUN_ID_TEXT - 1) / 2];
	for (int end = 0; end < 2; end++) {
		memset(digits, end ? 'f' : '0', sizeof digits);
		memcpy(digits, text, strlen(text));
		digits[sizeof digits - 1] = '\0';
		bn_unhex(digits, sizeof range[0], range[end]);
	}
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT lower(hex(r.id)), r.name FROM index_entity e JOIN run r ON r.no = e.no "
		"WHERE e.class = ? AND e.name BETWEEN ? AND ? ORDER BY e.name",
		"ibb", bn_index_name(db, BN_NAME_CLASS, "run"), range[0], sizeof range[0], range[1],
		sizeof range[1]);
	return rc < 0 ? rc : resolve_rows(id, count, list, st, err);
}

/* A run with a similar name, yours; NULL if there is none. */
static char *near_name(sqlite3 *db, const char *text)
{
	sqlite3_stmt *st = NULL;
	bn_names names = BN_NAMES_INIT;
	if (bn_sql_prepare(&st, db, NULL,
		    "SELECT DISTINCT name FROM run WHERE removed = 0 ORDER BY created_ms DESC "
		    "LIMIT 1000",
		    "") == 0)
		while (bn_sql_step(st, NULL) == 1)
			bn_names_add(&names, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	const char **words = bn_alloc_zeroed(names.count + 1, sizeof *words);
	for (size_t i = 0; words && i < names.count; i++)
		words[i] = names.items[i];
	char *near = bn_strdup(words ? bn_nearest_word(text, words) : NULL);
	bn_free(words);
	bn_names_release(&names);
	return near;
}

bool bn_run_is_near(bn_workspace *ws, const char *text)
{
	sqlite3 *db;
	char *near = bn_track_index(&db, ws, NULL) < 0 ? NULL : near_name(db, text);
	bool is = near != NULL;
	bn_free(near);
	return is;
}

static void hint_near(sqlite3 *db, const char *text, bn_err *err)
{
	char *near = near_name(db, text);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else
		bn_err_hint(err, "binnacle run ls lists them");
	bn_free(near);
}

/* "name@latest"; text without a name before it matches nothing. */
static int resolve_newest(
	char *id, int *count, bn_buf *list, sqlite3 *db, const char *text, bn_err *err)
{
	static const char suffix[] = "@latest";
	size_t n = strlen(text);
	if (n < sizeof suffix || !bn_str_ends(text, suffix))
		return 0;
	char *name = bn_strndup(text, n - strlen(suffix));
	int rc = !name ? bn_err_nomem(err, "a name")
		       : resolve_by(id, count, list, db,
				 "SELECT lower(hex(id)), name FROM run WHERE name = ? AND removed "
				 "= 0 "
				 "ORDER BY created_ms DESC, id LIMIT 1",
				 name, err);
	bn_free(name);
	return rc;
}

/* The id that a run had in another store, which it could not keep here (run import, run export). */
static int resolve_origin(
	char *id, int *count, bn_buf *list, sqlite3 *db, const char *text, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT lower(hex(r.id)), r.name FROM run_tag x JOIN run r ON r.no = x.run WHERE "
		"x.key = ? AND x.value = lower(?) AND r.removed = 0 ORDER BY r.created_ms, r.id",
		"is", bn_index_name(db, BN_NAME_KEY, "tags." BN_RUN_ID_TAG), text);
	return rc < 0 ? rc : resolve_rows(id, count, list, st, err);
}

/* "latest", a prefix of an id, a name, "name@latest", an id of another store: the first that matches any run. *how: which it was. A name in the trash
 * counts if no other run has it. */
static int resolve_any(char *id, int *count, const char **how, bn_buf *list, sqlite3 *db,
	const char *text, bn_err *err)
{
	size_t len = strlen(text);
	int rc;
	if (!strcmp(text, "latest") &&
		((rc = resolve_by(id, count, list, db,
			  "SELECT lower(hex(id)), name FROM run WHERE removed = 0 AND ? <> '' "
			  "ORDER BY created_ms DESC, id LIMIT 1",
			  text, err)) < 0 ||
			*count))
		return rc;
	if (len >= 4 && len < BN_RUN_ID_TEXT && bn_is_hex(text)) {
		if ((rc = resolve_prefix(id, count, list, db, text, err)) < 0)
			return rc;
		if (*count) {
			*how = "prefix";
			return 0;
		}
	}
	if ((rc = resolve_by(id, count, list, db,
		     "SELECT lower(hex(id)), name FROM run WHERE name = ?1 AND removed = "
		     "(SELECT min(removed) FROM run WHERE name = ?1) ORDER BY created_ms DESC, id",
		     text, err)) < 0 ||
		*count)
		return rc;
	if ((rc = resolve_newest(id, count, list, db, text, err)) < 0 || *count)
		return rc;
	return len == BN_RUN_ID_TEXT - 1 && bn_is_hex(text)
		       ? resolve_origin(id, count, list, db, text, err)
		       : 0;
}

int bn_run_resolve(bn_workspace *ws, const char *text, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	sqlite3 *db;
	bn_buf list = BN_BUF_INIT;
	const char *how = "name";
	int count = 0, rc;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	if ((rc = resolve_any(id, &count, &how, &list, db, text, err)) < 0)
		goto out;
	if (count == 0) {
		rc = bn_err_set(err, BN_ENOTFOUND, "no run '%s'", text);
		hint_near(db, text, err);
	} else if (count > 1) {
		rc = bn_err_set(err, BN_EINVAL, "run %s '%s' is ambiguous: %s%s", how, text,
			list.ptr, count == 5 ? ", ..." : "");
		bn_err_hint(err, strcmp(how, "name")
					 ? "give more digits of the id"
					 : "give digits of an id, or NAME@latest for the newest");
	}
out:
	bn_buf_release(&list);
	return rc;
}

/* The bytes of a name before its number "-N", and the number; 1 if it has none. */
static size_t name_front(const char *name, int64_t *n)
{
	const char *dash = strrchr(name, '-');
	if (dash && dash > name && bn_parse_i64(dash + 1, strlen(dash + 1), n) && *n > 0 && *n < 100000)
		return (size_t)(dash - name);
	*n = 1;
	return strlen(name);
}

/* The number of "FRONT-N" and of "FRONT-N-more"; -1: another name. */
static int64_t name_number(const char *name, size_t front)
{
	int64_t n;
	size_t digits = strspn(name + front + 1, "0123456789");
	char after = name[front + 1 + digits];
	return (after == '\0' || after == '-') && bn_parse_i64(name + front + 1, digits, &n) ? n : -1;
}

int bn_run_next_name(char **out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	int64_t n, *taken = NULL;
	size_t front = name_front(name, &n), count = 0, cap = 0;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	char *begin = bn_strf("%.*s-", (int)front, name);
	if (!begin)
		return bn_err_nomem(err, "a name");
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT DISTINCT name FROM run WHERE substr(name, 1, length(?1)) = ?1", "s",
		     begin)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		int64_t number = name_number((const char *)sqlite3_column_text(st, 0), front);
		if (number < 0)
			continue;
		if (bn_grow(&taken, &cap, count + 1, sizeof *taken)) {
			rc = bn_err_nomem(err, "a name");
			goto out;
		}
		taken[count++] = number;
	}
	if (rc < 0)
		goto out;
	bool is_taken = true;
	while (is_taken) {
		n++;
		is_taken = false;
		for (size_t i = 0; i < count; i++)
			is_taken |= taken[i] == n;
	}
	*out = bn_strf("%s%lld", begin, (long long)n);
	rc = *out ? 0 : bn_err_nomem(err, "a name");
out:
	sqlite3_finalize(st);
	bn_free(taken);
	bn_free(begin);
	return rc;
}

/* ---- parameters, tags ----------------------------------------------------------------------- */

void bn_pairs_release(bn_pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		bn_free(p->items[i].key);
		bn_free(p->items[i].value);
	}
	bn_free(p->items);
	*p = (bn_pairs)BN_PAIRS_INIT;
}

const char *bn_pairs_get(const bn_pairs *p, const char *key)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->items[i].key, key))
			return p->items[i].value;
	return NULL;
}

static int pairs_load(bn_pairs *out, bn_workspace *ws, const char *sql, const char *id, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	*out = (bn_pairs)BN_PAIRS_INIT;
	int rc;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	if ((rc = bn_sql_cached(&st, db, err, sql, "i", bn_run_number(db, id))) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) != 0) {
			rc = bn_err_nomem(err, "parameters and tags");
			goto out;
		}
		bn_pair *p = &out->items[out->count++];
		p->key = bn_sql_text(st, 0);
		p->value = bn_sql_text(st, 1);
		if (!p->key || !p->value) {
			rc = bn_err_nomem(err, "parameters and tags");
			goto out;
		}
	}
out:
	sqlite3_reset(st);
	if (rc < 0)
		bn_pairs_release(out);
	return rc;
}

int bn_run_params(bn_pairs *out, bn_workspace *ws, const char *id, bn_err *err)
{
	return pairs_load(out, ws,
		"SELECT substr(n.name, 8), x.value FROM run_param x JOIN index_name n ON n.no = "
		"x.key "
		"WHERE x.run = ? ORDER BY n.name",
		id, err);
}

int bn_run_tags(bn_pairs *out, bn_workspace *ws, const char *id, bn_err *err)
{
	return pairs_load(out, ws,
		"SELECT substr(n.name, 6), x.value FROM run_tag x JOIN index_name n ON n.no = "
		"x.key "
		"WHERE x.run = ? ORDER BY n.name",
		id, err);
}

/* ---- artifacts ------------------------------------------------------------------------------ */

int bn_run_artifacts(bn_artifacts *out, bn_workspace *ws, const char *id, bn_err *err)
{
	sqlite3 *db;
	*out = (bn_artifacts)BN_ARTIFACTS_INIT;
	int rc = bn_track_index(&db, ws, err);
	return rc < 0 ? rc
		      : bn_artifacts_read(out, db,
				"SELECT path, hash, size, time_ms FROM run_artifact WHERE run = ? "
				"ORDER BY path",
				bn_run_number(db, id), err);
}
