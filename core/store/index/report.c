/* report.c - see report.h. */
#include "core/store/index/report.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/index/_index.h"
#include "core/store/index/_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- status --------------------------------------------------------------------------------- */

static int add_gap(bn_index_status *s, const bn_log_writer *w, bn_err *err)
{
	bn_index_gap *grown = bn_realloc(s->gaps, (s->gap_count + 1) * sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "the index's status");
	s->gaps = grown;
	bn_index_gap *g = &grown[s->gap_count++];
	*g = (bn_index_gap){.writer = bn_strdup(w->name),
		.why = bn_strdup(w->fault),
		.folded = (int64_t)w->seq};
	return g->writer && g->why ? 0 : bn_err_nomem(err, "the index's status");
}

static int add_fork(bn_index_status *s, sqlite3_stmt *st, bn_err *err)
{
	bn_index_fork *grown = bn_realloc(s->forks, (s->fork_count + 1) * sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "the index's status");
	s->forks = grown;
	bn_index_fork *f = &grown[s->fork_count++];
	*f = (bn_index_fork){.writer = bn_sql_text(st, 0),
		.seq = sqlite3_column_int64(st, 1),
		.words = bn_sql_text(st, 2)};
	return f->writer && f->words ? 0 : bn_err_nomem(err, "the index's status");
}

static int describe_forks(bn_index_status *s, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT writer, seq, words FROM dump_writer_fork ORDER BY writer", "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = add_fork(s, st, err)) < 0)
			goto out;
out:
	sqlite3_finalize(st);
	return rc;
}

static int64_t count_outcome(sqlite3 *db, bn_outcome outcome)
{
	return bn_sql_int(db, 0, "SELECT count(*) FROM event WHERE outcome = ? AND outcome <> 0",
		"i", (int64_t)outcome);
}

static int64_t count_with_fields(sqlite3 *db)
{
	return bn_sql_int(db, 0,
		"SELECT count(*) FROM (SELECT DISTINCT writer, seq FROM index_unknown_field)", "");
}

static int add_unknown(bn_index_status *s, sqlite3_stmt *st, bn_err *err)
{
	bn_index_unknown *grown = bn_realloc(s->unknown, (s->unknown_count + 1) * sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "the index's status");
	s->unknown = grown;
	bn_index_unknown *u = &grown[s->unknown_count++];
	*u = (bn_index_unknown){.kind = bn_sql_text(st, 0),
		.entity = bn_sql_text(st, 3),
		.version = sqlite3_column_int64(st, 1),
		.events = sqlite3_column_int64(st, 2)};
	return u->kind && u->entity ? 0 : bn_err_nomem(err, "the index's status");
}

static int describe_unknown(bn_index_status *s, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT k.name, coalesce(e.version, 1) AS version, count(*), min(t.entity) "
		"FROM event e JOIN index_name k ON k.no = e.kind "
		"JOIN index_entity_text t ON t.no = e.entity "
		"WHERE e.outcome = ? AND e.outcome <> 0 GROUP BY 1, 2 ORDER BY 1, 2",
		"i", (int64_t)BN_OUTCOME_NEWER);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = add_unknown(s, st, err)) < 0)
			goto out;
out:
	sqlite3_finalize(st);
	return rc;
}

static int add_field(bn_index_status *s, sqlite3_stmt *st, bn_err *err)
{
	bn_index_unknown_field *grown = bn_realloc(s->fields, (s->field_count + 1) * sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "the index's status");
	s->fields = grown;
	bn_index_unknown_field *u = &grown[s->field_count++];
	*u = (bn_index_unknown_field){.kind = bn_sql_text(st, 0),
		.field = bn_sql_text(st, 1),
		.entity = bn_sql_text(st, 2),
		.writer = bn_sql_text(st, 3),
		.version = sqlite3_column_int64(st, 4),
		.clock = sqlite3_column_int64(st, 5),
		.events = sqlite3_column_int64(st, 6)};
	return u->kind && u->field && u->entity && u->writer
		       ? 0
		       : bn_err_nomem(err, "the index's status");
}

static int describe_fields(bn_index_status *s, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	/* The column beside max() is from the row with the maximum. */
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT k.name, n.name, t.entity, w.name, u.version, u.clock, u.events FROM "
		"(SELECT kind, field, entity, writer, version, max(clock) AS clock, "
		"count(*) AS events FROM index_unknown_field GROUP BY kind, field) u "
		"JOIN index_name k ON k.no = u.kind JOIN index_name n ON n.no = u.field "
		"JOIN index_name w ON w.no = u.writer "
		"JOIN index_entity_text t ON t.no = u.entity ORDER BY 1, 2 LIMIT ?",
		"i", (int64_t)BN_INDEX_FIELDS_MOST);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = add_field(s, st, err)) < 0)
			goto out;
out:
	sqlite3_finalize(st);
	return rc;
}

int bn_index_describe(bn_index_status *out, bn_index *ix, bn_err *err)
{
	char type[24];
	struct stat st;
	int rc = 0;
	*out = (bn_index_status){0};
	if (!(out->path = bn_strdup(ix->dir ? ix->path : "(in memory)")))
		return bn_err_nomem(err, "the index's status");
	if (!(out->why = bn_strdup(ix->place.why)))
		return bn_err_nomem(err, "the index's status");
	snprintf(out->fs, sizeof out->fs, "%s",
		ix->dir ? bn_fs_type(ix->dir->path, type) : "memory");
	if (ix->dir && bn_dir_stat(ix->dir, bn_path_base(ix->path), &st, NULL) == 0)
		out->bytes = (int64_t)st.st_size;
	out->writers = bn_sql_int(ix->db, 0, "SELECT count(*) FROM writer", "");
	out->events = bn_sql_int(ix->db, 0, "SELECT sum(events) FROM writer", "");
	out->last_clock = bn_sql_int(ix->db, 0, "SELECT max(last_clock) FROM writer", "");
	out->entities = bn_sql_int(ix->db, 0,
		"SELECT count(*) FROM index_entity e WHERE EXISTS "
		"(SELECT 1 FROM event WHERE entity = e.no)",
		"");
	out->refused = count_outcome(ix->db, BN_OUTCOME_REFUSED);
	out->invalid = count_outcome(ix->db, BN_OUTCOME_INVALID);
	out->newer = count_outcome(ix->db, BN_OUTCOME_NEWER);
	for (const bn_log_writer *w = NULL; !rc && (w = bn_index_next_gap(ix, w));)
		rc = add_gap(out, w, err);
	if (rc < 0 || (rc = describe_forks(out, ix->db, err)) < 0 ||
		(rc = describe_unknown(out, ix->db, err)) < 0)
		return rc;
	out->with_unknown_fields = count_with_fields(ix->db);
	return describe_fields(out, ix->db, err);
}

void bn_index_status_release(bn_index_status *s)
{
	for (size_t i = 0; i < s->fork_count; i++) {
		bn_free(s->forks[i].writer);
		bn_free(s->forks[i].words);
	}
	bn_free(s->forks);
	for (size_t i = 0; i < s->gap_count; i++) {
		bn_free(s->gaps[i].writer);
		bn_free(s->gaps[i].why);
	}
	for (size_t i = 0; i < s->unknown_count; i++) {
		bn_free(s->unknown[i].kind);
		bn_free(s->unknown[i].entity);
	}
	for (size_t i = 0; i < s->field_count; i++) {
		bn_free(s->fields[i].kind);
		bn_free(s->fields[i].field);
		bn_free(s->fields[i].entity);
		bn_free(s->fields[i].writer);
	}
	bn_free(s->fields);
	bn_free(s->unknown);
	bn_free(s->gaps);
	bn_free(s->path);
	bn_free(s->why);
	*s = (bn_index_status){0};
}

/* ---- an entity ------------------------------------------------------------------------------ */

int bn_index_newer_words(char **out, sqlite3 *db, const char *entity, bn_err *err)
{
	enum { WORDS_MOST = 8 };
	sqlite3_stmt *st = NULL;
	bn_buf b = BN_BUF_INIT;
	int rc, n = 0;
	*out = NULL;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT DISTINCT 'field ''' || n.name || ''' of ' || k.name "
		     "FROM index_unknown_field u JOIN index_name n ON n.no = u.field "
		     "JOIN index_name k ON k.no = u.kind WHERE u.entity = ?1 UNION "
		     "SELECT 'records ' || k.name FROM event e JOIN index_name k ON k.no = e.kind "
		     "WHERE e.entity = ?1 AND e.outcome = ?2 AND e.outcome <> 0 ORDER BY 1 LIMIT "
		     "?3",
		     "iii", bn_index_entity(db, entity), (int64_t)BN_OUTCOME_NEWER,
		     (int64_t)WORDS_MOST + 1)) < 0)
		goto out;
	for (; (rc = bn_sql_step(st, err)) > 0; n++)
		if (n < WORDS_MOST)
			bn_buf_addf(&b, "%s%s", n ? ", " : "", sqlite3_column_text(st, 0));
	if (rc < 0 || n == 0)
		goto out;
	bn_buf_adds(&b, n > WORDS_MOST ? " and more" : "");
	if ((rc = bn_buf_check(&b, err, "what is newer")) < 0)
		goto out;
	*out = bn_buf_take(&b, NULL);
out:
	sqlite3_finalize(st);
	bn_buf_release(&b);
	return rc;
}

int64_t bn_index_newer_count(sqlite3 *db)
{
	return count_outcome(db, BN_OUTCOME_NEWER) + count_with_fields(db);
}

/* ---- dump ----------------------------------------------------------------------------------- */

static void add_value(bn_buf *b, sqlite3_stmt *st, int i)
{
	const unsigned char *blob;
	char hex[3];
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER:
		bn_buf_addf(b, "%" PRId64, (int64_t)sqlite3_column_int64(st, i));
		break;
	case SQLITE_FLOAT:
		bn_buf_addf(b, "%.17g", sqlite3_column_double(st, i));
		break;
	case SQLITE_TEXT:
		bn_buf_add_json_string(b, (const char *)sqlite3_column_text(st, i),
			(size_t)sqlite3_column_bytes(st, i));
		break;
	case SQLITE_BLOB:
		blob = sqlite3_column_blob(st, i);
		bn_buf_adds(b, "x'");
		for (int k = 0; k < sqlite3_column_bytes(st, i); k++) {
			bn_hex(&blob[k], 1, hex);
			bn_buf_add(b, hex, 2);
		}
		bn_buf_addch(b, '\'');
		break;
	default:
		bn_buf_adds(b, "NULL");
	}
}

static int emit(bn_buf *line, bn_dump_write write, void *ctx, bn_err *err)
{
	bn_buf_addch(line, '\n');
	int rc = bn_buf_check(line, err, "a dump of the index");
	if (rc < 0)
		return rc;
	if (write(ctx, line->ptr, line->len))
		rc = bn_err_set(err, BN_EIO, "a dump of the index could not be written");
	bn_buf_clear(line);
	return rc;
}

/* "SELECT * FROM <table or its dump view>" and the columns; *rows: whether there are any. */
static int dump_begin(bn_buf *sql, bn_buf *line, bool *rows, sqlite3 *db, const char *name,
	bool view, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = 0;
	char *quoted = sqlite3_mprintf("\"%s%w\"", view ? "dump_" : "", name);
	if (!quoted)
		return bn_err_nomem(err, "a dump of the index");
	bn_buf_addf(sql, "SELECT * FROM %s", quoted);
	if ((rc = bn_sql_prepare(&st, db, err, sql->ptr, "")) < 0)
		goto out;
	int columns = sqlite3_column_count(st);
	bn_buf_addf(line, "table %s:", name);
	for (int i = 0; i < columns; i++) {
		bn_buf_addf(line, " %s", sqlite3_column_name(st, i));
		bn_buf_addf(sql, "%s%d", i ? ", " : " ORDER BY ", i + 1);
	}
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	*rows = rc == 1;
	rc = bn_buf_check(sql, err, "a dump of the index");
out:
	sqlite3_finalize(st);
	sqlite3_free(quoted);
	return rc;
}

static int dump_table(
	sqlite3 *db, const char *name, bool view, bn_dump_write write, void *ctx, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_buf line = BN_BUF_INIT, sql = BN_BUF_INIT;
	bool rows = false;
	int rc = dump_begin(&sql, &line, &rows, db, name, view, err);
	if (rc < 0 || (rc = emit(&line, write, ctx, err)) < 0 || !rows ||
		(rc = bn_sql_prepare(&st, db, err, sql.ptr, "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			bn_buf_addch(&line, i ? '|' : ' ');
			add_value(&line, st, i);
		}
		if ((rc = emit(&line, write, ctx, err)) < 0)
			break;
	}
out:
	sqlite3_finalize(st);
	bn_buf_release(&line);
	bn_buf_release(&sql);
	return rc;
}

int bn_index_print(sqlite3 *db, bn_dump_write write, void *ctx, bn_err *err)
{
	bn_names tables =
		BN_NAMES_INIT; /* each prefixed with 'd' if it has a dump view, else 't' */
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT min(form || name), name FROM (SELECT 't' AS form, name FROM sqlite_master "
		"WHERE "
		"type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'index_*' UNION ALL "
		"SELECT 'd', substr(name, 6) FROM sqlite_master WHERE type = 'view' "
		"AND name GLOB 'dump_*') GROUP BY name ORDER BY name",
		"");
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (bn_names_add(&tables, (const char *)sqlite3_column_text(st, 0))) {
			rc = bn_err_nomem(err, "a dump of the index");
			goto out;
		}
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < tables.count; i++)
		if ((rc = dump_table(db, tables.items[i] + 1, *tables.items[i] == 'd', write, ctx,
			     err)) < 0)
			goto out;
out:
	sqlite3_finalize(st);
	bn_names_release(&tables);
	return rc;
}
