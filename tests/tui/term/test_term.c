/*
 * The terminal module with a pipe and a file instead of a terminal: both forms of cursor keys, with and without
 * colour, resize, hang-up, restoring the terminal, and the bytes sent for a screen.
 */
#include "tui/term/term.h"

#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_source.h"
#include "tui/ui/key.h"
#include "tui/ui/script.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define OPEN_FAILS(type) (term_open(&io, type, "default", false) != 0)

typedef struct line {
	FILE *out, *in;
	int keys; /* write typed keys here */
	bn_term *t;
} line;

static int term_open(line *x, const char *type, const char *theme_name, bool no_color)
{
	int fds[2];
	bn_theme theme;
	bn_err err = BN_ERR_INIT;
	unsetenv("NO_COLOR");
	setlocale(LC_ALL, "C.UTF-8");
	ck_assert_int_eq(pipe(fds), 0);
	*x = (line){tmpfile(), fdopen(fds[0], "r"), fds[1], NULL};
	ck_assert_int_eq(bn_theme_load(&theme, theme_name, NULL), 0);
	bn_term_options o = {.type = type, .out = x->out, .in = x->in, .no_color = no_color};
	int rc = bn_term_open(&x->t, &o, &theme, &err);
	if (rc)
		printf("SKIP: TERM=%s: %s\n", type, err.msg);
	return rc;
}

static void term_close(line *x)
{
	bn_term_close(x->t);
	fclose(x->out);
	fclose(x->in);
	if (x->keys >= 0)
		close(x->keys);
}

static void type_text(line *x, const char *text)
{
	ck_assert_int_eq(write(x->keys, text, strlen(text)), (ssize_t)strlen(text));
}

static int next_key(line *x)
{
	while (true) {
		int k = bn_term_key(x->t);
		if (k != BN_KEY_NONE)
			return k;
		ck_assert_int_eq(bn_term_wait(x->t, 2000), BN_TERM_KEY);
	}
}

static long sent(const line *x)
{
	struct stat st;
	fflush(x->out);
	ck_assert_int_eq(fstat(fileno(x->out), &st), 0);
	return (long)st.st_size;
}

static char *sent_text(const line *x)
{
	long n = sent(x);
	char *text = bn_alloc((size_t)n + 1);
	ssize_t got = pread(fileno(x->out), text, (size_t)n, 0);
	text[got > 0 ? got : 0] = '\0';
	return text;
}

static const char *const types[] = {"xterm-256color", "screen", "vt100", "linux"};
#define TYPES 4

START_TEST(test_term_knows_cursor_keys_in_both_forms)
{
	line io;
	if (OPEN_FAILS(types[_i]))
		return;
	type_text(&io, "\033[A\033OA\033[B\033OB\033[C\033OD\033[5~\033[6~\033[H\033OF\033[3~");
	static const int want[] = {BN_KEY_UP, BN_KEY_UP, BN_KEY_DOWN, BN_KEY_DOWN, BN_KEY_RIGHT,
		BN_KEY_LEFT, BN_KEY_PAGE_UP, BN_KEY_PAGE_DOWN, BN_KEY_HOME, BN_KEY_END,
		BN_KEY_DELETE};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_msg(next_key(&io) == want[i], "key %zu of TERM=%s", i, types[_i]);
	type_text(&io, "q\r\x7f\x03\x1a\xc3\xa9\t");
	ck_assert_int_eq(next_key(&io), 'q');
	ck_assert_int_eq(next_key(&io), BN_KEY_ENTER);
	ck_assert_int_eq(next_key(&io), BN_KEY_BACKSPACE);
	ck_assert_int_eq(next_key(&io), BN_KEY_CTRL('C')); /* in raw mode it is not a signal */
	ck_assert_int_eq(next_key(&io), BN_KEY_CTRL('Z'));
	ck_assert_int_eq(next_key(&io), 0xe9);
	ck_assert_int_eq(next_key(&io), BN_KEY_TAB);
	type_text(&io, "\033");
	ck_assert_int_eq(next_key(&io), BN_KEY_ESC);
	term_close(&io);
}
END_TEST

START_TEST(test_term_marks_pasted_text)
{
	static const char paste[] = "\033[200~aQ\r\n\003b\033[Ac\033[201~j";
	static const int want[] = {'a', 'Q', ' ', ' ', 'b', 'c'};
	line io;
	if (OPEN_FAILS("xterm-256color"))
		return;
	type_text(&io, paste);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_int_eq(next_key(&io), want[i] | BN_KEY_PASTED);
	ck_assert_int_eq(next_key(&io), 'j');
	term_close(&io);
}
END_TEST

START_TEST(test_term_without_color_sends_none)
{
	bn_surface *s = NULL;
	line io;
	if (term_open(&io, "xterm-256color", "dark", true))
		return;
	ck_assert(!bn_term_has_color(io.t));
	ck_assert_int_eq(bn_surface_new(&s, 5, 20, BN_ALPHABET_BRAILLE, NULL), 0);
	bn_area_text(bn_area_all(s), 0, 0, BN_INK_FAIL, "FAIL");
	bn_area_text(bn_area_all(s), 1, 0, BN_INK_SELECTED, "selected");
	bn_term_paint(io.t, s);
	char *text = sent_text(&io);
	ck_assert_ptr_nonnull(strstr(text, "FAIL"));
	ck_assert_ptr_null(strstr(text, "[3"));
	ck_assert_ptr_null(strstr(text, ";5;"));
	ck_assert_ptr_nonnull(strstr(text, "7m")); /* the selection is shown in reverse */
	bn_free(text);
	bn_surface_free(s);
	term_close(&io);
}
END_TEST

START_TEST(test_term_obeys_no_color_of_the_environment)
{
	line io;
	if (OPEN_FAILS("xterm-256color"))
		return;
	ck_assert(bn_term_has_color(io.t));
	term_close(&io);
	bn_theme theme;
	ck_assert_int_eq(bn_theme_load(&theme, NULL, NULL), 0);
	setenv("NO_COLOR", "1", 1);
	int fds[2];
	ck_assert_int_eq(pipe(fds), 0);
	bn_term_options o = {.type = "xterm-256color", .out = tmpfile(), .in = fdopen(fds[0], "r")};
	bn_term *t = NULL;
	ck_assert_int_eq(bn_term_open(&t, &o, &theme, NULL), 0);
	ck_assert(!bn_term_has_color(t));
	bn_term_close(t);
	fclose(o.out);
	fclose(o.in);
	close(fds[1]);
}
END_TEST

START_TEST(test_term_chooses_the_alphabet_by_terminal_and_locale)
{
	static const bn_alphabet want[TYPES] = {
		BN_ALPHABET_BRAILLE, BN_ALPHABET_BRAILLE, BN_ALPHABET_ASCII, BN_ALPHABET_BLOCK};
	line io;
	if (OPEN_FAILS(types[_i]))
		return;
	ck_assert_int_eq(bn_term_alphabet(io.t), want[_i]);
	term_close(&io);
	setlocale(LC_ALL, "C");
	int fds[2];
	bn_theme theme;
	bn_term *t = NULL;
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(bn_theme_load(&theme, NULL, NULL), 0);
	bn_term_options o = {.type = types[_i], .out = tmpfile(), .in = fdopen(fds[0], "r")};
	ck_assert_int_eq(bn_term_open(&t, &o, &theme, NULL), 0);
	ck_assert_int_eq(bn_term_alphabet(t), BN_ALPHABET_ASCII);
	bn_term_close(t);
	fclose(o.out);
	fclose(o.in);
	close(fds[1]);
}
END_TEST

START_TEST(test_term_refuses_politely_and_names_the_commands)
{
	bn_theme theme;
	bn_term *t = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_theme_load(&theme, NULL, NULL), 0);
	bn_term_options dumb = {.type = "dumb", .out = stdout, .in = stdin};
	ck_assert_int_eq(bn_term_open(&t, &dumb, &theme, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.hint, "binnacle run ls"));
	bn_err_clear(&err);
	bn_term_options odd = {.type = "no-such-terminal", .out = stdout, .in = stdin};
	ck_assert_int_eq(bn_term_open(&t, &odd, &theme, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "no-such-terminal"));
	bn_err_clear(&err);
	bn_term_options here = {.type = "xterm"}; /* stdin of a test is not a terminal */
	ck_assert_int_eq(bn_term_open(&t, &here, &theme, &err), BN_EUNSUPPORTED);
}
END_TEST

START_TEST(test_term_tells_a_hangup_from_a_quiet_line)
{
	line io;
	if (OPEN_FAILS("xterm-256color"))
		return;
	ck_assert_int_eq(bn_term_wait(io.t, 0), BN_TERM_TIMEOUT);
	type_text(&io, "j");
	close(io.keys); /* keys typed before are still delivered */
	io.keys = -1;
	ck_assert_int_eq(bn_term_wait(io.t, 1000), BN_TERM_KEY);
	ck_assert_int_eq(bn_term_key(io.t), 'j');
	ck_assert_int_eq(bn_term_wait(io.t, 1000), BN_TERM_LOST);
	ck_assert_int_eq(bn_term_wait(io.t, -1), BN_TERM_LOST); /* permanently */
	long before = sent(&io);
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 5, 20, BN_ALPHABET_ASCII, NULL), 0);
	bn_term_paint(io.t, s);
	ck_assert_int_eq(sent(&io), before); /* nothing is sent after a hang-up */
	bn_surface_free(s);
	term_close(&io);
}
END_TEST

START_TEST(test_term_signals_become_events)
{
	static const int signals[] = {SIGHUP, SIGTERM};
	line io;
	if (OPEN_FAILS("xterm-256color"))
		return;
	raise(signals[_i]);
	ck_assert_int_eq(bn_term_wait(io.t, 1000), BN_TERM_LOST);
	term_close(&io);
}
END_TEST

START_TEST(test_term_copies_by_osc_52)
{
	line io;
	if (OPEN_FAILS("xterm-256color"))
		return;
	if (!bn_term_copy(io.t, "run 7f3a")) {
		printf("SKIP: clipboard: terminfo of xterm-256color has no Ms here\n");
	} else {
		char *text = sent_text(&io);
		ck_assert_ptr_nonnull(strstr(text, "\033]52;c;cnVuIDdmM2E=\a"));
		bn_free(text);
	}
	term_close(&io);
	if (OPEN_FAILS("vt100"))
		return;
	ck_assert(!bn_term_copy(io.t, "run 7f3a")); /* the frame reports it */
	term_close(&io);
}
END_TEST

static void *waker(void *t)
{
	bn_term_wake(t);
	return NULL;
}

START_TEST(test_term_is_woken_by_another_thread)
{
	pthread_t thread;
	line io;
	if (OPEN_FAILS("xterm-256color"))
		return;
	ck_assert_int_eq(pthread_create(&thread, NULL, waker, io.t), 0);
	ck_assert_int_eq(bn_term_wait(io.t, 5000), BN_TERM_WOKEN);
	pthread_join(thread, NULL);
	term_close(&io);
}
END_TEST

START_TEST(test_term_follows_the_size_of_its_window)
{
	int master, slave;
	struct winsize w = {.ws_row = 24, .ws_col = 80};
	bn_theme theme;
	bn_term *t = NULL;
	setlocale(LC_ALL, "C.UTF-8");
	if (openpty(&master, &slave, NULL, NULL, &w))
		BN_TEST_SKIP("resize: no pseudo-terminal here");
	ck_assert_int_eq(bn_theme_load(&theme, NULL, NULL), 0);
	bn_term_options o = {
		.type = "xterm-256color", .out = fdopen(dup(slave), "w"), .in = fdopen(slave, "r")};
	ck_assert_int_eq(bn_term_open(&t, &o, &theme, NULL), 0);
	ck_assert_int_eq(bn_term_rows(t), 24);
	w.ws_row = 7;
	w.ws_col = 31;
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &w), 0);
	raise(SIGWINCH);
	ck_assert_int_eq(bn_term_wait(t, 1000), BN_TERM_RESIZED);
	ck_assert_int_eq(bn_term_rows(t), 7);
	ck_assert_int_eq(bn_term_cols(t), 31);
	/* The resize is reported once, and keys still arrive. */
	ck_assert_int_eq(bn_term_wait(t, 0), BN_TERM_TIMEOUT);
	ck_assert_int_eq(write(master, "j", 1), 1);
	ck_assert_int_eq(bn_term_wait(t, 2000), BN_TERM_KEY);
	ck_assert_int_eq(bn_term_key(t), 'j');
	ck_assert_int_eq(bn_term_key(t), BN_KEY_NONE);
	ck_assert_int_eq(bn_term_wait(t, 0), BN_TERM_TIMEOUT);
	bn_term_close(t);
	fclose(o.out);
	fclose(o.in);
	close(master);
}
END_TEST

static void die_by_bug(void)
{
	BN_BUG(1);
}

static void die_by_abort(void)
{
	abort();
}

static void die_by_segv(void)
{
	raise(SIGSEGV);
}

static void end_by_sigterm(void)
{
	raise(SIGTERM);
}

/* After any crash the terminal is restored: cooked mode, echo, normal screen. */
START_TEST(test_term_gives_the_terminal_back_when_we_crash)
{
	static void (*const deaths[])(void) = {
		die_by_bug, die_by_abort, die_by_segv, end_by_sigterm};
	int master, slave, status;
	struct termios before, after;
	char bytes[8192];
	if (openpty(&master, &slave, NULL, NULL, NULL))
		BN_TEST_SKIP("crash: no pseudo-terminal here");
	tcgetattr(slave, &before);
	pid_t pid = fork();
	if (pid == 0) {
		bn_theme theme;
		bn_term *t = NULL;
		bn_theme_load(&theme, NULL, NULL);
		bn_term_options o = {.type = "xterm-256color",
			.out = fdopen(dup(slave), "w"),
			.in = fdopen(slave, "r")};
		if (!freopen("/dev/null", "w", stderr) || bn_term_open(&t, &o, &theme, NULL))
			_exit(3);
		deaths[_i]();
		if (bn_term_wait(t, 1000) != BN_TERM_LOST)
			_exit(4);
		bn_term_leave(t);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	tcgetattr(slave, &after);
	ck_assert_uint_eq(after.c_lflag, before.c_lflag);
	ck_assert_uint_eq(after.c_iflag, before.c_iflag);
	fcntl(master, F_SETFL, O_NONBLOCK);
	ssize_t n = 0;
	for (ssize_t got; (got = read(master, bytes + n, sizeof bytes - 1 - (size_t)n)) > 0;)
		n += got;
	bytes[n] = '\0';
	ck_assert_ptr_nonnull(strstr(bytes, "\033[?1049l"));
	close(master);
	close(slave);
}
END_TEST

/* ---- bytes sent for a screen --------------------------------------------------------------------- */

typedef struct costs {
	long first, idle, worst_key, page, tick;
} costs;

static void paint(line *x, bn_frame *f, bn_surface *s)
{
	bn_script_settle(f, s);
	bn_term_paint(x->t, s);
}

static long cost_of_key(line *x, bn_frame *f, bn_surface *s, int key)
{
	long before = sent(x);
	bn_frame_key(f, key);
	paint(x, f, s);
	return sent(x) - before;
}

static void costs_measure(line *x, bn_frame *f, bn_surface *s, costs *c, bn_fake *fake)
{
	long before = sent(x);
	paint(x, f, s);
	c->first = sent(x) - before;
	before = sent(x);
	for (int i = 0; i < 100; i++)
		bn_term_paint(x->t, s);
	c->idle = sent(x) - before;
	cost_of_key(x, f, s, '3');
	for (int i = 0; i < 30; i++) {
		long n = cost_of_key(x, f, s, i < 18 ? 'j' : 'k');
		c->worst_key = n > c->worst_key ? n : c->worst_key;
	}
	cost_of_key(x, f, s, 'g');
	fake->now_ms += 1000; /* a live list one second later */
	before = sent(x);
	paint(x, f, s);
	c->tick = sent(x) - before;
	c->page = cost_of_key(x, f, s, BN_KEY_PAGE_DOWN);
}

START_TEST(test_term_keeps_its_byte_budgets)
{
	bn_fake fake = {.many_runs = 500};
	bn_surface *s = NULL;
	costs c = {0};
	line io;
	if (OPEN_FAILS(types[_i]))
		return;
	bn_frame *f = bn_fake_frame(&fake, false);
	ck_assert_int_eq(bn_surface_new(&s, 24, 80, bn_term_alphabet(io.t), NULL), 0);
	costs_measure(&io, f, s, &c, &fake);
	printf("NOTE: bytes at 80x24, %s: first paint %ld, idle %ld, cursor key %ld, page %ld, "
	       "live "
	       "second %ld\n",
		types[_i], c.first, c.idle, c.worst_key, c.page, c.tick);
	ck_assert_int_le(c.first, 6 * 1024);
	ck_assert_int_eq(c.idle, 0);
	ck_assert_int_le(c.worst_key, 450);
	ck_assert_int_le(c.tick, 600);
	bn_surface_free(s);
	bn_frame_free(f);
	term_close(&io);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tui/term/term");
	TCase *tc = tcase_create("term");
	setvbuf(stdout, NULL, _IOLBF, 0);
	tcase_add_loop_test(tc, test_term_knows_cursor_keys_in_both_forms, 0, TYPES);
	tcase_add_test(tc, test_term_marks_pasted_text);
	tcase_add_test(tc, test_term_without_color_sends_none);
	tcase_add_test(tc, test_term_obeys_no_color_of_the_environment);
	tcase_add_loop_test(tc, test_term_chooses_the_alphabet_by_terminal_and_locale, 0, TYPES);
	tcase_add_test(tc, test_term_refuses_politely_and_names_the_commands);
	tcase_add_test(tc, test_term_tells_a_hangup_from_a_quiet_line);
	tcase_add_loop_test(tc, test_term_signals_become_events, 0, 2);
	tcase_add_test(tc, test_term_copies_by_osc_52);
	tcase_add_test(tc, test_term_is_woken_by_another_thread);
	tcase_add_test(tc, test_term_follows_the_size_of_its_window);
	tcase_add_loop_test(tc, test_term_gives_the_terminal_back_when_we_crash, 0, 4);
	tcase_add_loop_test(tc, test_term_keeps_its_byte_budgets, 0, TYPES);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
