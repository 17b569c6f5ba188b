/* env.c - see env.h. The process's own environment is in env_real.c. */
#include "core/base/env.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

int64_t bn_env_now_ns(const bn_env *env)
{
	return env->now_ns(env);
}

int64_t bn_env_now_ms(const bn_env *env)
{
	return env->now_ns(env) / 1000000;
}

int64_t bn_env_monotonic_ns(const bn_env *env)
{
	return env->monotonic_ns(env);
}

const char *bn_env_get(const bn_env *env, const char *name)
{
	return env->get(env, name);
}

int64_t bn_env_get_ms(const bn_env *env, const char *name, int64_t least_ms, int64_t otherwise_ms)
{
	const char *text = bn_env_get(env, name);
	int64_t ns;
	if (!text || !bn_parse_duration_ns(text, &ns) || ns < least_ms * 1000000)
		return otherwise_ms;
	return ns / 1000000;
}

int bn_env_random(const bn_env *env, void *bytes, size_t n, bn_err *err)
{
	if (env->random(env, bytes, n))
		return bn_err_set(err, BN_EIO, "the system gave no random numbers");
	return 0;
}

/* $xdg/binnacle, else home/fallback/binnacle. */
static int user_dir(
	char **out, const bn_env *env, const char *xdg, const char *fallback, bn_err *err)
{
	char listed[1024] = "";
	const char *base = env->get(env, xdg), *home = env->get(env, "HOME");
	bool given = base && base[0] == '/';
	if (!given && (!home || home[0] != '/')) {
		if (env->user_home(env, env->uid(env), listed, sizeof listed) < 0 ||
			listed[0] != '/') {
			bn_err_set(err, BN_ENOTFOUND, "there is no home directory for your files");
			bn_err_hint(err, "set HOME or %s", xdg);
			return BN_ENOTFOUND;
		}
		home = listed;
	}
	const char *top =
		given || strcmp(home, "/") ? home : ""; /* in a container, home may be / */
	*out = given ? bn_strf("%s/binnacle", base) : bn_strf("%s/%s/binnacle", top, fallback);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

int bn_env_config_dir(char **out, const bn_env *env, bn_err *err)
{
	return user_dir(out, env, "XDG_CONFIG_HOME", ".config", err);
}

int bn_env_state_dir(char **out, const bn_env *env, bn_err *err)
{
	return user_dir(out, env, "XDG_STATE_HOME", ".local/state", err);
}
