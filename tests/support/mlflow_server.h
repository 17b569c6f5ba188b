/*
 * mlflow_server.h - a server on loopback that plays an MLflow tracking server: experiments, runs, histories, models,
 * artifacts behind the proxy, with pages, tokens, and faults on demand. It can be stopped and started again on its port.
 *
 * Its runs are numbered from 0; the later one started later. Every run is in experiment "1", named "exp".
 */
#ifndef BN_TEST_MLFLOW_SERVER_H
#define BN_TEST_MLFLOW_SERVER_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLFLOW_START_MS INT64_C(1767225600000) /* of run 0: 2026-01-01 */

typedef enum mlflow_act {
	MLFLOW_ANSWER = 0, /* status, headers and body of the fault */
	MLFLOW_CUT,        /* the connection, within the answer */
	MLFLOW_SLOW,       /* the right answer, after `status` milliseconds */
	MLFLOW_GARBAGE,    /* text that is not JSON, with status 200 */
} mlflow_act;

typedef struct mlflow_fault {
	const char *path; /* a part of the path; NULL: any */
	int times;        /* how often it applies; 0: always */
	mlflow_act act;
	int status;
	const char *body;
	const char *retry_after; /* or NULL */
} mlflow_fault;

typedef struct mlflow_server mlflow_server;

mlflow_server *mlflow_server_start(void); /* aborts on failure */
void mlflow_server_free(mlflow_server *s);
const char *mlflow_server_url(const mlflow_server *s); /* "http://127.0.0.1:PORT" */
void mlflow_server_stop(mlflow_server *s);  /* nothing listens any more; the data stays */
void mlflow_server_again(mlflow_server *s); /* on the same port */

/* Options, before requests are sent. */
void mlflow_server_pages(mlflow_server *s, size_t runs); /* at most so many runs in a page */
void mlflow_server_token(mlflow_server *s, const char *token); /* a bearer token is needed; borrowed */
/* As GitLab: no view and no order in a search, experiments are listed, no search for versions. */
void mlflow_server_is_gitlab(mlflow_server *s);
void mlflow_server_fault(mlflow_server *s, const mlflow_fault *fault); /* copied */
void mlflow_server_heal(mlflow_server *s);                             /* no more faults */

/* A run with parameters and metrics "key=value key=value"; of a metric "3,2,1" are its points, steps 0, 1, ...
 * Returns its number. */
int mlflow_server_run(mlflow_server *s, const char *name, const char *status, const char *params,
	const char *metrics);
const char *mlflow_server_id(int run); /* 32 hex digits; static */
/* Changes a field of its info ("status", "run_name", "lifecycle_stage"). */
void mlflow_server_set(mlflow_server *s, int run, const char *field, const char *value);
void mlflow_server_set_tag(mlflow_server *s, int run, const char *key, const char *value);
void mlflow_server_point(mlflow_server *s, int run, const char *key, int64_t step, double value);
void mlflow_server_forget(mlflow_server *s, int run); /* it is gone for good */
void mlflow_server_file(mlflow_server *s, int run, const char *path, const char *text);
void mlflow_server_rename_experiment(mlflow_server *s, const char *name);

/* Requests so far whose path contains the text. */
int mlflow_server_count(mlflow_server *s, const char *path);
/* The body of the last request of that kind, "" if none; borrowed until the next call. */
const char *mlflow_server_last(mlflow_server *s, const char *path);
/* A tag of a run as the server has it; NULL: none. Borrowed until the next request. */
const char *mlflow_server_tag(mlflow_server *s, int run, const char *key);

#endif
