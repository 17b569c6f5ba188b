/*
 * spec.h - the recipe of a run, complete enough to repeat it.
 *
 * A spec is a JSON object; its canonical form is stored as an object named by its SHA-256. Here it
 * is a struct: parsed once, changed by assignment, and written back.
 *
 *	format       1
 *	trainer      "ridge"                     either a trainer
 *	command      ["python", "train.py"]      or a command, never both
 *	hyper        {"alpha": 0.1}              trainer only
 *	data         [{"name", "version", "digest", "part", "as"}]     dataset versions; part is "train"
 *	             (the default), "valid" or "test"; as: the name that a command finds it by
 *	             (core/launch/data_env.h)
 *	target       "power"                     trainer only, required
 *	features     ["a", "b"]                  absent: every column but target and excluded ones
 *	exclude      ["job_id"]
 *	where        "state = 'done'"            trainer only: the rows of every part that satisfy it (docs/expressions.md)
 *	task         "auto" | "regression" | "classification"
 *	impute       "mean" | "median" | "most_frequent"
 *	standardise  true
 *	split        {"kind": "random" | "order", "valid", "test", "seed"}: shares split off the training
 *	             rows if no version is given for that part; "order" takes them from the end, test
 *	             last. Absent: random, 0.15 and 0.15, the run's seed
 *	seed         0 .. 2^63-1
 *	threads    * >= 0; 0: as many as the process may use
 *	time_limit_s * > 0
 *	grace_s    * >= 0: between SIGTERM and SIGKILL
 *	log_limit_bytes * >= 65536: of its output, of which start and end are kept (core/run/run_log.h)
 *	retries    * >= 0: how often a failed command is restarted
 *	code         {"commit", "branch", "dirty", "diff", "path"}; diff names an object
 *	environment * {"binnacle", "compiler", "libraries", "cpu", "gpu", "modules", ...}
 *	workdir    * directory a command runs in
 *	tags       * {"team": "ops"}
 *	executor   * "local" (absent: local): its executor, by name
 *	resources  * {"nodes", "tasks", "cpus", "gpus", "memory_bytes", "time_s", "partition", "account",
 *	             "qos", "constraint"}: what it requests from the executor; absent: the executor's
 *	             default
 *	container    {"image", "digest", "runtime"}: what a command runs in
 *	inputs       [{"path", "hash"}]: files that a command reads, below workdir or absolute, and the
 *	             SHA-256 that they had when the run was prepared
 *	outputs    * ["model.pt", "*.png"]: patterns below workdir; files written there are kept as
 *	             artifacts (core/launch/_leftovers.h)
 *	secrets    * {"DB_PASSWORD": "env:PROD_DB" | "file:/home/ann/.db"}: references, never values
 *	             (core/launch/secret.h)
 *	x-...      * user-defined: kept, without effect
 *
 * The recipe is the spec without the fields marked * and without x- fields (other unknown fields are part
 * of it): two runs of one recipe on one back end give the same bytes.
 *
 * Unknown fields. Input is validated strictly: an unknown field is refused with the nearest known word,
 * at every level. Stored specs are read as they are: unknown fields, and known ones with values this
 * version does not understand, are kept and written back byte for byte; bn_spec_is_understood names the
 * first one, and a launcher checks that before it runs the spec.
 *
 * Writing. A parsed spec keeps its JSON tree, and writing changes only the fields that differ from
 * it: a spec read and written back keeps its bytes and so its hash.
 *
 * Absent: NULL, BN_SPEC_ABSENT for numbers and booleans. Strings are valid as long as the spec:
 * bn_spec_text. One thread at a time.
 */
#ifndef BN_RUN_SPEC_H
#define BN_RUN_SPEC_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_SPEC_ABSENT (-1)

typedef struct bn_spec_texts {
	const char **items; /* NULL-terminated; NULL: the list is absent */
	size_t count;
} bn_spec_texts;

typedef struct bn_spec_data {
	const char *name;   /* resolved: "jobs"; before that perhaps "jobs@v3" or "jobs@latest" */
	int64_t version;    /* absent before it is resolved */
	const char *digest; /* of the version's manifest; absent before it is resolved */
	const char *part;   /* absent: train */
	const char *as;
	json_t *source; /* private: the tree it was read from */
} bn_spec_data;

typedef struct bn_spec_split {
	const char *kind;
	double valid, test; /* below 0: absent */
	int64_t seed;
} bn_spec_split;

typedef struct bn_spec_code {
	const char *path, *commit, *branch, *diff;
	const char *unavailable; /* why the repository could not be read */
	int dirty;               /* 0, 1 */
	int64_t untracked;       /* files */
} bn_spec_code;

typedef struct bn_spec_resources {
	int64_t nodes, tasks, cpus, gpus, memory_bytes, time_s;
	const char *partition, *account, *qos, *constraint;
} bn_spec_resources;

typedef struct bn_spec_container {
	const char *image, *digest, *runtime;
} bn_spec_container;

typedef struct bn_spec_input {
	const char *path, *hash;
	json_t *source; /* private */
} bn_spec_input;

typedef struct bn_spec {
	int64_t format;
	const char *trainer;
	bn_spec_texts command;
	json_t *hyper; /* objects are references of the spec's own */
	bn_spec_data *data;
	size_t data_count;
	const char *target;
	bn_spec_texts features, exclude;
	const char *where;
	const char *task, *impute;
	int standardise;
	bn_spec_split split;
	int64_t seed, threads, time_limit_s, grace_s, log_limit_bytes, retries;
	bn_spec_code code;
	json_t *environment;
	const char *workdir;
	json_t *tags;
	const char *executor;
	bn_spec_resources resources;
	bn_spec_container container;
	bn_spec_input *inputs;
	size_t input_count;
	bn_spec_texts outputs;
	json_t *secrets;
	/* private */
	json_t *source;
	bn_arena arena;
} bn_spec;

/* ---- making and reading --------------------------------------------------------------------- */

/* Everything absent. */
int bn_spec_new(bn_spec **out, bn_err *err);
void bn_spec_free(bn_spec *spec); /* NULL is fine */
/* A deep copy, including unknown fields. */
int bn_spec_dup(bn_spec **out, const bn_spec *spec, bn_err *err);

/* Parses user input strictly. source names it in messages: errors of syntax carry
 * "source:line:column", others the field, and the nearest known word. Data may be names ("jobs@v3").
 * bn_spec_resolve checks whether trainer and data are complete. */
int bn_spec_parse(bn_spec **out, const char *text, size_t n, const char *source, bn_err *err);
int bn_spec_load(bn_spec **out, const bn_env *env, const char *path, bn_err *err);
int bn_spec_from_json(bn_spec **out, const json_t *json, const char *source, bn_err *err);

/* Canonical form into objects; hash names it. Durable. */
int bn_spec_store(bn_workspace *ws, const bn_spec *spec, char hash[65], bn_err *err);
/* Any stored JSON object is accepted. */
int bn_spec_fetch(bn_spec **out, bn_workspace *ws, const char *hash, bn_err *err);

/* *out is yours and not shared: it does not refer to the spec's fields. */
int bn_spec_to_json(json_t **out, const bn_spec *spec, bn_err *err);

/* ---- changing ------------------------------------------------------------------------------- */

/* A copy valid as long as the spec; NULL for NULL, or if out of memory. */
const char *bn_spec_text(bn_spec *spec, const char *text);
/* Appends to a list of the spec's; BN_ENOMEM. An absent list first becomes empty; with text NULL that
 * is all. */
int bn_spec_add_text(bn_spec *spec, bn_spec_texts *list, const char *text, bn_err *err);
/* *out: a new item at the end, all absent; until the next one is added. */
int bn_spec_add_data(bn_spec *spec, bn_spec_data **out, bn_err *err);
int bn_spec_add_input(bn_spec *spec, bn_spec_input **out, bn_err *err);
/* Makes it absent. field as in the table above ("data", "code"). */
void bn_spec_remove(bn_spec *spec, const char *field);
/* Removes what a command has no use for (the trainer, target, settings, parts of the data), or else what a trainer
 * has none for (the command, its inputs and outputs): the other kind is set afterwards. */
void bn_spec_clear_other(bn_spec *spec, bool is_command);

/* ---- asking --------------------------------------------------------------------------------- */

/* Checks the rules of every field that need no workspace and no table of trainers, as in
 * bn_spec_parse: BN_EINVAL with where and the field. For a spec changed by assignment. */
int bn_spec_check(const bn_spec *spec, const char *where, bn_err *err);
/* BN_EUNSUPPORTED names the first field, or value, that this version does not know: a newer one wrote
 * it. */
int bn_spec_is_understood(const bn_spec *spec, bn_err *err);

bool bn_spec_is_command(const bn_spec *spec);
enum { BN_SPEC_GRACE_S = 10 }; /* default of grace_s */
/* Between SIGTERM and SIGKILL; at most ten years, so that adding it in milliseconds to a time cannot
 * overflow. */
int64_t bn_spec_grace_s(const bn_spec *spec);
bool bn_spec_has_part(const bn_spec *spec, const char *part);
/* "trainer ridge", or the command line with shell quoting; yours. NULL without memory. */
char *bn_spec_title(const bn_spec *spec);
/* SHA-256 of the recipe's canonical form. */
int bn_spec_recipe_hash(const bn_spec *spec, char hash[65], bn_err *err);

#endif
