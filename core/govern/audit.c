/* audit.c - reading the audit log. Verification is in audit_verify.c. See audit.h. */
#include "core/govern/audit.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/key.h"

#include <stdio.h>
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
		char *const texts[] = {r->writer, r->user, r->person, r->kind, r->entity, r->reason,
			r->summary, r->payload, r->unknown};
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			bn_free(texts[k]);
	}
	bn_free(p->items);
	bn_free(p);
}

/* The outcome in one word, derived from the fold's texts (authority.c, core/registry). */
static const char *standing_of(bn_outcome outcome, const char *reason)
{
	static const struct {
		const char *words, *standing;
	} known[] = {{"says that it does not count", "void"}, {"cuts its key before it", "cut"},
		{"has signed two histories", "forked"}, {"contested", "contested"},
		{"the log lacks", "hole"}, {"which is not in the log", "hole"},
		{"which does not count:", "beside"}};
	for (size_t i = 0; reason && i < sizeof known / sizeof *known; i++)
		if (outcome != BN_OUTCOME_APPLIED && strstr(reason, known[i].words))
			return known[i].standing;
	return bn_outcome_name(outcome);
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

/* The important fields first, then the others; hashes and long values are only in the payload. */
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
		while (n && ((unsigned char)b.ptr[n] & 0xc0) == 0x80) /* not within a character */
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

/* Of a row of dump_event; ones are BN_NAME_WRITER. */
#define SIGNATURE \
	" FROM signed_record s JOIN index_name sw ON sw.no = s.writer WHERE sw.class = 1 AND " \
	"sw.name = dump_event.writer AND s.seq = dump_event.seq"
_Static_assert(BN_NAME_WRITER == 1, "the number in SIGNATURE");
/* The signer, if the signature is good and its key belongs or belonged to a person. */
#define PERSON \
	"(SELECT p.name FROM authority_person p JOIN authority_key k ON k.person = p.person JOIN " \
	"(SELECT s.key AS key, s.writer AS writer, s.seq AS seq" SIGNATURE \
	") g ON g.key = k.key JOIN " \
	"index_signed_verdict v ON v.writer = g.writer AND v.seq = g.seq AND v.good = 1 " \
	"ORDER BY p.from_n DESC LIMIT 1)"
/* What a link changes. */
#define LINK \
	"CASE WHEN kind IN ('authority.founded', 'authority.link') THEN (SELECT l.summary FROM " \
	"authority_link l JOIN index_name lw ON lw.no = l.writer WHERE lw.name = " \
	"dump_event.writer AND " \
	"l.seq = dump_event.seq) END"

#define WHERE \
	" FROM dump_event WHERE (?1 IS NULL OR bn_user(uid) = ?1 OR CAST(uid AS TEXT) = ?1)" \
	" AND (?2 IS NULL OR kind GLOB ?2) AND (?3 IS NULL OR entity GLOB ?3)" \
	" AND (?4 IS NULL OR instr(?4, ',' || outcome || ',') > 0) AND clock >= ?5 AND clock < ?6" \
	" AND (?8 < 0 OR uid = ?8 OR EXISTS (SELECT 1" SIGNATURE " AND s.key = ?9))" \
	" AND (?7 IS NULL OR instr(lower(kind || ' ' || entity || ' ' || bn_user(uid) || ' ' ||" \
	" coalesce(bn_reason(reason), '') || ' ' || CASE typeof(payload) WHEN 'text' THEN " \
	"payload ELSE '' " \
	"END)," \
	" lower(?7)) > 0)" \
	" AND (?10 = 0 OR outcome IN ('refused', 'invalid', 'late') OR " NEWER_DECISION \
	" OR kind IN (" DECISIONS \
	") OR kind GLOB 'policy.*' OR kind GLOB 'role.*' OR kind GLOB 'key.*' OR kind GLOB " \
	"'authority.*')"
#define DECISIONS \
	"'model.registered', 'model.requested', 'model.approved', 'model.rejected', " \
	"'model.alias', " \
	"'model.alias_removed', 'model.removed', 'model.attested', 'dataset.removed', " \
	"'dataset.restored', 'run.removed', 'run.restored'"
/* Records of newer versions that are signed, or about entities for which this version has decisions. Others
 * (measurements of a future class) may be many, and are only counted. */
#define NEWER_DECISION \
	"(outcome = 'newer' AND (coalesce(signed, 0) OR kind GLOB 'model.*' OR kind GLOB " \
	"'dataset.*'))"
#define WHERE_TYPES "ssssiisibi"
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
	/* A payload that is not JSON was folded as invalid; it is shown without a summary. */
	if (r->payload && bn_json_parse(&payload, r->payload, strlen(r->payload), "payload", NULL))
		payload = NULL;
	r->unknown = bn_sql_text(st, 10);
	r->is_signed = sqlite3_column_type(st, 11) != SQLITE_NULL ||
		       json_is_object(json_object_get(payload, "signature"));
	r->person = bn_sql_text(st, 12);
	r->standing = standing_of(r->outcome, r->reason);
	r->summary = sqlite3_column_type(st, 13) == SQLITE_TEXT ? bn_sql_text(st, 13)
								: summary_make(payload);
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

/* ",refused,late,", or NULL for all. */
static const char *outcomes_text(char *out, size_t size, const bn_audit_filter *f)
{
	unsigned bits = f->outcomes;
	if (!bits && f->outcome >= 0 && f->outcome <= BN_OUTCOME_LATE)
		bits = 1u << f->outcome;
	size_t n = (size_t)snprintf(out, size, ",");
	for (int o = BN_OUTCOME_APPLIED; o <= BN_OUTCOME_LATE && n < size; o++)
		if (bits & 1u << o)
			n += (size_t)snprintf(out + n, size - n, "%s,", outcome_names[o]);
	return bits ? out : NULL;
}

/* Size of the user's own key in bytes; 0 if there is none. */
static size_t own_key(uint8_t out[32], const bn_env *env)
{
	bn_key *key = NULL;
	if (bn_key_find(&key, env, NULL) < 0)
		return 0;
	size_t n = bn_unhex(bn_key_public(key), 32, out) == 0 ? 32 : 0;
	bn_key_free(key);
	return n;
}

/* A filter's bound values; NULL, -1 and the ends of time: no restriction. */
typedef struct asked {
	const char *user, *kind, *entity, *outcome, *text;
	int64_t from, to, uid, decisions;
	uint8_t key[32];
	size_t key_bytes;
} asked;

/* The total number of records, from indexes; false: they have to be scanned. */
static bool all_count(bn_audit_page *p, sqlite3 *db, const asked *a)
{
	if (a->decisions || a->user || a->kind || a->entity || a->outcome || a->text ||
		a->uid >= 0 || a->from || a->to != INT64_MAX ||
		bn_sql_int(db, 1, "SELECT EXISTS (SELECT 1 FROM index_unknown_field)", "") != 0)
		return false; /* some records with such fields count as newer */
	p->total = (size_t)bn_sql_int(db, 0, "SELECT count(*) FROM event", "");
	p->refused = (size_t)bn_sql_int(
		db, 0, "SELECT count(*) FROM event WHERE outcome <> 0 AND outcome IN (1, 2)", "");
	p->newer = (size_t)bn_sql_int(
		db, 0, "SELECT count(*) FROM event WHERE outcome <> 0 AND outcome = 3", "");
	return true;
}

static int count_read(bn_audit_page *p, sqlite3 *db, const asked *a, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if (all_count(p, db, a))
		return bn_sql_failed(db, err);
	/* Most workspaces have no unknown field: check once, not for every row. */
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT count(*), coalesce(sum(outcome IN ('refused', 'invalid')), 0),"
		     " coalesce(sum(outcome = 'newer' OR (EXISTS (SELECT 1 FROM "
		     "index_unknown_field)"
		     " AND EXISTS (SELECT 1" UNKNOWN "))), 0)" WHERE,
		     WHERE_TYPES, a->user, a->kind, a->entity, a->outcome, a->from, a->to, a->text,
		     a->uid, a->key, a->key_bytes, a->decisions)) < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		p->total = (size_t)sqlite3_column_int64(st, 0);
		p->refused = (size_t)sqlite3_column_int64(st, 1);
		p->newer = (size_t)sqlite3_column_int64(st, 2);
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_audit_read(bn_audit_page **out, bn_workspace *ws, const bn_audit_filter *filter, bn_err *err)
{
	static const bn_audit_filter all = {.outcome = -1};
	const bn_audit_filter *f = filter ? filter : &all;
	const bn_env *env = bn_workspace_env(ws);
	char outcomes[80];
	asked a = {.user = or_null(f->user),
		.kind = or_null(f->kind),
		.entity = or_null(f->entity),
		.text = or_null(f->text),
		.outcome = outcomes_text(outcomes, sizeof outcomes, f),
		.from = f->since_ms > 0 ? f->since_ms << 16 : 0,
		.to = f->until_ms > 0 ? f->until_ms << 16 : INT64_MAX,
		.decisions = f->decisions,
		.uid = f->mine ? (int64_t)env->uid(env) : -1};
	a.key_bytes = f->mine ? own_key(a.key, env) : 0;
	sqlite3_stmt *st = NULL;
	bn_audit_page *p = bn_alloc_zeroed(1, sizeof *p);
	sqlite3 *db = NULL;
	int rc = p ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "the audit log");
	if (rc < 0 || (rc = count_read(p, db, &a, err)) < 0)
		goto out;
	if (f->decisions)
		p->newer_apart = (size_t)bn_sql_int(db, 0,
			"SELECT count(*) FROM dump_event WHERE outcome = 'newer' AND "
			"NOT " NEWER_DECISION " AND kind NOT GLOB 'policy.*' AND kind NOT GLOB "
					      "'role.*' AND kind NOT GLOB "
			"'key.*' AND kind NOT GLOB 'authority.*'",
			"");
	if ((rc = bn_sql_failed(db, err)) < 0)
		goto out;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT clock, writer, seq, kind, entity, uid, bn_user(uid), payload, outcome,"
		     " bn_reason(reason), (SELECT group_concat(n.name, ', ')" UNKNOWN
		     "), signed, " PERSON ", " LINK WHERE
		     " ORDER BY clock DESC, writer DESC, seq DESC LIMIT ?11 OFFSET ?12",
		     WHERE_TYPES "ii", a.user, a.kind, a.entity, a.outcome, a.from, a.to, a.text,
		     a.uid, a.key, a.key_bytes, a.decisions,
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
