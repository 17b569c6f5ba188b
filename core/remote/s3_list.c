/*
 * s3_list.c - ListObjectsV2. Keys come percent-encoded where the server does that (encoding-type=url), since XML cannot hold
 * every character. What is not below the prefix, or is no key of store.h, is passed over; an answer that is out of
 * order, or that goes on without saying where, is an error: a listing that misses keys would be worse than none.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/remote/_s3.h"

#include <string.h>

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "%41+b" in place: "A b". */
static void decode_url(bn_buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->len; i++) {
		char c = b->ptr[i];
		if (c == '%' && i + 2 < b->len && hex_of(b->ptr[i + 1]) >= 0 &&
			hex_of(b->ptr[i + 2]) >= 0) {
			c = (char)(hex_of(b->ptr[i + 1]) * 16 + hex_of(b->ptr[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		b->ptr[n++] = c;
	}
	bn_buf_truncate(b, n);
}

static int take_entry(bn_s3_page *l, bn_xml_part entry, bool encoded, bn_err *err)
{
	bn_buf key = BN_BUF_INIT;
	bn_xml_part part;
	bn_remote_info info = {0};
	char text[64];
	int64_t n = 0, ns = 0;
	size_t skip = l->skip;
	int rc = 0;
	if (!bn_xml_first(&part, entry, "Key"))
		return bn_err_set(
			err, BN_EIO, "%s: a listing has an entry without a key", l->place);
	bn_xml_add_text(&key, part);
	if (encoded)
		decode_url(&key);
	if ((rc = bn_buf_check(&key, err, "a listing")) < 0)
		goto out;
	if (l->last.len && strcmp(l->last.ptr, key.ptr) >= 0) {
		rc = bn_err_set(err, BN_EIO, "%s: a listing is not in order", l->place);
		goto out;
	}
	bn_buf_clear(&l->last);
	bn_buf_adds(&l->last, key.ptr);
	if ((rc = bn_buf_check(&l->last, err, "a listing")) < 0)
		goto out;
	if (strlen(key.ptr) != key.len || !bn_str_starts(key.ptr, l->prefix) ||
		bn_remote_key_check(key.ptr + skip, NULL) < 0)
		goto out;
	bn_xml_text(entry, "Size", text, sizeof text);
	if (!bn_parse_i64(text, strlen(text), &n) || n < 0) {
		rc = bn_err_set(err, BN_EIO, "%s: a listing has an entry without a size", l->place);
		goto out;
	}
	info.bytes = (uint64_t)n;
	bn_xml_text(entry, "LastModified", text, sizeof text);
	if (bn_timestamp_parse(text, strlen(text), &ns))
		info.modified_ms = ns / 1000000;
	rc = l->each(l->ctx, key.ptr + skip, &info, err);
out:
	bn_buf_release(&key);
	return rc;
}

int bn_s3_page_read(bn_s3_page *l, const char *text, size_t n, bool *more, bn_err *err)
{
	bn_xml_part body = {text, n}, list, entry, part;
	char word[16];
	int rc = 0;
	if (!bn_xml_first(&list, body, "ListBucketResult"))
		return bn_err_set(err, BN_EIO, "%s: the answer to a listing is not one", l->place);
	bool encoded = !strcmp(bn_xml_text(list, "EncodingType", word, sizeof word), "url");
	*more = !strcmp(bn_xml_text(list, "IsTruncated", word, sizeof word), "true");
	bn_buf_clear(&l->token);
	if (bn_xml_first(&part, list, "NextContinuationToken"))
		bn_xml_add_text(&l->token, part);
	if (*more && !l->token.len)
		return bn_err_set(
			err, BN_EIO, "%s: a listing goes on, and does not say where", l->place);
	if ((rc = bn_buf_check(&l->token, err, "a listing")) < 0)
		return rc;
	size_t before = l->last.len ? 1 : 0, seen = 0;
	for (bn_xml_part rest = list; bn_xml_next(&entry, &rest, "Contents"); seen++)
		if ((rc = take_entry(l, entry, encoded, err)) != 0)
			return rc;
	if (*more && !seen && before)
		return bn_err_set(err, BN_EIO, "%s: a listing goes on without an entry", l->place);
	return 0;
}

static int get_page(bn_s3 *p, bn_s3_page *l, bool *more, bn_err *err)
{
	bn_http_answer a;
	bn_buf query = BN_BUF_INIT;
	bn_http_answer_init(&a);
	if (l->token.len) {
		bn_buf_adds(&query, "continuation-token=");
		bn_http_url_add(&query, l->token.ptr);
		bn_buf_addch(&query, '&');
	}
	bn_buf_adds(&query, "encoding-type=url&list-type=2&max-keys=1000&prefix=");
	bn_http_url_add(&query, l->prefix);
	bn_s3_request r = {.method = "GET", .query = query.ptr};
	int rc = bn_buf_check(&query, err, "a listing");
	if (rc < 0 || (rc = bn_s3_do(p, &r, &a, err)) < 0 ||
		(rc = bn_s3_check(p, NULL, &a, err)) < 0)
		goto out;
	rc = bn_s3_page_read(l, a.body.ptr, a.body.len, more, err);
out:
	bn_buf_release(&query);
	bn_http_answer_release(&a);
	return rc;
}

int bn_s3_list(
	bn_remote_store *s, const char *prefix, bn_remote_each_key *each, void *ctx, bn_err *err)
{
	bn_s3 *p = (bn_s3 *)s;
	char *whole = bn_strf("%s%s", p->set.prefix, prefix);
	bn_s3_page l = {.place = s->place,
		.prefix = whole,
		.skip = strlen(p->set.prefix),
		.each = each,
		.ctx = ctx,
		.last = BN_BUF_INIT,
		.token = BN_BUF_INIT};
	bool more = true;
	int rc = whole ? 0 : bn_err_nomem(err, "a listing");
	while (rc == BN_OK && more)
		rc = get_page(p, &l, &more, err);
	bn_buf_release(&l.last);
	bn_buf_release(&l.token);
	bn_free(whole);
	return rc;
}
