/*
 * fold_classes.h - the list of all classes that are folded into the index.
 */
#ifndef BN_PIPELINE_FOLD_CLASSES_H
#define BN_PIPELINE_FOLD_CLASSES_H
#include "core/store/index/fold.h"

/* NULL-terminated; give it to bn_workspace_open. */
extern const bn_fold_class *const bn_fold_classes[];
/* The same for mirrors of stores elsewhere (core/mlflow/mirror.h). */
extern const bn_fold_class *const bn_fold_classes_mirror[];

#endif
