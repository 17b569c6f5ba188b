/*
 * field.c - names of things to filter by, sort by and show: attributes, params.K, metrics.K, tags.K,
 * best(K), bare names; and what each is in SQL. See query.h.
 */
#include "core/track/_filter.h"

#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "core/track/_parse.h"
#include "core/track/best.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- fields --------------------------------------------------------------------------------- */

typedef struct attribute {
	const char *name;
	bn_field_kind kind;
	const char *sql;
} attribute;

#define DURATION_SQL "@duration" /* needs the clock: see bn_filter_field_sql */

static const attribute attributes[] = {
	{"id", BN_FIELD_TEXT, "lower(hex(r.id))"},
	{"run_id", BN_FIELD_TEXT, "lower(hex(r.id))"},
	{"name", BN_FIELD_TEXT, "r.name"},
	{"run_name", BN_FIELD_TEXT, "r.name"},
	{"experiment", BN_FIELD_TEXT, "(SELECT name FROM index_name WHERE no = r.experiment)"},
	{"status", BN_FIELD_STATUS, "r.status"},
	{"user", BN_FIELD_TEXT, "bn_user(r.owner)"},
	{"user_id", BN_FIELD_TEXT, "bn_user(r.owner)"},
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
	"(SELECT l." column " FROM run_liveness l WHERE l.run = r.no AND l.owner = r.owner)"
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

/* The nearest attribute or key that some run has. */
static void hint_field(bn_parser *p, const char *name)
{
	static const char sql[] = "SELECT DISTINCT substr(name, instr(name, '.') + 1) "
				  "FROM index_name WHERE class = ? LIMIT 2000";
	sqlite3_stmt *st = NULL;
	bn_names names = BN_NAMES_INIT;
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		bn_names_add(&names, attributes[i].name);
	if (bn_sql_prepare(&st, p->w->db, NULL, sql, "i", (int64_t)BN_NAME_KEY) == 0)
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

static int field_key(bn_parser *p, bn_run_field *f, bn_field_kind kind, const char *key, size_t n)
{
	f->kind = kind;
	f->aggregate = BN_AGGREGATE_LAST;
	f->key = bn_arena_strndup(&p->out->arena, key, n);
	return f->key ? 0 : (p->rc = bn_err_nomem(p->err, "a query"));
}

static int field_bare(bn_parser *p, bn_run_field *f, size_t at, const char *name, size_t n)
{
	const attribute *a = attribute_find(name, n);
	if (a) {
		f->kind = a->kind;
		f->sql = a->sql;
		return 0;
	}
	if (field_key(p, f, BN_FIELD_METRIC, name, n) != 0)
		return p->rc;
	if (bn_index_key(p->w->db, BN_KEY_METRIC, f->key) >= 0)
		return 0;
	f->kind = BN_FIELD_PARAM;
	if (bn_index_key(p->w->db, BN_KEY_PARAM, f->key) >= 0)
		return 0;
	f->kind = BN_FIELD_TAG;
	if (bn_index_key(p->w->db, BN_KEY_TAG, f->key) >= 0)
		return 0;
	char text[160];
	snprintf(text, sizeof text, "no attribute, metric, parameter or tag '%.80s'", f->key);
	bn_parse_fail(p, at, text);
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
static int field_prefixed(
	bn_parser *p, bn_run_field *f, bn_token word, size_t dot, bn_field_kind kind)
{
	const char *key = p->text + word.at + dot + 1;
	size_t n = word.len - dot - 1;
	if (n == 0) {
		if (p->now.kind != BN_TOKEN_NAME || p->now.at != word.at + word.len + 1)
			return bn_parse_expected(p, "a key after the dot");
		key = p->text + p->now.at;
		n = p->now.len;
		bn_lex(p);
	}
	if (kind != BN_FIELD_TEXT)
		return field_key(p, f, kind, key, n);
	const attribute *a = attribute_find(key, n);
	if (!a) {
		char text[120];
		snprintf(text, sizeof text, "no attribute '%.*s'", (int)(n < 60 ? n : 60), key);
		bn_parse_fail(p, (size_t)(key - p->text), text);
		bn_err_hint(p->err, "attributes are id, name, experiment, status, user, created, "
				    "started, finished, duration, ...");
		return p->rc;
	}
	f->kind = a->kind;
	f->sql = a->sql;
	return 0;
}

static const struct {
	const char *name;
	bn_aggregate means;
	bool is_best;
} aggregates[] = {{"best", BN_AGGREGATE_NONE, true}, {"last", BN_AGGREGATE_LAST, false},
	{"first", BN_AGGREGATE_FIRST, false}, {"min", BN_AGGREGATE_MIN, false},
	{"max", BN_AGGREGATE_MAX, false}, {"mean", BN_AGGREGATE_MEAN, false},
	{"count", BN_AGGREGATE_COUNT, false}};

/* best(KEY) and the like; the name has been read, now is '('. */
static int field_call(bn_parser *p, bn_run_field *f, size_t which)
{
	bn_lex(p);
	if (p->now.kind != BN_TOKEN_WORD && p->now.kind != BN_TOKEN_NAME &&
		p->now.kind != BN_TOKEN_QUOTED && p->now.kind != BN_TOKEN_NUMBER)
		return bn_parse_expected(p, "a metric");
	const char *key = p->text + p->now.at;
	size_t n = p->now.len;
	if (p->now.kind == BN_TOKEN_WORD && n > 8 && !strncmp(key, "metrics.", 8)) {
		key += 8;
		n -= 8;
	}
	if (field_key(p, f, BN_FIELD_METRIC, key, n) != 0)
		return p->rc;
	f->aggregate = aggregates[which].means;
	if (aggregates[which].is_best) {
		int direction = bn_metric_direction(f->key);
		f->aggregate = direction < 0 ? BN_AGGREGATE_MIN : BN_AGGREGATE_MAX;
		if (direction == 0)
			f->aggregate = BN_AGGREGATE_NONE;
	}
	bn_lex(p);
	return bn_token_accept(p, ")") ? 0 : bn_parse_expected(p, "')'");
}

int bn_parse_field(bn_parser *p, bn_run_field *f)
{
	bn_token word = p->now;
	const char *text = p->text + word.at;
	memset(f, 0, sizeof *f);
	if (word.kind == BN_TOKEN_NAME) {
		bn_lex(p);
		return field_bare(p, f, word.at, text, word.len);
	}
	if (word.kind != BN_TOKEN_WORD)
		return bn_parse_expected(p, "a field");
	bn_lex(p);
	for (size_t i = 0; bn_token_is(p, "(") && i < sizeof aggregates / sizeof *aggregates; i++)
		if (strlen(aggregates[i].name) == word.len &&
			!strncasecmp(aggregates[i].name, text, word.len))
			return field_call(p, f, i);
	const char *dot = memchr(text, '.', word.len);
	for (size_t i = 0; dot && i < sizeof prefixes / sizeof *prefixes; i++)
		if (strlen(prefixes[i].prefix) == (size_t)(dot - text) &&
			!strncasecmp(prefixes[i].prefix, text, (size_t)(dot - text)))
			return field_prefixed(p, f, word, (size_t)(dot - text), prefixes[i].kind);
	return field_bare(p, f, word.at, text, word.len);
}

void bn_filter_field_sql(
	bn_sql_piece *out, const bn_run_field *f, const bn_filter_world *w, bool number)
{
	if (bn_field_has_key(f->kind)) {
		bn_sql_piece_value(out, f, w,
			f->kind == BN_FIELD_METRIC || (number && f->kind == BN_FIELD_PARAM));
	} else if (!strcmp(f->sql, DURATION_SQL)) {
		bn_buf_adds(&out->sql, "(CASE WHEN r.finished_ms IS NOT NULL THEN r.finished_ms "
				       "WHEN r.status = 'RUNNING' THEN ");
		bn_sql_piece_int(out, w->now_ms);
		bn_buf_adds(&out->sql, " END - r.started_ms)");
	} else {
		bn_buf_adds(&out->sql, f->sql);
	}
}

int bn_filter_field(bn_run_field *out, bn_sql_piece *piece, const bn_filter_world *w,
	const char *text, bn_err *err)
{
	bn_parser p = {.w = w, .text = text, .out = piece, .err = err};
	bn_lex(&p);
	if (bn_parse_field(&p, out) == 0 && p.now.kind != BN_TOKEN_END)
		bn_parse_expected(&p, "nothing more");
	return p.rc;
}
