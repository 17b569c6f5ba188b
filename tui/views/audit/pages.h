/*
 * pages.h - what verifying says; the audit log is that of core/govern/audit.h.
 */
#ifndef BN_TUI_VIEWS_AUDIT_PAGES_H
#define BN_TUI_VIEWS_AUDIT_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_finding {
	bn_state state;
	const char *what;  /* "file model.safetensors" */
	const char *found; /* what is wrong with it, or how much was looked at; may be "" */
} bn_finding;

/* What verifying says. */
typedef struct bn_findings {
	const char *about;   /* "power/1", "the log" */
	const char *verdict; /* one sentence */
	bn_state state;
	const bn_finding *items;
	size_t count;
} bn_findings;

#endif
