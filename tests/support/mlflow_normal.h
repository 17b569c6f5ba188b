/*
 * mlflow_normal.h - answers of an MLflow server in a form that two servers can be compared in.
 *
 * The rules are those of tests/peers/mlflow_replay.py, which records the answers of a real server: a value that was
 * taken from an earlier answer becomes ${NAME}, other ids ${id}, instants near now ${now}, names that the server made
 * up ${name}, 100 of a letter or more ${x*100}, a page of HTML ${html}; lists of keyed objects are sorted.
 */
#ifndef BN_TEST_MLFLOW_NORMAL_H
#define BN_TEST_MLFLOW_NORMAL_H
#include "core/base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { MLFLOW_TAKEN = 32 };

typedef struct mlflow_taken {
	char *names[MLFLOW_TAKEN], *values[MLFLOW_TAKEN];
	size_t count;
	int64_t now_ms;
} mlflow_taken;

void mlflow_take(mlflow_taken *t, const char *name, const char *value);
const char *mlflow_taken_value(const mlflow_taken *t, const char *name, size_t n); /* or NULL */
void mlflow_forget(mlflow_taken *t);

/* A text of the corpus with ${NAME} and ${x*300} replaced; the caller frees it with bn_free. */
char *mlflow_fill(const mlflow_taken *t, const char *text);
json_t *mlflow_fill_tree(const mlflow_taken *t, const json_t *v); /* a new reference */
json_t *mlflow_normal(const mlflow_taken *t, const json_t *v);    /* a new reference */
/* Calls each() with the JSON pointer of each difference; an absent value is NULL. */
typedef void mlflow_each_difference(
	void *ctx, const char *where, const json_t *expected, const json_t *got);
void mlflow_differences(
	const json_t *expected, const json_t *got, mlflow_each_difference *each, void *ctx);

#endif
