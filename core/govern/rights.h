/*
 * rights.h - who I am in a workspace and what I may do there now, by whichever rules hold.
 *
 * Under a chain of authority (authority.h) rights are a person's, and I am the person whose key I have. In
 * a workspace without one they are a uid's (policy.h). Who asks need not know which.
 *
 * An act that needs a right is a signed record under the chain, so that it is judged by who signed it, in the
 * epoch that it names; an unsigned one is refused by every fold, whoever owns the file.
 */
#ifndef BN_GOVERN_RIGHTS_H
#define BN_GOVERN_RIGHTS_H
#include "core/govern/authority.h"

typedef struct bn_self {
	bool is_chained;
	bool has_key; /* always true of a uid that may sign: there the key is made at first need */
	bool is_bot;
	uid_t uid;
	int64_t epoch; /* the newest; -1 without a chain */
	uint8_t key[BN_CHAIN_ID_BYTES];
	char person
		[BN_PERSON_TEXT]; /* "": the key is nobody's yet; without a chain the uid in digits */
	char name[128];
	char key_fault[200]; /* why the key cannot be read; "" for none */
} bn_self;

/* db: the workspace's index, refreshed. Makes no key; one that may not be read is none. */
int bn_self_read(bn_self *out, bn_workspace *ws, sqlite3 *db, bn_err *err);

/* BN_EREFUSED, with what to do, when I am nobody in the workspace. */
int bn_self_need(const bn_self *me, bn_err *err);

/* The policy that holds now. */
int bn_rights_policy(bn_policy **out, bn_workspace *ws, sqlite3 *db, bn_err *err);
/* What is wrong between the workspace's id and the log's founding records, in words; NULL when nothing is. */
const char *bn_rights_founding_fault(const char *workspace_id, sqlite3 *db);
/* The account that founded the workspace, which owns its directories: who owns the file of link 0, or as
 * bn_policy_founder says. For looking at owners of files; it gives no right. BN_NOBODY when that is not known. */
uid_t bn_rights_founder_uid(const char *workspace_id, sqlite3 *db);
/* Whether it is the recovery key that link 0 names: it signs links alone; the chain says which it takes. */
bool bn_rights_is_recovery(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES]);
/* 0, or BN_EREFUSED in words. Refreshes the index. The recovery key of link 0 may sign links (BN_ACT_POLICY). */
int bn_rights_may(bn_workspace *ws, bn_act act, bn_err *err);
/* In apply(): 1 whoever wrote the event may do that; 0 not, and the event has its outcome; negative: the index
 * failed. The entity depends on the policy from then on. */
int bn_rights_admits(bn_fold *f, const bn_event *ev, bn_act act, bn_err *err);
/* Appends a record of an act that needs a right. Buffers only. */
int bn_rights_append(bn_workspace *ws, unsigned version, const char *kind, const char *entity,
	const json_t *payload, bn_err *err);

/* The same for what others append for me: from begin to end all JSON records of the process are such acts. */
int bn_rights_begin(bn_workspace *ws, bn_err *err);
void bn_rights_end(bn_workspace *ws);

/* What this process writes is sealed with the user's key, where the workspace has a chain and the user a key; so
 * metrics, runs and datasets have an author (store/index/signed.h, bn_writer_author). Called after opening;
 * costs nothing before the first record. */
void bn_rights_seal(bn_workspace *ws);

#endif
