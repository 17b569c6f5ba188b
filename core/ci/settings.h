/*
 * settings.h - what a project says about its pipeline: section `ci` of binnacle.yaml, a file of the repository.
 *
 *	ci:
 *	  model: power                    name under which the candidate is registered
 *	  data:                           read in every pipeline; the first is the training data
 *	    - name: jobs
 *	      file: data/jobs.csv         in the repository, an absolute path on the runner, or an http(s):// URL
 *	      suite: suite.json           checks (Great Expectations' format)
 *	      part: valid | test          for held-out rows of their own
 *	  lint: make lint                 a command, or a list of commands
 *	  unit: make test
 *	  cache: [.venv]                  paths kept between pipelines
 *	  train:
 *	    trainer: ridge                one of ours
 *	    target: power
 *	    features, exclude: [a, b]     where: text   valid, test: shares   split: random | order
 *	    seed: 1                       set: {alpha: 0.1}
 *	    command: python train.py      or any program (docs/runs.md), instead of trainer and target
 *	  evaluate:
 *	    policy: policy.json           its gates; without it, those of the workspace's policy
 *	    margin: {rmse: 0.5}           how much worse than on the target branch a metric of the test part may be
 *	  package: {format: oci-archive}  registers, requests approval, and writes an image
 *	  deploy: {command: ./deploy.sh, environment: production, url: https://…, secrets: [DEPLOY_TOKEN]}
 *	  smoke: {endpoint: http://…, rows: sample.csv}      or {command: …}; secrets as in deploy
 *	  monitor: {model: power@champion, window: 1d, cron: "0 6 * * *"}      or {command: …}
 *	  image: registry.example.org/binnacle:1             of container executors
 *	  branch: main                    the branch that deploys
 *	  tags: {all: [linux], train: [gpu, slurm]}          of runners, by stage
 *
 * What is absent stays absent: a stage that needs it is left out of the pipeline (stage.h). An error names file,
 * line and field, and the nearest known word. Secrets are names of variables, never values.
 *
 * Texts live as long as the settings.
 */
#ifndef BN_CI_SETTINGS_H
#define BN_CI_SETTINGS_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#include <jansson.h>
#include <stdint.h>

#define BN_CI_SETTINGS_FILE "binnacle.yaml"

typedef struct bn_ci_texts {
	const char **items;
	size_t count;
} bn_ci_texts;

typedef struct bn_ci_data {
	const char *name, *file;
	const char *suite, *part; /* may be NULL */
} bn_ci_data;

/* A text NULL, a list empty, a number NaN or negative: not set. */
typedef struct bn_ci_settings {
	char *path, *dir; /* the file, and the project's directory; absolute */
	const char *model, *image, *branch;
	bn_ci_data *data;
	size_t n_data;
	bn_ci_texts lint, unit, cache;
	struct {
		const char *trainer, *target, *where, *split;
		bn_ci_texts features, exclude, command;
		double valid, test;
		int64_t seed;
		const json_t *set; /* hyper-parameters */
	} train;
	struct {
		const char *policy;
		const json_t *margin; /* metric: number */
	} evaluate;
	struct {
		const char *format;
	} package;
	struct {
		bn_ci_texts command, secrets;
		const char *environment, *url;
	} deploy;
	struct {
		bn_ci_texts command, secrets;
		const char *endpoint, *rows;
	} smoke;
	struct {
		bn_ci_texts command, secrets;
		const char *model, *window, *cron;
	} monitor;
	const json_t *tags; /* "all" or a stage: [tag] */
	json_t *document;
	bn_arena arena;
} bn_ci_settings;

/* The file in the directory or above it, up to the root of the git repository (dir NULL: the working directory).
 * BN_ENOTFOUND, BN_EINVAL. */
int bn_ci_settings_load(bn_ci_settings **out, const bn_env *env, const char *dir, bn_err *err);
/* name: of the file, in messages. path and dir stay NULL. */
int bn_ci_settings_parse(
	bn_ci_settings **out, const char *text, size_t n, const char *name, bn_err *err);
void bn_ci_settings_free(bn_ci_settings *s);

bool bn_ci_is_url(const char *file);

#endif
