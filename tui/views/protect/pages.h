/* pages.h - the protection form: what holds for a dataset (core/data/protect.h), and the change that the form says. */
#ifndef BN_TUI_VIEWS_PROTECT_PAGES_H
#define BN_TUI_VIEWS_PROTECT_PAGES_H
#include "core/data/protect.h"
#include "tui/views/pages.h"

#define BN_PROTECT_TEXT 1024 /* of a field of the form: no less than BN_PROTECT_TEXT_MOST */

typedef struct bn_protect_page {
	bn_protection own;     /* as was said of the dataset itself */
	bn_protection holds;   /* for its newest version, with what it is made from */
	bn_protect_history history;
	char ref[BN_REF_BYTES]; /* the newest version; "": it has none */
	int64_t created_ms;     /* of it */
	const char *const *columns, *const *remotes; /* NULL-terminated */
	const char *proposed; /* columns that may be personal by their names, with commas; "": none */
} bn_protect_page;

/* What is to change; absent texts and -1 stay. Equal requests have equal bytes. */
typedef struct bn_protect_arg {
	char dataset[BN_REF_BYTES];
	bool sets_owner, sets_licence, sets_purpose, sets_remotes;
	char level[24]; /* "": as before */
	char owner[BN_PROTECT_TEXT], licence[BN_PROTECT_TEXT], purpose[BN_PROTECT_TEXT];
	int64_t keep_days; /* -1: as before; 0: no limit */
	char personal[BN_PROTECT_TEXT], cleared[BN_PROTECT_TEXT], remotes[BN_PROTECT_TEXT]; /* names, with commas */
	char reason[BN_PROTECT_TEXT];
} bn_protect_arg;

#endif
