/*
 * upgrade.h - gives a chain of authority to a workspace whose rights belong to uids.
 *
 * The creator of the workspace (whose account owns .binnacle) writes link 0, with "upgrade" in it (link.h): the
 * policy in force, and how far every writer's log is known, with the chain hash there. Everything up to these
 * points is closed (closed.h): judged by the rules for uids for ever, and vouched for by the upgrading user.
 * Then follow links that admit the users whom he names, with their roles, each by the key that their account
 * published last. At the end workspace.json names link 0 (core/store/upgrade.h), so the upgrade takes effect as
 * a whole or not at all.
 *
 * Why workspace.json, and not a clock or an account: anyone who can write a log can write a link 0 with an
 * older clock, and in a workspace of the first version, whose id names nothing, can become its founder by an
 * older record. workspace.json is protected like the id in it.
 *
 * Others may be working meanwhile, even with old programs. What they write after the closing stays: runs and
 * metrics belong to their account, as before; what needs a right is late, and must be repeated under the chain
 * (core/registry/late.h).
 */
#ifndef BN_GOVERN_UPGRADE_H
#define BN_GOVERN_UPGRADE_H
#include "core/base/fs.h"
#include "core/base/progress.h"
#include "core/govern/link.h"
#include "core/govern/policy.h"

typedef struct bn_upgrade_user {
	uid_t uid;
	char *name;     /* unique in the plan */
	unsigned roles; /* granted explicitly or as the founder, besides default_role */
	bool is_me;     /* becomes the founder, with the current key */
	char *key; /* hex of the last published one; NULL: none, so the user cannot be admitted */
	char print[25]; /* its fingerprint; for me that of the current key, "" if not yet created */
	size_t keys;    /* published in total */
	const char *why; /* why the key cannot be admitted; NULL: it can */
} bn_upgrade_user;

typedef struct bn_upgrade_plan {
	bn_upgrade_user *users; /* by uid */
	size_t count;
	uint64_t writers, records; /* that are closed */
	int64_t old_founder;       /* by the rules for uids; -1: nobody */
	char *policy;              /* canonical JSON */
	bn_names doubts;           /* what nobody vouches for (closed.h) */
	bn_names unseen; /* in words: "log/WRITER from record 12 on: a segment is missing" */
} bn_upgrade_plan;

/* Whether this user may upgrade: BN_ECONFLICT if the workspace has a chain of authority; BN_EREFUSED, with the
 * reason, if another account created it, or owns its log and can replace anyone's files there. */
int bn_upgrade_check(bn_workspace *ws, bn_err *err);
/* What an upgrade would do now, read from the segments. Fails as bn_upgrade_check. */
int bn_upgrade_plan_read(bn_upgrade_plan **out, bn_workspace *ws, bn_err *err);
void bn_upgrade_plan_free(bn_upgrade_plan *p); /* NULL is fine */

typedef struct bn_upgrade_how {
	const char *name;   /* of the founder; NULL: as in the plan */
	const uid_t *admit; /* users of the plan that have a key */
	size_t n_admit;
	const bn_upgrade_plan *shown; /* what the user agreed to; NULL: anything */
} bn_upgrade_how;

/* Upgrades; the index then reflects it. BN_ECONFLICT if it was upgraded meanwhile, or if keys, roles or doubts
 * differ from what was shown. */
int bn_upgrade(bn_workspace *ws, const bn_upgrade_how *how, bn_err *err);

#endif
