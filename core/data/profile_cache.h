/*
 * profile_cache.h - profiles that were made on demand: of the rows that a filter leaves, and of versions
 * that were stored without one.
 *
 * Kept in the user's cache (core/store/cache.h) under the content of the version, the filter's text and
 * BN_PROFILE_OPERATION. The bytes are the profile's JSON, which reads back equal (profile.h).
 */
#ifndef BN_DATA_PROFILE_CACHE_H
#define BN_DATA_PROFILE_CACHE_H
#include "core/data/dataset.h"
#include "core/profile/profile.h"
#include "core/store/cache.h"

/* Of what a profile says of given rows, and of its JSON. Raise it when either changes. */
#define BN_PROFILE_OPERATION 2

/* False: not kept. filter: its text as the reader of rows takes it; "": all rows. *out is yours. */
bool bn_profile_recall(
	bn_profile **out, bn_cache *cache, const bn_dataset_version *v, const char *filter);
/* A failure costs time later and nothing else. */
int bn_profile_remember(bn_cache *cache, const bn_dataset_version *v, const char *filter,
	const bn_profile *p, bn_err *err);

#endif
