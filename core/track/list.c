/* list.c - see _list.h: the matching runs in the public order, with the values to sort by. */
#include "core/track/_list.h"

#include "core/base/str.h"

#include <math.h>
#include <string.h>
#include <strings.h>

void bn_run_list_init(bn_run_list *l, const bn_run_query *q, sqlite3 *db, int64_t now_ms)
{
	memset(l, 0, sizeof *l);
	l->q = q;
	l->world = (bn_filter_world){
		.db = db, .now_ms = now_ms, .removed = q->removed, .watch = q->watch};
	bn_sql_piece_init(&l->where);
	bn_sql_piece_init(&l->sort);
}

void bn_run_list_release(bn_run_list *l)
{
	for (size_t i = 0; i < l->key_count; i++) {
		bn_free(l->keys[i].number);
		bn_free(l->keys[i].text);
	}
	bn_free(l->no);
	bn_free(l->groups);
	bn_arena_release(&l->arena);
	bn_sql_piece_release(&l->where);
	bn_sql_piece_release(&l->sort);
}

/* ---- which runs ----------------------------------------------------------------------------- */

/* "%word%" for LIKE, with its special characters escaped. */
static void add_pattern(bn_sql_piece *p, const char *word, size_t n)
{
	bn_buf pattern = BN_BUF_INIT;
	bn_buf_addch(&pattern, '%');
	for (size_t i = 0; i < n; i++) {
		if (strchr("%_\\", word[i]))
			bn_buf_addch(&pattern, '\\');
		bn_buf_addch(&pattern, word[i]);
	}
	bn_buf_addch(&pattern, '%');
	if (pattern.failed)
		p->sql.failed = true;
	else
		bn_sql_piece_text(p, pattern.ptr, pattern.len);
	bn_buf_addf(&p->sql, " ESCAPE '\\'");
	bn_buf_release(&pattern);
}

static bool is_hex(const char *word, size_t n)
{
	return strspn(word, "0123456789abcdefABCDEF") >= n;
}

/*
 * Every word must be found somewhere, ignoring the case of ASCII letters. The few names of experiments are searched
 * once, not for each run.
 */
static void add_search(bn_sql_piece *p, const char *search)
{
	static const char *const parts[] = {" OR r.title LIKE ", " OR r.status LIKE ",
		" OR r.dataset LIKE ",
		" OR r.experiment IN (SELECT no FROM index_experiment WHERE shown LIKE ",
		") OR bn_user(r.owner) LIKE "};
	for (const char *at = search; *at;) {
		size_t n = strcspn(at, " \t");
		if (n > 0) {
			bn_buf_adds(&p->sql, " AND (r.name LIKE ");
			add_pattern(p, at, n);
			for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
				bn_buf_adds(&p->sql, parts[i]);
				add_pattern(p, at, n);
			}
			if (is_hex(at, n)) {
				bn_buf_adds(&p->sql, " OR substr(hex(r.id), 1, ");
				bn_sql_piece_int(p, (int64_t)n);
				bn_buf_adds(&p->sql, ") = upper(");
				bn_sql_piece_text(p, at, n);
				bn_buf_addch(&p->sql, ')');
			}
			bn_buf_addch(&p->sql, ')');
		}
		at += n + (at[n] != '\0');
	}
}

static bool is_blank(const char *text)
{
	return !text || !text[strspn(text, " \t\n")];
}

/* Whether the list is loaded from the query's memory. */
static bool is_held(const bn_run_list *l)
{
	const bn_run_query *q = l->q;
	return q->memory && !q->removed && q->among == BN_AMONG_ALL &&
	       !(q->experiment && q->experiment[0]);
}

static int build_where(bn_run_list *l, bn_err *err)
{
	bn_sql_piece *p = &l->where;
	const bn_run_query *q = l->q;
	bn_buf_addf(&p->sql, " WHERE r.removed = %d", q->removed);
	if (q->experiment && q->experiment[0]) {
		bn_buf_adds(&p->sql, " AND r.experiment = ");
		bn_sql_piece_int(p, bn_experiment_number(l->world.db, q->experiment));
	}
	if (q->among == BN_AMONG_LIVE)
		bn_buf_adds(&p->sql, " AND r.no IN (SELECT no FROM run WHERE status IN "
				     "('SCHEDULED', 'RUNNING') UNION ALL SELECT no FROM run WHERE "
				     "status = 'QUEUED')");
	if (q->among == BN_AMONG_FAILED)
		bn_buf_adds(&p->sql, " AND r.status IN ('FAILED', 'LOST')");
	bool any = is_blank(q->search) && is_blank(q->filter) && q->among == BN_AMONG_ALL;
	l->plain = l->key_count == 0 && any && !(q->tree && is_held(l));
	l->all = any && !q->removed && !(q->experiment && q->experiment[0]);
	if (q->search && !is_held(l))
		add_search(p, q->search);
	if (is_blank(q->filter))
		return 0;
	bn_buf_adds(&p->sql, " AND ");
	l->world.source = "filter";
	return bn_filter_compile(p, &l->world, q->filter, NULL, err);
}

/* ---- sort keys ------------------------------------------------------------------------------ */

static bool is_text(const bn_run_field *f, bool as_number)
{
	return f->kind == BN_FIELD_TEXT || f->kind == BN_FIELD_STATUS || f->kind == BN_FIELD_TAG ||
	       (f->kind == BN_FIELD_PARAM && !as_number);
}

static int add_key(bn_run_list *l, const bn_run_field *f, bool down, bool as_number, bn_err *err)
{
	if (l->key_count == BN_SORT_KEYS_MAX)
		return bn_err_set(err, BN_EINVAL, "sort: more than %d fields", BN_SORT_KEYS_MAX);
	l->keys[l->key_count++] =
		(bn_sort_key){.field = *f, .down = down, .is_text = is_text(f, as_number)};
	return 0;
}

static int parse_key(bn_run_list *l, char *text, bn_err *err)
{
	bn_run_field f;
	text += strspn(text, " \t");
	bool down = *text == '-';
	text += *text == '-' || *text == '+';
	size_t n = strlen(text);
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
	if (n > 5 && !strcasecmp(text + n - 5, " desc")) {
		down = true;
		text[n - 5] = '\0';
	} else if (n > 4 && !strcasecmp(text + n - 4, " asc")) {
		text[n - 4] = '\0';
	}
	int rc;
	if ((rc = bn_filter_field(&f, &l->sort, &l->world, text, err)) < 0)
		return rc;
	/* A parameter sorts by number, or by text if it is not one. */
	if (f.kind == BN_FIELD_PARAM && (rc = add_key(l, &f, down, true, err)) < 0)
		return rc;
	return add_key(l, &f, down, false, err);
}

static int parse_sort(bn_run_list *l, bn_err *err)
{
	int rc = 0;
	char *copy = bn_strdup(l->q->sort ? l->q->sort : ""), *rest = copy, *one;
	if (!copy)
		return bn_err_nomem(err, "a query");
	l->world.source = "sort";
	while (rc == 0 && (one = bn_run_field_next(&rest)))
		if (one[strspn(one, " \t")])
			rc = parse_key(l, one, err);
	bn_free(copy);
	return rc;
}

static int grow(bn_run_list *l, bn_err *err)
{
	size_t cap = l->cap;
	if (l->count < cap)
		return 0;
	if (bn_grow(&l->no, &cap, l->count + 1, sizeof *l->no) != 0)
		return bn_err_nomem(err, "a list of runs");
	for (size_t i = 0; i < l->key_count; i++) {
		bn_sort_key *k = &l->keys[i];
		void *grown = k->is_text ? bn_realloc(k->text, cap * sizeof *k->text)
					 : bn_realloc(k->number, cap * sizeof *k->number);
		if (!grown)
			return bn_err_nomem(err, "a list of runs");
		if (k->is_text)
			k->text = grown;
		else
			k->number = grown;
	}
	l->cap = cap;
	return 0;
}

void bn_sort_key_take(const bn_run_list *l, bn_sort_key *k, size_t at)
{
	const bn_column *c = k->column;
	size_t run = (size_t)l->no[at];
	bool has = run < c->count && bn_set_has(c->has, run);
	if (k->is_text)
		k->text[at] = has ? c->text[run] : NULL;
	else
		k->number[at] = has ? c->number[run] : (double)NAN;
}

static int row_values(bn_run_list *l, sqlite3_stmt *st, bn_err *err)
{
	size_t at = l->count;
	int rc = 0, column = 1;
	l->no[at] = sqlite3_column_int64(st, 0);
	for (size_t i = 0; i < l->key_count && rc == 0; i++) {
		bn_sort_key *k = &l->keys[i];
		if (bn_field_has_key(k->field.kind)) {
			bn_sort_key_take(l, k, at);
		} else if (!k->is_text) {
			k->number[at] = bn_sql_double(st, column++);
		} else {
			const char *text = (const char *)sqlite3_column_text(st, column++);
			k->text[at] = text ? bn_arena_strdup(&l->arena, text) : NULL;
			if (text && !k->text[at])
				rc = bn_err_nomem(err, "a list of runs");
		}
	}
	l->count += rc == 0;
	return rc;
}

static int load_columns(bn_run_list *l, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < l->key_count && rc == 0; i++) {
		bn_sort_key *k = &l->keys[i];
		if (!bn_field_has_key(k->field.kind))
			continue;
		k->column = bn_sql_piece_column(&l->sort, &k->field, &l->world);
		if (!k->column)
			return bn_err_nomem(err, "a list of runs");
		if ((rc = bn_column_load(k->column, err)) == 0)
			rc = bn_column_look_all(k->column, err);
	}
	return rc;
}

int bn_run_list_rows(bn_run_list *l, const char *among, bn_err *err)
{
	bn_sql_piece p;
	sqlite3_stmt *st = NULL;
	int at = 1;
	bn_sql_piece_init(&p);
	bn_buf_adds(&p.sql, "SELECT r.no");
	for (size_t i = 0; i < l->key_count; i++)
		if (!bn_field_has_key(l->keys[i].field.kind)) {
			bn_buf_adds(&p.sql, ", ");
			bn_filter_field_sql(&p, &l->keys[i].field, &l->world, true);
		}
	/* A few runs are looked up by number and sorted, not searched in the index of the public order; the texts of
	 * all runs are read in storage order. */
	bool as_they_lie = among[0] || !is_blank(l->q->search) || l->q->among == BN_AMONG_LIVE;
	bn_buf_addf(&p.sql, " FROM run r%s%s%s ORDER BY r.created_ms DESC, r.id",
		as_they_lie ? " NOT INDEXED" : "", l->where.sql.ptr, among);
	int rc;
	if ((rc = bn_buf_check(&p.sql, err, "a query")) < 0 ||
		(rc = bn_sql_prepare(&st, l->world.db, err, p.sql.ptr, "")) < 0 ||
		(rc = bn_sql_piece_bind(&p, st, &at, err)) < 0 ||
		(rc = bn_sql_piece_bind(&l->where, st, &at, err)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = grow(l, err)) < 0 || (rc = row_values(l, st, err)) < 0)
			goto out;
out:
	sqlite3_finalize(st);
	bn_sql_piece_release(&p);
	return rc;
}

int bn_run_list_load(bn_run_list *l, bn_err *err)
{
	int rc;
	bool grouped = l->q->group && l->q->group[0];
	if (is_held(l) && (rc = bn_run_list_hold(l, err)) < 0) /* first: the filter borrows columns */
		return rc;
	if (is_held(l) && ((l->q->live_first && is_blank(l->q->sort)) || grouped))
		l->keys[l->key_count++] = (bn_sort_key){.is_lead = true};
	if ((rc = parse_sort(l, err)) < 0 || (rc = build_where(l, err)) < 0)
		return rc;
	if (l->plain)
		return 0;
	if (is_held(l))
		return bn_run_list_held(l, err);
	if ((rc = load_columns(l, err)) < 0 || (rc = bn_run_list_window(l, err)) < 0)
		return rc;
	return l->window ? 0 : bn_run_list_rows(l, "", err);
}
