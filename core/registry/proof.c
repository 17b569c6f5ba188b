/* proof.c - see proof.h. */
#include "core/registry/proof.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/authority.h"
#include "core/registry/_chained.h"
#include "core/store/view.h"

#include <stdio.h>
#include <string.h>

enum { ID = 32, SHOWN = 12 };

/* ---- the view ---------------------------------------------------------------------------------- */

struct bn_model_view {
	bn_workspace *ws;
	bn_names runs; /* "run/<id>": runs whose records are read as well */
	bool is_chained;
	bool was_approved; /* when it was demanded */
};

/* Permissions, the models, and the runs that versions of this one come from. */
static bool wants(void *ctx, const char *entity)
{
	static const char *const always[] = {"authority", "policy", "user/", "model/"};
	const bn_model_view *v = ctx;
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (!strncmp(entity, always[i], strlen(always[i])))
			return true;
	for (size_t i = 0; i < v->runs.count; i++)
		if (!strcmp(entity, v->runs.items[i]))
			return true;
	return false;
}

static bool has_run(const bn_model_view *v, const char *entity)
{
	size_t i = 0;
	while (i < v->runs.count && strcmp(v->runs.items[i], entity) != 0)
		i++;
	return i < v->runs.count;
}

/* Adds the runs of a model's versions; sets *added if one is new. */
static int runs_list(bn_model_view *v, bool *added, sqlite3 *db, const char *name, bn_err *err)
{
	char entity[80];
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT DISTINCT run_id FROM model_version WHERE name = ? AND run_id IS NOT NULL",
		"s", name);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		snprintf(entity, sizeof entity, "run/%.64s",
			(const char *)sqlite3_column_text(st, 0));
		if (has_run(v, entity))
			continue;
		if (bn_names_add(&v->runs, entity) < 0) {
			rc = bn_err_nomem(err, "the runs of a model");
			break;
		}
		*added = true;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Predicts the runs from the index. If that is wrong, the view is made twice. */
static void runs_guess(bn_model_view *v, bn_workspace *ws, const char *spec)
{
	bool added;
	bn_version *shown = NULL;
	if (bn_version_get(&shown, ws, spec, NULL) == 0)
		runs_list(v, &added, bn_workspace_index(ws), shown->name, NULL);
	bn_version_free(shown);
}

/* Closes the present view. only NULL: of everything. */
static int view_renew(
	bn_model_view *v, const bn_workspace *ws, const bn_view_filter *only, bn_err *err)
{
	bn_workspace_close(v->ws);
	v->ws = NULL;
	return bn_workspace_view(&v->ws, ws, only, err);
}

int bn_model_view_open(bn_model_view **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_version *version = NULL;
	bool lacks = false;
	bn_model_view *v = bn_alloc_zeroed(1, sizeof *v);
	const bn_view_filter only = {wants, v};
	if (!v)
		return bn_err_nomem(err, "a model");
	runs_guess(v, ws, spec);
	int rc = view_renew(v, ws, &only, err);
	if (rc < 0)
		goto out;
	v->is_chained = bn_authority_is_founded(bn_workspace_index(v->ws));
	if ((rc = bn_sql_failed(bn_workspace_index(v->ws), err)) < 0)
		goto out;
	/* Without a chain the first event of the log, of any kind, may determine the founder. */
	if (!v->is_chained && (rc = view_renew(v, ws, NULL, err)) < 0)
		goto out;
	if ((rc = bn_version_get(&version, v->ws, spec, err)) < 0)
		goto out;
	if (v->is_chained &&
		(rc = runs_list(v, &lacks, bn_workspace_index(v->ws), version->name, err)) < 0)
		goto out;
	if (lacks && (rc = view_renew(v, ws, &only, err)) < 0)
		goto out;
	*out = v;
	v = NULL;
out:
	bn_version_free(version);
	bn_model_view_close(v);
	return rc;
}

void bn_model_view_close(bn_model_view *v)
{
	if (!v)
		return;
	bn_workspace_close(v->ws);
	bn_names_release(&v->runs);
	bn_free(v);
}

bn_workspace *bn_model_view_workspace(const bn_model_view *v)
{
	return v->ws;
}

bool bn_model_view_is_chained(const bn_model_view *v)
{
	return v->is_chained;
}

/* ---- proving ------------------------------------------------------------------------------------- */

static int finding_lines(bn_verify_report *r, const bn_proof_findings *f, bool notes, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	for (size_t i = 0; i < f->count && rc >= 0; i++) {
		const bn_proof_finding *x = &f->items[i];
		if (!x->is_fault && !notes)
			continue;
		bn_buf_clear(&text);
		bn_proof_finding_text(x, &text);
		if ((rc = bn_buf_check(&text, err, "a report")) < 0)
			break;
		if (x->is_fault)
			rc = bn_verify_line_add(r, text.ptr, err, "%s", bn_rule_name(x->rule));
		else if ((rc = bn_verify_line_add(r, NULL, err, "no effect: %s", text.ptr)) >= 0)
			r->items[r->count - 1].is_note = true;
	}
	bn_buf_release(&text);
	return rc;
}

/* From link 0 to the newest, with nothing missing that its links name. */
static int prove_chain(bn_verify_report *r, sqlite3 *db, bn_err *err)
{
	char hex[2 * ID + 1] = "";
	uint8_t id[ID];
	bn_proof_findings f = {0};
	int rc = bn_prove_chain(&f, db, err);
	if (rc < 0)
		goto out;
	int64_t newest = bn_authority_newest(db, id);
	if (newest >= 0)
		bn_hex(id, ID, hex);
	if (!f.faults &&
		(rc = bn_verify_line_add(r, NULL, err, "chain of authority, link 0 to %lld (%.*s)",
			 (long long)newest, SHOWN, hex)) < 0)
		goto out;
	rc = finding_lines(r, &f, false, err);
out:
	bn_proof_findings_release(&f);
	return rc;
}

/* Records about the model that claim what they may not, or name something missing. */
static int prove_records(bn_verify_report *r, sqlite3 *db, const bn_version *v, bn_err *err)
{
	bn_proof_findings f = {0};
	char *entity = bn_strf("model/%s", v->name);
	int rc = entity ? bn_prove_records(&f, db, entity, err) : bn_err_nomem(err, "a report");
	if (rc >= 0)
		rc = finding_lines(r, &f, true, err);
	bn_proof_findings_release(&f);
	bn_free(entity);
	return rc;
}

static int64_t entity_of(sqlite3 *db, const bn_version *v)
{
	char entity[300];
	snprintf(entity, sizeof entity, "model/%.250s", v->name);
	return bn_index_entity(db, entity);
}

static const char *act_word(const char *kind)
{
	static const char *const words[][2] = {{"model.registered", "registered"},
		{"model.requested", "requested"}, {"model.approved", "approved"},
		{"model.rejected", "rejected"}, {"model.evidence", "evidence"},
		{"model.attested", "attested"}, {"model.alias", "alias set"}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(kind, words[i][0]))
			return words[i][1];
	return kind;
}

/* The person, the link and the record. */
static int act_line(bn_verify_report *r, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	char person[BN_PERSON_TEXT] = "", name[200];
	uint8_t key[ID];
	int64_t epoch = sqlite3_column_int64(st, 3);
	bool is_bot = false;
	int rc = bn_sql_bytes(st, 4, key, ID) ? bn_key_person(person, &is_bot, db, epoch, key, err)
					      : 0;
	if (rc < 0)
		return rc;
	bn_authority_name(db, epoch, person, name, sizeof name);
	return bn_verify_line_add(r, rc == 1 ? NULL : "its key belongs to nobody under that link",
		err, "%s by %s%s under link %lld (log/%s record %lld)",
		act_word((const char *)sqlite3_column_text(st, 2)), is_bot ? "a bot of " : "", name,
		(long long)epoch, (const char *)sqlite3_column_text(st, 0),
		(long long)sqlite3_column_int64(st, 1));
}

static const char *text_of(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	return text ? text : "";
}

/* Whether an act is about this version, and not about another registration of its number: it says so, or refers
 * to a record that is. An alias means the holder of the number. Adds matches to `ids`, in order of
 * reference. */
static int is_act_of(bn_names *ids, const bn_version *v, sqlite3_stmt *st, bn_err *err)
{
	const char *uuid = text_of(st, 6), *answers = text_of(st, 7);
	bool is_its = uuid[0] ? !strcmp(uuid, v->uuid)
			      : v->version > 0 && !strcmp(text_of(st, 2), "model.alias");
	for (size_t i = 0; i < ids->count && !uuid[0] && !is_its; i++)
		is_its = strstr(answers, ids->items[i]) != NULL;
	if (is_its && bn_names_add(ids, text_of(st, 5)) < 0)
		return bn_err_nomem(err, "a report");
	return is_its;
}

/* Acts from before an upgrade that determine the version's state: for information, since no key vouches for
 * them. */
static int closed_acts(
	bn_verify_report *r, int *registered, sqlite3 *db, const bn_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, e.seq, k.name, bn_user(e.owner), json_extract(e.payload, "
		"'$.signature.public_key') FROM event e JOIN index_name w ON w.no = e.writer JOIN "
		"index_name k ON k.no = e.kind JOIN authority_close c ON c.writer = e.writer AND "
		"c.state = 1 AND c.seq >= e.seq WHERE e.entity = ?1 AND e.signed IS NULL AND "
		"e.outcome = 0 AND k.name IN ('model.registered', 'model.requested', "
		"'model.approved', 'model.rejected', 'model.attested', 'model.alias') AND "
		"json_extract(e.payload, '$.version') = ?2 ORDER BY e.clock, w.name, e.seq",
		"ii", entity_of(db, v), v->version);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const char *kind = (const char *)sqlite3_column_text(st, 2);
		bool has_key = sqlite3_column_type(st, 4) != SQLITE_NULL;
		*registered += !strcmp(kind, "model.registered");
		rc = bn_verify_line_add(r, NULL, err,
			"before the upgrade: %s by %s, %s (log/%s record %lld)", act_word(kind),
			(const char *)sqlite3_column_text(st, 3),
			has_key ? "with a key that the account had published" : "not signed",
			(const char *)sqlite3_column_text(st, 0),
			(long long)sqlite3_column_int64(st, 1));
		if (rc < 0)
			break;
		r->items[r->count - 1].is_note = true;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* The signed acts that determine the version's state. */
static int prove_acts(bn_verify_report *r, sqlite3 *db, const bn_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_names ids = BN_NAMES_INIT;
	int n = 0,
	    rc = bn_sql_prepare(&st, db, err,
		    "SELECT w.name, s.seq, k.name, l.n, s.key, lower(hex(s.id)), "
		    "json_extract(e.payload, '$.uuid'), json_extract(e.payload, '$.answers') FROM "
		    "event e JOIN signed_record "
		    "s ON s.writer = e.writer AND s.seq = e.seq JOIN index_name w ON w.no = "
		    "e.writer JOIN index_name k ON k.no = e.kind JOIN authority_link l ON l.id "
		    "= s.epoch JOIN index_entity_text t ON t.no = e.entity WHERE t.entity = "
		    "'model/' || ?1 AND e.outcome = 0 AND k.name IN ('model.registered', "
		    "'model.requested', 'model.approved', 'model.rejected', 'model.evidence', "
		    "'model.attested', 'model.alias') AND json_extract(e.payload, "
		    "'$.version') = ?2 ORDER BY e.epoch, e.depth, e.clock, w.name, e.seq",
		    "si", v->name, bn_entry_number(v->version));
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		int is_its = is_act_of(&ids, v, st, err);
		if (is_its > 0)
			n += !strcmp(text_of(st, 2), "model.registered");
		if ((rc = is_its > 0 ? act_line(r, db, st, err) : is_its) < 0)
			break;
	}
	sqlite3_finalize(st);
	bn_names_release(&ids);
	if (rc < 0 || (rc = closed_acts(r, &n, db, v, err)) < 0)
		return rc;
	return n ? 0 : bn_verify_line_add(r, "no signed record that counts", err, "registration");
}

/* Whether an account that wrote unvouched records of the run is the author's: it also wrote some that a
 * person's key vouches for. Records of others about a run are not part of it. */
static bool is_authors_account(sqlite3 *db, const bn_version *v, const char *uid, size_t n)
{
	char entity[80], number[BN_UID_TEXT];
	snprintf(entity, sizeof entity, "run/%.64s", v->run_id);
	snprintf(number, sizeof number, "%.*s", (int)n, uid);
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM event e JOIN index_name w ON w.no = e.writer JOIN "
		       "model_author a ON a.name = ?1 AND a.writer = w.name AND a.seq = e.seq "
		       "WHERE "
		       "e.entity = ?2 AND e.owner = CAST(?3 AS INTEGER) AND a.key <> '' LIMIT 1",
		       "sis", v->name, bn_index_entity(db, entity), number) == 1;
}

static bool is_somebodys(sqlite3 *db, const char *word, size_t n)
{
	uint8_t key[ID];
	return bn_author_key(key, word, n) && bn_prove_is_known_key(db, key);
}

/* Whether all of the run's own records were closed by an upgrade: then the upgrading user vouches for the
 * account. */
static bool is_closed_run(sqlite3 *db, const bn_version *v)
{
	char entity[80];
	snprintf(entity, sizeof entity, "run/%.64s", v->run_id);
	return bn_sql_int(db, 0,
		       "SELECT count(*) > 0 AND count(*) = sum(EXISTS (SELECT 1 FROM "
		       "authority_close c "
		       "WHERE c.writer = e.writer AND c.state = 1 AND c.seq >= e.seq)) FROM event "
		       "e "
		       "JOIN index_name k ON k.no = e.kind WHERE e.entity = ? AND k.name IN "
		       "('run.created', 'run.started', 'run.artifact', 'run.finished')",
		       "i", bn_index_entity(db, entity)) == 1;
}

/* Persons whose keys vouch for all records of the run. */
static int prove_author(bn_verify_report *r, sqlite3 *db, const bn_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bool is_vouched = false;
	char problem[200] = "";
	if (!v->run_id)
		return 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT author_who FROM model_version WHERE name = ? AND version = ?", "si",
		v->name, v->key);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	const char *who = rc == 1 ? (const char *)sqlite3_column_text(st, 0) : NULL;
	for (const char *at = who ? who : ""; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		if (is_somebodys(db, at, n))
			is_vouched = true;
		else if (n != 2 * ID && is_authors_account(db, v, at, n))
			snprintf(problem, sizeof problem,
				"nobody's key vouches for records of run %.8s, which %.*s wrote",
				v->run_id, (int)(n < 60 ? n : 60), at);
		at += n;
	}
	if (!is_vouched && who && who[0])
		snprintf(problem, sizeof problem, "nobody's key vouches for run %.8s", v->run_id);
	if (!who || !who[0])
		snprintf(problem, sizeof problem, "run %.8s is not in this workspace", v->run_id);
	bool is_there = who && who[0];
	sqlite3_finalize(st);
	if (rc >= 0 && is_there && !is_vouched && is_closed_run(db, v)) {
		rc = bn_verify_line_add(r, NULL, err,
			"before the upgrade: records of run %.8s by the account of %s, not sealed",
			v->run_id, v->author ? v->author : "unknown");
		if (rc >= 0)
			r->items[r->count - 1].is_note = true;
		return rc;
	}
	return rc < 0 ? rc
		      : bn_verify_line_add(r, problem[0] ? problem : NULL, err,
				"sealed records of run %.8s, author %s", v->run_id,
				v->author ? v->author : "unknown");
}

int bn_version_prove(bn_verify_report *r, bn_model_view *v, const bn_version *version, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(v->ws);
	int rc;
	if ((rc = prove_chain(r, db, err)) < 0 || (rc = prove_acts(r, db, version, err)) < 0 ||
		(rc = prove_author(r, db, version, err)) < 0 ||
		(rc = prove_records(r, db, version, err)) < 0)
		return rc;
	return bn_sql_failed(db, err);
}

/* ---- demanding ----------------------------------------------------------------------------------- */

/* BN_EREFUSED with the first problem. */
static int refuse(const bn_verify_report *r, const bn_version *v, bn_err *err)
{
	size_t i = 0;
	while (i < r->count && !r->items[i].problem)
		i++;
	if (i == r->count)
		return 0;
	bn_err_set(err, BN_EREFUSED, "%s/%lld is not vouched for: %s: %s", v->name,
		(long long)v->version, r->items[i].what, r->items[i].problem);
	bn_err_hint(
		err, "all of it: binnacle model verify %s/%lld", v->name, (long long)v->version);
	return BN_EREFUSED;
}

int bn_version_demand(bn_model_view **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_model_view *v = NULL;
	bn_version *version = NULL;
	bn_verify_report *r = NULL;
	*out = NULL;
	int rc = bn_model_view_open(&v, ws, spec, err);
	if (rc < 0 || !v->is_chained)
		goto out;
	if (!(r = bn_alloc_zeroed(1, sizeof *r))) {
		rc = bn_err_nomem(err, "a report");
		goto out;
	}
	if ((rc = bn_version_get(&version, v->ws, spec, err)) < 0 ||
		(rc = bn_version_prove(r, v, version, err)) < 0 ||
		(rc = refuse(r, version, err)) < 0)
		goto out;
	v->was_approved = version->state == BN_MODEL_APPROVED;
	*out = v;
	v = NULL;
out:
	bn_verify_report_free(r);
	bn_version_free(version);
	bn_model_view_close(v);
	return rc;
}

int bn_version_demand_again(bn_model_view *v, const char *exact, bn_err *err)
{
	bn_version *now = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_workspace_refresh(v->ws, NULL, err);
	if (rc < 0)
		return rc;
	rc = bn_version_get(&now, v->ws, exact, &why);
	if (rc == BN_ENOTFOUND)
		return bn_err_set(err, BN_EREFUSED, "%s no longer counts as registered", exact);
	if (rc < 0)
		return bn_err_move(err, &why);
	bool is_approved = now->state == BN_MODEL_APPROVED;
	if (now->state == BN_MODEL_REMOVED)
		rc = bn_err_set(err, BN_EREFUSED, "%s was removed", exact);
	else if (v->was_approved && !is_approved)
		rc = bn_err_set(err, BN_EREFUSED, "%s was approved and is now %s", exact,
			bn_model_state_name(now->state));
	bn_version_free(now);
	return rc < 0 ? rc : bn_sql_failed(bn_workspace_index(v->ws), err);
}

int bn_version_export(bn_workspace *ws, const char *spec, const char *dir, bn_err *err)
{
	bn_model_view *v = NULL;
	int rc = bn_version_demand(&v, ws, spec, err);
	if (rc >= 0)
		rc = bn_version_checkout(v ? v->ws : ws, spec, dir, err);
	bn_model_view_close(v);
	return rc;
}
