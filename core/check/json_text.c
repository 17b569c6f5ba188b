/* json_text.c - see json_text.h: a reader that keeps nothing. */
#include "core/check/json_text.h"

#include <string.h>

typedef struct reader {
	const char *s, *end;
	int depth;
} reader;

static bool value_read(reader *r);

static void blanks_skip(reader *r)
{
	while (r->s < r->end && (*r->s == ' ' || *r->s == '\t' || *r->s == '\n' || *r->s == '\r'))
		r->s++;
}

static bool next_is(reader *r, char c)
{
	blanks_skip(r);
	if (r->s == r->end || *r->s != c)
		return false;
	r->s++;
	return true;
}

static bool word_read(reader *r, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(r->end - r->s) < n || memcmp(r->s, word, n) != 0)
		return false;
	r->s += n;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* After the backslash. */
static bool escape_read(reader *r)
{
	if (r->s == r->end)
		return false;
	char c = *r->s++;
	if (c != 'u')
		return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
	for (int i = 0; i < 4; i++)
		if (r->s == r->end || !is_hex(*r->s++))
			return false;
	return true;
}

/* After the quote. */
static bool string_read(reader *r)
{
	while (r->s < r->end) {
		unsigned char c = (unsigned char)*r->s++;
		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !escape_read(r)))
			return false;
	}
	return false;
}

static size_t digits_read(reader *r)
{
	const char *from = r->s;
	while (r->s < r->end && *r->s >= '0' && *r->s <= '9')
		r->s++;
	return (size_t)(r->s - from);
}

/* A point or an exponent without digits ends the number before it, and is then left over. */
static bool number_read(reader *r)
{
	bool whole = true;
	r->s += *r->s == '-';
	size_t n = 1;
	if (r->s < r->end && *r->s == '0')
		r->s++;
	else if ((n = digits_read(r)) == 0)
		return false;
	const char *after = r->s;
	if (r->s < r->end && *r->s == '.') {
		r->s++;
		if (digits_read(r) == 0)
			r->s = after;
		else
			whole = false;
	}
	after = r->s;
	if (r->s < r->end && (*r->s | 0x20) == 'e') {
		r->s++;
		r->s += r->s < r->end && (*r->s == '+' || *r->s == '-');
		if (digits_read(r) == 0)
			r->s = after;
		else
			whole = false;
	}
	return !whole || n <= BN_JSON_TEXT_DIGITS;
}

static bool array_read(reader *r)
{
	if (next_is(r, ']'))
		return true;
	do {
		if (!value_read(r))
			return false;
	} while (next_is(r, ','));
	return next_is(r, ']');
}

static bool object_read(reader *r)
{
	if (next_is(r, '}'))
		return true;
	do {
		if (!next_is(r, '"') || !string_read(r) || !next_is(r, ':') || !value_read(r))
			return false;
	} while (next_is(r, ','));
	return next_is(r, '}');
}

static bool value_read(reader *r)
{
	blanks_skip(r);
	if (r->s == r->end)
		return false;
	if (*r->s == '"') {
		r->s++;
		return string_read(r);
	}
	if (*r->s == '[' || *r->s == '{') {
		bool is_array = *r->s++ == '[';
		if (++r->depth > BN_JSON_TEXT_DEPTH)
			return false;
		bool is = is_array ? array_read(r) : object_read(r);
		r->depth--;
		return is;
	}
	if (*r->s == '-' || (*r->s >= '0' && *r->s <= '9'))
		return word_read(r, "-Infinity") || number_read(r);
	return word_read(r, "null") || word_read(r, "true") || word_read(r, "false") ||
	       word_read(r, "NaN") || word_read(r, "Infinity");
}

bool bn_json_text_is_valid(const char *text, size_t n)
{
	reader r = {.s = text, .end = text + n};
	if (!text || !value_read(&r))
		return false;
	blanks_skip(&r);
	return r.s == r.end;
}
