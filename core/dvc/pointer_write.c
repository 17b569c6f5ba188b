/* pointer_write.c - writes .dvc files: see pointer.h. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/base/yaml.h"
#include "core/dvc/pointer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- scalars ---------------------------------------------------------------------------------- */

/* Whether some YAML reader takes the bare word for a number, a date or a time. */
static bool looks_like_number(const char *s)
{
	s += *s == '-' || *s == '+';
	if (bn_str_starts(s, "0x"))
		return s[2 + strspn(s + 2, "0123456789abcdefABCDEF_")] == '\0';
	if (bn_str_starts(s, "0o"))
		return s[2 + strspn(s + 2, "01234567_")] == '\0';
	return (isdigit((unsigned char)*s) || *s == '.') &&
	       s[strspn(s, "0123456789_.eE+-:tTzZ ")] == '\0';
}

/* Whether a text is one line of characters that are shown. */
static bool is_printable(const char *s)
{
	uint32_t c;
	for (size_t i = 0, n = strlen(s); i < n;) {
		i += bn_utf8_decode(s + i, n - i, &c);
		if (c < 0x20 || (c >= 0x7f && c < 0xa1) || c == 0x2028 || c == 0x2029 ||
			c == 0xfeff || c == BN_UTF8_BAD)
			return false;
	}
	return true;
}

/* Whether the text may stand bare in block style, and no reader takes it for something else than text. */
static bool is_plain(const char *s)
{
	static const char *const words[] = {"null", "true", "false", ".nan", ".inf", NULL};
	size_t n = strlen(s);
	if (!n || *s == ' ' || s[n - 1] == ' ' || s[n - 1] == ':' ||
		strchr("?:,[]{}#&*!|>'\"%@`=~", *s) || (*s == '-' && (n == 1 || s[1] == ' ')) ||
		bn_str_starts(s, "---") || bn_str_starts(s, "..."))
		return false;
	for (const char *const *word = words; *word; word++)
		if (!strcasecmp(s, *word))
			return false;
	return !looks_like_number(s) && !strstr(s, ": ") && !strstr(s, " #");
}

/* As DVC writes it: bare, in single quotes, or escaped. DVC also breaks lines over 80 columns. */
static int add_text(bn_buf *b, const char *s, bn_err *err)
{
	bn_buf line = BN_BUF_INIT;
	json_t *value = NULL;
	int rc = 0;
	bool plain = is_plain(s);
	if (is_printable(s) && (plain || !strchr(s, '\''))) {
		bn_buf_adds(b, plain ? "" : "'");
		bn_buf_adds(b, s);
		bn_buf_adds(b, plain ? "" : "'");
		return 0;
	}
	if (!(value = json_pack("{s:s}", "k", s))) {
		rc = bn_err_set(
			err, BN_EINVAL, "a name that is not UTF-8, which DVC's files cannot hold");
		goto out;
	}
	if ((rc = bn_yaml_write(&line, value, err)) < 0)
		goto out;
	bn_buf_add(b, line.ptr + 3, line.len - 4); /* without "k: " and the newline */
out:
	json_decref(value);
	bn_buf_release(&line);
	return rc;
}

static void add_md5(bn_buf *b, const bn_dvc_out *o)
{
	const char *quote = !o->is_dir && looks_like_number(o->md5) ? "'" : "";
	bn_buf_addf(b, "%s%s%s%s", quote, o->md5, o->is_dir ? ".dir" : "", quote);
}

/* ---- the fields -------------------------------------------------------------------------------- */

enum { FIELDS = 5 };
static const char *const field_names[FIELDS] = {"md5", "size", "nfiles", "isexec", "hash"};

/* The value of a field as written; false: the output does not have it. */
static bool field_text(bn_buf *b, const bn_dvc_out *o, size_t field)
{
	bn_buf_clear(b);
	switch (field) {
	case 0:
		add_md5(b, o);
		return true;
	case 1:
		bn_buf_addf(b, "%lld", (long long)o->size);
		return o->size >= 0;
	case 2:
		bn_buf_addf(b, "%lld", (long long)o->nfiles);
		return o->is_dir && o->nfiles >= 0;
	case 3:
		bn_buf_adds(b, "true");
		return o->is_exec && !o->is_dir;
	default:
		bn_buf_adds(b, "md5");
		return !o->is_legacy;
	}
}

int bn_dvc_pointer_write(bn_buf *text, const bn_dvc_out *out, const char *name, bn_err *err)
{
	bn_buf value = BN_BUF_INIT;
	int rc;
	bn_buf_adds(text, "outs:\n");
	for (size_t i = 0; i < FIELDS; i++)
		if (field_text(&value, out, i))
			bn_buf_addf(text, "%s%s: %s\n", i ? "  " : "- ", field_names[i], value.ptr);
	bn_buf_adds(text, "  path: ");
	if ((rc = add_text(text, name, err)) < 0)
		goto out;
	bn_buf_addch(text, '\n');
	rc = value.failed ? bn_err_nomem(err, "a .dvc file")
			  : bn_buf_check(text, err, "a .dvc file");
out:
	bn_buf_release(&value);
	return rc;
}

/* ---- rewriting --------------------------------------------------------------------------------- */

/* The output's fields in a tree of the file. */
static int set_fields(json_t *item, const bn_dvc_out *o, bn_err *err)
{
	char md5[BN_MD5_HEX + 8];
	int bad = 0;
	strcpy(md5, o->md5);
	strcat(md5, o->is_dir ? ".dir" : "");
	for (size_t i = 1; i < FIELDS; i++)
		json_object_del(item, field_names[i]);
	bad |= json_object_set_new(item, "md5", json_string(md5));
	bad |= o->size >= 0 && json_object_set_new(item, "size", json_integer(o->size));
	bad |= o->is_dir && o->nfiles >= 0 &&
	       json_object_set_new(item, "nfiles", json_integer(o->nfiles));
	bad |= o->is_exec && !o->is_dir && json_object_set_new(item, "isexec", json_true());
	bad |= !o->is_legacy && json_object_set_new(item, "hash", json_string("md5"));
	return bad ? bn_err_nomem(err, "a .dvc file") : 0;
}

/* The n-th line (from 1) of a text: *at to *end, without the newline. */
static bool find_line(const bn_buf *b, size_t n, size_t *at, size_t *end)
{
	size_t from = 0;
	for (; n > 1; n--) {
		const char *nl = memchr(b->ptr + from, '\n', b->len - from);
		if (!nl)
			return false;
		from = (size_t)(nl - b->ptr) + 1;
	}
	const char *nl = memchr(b->ptr + from, '\n', b->len - from);
	*at = from;
	*end = nl ? (size_t)(nl - b->ptr) : b->len;
	return from < b->len;
}

static void splice(bn_buf *b, size_t at, size_t end, const char *with)
{
	bn_buf tail = BN_BUF_INIT;
	bn_buf_add(&tail, b->ptr + end, b->len - end);
	bn_buf_truncate(b, at);
	bn_buf_adds(b, with);
	bn_buf_add(b, tail.ptr, tail.len);
	b->failed |= tail.failed;
	bn_buf_release(&tail);
}

/* Replaces the value in the line that holds "field: value", up to a comment; with value NULL removes the line. */
static void edit_line(bn_buf *b, size_t line, const char *field, const char *value)
{
	size_t at, end;
	if (!find_line(b, line, &at, &end))
		return;
	if (!value) {
		splice(b, at, end + (end < b->len), "");
		return;
	}
	char *colon = memmem(b->ptr + at, end - at, ": ", 2);
	if (!colon || (size_t)(colon - b->ptr) < at + strlen(field))
		return;
	size_t from = (size_t)(colon - b->ptr) + 2;
	const char *comment = memmem(b->ptr + from, end - from, " #", 2);
	size_t to = comment ? (size_t)(comment - b->ptr) : end;
	while (to > from && isspace((unsigned char)b->ptr[to - 1]))
		to--;
	splice(b, from, to, value);
}

/* Puts "field: value" below the line of the field before it, or of md5. */
static void insert_line(bn_buf *b, size_t below, const char *field, const char *value)
{
	bn_buf line = BN_BUF_INIT;
	size_t at, end, indent = 0;
	if (!find_line(b, below, &at, &end))
		return;
	while (at + indent < end && strchr(" -", b->ptr[at + indent]))
		indent++;
	bn_buf_addf(&line, "\n%*s%s: %s", (int)indent, "", field, value);
	splice(b, end, end, line.ptr);
	b->failed |= line.failed;
	bn_buf_release(&line);
}

/* Edits the lines of block style. Whether that gave what was wanted is checked by the caller. */
static void edit_lines(bn_buf *b, const bn_dvc_out *o, const json_t *before)
{
	bn_buf value = BN_BUF_INIT;
	char field[64];
	size_t above = 0;
	for (size_t i = 0; i < FIELDS; i++) {
		bool has = field_text(&value, o, i),
		     had = json_object_get(before, field_names[i]) != NULL;
		snprintf(field, sizeof field, "outs[%zu].%s", o->number, field_names[i]);
		size_t line = had ? bn_yaml_line(b->ptr, b->len, field) : above;
		if (had)
			edit_line(b, line, field_names[i], has ? value.ptr : NULL);
		else if (has && above)
			insert_line(b, line++, field_names[i], value.ptr);
		if (has)
			above = had ? line : above + 1;
	}
	b->failed |= value.failed;
	bn_buf_release(&value);
}

int bn_dvc_pointer_rewrite(
	bn_buf *text, const char *old, size_t n, const bn_dvc_out *out, bn_err *err)
{
	json_t *root = NULL, *now = NULL, *item;
	int rc;
	if ((rc = bn_yaml_parse(&root, old, n, out->file, err)) < 0)
		goto out;
	item = json_array_get(json_object_get(root, "outs"), out->number);
	if (!json_is_object(item)) {
		rc = bn_err_set(err, BN_ECONFLICT, "%s has changed meanwhile", out->file);
		goto out;
	}
	bn_buf_add(text, old, n);
	edit_lines(text, out, item);
	if ((rc = bn_buf_check(text, err, "a .dvc file")) < 0 ||
		(rc = set_fields(item, out, err)) < 0)
		goto out;
	if (bn_yaml_parse(&now, text->ptr, text->len, out->file, NULL) < 0 ||
		!json_equal(root, now)) {
		bn_buf_clear(text);
		rc = bn_yaml_write(text, root, err);
	}
out:
	json_decref(root);
	json_decref(now);
	return rc;
}
