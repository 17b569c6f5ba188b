/*
 * manifest_text.c - text bounds for the statistics of a manifest: short, valid UTF-8, and never on
 * the wrong side. Text is ordered by bytes, which for UTF-8 is the order of code points.
 */
#include "core/store/object/manifest.h"

#include <string.h>

/* Bytes of text that fit, truncated before a NUL (not allowed in JSON here) and at a character. */
static size_t cut(const char *text, size_t n)
{
	const char *nul = n ? memchr(text, '\0', n) : NULL;
	size_t end = nul ? (size_t)(nul - text) : n;
	if (end <= BN_MANIFEST_STAT_TEXT)
		return end;
	end = BN_MANIFEST_STAT_TEXT;
	while (end && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	return end;
}

json_t *bn_manifest_text_min(const char *text, size_t n)
{
	return json_stringn(text, cut(text, n));
}

static uint32_t decode(const unsigned char *s, size_t n)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = s[0] & masks[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

static size_t encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = 4;
	if (c < 0x800)
		n = 2;
	else if (c < 0x10000)
		n = 3;
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(leads[n] | c);
	return n;
}

json_t *bn_manifest_text_max(const char *text, size_t n)
{
	char bound[BN_MANIFEST_STAT_TEXT + 4];
	size_t end = cut(text, n);
	if (end == n)
		return json_stringn(text, n);
	/* Increments the last character that has a successor and drops what follows it. */
	while (end) {
		size_t start = end - 1;
		while (start && ((unsigned char)text[start] & 0xc0) == 0x80)
			start--;
		size_t width = end - start;
		uint32_t c =
			width <= 4 ? decode((const unsigned char *)text + start, width) : 0x10ffff;
		end = start;
		if (c >= 0x10ffff)
			continue;
		memcpy(bound, text, start);
		char raised[4];
		size_t k = encode(c == 0xd7ff ? 0xe000 : c + 1, raised);
		if (start + k > BN_MANIFEST_STAT_TEXT) /* it grew: increment the one before */
			continue;
		memcpy(bound + start, raised, k);
		return json_stringn(bound, start + k);
	}
	return json_null();
}
