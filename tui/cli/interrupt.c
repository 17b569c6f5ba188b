/*
 * interrupt.c - SIGINT and SIGTERM take effect within a second, whatever the verb does.
 *
 * Long operations call bn_cli_interrupted between pieces and end in order. One that does not for PATIENCE_MS
 * after the signal (a fold, a system call on a hanging disk) is terminated: the disk is as after a kill, which
 * every writer of a workspace handles, and leftovers in tmp/ are removed by gc.
 */
#include "tui/cli/_cli.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_MS 800

static volatile sig_atomic_t interrupted, noticed, as_json, hung_up;

static void on_interrupt(int sig)
{
	const struct itimerval soon = {.it_value = {0, PATIENCE_MS * 1000}};
	(void)sig;
	interrupted = 1;
	setitimer(ITIMER_REAL, &soon, NULL);
}

static void on_patience_over(int sig)
{
	static const char text[] = "binnacle: interrupted\n",
			  json[] = "{\"error\": {\"code\": \"interrupted\", \"hint\": \"\", "
				   "\"message\": \"interrupted\"}}\n";
	(void)sig;
	if (noticed)
		return;
	if (write(STDERR_FILENO, as_json ? json : text, strlen(as_json ? json : text)) < 0) {
		/* nobody to tell */
	}
	_exit(130);
}

bool bn_cli_interrupted(void)
{
	if (interrupted)
		noticed = 1;
	return interrupted != 0;
}

void bn_cli_catch_interrupts(bool json)
{
	struct sigaction stop = {.sa_handler = on_interrupt},
			 over = {.sa_handler = on_patience_over, .sa_flags = SA_RESTART};
	as_json = json;
	sigemptyset(&stop.sa_mask);
	sigemptyset(&over.sa_mask);
	stop.sa_flags = (int)SA_RESETHAND; /* a second Ctrl-C terminates immediately */
	sigaction(SIGALRM, &over, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void on_hangup(int sig)
{
	(void)sig;
	hung_up = 1;
}

void bn_cli_catch_hangup(void)
{
	struct sigaction again = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
	sigemptyset(&again.sa_mask);
	sigaction(SIGHUP, &again, NULL);
}

bool bn_cli_was_hung_up(void)
{
	if (!hung_up)
		return false;
	hung_up = 0;
	return true;
}
