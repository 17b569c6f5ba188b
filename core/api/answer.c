/* answer.c - see _wire.h: writing an answer. */
#include "core/api/_wire.h"

#include "core/base/json_bytes.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Names are literals of this program: they need no escaping. */
static void begin(bn_wire *w, const char *name)
{
	if (w->more)
		bn_buf_addch(w->out, ',');
	w->more = true;
	if (!name)
		return;
	bn_buf_addch(w->out, '"');
	bn_buf_adds(w->out, name);
	bn_buf_add(w->out, "\":", 2);
}

void bn_wire_open(bn_wire *w, const char *name, char bracket)
{
	begin(w, name);
	bn_buf_addch(w->out, bracket);
	w->more = false;
}

void bn_wire_close(bn_wire *w, char bracket)
{
	bn_buf_addch(w->out, bracket);
	w->more = true;
}

void bn_wire_put_text_n(bn_wire *w, const char *name, const char *text, size_t n)
{
	begin(w, name);
	bn_buf_add_json_string(w->out, text, n);
}

void bn_wire_put_text(bn_wire *w, const char *name, const char *text)
{
	if (text)
		bn_wire_put_text_n(w, name, text, strlen(text));
}

void bn_wire_put_int(bn_wire *w, const char *name, int64_t value)
{
	char digits[BN_FMT];
	begin(w, name);
	bn_buf_adds(w->out, bn_fmt_i64(value, digits));
}

void bn_wire_put_ms(bn_wire *w, const char *name, int64_t ms)
{
	if (ms >= 0)
		bn_wire_put_int(w, name, ms);
}

void bn_wire_add_double(bn_buf *out, double value)
{
	char text[BN_FMT];
	if (isnan(value)) {
		bn_buf_adds(out, "\"NaN\"");
	} else if (isinf(value)) {
		bn_buf_adds(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
	} else {
		bn_buf_adds(out, bn_fmt_f64(value, text));
		if (!strpbrk(text, ".eE"))
			bn_buf_add(out, ".0", 2);
	}
}

void bn_wire_put_double(bn_wire *w, const char *name, double value)
{
	begin(w, name);
	bn_wire_add_double(w->out, value);
}

void bn_wire_put_bool(bn_wire *w, const char *name, bool value)
{
	begin(w, name);
	bn_buf_adds(w->out, value ? "true" : "false");
}

void bn_wire_put_pair(bn_wire *w, const char *key, const char *value)
{
	bn_wire_open(w, NULL, '{');
	bn_wire_put_text(w, "key", key);
	bn_wire_put_text(w, "value", value);
	bn_wire_close(w, '}');
}

void bn_wire_put_fault(bn_buf *out, bn_api_error code, const char *message, size_t n)
{
	bn_wire w = {out, false};
	bn_wire_open(&w, NULL, '{');
	bn_wire_put_text(&w, "error_code", bn_api_error_name(code));
	bn_wire_put_text_n(&w, "message", message, n);
	bn_wire_close(&w, '}');
}

void bn_wire_put_token(bn_wire *w, int64_t offset)
{
	char text[64];
	int n = snprintf(text, sizeof text, "{\"offset\": %lld}", (long long)offset);
	begin(w, "next_page_token");
	bn_buf_addch(w->out, '"');
	bn_base64_add(w->out, text, (size_t)n);
	bn_buf_addch(w->out, '"');
}
