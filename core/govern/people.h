/*
 * people.h - the people of a workspace with a chain of authority (authority.h): who they are, which keys
 * request admission, and the acts of admins that change that, each a link.
 *
 * A person is a set of keys. A name is given by the admin who admits the person; these functions never admit
 * two persons under the same name, but a log may contain such (two admins concurrently), so an ambiguous name
 * is refused.
 */
#ifndef BN_GOVERN_PEOPLE_H
#define BN_GOVERN_PEOPLE_H
#include "core/govern/authority.h"

typedef struct bn_people_key {
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	char print[25]; /* bn_key_fingerprint */
} bn_people_key;

typedef struct bn_person_row {
	char person[BN_PERSON_TEXT];
	char *name;
	unsigned roles; /* bits 1u << role, including default_role */
	int64_t rank;   /* among the admins: 1 is the most senior; 0: not an admin */
	bn_people_key *keys;
	size_t n_keys;
	int64_t since_link, since_ms; /* when it was admitted */
	bool is_me;
} bn_person_row;

/* A key that requests admission, as it claims, with a good signature. */
typedef struct bn_request_row {
	uint8_t id[BN_CHAIN_ID_BYTES];
	bn_people_key key;
	char *name, *user, *host; /* as claimed */
	uid_t uid, owner;         /* as claimed; owner of the file */
	int64_t time_ms;
	bool is_mine;
} bn_request_row;

enum { BN_PEOPLE_REQUESTS_MOST = 1000 };

typedef struct bn_people {
	int64_t epoch;
	bn_person_row *persons; /* current ones: admins by rank, then the others by name */
	size_t count;
	/* Keys that never belonged to anyone, newest first, one request per key: at most
	 * BN_PEOPLE_REQUESTS_MOST are examined, the same number for each account. */
	bn_request_row *requests;
	size_t n_requests;
	bool has_more; /* there are more requests than were examined */
} bn_people;

/* BN_EREFUSED without a chain. */
int bn_people_read(bn_people **out, bn_workspace *ws, bn_err *err);
void bn_people_free(bn_people *p);
/* Adds the requests beyond that limit that match a word of bn_people_find_request: rows of `requests` move. */
int bn_people_add_request(bn_people *p, bn_workspace *ws, const char *word, bn_err *err);
/* word: a name, a fingerprint or digits of a key (6 or more); a word with the prefix of fingerprints is never
 * a name. BN_ENOTFOUND; BN_EINVAL if ambiguous. */
int bn_people_find(const bn_person_row **out, const bn_people *p, const char *word, bn_err *err);
int bn_people_find_request(
	const bn_request_row **out, const bn_people *p, const char *word, bn_err *err);

/* ---- acts ------------------------------------------------------------------------------------- */

/*
 * All of them refresh the index and commit. Those of admins sign a link: BN_LINK_TAKEN or BN_LINK_WAITS, with
 * the link's id; reason: kept in it, NULL for none. BN_EREFUSED if the chain would not accept it, BN_ECONFLICT
 * if it changes nothing.
 */

/* Requests admission of the user's own key; name NULL: the user's. 1: requested, 0: already requested
 * with that name. BN_ECONFLICT if the key is already admitted, BN_EREFUSED if it was revoked. */
int bn_people_request(bn_workspace *ws, const char *name, bn_err *err);
/* Admits the key of a request as a new person with these roles (bits, besides everybody's). */
int bn_people_admit(bn_workspace *ws, const bn_request_row *request, const char *name,
	unsigned roles, const char *reason, uint8_t link[BN_CHAIN_ID_BYTES], bn_err *err);
/* Admits it as a further key of a person. */
int bn_people_add_key(bn_workspace *ws, const bn_request_row *request, const char *person,
	const char *reason, uint8_t link[BN_CHAIN_ID_BYTES], bn_err *err);
int bn_people_set_role(bn_workspace *ws, const char *person, bn_role role, bool grant,
	const char *reason, uint8_t link[BN_CHAIN_ID_BYTES], bn_err *err);
int bn_people_remove(bn_workspace *ws, const char *person, const char *reason,
	uint8_t link[BN_CHAIN_ID_BYTES], bn_err *err);
/* Revokes a key of a person. since_ms: what it signed from then on no longer counts, in each of its writers
 * by that writer's clock; -1: everything it signed that the admin knows of stands. */
int bn_people_revoke_key(bn_workspace *ws, const char *key_hex, int64_t since_ms,
	const char *reason, uint8_t link[BN_CHAIN_ID_BYTES], bn_err *err);
/* Describes which approvals that would cancel (taken.h); NULL: none. *takes is yours. */
int bn_people_revoke_preview(
	char **takes, bn_workspace *ws, const char *key_hex, int64_t since_ms, bn_err *err);
int bn_people_set_policy(bn_workspace *ws, const json_t *document, const char *reason,
	uint8_t link[BN_CHAIN_ID_BYTES], bn_err *err);

/* ---- links as a list ---------------------------------------------------------------------------- */

typedef struct bn_link_row {
	uint8_t id[BN_CHAIN_ID_BYTES];
	int64_t n; /* -1: not in the chain */
	char *author, *words;
	char *summary; /* what it changes, and which approvals it cancels */
	int64_t time_ms;
	bool waits; /* for signatures, and continues the newest link */
	bool mine;  /* I am its author or have signed it */
} bn_link_row;

typedef struct bn_link_list {
	bn_link_row *items; /* newest first: those that wait, the chain, then those not in it */
	size_t count;
} bn_link_list;

int bn_links_read(bn_link_list **out, bn_workspace *ws, bn_err *err);
void bn_links_free(bn_link_list *l);
/* hex: digits of its id (6 or more), or its number. */
int bn_links_find(const bn_link_row **out, const bn_link_list *l, const char *hex, bn_err *err);

#endif
