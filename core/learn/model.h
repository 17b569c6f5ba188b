/*
 * model.h - a model as a directory, and as an object that predicts.
 *
 * 	MLmodel            YAML that MLflow reads as a model folder; flavour `binnacle`, signature
 * 	model.safetensors  the tensors
 * 	features.json      input schema, feature pipeline, reference statistics, classes
 * 	metrics.json       its metrics, per part
 * 	model_card.md      for users (Hugging Face front matter)
 *
 * Invariants: the same fit gives the same bytes in every file (no clock, no host, no path in any of
 * them; the run id is in MLmodel only if given); the directory is complete or absent (written under
 * a temporary name, then renamed). The digest of a model is the SHA-256 of the lines "<sha256 of
 * file>  <name>\n" sorted by name, so it covers every byte of its files; directories do not count.
 */
#ifndef BN_LEARN_MODEL_H
#define BN_LEARN_MODEL_H
#include "core/base/dir.h"
#include "core/base/err.h"
#include "core/learn/features.h"
#include "core/learn/trainer.h"

#include <jansson.h>

#define BN_MODEL_DIGEST_HEX 64

/* The dataset version of a part. NULL or empty: there was none. */
typedef struct bn_model_data {
	const char *name, *digest; /* "jobs.test@v3", "sha256:..." */
} bn_model_data;

/* Metadata to write. Strings are borrowed, any may be NULL (then absent). */
typedef struct bn_model_about {
	const char *name;           /* "power" */
	const char *run_id;         /* 32 hex; omitted if NULL */
	const char *dataset;        /* "jobs@v3" */
	const char *dataset_digest; /* "sha256:..." */
	const char *where;          /* selected rows: "state = 'done'" */
	bn_model_data valid, test;
	const char *split; /* "random 0.7/0.15/0.15, seed 1" */
	const char *notes; /* a paragraph for the card */
	uint64_t seed;
	const json_t *hyper;   /* resolved */
	const json_t *metrics; /* {"train": {...}, "valid": {...}, "test": {...}} */
} bn_model_about;

/* Below, dir is a path relative to the directory `at`, or if at is NULL one that the user named.
 * Links in the directory itself are never followed: a model is untrusted. */

/* Writes the directory dir, which must not exist. */
int bn_model_save(const bn_env *env, const bn_dir *at, const char *dir, const bn_estimator *e,
	const bn_features *f, const bn_model_about *about, bn_err *err);
/* hex[65] gets the digest of the directory. */
int bn_model_digest(char hex[BN_MODEL_DIGEST_HEX + 1], const bn_env *env, const bn_dir *at,
	const char *dir, bn_err *err);

typedef struct bn_model bn_model;

/* Reads and checks everything. Immutable: may be shared between threads. */
int bn_model_load(
	bn_model **out, const bn_env *env, const bn_dir *at, const char *dir, bn_err *err);
void bn_model_free(bn_model *m);

const char *bn_model_name(const bn_model *m);            /* "" if it has none */
const char *bn_model_trainer(const bn_model *m);         /* "ridge" */
const bn_features *bn_model_features(const bn_model *m); /* inputs, kinds, classes, reference */
bn_task bn_model_task(const bn_model *m);
size_t bn_model_outputs(const bn_model *m);        /* per row: 1, or one probability per class */
const json_t *bn_model_mlmodel(const bn_model *m); /* MLmodel as JSON, never NULL */

/* Number of scratch doubles for bn_model_answer, for any number of rows. */
size_t bn_model_scratch(const bn_model *m);
/* out[in->rows * bn_model_outputs], from a batch as for bn_features_apply. A row's prediction does
 * not depend on other rows. Nothing is allocated. */
void bn_model_answer(const bn_model *m, const bn_batch *in, double *scratch, double *out);

#endif
