/* run_sweep.c - see run_sweep.h. */
#include "tui/cli/run_sweep.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/launch/sweep.h"
#include "core/learn/trainer.h"
#include "tui/cli/run_spec.h"

#include <string.h>

static const char seed_word[] = "seed";

typedef struct setting {
	char *key;
	int count;
	bn_sweep_value values[BN_SWEEP_VALUES];
} setting;

struct bn_run_sweep {
	const bn_trainer *trainer; /* NULL: of a command, which has only a seed */
	setting *items;
	size_t count, combinations, runs;
};

void bn_run_sweep_free(bn_run_sweep *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		bn_free(s->items[i].key);
	bn_free(s->items);
	bn_free(s);
}

static const bn_hyper_def *def_of(const bn_run_sweep *s, const char *key)
{
	for (size_t i = 0; s->trainer && i < s->trainer->hyper_count; i++)
		if (strcmp(s->trainer->hyper[i].name, key) == 0)
			return &s->trainer->hyper[i];
	return NULL;
}

/* Sets it in a JSON object of settings, or the seed. */
static int value_put(const bn_run_sweep *s, const char *key, const char *value, json_t *hyper,
	int64_t *seed, bn_err *err)
{
	if (strcmp(key, seed_word) == 0)
		return bn_parse_i64(value, strlen(value), seed) && *seed >= 0
			       ? 0
			       : bn_err_set(err, BN_EINVAL, "'%.80s' must be a whole number from 0 on", value);
	if (!s->trainer)
		return bn_err_set(err, BN_EINVAL, "a command has no settings, only a seed");
	return bn_hyper_set_text(hyper, s->trainer->hyper, s->trainer->hyper_count, key, value, err);
}

static int values_check(const bn_run_sweep *s, const setting *x, bn_err *err)
{
	json_t *into = json_object();
	int64_t seed;
	int rc = into ? 0 : bn_err_nomem(err, "a sweep");
	for (int i = 0; rc >= 0 && i < x->count; i++)
		rc = value_put(s, x->key, x->values[i], into, &seed, err);
	json_decref(into);
	return rc;
}

static int setting_read(bn_run_sweep *s, const char *text, bn_err *err)
{
	setting *x = &s->items[s->count];
	const char *value;
	bn_err why = BN_ERR_INIT;
	int rc = bn_cli_pair(&x->key, &value, text, "sweep", err);
	if (rc < 0)
		return rc;
	s->count++;
	for (size_t i = 0; i + 1 < s->count; i++)
		if (strcmp(s->items[i].key, x->key) == 0)
			return bn_err_set(err, BN_EINVAL, "--sweep %s is given twice", x->key);
	x->count = bn_sweep_values(def_of(s, x->key), value, x->values, &why);
	if (x->count < 0 || (rc = values_check(s, x, &why)) < 0) {
		bn_err_prefix(&why, "--sweep %s", x->key);
		return bn_err_move(err, &why);
	}
	s->combinations *= (size_t)x->count;
	return s->combinations <= 1000000
		       ? 0
		       : bn_err_set(err, BN_EINVAL, "--sweep: more than a million combinations");
}

static int runs_read(bn_run_sweep *s, bn_cli *cli, bn_err *err)
{
	int64_t runs = 0;
	int rc = bn_cli_opt_int(cli, "runs", 1, BN_SWEEP_MOST, &runs, err);
	if (rc < 0)
		return rc;
	s->runs = runs && (size_t)runs < s->combinations ? (size_t)runs : s->combinations;
	if (s->runs <= BN_SWEEP_MOST)
		return 0;
	bn_err_set(err, BN_EINVAL, "these are %zu runs, and a sweep has at most %d", s->runs, BN_SWEEP_MOST);
	bn_err_hint(err, "--runs N takes N of the combinations, at random");
	return BN_EINVAL;
}

int bn_run_sweep_read(bn_run_sweep **out, bn_cli *cli, const bn_spec *spec, bn_err *err)
{
	const char *text;
	size_t n = 0;
	int rc = 0;
	*out = NULL;
	while (bn_cli_opt_nth(cli, "sweep", n))
		n++;
	if (!n)
		return bn_cli_opt(cli, "runs") ? bn_err_set(err, BN_EINVAL, "--runs is for a --sweep") : 0;
	if (bn_cli_flag(cli, "wait") || bn_cli_flag(cli, "watch"))
		return bn_err_set(err, BN_EINVAL, "--wait and --watch follow one run; a sweep has several");
	bn_run_sweep *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s || !(s->items = bn_alloc_zeroed(n, sizeof *s->items))) {
		rc = bn_err_nomem(err, "a sweep");
		goto out;
	}
	s->combinations = 1;
	if (spec->trainer && (rc = bn_trainer_find(&s->trainer, spec->trainer, err)) < 0)
		goto out;
	for (size_t i = 0; rc >= 0 && (text = bn_cli_opt_nth(cli, "sweep", i)); i++)
		rc = setting_read(s, text, err);
	if (rc >= 0 && (rc = runs_read(s, cli, err)) >= 0) {
		*out = s;
		s = NULL;
	}
out:
	bn_run_sweep_free(s);
	return rc;
}

size_t bn_run_sweep_runs(const bn_run_sweep *s, size_t *combinations)
{
	*combinations = s->combinations;
	return s->runs;
}

int bn_run_sweep_apply(
	const bn_run_sweep *s, size_t i, bn_spec *spec, bn_buf *name, bn_buf *text, bn_err *err)
{
	size_t at = bn_sweep_combination(s->combinations, s->runs, i);
	int rc = 0;
	if (s->trainer && !spec->hyper && !(spec->hyper = json_object()))
		return bn_err_nomem(err, "a spec");
	for (size_t k = 0; k < s->count && rc >= 0; k++) {
		const setting *x = &s->items[k];
		const char *value = x->values[at % (size_t)x->count];
		at /= (size_t)x->count;
		rc = value_put(s, x->key, value, spec->hyper, &spec->seed, err);
		if (x->count > 1)
			bn_sweep_name_add(name, x->key, value);
		bn_buf_addf(text, "%s%s=%s", text->len ? " " : "", x->key, value);
	}
	return rc < 0 ? rc : bn_buf_check(name, err, "a name");
}
