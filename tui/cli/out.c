/*
 * out.c - shows results: the same JSON as a document, as tab-separated values, or as aligned text
 * (out_table.c); and messages.
 */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/shown.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/base/utf8.h"
#include "tui/cli/_cli.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* ---- values --------------------------------------------------------------------------------- */

/* "metrics.loss mean": of what a column comes to in a group, one. */
static const json_t *aggregate_at(const json_t *values, const char *key)
{
	const char *word = strrchr(key, ' ');
	return word ? json_object_get(json_object_getn(values, key, (size_t)(word - key)), word + 1)
		    : NULL;
}

const json_t *bn_cli_value_at(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	const char *dot = strchr(key, '.');
	const json_t *values = json_object_get(object, "values");
	if (!v && values && !(v = json_object_get(values, key)))
		v = aggregate_at(values, key);
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
		if (json_is_integer(v)) {
			bn_buf_addf(b, "%lld", (long long)json_integer_value(v));
			return;
		}
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
	case BN_AS_WORDS:
	case BN_AS_LONG:
	case BN_AS_INT:
		break;
	}
	bn_buf raw = BN_BUF_INIT;
	add_scalar(&raw, v);
	bn_shown_add(b, raw.ptr ? raw.ptr : "", raw.len, BN_SHOWN_LINE);
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
			bn_shown_add(&line, cell.ptr ? cell.ptr : "", cell.len, BN_SHOWN_TSV);
		}
		bn_buf_addch(&line, '\n');
	}
	bn_stream_text(&cli->out, line.ptr, line.len);
	bn_buf_release(&line);
	bn_buf_release(&cell);
}

int bn_cli_document(bn_cli *cli, json_t *document, bn_err *err)
{
	if (!document)
		return bn_err_nomem(err, "the result");
	bn_buf text = BN_BUF_INIT;
	int rc = bn_json_pretty(document, &text, err);
	if (!rc)
		bn_stream_json(&cli->out, text.ptr, text.len);
	bn_buf_release(&text);
	json_decref(document);
	return rc;
}

int bn_cli_list(bn_cli *cli, json_t *items, const bn_col *cols, const char *empty, bn_err *err)
{
	bn_list_columns chosen;
	if (!items)
		return bn_err_nomem(err, "the result");
	int rc = bn_cli_arrange(cli, &items, &cols, &chosen, err);
	if (rc < 0) {
		json_decref(items);
		return rc;
	}
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

static void show_field(bn_cli *cli, const bn_col *f, const json_t *value, size_t width)
{
	bn_buf title = BN_BUF_INIT, cell = BN_BUF_INIT;
	if (cli->tsv) {
		add_scalar(&cell, value);
		bn_buf_addf(&title, "%s\t", f->key);
		bn_shown_add(&title, cell.ptr ? cell.ptr : "", cell.len, BN_SHOWN_TSV);
		bn_stream_printf(&cli->out, "%s\n", title.ptr);
	} else {
		bn_cli_add_value(&cell, value, f->format, cli);
		bn_cli_add_padded(&title, f->title, width, false, false);
		bn_stream_role(&cli->out, "dim");
		bn_stream_put(&cli->out, title.ptr);
		bn_stream_role(&cli->out, "reset");
		bn_stream_printf(&cli->out, "  %s\n", cell.ptr ? cell.ptr : "");
	}
	bn_buf_release(&title);
	bn_buf_release(&cell);
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
	for (const bn_col *f = fields; f->key; f++)
		show_field(cli, f, bn_cli_value_at(object, f->key), width);
	json_decref(object);
	return 0;
}

/* ---- messages ------------------------------------------------------------------------------- */

/* It may contain untrusted names. */
static void print(bn_stream *to, const char *fmt, va_list ap)
{
	bn_buf text = BN_BUF_INIT;
	bn_buf_vaddf(&text, fmt, ap);
	bn_stream_text(to, text.ptr ? text.ptr : "", text.len);
	bn_buf_release(&text);
}

void bn_cli_print(bn_cli *cli, const char *fmt, ...)
{
	if (!bn_cli_is_text(cli))
		return;
	va_list ap;
	va_start(ap, fmt);
	print(&cli->out, fmt, ap);
	va_end(ap);
}

void bn_cli_print_in(bn_cli *cli, const char *role, const char *fmt, ...)
{
	if (!bn_cli_is_text(cli))
		return;
	va_list ap;
	va_start(ap, fmt);
	bn_stream_role(&cli->out, role);
	print(&cli->out, fmt, ap);
	if (role[0])
		bn_stream_role(&cli->out, "reset");
	va_end(ap);
}

void bn_cli_print_field(bn_cli *cli, const char *role, const char *text, int width)
{
	bn_buf line = BN_BUF_INIT;
	if (!bn_cli_is_text(cli))
		return;
	bn_shown_add(&line, text ? text : "-", strlen(text ? text : "-"), BN_SHOWN_LINE);
	const char *shown = line.ptr ? line.ptr : "";
	size_t used = bn_utf8_width(shown), field = (size_t)(width < 0 ? -width : width);
	int pad = field > used ? (int)(field - used) : 0;
	bn_cli_print_in(cli, role ? role : "", "%*s%s%*s", width < 0 ? pad : 0, "", shown,
		width > 0 ? pad : 0, "");
	bn_buf_release(&line);
}

void bn_cli_begin_text(bn_cli *cli)
{
	if (cli->json)
		bn_stream_hold(&cli->out);
}

int bn_cli_end_text(bn_cli *cli, bn_err *err)
{
	json_t *o = json_object();
	const bn_buf *held = &cli->out.held;
	int rc;
	if (!cli->out.is_held) {
		json_decref(o);
		return 0;
	}
	cli->out.is_held = false;
	if ((rc = bn_buf_check(held, err, "a text")) < 0 ||
		(rc = bn_json_set_bytes(o, "text", held->ptr ? held->ptr : "", held->len, err)) <
			0) {
		json_decref(o);
		return rc;
	}
	return bn_cli_document(cli, o, err);
}

void bn_cli_write_data(bn_cli *cli, const void *bytes, size_t n)
{
	bn_stream_data(&cli->out, bytes, n);
}

void bn_cli_write_raw(bn_cli *cli, const void *bytes, size_t n)
{
	bn_stream_raw(&cli->out, bytes, n);
}

void bn_cli_say(bn_cli *cli, const char *fmt, ...)
{
	if (cli->quiet)
		return;
	bn_cli_progress_end(cli);
	bn_stream_flush(&cli->out);
	va_list ap;
	va_start(ap, fmt);
	print(&cli->err, fmt, ap);
	bn_stream_put(&cli->err, "\n");
	va_end(ap);
}

void bn_cli_note(bn_cli *cli, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	size_t room = bn_stream_columns(&cli->err);
	bn_buf lines = BN_BUF_INIT;
	bn_cli_add_wrapped(&lines, text, room ? room : sizeof text, 0);
	bn_cli_say(cli, "%s", lines.len ? lines.ptr : "");
	bn_buf_release(&lines);
}

void bn_cli_warn(bn_cli *cli, const char *fmt, ...)
{
	bn_cli_progress_end(cli);
	bn_stream_flush(&cli->out);
	bn_stream_put(&cli->err, "warning: ");
	va_list ap;
	va_start(ap, fmt);
	print(&cli->err, fmt, ap);
	bn_stream_put(&cli->err, "\n");
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
		!cli->err.is_terminal)
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
	bn_stream_clear_line(&cli->err);
	bn_stream_put(&cli->err, line.ptr ? line.ptr : "");
	bn_stream_flush(&cli->err);
	bn_buf_release(&line);
}

void bn_cli_progress_end(bn_cli *cli)
{
	if (cli->progress.visible)
		bn_stream_clear_line(&cli->err);
	cli->progress.visible = false;
	cli->progress.started_ns = cli->progress.shown_ns = 0;
}

static bool watched(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "B");
	return !bn_cli_interrupted();
}

bn_progress bn_cli_watch(bn_cli *cli)
{
	return (bn_progress){watched, cli};
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
	if (!isatty(STDIN_FILENO) || !cli->err.is_terminal) {
		bn_err_set(err, BN_EREFUSED, "not confirmed: %s", question);
		bn_err_hint(err, "add --yes to confirm without a question");
		return BN_EREFUSED;
	}
	bn_stream_printf(&cli->err, "%s [y/N] ", question);
	bn_stream_flush(&cli->err);
	if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
		return bn_err_set(err, BN_EREFUSED, "not confirmed, nothing was changed");
	return 0;
}
