/* names.c - see names.h. */
#include "core/api/names.h"

#include "core/base/utf8.h"
#include "core/run/runlog.h"

#include <string.h>

#define BAD_CHARACTER \
	"Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces " \
	"( ), " \
	"colon(:) and slashes (/)."
#define BAD_PATH \
	"Names may be treated as files in certain cases, and must not resolve to other names " \
	"when " \
	"treated as such. This name would resolve to "

void bn_api_repr(bn_buf *out, const char *text)
{
	static const char blanks[] = "\n\r\t";
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
	bn_buf_addch(out, quote);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		const char *known = strchr(blanks, *p);
		if (*p == (unsigned char)quote || *p == '\\')
			bn_buf_addf(out, "\\%c", *p);
		else if (known)
			bn_buf_addf(out, "\\%c", "nrt"[known - blanks]);
		else if (*p < 0x20 || *p == 0x7f)
			bn_buf_addf(out, "\\x%02x", *p);
		else
			bn_buf_addch(out, (char)*p);
	}
	bn_buf_addch(out, quote);
}

/* The normal form of a path, as Python's posixpath.normpath has it. */
static void normal_path(bn_buf *out, const char *path)
{
	size_t slashes = strspn(path, "/"), first;
	/* Two slashes at the start are kept, three are one. */
	if (slashes)
		bn_buf_adds(out, slashes == 2 ? "//" : "/");
	first = out->len;
	for (const char *at = path; *at;) {
		size_t n = strcspn(at, "/");
		bool is_up = n == 2 && !memcmp(at, "..", 2);
		const char *last = memrchr(out->ptr + first, '/', out->len - first);
		const char *part = last ? last + 1 : out->ptr + first;
		if (is_up && out->len > first && strcmp(part, "..") != 0) {
			bn_buf_truncate(out, last ? (size_t)(last - out->ptr) : first);
		} else if (n && !(n == 1 && *at == '.') &&
			   !(is_up && slashes && out->len == first)) {
			if (out->len > first)
				bn_buf_addch(out, '/');
			bn_buf_add(out, at, n);
		}
		at += n + (at[n] == '/');
	}
	if (!out->len)
		bn_buf_addch(out, '.');
}

/* A letter or a digit of another script counts as one. */
static bool is_allowed(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       (c && strchr("/_.- :", c));
}

static int check_path(const char *path, const char *name, const json_t *value, bn_wire_fault *fault)
{
	bn_buf normal = BN_BUF_INIT, shown = BN_BUF_INIT;
	int rc = 0;
	normal_path(&normal, name);
	if (strcmp(normal.ptr, name) != 0 || !strcmp(name, ".") || !strncmp(name, "..", 2) ||
		name[0] == '/') {
		bn_api_repr(&shown, normal.ptr);
		rc = bn_wire_invalid(fault, path, value, BAD_PATH "%s", shown.ptr);
	}
	bn_buf_release(&normal);
	bn_buf_release(&shown);
	return rc;
}

int bn_api_check_name(const char *path, const char *name, bn_wire_fault *fault)
{
	const unsigned char *p = (const unsigned char *)name;
	int rc = 0;
	while (is_allowed(*p))
		p++;
	/* Nearly all names are normal: no empty part, and none of dots. */
	if (!*p && name[0] && name[0] != '/' && name[0] != '.' && !strstr(name, "//") &&
		!strstr(name, "/.") && name[strlen(name) - 1] != '/')
		return 0;
	json_t *value = json_string(name);
	rc = *p ? bn_wire_invalid(fault, path, value, BAD_CHARACTER)
		: check_path(path, name, value, fault);
	json_decref(value);
	return rc;
}

size_t bn_api_cut(const char *text, size_t most)
{
	const char *p = text;
	for (size_t n = 0; *p; p++)
		if ((*p & 0xc0) != 0x80 && n++ == most)
			break;
	return (size_t)(p - text);
}

int bn_api_check_length(const char *what, const char *text, size_t most, bn_wire_fault *fault)
{
	if (!text || !text[bn_api_cut(text, most)])
		return 0;
	return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
		"'%s' exceeds the maximum length of %zu characters", what, most);
}

int bn_api_check_run_key(const char *what, const char *key, bn_wire_fault *fault)
{
	bn_err why = BN_ERR_INIT;
	if (bn_api_check_length(what, key, BN_API_KEY_MOST, fault) < 0)
		return BN_EINVAL;
	if (bn_run_key_check(what, key, &why) == 0)
		return 0;
	return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE, "%s", why.msg);
}

int bn_api_check_model_name(const char *name, bn_wire_fault *fault)
{
	if (!name || !name[strspn(name, " \t\r\n")])
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Missing value for required parameter 'name'.");
	if (strpbrk(name, "/:"))
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid model name '%s'. Names cannot contain '/' or ':'.", name);
	json_t *value = json_string(name);
	int rc = check_path("name", name, value, fault);
	json_decref(value);
	return rc;
}
