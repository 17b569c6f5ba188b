/*
 * field.c - names of things to filter by, sort by and show: attributes, params.K, metrics.K, tags.K,
 * best(K), bare names; their SQL, and the values they are compared with. See query.h.
 */
#include "core/track/_filter.h"

#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "core/track/best.h"
#include "core/track/nest.h"
#include "core/track/query.h"
#include "core/track/run.h"
#include "core/track/when.h"

#include <ctype.h>
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

#define NEST_SQL "@nest " /* and a word of nest.h */

static const attribute attributes[] = {
	{"id", BN_FIELD_TEXT, "lower(hex(r.id))"},
	{"run_id", BN_FIELD_TEXT, "lower(hex(r.id))"},
	{"name", BN_FIELD_TEXT, "r.name"},
	{"run_name", BN_FIELD_TEXT, "r.name"},
	{"experiment", BN_FIELD_TEXT,
		"(SELECT shown FROM index_experiment WHERE no = r.experiment)"},
	{"status", BN_FIELD_STATUS, "r.status"},
	{"user", BN_FIELD_TEXT, "coalesce(r.reported_user, bn_user(r.owner))"},
	{"user_id", BN_FIELD_TEXT, "coalesce(r.reported_user, bn_user(r.owner))"},
	{"kind", BN_FIELD_TEXT, "r.kind"},
	{"title", BN_FIELD_TEXT, "r.title"},
	{"host", BN_FIELD_TEXT, "r.host"},
	{"dataset", BN_FIELD_TEXT, "r.dataset"},
	{"data", BN_FIELD_TEXT, "r.dataset"},
	{"source", BN_FIELD_TEXT, "r.source"},
	{"reason", BN_FIELD_TEXT, "r.reason"},
	{"note", BN_FIELD_TEXT, "r.note"},
	{"parent", BN_FIELD_TEXT, BN_NEST_PARENT_SQL},
	{"parent_name", BN_FIELD_TEXT, BN_NEST_PARENT_NAME_SQL},
	{"root", BN_FIELD_TEXT, NEST_SQL "root"},
	{"depth", BN_FIELD_NUMBER, NEST_SQL "depth"},
	{"children", BN_FIELD_NUMBER, NEST_SQL "children"},
	{"starred", BN_FIELD_FLAG,
		"EXISTS (SELECT 1 FROM run_tag WHERE run = r.no AND key = " BN_KEY_SQL(
			"tags." BN_STAR_TAG) ")"},
	{"resumes", BN_FIELD_TEXT, "r.resumes"},
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

/* The nearest attribute or key of some run. */
static void hint_field(const bn_filter_world *w, const char *name, bn_err *err)
{
	static const char sql[] = "SELECT DISTINCT substr(name, instr(name, '.') + 1) "
				  "FROM index_name WHERE class = ? LIMIT 2000";
	sqlite3_stmt *st = NULL;
	bn_names names = BN_NAMES_INIT;
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		bn_names_add(&names, attributes[i].name);
	if (bn_sql_prepare(&st, w->db, NULL, sql, "i", (int64_t)BN_NAME_KEY) == 0)
		while (bn_sql_step(st, NULL) == 1)
			bn_names_add(&names, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	const char **words = bn_alloc_zeroed(names.count + 1, sizeof *words);
	for (size_t i = 0; words && i < names.count; i++)
		words[i] = names.items[i];
	const char *near = words ? bn_nearest_word(name, words) : NULL;
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else
		bn_err_hint(err, "params.KEY, metrics.KEY and tags.KEY name what a run logged");
	bn_free(words);
	bn_names_release(&names);
}

int bn_filter_field_absent(const bn_filter_world *w, const bn_run_field *f, bn_err *err)
{
	static const char *const kinds[BN_KEY_KINDS] = {"metric", "parameter", "tag"};
	if (!bn_field_has_key(f->kind) ||
		bn_index_key(w->db, bn_field_key_kind(f->kind), f->key) >= 0)
		return 0;
	bn_err_set(err, BN_ENOTFOUND, "no run has the %s '%.80s'",
		kinds[bn_field_key_kind(f->kind)], f->key);
	hint_field(w, f->key, err);
	return BN_ENOTFOUND;
}

static int field_key(
	bn_filter_names *n, bn_run_field *f, bn_field_kind kind, bn_expr_text key, bn_err *err)
{
	f->kind = kind;
	f->aggregate = BN_AGGREGATE_LAST;
	f->key = bn_arena_strndup(&n->piece->arena, key.ptr, key.len);
	return f->key ? 0 : bn_err_nomem(err, "a query");
}

static int field_bare(
	bn_filter_names *n, bn_run_field *f, bn_expr *e, const bn_expr_name *name, bn_err *err)
{
	static const bn_field_kind kinds[] = {BN_FIELD_METRIC, BN_FIELD_PARAM, BN_FIELD_TAG};
	const attribute *a = attribute_find(name->text.ptr, name->text.len);
	if (a) {
		f->kind = a->kind;
		f->sql = a->sql;
		return 0;
	}
	int rc = field_key(n, f, BN_FIELD_METRIC, name->text, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		f->kind = kinds[i];
		if (bn_index_key(n->w->db, bn_field_key_kind(f->kind), f->key) >= 0)
			return 0;
	}
	if (name->tried)
		return BN_ENOTFOUND;
	bn_expr_fail(e, name->at - name->quoted, err,
		"no attribute, metric, parameter or tag '%.80s'", f->key);
	hint_field(n->w, f->key, err);
	return BN_EINVAL;
}

static const struct {
	const char *prefix;
	bn_field_kind kind;
} prefixes[] = {{"params", BN_FIELD_PARAM}, {"param", BN_FIELD_PARAM},
	{"parameters", BN_FIELD_PARAM}, {"parameter", BN_FIELD_PARAM}, {"metrics", BN_FIELD_METRIC},
	{"metric", BN_FIELD_METRIC}, {"tags", BN_FIELD_TAG}, {"tag", BN_FIELD_TAG},
	{"attributes", BN_FIELD_TEXT}, {"attribute", BN_FIELD_TEXT}, {"attr", BN_FIELD_TEXT},
	{"run", BN_FIELD_TEXT}};

/* Which of the prefixes; SIZE_MAX none. */
static size_t prefix_find(const char *text, size_t n)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strlen(prefixes[i].prefix) == n && !strncasecmp(prefixes[i].prefix, text, n))
			return i;
	return SIZE_MAX;
}

static int field_prefixed(bn_filter_names *n, bn_run_field *f, bn_expr *e, bn_field_kind kind,
	bn_expr_text key, size_t at, bn_err *err)
{
	if (kind != BN_FIELD_TEXT)
		return field_key(n, f, kind, key, err);
	const attribute *a = attribute_find(key.ptr, key.len);
	if (!a) {
		bn_expr_fail(e, at, err, "no attribute '%.*s'", (int)(key.len < 60 ? key.len : 60),
			key.ptr);
		bn_err_hint(err, "attributes are id, name, experiment, status, user, created, "
				 "started, finished, duration, ...");
		return BN_EINVAL;
	}
	f->kind = a->kind;
	f->sql = a->sql;
	return 0;
}

static int field_named(
	bn_filter_names *n, bn_run_field *f, bn_expr *e, const bn_expr_name *name, bn_err *err)
{
	const char *text = name->text.ptr;
	if (name->prefix.len) {
		size_t i = prefix_find(name->prefix.ptr, name->prefix.len);
		if (i != SIZE_MAX)
			return field_prefixed(n, f, e, prefixes[i].kind, name->text, name->at, err);
		return bn_expr_fail(e, name->at, err,
			"'%.*s.' has no keys; params, metrics and tags do",
			(int)(name->prefix.len < 60 ? name->prefix.len : 60), name->prefix.ptr);
	}
	const char *dot = name->quoted ? NULL : memchr(text, '.', name->text.len);
	size_t i = dot ? prefix_find(text, (size_t)(dot - text)) : SIZE_MAX;
	if (i == SIZE_MAX)
		return field_bare(n, f, e, name, err);
	bn_expr_text key = {dot + 1, name->text.len - (size_t)(dot - text) - 1};
	return field_prefixed(
		n, f, e, prefixes[i].kind, key, name->at + (size_t)(dot - text) + 1, err);
}

/* ---- queries of the binder
 * --------------------------------------------------------------------- */

static int add_field(bn_filter_names *n, const bn_run_field *f, bn_expr_field *out, bn_err *err)
{
	bool text = f->kind == BN_FIELD_TEXT || f->kind == BN_FIELD_STATUS ||
		    f->kind == BN_FIELD_PARAM || f->kind == BN_FIELD_TAG;
	if (bn_grow(&n->fields, &n->cap, n->count + 1, sizeof *n->fields))
		return bn_err_nomem(err, "a query");
	n->fields[n->count] = *f;
	*out = (bn_expr_field){.type = text                       ? BN_EXPR_TEXT
				       : f->kind == BN_FIELD_FLAG ? BN_EXPR_BOOL
								  : BN_EXPR_REAL,
		.slot = (uint32_t)n->count++,
		.has_number = f->kind == BN_FIELD_PARAM,
		.no_order = f->kind == BN_FIELD_TAG ? "a tag is text: quote the value" : NULL};
	return 0;
}

static int names_resolve(
	void *ctx, bn_expr *e, const bn_expr_name *name, bn_expr_field *out, bn_err *err)
{
	bn_run_field f = {.kind = BN_FIELD_TEXT};
	int rc = field_named(ctx, &f, e, name, err);
	return rc < 0 ? rc : add_field(ctx, &f, out, err);
}

static const struct {
	const char *name;
	bn_aggregate means;
	bool is_best;
} aggregates[] = {{"best", BN_AGGREGATE_NONE, true}, {"last", BN_AGGREGATE_LAST, false},
	{"first", BN_AGGREGATE_FIRST, false}, {"min", BN_AGGREGATE_MIN, false},
	{"max", BN_AGGREGATE_MAX, false}, {"mean", BN_AGGREGATE_MEAN, false},
	{"count", BN_AGGREGATE_COUNT, false}, {"at", BN_AGGREGATE_AT, false}};

const char *bn_run_attribute(size_t i)
{
	static const char *const calls[] = {
		"best(", "last(", "first(", "min(", "max(", "mean(", "count(", "at("};
	size_t n = sizeof attributes / sizeof *attributes;
	if (i < n)
		return attributes[i].name;
	return i - n < sizeof calls / sizeof *calls ? calls[i - n] : NULL;
}

/* The step of at(KEY, STEP), which no other function has. */
static int step_check(bn_run_field *f, bn_expr *e, const bn_expr_name *argument, bn_aggregate means,
	const double *number, bn_err *err)
{
	bool is_at = means == BN_AGGREGATE_AT;
	if (is_at != (number != NULL))
		return bn_expr_fail(e, argument->at, err, "%s",
			is_at ? "at() takes a metric and a step: at(loss, 100)"
			      : "only at() takes a number after the metric");
	if (!is_at)
		return 0;
	if (!(*number >= 0 && *number < 9e15) || *number != (double)(int64_t)*number)
		return bn_expr_fail(e, argument->at, err, "a step is a whole number from 0 on");
	f->step = (int64_t)*number;
	return 0;
}

/* best(KEY) and other aggregates. */
static int names_call(void *ctx, bn_expr *e, bn_expr_text function, const bn_expr_name *argument,
	const double *number, bn_expr_field *out, bn_err *err)
{
	bn_run_field f = {.kind = BN_FIELD_TEXT};
	bn_expr_text key = argument->text;
	size_t i = 0;
	while (i < sizeof aggregates / sizeof *aggregates &&
		(strlen(aggregates[i].name) != function.len ||
			strncasecmp(aggregates[i].name, function.ptr, function.len) != 0))
		i++;
	if (i == sizeof aggregates / sizeof *aggregates)
		return 0;
	if (!argument->quoted && key.len > 8 && !strncmp(key.ptr, "metrics.", 8))
		key = (bn_expr_text){key.ptr + 8, key.len - 8};
	int rc;
	if ((rc = field_key(ctx, &f, BN_FIELD_METRIC, key, err)) < 0 ||
		(rc = step_check(&f, e, argument, aggregates[i].means, number, err)) < 0)
		return rc;
	f.aggregate = aggregates[i].means;
	if (aggregates[i].is_best) {
		int direction = bn_metric_direction(f.key);
		f.aggregate = direction < 0 ? BN_AGGREGATE_MIN : BN_AGGREGATE_MAX;
		if (direction == 0)
			f.aggregate = BN_AGGREGATE_NONE;
	}
	rc = add_field(ctx, &f, out, err);
	return rc < 0 ? rc : 1;
}

/* Milliseconds: of a date, or (now_ms) of an age or a duration. */
static int literal_ms(bn_expr_text text, bool instant, int64_t now_ms, bn_expr_value *out)
{
	char copy[64];
	int64_t ns, ms;
	snprintf(copy, sizeof copy, "%.*s", (int)(text.len < 63 ? text.len : 63), text.ptr);
	if (instant && bn_timestamp_parse(text.ptr, text.len, &ns))
		out->r = (double)(ns / 1000000);
	else if (instant && bn_when_parse(text.ptr, text.len, now_ms, &ms))
		out->r = (double)ms;
	else if (bn_parse_duration_ns(copy, &ns))
		out->r = (double)(instant ? now_ms - ns / 1000000 : ns / 1000000);
	else
		return BN_EINVAL;
	return 1;
}

static int literal_flag(bn_expr_text text, bn_expr_value *out)
{
	static const char *const words[] = {"no", "false", "yes", "true"};
	for (int i = 0; i < 4; i++)
		if (strlen(words[i]) == text.len &&
			strncasecmp(words[i], text.ptr, text.len) == 0) {
			*out = (bn_expr_value){BN_EXPR_BOOL, {.i = i >= 2}};
			return 1;
		}
	return BN_EINVAL;
}

static int literal_status(bn_filter_names *n, bn_expr_text text, bn_expr_value *out)
{
	char upper[16];
	bn_run_status status;
	snprintf(upper, sizeof upper, "%.*s", (int)(text.len < 15 ? text.len : 15), text.ptr);
	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (text.len > 15 || !bn_run_status_parse(&status, upper))
		return BN_EINVAL;
	char *kept = bn_arena_strdup(&n->piece->arena, upper);
	*out = (bn_expr_value){BN_EXPR_TEXT, {.s = {kept ? kept : "", text.len}}};
	return 1;
}

static int names_literal(void *ctx, const bn_expr_field *field, bn_expr_text text, bool is_number,
	bn_expr_value *out, const char **expects)
{
	bn_filter_names *n = ctx;
	*out = (bn_expr_value){.type = BN_EXPR_REAL};
	switch (n->fields[field->slot].kind) {
	case BN_FIELD_STATUS:
		*expects = "one of SCHEDULED, QUEUED, RUNNING, FINISHED, FAILED, KILLED, LOST";
		return literal_status(n, text, out);
	case BN_FIELD_FLAG:
		*expects = "yes or no";
		return literal_flag(text, out);
	case BN_FIELD_TIME:
		*expects = "a time such as '2026-01-31', yesterday, '2h' (ago) or milliseconds";
		return is_number ? 0 : literal_ms(text, true, n->w->now_ms, out);
	case BN_FIELD_DURATION:
		*expects = "a duration such as 5m, 1h30m or milliseconds";
		return is_number ? 0 : literal_ms(text, false, 0, out);
	default:
		return 0;
	}
}

bn_expr_names bn_filter_expr_names(bn_filter_names *n)
{
	return (bn_expr_names){
		.resolve = names_resolve, .call = names_call, .literal = names_literal, .ctx = n};
}

void bn_filter_names_release(bn_filter_names *n)
{
	bn_free(n->fields);
}

/* ---- SQL ------------------------------------------------------------------------------------ */

void bn_filter_field_sql(
	bn_sql_piece *out, const bn_run_field *f, const bn_filter_world *w, bool number)
{
	if (bn_field_has_key(f->kind)) {
		bn_sql_piece_value(out, f, w,
			f->kind == BN_FIELD_METRIC || (number && f->kind == BN_FIELD_PARAM));
	} else if (bn_str_starts(f->sql, NEST_SQL)) {
		bn_sql_piece_nest(out, f->sql + strlen(NEST_SQL), w);
	} else if (!strcmp(f->sql, DURATION_SQL)) {
		out->reads_rows = true;
		bn_buf_adds(&out->sql, "(CASE WHEN r.finished_ms IS NOT NULL THEN r.finished_ms "
				       "WHEN r.status = 'RUNNING' THEN ");
		bn_sql_piece_int(out, w->now_ms);
		bn_buf_adds(&out->sql, " END - r.started_ms)");
	} else {
		out->reads_rows = true;
		bn_buf_adds(&out->sql, f->sql);
	}
}
