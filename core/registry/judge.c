/* judge.c - see gate.h: what a version shows, by what an entry knows of it. */
#include "core/registry/_entry.h"

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

/* One version, and who it is compared with. */
typedef struct facts {
	const bn_entry *e;
	const bn_entry_version *v, *champion; /* champion NULL: none */
} facts;

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
	return f->v->run_id ? bn_strf("run %.8s", f->v->run_id) : bn_strdup("registration");
}

static void judge_metric(bn_gate_result *r, const bn_policy_gate *g, const facts *f)
{
	char limit[BN_FMT], value[BN_FMT], margin[BN_FMT];
	const char *op = bn_gate_op_text(g->op);
	r->value = metric_get(f->v->metrics, g->part, g->metric);
	r->source = origin(f);
	short_number(r->value, value);
	if (!g->than_champion) {
		r->threshold = g->threshold;
		r->claim = bn_strf(
			"%s %s %s %s", g->part, g->metric, op, short_number(g->threshold, limit));
	} else {
		double champion =
			f->champion ? metric_get(f->champion->metrics, g->part, g->metric) : NAN;
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
			r->evidence = bn_strf("the champion %s/%lld recorded no %s %s", f->e->name,
				(long long)f->champion->version, g->part, g->metric);
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
	size_t n = json_array_size(f->v->data);
	r->source = origin(f);
	r->verdict = n ? BN_VERDICT_PASS : BN_VERDICT_INCONCLUSIVE;
	for (size_t i = 0; i < n; i++)
		if (!bn_json_str(json_array_get(f->v->data, i), "digest", NULL))
			r->verdict = BN_VERDICT_FAIL;
	if (!n) {
		r->evidence = bn_strdup("no training data was recorded");
		return;
	}
	const json_t *first = json_array_get(f->v->data, 0);
	r->evidence = bn_strf("%s@v%lld %.19s%s", bn_json_str(first, "name", "?"),
		(long long)bn_json_int(first, "version", 0),
		bn_json_str(first, "digest", "without a digest"), n > 1 ? " and more" : "");
}

static void judge_file(bn_gate_result *r, const facts *f, const char *file)
{
	bool there = files_have(f->v->files, file);
	r->source = bn_strdup("manifest");
	r->verdict = there ? BN_VERDICT_PASS : BN_VERDICT_FAIL;
	r->evidence = bn_strf("%s %s", there ? "has" : "has no", file);
}

static void judge_attested(bn_gate_result *r, const bn_policy_gate *g, const facts *f)
{
	char user[128];
	const bn_entry_attestation *a = NULL;
	for (size_t i = 0; i < f->v->n_attestations && !a; i++)
		if (!strcmp(f->v->attestations[i].check, g->check))
			a = &f->v->attestations[i];
	r->verdict = BN_VERDICT_INCONCLUSIVE;
	if (!a) {
		r->evidence = bn_strf("nobody has attested '%s'", g->check);
		r->source = bn_strdup("attestation");
		return;
	}
	for (int v = BN_VERDICT_PASS; v <= BN_VERDICT_INCONCLUSIVE; v++)
		if (!strcmp(a->verdict, verdict_names[v]))
			r->verdict = (bn_verdict)v;
	bn_entry_user(f->e, a->uid, user, sizeof user);
	r->evidence =
		bn_strdup(a->detail && a->detail[0] ? a->detail : bn_verdict_name(r->verdict));
	r->source = bn_strf("attested by %s", user);
}

static int judge(bn_gate_result *r, const bn_policy_gate *g, const facts *f, bn_err *err)
{
	r->name = bn_strdup(g->name);
	r->severity = g->severity;
	r->value = r->threshold = NAN;
	if (!g->metric)
		r->claim = bn_strdup(g->check);
	if (g->metric)
		judge_metric(r, g, f);
	else if (!strcmp(g->check, "data"))
		judge_data(r, f);
	else if (!strcmp(g->check, "signature"))
		judge_file(r, f, "features.json");
	else if (!strcmp(g->check, "card"))
		judge_file(r, f, "model_card.md");
	else
		judge_attested(r, g, f);
	return r->name && r->claim && r->evidence && r->source ? 0 : bn_err_nomem(err, "a gate");
}

static void count(bn_gate_report *r, const bn_gate_result *g)
{
	bool is_open = g->verdict == BN_VERDICT_FAIL || g->verdict == BN_VERDICT_INCONCLUSIVE;
	r->passed += g->verdict == BN_VERDICT_PASS;
	r->failed += g->verdict == BN_VERDICT_FAIL;
	r->inconclusive += g->verdict == BN_VERDICT_INCONCLUSIVE;
	r->blocked = r->blocked || (g->severity == BN_GATE_BLOCK && is_open);
}

int bn_entry_gates(bn_gate_report **out, bn_entry *e, const bn_entry_version *v,
	const bn_policy *policy, bn_err *err)
{
	bn_entry_version *champion = NULL;
	const bn_entry_alias *a = bn_entry_find_alias(e, "champion");
	int rc;
	if (a && a->version != v->version &&
		(rc = bn_entry_find(&champion, e, a->version, err)) < 0)
		return rc;
	facts f = {e, v, champion};
	bn_gate_report *r = bn_alloc_zeroed(1, sizeof *r);
	rc = 0;
	if (!r || !(r->items = bn_alloc_zeroed(policy->n_gates + 1, sizeof *r->items))) {
		rc = bn_err_nomem(err, "gates");
		goto out;
	}
	for (size_t i = 0; i < policy->n_gates; i++) {
		r->count++;
		if ((rc = judge(&r->items[i], &policy->gates[i], &f, err)) < 0)
			goto out;
		count(r, &r->items[i]);
	}
	memcpy(r->policy_hash, policy->hash, sizeof r->policy_hash);
	*out = r;
	r = NULL;
out:
	bn_gate_report_free(r);
	return rc;
}

int bn_gate_evaluate(bn_gate_report **out, sqlite3 *db, const bn_policy *policy, const char *name,
	int64_t version, bn_err *err)
{
	bn_entry e;
	bn_entry_version *v;
	int rc = bn_entry_open(&e, db, name, err);
	if (rc < 0)
		return rc;
	e.names_users = true;
	if ((rc = bn_entry_find(&v, &e, version, err)) < 0)
		goto out;
	rc = v ? bn_entry_gates(out, &e, v, policy, err)
	       : bn_err_set(
			 err, BN_ENOTFOUND, "no model version '%s/%lld'", name, (long long)version);
out:
	bn_entry_release(&e);
	return rc;
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
