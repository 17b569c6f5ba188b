/*
 * filter.c - see _filter.h and the grammar in query.h.
 *
 * A recursive descent over the text itself: no tree is built, because SQL has the same shape. The
 * lexer keeps one token of lookahead, and every error points at the token that is wrong.
 */
#include "core/track/_filter.h"

#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/store/fold.h"
#include "core/track/run.h"
#include "core/track/series.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FILTER_DEPTH_MAX 64
#define FILTER_TESTS_MAX 400

/* ---- pieces of SQL -------------------------------------------------------------------------- */

void bn_sql_piece_init(bn_sql_piece *p)
{
	memset(p, 0, sizeof *p);
	bn_buf_init(&p->sql);
}

void bn_sql_piece_release(bn_sql_piece *p)
{
	bn_buf_release(&p->sql);
	bn_free(p->binds);
	bn_arena_release(&p->arena);
	bn_sql_piece_init(p);
}

static bn_sql_bind *piece_bind(bn_sql_piece *p, char type)
{
	static bn_sql_bind lost;
	bn_buf_addch(&p->sql, '?');
	if (bn_grow(&p->binds, &p->cap, p->count + 1, sizeof *p->binds) != 0) {
		p->failed = true;
		return &lost;
	}
	bn_sql_bind *b = &p->binds[p->count++];
	*b = (bn_sql_bind){.type = type};
	return b;
}

void bn_sql_piece_text(bn_sql_piece *p, const char *s, size_t n)
{
	bn_sql_bind *b = piece_bind(p, 's');
	b->s = bn_arena_strndup(&p->arena, s, n);
	p->failed = p->failed || !b->s;
}

void bn_sql_piece_int(bn_sql_piece *p, int64_t i)
{
	piece_bind(p, 'i')->i = i;
}

void bn_sql_piece_real(bn_sql_piece *p, double d)
{
	piece_bind(p, 'd')->d = d;
}

int bn_sql_piece_bind(const bn_sql_piece *p, sqlite3_stmt *st, int *at, bn_err *err)
{
	int rc = p->failed || p->sql.failed ? SQLITE_NOMEM : SQLITE_OK;
	for (size_t i = 0; i < p->count && rc == SQLITE_OK; i++) {
		const bn_sql_bind *b = &p->binds[i];
		if (b->type == 's')
			rc = sqlite3_bind_text(st, *at, b->s, -1, SQLITE_TRANSIENT);
		else if (b->type == 'i')
			rc = sqlite3_bind_int64(st, *at, b->i);
		else
			rc = sqlite3_bind_double(st, *at, b->d);
		++*at;
	}
	return rc == SQLITE_OK ? 0 : bn_err_nomem(err, "a query");
}

/* ---- tokens --------------------------------------------------------------------------------- */

typedef enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* bare: letters, digits and _ . - / : */
	TOKEN_NUMBER, /* a bare word that reads as a number */
	TOKEN_QUOTED, /* '..' */
	TOKEN_NAME,   /* "..", `..`: a key, or where a value is due, text */
	TOKEN_OP,
	TOKEN_BAD,
} token_kind;

typedef struct token {
	token_kind kind;
	size_t at, len; /* in the source; of quoted ones without the quotes */
	double number;
	const char *bad; /* TOKEN_BAD: what is wrong */
} token;

typedef struct parser {
	const bn_filter_world *w;
	const char *text;
	size_t pos;
	token now;
	bn_sql_piece *out;
	int depth, tests;
	size_t error_at;
	bn_err *err;
	int rc;
} parser;

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("_.-/:+%@", c));
}

static void lex_quoted(parser *p, char quote)
{
	size_t from = ++p->pos;
	const char *end = strchr(p->text + from, quote);
	p->now.kind = quote == '\'' ? TOKEN_QUOTED : TOKEN_NAME;
	p->now.at = from;
	if (!end) {
		p->now = (token){TOKEN_BAD, from - 1, 1, 0, "this quote is never closed"};
		p->pos = strlen(p->text);
		return;
	}
	p->now.len = (size_t)(end - p->text) - from;
	p->pos = from + p->now.len + 1;
}

static void lex_op(parser *p)
{
	static const char *const ops[] = {
		"<=", ">=", "!=", "==", "<>", "=", "<", ">", "(", ")", ",", "~"};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (bn_str_starts(p->text + p->pos, ops[i])) {
			p->now = (token){TOKEN_OP, p->pos, strlen(ops[i]), 0, NULL};
			p->pos += p->now.len;
			return;
		}
	p->now = (token){TOKEN_BAD, p->pos, 1, 0, "this character means nothing here"};
}

/* Reads the next token into p->now. */
static void lex(parser *p)
{
	const char *t = p->text;
	while (t[p->pos] && isspace((unsigned char)t[p->pos]))
		p->pos++;
	p->now = (token){TOKEN_END, p->pos, 0, 0, NULL};
	if (!t[p->pos])
		return;
	if (t[p->pos] == '\'' || t[p->pos] == '"' || t[p->pos] == '`') {
		lex_quoted(p, t[p->pos]);
	} else if (is_word(t[p->pos])) {
		size_t from = p->pos;
		while (is_word(t[p->pos]))
			p->pos++;
		p->now.len = p->pos - from;
		p->now.kind = bn_parse_f64(t + from, p->now.len, &p->now.number) ? TOKEN_NUMBER
										 : TOKEN_WORD;
	} else {
		lex_op(p);
	}
}

/* "source:line:column", columns counted in characters. */
static int fail_at(parser *p, size_t at, const char *what)
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

static int expected(parser *p, const char *what)
{
	char text[160];
	if (p->now.kind == TOKEN_BAD)
		return fail_at(p, p->now.at, p->now.bad);
	if (p->now.kind == TOKEN_END)
		snprintf(text, sizeof text, "expected %s at the end", what);
	else
		snprintf(text, sizeof text, "expected %s, not '%.*s'", what,
			(int)(p->now.len < 40 ? p->now.len : 40), p->text + p->now.at);
	return fail_at(p, p->now.at, text);
}

static bool token_is(const parser *p, const char *text)
{
	return (p->now.kind == TOKEN_OP || p->now.kind == TOKEN_WORD) &&
	       p->now.len == strlen(text) && !strncasecmp(p->text + p->now.at, text, p->now.len);
}

static bool accept(parser *p, const char *text)
{
	if (!token_is(p, text))
		return false;
	lex(p);
	return true;
}

/* ---- fields --------------------------------------------------------------------------------- */

typedef struct attribute {
	const char *name;
	bn_field_kind kind;
	const char *sql;
} attribute;

#define DURATION_SQL "@duration" /* needs the clock: see bn_filter_field_sql */

static const attribute attributes[] = {
	{"id", BN_FIELD_TEXT, "r.id"},
	{"run_id", BN_FIELD_TEXT, "r.id"},
	{"name", BN_FIELD_TEXT, "r.name"},
	{"run_name", BN_FIELD_TEXT, "r.name"},
	{"experiment", BN_FIELD_TEXT, "r.experiment"},
	{"status", BN_FIELD_STATUS, "r.status"},
	{"user", BN_FIELD_TEXT, "r.user"},
	{"user_id", BN_FIELD_TEXT, "r.user"},
	{"kind", BN_FIELD_TEXT, "r.kind"},
	{"title", BN_FIELD_TEXT, "r.title"},
	{"host", BN_FIELD_TEXT, "r.host"},
	{"dataset", BN_FIELD_TEXT, "r.dataset"},
	{"reason", BN_FIELD_TEXT, "r.reason"},
	{"note", BN_FIELD_TEXT, "r.note"},
	{"parent", BN_FIELD_TEXT, "r.parent"},
	{"model", BN_FIELD_TEXT, "r.model"},
	{"created", BN_FIELD_TIME, "r.created_ms"},
	{"started", BN_FIELD_TIME, "r.started_ms"},
	{"start_time", BN_FIELD_TIME, "coalesce(r.started_ms, r.created_ms)"},
	{"finished", BN_FIELD_TIME, "r.finished_ms"},
	{"end_time", BN_FIELD_TIME, "r.finished_ms"},
	{"duration", BN_FIELD_DURATION, DURATION_SQL},
	{"exit_code", BN_FIELD_NUMBER, "r.exit_code"},
	{"signal", BN_FIELD_NUMBER, "r.signal"},
#define LIVENESS(column) \
	"(SELECT l." column " FROM run_liveness l WHERE l.run_id = r.id AND l.uid = r.uid)"
	{"rss", BN_FIELD_NUMBER, LIVENESS("peak_rss_bytes")},
	{"cpu", BN_FIELD_DURATION, LIVENESS("cpu_ms")},
	{"energy", BN_FIELD_NUMBER, LIVENESS("energy_joules")},
	{"heartbeat", BN_FIELD_TIME, LIVENESS("beat_ms")},
};

static const attribute *attribute_find(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (strlen(attributes[i].name) == n && !strncasecmp(attributes[i].name, name, n))
			return &attributes[i];
	return NULL;
}

static bool key_exists(sqlite3 *db, const char *table, const char *key)
{
	char sql[96];
	snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE key = ? LIMIT 1", table);
	return bn_sql_int(db, 0, sql, "s", key) == 1;
}

/* The nearest attribute or key that some run has. */
static void hint_field(parser *p, const char *name)
{
	static const char sql[] =
		"SELECT DISTINCT key FROM metric_series UNION SELECT DISTINCT key "
		"FROM run_param UNION SELECT DISTINCT key FROM run_tag LIMIT 2000";
	sqlite3_stmt *st = NULL;
	bn_names names = BN_NAMES_INIT;
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		bn_names_add(&names, attributes[i].name);
	if (bn_sql_prepare(&st, p->w->db, NULL, sql, "") == 0)
		while (bn_sql_step(st, NULL) == 1)
			bn_names_add(&names, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	const char **words = bn_alloc_zeroed(names.count + 1, sizeof *words);
	for (size_t i = 0; words && i < names.count; i++)
		words[i] = names.items[i];
	const char *near = words ? bn_nearest_word(name, words) : NULL;
	if (near)
		bn_err_hint(p->err, "did you mean '%s'?", near);
	else
		bn_err_hint(p->err, "params.KEY, metrics.KEY and tags.KEY name what a run logged");
	bn_free(words);
	bn_names_release(&names);
}

static int field_key(parser *p, bn_run_field *f, bn_field_kind kind, const char *aggregate,
	const char *key, size_t n)
{
	f->kind = kind;
	f->aggregate = aggregate;
	f->key = bn_arena_strndup(&p->out->arena, key, n);
	return f->key ? 0 : (p->rc = bn_err_nomem(p->err, "a query"));
}

static int field_bare(parser *p, bn_run_field *f, size_t at, const char *name, size_t n)
{
	const attribute *a = attribute_find(name, n);
	if (a) {
		f->kind = a->kind;
		f->sql = a->sql;
		return 0;
	}
	if (field_key(p, f, BN_FIELD_METRIC, "last", name, n) != 0)
		return p->rc;
	if (key_exists(p->w->db, "metric_series", f->key))
		return 0;
	f->kind = BN_FIELD_PARAM;
	if (key_exists(p->w->db, "run_param", f->key))
		return 0;
	f->kind = BN_FIELD_TAG;
	if (key_exists(p->w->db, "run_tag", f->key))
		return 0;
	char text[160];
	snprintf(text, sizeof text, "no attribute, metric, parameter or tag '%.80s'", f->key);
	fail_at(p, at, text);
	hint_field(p, f->key);
	return p->rc;
}

static const struct {
	const char *prefix;
	bn_field_kind kind;
} prefixes[] = {{"params", BN_FIELD_PARAM}, {"param", BN_FIELD_PARAM},
	{"parameters", BN_FIELD_PARAM}, {"parameter", BN_FIELD_PARAM}, {"metrics", BN_FIELD_METRIC},
	{"metric", BN_FIELD_METRIC}, {"tags", BN_FIELD_TAG}, {"tag", BN_FIELD_TAG},
	{"attributes", BN_FIELD_TEXT}, {"attribute", BN_FIELD_TEXT}, {"attr", BN_FIELD_TEXT},
	{"run", BN_FIELD_TEXT}};

/* A word with a known prefix: "params.lr", or "params." followed by a quoted key. */
static int field_prefixed(parser *p, bn_run_field *f, token word, size_t dot, bn_field_kind kind)
{
	const char *key = p->text + word.at + dot + 1;
	size_t n = word.len - dot - 1;
	if (n == 0) {
		if (p->now.kind != TOKEN_NAME || p->now.at != word.at + word.len + 1)
			return expected(p, "a key after the dot");
		key = p->text + p->now.at;
		n = p->now.len;
		lex(p);
	}
	if (kind != BN_FIELD_TEXT)
		return field_key(p, f, kind, kind == BN_FIELD_METRIC ? "last" : NULL, key, n);
	const attribute *a = attribute_find(key, n);
	if (!a) {
		char text[120];
		snprintf(text, sizeof text, "no attribute '%.*s'", (int)(n < 60 ? n : 60), key);
		fail_at(p, (size_t)(key - p->text), text);
		bn_err_hint(p->err, "attributes are id, name, experiment, status, user, created, "
				    "started, finished, duration, ...");
		return p->rc;
	}
	f->kind = a->kind;
	f->sql = a->sql;
	return 0;
}

/* best(KEY) and the like; the name has been read, now is '('. */
static int field_call(parser *p, bn_run_field *f, const char *aggregate)
{
	lex(p);
	if (p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_NAME && p->now.kind != TOKEN_QUOTED &&
		p->now.kind != TOKEN_NUMBER)
		return expected(p, "a metric");
	const char *key = p->text + p->now.at;
	size_t n = p->now.len;
	if (p->now.kind == TOKEN_WORD && n > 8 && !strncmp(key, "metrics.", 8)) {
		key += 8;
		n -= 8;
	}
	if (field_key(p, f, BN_FIELD_METRIC, aggregate, key, n) != 0)
		return p->rc;
	if (!strcmp(aggregate, "best"))
		f->aggregate = bn_metric_direction(f->key) > 0 ? "max" : "min";
	lex(p);
	return accept(p, ")") ? 0 : expected(p, "')'");
}

static int parse_field(parser *p, bn_run_field *f)
{
	static const char *const aggregates[] = {
		"best", "last", "first", "min", "max", "mean", "count"};
	token word = p->now;
	const char *text = p->text + word.at;
	memset(f, 0, sizeof *f);
	if (word.kind == TOKEN_NAME) {
		lex(p);
		return field_bare(p, f, word.at, text, word.len);
	}
	if (word.kind != TOKEN_WORD)
		return expected(p, "a field");
	lex(p);
	for (size_t i = 0; token_is(p, "(") && i < sizeof aggregates / sizeof *aggregates; i++)
		if (strlen(aggregates[i]) == word.len &&
			!strncasecmp(aggregates[i], text, word.len))
			return field_call(p, f, aggregates[i]);
	const char *dot = memchr(text, '.', word.len);
	for (size_t i = 0; dot && i < sizeof prefixes / sizeof *prefixes; i++)
		if (strlen(prefixes[i].prefix) == (size_t)(dot - text) &&
			!strncasecmp(prefixes[i].prefix, text, (size_t)(dot - text)))
			return field_prefixed(p, f, word, (size_t)(dot - text), prefixes[i].kind);
	return field_bare(p, f, word.at, text, word.len);
}

static void metric_sql(bn_sql_piece *out, const bn_run_field *f)
{
	static const struct {
		const char *aggregate, *sql;
	} columns[] = {{"last", "s.last_value"}, {"first", "s.first_value"}, {"min", "s.min_value"},
		{"max", "s.max_value"}, {"count", "s.points"},
		{"mean", "(SELECT sum(c.sum) FROM metric_chunk c WHERE c.run_id = s.run_id "
			 "AND c.uid = s.uid AND c.key = s.key) / nullif(s.points - s.nans, 0)"}};
	bn_buf_adds(&out->sql, "(SELECT ");
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		if (!strcmp(columns[i].aggregate, f->aggregate))
			bn_buf_adds(&out->sql, columns[i].sql);
	bn_buf_adds(&out->sql,
		" FROM metric_series s WHERE s.run_id = r.id AND s.uid = r.uid AND s.key = ");
	bn_sql_piece_text(out, f->key, strlen(f->key));
	bn_buf_addch(&out->sql, ')');
}

void bn_filter_field_sql(
	bn_sql_piece *out, const bn_run_field *f, const bn_filter_world *w, bool number)
{
	if (f->kind == BN_FIELD_METRIC) {
		metric_sql(out, f);
	} else if (f->kind == BN_FIELD_PARAM || f->kind == BN_FIELD_TAG) {
		bn_buf_addf(&out->sql, "(SELECT x.%s FROM %s x WHERE x.run_id = r.id AND x.key = ",
			number && f->kind == BN_FIELD_PARAM ? "number" : "value",
			f->kind == BN_FIELD_PARAM ? "run_param" : "run_tag");
		bn_sql_piece_text(out, f->key, strlen(f->key));
		bn_buf_addch(&out->sql, ')');
	} else if (!strcmp(f->sql, DURATION_SQL)) {
		bn_buf_adds(&out->sql, "(CASE WHEN r.finished_ms IS NOT NULL THEN r.finished_ms "
				       "WHEN r.status = 'RUNNING' THEN ");
		bn_sql_piece_int(out, w->now_ms);
		bn_buf_adds(&out->sql, " END - r.started_ms)");
	} else {
		bn_buf_adds(&out->sql, f->sql);
	}
}

/* ---- values --------------------------------------------------------------------------------- */

static bool is_value(const parser *p)
{
	return p->now.kind == TOKEN_QUOTED || p->now.kind == TOKEN_NAME ||
	       p->now.kind == TOKEN_WORD || p->now.kind == TOKEN_NUMBER;
}

static int value_time(parser *p, const char *text, size_t n)
{
	char copy[64];
	int64_t ns;
	snprintf(copy, sizeof copy, "%.*s", (int)(n < 63 ? n : 63), text);
	if (p->now.kind == TOKEN_NUMBER)
		bn_sql_piece_real(p->out, p->now.number);
	else if (bn_timestamp_parse(text, n, &ns))
		bn_sql_piece_int(p->out, ns / 1000000);
	else if (bn_parse_duration_ns(copy, &ns))
		bn_sql_piece_int(p->out, p->w->now_ms - ns / 1000000);
	else
		return expected(p, "a time such as '2026-01-31', '2h' (ago) or milliseconds");
	return 0;
}

static int value_duration(parser *p, const char *text, size_t n)
{
	char copy[64];
	int64_t ns;
	snprintf(copy, sizeof copy, "%.*s", (int)(n < 63 ? n : 63), text);
	if (p->now.kind == TOKEN_NUMBER)
		bn_sql_piece_real(p->out, p->now.number);
	else if (bn_parse_duration_ns(copy, &ns))
		bn_sql_piece_int(p->out, ns / 1000000);
	else
		return expected(p, "a duration such as 5m, 1h30m or milliseconds");
	return 0;
}

static int value_status(parser *p, const char *text, size_t n)
{
	char upper[16];
	bn_run_status status;
	snprintf(upper, sizeof upper, "%.*s", (int)(n < 15 ? n : 15), text);
	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (n > 15 || !bn_run_status_parse(&status, upper))
		return expected(p, "one of SCHEDULED, RUNNING, FINISHED, FAILED, KILLED, LOST");
	bn_sql_piece_text(p->out, upper, strlen(upper));
	return 0;
}

/* Appends the value as what the field is compared with, and reads on. */
static int parse_value(parser *p, const bn_run_field *f, bool number)
{
	const char *text = p->text + p->now.at;
	size_t n = p->now.len;
	double d;
	int rc = 0;
	if (!is_value(p))
		return expected(p, "a value");
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
			return expected(p, "a number");
		bn_sql_piece_real(p->out, d);
		break;
	default:
		if (number)
			bn_sql_piece_real(p->out, p->now.number);
		else
			bn_sql_piece_text(p->out, text, n);
	}
	if (rc == 0)
		lex(p);
	return rc;
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* Whether this test compares numbers: always for numeric fields; for a parameter when the value is
 * an unquoted number. A tag is text. */
static bool compares_numbers(const parser *p, const bn_run_field *f)
{
	return f->kind == BN_FIELD_PARAM && p->now.kind == TOKEN_NUMBER;
}

/* LIKE that minds case: SQLite's own does not, its GLOB does. */
static void like_as_glob(parser *p, const char *pattern, size_t n)
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

static int need_text(parser *p, const bn_run_field *f, const char *op)
{
	if (f->kind != BN_FIELD_TEXT && f->kind != BN_FIELD_STATUS && f->kind != BN_FIELD_PARAM &&
		f->kind != BN_FIELD_TAG) {
		char text[80];
		snprintf(text, sizeof text, "%s compares text, and this field is a number", op);
		return fail_at(p, p->now.at, text);
	}
	return 0;
}

static int test_like(parser *p, const bn_run_field *f, bool negated, bool mind_case)
{
	if (need_text(p, f, mind_case ? "LIKE" : "ILIKE") != 0)
		return p->rc;
	lex(p);
	if (!is_value(p))
		return expected(p, "a pattern such as 'a%'");
	bn_filter_field_sql(p->out, f, p->w, false);
	bn_buf_addf(&p->out->sql, "%s %s ", negated ? " NOT" : "", mind_case ? "GLOB" : "LIKE");
	if (mind_case)
		like_as_glob(p, p->text + p->now.at, p->now.len);
	else
		bn_sql_piece_text(p->out, p->text + p->now.at, p->now.len);
	lex(p);
	return 0;
}

static int test_contains(parser *p, const bn_run_field *f)
{
	if (need_text(p, f, "~") != 0)
		return p->rc;
	lex(p);
	if (!is_value(p))
		return expected(p, "a text");
	bn_buf_adds(&p->out->sql, "instr(lower(");
	bn_filter_field_sql(p->out, f, p->w, false);
	bn_buf_adds(&p->out->sql, "), lower(");
	bn_sql_piece_text(p->out, p->text + p->now.at, p->now.len);
	bn_buf_adds(&p->out->sql, ")) > 0");
	lex(p);
	return 0;
}

static int test_in(parser *p, const bn_run_field *f, bool negated)
{
	lex(p);
	if (!accept(p, "("))
		return expected(p, "'('");
	bool number = compares_numbers(p, f);
	bn_filter_field_sql(p->out, f, p->w, number);
	bn_buf_adds(&p->out->sql, negated ? " NOT IN (" : " IN (");
	do {
		if (number && p->now.kind != TOKEN_NUMBER)
			return expected(p, "a number, as the first of the list is");
		if (++p->tests > FILTER_TESTS_MAX)
			return fail_at(p, p->now.at, "more than 400 values and tests");
		if (parse_value(p, f, number) != 0)
			return p->rc;
		if (token_is(p, ","))
			bn_buf_addch(&p->out->sql, ',');
	} while (accept(p, ","));
	bn_buf_addch(&p->out->sql, ')');
	return accept(p, ")") ? 0 : expected(p, "',' or ')'");
}

static int test_between(parser *p, const bn_run_field *f, bool negated)
{
	lex(p);
	bool number = compares_numbers(p, f);
	bn_filter_field_sql(p->out, f, p->w, number);
	bn_buf_adds(&p->out->sql, negated ? " NOT BETWEEN " : " BETWEEN ");
	if (parse_value(p, f, number) != 0)
		return p->rc;
	if (!accept(p, "AND"))
		return expected(p, "AND");
	if (number && p->now.kind != TOKEN_NUMBER)
		return expected(p, "a number");
	bn_buf_adds(&p->out->sql, " AND ");
	return parse_value(p, f, number);
}

static int test_compare(parser *p, const bn_run_field *f)
{
	static const struct {
		const char *op, *sql;
	} ops[] = {{"<=", " <= "}, {">=", " >= "}, {"!=", " <> "}, {"<>", " <> "}, {"==", " = "},
		{"=", " = "}, {"<", " < "}, {">", " > "}};
	const char *sql = NULL;
	for (size_t i = 0; i < sizeof ops / sizeof *ops && !sql; i++)
		if (p->now.kind == TOKEN_OP && token_is(p, ops[i].op))
			sql = ops[i].sql;
	if (!sql)
		return expected(p, "a comparison such as = != < <= > >= ~ LIKE IN or IS NULL");
	bool order = strchr("<>", sql[1]) && strcmp(sql, " <> ") != 0;
	lex(p);
	if (order && f->kind == BN_FIELD_TAG && p->now.kind == TOKEN_NUMBER)
		return fail_at(p, p->now.at, "a tag is text: quote the value");
	bool number = compares_numbers(p, f);
	bn_filter_field_sql(p->out, f, p->w, number);
	bn_buf_adds(&p->out->sql, sql);
	return parse_value(p, f, number);
}

static int parse_test(parser *p)
{
	bn_run_field f;
	if (++p->tests > FILTER_TESTS_MAX)
		return fail_at(p, p->now.at, "more than 400 values and tests");
	if (parse_field(p, &f) != 0)
		return p->rc;
	if (accept(p, "IS")) {
		bool negated = accept(p, "NOT");
		if (!accept(p, "NULL"))
			return expected(p, negated ? "NULL" : "NULL or NOT NULL");
		bn_filter_field_sql(p->out, &f, p->w, false);
		bn_buf_adds(&p->out->sql, negated ? " IS NOT NULL" : " IS NULL");
		return 0;
	}
	bool negated = accept(p, "NOT");
	if (token_is(p, "LIKE") || token_is(p, "ILIKE"))
		return test_like(p, &f, negated, token_is(p, "LIKE"));
	if (token_is(p, "IN"))
		return test_in(p, &f, negated);
	if (token_is(p, "BETWEEN"))
		return test_between(p, &f, negated);
	if (negated)
		return expected(p, "LIKE, ILIKE, IN or BETWEEN");
	if (token_is(p, "~"))
		return test_contains(p, &f);
	return test_compare(p, &f);
}

/* ---- AND, OR, NOT --------------------------------------------------------------------------- */

static int parse_or(parser *p);

static int parse_not(parser *p)
{
	if (++p->depth > FILTER_DEPTH_MAX)
		return fail_at(p, p->now.at, "nested over 64 levels");
	if (accept(p, "NOT")) {
		bn_buf_adds(&p->out->sql, "NOT (");
		if (parse_not(p) == 0)
			bn_buf_addch(&p->out->sql, ')');
	} else if (accept(p, "(")) {
		bn_buf_addch(&p->out->sql, '(');
		if (parse_or(p) == 0 && !accept(p, ")"))
			expected(p, "AND, OR or ')'");
		bn_buf_addch(&p->out->sql, ')');
	} else {
		parse_test(p);
	}
	p->depth--;
	return p->rc;
}

static int parse_and(parser *p)
{
	parse_not(p);
	while (p->rc == 0 && accept(p, "AND")) {
		bn_buf_adds(&p->out->sql, " AND ");
		parse_not(p);
	}
	return p->rc;
}

static int parse_or(parser *p)
{
	bn_buf_addch(&p->out->sql, '(');
	parse_and(p);
	while (p->rc == 0 && accept(p, "OR")) {
		bn_buf_adds(&p->out->sql, " OR ");
		parse_and(p);
	}
	bn_buf_addch(&p->out->sql, ')');
	return p->rc;
}

int bn_filter_compile(
	bn_sql_piece *out, const bn_filter_world *w, const char *text, size_t *at, bn_err *err)
{
	parser p = {.w = w, .text = text, .out = out, .err = err};
	lex(&p);
	if (parse_or(&p) == 0 && p.now.kind != TOKEN_END)
		expected(&p, "AND or OR");
	if (p.rc == 0 && (out->failed || out->sql.failed))
		p.rc = bn_err_nomem(err, "a query");
	if (at)
		*at = p.error_at;
	return p.rc;
}

int bn_filter_field(bn_run_field *out, bn_sql_piece *piece, const bn_filter_world *w,
	const char *text, bn_err *err)
{
	parser p = {.w = w, .text = text, .out = piece, .err = err};
	lex(&p);
	if (parse_field(&p, out) == 0 && p.now.kind != TOKEN_END)
		expected(&p, "nothing more");
	return p.rc;
}
