/*
 * profile_cache.h - profiles computed on demand: of the rows that pass a filter, and of versions
 * stored without one.
 *
 * Kept in the user's cache (core/store/cache.h) under the content of the version, the filter's text
 * and BN_PROFILE_OPERATION. The value is the profile's JSON, which reads back equal (profile.h).
 */
#ifndef BN_DATA_PROFILE_CACHE_H
#define BN_DATA_PROFILE_CACHE_H
#include "core/data/dataset.h"
#include "core/profile/profile.h"
#include "core/store/cache.h"

/* Version of the profile's computation and JSON. Increment it when either changes. */
#define BN_PROFILE_OPERATION 2

/* False: not cached. filter: its canonical text; "": all rows. *out is yours. */
bool bn_profile_recall(
	bn_profile **out, bn_cache *cache, const bn_dataset_version *v, const char *filter);
/* A failure only costs time later. */
int bn_profile_remember(bn_cache *cache, const bn_dataset_version *v, const char *filter,
	const bn_profile *p, bn_err *err);

#endif
