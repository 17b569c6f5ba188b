/*
 * process.c - see process.h.
 *
 * Everything between fork and exec is async-signal-safe: the caller may have threads, so memory is
 * allocated before the fork and never after it.
 */
#include "core/base/process.h"

#include "core/base/_fs.h"
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- /proc/<pid>/stat ----------------------------------------------------------------------- */

typedef struct proc_stat {
	pid_t pid, ppid, sid;
	char state;
	int64_t ticks; /* user + system, own and of waited-for children */
	int64_t threads, rss_pages;
	uint64_t start;
} proc_stat;

static ssize_t proc_read(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	const bn_env *env = bn_env_real();
	int fd = env->fs->open(env, NULL, path, O_RDONLY, 0);
	if (fd < 0)
		return -1;
	size_t have = 0;
	while (have < size - 1) {
		ssize_t n = read(fd, text + have, size - 1 - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	text[have] = '\0';
	return (ssize_t)have;
}

/* The command name may contain any byte, so fields are counted from the last ')'. */
static bool proc_stat_read(pid_t pid, proc_stat *out)
{
	char text[1024];
	if (proc_read(pid, "stat", text, sizeof text) <= 0)
		return false;
	const char *p = strrchr(text, ')');
	long long ppid, sid, utime, stime, cutime, cstime, threads, rss;
	unsigned long long start;
	char state;
	if (!p || sscanf(p + 1,
			  " %c %lld %*d %lld %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld %*d "
			  "%*d %lld %*d %llu %*u %lld",
			  &state, &ppid, &sid, &utime, &stime, &cutime, &cstime, &threads, &start,
			  &rss) != 10)
		return false;
	*out = (proc_stat){.pid = pid, .ppid = (pid_t)ppid, .sid = (pid_t)sid, .state = state};
	out->ticks = utime + stime + cutime + cstime;
	out->threads = threads;
	out->rss_pages = rss;
	out->start = start;
	return true;
}

uint64_t bn_process_start_ticks(pid_t pid)
{
	proc_stat st;
	return pid > 0 && proc_stat_read(pid, &st) ? st.start : 0;
}

bool bn_process_is_alive(pid_t pid, uint64_t start_ticks)
{
	proc_stat st;
	if (pid <= 0 || !proc_stat_read(pid, &st) || st.state == 'Z' || st.state == 'X')
		return false;
	return start_ticks == 0 || st.start == start_ticks;
}

bool bn_process_is_stopped(pid_t pid)
{
	proc_stat st;
	return pid > 0 && proc_stat_read(pid, &st) && (st.state == 'T' || st.state == 't');
}

bool bn_process_belongs_to(pid_t pid, uid_t uid)
{
	char text[1024];
	unsigned long real;
	const char *p =
		proc_read(pid, "status", text, sizeof text) > 0 ? strstr(text, "\nUid:") : NULL;
	return p && sscanf(p, "\nUid: %lu", &real) == 1 && real == uid;
}

const char *bn_signal_name(int signal, char buf[24])
{
	static const struct {
		int number;
		const char *name;
	} names[] = {{SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGQUIT, "SIGQUIT"},
		{SIGILL, "SIGILL"}, {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},
		{SIGFPE, "SIGFPE"}, {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"},
		{SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"}, {SIGPIPE, "SIGPIPE"},
		{SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGCHLD, "SIGCHLD"},
		{SIGCONT, "SIGCONT"}, {SIGSTOP, "SIGSTOP"}, {SIGTSTP, "SIGTSTP"},
		{SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == signal)
			return names[i].name;
	snprintf(buf, 24, "signal %d", signal);
	return buf;
}

int bn_process_program(char **out, bn_err *err)
{
	char path[4096];
	ssize_t n = bn_fs_program_path(path, sizeof path);
	if (n < 0)
		return bn_err_sys(err, BN_EIO, (int)-n, "cannot find the path of this program");
	char *text = bn_strdup(path);
	if (!text)
		return bn_err_nomem(err, "a file name");
	*out = text;
	return 0;
}

/* ---- starting ------------------------------------------------------------------------------- */

/* environ with `set` added or replaced; strings are borrowed, the caller frees the array. */
static char **environ_with(const char *const *set)
{
	size_t have = 0, more = 0;
	while (environ && environ[have])
		have++;
	while (set && set[more])
		more++;
	char **out = bn_alloc((have + more + 1) * sizeof *out);
	if (!out)
		return NULL;
	size_t n = 0;
	for (size_t i = 0; i < have; i++) {
		size_t len = strcspn(environ[i], "=");
		bool replaced = false;
		for (size_t k = 0; k < more && !replaced; k++)
			replaced = !strncmp(set[k], environ[i], len + 1);
		if (!replaced)
			out[n++] = environ[i];
	}
	for (size_t k = 0; k < more; k++)
		out[n++] = (char *)(uintptr_t)set[k];
	out[n] = NULL;
	return out;
}

static void close_from(int first, int keep)
{
#ifdef SYS_close_range
	if (keep < first) {
		if (syscall(SYS_close_range, first, ~0u, 0) == 0)
			return;
	} else if ((keep == first || syscall(SYS_close_range, first, keep - 1, 0) == 0) &&
		   syscall(SYS_close_range, keep + 1, ~0u, 0) == 0) {
		return;
	}
#endif
	for (int fd = first; fd < 1024; fd++)
		if (fd != keep)
			close(fd);
}

/* In a child: default signals, nothing blocked. SIGHUP stays ignored when hup_ignored. */
static void signals_reset(bool hup_ignored)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			sigaction(s, &sa, NULL);
	if (hup_ignored) {
		sa.sa_handler = SIG_IGN;
		sigaction(SIGHUP, &sa, NULL);
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In a child: sets descriptors 0 to 2. Each source may itself be one of the three. */
static bool redirect(int in, int out, int errors)
{
	int from[3] = {fcntl(in, F_DUPFD, 3), fcntl(out, F_DUPFD, 3), fcntl(errors, F_DUPFD, 3)};
	for (int i = 0; i < 3; i++)
		if (from[i] < 0 || dup2(from[i], i) != i)
			return false;
	return true;
}

/* Opens /dev/null before a fork, for the child's standard streams. */
static int null_open(int *fd, bn_err *err)
{
	const bn_env *env = bn_env_real();
	*fd = env->fs->open(env, NULL, "/dev/null", O_RDWR, 0);
	return *fd < 0 ? bn_err_sys(err, BN_EIO, -*fd, "cannot open '/dev/null'") : 0;
}

/* What the two children report to the parent through the pipe. */
typedef struct spawn_report {
	pid_t pid;
	int errnum;
} spawn_report;

typedef struct spawn_files {
	int null, log, report;
} spawn_files;

static void spawn_in_child(const char *const *argv, char **envp, const char *cwd, spawn_files f)
	__attribute__((noreturn));

static void spawn_in_child(const char *const *argv, char **envp, const char *cwd, spawn_files f)
{
	int report_fd = f.report;
	spawn_report r = {0, 0};
	setsid();
	pid_t pid = fork();
	if (pid > 0)
		_exit(0);
	if (pid < 0) {
		r.errnum = errno;
	} else {
		r.pid = getpid();
		signals_reset(true);
		if ((cwd && chdir(cwd) != 0) || !redirect(f.null, f.log, f.log)) {
			r.errnum = errno;
		} else {
			if (report_fd != 3 && dup3(report_fd, 3, O_CLOEXEC) == 3)
				report_fd = 3;
			close_from(4, -1);
			if (write(report_fd, &r, sizeof r) == (ssize_t)sizeof r)
				execvpe(argv[0], (char *const *)(uintptr_t)argv, envp);
			r.errnum = errno;
		}
	}
	if (write(report_fd, &r, sizeof r) < 0)
		_exit(126);
	_exit(127);
}

static ssize_t read_full(int fd, void *bytes, size_t n)
{
	size_t have = 0;
	while (have < n) {
		ssize_t got = read(fd, (char *)bytes + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int bn_process_spawn_detached(pid_t *pid, const char *const *argv, const char *const *set,
	const char *cwd, int log_fd, bn_err *err)
{
	int rc = 0, null_fd = -1, pipe_fd[2] = {-1, -1};
	spawn_report r = {0, 0}, failed = {0, 0};
	char **envp = environ_with(set);
	if (!envp)
		return bn_err_nomem(err, "an environment");
	if ((rc = null_open(&null_fd, err)) < 0)
		goto out;
	if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
		goto out;
	}
	pid_t child = fork();
	if (child < 0) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot start a process");
		goto out;
	}
	if (child == 0)
		spawn_in_child(argv, envp, cwd, (spawn_files){null_fd, log_fd, pipe_fd[1]});
	close(pipe_fd[1]);
	pipe_fd[1] = -1;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	/* The first report is the pid. A second one arrives only if exec failed. */
	bool one = read_full(pipe_fd[0], &r, sizeof r) == (ssize_t)sizeof r;
	if (one && !r.errnum && read_full(pipe_fd[0], &failed, sizeof failed) > 0)
		r.errnum = failed.errnum ? failed.errnum : EIO;
	if (!one || r.errnum)
		rc = bn_err_sys(
			err, BN_EIO, r.errnum ? r.errnum : ECHILD, "cannot start '%s'", argv[0]);
	else if (pid)
		*pid = r.pid;
out:
	for (int i = 0; i < 2; i++)
		if (pipe_fd[i] >= 0)
			close(pipe_fd[i]);
	if (null_fd >= 0)
		close(null_fd);
	bn_free(envp);
	return rc;
}

int bn_process_fork_detached(pid_t *pid, int keep_fd, int log_fd, bn_err *err)
{
	int null_fd, rc = null_open(&null_fd, err);
	if (rc < 0)
		return rc;
	*pid = fork();
	if (*pid == 0) {
		setsid();
		signals_reset(true);
		if (!redirect(null_fd, log_fd, log_fd))
			_exit(126);
		close_from(3, keep_fd);
		return 0;
	}
	if (*pid < 0)
		rc = bn_err_sys(err, BN_EIO, errno, "cannot start a process");
	close(null_fd);
	return rc;
}

int bn_process_become(const char *const *argv, const char *const *set, const char *cwd, bn_err *err)
{
	char **envp = environ_with(set);
	if (!envp)
		return bn_err_nomem(err, "an environment");
	signals_reset(false);
	if (cwd && chdir(cwd) != 0) {
		bn_free(envp);
		return bn_err_sys(err, BN_EIO, errno, "cannot enter '%s'", cwd);
	}
	execvpe(argv[0], (char *const *)(uintptr_t)argv, envp);
	int errnum = errno;
	bn_free(envp);
	return bn_err_sys(err, BN_EIO, errnum, "cannot run '%s'", argv[0]);
}

/* ---- running to completion
 * --------------------------------------------------------------------- */

static int64_t clock_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

/* Reads fd to its end. False on timeout. */
static bool capture_read(int fd, int timeout_ms, size_t limit, bn_buf *out)
{
	int64_t end = clock_ms() + timeout_ms;
	char bytes[4096];
	for (;;) {
		int64_t left = end - clock_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		ssize_t got = read(fd, bytes, sizeof bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		size_t keep = out->len < limit ? limit - out->len : 0;
		bn_buf_add(out, bytes, (size_t)got < keep ? (size_t)got : keep);
		explicit_bzero(bytes, (size_t)got);
	}
}

/* in_fd becomes its stdin. */
static int capture(const char *const *argv, int in_fd, int null_fd, int timeout_ms, size_t limit,
	bn_buf *out, int *status, bn_err *err)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) != 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		signals_reset(false);
		setpgid(0, 0);
		if (redirect(in_fd, fd[1], null_fd)) {
			close_from(3, -1);
			execvp(argv[0], (char *const *)(uintptr_t)argv);
		}
		_exit(127);
	}
	close(fd[1]);
	if (pid < 0) {
		int rc = bn_err_sys(err, BN_EIO, errno, "cannot start '%s'", argv[0]);
		close(fd[0]);
		return rc;
	}
	bool in_time = capture_read(fd[0], timeout_ms, limit, out);
	close(fd[0]);
	if (!in_time) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	int st = 0;
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	if (!in_time)
		return bn_err_set(
			err, BN_EIO, "'%s' did not end within %d ms", argv[0], timeout_ms);
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	if (*status == 127)
		return bn_err_set(err, BN_EIO, "cannot run '%s'", argv[0]);
	return bn_buf_check(out, err, "a program's output");
}

int bn_process_capture(const char *const *argv, int timeout_ms, size_t limit, bn_buf *out,
	int *status, bn_err *err)
{
	int null_fd, rc = null_open(&null_fd, err);
	if (rc < 0)
		return rc;
	rc = capture(argv, null_fd, null_fd, timeout_ms, limit, out, status, err);
	close(null_fd);
	return rc;
}

int bn_process_capture_answer(const char *const *argv, const char *input, int timeout_ms,
	size_t limit, bn_buf *out, int *status, bn_err *err)
{
	int fd[2] = {-1, -1}, null_fd, rc = null_open(&null_fd, err);
	BN_BUG(strlen(input) > 4096); /* a pipe takes that much before anybody reads */
	if (rc < 0)
		return rc;
	if (pipe2(fd, O_CLOEXEC) != 0) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
		goto out;
	}
	rc = bn_fs_write_all(bn_env_real(), fd[1], input, strlen(input), "a pipe", err);
	close(fd[1]);
	if (rc < 0)
		goto out;
	rc = capture(argv, fd[0], null_fd, timeout_ms, limit, out, status, err);
out:
	close(null_fd);
	if (fd[0] >= 0)
		close(fd[0]);
	return rc;
}

/* ---- trees ---------------------------------------------------------------------------------- */

typedef struct proc_list {
	proc_stat *items;
	size_t count, cap;
} proc_list;

static bool proc_list_all(proc_list *l)
{
	bn_names names = BN_NAMES_INIT;
	bool ok = bn_fs_list_dir(bn_env_real(), "/proc", &names, NULL) == 0;
	for (size_t i = 0; ok && i < names.count; i++) {
		const char *name = names.items[i];
		int64_t pid;
		if (!isdigit((unsigned char)name[0]) || !bn_parse_i64(name, strlen(name), &pid))
			continue;
		ok = bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items) == 0;
		if (ok && proc_stat_read((pid_t)pid, &l->items[l->count]))
			l->count++;
	}
	bn_names_release(&names);
	return ok;
}

/* The value that a variable had when pid's program started; the caller frees it. NULL if unset or
 * unreadable. */
static char *environ_value(pid_t pid, const char *name)
{
	size_t cap = 1u << 20, len = strlen(name);
	char *bytes = bn_alloc(cap), *value = NULL;
	ssize_t n = bytes ? proc_read(pid, "environ", bytes, cap) : -1;
	for (ssize_t at = 0; at < n && !value; at += (ssize_t)strlen(bytes + at) + 1)
		if (!strncmp(bytes + at, name, len) && bytes[at + (ssize_t)len] == '=')
			value = bn_strdup(bytes + at + len + 1);
	bn_free(bytes);
	return value;
}

static bool has_mark(pid_t pid, const bn_process_mark *mark)
{
	char *value = environ_value(pid, mark->name);
	bool has = value && !strcmp(value, mark->value);
	bn_free(value);
	return has;
}

bool bn_process_has_another_mark(pid_t pid, bn_process_mark mark)
{
	char *value = environ_value(pid, mark.name);
	bool has = value && value[0] && strcmp(value, mark.value) != 0;
	bn_free(value);
	return has;
}

/* Moves the descendants of root to the front and returns how many there are. mark may be NULL. */
static size_t proc_list_tree(proc_list *l, pid_t root, const bn_process_mark *mark)
{
	size_t found = 0;
	for (size_t next = 0; next <= found; next++) {
		pid_t parent = next == 0 ? root : l->items[next - 1].pid;
		for (size_t i = found; i < l->count; i++) {
			if (l->items[i].ppid != parent || l->items[i].pid == root)
				continue;
			if (mark && bn_process_has_another_mark(l->items[i].pid, *mark))
				continue;
			proc_stat hold = l->items[found];
			l->items[found++] = l->items[i];
			l->items[i] = hold;
		}
	}
	return found;
}

static void usage_add(bn_process_usage *u, const proc_stat *st, int64_t tick_hz, int64_t page)
{
	u->processes++;
	u->threads += st->threads;
	u->rss_bytes += st->rss_pages * page;
	u->cpu_ms += st->ticks * 1000 / tick_hz;
	char text[512];
	long long r, w;
	const char *at;
	if (proc_read(st->pid, "io", text, sizeof text) > 0 &&
		(at = strstr(text, "\nread_bytes:")) != NULL &&
		sscanf(at, "\nread_bytes: %lld write_bytes: %lld", &r, &w) == 2) {
		u->read_bytes = (u->read_bytes < 0 ? 0 : u->read_bytes) + r;
		u->write_bytes = (u->write_bytes < 0 ? 0 : u->write_bytes) + w;
	}
}

int bn_process_tree_usage(bn_process_usage *out, pid_t root, bool with_root, bn_err *err)
{
	proc_list l = {NULL, 0, 0};
	proc_stat self;
	if (!proc_stat_read(root, &self))
		return bn_err_set(err, BN_ENOTFOUND, "no process %d", (int)root);
	if (!proc_list_all(&l)) {
		bn_free(l.items);
		return bn_err_set(err, BN_EIO, "cannot read /proc");
	}
	int64_t hz = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
	bn_process_usage u = {0, 0, 0, 0, -1, -1};
	size_t n = proc_list_tree(&l, root, NULL);
	for (size_t i = 0; i < n; i++)
		usage_add(&u, &l.items[i], hz, page);
	if (with_root)
		usage_add(&u, &self, hz, page);
	bn_free(l.items);
	*out = u;
	return 0;
}

int bn_process_tree_signal_marked(pid_t root, bn_process_mark mark, int signal)
{
	proc_list l = {NULL, 0, 0};
	int sent = 0;
	size_t n = proc_list_all(&l) ? proc_list_tree(&l, root, &mark) : 0;
	for (size_t i = 0; i < n; i++)
		sent += kill(l.items[i].pid, signal) == 0;
	bn_free(l.items);
	return sent;
}

int bn_process_marked_signal(bn_process_mark mark, pid_t except, int signal)
{
	proc_list l = {NULL, 0, 0};
	int sent = 0;
	if (!has_mark(getpid(), &mark) && proc_list_all(&l))
		for (size_t i = 0; i < l.count; i++)
			if (l.items[i].pid != except && l.items[i].state != 'Z' &&
				has_mark(l.items[i].pid, &mark))
				sent += kill(l.items[i].pid, signal) == 0;
	bn_free(l.items);
	return sent;
}
