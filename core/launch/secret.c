/* secret.c - see secret.h. */
#include "core/launch/secret.h"

#include "core/base/buf.h"
#include "core/base/fs.h"

#include <fcntl.h>
#include <string.h>

static void forget(void *bytes, size_t n)
{
	explicit_bzero(bytes, n);
}

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

static int check_file(
	const struct stat *st, const char *name, const char *path, const bn_env *env, bn_err *err)
{
	if (!S_ISREG(st->st_mode))
		return bn_err_set(
			err, BN_EREFUSED, "secret %s: '%s' is not a regular file", name, path);
	if (st->st_uid != env->uid(env))
		return bn_err_set(
			err, BN_EREFUSED, "secret %s: '%s' belongs to another user", name, path);
	if (st->st_mode & 077) {
		bn_err_set(err, BN_EREFUSED, "secret %s: others may use '%s' (mode %04o)", name,
			path, (unsigned)(st->st_mode & 07777));
		bn_err_hint(err, "chmod 600 %.200s", path);
		return BN_EREFUSED;
	}
	if (st->st_size > BN_SECRET_BYTES_MAX)
		return bn_err_set(err, BN_EINVAL, "secret %s: '%s' has over %d bytes", name, path,
			BN_SECRET_BYTES_MAX);
	return 0;
}

static int from_file(char **out, const char *name, const char *path, const bn_env *env, bn_err *err)
{
	struct stat st;
	char *at, *text = NULL;
	size_t got = 0;
	int e, rc = 0;
	int fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return bn_err_sys(
			err, BN_ENOTFOUND, -fd, "secret %s: cannot open '%s'", name, path);
	if ((e = env->fs->fstat(env, fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "secret %s: cannot look at '%s'", name, path);
		goto out;
	}
	if ((rc = check_file(&st, name, path, env, err)) < 0)
		goto out;
	if (!(text = variable(name, (size_t)st.st_size, &at))) {
		rc = bn_err_nomem(err, "a secret");
		goto out;
	}
	at[0] = '\0';
	if ((rc = bn_fs_read_at(env, fd, at, (size_t)st.st_size, 0, &got, path, err)) < 0)
		goto out;
	if (memchr(at, '\0', got)) {
		rc = bn_err_set(err, BN_EINVAL, "secret %s: '%s' holds a byte 0", name, path);
		forget(at, got);
		goto out;
	}
	at[got] = '\0';
	if (got && at[got - 1] == '\n')
		at[got - 1] = '\0';
	*out = text;
	text = NULL;
out:
	bn_free(text);
	env->fs->close(env, fd);
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
	for (size_t i = 0; list && list[i]; i++) {
		forget(list[i], strlen(list[i]));
		bn_free(list[i]);
	}
	bn_free(list);
}
