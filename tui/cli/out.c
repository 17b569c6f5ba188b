/*
 * out.c - shows results: the same JSON as a document, as tab-separated values, or as aligned text
 * (out_table.c); and messages.
 */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/base/utf8.h"
#include "tui/cli/_cli.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

const char *bn_cli_color(const bn_cli *cli, const char *role)
{
	static const struct {
		const char *role, *code;
	} codes[] = {{"bold", "\033[1m"}, {"dim", "\033[2m"}, {"good", "\033[32m"},
		{"bad", "\033[31m"}, {"warn", "\033[33m"}, {"reset", "\033[0m"}};
	if (!cli->color)
		return "";
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (!strcmp(codes[i].role, role))
			return codes[i].code;
	return "";
}

/* ---- values --------------------------------------------------------------------------------- */

const json_t *bn_cli_value_at(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	const char *dot = strchr(key, '.');
	if (v || !dot)
		return v;
	char head[64];
	snprintf(head, sizeof head, "%.*s", (int)(dot - key), key);
	return bn_cli_value_at(json_object_get(object, head), dot + 1);
}

static void add_scalar(bn_buf *b, const json_t *v)
{
	bn_err ignored = BN_ERR_INIT;
	if (!v || json_is_null(v))
		return;
	if (json_is_string(v))
		bn_buf_adds(b, json_string_value(v));
	else
		bn_json_canonical(v, b, &ignored);
}

/* What would break lines, columns and terminals, or make a name read as another. */
static void add_clean(bn_buf *b, const char *s, size_t n, bool tsv)
{
	size_t k;
	for (size_t i = 0; i < n; i += k) {
		uint32_t c;
		k = bn_utf8_decode(s + i, n - i, &c);
		if (c == '\t' || c == '\n' || c == '\r')
			bn_buf_adds(b, tsv ? (c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r") : " ");
		else if (!bn_utf8_is_shown(c))
			bn_buf_addch(b, '?');
		else
			bn_buf_add(b, s + i, k);
	}
}

static void add_age(bn_buf *b, int64_t seconds)
{
	static const struct {
		int64_t below, unit;
		const char *name;
	} steps[] = {
		{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {INT64_MAX, 86400, "d"}};
	size_t i = 0;
	while (seconds >= steps[i].below && steps[i].below < INT64_MAX)
		i++;
	bn_buf_addf(b, "%lld %s", (long long)(seconds / steps[i].unit), steps[i].name);
}

void bn_cli_add_value(bn_buf *b, const json_t *v, bn_format format, const bn_cli *cli)
{
	char text[BN_FMT > BN_TIMESTAMP_TEXT ? BN_FMT : BN_TIMESTAMP_TEXT];
	if (!v || json_is_null(v)) {
		bn_buf_addch(b, '-');
		return;
	}
	bool number = json_is_number(v);
	double x = number ? json_number_value(v) : NAN;
	switch (format) {
	case BN_AS_COUNT:
		if (json_is_integer(v) && x >= 0) {
			bn_buf_adds(b, bn_fmt_count((uint64_t)json_integer_value(v), text));
			return;
		}
		break;
	case BN_AS_NUM:
		if (number) {
			bn_buf_adds(b, bn_fmt_sig(x, 6, text));
			return;
		}
		break;
	case BN_AS_PERCENT:
		if (number) {
			bn_buf_addf(b, "%.1f %%", 100 * x);
			return;
		}
		break;
	case BN_AS_BYTES:
		if (number && x >= 0) {
			bn_buf_adds(b, bn_fmt_bytes((uint64_t)x, text));
			return;
		}
		break;
	case BN_AS_DURATION:
		if (number) {
			bn_buf_adds(b, bn_fmt_duration((int64_t)x, text));
			return;
		}
		break;
	case BN_AS_TIME_MS:
		if (json_is_integer(v)) {
			bn_buf_adds(b, bn_timestamp_short(
					       json_integer_value(v) * 1000000, cli->utc, text));
			return;
		}
		break;
	case BN_AS_AGE:
		if (json_is_integer(v)) {
			int64_t age = bn_env_now_ms(cli->env) - json_integer_value(v);
			add_age(b, age > 0 ? age / 1000 : 0);
			return;
		}
		break;
	case BN_AS_BOOL:
		if (json_is_boolean(v)) {
			bn_buf_adds(b, json_is_true(v) ? "yes" : "no");
			return;
		}
		break;
	case BN_AS_ID:
		if (json_is_string(v)) {
			bn_buf_addf(b, "%.8s", json_string_value(v));
			return;
		}
		break;
	case BN_AS_TEXT:
	case BN_AS_WHOLE:
	case BN_AS_GROUP:
	case BN_AS_LONG:
	case BN_AS_INT:
		break;
	}
	bn_buf raw = BN_BUF_INIT;
	add_scalar(&raw, v);
	add_clean(b, raw.ptr, raw.len, false);
	bn_buf_release(&raw);
}

/* ---- lists ---------------------------------------------------------------------------------- */

static void list_tsv(bn_cli *cli, const json_t *items, const bn_col *cols)
{
	bn_buf line = BN_BUF_INIT, cell = BN_BUF_INIT;
	for (const bn_col *c = cols; c->key; c++)
		bn_buf_addf(&line, "%s%s", c == cols ? "" : "\t", c->key);
	bn_buf_addch(&line, '\n');
	for (size_t i = 0; i < json_array_size(items); i++) {
		for (const bn_col *c = cols; c->key; c++) {
			bn_buf_clear(&cell);
			add_scalar(&cell, bn_cli_value_at(json_array_get(items, i), c->key));
			if (c != cols)
				bn_buf_addch(&line, '\t');
			add_clean(&line, cell.ptr, cell.len, true);
		}
		bn_buf_addch(&line, '\n');
	}
	bn_cli_write(cli, line.ptr, line.len);
	bn_buf_release(&line);
	bn_buf_release(&cell);
}

/* Inside its strings, what a terminal should not get is escaped; readers get the same text back. */
static void write_json(bn_cli *cli, const char *text, size_t n)
{
	bn_buf out = BN_BUF_INIT;
	size_t used;
	for (size_t i = 0; i < n; i += used) {
		uint32_t cp;
		used = bn_utf8_decode(text + i, n - i, &cp);
		if (cp == '\n' || cp == BN_UTF8_BAD || bn_utf8_is_shown(cp))
			bn_buf_add(&out, text + i, used);
		else
			bn_buf_addf(&out, "\\u%04x", (unsigned)cp);
	}
	bn_cli_write(cli, out.ptr, out.len);
	bn_buf_release(&out);
}

int bn_cli_document(bn_cli *cli, json_t *document, bn_err *err)
{
	if (!document)
		return bn_err_nomem(err, "the result");
	bn_buf text = BN_BUF_INIT;
	int rc = bn_json_pretty(document, &text, err);
	if (!rc)
		write_json(cli, text.ptr, text.len);
	bn_buf_release(&text);
	json_decref(document);
	return rc;
}

int bn_cli_list(bn_cli *cli, json_t *items, const bn_col *cols, const char *empty, bn_err *err)
{
	if (!items)
		return bn_err_nomem(err, "the result");
	if (cli->json) {
		json_t *doc = json_pack(
			"{s:I,s:o}", "count", (json_int_t)json_array_size(items), "items", items);
		return bn_cli_document(cli, doc, err);
	}
	if (cli->tsv)
		list_tsv(cli, items, cols);
	else if (json_array_size(items) == 0 && empty)
		bn_cli_say(cli, "%s", empty);
	else
		bn_cli_list_text(cli, items, cols);
	json_decref(items);
	return 0;
}

int bn_cli_object(bn_cli *cli, json_t *object, const bn_col *fields, bn_err *err)
{
	if (!object)
		return bn_err_nomem(err, "the result");
	if (cli->json)
		return bn_cli_document(cli, object, err);
	size_t width = 0;
	for (const bn_col *f = fields; f->key; f++)
		if (bn_utf8_width(f->title) > width)
			width = bn_utf8_width(f->title);
	bn_buf out = BN_BUF_INIT, cell = BN_BUF_INIT;
	for (const bn_col *f = fields; f->key; f++) {
		const json_t *v = bn_cli_value_at(object, f->key);
		bn_buf_clear(&cell);
		if (cli->tsv) {
			add_scalar(&cell, v);
			bn_buf_addf(&out, "%s\t", f->key);
			add_clean(&out, cell.ptr, cell.len, true);
		} else {
			bn_cli_add_value(&cell, v, f->format, cli);
			bn_buf_adds(&out, bn_cli_color(cli, "dim"));
			bn_cli_add_padded(&out, f->title, width, false, false);
			bn_buf_adds(&out, bn_cli_color(cli, "reset"));
			bn_buf_addf(&out, "  %s", cell.ptr);
		}
		bn_buf_addch(&out, '\n');
	}
	bn_cli_write(cli, out.ptr, out.len);
	bn_buf_release(&out);
	bn_buf_release(&cell);
	json_decref(object);
	return 0;
}

/* ---- messages ------------------------------------------------------------------------------- */

void bn_cli_write(bn_cli *cli, const void *bytes, size_t n)
{
	fwrite(bytes, 1, n, cli->out);
}

/* Text in which its own line ends stay. */
static void add_lines(bn_buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		const char *end = memchr(text + i, '\n', n - i);
		size_t len = end ? (size_t)(end - text) - i : n - i;
		add_clean(b, text + i, len, false);
		if (end)
			bn_buf_addch(b, '\n');
		i += len + (end != NULL);
	}
}

/* Names from the disk and from others may stand in it. */
static void print_clean(FILE *to, const char *fmt, va_list ap)
{
	bn_buf clean = BN_BUF_INIT;
	char text[1024], *longer = NULL;
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	if (n >= (int)sizeof text && (longer = bn_alloc((size_t)n + 1)))
		vsnprintf(longer, (size_t)n + 1, fmt, again);
	va_end(again);
	add_lines(&clean, longer ? longer : text, strlen(longer ? longer : text));
	fputs(clean.len ? clean.ptr : "", to);
	bn_buf_release(&clean);
	bn_free(longer);
}

void bn_cli_print(bn_cli *cli, const char *fmt, ...)
{
	if (!bn_cli_is_text(cli))
		return;
	va_list ap;
	va_start(ap, fmt);
	print_clean(cli->out, fmt, ap);
	va_end(ap);
}

void bn_cli_print_in(bn_cli *cli, const char *role, const char *fmt, ...)
{
	if (!bn_cli_is_text(cli))
		return;
	va_list ap;
	va_start(ap, fmt);
	fputs(bn_cli_color(cli, role), cli->out);
	print_clean(cli->out, fmt, ap);
	fputs(bn_cli_color(cli, "reset"), cli->out);
	va_end(ap);
}

/* Bytes of the colour (ESC [ ... m) that s begins with; 0 for none. Programs write them into logs. */
static size_t color_length(const char *s, size_t n)
{
	size_t i = 2;
	if (n < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';'))
		i++;
	return i < n && s[i] == 'm' ? i + 1 : 0;
}

void bn_cli_write_text(bn_cli *cli, const char *text, size_t n)
{
	if (!isatty(fileno(cli->out))) {
		bn_cli_write(cli, text, n);
		return;
	}
	bn_buf clean = BN_BUF_INIT;
	size_t used;
	for (size_t i = 0; i < n; i += used) {
		used = color_length(text + i, n - i);
		if (used)
			continue;
		uint32_t cp;
		used = bn_utf8_decode(text + i, n - i, &cp);
		if (cp == '\r')
			bn_buf_adds(&clean, i + 1 < n && text[i + 1] == '\n' ? "" : "\n");
		else if (cp == '\n' || cp == '\t' || bn_utf8_is_shown(cp))
			bn_buf_add(&clean, text + i, used);
		else
			bn_buf_addch(&clean, '?');
	}
	bn_cli_write(cli, clean.ptr ? clean.ptr : "", clean.len);
	bn_buf_release(&clean);
}

void bn_cli_say(bn_cli *cli, const char *fmt, ...)
{
	if (cli->quiet)
		return;
	bn_cli_progress_end(cli);
	fflush(cli->out);
	va_list ap;
	va_start(ap, fmt);
	print_clean(cli->err, fmt, ap);
	fputc('\n', cli->err);
	va_end(ap);
}

void bn_cli_note(bn_cli *cli, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	size_t room = bn_cli_terminal_width(cli->err);
	bn_buf lines = BN_BUF_INIT;
	bn_cli_add_wrapped(&lines, text, room ? room : sizeof text, 0);
	bn_cli_say(cli, "%s", lines.len ? lines.ptr : "");
	bn_buf_release(&lines);
}

void bn_cli_warn(bn_cli *cli, const char *fmt, ...)
{
	bn_cli_progress_end(cli);
	fflush(cli->out);
	fputs("warning: ", cli->err);
	va_list ap;
	va_start(ap, fmt);
	print_clean(cli->err, fmt, ap);
	fputc('\n', cli->err);
	va_end(ap);
}

static void add_quantity(bn_buf *b, uint64_t n, const char *unit)
{
	char text[BN_FMT];
	if (!strcmp(unit, "B"))
		bn_buf_adds(b, bn_fmt_bytes(n, text));
	else
		bn_buf_addf(b, "%s %s", bn_fmt_count(n, text), unit);
}

void bn_cli_progress(bn_cli *cli, const char *what, uint64_t done, uint64_t total, const char *unit)
{
	const int64_t second = 1000000000;
	int64_t now = bn_env_monotonic_ns(cli->env);
	if (!cli->progress.started_ns)
		cli->progress.started_ns = now;
	int64_t spent = now - cli->progress.started_ns;
	if (cli->quiet || spent < second || now - cli->progress.shown_ns < second / 5 ||
		!isatty(STDERR_FILENO))
		return;
	cli->progress.shown_ns = now;
	cli->progress.visible = true;
	char text[BN_FMT];
	bn_buf line = BN_BUF_INIT;
	double rate = (double)done / ((double)spent / 1e9);
	bn_buf_addf(&line, "%s: ", what);
	add_quantity(&line, done, unit);
	if (total) {
		bn_buf_adds(&line, " of ");
		add_quantity(&line, total, unit);
		bn_buf_addf(&line, " (%.0f %%)", 100.0 * (double)done / (double)total);
	}
	bn_buf_adds(&line, ", ");
	add_quantity(&line, (uint64_t)rate, unit);
	bn_buf_adds(&line, "/s");
	if (total > done && rate > 0)
		bn_buf_addf(&line, ", %s left",
			bn_fmt_duration((int64_t)((double)(total - done) / rate * 1e9), text));
	fprintf(cli->err, "\r\033[K%s", line.ptr);
	fflush(cli->err);
	bn_buf_release(&line);
}

void bn_cli_progress_end(bn_cli *cli)
{
	if (cli->progress.visible)
		fputs("\r\033[K", cli->err);
	cli->progress.visible = false;
	cli->progress.started_ns = cli->progress.shown_ns = 0;
}

int bn_cli_confirm(bn_cli *cli, bn_err *err, const char *fmt, ...)
{
	char question[512], answer[16];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(question, sizeof question, fmt, ap);
	va_end(ap);
	if (cli->yes)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		bn_err_set(err, BN_EREFUSED, "not confirmed: %s", question);
		bn_err_hint(err, "add --yes to do it without being asked");
		return BN_EREFUSED;
	}
	bn_buf line = BN_BUF_INIT;
	add_clean(&line, question, strlen(question), false);
	fprintf(cli->err, "%s [y/N] ", line.len ? line.ptr : "");
	bn_buf_release(&line);
	fflush(cli->err);
	if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
		return bn_err_set(err, BN_EREFUSED, "not confirmed, nothing was changed");
	return 0;
}
