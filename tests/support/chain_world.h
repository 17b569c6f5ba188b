/*
 * chain_world.h - builds links of authority from short texts, for tests.
 *
 * 	world_link(w, "r1", "0", "B C", "remove:A +D");
 *
 * Ids and keys are short texts (padded with zeros to 32 bytes). Signers: the author first. Changes:
 * 	+X  person X, and admin         person:X  remove:X  key:PERSON:KEY  revoke:KEY  policy:SIGNERS
 * 	admin:X  unadmin:X  reviewer:X  unreviewer:X  restored
 * and, not changes: head:WRITER:SEQ:HASH  cut:KEY:WRITER:SEQ  n:NUMBER  newer
 */
#ifndef BN_TEST_CHAIN_WORLD_H
#define BN_TEST_CHAIN_WORLD_H
#include "core/base/mem.h"
#include "core/govern/chain.h"

typedef struct world_act {
	uint8_t key[BN_CHAIN_ID_BYTES], epoch[BN_CHAIN_ID_BYTES];
} world_act;

typedef struct chain_world {
	bn_arena arena;
	bn_chain_link *links;
	size_t n, cap;
	world_act *acts;
	size_t n_acts, cap_acts;
	bn_chain_root root;
	size_t asked; /* keys for which acts were queried */
} chain_world;

/* Link 0 has the id "0", its founder the key `founder`. */
void world_init(chain_world *w, const char *founder);
void world_release(chain_world *w);
void world_link(
	chain_world *w, const char *id, const char *prev, const char *signers, const char *changes);
/* Another admin signs. */
void world_sign(chain_world *w, const char *id, const char *key);
/* A record of key under the link. */
void world_act_add(chain_world *w, const char *key, const char *epoch);
/* The chain; yours. */
bn_chain *world_choose(chain_world *w);
/* The ids on the chain, "h1 h2 r1", into out. */
const char *world_chain(chain_world *w, char *out, size_t size);
/* The status of a link and its text. */
bn_chain_standing world_standing(chain_world *w, const char *id, char *words, size_t size);
/* "A B": the admins after the newest link, most senior first. */
const char *world_admins(chain_world *w, char *out, size_t size);
void world_bytes(uint8_t out[BN_CHAIN_ID_BYTES], const char *text);

#endif
