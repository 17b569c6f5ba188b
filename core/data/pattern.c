/* pattern.c - see pattern.h. */
#include "core/data/pattern.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <locale.h>
#include <regex.h>
#include <string.h>

struct bn_pattern {
	regex_t regex;
	locale_t locale; /* 0: the process's own, when the C library has no C.UTF-8 */
};

static int unsupported(bn_err *err, const char *regex, size_t at, const char *what)
{
	bn_err_set(err, BN_EUNSUPPORTED, "pattern '%s', byte %zu: %s", regex, at + 1, what);
	bn_err_hint(err, "patterns are POSIX extended expressions with \\d \\w \\s and (?:...)");
	return BN_EUNSUPPORTED;
}

/* One escape; *i stands on the backslash and ends on the character after it. */
static int translate_escape(
	bn_buf *out, const char *s, size_t *i, bool in_bracket, bool *done, bn_err *err)
{
	static const struct {
		char letter;
		const char *outside, *inside;
	} classes[] = {{'d', "[0-9]", "0-9"}, {'D', "[^0-9]", NULL},
		{'w', "[[:alnum:]_]", "[:alnum:]_"}, {'W', "[^[:alnum:]_]", NULL},
		{'s', "[[:space:]]", "[:space:]"}, {'S', "[^[:space:]]", NULL}, {'t', "\t", "\t"},
		{'n', "\n", "\n"}, {'r', "\r", "\r"}, {'b', "\\b", NULL}, {'B', "\\B", NULL}};
	char c = s[++*i];
	*done = true;
	for (size_t k = 0; k < sizeof classes / sizeof *classes; k++) {
		if (classes[k].letter != c)
			continue;
		const char *text = in_bracket ? classes[k].inside : classes[k].outside;
		if (!text)
			return unsupported(err, s, *i - 1, "this class within [...]");
		bn_buf_adds(out, text);
		return 0;
	}
	if (c == '\0')
		return bn_err_set(err, BN_EINVAL, "pattern '%s' ends with a backslash", s);
	if (c >= '1' && c <= '9')
		return unsupported(err, s, *i - 1, "back-references");
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '0')
		return unsupported(err, s, *i - 1, "an escape that POSIX does not have");
	*done = false; /* punctuation: an ordinary character */
	return 0;
}

/* Inside [...] a backslash is ordinary in POSIX, an escape in Python. '\]', '\^' and '\-' need a
 * place of their own, which only the first or last of the list can be: collected and put there. */
static int translate_bracket(bn_buf *out, const char *s, size_t *i, bn_err *err)
{
	bool closing = false, caret = false, dash = false, first = true;
	bn_buf body = BN_BUF_INIT;
	size_t start = *i;
	bool negated = s[*i + 1] == '^';
	int rc = 0;
	*i += negated;
	for (++*i; s[*i] && (s[*i] != ']' || first); ++*i, first = false) {
		bool done = false;
		if (s[*i] == '\\') {
			rc = translate_escape(&body, s, i, true, &done, err);
			if (rc)
				break;
			if (done)
				continue;
			if (s[*i] == ']' || s[*i] == '^' || s[*i] == '-') {
				closing |= s[*i] == ']';
				caret |= s[*i] == '^';
				dash |= s[*i] == '-';
				continue;
			}
		}
		if (s[*i] == ']') {
			closing = true;
			continue;
		}
		if (s[*i] == '[' && strchr(":=.", s[*i + 1]) && s[*i + 1]) {
			rc = unsupported(err, s, *i, "POSIX classes, which Python has not");
			break;
		}
		bn_buf_addch(&body, s[*i]);
	}
	if (!rc && !s[*i])
		rc = bn_err_set(err, BN_EINVAL, "pattern '%s', byte %zu: '[' is never closed", s,
			start + 1);
	if (!rc) {
		bn_buf_adds(out, negated ? "[^" : "[");
		if (closing)
			bn_buf_addch(out, ']');
		if (caret && !body.len && !closing && !negated) {
			bn_buf_truncate(out, out->len - 1); /* "[^]" would not do */
			bn_buf_adds(out, dash ? "[-^]" : "\\^");
		} else {
			bn_buf_add(out, body.ptr, body.len);
			bn_buf_adds(out, caret ? "^" : "");
			bn_buf_adds(out, dash ? "-]" : "]");
		}
	}
	bn_buf_release(&body);
	return rc;
}

static int translate_group(bn_buf *out, const char *s, size_t *i, bn_err *err)
{
	bn_buf_addch(out, '(');
	if (s[*i + 1] != '?')
		return 0;
	if (s[*i + 2] != ':')
		return unsupported(err, s, *i, "look-around, named groups and inline flags");
	*i += 2;
	return 0;
}

static int translate(bn_buf *out, const char *s, bn_err *err)
{
	int rc = 0;
	bool quantified = false; /* the last thing was * + ? or {...} */
	for (size_t i = 0; !rc && s[i]; i++) {
		bool done = false, quantifier = strchr("*+?{", s[i]) != NULL;
		if (quantifier && quantified)
			return unsupported(err, s, i, "lazy and possessive quantifiers");
		quantified = quantifier;
		if (s[i] == '\\') {
			rc = translate_escape(out, s, &i, false, &done, err);
			if (!rc && !done) {
				bn_buf_addch(out, '\\');
				bn_buf_addch(out, s[i]);
			}
		} else if (s[i] == '[') {
			rc = translate_bracket(out, s, &i, err);
		} else if (s[i] == '(') {
			rc = translate_group(out, s, &i, err);
		} else if (s[i] == '.') {
			bn_buf_adds(out, "[^\n]");
		} else if (s[i] == '{') {
			size_t n = strspn(s + i + 1, "0123456789,");
			if (s[i + 1 + n] != '}' || !n)
				return unsupported(
					err, s, i, "'{' that does not repeat; write \\{");
			bn_buf_add(out, s + i, n + 2);
			i += n + 1;
		} else {
			bn_buf_addch(out, s[i]);
		}
	}
	return rc;
}

static int compile_posix(bn_pattern **out, const char *posix, const char *shown, bn_err *err)
{
	bn_pattern *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "a pattern");
	p->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = p->locale ? uselocale(p->locale) : (locale_t)0;
	int rc = regcomp(&p->regex, posix, REG_EXTENDED | REG_NOSUB);
	char why[128] = "";
	if (rc)
		regerror(rc, &p->regex, why, sizeof why);
	if (p->locale)
		uselocale(before);
	if (rc) {
		if (p->locale)
			freelocale(p->locale);
		bn_free(p);
		return bn_err_set(err, BN_EINVAL, "pattern '%s': %s", shown, why);
	}
	*out = p;
	return 0;
}

int bn_pattern_compile(bn_pattern **out, const char *regex, bn_err *err)
{
	bn_buf posix = BN_BUF_INIT;
	if (strlen(regex) > BN_PATTERN_MAX)
		return bn_err_set(err, BN_EINVAL, "a pattern of %zu bytes is over the limit of %d",
			strlen(regex), BN_PATTERN_MAX);
	int rc = translate(&posix, regex, err);
	if (!rc)
		rc = bn_buf_check(&posix, err, "a pattern");
	if (!rc)
		rc = compile_posix(out, posix.ptr, regex, err);
	bn_buf_release(&posix);
	return rc;
}

int bn_pattern_compile_like(bn_pattern **out, const char *like, bn_err *err)
{
	bn_buf posix = BN_BUF_INIT;
	bn_buf_addch(&posix, '^');
	for (const char *s = like; *s; s++) {
		if (*s == '%') {
			bn_buf_adds(&posix, ".*");
			continue;
		}
		if (*s == '_') {
			bn_buf_addch(&posix, '.');
			continue;
		}
		if (*s == '\\' && s[1])
			s++;
		if (strchr("\\^$.[]()|*+?{}", *s))
			bn_buf_addch(&posix, '\\');
		bn_buf_addch(&posix, *s);
	}
	bn_buf_addch(&posix, '$');
	int rc = bn_buf_check(&posix, err, "a pattern");
	if (!rc)
		rc = compile_posix(out, posix.ptr, like, err);
	bn_buf_release(&posix);
	return rc;
}

void bn_pattern_free(bn_pattern *p)
{
	if (!p)
		return;
	regfree(&p->regex);
	if (p->locale)
		freelocale(p->locale);
	bn_free(p);
}

bool bn_pattern_matches(bn_pattern *p, const char *text, size_t n)
{
	regmatch_t whole = {0, (regoff_t)n};
	locale_t before = p->locale ? uselocale(p->locale) : (locale_t)0;
	int rc = regexec(&p->regex, text, 1, &whole, REG_STARTEND);
	if (p->locale)
		uselocale(before);
	return rc == 0;
}
