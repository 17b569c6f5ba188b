/* _client.h - the parts of a client: see client.h. */
#ifndef BN_MLFLOW_CLIENT_INTERNAL_H
#define BN_MLFLOW_CLIENT_INTERNAL_H
#include "core/mlflow/client.h"

struct bn_mlflow_client {
	const bn_env *env;
	char *address; /* as given, without slashes at its end */
	char *base;    /* of URLs: "http://localhost" for a socket */
	char *socket;  /* path; NULL: none */
	char *secret;  /* the token or password; NULL: none */
	char *encoded; /* basic: user and password as they are sent */
	char *header;  /* "Authorization: ..."; NULL: none */
	const char *source;
	bool basic;
	int backoff_ms, attempts, whole_ms, connect_ms;
	bool (*goes_on)(void *user);
	void *user;
	bn_http_client *http;
	bn_http_answer answer; /* of the last request */
	char code[64];         /* MLflow's error code in it */
	size_t odd_items;      /* of lists, passed over */
};

/* credentials.c: fills in secret, encoded, header and source. */
int bn_mlflow_take_credentials(bn_mlflow_client *c, const bn_mlflow_access *access, bn_err *err);
/* Overwrites the credentials in a message. */
void bn_mlflow_hide(const bn_mlflow_client *c, bn_err *err);

#endif
