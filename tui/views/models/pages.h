/*
 * pages.h - versions with their open requests, and the actions on these and other objects.
 */
#ifndef BN_TUI_VIEWS_MODELS_PAGES_H
#define BN_TUI_VIEWS_MODELS_PAGES_H
#include "core/monitor/report.h"
#include "core/package/package_log.h"
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
	bn_endpoints *endpoints;     /* NULL: unknown */
	bn_monitor_reports *reports; /* newest first; NULL: unknown */
} bn_models;

#define BN_SHEET_IMAGES 1000 /* read at most */

/* The sheet of a version, with those who may still sign and the evidence of others. */
typedef struct bn_sheet {
	bn_inbox_item *item;
	const char *signers;        /* "the next is you or lin"; NULL: unknown */
	bn_evidence_list *evidence; /* NULL: not read */
	bn_packages packages; /* images of the version, newest first; empty: none, or not read */
} bn_sheet;

#define BN_REGISTERED "registered " /* then "power/4" */
typedef enum bn_ui_action {
	BN_ACTION_APPROVE,
	BN_ACTION_REJECT,
	BN_ACTION_STOP,
	BN_ACTION_QUEUE_PAUSE,
	BN_ACTION_QUEUE_RESUME,
	BN_ACTION_REQUEST, /* ref: the requested name, or "" */
	BN_ACTION_ACCEPT,  /* ref: the requesting key, in hex; roles */
	BN_ACTION_GRANT,   /* ref: a person; roles: the one */
	BN_ACTION_REVOKE,
	BN_ACTION_REMOVE,
	BN_ACTION_SIGN, /* ref: a link's id, in hex */
	/* Of runs, each in `stop` or the one in ref (tui/views/runs/acts.c): */
	BN_ACTION_RUN_TAG,  /* reason: KEY=VALUE, or KEY to remove it */
	BN_ACTION_RUN_NOTE, /* reason: the note, or "" */
	BN_ACTION_RUN_REMOVE,
	BN_ACTION_RUN_RESTORE,
	/* On versions of models: */
	BN_ACTION_REGISTER,     /* ref: the model; reason: the run; says BN_REGISTERED and the version */
	BN_ACTION_ASK,          /* for approval of ref; reason: why */
	BN_ACTION_ALIAS,        /* ref: the version; reason: the alias */
	BN_ACTION_ALIAS_REMOVE, /* ref: the model; reason: the alias */
	BN_ACTION_WITHDRAW,     /* ref: the version; reason: why */
	/* On suites of a dataset (ref): */
	BN_ACTION_SUITE_ATTACH, /* reason: [--require] FILE */
	BN_ACTION_SUITE_DETACH, /* reason: the suite's name */
} bn_ui_action;

#define BN_STOP_MAX 64
#define BN_ACTION_DIGEST 80

typedef struct bn_action_arg {
	bn_ui_action action;
	char ref[BN_REF_BYTES];
	char reason[BN_TYPED_BYTES];
	char digest[BN_ACTION_DIGEST]; /* of a version, as it was shown: another is refused. "":
				        * it is not known */
	/* For a note or a tag: written only while its value still is `expects` ("": there is none),
	 * so that undo does not revert another user's change. */
	bool is_guarded;
	char expects[BN_TYPED_BYTES];
	unsigned roles; /* bits 1u << role */
	bool override;  /* approve although blocking gates do not pass */
	/* Of several runs, by unique prefixes of their ids; 0: the one in ref. Ended ones are
	 * skipped. */
	size_t stop_count;
	char stop[BN_STOP_MAX][BN_RUN_ID_TEXT];
} bn_action_arg;

#endif
