/* mlflow_db.c - experiments and runs of MLflow's SQLite database: see _mlflow_db.h. */
#include "core/exchange/_mlflow_db.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Of the tags or parameters of one thing: a default in the schema makes a long text of each row. */
enum { WORDS_MOST = 64 << 20 };

/* ---- queries -------------------------------------------------------------------------------- */

static int failed(const mlflow_db *m, const char *doing, bn_err *err)
{
	int code = sqlite3_errcode(m->db);
	if (code == SQLITE_NOMEM)
		return bn_err_nomem(err, "a query");
	if (code == SQLITE_INTERRUPT)
		return bn_err_set(err, BN_EINTR, "stopped while reading '%s'", m->path);
	return bn_err_set(err,
		code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? BN_ECORRUPT : BN_EIO,
		"cannot %s '%s': %s", doing, m->path, sqlite3_errmsg(m->db));
}

static bool has_column(const mlflow_db *m, const char *table, const char *column)
{
	sqlite3_stmt *st = NULL;
	bool has = false;
	if (sqlite3_prepare_v2(m->db, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", -1, &st,
		    NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, column, -1, SQLITE_STATIC);
		has = sqlite3_step(st) == SQLITE_ROW;
	}
	sqlite3_finalize(st);
	return has;
}

/* SQLite's own word on what it is: the text in the schema can be written in many ways. */
bool bn_mlflow_db_has(const mlflow_db *m, const char *table)
{
	sqlite3_stmt *st = NULL;
	bool has = false;
	if (sqlite3_prepare_v2(m->db,
		    "SELECT 1 FROM pragma_table_list(?1) WHERE schema = 'main' AND type = 'table' "
		    "AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(?1) WHERE hidden = 2)",
		    -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
		has = sqlite3_step(st) == SQLITE_ROW;
	}
	sqlite3_finalize(st);
	return has;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Replaces "TABLE.COLUMN?". */
static int expand(bn_buf *out, const mlflow_db *m, const char *sql, bn_err *err)
{
	for (const char *p = sql; *p;) {
		size_t n = 0, dot = 0;
		while (is_word(p[n]) || p[n] == '.')
			if (p[n++] == '.')
				dot = n - 1;
		if (!n || p[n] != '?' || !dot) {
			bn_buf_add(out, p, n ? n : 1);
			p += n ? n : 1;
			continue;
		}
		char *table = bn_strndup(p, dot), *column = bn_strndup(p + dot + 1, n - dot - 1);
		if (!table || !column)
			out->failed = true;
		else if (has_column(m, table, column))
			bn_buf_addf(out, "\"%s\".\"%s\"", table, column);
		else
			bn_buf_adds(out, "NULL");
		bn_free(table);
		bn_free(column);
		p += n + 1;
	}
	return bn_buf_check(out, err, "a query");
}

static int query_list(sqlite3_stmt **out, const mlflow_db *m, bn_err *err, const char *sql,
	const char *types, va_list ap)
{
	bn_buf text = BN_BUF_INIT;
	int rc;
	*out = NULL;
	if ((rc = expand(&text, m, sql, err)) < 0)
		goto out;
	if (sqlite3_prepare_v2(m->db, text.ptr, (int)text.len, out, NULL) != SQLITE_OK) {
		rc = failed(m, "read", err);
		goto out;
	}
	for (int i = 0; types[i]; i++)
		sqlite3_bind_text(*out, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
out:
	bn_buf_release(&text);
	return rc;
}

int bn_mlflow_db_query(sqlite3_stmt **out, const mlflow_db *m, bn_err *err, const char *sql,
	const char *types, ...)
{
	va_list ap;
	va_start(ap, types);
	int rc = query_list(out, m, err, sql, types, ap);
	va_end(ap);
	return rc;
}

int bn_mlflow_db_step(const mlflow_db *m, sqlite3_stmt *st, bn_err *err)
{
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : failed(m, "read", err);
}

const char *bn_mlflow_db_text(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	int n = sqlite3_column_bytes(st, column);
	return text && strlen(text) == (size_t)n && bn_utf8_is_valid(text, (size_t)n) ? text : NULL;
}

int64_t bn_mlflow_db_int(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? -1
							      : sqlite3_column_int64(st, column);
}

int bn_mlflow_db_words(json_t **out, const mlflow_db *m, const char *what, bn_err *err,
	const char *sql, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;
	size_t bytes = 0;
	int rc;
	if (!(*out = json_object()))
		return bn_err_nomem(err, "values");
	va_start(ap, types);
	rc = query_list(&st, m, err, sql, types, ap);
	va_end(ap);
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0) {
		const char *key = bn_mlflow_db_text(st, 0), *value = bn_mlflow_db_text(st, 1);
		bn_err why = BN_ERR_INIT;
		bytes += (size_t)sqlite3_column_bytes(st, 0) + (size_t)sqlite3_column_bytes(st, 1);
		if (bytes > WORDS_MOST) {
			bn_err_set(&why, BN_EREFUSED, "there are more than %d MiB of one run or model",
				WORDS_MOST >> 20);
			bn_exchange_unreadable(m->base.report, what, &why, "%s", m->path);
			break;
		}
		if (!value && sqlite3_column_type(st, 1) == SQLITE_NULL)
			value = "";
		if (key && value) {
			json_object_set_new(*out, key, json_string(value));
			continue;
		}
		bn_err_set(&why, BN_EINVAL, "it is not UTF-8 text");
		bn_exchange_unreadable(m->base.report, what, &why, "%s", m->path);
	}
	sqlite3_finalize(st);
	if (rc < 0) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

char *bn_mlflow_db_name(const char *name, const char *workspace)
{
	if (!workspace || !*workspace || !strcmp(workspace, "default"))
		return bn_strdup(name ? name : "");
	return bn_strf("%s/%s", workspace, name ? name : "");
}

/* ---- experiments ------------------------------------------------------------------------------ */

static int yield_experiment(
	mlflow_db *m, sqlite3_stmt *st, bn_src_each_experiment *each, void *user, bn_err *err)
{
	json_t *tags = NULL;
	char *name = bn_mlflow_db_name(bn_mlflow_db_text(st, 1), bn_mlflow_db_text(st, 6));
	const char *id = bn_mlflow_db_text(st, 0), *stage = bn_mlflow_db_text(st, 3);
	int rc = name ? 0 : bn_err_nomem(err, "a name");
	if (rc < 0 ||
		(bn_mlflow_db_has(m, "experiment_tags") &&
			(rc = bn_mlflow_db_words(&tags, m, "tag", err,
				 "SELECT key, value FROM experiment_tags WHERE experiment_id = ?",
				 "s", id)) < 0))
		goto out;
	const bn_src_experiment e = {.id = id,
		.name = name,
		.artifact_location = bn_mlflow_db_text(st, 2),
		.removed = stage && !strcmp(stage, "deleted"),
		.created_ms = bn_mlflow_db_int(st, 4),
		.updated_ms = bn_mlflow_db_int(st, 5),
		.tags = tags};
	rc = each(user, &e, err);
out:
	json_decref(tags);
	bn_free(name);
	return rc;
}

static int mlflow_db_experiments(bn_src *s, bn_src_each_experiment *each, void *user, bn_err *err)
{
	mlflow_db *m = (mlflow_db *)s;
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT experiment_id, name, experiments.artifact_location?, "
		"experiments.lifecycle_stage?, "
		"experiments.creation_time?, experiments.last_update_time?, experiments.workspace? "
		"FROM experiments ORDER BY experiment_id",
		"");
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0)
		rc = yield_experiment(m, st, each, user, err);
	sqlite3_finalize(st);
	return rc;
}

/* ---- runs ------------------------------------------------------------------------------------- */

typedef struct run_links {
	json_t *datasets, *inputs, *outputs;
} run_links;

static int read_datasets(run_links *l, mlflow_db *m, const char *run, bn_err *err)
{
	static const char *const fields[] = {
		"name", "digest", "source_type", "source", "schema", "profile"};
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT inputs.input_uuid, name, digest, dataset_source_type, dataset_source, "
		"datasets.dataset_schema?, datasets.dataset_profile? FROM inputs JOIN datasets "
		"ON datasets.dataset_uuid = inputs.source_id WHERE inputs.source_type = 'DATASET' "
		"AND "
		"inputs.destination_type = 'RUN' AND inputs.destination_id = ? ORDER BY name, "
		"digest",
		"s", run);
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0) {
		json_t *d = json_object(), *tags = NULL;
		for (int i = 0; i < 6; i++) {
			const char *text = bn_mlflow_db_text(st, i + 1);
			if (text)
				json_object_set_new(d, fields[i], json_string(text));
		}
		const char *input = bn_mlflow_db_text(st, 0);
		if (bn_mlflow_db_has(m, "input_tags") &&
			(rc = bn_mlflow_db_words(&tags, m, "tag", err,
				 "SELECT name, value FROM input_tags WHERE input_uuid = ?", "s",
				 input ? input : "")) == 0)
			json_object_set_new(d, "tags", tags);
		json_array_append_new(l->datasets, d);
	}
	sqlite3_finalize(st);
	return rc;
}

static int read_models(
	json_t *out, mlflow_db *m, const char *type, const char *run, bool steps, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT destination_id, inputs.step? FROM inputs WHERE destination_type = ? AND "
		"source_id = ? ORDER BY 2, 1",
		"ss", type, run);
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0) {
		const char *id = bn_mlflow_db_text(st, 0);
		int64_t step = bn_mlflow_db_int(st, 1);
		if (id && steps)
			json_array_append_new(out, json_pack("{ss sI}", "id", id, "step",
							   (json_int_t)(step < 0 ? 0 : step)));
		else if (id)
			json_array_append_new(out, json_string(id));
	}
	sqlite3_finalize(st);
	return rc;
}

static int read_links(run_links *l, mlflow_db *m, const char *run, bn_err *err)
{
	int rc = 0;
	*l = (run_links){json_array(), json_array(), json_array()};
	if (!l->datasets || !l->inputs || !l->outputs)
		return bn_err_nomem(err, "inputs");
	if (!bn_mlflow_db_has(m, "inputs") || !bn_mlflow_db_has(m, "datasets"))
		return 0;
	if ((rc = read_datasets(l, m, run, err)) < 0 ||
		(rc = read_models(l->inputs, m, "MODEL_INPUT", run, false, err)) < 0)
		return rc;
	return read_models(l->outputs, m, "MODEL_OUTPUT", run, true, err);
}

static int yield_run(mlflow_db *m, sqlite3_stmt *st, bn_src_each_run *each, void *user, bn_err *err)
{
	json_t *params = NULL, *tags = NULL;
	run_links links = {0};
	const char *id = bn_mlflow_db_text(st, 0), *stage = bn_mlflow_db_text(st, 6),
		   *uri = bn_mlflow_db_text(st, 7);
	char *experiment = bn_mlflow_db_name(bn_mlflow_db_text(st, 8), bn_mlflow_db_text(st, 9));
	char *files = id ? bn_src_roots_find(&m->roots, uri, id) : NULL;
	int rc = experiment && id
			 ? 0
			 : bn_err_set(err, BN_ECORRUPT, "'%s': a run without an id", m->path);
	if (rc < 0 ||
		(rc = bn_mlflow_db_words(&params, m, "parameter", err,
			 "SELECT key, value FROM params WHERE run_uuid = ?", "s", id)) < 0 ||
		(rc = bn_mlflow_db_words(&tags, m, "tag", err,
			 "SELECT key, value FROM tags WHERE run_uuid = ?", "s", id)) < 0 ||
		(rc = read_links(&links, m, id, err)) < 0)
		goto out;
	if (!files)
		bn_src_roots_note(&m->roots, &m->base, uri, "run", id);
	bn_src_run run = {.id = id,
		.experiment = experiment,
		.name = bn_mlflow_db_text(st, 1),
		.user = bn_mlflow_db_text(st, 2),
		.status = bn_mlflow_db_text(st, 3),
		.start_ms = bn_mlflow_db_int(st, 4),
		.end_ms = bn_mlflow_db_int(st, 5),
		.removed = stage && !strcmp(stage, "deleted"),
		.parent = bn_json_str(tags, "mlflow.parentRunId", NULL),
		.title = bn_json_str(tags, "mlflow.source.name", NULL),
		.note = bn_json_str(tags, "mlflow.note.content", NULL),
		.params = params,
		.tags = tags,
		.datasets = links.datasets,
		.input_models = links.inputs,
		.output_models = links.outputs,
		.files = files};
	if (!run.name || !*run.name)
		run.name = bn_json_str(tags, "mlflow.runName", NULL);
	rc = each(user, &run, err);
out:
	json_decref(params);
	json_decref(tags);
	json_decref(links.datasets);
	json_decref(links.inputs);
	json_decref(links.outputs);
	bn_free(experiment);
	bn_free(files);
	return rc;
}

static int mlflow_db_runs(bn_src *s, bn_src_each_run *each, void *user, bn_err *err)
{
	mlflow_db *m = (mlflow_db *)s;
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT run_uuid, runs.name?, runs.user_id?, runs.status?, runs.start_time?, "
		"runs.end_time?, "
		"runs.lifecycle_stage?, runs.artifact_uri?, experiments.name, "
		"experiments.workspace? "
		"FROM runs LEFT JOIN experiments USING (experiment_id) ORDER BY start_time, "
		"run_uuid",
		"");
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0)
		rc = yield_run(m, st, each, user, err);
	sqlite3_finalize(st);
	return rc;
}

static int64_t mlflow_db_count(bn_src *s)
{
	mlflow_db *m = (mlflow_db *)s;
	sqlite3_stmt *st = NULL;
	int64_t n = -1;
	if (bn_mlflow_db_query(&st, m, NULL, "SELECT count(*) FROM runs", "") >= 0 &&
		bn_mlflow_db_step(m, st, NULL) > 0)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* ---- points ------------------------------------------------------------------------------------ */

static int flush(bn_metric_set *set, bn_src_each_series *each, void *user, bn_err *err)
{
	int rc = set->count ? each(user, &set->items[0], err) : 0;
	bn_metric_set_release(set);
	*set = (bn_metric_set)BN_METRIC_SET_INIT;
	return rc;
}

static int mlflow_db_series(
	bn_src *s, const bn_src_run *r, bn_src_each_series *each, void *user, bn_err *err)
{
	mlflow_db *m = (mlflow_db *)s;
	bn_metric_set set = BN_METRIC_SET_INIT;
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT key, value, timestamp, metrics.step?, metrics.is_nan? FROM metrics WHERE "
		"run_uuid = ? "
		"ORDER BY key, 4",
		"s", r->id);
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0) {
		const char *key = bn_mlflow_db_text(st, 0);
		int64_t step = sqlite3_column_int64(st, 3); /* NULL: 0 */
		bool is_nan = sqlite3_column_int(st, 4);
		if (!key)
			continue;
		if (set.count && strcmp(set.items[0].key, key) != 0 &&
			(rc = flush(&set, each, user, err)) < 0)
			break;
		if (bn_metric_set_add(&set, key, step, sqlite3_column_int64(st, 2),
			    is_nan ? (double)NAN : sqlite3_column_double(st, 1)) < 0)
			rc = bn_err_nomem(err, "points");
	}
	if (rc >= 0)
		rc = flush(&set, each, user, err);
	bn_metric_set_release(&set);
	sqlite3_finalize(st);
	return rc;
}

/* ---- files ------------------------------------------------------------------------------------ */

static int mlflow_db_files(
	bn_src *s, const char *files, bn_src_each_file *each, void *user, bn_err *err)
{
	return bn_src_roots_files(&((mlflow_db *)s)->roots, s, files, each, user, err);
}

static int mlflow_db_read(bn_src *s, const char *files, const char *path, bn_src_write *write,
	void *user, bn_err *err)
{
	return bn_src_roots_read(&((mlflow_db *)s)->roots, files, path, write, user, err);
}

/* ---- the source --------------------------------------------------------------------------------- */

static bool look(const mlflow_db *m, int64_t *size, int64_t *modified_ns)
{
	struct stat st;
	if (m->base.env->fs->stat(m->base.env, NULL, m->path, &st) < 0)
		return false;
	*size = st.st_size;
	*modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return true;
}

static void mlflow_db_close(bn_src *s)
{
	mlflow_db *m = (mlflow_db *)s;
	int64_t size, modified_ns;
	bn_err why = BN_ERR_INIT;
	if (m->db && look(m, &size, &modified_ns) &&
		(size != m->size || modified_ns != m->modified_ns)) {
		bn_err_set(&why, BN_ECONFLICT, "it changed while it was read: import it again");
		bn_exchange_unreadable(m->base.report, "database", &why, "%s", m->path);
	}
	sqlite3_close(m->db);
	bn_src_roots_close(&m->roots);
	bn_free(m->path);
	bn_free(m);
}

static const bn_src_ops mlflow_db_ops = {
	.kind = "mlflow.db",
	.source = "mlflow",
	.count = mlflow_db_count,
	.experiments = mlflow_db_experiments,
	.runs = mlflow_db_runs,
	.series = mlflow_db_series,
	.files = mlflow_db_files,
	.read = mlflow_db_read,
	.logged_models = bn_mlflow_db_logged_models,
	.models = bn_mlflow_db_models,
	.close = mlflow_db_close,
};

static int mlflow_db_is(const bn_src_place *place, bn_err *err)
{
	(void)err;
	return place->kind == BN_PATH_FILE && place->head_bytes == sizeof place->head &&
	       !memcmp(place->head, "SQLite format 3", 16);
}

static int open_database(mlflow_db *m, bn_err *err)
{
	bn_buf uri = BN_BUF_INIT;
	char *absolute = NULL;
	int rc = bn_path_absolute(&absolute, m->path, err);
	if (rc < 0)
		return rc;
	bn_buf_adds(&uri, "file:");
	for (const char *p = absolute; *p; p++)
		if (strchr("%?#", *p))
			bn_buf_addf(&uri, "%%%02X", (unsigned char)*p);
		else
			bn_buf_addch(&uri, *p);
	bn_buf_adds(&uri, "?mode=ro&immutable=1");
	rc = bn_buf_check(&uri, err, "a path");
	if (rc >= 0 && sqlite3_open_v2(uri.ptr, &m->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
			       NULL) != SQLITE_OK)
		rc = failed(m, "open", err);
	bn_free(absolute);
	bn_buf_release(&uri);
	if (rc < 0)
		return rc;
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	return 0;
}

/* What SQLite has not yet written back is not read. */
static int check_sidecars(const mlflow_db *m, bn_err *err)
{
	static const char *const tails[] = {"-wal", "-journal"};
	for (int i = 0; i < 2; i++) {
		struct stat st;
		char *path = bn_strf("%s%s", m->path, tails[i]);
		bool busy = path && m->base.env->fs->stat(m->base.env, NULL, path, &st) >= 0 &&
			    st.st_size > 0;
		bn_free(path);
		if (!busy)
			continue;
		bn_err_set(err, BN_ECONFLICT, "'%s' is being written, or its server was killed ('%s%s' exists)",
			m->path, m->path, tails[i]);
		bn_err_hint(err, "stop the server, or import from it: http://HOST:PORT; if none runs, let SQLite finish: "
				 "sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'");
		return BN_ECONFLICT;
	}
	return 0;
}

static int check_tables(const mlflow_db *m, bn_err *err)
{
	static const char *const needed[] = {"experiments", "runs", "params", "tags", "metrics"};
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!bn_mlflow_db_has(m, needed[i])) {
			if (sqlite3_errcode(m->db) == SQLITE_CORRUPT ||
				sqlite3_errcode(m->db) == SQLITE_NOTADB)
				return failed(m, "read", err);
			return bn_err_set(err, BN_EUNSUPPORTED,
				"'%s' is an SQLite database without MLflow's table '%s'", m->path,
				needed[i]);
		}
	return 0;
}

static int mlflow_db_open(bn_src **out, bn_src_place *place, const bn_import_options *options,
	bn_exchange_report *report, bn_err *err)
{
	mlflow_db *m = bn_alloc_zeroed(1, sizeof *m);
	int rc;
	if (!m)
		return bn_err_nomem(err, "a source");
	m->base = (bn_src){&mlflow_db_ops, place->env, report, options};
	bn_dir *own = place->dir;
	place->dir = NULL;
	if ((rc = bn_src_roots_open(&m->roots, place->env, own, options, err)) < 0)
		goto out;
	if (!(m->path = bn_strdup(place->path))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	look(m, &m->size, &m->modified_ns);
	if ((rc = check_sidecars(m, err)) < 0 || (rc = open_database(m, err)) < 0 ||
		(rc = check_tables(m, err)) < 0)
		goto out;
	*out = &m->base;
	return 0;
out:
	mlflow_db_close(&m->base);
	return rc;
}

const bn_src_kind bn_src_mlflow_db = {"an MLflow database", mlflow_db_is, mlflow_db_open};
