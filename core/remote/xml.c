/* xml.c - see _xml.h. */
#include "core/remote/_xml.h"

#include "core/base/str.h"
#include "core/base/utf8.h"

#include <string.h>

/* "<NAME>" or "<NAME attributes>", also "</NAME>" with close. */
static const char *find_tag(
	const char *at, const char *end, const char *name, bool close, const char **after)
{
	size_t n = strlen(name), open = close ? 2 : 1;
	for (; (at = memchr(at, '<', (size_t)(end - at))) != NULL; at++) {
		const char *p = at + open;
		if ((size_t)(end - at) < open + n + 1 || (close && at[1] != '/') ||
			memcmp(p, name, n) || !strchr("> \t\r\n/", p[n]) || !p[n])
			continue;
		const char *gt = memchr(p + n, '>', (size_t)(end - p - (ptrdiff_t)n));
		if (!gt)
			return NULL;
		*after = gt + 1;
		return at;
	}
	return NULL;
}

bool bn_xml_next(bn_xml_part *out, bn_xml_part *rest, const char *name)
{
	const char *end = rest->at + rest->n, *content = NULL, *after = NULL;
	if (!rest->n || !find_tag(rest->at, end, name, false, &content))
		return false;
	if (content[-2] == '/') { /* <NAME/> */
		*out = (bn_xml_part){content, 0};
		after = content;
	} else {
		const char *close =
			content < end ? find_tag(content, end, name, true, &after) : NULL;
		if (!close)
			return false;
		*out = (bn_xml_part){content, (size_t)(close - content)};
	}
	*rest = (bn_xml_part){after, (size_t)(end - after)};
	return true;
}

bool bn_xml_first(bn_xml_part *out, bn_xml_part in, const char *name)
{
	return bn_xml_next(out, &in, name);
}

static int digit_of(char c, bool hex)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (hex && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return hex && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A reference at s, which begins with '&': its bytes are appended; its length, or 0. */
static size_t add_reference(bn_buf *out, const char *s, size_t n)
{
	static const struct {
		const char *name, *text;
	} known[] = {
		{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
	uint32_t cp = 0;
	size_t i = 2;
	char utf8[4];
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		size_t len = strlen(known[k].name);
		if (n >= len && !memcmp(s, known[k].name, len)) {
			bn_buf_adds(out, known[k].text);
			return len;
		}
	}
	if (n < 4 || s[1] != '#')
		return 0;
	bool hex = s[2] == 'x';
	for (i += hex; i < n && i < 12 && s[i] != ';'; i++) {
		int digit = digit_of(s[i], hex);
		if (digit < 0)
			return 0;
		cp = cp * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (i >= n || s[i] != ';' || i == (size_t)(hex ? 3 : 2))
		return 0;
	bn_buf_add(out, utf8, bn_utf8_encode(cp, utf8));
	return i + 1;
}

void bn_xml_add_text(bn_buf *out, bn_xml_part part)
{
	for (size_t i = 0; i < part.n;) {
		size_t used = part.at[i] == '&' ? add_reference(out, part.at + i, part.n - i) : 0;
		if (!used) {
			bn_buf_addch(out, part.at[i]);
			used = 1;
		}
		i += used;
	}
}

const char *bn_xml_text(bn_xml_part in, const char *name, char *value, size_t size)
{
	bn_buf b = BN_BUF_INIT;
	bn_xml_part part;
	value[0] = '\0';
	if (bn_xml_first(&part, in, name)) {
		bn_xml_add_text(&b, part);
		size_t n = b.len < size ? b.len : size - 1;
		memcpy(value, b.ptr, n);
		value[n] = '\0';
	}
	bn_buf_release(&b);
	return value;
}
