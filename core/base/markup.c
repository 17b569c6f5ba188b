/* markup.c - see markup.h. */
#include "core/base/markup.h"

#include <stdbool.h>
#include <string.h>

void bn_markup_add_xml(bn_buf *b, const char *s, bn_shown_form form)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, s, strlen(s), form);
	for (const char *p = shown.ptr; *p; p++) {
		switch (*p) {
		case '&':
			bn_buf_adds(b, "&amp;");
			break;
		case '<':
			bn_buf_adds(b, "&lt;");
			break;
		case '>':
			bn_buf_adds(b, "&gt;");
			break;
		case '"':
			bn_buf_adds(b, "&quot;");
			break;
		default:
			bn_buf_addch(b, *p);
		}
	}
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == ' ' || c == ',' || c == ';' || c == '(' || c == ')' || c == '%' || c == '/' ||
	       c == '-' || c == '=' || c == '+' || c == '\'';
}

void bn_markup_add_code(bn_buf *b, const char *s)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, s, strlen(s), BN_SHOWN_LINE);
	bn_buf_adds(b, "<code>");
	for (const char *p = shown.ptr; *p; p++) {
		if (is_plain(*p) || (unsigned char)*p >= 0x80)
			bn_buf_addch(b, *p);
		else
			bn_buf_addf(b, "&#%d;", *p);
	}
	bn_buf_adds(b, "</code>");
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}

/* Length of the longest run of backticks. */
static size_t longest_fence(const char *s)
{
	size_t best = 0, run = 0;
	for (; *s; s++) {
		run = *s == '`' ? run + 1 : 0;
		best = run > best ? run : best;
	}
	return best;
}

static void fence_add(bn_buf *b, size_t n, const char *end)
{
	while (n--)
		bn_buf_addch(b, '`');
	bn_buf_adds(b, end);
}

void bn_markup_add_block(bn_buf *b, const char *s, const char *language)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, s, strlen(s), BN_SHOWN_LINES);
	size_t fence = longest_fence(shown.ptr) + 1;
	fence = fence < 3 ? 3 : fence;
	fence_add(b, fence, language);
	bn_buf_addch(b, '\n');
	bn_buf_add(b, shown.ptr, shown.len);
	if (shown.len && shown.ptr[shown.len - 1] != '\n')
		bn_buf_addch(b, '\n');
	fence_add(b, fence, "\n");
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}
