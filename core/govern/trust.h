/*
 * trust.h - whether a workspace is the one that this user knows, and what may be done in it.
 *
 * What memory.h, places.h and pin.h know apart is put together here for an open workspace: what was
 * remembered of it, where workspaces were met, the invitations that are at hand, and what the log shows
 * now. The result is how much is allowed (bn_memory_allows), and findings in words.
 *
 *	BN_ALLOWS_ALL      it is known, or invited, and nothing speaks against it
 *	BN_ALLOWS_READING  first use, or a writer's log lost records: reading, and what only the user's own
 *	                   runs and data depend on; no signing, verify, serve, predict of a registered
 *	                   model, export, run of another person's spec
 *	BN_ALLOWS_TRUST    another workspace than the one that was here, an old or another chain of
 *	                   authority, a workspace above the current directory that nobody named: the verbs
 *	                   `trust` alone
 *
 * Order: the memory is loaded, then the log is folded, then they are compared; what was seen is
 * remembered when nothing speaks against it. So a verb calls bn_trust_look once, before it reads the
 * workspace (its own refresh then looks at no file: core/store/recent.h), and bn_trust_require with what it needs. Long-lived processes look again after they refreshed.
 *
 * First use is for workspaces with a chain of authority. One without is not remembered, but the place
 * where it lies is judged: at the place of a known workspace, beneath one, or in a directory that everybody
 * may write to, it is not used.
 *
 * On a network file system a reader may see less than there is. What would stop the command because
 * something is missing is looked for again, for BN_TRUST_LOOK_MS at most.
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
	const char *start;      /* what bn_workspace_open was given; NULL the same */
	const char *invitation; /* the text of this command's option; NULL: none */
	/* What the command needs: looking on a network file system ends as soon as that is allowed. */
	bn_memory_allows need;
	int64_t look_ms; /* how long to look; 0: BN_TRUST_LOOK_MS on a network file system, else once */
	const bn_progress *progress; /* of looking again; NULL: nobody is told */
} bn_trust_options;

typedef struct bn_trust bn_trust;

/* Looks, and remembers what was seen. *out is yours, ws must outlive it. What speaks against the workspace is a
 * finding; errors are BN_EINVAL for an invitation that is none, BN_EINTR, and those of the index. */
int bn_trust_look(bn_trust **out, bn_workspace *ws, const bn_trust_options *opt, bn_err *err);
void bn_trust_free(bn_trust *t); /* NULL is fine */
/* bn_workspace_open has found none: says so in other words when a known one was there. */
void bn_trust_explain_missing(const bn_env *env, const char *start, bn_err *err);

bn_memory_allows bn_trust_allows(const bn_trust *t);
/* The findings, what stops most first. Borrowed, as all below. */
const bn_memory_verdict *bn_trust_verdict(const bn_trust *t);
/* 0 when that much is allowed. Else the finding that stops it, with the command that mends it: BN_EREFUSED at
 * a first use, BN_ECONFLICT when what is there contradicts what was there before. */
int bn_trust_require(const bn_trust *t, bn_memory_allows need, bn_err *err);
/* Whether nothing but a first use stops it: somebody who compares it with an invitation may answer. */
bool bn_trust_asks(const bn_trust *t);
/* Whether this look was the first, and an invitation answered it. */
bool bn_trust_met_by_invitation(const bn_trust *t);
/* What could not be remembered or read, in words for a warning; "" for nothing. */
const char *bn_trust_note(const bn_trust *t);
const bn_memory *bn_trust_memory(const bn_trust *t);

/* ---- answers ---------------------------------------------------------------------------------- */

/* The user has compared it, and says that this is the workspace that is meant: answers a first use, or takes
 * a stop back. From now on what is there is what is remembered, and t allows what follows from that.
 * by: one word, "terminal" or "accept"; words: more about it. BN_EIO when it cannot be remembered: t allows
 * it all the same, for this command. */
int bn_trust_accept(bn_trust *t, const char *by, const char *words, bn_err *err);
/* Whether that invitation (its text) is for this workspace as it is: 0; BN_EINVAL for what is none; BN_ECONFLICT
 * with words when it is for another workspace or another chain. */
int bn_trust_compare(const bn_trust *t, const char *invitation, bn_err *err);
/* The next use is a first use, on every host of this home. BN_ENOTFOUND when nothing is remembered. */
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
	bool has_chain;  /* false: nothing of the following is set */
	uint32_t newest; /* number of the newest link */
	char invitation[BN_PIN_TEXT];
	bn_trust_person founder;
	bool is_upgraded;   /* the founder upgraded a workspace of uids (upgrade.h) */
	size_t doubts;      /* what came before, and no key says: bn_closed_doubts */
	int64_t founded_ms; /* by the founder's clock */
	bn_trust_person admins[BN_TRUST_ADMINS]; /* who invite; the most senior first */
	size_t n_admins;
} bn_trust_about;

int bn_trust_about_read(bn_trust_about *out, const bn_trust *t, bn_err *err);

#endif
