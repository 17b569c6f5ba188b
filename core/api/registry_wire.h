/*
 * registry_wire.h - registered models and their versions as answers have them, and finding them as MLflow's messages
 * say it.
 */
#ifndef BN_API_REGISTRY_WIRE_H
#define BN_API_REGISTRY_WIRE_H
#include "core/api/_api.h"
#include "core/registry/model.h"

/* latest: its newest version of each stage; NULL: none. */
void bn_api_put_model(bn_wire *w, const char *name, const bn_registered_model *m,
	const bn_version_page *versions);
/* aliases: whether they are listed, as MLflow does for a version alone. */
void bn_api_put_version(bn_wire *w, const char *name, const bn_version *v, bool aliases);
/* Appends to the answer the model, or the version, as it is now. */
int bn_api_answer_model(bn_api_call *c, const char *name, bn_err *err);
int bn_api_answer_version(bn_api_call *c, const char *spec, bn_err *err);

/* RESOURCE_DOES_NOT_EXIST. *out is yours. */
int bn_api_model_find(bn_registered_model **out, bn_api_call *c, const char *name, bn_err *err);
/* number: as the request has it, a text. INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST. */
int bn_api_version_find(
	bn_version **out, bn_api_call *c, const char *name, const char *number, bn_err *err);
/* Its stage in MLflow's spelling; NULL: refused. Static. */
const char *bn_api_stage(bn_api_call *c, const char *text);
/* A tag's key and value: INVALID_PARAMETER_VALUE. */
int bn_api_check_registry_tag(bn_api_call *c, const char *key, const char *value);
/* Whether no newer version of its model is in its stage. */
bool bn_api_is_latest(const bn_version_page *versions, size_t i);

#endif
