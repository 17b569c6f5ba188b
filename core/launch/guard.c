/* guard.c - see _guard.h. */
#include "core/base/process.h"
#include "core/launch/_guard.h"
#include "core/launch/_signals.h"
#include "core/run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GIVE_UP_TRIES 1000 /* of 20 ms: a process that SIGKILL does not end hangs in the kernel */

typedef struct report {
	int rc, exit_status;
	bn_err err;
} report;

int bn_guard_fork(bn_guard *g, bn_err *err)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) != 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
	bn_signals_block(); /* also on failure: the caller records that and ends */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t guard = getpid(), pid = fork();
	if (pid < 0) {
		int rc = bn_err_sys(err, BN_EIO, errno, "cannot start the supervisor");
		close(fd[0]);
		close(fd[1]);
		return rc;
	}
	bool is_supervisor = pid == 0;
	close(fd[is_supervisor ? 0 : 1]);
	*g = (bn_guard){is_supervisor, pid, guard, fd[is_supervisor ? 1 : 0]};
	/* A signal to the supervisor's group leaves the guard alone. */
	if (is_supervisor)
		setpgid(0, 0);
	return 0;
}

void bn_guard_report(bn_guard *g, int rc, int exit_status, const bn_err *err)
{
	report r = {rc, exit_status, err ? *err : (bn_err)BN_ERR_INIT};
	/* Below PIPE_BUF, so atomic; a killed guard does not matter. */
	bool written = write(g->report, &r, sizeof r) == (ssize_t)sizeof r;
	if (getppid() == g->guard)
		kill(g->guard, SIGCONT);
	_exit(written ? 0 : 125);
}

/* Forwards pending signals to the supervisor. */
static void pass_on(int signals, pid_t supervisor)
{
	struct signalfd_siginfo s;
	while (read(signals, &s, sizeof s) == (ssize_t)sizeof s)
		if (bn_signal_is_passed_on((int)s.ssi_signo))
			kill(supervisor, (int)s.ssi_signo);
}

/* Until the supervisor is dead. */
static int wait_supervisor(pid_t supervisor, bn_log_pump *pump, bn_log_writer *writer)
{
	sigset_t all;
	int status = 0;
	sigfillset(&all);
	struct pollfd on[2] = {{signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), POLLIN, 0},
		{writer ? pump->in : -1, POLLIN, 0}};
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid == supervisor || (pid < 0 && errno == ECHILD))
			break;
		if (pid > 0)
			continue;
		poll(on, 2, on[0].fd < 0 ? 100 : -1);
		if (on[1].revents)
			bn_log_pump_step(pump, writer);
		if (on[1].revents & POLLHUP && !(on[1].revents & POLLIN))
			on[1].fd = -1; /* nothing prints any more */
		pass_on(on[0].fd, supervisor);
	}
	close(on[0].fd);
	return status;
}

static void end_leftovers(const char *id)
{
	bn_process_mark mark = {BN_RUN_MARK, id};
	for (int i = 0; i < GIVE_UP_TRIES; i++) {
		pid_t pid;
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		/* Descendants of a subreaper become its children when their parents are gone. */
		if (pid < 0 && errno == ECHILD)
			return;
		if (bn_process_tree_signal_marked(getpid(), mark, SIGKILL) == 0)
			return;
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
}

int bn_guard_wait(bn_guard *g, const char *id, bn_log_pump *pump, bn_log_writer *writer,
	int *exit_status, bn_err *err)
{
	report r;
	char name[24];
	int status = wait_supervisor(g->supervisor, pump, writer);
	/* Leftover processes may hold the write end open: read what the supervisor wrote, if
	 * anything. */
	fcntl(g->report, F_SETFL, O_NONBLOCK);
	ssize_t got = read(g->report, &r, sizeof r);
	close(g->report);
	end_leftovers(id);
	if (writer)
		bn_log_pump_drain(pump, writer);
	if (got != (ssize_t)sizeof r)
		return bn_err_set(err, BN_EFAILED, "run %.8s: its supervisor was ended by %s", id,
			WIFSIGNALED(status) ? bn_signal_name(WTERMSIG(status), name) : "a fault");
	*exit_status = r.exit_status;
	return r.rc < 0 ? bn_err_move(err, &r.err) : 0;
}
