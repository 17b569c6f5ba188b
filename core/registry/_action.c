/* _action.c - see _action.h. */
#include "core/registry/_action.h"
#include "core/registry/attempts.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/identity.h"
#include "core/registry/_seen.h"
#include "core/registry/state.h"
#include "core/store/appended.h"
#include "core/store/claim.h"
#include "core/store/log/sign.h"

#include <stdio.h>
#include <string.h>

int bn_action_begin(bn_action *d, bn_workspace *ws, bn_entry_kind kind, const char *name,
	const char *spec, bn_err *err)
{
	int rc;
	*d = (bn_action){.ws = ws};
	if ((rc = bn_workspace_read(&d->db, ws, err)) < 0 ||
		(rc = bn_actor_init(&d->me, ws, d->db, err)) < 0)
		return rc;
	if (d->me.is_chained && (rc = bn_self_need(&d->me.self, err)) < 0)
		return rc;
	d->act = (bn_entry_act){.kind = kind,
		.who = d->me.who,
		.uid = d->me.uid,
		.user = d->me.user,
		.is_bot = d->me.self.is_bot};
	if (name && !(d->name = bn_strdup(name)))
		return bn_err_nomem(err, "a name");
	if (!name && (rc = bn_version_resolve(&d->name, &d->act.version, d->db, spec, err)) < 0)
		return rc;
	d->me.by_person.entity = d->name;
	if ((rc = bn_entry_open(&d->entry, d->db, d->name, err)) < 0)
		return rc;
	d->entry.names_users = true;
	d->entry.is_chained = d->me.is_chained;
	return name ? 0 : bn_entry_need(&d->version, &d->entry, d->act.version, err);
}

void bn_action_end(bn_action *d)
{
	bn_entry_release(&d->entry);
	bn_actor_release(&d->me);
	bn_free(d->name);
}

int bn_action_check(bn_entry_finding *found, bn_action *d, json_t *payload, bn_err *err)
{
	*found = (bn_entry_finding){0};
	if (!payload)
		return bn_err_nomem(err, "an event");
	d->act.payload = payload;
	int rc = bn_entry_check(found, &d->entry, d->me.rights, &d->act, err);
	d->act.payload = NULL;
	return rc;
}

/* The outcome of a record in the fold. 0 if it counts. */
static int outcome_confirm(const bn_action *d, const char *writer, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, d->db, err,
		"SELECT e.outcome, bn_reason(e.reason) FROM index_name w JOIN signed_record s ON "
		"s.writer = w.no JOIN event e ON e.entity = s.entity AND e.clock = s.clock AND "
		"e.writer = s.writer AND e.seq = s.seq WHERE w.class = ? AND w.name = ? AND s.seq "
		"= ?",
		"isi", (int64_t)BN_NAME_WRITER, writer, (int64_t)seq);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0) {
		rc = bn_err_set(err, BN_ECONFLICT,
			"recorded, but whether it counts is not known: the index does not have it");
		bn_err_hint(
			err, "check later: binnacle audit log --mine --entity model/%s", d->name);
	}
	if (rc < 0)
		goto out;
	const char *reason = (const char *)sqlite3_column_text(st, 1);
	int outcome = sqlite3_column_int(st, 0);
	rc = 0;
	if (outcome == BN_OUTCOME_LATE) {
		rc = bn_err_set(err, BN_ECONFLICT, "recorded, but it does not count: %s", reason);
		bn_err_hint(err, "repeat it under the link that is now the newest");
	} else if (outcome != BN_OUTCOME_APPLIED) {
		rc = bn_err_set(err, outcome == BN_OUTCOME_REFUSED ? BN_EREFUSED : BN_ECONFLICT,
			"recorded, but it has no effect: %s", reason ? reason : "");
		bn_err_hint(err, "see: binnacle audit log --entity model/%s", d->name);
	}
out:
	sqlite3_finalize(st);
	return rc;
}

/* The position of the record just appended. */
typedef struct place {
	char writer[BN_WRITER_NAME_MAX + 1];
	uint64_t seq; /* 0: nowhere */
} place;

static void place_note(place *p, const bn_workspace *ws)
{
	const char *writer;
	*p = (place){.seq = 0};
	if (bn_workspace_appended(ws, &writer, &p->seq))
		snprintf(p->writer, sizeof p->writer, "%s", writer);
}

/* Under the chain of authority all acts are signed records that name what they refer to; decisions also
 * what their signer has seen. */
static int chained_append(
	bn_action *d, const char *kind, const char *entity, json_t *payload, bn_err *err)
{
	json_t *answers = NULL;
	bool decides = d->act.kind == BN_ENTRY_APPROVED || d->act.kind == BN_ENTRY_REJECTED;
	d->act.payload = payload;
	int rc = bn_model_answers(&answers, &d->entry, &d->act, err);
	d->act.payload = NULL;
	if (rc < 0)
		return rc;
	if (json_object_set_new(payload, "answers", answers) < 0)
		return bn_err_nomem(err, "an event");
	if (decides && (rc = bn_model_seen_add(payload, d->db, err)) < 0)
		return rc;
	return bn_authority_append(d->ws, BN_MODEL_CLASS_VERSION, kind, entity, payload, err);
}

int bn_action_write(bn_action *d, bool is_signed, json_t *payload, int verdict, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	char *entity = NULL;
	const char *kind = bn_entry_kinds[d->act.kind].name;
	place at = {.seq = 0};
	int rc = 0;
	if (!payload || (verdict < 0 && (verdict != BN_EREFUSED || !d->me.who[0])))
		goto out;
	if (!(entity = bn_strf("model/%s", d->name))) {
		rc = bn_err_nomem(&e, "an event");
		goto out;
	}
	const bn_attempt act = {d->act.kind, d->name, d->act.version, is_signed, payload};
	if (verdict < 0 && !bn_attempts_take(bn_workspace_env(d->ws), &act))
		goto out;
	if (verdict < 0 && json_object_set_new(payload, "attempt", json_true()) < 0) {
		rc = bn_err_nomem(&e, "an event");
		goto out;
	}
	if (d->me.is_chained)
		rc = chained_append(d, kind, entity, payload, &e);
	else if (is_signed)
		rc = bn_identity_append_signed(d->ws, kind, entity, payload, &e);
	else
		rc = bn_workspace_append(d->ws, kind, entity, payload, &e);
	if (rc >= 0) {
		place_note(&at, d->ws);
		rc = bn_workspace_sync(d->ws, &e);
	}
	if (rc >= 0 && verdict >= 0 && d->me.is_chained && at.seq)
		rc = outcome_confirm(d, at.writer, at.seq, &e);
out:
	bn_free(entity);
	json_decref(payload);
	if (verdict < 0)
		return verdict;
	return rc < 0 ? bn_err_move(err, &e) : 0;
}

int bn_action_take(bn_action *d, bool is_signed, json_t *payload, bn_err *err)
{
	bn_entry_finding found;
	int rc = bn_action_check(&found, d, payload, err);
	bn_entry_finding_release(&found);
	return bn_action_write(d, is_signed, payload, rc, err);
}

int bn_action_number(bn_action *d, const char *uuid, bn_err *err)
{
	enum { TRIES = 100 };
	char claim[160];
	bn_err why = BN_ERR_INIT;
	int64_t *number = &d->act.version;
	snprintf(claim, sizeof claim, "model/%s", d->name);
	if (!d->me.is_chained)
		return bn_claim_next(d->ws, claim, uuid, number, err);
	int64_t newest = bn_sql_int(
		d->db, 0, "SELECT max(version) FROM model_version WHERE name = ?", "s", d->name);
	for (int i = 0; i < TRIES; i++) {
		int rc = bn_claim_next(d->ws, claim, uuid, number, &why);
		if (rc == BN_ENOMEM)
			return bn_err_move(err, &why);
		if (rc < 0)
			break;
		if (*number > newest)
			return 0;
	}
	bn_err_clear(&why);
	*number = newest + 1;
	return 0;
}

int bn_action_take_number(bn_action *d, const char *uuid, int64_t number, bn_err *err)
{
	int rc;
	int64_t got = 0;
	if (number < 1 || number > BN_VERSION_NUMBER_MAX)
		return bn_err_set(err, BN_EINVAL,
			"number %lld of '%s': a version's number is 1 to %d", (long long)number,
			d->name, BN_VERSION_NUMBER_MAX);
	while (got < number) {
		if ((rc = bn_action_number(d, uuid, err)) < 0)
			return rc;
		got = d->act.version;
		if (got > number)
			return bn_err_set(err, BN_ECONFLICT, "number %lld of '%s' is taken",
				(long long)number, d->name);
		if (got < number && d->me.is_chained &&
			bn_sql_int(d->db, 0,
				"SELECT max(version) FROM model_version WHERE name = ?", "s",
				d->name) +
					1 ==
				got)
			break; /* nothing can be claimed here: numbers are only counted */
	}
	d->act.version = number;
	return 0;
}

int bn_action_number_again(bn_action *d, char uuid[BN_UUID_TEXT], int64_t number, bn_err *err)
{
	char claim[200];
	uid_t owner;
	bn_buf value = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	snprintf(claim, sizeof claim, "model/%s/%lld", d->name, (long long)number);
	int rc = bn_claim_get(d->ws, claim, &value, &why);
	if (rc >= 0)
		rc = bn_claim_owner(d->ws, claim, &owner, &why);
	if (rc < 0) {
		rc = rc == BN_ENOTFOUND ? 0 : bn_err_move(err, &why);
		bn_err_clear(&why);
		goto out;
	}
	bool is_used =
		bn_sql_int(d->db, 0,
			"SELECT count(*) FROM model_version WHERE name = ?1 AND (version = ?2 OR "
			"uuid = ?3)",
			"sis", d->name, number, value.ptr ? value.ptr : "") != 0;
	if ((rc = bn_sql_failed(d->db, err)) < 0)
		goto out;
	if (is_used || owner != d->me.uid || value.len != BN_UUID_TEXT - 1)
		goto out;
	memcpy(uuid, value.ptr, BN_UUID_TEXT);
	d->act.version = number;
	rc = 1;
out:
	bn_buf_release(&value);
	return rc;
}
