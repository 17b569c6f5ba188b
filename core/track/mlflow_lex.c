/* mlflow_lex.c - see _mlflow.h: tokens of a filter, by the rules of sqlparse. */
#include "core/track/_mlflow.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	char low = (char)(c | 32);
	return is_digit(c) || (low >= 'a' && low <= 'z') || c == '_' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* The end of a quoted text that begins at s; NULL if it is not closed. A doubled quote, and one after a backslash
 * (but not a backquote), belong to the text. */
static const char *quoted_end(const char *s)
{
	char quote = *s;
	for (const char *c = s + 1; *c; c++) {
		if (*c == '\\' && quote != '`' && c[1] == quote)
			c++;
		else if (*c == quote && c[1] == quote)
			c++;
		else if (*c == quote)
			return c + 1;
	}
	return NULL;
}

/* The end of a name: parts with points between. */
static const char *name_end(const char *s)
{
	const char *c = s;
	for (;;) {
		if (*c == '`' || *c == '"' || (*c == '\'' && c > s)) {
			const char *end = quoted_end(c);
			if (!end)
				return c > s ? c : NULL;
			c = end;
		} else {
			while (is_name_char(*c))
				c++;
		}
		if (*c != '.')
			return c;
		c++;
	}
}

/* An optional sign, digits with or without a point, an exponent. NULL if it is no number. */
static const char *number_end(const char *s, bool *is_int)
{
	const char *c = s + (*s == '-');
	size_t digits = strspn(c, "0123456789"), after = 0;
	*is_int = true;
	c += digits;
	if (*c == '.') {
		after = strspn(++c, "0123456789");
		c += after;
		*is_int = false;
	}
	if (digits + after == 0)
		return NULL;
	if (*c == 'e' || *c == 'E') {
		const char *exponent = c + 1 + (c[1] == '-');
		if (is_digit(*exponent)) {
			*is_int = false;
			c = exponent + strspn(exponent, "0123456789");
		}
	}
	return c;
}

/* To the parenthesis that closes the one at s, quotes aside; NULL if none does. */
static const char *list_end(const char *s)
{
	int depth = 0;
	for (const char *c = s; *c; c++) {
		if (*c == '\'' || *c == '"' || *c == '`') {
			const char *end = quoted_end(c);
			if (!end)
				return NULL;
			c = end - 1;
		} else {
			depth += (*c == '(') - (*c == ')');
			if (depth == 0)
				return c + 1;
		}
	}
	return NULL;
}

bool bn_mlflow_token_is(const bn_mlflow_token *t, const char *word)
{
	return t->len == strlen(word) && strncasecmp(t->ptr, word, t->len) == 0;
}

static const char *skip_space(const char *c)
{
	while (is_space(*c))
		c++;
	return c;
}

/* A keyword, and NOT LIKE as one operator. */
static void name_classify(bn_mlflow_token *t)
{
	static const char *const words[] = {"AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN"};
	static const char *const likes[] = {"LIKE", "ILIKE", "RLIKE"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (bn_mlflow_token_is(t, words[i]))
			t->kind = BN_MLFLOW_WORD;
	bn_mlflow_token second = *t;
	if (bn_mlflow_token_is(t, "NOT")) {
		second.ptr = skip_space(t->ptr + t->len);
		second.len = 0;
		while (is_name_char(second.ptr[second.len]))
			second.len++;
	}
	for (size_t i = 0; i < sizeof likes / sizeof *likes; i++)
		if (bn_mlflow_token_is(&second, likes[i])) {
			t->kind = BN_MLFLOW_OPERATOR;
			t->len = (size_t)(second.ptr + second.len - t->ptr);
		}
}

static void number_or_other(bn_mlflow_token *t)
{
	bool is_int;
	const char *end = number_end(t->ptr, &is_int);
	t->kind = BN_MLFLOW_OTHER;
	t->len = 1;
	if (!end)
		return;
	t->len = (size_t)(end - t->ptr);
	if (!is_name_char(*end)) {
		t->kind = is_int ? BN_MLFLOW_INT : BN_MLFLOW_REAL;
		return;
	}
	while (is_name_char(t->ptr[t->len]))
		t->len++;
	const char *sign = t->ptr + t->len;
	if ((sign[-1] == 'e' || sign[-1] == 'E') && *sign == '+' && is_digit(sign[1])) {
		t->kind = BN_MLFLOW_SUM; /* sqlparse reads 1e+3 as a sum */
		t->len += 1 + strspn(sign + 1, "0123456789");
	}
}

/* Arithmetic written without spaces makes one operand: metrics.a/b, params.a-b. */
static void sum_extend(bn_mlflow_token *t)
{
	while (strchr("/*%+-", t->ptr[t->len]) && t->ptr[t->len] &&
		is_name_char(t->ptr[t->len + 1])) {
		const char *end = name_end(t->ptr + t->len + 1);
		t->len = (size_t)(end - t->ptr);
		t->kind = BN_MLFLOW_SUM;
	}
}

static void next_token(bn_mlflow_token *t, const char *at)
{
	const char *end = NULL;
	*t = (bn_mlflow_token){BN_MLFLOW_OTHER, at, 1};
	if (*at == '(' && (end = list_end(at))) {
		t->kind = BN_MLFLOW_LIST;
	} else if (*at == '\'' && (end = quoted_end(at))) {
		t->kind = BN_MLFLOW_STRING;
	} else if (strchr("<>=~!", *at)) {
		end = at + strspn(at, "<>=~!");
		t->kind = BN_MLFLOW_OPERATOR;
	} else if (at[0] == '-' && at[1] == '-') {
		end = at + strcspn(at, "\n");
	}
	if (end) {
		t->len = (size_t)(end - at);
		return;
	}
	if (is_digit(*at) || *at == '.' || *at == '-') {
		number_or_other(t);
		return;
	}
	if ((is_name_char(*at) || *at == '`' || *at == '"') && (end = name_end(at)) && end > at) {
		t->kind = BN_MLFLOW_NAME;
		t->len = (size_t)(end - at);
		name_classify(t);
		if (t->kind == BN_MLFLOW_NAME)
			sum_extend(t);
	}
}

/* Each search for what closes an opening sign may read the whole text. A filter with so many that nothing closes is refused
 * whatever follows: the rest is one token. */
enum { OPEN_MOST = 64 };

static bool is_open(const bn_mlflow_token *t)
{
	return t->kind == BN_MLFLOW_OTHER && strchr("('\"`", t->ptr[0]) != NULL;
}

int bn_mlflow_lex(bn_mlflow_token **out, size_t *count, const char *text, bn_err *err)
{
	bn_mlflow_token *items = NULL;
	size_t n = 0, cap = 0, open = 0;
	const char *at = skip_space(text);
	for (; *at; at = skip_space(at)) {
		if (bn_grow(&items, &cap, n + 1, sizeof *items) != 0) {
			bn_free(items);
			return bn_err_nomem(err, "a filter");
		}
		next_token(&items[n], at);
		if (is_open(&items[n]) && ++open == OPEN_MOST)
			items[n].len = strlen(at);
		at += items[n++].len;
	}
	*out = items;
	*count = n;
	return 0;
}

int bn_mlflow_list_next(const char **at, const char *end, bn_mlflow_token *out)
{
	const char *c = skip_space(*at), *stop;
	if (c >= end)
		return 0;
	if (*c != '\'' && *c != '"')
		return is_digit(*c) || *c == '-' ? BN_ENOTFOUND : BN_EINVAL;
	if (!(stop = quoted_end(c)) || stop > end)
		return BN_EINVAL;
	*out = (bn_mlflow_token){BN_MLFLOW_STRING, c + 1, (size_t)(stop - c) - 2};
	c = skip_space(stop);
	if (c < end && *c != ',')
		return BN_EINVAL;
	*at = c < end ? c + 1 : end;
	return 1;
}
