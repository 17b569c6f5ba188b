/* _flatbuf.c - see _flatbuf.h. */
#include "core/table/_flatbuf.h"

#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static bool fb_in(bn_fb *fb, size_t pos, size_t n)
{
	if (pos <= fb->size && n <= fb->size - pos)
		return true;
	fb->bad = true;
	return false;
}

static int64_t load(const bn_fb *fb, size_t pos, size_t width)
{
	int8_t x1;
	int16_t x2;
	int32_t x4;
	int64_t x8;

	switch (width) {
	case 1:
		memcpy(&x1, fb->base + pos, 1);
		return x1;
	case 2:
		memcpy(&x2, fb->base + pos, 2);
		return x2;
	case 4:
		memcpy(&x4, fb->base + pos, 4);
		return x4;
	default:
		memcpy(&x8, fb->base + pos, 8);
		return x8;
	}
}

static uint32_t load_u32(const bn_fb *fb, size_t pos)
{
	return (uint32_t)load(fb, pos, 4);
}

static bn_fb_table table_at(bn_fb *fb, size_t pos)
{
	const bn_fb_table none = {NULL, 0, 0, 0, 0};
	bn_fb_table t = {fb, pos, 0, 0, 0};

	if (!fb_in(fb, pos, 4))
		return none;
	int64_t vtable = (int64_t)pos - load(fb, pos, 4);
	if (vtable < 0 || !fb_in(fb, (size_t)vtable, 4)) {
		fb->bad = true;
		return none;
	}
	t.vtable = (size_t)vtable;
	t.vtable_size = (uint16_t)load(fb, t.vtable, 2);
	t.table_size = (uint16_t)load(fb, t.vtable + 2, 2);
	if (t.vtable_size < 4 || t.table_size < 4 || !fb_in(fb, t.vtable, t.vtable_size) ||
		!fb_in(fb, pos, t.table_size)) {
		fb->bad = true;
		return none;
	}
	return t;
}

bn_fb_table bn_fb_root(bn_fb *fb)
{
	if (!fb_in(fb, 0, 4))
		return (bn_fb_table){NULL, 0, 0, 0, 0};
	return table_at(fb, load_u32(fb, 0));
}

/* The position of a field, or 0 if it is absent. */
static size_t field_at(bn_fb_table t, int field, size_t width)
{
	size_t slot = 4 + 2 * (size_t)field;

	if (!t.fb || slot + 2 > t.vtable_size)
		return 0;
	size_t at = (uint16_t)load(t.fb, t.vtable + slot, 2);
	if (!at)
		return 0;
	if (at < 4 || at + width > t.table_size) {
		t.fb->bad = true;
		return 0;
	}
	return t.pos + at;
}

int64_t bn_fb_int(bn_fb_table t, int field, size_t width, int64_t fallback)
{
	size_t at = field_at(t, field, width);

	return at ? load(t.fb, at, width) : fallback;
}

/* The position that a reference field points to, or 0. */
static size_t follow(bn_fb_table t, int field)
{
	size_t at = field_at(t, field, 4);

	if (!at)
		return 0;
	size_t to = at + load_u32(t.fb, at);
	return fb_in(t.fb, to, 4) ? to : 0;
}

bn_fb_table bn_fb_child(bn_fb_table t, int field)
{
	size_t at = follow(t, field);

	return at ? table_at(t.fb, at) : (bn_fb_table){NULL, 0, 0, 0, 0};
}

bool bn_fb_string(bn_fb_table t, int field, const char **s, size_t *n)
{
	size_t at = follow(t, field);

	if (!at)
		return false;
	size_t len = load_u32(t.fb, at);
	if (!fb_in(t.fb, at + 4, len))
		return false;
	*s = (const char *)t.fb->base + at + 4;
	*n = len;
	return true;
}

bn_fb_vector bn_fb_list(bn_fb_table t, int field, size_t element_bytes)
{
	bn_fb_vector v = {t.fb, 0, 0};
	size_t at = follow(t, field);

	if (!at)
		return v;
	size_t count = load_u32(t.fb, at);
	if (!fb_in(t.fb, at + 4, count * element_bytes))
		return v;
	v.pos = at + 4;
	v.count = count;
	return v;
}

bn_fb_table bn_fb_list_table(bn_fb_vector v, size_t i)
{
	size_t at = v.pos + 4 * i;

	return table_at(v.fb, at + load_u32(v.fb, at));
}

int64_t bn_fb_list_i64(bn_fb_vector v, size_t i, size_t element_bytes, size_t at)
{
	return load(v.fb, v.pos + i * element_bytes + at, 8);
}

int32_t bn_fb_list_i32(bn_fb_vector v, size_t i, size_t element_bytes, size_t at)
{
	return (int32_t)load(v.fb, v.pos + i * element_bytes + at, 4);
}

/* ---- writing -------------------------------------------------------------------------------- */

void bn_fbw_pad(bn_buf *b, size_t alignment)
{
	static const char zeros[64];
	size_t over = b->len % alignment;

	if (over)
		bn_buf_add(b, zeros, alignment - over);
}

void bn_fbw_i64(bn_buf *b, int64_t x)
{
	bn_buf_add(b, &x, sizeof x);
}

static void add_u32(bn_buf *b, size_t x)
{
	uint32_t u = (uint32_t)x;

	bn_buf_add(b, &u, sizeof u);
}

size_t bn_fbw_table(bn_buf *b, const bn_fbw_field *fields, size_t n, size_t *slots)
{
	uint16_t vtable[2 + BN_FBW_MAX_FIELDS] = {0};
	size_t at[BN_FBW_MAX_FIELDS] = {0};
	size_t size = 4;

	for (size_t i = 0; i < n; i++) {
		size_t bytes = fields[i].bytes;
		if (!bytes)
			continue;
		size = (size + bytes - 1) / bytes * bytes;
		at[i] = size;
		vtable[2 + i] = (uint16_t)size;
		size += bytes;
	}
	vtable[0] = (uint16_t)(4 + 2 * n);
	vtable[1] = (uint16_t)size;

	/* The table begins at a multiple of 8, the vtable right before it. */
	while ((b->len + vtable[0]) % 8 && !b->failed)
		bn_buf_addch(b, 0);
	bn_buf_add(b, vtable, vtable[0]);
	size_t pos = b->len;
	char body[4 + 8 * (BN_FBW_MAX_FIELDS + 1)] = {0};
	int32_t back = vtable[0];
	memcpy(body, &back, 4);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].bytes)
			memcpy(body + at[i], &fields[i].value, fields[i].bytes);
		if (slots)
			slots[i] = pos + at[i];
	}
	bn_buf_add(b, body, size);
	return pos;
}

void bn_fbw_refer(bn_buf *b, size_t slot, size_t target)
{
	uint32_t distance = (uint32_t)(target - slot);

	if (!b->failed)
		memcpy(b->ptr + slot, &distance, sizeof distance);
}

size_t bn_fbw_string(bn_buf *b, const char *s)
{
	size_t n = strlen(s);

	bn_fbw_pad(b, 4);
	size_t pos = b->len;
	add_u32(b, n);
	bn_buf_add(b, s, n + 1);
	return pos;
}

size_t bn_fbw_refs(bn_buf *b, size_t count, size_t *first)
{
	bn_fbw_pad(b, 4);
	size_t pos = b->len;
	add_u32(b, count);
	*first = b->len;
	for (size_t i = 0; i < count; i++)
		add_u32(b, 0);
	return pos;
}

size_t bn_fbw_structs(bn_buf *b, size_t count)
{
	bn_fbw_pad(b, 4);
	if ((b->len + 4) % 8)
		add_u32(b, 0);
	size_t pos = b->len;
	add_u32(b, count);
	return pos;
}
