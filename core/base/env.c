/* env.c - see env.h. The only file of core/ that reads the environment. */
#include "core/base/env.h"

#include "core/base/fs.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t real_now_ns(const bn_env *env)
{
	(void)env;
	return clock_ns(CLOCK_REALTIME);
}

static int64_t real_monotonic_ns(const bn_env *env)
{
	(void)env;
	return clock_ns(CLOCK_MONOTONIC);
}

static int real_random(const bn_env *env, void *bytes, size_t n)
{
	(void)env;
	unsigned char *p = bytes;
	while (n) {
		ssize_t got = getrandom(p, n > 256 ? 256 : n, 0);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

static const char *real_get(const bn_env *env, const char *name)
{
	(void)env;
	return getenv(name);
}

static uid_t real_uid(const bn_env *env)
{
	(void)env;
	return geteuid();
}

static void real_user_name(const bn_env *env, uid_t uid, char *name, size_t size)
{
	(void)env;
	struct passwd pw, *found = NULL;
	char text[4096];
	if (getpwuid_r(uid, &pw, text, sizeof text, &found) == 0 && found && found->pw_name[0])
		snprintf(name, size, "%s", found->pw_name);
	else
		snprintf(name, size, "uid-%lu", (unsigned long)uid);
}

static char host_text[65], boot_text[40];
static pthread_once_t facts_once = PTHREAD_ONCE_INIT;

static void facts_read(void)
{
	char name[256] = "";
	if (gethostname(name, sizeof name - 1) != 0 || !name[0])
		snprintf(name, sizeof name, "localhost");
	name[strcspn(name, ".")] = '\0';
	snprintf(host_text, sizeof host_text, "%.64s", name);
	for (char *p = host_text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
			*p = '-';
	const bn_env *env = bn_env_real();
	int fd = env->fs->open(env, NULL, "/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
	if (fd >= 0) {
		if (env->fs->pread(env, fd, boot_text, sizeof boot_text - 1, 0) > 0)
			boot_text[strcspn(boot_text, "\n")] = '\0';
		env->fs->close(env, fd);
	}
	if (!boot_text[0])
		snprintf(boot_text, sizeof boot_text, "unknown");
}

static const char *real_host(const bn_env *env)
{
	(void)env;
	pthread_once(&facts_once, facts_read);
	return host_text;
}

static const char *real_boot_id(const bn_env *env)
{
	(void)env;
	pthread_once(&facts_once, facts_read);
	return boot_text;
}

static const bn_env real_env = {
	.fs = &bn_fs_real,
	.now_ns = real_now_ns,
	.monotonic_ns = real_monotonic_ns,
	.random = real_random,
	.get = real_get,
	.uid = real_uid,
	.user_name = real_user_name,
	.host = real_host,
	.boot_id = real_boot_id,
};

const bn_env *bn_env_real(void)
{
	return &real_env;
}

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

bool bn_env_flag(const bn_env *env, const char *name)
{
	const char *v = env->get(env, name);
	return v && (!strcmp(v, "1") || !strcasecmp(v, "true") || !strcasecmp(v, "yes") ||
			    !strcasecmp(v, "on"));
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
