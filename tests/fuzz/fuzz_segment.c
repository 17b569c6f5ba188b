/*
 * Any bytes as a segment file: reading ends with a reason, with records in order, within bounds.
 *
 * The first byte selects: even, the bytes as they are; odd, with corrected checksums of header and records, so that the
 * fuzzer gets past them. A record that was read must encode to the same bytes.
 */
#include "core/base/buf.h"
#include "core/base/dir.h"
#include "core/store/log/segment.h"
#include "core/store/log/sign.h"
#include "tests/fuzz/_one_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *file; /* one_file, to be written to */

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void repair(size_t at, size_t size)
{
	if (size < 4 || size > one_file_size - at)
		return;
	uint32_t crc = bn_crc32c(0, file + at, size - 4);
	for (int i = 0; i < 4; i++)
		file[at + size - 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
}

/* Follows header and records by their lengths and corrects every checksum. */
static void repair_all(void)
{
	if (one_file_size < 12)
		return;
	size_t at = get_u32(file + 8);
	if (at > one_file_size)
		return;
	repair(0, at);
	while (at < one_file_size && one_file_size - at >= 4) {
		size_t size = get_u32(file + at);
		if (size < 8 || size > one_file_size - at)
			return;
		repair(at, size);
		at += size;
	}
}

/* Random signatures are not valid; checking them stays within bounds. */
static void verify_all(const bn_segment *s)
{
	bn_log_identity who = {"workspace", s->header.writer};
	if (s->trailer.signature.scheme && bn_verify_trailer(&s->trailer, &who, NULL) == 0)
		abort();
}

static void read_all(bool chain)
{
	static const bn_fs_ops ops = {
		.open = one_file_open, .close = one_file_close, .fstat = one_file_fstat, .pread = one_file_pread};
	bn_env env = {.fs = &ops};
	bn_segment s;
	bn_record r;
	bn_seg_trailer t;
	bn_buf again = BN_BUF_INIT;
	bn_dir dir = {.env = &env, .fd = -1, .path = "log"};
	if (bn_segment_open(&s, &dir, "segment", chain, NULL))
		return;
	uint64_t last = s.header.first_seq - 1, clock = 0;
	while (bn_segment_next(&s, &r, NULL) == 1) {
		uint8_t before[BN_SHA256_BYTES] = {0};
		if (r.seq != last + 1 || r.clock <= clock || s.at > one_file_size)
			abort();
		last = r.seq;
		clock = r.clock;
		bn_writer_card card;
		bn_log_identity who = {"workspace", s.header.writer};
		if (r.type == BN_RECORD_SIGNED &&
			bn_verify_record(&r, &who, s.chain_before, NULL) == 0)
			abort();
		bn_writer_card_decode(&card, r.payload, r.payload_len, NULL);
		memcpy(before, r.prev, sizeof r.prev);
		bn_buf_clear(&again);
		bn_record_head h = {.type = r.type,
			.version = r.version,
			.seq = r.seq,
			.clock = r.clock,
			.chain = before,
			.kind = r.kind,
			.entity = r.entity};
		if (r.bytes[10] == 1 && r.bytes[11] == 0)
			continue; /* version 1 is encoded as 0 */
		if (r.type == BN_RECORD_SIGNED)
			bn_record_encode_signed(&again, &h, &r.signature, r.payload, r.payload_len);
		else
			bn_record_encode(&again, &h, r.body, r.body_len);
		if (again.len != r.size || memcmp(again.ptr, r.bytes, r.size))
			abort();
	}
	if (s.end == BN_SEGMENT_MORE)
		abort();
	/* Reading from the end finds the trailer that reading to the end found. */
	bool found = bn_segment_read_trailer(&s, &t, NULL) == 0;
	if (s.end == BN_SEGMENT_SEALED) {
		bn_buf_clear(&again);
		bn_record_encode_trailer(&again, &s.trailer);
		if (!found || t.last_crc != s.trailer.last_crc || again.len > one_file_size ||
			memcmp(again.ptr, file + one_file_size - again.len, again.len))
			abort();
		verify_all(&s);
	}
	bn_buf_release(&again);
	bn_segment_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t first, last;
	char name[BN_SEGMENT_NAME], back[BN_SEGMENT_NAME];
	if (size == 0)
		return 0;
	one_file_size = size - 1;
	file = malloc(size);
	if (!file)
		return 0;
	one_file = memcpy(file, data + 1, one_file_size);
	file[one_file_size] = '\0';
	if (bn_segment_parse_name((const char *)file, &first, &last)) {
		bn_segment_name(name, first, last);
		snprintf(back, sizeof back, "%s", (const char *)file);
		uint64_t f, l;
		if (!bn_segment_parse_name(name, &f, &l) || f != first || l != last)
			abort();
	}
	if (data[0] & 1)
		repair_all();
	read_all(false);
	read_all(true);
	free(file);
	return 0;
}
