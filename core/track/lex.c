/* lex.c - tokens of the filter language; see _parse.h. */
#include "core/track/_parse.h"

#include "core/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- tokens --------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("_.-/:+%@", c));
}

static void lex_quoted(bn_parser *p, char quote)
{
	size_t from = ++p->pos;
	const char *end = strchr(p->text + from, quote);
	p->now.kind = quote == '\'' ? BN_TOKEN_QUOTED : BN_TOKEN_NAME;
	p->now.at = from;
	if (!end) {
		p->now = (bn_token){BN_TOKEN_BAD, from - 1, 1, 0, "this quote is never closed"};
		p->pos = strlen(p->text);
		return;
	}
	p->now.len = (size_t)(end - p->text) - from;
	p->pos = from + p->now.len + 1;
}

static void lex_op(bn_parser *p)
{
	static const char *const ops[] = {
		"<=", ">=", "!=", "==", "<>", "=", "<", ">", "(", ")", ",", "~"};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (bn_str_starts(p->text + p->pos, ops[i])) {
			p->now = (bn_token){BN_TOKEN_OP, p->pos, strlen(ops[i]), 0, NULL};
			p->pos += p->now.len;
			return;
		}
	p->now = (bn_token){BN_TOKEN_BAD, p->pos, 1, 0, "this character means nothing here"};
}

void bn_lex(bn_parser *p)
{
	const char *t = p->text;
	while (t[p->pos] && isspace((unsigned char)t[p->pos]))
		p->pos++;
	p->now = (bn_token){BN_TOKEN_END, p->pos, 0, 0, NULL};
	if (!t[p->pos])
		return;
	if (t[p->pos] == '\'' || t[p->pos] == '"' || t[p->pos] == '`') {
		lex_quoted(p, t[p->pos]);
	} else if (is_word(t[p->pos])) {
		size_t from = p->pos;
		while (is_word(t[p->pos]))
			p->pos++;
		p->now.len = p->pos - from;
		p->now.kind = bn_parse_f64(t + from, p->now.len, &p->now.number) ? BN_TOKEN_NUMBER
										 : BN_TOKEN_WORD;
	} else {
		lex_op(p);
	}
}

int bn_parse_fail(bn_parser *p, size_t at, const char *what)
{
	if (p->rc != 0)
		return p->rc;
	int line = 1, column = 1;
	for (size_t i = 0; i < at && p->text[i]; i++) {
		if (p->text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)p->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	p->error_at = at;
	p->rc = bn_err_set(p->err, BN_EINVAL, "%s:%d:%d: %s", p->w->source, line, column, what);
	return p->rc;
}

/* Where the token begins, its quote included. */
static size_t token_at(const bn_parser *p)
{
	return p->now.at - (p->now.kind == BN_TOKEN_QUOTED || p->now.kind == BN_TOKEN_NAME);
}

int bn_parse_expected(bn_parser *p, const char *what)
{
	char text[160];
	if (p->now.kind == BN_TOKEN_BAD)
		return bn_parse_fail(p, p->now.at, p->now.bad);
	if (p->now.kind == BN_TOKEN_END)
		snprintf(text, sizeof text, "expected %s at the end", what);
	else
		snprintf(text, sizeof text, "expected %s, not '%.*s'", what,
			(int)(p->now.len < 40 ? p->now.len : 40), p->text + p->now.at);
	return bn_parse_fail(p, token_at(p), text);
}

bool bn_token_is(const bn_parser *p, const char *text)
{
	return (p->now.kind == BN_TOKEN_OP || p->now.kind == BN_TOKEN_WORD) &&
	       p->now.len == strlen(text) && !strncasecmp(p->text + p->now.at, text, p->now.len);
}

bool bn_token_accept(bn_parser *p, const char *text)
{
	if (!bn_token_is(p, text))
		return false;
	bn_lex(p);
	return true;
}
