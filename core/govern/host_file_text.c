/* host_file_text.c - the text of a host's file; see _host_files.h. The bytes are untrusted. */
#include "core/govern/_host_files.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

#define END_BYTES (4 + BN_SHA256_HEX + 1) /* "end ", the hash, a newline */

int bn_host_line_next(bn_host_line *l, const char **at, const char *end)
{
	const char *s = *at;
	*l = (bn_host_line){0};
	if (s == end)
		return 0;
	const char *stop = memchr(s, '\n', (size_t)(end - s));
	if (!stop)
		return BN_ECORRUPT;
	*at = stop + 1;
	for (;;) {
		const char *space = memchr(s, ' ', (size_t)(stop - s));
		size_t n = (size_t)((space ? space : stop) - s);
		if (!n || l->count == BN_HOST_FIELDS)
			return BN_ECORRUPT;
		l->at[l->count] = s;
		l->len[l->count++] = n;
		if (!space)
			return 1;
		s = space + 1;
	}
}

bool bn_host_line_is(const bn_host_line *l, const char *word, size_t fields)
{
	return l->count == fields && l->len[0] == strlen(word) &&
	       !memcmp(l->at[0], word, l->len[0]);
}

bool bn_host_line_number(const bn_host_line *l, size_t i, int64_t most, int64_t *out)
{
	char c = l->at[i][0];
	return c >= '0' && c <= '9' && bn_parse_i64(l->at[i], l->len[i], out) && *out <= most;
}

bool bn_host_line_hex(const bn_host_line *l, size_t i, uint8_t out[32])
{
	char hex[65];
	if (l->len[i] != sizeof hex - 1)
		return false;
	memcpy(hex, l->at[i], sizeof hex - 1);
	hex[sizeof hex - 1] = '\0';
	return bn_unhex(hex, 32, out) == 0;
}

void bn_host_name_add(bn_buf *b, const char *name)
{
	if (!*name)
		bn_buf_addch(b, '%'); /* the word for an empty value */
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;
		if (c > ' ' && c < 0x7f && c != '%')
			bn_buf_addch(b, (char)c);
		else
			bn_buf_addf(b, "%%%02x", c);
	}
}

/* The byte encoded at s, which points to a '%'; 0 if invalid. */
static char escaped(const char *s, const char *end)
{
	char hex[3] = "";
	uint8_t byte;
	if (end - s < 3)
		return 0;
	memcpy(hex, s + 1, 2);
	return bn_unhex(hex, 1, &byte) ? 0 : (char)byte;
}

int bn_host_line_name(char **out, const bn_host_line *l, size_t i)
{
	const char *s = l->at[i], *end = s + l->len[i];
	size_t n = 0;
	char *name = bn_alloc(l->len[i] + 1);
	if (!name)
		return BN_ENOMEM;
	if (l->len[i] == 1 && *s == '%')
		s = end;
	for (; s < end; s++) {
		char c = *s;
		if (c == '%') {
			c = escaped(s, end);
			s += 2;
		} else if (c < 0x21 || c > 0x7e) {
			c = 0;
		}
		if (!c) {
			bn_free(name);
			return BN_ECORRUPT;
		}
		name[n++] = c;
	}
	name[n] = '\0';
	*out = name;
	return 0;
}

int bn_host_file_check(const char **body, size_t *body_n, const char *kind, const char *text,
	size_t n, bn_err *err)
{
	char hash[BN_SHA256_HEX + 1];
	const char *at = text, *end = text + n;
	bn_host_line l;
	int64_t version;
	if (bn_host_line_next(&l, &at, end) != 1 || l.count != 3 || l.len[0] != 8 ||
		memcmp(l.at[0], "binnacle", 8) || l.len[1] != strlen(kind) ||
		memcmp(l.at[1], kind, l.len[1]) ||
		!bn_host_line_number(&l, 2, INT64_MAX, &version) || !version)
		return bn_err_set(err, BN_ECORRUPT, "does not begin with \"binnacle %s 1\"", kind);
	if (version > 1)
		return bn_err_set(err, BN_EUNSUPPORTED, "was written by a newer binnacle");
	if (end - at < END_BYTES)
		return bn_err_set(err, BN_ECORRUPT, "is cut off");
	end -= END_BYTES;
	bn_sha256_hex(text, (size_t)(end - text), hash);
	if (memcmp(end, "end ", 4) || memcmp(end + 4, hash, BN_SHA256_HEX) ||
		end[END_BYTES - 1] != '\n' || end[-1] != '\n')
		return bn_err_set(
			err, BN_ECORRUPT, "is damaged: its bytes are not those that were written");
	*body = at;
	while (bn_host_line_next(&l, &at, end) == 1 && bn_host_line_is(&l, "seen", 5))
		*body = at;
	*body_n = (size_t)(end - *body);
	return 0;
}

void bn_host_file_finish(bn_buf *text)
{
	char hash[BN_SHA256_HEX + 1];
	bn_sha256_hex(text->ptr, text->len, hash);
	bn_buf_addf(text, "end %s\n", hash);
}
