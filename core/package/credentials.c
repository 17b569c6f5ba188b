/* credentials.c - the places in which credentials are looked up: see credentials.h. */
#include "core/package/credentials.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/package/_credentials.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

void bn_credentials_free(bn_credentials *c)
{
	if (!c)
		return;
	bn_free(c->user);
	bn_secret_free(c->password);
	bn_secret_free(c->identity_token);
	bn_secret_free(c->registry_token);
	bn_free(c->source);
	bn_free(c);
}

bn_credentials *bn_credentials_new(
	const char *user, const char *password, const char *identity_token, const char *source)
{
	bn_credentials *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return NULL;
	c->user = bn_strdup(user);
	c->password = bn_strdup(user ? password : NULL);
	c->identity_token = bn_strdup(identity_token);
	c->source = bn_strdup(source);
	if (c->source && (user ? c->user && c->password : c->identity_token != NULL))
		return c;
	bn_credentials_free(c);
	return NULL;
}

/* Two variables that belong together. */
static int from_variables(bn_credentials **out, const bn_env *env, const char *user_name,
	const char *password_name, bn_err *err)
{
	const char *user = bn_env_get(env, user_name), *password = bn_env_get(env, password_name);
	if (user && !*user)
		user = NULL;
	if (password && !*password)
		password = NULL;
	if (!user && !password)
		return 0;
	if (!user || !password)
		return bn_err_set(err, BN_EINVAL, "%s is set and %s is not: set both, or none",
			user ? user_name : password_name, user ? password_name : user_name);
	if (strchr(user, ':'))
		return bn_err_set(err, BN_EINVAL, "%s: a user name has no colon", user_name);
	*out = bn_credentials_new(user, password, NULL, user_name);
	return *out ? 0 : bn_err_nomem(err, "credentials");
}

static bool is_registry_of_ci(const bn_env *env, const bn_reference *ref)
{
	const char *host = bn_env_get(env, "CI_REGISTRY");
	return host && !strcasecmp(host, ref->registry);
}

/* A file that may be missing. Takes path. */
static int try_file(bn_credentials **out, const bn_env *env, char *path, const bn_reference *ref,
	const bn_credentials_options *options, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = bn_auth_file_find(out, env, path, ref, options, &why);
	bn_free(path);
	if (rc == BN_ENOTFOUND ||
		(rc < 0 && why.cause == EACCES)) /* in a directory of another user */
		return 0;
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* NAME below the directory that a variable names, or below the user's home; *out stays NULL without a home. */
static int user_file(char **out, const bn_env *env, const char *variable, const char *name,
	const char *below_home, bn_err *err)
{
	const char *dir = bn_env_get(env, variable), *home = bn_env_get(env, "HOME");
	char found[4096];
	*out = NULL;
	if (dir && *dir == '/') {
		*out = bn_strf("%s/%s", dir, name);
		return *out ? 0 : bn_err_nomem(err, "a file name");
	}
	if (!home || *home != '/')
		home = env->user_home(env, env->uid(env), found, sizeof found) == 0 ? found : NULL;
	if (!home)
		return 0;
	*out = bn_strf("%s/%s", home, below_home);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

static int from_usual_files(bn_credentials **out, const bn_env *env, const bn_reference *ref,
	const bn_credentials_options *options, bn_err *err)
{
	static const struct {
		const char *variable, *name, *below_home;
	} files[] = {{"XDG_CONFIG_HOME", "containers/auth.json", ".config/containers/auth.json"},
		{"DOCKER_CONFIG", "config.json", ".docker/config.json"}};
	const char *runtime = bn_env_get(env, "XDG_RUNTIME_DIR");
	char *path = runtime && *runtime == '/'
			     ? bn_strf("%s/containers/auth.json", runtime)
			     : bn_strf("/run/containers/%u/auth.json", (unsigned)env->uid(env));
	int rc = try_file(out, env, path, ref, options, err);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (rc < 0 || *out)
			return rc;
		if ((rc = user_file(&path, env, files[i].variable, files[i].name,
			     files[i].below_home, err)) < 0)
			return rc;
		rc = path ? try_file(out, env, path, ref, options, err) : 0;
	}
	return rc;
}

int bn_credentials_find(bn_credentials **out, const bn_env *env, const bn_reference *ref,
	const bn_credentials_options *options, bn_err *err)
{
	const char *file = bn_env_get(env, "REGISTRY_AUTH_FILE");
	bn_credentials *c = NULL;
	int rc;
	if (options->auth_file) {
		rc = bn_auth_file_find(&c, env, options->auth_file, ref, options, err);
		goto out;
	}
	rc = from_variables(&c, env, "BINNACLE_REGISTRY_USER", "BINNACLE_REGISTRY_PASSWORD", err);
	if (rc < 0 || c)
		goto out;
	if (is_registry_of_ci(env, ref))
		rc = from_variables(&c, env, "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD", err);
	if (rc < 0 || c)
		goto out;
	if (file && *file)
		rc = bn_auth_file_find(&c, env, file, ref, options, err);
	else
		rc = from_usual_files(&c, env, ref, options, err);
out:
	if (rc < 0)
		return rc;
	*out = c;
	return 0;
}
