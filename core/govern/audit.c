/* audit.c - reading the audit log. Verification is in audit_verify.c. See audit.h. */
#include "core/govern/audit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

#define DEFAULT_LIMIT 1000
#define MAX_SUMMARY 200

static const char *const outcome_names[] = {"applied", "refused", "invalid", "newer", "late"};

const char *bn_outcome_name(bn_outcome o)
{
	return outcome_names[o];
}

static bn_outcome outcome_parse(const char *word)
{
	for (int o = BN_OUTCOME_APPLIED; word && o <= BN_OUTCOME_LATE; o++)
		if (!strcmp(word, outcome_names[o]))
			return (bn_outcome)o;
	return BN_OUTCOME_INVALID;
}

void bn_audit_page_free(bn_audit_page *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		bn_audit_row *r = &p->items[i];
		char *const texts[] = {r->writer, r->user, r->kind, r->entity, r->reason,
			r->summary, r->payload, r->unknown};
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			bn_free(texts[k]);
	}
	bn_free(p->items);
	bn_free(p);
}

/* ---- one line of text -------------------------------------------------------------------- */

static void summary_add(bn_buf *b, const char *key, const json_t *v)
{
	char number[BN_FMT];
	if (b->len >= MAX_SUMMARY || json_is_object(v) || json_is_array(v) || json_is_null(v))
		return;
	bn_buf_addf(b, "%s%s ", b->len ? ", " : "", key);
	if (json_is_string(v))
		bn_buf_adds(b, json_string_value(v));
	else if (json_is_number(v))
		bn_buf_adds(b, bn_fmt_f64(json_number_value(v), number));
	else
		bn_buf_adds(b, json_is_true(v) ? "yes" : "no");
}

static bool in_list(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (!strcmp(*list, word))
			return true;
	return false;
}

/* What matters first, the rest as it comes; hashes and long things are left to the payload. */
static char *summary_make(const json_t *payload)
{
	static const char *const first[] = {"version", "alias", "role", "user", "check", "verdict",
		"key", "value", "override", "reason", NULL};
	static const char *const hidden[] = {"uuid", "digest", "manifest", "hash", "public_key",
		"uid", "policy", "schema_hash", "profile", "author_uid", NULL};
	bn_buf b = BN_BUF_INIT;
	const char *key;
	json_t *v;
	for (size_t i = 0; first[i]; i++)
		if ((v = json_object_get(payload, first[i])))
			summary_add(&b, first[i], v);
	json_object_foreach((json_t *)payload, key, v)
	{
		if (!in_list(first, key) && !in_list(hidden, key))
			summary_add(&b, key, v);
	}
	if (b.len > MAX_SUMMARY) {
		size_t n = MAX_SUMMARY;
		while (n && ((unsigned char)b.ptr[n] & 0xc0) == 0x80) /* not inside a character */
			n--;
		bn_buf_truncate(&b, n);
		bn_buf_adds(&b, "...");
	}
	for (size_t i = 0; i < b.len; i++)
		if ((unsigned char)b.ptr[i] < ' ')
			b.ptr[i] = ' ';
	return b.len ? bn_buf_take(&b, NULL) : bn_strdup("");
}

/* ---- query ---------------------------------------------------------------------------------- */

#define WHERE \
	" FROM dump_event WHERE (?1 IS NULL OR bn_user(uid) = ?1 OR CAST(uid AS TEXT) = ?1)" \
	" AND (?2 IS NULL OR kind GLOB ?2) AND (?3 IS NULL OR entity GLOB ?3)" \
	" AND (?4 IS NULL OR outcome = ?4) AND clock >= ?5 AND clock < ?6" \
	" AND (?7 IS NULL OR instr(lower(kind || ' ' || entity || ' ' || bn_user(uid) || ' ' ||" \
	" coalesce(bn_reason(reason), '') || ' ' || CASE typeof(payload) WHEN 'text' THEN " \
	"payload ELSE '' " \
	"END)," \
	" lower(?7)) > 0)"
#define WHERE_TYPES "ssssiis"
/* Of a row of dump_event. */
#define UNKNOWN \
	" FROM index_unknown_field u JOIN index_name w ON w.no = u.writer" \
	" JOIN index_name n ON n.no = u.field" \
	" WHERE w.name = dump_event.writer AND u.seq = dump_event.seq"

static const char *or_null(const char *s)
{
	return s && s[0] ? s : NULL;
}

static int row_read(bn_audit_row *r, sqlite3_stmt *st, bn_err *err)
{
	json_t *payload = NULL;
	r->clock = (uint64_t)sqlite3_column_int64(st, 0);
	r->time_ms = (int64_t)(r->clock >> 16);
	r->writer = bn_sql_text(st, 1);
	r->seq = (uint64_t)sqlite3_column_int64(st, 2);
	r->kind = bn_sql_text(st, 3);
	r->entity = bn_sql_text(st, 4);
	r->uid = (uid_t)sqlite3_column_int64(st, 5);
	r->user = bn_sql_text(st, 6);
	r->outcome = outcome_parse((const char *)sqlite3_column_text(st, 8));
	r->reason = bn_sql_text(st, 9);
	if (sqlite3_column_type(st, 7) == SQLITE_TEXT)
		r->payload = bn_sql_text(st, 7);
	/* A payload that is no JSON was folded as invalid; it is shown without a summary. */
	if (r->payload && bn_json_parse(&payload, r->payload, strlen(r->payload), "payload", NULL))
		payload = NULL;
	r->unknown = bn_sql_text(st, 10);
	r->is_signed = json_is_object(json_object_get(payload, "signature"));
	r->summary = summary_make(payload);
	json_decref(payload);
	if (!r->writer || !r->kind || !r->entity || !r->user || !r->summary)
		return bn_err_nomem(err, "the audit log");
	return 0;
}

static int page_fill(bn_audit_page *p, sqlite3_stmt *st, bn_err *err)
{
	size_t cap = 0;
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&p->items, &cap, p->count + 1, sizeof *p->items))
			return bn_err_nomem(err, "the audit log");
		memset(&p->items[p->count], 0, sizeof *p->items);
		if ((rc = row_read(&p->items[p->count++], st, err)) < 0)
			return rc;
	}
	return rc;
}

int bn_audit_read(bn_audit_page **out, bn_workspace *ws, const bn_audit_filter *filter, bn_err *err)
{
	static const bn_audit_filter all = {.outcome = -1};
	const bn_audit_filter *f = filter ? filter : &all;
	const char *outcome =
		f->outcome < 0 || f->outcome > BN_OUTCOME_LATE ? NULL : outcome_names[f->outcome];
	int64_t from = f->since_ms > 0 ? f->since_ms << 16 : 0;
	int64_t to = f->until_ms > 0 ? f->until_ms << 16 : INT64_MAX;
	const char *user = or_null(f->user), *kind = or_null(f->kind);
	const char *entity = or_null(f->entity), *text = or_null(f->text);
	sqlite3_stmt *st = NULL;
	bn_audit_page *p = bn_alloc_zeroed(1, sizeof *p);
	sqlite3 *db = NULL;
	int rc = p ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "the audit log");
	if (rc < 0)
		goto out;
	/* Most workspaces have no unknown field: that is asked once, not of every row. */
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT count(*), coalesce(sum(outcome IN ('refused', 'invalid')), 0),"
		     " coalesce(sum(outcome = 'newer' OR (EXISTS (SELECT 1 FROM "
		     "index_unknown_field)"
		     " AND EXISTS (SELECT 1" UNKNOWN "))), 0)" WHERE,
		     WHERE_TYPES, user, kind, entity, outcome, from, to, text)) < 0)
		goto out;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	if (rc == 1) {
		p->total = (size_t)sqlite3_column_int64(st, 0);
		p->refused = (size_t)sqlite3_column_int64(st, 1);
		p->newer = (size_t)sqlite3_column_int64(st, 2);
	}
	sqlite3_finalize(st);
	st = NULL;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT clock, writer, seq, kind, entity, uid, bn_user(uid), payload, outcome,"
		     " bn_reason(reason), (SELECT group_concat(n.name, ', ')" UNKNOWN ")" WHERE
		     " ORDER BY clock DESC, writer DESC, seq DESC LIMIT ?8 OFFSET ?9",
		     WHERE_TYPES "ii", user, kind, entity, outcome, from, to, text,
		     (int64_t)(f->limit ? f->limit : DEFAULT_LIMIT), (int64_t)f->offset)) < 0)
		goto out;
	rc = page_fill(p, st, err);
out:
	sqlite3_finalize(st);
	if (rc < 0)
		bn_audit_page_free(p);
	else
		*out = p;
	return rc;
}
