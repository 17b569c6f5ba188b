/*
 * authority.h - who holds which right in which epoch, and the standing of a signed record.
 *
 * The chain of authority begins with link 0, the founding record: founder's key, policy. Each further
 * link changes permissions, is signed by admins of the state before it, and names a horizon: how far the
 * signer knew the writers with signed records. The fold of class "authority" chooses one chain among all
 * links of the log (chain.h) and writes what holds after each link, its *epoch*, into tables.
 *
 * A signed record names as its epoch the newest link that its signer knew. It counts if that link is
 * in the chain, its key belonged to a person then, no later link voids or cuts it, and the link is the
 * newest or the record is within the horizon of the next: so a link makes the past final, and a record
 * that arrives later under an old link is *late*, whatever its clock. Everything here is a function of
 * the set of records, independent of file owners, directories and clocks.
 *
 * A signature is verified when its record is first judged, and only if its key belonged to a person or
 * a bot in that epoch.
 *
 * A workspace without link 0 is judged by the rules for uids (policy.h), and so are the closed records of an
 * upgraded one (closed.h).
 */
#ifndef BN_GOVERN_AUTHORITY_H
#define BN_GOVERN_AUTHORITY_H
#include "core/govern/link.h"
#include "core/govern/policy.h"
#include "core/store/index/signed.h"

#include <stdbool.h>

/* Hex of the first key with which a person was admitted, which identifies the person. */
enum { BN_PERSON_TEXT = 65 };

typedef enum bn_standing_kind {
	BN_STANDING_COUNTS,
	BN_STANDING_LATE, /* beyond the horizon of the next link: unknown to the signer who closed the epoch */
	BN_STANDING_HOLE,   /* names a link, or is named by a link, that the log lacks */
	BN_STANDING_BESIDE, /* under a link that is not in the chain */
	BN_STANDING_NOBODY, /* the key belongs to nobody in that epoch; its signature is not checked */
	BN_STANDING_UNSIGNED, /* or signed in an unknown form */
	BN_STANDING_BAD,      /* the signature is bad */
	BN_STANDING_FORKED,   /* its writer signed two histories */
	BN_STANDING_VOID,     /* a link says that it does not count */
	BN_STANDING_CUT,      /* its key was cut before it */
} bn_standing_kind;

typedef struct bn_standing {
	bn_standing_kind kind;
	int64_t epoch;               /* number of its link; -1: not a link of the chain */
	char person[BN_PERSON_TEXT]; /* of the key in that epoch; "" for none */
	bool is_bot;
	char words[200]; /* why it does not count; "" when it does */
} bn_standing;

/* The outcome in the fold of a record that does not count. */
bn_outcome bn_standing_outcome(bn_standing_kind kind);

/* Whether the workspace has a chain of authority: the log has a link 0, or the id (core/store/founding.h) or
 * workspace.json, after an upgrade (upgrade.h), names one that the log lacks. Then nothing is signed under a
 * known link, and nothing counts: hiding the founding record does not bring back the rights of uids. */
bool bn_authority_is_founded(sqlite3 *db);
/* The newest link of the chain: its number, and its id when `id` is not NULL. -1 when there is none. */
int64_t bn_authority_newest(sqlite3 *db, uint8_t id[32]);

/* Whether an unsigned record is after the end of a log that link 0 of an upgrade closes (closed.h). */
bool bn_authority_is_beyond_closing(sqlite3 *db, const bn_event *ev);
/* The standing of a record. */
int bn_authority_judge(bn_standing *out, sqlite3 *db, const bn_event *ev, bn_err *err);

/* The owner of a key in an epoch: 1, and the person; 0: nobody. */
int bn_authority_person(char person[BN_PERSON_TEXT], sqlite3 *db, int64_t epoch,
	const uint8_t key[32], bn_err *err);
/* 1 if the key is or was the person's up to the epoch, or that of a bot of theirs; else 0. */
int bn_authority_owned(
	sqlite3 *db, int64_t epoch, const char *person, const uint8_t key[32], bn_err *err);
/* The person acting with a key in an epoch: 1, and the person who owns it or its bot (bot.h); 0: nobody. */
int bn_key_person(char person[BN_PERSON_TEXT], bool *is_bot, sqlite3 *db, int64_t epoch,
	const uint8_t key[32], bn_err *err);
/* The person's roles in an epoch as bits 1u << role, including default_role; 0 for anyone who is not
 * a person there. */
int bn_authority_roles(unsigned *out, sqlite3 *db, int64_t epoch, const char *person, bn_err *err);
/* The policy of an epoch. */
int bn_authority_policy(bn_policy **out, sqlite3 *db, int64_t epoch, bn_err *err);
/* 0, or BN_EREFUSED with a message. `user` names the person in messages. A bot is never allowed to
 * approve. */
int bn_authority_allows(sqlite3 *db, int64_t epoch, const char *person, bool is_bot,
	const char *user, bn_act act, bn_err *err);
/* The name of a person in an epoch; the first digits of the key if there is none. */
void bn_authority_name(sqlite3 *db, int64_t epoch, const char *person, char *out, size_t size);

/* ---- writing ---------------------------------------------------------------------------------- */

typedef struct bn_authority_start {
	const char *name;     /* of the founder; NULL: the user's */
	const json_t *policy; /* NULL: all defaults */
	const uint8_t
		*recovery; /* a key that can sign links if the admins' keys are lost; NULL: none */
	bn_access access;  /* of its directories (core/store/workspace.h) */
	gid_t group;       /* of BN_ACCESS_GROUP */
} bn_authority_start;

/* Creates a workspace that begins with link 0, signed with the user's own key; *made_key (may be NULL)
 * says whether the key was just created. how NULL: all defaults. */
int bn_authority_init(const bn_env *env, const char *dir, const bn_authority_start *how,
	bool *made_key, bn_err *err);
/* How far writers are known here beyond the horizon of the newest link: {writer: [sequence number, chain
 * hash after it in hex]}, of the last record of each that a person on the chain signed (horizons of links
 * are built the same way: records of strangers are never named, so their absence is never a fault). It
 * states what the signer of a decision had seen. A new reference. */
int bn_authority_seen(json_t **out, sqlite3 *db, bn_err *err);
/* From now on this process signs with the user's own key, which is created on first use. */
int bn_authority_sign(bn_workspace *ws, bn_err *err);
/* Appends a record under the newest link, signed with the user's own key; so are all later segments of this
 * process. Only buffers. BN_EREFUSED without a chain. */
int bn_authority_append(bn_workspace *ws, unsigned version, const char *kind, const char *entity,
	const json_t *payload, bn_err *err);
/* The state of a signed link. */
enum { BN_LINK_TAKEN = 0, BN_LINK_WAITS = 1 /* for signatures of further admins */ };
/* Signs the next link: `what` gives changes, cuts and voids; n, prev and the horizon are filled in.
 * Commits. Returns its id, and one of the above; BN_EREFUSED, with the reason, if the chain does not accept
 * it. */
int bn_authority_change(
	bn_workspace *ws, const bn_link *what, uint8_t id[BN_CHAIN_ID_BYTES], bn_err *err);
/* Signs another admin's link. Commits; returns as bn_authority_change does. */
int bn_authority_cosign(bn_workspace *ws, const uint8_t id[BN_CHAIN_ID_BYTES], bn_err *err);

/* Fold class "authority", entity "authority": tables of share/sql/0006_authority.sql. */
extern const bn_fold_class bn_authority_class;

#endif
