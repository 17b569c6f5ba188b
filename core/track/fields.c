/* fields.c - see query.h: the columns of the runs. */
#include "core/base/mem.h"
#include "core/track/column.h"
#include "core/track/query.h"

#include <stdlib.h>
#include <string.h>

typedef struct field {
	char *name; /* "metrics.rmse" */
	bn_key_kind kind;
	int64_t key, runs;
} field;

typedef struct fields {
	field *items;
	size_t count, cap;
} fields;

static int fields_load(fields *l, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT n.name, k.key, k.runs FROM index_key k JOIN index_name n ON n.no = k.key "
		"WHERE k.runs > 0",
		"");
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items) != 0) {
			rc = bn_err_nomem(err, "a list of fields");
			goto out;
		}
		field *f = &l->items[l->count];
		*f = (field){.name = bn_sql_text(st, 0),
			.key = sqlite3_column_int64(st, 1),
			.runs = sqlite3_column_int64(st, 2)};
		if (!f->name) {
			rc = bn_err_nomem(err, "a list of fields");
			goto out;
		}
		for (int k = 0; k < BN_KEY_KINDS; k++)
			if (!strncmp(f->name, bn_key_prefix[k], strlen(bn_key_prefix[k])))
				f->kind = (bn_key_kind)k;
		l->count++;
	}
out:
	sqlite3_finalize(st);
	return rc;
}

/* How many runs of a set have the field. */
static int field_recount(field *f, sqlite3 *db, const uint8_t *in, size_t count, bn_err *err)
{
	bn_column *c = NULL;
	int rc;
	f->runs = 0;
	if ((rc = bn_column_new(&c, db, f->kind, f->name + strlen(bn_key_prefix[f->kind]),
		     BN_AGGREGATE_LAST, false, err)) < 0)
		goto out;
	if ((rc = bn_column_load(c, err)) < 0)
		goto out;
	for (size_t k = 0; k < count / 8 + 1 && k < c->count / 8 + 1; k++)
		f->runs += __builtin_popcount(in[k] & c->has[k]);
out:
	bn_column_free(c);
	return rc;
}

/* Counts only the runs of one experiment. */
static int fields_recount(fields *l, sqlite3 *db, const char *experiment, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	uint8_t *in = NULL;
	size_t count = (size_t)bn_sql_int(db, -1, "SELECT max(no) FROM run", "") + 1;
	int rc = bn_sql_failed(db, err);
	if (rc < 0)
		return rc;
	if (!(in = bn_alloc_zeroed(count / 8 + 1, 1)))
		return bn_err_nomem(err, "a list of fields");
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT no FROM run WHERE experiment = ? AND removed = 0", "i",
		     bn_experiment_number(db, experiment))) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0)
		bn_set_add(in, (size_t)sqlite3_column_int64(st, 0));
	for (size_t i = 0; i < l->count && rc >= 0; i++)
		rc = field_recount(&l->items[i], db, in, count, err);
out:
	sqlite3_finalize(st);
	bn_free(in);
	return rc;
}

/* By kind, then the most used first. */
static int field_cmp(const void *a, const void *b)
{
	const field *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->runs != y->runs)
		return x->runs > y->runs ? -1 : 1;
	return strcmp(x->name, y->name);
}

int bn_run_fields(bn_names *out, bn_workspace *ws, const char *experiment, bn_err *err)
{
	sqlite3 *db;
	fields l = {NULL, 0, 0};
	*out = (bn_names)BN_NAMES_INIT;
	int rc;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	if ((rc = fields_load(&l, db, err)) < 0)
		goto out;
	if (experiment && (rc = fields_recount(&l, db, experiment, err)) < 0)
		goto out;
	if (l.count)
		qsort(l.items, l.count, sizeof *l.items, field_cmp);
	for (size_t i = 0; i < l.count && rc == 0; i++)
		if (l.items[i].runs && bn_names_add(out, l.items[i].name) != 0)
			rc = bn_err_nomem(err, "a list of fields");
out:
	for (size_t i = 0; i < l.count; i++)
		bn_free(l.items[i].name);
	bn_free(l.items);
	if (rc < 0)
		bn_names_release(out);
	return rc;
}

int bn_run_field_runs(int64_t *out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	*out = bn_sql_int(db, 0, "SELECT runs FROM index_key WHERE key = ?", "i",
		bn_index_name(db, BN_NAME_KEY, name));
	return bn_sql_failed(db, err);
}

static bool is_plain(const char *key)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.-/";
	return key[0] && !key[strspn(key, plain)];
}

void bn_run_field_write(bn_buf *out, const char *name)
{
	const char *dot = strchr(name, '.'), *key = dot ? dot + 1 : name;
	const char *quote = strchr(key, '`') ? "\"" : "`";
	if (is_plain(key))
		quote = "";
	bn_buf_add(out, name, (size_t)(key - name));
	bn_buf_addf(out, "%s%s%s", quote, key, quote);
}

char *bn_run_field_next(char **list)
{
	char *first = *list, quote = '\0', *at = first;
	int depth = 0;
	if (!first)
		return NULL;
	for (; *at && (quote || depth > 0 || *at != ','); at++) {
		if (quote)
			quote = *at == quote ? '\0' : quote;
		else if (strchr("`\"'", *at))
			quote = *at;
		else
			depth += (*at == '(') - (*at == ')');
	}
	*list = *at ? at + 1 : NULL;
	*at = '\0';
	return first;
}
