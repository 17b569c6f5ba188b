/*
 * term.c - opening, closing, waiting. See term.h; painting is term_paint.c.
 *
 * Signal handlers only write one byte to a pipe that bn_term_wait polls, so ncurses never runs
 * inside a handler. Fatal signals are the exception: they restore the terminal with the bytes
 * prepared at opening (write(2) and tcsetattr(2) are async-signal-safe, endwin is not) and die.
 */
#include "tui/term/_term.h"

#include "core/base/env.h"
#include "core/base/mem.h"
#include "tui/ui/key.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bn_term *the_term; /* for handlers and the bug hook */

static void pipe_put(char byte)
{
	int keep = errno;
	if (the_term && write(the_term->pipe[1], &byte, 1) < 0) {
		/* Full: a wake-up is already pending. */
	}
	errno = keep;
}

static void on_signal(int sig)
{
	char byte = sig == SIGWINCH ? 'r' : sig == SIGTSTP ? 'z' : 'h';
	if (byte == 'h' && the_term)
		the_term->lost = 1;
	pipe_put(byte);
}

static void terminal_restore_raw(void)
{
	bn_term *t = the_term;
	if (!t)
		return;
	the_term = NULL;
	if (write(t->out_fd, t->mouse_off, strlen(t->mouse_off)) < 0 ||
		write(t->out_fd, t->leave, t->leave_len) < 0) {
		/* Nothing left to do about it. */
	}
	if (t->has_saved)
		tcsetattr(t->in_fd, TCSANOW, &t->saved);
}

static void on_fatal(int sig)
{
	terminal_restore_raw();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void on_bug(void)
{
	terminal_restore_raw();
}

static const int wake_signals[] = {SIGHUP, SIGTERM, SIGINT, SIGWINCH, SIGTSTP};
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};

static void signals_install(bn_term *t)
{
	struct sigaction wake = {.sa_handler = on_signal}, fatal = {.sa_handler = on_fatal},
			 ignore = {.sa_handler = SIG_IGN};
	for (size_t i = 0; i < sizeof wake_signals / sizeof *wake_signals; i++)
		sigaction(wake_signals[i], &wake, &t->old_wake[i]);
	for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++)
		sigaction(fatal_signals[i], &fatal, &t->old_fatal[i]);
	sigaction(SIGPIPE, &ignore, &t->old_pipe);
}

static void signals_restore(bn_term *t)
{
	for (size_t i = 0; i < sizeof wake_signals / sizeof *wake_signals; i++)
		sigaction(wake_signals[i], &t->old_wake[i], NULL);
	for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++)
		sigaction(fatal_signals[i], &t->old_fatal[i], NULL);
	sigaction(SIGPIPE, &t->old_pipe, NULL);
}

/* Both forms of every cursor key: terminals send CSI or SS3 depending on a mode that not all of
 * them obey. */
static void keys_define(void)
{
	static const struct {
		const char *sequence;
		int key;
	} keys[] = {{"\033[A", KEY_UP}, {"\033OA", KEY_UP}, {"\033[B", KEY_DOWN},
		{"\033OB", KEY_DOWN}, {"\033[C", KEY_RIGHT}, {"\033OC", KEY_RIGHT},
		{"\033[D", KEY_LEFT}, {"\033OD", KEY_LEFT}, {"\033[H", KEY_HOME},
		{"\033OH", KEY_HOME}, {"\033[F", KEY_END}, {"\033OF", KEY_END},
		{"\033[1~", KEY_HOME}, {"\033[4~", KEY_END}, {"\033[7~", KEY_HOME},
		{"\033[8~", KEY_END}, {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
		{"\033[2~", KEY_IC}, {"\033[3~", KEY_DC}, {"\033[Z", KEY_BTAB},
		{"\033OP", KEY_F(1)}, {"\033[11~", KEY_F(1)}, {"\033[[A", KEY_F(1)},
		{"\033[200~", BN_PASTE_BEGIN}, {"\033[201~", BN_PASTE_END}};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		define_key(keys[i].sequence, keys[i].key);
}

static bn_alphabet alphabet_find(const bn_term_options *opt, const char *type)
{
	if (opt->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return BN_ALPHABET_ASCII;
	if (strncmp(type, "vt", 2) == 0 || strncmp(type, "ansi", 4) == 0)
		return BN_ALPHABET_ASCII;
	return strncmp(type, "linux", 5) == 0 ? BN_ALPHABET_BLOCK : BN_ALPHABET_BRAILLE;
}

static int not_a_terminal(bn_err *err, const char *what)
{
	bn_err_set(err, BN_EUNSUPPORTED, "the workbench cannot draw here: %s", what);
	bn_err_hint(err,
		"every screen has a command with --json: `binnacle run ls`, `binnacle data "
		"ls`, `binnacle model ls`, `binnacle help`");
	return BN_EUNSUPPORTED;
}

static int type_check(const bn_term_options *opt, const char **type, bn_err *err)
{
	char what[160];
	*type = opt->type ? opt->type : bn_env_get(bn_env_real(), "TERM");
	if (!opt->out && (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)))
		return not_a_terminal(err, "input and output are not both a terminal");
	if (!*type || !**type || strcmp(*type, "dumb") == 0)
		return not_a_terminal(err, *type && **type ? "TERM is dumb" : "TERM is not set");
	int status = 0;
	if (setupterm((char *)(uintptr_t)*type, STDOUT_FILENO, &status) != OK) {
		snprintf(what, sizeof what, "no terminfo entry for TERM=%.64s", *type);
		return not_a_terminal(err, what);
	}
	const char *cup = tigetstr((char *)(uintptr_t) "cup");
	bool can_move = cup && cup != (char *)-1;
	del_curterm(cur_term);
	if (!can_move) {
		snprintf(what, sizeof what, "TERM=%.64s cannot move its cursor", *type);
		return not_a_terminal(err, what);
	}
	return 0;
}

static void leave_add(bn_term *t, const char *name)
{
	const char *s = tigetstr((char *)(uintptr_t)name);
	size_t n = s && s != (char *)-1 ? strlen(s) : 0;
	if (n && t->leave_len + n < sizeof t->leave) {
		memcpy(t->leave + t->leave_len, s, n);
		t->leave_len += n;
	}
}

static void screen_setup(bn_term *t)
{
	raw();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	idlok(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	set_escdelay(25);
	keys_define();
	leave_add(t, "BD");
	leave_add(t, "sgr0");
	leave_add(t, "cnorm");
	leave_add(t, "rmkx");
	leave_add(t, "rmcup");
}

int bn_term_open(bn_term **out, const bn_term_options *opt, const bn_theme *theme, bn_err *err)
{
	const char *type = NULL;
	int rc = type_check(opt, &type, err);
	if (rc)
		return rc;
	bn_term *t = bn_alloc_zeroed(1, sizeof *t);
	if (!t)
		return bn_err_nomem(err, "the terminal");
	t->out = opt->out ? opt->out : stdout;
	t->in_fd = fileno(opt->in ? opt->in : stdin);
	t->out_fd = fileno(t->out);
	t->has_saved = tcgetattr(t->in_fd, &t->saved) == 0;
	if (pipe2(t->pipe, O_CLOEXEC | O_NONBLOCK)) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
		bn_free(t);
		return rc;
	}
	the_term = t;
	signals_install(
		t); /* before newterm, which does not replace handlers other than the default */
	t->screen = newterm((char *)(uintptr_t)type, t->out, opt->in ? opt->in : stdin);
	if (!t->screen) {
		signals_restore(t);
		the_term = NULL;
		close(t->pipe[0]);
		close(t->pipe[1]);
		bn_free(t);
		return not_a_terminal(err, "ncurses cannot start on it");
	}
	screen_setup(t);
	t->alphabet = alphabet_find(opt, type);
	const char *no_color = bn_env_get(bn_env_real(), "NO_COLOR"); /* https://no-color.org */
	bn_term_start_color(t, opt->no_color || (no_color && *no_color));
	bn_term_set_theme(t, theme);
	bn_term_send(t, "BE"); /* bracketed paste: pasted text runs no commands */
	bn_bug_set_hook(on_bug);
	*out = t;
	return 0;
}

/* The terminal may still exist after an error of the line (a SIGTERM, a SIGHUP by hand), so it is
 * restored, but without waiting for it. */
static void leave_lost(bn_term *t)
{
	int flags = fcntl(t->out_fd, F_GETFL);
	if (flags >= 0)
		fcntl(t->out_fd, F_SETFL, flags | O_NONBLOCK);
	terminal_restore_raw();
	if (flags >= 0) /* the shell shares this open file */
		fcntl(t->out_fd, F_SETFL, flags);
}

void bn_term_leave(bn_term *t)
{
	if (the_term != t)
		return;
	if (t->lost) {
		leave_lost(t);
	} else {
		bn_term_send(t, "BD");
		endwin();
	}
	the_term = NULL;
	bn_bug_set_hook(NULL);
	signals_restore(t);
}

void bn_term_close(bn_term *t)
{
	if (!t)
		return;
	bn_term_leave(t);
	delscreen(t->screen);
	close(t->pipe[0]);
	close(t->pipe[1]);
	bn_free(t);
}

int bn_term_rows(const bn_term *t)
{
	(void)t;
	return LINES;
}

int bn_term_cols(const bn_term *t)
{
	(void)t;
	return COLS;
}

bn_alphabet bn_term_alphabet(const bn_term *t)
{
	return t->alphabet;
}

void bn_term_wake(bn_term *t)
{
	char byte = 'w';
	if (write(t->pipe[1], &byte, 1) < 0) {
		/* Full: a wake-up is already pending. */
	}
}

void bn_term_suspend(bn_term *t)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
	bn_term_send(t, "BD");
	endwin();
	sigaction(SIGTSTP, &stop, &ours);
	kill(0, SIGTSTP); /* the whole job, like the terminal's own ^Z */
	sigaction(SIGTSTP, &ours, NULL);
	bn_term_send(t, "BE");
	t->resized = true; /* the window may have been resized meanwhile */
	bn_term_repaint(t);
}

static void size_follow(bn_term *t)
{
	struct winsize w;
	if (ioctl(t->out_fd, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0)
		resizeterm(w.ws_row, w.ws_col);
	t->resized = false;
	bn_term_repaint(t);
}

/* Reads the pipe: 0 or an event. */
static int pipe_drain(bn_term *t)
{
	char bytes[64];
	ssize_t n;
	bool woken = false;
	while ((n = read(t->pipe[0], bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			t->resized |= bytes[i] == 'r';
			woken |= bytes[i] == 'w';
			if (bytes[i] == 'z')
				bn_term_suspend(t);
		}
	}
	return woken;
}

bn_term_event bn_term_wait(bn_term *t, int timeout_ms)
{
	struct pollfd fds[2] = {{t->in_fd, POLLIN, 0}, {t->pipe[0], POLLIN, 0}};
	if (t->lost)
		return BN_TERM_LOST;
	if (t->resized) {
		size_follow(t);
		return BN_TERM_RESIZED;
	}
	if (t->has_key)
		return BN_TERM_KEY;
	int n = poll(fds, 2, timeout_ms);
	bool woken = fds[1].revents && pipe_drain(t);
	if (t->lost)
		return BN_TERM_LOST;
	if (t->resized) {
		size_follow(t);
		return BN_TERM_RESIZED;
	}
	if (n > 0 && (fds[0].revents & POLLIN)) {
		t->key = bn_term_read_key(t);
		t->has_key = t->key != BN_KEY_NONE;
		if (t->has_key)
			return BN_TERM_KEY;
	}
	if (t->lost || (n > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))) {
		t->lost = 1;
		return BN_TERM_LOST;
	}
	return woken ? BN_TERM_WOKEN : BN_TERM_TIMEOUT;
}

int bn_term_key(bn_term *t)
{
	if (t->has_key) {
		t->has_key = false;
		return t->key;
	}
	return t->lost ? BN_KEY_NONE : bn_term_read_key(t);
}
