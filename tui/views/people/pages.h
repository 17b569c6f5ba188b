/*
 * pages.h - the members of the workspace and the chain. Without a chain of authority the lists are
 * NULL.
 */
#ifndef BN_TUI_VIEWS_PEOPLE_PAGES_H
#define BN_TUI_VIEWS_PEOPLE_PAGES_H
#include "core/govern/people.h"
#include "core/govern/rights.h"
#include "core/registry/late.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_authority_page {
	bool is_chained;
	bn_self me;
	char print[25]; /* of the user's key; "" for none */
	unsigned roles; /* of the user: bits 1u << role */
	bn_people *people;
	bn_link_list *links;
	bn_late_list *late;
} bn_authority_page;

#endif
