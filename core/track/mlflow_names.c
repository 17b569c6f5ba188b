/* mlflow_names.c - see _mlflow.h: the fields of a search, by kind. */
#include "core/track/_mlflow.h"

#include "core/base/buf.h"

#include <string.h>

enum {
	FILTER = BN_MLFLOW_USE_FILTER,
	ORDER = BN_MLFLOW_USE_ORDER,
	LIST = BN_MLFLOW_USE_LIST,
	NUMBER = BN_MLFLOW_USE_NUMBER,
	BOTH = FILTER | ORDER,
};

static const bn_mlflow_attribute of_runs[] = {{"artifact_uri", NULL, BOTH},
	{"end_time", NULL, BOTH | NUMBER}, {"run_id", NULL, BOTH | LIST}, {"run_name", NULL, BOTH},
	{"start_time", NULL, BOTH | NUMBER}, {"status", NULL, BOTH}, {"user_id", NULL, BOTH},
	{"created", "start_time", BOTH | NUMBER}, {"Created", "start_time", BOTH | NUMBER},
	{"run name", "run_name", FILTER}, {"Run name", "run_name", FILTER},
	{"Run Name", "run_name", FILTER}, {NULL, NULL, 0}};

static const bn_mlflow_attribute of_experiments[] = {{"name", NULL, BOTH},
	{"experiment_id", NULL, BOTH | LIST}, {"creation_time", NULL, BOTH | NUMBER},
	{"last_update_time", NULL, BOTH | NUMBER}, {NULL, NULL, 0}};

static const bn_mlflow_attribute of_models[] = {{"name", NULL, BOTH | LIST},
	{"timestamp", "last_updated_timestamp", ORDER | NUMBER},
	{"last_updated_timestamp", NULL, ORDER | NUMBER}, {NULL, NULL, 0}};

static const bn_mlflow_attribute of_versions[] = {{"name", NULL, BOTH | LIST},
	{"version_number", NULL, BOTH | NUMBER}, {"run_id", NULL, FILTER | LIST},
	{"source_path", NULL, FILTER}, {"creation_timestamp", NULL, ORDER | NUMBER},
	{"last_updated_timestamp", NULL, ORDER | NUMBER}, {NULL, NULL, 0}};

static const bn_mlflow_attribute of_logged[] = {{"name", NULL, BOTH | LIST},
	{"model_id", NULL, BOTH | LIST}, {"model_type", NULL, BOTH | LIST},
	{"status", NULL, BOTH | LIST}, {"source_run_id", NULL, BOTH | LIST},
	{"creation_timestamp", NULL, BOTH | NUMBER},
	{"creation_time", "creation_timestamp", BOTH | NUMBER},
	{"last_updated_timestamp", NULL, BOTH | NUMBER},
	{"last_updated_time", "last_updated_timestamp", BOTH | NUMBER}, {NULL, NULL, 0}};

static const bn_mlflow_attribute *const attributes[] = {
	of_runs, of_experiments, of_models, of_versions, of_logged};

static const struct {
	const char *name;
	bn_mlflow_entity means;
	unsigned kinds; /* 1 << kind */
} entities[] = {
#define RUNS (1 << BN_MLFLOW_RUNS)
#define LOGGED (1 << BN_MLFLOW_LOGGED_MODELS)
#define OTHERS (1 << BN_MLFLOW_EXPERIMENTS | 1 << BN_MLFLOW_MODELS | 1 << BN_MLFLOW_VERSIONS)
	{"metric", BN_MLFLOW_METRIC, RUNS},
	{"metrics", BN_MLFLOW_METRIC, RUNS | LOGGED},
	{"parameter", BN_MLFLOW_PARAM, RUNS},
	{"parameters", BN_MLFLOW_PARAM, RUNS},
	{"param", BN_MLFLOW_PARAM, RUNS},
	{"params", BN_MLFLOW_PARAM, RUNS | LOGGED},
	{"tag", BN_MLFLOW_TAG, RUNS | OTHERS},
	{"tags", BN_MLFLOW_TAG, RUNS | LOGGED | OTHERS},
	{"attribute", BN_MLFLOW_ATTRIBUTE, RUNS | OTHERS},
	{"attributes", BN_MLFLOW_ATTRIBUTE, RUNS | LOGGED},
	{"attr", BN_MLFLOW_ATTRIBUTE, RUNS},
	{"run", BN_MLFLOW_ATTRIBUTE, RUNS},
	{"dataset", BN_MLFLOW_DATASET, RUNS},
	{"datasets", BN_MLFLOW_DATASET, RUNS},
};

/* Without the quotes around all of it. */
static void strip(const char **text, size_t *n, const char *quotes)
{
	if (*n >= 2 && strchr(quotes, **text) && (*text)[*n - 1] == **text) {
		*text += 1;
		*n -= 2;
	}
}

static int entity_find(
	bn_mlflow_entity *out, bn_mlflow_kind kind, const char *text, size_t n, bn_err *err)
{
	const char *written = text;
	int shown = n < 100 ? (int)n : 100;
	strip(&text, &n, "`");
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (entities[i].kinds >> kind & 1 && strlen(entities[i].name) == n &&
			memcmp(entities[i].name, text, n) == 0) {
			*out = entities[i].means;
			return 0;
		}
	if (kind == BN_MLFLOW_RUNS)
		return bn_err_set(err, BN_EINVAL,
			"Invalid entity type '%.*s'. Valid values are ['metric', 'parameter', "
			"'tag', "
			"'attribute', 'dataset']",
			(int)(n < 100 ? n : 100), text);
	if (kind == BN_MLFLOW_LOGGED_MODELS)
		return bn_err_set(err, BN_EINVAL,
			"Invalid entity type: '%.*s'. Expected one of ['attributes', 'metrics', "
			"'params', "
			"'tags'].",
			shown, written);
	return bn_err_set(err, BN_EINVAL,
		"Invalid entity type '%.*s'. Valid entity types are ('attribute', 'tag', 'tags')",
		shown, written);
}

static int attribute_unknown(const bn_mlflow_search *s, const char *key, unsigned use, bn_err *err)
{
	bn_buf valid = BN_BUF_INIT;
	for (const bn_mlflow_attribute *a = attributes[s->kind]; a->name; a++)
		if (a->uses & use)
			bn_buf_addf(&valid, "%s'%s'", valid.len ? ", " : "", a->name);
	if (bn_buf_check(&valid, NULL, "a filter") == 0) {
		if (s->kind == BN_MLFLOW_MODELS && use == ORDER)
			bn_err_set(err, BN_EINVAL,
				"Invalid order by key '%.100s' specified. Valid keys are '{'name', "
				"'timestamp'}'",
				key);
		else
			bn_err_set(err, BN_EINVAL,
				"Invalid attribute key '%.100s' specified. Valid keys are '{%s}'",
				key, valid.ptr);
	} else {
		bn_err_nomem(err, "a filter");
	}
	bn_buf_release(&valid);
	return err ? err->code : BN_EINVAL;
}

static int attribute_find(
	const char **key, unsigned *uses, const bn_mlflow_search *s, unsigned use, bn_err *err)
{
	for (const bn_mlflow_attribute *a = attributes[s->kind]; a->name; a++)
		if (a->uses & use && strcmp(a->name, *key) == 0) {
			*key = a->means ? a->means : a->name;
			*uses = a->uses;
			return 0;
		}
	return attribute_unknown(s, *key, use, err);
}

static bool is_dataset_key(const char *key)
{
	return strcmp(key, "name") == 0 || strcmp(key, "digest") == 0 ||
	       strcmp(key, "context") == 0;
}

int bn_mlflow_field(bn_mlflow_entity *entity, const char **key, unsigned *uses, bn_mlflow_search *s,
	const char *text, size_t n, unsigned use, bn_err *err)
{
	const char *dot = memchr(text, '.', n), *end = text + n;
	int rc;
	*entity = BN_MLFLOW_ATTRIBUTE;
	*uses = 0;
	if (s->kind == BN_MLFLOW_MODELS && use == ORDER)
		dot = NULL; /* their orders have no entities */
	if (dot && (rc = entity_find(entity, s->kind, text, (size_t)(dot - text), err)) < 0)
		return rc;
	const char *from = dot ? dot + 1 : text;
	size_t bytes = (size_t)(end - from);
	strip(&from, &bytes, "'\"");
	strip(&from, &bytes, "`");
	if (!(*key = bn_arena_strndup(&s->arena, from, bytes)))
		return bn_err_nomem(err, "a filter");
	if (*entity == BN_MLFLOW_METRIC)
		*uses = NUMBER;
	if (*entity == BN_MLFLOW_DATASET) {
		*uses = LIST;
		if (!is_dataset_key(*key))
			return bn_err_set(err, BN_EINVAL,
				"Invalid dataset key '%.100s' specified. Valid keys are '{'name', "
				"'digest', 'context'}'",
				*key);
	}
	return *entity == BN_MLFLOW_ATTRIBUTE ? attribute_find(key, uses, s, use, err) : 0;
}
