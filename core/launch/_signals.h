/*
 * _signals.h - signal handling in the processes that supervise a run. Not for other modules.
 *
 * A signal to the supervisor is meant for the run: SIGTERM and SIGINT end it, SIGQUIT, SIGUSR1, SIGUSR2,
 * SIGTSTP and SIGCONT are forwarded. SIGHUP is ignored: a run outlives its terminal. None of them ends or
 * stops the supervisor; unknown ones have no effect. SIGUSR1 and SIGUSR2 are sent only to the run's
 * process, which asked for them; the others to its process group, as from a terminal.
 */
#ifndef BN_LAUNCH_SIGNALS_H
#define BN_LAUNCH_SIGNALS_H
#include <signal.h>
#include <stdbool.h>
#include <string.h>

/* Blocks everything but faults, for sigtimedwait. */
static inline void bn_signals_block(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	struct sigaction sa = {.sa_handler = SIG_IGN};
	sigset_t set;
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	sigfillset(&set);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&set, faults[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

static inline bool bn_signal_is_stop(int signal)
{
	return signal == SIGTERM || signal == SIGINT;
}

static inline bool bn_signal_is_for_one(int signal)
{
	return signal == SIGUSR1 || signal == SIGUSR2;
}

static inline bool bn_signal_is_for_group(int signal)
{
	return signal == SIGQUIT || signal == SIGTSTP || signal == SIGCONT;
}

static inline bool bn_signal_is_passed_on(int signal)
{
	return bn_signal_is_stop(signal) || bn_signal_is_for_one(signal) ||
	       bn_signal_is_for_group(signal);
}

#endif
