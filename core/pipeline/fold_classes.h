/*
 * rooms.h - the one list of what every room folds into the index.
 */
#ifndef BN_PIPELINE_FOLD_CLASSES_H
#define BN_PIPELINE_FOLD_CLASSES_H
#include "core/store/index/fold.h"

/* NULL-terminated; give it to bn_workspace_open. */
extern const bn_fold_class *const bn_fold_classes[];

#endif
