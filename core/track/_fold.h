/* _fold.h - what the files of this room share about folding. Not for other rooms. */
#ifndef BN_TRACK_FOLD_H
#define BN_TRACK_FOLD_H
#include "core/base/id.h"
#include "core/store/index/fold.h"

#include <stdbool.h>

/* The index, with the reason when it cannot be opened. */
static inline int bn_track_index(sqlite3 **out, bn_workspace *ws, bn_err *err)
{
	*out = bn_workspace_index(ws);
	int rc = *out ? 0 : bn_workspace_refresh(ws, NULL, err);
	if (rc == 0 && !*out && !(*out = bn_workspace_index(ws)))
		rc = bn_err_set(err, BN_EIO, "the index cannot be opened");
	return rc;
}

/* The id of an entity "run/<32 hex>"; NULL when it is not one. Borrowed from entity. */
const char *bn_run_entity_id(const char *entity);

/* Commuting kinds: run.metrics, run.heartbeat, run.resources. A malformed one changes nothing. */
int bn_series_apply(bn_fold *f, const bn_event *ev, const char *id, bn_err *err);
int bn_liveness_apply_heartbeat(bn_fold *f, const bn_event *ev, const char *id, bn_err *err);
int bn_liveness_apply_resources(bn_fold *f, const bn_event *ev, const char *id, bn_err *err);

#endif
