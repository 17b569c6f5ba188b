/* recompute.c - see recompute.h. */
#include "core/registry/recompute.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/score.h"
#include "core/registry/_action.h"
#include "core/registry/_of_run.h"
#include "core/registry/evidence.h"
#include "core/registry/provenance.h"
#include "core/track/run.h"

#include <math.h>
#include <string.h>

enum { CHALLENGER, CHAMPION, MODELS };

/* One scoring of a model on some rows. data NULL: the part held out by the challenger's spec. */
typedef struct scored {
	int which;
	const char *data, *part;
	bn_score score;
	bn_err why; /* set: it could not be scored */
	int rc;
} scored;

typedef struct recompute {
	bn_workspace *ws;
	const bn_progress *progress;
	bn_action action;
	bn_entry_version *version[MODELS]; /* CHAMPION: NULL for none */
	char spec_text[MODELS][200];
	bn_model *model[MODELS];
	bn_spec *spec; /* of the challenger's run */
	scored *scores;
	size_t n_scores;
	bn_entry_evidences found[MODELS];
	bn_recomputed_list *list;
	size_t cap;
} recompute;

void bn_recomputed_list_free(bn_recomputed_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		bn_recomputed *x = &l->items[i];
		char *const texts[] = {x->spec, x->metric, x->part, x->dataset, x->problem};
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			bn_free(texts[k]);
	}
	bn_free(l->items);
	bn_free(l);
}

static void recompute_release(recompute *c)
{
	for (int i = 0; i < MODELS; i++) {
		bn_model_free(c->model[i]);
		bn_free(c->found[i].items);
	}
	for (size_t i = 0; i < c->n_scores; i++)
		bn_score_release(&c->scores[i].score);
	bn_free(c->scores);
	bn_spec_free(c->spec);
	bn_recomputed_list_free(c->list);
	bn_action_end(&c->action);
}

/* ---- loading ------------------------------------------------------------------------------------ */

static int model_load(recompute *c, int which, bn_err *err)
{
	const bn_env *env = bn_workspace_env(c->ws);
	char *dir = NULL;
	if (c->model[which])
		return 0;
	int rc = bn_scratch_model_dir(&dir, c->ws, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_version_checkout(c->ws, c->spec_text[which], dir, err)) < 0)
		goto out;
	rc = bn_model_load(&c->model[which], env, NULL, dir, err);
out:
	bn_fs_remove_tree(env, dir, NULL);
	bn_free(dir);
	return rc;
}

static int spec_load(recompute *c, bn_err *err)
{
	bn_run_info *run = NULL;
	const char *id = c->version[CHALLENGER]->run_id;
	if (c->spec)
		return 0;
	if (!id)
		return bn_err_set(err, BN_ENOTFOUND,
			"it was registered without a run: the gate must name the data");
	int rc = bn_run_get(&run, c->ws, id, err);
	if (rc < 0)
		return rc;
	rc = run->spec_hash ? bn_spec_fetch(&c->spec, c->ws, run->spec_hash, err)
			    : bn_err_set(err, BN_ENOTFOUND,
				      "run %.8s has no spec that says which rows it held out", id);
	bn_run_info_free(run);
	return rc;
}

/* ---- scoring ------------------------------------------------------------------------------------ */

static int score(recompute *c, scored *s, bn_err *err)
{
	int rc = model_load(c, s->which, err);
	if (rc < 0)
		return rc;
	if (s->data)
		return bn_score_dataset(
			&s->score, c->ws, c->model[s->which], s->data, c->progress, err);
	if ((rc = spec_load(c, err)) < 0)
		return rc;
	return bn_score_part(
		&s->score, c->ws, c->model[s->which], c->spec, s->part, c->progress, err);
}

/* Errors that end everything, rather than leaving one gate open. */
static bool is_fatal(int rc)
{
	return rc == BN_ENOMEM || rc == BN_EINTR;
}

/* The score for a gate, computed on first use. */
static int score_get(
	scored **out, recompute *c, int which, const bn_policy_gate *g, size_t cap, bn_err *err)
{
	for (size_t i = 0; i < c->n_scores; i++) {
		scored *s = &c->scores[i];
		bool same = s->which == which && (g->data != NULL) == (s->data != NULL) &&
			    !strcmp(g->data ? g->data : g->part, s->data ? s->data : s->part);
		if (same) {
			*out = s;
			return 0;
		}
	}
	BN_BUG(c->n_scores == cap);
	scored *s = &c->scores[c->n_scores++];
	*s = (scored){.which = which, .data = g->data, .part = g->part, .why = BN_ERR_INIT};
	s->rc = score(c, s, &s->why);
	if (is_fatal(s->rc))
		return bn_err_move(err, &s->why);
	*out = s;
	return 0;
}

/* ---- signing ------------------------------------------------------------------------------------ */

/* Whether this user's last evidence says the same. */
static bool is_said(
	const recompute *c, int which, const bn_policy_gate *g, const bn_score *s, double value)
{
	const bn_entry_evidence *last = NULL;
	for (size_t i = 0; i < c->found[which].count; i++) {
		const bn_entry_evidence *x = &c->found[which].items[i];
		if (x->metric && !strcmp(x->metric, g->metric) && x->part &&
			!strcmp(x->part, g->part) && !strcmp(x->who, c->action.me.who) &&
			x->dataset_digest && !strcmp(x->dataset_digest, s->digest))
			last = x;
	}
	return last && last->rows == (int64_t)s->rows &&
	       (last->value == value || (isnan(last->value) && isnan(value)));
}

static int measured_give(bn_recomputed *x, recompute *c, int which, const bn_policy_gate *g,
	const bn_score *s, bn_err *err)
{
	const bn_measured m = {.metric = g->metric,
		.part = g->part,
		.value = bn_score_metric(s, g->metric),
		.rows = (int64_t)s->rows,
		.dataset = s->dataset,
		.dataset_version = s->version,
		.dataset_digest = s->digest};
	x->value = m.value;
	x->rows = m.rows;
	if (!(x->dataset = bn_strf("%s@v%lld", s->dataset, (long long)s->version)))
		return bn_err_nomem(err, "evidence");
	if (is_said(c, which, g, s, m.value))
		return 0;
	x->is_new = true;
	return bn_evidence_give(
		c->ws, c->spec_text[which], &m, 1, "recomputed", "binnacle " BN_VERSION, err);
}

static int gate_recompute(recompute *c, int which, const bn_policy_gate *g, size_t cap, bn_err *err)
{
	scored *s = NULL;
	const bn_entry_version *v = c->version[which];
	int rc = score_get(&s, c, which, g, cap, err);
	if (rc < 0)
		return rc;
	if (bn_grow(&c->list->items, &c->cap, c->list->count + 1, sizeof *c->list->items))
		return bn_err_nomem(err, "evidence");
	bn_recomputed *x = &c->list->items[c->list->count++];
	const json_t *reported = json_object_get(v->metrics, g->part);
	*x = (bn_recomputed){.spec = bn_strdup(c->spec_text[which]),
		.metric = bn_strdup(g->metric),
		.part = bn_strdup(g->part),
		.value = NAN,
		.reported = bn_json_num(reported, g->metric, NAN)};
	if (s->rc < 0)
		x->problem = bn_strdup(s->why.msg);
	else if (!json_object_get(s->score.metrics, g->metric))
		x->problem = bn_strf("'%s' is not a metric that is computed here", g->metric);
	else if ((rc = measured_give(x, c, which, g, &s->score, err)) < 0)
		return rc;
	bool measured = s->rc >= 0 && json_object_get(s->score.metrics, g->metric);
	c->list->problems += !measured;
	return x->spec && x->metric && x->part && (measured || x->problem)
		       ? 0
		       : bn_err_nomem(err, "evidence");
}

/* ---- all gates ------------------------------------------------------------------------------------ */

/* Whether this user may give evidence that counts. */
static int may_give(recompute *c, bn_err *err)
{
	const bn_entry_rights *r = c->action.me.rights;
	const bn_entry_version *v = c->version[CHALLENGER];
	int rc = r->may(r->ctx, &c->action.act, BN_ACT_ATTEST, err);
	if (rc < 0 || (rc = bn_entry_is_own(r, v, &c->action.act, err)) < 0)
		return rc;
	return !rc ? 0
		   : bn_err_set(err, BN_EREFUSED, "%s %s %s: it needs evidence from someone else",
			     c->action.me.user, rc == 1 ? "is the author of" : "registered",
			     c->spec_text[CHALLENGER]);
}

static int versions_find(recompute *c, const char *spec, bn_err *err)
{
	bn_action *d = &c->action;
	int rc = bn_action_begin(d, c->ws, BN_ENTRY_EVIDENCE, NULL, spec, err);
	if (rc < 0)
		return rc;
	const bn_entry_alias *a = bn_entry_find_alias(&d->entry, "champion");
	c->version[CHALLENGER] = d->version;
	if (a && a->version != d->version->version &&
		(rc = bn_entry_find(&c->version[CHAMPION], &d->entry, a->version, err)) < 0)
		return rc;
	for (int i = 0; i < MODELS; i++) {
		if (!c->version[i])
			continue;
		if (c->version[i]->version < 0) /* contested */
			snprintf(
				c->spec_text[i], sizeof c->spec_text[i], "%s", c->version[i]->uuid);
		else
			snprintf(c->spec_text[i], sizeof c->spec_text[i], "%s/%lld", d->name,
				(long long)c->version[i]->version);
		if ((rc = bn_entry_evidence_read(
			     &c->found[i], &d->entry, c->version[i], NULL, NULL, err)) < 0)
			return rc;
	}
	return 0;
}

static int gates_recompute(recompute *c, bn_err *err)
{
	const bn_policy *p;
	const bn_entry_rights *r = c->action.me.rights;
	int rc = may_give(c, err);
	if (rc < 0 || (rc = r->policy(r->ctx, &c->action.act, &p, err)) < 0)
		return rc;
	size_t cap = 2 * p->n_gates;
	if (cap && !(c->scores = bn_alloc_zeroed(cap, sizeof *c->scores)))
		return bn_err_nomem(err, "evidence");
	for (size_t i = 0; i < p->n_gates && rc >= 0; i++) {
		const bn_policy_gate *g = &p->gates[i];
		if (!g->metric || g->by == BN_GATE_BY_AUTHOR)
			continue;
		rc = gate_recompute(c, CHALLENGER, g, cap, err);
		if (rc >= 0 && g->than_champion && c->version[CHAMPION])
			rc = gate_recompute(c, CHAMPION, g, cap, err);
	}
	return rc;
}

int bn_version_recompute(bn_recomputed_list **out, bn_workspace *ws, const char *spec,
	const bn_progress *progress, bn_err *err)
{
	recompute c = {.ws = ws, .progress = progress};
	int rc = versions_find(&c, spec, err);
	if (rc < 0)
		goto out;
	if (!(c.list = bn_alloc_zeroed(1, sizeof *c.list))) {
		rc = bn_err_nomem(err, "evidence");
		goto out;
	}
	if (c.action.me.is_chained && (rc = gates_recompute(&c, err)) < 0)
		goto out;
	*out = c.list;
	c.list = NULL;
out:
	recompute_release(&c);
	return rc;
}
