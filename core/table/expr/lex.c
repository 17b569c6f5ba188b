/* lex.c - tokens of the expression language, and positions of errors; see _expr.h. */
#include "core/table/expr/_expr.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_word(const bn_expr_lexer *x, char c)
{
	if (isalnum((unsigned char)c) || (unsigned char)c >= 0x80)
		return true;
	return c && strchr(x->dialect == BN_EXPR_RUNS ? "_.-/:+%@" : "_.", c);
}

static void lex_quoted(bn_expr_lexer *x, char quote)
{
	size_t from = ++x->pos;
	const char *end = strchr(x->text + from, quote);
	while (end && x->dialect == BN_EXPR_ROWS && end[1] == quote)
		end = strchr(end + 2, quote); /* a doubled one stands for itself */
	x->now.kind = quote == '\'' ? BN_TOKEN_QUOTED : BN_TOKEN_NAME;
	x->now.at = from;
	if (!end) {
		x->now = (bn_token){BN_TOKEN_BAD, from - 1, 1, 0, "this quote is never closed"};
		x->pos = strlen(x->text);
		return;
	}
	x->now.len = (size_t)(end - x->text) - from;
	x->pos = from + x->now.len + 1;
}

static void lex_op(bn_expr_lexer *x)
{
	static const char *const ops[] = {"<=", ">=", "!=", "==", "<>", "=", "<", ">", "(", ")",
		",", "~", "+", "-", "*", "/", "%"};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (bn_str_starts(x->text + x->pos, ops[i])) {
			x->now = (bn_token){BN_TOKEN_OP, x->pos, strlen(ops[i]), 0, NULL};
			x->pos += x->now.len;
			return;
		}
	x->now = (bn_token){BN_TOKEN_BAD, x->pos, 1, 0, "unexpected character"};
}

/* In the dialect for rows '-' is an operator, except within a date, a time and the exponent of a number. */
static size_t word_end(const bn_expr_lexer *x)
{
	const char *t = x->text;
	size_t from = x->pos, end = from;
	if (x->dialect == BN_EXPR_ROWS && isdigit((unsigned char)t[from])) {
		int64_t ns;
		while (isalnum((unsigned char)t[end]) || (t[end] && strchr("-:.+", t[end])))
			end++;
		bool dated = end - from >= 10 && t[from + 4] == '-' && t[from + 7] == '-';
		for (size_t n = end - from; dated && n >= 10; n--)
			if (bn_timestamp_parse(t + from, n, &ns))
				return from + n;
		if (dated)
			return end; /* a date that does not exist */
		end = from + strspn(t + from, "0123456789.");
		if ((t[end] == 'e' || t[end] == 'E') && (t[end + 1] == '-' || t[end + 1] == '+') &&
			isdigit((unsigned char)t[end + 2]))
			end += 2;
	}
	while (is_word(x, t[end]))
		end++;
	return end;
}

/* In the dialect for runs a sign between spaces is also a word; there it is an operator. */
static bool is_lone_operator(const bn_token *w, const char *text)
{
	return w->len == 1 && strchr("+-/%", text[w->at]);
}

void bn_expr_lex(bn_expr_lexer *x)
{
	const char *t = x->text;
	while (t[x->pos] && isspace((unsigned char)t[x->pos]))
		x->pos++;
	x->now = (bn_token){BN_TOKEN_END, x->pos, 0, 0, NULL};
	if (!t[x->pos])
		return;
	if (t[x->pos] == '\'' || t[x->pos] == '"' || t[x->pos] == '`') {
		lex_quoted(x, t[x->pos]);
		return;
	}
	if (!is_word(x, t[x->pos])) {
		lex_op(x);
		return;
	}
	size_t from = x->pos;
	x->pos = word_end(x);
	x->now.len = x->pos - from;
	bool number = bn_parse_f64(t + from, x->now.len, &x->now.number);
	x->now.kind = number ? BN_TOKEN_NUMBER : BN_TOKEN_WORD;
	if (is_lone_operator(&x->now, t))
		x->now.kind = BN_TOKEN_OP;
}

int bn_expr_unquote(bn_expr_text *out, bn_expr *e, const bn_token *t, const char *text, bn_err *err)
{
	*out = (bn_expr_text){text + t->at, t->len};
	bool quoted = t->kind == BN_TOKEN_QUOTED || t->kind == BN_TOKEN_NAME;
	if (!quoted || !memchr(out->ptr, text[t->at - 1], t->len))
		return 0;
	char *s = bn_arena_strndup(&e->arena, out->ptr, t->len);
	if (!s)
		return bn_err_nomem(err, "an expression");
	size_t n = 0;
	for (size_t i = 0; i < t->len; i++) {
		s[n++] = out->ptr[i];
		i += out->ptr[i] == text[t->at - 1];
	}
	*out = (bn_expr_text){s, n};
	return 0;
}

bool bn_expr_text_is(bn_expr_text t, const char *word)
{
	return t.len == strlen(word) && !strncasecmp(t.ptr, word, t.len);
}

bool bn_token_is(const bn_expr_lexer *x, const char *text)
{
	return (x->now.kind == BN_TOKEN_OP || x->now.kind == BN_TOKEN_WORD) &&
	       bn_expr_text_is((bn_expr_text){x->text + x->now.at, x->now.len}, text);
}

size_t bn_token_at(const bn_token *t)
{
	return t->at - (t->kind == BN_TOKEN_QUOTED || t->kind == BN_TOKEN_NAME);
}

/* ---- errors --------------------------------------------------------------------------------- */

const char *bn_expr_place(const bn_expr *e, size_t at, char *buf, size_t size)
{
	int line = 1, column = 1;
	for (size_t i = 0; i < at && e->text[i]; i++) {
		if (e->text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)e->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	snprintf(buf, size, "%s:%d:%d", e->source, line, column);
	return buf;
}

int bn_expr_fail(bn_expr *e, size_t at, bn_err *err, const char *fmt, ...)
{
	char what[256], place[160];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	if (!err || !err->code)
		e->error_at = at;
	return bn_err_set(
		err, BN_EINVAL, "%s: %s", bn_expr_place(e, at, place, sizeof place), what);
}

/* Syntax of other languages, and its equivalent here; NULL if there is none. */
static const char *cure_of(char c)
{
	switch (c) {
	case '&':
		return "AND joins conditions: a > 1 AND b < 2";
	case '|':
		return "OR joins conditions: a > 1 OR b < 2";
	case '!':
		return "NOT negates a condition: NOT (a > 1)";
	case '[':
		return "values must be in round brackets: a IN (1, 2)";
	case '^':
		return "pow(a, 2) is a power";
	default:
		return NULL;
	}
}

int bn_expr_expected(bn_expr *e, const bn_expr_lexer *x, bn_err *err, const char *what)
{
	const bn_token *t = &x->now;
	if (t->kind == BN_TOKEN_BAD) {
		const char *cure = t->len == 1 ? cure_of(x->text[t->at]) : NULL;
		int rc = bn_expr_fail(e, t->at, err, "%s", t->bad);
		if (cure)
			bn_err_hint(err, "%s", cure);
		return rc;
	}
	if (t->kind == BN_TOKEN_END)
		return bn_expr_fail(e, t->at, err, "expected %s at the end", what);
	return bn_expr_fail(e, bn_token_at(t), err, "expected %s, not '%.*s'", what,
		(int)(t->len < 40 ? t->len : 40), x->text + t->at);
}
