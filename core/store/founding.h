/*
 * founding.h - the founding record, from which a workspace's id, and so its founder, is
 * derived.
 *
 * `init` appends one record before anything else (a signed writer's card may stand before it), and the
 * workspace's id is a UUID of version 8 (RFC 9562) made of SHA-256("binnacle workspace " form "\n" writer
 * "\n" payload). So the founder is stated by the record that the id names; neither the owner of a directory
 * nor an earlier clock can change that. A nonce in the payload makes the id unique.
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

/* Link 0, for form 2; all fields are borrowed. */
typedef struct bn_founder {
	const char *kind, *entity;
	const void *payload;
	size_t n;
	const struct bn_signer *signer;
} bn_founder;

/* The id derived from a record of form 1 or 2; "" if out of memory. */
void bn_founding_id(
	char id[BN_UUID_TEXT], int form, const char *writer, const void *payload, size_t n);
/* root: the workspace's handle. Writes (and seals) the founding record of an empty log, or finds an existing
 * one, left by an interrupted init or a lost workspace.json. founder NULL: form 1. Returns the resulting id.
 * BN_ECONFLICT if the log has other records without a founding record, or several of them. */
int bn_founding_make(
	char id[BN_UUID_TEXT], const bn_dir *root, const bn_founder *founder, bn_err *err);
/* Whether the id was derived from a founding record. */
bool bn_founding_is_named(const char *id);
/* Whether this is the record of form 1 that the id names. */
bool bn_founding_matches(
	const char *id, const char *writer, uint64_t seq, const void *payload, size_t n);

#endif
