/*
 * pages.h - the result of verifying; the audit log is that of core/govern/audit.h.
 */
#ifndef BN_TUI_VIEWS_AUDIT_PAGES_H
#define BN_TUI_VIEWS_AUDIT_PAGES_H
#include "core/base/buf.h"
#include "core/govern/audit.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_finding {
	bn_state state;
	const char *what;  /* "file model.safetensors" */
	const char *found; /* what is wrong with it, or how much was checked; may be "" */
} bn_finding;

/* The result of verifying. */
typedef struct bn_findings {
	const char *about;   /* "power/1", "the log" */
	const char *verdict; /* one sentence */
	bn_state state;
	const bn_finding *items;
	size_t count;
} bn_findings;

/* A filter of the log's records; empty texts and -1 match all. */
typedef struct bn_audit_arg {
	char user[BN_TYPED_BYTES + 8]; /* a name or a uid */
	char kind[BN_TYPED_BYTES + 8]; /* globs */
	char entity[BN_TYPED_BYTES + 8];
	char text[BN_TYPED_BYTES + 8]; /* contained in the record */
	int outcome;    /* a bn_outcome, or -1 */
	bool decisions; /* only decisions of people, and refused actions */
} bn_audit_arg;

/* What it did, in words ("asked for", "made champion"), and its object ("power/3"), both in out. */
void bn_audit_did(const bn_audit_row *r, char *out, size_t size);
void bn_audit_what(const bn_audit_row *r, char *out, size_t size);
/* The given reason in quotes; else the rest of the record on one line. */
void bn_audit_why(const bn_audit_row *r, char *out, size_t size);
/* The record in full: one field per line, with units, wrapped at `width` columns. */
void bn_audit_write(const bn_audit_row *r, bool utc, int width, bn_buf *out);

#endif
