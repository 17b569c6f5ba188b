/*
 * run_links.h - what a run used and made, as a protocol said: datasets and logged models (core/run/runlog.h). Reads
 * the index of the last refresh.
 */
#ifndef BN_TRACK_RUN_LINKS_H
#define BN_TRACK_RUN_LINKS_H
#include "core/track/run.h"

typedef struct bn_dataset_input {
	char *name, *digest, *source_type, *source;
	char *schema, *profile;           /* NULL: none, or an object: */
	char *schema_hash, *profile_hash; /* its hash, or NULL; bn_dataset_input_load reads it */
	bn_pairs tags;
} bn_dataset_input;

typedef struct bn_model_link {
	char *model;  /* id of a logged model */
	int64_t step; /* of an output; -1 unknown */
} bn_model_link;

typedef struct bn_run_links {
	bn_dataset_input *datasets; /* in the order in which they were logged, as are the models */
	size_t dataset_count, dataset_cap;
	bn_model_link *inputs, *outputs;
	size_t input_count, input_cap, output_count, output_cap;
} bn_run_links;
#define BN_RUN_LINKS_INIT \
	{ \
		.datasets = NULL \
	}

/* Release *out also after an error. An unknown run has none. */
int bn_run_links_load(bn_run_links *out, bn_workspace *ws, const char *id, bn_err *err);
void bn_run_links_release(bn_run_links *l);

/* A dataset that a run of an experiment used. */
typedef struct bn_dataset_summary {
	char *name, *digest;
	char *context; /* tag mlflow.data.context, or NULL */
} bn_dataset_summary;

typedef struct bn_dataset_summaries {
	bn_dataset_summary *items; /* by name, digest and context */
	size_t count, cap;
} bn_dataset_summaries;

/* Those of an experiment, by its first name, each once; at most 1000. Release *out also after an error. */
int bn_dataset_summaries_load(
	bn_dataset_summaries *out, bn_workspace *ws, const char *experiment, bn_err *err);
void bn_dataset_summaries_release(bn_dataset_summaries *l);

/* Reads the schema and profile that are objects into schema and profile. */
int bn_dataset_input_load(bn_dataset_input *d, bn_workspace *ws, bn_err *err);

#endif
