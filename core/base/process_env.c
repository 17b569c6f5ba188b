/* process_env.c - see process.h: the environment as bytes, and the resources of the machine. */
#include "core/base/mem.h"
#include "core/base/process.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int bn_process_environment(bn_buf *out, bn_err *err)
{
	for (size_t i = 0; environ && environ[i]; i++)
		bn_buf_add(out, environ[i], strlen(environ[i]) + 1);
	return bn_buf_check(out, err, "an environment");
}

int bn_process_set_environment(const char *texts, size_t n, bn_err *err)
{
	size_t count = 0, most = 1;
	for (size_t i = 0; i < n; i++)
		most += texts[i] == '\0';
	/* One block that is never freed: the array, then the strings. */
	char **list = bn_alloc(most * sizeof *list + n + 1);
	if (!list)
		return bn_err_nomem(err, "an environment");
	char *copy = (char *)(list + most);
	memcpy(copy, texts, n);
	copy[n] = '\0';
	for (size_t at = 0; at < n; at += strlen(copy + at) + 1)
		if (strchr(copy + at, '=') && count + 1 < most)
			list[count++] = copy + at;
	list[count] = NULL;
	environ = list;
	return 0;
}

void bn_process_forget_variables(const char *prefix)
{
	size_t kept = 0, len = strlen(prefix);
	if (!environ)
		return;
	for (size_t i = 0; environ[i]; i++)
		if (strncmp(environ[i], prefix, len) != 0)
			environ[kept++] = environ[i];
	environ[kept] = NULL;
}

int bn_process_cpus(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
	long online = sysconf(_SC_NPROCESSORS_ONLN); /* more CPUs than a cpu_set_t holds */
	return online > 0 ? (int)online : 1;
}

/* Which of them differs from process to process, so that the limited ones do not crowd on the same cores. */
void bn_process_limit_cpus(int most)
{
	cpu_set_t all, some;
	if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) <= most)
		return;
	const int count = CPU_COUNT(&all), first = (int)(getpid() % count);
	CPU_ZERO(&some);
	for (int cpu = 0, nth = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		if ((nth++ - first + count) % count < most)
			CPU_SET(cpu, &some);
	}
	sched_setaffinity(0, sizeof some, &some);
}

int64_t bn_process_machine_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? (int64_t)pages * page : -1;
}
