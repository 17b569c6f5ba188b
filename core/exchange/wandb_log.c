/* wandb_log.c - see wandb_log.h. */
#include "core/exchange/wandb_log.h"

#include "core/base/json.h"
#include "core/exchange/protobuf.h"

#include <string.h>

enum { FILE_HEAD = 7, BLOCK = 32768, HEAD = 7, WHOLE = 1, FIRST, MIDDLE, LAST };

static const uint8_t MAGIC[FILE_HEAD] = {':', 'W', '&', 'B', 0xe1, 0xbe, 0};

/* CRC-32 of IEEE 802.3, reflected polynomial 0xedb88320, four bits at a time. */
static uint32_t crc_add(uint32_t crc, uint8_t byte)
{
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
		0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	crc = table[(crc ^ byte) & 15] ^ crc >> 4;
	return table[(crc ^ byte >> 4) & 15] ^ crc >> 4;
}

static uint32_t crc32_of(uint8_t type, const uint8_t *bytes, size_t n)
{
	uint32_t crc = crc_add(0xffffffffu, type);
	for (size_t i = 0; i < n; i++)
		crc = crc_add(crc, bytes[i]);
	return ~crc;
}

bool bn_wandb_is(const uint8_t *head, size_t n)
{
	return n >= FILE_HEAD && !memcmp(head, MAGIC, FILE_HEAD);
}

void bn_wandb_reader_init(bn_wandb_reader *r)
{
	*r = (bn_wandb_reader){.rest = BN_BUF_INIT, .record = BN_BUF_INIT};
}

void bn_wandb_reader_release(bn_wandb_reader *r)
{
	bn_buf_release(&r->rest);
	bn_buf_release(&r->record);
}

/* ---- items ------------------------------------------------------------------------------------ */

/* Adds "a.b": a part with a dot is not told apart from two, as in W&B itself. */
static void add_key(bn_buf *key, bn_pb part)
{
	if (key->len)
		bn_buf_addch(key, '.');
	bn_buf_add(key, part.at, bn_pb_length(part));
}

static json_t *text_of(bn_pb text)
{
	return json_stringn((const char *)text.at, bn_pb_length(text));
}

static json_t *json_of(bn_pb text)
{
	bn_err why = BN_ERR_INIT;
	json_t *out = NULL;
	if (bn_json_parse_numbers(&out, (const char *)text.at, bn_pb_length(text), "value", &why) <
		0)
		return text_of(text);
	return out;
}

/* 1: an item, its key in key; -1: malformed or out of memory. *value: new reference or NULL. */
static int read_item(json_t **value, bn_buf *key, bn_pb item)
{
	bn_pb_field f;
	bool nested = false;
	int rc;
	*value = NULL;
	bn_buf_clear(key);
	while ((rc = bn_pb_next(&item, &f)) > 0) {
		json_t *v = NULL;
		if (bn_pb_is(&f, 1, BN_PB_BYTES) && !nested && bn_pb_length(f.bytes)) {
			bn_buf_clear(key);
			add_key(key, f.bytes);
		} else if (bn_pb_is(&f, 2, BN_PB_BYTES)) {
			if (!nested)
				bn_buf_clear(key);
			nested = true;
			add_key(key, f.bytes);
		} else if (bn_pb_is(&f, 16, BN_PB_BYTES) || bn_pb_is(&f, 8, BN_PB_BYTES)) {
			v = json_of(f.bytes);
		} else if (bn_pb_is(&f, 4, BN_PB_VARINT)) {
			v = json_boolean(f.value != 0);
		} else if (bn_pb_is(&f, 5, BN_PB_VARINT)) {
			v = json_integer((json_int_t)f.value);
		} else if (bn_pb_is(&f, 6, BN_PB_FIXED64)) {
			v = bn_json_number(bn_pb_double(f.value));
		} else if (bn_pb_is(&f, 7, BN_PB_BYTES)) {
			v = text_of(f.bytes);
		}
		if (v) {
			json_decref(*value);
			*value = v;
		}
	}
	return rc < 0 || key->failed ? -1 : 1;
}

/* Items of field `number` of a message: update or, without values, remove. */
static bool read_items(bn_wandb_record *out, bn_pb message, uint32_t number, uint32_t removed)
{
	bn_buf key = BN_BUF_INIT;
	bn_pb_field f;
	int rc;
	while ((rc = bn_pb_next(&message, &f)) > 0) {
		json_t *value = NULL;
		if (f.wire != BN_PB_BYTES ||
			(f.number != number && (!removed || f.number != removed)))
			continue;
		if ((rc = read_item(&value, &key, f.bytes)) < 0) {
			json_decref(value);
			break;
		}
		if (f.number != number)
			json_array_append_new(out->remove, json_string(key.ptr));
		else if (value)
			json_object_set(out->update, key.ptr, value);
		json_decref(value);
	}
	bn_buf_release(&key);
	return rc == 0;
}

/* ---- records ------------------------------------------------------------------------------------ */

static int64_t timestamp_ms(bn_pb message)
{
	bn_pb_field f;
	uint64_t seconds = 0, nanos = 0;
	while (bn_pb_next(&message, &f) > 0) {
		if (bn_pb_is(&f, 1, BN_PB_VARINT))
			seconds = f.value;
		if (bn_pb_is(&f, 2, BN_PB_VARINT))
			nanos = f.value;
	}
	return seconds && seconds < 1u << 31 && nanos < 1000000000
		       ? (int64_t)seconds * 1000 + (int64_t)nanos / 1000000
		       : -1;
}

static bool read_run(bn_wandb_record *out, bn_pb message)
{
	static const char *const texts[] = {[1] = "run_id",
		[2] = "entity",
		[3] = "project",
		[6] = "run_group",
		[7] = "job_type",
		[8] = "display_name",
		[9] = "notes",
		[12] = "sweep_id",
		[13] = "host"};
	bn_pb_field f;
	int rc;
	while ((rc = bn_pb_next(&message, &f)) > 0) {
		if (f.wire != BN_PB_BYTES)
			continue;
		if (f.number < sizeof texts / sizeof *texts && texts[f.number])
			json_object_set_new(out->run, texts[f.number], text_of(f.bytes));
		else if (f.number == 10)
			json_array_append_new(json_object_get(out->run, "tags"), text_of(f.bytes));
		else if (f.number == 17)
			out->time_ms = timestamp_ms(f.bytes);
		else if (f.number == 4 && !read_items(out, f.bytes, 1, 0))
			return false;
	}
	return rc == 0;
}

static bool read_history(bn_wandb_record *out, bn_pb message)
{
	bn_pb_field f, g;
	int rc;
	if (!read_items(out, message, 1, 0))
		return false;
	while ((rc = bn_pb_next(&message, &f)) > 0)
		if (bn_pb_is(&f, 2, BN_PB_BYTES)) {
			out->step = 0; /* proto3 leaves a zero out */
			while (bn_pb_next(&f.bytes, &g) > 0)
				if (bn_pb_is(&g, 1, BN_PB_VARINT))
					out->step = (int64_t)g.value;
		}
	return rc == 0;
}

static bool read_stats(bn_wandb_record *out, bn_pb message)
{
	bn_pb_field f;
	int rc;
	if (!read_items(out, message, 3, 0))
		return false;
	while ((rc = bn_pb_next(&message, &f)) > 0)
		if (bn_pb_is(&f, 2, BN_PB_BYTES))
			out->time_ms = timestamp_ms(f.bytes);
	return rc == 0;
}

static bool read_exit(bn_wandb_record *out, bn_pb message)
{
	bn_pb_field f;
	int rc;
	while ((rc = bn_pb_next(&message, &f)) > 0)
		if (bn_pb_is(&f, 1, BN_PB_VARINT))
			out->exit_code = (int64_t)f.value;
	return rc == 0;
}

static bool read_kind(bn_wandb_record *out, const bn_pb_field *f)
{
	switch (f->number) {
	case BN_WANDB_RUN:
		return read_run(out, f->bytes);
	case BN_WANDB_HISTORY:
		return read_history(out, f->bytes);
	case BN_WANDB_STATS:
		return read_stats(out, f->bytes);
	case BN_WANDB_EXIT:
		return read_exit(out, f->bytes);
	default:
		return read_items(out, f->bytes, 1, 2);
	}
}

static bool is_kind(const bn_pb_field *f)
{
	return f->wire == BN_PB_BYTES &&
	       (f->number == BN_WANDB_RUN || f->number == BN_WANDB_CONFIG ||
		       f->number == BN_WANDB_HISTORY || f->number == BN_WANDB_SUMMARY ||
		       f->number == BN_WANDB_STATS || f->number == BN_WANDB_EXIT);
}

static int take_record(bn_wandb_reader *r, bn_wandb_each *each, void *user, bn_err *err)
{
	bn_pb message = {
		(const uint8_t *)r->record.ptr, (const uint8_t *)r->record.ptr + r->record.len};
	bn_pb_field f;
	int more, rc = 0;
	while ((more = bn_pb_next(&message, &f)) > 0) {
		bn_wandb_record record = {
			.kind = (bn_wandb_kind)f.number, .step = -1, .time_ms = -1};
		if (!is_kind(&f))
			continue;
		record.run = json_pack("{s[]}", "tags");
		record.update = json_object();
		record.remove = json_array();
		if (!record.run || !record.update || !record.remove)
			rc = bn_err_nomem(err, "a record");
		else if (!read_kind(&record, &f))
			rc = bn_err_set(err, BN_ECORRUPT,
				"byte %llu: a record is no message of W&B",
				(unsigned long long)r->at);
		else
			rc = each(user, &record, err);
		json_decref(record.run);
		json_decref(record.update);
		json_decref(record.remove);
		if (rc < 0)
			return rc;
	}
	if (more < 0)
		return bn_err_set(err, BN_ECORRUPT, "byte %llu: a record is no message of W&B",
			(unsigned long long)r->at);
	return 0;
}

/* ---- fragments ------------------------------------------------------------------------------------ */

static int corrupt(const bn_wandb_reader *r, const char *what, bn_err *err)
{
	return bn_err_set(err, BN_ECORRUPT, "byte %llu: %s", (unsigned long long)r->at, what);
}

static int take_fragment(bn_wandb_reader *r, const uint8_t *p, size_t length, uint8_t type,
	bn_wandb_each *each, void *user, bn_err *err)
{
	uint32_t crc =
		(uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	if (type < WHOLE || type > LAST)
		return corrupt(r, "a fragment of no known type", err);
	if (crc32_of(type, p + HEAD, length) != crc)
		return corrupt(r, "the checksum of a fragment is wrong", err);
	if (r->within != (type == MIDDLE || type == LAST))
		return corrupt(r, "a fragment is out of order", err);
	if (r->record.len + length > BN_WANDB_RECORD_MAX)
		return corrupt(r, "a record above 64 MiB", err);
	bn_buf_add(&r->record, p + HEAD, length);
	r->within = type == FIRST || type == MIDDLE;
	int rc = bn_buf_check(&r->record, err, "a record");
	if (rc < 0 || r->within)
		return rc;
	rc = take_record(r, each, user, err);
	bn_buf_clear(&r->record);
	return rc;
}

/* Takes one thing from the n bytes at p: how many bytes it has, 0 if it is not whole, or the error. */
static int64_t take_one(bn_wandb_reader *r, const uint8_t *p, size_t n, bn_wandb_each *each,
	void *user, bn_err *err)
{
	if (!r->at) {
		if (n < FILE_HEAD)
			return 0;
		return bn_wandb_is(p, n) ? FILE_HEAD
					 : corrupt(r, "it does not begin as a log of W&B", err);
	}
	size_t left = BLOCK - (size_t)(r->at % BLOCK);
	if (left < HEAD)
		return n < left ? 0 : (int64_t)left;
	if (n < HEAD)
		return 0;
	size_t length = (size_t)p[4] | (size_t)p[5] << 8;
	if (length + HEAD > left)
		return corrupt(r, "a fragment is longer than its block", err);
	if (n < length + HEAD)
		return 0;
	int rc = take_fragment(r, p, length, p[6], each, user, err);
	return rc < 0 ? rc : (int64_t)(length + HEAD);
}

int bn_wandb_feed(bn_wandb_reader *r, const void *bytes, size_t n, bn_wandb_each *each, void *user,
	bn_err *err)
{
	size_t used = 0;
	bn_buf_add(&r->rest, bytes, n);
	int rc = bn_buf_check(&r->rest, err, "a log");
	if (rc < 0)
		return rc;
	for (;;) {
		int64_t took = take_one(r, (const uint8_t *)r->rest.ptr + used, r->rest.len - used,
			each, user, err);
		if (took < 0)
			return (int)took;
		if (took == 0)
			break;
		used += (size_t)took;
		r->at += (uint64_t)took;
	}
	memmove(r->rest.ptr, r->rest.ptr + used, r->rest.len - used);
	bn_buf_truncate(&r->rest, r->rest.len - used);
	return 0;
}
