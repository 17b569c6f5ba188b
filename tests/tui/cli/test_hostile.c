/*
 * Text with control sequences in everything that can be printed: each verb of the table with such names, notes,
 * columns, cells, artifacts, files and arguments; every option of every verb with such a value; every screen of
 * the workbench. The program runs on a pseudo-terminal, and its output is checked: no C0 except line feed and
 * tab, no DEL, no C1, nothing that core/base/shown.h hides, no invalid UTF-8. --json is valid, and parses to the
 * same text. A new verb without a case here fails the test.
 */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tests/support/check_main.h"
#include "tui/cli/verbs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Escapes, OSC (title, clipboard), C1 in UTF-8, bidi, a zero-width space, a tag, a combining mark without a base. */
#define U \
	"\xcc\x81" \
	"u\033]0;t\007\033[31m\033c\r\302\233" \
	"2J\342\200\256x\342\201\247\342\200\213\363\240\201\201\177" \
	"e"
/* The same, followed by invalid UTF-8. */
#define B \
	U "\377\300\200\355\240\200\233" \
	  "31m"

#define WORDS_MAX 24

static char place[64];
static bool has_commands; /* the workspace has runs of commands */

static const char *program(void)
{
	const char *p = getenv("BINNACLE");
	return p ? p : "build/binnacle";
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- running ---------------------------------------------------------------------------------- */

typedef enum how { ON_TERMINAL, AS_TSV, AS_JSON } how;

typedef struct outcome {
	bn_buf out; /* on a terminal: both streams */
	bn_buf err;
	int status; /* as from waitpid; -1: killed at the time limit */
} outcome;

static void outcome_release(outcome *o)
{
	bn_buf_release(&o->out);
	bn_buf_release(&o->err);
}

static bool take(int *fd, bn_buf *to)
{
	char bytes[8192];
	ssize_t n = *fd >= 0 ? read(*fd, bytes, sizeof bytes) : 0;
	if (n > 0)
		bn_buf_add(to, bytes, (size_t)n);
	if (n <= 0 && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return n > 0;
}

static void become(char *const *argv)
{
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("NO_COLOR", "1", 1);
	execv(program(), argv);
	_exit(127);
}

static void collect(outcome *o, pid_t pid, int out, int err, int64_t limit_ms)
{
	int64_t end = now_ms() + limit_ms;
	while (out >= 0 || err >= 0) {
		struct pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
		int64_t left = end - now_ms();
		if (left <= 0)
			kill(pid, SIGKILL);
		poll(fds, 2, left > 0 ? (int)left : 1000);
		if (fds[0].revents)
			take(&out, &o->out);
		if (fds[1].revents)
			take(&err, &o->err);
	}
	waitpid(pid, &o->status, 0);
	if (now_ms() >= end)
		o->status = -1;
}

/* stdout and stderr are the terminal, which does not translate line ends. stdin is at its end. */
static void run_on_terminal(outcome *o, char *const *argv, int64_t limit_ms)
{
	struct winsize w = {.ws_row = 50, .ws_col = 200};
	struct termios plain;
	int fd;
	cfmakeraw(&plain);
	memset(&plain, 0, sizeof plain);
	plain.c_cflag = CS8 | CREAD;
	pid_t pid = forkpty(&fd, NULL, &plain, &w);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int none = open("/dev/null", O_RDONLY);
		dup2(none, 0);
		become(argv);
	}
	collect(o, pid, fd, -1, limit_ms);
}

static void run_into_pipes(outcome *o, char *const *argv, int64_t limit_ms)
{
	int out[2], err[2];
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int none = open("/dev/null", O_RDONLY);
		dup2(none, 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		become(argv);
	}
	close(out[1]);
	close(err[1]);
	collect(o, pid, out[0], err[0], limit_ms);
}

/* Splits a line into words; {u} and {b} stand for the texts above, {h} for the directory, '_' within a word for a
 * space. */
static size_t split_line(char **argv, const char *line)
{
	static const struct {
		const char *token, *text;
	} texts[] = {{"{u}", U}, {"{b}", B}, {"{h}", place}};
	size_t n = 0;
	while (*line && n + 2 < WORDS_MAX) {
		size_t len = strcspn(line, " ");
		bn_buf word = BN_BUF_INIT;
		for (size_t i = 0; i < len;) {
			size_t t = 0;
			while (t < 3 && strncmp(line + i, texts[t].token, 3) != 0)
				t++;
			if (t < 3)
				bn_buf_adds(&word, texts[t].text);
			else
				bn_buf_addch(&word, line[i] == '_' ? ' ' : line[i]);
			i += t < 3 ? 3 : 1;
		}
		argv[n++] = word.ptr ? word.ptr : bn_strdup("");
		line += len + (line[len] == ' ');
	}
	argv[n] = NULL;
	return n;
}

static outcome run_words(const char *const *words, size_t n, how form, int64_t limit_ms)
{
	char *argv[WORDS_MAX + 4];
	outcome o = {BN_BUF_INIT, BN_BUF_INIT, 0};
	size_t k = 0;
	argv[k++] = (char *)(uintptr_t)program();
	if (form == AS_JSON)
		argv[k++] = (char *)(uintptr_t) "--json";
	if (form == AS_TSV)
		argv[k++] = (char *)(uintptr_t) "--tsv";
	for (size_t i = 0; i < n; i++)
		argv[k++] = (char *)(uintptr_t)words[i];
	argv[k] = NULL;
	if (form == ON_TERMINAL)
		run_on_terminal(&o, argv, limit_ms);
	else
		run_into_pipes(&o, argv, limit_ms);
	return o;
}

static outcome run_line(const char *line, how form)
{
	char *argv[WORDS_MAX];
	size_t n = split_line(argv, line);
	outcome o = run_words((const char *const *)argv, n, form, 20000);
	for (size_t i = 0; i < n; i++)
		bn_free(argv[i]);
	return o;
}

/* ---- checking the output ------------------------------------------------------------------------ */

/* All failures are reported, not only the first. */
static int wrong;
#define expect(condition, ...) \
	do { \
		if (!(condition)) { \
			wrong++; \
			printf("NOTE: "); \
			printf(__VA_ARGS__); \
			printf("\n"); \
		} \
	} while (0)

static const char *quoted(const bn_buf *b)
{
	static char text[600];
	size_t k = 0;
	for (size_t i = 0; i < b->len && k + 8 < sizeof text; i++) {
		unsigned char c = (unsigned char)b->ptr[i];
		k += (size_t)snprintf(text + k, sizeof text - k,
			c == '\n' || (c >= 0x20 && c < 0x7f) ? "%c" : "\\x%02x", c);
	}
	text[k] = '\0';
	return text;
}

/* Combining marks may follow a base character. */
static void check_shown(const char *line, how form, const bn_buf *b)
{
	size_t used;
	for (size_t i = 0; i < b->len; i += used) {
		uint32_t cp;
		used = bn_utf8_decode(b->ptr + i, b->len - i, &cp);
		if (cp == '\n' || cp == '\t' || bn_utf8_is_shown(cp))
			continue;
		expect(false, "`%s` (form %d) shows U+%04X at %zu of %zu: %s", line, form,
			(unsigned)cp, i, b->len, quoted(b));
		return;
	}
}

/* Whether the document contains the text unchanged. */
static bool holds_text(const json_t *v, const char *text)
{
	const char *key;
	json_t *item;
	if (json_is_string(v))
		return strstr(json_string_value(v), text) != NULL;
	for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++)
		if (holds_text(json_array_get(v, i), text))
			return true;
	if (json_is_object(v))
		json_object_foreach((json_t *)(uintptr_t)v, key, item)
		{
			if (strstr(key, text) != NULL || holds_text(item, text))
				return true;
		}
	return false;
}

static void check_json(const char *line, const outcome *o, bool whole)
{
	json_error_t e;
	expect(!whole || !has_commands || o->status == 0, "`%s` --json ends with %d: %s", line,
		o->status, quoted(&o->err));
	whole = whole && o->status == 0;
	if (o->out.len > 0) {
		json_t *doc = json_loadb(o->out.ptr, o->out.len, JSON_REJECT_DUPLICATES, &e);
		expect(doc != NULL, "`%s` --json: %s, at %d: %s", line, e.text, e.position,
			quoted(&o->out));
		if (whole)
			expect(holds_text(doc, U), "`%s` --json has lost the text: %s", line,
				quoted(&o->out));
		json_decref(doc);
	}
	const char *error = o->err.ptr ? strstr(o->err.ptr, "{\"error\"") : NULL;
	if (o->status != 0 && o->status != -1) {
		expect(error != NULL, "`%s` --json ends with %d and no error: %s", line, o->status,
			quoted(&o->err));
		json_t *doc = json_loads(error, 0, &e);
		expect(doc != NULL, "`%s` --json: an error that is none: %s", line, error);
		json_decref(doc);
	}
}

static void check_end(const char *line, how form, const outcome *o)
{
	expect(o->status == -1 || !WIFSIGNALED(o->status), "`%s` (form %d): signal %d: %s", line,
		form, WTERMSIG(o->status), quoted(&o->err));
	int status = o->status == -1 ? 0 : WEXITSTATUS(o->status);
	expect(status <= 7 || status == 130, "`%s` (form %d): exit %d: %s", line, form, status,
		quoted(&o->err));
	const bn_buf *said = form == ON_TERMINAL ? &o->out : &o->err;
	expect(!said->ptr || !strstr(said->ptr, "out of memory"), "`%s` (form %d): %s", line, form,
		quoted(said));
}

/* ---- the workspace ---------------------------------------------------------------------------- */

static void act(const char *line)
{
	outcome o = run_line(line, ON_TERMINAL);
	check_shown(line, ON_TERMINAL, &o.out);
	ck_assert_msg(o.status == 0, "`%s`: %d: %s", line, o.status, quoted(&o.out));
	outcome_release(&o);
}

static void write_file(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void write_file(const char *name, const char *fmt, ...)
{
	va_list ap;
	FILE *f = fopen(name, "w");
	ck_assert_msg(f != NULL, "%s: %s", name, strerror(errno));
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

static void write_rows(void)
{
	FILE *f = fopen("jobs" U ".csv", "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "\"a" U "\",\"t" U "\",y\n");
	for (int i = 0; i < 60; i++)
		fprintf(f, "%d,\"v%d" U "\",%d.5\n", i, i % 3, 2 * i);
	fclose(f);
	write_file("broken" B ".csv", "x\n1\n");
	write_file("more.csv", "\"a" U "\",\"t" U "\"\n1,\"new" U "\"\n");
	write_file("suite.json",
		"{\"name\": \"s\\u202e\\u001b[31m\", \"expectations\": [{\"type\": "
		"\"expect_column_values_to_match_regex\", \"kwargs\": {\"column\": \"y\\u009b\", "
		"\"regex\": "
		"\"\\u001b(\"}}]}");
	write_file("policy.json", "{\"\\u001b]0;x\\u0007\": 1}");
	write_file("job.sh",
		"mkdir -p \"$BINNACLE_RUN_DIR/artifacts\"\n"
		"printf 'x' >\"$BINNACLE_RUN_DIR/artifacts/%s\"\n"
		"printf 'log %s\\n\\377\\233\\n'\n"
		"printf '{\"rmse\": 1, \"m\": {\"k\": 2}}' >\"$BINNACLE_RUN_DIR/metrics.json\"\n",
		"f" U, U);
}

static void world_make(const char *name)
{
	snprintf(place, sizeof place, "/tmp/binnacle-hostile-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
	setenv("XDG_STATE_HOME", place, 1);
	setenv("XDG_CONFIG_HOME", place, 1);
	unsetenv("BINNACLE_HOME");
	char ws[160];
	snprintf(ws, sizeof ws, "%s/%s", place, name);
	const char *p = getenv("BINNACLE");
	char *absolute = realpath(p ? p : "build/binnacle", NULL);
	ck_assert_ptr_nonnull(absolute);
	setenv("BINNACLE", absolute, 1);
	free(absolute);
	ck_assert_int_eq(mkdir(ws, 0755), 0);
	ck_assert_int_eq(chdir(ws), 0);
	write_rows();
	act("init");
	act("data add jobs jobs{u}.csv");
	act("data tag jobs key={u}");
	/* A spec can only contain a directory whose name is UTF-8. */
	has_commands = bn_utf8_is_valid(name, strlen(name));
	if (has_commands) {
		act("run start --wait --name run{u} --note {u} --tag k={u} -e e{u} -- sh job.sh");
		act("run start --queue --name later{u} -- true");
	} else {
		outcome o = run_line("run start -- true", ON_TERMINAL);
		ck_assert_msg(o.out.ptr && strstr(o.out.ptr, "not UTF-8"), "%s", quoted(&o.out));
		outcome_release(&o);
	}
	act("run start --wait --trainer ridge --data jobs --target y --name fit{u} --note {u} "
	    "--tag "
	    "k={u}");
}

static void world_remove(void)
{
	char line[256];
	snprintf(line, sizeof line, "chmod -R u+w %s; rm -rf %s", place, place);
	ck_assert_int_eq(chdir("/"), 0);
	for (int i = 0; i < 200 && system(line) != 0; i++)
		nanosleep(&(struct timespec){0, 50000000}, NULL);
}

/* ---- each verb on its usual path ------------------------------------------------------------------ */

#include "tests/tui/cli/_hostile_cases.h"

static void try_case(const verb_case *c)
{
	for (int form = ON_TERMINAL; form <= (c->kind == ONCE ? ON_TERMINAL : AS_JSON); form++) {
		outcome o = run_line(c->line, (how)form);
		check_end(c->line, (how)form, &o);
		if (form != AS_TSV || c->kind != DATA)
			check_shown(c->line, (how)form, &o.out);
		check_shown(c->line, (how)form, &o.err);
		if (form == AS_JSON)
			check_json(c->line, &o, c->kind == WHOLE);
		outcome_release(&o);
	}
}

static int has_case(const bn_verb *v, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < CASES; i++)
		if (!strcmp(cases[i].noun, v->noun) &&
			!strcmp(cases[i].verb, v->verb ? v->verb : ""))
			return 0;
	ck_abort_msg("'%s %s' is new: it has no line in _hostile_cases.h", v->noun,
		v->verb ? v->verb : "");
	return 1;
}

START_TEST(test_every_verb_has_a_case_here)
{
	bn_verbs_each(has_case, NULL);
}
END_TEST

/* The name of a directory may be invalid UTF-8; the output about it is valid. */
static const char *const directories[] = {"ws" U, "ws" B};

START_TEST(test_no_verb_lets_text_from_elsewhere_steer_the_terminal)
{
	if (access(program(), X_OK) != 0)
		BN_TEST_SKIP("hostile text: %s is not built", program());
	for (size_t d = 0; d < 2; d++) {
		world_make(directories[d]);
		for (size_t i = 0; i < CASES; i++)
			try_case(&cases[i]);
		world_remove();
	}
	printf("NOTE: %zu command lines\n", 2 * (size_t)CASES);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

/* ---- each option and each word of each verb ------------------------------------------------------- */

typedef struct sweep {
	const char *text;
	size_t lines;
} sweep;

static void try_words(sweep *s, const char *const *words, size_t n, how form)
{
	char line[400] = "";
	for (size_t i = 0; i < n; i++)
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s%.60s", i ? " " : "",
			words[i]);
	outcome o = run_words(words, n, form, 3000);
	check_end(line, form, &o);
	check_shown(line, form, &o.out);
	check_shown(line, form, &o.err);
	if (form == AS_JSON)
		check_json(line, &o, false);
	outcome_release(&o);
	s->lines++;
}

static size_t verb_words(const bn_verb *v, const char **words)
{
	words[0] = v->noun;
	words[1] = v->verb;
	return v->verb ? 2 : 1;
}

/* Verbs left out of the sweep. */
static bool stays(const bn_verb *v)
{
	return !strcmp(v->noun, "workbench") || !strcmp(v->noun, "demo");
}

static int sweep_verb(const bn_verb *v, void *ctx)
{
	sweep *s = ctx;
	const char *words[WORDS_MAX];
	char option[80];
	size_t n = verb_words(v, words);
	if (stays(v))
		return 0;
	words[n] = "--no-such" U;
	try_words(s, words, n + 1, ON_TERMINAL);
	for (int i = 0; i < v->min_args + (v->max_args != v->min_args) && n + 2 < WORDS_MAX; i++)
		words[n++] = s->text;
	try_words(s, words, n, ON_TERMINAL);
	try_words(s, words, n, AS_JSON);
	words[n] = s->text; /* an extra argument, or a list */
	try_words(s, words, n + 1, ON_TERMINAL);
	for (const bn_opt *o = v->options; o && o->help; o++) {
		if (!o->arg || !o->name[0])
			continue;
		snprintf(option, sizeof option, "--%s", o->name);
		words[n] = option;
		words[n + 1] = s->text;
		try_words(s, words, n + 2, ON_TERMINAL);
		try_words(s, words, n + 2, AS_JSON);
	}
	return 0;
}

START_TEST(test_no_word_or_option_steers_the_terminal_from_an_error)
{
	sweep s = {.text = "no" B};
	if (access(program(), X_OK) != 0)
		BN_TEST_SKIP("hostile text: %s is not built", program());
	world_make("ws" U);
	bn_verbs_each(sweep_verb, &s);
	const char *const unknown[] = {"no" B, "such" B};
	try_words(&s, unknown, 2, ON_TERMINAL);
	try_words(&s, unknown, 2, AS_JSON);
	printf("NOTE: %zu command lines\n", s.lines);
	ck_assert_int_eq(wrong, 0);
	world_remove();
}
END_TEST

/* ---- the workbench -------------------------------------------------------------------------------- */

/* Length of the control sequence at s, if it is one that draws a screen: CSI, a character set, a keypad mode, cursor
 * up, save and restore. 0 for others: a title or clipboard (OSC), DCS, APC, RIS. */
static size_t sequence_length(const char *s, size_t n)
{
	size_t i = 2;
	if (n < 2 || s[0] != '\033')
		return 0;
	if (s[1] == '[') {
		while (i < n && ((unsigned char)s[i] < 0x40 || (unsigned char)s[i] > 0x7e))
			i++;
		return i < n ? i + 1 : 0;
	}
	if (s[1] == '(' || s[1] == ')')
		return n > 2 ? 3 : 0;
	return strchr("=>M78", s[1]) ? 2 : 0;
}

static void check_screen(const bn_buf *b)
{
	size_t used;
	for (size_t i = 0; i < b->len; i += used) {
		uint32_t cp;
		used = bn_utf8_decode(b->ptr + i, b->len - i, &cp);
		size_t sequence = sequence_length(b->ptr + i, b->len - i);
		if (sequence > 0)
			used = sequence;
		else if (!strchr("\n\r\b\t\016\017", b->ptr[i]) && !bn_utf8_is_shown(cp)) {
			bn_buf near = BN_BUF_INIT;
			size_t from = i > 60 ? i - 60 : 0;
			bn_buf_add(&near, b->ptr + from, b->len - from < 160 ? b->len - from : 160);
			expect(false, "the workbench sends U+%04X: %s", (unsigned)cp,
				quoted(&near));
			bn_buf_release(&near);
		}
	}
}

/* Sends the keys, with time for drawing after each; the output is added to o->out. */
static void type_keys(outcome *o, int fd, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t end = now_ms() + 700;
		struct pollfd p = {fd, POLLIN, 0};
		int mine = fd;
		while (now_ms() < end && poll(&p, 1, 150) > 0 && take(&mine, &o->out))
			;
		if (mine < 0 || write(fd, keys[i], strlen(keys[i])) < 0)
			return;
	}
}

START_TEST(test_no_cell_of_the_workbench_steers_the_terminal)
{
	static const char *const keys[] = {"\033[B", ":runs\r", "j", "\r", "\t", "\033[6~", "j",
		"\r", "\033", "\033", "k", " ", "j", " ", "x", "\033[6~", "\033", "I", "\033",
		":data\r", "\r", "\r", "F", "\r", "\033", "\033", "I", "\033[6~", "\033", "\033",
		":models\r", "\r", "\t", "\033[6~", "\033", ":jobs\r", "\r", "\033", ":checks\r",
		"\033", ":audit\r", "\r", "\033[6~", "\033[6~", "\033", ":people\r", "\r", "\033",
		":chain\r", "\r", "\033", ":endpoints\r", "\033", ":monitor\r", "\r", "\033",
		":late\r", "\033", ":log\r", "\033", "/no" U "\r", "\033\033", ":filter " B "\r",
		":no" B "\r", "\033[200~p" B "\033[201~", "?", "\033", "Q"};
	struct winsize sizes[] = {{.ws_row = 24, .ws_col = 80}, {.ws_row = 40, .ws_col = 140}};
	char *argv[] = {(char *)(uintptr_t)program(), NULL};
	if (access(program(), X_OK) != 0)
		BN_TEST_SKIP("hostile text: %s is not built", program());
	world_make("ws" U);
	argv[0] = (char *)(uintptr_t)program();
	for (size_t k = 0; k < 2; k++) {
		outcome o = {BN_BUF_INIT, BN_BUF_INIT, 0};
		int fd;
		pid_t pid = forkpty(&fd, NULL, NULL, &sizes[k]);
		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			become(argv);
		type_keys(&o, fd, keys, sizeof keys / sizeof *keys);
		collect(&o, pid, fd, -1, 10000);
		ck_assert_msg(o.out.len > 15000 && o.out.ptr && strstr(o.out.ptr, "fit"),
			"the workbench has shown %zu bytes", o.out.len);
		ck_assert_int_eq(o.status, 0);
		check_screen(&o.out);
		printf("NOTE: the workbench at %dx%d: %zu bytes\n", sizes[k].ws_col,
			sizes[k].ws_row, o.out.len);
		outcome_release(&o);
	}
	ck_assert_int_eq(wrong, 0);
	world_remove();
}
END_TEST

BN_TEST_MAIN("tui/cli/hostile", test_every_verb_has_a_case_here,
	test_no_verb_lets_text_from_elsewhere_steer_the_terminal,
	test_no_word_or_option_steers_the_terminal_from_an_error,
	test_no_cell_of_the_workbench_steers_the_terminal)
