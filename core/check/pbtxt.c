/* pbtxt.c - see pbtxt.h: a recursive reader. */
#include "core/check/pbtxt.h"

#include <stdlib.h>
#include <string.h>

typedef struct reader {
	const char *s, *end, *line_start;
	unsigned line;
	size_t fields;
	int depth;
	bn_arena *arena;
	const char *source;
	bn_err *err;
} reader;

static unsigned column_of(const reader *r)
{
	return (unsigned)(r->s - r->line_start) + 1;
}

static int bad(reader *r, const char *what)
{
	return bn_err_set(r->err, BN_EINVAL, "%s:%u:%u: %s", r->source, r->line, column_of(r), what);
}

/* Blanks and comments. */
static void skip(reader *r)
{
	for (; r->s < r->end; r->s++) {
		if (*r->s == '#')
			while (r->s < r->end && *r->s != '\n')
				r->s++;
		if (r->s == r->end || !strchr(" \t\r\n\f\v", *r->s))
			return;
		if (*r->s == '\n') {
			r->line++;
			r->line_start = r->s + 1;
		}
	}
}

static bool take(reader *r, char c)
{
	skip(r);
	if (r->s == r->end || *r->s != c)
		return false;
	r->s++;
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static char *copy(reader *r, const char *text, size_t n)
{
	char *s = bn_arena_alloc(r->arena, n + 1);
	if (!s)
		return NULL;
	memcpy(s, text, n);
	s[n] = '\0';
	return s;
}

/* ---- values --------------------------------------------------------------------------------- */

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After the backslash. */
static int escape_read(reader *r, bn_buf *out)
{
	static const char letters[] = "nrtabfv\\'\"?", means[] = "\n\r\t\a\b\f\v\\'\"?";
	if (r->s == r->end)
		return bad(r, "a string that nothing closes");
	const char *at = *r->s ? strchr(letters, *r->s) : NULL;
	int value = 0, digits = 0;
	if (at) {
		bn_buf_addch(out, means[at - letters]);
		r->s++;
		return 0;
	}
	if (*r->s == 'x' || *r->s == 'X') {
		for (r->s++; digits < 2 && r->s < r->end && hex_of(*r->s) >= 0; digits++)
			value = 16 * value + hex_of(*r->s++);
	} else {
		for (; digits < 3 && r->s < r->end && *r->s >= '0' && *r->s <= '7'; digits++)
			value = 8 * value + (*r->s++ - '0');
	}
	if (!digits || value > 255)
		return bad(r, "an unknown escape in a string");
	bn_buf_addch(out, (char)value);
	return 0;
}

static int quoted_read(reader *r, bn_buf *out)
{
	char quote = *r->s++;
	int rc;
	while (r->s < r->end && *r->s != quote) {
		if (*r->s == '\n')
			return bad(r, "a string that nothing closes on its line");
		if (*r->s != '\\') {
			bn_buf_addch(out, *r->s++);
			continue;
		}
		r->s++;
		if ((rc = escape_read(r, out)) < 0)
			return rc;
	}
	if (r->s == r->end)
		return bad(r, "a string that nothing closes");
	r->s++;
	return 0;
}

static int string_read(reader *r, bn_pb_field *f)
{
	bn_buf text = BN_BUF_INIT;
	int rc;
	do {
		if ((rc = quoted_read(r, &text)) < 0)
			goto out;
		skip(r);
	} while (r->s < r->end && (*r->s == '"' || *r->s == '\''));
	if (text.len && memchr(text.ptr, '\0', text.len)) {
		rc = bad(r, "a string with a NUL byte");
		goto out;
	}
	f->is_string = true;
	f->text = copy(r, text.ptr, text.len);
	rc = f->text && !text.failed ? 0 : bn_err_nomem(r->err, "a schema");
out:
	bn_buf_release(&text);
	return rc;
}

static int message_read(bn_pb_message **out, reader *r, char close);

static int value_read(reader *r, bn_pb_field *f)
{
	skip(r);
	f->line = r->line;
	f->column = column_of(r);
	if (r->s == r->end)
		return bad(r, "a value is missing");
	if (*r->s == '{' || *r->s == '<')
		return message_read(&f->message, r, *r->s++ == '{' ? '}' : '>');
	if (*r->s == '"' || *r->s == '\'')
		return string_read(r, f);
	const char *from = r->s;
	while (r->s < r->end && (is_word(*r->s) || strchr("+-.", *r->s)))
		r->s++;
	if (r->s == from)
		return bad(r, "a value is missing");
	f->text = copy(r, from, (size_t)(r->s - from));
	return f->text ? 0 : bn_err_nomem(r->err, "a schema");
}

/* ---- messages ------------------------------------------------------------------------------- */

static int field_add(reader *r, bn_pb_message *m, const char *name)
{
	if (++r->fields > BN_PBTXT_FIELDS)
		return bad(r, "more than 1000000 fields");
	if (m->count == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 8;
		bn_pb_field *fields = bn_arena_alloc(r->arena, cap * sizeof *fields);
		if (!fields)
			return bn_err_nomem(r->err, "a schema");
		if (m->count)
			memcpy(fields, m->fields, m->count * sizeof *fields);
		m->fields = fields;
		m->cap = cap;
	}
	bn_pb_field *f = &m->fields[m->count];
	*f = (bn_pb_field){.name = name};
	int rc = value_read(r, f);
	m->count += rc == 0;
	return rc;
}

/* name, then a value, a message or a list of them. */
static int field_read(reader *r, bn_pb_message *m)
{
	const char *from = r->s;
	int rc;
	while (r->s < r->end && is_word(*r->s))
		r->s++;
	if (r->s == from)
		return bad(r, *from == '[' ? "extensions are not read" : "the name of a field is expected");
	char *name = copy(r, from, (size_t)(r->s - from));
	if (!name)
		return bn_err_nomem(r->err, "a schema");
	bool colon = take(r, ':');
	skip(r);
	if (!colon && (r->s == r->end || (*r->s != '{' && *r->s != '<')))
		return bad(r, "':' or '{' is expected after the name of a field");
	if (!take(r, '['))
		return field_add(r, m, name);
	if (take(r, ']'))
		return 0;
	do {
		if ((rc = field_add(r, m, name)) < 0)
			return rc;
	} while (take(r, ','));
	return take(r, ']') ? 0 : bad(r, "',' or ']' is expected in a list");
}

/* close '\0': the whole text. */
static int message_read(bn_pb_message **out, reader *r, char close)
{
	bn_pb_message *m = bn_arena_alloc(r->arena, sizeof *m);
	int rc;
	if (!m)
		return bn_err_nomem(r->err, "a schema");
	*m = (bn_pb_message){.line = r->line, .column = column_of(r)};
	if (++r->depth > BN_PBTXT_DEPTH)
		return bad(r, "messages are nested too deep");
	for (;;) {
		if (close && take(r, close))
			break;
		skip(r);
		if (r->s == r->end) {
			if (close)
				return bad(r, "a message that nothing closes");
			break;
		}
		if ((rc = field_read(r, m)) < 0)
			return rc;
		if (!take(r, ','))
			take(r, ';');
	}
	r->depth--;
	*out = m;
	return 0;
}

int bn_pbtxt_parse(bn_pb_message **out, bn_arena *arena, const char *text, size_t n,
	const char *source, bn_err *err)
{
	reader r = {.s = text, .end = text + n, .line_start = text, .line = 1, .arena = arena,
		.source = source, .err = err};
	return message_read(out, &r, '\0');
}

void bn_pbtxt_add_string(bn_buf *out, const char *text, size_t n)
{
	bn_buf_addch(out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			bn_buf_addf(out, "\\%c", c);
		else if (c == '\n')
			bn_buf_adds(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			bn_buf_addf(out, "\\%03o", c);
		else
			bn_buf_addch(out, (char)c);
	}
	bn_buf_addch(out, '"');
}
