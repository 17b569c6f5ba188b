/* pattern.c - see pattern.h: translates Python's syntax to PCRE2's, and matches within limits. */
#include "core/check/pattern.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct bn_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *bounds;
	bool (*stopped)(void *ctx);
	void *ctx;
	unsigned places;    /* position in the text at which a match was tried */
	int64_t started_ns; /* when LOOK_EACH of them had been tried */
	char shown[64];     /* its beginning, for messages */
};

/* ---- translating ---------------------------------------------------------------------------- */

typedef struct translation {
	const char *in;
	size_t at;    /* byte of in */
	size_t depth; /* open brackets */
	bn_buf out;   /* in PCRE2's syntax */
	bn_buf place; /* for each byte of out, a uint16_t: the byte of `in` that it comes from */
	bn_err *err;
} translation;

static int refuse(translation *t, int code, size_t at, const char *why)
{
	bn_err_set(t->err, code, "pattern '%.200s', byte %zu: %s", t->in, at + 1, why);
	if (code == BN_EUNSUPPORTED)
		bn_err_hint(t->err, "patterns are Python's: binnacle help checks");
	return code;
}

/* Emits n bytes for what begins at t->at. */
static void emit(translation *t, const char *text, size_t n)
{
	uint16_t place = (uint16_t)t->at;
	bn_buf_add(&t->out, text, n);
	for (size_t i = 0; i < n; i++)
		bn_buf_add(&t->place, &place, sizeof place);
}

/* Copies n bytes unchanged. */
static void copy(translation *t, size_t n)
{
	for (; n > 0; n--, t->at++)
		emit(t, t->in + t->at, 1);
}

/* \xHH, \uHHHH, \UHHHHHHHH: a code point by its digits. */
static int translate_hex(translation *t, size_t digits)
{
	const char *s = t->in + t->at + 2;
	char text[24];
	if (strspn(s, "0123456789abcdefABCDEF") < digits)
		return refuse(t, BN_EINVAL, t->at, "an escape with too few digits");
	int n = snprintf(text, sizeof text, "\\x{%.*s}", (int)digits, s);
	emit(t, text, (size_t)n);
	t->at += 2 + digits;
	return 0;
}

static int translate_digits(translation *t, bool in_bracket)
{
	const char *s = t->in + t->at + 1;
	size_t octal = strspn(s, "01234567");
	if (s[0] == '0' || (octal >= 3 && s[0] <= '3')) {
		size_t n = octal < 3 ? octal : 3;
		copy(t, 1 + n);
		return 0;
	}
	if (in_bracket)
		return refuse(t, BN_EUNSUPPORTED, t->at, "this escape within [...]");
	if (s[1] >= '0' && s[1] <= '9')
		return refuse(t, BN_EUNSUPPORTED, t->at, "back-references above 9");
	copy(t, 2);
	return 0;
}

static int translate_escape(translation *t, bool in_bracket)
{
	static const char same[] = "dDwWsSnrtfa", outside[] = "AbB";
	char c = t->in[t->at + 1];
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	if (c == '\0')
		return bn_err_set(
			t->err, BN_EINVAL, "pattern '%.200s' ends with a backslash", t->in);
	if (c == 'x' || c == 'u' || c == 'U')
		return translate_hex(t, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	if (c >= '0' && c <= '9')
		return translate_digits(t, in_bracket);
	if (c == 'v' || (c == 'Z' && !in_bracket) || (c == 'b' && in_bracket)) {
		emit(t, c == 'v' ? "\\x0b" : c == 'Z' ? "\\z" : "\\x08", c == 'Z' ? 2 : 4);
		t->at += 2;
		return 0;
	}
	if (letter && !strchr(same, c) && (in_bracket || !strchr(outside, c)))
		return refuse(t, BN_EUNSUPPORTED, t->at, "an escape that Python does not have");
	copy(t, 2);
	return 0;
}

static int translate_bracket(translation *t)
{
	size_t start = t->at;
	int rc = 0;
	copy(t, t->in[t->at + 1] == '^' ? 2 : 1);
	if (t->in[t->at] == ']') { /* the first is an ordinary one */
		emit(t, "\\]", 2);
		t->at++;
	}
	while (rc == 0 && t->in[t->at] && t->in[t->at] != ']') {
		const char *s = t->in + t->at;
		if (*s == '\\') {
			rc = translate_escape(t, true);
		} else if (*s == '[' && s[1] && strchr(":=.", s[1])) {
			rc = refuse(t, BN_EUNSUPPORTED, t->at,
				"POSIX classes, which Python does not have");
		} else if (*s == '[') {
			emit(t, "\\[", 2);
			t->at++;
		} else {
			copy(t, 1);
		}
	}
	if (rc == 0 && !t->in[t->at])
		return refuse(t, BN_EINVAL, start, "'[' is never closed");
	if (rc == 0)
		copy(t, 1);
	return rc;
}

/* (?ims) at the beginning, (?ims-ims:...) anywhere. t->at: the bracket. */
static int translate_flags(translation *t)
{
	const char *s = t->in + t->at;
	size_t n = 2 + strspn(s + 2, "imsu-");
	if ((s[n] != ':' && (s[n] != ')' || t->at != 0)) || (s[n] == ')' && memchr(s, '-', n)))
		return refuse(t, BN_EUNSUPPORTED, t->at,
			"a group that Python does not have, or a flag other than i, m and s");
	t->depth -= s[n] == ')';
	for (size_t i = 0; i <= n; i++, t->at++)
		if (s[i] != 'u') /* the default */
			emit(t, s + i, 1);
	return 0;
}

static int translate_group(translation *t)
{
	static const char *const alike[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P<"};
	const char *s = t->in + t->at;
	t->depth++;
	if (s[1] == '*')
		return refuse(t, BN_EINVAL, t->at + 1, "'*' has nothing to repeat");
	if (s[1] != '?') {
		copy(t, 1);
		return 0;
	}
	for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
		if (!strncmp(s, alike[i], strlen(alike[i]))) {
			copy(t, strlen(alike[i]));
			return 0;
		}
	if (!strncmp(s, "(?P=", 4) || s[2] == '#') {
		size_t n = strcspn(s, ")");
		if (!s[n])
			return refuse(t, BN_EINVAL, t->at, "'(' is never closed");
		t->depth--;
		copy(t, n + 1);
		return 0;
	}
	return translate_flags(t);
}

/* {n}, {n,}, {,n}, {n,m}, {,}: then *is is true; anything else is an ordinary brace. */
static void translate_braces(translation *t, bool *is)
{
	const char *s = t->in + t->at + 1;
	size_t low = strspn(s, "0123456789"), comma = s[low] == ',';
	size_t n = low + comma + (comma ? strspn(s + low + 1, "0123456789") : 0);
	*is = s[n] == '}' && n > 0;
	if (!*is) {
		emit(t, "\\{", 2);
		t->at++;
		return;
	}
	copy(t, 1);
	if (low == 0)
		emit(t, "0", 1);
	copy(t, n + 1);
}

/* * + ? {n}, lazy or possessive, once. */
static int translate_repeat(translation *t, bool *repeated)
{
	size_t at = t->at;
	bool is = true;
	if (t->in[at] == '{')
		translate_braces(t, &is);
	else
		copy(t, 1);
	if (is && *repeated)
		return refuse(t, BN_EINVAL, at, "a repeat of a repeat; write (?:...) around it");
	if (is && (t->in[t->at] == '?' || t->in[t->at] == '+'))
		copy(t, 1);
	*repeated = is;
	return 0;
}

static int translate(translation *t)
{
	bool repeated = false;
	int rc = 0;
	while (rc == 0 && t->in[t->at]) {
		char c = t->in[t->at];
		if (strchr("*+?{", c)) {
			rc = translate_repeat(t, &repeated);
			continue;
		}
		repeated = false;
		if (c == ')' && t->depth-- == 0)
			rc = refuse(t, BN_EINVAL, t->at, "')' closes nothing");
		else if (c == '\\')
			rc = translate_escape(t, false);
		else if (c == '[')
			rc = translate_bracket(t);
		else if (c == '(')
			rc = translate_group(t);
		else
			copy(t, 1);
	}
	return rc;
}

/* ---- compiling ------------------------------------------------------------------------------ */

static int say_compile_error(translation *t, int code, size_t at)
{
	char why[160];
	const uint16_t *place = (const void *)t->place.ptr;
	size_t known = t->place.len / sizeof *place;
	size_t from = at < known ? place[at] : strlen(t->in);
	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
	return refuse(t, BN_EINVAL, from, why);
}

static pcre2_compile_context *compile_bounds(void)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	if (!c)
		return NULL;
	pcre2_set_newline(c, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(c, BN_PATTERN_NEST);
	return c;
}

static int on_place(pcre2_callout_block *block, void *user);

static int prepare_match(bn_pattern *p, bn_err *err)
{
	p->data = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->bounds = pcre2_match_context_create(NULL);
	if (!p->data || !p->bounds)
		return bn_err_nomem(err, "a pattern");
	pcre2_set_callout(p->bounds, on_place, p);
	pcre2_set_heap_limit(p->bounds, BN_PATTERN_HEAP_KIB);
	return 0;
}

static int compile(bn_pattern **out, translation *t, uint32_t options)
{
	const uint32_t unicode =
		PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	bn_pattern *p = NULL;
	pcre2_compile_context *bounds = NULL;
	int code, rc = bn_buf_check(&t->out, t->err, "a pattern");
	PCRE2_SIZE at;
	if (rc < 0 || (rc = bn_buf_check(&t->place, t->err, "a pattern")) < 0)
		return rc;
	p = bn_alloc_zeroed(1, sizeof *p);
	bounds = compile_bounds();
	if (!p || !bounds) {
		rc = bn_err_nomem(t->err, "a pattern");
		goto out;
	}
	snprintf(p->shown, sizeof p->shown, "%s", t->in);
	p->code = pcre2_compile((PCRE2_SPTR)(t->out.ptr ? t->out.ptr : ""), t->out.len,
		unicode | options, &code, &at, bounds);
	if (!p->code) {
		rc = say_compile_error(t, code, at);
		goto out;
	}
	if ((rc = prepare_match(p, t->err)) < 0)
		goto out;
	*out = p;
	p = NULL;
out:
	pcre2_compile_context_free(bounds);
	bn_pattern_free(p);
	return rc;
}

static int check_length(const char *pattern, bn_err *err)
{
	if (strlen(pattern) > BN_PATTERN_MAX)
		return bn_err_set(err, BN_EINVAL, "a pattern of %zu bytes is over the limit of %d",
			strlen(pattern), BN_PATTERN_MAX);
	return 0;
}

/* The callout (?C1) reports each position at which a match is tried; optimisations skip positions
 * without a match. */
#define PATTERN_BEGIN "(?C1)(?:"

int bn_pattern_compile(bn_pattern **out, const char *regex, bn_err *err)
{
	translation t = {.in = regex, .out = BN_BUF_INIT, .place = BN_BUF_INIT, .err = err};
	int rc = check_length(regex, err);
	if (rc < 0)
		return rc;
	emit(&t, PATTERN_BEGIN, strlen(PATTERN_BEGIN));
	if ((rc = translate(&t)) < 0)
		goto out;
	emit(&t, ")", 1);
	rc = compile(out, &t, 0);
out:
	bn_buf_release(&t.out);
	bn_buf_release(&t.place);
	return rc;
}

/* The text between two % is matched at its first occurrence, without backtracking: an atomic group.
 * Only the last piece has a fixed position, the end. */
static void translate_like(translation *t)
{
	const char *last = NULL;
	bool inside = false;
	for (const char *s = t->in; *s; s++) {
		if (*s == '%')
			last = s;
		else if (*s == '\\' && s[1])
			s++;
	}
	emit(t, "\\A", 2);
	for (; t->in[t->at]; t->at++) {
		const char *s = t->in + t->at;
		if (*s == '%') {
			emit(t, inside ? ")" : "", inside);
			inside = s != last;
			emit(t, inside ? "(?>.*?" : ".*?", inside ? 6 : 3);
			continue;
		}
		if (*s == '_') {
			emit(t, ".", 1);
			continue;
		}
		if (*s == '\\' && s[1])
			s = t->in + ++t->at;
		if (strchr("\\^$.[]()|*+?{}", *s))
			emit(t, "\\", 1);
		emit(t, s, 1);
	}
	emit(t, "\\z", 2);
}

int bn_pattern_compile_like(bn_pattern **out, const char *like, bn_err *err)
{
	translation t = {.in = like, .out = BN_BUF_INIT, .place = BN_BUF_INIT, .err = err};
	int rc = check_length(like, err);
	if (rc < 0)
		return rc;
	translate_like(&t);
	rc = compile(out, &t, PCRE2_DOTALL);
	bn_buf_release(&t.out);
	bn_buf_release(&t.place);
	return rc;
}

void bn_pattern_free(bn_pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->bounds);
	bn_free(p);
}

/* ---- matching ------------------------------------------------------------------------------- */

#define LOOK_EACH 16 /* positions of a text no longer than LONG; each position of a longer one */
#define LONG 65536
#define STEPS_BYTE 4

void bn_pattern_watch(bn_pattern *p, bool (*stopped)(void *ctx), void *ctx)
{
	p->stopped = stopped;
	p->ctx = ctx;
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Above 0: the match fails here; below: it ends. */
static int on_place(pcre2_callout_block *block, void *user)
{
	bn_pattern *p = user;
	if (++p->places % (block->subject_length > LONG ? 1 : LOOK_EACH) != 0)
		return 0;
	if (p->stopped && p->stopped(p->ctx))
		return PCRE2_ERROR_CALLOUT;
	if (p->started_ns == 0)
		p->started_ns = now_ns();
	return now_ns() - p->started_ns > BN_PATTERN_SECONDS * 1000000000LL ? PCRE2_ERROR_MATCHLIMIT
									    : 0;
}

static int undecided(const bn_pattern *p, int code, size_t n, bn_err *err)
{
	char why[160];
	if (code == PCRE2_ERROR_NOMEMORY)
		return bn_err_nomem(err, "matching a pattern");
	if (code == PCRE2_ERROR_CALLOUT)
		return bn_err_set(err, BN_EINTR, "matching a pattern was interrupted");
	if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT)
		snprintf(why, sizeof why, "more than %d steps, or %d s", BN_PATTERN_STEPS,
			BN_PATTERN_SECONDS);
	else if (code == PCRE2_ERROR_HEAPLIMIT)
		snprintf(why, sizeof why, "more than %d MiB of memory", BN_PATTERN_HEAP_KIB / 1024);
	else
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
	bn_err_set(err, BN_EUNSUPPORTED,
		"pattern '%s' cannot be decided for a text of %zu bytes: %s", p->shown, n, why);
	bn_err_hint(err, "nested repeats, such as (a+)+, are what takes so long");
	return BN_EUNSUPPORTED;
}

int bn_pattern_matches(bool *out, bn_pattern *p, const char *text, size_t n, bn_err *err)
{
	size_t steps = BN_PATTERN_STEPS + (n < UINT32_MAX / 16 ? n : UINT32_MAX / 16) * STEPS_BYTE;
	p->places = 0;
	p->started_ns = 0;
	pcre2_set_match_limit(p->bounds, (uint32_t)steps);
	int rc = pcre2_match(p->code, (PCRE2_SPTR)(text ? text : ""), n, 0, 0, p->data, p->bounds);
	*out = rc >= 0;
	return rc >= 0 || rc == PCRE2_ERROR_NOMATCH ? 0 : undecided(p, rc, n, err);
}

bool bn_pattern_group(const bn_pattern *p, const char *name, size_t *from, size_t *n)
{
	const size_t *ends = pcre2_get_ovector_pointer(p->data);
	int k = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name);
	if (k < 0 || ends[2 * k] == PCRE2_UNSET)
		return false;
	*from = ends[2 * k];
	*n = ends[2 * k + 1] - ends[2 * k];
	return true;
}
