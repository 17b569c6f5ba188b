/* pages.h - the split form: its columns, the plan of what it says with the leaks, and making the parts. */
#ifndef BN_TUI_VIEWS_SPLIT_PAGES_H
#define BN_TUI_VIEWS_SPLIT_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>

#define BN_SPLIT_TEXT 256 /* of a field of the form */

/* What the form says, as texts; "" where nothing was given, or it does not apply. */
typedef struct bn_split_arg {
	char ref[BN_REF_BYTES];
	char how[24];
	char by[BN_SPLIT_TEXT], group[BN_SPLIT_TEXT], parts[BN_SPLIT_TEXT];
	char folds[BN_SPLIT_TEXT], repeats[BN_SPLIT_TEXT], inner[BN_SPLIT_TEXT], window[BN_SPLIT_TEXT];
	char end[BN_SPLIT_TEXT], horizon[BN_SPLIT_TEXT], embargo[BN_SPLIT_TEXT];
	char where[BN_SPLIT_TEXT], target[BN_SPLIT_TEXT], seed[BN_SPLIT_TEXT];
} bn_split_arg;

/* The columns of the version; NULL-terminated. */
typedef struct bn_split_form {
	const char *const *columns;
} bn_split_form;

/* What would be made, and what is wrong with it. */
typedef struct bn_split_report {
	const char *text;    /* parts, notes, and each leak with what to do, in lines */
	const char *summary; /* one line: "train 1 600, test 400; 2 leaks" */
	size_t parts, leaks;
} bn_split_report;

#endif
