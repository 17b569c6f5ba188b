/*
 * api_world.h - a scratch workspace and a server on it without sockets, for tests of core/api.
 */
#ifndef BN_TEST_API_WORLD_H
#define BN_TEST_API_WORLD_H
#include "core/api/api.h"
#include "tests/support/toy.h"

#include <jansson.h>

typedef struct api_world {
	toy_dir dir;
	toy_env env;
	bn_api *api;
	int status;      /* of the last response */
	json_t *answer;  /* its body; NULL: no JSON. Valid until the next request */
	char text[4096]; /* the beginning of its body */
} api_world;

/* options: NULL, or those of the server; `open` is filled in. Fails the test on an error. */
void api_make(api_world *w, const bn_api_options *options);
void api_remove(api_world *w);
/* Another server on its workspace, in a forked child; the first one is left as it is. */
void api_again(api_world *w, const bn_api_options *options);
/* Another handle of its workspace; yours to close. */
int api_open(api_world *w, bn_workspace **out, bn_err *err);
/* Sends a request as a manager, and returns the response's status. path: with its query, below /api/2.0/mlflow/ unless
 * it begins with '/'. body: JSON, or NULL. */
int api_ask(api_world *w, const char *method, const char *path, const char *body);
int api_ask_as(
	api_world *w, bn_api_role role, const char *method, const char *path, const char *body);
/* The same with headers "Name: value\nName: value" and a body of n bytes. */
int api_send(api_world *w, bn_api_role role, const char *method, const char *path,
	const char *headers, const void *body, size_t n);
/* The text or the number at a path of the answer, "run.info.run_id", "runs.0.data"; fails the test if there is none.
 * Texts are borrowed until the next request. */
const char *api_text(const api_world *w, const char *path);
int64_t api_int(const api_world *w, const char *path);
json_t *api_at(const api_world *w, const char *path); /* NULL: absent. Borrowed */
/* Fails the test unless the last response has this status, error code and message (NULL: any). */
void api_refused(const api_world *w, int status, const char *code, const char *message);

#endif
