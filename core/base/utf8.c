/*
 * utf8.c - see utf8.h. Widths follow the blocks of Unicode's East Asian Width (W and F), and marks (_utf8_marks.h);
 * the terminal's own table may differ for rare scripts.
 */
#include "core/base/utf8.h"

#include "core/base/_utf8_marks.h"

#include <string.h>

/* Length of the sequence that c begins; 0 if it begins none. */
static size_t lead_length(uint32_t c)
{
	if (c >= 0xf8)
		return 0;
	if (c >= 0xf0)
		return 4;
	if (c >= 0xe0)
		return 3;
	return c >= 0xc0 ? 2 : 0;
}

size_t bn_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = u[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	size_t len = lead_length(c);
	*cp = BN_UTF8_BAD;
	if (!len || len > n)
		return 1;
	uint32_t v = c & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (u[i] & 0x3fu);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 1;
	*cp = v;
	return len;
}

size_t bn_utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	size_t len = 4;
	if (cp < 0x800)
		len = 2;
	else if (cp < 0x10000)
		len = 3;
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (cp & 0x3f));
		cp >>= 6;
	}
	static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(lead[len] | cp);
	return len;
}

size_t bn_utf8_tail(const char *s, size_t n)
{
	for (size_t k = 1; k <= 3 && k <= n; k++) {
		unsigned char c = (unsigned char)s[n - k];
		if ((c & 0xc0) != 0x80)
			return lead_length(c) > k ? k : 0;
	}
	return 0;
}

bool bn_utf8_is_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		if ((unsigned char)s[i] < 0x80) {
			i++;
			continue;
		}
		uint32_t cp;
		i += bn_utf8_decode(s + i, n - i, &cp);
		if (cp == BN_UTF8_BAD)
			return false;
	}
	return true;
}

/* Default ignorable characters; format characters for direction, joining and annotation; line and paragraph
 * separators. */
static const bn_utf8_range hidden[] = {{0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c},
	{0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
	{0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
	{0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

static bool range_has(const bn_utf8_range *r, size_t n, uint32_t cp)
{
	size_t lo = 0;
	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;
		if (cp > r[mid].hi)
			lo = mid + 1;
		else if (cp < r[mid].lo)
			n = mid;
		else
			return true;
	}
	return false;
}

bool bn_utf8_is_shown(uint32_t cp)
{
	if (cp < 0xa0)
		return cp >= 0x20 && cp < 0x7f;
	if (cp > 0x10ffff || (cp & 0xfffe) == 0xfffe || (cp >= 0xfdd0 && cp <= 0xfdef) ||
		(cp >= 0xd800 && cp <= 0xdfff))
		return false;
	return !range_has(hidden, sizeof hidden / sizeof *hidden, cp);
}

static const bn_utf8_range double_width[] = {{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a},
	{0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615},
	{0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab},
	{0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x26ea, 0x26ea},
	{0x26f2, 0x26f3}, {0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705},
	{0x270a, 0x270b}, {0x2728, 0x2728}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755},
	{0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c},
	{0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},
	{0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	{0xfe10, 0xfe19}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x18aff},
	{0x1b000, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
	{0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
	{0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
	{0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
	{0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f595, 0x1f596},
	{0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc},
	{0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df}, {0x1f6eb, 0x1f6ec},
	{0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945},
	{0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd}};

int bn_utf8_char_width(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7f)
		return 1;
	if (range_has(bn_utf8_marks, sizeof bn_utf8_marks / sizeof *bn_utf8_marks, cp))
		return 0;
	if (!bn_utf8_is_shown(cp))
		return 1;
	return range_has(double_width, sizeof double_width / sizeof *double_width, cp) ? 2 : 1;
}

/* Length in bytes of the first character of s[0..n); its columns in *width. */
static size_t char_length(const char *s, size_t n, size_t *width)
{
	uint32_t cp;
	size_t len = bn_utf8_decode(s, n, &cp);
	*width = cp == BN_UTF8_BAD ? 1 : (size_t)bn_utf8_char_width(cp);
	return len;
}

size_t bn_utf8_width(const char *s)
{
	size_t n = strlen(s), columns = 0, w;
	for (size_t i = 0; i < n; columns += w)
		i += char_length(s + i, n - i, &w);
	return columns;
}

size_t bn_utf8_head(const char *s, size_t n, size_t columns)
{
	size_t i = 0, used = 0, w;
	while (i < n) {
		size_t len = char_length(s + i, n - i, &w);
		if (used + w > columns)
			break;
		used += w;
		i += len;
	}
	return i;
}

size_t bn_utf8_end(const char *s, size_t n, size_t columns)
{
	size_t i = 0, rest = 0, w;
	for (size_t k = 0; k < n; rest += w)
		k += char_length(s + k, n - k, &w);
	while (i < n) {
		size_t len = char_length(s + i, n - i, &w);
		if (rest <= columns && w > 0) /* a combining mark belongs to its base */
			break;
		rest -= w;
		i += len;
	}
	return n - i;
}
