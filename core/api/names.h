/*
 * names.h - MLflow's rules for keys, values and names, with its messages (mlflow/utils/validation.py).
 *
 * Lengths are counted in characters. A value of a parameter or a run's tag that is too long is cut, as MLflow does by
 * default; other texts that are too long are refused.
 */
#ifndef BN_API_NAMES_H
#define BN_API_NAMES_H
#include "core/api/_wire.h"

enum {
	BN_API_KEY_MOST = 250,
	BN_API_PARAM_MOST = 6000,
	BN_API_TAG_MOST = 8000,
	BN_API_EXPERIMENT_TAG_MOST = 20000,
	BN_API_EXPERIMENT_NAME_MOST = 500,
	BN_API_REGISTRY_TAG_MOST = 100000,
};

/* Letters, digits and / _ . - : space; its own normal path. path: how the message calls it ("name",
 * "metrics[3].name"). */
int bn_api_check_name(const char *path, const char *name, bn_wire_fault *fault);
/* what: as MLflow calls it ("Metric name", "key"). */
int bn_api_check_length(const char *what, const char *text, size_t most, bn_wire_fault *fault);
/* The length of a key of a run's metric, parameter or tag, with MLflow's message, and the log's own rule
 * (bn_run_key_check). Asked before anything of a request is appended. */
int bn_api_check_run_key(const char *what, const char *key, bn_wire_fault *fault);
/* The bytes of the first `most` characters. */
size_t bn_api_cut(const char *text, size_t most);
/* A name for '/' and ':' have no place in: of a registered model, given as `name`. */
int bn_api_check_model_name(const char *name, bn_wire_fault *fault);
/* A text as Python's repr() writes it. */
void bn_api_repr(bn_buf *out, const char *text);

#endif
