/*
 * bot.h - keys that act for a person where nobody sits: a server, a nightly job.
 *
 * A person signs a bot's key (authority.bot, link.h), with the acts that it may do and the models on which. A bot is
 * its person: its acts are that person's, within that person's rights of the epoch, and it is no second signature,
 * no second pair of eyes, and no evidence by somebody else. It never approves, nor changes policy, roles or keys.
 *
 * The first record of a key that counts says what the bot is, for ever; to let it do something else, make another
 * key. The key itself signs for it ("proof"), so that nobody calls a stranger's key their bot. Its end is a
 * further record by the same person, which names how far the key's records count in each writer; so it ends what
 * was not seen then, whatever its clock. A bot whose person is removed ends with them.
 *
 * An end date is kept by the bot's own program, and made good by an end that its person's next process writes.
 */
#ifndef BN_GOVERN_BOT_H
#define BN_GOVERN_BOT_H
#include "core/govern/chain.h"
#include "core/govern/policy.h"

/* Whose bot it is in an epoch: 1, and the person (in hex, 65 bytes); 0 nobody's. */
int bn_bot_person(char *person, sqlite3 *db, int64_t epoch, const uint8_t key[BN_CHAIN_ID_BYTES],
	bn_err *err);
/* Whether it was ended before the record (writer, seq): 1 ended. */
int bn_bot_is_ended(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES], int64_t writer_no,
	uint64_t seq, bn_err *err);
/* Whether it may do that on an entity: 0, or BN_EREFUSED in words. What its person may is asked apart. */
int bn_bot_allows(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES], bn_act act, const char *entity,
	bn_err *err);

#endif
