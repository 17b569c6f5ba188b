/*
 * rights.h - who I am in a workspace and what I may do there now, under either set of rules.
 *
 * Under a chain of authority (authority.h) rights belong to persons, and I am the person whose key I have.
 * In a workspace without one they belong to uids (policy.h). Callers need not know which.
 *
 * An act that needs a right is a signed record under the chain, judged by its signer in the epoch that it
 * names; an unsigned one is refused by every fold, regardless of the file's owner.
 */
#ifndef BN_GOVERN_RIGHTS_H
#define BN_GOVERN_RIGHTS_H
#include "core/govern/authority.h"

typedef struct bn_self {
	bool is_chained;
	bool has_key; /* always true for a uid that may sign: its key is created on first use */
	bool is_bot;
	bool in_job; /* of continuous integration, without BINNACLE_KEY */
	uid_t uid;
	int64_t epoch; /* the newest; -1 without a chain */
	uint8_t key[BN_CHAIN_ID_BYTES];
	char person
		[BN_PERSON_TEXT]; /* "": the key belongs to nobody yet; without a chain the uid in digits */
	char name[128];
	char key_fault[200]; /* why the key cannot be read; "" for none */
} bn_self;

/* db: the workspace's index, refreshed. Creates no key; an unreadable key counts as none. Looked for once in a snapshot. */
int bn_self_read(bn_self *out, bn_workspace *ws, sqlite3 *db, bn_err *err);

/* BN_EREFUSED, with a hint, if I am nobody in the workspace. */
int bn_self_need(const bn_self *me, bn_err *err);

/* The policy in force. */
int bn_rights_policy(bn_policy **out, bn_workspace *ws, sqlite3 *db, bn_err *err);
/* What is wrong between the workspace's id and the log's founding records, in words; NULL if nothing. */
const char *bn_rights_founding_fault(const char *workspace_id, sqlite3 *db);
/* The account that founded the workspace and owns its directories: the owner of the file of link 0, or
 * bn_policy_founder. For checking owners of files; it grants no right. BN_NOBODY if unknown. */
uid_t bn_rights_founder_uid(const char *workspace_id, sqlite3 *db);
/* Whether it is the recovery key named by link 0: it only signs links; the chain decides which are
 * valid. */
bool bn_rights_is_recovery(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES]);
/* 0, or BN_EREFUSED with the reason. Refreshes the index. The recovery key of link 0 may sign links
 * (BN_ACT_POLICY). */
int bn_rights_may(bn_workspace *ws, bn_act act, bn_err *err);
/* In apply(): 1: the event's author may do that; 0: not, and the event's outcome is set; negative: the index
 * failed. From then on the entity depends on the policy. */
int bn_rights_admits(bn_fold *f, const bn_event *ev, bn_act act, bn_err *err);
/* Appends a record of an act that needs a right. Only buffers. */
int bn_rights_append(bn_workspace *ws, unsigned version, const char *kind, const char *entity,
	const json_t *payload, bn_err *err);

/* The same for other code: from begin to end all JSON records of the process are such acts. */
int bn_rights_begin(bn_workspace *ws, bn_err *err);
void bn_rights_end(bn_workspace *ws);

/* Seals what this process writes with the user's key, if the workspace has a chain and the user a key; so
 * metrics, runs and datasets have an author (store/index/signed.h, bn_writer_author). Call it after opening; it
 * costs nothing before the first record. */
void bn_rights_seal(bn_workspace *ws);

#endif
