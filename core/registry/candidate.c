/* candidate.c - see candidate.h. */
#include "core/registry/candidate.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/learn/score.h"
#include "core/registry/_entry.h"
#include "core/registry/_of_run.h"
#include "core/registry/provenance.h"

#include <math.h>
#include <string.h>

/* Parts that are measured in any case, for the table of metrics. */
static const char *const usual_parts[] = {"valid", "test"};
enum { USUAL_PARTS = 2 };

/* One scoring of a model on some rows. */
typedef struct scored {
	const bn_model *model;
	const char *data, *part; /* data NULL: the part held out by the candidate's run */
	bn_score score;
	bn_err why; /* set: it could not be scored */
	int rc;
} scored;

typedef struct judging {
	bn_workspace *ws;
	const bn_progress *progress;
	bn_candidate *out;
	bn_of_run of;
	bn_model *model, *champion;   /* NULL: not loaded, or there is none */
	bn_err no_model, no_champion; /* why it could not be loaded */
	scored *scores;
	size_t n_scores, cap_scores;
	bn_entry entry;
	bool has_entry;
	bn_entry_version version; /* the candidate as if it were registered */
	bn_entry_facts facts;
} judging;

void bn_candidate_free(bn_candidate *c)
{
	if (!c)
		return;
	bn_run_info_free(c->run);
	json_decref(c->data);
	json_decref(c->code);
	json_decref(c->reported);
	json_decref(c->measured);
	json_decref(c->problems);
	json_decref(c->gate_problems);
	bn_gate_report_free(c->gates);
	bn_free(c);
}

static void judging_release(judging *j)
{
	bn_model_free(j->model);
	bn_model_free(j->champion);
	bn_of_run_release(&j->of);
	for (size_t i = 0; i < j->n_scores; i++)
		bn_score_release(&j->scores[i].score);
	bn_free(j->scores);
	bn_free(j->facts.found.items);
	bn_free(j->facts.of_champion.items);
	json_decref(j->version.files);
	if (j->has_entry)
		bn_entry_release(&j->entry);
	bn_candidate_free(j->out);
}

/* Errors that end everything, rather than leaving one number open. */
static bool is_fatal(int rc)
{
	return rc == BN_ENOMEM || rc == BN_EINTR;
}

/* ---- loading ------------------------------------------------------------------------------------ */

/* spec NULL: the candidate's model. */
static int model_load(bn_model **out, judging *j, const char *spec, bn_err *why, bn_err *err)
{
	char *dir = NULL;
	int rc = bn_scratch_model_dir(&dir, j->ws, err);
	if (rc < 0)
		return rc;
	rc = spec ? bn_version_checkout(j->ws, spec, dir, why)
		  : bn_run_export(j->ws, j->of.run->id, j->of.dir, dir, why);
	if (rc >= 0)
		rc = bn_model_load(out, bn_workspace_env(j->ws), NULL, dir, why);
	bn_fs_remove_tree(bn_workspace_env(j->ws), dir, NULL);
	bn_free(dir);
	return is_fatal(rc) ? bn_err_move(err, why) : 0;
}

/* The files as a registration would list them. */
static json_t *files_json(const bn_manifest *m)
{
	json_t *files = json_array();
	for (size_t i = 0; files && i < m->count; i++)
		json_array_append_new(files, json_pack("{s:s, s:s}", "path", m->parts[i].path,
						     "sha256", m->parts[i].hash));
	return files;
}

static int candidate_read(judging *j, const char *run, bn_err *err)
{
	bn_candidate *c = j->out;
	int rc = bn_of_run_read(&j->of, j->ws, run, NULL, err);
	if (rc < 0)
		return rc;
	memcpy(c->digest, j->of.files.content, sizeof c->digest);
	c->data = json_deep_copy(json_object_get(j->of.spec_json, "data"));
	c->code = json_deep_copy(json_object_get(j->of.spec_json, "code"));
	c->reported = json_incref(j->of.metrics);
	c->measured = json_object();
	c->problems = json_object();
	c->gate_problems = json_object();
	if (!c->data)
		c->data = json_array();
	j->version = (bn_entry_version){.run_id = j->of.run->id,
		.data = c->data,
		.metrics = c->reported,
		.files = files_json(&j->of.files)};
	if (!c->data || !c->measured || !c->problems || !c->gate_problems || !j->version.files)
		return bn_err_nomem(err, "a candidate");
	return model_load(&j->model, j, NULL, &j->no_model, err);
}

static int champion_read(judging *j, const char *model, bn_err *err)
{
	char spec[BN_VERSION_SPEC];
	bn_entry_version *v = NULL;
	int rc = bn_entry_open(&j->entry, bn_workspace_index(j->ws), model ? model : "", err);
	if (rc < 0)
		return rc;
	j->has_entry = true;
	j->entry.names_users = true;
	j->entry.is_chained = true; /* what counts is in facts, by the rules of evidence */
	const bn_entry_alias *a = bn_entry_find_alias(&j->entry, "champion");
	if (!a || (rc = bn_entry_find(&v, &j->entry, a->version, err)) < 0 || !v)
		return rc;
	j->facts.champion = v;
	snprintf(spec, sizeof spec, "%s@champion", model);
	return model_load(&j->champion, j, spec, &j->no_champion, err);
}

/* ---- measuring ---------------------------------------------------------------------------------- */

static int score(scored *s, judging *j, bn_err *err)
{
	if (s->data)
		return bn_score_dataset(&s->score, j->ws, s->model, s->data, j->progress, err);
	if (!j->of.spec)
		return bn_err_set(
			err, BN_ENOTFOUND, "the run has no spec that says which rows it held out");
	return bn_score_part(&s->score, j->ws, s->model, j->of.spec, s->part, j->progress, err);
}

/* The score of a model, computed on first use. data NULL: on the part that the candidate's run held out. *out is
 * valid until the next one. */
static int score_get(scored **out, judging *j, const bn_model *m, const char *data,
	const char *part, bn_err *err)
{
	for (size_t i = 0; i < j->n_scores; i++) {
		scored *s = &j->scores[i];
		bool is_same = s->model == m && (data != NULL) == (s->data != NULL) &&
			       !strcmp(data ? data : part, data ? s->data : s->part);
		if (is_same) {
			*out = s;
			return 0;
		}
	}
	if (bn_grow(&j->scores, &j->cap_scores, j->n_scores + 1, sizeof *j->scores))
		return bn_err_nomem(err, "scores");
	scored *s = &j->scores[j->n_scores++];
	*s = (scored){.model = m, .data = data, .part = part, .why = BN_ERR_INIT};
	s->rc = score(s, j, &s->why);
	if (is_fatal(s->rc))
		return bn_err_move(err, &s->why);
	*out = s;
	return 0;
}

/* Numbers by name, without matrices and labels. */
static json_t *numbers_of(const json_t *metrics)
{
	json_t *numbers = json_object(), *v;
	const char *key;
	json_object_foreach((json_t *)(uintptr_t)metrics, key,
		v) if (json_is_number(v) || json_is_null(v)) json_object_set(numbers, key, v);
	return numbers;
}

/* A message may name a file whose name is no text. */
static json_t *why_json(const char *why)
{
	json_t *text = json_string(why);
	return text ? text : json_string("it could not be measured");
}

static int part_measure(judging *j, const char *part, bn_err *err)
{
	scored *s = NULL;
	bn_candidate *c = j->out;
	int rc = j->model ? score_get(&s, j, j->model, NULL, part, err) : 0;
	if (rc < 0)
		return rc;
	const char *problem = !s ? j->no_model.msg : s->why.msg;
	rc = !s || s->rc < 0 ? json_object_set_new(c->problems, part, why_json(problem))
			     : json_object_set_new(c->measured, part, numbers_of(s->score.metrics));
	return rc < 0 ? bn_err_nomem(err, "a candidate") : 0;
}

static int evidence_add(bn_entry_evidences *all, judging *j, const bn_policy_gate *g,
	const bn_score *s, bn_err *err)
{
	if (bn_grow(&all->items, &all->cap, all->count + 1, sizeof *all->items))
		return bn_err_nomem(err, "evidence");
	char *dataset =
		bn_arena_strf(&j->entry.arena, "%s@v%lld", s->dataset, (long long)s->version);
	char *digest = bn_arena_strdup(&j->entry.arena, s->digest);
	if (!dataset || !digest)
		return bn_err_nomem(err, "evidence");
	all->items[all->count++] = (bn_entry_evidence){.id = "",
		.who = "here",
		.user = "this check",
		.writer = "",
		.is_other = true,
		.metric = g->metric,
		.part = g->part,
		.value = bn_score_metric(s, g->metric),
		.rows = (int64_t)s->rows,
		.dataset = dataset,
		.dataset_digest = digest,
		.how = "measured"};
	return 0;
}

/* What a gate needs of one model. What cannot be measured stays as reported. */
static int gate_measure(bn_entry_evidences *all, judging *j, const bn_model *m,
	const bn_policy *policy, size_t i, bn_err *err)
{
	const bn_policy_gate *g = &policy->gates[i];
	char place[24];
	scored *s = NULL;
	int rc = m ? score_get(&s, j, m, g->data, g->part, err) : 0;
	if (rc < 0)
		return rc;
	if (s && s->rc >= 0 && json_object_get(s->score.metrics, g->metric))
		return evidence_add(all, j, g, &s->score, err);
	const char *why = "it is not a metric that is computed here";
	if (!s)
		why = all == &j->facts.found ? j->no_model.msg : j->no_champion.msg;
	else if (s->rc < 0)
		why = s->why.msg;
	snprintf(place, sizeof place, "%zu", i);
	if (*why && json_object_set_new(j->out->gate_problems, place, why_json(why)) < 0)
		return bn_err_nomem(err, "a candidate");
	return 0;
}

static int measure(judging *j, const bn_policy *policy, bn_err *err)
{
	int rc;
	for (int i = 0; i < USUAL_PARTS; i++)
		if ((rc = part_measure(j, usual_parts[i], err)) < 0)
			return rc;
	for (size_t i = 0; i < policy->n_gates; i++) {
		const bn_policy_gate *g = &policy->gates[i];
		if (!g->metric)
			continue;
		if ((rc = gate_measure(&j->facts.found, j, j->model, policy, i, err)) < 0)
			return rc;
		if (g->than_champion && (rc = gate_measure(&j->facts.of_champion, j, j->champion,
						 policy, i, err)) < 0)
			return rc;
	}
	return 0;
}

/* ---- judging ------------------------------------------------------------------------------------ */

/* The policy's gates, as if each took the author's numbers too: see the header. */
static int gates_judge(judging *j, const bn_policy *policy, bn_err *err)
{
	bn_policy lenient = *policy;
	lenient.gates = bn_alloc((policy->n_gates + 1) * sizeof *lenient.gates);
	if (!lenient.gates)
		return bn_err_nomem(err, "gates");
	for (size_t i = 0; i < policy->n_gates; i++) {
		lenient.gates[i] = policy->gates[i];
		lenient.gates[i].by = BN_GATE_BY_AUTHOR;
	}
	j->facts.e = &j->entry;
	j->facts.v = &j->version;
	int rc = bn_entry_judge(&j->out->gates, &j->facts, &lenient, err);
	bn_free(lenient.gates);
	return rc;
}

int bn_candidate_judge(bn_candidate **out, bn_workspace *ws, const char *run, const char *model,
	const bn_policy *policy, const bn_progress *progress, bn_err *err)
{
	judging j = {.ws = ws,
		.progress = progress,
		.no_model = BN_ERR_INIT,
		.no_champion = BN_ERR_INIT};
	int rc = 0;
	if (!(j.out = bn_alloc_zeroed(1, sizeof *j.out))) {
		rc = bn_err_nomem(err, "a candidate");
		goto out;
	}
	if ((rc = candidate_read(&j, run, err)) < 0 || (rc = champion_read(&j, model, err)) < 0 ||
		(rc = measure(&j, policy, err)) < 0 || (rc = gates_judge(&j, policy, err)) < 0)
		goto out;
	j.out->run = j.of.run;
	j.of.run = NULL;
	*out = j.out;
	j.out = NULL;
out:
	judging_release(&j);
	return rc;
}
