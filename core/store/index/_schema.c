/* _schema.c - creates the index's tables from the files of share/sql named by the store and the
 * classes, and checks whether existing tables are ours. */
#include "core/base/embedded.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/index/_batch.h"
#include "core/store/index/_index.h"
#include "core/store/index/_sql.h"

#include <string.h>

/* Whether f creates tables of the store or of one of the classes. */
static bool is_schema(const bn_embedded_file *f, const bn_fold_class *const *classes)
{
	if (!strcmp(f->path, "share/sql/0001_store.sql"))
		return true;
	for (; classes && *classes; classes++)
		if ((*classes)->schema && !strcmp(f->path, (*classes)->schema))
			return true;
	return false;
}

/* A checksum of several delimited texts. Not SHA-256, and without concatenating them, since every command
 * that opens the index computes this key. */
typedef struct digest {
	uint32_t crc;
	size_t len;
} digest;

static void add_bytes(digest *d, const void *bytes, size_t n)
{
	d->crc = bn_crc32c(d->crc, bytes, n);
	d->len += n;
}

static void add_text(digest *d, const char *s)
{
	add_bytes(d, s, strlen(s) + 1);
}

/* What the fold understands: to another version of the program other events and fields are
 * unknown. */
static void add_classes(digest *d, const bn_fold_class *const *classes)
{
	for (; classes && *classes; classes++) {
		unsigned version = (*classes)->version;
		add_text(d, (*classes)->name);
		add_bytes(d, &version, sizeof version);
		for (const bn_fold_kind *k = (*classes)->kinds; k->name; k++) {
			add_text(d, k->name);
			add_text(d, k->commuting ? "commuting" : "");
			for (const char *const *field = k->fields; field && *field; field++)
				add_text(d, *field);
			add_text(d, "");
		}
	}
}

char *bn_schema_key(const bn_fold_class *const *classes)
{
	digest d = {0};
	for (const bn_embedded_file *f = bn_embedded_files; f->path; f++)
		if (is_schema(f, classes)) {
			add_text(&d, f->path);
			add_bytes(&d, f->data, f->len + 1);
		}
	add_classes(&d, bn_fold_own_classes);
	add_classes(&d, classes);
	return bn_strf("%s %zu %08x", BN_VERSION, d.len, d.crc);
}

static int drop_everything(sqlite3 *db, bn_err *err)
{
	bn_buf sql = BN_BUF_INIT;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') "
		"AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		"");
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		char *one = sqlite3_mprintf("DROP %s IF EXISTS \"%w\";\n",
			sqlite3_column_text(st, 0), sqlite3_column_text(st, 1));
		bn_buf_adds(&sql, one ? one : "");
		sqlite3_free(one);
	}
	sqlite3_finalize(st);
	if (rc < 0 || (rc = bn_buf_check(&sql, err, "the index's tables")) < 0)
		goto out;
	rc = bn_sql_exec(db, sql.ptr, err);
out:
	bn_buf_release(&sql);
	return rc;
}

int bn_schema_create(sqlite3 *db, const bn_index_source *of, const char *key, bn_err *err)
{
	int rc = drop_everything(db, err);
	if (rc < 0)
		return rc;
	for (const bn_embedded_file *f = bn_embedded_files; f->path; f++)
		if (is_schema(f, of->classes) && (rc = bn_sql_exec(db, f->data, err)) < 0) {
			bn_err_prefix(err, "%s", f->path);
			return rc;
		}
	return bn_sql_run(db, err,
		"INSERT INTO index_meta VALUES ('schema', ?), ('workspace', ?), ('founding', ?)",
		"sss", key, of->id, of->founding);
}

bool bn_schema_is(sqlite3 *db, const char *key)
{
	sqlite3_stmt *st = NULL;
	bool ours = false;
	bn_err why = BN_ERR_INIT; /* there is no such table yet */
	if (bn_sql_prepare(
		    &st, db, &why, "SELECT value FROM index_meta WHERE key = 'schema'", "") == 0 &&
		bn_sql_step(st, &why) == 1) {
		const char *found = (const char *)sqlite3_column_text(st, 0);
		ours = found && !strcmp(found, key);
	}
	sqlite3_finalize(st);
	return ours;
}
