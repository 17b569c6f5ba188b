/* _forge.h - requests to a forge's API, for the files of core/ci. */
#ifndef BN_CI__FORGE_H
#define BN_CI__FORGE_H
#include "core/ci/forge.h"

#define BN_FORGE_TRIES 4       /* of a request that may be repeated */
#define BN_FORGE_BLIND_TRIES 3 /* of one that may not, with a look before each next one */

struct bn_forge {
	const bn_env *env;
	const bn_forge_place *place;
	bn_forge_need need;
	char *token;        /* NULL: none */
	char *header;       /* "PRIVATE-TOKEN: ..."; NULL: none */
	const char *source; /* of the token; static */
	const char *form;   /* "PRIVATE-TOKEN"; static */
	int backoff_ms;
	bool (*goes_on)(void *user);
	void *user;
	bn_http_client *http;
	bn_http_answer answer; /* of the last request */
	char *account;
	bool has_account;
};

/* forge_token.c: fills in token, header, source and form. */
int bn_forge_take_token(bn_forge *f, const bn_forge_access *access, bn_err *err);
/* What kind of token would be right, for a hint. */
const char *bn_forge_token_advice(bn_forge_kind kind, bn_forge_need need);

/* Adds "/projects/group%2Fproject" or "/repos/owner/repository". */
void bn_forge_add_project(bn_buf *path, const bn_forge_place *place, const char *project);

/* What is being done, for messages: "write a note on merge request 7". */
typedef struct bn_forge_doing {
	const char *what;
	const char *missing; /* of 404: "merge request 7"; NULL: the project */
} bn_forge_doing;

typedef struct bn_forge_answer {
	int status;
	json_t *json; /* of a 2xx answer with JSON in it; owned, may be NULL */
	bool unsure;  /* it failed, and the effect may be there */
} bn_forge_answer;

/* Sends a request with the token. path: from the API's URL on ("/user"). body: JSON or NULL; taken. GET and PUT and
 * PATCH are repeated, POST only after 429. A 2xx answer gives 0 (for a GET only if it is JSON); others give
 * an error that says what the token needs. out is set in any case; its json is yours. */
int bn_forge_do(bn_forge_answer *out, bn_forge *f, const char *method, const char *path,
	json_t *body, const bn_forge_doing *doing, bn_err *err);
/* The same for a call of the caller's own making (uploads, downloads): url, headers and progress are filled in here, and
 * the answer is in f->answer. extra: one more header, or NULL. */
int bn_forge_call(bn_forge *f, bn_http_call *call, const char *path, const char *extra,
	const bn_forge_doing *doing, bn_err *err);

/* Calls each() for the objects of all pages of a list, until it returns 1 (found) or a negative code. path ends
 * with its query, "?" at least. Returns 1, 0, or the error. */
typedef int bn_forge_each(void *user, const json_t *item, bn_err *err);
int bn_forge_list(bn_forge *f, const char *path, bn_forge_each *each, void *user,
	const bn_forge_doing *doing, bn_err *err);

/* Waits before try number n (1: the second): the back-off doubles. BN_EINTR. */
int bn_forge_pause(bn_forge *f, int n, bn_err *err);

#endif
