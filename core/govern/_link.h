/* _link.h - reading the payloads of link.h strictly: each helper names the field and the limit. */
#ifndef BN_GOVERN__LINK_H
#define BN_GOVERN__LINK_H
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/govern/link.h"

typedef struct bn_link_reader {
	const char *what; /* "authority.link": opens every message */
	bn_arena *arena;
	bn_link_policy_check *check;
	bn_err *err;
} bn_link_reader;

/* Parses a payload, which must be a canonical object. New reference in *out. */
int bn_link_parse(json_t **out, const bn_link_reader *r, const void *payload, size_t n);
/* Whether an object has a member that is not in the NULL-terminated list. No object: false. */
bool bn_link_has_other(const json_t *object, const char *const *known);
/* BN_EUNSUPPORTED when it has one. */
int bn_link_refuse_other(const bn_link_reader *r, const json_t *object, const char *const *known);

/* Required members. where: "founder.", or "" at the top. */
int bn_link_hex(const bn_link_reader *r, const json_t *object, const char *where, const char *name,
	uint8_t *out, size_t bytes);
/* hex text of that many bytes, lower case. */
int bn_link_hex_text(
	const bn_link_reader *r, const char *where, const char *text, uint8_t *out, size_t bytes);
int bn_link_text(const bn_link_reader *r, const json_t *object, const char *where, const char *name,
	const char **out);
int bn_link_int(const bn_link_reader *r, const json_t *object, const char *where, const char *name,
	int64_t low, int64_t high, int64_t *out);
int bn_link_object(const bn_link_reader *r, const json_t *object, const char *where,
	const char *name, json_t **out);
int bn_link_array(
	const bn_link_reader *r, const json_t *object, const char *name, size_t most, json_t **out);
/* Optional. *has says whether it is there. */
int bn_link_maybe_hex(const bn_link_reader *r, const json_t *object, const char *where,
	const char *name, uint8_t out[BN_CHAIN_ID_BYTES], bool *has);
/* A policy document: *signers, and its canonical text. */
int bn_link_policy(
	const bn_link_reader *r, const json_t *object, uint32_t *signers, const char **text);
/* A horizon: {writer: [seq, hash]}. */
int bn_link_heads(const bn_link_reader *r, const json_t *object, const char *name,
	const bn_chain_head **out, size_t *n);
int bn_link_writer(const bn_link_reader *r, const char *where, const char *name, const char **out);
int bn_link_bad(const bn_link_reader *r, const char *where, const char *name, const char *should);

/* Encoding: if a member fails for lack of memory, bn_link_write reports it. */
json_t *bn_link_hex_json(const uint8_t *bytes, size_t n);
json_t *bn_link_policy_json(const char *text);
json_t *bn_link_heads_json(const bn_chain_head *heads, size_t n);
/* Appends an object (taken; NULL: out of memory, or a text that is not UTF-8) in canonical form. */
int bn_link_write(bn_buf *out, json_t *object, const char *what, bn_err *err);

#endif
