/* judge.c - see gate.h: evaluates gates on a version, from its entry. */
#include "core/registry/_entry.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/authority.h"

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

/* At most six digits, without trailing zeros: 11.5, 12, 0.00123457. */
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

static char *origin(const bn_entry_facts *f)
{
	return f->v->run_id ? bn_strf("run %.8s", f->v->run_id) : bn_strdup("registration");
}

/* ---- whose evidence counts
 * ------------------------------------------------------------------------ */

/* What the run reports counts for the gate. */
static bool takes_reported(const bn_entry_facts *f, const bn_policy_gate *g)
{
	return g->by == BN_GATE_BY_AUTHOR || (g->by == BN_GATE_BY_UNSAID && !f->e->is_chained);
}

static bool is_dataset(const char *wanted, const bn_entry_evidence *x)
{
	const char *digest = strstr(wanted, "@sha256:");
	if (!digest)
		return !strcmp(wanted, x->dataset);
	size_t n = (size_t)(digest - wanted);
	return !strcmp(digest + 8, x->dataset_digest) && !strncmp(wanted, x->dataset, n) &&
	       x->dataset[n] == '@';
}

/* Measured on the data that the gate names; else on data that the version was registered with (so must a
 * champion be, or they could not be compared). */
static bool is_on_data(
	const bn_policy_gate *g, const bn_entry_version *v, const bn_entry_evidence *x)
{
	if (!x->dataset || !x->dataset_digest)
		return false;
	if (g->data)
		return is_dataset(g->data, x);
	for (size_t i = 0; i < json_array_size(v->data); i++)
		if (!strcmp(x->dataset_digest,
			    bn_json_str(json_array_get(v->data, i), "digest", "")))
			return true;
	return false;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : !a && !b;
}

/* The evidence is about the gate's metric or check. */
static bool is_about(const bn_policy_gate *g, const bn_entry_evidence *x)
{
	if (!g->metric)
		return x->check && !strcmp(x->check, g->check);
	return x->metric && !strcmp(x->metric, g->metric) && is_same(x->part, g->part);
}

/* The person's last evidence about the gate's subject, on its data. */
static bool is_word(
	const bn_entry_facts *f, const bn_policy_gate *g, const bn_entry_evidences *all, size_t i)
{
	const bn_entry_evidence *x = &all->items[i];
	if (!is_about(g, x) || (g->metric && !is_on_data(g, f->v, x)))
		return false;
	for (size_t k = i + 1; k < all->count; k++) {
		const bn_entry_evidence *later = &all->items[k];
		if (!strcmp(later->who, x->who) && is_about(g, later) &&
			is_same(later->dataset_digest, x->dataset_digest))
			return false;
	}
	return true;
}

/* From the author, the registrar or a bot only evidence against the version counts: nobody gains by it, and
 * naming a strict colleague as the author does not silence him. */
static bool is_own_word(const bn_policy_gate *g, const bn_entry_evidence *x)
{
	return g->by != BN_GATE_BY_AUTHOR && !x->is_other;
}

/* ---- metrics ------------------------------------------------------------------------------------ */

/* Limits are upper or lower bounds. */
static bool is_worse(bn_gate_op op, double limit, double a, double b)
{
	switch (op) {
	case BN_GATE_LE:
	case BN_GATE_LT:
		return a > b;
	case BN_GATE_GE:
	case BN_GATE_GT:
		return a < b;
	case BN_GATE_EQ:
		return fabs(a - limit) > fabs(b - limit);
	}
	return false;
}

/* A number and its source. */
typedef struct measured {
	double value;                /* NaN: none */
	const bn_entry_evidence *by; /* NULL: as the run reports it */
} measured;

/* The worst number that counts, or the best for a champion: among several the stricter one is used. limit: of
 * the gate; NaN: a champion's number, or there is none. */
static measured measured_find(const bn_entry_facts *f, const bn_policy_gate *g,
	const bn_entry_version *v, const bn_entry_evidences *all, double limit)
{
	bool best = v == f->champion;
	measured m = {NAN, NULL};
	if (takes_reported(f, g) && !g->data)
		m.value = metric_get(v->metrics, g->part, g->metric);
	for (size_t i = 0; i < all->count; i++) {
		double x = all->items[i].value;
		if (isnan(x) || !is_word(f, g, all, i))
			continue;
		if (is_own_word(g, &all->items[i]) &&
			(best || isnan(limit) || holds(x, g->op, limit)))
			continue;
		if (isnan(m.value) || (best ? is_worse(g->op, g->threshold, m.value, x)
					    : is_worse(g->op, g->threshold, x, m.value)))
			m = (measured){x, &all->items[i]};
	}
	return m;
}

/* Approving can measure it (core/learn/score.h). */
static bool is_measurable(const bn_entry_facts *f, const bn_policy_gate *g)
{
	static const char *const parts[] = {"train", "valid", "test"};
	if (!f->e->is_chained || takes_reported(f, g))
		return false;
	for (int i = 0; i < 3; i++)
		if (g->data || !strcmp(g->part, parts[i]))
			return true;
	return false;
}

/* What is missing, and what the run reports meanwhile. */
static void nothing_measured(bn_gate_result *r, const bn_policy_gate *g, const bn_entry_facts *f)
{
	char text[BN_FMT];
	double reported = metric_get(f->v->metrics, g->part, g->metric);
	const char *on = g->data ? " on " : "", *data = g->data ? g->data : "";
	r->verdict = BN_VERDICT_INCONCLUSIVE;
	r->recomputes = is_measurable(f, g);
	if (takes_reported(f, g) && !g->data)
		r->evidence = bn_strf("no %s %s was recorded", g->part, g->metric);
	else if (!f->e->is_chained)
		r->evidence = bn_strdup("evidence by others needs a chain of authority");
	else if (isnan(reported) || g->data)
		r->evidence =
			bn_strf("nobody else has measured %s %s%s%s", g->part, g->metric, on, data);
	else
		r->evidence = bn_strf("nobody else has measured %s %s; reported: %s", g->part,
			g->metric, short_number(reported, text));
}

/* The claim, and the limit; false if there is none to compare with. */
static bool limit_find(bn_gate_result *r, const bn_policy_gate *g, const bn_entry_facts *f)
{
	char text[BN_FMT];
	const char *op = bn_gate_op_text(g->op), *on = g->data ? " on " : "",
		   *data = g->data ? g->data : "";
	if (!g->than_champion) {
		r->threshold = g->threshold;
		r->claim = bn_strf("%s %s%s%s %s %s", g->part, g->metric, on, data, op,
			short_number(g->threshold, text));
		return true;
	}
	r->claim = bn_strf("%s %s%s%s %s champion's %s %s", g->part, g->metric, on, data, op,
		g->margin < 0 ? "-" : "+", short_number(fabs(g->margin), text));
	if (!f->champion) {
		r->verdict = BN_VERDICT_NOT_APPLICABLE;
		r->evidence = bn_strdup("there is no champion yet");
		return false;
	}
	measured m = measured_find(f, g, f->champion, &f->of_champion, NAN);
	r->threshold = m.value + g->margin;
	if (!isnan(r->threshold))
		return true;
	r->verdict = BN_VERDICT_INCONCLUSIVE;
	r->recomputes = is_measurable(f, g);
	r->evidence =
		bn_strf(takes_reported(f, g) ? "the champion %s/%lld recorded no %s %s"
					     : "nobody else has measured the champion %s/%lld's "
					       "%s %s",
			f->e->name, (long long)f->champion->version, g->part, g->metric);
	return false;
}

static void judge_metric(bn_gate_result *r, const bn_policy_gate *g, const bn_entry_facts *f)
{
	char limit[BN_FMT], value[BN_FMT];
	bool has_limit = limit_find(r, g, f);
	measured m = measured_find(f, g, f->v, &f->found, has_limit ? r->threshold : NAN);
	r->value = m.value;
	r->source = m.by ? bn_strf("%s by %s", m.by->how, m.by->user) : origin(f);
	if (!has_limit)
		return;
	if (isnan(m.value)) {
		nothing_measured(r, g, f);
		return;
	}
	r->verdict = holds(m.value, g->op, r->threshold) ? BN_VERDICT_PASS : BN_VERDICT_FAIL;
	r->evidence = bn_strf(
		"%s, limit %s", short_number(m.value, value), short_number(r->threshold, limit));
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
static void judge_data(bn_gate_result *r, const bn_entry_facts *f)
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

static void judge_file(bn_gate_result *r, const bn_entry_facts *f, const char *file)
{
	bool there = files_have(f->v->files, file);
	r->source = bn_strdup("manifest");
	r->verdict = there ? BN_VERDICT_PASS : BN_VERDICT_FAIL;
	r->evidence = bn_strf("%s %s", there ? "has" : "has no", file);
}

static bn_verdict verdict_parse(const char *word)
{
	for (int v = BN_VERDICT_PASS; v <= BN_VERDICT_INCONCLUSIVE; v++)
		if (!strcmp(word, verdict_names[v]))
			return (bn_verdict)v;
	return BN_VERDICT_INCONCLUSIVE;
}

/* A fail beats a pass, and a pass what is inconclusive. */
static int weight(bn_verdict v)
{
	return v == BN_VERDICT_FAIL ? 2 : v == BN_VERDICT_PASS;
}

/* Under the chain: the evidence that counts. */
static void judge_word(bn_gate_result *r, const bn_policy_gate *g, const bn_entry_facts *f)
{
	const bn_entry_evidence *said = NULL;
	r->verdict = BN_VERDICT_INCONCLUSIVE;
	for (size_t i = 0; i < f->found.count; i++) {
		const bn_entry_evidence *x = &f->found.items[i];
		if (!is_word(f, g, &f->found, i))
			continue;
		bn_verdict v = verdict_parse(x->verdict ? x->verdict : "");
		if (is_own_word(g, x) && v != BN_VERDICT_FAIL)
			continue;
		if (!said || weight(v) > weight(r->verdict)) {
			said = x;
			r->verdict = v;
		}
	}
	if (!said) {
		r->evidence = bn_strf(takes_reported(f, g) ? "nobody has attested '%s'"
							   : "nobody else has attested '%s'",
			g->check);
		r->source = bn_strdup("attestation");
		return;
	}
	r->evidence = bn_strdup(
		said->detail && said->detail[0] ? said->detail : bn_verdict_name(r->verdict));
	r->source = bn_strf("attested by %s", said->user);
}

/* By uids: the last attestation, by anyone. */
static void judge_attested(bn_gate_result *r, const bn_policy_gate *g, const bn_entry_facts *f)
{
	char user[128];
	const bn_entry_attestation *a = NULL;
	for (size_t i = 0; i < f->v->n_attestations && !a; i++)
		if (!strcmp(f->v->attestations[i].check, g->check))
			a = &f->v->attestations[i];
	r->verdict = BN_VERDICT_INCONCLUSIVE;
	if (!a || g->by == BN_GATE_BY_OTHER) {
		r->evidence = a ? bn_strdup("evidence by others needs a chain of authority")
				: bn_strf("nobody has attested '%s'", g->check);
		r->source = bn_strdup("attestation");
		return;
	}
	r->verdict = verdict_parse(a->verdict);
	bn_entry_user(f->e, a->uid, user, sizeof user);
	r->evidence =
		bn_strdup(a->detail && a->detail[0] ? a->detail : bn_verdict_name(r->verdict));
	r->source = bn_strf("attested by %s", user);
}

static int judge(bn_gate_result *r, const bn_policy_gate *g, const bn_entry_facts *f, bn_err *err)
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
	else if (f->e->is_chained)
		judge_word(r, g, f);
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

int bn_entry_judge(
	bn_gate_report **out, const bn_entry_facts *f, const bn_policy *policy, bn_err *err)
{
	bn_gate_report *r = bn_alloc_zeroed(1, sizeof *r);
	int rc = 0;
	if (!r || !(r->items = bn_alloc_zeroed(policy->n_gates + 1, sizeof *r->items))) {
		rc = bn_err_nomem(err, "gates");
		goto out;
	}
	for (size_t i = 0; i < policy->n_gates; i++) {
		r->count++;
		if ((rc = judge(&r->items[i], &policy->gates[i], f, err)) < 0)
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

int bn_entry_gates(bn_gate_report **out, bn_entry *e, const bn_entry_version *v,
	const bn_policy *policy, const bn_entry_rights *rights, const bn_entry_act *act,
	bn_err *err)
{
	bn_entry_version *champion = NULL;
	const bn_entry_alias *a = bn_entry_find_alias(e, "champion");
	int rc;
	if (a && a->version != v->version &&
		(rc = bn_entry_find(&champion, e, a->version, err)) < 0)
		return rc;
	bn_entry_facts f = {.e = e, .v = v, .champion = champion};
	const bn_entry_act *sees = policy->recheck ? NULL : act;
	if (e->is_chained && policy->n_gates &&
		((rc = bn_entry_evidence_read(&f.found, e, v, rights, sees, err)) < 0 ||
			(champion && (rc = bn_entry_evidence_read(&f.of_champion, e, champion,
					      rights, sees, err)) < 0)))
		goto out;
	rc = bn_entry_judge(out, &f, policy, err);
out:
	bn_free(f.found.items);
	bn_free(f.of_champion.items);
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
	e.is_chained = bn_authority_is_founded(db);
	if ((rc = bn_entry_find(&v, &e, version, err)) < 0)
		goto out;
	rc = v ? bn_entry_gates(out, &e, v, policy, NULL, NULL, err)
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
