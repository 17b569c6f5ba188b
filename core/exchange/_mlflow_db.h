/*
 * _mlflow_db.h - MLflow's SQLite database, for the files that read it.
 *
 * It is opened read-only and immutable, so that nothing is written beside it and no server is kept waiting; if it changed
 * meanwhile, the import says so. Columns and tables come and go with MLflow's versions (alembic_version): a column that is
 * absent is read as NULL, a table that is absent as empty. A view or a virtual table under one of the names is refused,
 * since it could compute anything, and so is one with computed columns. Infinities are as MLflow stores and shows them: the largest double.
 */
#ifndef BN_EXCHANGE_MLFLOW_DB_H
#define BN_EXCHANGE_MLFLOW_DB_H
#include "core/exchange/_roots.h"

#include <sqlite3.h>

typedef struct mlflow_db {
	bn_src base;
	bn_src_roots roots;
	sqlite3 *db;
	char *path;
	int64_t size, modified_ns;
} mlflow_db;

bool bn_mlflow_db_has(const mlflow_db *m, const char *table);
/* Prepares a query. In sql, "TABLE.COLUMN?" is replaced by the column, or by NULL if it is absent. types and arguments:
 * 's' binds a text. */
int bn_mlflow_db_query(sqlite3_stmt **out, const mlflow_db *m, bn_err *err, const char *sql,
	const char *types, ...);
/* 1: a row, 0: no more, or the error. */
int bn_mlflow_db_step(const mlflow_db *m, sqlite3_stmt *st, bn_err *err);
/* NULL if it is NULL, empty of text, or no UTF-8. Borrowed until the next step. */
const char *bn_mlflow_db_text(sqlite3_stmt *st, int column);
int64_t bn_mlflow_db_int(sqlite3_stmt *st, int column); /* -1 for NULL */
/* {key: text} of a query with two columns. Yours. */
int bn_mlflow_db_words(json_t **out, const mlflow_db *m, const char *what, bn_err *err,
	const char *sql, const char *types, ...);
/* A name as it is shown: with its workspace in front unless that is the default one. Yours. */
char *bn_mlflow_db_name(const char *name, const char *workspace);

int bn_mlflow_db_logged_models(bn_src *s, bn_src_each_logged_model *each, void *user, bn_err *err);
int bn_mlflow_db_models(
	bn_src *s, bn_src_each_model *each, bn_src_each_version *version, void *user, bn_err *err);

#endif
