/* env.c - see env.h. The process's own environment is in env_real.c. */
#include "core/base/env.h"

#include "core/base/mem.h"

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

int bn_env_random(const bn_env *env, void *bytes, size_t n, bn_err *err)
{
	if (env->random(env, bytes, n))
		return bn_err_set(err, BN_EIO, "the system gave no random numbers");
	return 0;
}

/* $xdg/binnacle, else home/fallback/binnacle. */
static char *user_dir(const bn_env *env, const char *xdg, const char *fallback)
{
	const char *base = env->get(env, xdg);
	if (base && base[0] == '/')
		return bn_strf("%s/binnacle", base);
	const char *home = env->get(env, "HOME");
	return bn_strf("%s/%s/binnacle", home && home[0] == '/' ? home : "/tmp", fallback);
}

char *bn_env_config_dir(const bn_env *env)
{
	return user_dir(env, "XDG_CONFIG_HOME", ".config");
}

char *bn_env_state_dir(const bn_env *env)
{
	return user_dir(env, "XDG_STATE_HOME", ".local/state");
}
