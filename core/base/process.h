/*
 * process.h - other processes: starting them detached, checking whether one is still the one we
 * started, the resources of a process tree, and signal names.
 *
 * A pid alone names nothing (pids are used again), so a process is named by pid and start time, as
 * /proc/<pid>/stat gives it in clock ticks since boot. Linux only, no root. Values that /proc
 * withholds (another user's I/O) are absent, never 0.
 */
#ifndef BN_BASE_PROCESS_H
#define BN_BASE_PROCESS_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Start time of pid in clock ticks since boot; 0 if there is no such process. */
uint64_t bn_process_start_ticks(pid_t pid);
/* True if pid is alive and was started at that time; a zombie counts as dead. start_ticks 0
 * matches any. */
bool bn_process_is_alive(pid_t pid, uint64_t start_ticks);
/* Whether a process is stopped by a signal such as SIGSTOP, or by a debugger. */
bool bn_process_is_stopped(pid_t pid);
/* Whether this user owns a process. */
bool bn_process_belongs_to(pid_t pid, uid_t uid);

/* The path of this process's program; the caller frees *out. */
int bn_process_program(char **out, bn_err *err);

/* "SIGKILL", or "signal 71" in buf for one without a name. Static, or valid as long as buf. */
const char *bn_signal_name(int signal, char buf[24]);

/*
 * Starts argv[0] (a path, or looked up in PATH) in a new session, stdin /dev/null, stdout and
 * stderr to log_fd (borrowed), so that it survives the end of this process, its terminal and its
 * session. set: NULL-terminated "NAME=value" strings added to the environment, or NULL. cwd:
 * NULL for the current one. *pid (may be NULL) gets its process id. BN_EIO when it cannot be
 * executed.
 */
int bn_process_spawn_detached(pid_t *pid, const char *const *argv, const char *const *set,
	const char *cwd, int log_fd, bn_err *err);

/* Executes argv[0] (looked up in PATH) in place of this process, with set as above, in directory cwd
 * (NULL: the current one), with default signals. Returns only on failure: BN_EIO. For the child of a
 * fork. */
int bn_process_become(
	const char *const *argv, const char *const *set, const char *cwd, bn_err *err);

/*
 * Forks a child that is detached as by bn_process_spawn_detached but continues with the caller's code. It
 * has a new session, default signals with none blocked and SIGHUP ignored, stdin /dev/null, stdout and
 * stderr at log_fd, and every other descriptor except keep_fd (-1: none) closed. So the child must not
 * use anything that the caller had open (a workspace, its index, locks). *pid is 0 in the child, which
 * must end with _exit. Only for callers without other threads.
 */
int bn_process_fork_detached(pid_t *pid, int keep_fd, int log_fd, bn_err *err);

/* Appends this process's environment: "NAME=value" strings, each terminated by a zero byte. */
int bn_process_environment(bn_buf *out, bn_err *err);
/* Replaces this process's environment with strings of that form, which are copied; for the child of a
 * fork. Strings without '=' are skipped. */
int bn_process_set_environment(const char *texts, size_t n, bn_err *err);

/* How many processors this process may use (its affinity), 1 or more. */
int bn_process_cpus(void);
/* This process, and what it starts from now on, may use at most so many of them, 1 or more. */
void bn_process_limit_cpus(int most);
/* Main memory of this machine; -1 unknown. */
int64_t bn_process_machine_bytes(void);

/* Removes the variables whose names begin with prefix from this process's environment. For the child of a
 * fork, before exec. */
void bn_process_forget_variables(const char *prefix);

/* Runs argv to completion and collects stdout (keeps at most limit bytes). stdin and stderr are
 * /dev/null. *status gets the exit status, or 128 + signal. After timeout_ms it is killed and the
 * call fails with BN_EIO. */
int bn_process_capture(const char *const *argv, int timeout_ms, size_t limit, bn_buf *out,
	int *status, bn_err *err);
/* The same for a program that reads a short text (at most 4096 bytes) from its stdin. */
int bn_process_capture_answer(const char *const *argv, const char *input, int timeout_ms,
	size_t limit, bn_buf *out, int *status, bn_err *err);

/* Resources used by a process and all its descendants. A field is -1 if unknown. */
typedef struct bn_process_usage {
	int64_t processes, threads;
	int64_t rss_bytes;
	int64_t cpu_ms; /* user and system time of live processes and of the children they waited for */
	int64_t read_bytes;  /* from storage */
	int64_t write_bytes; /* to storage */
} bn_process_usage;

/* Sums over all descendants of root, and root itself if with_root. BN_ENOTFOUND if root has
 * ended. */
int bn_process_tree_usage(bn_process_usage *out, pid_t root, bool with_root, bn_err *err);

/* What the kernel says about this process, in /proc. A field is NaN or -1 if unknown, a limit also if there is none. */
typedef struct bn_process_self {
	double cpu_seconds;   /* user and system time of all its threads */
	double start_seconds; /* since 1970 */
	int64_t rss_bytes, virtual_bytes, max_virtual_bytes;
	int64_t threads, descriptors, max_descriptors;
} bn_process_self;

/* Reads through env->fs. Any thread. */
void bn_process_read_self(bn_process_self *out, const bn_env *env);

/* A variable inherited in the environment marks which job a process belongs to: the value it had when the
 * process's program was started. */
typedef struct bn_process_mark {
	const char *name, *value;
} bn_process_mark;

/* Whether pid was started with a different, non-empty value of it. */
bool bn_process_has_another_mark(pid_t pid, bn_process_mark mark);
/* Sends the signal to every descendant of root (not to root), except processes with a different, non-empty
 * value of that variable and their descendants, which belong to another job. Returns how many got it. */
int bn_process_tree_signal_marked(pid_t root, bn_process_mark mark, int signal);
/* Sends the signal to every process that has this value, regardless of parent and session, except
 * `except` (0: none). Sends nothing if the caller has the value itself. Returns how many got it; signal 0
 * only counts. */
int bn_process_marked_signal(bn_process_mark mark, pid_t except, int signal);

#endif
