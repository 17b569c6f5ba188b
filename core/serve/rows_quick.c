/*
 * rows_quick.c - parses rows of /predict directly from JSON text into a session, without a
 * tree.
 *
 * Building a tree is the largest part of answering a row (a third of the server's time), so the common
 * bodies are parsed here: an object of scalars, an array of such objects, an array of scalars or of
 * such arrays, strings without escapes. Anything else (an escape, a nested value, an error of any
 * kind) is left to the tree parser, which starts over and reports errors; so there is one set of
 * messages, and what is accepted here it accepts with the same values. Numbers are exact: integers of
 * 64 bits as such, others correctly rounded.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/serve/_server.h"

#include <math.h>
#include <string.h>

#define MAX_EXTRA 32 /* fields that the model does not use, per row */

typedef enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING } value_kind;

typedef struct value {
	value_kind kind;
	double number; /* also of a bool */
	const char *text;
	size_t len;
} value;

typedef struct reader {
	const char *at, *end;
	bn_call *call;
	size_t row;
	const char *extra[MAX_EXTRA];
	size_t extra_len[MAX_EXTRA], extra_count;
} reader;

/* ---- text ----------------------------------------------------------------------------------- */

static void skip_blanks(reader *r)
{
	while (r->at < r->end &&
		(*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

/* Consumes c and surrounding blanks. */
static bool take(reader *r, char c)
{
	skip_blanks(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	skip_blanks(r);
	return true;
}

static bool take_word(reader *r, const char *word, size_t n)
{
	if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

/* A string without escapes. */
static bool take_string(reader *r, const char **text, size_t *len)
{
	unsigned char all = 0;
	if (r->at == r->end || *r->at != '"')
		return false;
	const char *p = ++r->at;
	while (p < r->end && *p != '"') {
		if (*p == '\\' || (unsigned char)*p < ' ')
			return false;
		all |= (unsigned char)*p++;
	}
	if (p == r->end)
		return false;
	*text = r->at;
	*len = (size_t)(p - r->at);
	r->at = p + 1;
	return all < 0x80 || bn_utf8_is_valid(*text, *len);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static size_t digits(const reader *r, const char *p, uint64_t *v)
{
	const char *from = p;
	for (; p < r->end && *p >= '0' && *p <= '9'; p++)
		*v = *v * 10 + (uint64_t)(*p - '0');
	return (size_t)(p - from);
}

/* "e-3": the number after the e, at most 4 digits; false if malformed or longer. */
static bool take_exponent(const reader *r, const char **at, int *exponent)
{
	const char *p = *at + 1;
	uint64_t v = 0;
	bool negative = p < r->end && *p == '-';
	p += p < r->end && (*p == '-' || *p == '+');
	size_t n = digits(r, p, &v);
	if (!n || n > 4)
		return false;
	*at = p + n;
	*exponent += negative ? -(int)v : (int)v;
	return true;
}

static double exact(uint64_t mantissa, int exponent)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	double m = (double)mantissa;
	return exponent < 0 ? m / powers[-exponent] : m * powers[exponent];
}

/* A mantissa below 2^53 and a power of ten up to 22 are exact doubles, so one operation rounds once
 * (Clinger, "How to read floating point numbers accurately", 1990); the rest is left to
 * bn_parse_f64. */
static bool take_number(reader *r, double *out)
{
	const char *from = r->at, *p = from;
	bool negative = p < r->end && *p == '-', real = false;
	uint64_t mantissa = 0;
	int exponent = 0;
	p += negative;
	size_t whole = digits(r, p, &mantissa), fraction = 0;
	if (!whole || (whole > 1 && *p == '0'))
		return false;
	p += whole;
	if (p < r->end && *p == '.') {
		fraction = digits(r, p + 1, &mantissa);
		if (!fraction)
			return false;
		p += 1 + fraction;
		exponent = -(int)(fraction < 1000 ? fraction : 1000);
		real = true;
	}
	if (p < r->end && (*p == 'e' || *p == 'E')) {
		if (!take_exponent(r, &p, &exponent))
			return false;
		real = true;
	}
	r->at = p;
	if (!real) {
		if (whole > 18)
			return false;
		*out = (double)(negative ? -(int64_t)mantissa : (int64_t)mantissa);
		return true;
	}
	if (whole + fraction <= 18 && mantissa < (uint64_t)1 << 53 && exponent >= -22 &&
		exponent <= 22) {
		double x = exact(mantissa, exponent);
		*out = negative ? -x : x;
		return true;
	}
	return bn_parse_f64(from, (size_t)(p - from), out) && *out - *out == 0;
}

/* ---- values and rows ------------------------------------------------------------------------ */

static bool take_value(reader *r, value *v)
{
	if (r->at == r->end)
		return false;
	switch (*r->at) {
	case '"':
		v->kind = VALUE_STRING;
		return take_string(r, &v->text, &v->len);
	case 't':
		*v = (value){VALUE_BOOL, 1, NULL, 0};
		return take_word(r, "true", 4);
	case 'f':
		*v = (value){VALUE_BOOL, 0, NULL, 0};
		return take_word(r, "false", 5);
	case 'n':
		v->kind = VALUE_NULL;
		return take_word(r, "null", 4);
	default:
		v->kind = VALUE_NUMBER;
		return take_number(r, &v->number);
	}
}

/* False for errors, and for values that need another parser: times, a bool for a category, a category given
 * by a number whose digits do not fit a double. */
static bool store(reader *r, size_t input, const value *v)
{
	bn_session *s = r->call->session;
	bn_input_kind kind = bn_predictor_input_kind(bn_session_predictor(s), input);
	if (v->kind == VALUE_NULL)
		return true;
	if (v->kind == VALUE_NUMBER && kind == BN_INPUT_CATEGORY && fabs(v->number) >= 0x1p53)
		return false;
	if (v->kind == VALUE_NUMBER || (v->kind == VALUE_BOOL && kind == BN_INPUT_BOOL))
		return bn_session_set_number(s, r->row, input, v->number, NULL) == 0;
	return v->kind == VALUE_STRING && kind == BN_INPUT_CATEGORY &&
	       bn_session_set_text(s, r->row, input, v->text, v->len, NULL) == 0 && v->len;
}

/* A field that the model does not use: allowed once, if extra fields are allowed. */
static bool note_extra(reader *r, const char *key, size_t len)
{
	if (!r->call->server->o.policy.allow_extra || r->extra_count == MAX_EXTRA)
		return false;
	for (size_t i = 0; i < r->extra_count; i++)
		if (r->extra_len[i] == len && !memcmp(r->extra[i], key, len))
			return false;
	r->extra[r->extra_count] = key;
	r->extra_len[r->extra_count++] = len;
	return true;
}

static bool take_field(reader *r, size_t *given)
{
	const bn_predictor *p = bn_session_predictor(r->call->session);
	const char *key = NULL;
	size_t len = 0;
	value v = {VALUE_NULL, 0, NULL, 0};
	if (!take_string(r, &key, &len) || !take(r, ':') || !take_value(r, &v))
		return false;
	int input = bn_predictor_find_input(p, key, len);
	if (input < 0)
		return note_extra(r, key, len);
	uint8_t *seen = &r->call->worker->given[input];
	if (*seen)
		return false;
	*seen = 1;
	++*given;
	return store(r, (size_t)input, &v);
}

static bool take_object(reader *r)
{
	size_t inputs = bn_predictor_input_count(bn_session_predictor(r->call->session)), given = 0;
	memset(r->call->worker->given, 0, inputs);
	r->extra_count = 0;
	if (!take(r, '{'))
		return false;
	do
		if (!take_field(r, &given))
			return false;
	while (take(r, ','));
	return take(r, '}') && given == inputs;
}

static bool take_array(reader *r)
{
	const bn_features *f = bn_predictor_features(bn_session_predictor(r->call->session));
	size_t inputs = bn_features_input_count(f), i = 0;
	if (bn_features_source_count(f) != inputs ||
		!take(r, '[')) /* a vector is an array inside */
		return false;
	do {
		value v = {VALUE_NULL, 0, NULL, 0};
		if (i == inputs || !take_value(r, &v) || !store(r, i, &v))
			return false;
		i++;
	} while (take(r, ','));
	return take(r, ']') && i == inputs;
}

/* [row, row, ..], all objects or all arrays, and nothing after them. */
static bool take_rows(reader *r)
{
	if (!take(r, '[') || bn_session_begin(r->call->session, 0, NULL))
		return false;
	bool object = r->at < r->end && *r->at == '{';
	size_t most = r->call->server->o.max_rows;
	for (r->row = 0; r->row < most; r->row++) {
		if (bn_session_extend(r->call->session, r->row + 1, NULL))
			return false;
		if (!(object ? take_object(r) : take_array(r)))
			return false;
		if (!take(r, ','))
			return take(r, ']') && r->at == r->end;
	}
	return false;
}

static bool make_room(bn_call *c)
{
	bn_server_worker *w = c->worker;
	size_t need = bn_predictor_input_count(bn_session_predictor(c->session));
	return bn_grow(&w->given, &w->given_cap, need, sizeof *w->given) == 0;
}

bool bn_rows_quick(bn_call *c, bool *many)
{
	reader r = {
		.at = c->request->body, .end = c->request->body + c->request->body_len, .call = c};
	if (c->worker->no_quick || !c->request->body_len || !make_room(c))
		return false;
	skip_blanks(&r);
	if (r.at == r.end)
		return false;
	const char *first = r.at + 1;
	while (first < r.end &&
		(*first == ' ' || *first == '\n' || *first == '\r' || *first == '\t'))
		first++;
	*many = *r.at == '[' && first < r.end && (*first == '{' || *first == '[');
	if (*many)
		return take_rows(&r);
	if (bn_session_begin(c->session, 1, NULL))
		return false;
	return (*r.at == '{' ? take_object(&r) : take_array(&r)) && r.at == r.end;
}
