/* process_self.c - see process.h: what /proc says about this process. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/process.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The bytes of a file of /proc; "" if it cannot be read. */
static const char *proc_text(bn_buf *text, const bn_env *env, const char *path)
{
	bn_buf_clear(text);
	return bn_fs_read_file(env, path, text, NULL) == 0 && !text->failed ? text->ptr : "";
}

/* The command name may contain any byte, so fields are counted from the last ')'. *start: in ticks since boot. */
static bool read_stat(bn_process_self *out, uint64_t *start, const char *text, int64_t hz)
{
	const char *p = strrchr(text, ')');
	unsigned long long user, system, began, bytes;
	long long threads, pages;
	if (!p || sscanf(p + 1,
			  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
			  "%lld %*d %llu %llu %lld",
			  &user, &system, &threads, &began, &bytes, &pages) != 6)
		return false;
	out->cpu_seconds = (double)(user + system) / (double)hz;
	out->threads = threads;
	out->virtual_bytes = (int64_t)bytes;
	out->rss_bytes = pages * sysconf(_SC_PAGESIZE);
	*start = began;
	return true;
}

/* The soft limit in that line of /proc/self/limits; -1 if it is unlimited or absent. */
static int64_t limit_of(const char *text, const char *name)
{
	long long n;
	const char *at = strstr(text, name);
	return at && sscanf(at + strlen(name), " %lld", &n) == 1 ? n : -1;
}

static int64_t count_descriptors(const bn_env *env)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_fs_list_dir(env, "/proc/self/fd", &names, NULL);
	int64_t n = (int64_t)names.count - 1; /* one is that of the list */
	bn_names_release(&names);
	return rc < 0 ? -1 : n;
}

void bn_process_read_self(bn_process_self *out, const bn_env *env)
{
	bn_buf text = BN_BUF_INIT;
	uint64_t start = 0;
	long long boot;
	int64_t hz = sysconf(_SC_CLK_TCK);
	*out = (bn_process_self){NAN, NAN, -1, -1, -1, -1, -1, -1};
	bool known = read_stat(out, &start, proc_text(&text, env, "/proc/self/stat"), hz);
	const char *at = known ? strstr(proc_text(&text, env, "/proc/stat"), "\nbtime ") : NULL;
	if (at && sscanf(at, "\nbtime %lld", &boot) == 1)
		out->start_seconds = (double)boot + (double)start / (double)hz;
	const char *limits = proc_text(&text, env, "/proc/self/limits");
	out->max_descriptors = limit_of(limits, "\nMax open files ");
	out->max_virtual_bytes = limit_of(limits, "\nMax address space ");
	out->descriptors = count_descriptors(env);
	bn_buf_release(&text);
}
