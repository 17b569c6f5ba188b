/* credentials.c - who we are to an MLflow server: see client.h. */
#include "core/mlflow/_client.h"

#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/net/message.h"

#include <stdio.h>
#include <string.h>

/* A variable that is set and not empty. */
static const char *variable(const bn_env *env, const char *name)
{
	const char *value = bn_env_get(env, name);
	return value && *value ? value : NULL;
}

static int check_token(const char *token, const char *source, bn_err *err)
{
	if (!*token)
		return bn_err_set(err, BN_EINVAL, "%s contains no token", source);
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return bn_err_set(err, BN_EINVAL,
				"%s: a token is printable ASCII without blanks", source);
	return 0;
}

static int take_basic(bn_mlflow_client *c, const char *user, const char *password, bn_err *err)
{
	bn_buf pair = BN_BUF_INIT, text = BN_BUF_INIT;
	int rc;
	/* reserved first: memory that grows leaves copies behind */
	if (bn_buf_reserve(&pair, strlen(user) + strlen(password) + 2) < 0 ||
		bn_buf_reserve(&text, (strlen(user) + strlen(password)) * 2 + 64) < 0) {
		rc = bn_err_nomem(err, "credentials");
		goto out;
	}
	bn_buf_addf(&pair, "%s:%s", user, password);
	bn_base64_add(&text, pair.ptr, pair.len);
	c->secret = bn_strdup(password);
	c->encoded = bn_strdup(text.ptr);
	c->header = bn_strf("Authorization: Basic %s", text.ptr);
	c->basic = true;
	rc = c->secret && c->encoded && c->header ? 0 : bn_err_nomem(err, "credentials");
out:
	bn_buf_wipe(&pair);
	bn_buf_wipe(&text);
	return rc;
}

static int take_token(bn_mlflow_client *c, const char *token, bn_err *err)
{
	int rc = check_token(token, c->source, err);
	if (rc < 0)
		return rc;
	c->secret = bn_strdup(token);
	c->header = bn_strf("Authorization: Bearer %s", token);
	return c->secret && c->header ? 0 : bn_err_nomem(err, "credentials");
}

static int take_file(bn_mlflow_client *c, const char *path, bn_err *err)
{
	char *line = NULL;
	int rc = bn_secret_file_read(&line, c->env, path, "--token-file", err);
	if (rc < 0)
		return rc;
	c->source = "--token-file";
	char *colon = strchr(line, ':');
	if (colon) {
		*colon = '\0';
		rc = take_basic(c, line, colon + 1, err);
		*colon = ':'; /* so that all of it is overwritten */
	} else {
		rc = take_token(c, line, err);
	}
	bn_secret_free(line);
	return rc;
}

static int check_way(const bn_mlflow_client *c, bool plain_http, bn_err *err)
{
	const char *host = strstr(c->base, "://") + 3;
	char name[256];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(host, "/"), host);
	if (!c->header || c->socket || plain_http || bn_http_url_is_https(c->base) ||
		bn_http_is_loopback_name(name))
		return 0;
	bn_err_set(err, BN_EREFUSED, "%s is not https: what %s holds could be read on the way",
		c->address, c->source);
	bn_err_hint(err, "--plain-http sends it nevertheless");
	return BN_EREFUSED;
}

int bn_mlflow_take_credentials(bn_mlflow_client *c, const bn_mlflow_access *access, bn_err *err)
{
	const char *user = variable(c->env, "MLFLOW_TRACKING_USERNAME"),
		   *password = variable(c->env, "MLFLOW_TRACKING_PASSWORD"),
		   *token = variable(c->env, "MLFLOW_TRACKING_TOKEN");
	int rc = 0;
	c->source = "nothing";
	if (access->token_file) {
		rc = take_file(c, access->token_file, err);
	} else if (user && password) {
		c->source = "MLFLOW_TRACKING_PASSWORD";
		if (strchr(user, ':'))
			rc = bn_err_set(
				err, BN_EINVAL, "MLFLOW_TRACKING_USERNAME: a user name has no ':'");
		else
			rc = take_basic(c, user, password, err);
	} else if (token) {
		c->source = "MLFLOW_TRACKING_TOKEN";
		rc = take_token(c, token, err);
	}
	return rc < 0 ? rc : check_way(c, access->plain_http, err);
}

void bn_mlflow_hide(const bn_mlflow_client *c, bn_err *err)
{
	bn_secret_hide(err->msg, strlen(err->msg), c->encoded);
	bn_secret_hide(err->msg, strlen(err->msg), c->secret);
	bn_secret_hide(err->hint, strlen(err->hint), c->encoded);
	bn_secret_hide(err->hint, strlen(err->hint), c->secret);
}
