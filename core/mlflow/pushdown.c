/* pushdown.c - see pushdown.h. */
#include "core/mlflow/pushdown.h"

#include "core/base/str.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

typedef struct word {
	const char *at;
	size_t n;   /* without its quotes */
	char quote; /* 0: none */
} word;

typedef struct reader {
	const char *at;
	bool fails;
} reader;

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.-/:+%@", c)) || (unsigned char)c >= 0x80;
}

static void skip(reader *r)
{
	r->at += strspn(r->at, " \t\n");
}

/* A bare word, or one in quotes; a quote inside quotes is not read. */
static word word_read(reader *r)
{
	skip(r);
	word w = {.at = r->at};
	if (*r->at && strchr("'\"`", *r->at)) {
		w.quote = *r->at++;
		w.at = r->at;
		w.n = strcspn(r->at, (char[]){w.quote, '\0'});
		r->at += w.n;
		r->fails |= *r->at != w.quote;
		r->at += *r->at != '\0';
		r->fails |= *r->at == w.quote;
		return w;
	}
	while (is_bare(*r->at))
		r->at++;
	w.n = (size_t)(r->at - w.at);
	r->fails |= w.n == 0;
	return w;
}

static bool is_word(word w, const char *text)
{
	return !w.quote && strlen(text) == w.n && !strncasecmp(w.at, text, w.n);
}

static const char *operator_read(reader *r)
{
	static const char *const ops[] = {"<=", ">=", "!=", "<>", "==", "=", "<", ">"};
	skip(r);
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (bn_str_starts(r->at, ops[i])) {
			r->at += strlen(ops[i]);
			if (!strcmp(ops[i], "<>"))
				return "!=";
			return strcmp(ops[i], "==") ? ops[i] : "=";
		}
	word w = word_read(r);
	if (is_word(w, "LIKE"))
		return "LIKE";
	r->fails |= !is_word(w, "ILIKE");
	return "ILIKE";
}

static bool is_number(word w)
{
	double x;
	return !w.quote && bn_parse_f64(w.at, w.n, &x) && x - x == 0;
}

static bool is_status(word w)
{
	static const char *const known[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strlen(known[i]) == w.n && !strncmp(w.at, known[i], w.n))
			return true;
	return false;
}

static void add(bn_buf *out, const char *entity, word key, const char *op, word value)
{
	if (key.n == 0 || memchr(key.at, '`', key.n) || memchr(value.at, '\'', value.n))
		return;
	bn_buf_addf(out, "%s%s.`%.*s` %s ", out->len ? " AND " : "", entity, (int)key.n, key.at, op);
	bool bare = !strcmp(entity, "metrics");
	bn_buf_addf(out, bare ? "%.*s" : "'%.*s'", (int)value.n, value.at);
}

/* The field of a condition: its entity is static, NULL for an attribute, whose key is its name. */
static word field_read(const char **entity, reader *r)
{
	static const char *const entities[] = {"metrics", "params", "tags"};
	word w = word_read(r);
	*entity = NULL;
	if (w.quote)
		return w;
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
		size_t n = strlen(entities[i]);
		if (w.n <= n || strncmp(w.at, entities[i], n) != 0 || w.at[n] != '.')
			continue;
		*entity = entities[i];
		if (w.n == n + 1) /* metrics.`key` */
			return word_read(r);
		return (word){w.at + n + 1, w.n - n - 1, 0};
	}
	return w;
}

static void condition(bn_buf *out, const char *entity, word key, const char *op, word value)
{
	bool like = strstr(op, "LIKE") != NULL, equal = *op == '=' || *op == '!' || like;
	if (entity && *entity == 'm') {
		if (is_number(value) && !like)
			add(out, entity, key, op, value);
	} else if (entity) {
		if (value.quote && equal)
			add(out, entity, key, op, value);
	} else if (is_word(key, "status") || is_word(key, "attributes.status")) {
		if (*op == '=' && is_status(value))
			add(out, "attributes", (word){"status", 6, 0}, op, value);
	} else if (is_word(key, "name") && equal && value.quote && value.quote != '`') {
		add(out, "attributes", (word){"run_name", 8, 0}, op, value);
	}
}

void bn_mlflow_pushdown(bn_buf *out, const char *filter)
{
	reader r = {.at = filter};
	bn_buf kept = BN_BUF_INIT;
	do {
		const char *entity;
		word key = field_read(&entity, &r);
		const char *op = operator_read(&r);
		word value = word_read(&r);
		if (!r.fails)
			condition(&kept, entity, key, op, value);
		skip(&r);
		if (!*r.at)
			break;
		r.fails |= !is_word(word_read(&r), "AND");
	} while (!r.fails);
	if (!r.fails && kept.len && !kept.failed)
		bn_buf_add(out, kept.ptr, kept.len);
	bn_buf_release(&kept);
}
