/* url.c - URLs for the client, with libcurl's parser: see _client.h. */
#include "core/net/_client.h"

#include "core/base/mem.h"

#include <string.h>
#include <strings.h>

/* The parts of a URL that define its origin, and the path. */
typedef struct url_parts {
	char *scheme, *host, *port, *path; /* libcurl's memory */
} url_parts;

static void release_parts(url_parts *p)
{
	if (!p->scheme) /* the first that is filled in */
		return;
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	curl_free(p->path);
}

static bool read_parts(url_parts *p, const char *url)
{
	*p = (url_parts){0};
	if (bn_curl_open(NULL) < 0)
		return false;
	CURLU *u = curl_url();
	bool ok = u && !curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) &&
		  !curl_url_get(u, CURLUPART_SCHEME, &p->scheme, 0) &&
		  !curl_url_get(u, CURLUPART_HOST, &p->host, 0) &&
		  !curl_url_get(u, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT) &&
		  !curl_url_get(u, CURLUPART_PATH, &p->path, 0);
	curl_url_cleanup(u);
	return ok;
}

int bn_http_url_check(const char *url, bn_err *err)
{
	char *scheme = NULL;
	int rc = bn_curl_open(err);
	if (rc < 0)
		return rc;
	CURLU *u = curl_url();
	if (!u)
		return bn_err_nomem(err, "a URL");
	CURLUcode code =
		curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
	if (code == CURLUE_USER_NOT_ALLOWED) {
		rc = bn_err_set(err, BN_EINVAL, "a URL may not hold a user name or a password");
		bn_err_hint(err, "give a token or an Authorization header instead");
		goto out;
	}
	if (code || curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
		(strcmp(scheme, "http") && strcmp(scheme, "https"))) {
		rc = bn_err_set(err, BN_EINVAL, "'%.200s' is not an http:// or https:// URL", url);
		goto out;
	}
out:
	curl_free(scheme);
	curl_url_cleanup(u);
	return rc;
}

static bool is_usual_port(const url_parts *p)
{
	return !strcmp(p->port, strcmp(p->scheme, "https") ? "80" : "443");
}

int bn_http_url_origin(char **origin, char **host, const char *url, bn_err *err)
{
	url_parts p = {0};
	int rc = bn_http_url_check(url, err);
	*origin = *host = NULL;
	if (rc < 0)
		return rc;
	if (!read_parts(&p, url)) {
		rc = bn_err_set(err, BN_EINVAL, "'%.200s' is not an http:// or https:// URL", url);
		goto out;
	}
	bool usual = is_usual_port(&p);
	*host = bn_strdup(p.host);
	*origin = bn_strf("%s://%s%s%s", p.scheme, p.host, usual ? "" : ":", usual ? "" : p.port);
	if (!*host || !*origin)
		rc = bn_err_nomem(err, "a URL");
out:
	release_parts(&p);
	if (rc < 0) {
		bn_free(*host);
		bn_free(*origin);
		*host = *origin = NULL;
	}
	return rc;
}

char *bn_http_url_label(const char *url, const char *unix_socket)
{
	url_parts p;
	char *label = NULL;
	if (!read_parts(&p, url)) {
		label = bn_strdup("a URL");
	} else if (unix_socket) {
		label = bn_strf("unix:%s %.200s", unix_socket, p.path);
	} else {
		bool usual = is_usual_port(&p);
		label = bn_strf("%s://%s%s%s%.200s", p.scheme, p.host, usual ? "" : ":",
			usual ? "" : p.port, p.path);
	}
	release_parts(&p);
	return label;
}

bool bn_http_url_same_origin(const char *a, const char *b)
{
	url_parts p, q = {0};
	bool same = read_parts(&p, a) && read_parts(&q, b) && !strcmp(p.scheme, q.scheme) &&
		    !strcasecmp(p.host, q.host) && !strcmp(p.port, q.port);
	release_parts(&p);
	release_parts(&q);
	return same;
}

bool bn_http_url_is_https(const char *url)
{
	return !strncasecmp(url, "https:", 6);
}

int bn_http_url_resolve(char **out, const char *base, const char *reference, bn_err *err)
{
	char *url = NULL;
	int rc = bn_curl_open(err);
	if (rc < 0)
		return rc;
	CURLU *u = curl_url();
	if (!u)
		return bn_err_nomem(err, "a URL");
	if (curl_url_set(u, CURLUPART_URL, base, CURLU_PATH_AS_IS) ||
		curl_url_set(u, CURLUPART_URL, reference, CURLU_PATH_AS_IS) ||
		curl_url_set(u, CURLUPART_USER, NULL, 0) ||
		curl_url_set(u, CURLUPART_PASSWORD, NULL, 0) ||
		curl_url_get(u, CURLUPART_URL, &url, 0)) {
		rc = bn_err_set(
			err, BN_EINVAL, "not a URL: what a server names as the redirect target");
		goto out;
	}
	if ((rc = bn_http_url_check(url, err)) < 0)
		goto out;
	if (!(*out = bn_strdup(url)))
		rc = bn_err_nomem(err, "a URL");
out:
	curl_free(url);
	curl_url_cleanup(u);
	return rc;
}

void bn_http_url_add(bn_buf *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || strchr("-._~", *p);
		if (plain)
			bn_buf_addch(out, (char)*p);
		else
			bn_buf_addf(out, "%%%02X", *p);
	}
}
