/* yaml.c - see yaml.h. */
#include "core/base/yaml.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 64, MAX_BYTES = 16 << 20 };

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	const char *name;
	bn_err *err;
} reader;

static int fail_at(reader *r, yaml_mark_t mark, const char *what)
{
	return bn_err_set(
		r->err, BN_EINVAL, "%s:%zu:%zu: %s", r->name, mark.line + 1, mark.column + 1, what);
}

/* The next event is in r->event until the next call. */
static int next_event(reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
	if (r->has_event)
		return 0;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return bn_err_nomem(r->err, r->name);
	const char *what = r->parser.problem ? r->parser.problem : "not YAML";
	return fail_at(r, r->parser.problem_mark, what);
}

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

/* Refuses anchors, and tags other than those of the core schema. */
static int check_plain_node(reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	static const char *const core_tags[] = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:int",
		"tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null",
		"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", NULL};
	if (anchor)
		return fail_at(r, r->event.start_mark, "anchors are not supported");
	if (tag && !is_one_of((const char *)tag, core_tags) && strcmp((const char *)tag, "!") != 0)
		return fail_at(r, r->event.start_mark, "tags are not supported");
	return 0;
}

/* Whether the text is a decimal number of the core schema: [-+]? digits with one dot, exponent. */
static bool looks_like_number(const char *s)
{
	size_t digits = 0;
	if (*s == '-' || *s == '+')
		s++;
	for (; isdigit((unsigned char)*s); s++)
		digits++;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++)
			digits++;
	if (!digits)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		if (!isdigit((unsigned char)*s))
			return false;
		while (isdigit((unsigned char)*s))
			s++;
	}
	return *s == '\0';
}

static json_t *plain_scalar(const char *s, size_t n)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const absent[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
		"-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN", NULL};
	const char *digits = *s == '+' ? s + 1 : s;
	int64_t whole;
	double real;
	if (is_one_of(s, nulls) || is_one_of(s, absent))
		return json_null();
	if (is_one_of(s, trues))
		return json_true();
	if (is_one_of(s, falses))
		return json_false();
	if (looks_like_number(s)) {
		n -= (size_t)(digits - s);
		if (bn_parse_i64(digits, n, &whole))
			return json_integer(whole);
		if (bn_parse_f64(digits, n, &real))
			return bn_json_real_or_null(real);
		/* Too large for a number: it is an id made of digits and an e, such as a hash. */
	}
	return json_string(s);
}

static int read_scalar(reader *r, json_t **out)
{
	const char *s = (const char *)r->event.data.scalar.value;
	size_t n = r->event.data.scalar.length;
	int rc = check_plain_node(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);
	if (rc)
		return rc;
	if (memchr(s, 0, n))
		return fail_at(r, r->event.start_mark, "a NUL character in a string");
	bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		     r->event.data.scalar.plain_implicit;
	*out = plain ? plain_scalar(s, n) : json_stringn(s, n);
	return *out ? 0 : fail_at(r, r->event.start_mark, "not valid UTF-8");
}

static int read_node(reader *r, json_t **out, int depth);

static int read_sequence(reader *r, json_t **out, int depth)
{
	json_t *list = json_array();
	int rc = check_plain_node(
		r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag);
	if (rc < 0)
		goto out;
	for (;;) {
		json_t *item = NULL;
		if ((rc = next_event(r)) < 0 || r->event.type == YAML_SEQUENCE_END_EVENT)
			goto out;
		if ((rc = read_node(r, &item, depth + 1)) < 0)
			goto out;
		if (json_array_append_new(list, item) != 0) {
			rc = bn_err_nomem(r->err, r->name);
			goto out;
		}
	}
out:
	*out = list;
	return rc;
}

static int read_pair(reader *r, json_t *map, int depth)
{
	json_t *value = NULL;
	yaml_mark_t mark = r->event.start_mark;
	if (r->event.type != YAML_SCALAR_EVENT)
		return fail_at(r, mark, "a key must be a plain string");
	int rc = check_plain_node(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);
	if (rc)
		return rc;
	/* The event is freed by the next one: copy the key as JSON does. */
	json_t *key =
		json_stringn((const char *)r->event.data.scalar.value, r->event.data.scalar.length);
	const char *text = json_string_value(key);
	if (!key || strlen(text) != json_string_length(key)) {
		rc = fail_at(r, mark, "a key that is not valid text");
		goto out;
	}
	if (json_object_get(map, text)) {
		rc = fail_at(r, mark, "duplicate key");
		goto out;
	}
	if ((rc = next_event(r)) < 0)
		goto out;
	if ((rc = read_node(r, &value, depth + 1)) < 0)
		goto out;
	if (json_object_set_new(map, text, value) != 0)
		rc = bn_err_nomem(r->err, r->name);
out:
	json_decref(key);
	return rc;
}

static int read_mapping(reader *r, json_t **out, int depth)
{
	json_t *map = json_object();
	int rc = check_plain_node(
		r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag);
	if (rc < 0)
		goto out;
	for (;;) {
		if ((rc = next_event(r)) < 0 || r->event.type == YAML_MAPPING_END_EVENT)
			goto out;
		if ((rc = read_pair(r, map, depth)) < 0)
			goto out;
	}
out:
	*out = map;
	return rc;
}

/* The node that r->event begins. *out is NULL on failure. */
static int read_node(reader *r, json_t **out, int depth)
{
	int rc;
	if (depth > MAX_DEPTH)
		return fail_at(r, r->event.start_mark, "nested over 64 levels deep");
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		rc = read_scalar(r, out);
		break;
	case YAML_SEQUENCE_START_EVENT:
		rc = read_sequence(r, out, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		rc = read_mapping(r, out, depth);
		break;
	case YAML_ALIAS_EVENT:
		return fail_at(r, r->event.start_mark, "aliases are not supported");
	default:
		return fail_at(r, r->event.start_mark, "expected a value");
	}
	if (rc) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

static int read_document(reader *r, json_t **out)
{
	int rc = next_event(r); /* stream start */
	if (rc < 0 || (rc = next_event(r)) < 0)
		return rc;
	if (r->event.type == YAML_STREAM_END_EVENT) {
		*out = json_null();
		return 0;
	}
	if ((rc = next_event(r)) < 0) /* past document start */
		return rc;
	if ((rc = read_node(r, out, 0)) < 0)
		return rc;
	if ((rc = next_event(r)) < 0) /* document end */
		return rc;
	if ((rc = next_event(r)) < 0)
		return rc;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail_at(r, r->event.start_mark, "more than one document");
	return 0;
}

int bn_yaml_parse(json_t **out, const char *text, size_t len, const char *name, bn_err *err)
{
	reader r = {.name = name, .err = err};
	json_t *value = NULL;
	if (len > MAX_BYTES)
		return bn_err_set(err, BN_EINVAL, "%s: %zu bytes of YAML, the limit is %d", name,
			len, MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		return bn_err_nomem(err, name);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	int rc = read_document(&r, &value);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (rc)
		json_decref(value);
	else
		*out = value;
	return rc;
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* Passes over the node that r->event begins. False at an error, which parsing has reported before. */
static bool skip_node(reader *r)
{
	int depth = 0;
	do {
		yaml_event_type_t t = r->event.type;
		depth += (t == YAML_MAPPING_START_EVENT || t == YAML_SEQUENCE_START_EVENT) -
			 (t == YAML_MAPPING_END_EVENT || t == YAML_SEQUENCE_END_EVENT);
		if (depth > 0 && next_event(r) < 0)
			return false;
	} while (depth > 0);
	return true;
}

/* What follows the key in the field's name, or NULL if that is another key. */
static const char *after_key(const char *field, const char *key, size_t n)
{
	field += *field == '.';
	return !strncmp(field, key, n) && (!field[n] || field[n] == '.' || field[n] == '[')
		       ? field + n
		       : NULL;
}

/* What follows "[i]". */
static const char *after_index(const char *field, size_t i)
{
	char text[32];
	snprintf(text, sizeof text, "[%zu]", i);
	return strncmp(field, text, strlen(text)) ? NULL : field + strlen(text);
}

/* Descends in the node that r->event begins; *line gets that of the last part of the name that was found. */
static void find_line(reader *r, const char *field, size_t *line)
{
	bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
	if (!is_map && r->event.type != YAML_SEQUENCE_START_EVENT)
		return;
	for (size_t i = 0; *field && next_event(r) == 0; i++) {
		const char *rest;
		size_t at = r->event.start_mark.line + 1;
		if (is_map && r->event.type == YAML_SCALAR_EVENT) {
			rest = after_key(field, (const char *)r->event.data.scalar.value,
				r->event.data.scalar.length);
			if (next_event(r) < 0)
				return;
		} else if (!is_map && r->event.type != YAML_SEQUENCE_END_EVENT) {
			rest = after_index(field, i);
		} else {
			return;
		}
		if (rest) {
			*line = at;
			find_line(r, rest, line);
			return;
		}
		if (!skip_node(r))
			return;
	}
}

size_t bn_yaml_line(const char *text, size_t len, const char *field)
{
	reader r = {.name = "", .err = NULL};
	size_t line = 0;
	if (!yaml_parser_initialize(&r.parser))
		return 0;
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	/* The stream, the document, and its node. */
	if (next_event(&r) == 0 && next_event(&r) == 0 && next_event(&r) == 0)
		find_line(&r, field, &line);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return line;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* True if every YAML reader, old or new, reads the bare word as a string. */
static bool is_safe_plain(const char *s)
{
	static const char *const words[] = {
		"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", NULL};
	char lower[8];
	size_t n = strlen(s);
	if (n == 0 || !(isalpha((unsigned char)*s) || *s == '_' || *s == '/'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_-./", s[i]))
			return false;
	if (n >= sizeof lower)
		return true;
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)tolower((unsigned char)s[i]);
	return !is_one_of(lower, words);
}

/* Control characters, line breaks of any kind (in YAML 1.1 also U+0085, U+2028 and U+2029) and
 * characters that a YAML stream may not contain. */
static bool needs_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
	       (c & 0xfffe) == 0xfffe || c == BN_UTF8_BAD;
}

static void write_quoted(bn_buf *out, const char *s, size_t n)
{
	uint32_t c;
	bn_buf_addch(out, '"');
	for (size_t i = 0; i < n;) {
		size_t used = bn_utf8_decode(s + i, n - i, &c);
		if (c == '"' || c == '\\') {
			bn_buf_addch(out, '\\');
			bn_buf_addch(out, (char)c);
		} else if (c == '\n') {
			bn_buf_adds(out, "\\n");
		} else if (needs_escape(c)) {
			bn_buf_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x",
				c == BN_UTF8_BAD ? 0xfffd : c);
		} else {
			bn_buf_add(out, s + i, used);
		}
		i += used;
	}
	bn_buf_addch(out, '"');
}

static void write_string(bn_buf *out, const char *s, size_t n)
{
	if (strlen(s) == n && is_safe_plain(s))
		bn_buf_add(out, s, n);
	else
		write_quoted(out, s, n);
}

/* Always with a dot: PyYAML reads 1e+20 as a string, and 3 as an integer. */
static void write_real(bn_buf *out, double v)
{
	char text[BN_FMT];
	bn_fmt_f64(v, text);
	size_t mantissa = strcspn(text, "eE");
	bn_buf_add(out, text, mantissa);
	if (!memchr(text, '.', mantissa))
		bn_buf_adds(out, ".0");
	bn_buf_adds(out, text + mantissa);
}

static void write_scalar(bn_buf *out, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		write_string(out, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		bn_buf_addf(out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		write_real(out, json_real_value(v));
		break;
	case JSON_TRUE:
		bn_buf_adds(out, "true");
		break;
	case JSON_FALSE:
		bn_buf_adds(out, "false");
		break;
	default:
		bn_buf_adds(out, "null");
	}
}

static void indent(bn_buf *out, int depth)
{
	for (int i = 0; i < depth; i++)
		bn_buf_adds(out, "  ");
}

static bool is_block(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v)) ||
	       (json_is_array(v) && json_array_size(v));
}

static void write_block(bn_buf *out, const json_t *v, int depth, bool begun);

/* What follows "key:" or "-". */
static void write_value(bn_buf *out, const json_t *v, int depth)
{
	if (is_block(v)) {
		bn_buf_addch(out, '\n');
		write_block(out, v, depth + 1, false);
		return;
	}
	bn_buf_addch(out, ' ');
	if (json_is_object(v))
		bn_buf_adds(out, "{}");
	else if (json_is_array(v))
		bn_buf_adds(out, "[]");
	else
		write_scalar(out, v);
	bn_buf_addch(out, '\n');
}

/* begun: the first line is already indented ("- key: value"). */
static void write_block(bn_buf *out, const json_t *v, int depth, bool begun)
{
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, item)
		{
			if (!begun)
				indent(out, depth);
			begun = false;
			write_string(out, key, strlen(key));
			bn_buf_addch(out, ':');
			write_value(out, item, depth);
		}
		return;
	}
	json_array_foreach(v, i, item)
	{
		indent(out, depth);
		bn_buf_addch(out, '-');
		if (json_is_object(item) && is_block(item)) {
			bn_buf_addch(out, ' ');
			write_block(out, item, depth + 1, true);
		} else {
			write_value(out, item, depth);
		}
	}
}

static size_t quoted_length(const char *s)
{
	bn_buf b = BN_BUF_INIT;
	write_quoted(&b, s, strlen(s));
	size_t n = b.len;
	bn_buf_release(&b);
	return n;
}

/* Rejects what could be written but not read back: too deep, or keys over libyaml's 1024 bytes. */
static int check_writable(const json_t *v, int depth, bn_err *err)
{
	const char *key;
	json_t *item;
	size_t i;
	int rc = 0;
	if (depth > MAX_DEPTH)
		return bn_err_set(err, BN_EINVAL, "YAML: nested over %d levels deep", MAX_DEPTH);
	json_object_foreach((json_t *)v, key, item)
	{
		if (quoted_length(key) > 1000)
			return bn_err_set(err, BN_EINVAL, "YAML: a key of %zu bytes", strlen(key));
		if ((rc = check_writable(item, depth + 1, err)) < 0)
			return rc;
	}
	json_array_foreach(v, i, item)
	{
		if ((rc = check_writable(item, depth + 1, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_yaml_write(bn_buf *out, const json_t *value, bn_err *err)
{
	int rc = check_writable(value, 0, err);
	if (rc)
		return rc;
	if (is_block(value)) {
		write_block(out, value, 0, false);
	} else {
		bn_buf_adds(out, "---");
		write_value(out, value, 0);
	}
	return bn_buf_check(out, err, "YAML");
}
