/*
 * mlflow_search.h - MLflow's filter strings and order_by lists, as its server reads them (mlflow/utils/search_utils.py,
 * version 3.17), for runs, experiments, registered models, model versions and logged models.
 *
 *	filter   := clause (AND clause)*
 *	clause   := field op value | field [NOT] IN ('a', 'b') | field IS [NOT] NULL
 *	field    := [ENTITY.]KEY, where a part may be `quoted` or "quoted"
 *	order_by := field [ASC | DESC]
 *
 * A missing key matches nothing but IS NULL. NaN matches != and nothing else, and sorts after all numbers and before
 * what is absent, in both directions. LIKE is case-sensitive, ILIKE is not (ASCII). Errors are BN_EINVAL with MLflow's
 * message; sets in them are in the order of the tables here, where MLflow's order is that of a hash.
 *
 * Deliberate differences: LIKE and AND in any case for every kind; an error instead of a failed request where MLflow
 * raises one of Python's exceptions.
 *
 * A search is read-only after it was made, and may be used by any number of threads.
 */
#ifndef BN_TRACK_MLFLOW_SEARCH_H
#define BN_TRACK_MLFLOW_SEARCH_H
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bn_mlflow_kind {
	BN_MLFLOW_RUNS = 0,
	BN_MLFLOW_EXPERIMENTS,
	BN_MLFLOW_MODELS,   /* registered models */
	BN_MLFLOW_VERSIONS, /* of registered models */
	BN_MLFLOW_LOGGED_MODELS,
} bn_mlflow_kind;

typedef enum bn_mlflow_entity {
	BN_MLFLOW_ATTRIBUTE = 0,
	BN_MLFLOW_METRIC,
	BN_MLFLOW_PARAM,
	BN_MLFLOW_TAG,
	BN_MLFLOW_DATASET,
} bn_mlflow_entity;

typedef struct bn_mlflow_search bn_mlflow_search;

/* filter: NULL or "": all. Of registered models and versions, prompts are left out unless the filter asks for them
 * (tag mlflow.prompt.is_prompt). */
int bn_mlflow_search_new(bn_mlflow_search **out, bn_mlflow_kind kind, const char *filter,
	const char *const *order_by, size_t order_count, bn_err *err);
void bn_mlflow_search_free(bn_mlflow_search *s);

/* An order of logged models. */
typedef struct bn_mlflow_order {
	const char *field; /* "metrics.KEY" or an attribute */
	bool descending;
	const char *dataset_name, *dataset_digest; /* NULL: of any */
} bn_mlflow_order;

typedef struct bn_mlflow_dataset {
	const char *name, *digest; /* digest NULL: any */
} bn_mlflow_dataset;

/* Searches logged models. datasets: metrics are those on one of them; a model without any is left out. */
int bn_mlflow_search_logged(bn_mlflow_search **out, const char *filter,
	const bn_mlflow_order *order, size_t order_count, const bn_mlflow_dataset *datasets,
	size_t dataset_count, bn_err *err);

/* ---- rows in memory: every kind but runs ------------------------------------------------------- */

typedef struct bn_mlflow_value {
	const char *text; /* NULL: a number */
	double number;
	const char *dataset_name, *dataset_digest; /* of a metric of a logged model: NULL none */
	int64_t time_ms, step; /* of such a metric: the newest sorts the model */
} bn_mlflow_value;

typedef struct bn_mlflow_rows {
	size_t count;
	/*
	 * The nth value of a key; false: there is none. Only metrics of logged models have more than one, and key NULL
	 * means those of any key. Texts are borrowed for the duration of the search. Attributes:
	 *
	 *	experiments      name experiment_id creation_time last_update_time
	 *	models           name last_updated_timestamp
	 *	versions         name version_number run_id source_path creation_timestamp last_updated_timestamp
	 *	logged models    name model_id model_type status source_run_id creation_timestamp
	 *	                 last_updated_timestamp
	 */
	bool (*value)(void *ctx, size_t row, bn_mlflow_entity entity, const char *key, size_t nth,
		bn_mlflow_value *out);
	void *ctx;
} bn_mlflow_rows;

/* The rows that match, in order. *out is yours. */
int bn_mlflow_search_rows(size_t **out, size_t *count, const bn_mlflow_search *s,
	const bn_mlflow_rows *rows, bn_err *err);

/* ---- runs, in the index of the last refresh --------------------------------------------------- */

typedef enum bn_mlflow_view {
	BN_MLFLOW_ACTIVE_ONLY = 0,
	BN_MLFLOW_DELETED_ONLY,
	BN_MLFLOW_ALL,
} bn_mlflow_view;

typedef struct bn_mlflow_experiment {
	const char *name; /* as runs name it: its first name */
	const char *
		artifact_location; /* without a final '/'; a run's artifact_uri is LOCATION/ID/artifacts */
} bn_mlflow_experiment;

typedef struct bn_mlflow_scope {
	const bn_mlflow_experiment *experiments;
	size_t experiment_count;
	bn_mlflow_view view;
	int64_t offset, limit; /* limit <= 0: 1000 */
} bn_mlflow_scope;

typedef struct bn_mlflow_run {
	int64_t no; /* in this index */
	char id[BN_RUN_ID_TEXT];
} bn_mlflow_run;

typedef struct bn_mlflow_runs {
	bn_mlflow_run *items;
	size_t count;
	int64_t matched; /* in all pages */
} bn_mlflow_runs;

/* One page, ordered as asked, then by start time, newest first, then by id. Keys are read from packed columns
 * (column.h), so 10 000 runs take some milliseconds. Release *out also after an error. */
int bn_mlflow_search_runs(bn_mlflow_runs *out, bn_workspace *ws, const bn_mlflow_search *s,
	const bn_mlflow_scope *scope, bn_err *err);
void bn_mlflow_runs_release(bn_mlflow_runs *l);

#endif
