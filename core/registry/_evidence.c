/* _evidence.c - evidence about a model version as acts and rows. See evidence.h and _entry.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/_entry.h"
#include "core/store/log/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1000, NAME_MAX_BYTES = 250 };

int bn_entry_is_own(
	const bn_entry_rights *r, const bn_entry_version *v, const bn_entry_act *a, bn_err *err)
{
	int rc;
	if ((rc = r->is_author(r->ctx, a, v, err)) || (rc = r->owns(r->ctx, a, v->author_uid, err)))
		return rc;
	rc = !strcmp(a->who, v->registrar_who) ? 1 : r->owns(r->ctx, a, v->registrar_uid, err);
	return rc > 0 ? 2 : rc;
}

/* ---- checking --------------------------------------------------------------------------------- */

static bool is_verdict(const char *word)
{
	return !strcmp(word, "pass") || !strcmp(word, "fail") || !strcmp(word, "inconclusive");
}

static int check_is_said(const bn_entry_act *a, bn_err *err)
{
	const char *check = bn_json_str(a->payload, "check", "");
	const char *verdict = bn_json_str(a->payload, "verdict", "");
	if (!bn_name_is_valid(check))
		return bn_err_set(err, BN_EINVAL, "'%s' is not a valid name for a check", check);
	if (!is_verdict(verdict))
		return bn_err_set(
			err, BN_EINVAL, "verdict '%s' must be pass, fail or inconclusive", verdict);
	return 0;
}

/* Under the chain an attestation is about the registration it refers to. */
static int answers_registration(bn_entry *e, const bn_entry_version *v, const bn_entry_act *a,
	const char *registration, bn_err *err)
{
	const char *answered =
		json_string_value(json_array_get(json_object_get(a->payload, "answers"), 0));
	if (!a->ev || !a->ev->sig || !v->registration)
		return 0;
	if (answered && !strcmp(answered, v->registration) && registration &&
		!strcmp(registration, v->registration))
		return 0;
	return bn_err_set(err, BN_EINVAL, "it is about another registration than that of %s/%lld",
		e->name, (long long)bn_entry_number(a->version));
}

int bn_entry_attested_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v;
	int rc = bn_entry_need(&v, e, a->version, err);
	if (rc < 0 || (rc = check_is_said(a, err)) < 0)
		return rc;
	return answers_registration(e, v, a, v->registration, err);
}

static int dataset_check(const json_t *dataset, bn_err *err)
{
	const char *digest = bn_json_str(dataset, "digest", "");
	const char *name = bn_json_str(dataset, "name", "");
	if (!name[0] || strlen(name) > NAME_MAX_BYTES || bn_json_int(dataset, "version", 0) < 1 ||
		strlen(digest) != BN_SHA256_HEX || !bn_is_hex(digest))
		return bn_err_set(err, BN_EINVAL, "it names no dataset version with its digest");
	return 0;
}

static int metric_check(const bn_entry_act *a, bn_err *err)
{
	const char *metric = bn_json_str(a->payload, "metric", "");
	const char *part = bn_json_str(a->payload, "part", "");
	const json_t *value = json_object_get(a->payload, "value");
	if (!metric[0] || strlen(metric) > NAME_MAX_BYTES || !part[0] ||
		strlen(part) > NAME_MAX_BYTES)
		return bn_err_set(err, BN_EINVAL, "it names no metric of a part, and no check");
	if (!json_is_number(value) && !json_is_null(value))
		return bn_err_set(err, BN_EINVAL, "its value is neither a number nor null");
	if (bn_json_int(a->payload, "rows", -1) < 0)
		return bn_err_set(err, BN_EINVAL, "it does not say on how many rows");
	return dataset_check(json_object_get(a->payload, "dataset"), err);
}

/* How it was found, and with what. */
static int words_check(const bn_entry_act *a, bn_err *err)
{
	const char *how = bn_json_str(a->payload, "how", "");
	const char *tool = bn_json_str(a->payload, "tool", "");
	if (!how[0] || !tool[0] || strlen(how) > TEXT_MAX || strlen(tool) > TEXT_MAX)
		return bn_err_set(err, BN_EINVAL, "it does not say how it was found, or with what");
	return 0;
}

int bn_entry_evidence_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v;
	int64_t rules = bn_json_int(a->payload, "rules", 0);
	int rc = bn_entry_need(&v, e, a->version, err);
	if (rc < 0)
		return rc;
	if (!e->is_chained)
		return bn_err_set(
			err, BN_EREFUSED, "evidence needs a workspace with a chain of authority");
	if (rules > BN_GATE_RULES)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"it uses rules %lld, which this version does not know", (long long)rules);
	if (rules < 1)
		return bn_err_set(err, BN_EINVAL, "it does not name its rules");
	if ((rc = words_check(a, err)) < 0)
		return rc;
	if ((rc = answers_registration(
		     e, v, a, bn_json_str(a->payload, "registration", NULL), err)) < 0)
		return rc;
	if (strcmp(bn_json_str(a->payload, "model", ""), v->digest) != 0)
		return bn_err_set(err, BN_EINVAL, "it is about other bytes than %s/%lld", e->name,
			(long long)bn_entry_number(a->version));
	return json_object_get(a->payload, "check") ? check_is_said(a, err) : metric_check(a, err);
}

/* ---- doing -------------------------------------------------------------------------------------- */

/* "jobs@v3", "" for none. */
static void dataset_name(const json_t *payload, char *out, size_t size)
{
	const json_t *d = json_object_get(payload, "dataset");
	out[0] = '\0';
	if (d)
		snprintf(out, size, "%s@v%lld", bn_json_str(d, "name", ""),
			(long long)bn_json_int(d, "version", 0));
}

static int row_add(bn_entry *e, const bn_entry_act *a, bool is_other, bn_err *err)
{
	const json_t *p = a->payload, *dataset = json_object_get(p, "dataset");
	char id[2 * BN_SHA256_BYTES + 1], name[NAME_MAX_BYTES + 30];
	bool is_metric = !json_object_get(p, "check");
	const char *none = NULL;
	bn_hex(a->ev->sig->id, BN_SHA256_BYTES, id);
	dataset_name(p, name, sizeof name);
	return bn_sql_run(e->db, err,
		"INSERT OR REPLACE INTO model_evidence (name, version, epoch, clock, writer, seq, "
		"id, "
		"who, user, is_other, metric, part, value, rows, dataset, dataset_digest, "
		"check_name, "
		"verdict, detail, how, tool) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"nullif(?, ''), ?, ?, ?, ?, ?, ?)",
		"siiisisssissdisssssss", e->name, a->version, a->ev->epoch,
		(int64_t)a->ev->key.clock, a->ev->key.writer, (int64_t)a->ev->key.seq, id, a->who,
		a->user, (int64_t)is_other, bn_json_str(p, "metric", none),
		is_metric ? bn_json_str(p, "part", none) : none, bn_json_num(p, "value", NAN),
		bn_json_int(p, "rows", 0), name, bn_json_str(dataset, "digest", none),
		bn_json_str(p, "check", none), bn_json_str(p, "verdict", none),
		bn_json_str(p, "detail", none), bn_json_str(p, "how", none),
		bn_json_str(p, "tool", none));
}

/* Evidence that comes after an approval, if the policy rechecks. */
static int recheck(bn_entry *e, bn_entry_version *v, const bn_entry_rights *r,
	const bn_entry_act *a, char *remark, size_t size, bn_err *err)
{
	const bn_policy *p;
	bn_gate_report *gates = NULL;
	int rc = r->policy(r->ctx, a, &p, err);
	if (rc < 0 || !p->recheck || v->state != BN_MODEL_APPROVED)
		return rc;
	if ((rc = bn_entry_gates(&gates, e, v, p, r, NULL, err)) < 0)
		return rc;
	if (gates->blocked) {
		v->state = BN_MODEL_REGISTERED;
		v->state_ms = a->time_ms;
		v->changed |= BN_ENTRY_PART_STATE;
		snprintf(remark, size, "it ends the approval of %s/%lld: the policy rechecks",
			e->name, (long long)bn_entry_number(a->version));
	}
	bn_gate_report_free(gates);
	return 0;
}

int bn_entry_evidence_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, char *remark,
	size_t size, bn_err *err)
{
	bn_entry_version *v;
	int rc = bn_entry_find(&v, e, a->version, err);
	BN_BUG(rc >= 0 && !v);
	if (rc < 0 || (rc = bn_entry_is_own(r, v, a, err)) < 0)
		return rc;
	static const char *const whose[] = {
		"a bot's word", "its author's own word", "its registrar's own word"};
	bool is_other = !rc && !a->is_bot;
	if (!is_other)
		snprintf(remark, size, "%s: gates that need independent evidence do not count it",
			whose[rc]);
	if ((rc = row_add(e, a, is_other, err)) < 0)
		return rc;
	return recheck(e, v, r, a, remark, size, err);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static int keep(bn_entry *e, const char **out, sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	*out = text ? bn_arena_strdup(&e->arena, text) : NULL;
	return text && !*out ? -1 : 0;
}

static int row_read(bn_entry *e, bn_entry_evidence *x, sqlite3_stmt *st, bn_err *err)
{
	const char **const texts[] = {&x->writer, &x->id, &x->who, &x->user, &x->metric, &x->part,
		&x->dataset, &x->dataset_digest, &x->check, &x->verdict, &x->detail, &x->how,
		&x->tool};
	*x = (bn_entry_evidence){.epoch = sqlite3_column_int64(st, 13),
		.clock = sqlite3_column_int64(st, 14),
		.seq = sqlite3_column_int64(st, 15),
		.is_other = sqlite3_column_int(st, 16) != 0,
		.value = bn_sql_double(st, 17),
		.rows = sqlite3_column_int64(st, 18)};
	for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
		if (keep(e, texts[i], st, i))
			return bn_err_nomem(err, "evidence");
	return 0;
}

int bn_entry_evidence_read(bn_entry_evidences *out, bn_entry *e, const bn_entry_version *v,
	const bn_entry_rights *r, const bn_entry_act *a, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = (bn_entry_evidences){0};
	int rc = bn_sql_cached(&st, e->db, err,
		"SELECT writer, id, who, user, metric, part, dataset, dataset_digest, check_name, "
		"verdict, detail, how, tool, epoch, clock, seq, is_other, value, rows FROM "
		"model_evidence WHERE name = ? AND version = ? ORDER BY epoch, clock, writer, seq",
		"si", e->name, v->version);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "evidence");
			break;
		}
		bn_entry_evidence *x = &out->items[out->count];
		if ((rc = row_read(e, x, st, err)) < 0 ||
			(rc = a && r->sees ? r->sees(r->ctx, a, x, err) : 1) < 0)
			break;
		out->count += rc;
	}
	sqlite3_reset(st);
	if (rc < 0) {
		bn_free(out->items);
		*out = (bn_entry_evidences){0};
	}
	return rc < 0 ? rc : 0;
}
