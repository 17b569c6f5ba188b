/* event_file.c - see event_file.h. */
#include "core/exchange/event_file.h"

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/exchange/protobuf.h"

#include <math.h>
#include <string.h>

enum { HEAD = 12, TAIL = 4 };

/* ---- records ---------------------------------------------------------------------------------- */

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t x = 0;
	for (int i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static uint32_t u32_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool crc_is(const uint8_t *bytes, size_t n, uint32_t masked)
{
	uint32_t crc = bn_crc32c(0, bytes, n);
	return ((crc >> 15) | (crc << 17)) + 0xa282ead8u == masked;
}

/* ---- tensors ------------------------------------------------------------------------------------ */

enum {
	DT_FLOAT = 1,
	DT_DOUBLE = 2,
	DT_INT32 = 3,
	DT_INT64 = 9,
	DT_BOOL = 10,
	DT_BFLOAT16 = 14,
	DT_HALF = 19
};

static float half_value(uint32_t h)
{
	uint32_t sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31, fraction = h & 1023;
	if (exponent == 31)
		return bn_pb_float(sign | 0x7f800000u | fraction << 13);
	float magnitude = exponent ? ldexpf((float)(fraction | 1024), (int)exponent - 25)
				   : ldexpf((float)fraction, -24);
	return sign ? -magnitude : magnitude;
}

/* The single number of little-endian content. */
static bool content_value(uint64_t dtype, bn_pb content, double *out)
{
	static const uint8_t sizes[20] = {[DT_FLOAT] = 4,
		[DT_DOUBLE] = 8,
		[DT_INT32] = 4,
		[DT_INT64] = 8,
		[DT_BOOL] = 1,
		[DT_BFLOAT16] = 2,
		[DT_HALF] = 2};
	size_t n = bn_pb_length(content);
	uint64_t bits = 0;
	if (dtype >= sizeof sizes || !sizes[dtype] || n != sizes[dtype])
		return false;
	for (size_t i = 0; i < n; i++)
		bits |= (uint64_t)content.at[i] << (8 * i);
	switch (dtype) {
	case DT_FLOAT:
		*out = (double)bn_pb_float((uint32_t)bits);
		break;
	case DT_DOUBLE:
		*out = bn_pb_double(bits);
		break;
	case DT_INT32:
		*out = (double)(int32_t)(uint32_t)bits;
		break;
	case DT_INT64:
		*out = (double)(int64_t)bits;
		break;
	case DT_BFLOAT16:
		*out = (double)bn_pb_float((uint32_t)bits << 16);
		break;
	case DT_HALF:
		*out = (double)half_value((uint32_t)bits);
		break;
	default:
		*out = (double)bits;
	}
	return true;
}

/* One element of a repeated field of numbers, packed or not. false: none, or more than one. */
static bool element(const bn_pb_field *f, uint64_t dtype, double *out)
{
	bn_pb packed = f->bytes;
	uint64_t x = f->value;
	if (f->wire == BN_PB_BYTES) {
		if (f->number == 5 || f->number == 6)
			return content_value(f->number == 5 ? DT_FLOAT : DT_DOUBLE, packed, out);
		if (!bn_pb_varint(&packed, &x) || packed.at != packed.end)
			return false;
	}
	switch (f->number) {
	case 5:
		*out = (double)bn_pb_float((uint32_t)x);
		break;
	case 6:
		*out = bn_pb_double(x);
		break;
	case 13:
		*out = dtype == DT_BFLOAT16 ? (double)bn_pb_float((uint32_t)x << 16)
					    : (double)half_value((uint32_t)x);
		break;
	default:
		*out = (double)(int64_t)x;
	}
	return true;
}

/* 1: a tensor of one number, 0: another one, -1: malformed. */
static int tensor_value(bn_pb tensor, double *out)
{
	bn_pb_field f;
	uint64_t dtype = 0;
	int rc, found = 0;
	for (bn_pb m = tensor; (rc = bn_pb_next(&m, &f)) > 0;)
		if (bn_pb_is(&f, 1, BN_PB_VARINT))
			dtype = f.value;
	if (rc < 0)
		return -1;
	for (bn_pb m = tensor; bn_pb_next(&m, &f) > 0;) {
		bool numbers = f.number == 5 || f.number == 6 || f.number == 7 || f.number == 10 ||
			       f.number == 11 || f.number == 13;
		if (bn_pb_is(&f, 4, BN_PB_BYTES) && bn_pb_length(f.bytes))
			found += content_value(dtype, f.bytes, out) ? 1 : 2;
		else if (numbers && (f.wire != BN_PB_BYTES || bn_pb_length(f.bytes)))
			found += element(&f, dtype, out) ? 1 : 2;
		else if (f.number == 8) /* texts */
			found += 2;
	}
	return found == 1;
}

/* ---- the hparams plugin --------------------------------------------------------------------------- */

/* google.protobuf.Value as text. */
static json_t *value_text(bn_pb value)
{
	bn_pb_field f;
	char number[BN_FMT];
	json_t *out = NULL;
	while (bn_pb_next(&value, &f) > 0) {
		json_decref(out);
		out = NULL;
		if (bn_pb_is(&f, 2, BN_PB_FIXED64)) {
			double x = bn_pb_double(f.value);
			out = json_string(isnan(x) ? "nan" : bn_fmt_f64(x, number));
		} else if (bn_pb_is(&f, 3, BN_PB_BYTES)) {
			out = json_stringn((const char *)f.bytes.at, bn_pb_length(f.bytes));
		} else if (bn_pb_is(&f, 4, BN_PB_VARINT)) {
			out = json_string(f.value ? "true" : "false");
		}
	}
	return out;
}

static void add_param(json_t *params, bn_pb entry)
{
	char key[BN_EVENT_TAG_MAX] = "";
	bn_pb_field f;
	json_t *value = NULL;
	while (bn_pb_next(&entry, &f) > 0) {
		if (bn_pb_is(&f, 1, BN_PB_BYTES) && !bn_pb_text(key, sizeof key, f.bytes))
			key[0] = '\0';
		if (bn_pb_is(&f, 2, BN_PB_BYTES)) {
			json_decref(value);
			value = value_text(f.bytes);
		}
	}
	if (*key && value)
		json_object_set(params, key, value);
	json_decref(value);
}

static int64_t ms_of(uint64_t bits)
{
	double s = bn_pb_double(bits);
	return s > 0 && s < 1e12 ? (int64_t)(s * 1000) : -1;
}

static void read_start(bn_event_session *s, bn_pb info)
{
	bn_pb_field f;
	if (!s->params)
		s->params = json_object();
	while (bn_pb_next(&info, &f) > 0) {
		if (bn_pb_is(&f, 1, BN_PB_BYTES))
			add_param(s->params, f.bytes);
		if (bn_pb_is(&f, 5, BN_PB_FIXED64))
			s->start_ms = ms_of(f.value);
	}
}

static void read_end(bn_event_session *s, bn_pb info)
{
	static const char *const statuses[] = {NULL, "FINISHED", "FAILED", "RUNNING"};
	bn_pb_field f;
	while (bn_pb_next(&info, &f) > 0) {
		if (bn_pb_is(&f, 1, BN_PB_VARINT) && f.value < 4)
			s->status = statuses[f.value];
		if (bn_pb_is(&f, 2, BN_PB_FIXED64))
			s->end_ms = ms_of(f.value);
	}
}

static int read_hparams(bn_pb content, const bn_event_sink *sink, bn_err *err)
{
	bn_event_session s = {NULL, -1, -1, NULL};
	bn_pb_field f;
	while (bn_pb_next(&content, &f) > 0) {
		if (bn_pb_is(&f, 3, BN_PB_BYTES))
			read_start(&s, f.bytes);
		if (bn_pb_is(&f, 4, BN_PB_BYTES))
			read_end(&s, f.bytes);
	}
	int rc = sink->session(sink->user, &s, err);
	json_decref(s.params);
	return rc;
}

/* ---- events --------------------------------------------------------------------------------------- */

typedef struct value_parts {
	char tag[BN_EVENT_TAG_MAX], plugin[64];
	bn_pb content; /* of the plugin */
	const char *what;
	bool is_scalar;
	double value;
} value_parts;

static bool read_metadata(value_parts *p, bn_pb metadata)
{
	bn_pb_field f, g;
	int rc;
	while ((rc = bn_pb_next(&metadata, &f)) > 0) {
		if (!bn_pb_is(&f, 1, BN_PB_BYTES))
			continue;
		while ((rc = bn_pb_next(&f.bytes, &g)) > 0) {
			if (bn_pb_is(&g, 1, BN_PB_BYTES) &&
				!bn_pb_text(p->plugin, sizeof p->plugin, g.bytes))
				p->plugin[0] = '\0';
			if (bn_pb_is(&g, 2, BN_PB_BYTES))
				p->content = g.bytes;
		}
		if (rc < 0)
			return false;
	}
	return rc == 0;
}

static bool read_parts(value_parts *p, bn_pb value)
{
	bn_pb_field f;
	int rc, tensor;
	*p = (value_parts){.what = "value"};
	while ((rc = bn_pb_next(&value, &f)) > 0) {
		if (bn_pb_is(&f, 1, BN_PB_BYTES) && !bn_pb_text(p->tag, sizeof p->tag, f.bytes))
			p->tag[0] = '\0';
		if (bn_pb_is(&f, 2, BN_PB_FIXED32)) {
			p->is_scalar = true;
			p->value = (double)bn_pb_float((uint32_t)f.value);
		}
		if (f.number == 3 || f.number == 5)
			p->what = "histogram";
		if (f.number == 4)
			p->what = "image";
		if (f.number == 6)
			p->what = "audio";
		if (bn_pb_is(&f, 8, BN_PB_BYTES)) {
			if ((tensor = tensor_value(f.bytes, &p->value)) < 0)
				return false;
			p->is_scalar = tensor;
			p->what = "tensor";
		}
		if (bn_pb_is(&f, 9, BN_PB_BYTES) && !read_metadata(p, f.bytes))
			return false;
	}
	return rc == 0;
}

static int take_value(
	bn_pb value, double wall_time, int64_t step, const bn_event_sink *sink, bn_err *err)
{
	value_parts p;
	if (!read_parts(&p, value))
		return bn_err_set(err, BN_ECORRUPT, "a value is no message of TensorBoard");
	if (!strcmp(p.plugin, "hparams"))
		return read_hparams(p.content, sink, err);
	bool other = p.plugin[0] && strcmp(p.plugin, "scalars") != 0;
	const bn_event_value v = {.kind = p.is_scalar && !other ? BN_EVENT_SCALAR : BN_EVENT_OTHER,
		.tag = p.tag,
		.what = other ? p.plugin : p.what,
		.value = p.value,
		.wall_time = wall_time,
		.step = step};
	return sink->value(sink->user, &v, err);
}

static int take_event(bn_pb event, const bn_event_sink *sink, double *first, bn_err *err)
{
	bn_pb_field f, g;
	double wall_time = 0;
	int64_t step = 0;
	int rc, more;
	for (bn_pb m = event; (more = bn_pb_next(&m, &f)) > 0;) {
		if (bn_pb_is(&f, 1, BN_PB_FIXED64))
			wall_time = bn_pb_double(f.value);
		if (bn_pb_is(&f, 2, BN_PB_VARINT))
			step = (int64_t)f.value;
	}
	if (more < 0)
		return bn_err_set(err, BN_ECORRUPT, "a record is no event of TensorBoard");
	if (first && *first == 0)
		*first = wall_time;
	for (bn_pb m = event; bn_pb_next(&m, &f) > 0;) {
		if (!bn_pb_is(&f, 5, BN_PB_BYTES))
			continue;
		while ((more = bn_pb_next(&f.bytes, &g)) > 0)
			if (bn_pb_is(&g, 1, BN_PB_BYTES) &&
				(rc = take_value(g.bytes, wall_time, step, sink, err)) < 0)
				return rc;
		if (more < 0)
			return bn_err_set(
				err, BN_ECORRUPT, "a summary is no message of TensorBoard");
	}
	return 0;
}

int bn_event_file_feed(size_t *used, const uint8_t *bytes, size_t n, const bn_event_sink *sink,
	double *first_wall_time, bn_err *err)
{
	*used = 0;
	while (n - *used >= HEAD) {
		const uint8_t *p = bytes + *used;
		uint64_t length = u64_at(p);
		int rc;
		if (!crc_is(p, 8, u32_at(p + 8)))
			return bn_err_set(err, BN_ECORRUPT,
				"byte %zu: the checksum of a record's length is wrong", *used);
		if (length > BN_EVENT_RECORD_MAX)
			return bn_err_set(err, BN_ECORRUPT,
				"byte %zu: a record of %llu bytes, at most %u", *used,
				(unsigned long long)length, BN_EVENT_RECORD_MAX);
		if (length + HEAD + TAIL > n - *used)
			return 0; /* not yet whole */
		if (!crc_is(p + HEAD, (size_t)length, u32_at(p + HEAD + length)))
			return bn_err_set(err, BN_ECORRUPT,
				"byte %zu: the checksum of a record is wrong", *used);
		if ((rc = take_event(
			     (bn_pb){p + HEAD, p + HEAD + length}, sink, first_wall_time, err)) < 0)
			return rc;
		*used += HEAD + TAIL + (size_t)length;
	}
	return 0;
}
