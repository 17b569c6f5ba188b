/*
 * bot.h - keys that act for a person unattended: a server, a nightly job.
 *
 * A person signs a bot's key (authority.bot, link.h), with its allowed acts and models. A bot acts as its
 * person, within that person's rights of the epoch; it does not count as a second signature, a second reviewer,
 * or independent evidence. It never approves, nor changes policy, roles or keys.
 *
 * The first counting record of a key defines the bot permanently; to change its permissions, create another
 * key. The key itself signs for it ("proof"), so that nobody can claim a stranger's key as a bot. Its end is
 * another record by the same person, which names how far the key's records count in each writer; later records
 * are void, whatever their clock. A bot ends when its person is removed.
 *
 * The bot's own program observes an end date, and the person's next process then records the end.
 */
#ifndef BN_GOVERN_BOT_H
#define BN_GOVERN_BOT_H
#include "core/govern/chain.h"
#include "core/govern/policy.h"

/* The owner of a bot in an epoch: 1, and the person (in hex, 65 bytes); 0: nobody. */
int bn_bot_person(char *person, sqlite3 *db, int64_t epoch, const uint8_t key[BN_CHAIN_ID_BYTES],
	bn_err *err);
/* Whether it was ended before the record (writer, seq): 1 ended. */
int bn_bot_is_ended(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES], int64_t writer_no,
	uint64_t seq, bn_err *err);
/* Whether it may do that on an entity: 0, or BN_EREFUSED with a message. The person's rights are checked
 * separately. */
int bn_bot_allows(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES], bn_act act, const char *entity,
	bn_err *err);

#endif
