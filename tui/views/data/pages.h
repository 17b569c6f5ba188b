/*
 * pages.h - what brings a table in; the lists of datasets are those of core/data/dataset.h.
 */
#ifndef BN_TUI_VIEWS_DATA_PAGES_H
#define BN_TUI_VIEWS_DATA_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_add_arg {
	char name[128], uri[512];
	bool is_private; /* else as the versions before it */
} bn_add_arg;

#endif
