/*
 * founding.h - the founding record: what a workspace's id is made of, and so who founded it.
 *
 * `init` appends one record before anything else (a signed writer's card may stand before it), and the
 * workspace's id is a UUID of version 8 (RFC 9562) made of SHA-256("binnacle workspace " form "\n" writer
 * "\n" payload). So who founded it is said by the very record that the id names; no owner of a directory and
 * no earlier clock makes anybody else the founder. A nonce in the payload makes the id unique.
 *
 *	form 1  kind "workspace.founded", entity "policy", unsigned, sequence 1 of its writer, payload
 *	        {"host","nonce","uid","user"}: the founder is the owner of the segment
 *	form 2  a signed record that core/govern/link.h defines: the founder is a key
 *
 * The id of a workspace of the first version is random (version 4) and names no record.
 */
#ifndef BN_STORE_FOUNDING_H
#define BN_STORE_FOUNDING_H
#include "core/base/dir.h"
#include "core/base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_FOUNDING_KIND "workspace.founded"
#define BN_FOUNDING_ENTITY "policy"
#define BN_FOUNDING_SIGNED_KIND "authority.founded"
#define BN_FOUNDING_SIGNED_ENTITY "authority"

/* Link 0, for form 2; all borrowed. */
typedef struct bn_founder {
	const char *kind, *entity;
	const void *payload;
	size_t n;
	const struct bn_signer *signer;
} bn_founder;

/* The id that a record of form 1 or 2 makes; "" without memory. */
void bn_founding_id(
	char id[BN_UUID_TEXT], int form, const char *writer, const void *payload, size_t n);
/* root: the workspace's handle. Writes (and seals) the founding record of an empty log, or finds the one that it begins with: an
 * init that died left it, or workspace.json was lost. founder NULL: form 1. Gives the id that it makes. BN_ECONFLICT when
 * the log holds records of others and no founding record, or several. */
int bn_founding_make(
	char id[BN_UUID_TEXT], const bn_dir *root, const bn_founder *founder, bn_err *err);
/* Whether the id was made of a founding record at all. */
bool bn_founding_is_named(const char *id);
/* Whether this is the record of form 1 that the id names. */
bool bn_founding_matches(
	const char *id, const char *writer, uint64_t seq, const void *payload, size_t n);

#endif
