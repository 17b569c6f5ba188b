/* _bot.h - what a bot's key signs to be one. */
#ifndef BN_GOVERN__BOT_H
#define BN_GOVERN__BOT_H
#include "core/base/buf.h"
#include "core/govern/chain.h"

/* person: in hex. See authority.bot in link.h. */
void bn_bot_proof_text(bn_buf *out, const char *workspace_id, const char *person,
	const uint8_t key[BN_CHAIN_ID_BYTES]);

#endif
