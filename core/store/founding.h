/*
 * founding.h - the founding record: what a workspace's id is made of, and so who founded it.
 *
 * `init` appends one record before anything else: kind "workspace.founded", entity "policy",
 * sequence 1 of its writer, payload {"host","nonce","uid","user"}. The workspace's id is a UUID of
 * version 8 (RFC 9562) made of SHA-256("binnacle workspace 1\n" writer "\n" payload). So the founder
 * is the owner of the segment that holds the very record which the id names; no owner of a directory
 * and no earlier clock makes anybody else the founder. The nonce makes the id unique.
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

/* root: the workspace's handle. Writes (and seals) the founding record of an empty log, or finds the one that it begins with: an
 * init that died left it, or workspace.json was lost. Gives the id that it makes. BN_ECONFLICT when
 * the log holds records of others and no founding record, or several. */
int bn_founding_make(char id[BN_UUID_TEXT], const bn_dir *root, bn_err *err);
/* Whether the id was made of a founding record at all. */
bool bn_founding_is_named(const char *id);
/* Whether this is the record that the id names. */
bool bn_founding_matches(
	const char *id, const char *writer, uint64_t seq, const void *payload, size_t n);

#endif
