/*
 * message.c - see _run.h: messages of the library on stderr.
 *
 * Descriptor 2 may not be stderr: if a program has closed it, the next file it opens gets that number, and a
 * message would damage that file. So the library remembers what descriptor 2 was when the program was started
 * or the library was loaded. A different regular file or socket gets no message, unless the file is open for
 * appending, as logs are. Terminals and pipes get them.
 *
 * A message must not kill the program (SIGPIPE from a pipe without a reader) nor block it (a full pipe).
 */
#include "core/client/_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 1000 };

static struct {
	bool was_open;
	dev_t dev;
	ino_t ino;
} at_start;

__attribute__((constructor)) static void remember_stderr(void)
{
	struct stat st;
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	at_start.was_open = true;
	at_start.dev = st.st_dev;
	at_start.ino = st.st_ino;
}

static bool is_stderr(void)
{
	struct stat st;
	if (fstat(STDERR_FILENO, &st) != 0)
		return false;
	if (at_start.was_open && st.st_dev == at_start.dev && st.st_ino == at_start.ino)
		return true;
	if (S_ISREG(st.st_mode))
		return fcntl(STDERR_FILENO, F_GETFL) & O_APPEND;
	return S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode);
}

/* Restores SIGPIPE afterwards. */
static void write_quietly(const char *text, size_t n)
{
	sigset_t pipe, before, waits;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&waits);
	bool waited = sigismember(&waits, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	if (write(STDERR_FILENO, text, n) < 0 && !waited)
		sigtimedwait(&pipe, NULL, &(struct timespec){0, 0});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void bn_client_say(const char *fmt, ...)
{
	char text[800];
	va_list ap;
	struct pollfd to = {STDERR_FILENO, POLLOUT, 0};
	if (!is_stderr() || poll(&to, 1, WAIT_MS) <= 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text - 1, fmt, ap);
	va_end(ap);
	size_t n = strlen(text);
	text[n++] = '\n';
	write_quietly(text, n);
}
