/*
 * filter.c - see _filter.h and the grammar in query.h.
 *
 * A recursive descent over the text itself: no tree is built, because SQL has the same shape. The
 * lexer keeps one token of lookahead, and every error points at the token that is wrong.
 */
#include "core/track/_filter.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "core/track/_parse.h"
#include "core/track/run.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FILTER_DEPTH_MAX 64
#define FILTER_TESTS_MAX 400

/* ---- values --------------------------------------------------------------------------------- */

static bool is_value(const bn_parser *p)
{
	return p->now.kind == BN_TOKEN_QUOTED || p->now.kind == BN_TOKEN_NAME ||
	       p->now.kind == BN_TOKEN_WORD || p->now.kind == BN_TOKEN_NUMBER;
}

static int value_time(bn_parser *p, const char *text, size_t n)
{
	char copy[64];
	int64_t ns;
	snprintf(copy, sizeof copy, "%.*s", (int)(n < 63 ? n : 63), text);
	if (p->now.kind == BN_TOKEN_NUMBER)
		bn_sql_piece_real(p->out, p->now.number);
	else if (bn_timestamp_parse(text, n, &ns))
		bn_sql_piece_int(p->out, ns / 1000000);
	else if (bn_parse_duration_ns(copy, &ns))
		bn_sql_piece_int(p->out, p->w->now_ms - ns / 1000000);
	else
		return bn_parse_expected(
			p, "a time such as '2026-01-31', '2h' (ago) or milliseconds");
	return 0;
}

static int value_duration(bn_parser *p, const char *text, size_t n)
{
	char copy[64];
	int64_t ns;
	snprintf(copy, sizeof copy, "%.*s", (int)(n < 63 ? n : 63), text);
	if (p->now.kind == BN_TOKEN_NUMBER)
		bn_sql_piece_real(p->out, p->now.number);
	else if (bn_parse_duration_ns(copy, &ns))
		bn_sql_piece_int(p->out, ns / 1000000);
	else
		return bn_parse_expected(p, "a duration such as 5m, 1h30m or milliseconds");
	return 0;
}

static int value_status(bn_parser *p, const char *text, size_t n)
{
	char upper[16];
	bn_run_status status;
	snprintf(upper, sizeof upper, "%.*s", (int)(n < 15 ? n : 15), text);
	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (n > 15 || !bn_run_status_parse(&status, upper))
		return bn_parse_expected(
			p, "one of SCHEDULED, QUEUED, RUNNING, FINISHED, FAILED, KILLED, LOST");
	bn_sql_piece_text(p->out, upper, strlen(upper));
	return 0;
}

/* Appends the value as what the field is compared with, and reads on. */
static int parse_value(bn_parser *p, const bn_run_field *f, bool number)
{
	const char *text = p->text + p->now.at;
	size_t n = p->now.len;
	double d;
	int rc = 0;
	if (!is_value(p))
		return bn_parse_expected(p, "a value");
	switch (f->kind) {
	case BN_FIELD_TIME:
		rc = value_time(p, text, n);
		break;
	case BN_FIELD_DURATION:
		rc = value_duration(p, text, n);
		break;
	case BN_FIELD_STATUS:
		rc = value_status(p, text, n);
		break;
	case BN_FIELD_METRIC:
	case BN_FIELD_NUMBER:
		if (!bn_parse_f64(text, n, &d) || isnan(d))
			return bn_parse_expected(p, bn_is_beyond_f64(text, n)
							    ? "a number of at most 1.8e308, or inf"
							    : "a number");
		bn_sql_piece_real(p->out, d);
		break;
	default:
		if (number)
			bn_sql_piece_real(p->out, p->now.number);
		else
			bn_sql_piece_text(p->out, text, n);
	}
	if (rc < 0)
		return rc;
	bn_lex(p);
	return 0;
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* Whether this test compares numbers: always for numeric fields; for a parameter when the value is
 * an unquoted number. A tag is text. */
static bool compares_numbers(const bn_parser *p, const bn_run_field *f)
{
	return f->kind == BN_FIELD_PARAM && p->now.kind == BN_TOKEN_NUMBER;
}

/* LIKE that minds case: SQLite's own does not, its GLOB does. */
static void like_as_glob(bn_parser *p, const char *pattern, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < n; i++) {
		if (pattern[i] == '%')
			bn_buf_addch(&b, '*');
		else if (pattern[i] == '_')
			bn_buf_addch(&b, '?');
		else if (strchr("*?[", pattern[i]))
			bn_buf_addf(&b, "[%c]", pattern[i]);
		else
			bn_buf_addch(&b, pattern[i]);
	}
	p->out->failed = p->out->failed || b.failed;
	bn_sql_piece_text(p->out, b.ptr, b.len);
	bn_buf_release(&b);
}

static int need_text(bn_parser *p, const bn_run_field *f, const char *op)
{
	if (f->kind != BN_FIELD_TEXT && f->kind != BN_FIELD_STATUS && f->kind != BN_FIELD_PARAM &&
		f->kind != BN_FIELD_TAG) {
		char text[80];
		snprintf(text, sizeof text, "%s compares text, and this field is a number", op);
		return bn_parse_fail(p, p->now.at, text);
	}
	return 0;
}

static int test_like(bn_parser *p, const bn_run_field *f, bool negated, bool mind_case)
{
	if (need_text(p, f, mind_case ? "LIKE" : "ILIKE") != 0)
		return p->rc;
	bn_lex(p);
	if (!is_value(p))
		return bn_parse_expected(p, "a pattern such as 'a%'");
	bn_filter_field_sql(p->out, f, p->w, false);
	bn_buf_addf(&p->out->sql, "%s %s ", negated ? " NOT" : "", mind_case ? "GLOB" : "LIKE");
	if (mind_case)
		like_as_glob(p, p->text + p->now.at, p->now.len);
	else
		bn_sql_piece_text(p->out, p->text + p->now.at, p->now.len);
	bn_lex(p);
	return 0;
}

static int test_contains(bn_parser *p, const bn_run_field *f)
{
	if (need_text(p, f, "~") != 0)
		return p->rc;
	bn_lex(p);
	if (!is_value(p))
		return bn_parse_expected(p, "a text");
	bn_buf_adds(&p->out->sql, "instr(lower(");
	bn_filter_field_sql(p->out, f, p->w, false);
	bn_buf_adds(&p->out->sql, "), lower(");
	bn_sql_piece_text(p->out, p->text + p->now.at, p->now.len);
	bn_buf_adds(&p->out->sql, ")) > 0");
	bn_lex(p);
	return 0;
}

static int test_in(bn_parser *p, const bn_run_field *f, bool negated)
{
	bn_lex(p);
	if (!bn_token_accept(p, "("))
		return bn_parse_expected(p, "'('");
	bool number = compares_numbers(p, f);
	bn_filter_field_sql(p->out, f, p->w, number);
	bn_buf_adds(&p->out->sql, negated ? " NOT IN (" : " IN (");
	do {
		if (number && p->now.kind != BN_TOKEN_NUMBER)
			return bn_parse_expected(p, "a number, as the first of the list is");
		if (++p->tests > FILTER_TESTS_MAX)
			return bn_parse_fail(p, p->now.at, "more than 400 values and tests");
		if (parse_value(p, f, number) != 0)
			return p->rc;
		if (bn_token_is(p, ","))
			bn_buf_addch(&p->out->sql, ',');
	} while (bn_token_accept(p, ","));
	bn_buf_addch(&p->out->sql, ')');
	return bn_token_accept(p, ")") ? 0 : bn_parse_expected(p, "',' or ')'");
}

static int test_between(bn_parser *p, const bn_run_field *f, bool negated)
{
	bn_lex(p);
	bool number = compares_numbers(p, f);
	bn_filter_field_sql(p->out, f, p->w, number);
	bn_buf_adds(&p->out->sql, negated ? " NOT BETWEEN " : " BETWEEN ");
	if (parse_value(p, f, number) != 0)
		return p->rc;
	if (!bn_token_accept(p, "AND"))
		return bn_parse_expected(p, "AND");
	if (number && p->now.kind != BN_TOKEN_NUMBER)
		return bn_parse_expected(p, "a number");
	bn_buf_adds(&p->out->sql, " AND ");
	return parse_value(p, f, number);
}

static int test_compare(bn_parser *p, const bn_run_field *f)
{
	static const struct {
		const char *op, *sql;
	} ops[] = {{"<=", " <= "}, {">=", " >= "}, {"!=", " <> "}, {"<>", " <> "}, {"==", " = "},
		{"=", " = "}, {"<", " < "}, {">", " > "}};
	const char *sql = NULL;
	for (size_t i = 0; i < sizeof ops / sizeof *ops && !sql; i++)
		if (p->now.kind == BN_TOKEN_OP && bn_token_is(p, ops[i].op))
			sql = ops[i].sql;
	if (!sql)
		return bn_parse_expected(
			p, "a comparison such as = != < <= > >= ~ LIKE IN or IS NULL");
	bool order = strchr("<>", sql[1]) && strcmp(sql, " <> ") != 0;
	bn_lex(p);
	if (order && f->kind == BN_FIELD_TAG && p->now.kind == BN_TOKEN_NUMBER)
		return bn_parse_fail(p, p->now.at, "a tag is text: quote the value");
	bool number = compares_numbers(p, f);
	bn_filter_field_sql(p->out, f, p->w, number);
	bn_buf_adds(&p->out->sql, sql);
	return parse_value(p, f, number);
}

static int parse_test(bn_parser *p)
{
	bn_run_field f;
	if (++p->tests > FILTER_TESTS_MAX)
		return bn_parse_fail(p, p->now.at, "more than 400 values and tests");
	if (bn_parse_field(p, &f) != 0)
		return p->rc;
	if (bn_token_accept(p, "IS")) {
		bool negated = bn_token_accept(p, "NOT");
		if (!bn_token_accept(p, "NULL"))
			return bn_parse_expected(p, negated ? "NULL" : "NULL or NOT NULL");
		bn_filter_field_sql(p->out, &f, p->w, false);
		bn_buf_adds(&p->out->sql, negated ? " IS NOT NULL" : " IS NULL");
		return 0;
	}
	bool negated = bn_token_accept(p, "NOT");
	if (bn_token_is(p, "LIKE") || bn_token_is(p, "ILIKE"))
		return test_like(p, &f, negated, bn_token_is(p, "LIKE"));
	if (bn_token_is(p, "IN"))
		return test_in(p, &f, negated);
	if (bn_token_is(p, "BETWEEN"))
		return test_between(p, &f, negated);
	if (negated)
		return bn_parse_expected(p, "LIKE, ILIKE, IN or BETWEEN");
	if (bn_token_is(p, "~"))
		return test_contains(p, &f);
	return test_compare(p, &f);
}

/* ---- AND, OR, NOT --------------------------------------------------------------------------- */

static int parse_or(bn_parser *p);

static int parse_not(bn_parser *p)
{
	if (++p->depth > FILTER_DEPTH_MAX)
		return bn_parse_fail(p, p->now.at, "nested over 64 levels");
	if (bn_token_accept(p, "NOT")) {
		bn_buf_adds(&p->out->sql, "NOT (");
		if (parse_not(p) == 0)
			bn_buf_addch(&p->out->sql, ')');
	} else if (bn_token_accept(p, "(")) {
		bn_buf_addch(&p->out->sql, '(');
		if (parse_or(p) == 0 && !bn_token_accept(p, ")"))
			bn_parse_expected(p, "AND, OR or ')'");
		bn_buf_addch(&p->out->sql, ')');
	} else {
		parse_test(p);
	}
	p->depth--;
	return p->rc;
}

static int parse_and(bn_parser *p)
{
	parse_not(p);
	while (p->rc == 0 && bn_token_accept(p, "AND")) {
		bn_buf_adds(&p->out->sql, " AND ");
		parse_not(p);
	}
	return p->rc;
}

static int parse_or(bn_parser *p)
{
	bn_buf_addch(&p->out->sql, '(');
	parse_and(p);
	while (p->rc == 0 && bn_token_accept(p, "OR")) {
		bn_buf_adds(&p->out->sql, " OR ");
		parse_and(p);
	}
	bn_buf_addch(&p->out->sql, ')');
	return p->rc;
}

int bn_filter_compile(
	bn_sql_piece *out, const bn_filter_world *w, const char *text, size_t *at, bn_err *err)
{
	bn_parser p = {.w = w, .text = text, .out = out, .err = err};
	bn_lex(&p);
	if (parse_or(&p) == 0 && p.now.kind != BN_TOKEN_END)
		bn_parse_expected(&p, "AND or OR");
	if (p.rc == 0 && (out->failed || out->sql.failed))
		p.rc = bn_err_nomem(err, "a query");
	if (at)
		*at = p.error_at;
	return p.rc;
}
