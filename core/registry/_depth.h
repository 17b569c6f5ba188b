/*
 * _depth.h - how deep a signed record of a model lies: 1 + the depth of the deepest that it answers. It never changes once
 * all of them are here, and is kept in the private table index_model_depth. A history may be of any length.
 */
#ifndef BN_REGISTRY_DEPTH_H
#define BN_REGISTRY_DEPTH_H
#include "core/store/index/fold.h"

enum {
	BN_DEPTH_HOLE =
		-1, /* it stands on a record that the log lacks, or that is no record of the model */
	BN_ANSWERS_MAX = 8, /* of one record; what is behind them is not looked at */
};

int bn_model_depth(int64_t *depth, sqlite3 *db, const bn_event *ev, bn_err *err);

#endif
