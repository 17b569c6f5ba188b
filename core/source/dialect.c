/* dialect.c - see dialect.h. */
#include "core/source/dialect.h"

#include "core/base/buf.h"

#include <inttypes.h>
#include <string.h>

static const char *const date_orders[] = {"iso", "dmy", "mdy", "ymd"};

const char *bn_date_order_name(bn_date_order order)
{
	return date_orders[order];
}

int bn_date_order_parse(bn_date_order *out, const char *name, bn_err *err)
{
	for (size_t i = 0; i < sizeof date_orders / sizeof *date_orders; i++)
		if (!strcmp(date_orders[i], name)) {
			*out = (bn_date_order)i;
			return 0;
		}
	bn_err_set(err, BN_EINVAL, "'%s' is not an order of day, month and year", name);
	bn_err_hint(err,
		"dmy (31/12/2024), mdy (12/31/2024), ymd (2024/12/31) or iso (only 2024-12-31)");
	return BN_EINVAL;
}

static const char *example_of(const char *what)
{
	if (!strcmp(what, "--delimiter"))
		return "';', '|' or tab";
	if (!strcmp(what, "--comment"))
		return "'#'";
	return !strcmp(what, "--escape") ? "'\\'" : "'\"'";
}

int bn_dialect_char_parse(char *out, const char *text, bool none, const char *what, bn_err *err)
{
	if (none && !strcmp(text, "none"))
		*out = BN_DIALECT_NONE;
	else if (!strcmp(text, "\\t") || !strcmp(text, "tab"))
		*out = '\t';
	else if (text[0] && !text[1] && (uint8_t)text[0] < 0x80 && !strchr("\r\n", text[0]))
		*out = text[0];
	else {
		bn_err_set(err, BN_EINVAL, "%s '%s' is not one ASCII character", what, text);
		if (!strcmp(what, "--comment") && text[0] && text[1])
			bn_err_hint(err, "grep -v '^%s' FILE | binnacle ... - leaves out lines that begin "
				"so", text);
		bn_err_hint(err, "for example %s%s", example_of(what), none ? ", or none" : "");
		return BN_EINVAL;
	}
	return 0;
}

/* ---- words ------------------------------------------------------------------------------------ */

static const char *shown_char(char c, char text[8])
{
	if (c == '\t')
		return "tabs";
	if (c == ' ')
		return "blanks";
	text[0] = text[2] = c == '\'' ? '"' : '\'';
	text[1] = c;
	text[3] = '\0';
	return text;
}

static void add_part(bn_buf *text, bn_buf *options, const char *option)
{
	if (text->len)
		bn_buf_adds(text, ", ");
	bn_buf_addf(options, "%s%s", options->len ? ", " : "", option);
}

static void copy_out(char *to, size_t n, bn_buf *from)
{
	size_t len = from->len < n - 1 ? from->len : n - 1;

	if (len)
		memcpy(to, from->ptr, len);
	to[len] = '\0';
	bn_buf_release(from);
}

void bn_dialect_describe(
	const bn_dialect *d, char *text, size_t text_bytes, char *options, size_t options_bytes)
{
	bn_buf t = BN_BUF_INIT, o = BN_BUF_INIT;
	char c[8];

	if (d->concluded & BN_DIALECT_ENCODING) {
		add_part(&t, &o, "--encoding");
		bn_buf_addf(&t, "text in %s", d->encoding);
	}
	if (d->concluded & BN_DIALECT_SKIP) {
		add_part(&t, &o, "--skip");
		bn_buf_addf(&t, "%" PRIu64 " line%s before the header skipped", d->skip,
			d->skip == 1 ? "" : "s");
	}
	if (d->concluded & BN_DIALECT_COMMENT) {
		add_part(&t, &o, "--comment");
		bn_buf_addf(&t, "lines that begin with %s skipped", shown_char(d->comment, c));
	}
	if (d->concluded & BN_DIALECT_DELIMITER) {
		add_part(&t, &o, "--delimiter");
		bn_buf_addf(&t, "fields separated by %s", shown_char(d->delimiter, c));
	}
	if (d->concluded & BN_DIALECT_TRIM) {
		add_part(&t, &o, "--trim");
		bn_buf_adds(&t, "blanks around fields left out");
	}
	if (d->concluded & BN_DIALECT_QUOTE) {
		add_part(&t, &o, "--quote");
		bn_buf_addf(&t, "quoted by %s", d->quote ? shown_char(d->quote, c) : "nothing");
	}
	if (d->concluded & BN_DIALECT_ESCAPE) {
		add_part(&t, &o, "--escape");
		bn_buf_addf(&t, "%s escapes", shown_char(d->escape, c));
	}
	if (d->concluded & BN_DIALECT_DECIMAL) {
		add_part(&t, &o, "--decimal");
		bn_buf_adds(&t, "decimal comma");
	}
	copy_out(text, text_bytes, &t);
	copy_out(options, options_bytes, &o);
}

static void set_char(json_t *o, const char *key, char c)
{
	json_object_set_new(o, key, c ? json_stringn(&c, 1) : json_null());
}

json_t *bn_dialect_json(const bn_dialect *d)
{
	static const struct {
		unsigned bit;
		const char *name;
	} parts[] = {{BN_DIALECT_ENCODING, "encoding"}, {BN_DIALECT_DELIMITER, "delimiter"},
		{BN_DIALECT_QUOTE, "quote"}, {BN_DIALECT_ESCAPE, "escape"},
		{BN_DIALECT_COMMENT, "comment"}, {BN_DIALECT_DECIMAL, "decimal"},
		{BN_DIALECT_SKIP, "skip"}, {BN_DIALECT_ROW_NAMES, "row_names"},
		{BN_DIALECT_TRIM, "trim"}};
	json_t *o = json_object(), *concluded = json_array();

	if (!o || !concluded) {
		json_decref(o);
		json_decref(concluded);
		return NULL;
	}
	json_object_set_new(o, "encoding", json_string(d->encoding));
	set_char(o, "delimiter", d->delimiter);
	set_char(o, "quote", d->quote);
	set_char(o, "escape", d->escape);
	set_char(o, "comment", d->comment);
	set_char(o, "decimal", d->decimal);
	set_char(o, "thousands", d->thousands);
	json_object_set_new(o, "date_order", json_string(date_orders[d->date_order]));
	json_object_set_new(o, "header", json_boolean(!d->no_header));
	json_object_set_new(o, "trim", json_boolean(d->trim));
	json_object_set_new(o, "row_names", json_boolean(d->row_names));
	json_object_set_new(o, "skip", json_integer((json_int_t)d->skip));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (d->concluded & parts[i].bit)
			json_array_append_new(concluded, json_string(parts[i].name));
	json_object_set_new(o, "concluded", concluded);
	return o;
}

bool bn_dialect_is_plain(const bn_dialect *d)
{
	return (d->delimiter == ',' || d->delimiter == '\t') &&
	       !(d->concluded & BN_DIALECT_DELIMITER) && d->quote == '"' && !d->escape &&
	       !d->comment && d->decimal == '.' && !d->thousands && d->date_order == BN_DATE_ISO &&
	       !d->row_names && !d->skip && !d->trim && !strcmp(d->encoding, "UTF-8");
}
