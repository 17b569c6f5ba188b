/* env_real.c - the process's own environment (env.h): the only file of core/ that reads it; users are looked up
 * through account.h. */
#include "core/base/account.h"
#include "core/base/fs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	if (!bn_account_name(uid, name, size))
		snprintf(name, size, "uid-%lu", (unsigned long)uid);
}

static int real_user_home(const bn_env *env, uid_t uid, char *path, size_t size)
{
	(void)env;
	return bn_account_home(uid, path, size) ? 0 : -1;
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
	.user_home = real_user_home,
	.host = real_host,
	.boot_id = real_boot_id,
};

const bn_env *bn_env_real(void)
{
	return &real_env;
}
