/* prove.c - see prove.h. */
#include "core/govern/prove.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/store/log/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ID = BN_SHA256_BYTES, SHOWN = 12 };

/* The record being checked; texts are borrowed. */
typedef struct subject {
	const char *writer, *kind, *entity; /* writer NULL: the workspace; kind NULL: not here */
	uint64_t seq;
} subject;

static int add(bn_proof_findings *f, bool is_fault, int rule, const subject *of, bn_err *err,
	const char *fmt, ...) __attribute__((format(printf, 6, 7)));
static int add(bn_proof_findings *f, bool is_fault, int rule, const subject *of, bn_err *err,
	const char *fmt, ...)
{
	bn_buf words = BN_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(&words, fmt, ap);
	va_end(ap);
	int rc = bn_buf_check(&words, err, "a report");
	const bn_proof_finding x = {.is_fault = is_fault,
		.rule = rule,
		.seq = of->seq,
		.writer = (char *)(uintptr_t)of->writer,
		.kind = (char *)(uintptr_t)of->kind,
		.entity = (char *)(uintptr_t)(of->kind ? of->entity : NULL),
		.words = words.ptr};
	if (rc >= 0)
		rc = bn_proof_finding_add(f, &x, err);
	bn_buf_release(&words);
	return rc;
}

/* The rule, and whether anything can still be vouched for. */
typedef struct breach {
	int rule;
	bool is_fault;
} breach;

static const char *text_at(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

/* ---- named but missing ---------------------------------------------------------------- */

typedef enum found {
	IS_THERE,
	IS_MISSING,
	IS_OTHER, /* a record is there, but not the named one */
} found;

/* Whether the log has the signed record, with that chain hash behind it. */
static int head_find(found *out, sqlite3 *db, const char *writer, int64_t seq,
	const uint8_t after[ID], bn_err *err)
{
	uint8_t have[ID];
	int rc = bn_signed_after(have, db, writer, seq, err);
	if (rc < 0)
		return rc;
	*out = IS_MISSING;
	if (rc == 1)
		*out = memcmp(have, after, ID) == 0 ? IS_THERE : IS_OTHER;
	return 0;
}

/* `by` says in words who names it. */
static int head_check(bn_proof_findings *f, sqlite3 *db, const subject *of, const char *by,
	const char *writer, int64_t seq, const uint8_t after[ID], bn_err *err)
{
	found there;
	int rc = head_find(&there, db, writer, seq, after, err);
	if (rc < 0 || there == IS_THERE)
		return rc;
	return add(f, true, 10, of, err, "%s names record %lld of log/%s, which %s", by,
		(long long)seq, writer,
		there == IS_MISSING ? "the log lacks" : "is another one in this log");
}

static int record_is_here(sqlite3 *db, const char *hex, bn_err *err)
{
	uint8_t id[ID];
	sqlite3_stmt *st = NULL;
	if (strlen(hex) != 2 * ID || bn_unhex(hex, ID, id) < 0)
		return 1; /* names nothing; the fold has reported it */
	int rc = bn_sql_cached(
		&st, db, err, "SELECT 1 FROM signed_record WHERE id = ?", "b", id, (size_t)ID);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc ? rc : bn_closed_is_id(db, -1, id);
}

/* What a counting record refers to, and what its signer had seen. */
static int names_check(
	bn_proof_findings *f, sqlite3 *db, const subject *of, const json_t *payload, bn_err *err)
{
	const json_t *answers = json_object_get(payload, "answers");
	const char *writer;
	json_t *head;
	uint8_t after[ID];
	int rc;
	for (size_t i = 0; i < json_array_size(answers); i++) {
		const char *hex = json_string_value(json_array_get(answers, i));
		if (!hex)
			continue;
		if ((rc = record_is_here(db, hex, err)) < 0)
			return rc;
		bool is_here = rc > 0;
		if (!is_here &&
			(rc = add(f, true, 10, of, err,
				 "it refers to record %.*s, which the log lacks", SHOWN, hex)) < 0)
			return rc;
	}
	json_object_foreach(json_object_get(payload, "seen"), writer, head)
	{
		const char *hex = json_string_value(json_array_get(head, 1));
		if (!hex || strlen(hex) != 2 * ID || bn_unhex(hex, ID, after) < 0)
			continue;
		if ((rc = head_check(f, db, of, "its signer", writer,
			     json_integer_value(json_array_get(head, 0)), after, err)) < 0)
			return rc;
	}
	return 0;
}

/* ---- the chain ---------------------------------------------------------------------------------- */

/* Prefixes of the fold's texts for class "authority" (authority_fold.c, chain_words.c), and the rule that each
 * breaks. */
static breach breach_of_link(const char *words)
{
	static const struct {
		const char *start;
		breach breach;
	} kinds[] = {{"beaten by", {5, false}}, {"continues from", {5, false}},
		{"a link before it", {10, true}}, {"made by a newer", {3, true}},
		{"its signature", {1, true}}, {"the chain of authority knows", {7, false}}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strncmp(words, kinds[i].start, strlen(kinds[i].start)))
			return kinds[i].breach;
	return (breach){3, false};
}

/* Records of class authority that the chain does not accept. */
static int links_check(bn_proof_findings *f, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, e.seq, k.name, coalesce(e.reason, '') FROM event e JOIN index_name "
		"w "
		"ON w.no = e.writer JOIN index_name k ON k.no = e.kind WHERE e.entity = (SELECT no "
		"FROM authority_entity) AND e.outcome <> 0 AND e.signed IS NOT NULL ORDER BY "
		"e.clock, "
		"w.name, e.seq",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const subject of = {text_at(st, 0), text_at(st, 2), "authority",
			(uint64_t)sqlite3_column_int64(st, 1)};
		const char *words = text_at(st, 3);
		breach b = breach_of_link(words);
		if ((rc = add(f, b.is_fault, b.rule, &of, err, "the chain does not accept it: %s",
			     words)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* A link that names a hundred thousand heads must not hide anything: some are named, the others counted. */
enum { HEADS_NAMED = 20 };

static int heads_left_out(
	bn_proof_findings *f, const char *writer, uint64_t seq, int64_t missing, bn_err *err)
{
	const subject of = {writer, "authority.link", "authority", seq};
	return missing <= HEADS_NAMED ? 0
				      : add(f, true, 10, &of, err,
						"it names %lld more records that are missing or "
						"different in the log",
						(long long)(missing - HEADS_NAMED));
}

static int horizons_check(bn_proof_findings *f, sqlite3 *db, bn_err *err)
{
	uint8_t after[ID];
	char by[60], last[BN_WRITER_NAME_MAX + 1] = "";
	uint64_t last_seq = 0;
	int64_t n = -1, missing = 0;
	found there;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, h.seq, h.after, h.n, a.name, l.seq FROM authority_horizon h "
		"JOIN index_name w ON w.no = h.writer JOIN authority_link l ON l.n = h.n "
		"JOIN index_name a ON a.no = l.writer ORDER BY h.n, w.name",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const subject of = {text_at(st, 4), "authority.link", "authority",
			(uint64_t)sqlite3_column_int64(st, 5)};
		if (!bn_sql_bytes(st, 2, after, ID))
			continue;
		if (n != sqlite3_column_int64(st, 3)) {
			if ((rc = heads_left_out(f, last, last_seq, missing, err)) < 0)
				break;
			n = sqlite3_column_int64(st, 3);
			missing = 0;
			last_seq = of.seq;
			snprintf(last, sizeof last, "%s", of.writer);
		}
		if ((rc = head_find(&there, db, text_at(st, 0), sqlite3_column_int64(st, 1), after,
			     err)) < 0)
			break;
		missing += there != IS_THERE;
		snprintf(by, sizeof by, "link %lld", (long long)n);
		if (missing <= HEADS_NAMED &&
			(rc = head_check(f, db, &of, by, text_at(st, 0),
				 sqlite3_column_int64(st, 1), after, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : heads_left_out(f, last, last_seq, missing, err);
}

/* The logs that link 0 of an upgrade closed. If admins have settled a loss since (`restored`), missing records
 * are no longer a fault. */
static int closes_check(bn_proof_findings *f, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, c.seq, c.state, a.name, l.seq, EXISTS (SELECT 1 FROM "
		"authority_link "
		"r WHERE r.restored AND r.n IS NOT NULL) FROM authority_close c JOIN index_name w "
		"ON w.no = c.writer JOIN authority_link l ON l.n = 0 JOIN index_name a ON a.no = "
		"l.writer WHERE c.state <> 1 ORDER BY w.name",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const subject of = {text_at(st, 3), "authority.founded", "authority",
			(uint64_t)sqlite3_column_int64(st, 4)};
		if ((rc = add(f, !sqlite3_column_int(st, 5), 10, &of, err,
			     "the upgrade closed log/%s at record %lld, which %s", text_at(st, 0),
			     (long long)sqlite3_column_int64(st, 1),
			     sqlite3_column_int(st, 2) ? "is another one in this log"
						       : "the log lacks")) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_prove_chain(bn_proof_findings *out, sqlite3 *db, bn_err *err)
{
	const subject workspace = {0};
	if (bn_authority_newest(db, NULL) < 0)
		return add(out, true, 3, &workspace, err,
			"link 0, the founding record that the workspace's id names, or the upgrade "
			"that "
			"workspace.json names, is not in the log");
	int rc;
	if ((rc = links_check(out, db, err)) < 0 || (rc = closes_check(out, db, err)) < 0)
		return rc;
	return horizons_check(out, db, err);
}

/* ---- records ------------------------------------------------------------------------------------ */

bool bn_prove_is_known_key(sqlite3 *db, const uint8_t key[ID])
{
	return bn_sql_int(db, 0,
		       "SELECT EXISTS (SELECT 1 FROM authority_key WHERE key = ?1) OR EXISTS "
		       "(SELECT 1 "
		       "FROM authority_bot WHERE key = ?1)",
		       "b", key, (size_t)ID) == 1;
}

/* Whether the writer's log belongs to a person: his key has signed something in it. Records in another user's
 * log that name his key prove nothing and have no effect. */
static int is_writer_of(sqlite3 *db, int64_t writer_no, const uint8_t key[ID], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT seq FROM signed_record WHERE writer = ? AND key = ?", "ib", writer_no, key,
		(size_t)ID);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		rc = bn_signed_verify(db, writer_no, (uint64_t)sqlite3_column_int64(st, 0), err);
		if (rc)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

/* For a record whose standing depends on its signature: 1: a person signed it. */
static int is_his_word(sqlite3 *db, const bn_event *ev, bn_standing_kind kind, bn_err *err)
{
	if ((kind != BN_STANDING_HOLE && kind != BN_STANDING_BAD) || !ev->sig->key)
		return 0;
	if (!bn_prove_is_known_key(db, ev->sig->key))
		return 0;
	return kind == BN_STANDING_HOLE ? bn_signed_verify(db, ev->writer_no, ev->key.seq, err)
					: is_writer_of(db, ev->writer_no, ev->sig->key, err);
}

static breach breach_of(const bn_standing *s, bool is_his)
{
	switch (s->kind) {
	case BN_STANDING_LATE:
		return (breach){4, false};
	case BN_STANDING_HOLE:
		return (breach){10, is_his};
	case BN_STANDING_BESIDE:
		return (breach){5, false};
	case BN_STANDING_NOBODY:
		return (breach){7, false};
	case BN_STANDING_UNSIGNED:
		return (breach){1, false};
	case BN_STANDING_BAD:
		return (breach){1, is_his};
	case BN_STANDING_FORKED:
		return (breach){10, true};
	case BN_STANDING_VOID:
	case BN_STANDING_CUT:
		return (breach){3, false};
	default:
		return (breach){0, false};
	}
}

/* Records of the chain itself and cards are not signed under an epoch in which they could be
 * judged. */
static bool is_judged(const char *kind)
{
	return strncmp(kind, "authority.", 10) != 0 && strncmp(kind, "writer.", 7) != 0;
}

#define ENTITY_IS "(?1 IS NULL OR t.entity = ?1)"

/* The rule by which a model's fold refuses an act of that kind; 0: acts of other classes. */
static int rule_of_act(const char *kind)
{
	if (!strcmp(kind, "model.approved") || !strcmp(kind, "model.rejected"))
		return 9;
	if (!strcmp(kind, "model.evidence") || !strcmp(kind, "model.attested"))
		return 8;
	return strncmp(kind, "model.", 6) ? 0 : 6;
}

/* Signed in time by a person, but not allowed or not possible: an attempt. */
static int refusal_check(
	bn_proof_findings *f, const subject *of, int outcome, const char *why, bn_err *err)
{
	int rule = rule_of_act(of->kind);
	if (!rule || (outcome != BN_OUTCOME_REFUSED && outcome != BN_OUTCOME_INVALID))
		return 0;
	return add(f, false, rule, of, err, "%s", why[0] ? why : "it is malformed");
}

static int signed_check(bn_proof_findings *f, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	uint8_t id[ID], key[ID], epoch[ID];
	json_t *payload = NULL;
	const subject of = {text_at(st, 1), text_at(st, 3), text_at(st, 4),
		(uint64_t)sqlite3_column_int64(st, 2)};
	const char *text = text_at(st, 9);
	bn_signed sig = {.id = id,
		.key = bn_sql_bytes(st, 6, key, ID) ? key : NULL,
		.epoch = bn_sql_bytes(st, 7, epoch, ID) ? epoch : NULL};
	const bn_event ev = {.key = {(uint64_t)sqlite3_column_int64(st, 0), of.writer, of.seq},
		.kind = of.kind,
		.entity = of.entity,
		.writer_no = sqlite3_column_int64(st, 8),
		.sig = &sig};
	bn_standing s;
	if (!is_judged(of.kind) || !bn_sql_bytes(st, 5, id, ID))
		return 0;
	int rc = bn_authority_judge(&s, db, &ev, err);
	if (rc < 0)
		return rc;
	if (s.kind != BN_STANDING_COUNTS) {
		if ((rc = is_his_word(db, &ev, s.kind, err)) < 0)
			return rc;
		breach b = breach_of(&s, rc == 1);
		/* A dataset version is valid without a signature, but ranks after signed ones. */
		if (!b.is_fault && sqlite3_column_int(st, 10) == BN_OUTCOME_APPLIED)
			return 0;
		return add(f, b.is_fault, b.rule, &of, err, "%s", s.words);
	}
	if ((rc = refusal_check(f, &of, sqlite3_column_int(st, 10), text_at(st, 11), err)) < 0)
		return rc;
	if (text && bn_json_parse(&payload, text, strlen(text), "event", NULL) == 0)
		rc = names_check(f, db, &of, payload, err);
	json_decref(payload);
	return rc;
}

static int all_signed_check(bn_proof_findings *f, sqlite3 *db, const char *entity, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT s.clock, w.name, s.seq, k.name, t.entity, s.id, s.key, s.epoch, s.writer, "
		"e.payload, coalesce(e.outcome, -1), coalesce(bn_reason(e.reason), '') FROM "
		"signed_record s JOIN index_name w ON w.no "
		"= s.writer JOIN "
		"index_name k ON k.no = s.kind JOIN index_entity_text t ON t.no = s.entity LEFT "
		"JOIN event e ON e.entity = s.entity AND e.clock = s.clock AND e.writer = s.writer "
		"AND e.seq = s.seq WHERE " ENTITY_IS " ORDER BY s.clock, w.name, s.seq",
		"s", entity);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = signed_check(f, db, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Unsigned acts on what only signed records may change, and attempts to take over runs. */
static int unsigned_check(bn_proof_findings *f, sqlite3 *db, const char *entity, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, e.seq, k.name, t.entity, CASE WHEN EXISTS (SELECT 1 FROM "
		"authority_close c WHERE c.writer = e.writer AND c.state = 1 AND c.seq >= e.seq) "
		"THEN 'before the upgrade: ' || coalesce(bn_reason(e.reason), '') WHEN e.outcome = "
		"?2 OR t.class = 'run' THEN bn_reason(e.reason) ELSE 'it is not signed' END, CASE "
		"WHEN e.outcome = ?2 THEN 4 WHEN t.class = 'run' THEN 6 ELSE 9 END FROM event e "
		"JOIN index_name w ON w.no = e.writer JOIN index_name k ON k.no = e.kind JOIN "
		"index_entity_text t ON t.no = e.entity WHERE e.signed IS NULL AND (t.class IN "
		"('model', 'authority', 'policy', 'user') OR (k.name = 'run.created' AND e.outcome "
		"= ?3)) AND e.outcome <> 0 AND " ENTITY_IS " ORDER BY e.clock, w.name, e.seq",
		"sii", entity, (int64_t)BN_OUTCOME_LATE, (int64_t)BN_OUTCOME_REFUSED);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const subject of = {text_at(st, 0), text_at(st, 2), text_at(st, 3),
			(uint64_t)sqlite3_column_int64(st, 1)};
		if ((rc = add(f, false, sqlite3_column_int(st, 5), &of, err, "%s",
			     text_at(st, 4))) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* A person's card is followed by a seal of its key, unless its writer is still at work. */
static int seals_check(bn_proof_findings *f, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, s.seq, s.writer, c.seq FROM writer_seal s JOIN index_name w ON "
		"w.no = "
		"s.writer JOIN writer_card c ON c.writer = s.writer AND c.seq = (SELECT max(seq) "
		"FROM "
		"writer_card WHERE writer = s.writer AND seq <= s.seq) JOIN authority_key k ON "
		"k.key = "
		"c.key GROUP BY s.writer ORDER BY w.name",
		"");
	uint8_t key[ID];
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const subject of = {
			.writer = text_at(st, 0), .seq = (uint64_t)sqlite3_column_int64(st, 1)};
		int64_t writer_no = sqlite3_column_int64(st, 2);
		if ((rc = bn_signed_verify(
			     db, writer_no, (uint64_t)sqlite3_column_int64(st, 3), err)) < 0)
			break;
		if (rc < 1)
			continue; /* a card of an unknown key */
		if ((rc = bn_writer_author(key, db, writer_no, of.seq, err)) < 0)
			break;
		bool has_author = rc > 0;
		if (!has_author && (rc = add(f, true, 2, &of, err,
					    "the seal after it is not made with the key of the "
					    "writer's card")) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_prove_records(bn_proof_findings *out, sqlite3 *db, const char *entity, bn_err *err)
{
	int rc;
	if ((rc = all_signed_check(out, db, entity, err)) < 0 ||
		(rc = unsigned_check(out, db, entity, err)) < 0)
		return rc;
	return entity ? 0 : seals_check(out, db, err);
}
