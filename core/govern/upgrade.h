/*
 * upgrade.h - a workspace whose rights are those of uids gets a chain of authority.
 *
 * Who made the workspace (whose account owns .binnacle) writes link 0, with "upgrade" in it (link.h): the policy
 * that holds, and how far every writer's log is known, with the chain hash there. What lies behind these places is
 * closed (closed.h): judged by the rules of uids for ever, as it was, and vouched for by whoever upgraded. Then come
 * links that admit the users whom he names, with the roles that they have, each by the key that their account
 * published last. At the end workspace.json names link 0 (core/store/upgrade.h): so all of it holds at once, or nothing.
 *
 * Why workspace.json, and not a clock or an account: whoever can write a log can write a link 0 with an older clock, and in
 * a workspace of the first version, whose id names nothing, can become its founder by an older record. workspace.json
 * is guarded as the id in it is.
 *
 * Others may be at work meanwhile, old programs too. What they write after the closing stays: runs and metrics are
 * their account's, as before; what needs a right is late, and has to be repeated under the chain (core/registry/late.h).
 */
#ifndef BN_GOVERN_UPGRADE_H
#define BN_GOVERN_UPGRADE_H
#include "core/base/fs.h"
#include "core/base/progress.h"
#include "core/govern/link.h"
#include "core/govern/policy.h"

typedef struct bn_upgrade_user {
	uid_t uid;
	char *name;     /* that no other of the plan has */
	unsigned roles; /* granted by hand or as the founder, besides everybody's */
	bool is_me;     /* becomes the founder, with the key of now */
	char *key;      /* hex of what was published last; NULL: none, so nobody can admit it */
	char print
		[25]; /* its fingerprint; of the key of now for me, "" when it is still to be made */
	size_t keys;  /* published in all */
	const char *why; /* a key that cannot be admitted, in words; NULL: it can */
} bn_upgrade_user;

typedef struct bn_upgrade_plan {
	bn_upgrade_user *users; /* by uid */
	size_t count;
	uint64_t writers, records; /* that are closed */
	int64_t old_founder;       /* by the rules of uids; -1: nobody */
	char *policy;              /* canonical JSON */
	bn_names doubts;           /* what nobody vouches for (closed.h) */
	bn_names unseen; /* in words: "log/WRITER from record 12 on: a segment is missing" */
} bn_upgrade_plan;

/* Whether this user may upgrade: BN_ECONFLICT when the workspace has a chain of authority; BN_EREFUSED, in words, when
 * another account made it, or owns its log and can exchange everybody's files there. */
int bn_upgrade_check(bn_workspace *ws, bn_err *err);
/* What an upgrade would do now, read from the segments. Fails as bn_upgrade_check. */
int bn_upgrade_plan_read(bn_upgrade_plan **out, bn_workspace *ws, bn_err *err);
void bn_upgrade_plan_free(bn_upgrade_plan *p); /* NULL is fine */

typedef struct bn_upgrade_how {
	const char *name;   /* of the founder; NULL: as the plan has it */
	const uid_t *admit; /* users of the plan that have a key */
	size_t n_admit;
	const bn_upgrade_plan *shown; /* what was agreed to; NULL: whatever is there */
} bn_upgrade_how;

/* Upgrades. The index shows it afterwards. BN_ECONFLICT when somebody has done so meanwhile, or when it would admit
 * another key, give other roles or vouch for other things than were shown. */
int bn_upgrade(bn_workspace *ws, const bn_upgrade_how *how, bn_err *err);

#endif
