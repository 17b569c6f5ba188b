/*
 * bots.h - the bots of a workspace (bot.h) as a list, and creating and ending one's own.
 */
#ifndef BN_GOVERN_BOTS_H
#define BN_GOVERN_BOTS_H
#include "core/govern/authority.h"

typedef struct bn_bot_row {
	uint8_t key[BN_CHAIN_ID_BYTES];
	char print[25];
	char *name, *person;    /* names */
	char *verbs, *patterns; /* "register, alias"; "power*, cooling" */
	int64_t until_ms;       /* -1: no end date */
	bool is_ended, is_mine;
} bn_bot_row;

typedef struct bn_bot_list {
	bn_bot_row *items;
	size_t count;
} bn_bot_list;

int bn_bots_read(bn_bot_list **out, bn_workspace *ws, bn_err *err);
void bn_bots_free(bn_bot_list *l);

typedef struct bn_bot_wish {
	const char *name;
	const char *const *verbs,
		*const *patterns; /* NULL-terminated; acts' names, globs of models' names */
	int64_t until_ms;         /* -1: no end date */
} bn_bot_wish;

typedef struct bn_key bn_key; /* core/govern/key.h */
/* The checks of bn_bot_add, before there is a key. */
int bn_bot_check(bn_workspace *ws, const bn_bot_wish *wish, bn_err *err);
/* Signs a bot's key. BN_EINVAL for an act not allowed to bots; BN_ECONFLICT if the key belongs to someone, or I
 * have a bot of that name. Commits. */
int bn_bot_add(bn_workspace *ws, const bn_key *key, const bn_bot_wish *wish, bn_err *err);
/* Ends a bot of mine: records of its key that this process does not know no longer count. Commits.
 * BN_ENOTFOUND, BN_ECONFLICT when it has ended. */
int bn_bot_end(bn_workspace *ws, const char *name, bn_err *err);
/* Ends my bots whose end date has passed; *ended: how many. */
int bn_bots_end_due(bn_workspace *ws, size_t *ended, bn_err *err);

#endif
