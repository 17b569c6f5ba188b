/* newer.c - see newer.h. */
#include "core/data/newer.h"

#include <stdio.h>

/* 1 if the dataset has a version above that one. A dataset without live versions has none. */
static int look(bn_newer *out, bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	bn_dataset_version *latest = NULL;
	bn_err own = BN_ERR_INIT;
	int rc = bn_dataset_resolve(&latest, ws, name, BN_DATASET_LIVE, &own);

	if (rc == BN_ENOTFOUND || rc == BN_EREFUSED) {
		bn_err_clear(&own);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &own);
	rc = latest->version > version;
	snprintf(out->ref, sizeof out->ref, "%.120s@v%lld", name, (long long)latest->version);
	snprintf(out->than, sizeof out->than, "%.120s@v%lld", name, (long long)version);
	bn_dataset_version_free(latest);
	return rc;
}

int bn_newer_find(bn_newer *out, bn_workspace *ws, const char *ref, bn_err *err)
{
	bn_dataset_version *v = NULL;
	int rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_REMOVED_TOO, err);

	*out = (bn_newer){.is_parent = false};
	if (rc < 0)
		return rc;
	rc = look(out, ws, v->name, v->version, err);
	for (size_t i = 0; rc == 0 && i < v->parent_count; i++) {
		if (!v->parents[i].version)
			continue;
		out->is_parent = true;
		rc = look(out, ws, v->parents[i].name, v->parents[i].version, err);
	}
	bn_dataset_version_free(v);
	return rc;
}
