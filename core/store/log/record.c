/* record.c - see record.h. */
#include "core/store/log/record.h"

#include <string.h>

static const char magic[8] = {'B', 'N', 'S', 'E', 'G', '1', '\r', '\n'};

enum {
	HEADER_FIXED = 8 + 4 + 8 + 4 + BN_SHA256_BYTES, /* size before the three texts */
	RECORD_FRONT = BN_RECORD_FIXED - 4,  /* size before kind; the CRC is the other 4 bytes */
	TRAILER_BODY = 16 + BN_SHA256_BYTES, /* without a signature block */
};

static void put_u16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, v & 0xffff);
	put_u16(p + 2, v >> 16);
}

static void put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t get_u16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get_u32(const uint8_t *p)
{
	return get_u16(p) | get_u16(p + 2) << 16;
}

static uint64_t get_u64(const uint8_t *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

/* ---- header --------------------------------------------------------------------------------- */

static uint8_t *put_text(uint8_t *p, const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	put_u16(p, (uint32_t)n);
	memcpy(p + 2, s, n);
	return p + 2 + n;
}

void bn_seg_header_encode(bn_buf *b, const bn_seg_header *h)
{
	uint8_t raw[BN_SEG_HEADER_MAX], *p = raw + HEADER_FIXED;
	memcpy(raw, magic, sizeof magic);
	put_u64(raw + 12, h->first_seq);
	put_u32(raw + 20, h->prev_crc);
	memcpy(raw + 24, h->chain, BN_SHA256_BYTES);
	p = put_text(p, h->writer, sizeof h->writer - 1);
	p = put_text(p, h->host, sizeof h->host - 1);
	p = put_text(p, h->boot, sizeof h->boot - 1);
	size_t n = (size_t)(p - raw);
	put_u32(raw + 8, (uint32_t)n + 4);
	put_u32(p, bn_crc32c(0, raw, n));
	bn_buf_add(b, raw, n + 4);
}

/* Copies the text at *p, which must end before end, into out. 0 or -1. */
static int get_text(char *out, size_t size, const uint8_t **p, const uint8_t *end)
{
	if (end - *p < 2)
		return -1;
	size_t n = get_u16(*p);
	if (n >= size || (size_t)(end - *p - 2) < n || memchr(*p + 2, '\0', n))
		return -1;
	memcpy(out, *p + 2, n);
	out[n] = '\0';
	*p += 2 + n;
	return 0;
}

ssize_t bn_seg_header_decode(bn_seg_header *h, const uint8_t *p, size_t n)
{
	size_t known = n < sizeof magic ? n : sizeof magic;
	if (memcmp(p, magic, known))
		return -1;
	if (n < HEADER_FIXED)
		return 0;
	size_t size = get_u32(p + 8);
	if (size < HEADER_FIXED + 6 + 4 || size > BN_SEG_HEADER_MAX)
		return -1;
	if (n < size)
		return 0;
	if (bn_crc32c(0, p, size - 4) != get_u32(p + size - 4))
		return -1;
	h->first_seq = get_u64(p + 12);
	h->prev_crc = get_u32(p + 20);
	memcpy(h->chain, p + 24, BN_SHA256_BYTES);
	const uint8_t *at = p + HEADER_FIXED, *end = p + size - 4;
	if (get_text(h->writer, sizeof h->writer, &at, end) ||
		get_text(h->host, sizeof h->host, &at, end) ||
		get_text(h->boot, sizeof h->boot, &at, end) || at != end || h->first_seq == 0)
		return -1;
	return (ssize_t)size;
}

/* ---- signature blocks ----------------------------------------------------------------------- */

enum { BLOCK_FRONT = 8 };

static size_t block_size(const bn_signature *s)
{
	return BLOCK_FRONT + (size_t)s->key_bytes + s->epoch_bytes + s->signature_bytes;
}

static void block_encode(bn_buf *b, const bn_signature *s)
{
	uint8_t front[BLOCK_FRONT] = {s->scheme};
	put_u16(front + 2, s->key_bytes);
	put_u16(front + 4, s->signature_bytes);
	put_u16(front + 6, s->epoch_bytes);
	bn_buf_add(b, front, sizeof front);
	bn_buf_add(b, s->key, s->key_bytes);
	bn_buf_add(b, s->epoch, s->epoch_bytes);
	bn_buf_add(b, s->bytes, s->signature_bytes);
}

/* Bytes used of the n at p, or -1. */
static ssize_t block_decode(bn_signature *s, const uint8_t *p, size_t n)
{
	if (n < BLOCK_FRONT)
		return -1;
	*s = (bn_signature){.scheme = p[0],
		.key_bytes = (uint16_t)get_u16(p + 2),
		.signature_bytes = (uint16_t)get_u16(p + 4),
		.epoch_bytes = (uint16_t)get_u16(p + 6)};
	size_t size = block_size(s);
	if (s->scheme == 0 || p[1] || (s->epoch_bytes && s->epoch_bytes != BN_EPOCH_BYTES) ||
		size > n || size > BN_SIGNATURE_BLOCK_MAX)
		return -1;
	s->key = p + BLOCK_FRONT;
	s->epoch = s->key + s->key_bytes;
	s->bytes = s->epoch + s->epoch_bytes;
	return (ssize_t)size;
}

/* ---- records -------------------------------------------------------------------------------- */

/* Writes everything before the body of n bytes. Returns where the record starts in b. */
static size_t encode_front(bn_buf *b, const bn_record_head *h, uint8_t type, size_t n)
{
	uint8_t front[RECORD_FRONT] = {0};
	size_t kind_bytes = strlen(h->kind) + 1, entity_bytes = strlen(h->entity) + 1, at = b->len;
	put_u32(front, (uint32_t)(BN_RECORD_FIXED + kind_bytes + entity_bytes + n));
	front[4] = type;
	put_u16(front + 6, (uint32_t)kind_bytes);
	put_u16(front + 8, (uint32_t)entity_bytes);
	put_u16(front + 10, h->version > 1 ? h->version : 0);
	put_u64(front + 12, h->seq);
	put_u64(front + 20, h->clock);
	memcpy(front + 28, h->chain, 8);
	bn_buf_add(b, front, sizeof front);
	bn_buf_add(b, h->kind, kind_bytes);
	bn_buf_add(b, h->entity, entity_bytes);
	return at;
}

static uint32_t encode_crc(bn_buf *b, size_t at)
{
	uint8_t back[4];
	if (b->failed)
		return 0;
	uint32_t crc = bn_crc32c(0, b->ptr + at, b->len - at);
	put_u32(back, crc);
	bn_buf_add(b, back, sizeof back);
	return crc;
}

uint32_t bn_record_encode(bn_buf *b, const bn_record_head *h, const void *body, size_t n)
{
	size_t at = encode_front(b, h, h->type, n);
	bn_buf_add(b, body, n);
	return encode_crc(b, at);
}

uint32_t bn_record_encode_signed(bn_buf *b, const bn_record_head *h, const bn_signature *signature,
	const void *payload, size_t n)
{
	size_t at = encode_front(b, h, BN_RECORD_SIGNED, block_size(signature) + n);
	block_encode(b, signature);
	bn_buf_add(b, payload, n);
	return encode_crc(b, at);
}

void bn_record_encode_trailer(bn_buf *b, const bn_seg_trailer *t)
{
	uint8_t body[TRAILER_BODY] = {0}, size[4];
	bool is_signed = t->signature.scheme != 0;
	bn_record_head h = {.seq = t->last_seq,
		.clock = t->last_clock,
		.chain = t->chain,
		.kind = "",
		.entity = ""};
	put_u64(body, t->count);
	put_u32(body + 8, t->last_crc);
	memcpy(body + 16, t->chain, BN_SHA256_BYTES);
	h.type = is_signed ? BN_RECORD_SIGNED_TRAILER : BN_RECORD_TRAILER;
	if (!is_signed) {
		bn_record_encode(b, &h, body, sizeof body);
		return;
	}
	size_t n = sizeof body + block_size(&t->signature) + sizeof size;
	size_t at = encode_front(b, &h, h.type, n);
	bn_buf_add(b, body, sizeof body);
	block_encode(b, &t->signature);
	put_u32(size, (uint32_t)(BN_RECORD_FIXED + 2 + n));
	bn_buf_add(b, size, sizeof size);
	encode_crc(b, at);
}

static bool is_trailer(uint8_t type)
{
	return type == BN_RECORD_TRAILER || type == BN_RECORD_SIGNED_TRAILER;
}

/* Decodes the body according to its type. 0, or -1 if it is malformed. */
static int body_decode(bn_record *r)
{
	r->payload = r->body;
	r->payload_len = r->body_len;
	r->signature = (bn_signature){0};
	if (r->type == BN_RECORD_SIGNED) {
		ssize_t used = block_decode(&r->signature, r->body, r->body_len);
		if (used < 0)
			return -1;
		r->payload += used;
		r->payload_len -= (size_t)used;
	}
	if (r->type > BN_RECORD_SIGNED_TRAILER)
		return 0; /* of another version, which has its own limits */
	return r->payload_len > (is_trailer(r->type) ? BN_RECORD_TRAILER_MAX : BN_PAYLOAD_MAX) ? -1
											       : 0;
}

ssize_t bn_record_decode(bn_record *r, const uint8_t *p, size_t n)
{
	if (n < 4)
		return 0;
	size_t size = get_u32(p);
	if (size < BN_RECORD_FIXED + 2 || size > BN_RECORD_MAX)
		return -1;
	if (n < size)
		return 0;
	r->crc = get_u32(p + size - 4);
	if (bn_crc32c(0, p, size - 4) != r->crc)
		return -1;
	size_t kind_bytes = get_u16(p + 6), entity_bytes = get_u16(p + 8);
	if (p[4] == 0 || kind_bytes < 1 || kind_bytes > BN_KIND_MAX + 1 || entity_bytes < 1 ||
		entity_bytes > BN_ENTITY_MAX + 1 ||
		size < BN_RECORD_FIXED + kind_bytes + entity_bytes)
		return -1;
	r->type = p[4];
	r->is_critical = p[4] >= BN_RECORD_CRITICAL || p[5];
	r->version = get_u16(p + 10);
	r->version += r->version == 0;
	r->seq = get_u64(p + 12);
	r->clock = get_u64(p + 20);
	memcpy(r->prev, p + 28, sizeof r->prev);
	r->kind = (const char *)p + RECORD_FRONT;
	r->entity = r->kind + kind_bytes;
	r->body = p + RECORD_FRONT + kind_bytes + entity_bytes;
	r->body_len = size - BN_RECORD_FIXED - kind_bytes - entity_bytes;
	r->bytes = p;
	r->size = size;
	if (strnlen(r->kind, kind_bytes) != kind_bytes - 1 ||
		strnlen(r->entity, entity_bytes) != entity_bytes - 1 || r->clock > INT64_MAX ||
		r->seq > INT64_MAX || body_decode(r))
		return -1;
	if (!is_trailer(r->type) && !r->is_critical && (kind_bytes == 1 || entity_bytes == 1))
		return -1;
	return (ssize_t)size;
}

int bn_record_to_trailer(const bn_record *r, bn_seg_trailer *t)
{
	bool is_signed = r->type == BN_RECORD_SIGNED_TRAILER;
	if (!is_trailer(r->type) || r->is_critical || r->version != 1 || r->kind[0] ||
		r->entity[0] || r->body_len < TRAILER_BODY || get_u32(r->body + 12) ||
		memcmp(r->prev, r->body + 16, sizeof r->prev))
		return -1;
	t->signature = (bn_signature){0};
	if (is_signed) {
		size_t left = r->body_len - TRAILER_BODY;
		ssize_t used = block_decode(&t->signature, r->body + TRAILER_BODY, left);
		if (used < 0 || left != (size_t)used + 4 ||
			get_u32(r->body + r->body_len - 4) != r->size)
			return -1;
	} else if (r->body_len != TRAILER_BODY) {
		return -1;
	}
	t->count = get_u64(r->body);
	t->last_crc = get_u32(r->body + 8);
	memcpy(t->chain, r->body + 16, BN_SHA256_BYTES);
	t->last_seq = r->seq;
	t->last_clock = r->clock;
	return 0;
}

ssize_t bn_record_decode_last(bn_record *r, const uint8_t *p, size_t n, size_t *need)
{
	bn_seg_trailer t;
	*need = 0;
	if (n < BN_RECORD_TRAILER_SIZE)
		return -1;
	size_t size = BN_RECORD_TRAILER_SIZE;
	if (bn_record_decode(r, p + n - size, size) == (ssize_t)size &&
		bn_record_to_trailer(r, &t) == 0)
		return (ssize_t)size;
	size = get_u32(p + n - 8);
	if (size <= BN_RECORD_TRAILER_SIZE || size > BN_RECORD_TRAILER_MAX)
		return -1;
	if (size > n) {
		*need = size;
		return 0;
	}
	if (bn_record_decode(r, p + n - size, size) != (ssize_t)size || bn_record_to_trailer(r, &t))
		return -1;
	return (ssize_t)size;
}

/* ---- chain ---------------------------------------------------------------------------------- */

void bn_chain_start(uint8_t chain[BN_SHA256_BYTES], const char *writer)
{
	char text[BN_WRITER_NAME_MAX + 32] = "binnacle log 1\n";
	size_t front = strlen(text), n = strnlen(writer, BN_WRITER_NAME_MAX);
	memcpy(text + front, writer, n);
	bn_sha256(text, front + n, chain);
}

void bn_chain_add(
	uint8_t chain[BN_SHA256_BYTES], bn_hasher *h, const void *record_bytes, size_t record_size)
{
	bn_hasher_add(h, chain, BN_SHA256_BYTES);
	bn_hasher_add(h, record_bytes, record_size);
	bn_hasher_finish(h, chain);
}
