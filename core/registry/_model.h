/* _model.h - shared by model.c and rename.c. */
#ifndef BN_REGISTRY_MODEL_INTERNAL_H
#define BN_REGISTRY_MODEL_INTERNAL_H
#include "core/registry/model.h"

/* As bn_model_create. from: the model whose place it is to take; NULL: none. */
int bn_model_create_for(
	bn_workspace *ws, const char *name, const char *description, const char *from, bn_err *err);

#endif
