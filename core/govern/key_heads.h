/*
 * key_heads.h - how far a key's records are known here, per writer: where a revocation cuts, and where a bot
 * ends.
 */
#ifndef BN_GOVERN_KEY_HEADS_H
#define BN_GOVERN_KEY_HEADS_H
#include "core/base/mem.h"
#include "core/govern/chain.h"
#include "core/store/index/fold.h"

typedef struct bn_key_heads {
	bn_chain_cut *items; /* by writer; their keys are the key */
	size_t count, cap;
	bn_arena texts;
} bn_key_heads;

/* For each writer with a record of the key, the number of the last one before before_ms, 0 if there is none;
 * before_ms -1: of all known ones. Release it, also after a failure. */
int bn_key_heads_read(
	bn_key_heads *out, sqlite3 *db, const uint8_t key[32], int64_t before_ms, bn_err *err);
void bn_key_heads_release(bn_key_heads *h);

#endif
