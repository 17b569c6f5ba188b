/* secret.c - see secret.h. */
#include "core/launch/secret.h"

#include "core/base/mem.h"
#include "core/base/secret_file.h"

#include <string.h>

/* "NAME=value" with room for a value of n bytes. */
static char *variable(const char *name, size_t n, char **value)
{
	size_t len = strlen(name);
	char *text = bn_alloc(len + n + 2);
	if (!text)
		return NULL;
	memcpy(text, name, len);
	text[len] = '=';
	*value = text + len + 1;
	return text;
}

static int from_environment(
	char **out, const char *name, const char *source, const bn_env *env, bn_err *err)
{
	char *at;
	const char *value = bn_env_get(env, source);
	if (!value) {
		bn_err_set(
			err, BN_ENOTFOUND, "secret %s: variable %s is not set here", name, source);
		bn_err_hint(err, "export %.100s before you start the run", source);
		return BN_ENOTFOUND;
	}
	size_t n = strlen(value);
	if (!(*out = variable(name, n, &at)))
		return bn_err_nomem(err, "a secret");
	memcpy(at, value, n + 1);
	return 0;
}

static int from_file(char **out, const char *name, const char *path, const bn_env *env, bn_err *err)
{
	char *at, *text = NULL, *what = bn_strf("secret %s", name);
	int rc = 0;
	if (!what)
		return bn_err_nomem(err, "a secret");
	if ((rc = bn_secret_file_read(&text, env, path, what, err)) < 0)
		goto out;
	size_t n = strlen(text);
	if (!(*out = variable(name, n, &at))) {
		rc = bn_err_nomem(err, "a secret");
		goto out;
	}
	memcpy(at, text, n + 1);
out:
	bn_secret_free(text);
	bn_free(what);
	return rc;
}

int bn_secrets_read(char ***out, const bn_spec *spec, const bn_env *env, bn_err *err)
{
	const char *name;
	json_t *item;
	size_t n = 0;
	int rc = 0;
	char **list = bn_alloc_zeroed(json_object_size(spec->secrets) + 1, sizeof *list);
	if (!list)
		return bn_err_nomem(err, "secrets");
	json_object_foreach(spec->secrets, name, item)
	{
		const char *ref = json_string_value(item);
		if (!strncmp(ref, "env:", 4))
			rc = from_environment(&list[n++], name, ref + 4, env, err);
		else if (!strncmp(ref, "file:", 5))
			rc = from_file(&list[n++], name, ref + 5, env, err);
		else
			rc = bn_err_set(err, BN_EUNSUPPORTED,
				"secret %s: this version does not know that kind of reference",
				name);
		if (rc < 0)
			goto out;
	}
	*out = list;
	list = NULL;
out:
	bn_secrets_free(list);
	return rc;
}

int bn_secrets_check(const bn_spec *spec, const bn_env *env, bn_err *err)
{
	char **list = NULL;
	int rc = bn_secrets_read(&list, spec, env, err);
	bn_secrets_free(list);
	return rc;
}

int bn_secrets_can_wait(const bn_spec *spec, bn_err *err)
{
	const char *name;
	json_t *item;
	json_object_foreach(spec->secrets, name, item)
	{
		const char *ref = json_string_value(item);
		if (!strncmp(ref, "file:", 5))
			continue;
		bn_err_set(err, BN_EUNSUPPORTED,
			"secret %s: '%.80s' cannot wait in a queue: the environment of a waiting "
			"run is kept in a file",
			name, ref);
		bn_err_hint(
			err, "put it into a file of mode 0600: --secret %.60s=file:/PATH", name);
		return BN_EUNSUPPORTED;
	}
	return 0;
}

void bn_secrets_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		bn_secret_free(list[i]);
	bn_free(list);
}
