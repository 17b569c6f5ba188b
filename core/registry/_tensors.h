/* _tensors.h - the tensors of a model file, as its manifest lists them. */
#ifndef BN_REGISTRY_TENSORS_H
#define BN_REGISTRY_TENSORS_H
#include "core/store/workspace.h"

#include <jansson.h>

/* Of a stored safetensors file (core/learn/safetensors.h), from its header alone: [{"name", "type", "shape",
 * "at", "bytes"}] by position. size: bytes of the object. *out is NULL when it is none; yours. */
int bn_tensors_list(json_t **out, bn_workspace *ws, const char *hash, uint64_t size, bn_err *err);

#endif
