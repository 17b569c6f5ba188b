/*
 * record.h - the bytes of a segment: a header, records, and a trailer when it is sealed.
 *
 * All integers are little-endian. Nothing here touches a file; the decoders trust no length and
 * are what tests/fuzz/fuzz_segment.c feeds with garbage.
 *
 *	header   magic "BNSEG1\r\n", u32 size, u64 first_seq, u32 crc of the record before first_seq,
 *	         chain hash before first_seq (32 bytes), then writer, host and boot id as u16 length +
 *	         text, then CRC32C of all that.
 *	record   u32 size of the whole record, u8 type, u8 0, u16 kind bytes, u16 entity bytes (both
 *	         with their NUL), u16 0, u64 seq, u64 clock, first 8 bytes of the chain hash before
 *	         this record, kind, entity, payload, CRC32C of all that.
 *	trailer  a record of type 3 with an empty kind and entity; seq and clock repeat the last
 *	         record's; payload: u64 count, u32 crc of the last record, u32 0, chain hash at the end.
 *
 * Chain: h(0) = SHA-256("binnacle log 1\n" writer), h(i) = SHA-256(h(i-1) record(i)), over event
 * records alone, so merging segments does not change it. Since each record carries 8 bytes of the
 * hash before it, a verifier can name the first record that was tampered with, even by someone who
 * recomputed its CRC. A header says no uid: who wrote is who owns the file.
 */
#ifndef BN_STORE_LOG_RECORD_H
#define BN_STORE_LOG_RECORD_H
#include "core/base/buf.h"
#include "core/base/hash.h"

#include <stdint.h>
#include <sys/types.h>

enum {
	BN_KIND_MAX = 128,           /* bytes without the NUL */
	BN_ENTITY_MAX = 512,         /* likewise */
	BN_PAYLOAD_MAX = 16 << 20,   /* bytes */
	BN_WRITER_NAME_MAX = 200,    /* likewise, without the NUL */
	BN_SEG_HEADER_MAX = 1024,    /* bytes */
	BN_RECORD_FIXED = 40,        /* bytes besides kind, entity and payload */
	BN_RECORD_TRAILER_SIZE = 90, /* bytes of a whole trailer record */
	BN_RECORD_MAX = BN_RECORD_FIXED + BN_KIND_MAX + BN_ENTITY_MAX + 2 + BN_PAYLOAD_MAX,
};

typedef enum bn_record_type {
	BN_RECORD_JSON = 1,
	BN_RECORD_RAW = 2,
	BN_RECORD_TRAILER = 3,
} bn_record_type;

typedef struct bn_seg_header {
	uint64_t first_seq;
	uint32_t prev_crc; /* CRC field of record first_seq - 1; 0 when first_seq is 1 */
	uint8_t chain[BN_SHA256_BYTES];
	char writer[BN_WRITER_NAME_MAX + 1], host[72], boot[40];
} bn_seg_header;

/* Pointers go into the buffer that was decoded; kind and entity are NUL-terminated there. */
typedef struct bn_record {
	bn_record_type type;
	uint64_t seq, clock;
	uint8_t prev[8];
	const char *kind, *entity;
	const uint8_t *payload;
	size_t payload_len;
	uint32_t crc;
	const uint8_t *bytes; /* the whole record */
	size_t size;
} bn_record;

typedef struct bn_seg_trailer {
	uint64_t count, last_seq, last_clock;
	uint32_t last_crc;
	uint8_t chain[BN_SHA256_BYTES];
} bn_seg_trailer;

/* Appends to b; ask bn_buf_check. Texts that are too long are cut (callers have checked). */
void bn_seg_header_encode(bn_buf *b, const bn_seg_header *h);
/* Bytes used, 0 when more bytes are needed to tell, -1 when this is no header. */
ssize_t bn_seg_header_decode(bn_seg_header *h, const uint8_t *p, size_t n);

/* Appends a record to b and gives its CRC. Needs kind, entity and payload within their limits. */
uint32_t bn_record_encode(bn_buf *b, bn_record_type type, uint64_t seq, uint64_t clock,
	const uint8_t chain[BN_SHA256_BYTES], const char *kind, const char *entity,
	const void *payload, size_t n);
void bn_record_encode_trailer(bn_buf *b, const bn_seg_trailer *t);
/* Bytes used, 0 when the bytes end before the record does, -1 when this is no record. */
ssize_t bn_record_decode(bn_record *r, const uint8_t *p, size_t n);
/* -1 unless r is a well-formed trailer. */
int bn_record_to_trailer(const bn_record *r, bn_seg_trailer *t);

void bn_chain_start(uint8_t chain[BN_SHA256_BYTES], const char *writer);
/* chain becomes the hash after the record. h is scratch that the caller keeps for many records. */
void bn_chain_add(
	uint8_t chain[BN_SHA256_BYTES], bn_hasher *h, const void *record_bytes, size_t record_size);

#endif
