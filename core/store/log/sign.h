/*
 * sign.h - signing records and trailers, and verifying them.
 *
 * A signature covers a text, not the record: the text names the workspace and the writer, so that a
 * record copied elsewhere is invalid.
 *
 *	record   "BNSIG1\0", then workspace id, writer, seq, clock, chain hash before the record,
 *	         epoch (nothing, or 32 bytes), class version, kind, entity, payload
 *	trailer  "BNSEAL1\0", then workspace id, writer, last seq, last clock, chain hash at the end,
 *	         epoch
 *
 * Each part after the first is preceded by its length in bytes as u32; seq and clock are u64, the
 * class version is a u16 with 1 written as 1. All integers are little-endian. A trailer's count is
 * not in its text, so that merging segments can repeat the newest signature without a key.
 *
 * The store has no keys. The caller provides a bn_signer; what a key is allowed to do is decided
 * above the store (core/govern).
 */
#ifndef BN_STORE_LOG_SIGN_H
#define BN_STORE_LOG_SIGN_H
#include "core/base/ed25519.h"
#include "core/store/log/record.h"

typedef struct bn_signer {
	/* Signs n bytes with the private key of `key`. 0 or a negative code with err set. */
	int (*sign)(void *ctx, const void *bytes, size_t n,
		uint8_t signature[BN_ED25519_SIGNATURE_BYTES], bn_err *err);
	void *ctx;
	uint8_t key[BN_ED25519_KEY_BYTES];
	void (*release)(void *ctx); /* NULL: nothing to release */
} bn_signer;

/* Identifies the log. */
typedef struct bn_log_identity {
	const char *workspace, *writer;
} bn_log_identity;

/* Appends a signed record (type 4) to b and returns its CRC. epoch: 32 bytes, or NULL for none. */
int bn_sign_record(bn_buf *b, uint32_t *crc, const bn_signer *signer, const bn_log_identity *who,
	const bn_record_head *h, const uint8_t *epoch, const void *payload, size_t n, bn_err *err);
/* Appends a signed trailer (type 5) to b. */
int bn_sign_trailer(bn_buf *b, const bn_signer *signer, const bn_log_identity *who,
	const bn_seg_trailer *t, bn_err *err);

/* Verifies a signed record or trailer. chain: the full hash before the record. 0; BN_ECORRUPT
 * if the signature is bad; BN_EUNSUPPORTED for an unknown scheme. */
int bn_verify_record(const bn_record *r, const bn_log_identity *who,
	const uint8_t chain[BN_SHA256_BYTES], bn_err *err);
int bn_verify_trailer(const bn_seg_trailer *t, const bn_log_identity *who, bn_err *err);

/*
 * The card of a writer: who writes here, as declared by that process. Kind "writer.opened", entity
 * "writer/<name>", payload {"host":..,"uid":..,"user":..}. A writer with a signer signs one before
 * its first other event; from then on its trailers are signed with the same key.
 */
#define BN_WRITER_OPENED "writer.opened"

typedef struct bn_writer_card {
	int64_t uid;
	char user[64], host[72];
} bn_writer_card;

int bn_writer_card_encode(bn_buf *payload, const bn_writer_card *card, bn_err *err);
/* BN_ECORRUPT when a field is missing or malformed; unknown fields are ignored. */
int bn_writer_card_decode(bn_writer_card *card, const void *payload, size_t n, bn_err *err);

#endif
