/* eval_text.c - texts; see _vector.h. Results are in the vector's arena. Case is ASCII only, as in SQLite. */
#include "core/table/expr/_vector.h"
#include "core/table/expr/like.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- patterns ------------------------------------------------------------------------------- */

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool bn_text_has(bn_text a, bn_text b)
{
	for (size_t i = 0; i + b.len <= a.len; i++) {
		size_t k = 0;
		while (k < b.len && folded(a.ptr[i + k]) == folded(b.ptr[k]))
			k++;
		if (k == b.len)
			return true;
	}
	return false;
}

/* ---- making texts --------------------------------------------------------------------------- */

static char *room(bn_eval *x, size_t n)
{
	char *s = bn_arena_alloc(x->texts, n + 1);
	x->no_memory = x->no_memory || !s;
	return s;
}

static bn_text kept(bn_eval *x, const char *s, size_t n)
{
	char *to = room(x, n);
	if (to && n)
		memcpy(to, s, n);
	return (bn_text){to ? to : "", to ? n : 0};
}

#define TEXT1(NAME, value) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		bn_strict1(out, a[0]); \
		for (size_t i = 0; i < x->rows; i++) \
			if (!out->state[i]) \
				out->s[i] = (value); \
	}

static bn_text recased(bn_eval *x, bn_text t, char from, char to, int by)
{
	bn_text made = kept(x, t.ptr, t.len);
	char *s = (char *)(uintptr_t)made.ptr;
	for (size_t i = 0; i < made.len; i++)
		if (s[i] >= from && s[i] <= to)
			s[i] = (char)(s[i] + by);
	return made;
}

static bn_text trimmed(bn_text t)
{
	while (t.len && t.ptr[0] == ' ') {
		t.ptr++;
		t.len--;
	}
	while (t.len && t.ptr[t.len - 1] == ' ')
		t.len--;
	return t;
}

static bn_text int_text(bn_eval *x, int64_t i)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%" PRId64, i);
	return kept(x, text, (size_t)n);
}

static bn_text real_text(bn_eval *x, double r)
{
	char text[BN_FMT];
	if (r - r != 0)
		return (bn_text){r < 0 ? "-inf" : "inf", r < 0 ? 4 : 3};
	const char *s = bn_fmt_f64(r, text);
	return kept(x, s, strlen(s));
}

static bn_text time_text(bn_eval *x, int64_t ns)
{
	char text[BN_TIMESTAMP_TEXT];
	const char *s = bn_timestamp_iso(ns, text);
	return kept(x, s, strlen(s));
}

static bn_text bool_text(bool b)
{
	return b ? (bn_text){"true", 4} : (bn_text){"false", 5};
}

TEXT1(LOWER, recased(x, a[0]->s[i], 'A', 'Z', 32))
TEXT1(UPPER, recased(x, a[0]->s[i], 'a', 'z', -32))
TEXT1(TRIM, trimmed(a[0]->s[i]))
TEXT1(TEXT_B, bool_text(a[0]->b[i]))
TEXT1(TEXT_I, int_text(x, a[0]->i[i]))
TEXT1(TEXT_R, real_text(x, a[0]->r[i]))
TEXT1(TEXT_S, a[0]->s[i])
TEXT1(TEXT_T, time_text(x, a[0]->i[i]))

static void eval_CONCAT(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict2(out, a[0], a[1]);
	for (size_t i = 0; i < x->rows; i++) {
		if (out->state[i])
			continue;
		bn_text p = a[0]->s[i], q = a[1]->s[i];
		char *s = room(x, p.len + q.len);
		if (s && p.len)
			memcpy(s, p.ptr, p.len);
		if (s && q.len)
			memcpy(s + p.len, q.ptr, q.len);
		out->s[i] = (bn_text){s ? s : "", s ? p.len + q.len : 0};
	}
}

/* ---- parts of texts ------------------------------------------------------------------------- */

static int64_t char_count(bn_text t)
{
	int64_t n = 0;
	for (size_t i = 0; i < t.len; i++)
		n += ((unsigned char)t.ptr[i] & 0xc0) != 0x80;
	return n;
}

static int64_t clamped(int64_t x)
{
	const int64_t most = (int64_t)1 << 40;
	if (x > most)
		return most;
	return x < -most ? -most : x;
}

/* As in SQLite: characters, from 1 on; from < 0 counts from the end, n < 0 takes those before. */
static bn_text part_of(bn_text t, int64_t from, int64_t n)
{
	bool before = n < 0;
	from = clamped(from);
	n = clamped(before ? -clamped(n) : n);
	if (from < 0) {
		from += char_count(t);
		if (from < 0) {
			n = n + from < 0 ? 0 : n + from;
			from = 0;
		}
	} else if (from > 0) {
		from--;
	} else if (n > 0) {
		n--;
	}
	if (before) {
		from -= n;
		if (from < 0) {
			n += from;
			from = 0;
		}
	}
	size_t at = 0;
	for (; from > 0 && at < t.len; from--)
		at += bn_char_bytes(t.ptr + at, t.len - at);
	size_t end = at;
	for (; n > 0 && end < t.len; n--)
		end += bn_char_bytes(t.ptr + end, t.len - end);
	return (bn_text){t.ptr + at, end - at};
}

static void eval_SUBSTR(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict2(out, a[0], a[1]);
	bn_strict2(out, out, a[2]);
	for (size_t i = 0; i < x->rows; i++)
		if (!out->state[i])
			out->s[i] = part_of(a[0]->s[i], a[1]->i[i], a[2]->i[i]);
}

static void eval_LENGTH(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict1(out, a[0]);
	for (size_t i = 0; i < x->rows; i++)
		out->i[i] = out->state[i] ? 0 : char_count(a[0]->s[i]);
}

static bool begins(bn_text t, bn_text with)
{
	return t.len >= with.len && (!with.len || !memcmp(t.ptr, with.ptr, with.len));
}

static void eval_STARTS(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict2(out, a[0], a[1]);
	for (size_t i = 0; i < x->rows; i++)
		out->b[i] = !out->state[i] && begins(a[0]->s[i], a[1]->s[i]);
}

static void eval_ENDS(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict2(out, a[0], a[1]);
	for (size_t i = 0; i < x->rows; i++) {
		bn_text t = out->state[i] ? (bn_text){"", 0} : a[0]->s[i], with = a[1]->s[i];
		out->b[i] = !out->state[i] && t.len >= with.len &&
			    begins((bn_text){t.ptr + t.len - with.len, with.len}, with);
	}
}

#define ROW(ID, name, arguments, result, bounds, sql) [BN_OP_##ID] = eval_##ID,
const bn_eval_fn bn_eval_texts[BN_OP_COUNT] = {BN_EXPR_TEXTS(ROW)};
