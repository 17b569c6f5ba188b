/* _dataset.h - a dataset version as a manifest; see dataset.h. */
#ifndef BN_DATA__DATASET_H
#define BN_DATA__DATASET_H
#include "core/data/profile.h"
#include "core/store/object/manifest.h"

/* A part's statistics: [[min, max, missing], ...] of the first BN_MANIFEST_STATS columns, as
 * manifest.h says. New reference, NULL without memory. */
json_t *bn_dataset_stats(const bn_profile *p);
#endif
