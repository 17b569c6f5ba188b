/* json_bytes.c - see json_bytes.h. */
#include "core/base/json_bytes.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

json_t *bn_json_lossy(const char *text, size_t n)
{
	bn_buf clean = BN_BUF_INIT;
	size_t used;
	if (bn_utf8_is_valid(text, n))
		return json_stringn(text, n);
	for (size_t i = 0; i < n; i += used) {
		uint32_t cp;
		used = bn_utf8_decode(text + i, n - i, &cp);
		if (cp == BN_UTF8_BAD)
			bn_buf_adds(&clean, "\xef\xbf\xbd");
		else
			bn_buf_add(&clean, text + i, used);
	}
	json_t *v = bn_buf_check(&clean, NULL, "a text") < 0 ? NULL
							     : json_stringn(clean.ptr, clean.len);
	bn_buf_release(&clean);
	return v;
}

void bn_base64_add(bn_buf *out, const void *bytes, size_t n)
{
	const unsigned char *s = bytes;
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16 | (i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0) |
			     (i + 2 < n ? s[i + 2] : 0);
		char four[4] = {digits[v >> 18], digits[v >> 12 & 63],
			i + 1 < n ? digits[v >> 6 & 63] : '=', i + 2 < n ? digits[v & 63] : '='};
		bn_buf_add(out, four, sizeof four);
	}
}

int bn_base64_read(char **out, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text), len = 0;
	uint32_t bits = 0, have = 0;
	while (n && text[n - 1] == '=')
		n--;
	char *bytes = bn_alloc(n + 1);
	if (!bytes)
		return BN_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *d = strchr(digits, text[i]);
		if (!d || strlen(text) - n > 2) {
			explicit_bzero(bytes, len);
			bn_free(bytes);
			return BN_EINVAL;
		}
		bits = bits << 6 | (uint32_t)(d - digits);
		if ((have += 6) < 8)
			continue;
		have -= 8;
		bytes[len++] = (char)(bits >> have);
	}
	bytes[len] = '\0';
	*out = bytes;
	return 0;
}

int bn_json_set_bytes(json_t *object, const char *key, const char *text, size_t n, bn_err *err)
{
	bn_buf name = BN_BUF_INIT, coded = BN_BUF_INIT;
	bool valid = bn_utf8_is_valid(text, n);
	int failed = json_object_set_new(object, key, bn_json_lossy(text, n));
	bn_buf_addf(&name, "%s_base64", key);
	if (!valid)
		bn_base64_add(&coded, text, n);
	if (!valid && (bn_buf_check(&name, NULL, key) < 0 || bn_buf_check(&coded, NULL, key) < 0 ||
			      json_object_set_new(object, name.ptr, json_string(coded.ptr)) != 0))
		failed = -1;
	bn_buf_release(&name);
	bn_buf_release(&coded);
	return failed ? bn_err_nomem(err, key) : 0;
}
