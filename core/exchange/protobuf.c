/* protobuf.c - see protobuf.h. */
#include "core/exchange/protobuf.h"

#include "core/base/utf8.h"

#include <string.h>

bool bn_pb_varint(bn_pb *p, uint64_t *out)
{
	uint64_t x = 0;
	for (int shift = 0; shift < 70 && p->at < p->end; shift += 7) {
		uint8_t byte = *p->at++;
		if (shift == 63 && byte > 1)
			return false;
		x |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = x;
			return true;
		}
	}
	return false;
}

static bool fixed(bn_pb *p, size_t n, uint64_t *out)
{
	uint64_t x = 0;
	if (bn_pb_length(*p) < n)
		return false;
	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)p->at[i] << (8 * i);
	p->at += n;
	*out = x;
	return true;
}

static bool bytes(bn_pb *p, bn_pb *out)
{
	uint64_t n;
	if (!bn_pb_varint(p, &n) || n > bn_pb_length(*p))
		return false;
	*out = (bn_pb){p->at, p->at + n};
	p->at += n;
	return true;
}

int bn_pb_next(bn_pb *p, bn_pb_field *f)
{
	uint64_t tag;
	bool ok;
	*f = (bn_pb_field){0};
	if (p->at == p->end)
		return 0;
	if (!bn_pb_varint(p, &tag) || tag >> 3 == 0 || tag >> 3 >= 1u << 29)
		return -1;
	f->number = (uint32_t)(tag >> 3);
	f->wire = (bn_pb_wire)(tag & 7);
	switch (f->wire) {
	case BN_PB_VARINT:
		ok = bn_pb_varint(p, &f->value);
		break;
	case BN_PB_FIXED64:
		ok = fixed(p, 8, &f->value);
		break;
	case BN_PB_BYTES:
		ok = bytes(p, &f->bytes);
		break;
	case BN_PB_FIXED32:
		ok = fixed(p, 4, &f->value);
		break;
	default: /* groups */
		ok = false;
	}
	return ok ? 1 : -1;
}

bool bn_pb_is(const bn_pb_field *f, uint32_t number, bn_pb_wire wire)
{
	return f->number == number && f->wire == wire;
}

double bn_pb_double(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

float bn_pb_float(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

bool bn_pb_text(char *out, size_t size, bn_pb text)
{
	size_t n = bn_pb_length(text);
	if (n >= size || (n && memchr(text.at, '\0', n)) ||
		!bn_utf8_is_valid((const char *)text.at, n))
		return false;
	if (n)
		memcpy(out, text.at, n);
	out[n] = '\0';
	return true;
}
