/*
 * authority.h - who holds which right in which epoch, and what a signed record is worth.
 *
 * The chain of authority begins with link 0, the founding record: founder's key, policy. Each further
 * link changes who may do what, is signed by admins of the state before it, and names a horizon: how far
 * the signer knew the writers that hold signed records. The fold of class "authority" chooses one chain
 * among all links of the log (chain.h) and writes what holds after each link, its *epoch*, into tables.
 *
 * A signed record names as its epoch the newest link that its signer knew. It counts when that link is
 * in the chain, its key belonged to a person then, no later link voids or cuts it, and the link is the
 * newest or the record lies within the horizon of the next: so a link makes the past final, and what
 * arrives later under an old link is *late*, whatever its clock says. Everything here is a function of
 * the set of records; no owner of a file, no directory and no clock has a part in it.
 *
 * Signatures are verified when a record is judged for the first time, and only those of keys that were
 * a person's or a bot's in that epoch.
 *
 * A workspace without link 0 is judged by the rules of uids (policy.h), and so is what an upgraded one closed
 * (closed.h).
 */
#ifndef BN_GOVERN_AUTHORITY_H
#define BN_GOVERN_AUTHORITY_H
#include "core/govern/link.h"
#include "core/govern/policy.h"
#include "core/store/index/signed.h"

#include <stdbool.h>

/* The hex of the first key with which a person was admitted: what a person is compared by. */
enum { BN_PERSON_TEXT = 65 };

typedef enum bn_standing_kind {
	BN_STANDING_COUNTS,
	BN_STANDING_LATE, /* beyond the horizon of the next link: not known to who closed the epoch */
	BN_STANDING_HOLE,   /* names a link, or a link names a record, that the log lacks */
	BN_STANDING_BESIDE, /* under a link that is not in the chain */
	BN_STANDING_NOBODY, /* the key is nobody's in that epoch; its signature is not looked at */
	BN_STANDING_UNSIGNED, /* or signed in a form that this program does not know */
	BN_STANDING_BAD,      /* the signature does not fit */
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

/* What the fold makes of a record that does not count. */
bn_outcome bn_standing_outcome(bn_standing_kind kind);

/* Whether the workspace has a chain of authority: the log has a link 0, or the id (core/store/founding.h) or
 * workspace.json, after an upgrade (upgrade.h), names one that the log lacks. Then nothing is signed under a link that is known, and nothing
 * counts: to hide the founding record makes nobody's uid count for more. */
bool bn_authority_is_founded(sqlite3 *db);
/* The newest link of the chain: its number, and its id when `id` is not NULL. -1 when there is none. */
int64_t bn_authority_newest(sqlite3 *db, uint8_t id[32]);

/* Whether an unsigned record lies behind the end of a log that link 0 of an upgrade closes (closed.h). */
bool bn_authority_is_beyond_closing(sqlite3 *db, const bn_event *ev);
/* What a record is worth. */
int bn_authority_judge(bn_standing *out, sqlite3 *db, const bn_event *ev, bn_err *err);

/* Whose key it is in an epoch: 1, and the person; 0 nobody's. */
int bn_authority_person(char person[BN_PERSON_TEXT], sqlite3 *db, int64_t epoch,
	const uint8_t key[32], bn_err *err);
/* 1 when the key is the person's in the epoch, or was before it, or a bot's of theirs; 0 not. */
int bn_authority_owned(
	sqlite3 *db, int64_t epoch, const char *person, const uint8_t key[32], bn_err *err);
/* Who acts with a key in an epoch: 1, and the person whose own key or whose bot's (bot.h) it is; 0 nobody. */
int bn_key_person(char person[BN_PERSON_TEXT], bool *is_bot, sqlite3 *db, int64_t epoch,
	const uint8_t key[32], bn_err *err);
/* Bits 1u << role of what the person is in an epoch, default_role included; 0 for somebody who is no
 * person there. */
int bn_authority_roles(unsigned *out, sqlite3 *db, int64_t epoch, const char *person, bn_err *err);
/* The policy of an epoch. */
int bn_authority_policy(bn_policy **out, sqlite3 *db, int64_t epoch, bn_err *err);
/* 0, or BN_EREFUSED in words. `user` names the person in messages. A bot is never allowed to approve. */
int bn_authority_allows(sqlite3 *db, int64_t epoch, const char *person, bool is_bot,
	const char *user, bn_act act, bn_err *err);
/* The name of a person in an epoch; the first digits of the key when there is none. */
void bn_authority_name(sqlite3 *db, int64_t epoch, const char *person, char *out, size_t size);

/* ---- writing ---------------------------------------------------------------------------------- */

typedef struct bn_authority_start {
	const char *name;     /* of the founder; NULL: the user's */
	const json_t *policy; /* NULL: all defaults */
	const uint8_t *
		recovery; /* a key that can sign links when the admins' keys are lost; NULL: none */
	bn_access access; /* of its directories (core/store/workspace.h) */
	gid_t group;      /* of BN_ACCESS_GROUP */
} bn_authority_start;

/* Makes a workspace that begins with link 0, signed with the user's own key; *made_key (may be NULL) says
 * that it was made just now. how NULL: all as it says for NULL. */
int bn_authority_init(const bn_env *env, const char *dir, const bn_authority_start *how,
	bool *made_key, bn_err *err);
/* How far the writers are known here that go on behind the horizon of the newest link: {writer: [sequence
 * number, chain hash after it in hex]}, of the last record of each that somebody signed whom the chain knows
 * (horizons of links are made of the same: what strangers sign is named by nobody, so it can be missed by
 * nobody). What a decision says that its signer had seen. A new reference. */
int bn_authority_seen(json_t **out, sqlite3 *db, bn_err *err);
/* From now on this process signs with the user's own key, which is made at first need. */
int bn_authority_sign(bn_workspace *ws, bn_err *err);
/* Appends a record under the newest link, signed with the user's own key, as are all segments of this process
 * from then on. Buffers only. BN_EREFUSED without a chain. */
int bn_authority_append(bn_workspace *ws, unsigned version, const char *kind, const char *entity,
	const json_t *payload, bn_err *err);
/* What became of a link that was signed. */
enum { BN_LINK_TAKEN = 0, BN_LINK_WAITS = 1 /* for signatures of further admins */ };
/* Signs the next link: `what` says changes, cuts and voids; n, prev and the horizon are filled in. Commits.
 * Gives its id, and one of the above; BN_EREFUSED, in words, when the chain does not take it. */
int bn_authority_change(
	bn_workspace *ws, const bn_link *what, uint8_t id[BN_CHAIN_ID_BYTES], bn_err *err);
/* Signs a link of somebody else. Commits; answers as bn_authority_change does. */
int bn_authority_cosign(bn_workspace *ws, const uint8_t id[BN_CHAIN_ID_BYTES], bn_err *err);

/* Fold class "authority", entity "authority": tables of share/sql/0006_authority.sql. */
extern const bn_fold_class bn_authority_class;

#endif
