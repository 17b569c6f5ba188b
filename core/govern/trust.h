/*
 * trust.h - whether a workspace is the one known to this user, and what may be done in it.
 *
 * Combines memory.h, places.h and pin.h for an open workspace: the memory of it, known paths, available
 * invitations, and what the log shows now. The result is how much is allowed (bn_memory_allows), and
 * findings in words.
 *
 *	BN_ALLOWS_ALL      it is known, or invited, and there are no objections
 *	BN_ALLOWS_READING  first use, or a writer's log lost records: reading, and what affects only the user's
 *	                   own runs and data; no signing, verify, serve, predict of a registered model, export,
 *	                   run of another person's spec
 *	BN_ALLOWS_TRUST    another workspace than before, an old or different chain of authority, a workspace
 *	                   above the current directory that was not named: only the verbs `trust`
 *
 * Order: the memory is loaded, then the log is folded, then they are compared; what was seen is recorded if
 * there are no objections. So a verb calls bn_trust_look once, before it reads the workspace (its own refresh
 * then reads no file: core/store/recent.h), and bn_trust_require with what it needs. Long-lived processes look
 * again after a refresh.
 *
 * First use applies to workspaces with a chain of authority. One without is not remembered, but its path is
 * judged: it is not used at the path of a known workspace, inside one, or in a directory writable by
 * everyone.
 *
 * On a network file system a reader may see less than exists. If something missing would stop the
 * command, it is looked for again, for BN_TRUST_LOOK_MS at most.
 *
 * Thread rules as for the workspace: one thread at a time. Findings never change a row (rule 10).
 */
#ifndef BN_GOVERN_TRUST_H
#define BN_GOVERN_TRUST_H
#include "core/base/progress.h"
#include "core/govern/memory.h"
#include "core/store/workspace.h"

#define BN_TRUST_LOOK_MS 120000

typedef struct bn_trust_options {
	const char *start;      /* the argument of bn_workspace_open; may be NULL */
	const char *invitation; /* the argument of this command's option; NULL: none */
	/* What the command needs: retrying on a network file system ends as soon as that is
	 * allowed. */
	bn_memory_allows need;
	int64_t look_ms; /* how long to retry; 0: BN_TRUST_LOOK_MS on a network file system, else once */
	const bn_progress *progress; /* progress of retrying; may be NULL */
} bn_trust_options;

typedef struct bn_trust bn_trust;

/* Judges the workspace and records what was seen. *out is yours, ws must outlive it. Objections are findings;
 * errors are BN_EINVAL for an invalid invitation, BN_EINTR, and those of the index. */
int bn_trust_look(bn_trust **out, bn_workspace *ws, const bn_trust_options *opt, bn_err *err);
void bn_trust_free(bn_trust *t); /* NULL is fine */
/* bn_workspace_open has found none: adapts the error if a known one used to be there. */
void bn_trust_explain_missing(const bn_env *env, const char *start, bn_err *err);

bn_memory_allows bn_trust_allows(const bn_trust *t);
/* The findings, most severe first. Borrowed, as all below. */
const bn_memory_verdict *bn_trust_verdict(const bn_trust *t);
/* 0 if that much is allowed. Else the finding that prevents it, with the command that resolves it:
 * BN_EREFUSED at a first use, BN_ECONFLICT if the workspace contradicts the memory. */
int bn_trust_require(const bn_trust *t, bn_memory_allows need, bn_err *err);
/* Whether only the first use stops it: a user who compares it with an invitation may confirm it. */
bool bn_trust_asks(const bn_trust *t);
/* Whether the user named the workspace itself, not a directory in it. */
bool bn_trust_is_named(const bn_trust *t);
/* Whether this was the first use, and an invitation confirmed it. */
bool bn_trust_met_by_invitation(const bn_trust *t);
/* What could not be recorded or read, as text for a warning; "" for nothing. */
const char *bn_trust_note(const bn_trust *t);
const bn_memory *bn_trust_memory(const bn_trust *t);

/* ---- answers ---------------------------------------------------------------------------------- */

/* The user has compared it and confirms that this is the intended workspace: confirms a first use, or lifts
 * a stop. The present state replaces the memory, and t allows what follows from that. by: one word,
 * "terminal" or "accept"; words: more about it. BN_EIO if it cannot be recorded: t still allows it for this
 * command. */
int bn_trust_accept(bn_trust *t, const char *by, const char *words, bn_err *err);
/* Whether that invitation (its text) is for this workspace in its present state: 0; BN_EINVAL if invalid;
 * BN_ECONFLICT with a message if it is for another workspace or another chain. */
int bn_trust_compare(const bn_trust *t, const char *invitation, bn_err *err);
/* Makes the next use a first use, on every host of this home. BN_ENOTFOUND if there is no memory. */
int bn_trust_forget(bn_trust *t, bn_err *err);
/* This user has just founded ws: that is its first use. */
int bn_trust_founded(bn_workspace *ws, bn_err *err);

/* ---- what there is to compare ----------------------------------------------------------------- */

enum { BN_TRUST_NAME = 257, BN_TRUST_ADMINS = 64 };

typedef struct bn_trust_person {
	char name[BN_TRUST_NAME];
	char fingerprint[25]; /* of the key with which it was admitted */
} bn_trust_person;

typedef struct bn_trust_about {
	bool has_chain;  /* false: none of the following is set */
	uint32_t newest; /* number of the newest link */
	char invitation[BN_PIN_TEXT];
	bn_trust_person founder;
	bool is_upgraded;   /* the founder upgraded a workspace of uids (upgrade.h) */
	size_t doubts;      /* what no key vouches for before that: bn_closed_doubts */
	int64_t founded_ms; /* according to the founder's clock */
	bn_trust_person admins[BN_TRUST_ADMINS]; /* admins who can invite; the most senior first */
	size_t n_admins;
} bn_trust_about;

int bn_trust_about_read(bn_trust_about *out, const bn_trust *t, bn_err *err);

#endif
