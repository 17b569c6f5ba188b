/*
 * _depth.h - the depth of a signed record of a model: 1 + the maximum depth of its references. It never changes
 * once all of them are present, and is kept in the private table index_model_depth. A history may have any
 * length.
 */
#ifndef BN_REGISTRY_DEPTH_H
#define BN_REGISTRY_DEPTH_H
#include "core/store/index/fold.h"

enum {
	BN_DEPTH_HOLE =
		-1, /* it depends on a record that the log lacks, or that is not one of the model */
	BN_ANSWERS_MAX = 8, /* per record; further ones are ignored */
};

int bn_model_depth(int64_t *depth, sqlite3 *db, const bn_event *ev, bn_err *err);

#endif
