/* _trust.h - shared by trust.c, which judges, and trust_view.c, which reads the index. */
#ifndef BN_GOVERN__TRUST_H
#define BN_GOVERN__TRUST_H
#include "core/base/mem.h"
#include "core/govern/memory.h"

#include <sqlite3.h>

/* A view of the index at one moment: a read transaction from open to close. */
typedef struct bn_trust_view {
	bn_memory_view view;
	sqlite3 *db;
	bool in_transaction;
	bn_arena texts;
	bn_memory_head *heads;
	size_t cap_heads;
} bn_trust_view;

/* Without heads. Close also after a failure. */
int bn_trust_view_open(bn_trust_view *v, sqlite3 *db, const char *workspace_id, bn_err *err);
void bn_trust_view_close(bn_trust_view *v);
/* Adds the heads that m does not have (NULL: all) of writers whose newest signed record is good and made with
 * a key that some link names. with_cards: also those of cards, whose signatures are verified now. */
int bn_trust_view_add_heads(bn_trust_view *v, const bn_memory *m, bool with_cards, bn_err *err);

#endif
