/*
 * mlflow_runs.c - see mlflow_search.h: searching runs.
 *
 * Metrics, parameters and tags are read from packed columns, attributes in one pass over the rows of the experiments;
 * every test is made here, so that no text of a filter becomes SQL, and NaN differs from absent.
 */
#include "core/track/_mlflow.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/track/column.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1000, ID_BYTES = (BN_RUN_ID_TEXT - 1) / 2 };

/* One field of a clause or key: where its values are. */
typedef struct source {
	bn_mlflow_entity entity;
	const char *key;
	int column;       /* of the statement, for attributes; -1 */
	bn_column *of[2]; /* of the other runs, of the removed ones */
} source;

typedef struct found_run {
	int64_t no;
	uint8_t id[ID_BYTES];
} found_run;

typedef struct run_search {
	const bn_mlflow_search *s;
	const bn_mlflow_scope *scope;
	sqlite3 *db;
	source *sources;      /* of the clauses, then of the keys */
	int64_t *experiments; /* of the scope: their numbers */
	uint8_t **
		datasets; /* per clause on datasets: the runs that pass, by number; NULL for others */
	size_t run_count; /* numbers are below */
	found_run *runs;
	bn_mlflow_sort_value *values; /* of run * key_count + key */
	size_t count, cap;
	bn_arena arena; /* texts of values */
} run_search;

/* ---- sources -------------------------------------------------------------------------------- */

static const struct {
	const char *key, *sql;
} attributes[] = {
	{"run_id", "lower(hex(r.id))"},
	{"run_name", "r.name"},
	{"start_time", "coalesce(r.started_ms, r.created_ms)"},
	{"end_time", "r.finished_ms"},
	{"user_id", "coalesce(r.reported_user, bn_user(r.owner))"},
	/* MLflow has no word for the others. */
	{"status", "CASE r.status WHEN 'QUEUED' THEN 'SCHEDULED' WHEN 'LOST' THEN 'FAILED' ELSE "
		   "r.status END"},
};

/* LOCATION/ID/artifacts */
static void uri_sql(bn_buf *sql, const run_search *q)
{
	bn_buf_adds(sql, "CASE r.experiment");
	for (size_t i = 0; i < q->scope->experiment_count; i++)
		bn_buf_addf(sql, " WHEN %" PRId64 " THEN ?%zu", q->experiments[i], i + 1);
	bn_buf_adds(sql, " END || '/' || lower(hex(r.id)) || '/artifacts'");
}

static void attribute_sql(bn_buf *sql, const char *key, const run_search *q)
{
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (strcmp(attributes[i].key, key) == 0) {
			bn_buf_adds(sql, attributes[i].sql);
			return;
		}
	uri_sql(sql, q);
}

static int source_open(
	source *x, const run_search *q, bn_mlflow_entity entity, const char *key, bn_err *err)
{
	static const bn_key_kind kinds[] = {[BN_MLFLOW_METRIC] = BN_KEY_METRIC,
		[BN_MLFLOW_PARAM] = BN_KEY_PARAM,
		[BN_MLFLOW_TAG] = BN_KEY_TAG};
	int rc = 0;
	*x = (source){.entity = entity, .key = key, .column = -1};
	if (entity == BN_MLFLOW_ATTRIBUTE || entity == BN_MLFLOW_DATASET)
		return 0;
	for (int removed = 0; removed < 2 && rc == 0; removed++) {
		if (q->scope->view == (removed ? BN_MLFLOW_ACTIVE_ONLY : BN_MLFLOW_DELETED_ONLY))
			continue;
		if ((rc = bn_column_new(&x->of[removed], q->db, kinds[entity], key,
			     BN_AGGREGATE_LAST, removed, err)) == 0)
			rc = bn_column_load(x->of[removed], err);
	}
	return rc;
}

/* The runs with a dataset that passes a clause. */
static int datasets_load(uint8_t **out, const run_search *q, const bn_mlflow_clause *c, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const char *sql =
		"SELECT run, value FROM run_dataset_tag WHERE key = 'mlflow.data.context'";
	int rc;
	if (strcmp(c->key, "context") != 0)
		sql = strcmp(c->key, "name") == 0 ? "SELECT run, name FROM run_dataset"
						  : "SELECT run, digest FROM run_dataset";
	if (!(*out = bn_alloc_zeroed(q->run_count / 8 + 1, 1)))
		return bn_err_nomem(err, "a search");
	if ((rc = bn_sql_prepare(&st, q->db, err, sql, "")) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		size_t run = (size_t)sqlite3_column_int64(st, 0);
		const char *text = (const char *)sqlite3_column_text(st, 1);
		if (run < q->run_count && bn_mlflow_clause_admits(c, text, (double)NAN))
			bn_set_add(*out, run);
	}
	sqlite3_finalize(st);
	return rc;
}

static int sources_open(run_search *q, bn_err *err)
{
	const bn_mlflow_search *s = q->s;
	int rc = 0;
	q->sources = bn_alloc_zeroed(s->count + s->key_count + 1, sizeof *q->sources);
	q->datasets = bn_alloc_zeroed(s->count + 1, sizeof *q->datasets);
	q->experiments = bn_alloc_zeroed(q->scope->experiment_count + 1, sizeof *q->experiments);
	if (!q->sources || !q->datasets || !q->experiments)
		return bn_err_nomem(err, "a search");
	for (size_t i = 0; i < q->scope->experiment_count; i++)
		q->experiments[i] =
			bn_index_name(q->db, BN_NAME_EXPERIMENT, q->scope->experiments[i].name);
	q->run_count = (size_t)bn_sql_int(q->db, -1, "SELECT max(no) FROM run", "") + 1;
	if ((rc = bn_sql_failed(q->db, err)) < 0)
		return rc;
	for (size_t i = 0; i < s->count && rc == 0; i++)
		rc = s->clauses[i].entity == BN_MLFLOW_DATASET
			     ? datasets_load(&q->datasets[i], q, &s->clauses[i], err)
			     : source_open(&q->sources[i], q, s->clauses[i].entity,
				       s->clauses[i].key, err);
	for (size_t i = 0; i < s->key_count && rc == 0; i++)
		rc = source_open(
			&q->sources[s->count + i], q, s->keys[i].entity, s->keys[i].key, err);
	return rc;
}

static void search_release(run_search *q)
{
	for (size_t i = 0; q->sources && i < q->s->count + q->s->key_count; i++) {
		bn_column_free(q->sources[i].of[0]);
		bn_column_free(q->sources[i].of[1]);
	}
	for (size_t i = 0; q->datasets && i < q->s->count; i++)
		bn_free(q->datasets[i]);
	bn_free(q->sources);
	bn_free(q->datasets);
	bn_free(q->experiments);
	bn_free(q->runs);
	bn_free(q->values);
	bn_arena_release(&q->arena);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The value of a source for the statement's row; false: absent. */
static bool source_value(
	bn_mlflow_sort_value *out, const source *x, sqlite3_stmt *st, size_t run, bool removed)
{
	const bn_column *c = x->of[removed];
	*out = (bn_mlflow_sort_value){.number = (double)NAN};
	if (x->column >= 0) {
		int type = sqlite3_column_type(st, x->column);
		if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
			out->number = sqlite3_column_double(st, x->column);
		else
			out->text = (const char *)sqlite3_column_text(st, x->column);
		return type != SQLITE_NULL;
	}
	if (!c || run >= c->count || !bn_set_has(c->has, run))
		return false;
	out->number = c->number[run];
	out->text = c->text ? c->text[run] : NULL;
	return true;
}

static bool run_admits(const run_search *q, sqlite3_stmt *st, size_t run, bool removed)
{
	bn_mlflow_sort_value v;
	for (size_t i = 0; i < q->s->count; i++) {
		const bn_mlflow_clause *c = &q->s->clauses[i];
		bool admits;
		if (q->datasets[i])
			admits = run < q->run_count && bn_set_has(q->datasets[i], run);
		else if (source_value(&v, &q->sources[i], st, run, removed))
			admits = bn_mlflow_clause_admits(c, v.text, v.number);
		else
			admits = c->op == BN_MLFLOW_IS_NULL;
		if (!admits)
			return false;
	}
	return true;
}

static int grow(run_search *q, bn_err *err)
{
	size_t keys = q->s->key_count, cap = q->cap;
	if (q->count < cap)
		return 0;
	if (bn_grow(&q->runs, &cap, q->count + 1, sizeof *q->runs) != 0)
		return bn_err_nomem(err, "a search");
	void *grown = bn_realloc(q->values, cap * keys * sizeof *q->values + 1);
	if (!grown)
		return bn_err_nomem(err, "a search");
	q->values = grown;
	q->cap = cap;
	return 0;
}

static int run_take(run_search *q, sqlite3_stmt *st, bool removed, bn_err *err)
{
	size_t keys = q->s->key_count;
	int rc = grow(q, err);
	if (rc < 0)
		return rc;
	found_run *run = &q->runs[q->count];
	run->no = sqlite3_column_int64(st, 0);
	if (sqlite3_column_bytes(st, 1) != ID_BYTES)
		return bn_sql_damaged(err, "a run without an id");
	memcpy(run->id, sqlite3_column_blob(st, 1), ID_BYTES);
	for (size_t i = 0; i < keys; i++) {
		const source *x = &q->sources[q->s->count + i];
		bn_mlflow_sort_value *v = &q->values[q->count * keys + i];
		if (!source_value(v, x, st, (size_t)run->no, removed))
			v->rank = 2;
		else if (q->s->keys[i].is_number && isnan(v->number))
			v->rank = 1;
		else if (v->text && x->column >= 0 &&
			 !(v->text = bn_arena_strdup(&q->arena, v->text)))
			return bn_err_nomem(err, "a search");
	}
	q->count++;
	return 0;
}

/* Columns of the statement after no, id and removed. An id as key needs none (run_cmp). */
static void select_sql(bn_buf *sql, run_search *q)
{
	const bn_mlflow_search *s = q->s;
	int column = 3;
	bn_buf_adds(sql, "SELECT r.no, r.id, r.removed");
	for (size_t i = 0; i < s->count + s->key_count; i++) {
		source *x = &q->sources[i];
		if (x->entity != BN_MLFLOW_ATTRIBUTE || !x->key ||
			(i >= s->count && strcmp(x->key, "run_id") == 0))
			continue;
		bn_buf_adds(sql, ", ");
		attribute_sql(sql, x->key, q);
		x->column = column++;
	}
	bn_buf_adds(sql, " FROM run r NOT INDEXED WHERE r.experiment IN (");
	for (size_t i = 0; i < q->scope->experiment_count; i++)
		bn_buf_addf(sql, "%s%" PRId64, i ? "," : "", q->experiments[i]);
	bn_buf_adds(sql, ")");
	if (q->scope->view != BN_MLFLOW_ALL)
		bn_buf_addf(sql, " AND r.removed = %d", q->scope->view == BN_MLFLOW_DELETED_ONLY);
}

static int locations_bind(sqlite3_stmt *st, const run_search *q, bn_err *err)
{
	int rc = SQLITE_OK, count = sqlite3_bind_parameter_count(st);
	for (int i = 0; i < count && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text(
			st, i + 1, q->scope->experiments[i].artifact_location, -1, SQLITE_STATIC);
	return rc == SQLITE_OK ? 0 : bn_err_nomem(err, "a search");
}

static int runs_read(run_search *q, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_buf sql = BN_BUF_INIT;
	int rc;
	select_sql(&sql, q);
	if ((rc = bn_buf_check(&sql, err, "a search")) < 0 ||
		(rc = bn_sql_prepare(&st, q->db, err, sql.ptr, "")) < 0 ||
		(rc = locations_bind(st, q, err)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		size_t run = (size_t)sqlite3_column_int64(st, 0);
		bool removed = sqlite3_column_int(st, 2) != 0;
		if (run_admits(q, st, run, removed) && (rc = run_take(q, st, removed, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	bn_buf_release(&sql);
	return rc;
}

/* ---- order ---------------------------------------------------------------------------------- */

static int run_cmp(const void *pa, const void *pb, void *context)
{
	const run_search *q = context;
	const size_t a = *(const size_t *)pa, b = *(const size_t *)pb, n = q->s->key_count;
	for (size_t i = 0; i < n; i++) {
		const bn_mlflow_key *k = &q->s->keys[i];
		int c;
		if (k->entity == BN_MLFLOW_ATTRIBUTE && strcmp(k->key, "run_id") == 0) {
			c = memcmp(q->runs[a].id, q->runs[b].id, ID_BYTES);
			c = k->down ? -c : c;
		} else {
			c = bn_mlflow_sort_cmp(
				q->s, k, &q->values[a * n + i], &q->values[b * n + i]);
		}
		if (c)
			return c;
	}
	return 0;
}

static int page_make(bn_mlflow_runs *out, run_search *q, bn_err *err)
{
	const bn_mlflow_scope *scope = q->scope;
	size_t limit = scope->limit > 0 ? (size_t)scope->limit : LIMIT;
	size_t from = scope->offset > 0 ? (size_t)scope->offset : 0;
	size_t *order = bn_alloc((q->count + 1) * sizeof *order);
	if (!order)
		return bn_err_nomem(err, "a search");
	for (size_t i = 0; i < q->count; i++)
		order[i] = i;
	qsort_r(order, q->count, sizeof *order, run_cmp, q);
	from = from < q->count ? from : q->count;
	out->count = q->count - from < limit ? q->count - from : limit;
	out->matched = (int64_t)q->count;
	out->items = bn_alloc((out->count + 1) * sizeof *out->items);
	for (size_t i = 0; out->items && i < out->count; i++) {
		const found_run *run = &q->runs[order[from + i]];
		out->items[i].no = run->no;
		bn_hex(run->id, ID_BYTES, out->items[i].id);
	}
	bn_free(order);
	return out->items ? 0 : bn_err_nomem(err, "a search");
}

int bn_mlflow_search_runs(bn_mlflow_runs *out, bn_workspace *ws, const bn_mlflow_search *s,
	const bn_mlflow_scope *scope, bn_err *err)
{
	run_search q = {.s = s, .scope = scope};
	int rc;
	*out = (bn_mlflow_runs){.items = NULL};
	if ((rc = bn_track_index(&q.db, ws, err)) < 0)
		return rc;
	if ((rc = bn_sql_run(q.db, err, "BEGIN", "")) < 0)
		return rc;
	if ((rc = sources_open(&q, err)) < 0 || (rc = runs_read(&q, err)) < 0)
		goto out;
	rc = page_make(out, &q, err);
out:
	if (!sqlite3_get_autocommit(q.db))
		bn_sql_run(q.db, NULL, "COMMIT", "");
	search_release(&q);
	return rc;
}

void bn_mlflow_runs_release(bn_mlflow_runs *l)
{
	bn_free(l->items);
	*l = (bn_mlflow_runs){.items = NULL};
}
