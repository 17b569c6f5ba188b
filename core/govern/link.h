/*
 * link.h - the records of authority as bytes: link 0, links, co-signatures, bots, key requests.
 *
 * All are signed records (store/log/sign.h) of class version 1 on entity "authority"; payloads are JSON
 * objects in canonical form (base/json.h). A payload that is not byte for byte in canonical form is
 * malformed, so each content has exactly one text (no 1.0 for 1, no duplicate members, no white space).
 * Keys, ids, hashes and nonces are lower-case hex. These bytes are permanent in logs.
 *
 *	authority.founded   link 0; its record has no epoch
 *	  {"founder": {"key": hex 32, "name": text}, "host": text, "nonce": hex 16, "policy": document,
 *	   "recovery"?: hex 32, "uid": n,
 *	   "upgrade"?: {"closes": horizon, "founder"?: uid}, "user": text}
 *	   upgrade: the log was one of uids (upgrade.h). closes: how far all writers are known, regardless of
 *	   signer; founder: the account that founded it by the rules for uids; absent: none
 *	authority.link      link n; epoch = prev
 *	  {"changes": [change...], "cuts"?: {key: {writer: seq}}, "horizon": horizon, "n": n >= 1,
 *	   "prev": id, "reason"?: text, "void"?: [id...]}
 *	  horizon {writer: [seq, chain hash hex 32]}; a change is an object with one member:
 *	  {"policy": document}
 *	  {"person": {"key": hex, "name": text, "request"?: id}}
 *	  {"key": {"key": hex, "person": hex, "request"?: id}}
 *	  {"role": {"grant": bool, "person": hex, "role": "viewer"|"developer"|"reviewer"|"admin"}}
 *	  {"revoke": {"key": hex}}
 *	  {"remove": {"person": hex}}
 *	  {"restored": {"why": text}}
 *	authority.signed    another admin signs a link; epoch = the link's prev
 *	  {"id": id of the link}
 *	authority.bot       a person's key signs a bot's (bot.h)
 *	  {"key": hex, "name": text, "patterns": [text...], "proof": signature hex 64, "until"?: ms since 1970,
 *	   "verbs": [text...]}
 *	  proof: by the bot's key over "binnacle bot 1\n" workspace id "\n" hex of the person "\n" key hex
 *	authority.bot_ended the person ends it: records of the key beyond these no longer count
 *	  {"horizon": {writer: seq...}, "key": hex}
 *	authority.request   a key asks to be admitted, signed by itself
 *	  {"host": text, "key": hex, "name": text, "uid": n, "user": text}
 *
 * A policy document is an object; its content other than "links": {"signers"?: 1 to 64} is defined in
 * policy.h. The id of a link, of a request, of every record here is SHA-256 of the whole record. The id of a
 * workspace is the UUID of version 8 of SHA-256("binnacle workspace 2\n" writer "\n" payload of link 0); an
 * upgraded workspace (link 0 has "upgrade") keeps its id, and its workspace.json names the id of link 0.
 *
 * Limits: texts have 1 to BN_LINK_TEXT_MAX bytes and no control character; lists and objects BN_LINK_MANY_MAX
 * members, changes BN_LINK_CHANGES_MAX; seq, ms and uid are below 2^63, n below 2^32 - 1. A list must not
 * name the same id or word twice.
 *
 * What a newer binnacle adds (a member, a change, a role, a class version above 1) is never guessed at:
 * bn_link_decode gives is_newer, the others BN_EUNSUPPORTED. A payload that is both malformed and newer
 * counts as newer.
 */
#ifndef BN_GOVERN_LINK_H
#define BN_GOVERN_LINK_H
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/govern/chain.h"

#include <jansson.h>

#define BN_AUTHORITY_ENTITY "authority"
#define BN_AUTHORITY_FOUNDED "authority.founded"
#define BN_AUTHORITY_LINK "authority.link"
#define BN_AUTHORITY_SIGNED "authority.signed"
#define BN_AUTHORITY_BOT "authority.bot"
#define BN_AUTHORITY_BOT_ENDED "authority.bot_ended"
#define BN_AUTHORITY_REQUEST "authority.request"

enum {
	BN_LINK_TEXT_MAX = 256,
	BN_LINK_MANY_MAX = 100000,
	BN_LINK_CHANGES_MAX = 1000,
	BN_LINK_NONCE_BYTES = 16,
};

/* Validates a policy document: 0; BN_EINVAL with a message; BN_EUNSUPPORTED if it has content unknown to
 * this program. NULL where one is expected: any object is accepted. */
typedef int bn_link_policy_check(const json_t *document, bn_err *err);

/* Decoders allocate results in the arena. Encoders append canonical JSON to out, and refuse (BN_EINVAL)
 * what the decoder would refuse. */

typedef struct bn_founded {
	uint8_t founder[BN_CHAIN_ID_BYTES], recovery[BN_CHAIN_ID_BYTES];
	uint8_t nonce[BN_LINK_NONCE_BYTES];
	bool has_recovery, is_upgrade;
	const char *name, *host, *user;
	int64_t uid;
	uint32_t signers;            /* of the policy */
	const char *policy;          /* canonical JSON */
	const bn_chain_head *closes; /* of an upgrade */
	size_t n_closes;
	int64_t old_founder; /* of an upgrade: uid; -1: nobody */
} bn_founded;

int bn_founded_encode(bn_buf *out, const bn_founded *f, bn_err *err);
int bn_founded_decode(const bn_founded **out, bn_arena *arena, const void *payload, size_t n,
	bn_link_policy_check *check, bn_err *err);
/* The id of the workspace that this record founds. */
void bn_founded_workspace_id(
	char id[BN_UUID_TEXT], const char *writer, const void *payload, size_t n);

/* Not written: is_newer; `signers` of a policy (here and in bn_founded), which is in its document. */
int bn_link_encode(bn_buf *out, const bn_link *link, bn_err *err);
/* version: of the record's class. BN_EINVAL, also for a newer one without n and prev: it is not a
 * link. */
int bn_link_decode(const bn_link **out, bn_arena *arena, uint32_t version, const void *payload,
	size_t n, bn_link_policy_check *check, bn_err *err);

int bn_link_signed_encode(bn_buf *out, const uint8_t id[BN_CHAIN_ID_BYTES], bn_err *err);
int bn_link_signed_decode(
	uint8_t id[BN_CHAIN_ID_BYTES], const void *payload, size_t n, bn_err *err);

typedef struct bn_bot {
	uint8_t key[BN_CHAIN_ID_BYTES];
	const char *name;
	const char *const *verbs, *const *patterns; /* NULL-terminated */
	int64_t until_ms;                           /* -1: no end date */
	uint8_t proof[64];
} bn_bot;

typedef struct bn_bot_ending {
	uint8_t key[BN_CHAIN_ID_BYTES];
	const bn_chain_cut *horizon; /* key: as above */
	size_t n_horizon;
} bn_bot_ending;

int bn_bot_encode(bn_buf *out, const bn_bot *bot, bn_err *err);
int bn_bot_decode(const bn_bot **out, bn_arena *arena, const void *payload, size_t n, bn_err *err);
int bn_bot_ending_encode(bn_buf *out, const bn_bot_ending *ending, bn_err *err);
int bn_bot_ending_decode(
	const bn_bot_ending **out, bn_arena *arena, const void *payload, size_t n, bn_err *err);

typedef struct bn_key_request {
	uint8_t key[BN_CHAIN_ID_BYTES];
	const char *name, *host, *user;
	int64_t uid;
} bn_key_request;

int bn_key_request_encode(bn_buf *out, const bn_key_request *r, bn_err *err);
int bn_key_request_decode(
	const bn_key_request **out, bn_arena *arena, const void *payload, size_t n, bn_err *err);

#endif
