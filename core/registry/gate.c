/* gate.c - see gate.h. */
#include "core/registry/gate.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <string.h>

static const char *const verdict_names[] = {"pass", "fail", "inconclusive", "n/a"};

const char *bn_verdict_name(bn_verdict v)
{
	return verdict_names[v];
}

void bn_gate_report_free(bn_gate_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		bn_free(r->items[i].name);
		bn_free(r->items[i].claim);
		bn_free(r->items[i].evidence);
		bn_free(r->items[i].source);
	}
	bn_free(r->items);
	bn_free(r);
}

/* What the registration recorded about one version, and who it is compared with. */
typedef struct facts {
	sqlite3 *db;
	const char *name;
	int64_t version, champion; /* champion 0: none */
	char *run;
	json_t *metrics, *champion_metrics, *data, *files;
} facts;

static void facts_release(facts *f)
{
	bn_free(f->run);
	json_decref(f->metrics);
	json_decref(f->champion_metrics);
	json_decref(f->data);
	json_decref(f->files);
}

static int column_json(json_t **out, sqlite3_stmt *st, int column, bn_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	if (!text)
		return (*out = json_null()) ? 0 : bn_err_nomem(err, "a gate");
	return bn_json_parse(out, text, strlen(text), "the index", err);
}

static int facts_read(facts *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, f->db, err,
		"SELECT metrics, data, files, run_id FROM model_version WHERE name = ? AND version "
		"= ?",
		"si", f->name, f->version);
	if (!rc && (rc = bn_sql_step(st, err)) == 0)
		rc = bn_err_set(err, BN_ENOTFOUND, "no model version '%s/%lld'", f->name,
			(long long)f->version);
	if (rc == 1 && !(rc = column_json(&f->metrics, st, 0, err)) &&
		!(rc = column_json(&f->data, st, 1, err)))
		rc = column_json(&f->files, st, 2, err);
	if (!rc)
		f->run = bn_sql_text(st, 3);
	sqlite3_finalize(st);
	st = NULL;
	if (rc)
		return rc;
	rc = bn_sql_prepare(&st, f->db, err,
		"SELECT v.version, v.metrics FROM model_alias a JOIN model_version v"
		" ON v.name = a.name AND v.version = a.version"
		" WHERE a.name = ? AND a.alias = 'champion' AND v.version != ?",
		"si", f->name, f->version);
	if (!rc && (rc = bn_sql_step(st, err)) == 1) {
		f->champion = sqlite3_column_int64(st, 0);
		rc = column_json(&f->champion_metrics, st, 1, err);
	}
	sqlite3_finalize(st);
	return rc;
}

static double metric_get(const json_t *metrics, const char *part, const char *metric)
{
	const json_t *v = json_object_get(json_object_get(metrics, part), metric);
	return json_is_number(v) ? json_number_value(v) : NAN;
}

static bool holds(double value, bn_gate_op op, double limit)
{
	switch (op) {
	case BN_GATE_LE:
		return value <= limit;
	case BN_GATE_LT:
		return value < limit;
	case BN_GATE_GE:
		return value >= limit;
	case BN_GATE_GT:
		return value > limit;
	case BN_GATE_EQ:
		return value == limit;
	}
	return false;
}

/* At most six digits, without needless zeros: 11.5, 12, 0.00123457. */
static const char *short_number(double x, char buf[BN_FMT])
{
	bn_fmt_sig(x, 6, buf);
	size_t n = strlen(buf);
	if (!strchr(buf, '.') || strchr(buf, 'e'))
		return buf;
	while (buf[n - 1] == '0')
		buf[--n] = '\0';
	if (buf[n - 1] == '.')
		buf[n - 1] = '\0';
	return buf;
}

static char *origin(const facts *f)
{
	return f->run ? bn_strf("run %.8s", f->run) : bn_strdup("registration");
}

static void judge_metric(bn_gate_result *r, const bn_policy_gate *g, const facts *f)
{
	char limit[BN_FMT], value[BN_FMT], margin[BN_FMT];
	const char *op = bn_gate_op_text(g->op);
	r->value = metric_get(f->metrics, g->part, g->metric);
	r->source = origin(f);
	short_number(r->value, value);
	if (!g->than_champion) {
		r->threshold = g->threshold;
		r->claim = bn_strf(
			"%s %s %s %s", g->part, g->metric, op, short_number(g->threshold, limit));
	} else {
		double champion = metric_get(f->champion_metrics, g->part, g->metric);
		r->threshold = champion + g->margin;
		r->claim = bn_strf("%s %s %s champion's %s %s", g->part, g->metric, op,
			g->margin < 0 ? "-" : "+", short_number(fabs(g->margin), margin));
		short_number(r->threshold, limit);
		if (!f->champion) {
			r->verdict = BN_VERDICT_NOT_APPLICABLE;
			r->evidence = bn_strdup("there is no champion yet");
			return;
		}
		if (isnan(r->threshold)) {
			r->verdict = BN_VERDICT_INCONCLUSIVE;
			r->evidence = bn_strf("the champion %s/%lld recorded no %s %s", f->name,
				(long long)f->champion, g->part, g->metric);
			return;
		}
	}
	if (isnan(r->value)) {
		r->verdict = BN_VERDICT_INCONCLUSIVE;
		r->evidence = bn_strf("no %s %s was recorded", g->part, g->metric);
		return;
	}
	r->verdict = holds(r->value, g->op, r->threshold) ? BN_VERDICT_PASS : BN_VERDICT_FAIL;
	r->evidence = bn_strf("%s, limit %s", value, limit);
}

static bool files_have(const json_t *files, const char *name)
{
	for (size_t i = 0; i < json_array_size(files); i++) {
		const char *file = bn_json_str(json_array_get(files, i), "path", NULL);
		if (file && !strcmp(file, name))
			return true;
	}
	return false;
}

/* Every dataset version is named with its digest, and there is one. */
static void judge_data(bn_gate_result *r, const facts *f)
{
	size_t n = json_array_size(f->data);
	r->source = origin(f);
	r->verdict = n ? BN_VERDICT_PASS : BN_VERDICT_INCONCLUSIVE;
	for (size_t i = 0; i < n; i++)
		if (!bn_json_str(json_array_get(f->data, i), "digest", NULL))
			r->verdict = BN_VERDICT_FAIL;
	if (!n) {
		r->evidence = bn_strdup("no training data was recorded");
		return;
	}
	const json_t *first = json_array_get(f->data, 0);
	r->evidence = bn_strf("%s@v%lld %.19s%s", bn_json_str(first, "name", "?"),
		(long long)bn_json_int(first, "version", 0),
		bn_json_str(first, "digest", "without a digest"), n > 1 ? " and more" : "");
}

static void judge_file(bn_gate_result *r, const facts *f, const char *file)
{
	bool there = files_have(f->files, file);
	r->source = bn_strdup("manifest");
	r->verdict = there ? BN_VERDICT_PASS : BN_VERDICT_FAIL;
	r->evidence = bn_strf("%s %s", there ? "has" : "has no", file);
}

static int judge_attested(bn_gate_result *r, const bn_policy_gate *g, const facts *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, f->db, err,
		"SELECT verdict, detail, bn_user(uid) FROM model_attestation"
		" WHERE name = ? AND version = ? AND check_name = ?",
		"sis", f->name, f->version, g->check);
	if (!rc && (rc = bn_sql_step(st, err)) == 0) {
		r->verdict = BN_VERDICT_INCONCLUSIVE;
		r->evidence = bn_strf("nobody has attested '%s'", g->check);
		r->source = bn_strdup("attestation");
	} else if (rc == 1) {
		const char *verdict = (const char *)sqlite3_column_text(st, 0);
		const char *detail = (const char *)sqlite3_column_text(st, 1);
		r->verdict = BN_VERDICT_INCONCLUSIVE;
		for (int v = BN_VERDICT_PASS; v <= BN_VERDICT_INCONCLUSIVE; v++)
			if (verdict && !strcmp(verdict, verdict_names[v]))
				r->verdict = (bn_verdict)v;
		r->evidence = bn_strdup(detail && detail[0] ? detail : bn_verdict_name(r->verdict));
		r->source = bn_strf("attested by %s", (const char *)sqlite3_column_text(st, 2));
		rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}

static int judge(bn_gate_result *r, const bn_policy_gate *g, const facts *f, bn_err *err)
{
	int rc = 0;
	r->name = bn_strdup(g->name);
	r->severity = g->severity;
	r->value = r->threshold = NAN;
	if (g->metric) {
		judge_metric(r, g, f);
	} else {
		r->claim = bn_strdup(g->check);
		if (!strcmp(g->check, "data"))
			judge_data(r, f);
		else if (!strcmp(g->check, "signature"))
			judge_file(r, f, "features.json");
		else if (!strcmp(g->check, "card"))
			judge_file(r, f, "model_card.md");
		else
			rc = judge_attested(r, g, f, err);
	}
	if (!rc && (!r->name || !r->claim || !r->evidence || !r->source))
		rc = bn_err_nomem(err, "a gate");
	return rc;
}

int bn_gate_evaluate(bn_gate_report **out, sqlite3 *db, const bn_policy *policy, const char *name,
	int64_t version, bn_err *err)
{
	facts f = {.db = db, .name = name, .version = version};
	bn_gate_report *r = bn_alloc_zeroed(1, sizeof *r);
	int rc = facts_read(&f, err);
	if (!rc && (!r || !(r->items = bn_alloc_zeroed(
				    policy->n_gates ? policy->n_gates : 1, sizeof *r->items))))
		rc = bn_err_nomem(err, "gates");
	for (size_t i = 0; !rc && i < policy->n_gates; i++) {
		bn_gate_result *g = &r->items[r->count++];
		rc = judge(g, &policy->gates[i], &f, err);
		r->passed += g->verdict == BN_VERDICT_PASS;
		r->failed += g->verdict == BN_VERDICT_FAIL;
		r->inconclusive += g->verdict == BN_VERDICT_INCONCLUSIVE;
		if (g->severity == BN_GATE_BLOCK &&
			(g->verdict == BN_VERDICT_FAIL || g->verdict == BN_VERDICT_INCONCLUSIVE))
			r->blocked = true;
	}
	facts_release(&f);
	if (rc) {
		bn_gate_report_free(r);
		return rc;
	}
	memcpy(r->policy_hash, policy->hash, sizeof r->policy_hash);
	*out = r;
	return 0;
}

json_t *bn_gate_report_json(const bn_gate_report *r)
{
	json_t *gates = json_array();
	for (size_t i = 0; i < r->count; i++) {
		const bn_gate_result *g = &r->items[i];
		json_array_append_new(gates,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", g->name,
				"claim", g->claim, "verdict", bn_verdict_name(g->verdict),
				"severity", g->severity == BN_GATE_BLOCK ? "block" : "warn",
				"evidence", g->evidence, "source", g->source, "value",
				bn_json_real_or_null(g->value), "threshold",
				bn_json_real_or_null(g->threshold)));
	}
	return gates;
}
