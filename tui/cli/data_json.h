/*
 * data_json.h - datasets as the JSON that `binnacle data` prints; what one file of verbs shows,
 * another shows the same way.
 */
#ifndef BN_TUI_DATA_JSON_H
#define BN_TUI_DATA_JSON_H
#include "core/data/dataset.h"
#include "core/profile/profile.h"

#include <jansson.h>

/* New references; NULL without memory. */
json_t *bn_data_version_json(const bn_dataset_version *v);
/* A least or greatest value: exact for whole numbers, a text where JSON has no number for it. */
json_t *bn_data_extreme_json(const bn_profile_column *c, double x, const char *text);
json_t *bn_data_column_json(const bn_profile_column *c); /* one line of `data describe` */

#endif
