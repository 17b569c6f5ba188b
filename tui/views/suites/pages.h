/* pages.h - what suites found of a dataset's versions (core/data/suite_history.h), and what each check wants. */
#ifndef BN_TUI_VIEWS_SUITES_PAGES_H
#define BN_TUI_VIEWS_SUITES_PAGES_H
#include "core/data/suite_history.h"
#include "tui/views/checks/pages.h"

typedef struct bn_suites_page {
	bn_suite_history history;
	const bn_check_row *checks; /* of each line what the check is; of a suite's line nothing */
} bn_suites_page;

/* A verdict as a state, with its glyph and colour; it is shown with its word. */
bn_state bn_check_state(bn_check_verdict v);

#endif
