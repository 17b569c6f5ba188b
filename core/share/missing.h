/* missing.h - a version whose bytes are not here, and the remote that has them: one text for every place that meets it. */
#ifndef BN_SHARE_MISSING_H
#define BN_SHARE_MISSING_H
#include "core/data/dataset.h"

/* *out: "the bytes of jobs@v3 are not all here; binnacle data fetch jobs@v3 site brings them back", by what was seen of
 * remotes (kept.h), or what else can be done; NULL if they are here, were freed by gc or forgotten, or are another user's.
 * The caller owns it. */
int bn_share_missing_words(char **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);

#endif
