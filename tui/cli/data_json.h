/*
 * data_json.h - datasets as the JSON printed by `binnacle data`, shared by its verbs.
 */
#ifndef BN_TUI_DATA_JSON_H
#define BN_TUI_DATA_JSON_H
#include "core/data/dataset.h"
#include "core/profile/profile.h"
#include "tui/cli/cli.h"

#include <jansson.h>

/* New references; NULL if out of memory. */
json_t *bn_data_version_json(const bn_dataset_version *v);
extern const bn_col bn_data_version_fields[]; /* of it, for bn_cli_object */
/* A minimum or maximum: exact for integers; a text if JSON cannot represent it: beyond int64, and
 * for decimals. */
json_t *bn_data_extreme_json(const bn_profile_column *c, double x, const char *text);
json_t *bn_data_column_json(const bn_profile_column *c); /* one line of `data describe` */

#endif
