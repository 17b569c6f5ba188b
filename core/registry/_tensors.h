/* _tensors.h - the tensors of a model file, as listed in its manifest. */
#ifndef BN_REGISTRY_TENSORS_H
#define BN_REGISTRY_TENSORS_H
#include "core/store/workspace.h"

#include <jansson.h>

/* Reads only the header of a stored safetensors file (core/learn/safetensors.h): [{"name", "type", "shape",
 * "at", "bytes"}] by position. size: bytes of the object. *out is NULL if it is not such a file; yours. */
int bn_tensors_list(json_t **out, bn_workspace *ws, const char *hash, uint64_t size, bn_err *err);

#endif
