/*
 * spec.h - what a run is made from, complete enough to make it again.
 *
 * A spec is a JSON object; its canonical form is stored as an object, and its SHA-256 names it:
 *
 *	format       1
 *	trainer      "ridge"                     either a trainer
 *	command      ["python", "train.py"]      or a command, never both
 *	hyper        {"alpha": 0.1}              trainer only
 *	data         [{"name", "version", "digest", "part"}]     dataset versions; part is "train" (the
 *	             default), "valid" or "test". Commands get them in BINNACLE_DATA_<NAME>
 *	target       "power"                     trainer only, required
 *	features     ["a", "b"]                  absent: every column but target and excluded ones
 *	exclude      ["job_id"]
 *	task         "auto" | "regression" | "classification"
 *	impute       "mean" | "median" | "most_frequent"
 *	standardise  true
 *	split        {"kind": "random" | "order", "valid", "test", "seed"}: shares taken off the training
 *	             rows when no version is given for that part; "order" takes them from the end, test
 *	             last. Absent: random, 0.15 and 0.15, the run's seed
 *	seed         0 .. 2^63-1
 *	threads      >= 0; 0: as many as the process may use. No part of the recipe
 *	time_limit_s > 0
 *	grace_s      >= 0: between SIGTERM and SIGKILL
 *	code         {"commit", "branch", "dirty", "diff", "path"}; diff names an object
 *	environment  {"binnacle", "compiler", "libraries", "cpu", "gpu", "modules", ...}
 *	workdir      directory a command runs in
 *	tags         {"team": "ops"}
 *
 * The recipe is the spec without threads, environment, workdir, tags and limits: two runs of one
 * recipe on one back end give the same bytes.
 */
#ifndef BN_LAUNCH_SPEC_H
#define BN_LAUNCH_SPEC_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>

/* Checks every field: BN_EINVAL names the field, and for an unknown one the nearest known. where
 * names the spec in messages ("spec.json"). Does not look at the workspace. */
int bn_spec_check(const json_t *spec, const char *where, bn_err *err);
/* Parses and checks; errors of syntax carry "source:line:column". *out is yours. */
int bn_spec_parse(json_t **out, const char *text, size_t n, const char *source, bn_err *err);
int bn_spec_load(json_t **out, const bn_env *env, const char *path, bn_err *err);

/* Fills in what the user left out: trainer's hyper-parameters in full, seed 0, task, impute, split,
 * the data versions' numbers and digests (names like "jobs" or "jobs@latest" become exact). The
 * result passes bn_spec_check. *out is yours. */
int bn_spec_resolve(json_t **out, bn_workspace *ws, const json_t *given, bn_err *err);
/* Adds "code" (of the repository around dir, if any; the uncommitted diff goes to objects) and
 * "environment". */
int bn_spec_add_provenance(json_t *spec, bn_workspace *ws, const char *dir, bn_err *err);

bool bn_spec_is_command(const json_t *spec);
/* "trainer ridge", or the command line with shell quoting; yours. */
char *bn_spec_title(const json_t *spec);
/* SHA-256 of the recipe's canonical form. */
int bn_spec_recipe_hash(const json_t *spec, char hash[65], bn_err *err);

/* Canonical form into objects; hash names it. Durable. */
int bn_spec_store(bn_workspace *ws, const json_t *spec, char hash[65], bn_err *err);
int bn_spec_fetch(json_t **out, bn_workspace *ws, const char *hash, bn_err *err);

#endif
