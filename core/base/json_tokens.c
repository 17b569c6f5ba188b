/* json_tokens.c - see json_tokens.h. */
#include "core/base/json_tokens.h"

#include <string.h>

/* The end of the string that begins at `at`, or of the text. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

static bool is_of_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("+-._", c));
}

bool bn_json_rewrite(bn_buf *out, const char *text, size_t n, bn_json_token_fn *token)
{
	const char *end = text + n;
	bool any = false;
	while (text < end) {
		const char *next = *text == '"' ? skip_string(text, end) : text + 1;
		bool is_token = is_of_token(*text);
		while (is_token && next < end && is_of_token(*next))
			next++;
		if (is_token && token(out, text, (size_t)(next - text)))
			any = true;
		else
			bn_buf_add(out, text, (size_t)(next - text));
		text = next;
	}
	return any;
}
