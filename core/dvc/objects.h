/*
 * objects.h - sets of objects: what outputs consist of, and which of them a cache or a remote lacks.
 */
#ifndef BN_DVC_OBJECTS_H
#define BN_DVC_OBJECTS_H
#include "core/dvc/session.h"
#include "core/remote/store.h"

typedef struct bn_dvc_object {
	bn_dvc_oid oid;
	int64_t size; /* -1: unknown */
	char key[BN_DVC_KEY];
	bool missing; /* set by the functions below */
} bn_dvc_object;

typedef struct bn_dvc_objects {
	bn_dvc_object *items;
	size_t count, cap;
} bn_dvc_objects;

#define BN_DVC_OBJECTS_INIT \
	{ \
		NULL, 0, 0 \
	}
void bn_dvc_objects_release(bn_dvc_objects *set);
int bn_dvc_objects_add(bn_dvc_objects *set, const bn_dvc_oid *oid, int64_t size, bn_err *err);
/* Orders by key, each once; a size that one of equal ones has stays. */
void bn_dvc_objects_sort(bn_dvc_objects *set);
/* In a set in order; NULL: none. */
bn_dvc_object *bn_dvc_objects_find(const bn_dvc_objects *set, const bn_dvc_oid *oid);
/* Keeps those that are missing. */
void bn_dvc_objects_keep_missing(bn_dvc_objects *set);

/* Sets `missing` of each by what the cache has; returns how many are. The set is in order. */
size_t bn_dvc_objects_in_cache(bn_dvc_objects *set, const bn_dvc_cache *c);
/* The same for a remote; the set is in order. sizes that are unknown become known. */
int bn_dvc_objects_in_remote(
	bn_dvc_objects *set, bn_remote_store *store, const bn_progress *progress, bn_err *err);

#endif
