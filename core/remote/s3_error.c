/*
 * s3_error.c - what a refusal of an S3 server means for the user. Codes: "Error responses" of the S3 API, and those of
 * radosgw and MinIO that are not there.
 */
#include "core/base/str.h"
#include "core/remote/_s3.h"

#include <errno.h>
#include <string.h>

typedef enum meaning {
	OTHER,
	NO_KEY,
	NO_BUCKET,
	BAD_KEY_ID,
	BAD_SECRET,
	BAD_TOKEN,
	DENIED,
	SKEWED,
	BUSY,
	FULL,
	DAMAGED,
	BAD_BUCKET,
	MOVED,
} meaning;

static const struct {
	const char *code;
	meaning meaning;
} codes[] = {{"NoSuchKey", NO_KEY}, {"NoSuchBucket", NO_BUCKET}, {"InvalidAccessKeyId", BAD_KEY_ID},
	{"SignatureDoesNotMatch", BAD_SECRET}, {"ExpiredToken", BAD_TOKEN},
	{"InvalidToken", BAD_TOKEN}, {"TokenRefreshRequired", BAD_TOKEN}, {"AccessDenied", DENIED},
	{"AllAccessDisabled", DENIED}, {"AccountProblem", DENIED}, {"UserSuspended", DENIED},
	{"RequestTimeTooSkewed", SKEWED}, {"RequestExpired", SKEWED}, {"SlowDown", BUSY},
	{"ServiceUnavailable", BUSY}, {"Busy", BUSY}, {"TooManyRequests", BUSY},
	{"InternalError", BUSY}, {"QuotaExceeded", FULL}, {"XMinioStorageFull", FULL},
	{"InsufficientCapacity", FULL}, {"XAmzContentSHA256Mismatch", DAMAGED},
	{"BadDigest", DAMAGED}, {"XAmzContentChecksumMismatch", DAMAGED},
	{"InvalidBucketName", BAD_BUCKET}, {"PermanentRedirect", MOVED},
	{"AuthorizationHeaderMalformed", MOVED}};

const char *bn_s3_code(const bn_http_answer *a, char code[64])
{
	bn_xml_part body = {a->body.ptr, a->body.len};
	bn_xml_text(body, "Code", code, 64);
	if (strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.") !=
		strlen(code))
		code[0] = '\0';
	return code;
}

static meaning meaning_of(const bn_http_answer *a, const char *code)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (!strcmp(codes[i].code, code))
			return codes[i].meaning;
	if (a->status == 404)
		return NO_KEY;
	if (a->status == 507)
		return FULL;
	if (a->status == 503 || a->status == 429)
		return BUSY;
	return a->status == 403 || a->status == 401 ? DENIED : OTHER;
}

static int refused(bn_err *err, const char *hint, const bn_s3 *p, const char *what)
{
	bn_err_set(err, BN_EREFUSED, "%s: %s", p->base.place, what);
	bn_err_hint(err, "%s", hint);
	return BN_EREFUSED;
}

static int no_bucket(const bn_s3 *p, bn_err *err)
{
	bn_err_set(
		err, BN_EINVAL, "there is no bucket '%s' at %s", p->set.bucket, p->set.scheme_host);
	bn_err_hint(err, "make it first, or correct the bucket, the endpoint or the region");
	return BN_EINVAL;
}

static int skewed(const bn_s3 *p, const bn_http_answer *a, bn_err *err)
{
	int64_t ms = 0;
	char text[BN_FMT];
	if (!bn_s3_clock_difference(p, a, &ms))
		return refused(err, "set this host's clock (chronyc tracking)", p,
			"this host's clock and the server's differ too much");
	bn_fmt_duration((ms < 0 ? -ms : ms) * 1000000, text);
	bn_err_set(err, BN_EREFUSED, "%s: this host's clock is %s %s the server's", p->base.place,
		text, ms > 0 ? "behind" : "ahead of");
	bn_err_hint(err, "set the clock that is wrong (chronyc tracking)");
	return BN_EREFUSED;
}

static int denied(const bn_s3 *p, const char *code, bn_err *err)
{
	if (!p->set.keys.key_id)
		return refused(err, "give keys, or allow anyone to read the bucket", p,
			"access denied to requests that are not signed");
	if (!*code)
		return refused(err, "correct the keys, or ask the bucket's owner for the right", p,
			"access denied: wrong keys, or keys without a right to this");
	return refused(err, "ask the bucket's owner for the right, or use other keys (--profile)",
		p, "access denied: these keys have no right to this");
}

static int by_meaning(const bn_s3 *p, const char *key, meaning m, const bn_http_answer *a,
	const char *code, bn_err *err)
{
	switch (m) {
	case NO_KEY:
		return key ? bn_remote_no_key(&p->base, key, err) : no_bucket(p, err);
	case NO_BUCKET:
		return no_bucket(p, err);
	case BAD_KEY_ID:
		return refused(err, "correct AWS_ACCESS_KEY_ID or the profile", p,
			"this access key ID is not known there");
	case BAD_SECRET:
		return refused(err, "correct AWS_SECRET_ACCESS_KEY or the profile", p,
			"the secret key is wrong: the signature does not match");
	case BAD_TOKEN:
		return refused(err, "renew the temporary keys, and run this again: it continues", p,
			"the session token is wrong or has expired");
	case DENIED:
		return denied(p, code, err);
	case SKEWED:
		return skewed(p, a, err);
	case BUSY:
		bn_err_set(err, BN_EIO, "%s is busy (%d %s), after %d tries", p->base.place,
			a->status, *code ? code : "without a reason", a->attempts);
		bn_err_hint(err, "run this again later, it continues; or with fewer at a time "
				 "(--at-once 2)");
		return BN_EIO;
	case FULL:
		bn_err_set(err, BN_EIO, "%s is full (%s)", p->base.place, *code ? code : "507");
		bn_err_hint(err, "free space or a quota there, and run this again: it continues");
		if (err)
			err->cause = EDQUOT;
		return BN_EIO;
	case DAMAGED:
		return bn_err_set(err, BN_ECORRUPT, "%s: %s does not match its SHA-256 (%s)",
			p->base.place, key ? key : "what was sent", code);
	case BAD_BUCKET:
		return bn_err_set(err, BN_EINVAL, "%s: '%s' cannot be a bucket's name",
			p->base.place, p->set.bucket);
	case MOVED:
		return refused(err, "say the region (--region) or the endpoint (--endpoint)", p,
			"the bucket is in another region");
	case OTHER:
		break;
	}
	return bn_http_answer_check(a, err);
}

/* The answer to a HEAD has no body that says why: a listing of one key does. False: that is not refused. */
static bool ask_why(bn_s3 *p, bn_http_answer *a)
{
	char code[64];
	bn_s3_request r = {.method = "GET", .query = "list-type=2&max-keys=1", .attempts = 1};
	return bn_s3_do(p, &r, a, NULL) == 0 && a->status >= 400 && *bn_s3_code(a, code);
}

int bn_s3_check(bn_s3 *p, const char *key, const bn_http_answer *a, bn_err *err)
{
	char code[64];
	bn_http_answer why;
	int rc;
	if (a->status >= 200 && a->status < 300)
		return 0;
	bn_http_answer_init(&why);
	bn_s3_code(a, code);
	if (!*code && ((a->status == 404 && !p->bucket_seen) || a->status == 403) &&
		ask_why(p, &why)) {
		a = &why;
		bn_s3_code(a, code);
	}
	rc = by_meaning(p, key, meaning_of(a, code), a, code, err);
	bn_http_answer_release(&why);
	return rc;
}
