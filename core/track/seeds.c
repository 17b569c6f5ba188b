/* seeds.c - see seeds.h. */
#include "core/track/seeds.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/profile/paired.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool bn_param_is_seed(const char *key)
{
	static const char *const names[] = {"random_state", "random_seed"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return strcmp(key, "seed") == 0 || bn_str_ends(key, "_seed") || bn_str_ends(key, ".seed") ||
	       bn_str_ends(key, "/seed");
}

/* ---- settings ----------------------------------------------------------------------------------- */

typedef struct settings {
	const bn_comparison *c;
	const bn_compare_row *seed, *metric; /* seed NULL: none */
	const char **commands; /* what each run ran, without the seed */
	bool commands_differ;
	bn_seeds *out;
} settings;

static bool is_command(const bn_compare_row *r)
{
	return r->group == BN_COMPARE_RUN && strcmp(r->key, "runs") == 0;
}

/* Whether a row tells settings apart. */
static bool is_setting(const settings *s, const bn_compare_row *r)
{
	if (!r->differs)
		return false;
	if (r->group == BN_COMPARE_PARAM || r->group == BN_COMPARE_DATA)
		return !bn_param_is_seed(r->key) && !bn_str_ends(r->key, " digest");
	if (is_command(r))
		return s->commands_differ;
	return r->group == BN_COMPARE_CODE && (strcmp(r->key, "commit") == 0 || strcmp(r->key, "diff") == 0);
}

static const char *cell_text(const bn_compare_row *r, size_t run)
{
	return r->cells[run].text ? r->cells[run].text : "-";
}

static const char *setting_text(const settings *s, const bn_compare_row *r, size_t run)
{
	return is_command(r) ? s->commands[run] : cell_text(r, run);
}

/* "python train.py --seed 3" is "python train.py": words with "seed", the one after "--seed", and those that are the
 * seed's value are left out. */
static const char *command_without_seed(bn_arena *a, const char *command, const char *seed)
{
	char *out = bn_arena_alloc(a, strlen(command) + 2), *at = out;
	bool value_follows = false;
	if (!out)
		return NULL;
	while (*command) {
		size_t n = strcspn(command, " ");
		bool names_seed = memmem(command, n, "seed", 4) != NULL;
		bool is_value = seed && strlen(seed) == n && strncmp(command, seed, n) == 0;
		if (!names_seed && !is_value && !value_follows) {
			memcpy(at, command, n);
			at[n] = ' ';
			at += n + 1;
		}
		value_follows = names_seed && !memchr(command, '=', n);
		command += n + (command[n] == ' ');
	}
	*(at > out ? at - 1 : at) = '\0';
	return out;
}

static int commands_make(settings *s, bn_err *err)
{
	const bn_comparison *c = s->c;
	const bn_compare_row *row = NULL;
	for (size_t i = 0; i < c->count; i++)
		if (is_command(&c->rows[i]))
			row = &c->rows[i];
	s->commands = bn_arena_alloc(&s->out->arena, c->runs * sizeof *s->commands);
	if (!s->commands)
		return bn_err_nomem(err, "a comparison over seeds");
	for (size_t i = 0; i < c->runs; i++) {
		s->commands[i] = command_without_seed(&s->out->arena, row ? cell_text(row, i) : "",
			s->seed ? cell_text(s->seed, i) : NULL);
		if (!s->commands[i])
			return bn_err_nomem(err, "a comparison over seeds");
		s->commands_differ = s->commands_differ || strcmp(s->commands[0], s->commands[i]) != 0;
	}
	return 0;
}

static bool is_same_setting(const settings *s, size_t a, size_t b)
{
	for (size_t i = 0; i < s->c->count; i++) {
		const bn_compare_row *r = &s->c->rows[i];
		if (is_setting(s, r) && strcmp(setting_text(s, r, a), setting_text(s, r, b)) != 0)
			return false;
	}
	return true;
}

static const char *label_make(const settings *s, size_t run)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < s->c->count; i++) {
		const bn_compare_row *r = &s->c->rows[i];
		if (is_setting(s, r))
			bn_buf_addf(&b, "%s%.60s %.80s", b.len ? ", " : "", r->key, setting_text(s, r, run));
	}
	const char *label = b.failed ? NULL : bn_arena_strdup(&s->out->arena, b.len ? b.ptr : "all");
	bn_buf_release(&b);
	return label;
}

static int run_add(const settings *s, size_t run, bn_err *err)
{
	bn_seeds *o = s->out;
	bn_seed_setting *own = NULL;
	for (size_t i = 0; i < o->count && !own; i++)
		if (is_same_setting(s, o->settings[i].runs[0], run))
			own = &o->settings[i];
	if (!own) {
		own = &o->settings[o->count];
		*own = (bn_seed_setting){.label = label_make(s, run),
			.runs = bn_arena_alloc(&o->arena, s->c->runs * sizeof *own->runs)};
		if (!own->label || !own->runs)
			return bn_err_nomem(err, "a comparison over seeds");
		o->count++;
	}
	((size_t *)(uintptr_t)own->runs)[own->run_count++] = run;
	return 0;
}

/* ---- values by seed ----------------------------------------------------------------------------- */

typedef struct by_seed {
	const char **seeds;
	double *sums;
	size_t *counts, count;
} by_seed;

/* The mean of the metric for each seed of a setting, in the order of the runs. If no parameter is a seed, each run is one
 * of its own, and nothing can be paired. */
static int by_seed_make(by_seed *out, bn_arena *a, const bn_seed_setting *s, const bn_compare_row *seed,
	const bn_compare_row *metric, bn_err *err)
{
	size_t n = s->run_count;
	*out = (by_seed){bn_arena_alloc(a, n * sizeof *out->seeds), bn_arena_alloc(a, n * sizeof *out->sums),
		bn_arena_alloc(a, n * sizeof *out->counts), 0};
	if (!out->seeds || !out->sums || !out->counts)
		return bn_err_nomem(err, "a comparison over seeds");
	for (size_t i = 0; i < n; i++) {
		const char *text = seed ? cell_text(seed, s->runs[i]) : NULL;
		size_t k = 0;
		while (k < out->count && !(text && strcmp(out->seeds[k], text) == 0))
			k++;
		if (k == out->count) {
			out->seeds[k] = text;
			out->sums[k] = 0;
			out->counts[k] = 0;
			out->count++;
		}
		out->sums[k] += metric->cells[s->runs[i]].number;
		out->counts[k]++;
	}
	for (size_t k = 0; k < out->count; k++)
		out->sums[k] /= (double)out->counts[k];
	return 0;
}

static void mean_and_deviation(double *mean, double *deviation, const double *x, size_t n)
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	*mean = n ? sum / (double)n : (double)NAN;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - *mean) * (x[i] - *mean);
	*deviation = n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN;
}

static int setting_alone(bn_seed_setting *s, const by_seed *own, bn_err *err)
{
	s->seeds = own->count;
	mean_and_deviation(&s->mean, &s->deviation, own->sums, own->count);
	return bn_bootstrap_mean(
		&s->low, &s->high, own->sums, own->count, BN_SEEDS_LEVEL, BN_SEEDS_RESAMPLES, 0, err);
}

static int setting_test(
	bn_seed_setting *s, bn_arena *a, const by_seed *own, const by_seed *base, bn_err *err)
{
	double *d = bn_arena_alloc(a, (own->count + 1) * sizeof *d), deviation;
	if (!d)
		return bn_err_nomem(err, "a comparison over seeds");
	for (size_t i = 0; i < own->count; i++)
		for (size_t k = 0; k < base->count; k++)
			if (own->seeds[i] && strcmp(own->seeds[i], base->seeds[k]) == 0)
				d[s->pairs++] = own->sums[i] - base->sums[k];
	mean_and_deviation(&s->difference, &deviation, d, s->pairs);
	if (s->pairs < 2)
		return 0;
	bn_paired_t(&s->t, &s->t_p, d, s->pairs);
	int rc = bn_signed_rank(&s->w, &s->w_p, d, s->pairs, err);
	return rc < 0 ? rc
		      : bn_bootstrap_mean(&s->difference_low, &s->difference_high, d, s->pairs,
				BN_SEEDS_LEVEL, BN_SEEDS_RESAMPLES, 0, err);
}

static int holm(bn_seeds *s, bn_err *err)
{
	double *p = bn_arena_alloc(&s->arena, 2 * (s->count + 1) * sizeof *p), *w = p ? p + s->count : NULL;
	int rc;
	if (!p)
		return bn_err_nomem(err, "a comparison over seeds");
	for (size_t i = 0; i < s->count; i++) {
		p[i] = s->settings[i].t_p;
		w[i] = s->settings[i].w_p;
	}
	if ((rc = bn_holm_adjust(p, s->count, err)) < 0 || (rc = bn_holm_adjust(w, s->count, err)) < 0)
		return rc;
	for (size_t i = 0; i < s->count; i++) {
		s->settings[i].t_p_holm = p[i];
		s->settings[i].w_p_holm = w[i];
	}
	return 0;
}

static int settings_test(
	bn_seeds *s, const bn_compare_row *seed, const bn_compare_row *metric, bn_err *err)
{
	by_seed *all = bn_arena_alloc(&s->arena, (s->count + 1) * sizeof *all);
	if (!all)
		return bn_err_nomem(err, "a comparison over seeds");
	for (size_t i = 0; i < s->count; i++) {
		bn_seed_setting *own = &s->settings[i];
		int rc;
		own->difference = own->difference_low = own->difference_high = NAN;
		own->t = own->t_p = own->w = own->w_p = NAN;
		if ((rc = by_seed_make(&all[i], &s->arena, own, seed, metric, err)) < 0 ||
			(rc = setting_alone(own, &all[i], err)) < 0 ||
			(i > 0 && (rc = setting_test(own, &s->arena, &all[i], &all[0], err)) < 0))
			return rc;
	}
	return holm(s, err);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

/* The parameter that is a seed: of several the one that differs. */
static const bn_compare_row *seed_row(const bn_comparison *c)
{
	const bn_compare_row *found = NULL;
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *r = &c->rows[i];
		if (r->group == BN_COMPARE_PARAM && bn_param_is_seed(r->key) &&
			(!found || (r->differs && !found->differs)))
			found = r;
	}
	return found;
}

/* Without the seed that other runs have it would count as one more seed. */
static bool has_seed(const settings *s, size_t run)
{
	return !s->seed || s->seed->cells[run].text;
}

static bool is_in(const settings *s, size_t run)
{
	return bn_comparison_counts(s->c, s->metric, run) && has_seed(s, run);
}

/* The first run of the baseline's setting; c->runs if none is in. */
static size_t base_run(const settings *s)
{
	const bn_comparison *c = s->c;
	size_t i = 0;
	if (is_in(s, c->baseline))
		return c->baseline;
	while (i < c->runs && !(is_in(s, i) && is_same_setting(s, c->baseline, i)))
		i++;
	return i;
}

/* Sorts the runs into settings, the baseline's first. */
static int settings_make(const settings *s, bn_err *err)
{
	const bn_comparison *c = s->c;
	size_t first = base_run(s);
	int rc;
	if (first < c->runs && (rc = run_add(s, first, err)) < 0)
		return rc;
	for (size_t i = 0; i < c->runs; i++) {
		bool own = is_in(s, i);
		s->out->left_out += !own;
		s->out->without_seed += !own && bn_comparison_counts(c, s->metric, i);
		if (own && i != first && (rc = run_add(s, i, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_seeds_compare(bn_seeds **out, const bn_comparison *c, const char *metric, bn_err *err)
{
	settings s = {.c = c, .seed = seed_row(c)};
	int rc = bn_comparison_metric(&s.metric, c, metric, err);
	if (rc < 0)
		return rc;
	if (!(s.out = bn_alloc_zeroed(1, sizeof *s.out)))
		return bn_err_nomem(err, "a comparison over seeds");
	s.out->metric = s.metric->key;
	s.out->better = s.metric->better;
	s.out->seed = s.seed ? s.seed->key : NULL;
	s.out->settings = bn_arena_alloc(&s.out->arena, c->runs * sizeof *s.out->settings);
	if (!s.out->settings) {
		rc = bn_err_nomem(err, "a comparison over seeds");
		goto out;
	}
	if ((rc = commands_make(&s, err)) < 0 || (rc = settings_make(&s, err)) < 0 ||
		(rc = settings_test(s.out, s.seed, s.metric, err)) < 0)
		goto out;
	*out = s.out;
	s.out = NULL;
out:
	bn_seeds_free(s.out);
	return rc;
}

void bn_seeds_free(bn_seeds *s)
{
	if (!s)
		return;
	bn_arena_release(&s->arena);
	bn_free(s);
}

const char *bn_seeds_left_out(char out[BN_SEEDS_TEXT], const bn_seeds *s)
{
	size_t others = s->left_out - s->without_seed;
	char one[80] = "", other[80] = "";
	out[0] = '\0';
	if (!s->left_out)
		return out;
	if (s->without_seed)
		snprintf(one, sizeof one, "%zu without %.40s%s", s->without_seed, s->seed, others ? ", " : "");
	if (others)
		snprintf(other, sizeof other, "%zu without the metric or measured on other rows", others);
	snprintf(out, BN_SEEDS_TEXT, "%zu run%s left out: %s%s", s->left_out, s->left_out == 1 ? " is" : "s are", one,
		other);
	return out;
}

bool bn_seeds_are_repeated(const bn_seeds *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->seed && s->settings[i].run_count > s->settings[i].seeds)
			return true;
	return false;
}

bool bn_seeds_have_pairs(const bn_seeds *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (s->settings[i].pairs > 1)
			return true;
	return false;
}

/* ---- as JSON ------------------------------------------------------------------------------------ */

static json_t *setting_json(const bn_seed_setting *s, const bn_comparison *c)
{
	const struct {
		const char *name;
		double value;
	} numbers[] = {{"mean", s->mean}, {"deviation", s->deviation}, {"low", s->low}, {"high", s->high},
		{"difference", s->difference}, {"difference_low", s->difference_low},
		{"difference_high", s->difference_high}, {"t", s->t}, {"t_p", s->t_p},
		{"t_p_holm", s->t_p_holm}, {"w", s->w}, {"w_p", s->w_p}, {"w_p_holm", s->w_p_holm}};
	json_t *runs = json_array(), *o;
	for (size_t i = 0; i < s->run_count; i++)
		json_array_append_new(runs, json_string(c->ids[s->runs[i]]));
	o = json_pack("{ss so sI sI}", "setting", s->label, "runs", runs, "seeds", (json_int_t)s->seeds,
		"pairs", (json_int_t)s->pairs);
	for (size_t i = 0; o && i < sizeof numbers / sizeof *numbers; i++)
		json_object_set_new(o, numbers[i].name, bn_json_real_or_null(numbers[i].value));
	return o;
}

int bn_seeds_to_json(json_t **out, const bn_seeds *s, const bn_comparison *c, bn_err *err)
{
	static const char *const better[] = {"smaller", "unknown", "larger"};
	json_t *list = json_array();
	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(list, setting_json(&s->settings[i], c));
	*out = json_pack("{ss ss ss? sI sI sf so}", "metric", s->metric, "better", better[s->better + 1],
		"seed", s->seed, "left_out", (json_int_t)s->left_out, "without_seed",
		(json_int_t)s->without_seed, "level", BN_SEEDS_LEVEL, "settings", list);
	return *out ? 0 : bn_err_nomem(err, "a comparison over seeds");
}
