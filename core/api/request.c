/* request.c - see _wire.h: reading a request and checking it against its route's fields. */
#include "core/api/_wire.h"

#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/json_tokens.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define NO_MEMORY "out of memory: a request"
#define SEE_DOCS " See the API docs for more information about request parameters."

/* ---- faults --------------------------------------------------------------------------------- */

int bn_wire_refuse(bn_wire_fault *fault, bn_api_error code, const char *fmt, ...)
{
	va_list ap;
	if (fault->code)
		return BN_EINVAL;
	fault->code = code;
	va_start(ap, fmt);
	bn_buf_vaddf(&fault->message, fmt, ap);
	va_end(ap);
	return BN_EINVAL;
}

int bn_wire_invalid(
	bn_wire_fault *fault, const char *name, const json_t *value, const char *fmt, ...)
{
	bn_buf text = BN_BUF_INIT, hint = BN_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(&hint, fmt, ap);
	va_end(ap);
	if (bn_json_beyond_of(value))
		bn_buf_adds(&text, bn_json_beyond_of(value));
	else if (!value || json_is_null(value) || bn_json_canonical(value, &text, NULL) < 0)
		bn_buf_adds(&text, "null");
	bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
		"Invalid value %s for parameter '%s' supplied%s%s", text.ptr, name,
		hint.len ? ": " : ".", hint.ptr);
	bn_buf_release(&text);
	bn_buf_release(&hint);
	return BN_EINVAL;
}

/* ---- the query ------------------------------------------------------------------------------ */

/* A field of the query, decoded: '+' is a blank. NUL and bytes that are not UTF-8 are refused by NULL. */
static json_t *query_text(const char *at, size_t n)
{
	char *text = bn_alloc(n + 1);
	size_t used = 0;
	json_t *v = NULL;
	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char c = at[i] == '+' ? ' ' : at[i];
		if (c == '%' && i + 2 < n && isxdigit((unsigned char)at[i + 1]) &&
			isxdigit((unsigned char)at[i + 2])) {
			char hex[3] = {at[i + 1], at[i + 2], '\0'};
			c = (char)strtol(hex, NULL, 16);
			i += 2;
		}
		text[used++] = c;
	}
	if (!memchr(text, '\0', used) && bn_utf8_is_valid(text, used))
		v = json_stringn(text, used);
	bn_free(text);
	return v;
}

static const bn_wire_field *field_of(const bn_wire_field *fields, const char *name, size_t n)
{
	for (const bn_wire_field *f = fields; f && f->name; f++)
		if (bn_str_is(f->name, name, n))
			return f;
	return NULL;
}

static bool is_list(const bn_wire_field *f)
{
	return f->type == BN_WIRE_TEXTS || f->type == BN_WIRE_LIST || f->type == BN_WIRE_ENUMS;
}

static int query_boolean(json_t **value, bn_wire_fault *fault)
{
	const char *text = json_string_value(*value);
	bool yes = !strcasecmp(text, "true");
	if (!yes && strcasecmp(text, "false") != 0)
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid boolean value: %s, must be 'true' or 'false'.", text);
	json_decref(*value);
	*value = json_boolean(yes);
	return 0;
}

static int add_query_field(
	json_t *request, const bn_wire_field *f, json_t *value, bn_wire_fault *fault)
{
	if (is_list(f)) {
		json_t *list = json_object_get(request, f->name);
		if (!list && json_object_set_new(request, f->name, json_array()) == 0)
			list = json_object_get(request, f->name);
		return json_array_append_new(list, value) < 0
			       ? bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, NO_MEMORY)
			       : 0;
	}
	if (json_object_get(request, f->name)) { /* the first one counts */
		json_decref(value);
		return 0;
	}
	int rc = f->type == BN_WIRE_BOOL ? query_boolean(&value, fault) : 0;
	if (bn_json_set(request, f->name, value, NULL) < 0)
		rc = bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, NO_MEMORY);
	return rc;
}

static int read_query(
	json_t *request, const char *query, const bn_wire_field *fields, bn_wire_fault *fault)
{
	int rc = 0;
	for (const char *at = query; *at && rc == 0;) {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&");
		const bn_wire_field *f = field_of(fields, at, name);
		if (f) {
			size_t from = name < len ? name + 1 : len;
			json_t *value = query_text(at + from, len - from);
			rc = value ? add_query_field(request, f, value, fault)
				   : bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
					     "Parameter '%s' of the query is not UTF-8 text.",
					     f->name);
		}
		at += len + (at[len] == '&');
	}
	return rc;
}

/* ---- the body ------------------------------------------------------------------------------- */

static int check_content_type(const bn_http_request *request, bn_wire_fault *fault)
{
	const char *type = bn_http_request_header(request, "Content-Type");
	if (strcmp(request->method, "POST") != 0 && strcmp(request->method, "PUT") != 0)
		return 0;
	if (!type)
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Bad Request. Content-Type header is missing.");
	size_t n = strcspn(type, "; \t");
	if (n == 16 && !strncasecmp(type, "application/json", n))
		return 0;
	return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
		"Bad Request. Content-Type must be one of ['application/json'].");
}

/* A body that is a text holds the request as JSON. */
static int decode_again(json_t **body, bn_err *err)
{
	json_t *inner = NULL;
	if (!json_is_string(*body))
		return 0;
	int rc = bn_json_parse_numbers(&inner, json_string_value(*body), json_string_length(*body),
		"the text in the body", err);
	json_decref(*body);
	*body = inner;
	return rc;
}

/* "runId" as "run_id", the other spelling that protobuf reads. False: too long to be a field. */
static bool snake_of(char *out, size_t size, const char *name)
{
	size_t n = 0;
	for (; *name && n + 2 < size; name++) {
		bool is_upper = *name >= 'A' && *name <= 'Z';
		if (is_upper)
			out[n++] = '_';
		out[n++] = is_upper ? (char)(*name | 32) : *name;
	}
	out[n] = '\0';
	return !*name;
}

static int rename_camel(json_t *request, const bn_wire_field *fields, bn_wire_fault *fault)
{
	const char *name;
	char snake[64];
	void *next;
	json_t *value;
	json_object_foreach_safe(request, next, name, value)
	{
		const bn_wire_field *f = NULL;
		if (strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
			snake_of(snake, sizeof snake, name))
			f = field_of(fields, snake, strlen(snake));
		if (!f)
			continue;
		if (json_object_get(request, f->name))
			return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
				"Request specifies both '%s' and '%s'; provide only one of them.",
				f->name, name);
		if (json_object_set(request, f->name, value) < 0)
			return bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, NO_MEMORY);
	}
	return 0;
}

static int read_body(json_t **out, const bn_http_request *request, bn_wire_fault *fault)
{
	bn_err why = BN_ERR_INIT;
	size_t blank = 0;
	*out = NULL;
	if (check_content_type(request, fault) < 0)
		return BN_EINVAL;
	while (blank < request->body_len && strchr(" \t\r\n", request->body[blank]) &&
		request->body[blank])
		blank++;
	if (blank == request->body_len) {
		*out = json_object();
	} else if (bn_json_parse_numbers(out, request->body, request->body_len, "the body", &why) <
			   0 ||
		   decode_again(out, &why) < 0) {
		return bn_wire_refuse(fault, bn_api_error_of(&why), "%s", why.msg);
	}
	if (json_is_null(*out)) {
		json_decref(*out);
		*out = json_object();
	}
	if (*out && !json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		return bn_wire_refuse(
			fault, BN_API_INVALID_PARAMETER_VALUE, "The body must be a JSON object.");
	}
	return *out ? 0 : bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, NO_MEMORY);
}

static int check_fields(const json_t *request, const bn_wire_field *fields, bn_wire_fault *fault);

int bn_wire_read(json_t **out, const bn_http_request *request, const bn_wire_field *fields,
	bn_wire_fault *fault)
{
	bool is_get = !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD");
	int rc = 0;
	*out = NULL;
	if (!is_get || !request->query || !request->query[0])
		rc = read_body(out, request, fault);
	else if (!(*out = json_object()))
		rc = bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, NO_MEMORY);
	else
		rc = read_query(*out, request->query, fields, fault);
	if (rc >= 0)
		rc = rename_camel(*out, fields, fault);
	if (rc >= 0)
		rc = check_fields(*out, fields, fault);
	if (rc < 0) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool int_of(const json_t *v, int64_t *out)
{
	double x;
	if (json_is_integer(v)) {
		*out = json_integer_value(v);
		return true;
	}
	if (json_is_string(v) && bn_parse_i64(json_string_value(v), json_string_length(v), out))
		return true;
	if (!json_is_real(v))
		return false;
	x = json_real_value(v);
	if (x != floor(x) || x < -0x1p63 || x >= 0x1p63)
		return false;
	*out = (int64_t)x;
	return true;
}

/* The value of a double as the request spells it. */
static bool double_of(const json_t *v, double *out)
{
	const char *text = json_string_value(v);
	if (bn_json_number_of(v, out))
		return true;
	if (!text)
		return false;
	if (!strcmp(text, "NaN"))
		*out = NAN;
	else if (!strcmp(text, "Infinity"))
		*out = INFINITY;
	else if (!strcmp(text, "-Infinity"))
		*out = -INFINITY;
	else
		return bn_parse_f64(text, json_string_length(v), out) && isfinite(*out);
	return true;
}

static int word_of(const json_t *v, const char *const *words)
{
	int64_t number;
	int count = 0;
	for (; words[count]; count++)
		if (json_is_string(v) && words[count][0] &&
			!strcmp(words[count], json_string_value(v)))
			return count;
	if (!int_of(v, &number) || number < 0 || number >= count || !words[number][0])
		return -1;
	return (int)number;
}

static bool objects_fit(const json_t *list, const bn_wire_field *of);

/* Of a list. */
static bool item_fits(const bn_wire_field *f, const json_t *item)
{
	if (f->type == BN_WIRE_TEXTS)
		return json_is_string(item);
	if (f->type == BN_WIRE_ENUMS)
		return word_of(item, f->words) >= 0;
	return json_is_object(item) && objects_fit(item, f->of);
}

/* Whether protobuf would read the value. */
static bool fits(const bn_wire_field *f, const json_t *v)
{
	int64_t whole;
	double x;
	size_t i;
	json_t *item;
	switch (f->type) {
	case BN_WIRE_TEXT:
		return json_is_string(v);
	case BN_WIRE_INT:
		return int_of(v, &whole);
	case BN_WIRE_DOUBLE:
		return double_of(v, &x);
	case BN_WIRE_BOOL:
		return json_is_boolean(v);
	case BN_WIRE_ENUM:
		return word_of(v, f->words) >= 0;
	case BN_WIRE_OBJECT:
		return json_is_object(v) && (!f->of || objects_fit(v, f->of));
	case BN_WIRE_TEXTS:
	case BN_WIRE_ENUMS:
	case BN_WIRE_LIST:
		break;
	}
	if (!json_is_array(v))
		return false;
	json_array_foreach((json_t *)(uintptr_t)v, i, item) if (!item_fits(f, item)) return false;
	return true;
}

static bool objects_fit(const json_t *object, const bn_wire_field *of)
{
	for (const bn_wire_field *f = of; f->name; f++) {
		const json_t *v = json_object_get(object, f->name);
		if (v && !json_is_null(v) && !fits(f, v))
			return false;
	}
	return true;
}

static const char *python_type(const json_t *v)
{
	double x;
	if (!v || json_is_null(v))
		return "NoneType";
	if (json_is_integer(v))
		return "int";
	if (bn_json_number_of(v, &x))
		return "float";
	if (json_is_boolean(v))
		return "bool";
	if (json_is_string(v))
		return "str";
	return json_is_array(v) ? "list" : "dict";
}

/* MLflow's own check of a type, which is laxer than protobuf's. */
static bool is_like(const bn_wire_field *f, const json_t *v)
{
	int64_t whole;
	double x;
	size_t i;
	json_t *item;
	switch (f->type) {
	case BN_WIRE_TEXT:
	case BN_WIRE_ENUM:
		return json_is_string(v);
	case BN_WIRE_INT:
		return json_is_real(v) || json_is_boolean(v) || int_of(v, &whole);
	case BN_WIRE_DOUBLE:
		return json_is_boolean(v) || double_of(v, &x);
	case BN_WIRE_BOOL:
		return json_is_boolean(v);
	case BN_WIRE_OBJECT:
		return json_is_object(v);
	case BN_WIRE_TEXTS:
		json_array_foreach(
			(json_t *)(uintptr_t)v, i, item) if (!json_is_string(item)) return false;
		return json_is_array(v);
	case BN_WIRE_LIST:
	case BN_WIRE_ENUMS:
		break;
	}
	return json_is_array(v);
}

static int complain(bn_wire_fault *fault, const bn_wire_field *f, const json_t *v)
{
	return bn_wire_invalid(
		fault, f->name, v, " Hint: Value was of type '%s'." SEE_DOCS, python_type(v));
}

static bool is_given(const json_t *v)
{
	return v && !json_is_null(v) && (!json_is_string(v) || json_string_length(v));
}

/* The fields that each object of a list must have. */
static int check_items(const bn_wire_field *f, const json_t *list, bn_wire_fault *fault)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)(uintptr_t)list, i,
		item) for (const bn_wire_field *g = f->of; g->name;
			   g++) if (g->flags & BN_WIRE_REQUIRED &&
				    !is_given(json_object_get(
					    item, g->name))) return bn_wire_refuse(fault,
		BN_API_INVALID_PARAMETER_VALUE,
		"Missing value for required parameter '%s[%zu].%s'." SEE_DOCS, f->name, i, g->name);
	return 0;
}

static int check_field(
	const bn_wire_field *f, const json_t *request, bool whole, bn_wire_fault *fault)
{
	const json_t *v = json_object_get(request, f->name);
	int64_t number;
	if ((!v || json_is_null(v)) && !strcmp(f->name, "run_id"))
		v = json_object_get(request, "run_uuid");
	if (!is_given(v) && f->flags & BN_WIRE_REQUIRED)
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Missing value for required parameter '%s'." SEE_DOCS, f->name);
	if (!v || json_is_null(v))
		return 0;
	if (!whole && !(f->flags & BN_WIRE_LOOSE) && !is_like(f, v))
		return complain(fault, f, v);
	if (f->type == BN_WIRE_LIST && f->of && check_items(f, v, fault) < 0)
		return BN_EINVAL;
	if (f->flags & BN_WIRE_MOST && int_of(v, &number) && number > f->most)
		return complain(fault, f, v);
	return 0;
}

static int check_fields(const json_t *request, const bn_wire_field *fields, bn_wire_fault *fault)
{
	bool whole = objects_fit(request, fields);
	for (const bn_wire_field *f = fields; f->name; f++)
		if (check_field(f, request, whole, fault) < 0)
			return BN_EINVAL;
	/* MLflow would go on with what it has read up to there. */
	for (const bn_wire_field *f = fields; !whole && f->name; f++) {
		const json_t *v = json_object_get(request, f->name);
		if (v && !json_is_null(v) && !fits(f, v))
			return complain(fault, f, v);
	}
	return 0;
}

/* ---- fields of a checked request ------------------------------------------------------------ */

const char *bn_wire_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

bool bn_wire_int(const json_t *object, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(object, name);
	return v && int_of(v, out);
}

bool bn_wire_double(const json_t *object, const char *name, double *out)
{
	const json_t *v = json_object_get(object, name);
	return v && double_of(v, out);
}

bool bn_wire_bool(const json_t *object, const char *name, bool fallback)
{
	return bn_json_bool(object, name, fallback);
}

int bn_wire_enum(const json_t *object, const char *name, const char *const *words)
{
	const json_t *v = json_object_get(object, name);
	return v ? word_of(v, words) : -1;
}

const json_t *bn_wire_list(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);
	return json_array_size(v) ? v : NULL;
}

int bn_wire_token(const char *token, int64_t *offset, bn_wire_fault *fault)
{
	char *text = NULL;
	json_t *v = NULL;
	*offset = 0;
	if (!token || !token[0])
		return 0;
	*offset = -1;
	if (bn_base64_read(&text, token) >= 0 &&
		bn_json_parse(&v, text, strlen(text), "page_token", NULL) >= 0)
		*offset = bn_json_int(v, "offset", -1);
	if (*offset <= 0)
		bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid page token, decoded value=b'%s'", text ? text : "");
	json_decref(v);
	bn_free(text);
	return fault->code ? BN_EINVAL : 0;
}
