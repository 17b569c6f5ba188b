/*
 * signed.h - signed records in the index: whether a signature is good, and which key vouches for a
 * writer's records.
 *
 * The fold stores every signed record unchanged in table signed_record without verifying it. A
 * signature is verified on first request, and the verdict is kept in this index, outside the dump.
 * Keys that are never asked about cost only their rows, however many records they signed.
 *
 * writer_no is the writer's number in index_name (ev->writer_no). A good signature means that the key
 * signed this record for this workspace, this writer and this place in its chain; what the key is
 * allowed to do is decided above the store.
 */
#ifndef BN_STORE_INDEX_SIGNED_H
#define BN_STORE_INDEX_SIGNED_H
#include "core/base/hash.h"
#include "core/store/index/fold.h"

/* 1: the signature is good; 0: it is not, or has an unknown form, or there is no such signed record, or
 * its payload is not kept (commuting kinds); negative: the index failed. In the fold's transaction the
 * verdict is stored; elsewhere it is computed each time unless stored. */
int bn_signed_verify(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err);

/* The chain hash after a signed record of a writer. 1, or 0 if the log has no such record. */
int bn_signed_after(
	uint8_t after[BN_SHA256_BYTES], sqlite3 *db, const char *writer, int64_t seq, bn_err *err);

/* 1: the writer has two histories that differ at or before this record, so nothing signed there counts,
 * whichever was folded; 0: not. A function of the files in the log. */
int bn_signed_is_forked(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err);

/* The key that vouches for the writer's record seq, signed or not: that of the newest card at or before it,
 * if the card's signature is good and the writer's newest signed trailer, at or after the record, is good and
 * made with that key. 1: key is set; 0: none. A bad card vouches for nothing, and neither do the cards before
 * it. */
int bn_writer_author(uint8_t key[32], sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err);

#endif
