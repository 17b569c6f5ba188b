/* s3.c - opening a bucket, and reading from it: see s3.h. */
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/remote/_resume.h"
#include "core/remote/_s3.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ATTEMPTS = 6, BACKOFF_MS = 300 };

static const bn_remote_ops s3_ops;

static void release_settings(bn_s3_settings *set)
{
	bn_free(set->bucket);
	bn_free(set->prefix);
	bn_free(set->scheme_host);
	bn_free(set->region);
	bn_free(set->ca_file);
	bn_aws_profile_release(&set->keys);
}

static void s3_close(bn_remote_store *base)
{
	bn_s3 *p = (bn_s3 *)base;
	bn_http_client_free(p->client);
	release_settings(&p->set);
	bn_remote_store_free(base);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* "s3://BUCKET/PREFIX" */
static int read_url(bn_s3_settings *set, const char *url, bn_err *err)
{
	const char *bucket = url + strlen("s3://");
	size_t n = strcspn(bucket, "/");
	const char *prefix = bucket + n + (bucket[n] == '/');
	size_t len = strlen(prefix);
	while (len && prefix[len - 1] == '/')
		len--;
	bool ok = n >= 3 && n <= 255;
	for (size_t i = 0; i < n && ok; i++)
		ok = isalnum((unsigned char)bucket[i]) || strchr("._-", bucket[i]);
	if (!ok || strpbrk(prefix, "?#")) {
		bn_err_set(err, BN_EINVAL, "'%.200s' is not s3://BUCKET/PREFIX", url);
		bn_err_hint(err, "keys are not part of it; the server is said by --endpoint URL");
		return BN_EINVAL;
	}
	set->bucket = bn_strndup(bucket, n);
	set->prefix = len ? bn_strf("%.*s/", (int)len, prefix) : bn_strdup("");
	if (!set->bucket || !set->prefix)
		return bn_err_nomem(err, "a remote");
	if (!len)
		return 0;
	set->prefix[len] = '\0';
	int rc = bn_remote_key_check(set->prefix, err);
	set->prefix[len] = '/';
	return rc;
}

static bool is_loopback(const char *host)
{
	size_t n = strcspn(host, ":/");
	if (*host == '[')
		return bn_str_starts(host, "[::1]");
	return (n == 9 && !strncasecmp(host, "localhost", 9)) ||
	       (bn_str_starts(host, "127.") && strspn(host, "0123456789.") == n);
}

static int set_endpoint(bn_s3_settings *set, const char *said, bool allow_http, bn_err *err)
{
	if (!said) {
		set->aws = true;
		set->scheme_host = bn_strf("https://s3.%s.amazonaws.com", set->region);
		return set->scheme_host ? 0 : bn_err_nomem(err, "a remote");
	}
	bool tls = bn_str_starts(said, "https://"), plain = bn_str_starts(said, "http://");
	const char *host = said + (tls ? 8 : 7);
	size_t n = tls || plain ? strcspn(host, "/?#@") : 0;
	if (!n || strspn(host + n, "/") != strlen(host + n)) {
		bn_err_set(err, BN_EINVAL, "'%.200s' is not the URL of an S3 server", said);
		bn_err_hint(err, "https://HOST or https://HOST:PORT, without a path");
		return BN_EINVAL;
	}
	if (plain && set->keys.key_id && !allow_http && !is_loopback(host)) {
		bn_err_set(
			err, BN_EREFUSED, "'%.200s' would carry data and tokens unencrypted", said);
		bn_err_hint(err, "use https://, or allow it for this remote (--allow-http)");
		return BN_EREFUSED;
	}
	size_t scheme = (size_t)(host - said);
	if (!(set->scheme_host = bn_strndup(said, scheme + n)))
		return bn_err_nomem(err, "a remote");
	for (char *c = set->scheme_host; *c; c++) /* as curl sends it, and so as it is signed */
		*c = (char)tolower((unsigned char)*c);
	char *port = strrchr(set->scheme_host, ':');
	if (!strcmp(port, tls ? ":443" : ":80"))
		*port = '\0';
	return 0;
}

static int set_style(bn_s3_settings *set, const bn_remote_options *o, bn_err *err)
{
	const char *said = set->keys.style;
	set->style = o->style;
	if (o->style != BN_REMOTE_STYLE_AUTO || !said || !strcmp(said, "auto"))
		return 0;
	if (!strcmp(said, "path"))
		set->style = BN_REMOTE_STYLE_PATH;
	else if (!strcmp(said, "virtual"))
		set->style = BN_REMOTE_STYLE_HOST;
	else
		return bn_err_set(err, BN_EINVAL,
			"addressing_style of the profile is '%.40s', not path, virtual or auto",
			said);
	return 0;
}

static int read_settings(bn_s3_settings *set, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err)
{
	int rc = read_url(set, url, err);
	if (rc < 0 ||
		(rc = bn_aws_profile_find(&set->keys, env, o->profile, !o->anonymous, err)) < 0)
		return rc;
	const char *region = o->region ? o->region : set->keys.region;
	set->region = bn_strdup(region ? region : "us-east-1");
	set->ca_file = bn_strdup(o->ca_file);
	if (!set->region || (o->ca_file && !set->ca_file))
		return bn_err_nomem(err, "a remote");
	if (strspn(set->region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(set->region))
		return bn_err_set(err, BN_EINVAL, "'%.60s' is not a region", set->region);
	const char *endpoint = o->endpoint ? o->endpoint : set->keys.endpoint;
	if ((rc = set_endpoint(set, endpoint, o->allow_http, err)) < 0 ||
		(rc = set_style(set, o, err)) < 0)
		return rc;
	set->attempts = o->attempts ? o->attempts : ATTEMPTS;
	set->backoff_ms = o->backoff_ms ? o->backoff_ms : BACKOFF_MS;
	set->part_bytes = o->part_bytes ? o->part_bytes : BN_S3_PART_BYTES;
	if (set->part_bytes < BN_S3_LEAST_PART_BYTES &&
		!is_loopback(strstr(set->scheme_host, "://") + 3))
		set->part_bytes = BN_S3_LEAST_PART_BYTES;
	return 0;
}

/* Takes the settings, also after an error. */
static int open_with(bn_remote_store **out, const bn_env *env, const char *place,
	bn_s3_settings *set, bn_err *err)
{
	bn_s3 *p = NULL;
	bn_http_client_options options = {.ca_file = set->ca_file, .use_proxy_variables = true};
	int rc = bn_remote_store_new(&p, sizeof *p, &s3_ops, env, place, err);
	if (rc < 0) {
		release_settings(set);
		return rc;
	}
	p->set = *set;
	p->base.server = bn_strdup(set->scheme_host);
	p->base.credentials = bn_strdup(set->keys.source);
	if (!p->base.server || (set->keys.source && !p->base.credentials))
		rc = bn_err_nomem(err, "a remote");
	else
		rc = bn_http_client_new(&p->client, env, &options, err);
	if (rc < 0)
		s3_close(&p->base);
	else
		*out = &p->base;
	return rc;
}

int bn_remote_s3_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err)
{
	bn_s3_settings set = {0};
	int rc = read_settings(&set, env, url, o, err);
	if (rc < 0) {
		release_settings(&set);
		return rc;
	}
	return open_with(out, env, url, &set, err);
}

static int s3_again(bn_remote_store **out, const bn_remote_store *s, bn_err *err)
{
	const bn_s3_settings *from = &((const bn_s3 *)s)->set;
	bn_s3_settings set = *from;
	const bn_aws_profile *k = &from->keys;
	set.bucket = bn_strdup(from->bucket);
	set.prefix = bn_strdup(from->prefix);
	set.scheme_host = bn_strdup(from->scheme_host);
	set.region = bn_strdup(from->region);
	set.ca_file = bn_strdup(from->ca_file);
	set.keys = (bn_aws_profile){.key_id = bn_strdup(k->key_id),
		.secret = bn_strdup(k->secret),
		.token = bn_strdup(k->token),
		.source = bn_strdup(k->source)};
	if (!set.bucket || !set.prefix || !set.scheme_host || !set.region ||
		(from->ca_file && !set.ca_file) || (k->key_id && !set.keys.key_id) ||
		(k->secret && !set.keys.secret) || (k->token && !set.keys.token) ||
		(k->source && !set.keys.source)) {
		release_settings(&set);
		return bn_err_nomem(err, "a remote");
	}
	return open_with(out, s->env, s->place, &set, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

int bn_s3_stat(bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err)
{
	bn_s3 *p = (bn_s3 *)s;
	bn_http_answer a;
	char length[32];
	int64_t n = -1;
	bn_s3_request r = {.method = "HEAD", .key = key};
	bn_http_answer_init(&a);
	int rc = bn_s3_do(p, &r, &a, err);
	if (rc < 0 || (rc = bn_s3_check(p, key, &a, err)) < 0)
		goto out;
	if (!bn_http_answer_header(&a, "Content-Length", length, sizeof length) ||
		!bn_parse_i64(length, strlen(length), &n) || n < 0)
		rc = bn_err_set(err, BN_EIO, "%s does not say how long %s is", s->place, key);
	else
		out->bytes = (uint64_t)n;
out:
	bn_http_answer_release(&a);
	return rc;
}

typedef struct getting {
	bn_s3 *p;
	const char *key;
} getting;

static int send_get(void *user, bn_http_call *call, bn_http_answer *a, bn_err *err)
{
	getting *g = user;
	bn_s3_request r = {.method = "GET", .key = g->key};
	return bn_s3_send(g->p, &r, call, a, err);
}

static int refuse_get(void *user, const char *key, const bn_http_answer *a, bn_err *err)
{
	getting *g = user;
	return bn_s3_check(g->p, key, a, err);
}

static int s3_get(bn_remote_store *s, const char *key, uint64_t from, uint64_t count,
	const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err)
{
	bn_s3 *p = (bn_s3 *)s;
	getting g = {p, key};
	bn_remote_get get = {.s = s,
		.key = key,
		.url = p->set.scheme_host,
		.send = send_get,
		.refused = refuse_get,
		.user = &g,
		.attempts = p->set.attempts,
		.backoff_ms = p->set.backoff_ms,
		.from = from,
		.count = count,
		.sink = sink,
		.to = to,
		.progress = progress};
	return bn_remote_get_run(&get, err);
}

static int s3_remove(bn_remote_store *s, const char *key, bn_err *err)
{
	bn_s3 *p = (bn_s3 *)s;
	bn_http_answer a;
	char code[64];
	bn_s3_request r = {.method = "DELETE", .key = key};
	bn_http_answer_init(&a);
	int rc = bn_s3_do(p, &r, &a, err);
	if (rc == BN_OK && strcmp(bn_s3_code(&a, code), "NoSuchKey"))
		rc = bn_s3_check(p, key, &a, err);
	bn_http_answer_release(&a);
	return rc;
}

static const bn_remote_ops s3_ops = {
	.kind = "s3",
	.writes = true,
	.lists = true,
	.again = s3_again,
	.close = s3_close,
	.stat = bn_s3_stat,
	.get = s3_get,
	.list = bn_s3_list,
	.put = bn_s3_put,
	.remove = s3_remove,
};
