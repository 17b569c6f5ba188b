/*
 * pages.h - versions with what waits for a decision, and what can be done to them and to others.
 */
#ifndef BN_TUI_VIEWS_MODELS_PAGES_H
#define BN_TUI_VIEWS_MODELS_PAGES_H
#include "core/monitor/report.h"
#include "core/registry/evidence.h"
#include "core/registry/registry.h"
#include "core/serve/endpoint.h"
#include "core/track/run.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_models {
	bn_inbox *inbox;
	bn_version_page *versions;
	bn_endpoints *endpoints;     /* NULL: not known */
	bn_monitor_reports *reports; /* the newest first; NULL: not known */
} bn_models;

/* The sheet of a version, with who could still sign and what others have measured. */
typedef struct bn_sheet {
	bn_inbox_item *item;
	const char *signers;        /* "the next is you or lin"; NULL: not known */
	bn_evidence_list *evidence; /* NULL: none is read */
} bn_sheet;

typedef enum bn_deed {
	BN_DEED_APPROVE,
	BN_DEED_REJECT,
	BN_DEED_STOP,
	BN_DEED_QUEUE_PAUSE,
	BN_DEED_QUEUE_RESUME,
	BN_DEED_REQUEST, /* ref: the wanted name, or "" */
	BN_DEED_ACCEPT,  /* ref: the key that asks, in hex; roles */
	BN_DEED_GRANT,   /* ref: a person; roles: the one */
	BN_DEED_REVOKE,
	BN_DEED_REMOVE,
	BN_DEED_SIGN, /* ref: a link's id, in hex */
	/* Of runs, each in `stop` or the one in ref (tui/views/runs/acts.c): */
	BN_DEED_RUN_TAG,  /* reason: KEY=VALUE, or KEY to take it off */
	BN_DEED_RUN_NOTE, /* reason: the note, or "" */
	BN_DEED_RUN_REMOVE,
	BN_DEED_RUN_RESTORE,
	/* Of versions of models: */
	BN_DEED_REGISTER,     /* ref: the model; reason: the run */
	BN_DEED_ASK,          /* for approval of ref; reason: why */
	BN_DEED_ALIAS,        /* ref: the version; reason: the alias */
	BN_DEED_ALIAS_REMOVE, /* ref: the model; reason: the alias */
	BN_DEED_WITHDRAW,     /* ref: the version; reason: why */
} bn_deed;

#define BN_STOP_MAX 64
#define BN_DEED_DIGEST 80

typedef struct bn_deed_arg {
	bn_deed deed;
	char ref[BN_REF_BYTES];
	char reason[512];
	char digest
		[BN_DEED_DIGEST]; /* of a version, as it was shown: another is refused. "": it is not known */
	/* Of a note or a tag: written only while it still is `expects` ("": there is none), as what takes something
	 * back must not take back what another user wrote since. */
	bool is_guarded;
	char expects[512];
	unsigned roles; /* bits 1u << role */
	bool override;  /* approve although blocking gates do not pass */
	/* Of several runs, by unique beginnings of their ids; 0: the one in ref. Those that are over stay
	 * as they are. */
	size_t stop_count;
	char stop[BN_STOP_MAX][BN_RUN_ID_TEXT];
} bn_deed_arg;

#endif
