/*
 * process.h - other processes: starting them so that they outlive us, telling whether one is still
 * the one we started, what a whole tree of them uses, and what a signal is called.
 *
 * A pid alone names nothing (pids are used again), so a process is named by pid and start time, as
 * /proc/<pid>/stat gives it in clock ticks since boot. Linux only, no root. What /proc does not
 * tell (another user's I/O) is absent, never 0.
 */
#ifndef BN_BASE_PROCESS_H
#define BN_BASE_PROCESS_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Clock ticks since boot at which pid started; 0 when there is no such process. */
uint64_t bn_process_start_ticks(pid_t pid);
/* True when pid runs and is the one that started then; a zombie counts as dead. start_ticks 0
 * means "whichever". */
bool bn_process_is_alive(pid_t pid, uint64_t start_ticks);
/* Whether a process is held by SIGSTOP and the like, or by a debugger. */
bool bn_process_is_stopped(pid_t pid);
/* Whether a process is this user's. */
bool bn_process_belongs_to(pid_t pid, uid_t uid);

/* The path of the program that this process runs; *out is yours. */
int bn_process_program(char **out, bn_err *err);

/* "SIGKILL"; "signal 71" in buf for one without a name. Borrowed for ever, or as long as buf. */
const char *bn_signal_name(int signal, char buf[24]);

/*
 * Starts argv[0] (a path, or looked up in PATH) in a session of its own, stdin /dev/null, stdout
 * and stderr to log_fd (borrowed), so that it lives on when we, our terminal or our session die.
 * set: NULL-terminated "NAME=value" texts added to the environment, or NULL. cwd: NULL for ours.
 * *pid (may be NULL) gets its process id. BN_EIO when it cannot be executed.
 */
int bn_process_spawn_detached(pid_t *pid, const char *const *argv, const char *const *set,
	const char *cwd, int log_fd, bn_err *err);

/* Becomes argv[0] (looked up in PATH), with set as above, in directory cwd (NULL: here), with default
 * signals. Returns only when that failed: BN_EIO. For the child of a fork. */
int bn_process_become(
	const char *const *argv, const char *const *set, const char *cwd, bn_err *err);

/*
 * Forks a child that lives on by itself as one of bn_process_spawn_detached does, and goes on with the
 * caller's code: it has a session of its own, default signals with none blocked and SIGHUP ignored, stdin
 * /dev/null, stdout and stderr at log_fd, and every other file closed but keep_fd (-1: none). So whatever
 * the caller had open (a workspace, its index, locks) is not to be touched there. *pid is 0 in the child,
 * which leaves with _exit. For callers without other threads.
 */
int bn_process_fork_detached(pid_t *pid, int keep_fd, int log_fd, bn_err *err);

/* Appends the environment of this process: "NAME=value" texts, each ended by a zero byte. */
int bn_process_environment(bn_buf *out, bn_err *err);
/* Puts texts of that form in the place of this process's environment; for the child of a fork. What has no
 * '=' is passed over. The texts are copied and kept. */
int bn_process_set_environment(const char *texts, size_t n, bn_err *err);

/* How many processors this process may use (its affinity), 1 or more. */
int bn_process_cpus(void);
/* This process, and what it starts from now on, may use at most so many of them, 1 or more. */
void bn_process_limit_cpus(int most);
/* Main memory of this machine; -1 unknown. */
int64_t bn_process_machine_bytes(void);

/* Takes the variables whose names begin with prefix out of this process's environment. For the child of a
 * fork, before it becomes another program. */
void bn_process_forget_variables(const char *prefix);

/* Runs argv to its end and collects stdout (at most limit bytes are kept). stdin and stderr are
 * /dev/null. *status gets the exit status, or 128 + signal. After timeout_ms it is killed and the
 * call fails with BN_EIO. */
int bn_process_capture(const char *const *argv, int timeout_ms, size_t limit, bn_buf *out,
	int *status, bn_err *err);

/* What a process and all its descendants use. A field is -1 when it is not known. */
typedef struct bn_process_usage {
	int64_t processes, threads;
	int64_t rss_bytes;
	int64_t cpu_ms; /* user and system, of those alive and of the children they waited for */
	int64_t read_bytes;  /* from storage */
	int64_t write_bytes; /* to storage */
} bn_process_usage;

/* Of all descendants of root, and of root itself when with_root. BN_ENOTFOUND when root is gone. */
int bn_process_tree_usage(bn_process_usage *out, pid_t root, bool with_root, bn_err *err);

/* A variable that processes inherit in their environment tells whose they are: the value that one had when
 * its program was started. */
typedef struct bn_process_mark {
	const char *name, *value;
} bn_process_mark;

/* Whether pid was started with another value of it, not an empty one. */
bool bn_process_has_another_mark(pid_t pid, bn_process_mark mark);
/* Sends the signal to every descendant of root (not to root), without those that have another value (not an
 * empty one) of that variable, and what is below them: they were started as something of its own. Returns
 * how many got it. */
int bn_process_tree_signal_marked(pid_t root, bn_process_mark mark, int signal);
/* Sends the signal to every process, whoever its parent and whatever its session is, that has this value,
 * but not to `except` (0: nobody is). When the caller has the value itself, to none. Returns how many got
 * it; signal 0 only counts. */
int bn_process_marked_signal(bn_process_mark mark, pid_t except, int signal);

#endif
