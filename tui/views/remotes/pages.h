/* pages.h - the pages of remotes: what was seen there, and jobs that ask, push and pull. See tui/views/source.h. */
#ifndef BN_TUI_VIEWS_REMOTES_PAGES_H
#define BN_TUI_VIEWS_REMOTES_PAGES_H
#include "core/share/transfer.h"
#include "tui/views/pages.h"

/* A version at a remote, as it was seen last. */
typedef struct bn_remote_row {
	char *remote;
	char ref[BN_REF_BYTES]; /* "jobs@v3", or "jobs@sha256:1234abcd" of one that is not known here */
	const char *state;      /* bn_share_state, or "only there" */
	bn_share_version version; /* without a name */
	int64_t asked_ms;
} bn_remote_row;

typedef struct bn_remote_rows {
	bn_remote_row *items;
	size_t count;
	size_t remotes; /* how many there are, seen or not */
} bn_remote_rows;

typedef enum bn_share_what { BN_SHARE_ASK, BN_SHARE_PUSH, BN_SHARE_PULL } bn_share_what;

typedef struct bn_share_arg {
	bn_share_what what;
	char remote[BN_REF_BYTES]; /* "": the only one, or origin */
	char ref[BN_REF_BYTES];    /* "": all versions */
} bn_share_arg;

#endif
