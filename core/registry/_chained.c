/* _chained.c - see _chained.h. */
#include "core/registry/_chained.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/bot.h"
#include "core/govern/closed.h"
#include "core/govern/identity.h"
#include "core/registry/_commute.h"
#include "core/registry/_contested.h"
#include "core/registry/_depth.h"
#include "core/registry/_seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 32, ANSWERS_MAX = BN_ANSWERS_MAX };

/* ---- placing --------------------------------------------------------------------------------- */

/* References that are not in the log: when one arrives, the model is placed again. */
static int waits_add(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const json_t *answers = json_object_get(ev->payload, "answers");
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < json_array_size(answers) && i < ANSWERS_MAX; i++) {
		const char *hex = json_string_value(json_array_get(answers, i));
		if (hex && strlen(hex) == 2 * ID)
			rc = bn_sql_run(bn_fold_db(f), err,
				"INSERT OR IGNORE INTO model_wait (name, id) VALUES (substr(?, 7), "
				"?)",
				"ss", ev->entity, hex);
	}
	return rc;
}

static bool is_awaited(bn_fold *f, const bn_event *ev)
{
	char hex[2 * ID + 1];
	bn_hex(ev->sig->id, ID, hex);
	return bn_sql_int(bn_fold_db(f), 0,
		       "SELECT 1 FROM model_wait WHERE name = substr(?, 7) AND id = ?", "ss",
		       ev->entity, hex) == 1;
}

/* Whether it is unsigned, and counts once its log is present up to the point where link 0 of an upgrade closes
 * it. */
static bool may_be_closed(sqlite3 *db, const bn_event *ev)
{
	return bn_sql_int(db, 0, "SELECT 1 FROM authority_close WHERE writer = ? AND seq >= ?",
		       "ii", ev->writer_no, (int64_t)ev->key.seq) == 1;
}

int bn_model_place(bn_fold *f, bn_event *ev, bn_err *err)
{
	bn_standing s;
	int64_t depth;
	int rc;
	if (!bn_authority_is_founded(bn_fold_db(f)))
		return BN_PLACED;
	if (bn_authority_newest(bn_fold_db(f), NULL) < 0)
		return BN_PLACED_LATER; /* the links of this batch are read first */
	if (!ev->sig && bn_closed_has(bn_fold_db(f), ev))
		return (rc = bn_closed_add(f, ev, err)) < 0 ? rc : BN_PLACED;
	if (ev->sig ? !ev->payload : may_be_closed(bn_fold_db(f), ev))
		return BN_PLACED_ASIDE;
	bool moves = ev->sig && is_awaited(f, ev);
	if ((rc = bn_authority_judge(&s, bn_fold_db(f), ev, err)) < 0)
		return rc;
	if (s.kind != BN_STANDING_COUNTS) {
		bn_fold_outcome(f, bn_standing_outcome(s.kind), "%s", s.words);
		return moves ? BN_PLACED_MOVES_OTHERS : BN_PLACED_NOWHERE;
	}
	if ((rc = bn_model_depth(&depth, bn_fold_db(f), ev, err)) < 0)
		return rc;
	if (depth == BN_DEPTH_HOLE)
		return (rc = waits_add(f, ev, err)) < 0 ? rc : BN_PLACED_ASIDE;
	ev->depth = 2 * depth + (ev->kind_no != BN_ENTRY_REJECTED);
	ev->epoch = s.epoch;
	if (moves)
		return BN_PLACED_MOVES_OTHERS;
	rc = bn_model_commutes(bn_fold_db(f), ev, s.epoch, err);
	if (rc < 0)
		return rc;
	return rc ? BN_PLACED_ASIDE : BN_PLACED;
}

/* ---- admitting ------------------------------------------------------------------------------- */

/* Whether one of its references was signed under a later link than the record itself. */
static int answers_later(bn_fold *f, const bn_event *ev, int64_t epoch, bn_err *err)
{
	const json_t *answers = json_object_get(ev->payload, "answers");
	uint8_t id[ID];
	for (size_t i = 0; i < json_array_size(answers) && i < ANSWERS_MAX; i++) {
		const char *hex = json_string_value(json_array_get(answers, i));
		sqlite3_stmt *st = NULL;
		if (!hex || strlen(hex) != 2 * ID || bn_unhex(hex, ID, id) < 0)
			return 1;
		int rc = bn_sql_cached(&st, bn_fold_db(f), err,
			"SELECT 1 FROM signed_record s JOIN authority_link l ON l.id = s.epoch "
			"WHERE "
			"s.id = ? AND l.n > ?",
			"bi", id, (size_t)ID, epoch);
		if (rc < 0)
			return rc;
		rc = bn_sql_step(st, err);
		sqlite3_reset(st);
		if (rc)
			return rc;
	}
	return 0;
}

int bn_model_admit(bn_standing *s, bn_fold *f, const bn_event *ev, bn_err *err)
{
	int rc = bn_authority_judge(s, bn_fold_db(f), ev, err);
	if (rc < 0)
		return rc;
	if (s->kind != BN_STANDING_COUNTS) {
		bn_fold_outcome(f, bn_standing_outcome(s->kind), "%s", s->words);
		return 0;
	}
	if (ev->depth < 0) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "it refers to a record that the log lacks");
		return 0;
	}
	if (json_array_size(json_object_get(ev->payload, "answers")) > ANSWERS_MAX) {
		bn_fold_outcome(
			f, BN_OUTCOME_INVALID, "it refers to more than %d records", ANSWERS_MAX);
		return 0;
	}
	if ((rc = answers_later(f, ev, s->epoch, err)) < 0)
		return rc;
	if (rc)
		bn_fold_outcome(f, BN_OUTCOME_REFUSED,
			"it refers to a record of a later link than the one it is signed under");
	return !rc;
}

/* ---- rights ---------------------------------------------------------------------------------- */

static int may(void *ctx, const bn_entry_act *a, bn_act act, bn_err *err)
{
	const bn_person_rights *r = ctx;
	int rc = bn_authority_allows(r->db, r->epoch, a->who, r->is_bot, a->user, act, err);
	if (rc < 0 || !r->is_bot)
		return rc;
	return bn_bot_allows(r->db, a->ev ? a->ev->sig->key : r->key, act,
		a->ev ? a->ev->entity : r->entity, err);
}

static int policy(void *ctx, const bn_entry_act *a, const bn_policy **out, bn_err *err)
{
	bn_person_rights *r = ctx;
	(void)a;
	int rc = r->policy ? 0 : bn_authority_policy(&r->policy, r->db, r->epoch, err);
	*out = r->policy;
	return rc;
}

/* Adds a word unless it is there. */
static void word_add(bn_buf *words, const char *word)
{
	size_t n = strlen(word);
	const char *at = words->len ? words->ptr : NULL;
	for (; at && (at = strstr(at, word)); at += n)
		if ((at == words->ptr || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return;
	bn_buf_addf(words, "%s%s", words->len ? " " : "", word);
}

/* The key is not a person's: it may be a bot's, whose record may come later. Then the author depends on the
 * bots. */
static int bot_depend(const bn_person_rights *r, const uint8_t key[ID], bn_err *err)
{
	bool is_own = bn_sql_int(r->db, 0, "SELECT 1 FROM authority_key WHERE key = ? LIMIT 1", "b",
			      key, (size_t)ID) == 1;
	return is_own || !r->f ? 0 : bn_fold_depends(r->f, BN_AUTHORITY_ENTITY, err);
}

/* The owner of the key that vouches for a record of the run; stored by the fold, since a later seal may
 * change it. */
static int author_of_record(const bn_person_rights *r, const bn_entry_act *a, sqlite3_stmt *st,
	bn_buf *who, bn_err *err)
{
	char hex[2 * ID + 1] = "", number[BN_UID_TEXT];
	uint8_t key[ID];
	int64_t seq = sqlite3_column_int64(st, 1);
	int rc = bn_writer_author(key, r->db, sqlite3_column_int64(st, 0), (uint64_t)seq, err);
	if (rc < 0)
		return rc;
	bool is_sealed = rc == 1;
	if (is_sealed && (rc = bot_depend(r, key, err)) < 0)
		return rc;
	if (is_sealed)
		bn_hex(key, ID, hex);
	word_add(who, is_sealed ? hex : bn_uid_text((uid_t)sqlite3_column_int64(st, 2), number));
	if (!r->f)
		return 0;
	return bn_sql_run(r->db, err,
		"INSERT OR REPLACE INTO model_author (name, writer, seq, key) VALUES (substr(?, "
		"7), ?, "
		"?, ?)",
		"ssis", a->ev->entity, (const char *)sqlite3_column_text(st, 3), seq, hex);
}

/* The keys that vouch for the run's own records; for records without one, the account that wrote them. For a
 * missing run, or none: the account named by the registration. */
static int authors(void *ctx, const bn_entry_act *a, bn_buf *who, bn_err *err)
{
	const bn_person_rights *r = ctx;
	char number[BN_UID_TEXT], entity[80];
	sqlite3_stmt *st = NULL;
	int rc = 0;
	const char *run = bn_json_str(a->payload, "run", NULL);
	if (run) {
		snprintf(entity, sizeof entity, "run/%.64s", run);
		if ((rc = r->f ? bn_fold_depends(r->f, entity, err) : 0) < 0 ||
			(rc = bn_sql_cached(&st, r->db, err,
				 "SELECT e.writer, e.seq, e.owner, w.name FROM event e JOIN "
				 "index_name w ON w.no = e.writer JOIN index_name k ON k.no = "
				 "e.kind "
				 "WHERE e.entity = ? AND k.name IN ('run.created', 'run.started', "
				 "'run.artifact', 'run.finished') ORDER BY w.name, e.seq",
				 "i", bn_index_entity(r->db, entity))) < 0)
			return rc;
		while ((rc = bn_sql_step(st, err)) == 1)
			if ((rc = author_of_record(r, a, st, who, err)) < 0)
				break;
		sqlite3_reset(st);
	}
	if (rc >= 0 && !who->len)
		bn_buf_adds(
			who, bn_uid_text((uid_t)bn_json_int(a->payload, "author_uid", -1), number));
	return rc < 0 ? rc : bn_buf_check(who, err, "an author");
}

bool bn_author_key(uint8_t key[32], const char *word, size_t n)
{
	char hex[2 * ID + 1];
	if (n != 2 * ID)
		return false;
	memcpy(hex, word, n);
	hex[n] = '\0';
	return bn_unhex(hex, ID, key) == 0;
}

/* Whether the account is the person's, by a key that it published before an upgrade. */
static int owns(void *ctx, const bn_entry_act *a, uid_t uid, bn_err *err)
{
	const bn_person_rights *r = ctx;
	char signer[40];
	if (a->uid == uid)
		return 1;
	if (!bn_closed_is_upgraded(r->db))
		return 0;
	bn_identity_entity(uid, signer, sizeof signer);
	int rc = r->f ? bn_fold_depends(r->f, signer, err) : 0;
	return rc < 0 ? rc : bn_closed_owns(r->db, r->epoch, a->who, uid, err);
}

/* word: of author_who; anything but an account's name matches nobody. */
static int owns_number(
	const bn_person_rights *r, const bn_entry_act *a, const char *word, size_t n, bn_err *err)
{
	static const char start[] = "uid-";
	char digits[BN_UID_TEXT], *end;
	if (n >= sizeof digits || n < sizeof start || strncmp(word, start, sizeof start - 1) != 0)
		return 0;
	memcpy(digits, word, n);
	digits[n] = '\0';
	unsigned long uid = strtoul(digits + sizeof start - 1, &end, 10);
	return *end ? 0 : owns((void *)(uintptr_t)r, a, (uid_t)uid, err);
}

/* Any key that is or was the person's; or his account, for records without a key. */
static int is_author(void *ctx, const bn_entry_act *a, const bn_entry_version *v, bn_err *err)
{
	const bn_person_rights *r = ctx;
	uint8_t key[ID];
	int rc = 0;
	for (const char *at = v->author_who; *at && rc == 0; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		if (bn_author_key(key, at, n))
			rc = bn_authority_owned(r->db, r->epoch, a->who, key, err);
		else
			rc = owns_number(r, a, at, n, err);
		at += n;
	}
	return rc;
}

static int sees(void *ctx, const bn_entry_act *a, const bn_entry_evidence *x, bn_err *err)
{
	const bn_person_rights *r = ctx;
	return bn_model_sees(r->db, a, x, err);
}

void bn_person_rights_init(bn_person_rights *r, sqlite3 *db, bn_fold *f, int64_t epoch, bool is_bot)
{
	*r = (bn_person_rights){.db = db, .f = f, .epoch = epoch, .is_bot = is_bot};
	r->rights = (bn_entry_rights){.may = may,
		.policy = policy,
		.authors = authors,
		.is_author = is_author,
		.owns = owns,
		.sees = f ? sees : NULL,
		.ctx = r};
}

void bn_person_rights_release(bn_person_rights *r)
{
	bn_policy_free(r->policy);
	r->policy = NULL;
}

/* ---- the last records
 * ---------------------------------------------------------------------------- */

/* The id of the last record about a subject of the model, "" when there is none. */
static int last_read(char id[BN_RECORD_ID_TEXT], bn_entry *e, const char *subject, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	id[0] = '\0';
	int rc = bn_sql_cached(&st, e->db, err,
		"SELECT id FROM model_last WHERE name = ? AND subject = ?", "ss", e->name, subject);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		snprintf(id, BN_RECORD_ID_TEXT, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

/* What an act refers to or affects: subjects by name. */
typedef struct subjects {
	char items[4][300];
	size_t count;
} subjects;

static void subject_add(subjects *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void subject_add(subjects *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(s->items[s->count], sizeof s->items[0], fmt, ap);
	va_end(ap);
	s->count++;
}

/* Subjects of a version are named by its registration, since the number may move to another one. */
static int registration_of(const char **out, bn_entry *e, int64_t version, bn_err *err)
{
	bn_entry_version *v = NULL;
	int rc = version ? bn_entry_find(&v, e, version, err) : 0;
	*out = v && v->registration ? v->registration : "";
	return rc;
}

static int subjects_answered(subjects *s, bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	const char *v, *alias = bn_json_str(a->payload, "alias", "");
	int rc = registration_of(&v, e, a->version, err);
	if (rc < 0)
		return rc;
	switch (a->kind) {
	case BN_ENTRY_REQUESTED:
		subject_add(s, "version/%s", v);
		return 0;
	case BN_ENTRY_APPROVED:
	case BN_ENTRY_REJECTED:
		subject_add(s, "request/%s", v);
		subject_add(s, "alias/champion"); /* the model its gates compare with */
		return 0;
	case BN_ENTRY_ATTESTED:
	case BN_ENTRY_EVIDENCE:
		subject_add(s, "registration/%s", v);
		return 0;
	case BN_ENTRY_ALIAS:
		subject_add(s, "version/%s", v);
		subject_add(s, "aliases/%s", v);
		subject_add(s, "alias/%.200s", alias);
		return 0;
	case BN_ENTRY_ALIAS_REMOVED:
		subject_add(s, "alias/%.200s", alias);
		return 0;
	case BN_ENTRY_TAG:
		if (a->version)
			subject_add(s, "registration/%s", v);
		subject_add(s, "tag/%s/%.200s", v, bn_json_str(a->payload, "key", ""));
		return 0;
	case BN_ENTRY_REMOVED:
		subject_add(s, "version/%s", v);
		subject_add(s, "aliases/%s", v);
		return 0;
	case BN_ENTRY_DESCRIBED:
		if (a->version)
			subject_add(s, "registration/%s", v);
		subject_add(s, "description/%s", v);
		return 0;
	case BN_ENTRY_STAGE:
		subject_add(s, "version/%s", v);
		subject_add(s, "stage/%s", v);
		return 0;
	default:
		return 0;
	}
}

static int subjects_touched(
	subjects *s, bn_entry *e, const bn_entry_act *a, int64_t old_alias, bn_err *err)
{
	const char *v, *left, *alias = bn_json_str(a->payload, "alias", "");
	int rc;
	if ((rc = registration_of(&v, e, a->version, err)) < 0 ||
		(rc = registration_of(&left, e, old_alias, err)) < 0)
		return rc;
	switch (a->kind) {
	case BN_ENTRY_REGISTERED:
		subject_add(s, "registration/%s", v);
		subject_add(s, "version/%s", v);
		return 0;
	case BN_ENTRY_REQUESTED:
		subject_add(s, "version/%s", v);
		subject_add(s, "request/%s", v);
		return 0;
	case BN_ENTRY_APPROVED:
	case BN_ENTRY_REJECTED:
	case BN_ENTRY_REMOVED:
		subject_add(s, "version/%s", v);
		return 0;
	case BN_ENTRY_ALIAS:
	case BN_ENTRY_ALIAS_REMOVED:
		subject_add(s, "alias/%.200s", alias);
		if (a->version)
			subject_add(s, "aliases/%s", v);
		if (old_alias && old_alias != a->version)
			subject_add(s, "aliases/%s", left);
		return 0;
	case BN_ENTRY_TAG:
		subject_add(s, "tag/%s/%.200s", v, bn_json_str(a->payload, "key", ""));
		return 0;
	case BN_ENTRY_DESCRIBED:
		subject_add(s, "description/%s", v);
		return 0;
	case BN_ENTRY_STAGE:
		subject_add(s, "stage/%s", v);
		return 0;
	default:
		return 0;
	}
}

int bn_model_answers(json_t **out, bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	subjects s = {.count = 0};
	char id[BN_RECORD_ID_TEXT];
	json_t *answers = json_array();
	int rc = answers ? subjects_answered(&s, e, a, err) : bn_err_nomem(err, "an event");
	for (size_t i = 0; rc >= 0 && i < s.count; i++) {
		if ((rc = last_read(id, e, s.items[i], err)) < 0)
			break;
		if (id[0] && json_array_append_new(answers, json_string(id)) < 0)
			rc = bn_err_nomem(err, "an event");
	}
	if (rc < 0)
		json_decref(answers);
	else
		*out = answers;
	return rc;
}

int bn_model_touch(
	bn_entry *e, const bn_entry_act *a, int64_t old_alias, const char *id, bn_err *err)
{
	subjects s = {.count = 0};
	int rc;
	if ((rc = bn_contested_remember(e, a, id, err)) < 0 ||
		(rc = subjects_touched(&s, e, a, old_alias, err)) < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < s.count; i++)
		rc = bn_sql_run(e->db, err,
			"INSERT OR REPLACE INTO model_last (name, subject, id) VALUES (?, ?, ?)",
			"sss", e->name, s.items[i], id);
	return rc;
}

int bn_model_request_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	char id[BN_RECORD_ID_TEXT], subject[BN_RECORD_ID_TEXT + 10];
	const char *registration;
	if (a->kind != BN_ENTRY_APPROVED && a->kind != BN_ENTRY_REJECTED)
		return 0;
	int rc = registration_of(&registration, e, a->version, err);
	if (rc < 0)
		return rc;
	snprintf(subject, sizeof subject, "request/%.64s", registration);
	if ((rc = last_read(id, e, subject, err)) < 0)
		return rc;
	const char *answered =
		json_string_value(json_array_get(json_object_get(a->payload, "answers"), 0));
	if (!id[0] || (answered && !strcmp(answered, id)))
		return 0;
	return bn_err_set(err, BN_ECONFLICT, "it decides another request of %s/%lld than the last",
		e->name, (long long)bn_entry_number(a->version));
}
