/*
 * status.h - how the working tree, the cache and a remote compare with what is tracked.
 */
#ifndef BN_DVC_STATUS_H
#define BN_DVC_STATUS_H
#include "core/dvc/objects.h"
#include "core/dvc/remote.h"

typedef enum bn_dvc_work {
	BN_DVC_WORK_SAME,
	BN_DVC_WORK_CHANGED,
	BN_DVC_WORK_ABSENT,
	BN_DVC_WORK_UNKNOWN, /* the .dvc file has no hash yet */
} bn_dvc_work;

typedef struct bn_dvc_status {
	const bn_dvc_out *out;
	bn_dvc_work work;
	/* Of a changed directory, whose listing is in the cache; else -1. */
	int64_t added, removed, modified;
	int64_t objects; /* it consists of so many, with its listing; -1: unknown without the listing */
	/* Missing ones; -1: unknown, or not asked. Without its listing a directory lacks at least that. */
	int64_t not_cached, not_remote;
	bn_err problem; /* its listing in the cache is damaged; code 0: none */
} bn_dvc_status;

/* Fills items[chosen->count]. remote NULL: not asked. */
int bn_dvc_status_load(bn_dvc_status *items, const bn_dvc_session *s, const bn_dvc_chosen *chosen,
	bn_dvc_remote *remote, bn_err *err);

#endif
