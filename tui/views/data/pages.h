/*
 * pages.h - the argument for adding a table; the lists of datasets are those of
 * core/data/dataset.h.
 */
#ifndef BN_TUI_VIEWS_DATA_PAGES_H
#define BN_TUI_VIEWS_DATA_PAGES_H
#include "core/data/dataset.h"
#include "core/profile/changes.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_add_arg {
	char name[128], uri[512];
	bool is_private; /* otherwise like the previous versions */
} bn_add_arg;

/* The summary of a version next to the list; missing parts are NULL. */
typedef struct bn_data_answer {
	bn_dataset_version *version, *before; /* before: the next older version of the dataset */
	bn_dataset_versions *children;        /* made from it */
	const struct bn_checks *checks;
	bn_profile *profile;
} bn_data_answer;

/* Two versions, by reference: the differences of b from a. */
typedef struct bn_changes_arg {
	char a[BN_REF_BYTES], b[BN_REF_BYTES];
} bn_changes_arg;

typedef struct bn_changes_page {
	bn_column_changes changes;
	int64_t rows_a, rows_b;
	size_t columns_b;
	bool same_schema;
} bn_changes_page;

#endif
