/* run_log.h - steps that several routes of runs share. */
#ifndef BN_API_RUN_LOG_H
#define BN_API_RUN_LOG_H
#include "core/api/run_state.h"

/* run_id, or run_uuid of older clients. Borrowed from the request; NULL: none. */
const char *bn_api_run_id(const json_t *request);
/* Checks a tag and adds it to `out`, its value cut as MLflow cuts it. name: of the key, in messages. */
int bn_api_take_tag(
	json_t *out, const char *name, const char *key, const char *value, bn_wire_fault *fault);
/* The name, and its tag mlflow.runName. */
int bn_api_run_rename(bn_api_call *c, bn_api_run *r, const char *name, bn_err *err);
/* Sets tags: an object of texts, checked and cut. Some of them have a meaning: the run's name and its note. */
int bn_api_run_tag(bn_api_call *c, bn_api_run *r, const json_t *tags, bn_err *err);

#endif
