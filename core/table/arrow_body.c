/*
 * arrow_body.c - messages of an Arrow file or stream, and the buffers in their bodies, compressed or
 * not.
 *
 * A compressed buffer begins with its length as an int64 (-1: the rest is not compressed). That length is not
 * trusted: it must not exceed what that many bytes of the codec can unpack to, and must equal the actual
 * result.
 */
#include "core/table/_arrow.h"

#include <lz4frame.h>
#include <string.h>
#include <zstd.h>

/* ---- messages ------------------------------------------------------------------------------- */

int bn_arrow_read_message(
	bn_arrow_message *m, const uint8_t *base, size_t end, const bn_arrow_block *b, bn_err *err)
{
	uint32_t head[2];

	if (b->offset % 8 || b->meta_bytes < 8 || b->offset > end ||
		b->meta_bytes > end - b->offset ||
		b->body_bytes > end - b->offset - b->meta_bytes || b->meta_bytes % 8)
		return bn_err_set(err, BN_ECORRUPT, "it is outside of the file");
	memcpy(head, base + b->offset, sizeof head);
	if (head[0] != BN_ARROW_CONTINUATION)
		return bn_err_set(err, BN_ECORRUPT, "no message begins at byte %zu", b->offset);
	if (head[1] > b->meta_bytes - 8)
		return bn_err_set(err, BN_ECORRUPT,
			"the message at byte %zu is longer than its block", b->offset);
	m->fb = (bn_fb){base + b->offset + 8, head[1], false};
	bn_fb_table root = bn_fb_root(&m->fb);
	int64_t body = bn_fb_int(root, MSG_BODY_LENGTH, 8, 0);
	m->type = (int)bn_fb_int(root, MSG_HEADER_TYPE, 1, 0);
	m->header = bn_fb_child(root, MSG_HEADER);
	m->body = base + b->offset + b->meta_bytes;
	m->body_bytes = b->body_bytes;
	if (m->fb.bad || !m->header.fb || body < 0 || (uint64_t)body > b->body_bytes)
		return bn_err_set(
			err, BN_ECORRUPT, "the message at byte %zu is damaged", b->offset);
	return 0;
}

static int say_cut(uint64_t missing, size_t offset, bn_err *err)
{
	bn_err_set(err, BN_ECORRUPT,
		"the stream ends %llu bytes before the end of the message at byte %zu",
		(unsigned long long)missing, offset);
	bn_err_hint(err, BN_ARROW_CUT_HINT);
	return BN_ECORRUPT;
}

/* Length and body length of the message at offset, as it says itself. */
static int measure(bn_arrow_block *b, const uint8_t *base, size_t end, size_t offset, bn_err *err)
{
	uint32_t head[2];

	if (end - offset < sizeof head)
		return say_cut(sizeof head - (end - offset), offset, err);
	memcpy(head, base + offset, sizeof head);
	*b = (bn_arrow_block){offset, 8 + (size_t)head[1], 0};
	if (head[0] != BN_ARROW_CONTINUATION) {
		bn_err_set(err, BN_ECORRUPT, "no message begins at byte %zu", offset);
		bn_err_hint(err, "streams older than Arrow 0.15 are not supported: write it again");
		return BN_ECORRUPT;
	}
	if (b->meta_bytes > end - offset)
		return say_cut(b->meta_bytes - (end - offset), offset, err);
	bn_fb fb = {base + offset + 8, head[1], false};
	int64_t body = bn_fb_int(bn_fb_root(&fb), MSG_BODY_LENGTH, 8, 0);
	if (fb.bad || body < 0)
		return bn_err_set(err, BN_ECORRUPT, "the message at byte %zu is damaged", offset);
	if ((uint64_t)body > end - offset - b->meta_bytes)
		return say_cut((uint64_t)body - (end - offset - b->meta_bytes), offset, err);
	b->body_bytes = (size_t)body;
	return 0;
}

int bn_arrow_next_message(bn_arrow_message *m, bn_arrow_block *b, const uint8_t *base, size_t end,
	size_t *offset, bn_err *err)
{
	static const uint32_t last[BN_ARROW_END_BYTES / 4] = {BN_ARROW_CONTINUATION, 0};
	int rc;

	if (*offset == end ||
		(end - *offset >= sizeof last && !memcmp(base + *offset, last, sizeof last)))
		return 0;
	if ((rc = measure(b, base, end, *offset, err)) < 0 ||
		(rc = bn_arrow_read_message(m, base, end, b, err)) < 0)
		return rc;
	*offset += b->meta_bytes + (b->body_bytes + 7) / 8 * 8;
	*offset = *offset > end ? end : *offset;
	return 1;
}

/* ---- the body of a record batch ------------------------------------------------------------- */

static int read_codec(bn_arrow_body *out, bn_fb_table records, bn_err *err)
{
	bn_fb_table t = bn_fb_child(records, RECORDS_COMPRESSION);

	out->codec = t.fb ? (int)bn_fb_int(t, COMPRESSION_CODEC, 1, CODEC_LZ4_FRAME) : -1;
	if (!t.fb || records.fb->bad)
		return 0;
	if (out->codec != CODEC_LZ4_FRAME && out->codec != CODEC_ZSTD)
		return bn_err_set(err, BN_EUNSUPPORTED, "its buffers are compressed with codec %d",
			out->codec);
	if (bn_fb_int(t, COMPRESSION_METHOD, 1, 0) != 0)
		return bn_err_set(err, BN_EUNSUPPORTED, "its buffers are compressed together");
	return 0;
}

/* The most bytes that n compressed ones can unpack to: a zstd block has at least 4 bytes and gives 128
 * KiB. */
static uint64_t most_unpacked(int codec, uint64_t n)
{
	return codec == CODEC_ZSTD ? (n / 4 + 1) << 17 : n * 255 + 64;
}

int bn_arrow_body_open(bn_arrow_body *out, const bn_arrow_message *m, bn_fb_table records,
	const bn_arrow_layout *l, bn_err *err)
{
	int64_t n = bn_fb_int(records, RECORDS_LENGTH, 8, 0), views = 0;
	int rc;

	*out = (bn_arrow_body){.m = m};
	out->nodes = bn_fb_list(records, RECORDS_NODES, 16);
	out->buffers = bn_fb_list(records, RECORDS_BUFFERS, 16);
	out->variadic = bn_fb_list(records, RECORDS_VARIADIC, 8);
	if (!records.fb)
		return bn_err_set(err, BN_ECORRUPT, "its record batch is damaged");
	if ((rc = read_codec(out, records, err)) < 0)
		return rc;
	for (size_t i = 0; i < l->views && i < out->variadic.count; i++) {
		int64_t more = bn_fb_list_i64(out->variadic, i, 8, 0);
		if (more < 0 || __builtin_add_overflow(views, more, &views))
			return bn_err_set(err, BN_ECORRUPT, "it claims %lld buffers of a view",
				(long long)more);
	}
	if (m->fb.bad || out->nodes.count != l->nodes || out->variadic.count < l->views ||
		out->buffers.count != l->buffers + (uint64_t)views || n < 0)
		return bn_err_set(err, BN_ECORRUPT,
			"it has %zu columns and %zu buffers, the schema %zu and %llu",
			out->nodes.count, out->buffers.count, l->nodes,
			(unsigned long long)l->buffers + (unsigned long long)views);
	uint64_t bytes = m->body_bytes < 1 << 17 ? 1 << 17 : m->body_bytes;
	if (out->codec >= 0)
		bytes = most_unpacked(out->codec, bytes);
	if (l->only_nulls)
		bytes = BN_ARROW_NOTHING_MAX / 8;
	if (n > INT32_MAX || (uint64_t)n / 8 > bytes)
		return bn_err_set(err, BN_ECORRUPT, "it claims %lld rows", (long long)n);
	out->rows = (size_t)n;
	return 0;
}

int bn_arrow_body_node(size_t *rows, size_t *nulls, const bn_arrow_body *b,
	const bn_arrow_place *place, bn_err *err)
{
	int64_t n = bn_fb_list_i64(b->nodes, place->node, 16, 0);
	int64_t absent = bn_fb_list_i64(b->nodes, place->node, 16, 8);

	if (n < 0 || n > INT32_MAX)
		return bn_err_set(err, BN_ECORRUPT, "it claims %lld values", (long long)n);
	if (absent < 0 || absent > n)
		return bn_err_set(err, BN_ECORRUPT, "%lld of %lld values are absent",
			(long long)absent, (long long)n);
	*rows = (size_t)n;
	*nulls = (size_t)absent;
	return 0;
}

static int unpack(bn_arrow_buffer *out, int codec, const uint8_t *packed, size_t n, size_t bytes,
	bn_arena *arena, bn_err *err)
{
	uint8_t *to = bn_arena_alloc(arena, bytes + 1);
	size_t made = bytes, read = n;
	bool fine;

	if (!to)
		return bn_err_nomem(err, "an unpacked column");
	if (codec == CODEC_ZSTD) {
		made = ZSTD_decompress(to, bytes, packed, n);
		fine = !ZSTD_isError(made) && made == bytes;
	} else {
		LZ4F_dctx *context = NULL;
		if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
			return bn_err_nomem(err, "unpacking a column");
		fine = LZ4F_decompress(context, to, &made, packed, &read, NULL) == 0 &&
		       made == bytes && read == n;
		LZ4F_freeDecompressionContext(context);
	}
	if (!fine)
		return bn_err_set(err, BN_ECORRUPT, "%zu bytes of %s do not unpack to %zu", n,
			codec == CODEC_ZSTD ? "zstd" : "LZ4", bytes);
	*out = (bn_arrow_buffer){to, bytes};
	return 0;
}

/* How many buffers the first n views have more. */
static size_t views_before(bn_arrow_body *b, size_t n)
{
	if (n < b->views_passed)
		b->views_passed = b->views_sum = 0;
	for (; b->views_passed < n; b->views_passed++)
		b->views_sum += (size_t)bn_fb_list_i64(b->variadic, b->views_passed, 8, 0);
	return b->views_sum;
}

int bn_arrow_body_views(
	size_t *out, const bn_arrow_body *b, const bn_arrow_place *place, bn_err *err)
{
	if (place->views >= b->variadic.count)
		return bn_err_set(err, BN_ECORRUPT, "it does not say how many buffers a view has");
	*out = (size_t)bn_fb_list_i64(b->variadic, place->views, 8, 0);
	return 0;
}

int bn_arrow_body_buffer(bn_arrow_buffer *out, bn_arrow_body *b, const bn_arrow_place *place,
	size_t i, bn_arena *arena, bn_err *err)
{
	size_t at = place->first_buffer + views_before(b, place->views) + i;
	int64_t offset = bn_fb_list_i64(b->buffers, at, 16, 0);
	int64_t bytes = bn_fb_list_i64(b->buffers, at, 16, 8), unpacked;

	if (at >= b->buffers.count || offset < 0 || bytes < 0 ||
		(uint64_t)offset > b->m->body_bytes ||
		(uint64_t)bytes > b->m->body_bytes - (uint64_t)offset)
		return bn_err_set(err, BN_ECORRUPT, "buffer %zu is outside of its body", at);
	if (offset % 8 && bytes)
		return bn_err_set(err, BN_ECORRUPT, "buffer %zu is not aligned to 8 bytes", at);
	const uint8_t *data = b->m->body + offset;
	size_t n = (size_t)bytes;
	*out = (bn_arrow_buffer){n ? data : NULL, n};
	if (b->codec < 0 || !n)
		return 0;
	if (n < sizeof unpacked)
		return bn_err_set(
			err, BN_ECORRUPT, "buffer %zu is compressed and has no length", at);
	memcpy(&unpacked, data, sizeof unpacked);
	data += sizeof unpacked;
	n -= sizeof unpacked;
	*out = (bn_arrow_buffer){n ? data : NULL, n};
	if (unpacked == -1)
		return 0;
	if (unpacked < 0 || (uint64_t)unpacked > most_unpacked(b->codec, n))
		return bn_err_set(err, BN_ECORRUPT,
			"buffer %zu claims to be %lld bytes, compressed to %zu", at,
			(long long)unpacked, n);
	if (unpacked == 0) {
		*out = (bn_arrow_buffer){NULL, 0};
		return 0;
	}
	return unpack(out, b->codec, data, n, (size_t)unpacked, arena, err);
}
