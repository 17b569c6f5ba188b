/*
 * record.h - the format of a segment: a header, records, and a trailer if it is sealed.
 *
 * All integers are little-endian. Nothing here accesses files; the decoders trust no length and
 * are fuzzed by tests/fuzz/fuzz_segment.c.
 *
 *	header   magic "BNSEG1\r\n", u32 size, u64 first_seq, u32 crc of the record before first_seq,
 *	         chain hash before first_seq (32 bytes), then writer, host and boot id as u16 length +
 *	         text, then CRC32C of all that.
 *	record   u32 size of the whole record, u8 type, u8 0, u16 kind bytes, u16 entity bytes (both
 *	         with their NUL), u16 class version, u64 seq, u64 clock, first 8 bytes of the chain hash
 *	         before this record, kind, entity, body, CRC32C of all that.
 *	trailer  a record of type 3 or 5 with an empty kind and entity; seq and clock repeat the last
 *	         record's, and the 8 bytes of chain hash are those of the hash at the end; body: u64
 *	         count, u32 crc of the last record, u32 0, chain hash at the end.
 *
 * Types and their bodies:
 *	1  the payload, JSON text: one object
 *	2  the payload, bytes in a format defined by the kind
 *	3  trailer
 *	4  signed event: a signature block, then the payload, JSON text
 *	5  signed trailer: as 3, then a signature block, then u32 size of this whole record (so that
 *	   it is found from the end of the file: these are the last 4 bytes before the CRC)
 *	6 to 127    an event in an unknown format. It has a sequence number and a place in the chain like
 *	   every event. Readers skip it, keep it in every merge and count it.
 *	128 to 255, and any type followed by a non-zero byte: what follows cannot be interpreted
 *	   without understanding this record. Readers stop before it, the file is left alone (never
 *	   cut, never merged), and this version does not continue the writer's slot.
 *
 * Class version: which version of its kind the payload is. 0 and 1 both mean 1; writers write 0, so
 * that events of version 1 are encoded as in the first format.
 *
 * Signature block: u8 scheme (1 Ed25519), u8 0, u16 key bytes, u16 signature bytes, u16 epoch bytes
 * (0 or 32), then key, epoch, signature. What is signed: sign.h. A block of an unknown scheme is kept
 * but never counts as verified. A signed record's id is the SHA-256 of its bytes.
 *
 * Chain: h(0) = SHA-256("binnacle log 1\n" writer), h(i) = SHA-256(h(i-1) record(i)), over event
 * records only, so merging segments does not change it. Since each record carries 8 bytes of the
 * hash before it, a verifier can name the first record that was tampered with, even if its CRC was
 * recomputed. A header has no uid: the author is the owner of the file.
 */
#ifndef BN_STORE_LOG_RECORD_H
#define BN_STORE_LOG_RECORD_H
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/store/log/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	BN_RECORD_FIXED = 40,        /* bytes in addition to kind, entity and body */
	BN_RECORD_TRAILER_SIZE = 90, /* size of a record of type 3 */
	BN_RECORD_TRAILER_MAX = BN_RECORD_TRAILER_SIZE + BN_SIGNATURE_BLOCK_MAX + 4,
	BN_RECORD_MAX = BN_RECORD_FIXED + BN_KIND_MAX + BN_ENTITY_MAX + 2 + BN_SIGNATURE_BLOCK_MAX +
			BN_PAYLOAD_MAX,
	BN_EPOCH_BYTES = 32,
};

typedef enum bn_record_type {
	BN_RECORD_JSON = 1,
	BN_RECORD_RAW = 2,
	BN_RECORD_TRAILER = 3,
	BN_RECORD_SIGNED = 4,
	BN_RECORD_SIGNED_TRAILER = 5,
	BN_RECORD_CRITICAL = 128, /* from here on types must not be skipped */
} bn_record_type;

enum { BN_SIGNATURE_ED25519 = 1 };

typedef struct bn_seg_header {
	uint64_t first_seq;
	uint32_t prev_crc; /* CRC field of record first_seq - 1; 0 when first_seq is 1 */
	uint8_t chain[BN_SHA256_BYTES];
	char writer[BN_WRITER_NAME_MAX + 1], host[72], boot[40];
} bn_seg_header;

/* A signature block; pointers are borrowed. scheme 0: none. */
typedef struct bn_signature {
	uint8_t scheme;
	const uint8_t *key, *epoch, *bytes;
	uint16_t key_bytes, epoch_bytes, signature_bytes;
} bn_signature;

/* Pointers refer to the decoded buffer; kind and entity are NUL-terminated in it. */
typedef struct bn_record {
	uint8_t type;     /* a bn_record_type, or one unknown to this version */
	bool is_critical; /* must not be skipped */
	uint32_t version; /* of the class: 1, 2, ... */
	uint64_t seq, clock;
	uint8_t prev[8];
	const char *kind, *entity;
	const uint8_t *payload;
	size_t payload_len;
	const uint8_t *body; /* payload and everything before it in the body */
	size_t body_len;
	bn_signature signature;
	uint32_t crc;
	const uint8_t *bytes; /* the whole record */
	size_t size;
} bn_record;

/* The part of a record before its body. */
typedef struct bn_record_head {
	uint8_t type;
	uint32_t version; /* 0 and 1 are written as 0 */
	uint64_t seq, clock;
	const uint8_t *chain; /* BN_SHA256_BYTES: the hash before this record */
	const char *kind, *entity;
} bn_record_head;

typedef struct bn_seg_trailer {
	uint64_t count, last_seq, last_clock;
	uint32_t last_crc;
	uint8_t chain[BN_SHA256_BYTES];
	bn_signature signature; /* scheme 0: a trailer of type 3 */
} bn_seg_trailer;

/* A position between two records of a writer's history. */
typedef struct bn_log_point {
	uint64_t seq, clock; /* of the record before it; 0 at the start */
	uint32_t crc;
	uint8_t chain[BN_SHA256_BYTES];
} bn_log_point;

/* Appends to b; check with bn_buf_check. Texts that are too long are truncated (callers have
 * checked). */
void bn_seg_header_encode(bn_buf *b, const bn_seg_header *h);
/* Bytes used, 0 if more bytes are needed, -1 if this is not a header. */
ssize_t bn_seg_header_decode(bn_seg_header *h, const uint8_t *p, size_t n);

/* Appends a record to b and returns its CRC. kind, entity and body must be within their limits. */
uint32_t bn_record_encode(bn_buf *b, const bn_record_head *h, const void *body, size_t n);
/* The same with a signature block before the payload: type 4, regardless of h->type. */
uint32_t bn_record_encode_signed(bn_buf *b, const bn_record_head *h, const bn_signature *signature,
	const void *payload, size_t n);
/* A record of type 5 if t has a signature, else of type 3. */
void bn_record_encode_trailer(bn_buf *b, const bn_seg_trailer *t);
/* Bytes used, 0 if the bytes end before the record does, -1 if this is not a record. */
ssize_t bn_record_decode(bn_record *r, const uint8_t *p, size_t n);
/* -1 unless r is a well-formed trailer, signed or not. t's signature points into r's bytes. */
int bn_record_to_trailer(const bn_record *r, bn_seg_trailer *t);
/* Finds the trailer in the last n bytes of a file. Returns its size; 0 if it is larger than n,
 * with *need bytes needed; -1 if there is none. */
ssize_t bn_record_decode_last(bn_record *r, const uint8_t *p, size_t n, size_t *need);

void bn_chain_start(uint8_t chain[BN_SHA256_BYTES], const char *writer);
/* Advances chain past the record. h is scratch space, reusable for many records. */
void bn_chain_add(
	uint8_t chain[BN_SHA256_BYTES], bn_hasher *h, const void *record_bytes, size_t record_size);

#endif
