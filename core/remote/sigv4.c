/* sigv4.c - see sigv4.h. */
#include "core/remote/sigv4.h"

#include "core/base/hash.h"

#include <ctype.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

void bn_sigv4_time(int64_t ms, char out[BN_SIGV4_TIME])
{
	struct tm tm;
	time_t t = (time_t)(ms / 1000);
	gmtime_r(&t, &tm);
	if (!strftime(out, BN_SIGV4_TIME, "%Y%m%dT%H%M%SZ", &tm))
		out[0] = '\0';
}

/* ---- the canonical request ------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t m = strcspn(x, ":"), n = strcspn(y, ":");
	int order = strncasecmp(x, y, m < n ? m : n);
	return order ? order : (m > n) - (m < n);
}

static size_t sorted(const bn_sigv4_request *r, const char *list[BN_SIGV4_HEADERS_MAX])
{
	size_t n = 0;
	while (n < BN_SIGV4_HEADERS_MAX && r->headers[n]) {
		list[n] = r->headers[n];
		n++;
	}
	qsort(list, n, sizeof *list, by_name);
	return n;
}

static void add_names(bn_buf *out, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			bn_buf_addch(out, ';');
		for (const char *p = list[i]; *p && *p != ':'; p++)
			bn_buf_addch(out, (char)tolower((unsigned char)*p));
	}
}

/* Without blanks around it, several in a row as one. */
static void add_value(bn_buf *out, const char *value)
{
	bool gap = false;
	size_t start = out->len;
	for (; *value; value++) {
		if (*value == ' ' || *value == '\t') {
			gap = true;
			continue;
		}
		if (gap && out->len > start)
			bn_buf_addch(out, ' ');
		gap = false;
		bn_buf_addch(out, *value);
	}
}

int bn_sigv4_canonical(bn_buf *out, const bn_sigv4_request *r, bn_err *err)
{
	const char *list[BN_SIGV4_HEADERS_MAX];
	size_t n = sorted(r, list);
	bn_buf_addf(out, "%s\n%s\n%s\n", r->method, r->path, r->query);
	for (size_t i = 0; i < n; i++) {
		add_names(out, list + i, 1);
		bn_buf_addch(out, ':');
		add_value(out, list[i] + strcspn(list[i], ":") + (strchr(list[i], ':') ? 1 : 0));
		bn_buf_addch(out, '\n');
	}
	bn_buf_addch(out, '\n');
	add_names(out, list, n);
	bn_buf_addf(out, "\n%s", r->payload);
	return bn_buf_check(out, err, "a signature");
}

int bn_sigv4_string(bn_buf *out, const bn_sigv4_request *r, bn_err *err)
{
	bn_buf canonical = BN_BUF_INIT;
	char hex[BN_SHA256_HEX + 1];
	int rc = bn_sigv4_canonical(&canonical, r, err);
	if (rc < 0)
		goto out;
	bn_sha256_hex(canonical.ptr, canonical.len, hex);
	bn_buf_addf(out, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/%s/aws4_request\n%s", r->time, r->time,
		r->region, r->service, hex);
	rc = bn_buf_check(out, err, "a signature");
out:
	bn_buf_release(&canonical);
	return rc;
}

/* ---- the signature -------------------------------------------------------------------------- */

static void hmac(
	const void *key, size_t key_bytes, const char *text, size_t n, uint8_t out[BN_SHA256_BYTES])
{
	struct hmac_sha256_ctx ctx;
	hmac_sha256_set_key(&ctx, key_bytes, key);
	hmac_sha256_update(&ctx, n, (const uint8_t *)text);
	hmac_sha256_digest(&ctx, BN_SHA256_BYTES, out);
	explicit_bzero(&ctx, sizeof ctx);
}

static void sign(const bn_sigv4_request *r, const bn_buf *first_key, const bn_buf *text,
	char hex[BN_SHA256_HEX + 1])
{
	uint8_t k[BN_SHA256_BYTES];
	hmac(first_key->ptr, first_key->len, r->time, 8, k);
	hmac(k, sizeof k, r->region, strlen(r->region), k);
	hmac(k, sizeof k, r->service, strlen(r->service), k);
	hmac(k, sizeof k, "aws4_request", strlen("aws4_request"), k);
	hmac(k, sizeof k, text->ptr, text->len, k);
	bn_hex(k, sizeof k, hex);
	explicit_bzero(k, sizeof k);
}

int bn_sigv4_authorization(
	bn_buf *out, const bn_sigv4_request *r, const bn_sigv4_key *key, bn_err *err)
{
	const char *list[BN_SIGV4_HEADERS_MAX];
	bn_buf text = BN_BUF_INIT, first = BN_BUF_INIT;
	char hex[BN_SHA256_HEX + 1];
	int rc = bn_sigv4_string(&text, r, err);
	if (rc < 0)
		goto out;
	bn_buf_reserve(&first, strlen(key->secret) + 8);
	bn_buf_adds(&first, "AWS4");
	bn_buf_adds(&first, key->secret);
	if ((rc = bn_buf_check(&first, err, "a signature")) < 0)
		goto out;
	sign(r, &first, &text, hex);
	bn_buf_addf(out,
		"AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=", key->id,
		r->time, r->region, r->service);
	add_names(out, list, sorted(r, list));
	bn_buf_addf(out, ", Signature=%s", hex);
	rc = bn_buf_check(out, err, "a signature");
out:
	bn_buf_wipe(&first);
	bn_buf_release(&text);
	return rc;
}
