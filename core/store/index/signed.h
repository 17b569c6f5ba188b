/*
 * signed.h - what the index knows of signed records: whether a signature is good, and whose key vouches
 * for what a writer wrote.
 *
 * The fold keeps every signed record in table signed_record as it came and looks at no signature. A
 * signature is verified when somebody asks for the first time, and the verdict is kept in this index,
 * apart from what is dumped. Keys that nobody asks about cost their rows and nothing else, however
 * many records they signed.
 *
 * writer_no is the writer's number in index_name (ev->writer_no). A good signature says that the key
 * signed this record for this workspace, this writer, this place in its chain; what the key may do is
 * decided above the store.
 */
#ifndef BN_STORE_INDEX_SIGNED_H
#define BN_STORE_INDEX_SIGNED_H
#include "core/base/hash.h"
#include "core/store/index/fold.h"

/* 1 the signature is good; 0 it is not, or is of a form that this program does not know, or there is no
 * such signed record, or its payload is not kept (commuting kinds); negative: the index failed. In
 * the fold's transaction the verdict is kept; elsewhere it is computed each time that none is kept. */
int bn_signed_verify(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err);

/* The chain hash behind a signed record of a writer: 1, or 0 when the log has no such record. */
int bn_signed_after(
	uint8_t after[BN_SHA256_BYTES], sqlite3 *db, const char *writer, int64_t seq, bn_err *err);

/* 1 the writer has two histories that differ at or before this record: nothing that is signed there counts,
 * whichever of them was folded. A function of the files that lie in the log. 0 not. */
int bn_signed_is_forked(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err);

/* Whose key vouches for the writer's record seq, signed or not: that of the newest card at or before it, when
 * the card's signature is good and the writer's newest signed trailer, at or behind the record, is good
 * and that key's. 1, and key is set; 0: nobody's. A card that is bad vouches for nothing, nor do those
 * before it. */
int bn_writer_author(uint8_t key[32], sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err);

#endif
