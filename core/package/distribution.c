/* distribution.c - opening a registry, requests to it, manifests: see distribution.h. */
#include "core/package/distribution.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/_distribution.h"

#include <poll.h>
#include <string.h>
#include <strings.h>

#define MOST_HEADERS 8
#define MOST_REDIRECTS 5
#define BACKOFF_MS 500
#define MOST_BACKOFF_MS 30000
#define MOST_WAIT_MS 120000
#define PIECE_NS INT64_C(10000000000) /* how long a stop waits for the end of a piece */

/* ---- progress and waiting ------------------------------------------------------------------- */

void bn_distribution_expect(bn_distribution *d, const char *what, uint64_t total)
{
	d->what = what;
	d->total = total;
	d->done = 0;
}

int bn_distribution_skip(bn_distribution *d, uint64_t bytes, bn_err *err)
{
	d->done += bytes;
	return bn_progress_step(d->o.progress, d->what, d->done, d->total, err);
}

/* Of uploads; downloads count what their sink has taken. */
static bool on_progress(void *user, const bn_http_progress *p)
{
	bn_distribution *d = user;
	uint64_t now = d->counts_sent ? p->sent : 0;
	d->exchange_sent = now;
	if (bn_progress_step(d->o.progress, d->what, d->done + now, d->total, NULL) == 0)
		return true;
	int64_t time_ns = bn_env_monotonic_ns(d->env);
	if (!d->stop_ns)
		d->stop_ns = time_ns;
	return d->ends_piece && time_ns - d->stop_ns < PIECE_NS;
}

static int stopped(const bn_distribution *d, bn_err *err)
{
	bn_err_set(err, BN_EINTR, "stopped while %s", d->what);
	bn_err_hint(err, "the same command goes on from there");
	return BN_EINTR;
}

int bn_dist_look(bn_distribution *d, bn_err *err)
{
	if (bn_progress_step(d->o.progress, d->what, d->done, d->total, NULL) == 0)
		return 0;
	return stopped(d, err);
}

bool bn_dist_is_transient(int status)
{
	return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

static int64_t next_wait_ms(bn_distribution *d)
{
	char text[32];
	int64_t told, ms = d->backoff_ms;
	const char *after = bn_http_answer_header(&d->answer, "Retry-After", text, sizeof text);
	d->backoff_ms = ms * 2 < MOST_BACKOFF_MS ? (int)(ms * 2) : MOST_BACKOFF_MS;
	if (bn_dist_is_transient(d->answer.status) && after &&
		bn_parse_i64(after, strlen(after), &told) && told >= 0)
		ms = told < MOST_WAIT_MS ? told * 1000 : told;
	return ms;
}

int bn_dist_pause(bn_distribution *d, bn_err *err)
{
	int64_t ms = next_wait_ms(d), until = bn_env_monotonic_ns(d->env) + ms * 1000000, left;
	int rc;
	if (ms > MOST_WAIT_MS)
		return bn_err_set(err, BN_EIO, "%s: wants a pause of %lld s", d->ref.registry,
			(long long)(ms / 1000));
	while ((left = (until - bn_env_monotonic_ns(d->env) + 999999) / 1000000) > 0) {
		if ((rc = bn_progress_step(d->o.progress, d->what, d->done, d->total, err)) < 0)
			return rc;
		poll(NULL, 0, left < 100 ? (int)left : 100);
	}
	return 0;
}

/* ---- requests ------------------------------------------------------------------------------- */

/* Sends once. */
static int exchange(bn_distribution *d, const bn_dist_request *r, bool own, bn_err *err)
{
	const char *headers[MOST_HEADERS + 1];
	size_t n = 0;
	for (; n + 1 < MOST_HEADERS && r->headers[n]; n++)
		headers[n] = r->headers[n];
	if (own && d->authorization)
		headers[n++] = d->authorization;
	headers[n] = NULL;
	bn_http_call call = {.method = r->method,
		.url = r->url,
		.headers = headers,
		.body = r->body,
		.to = r->to,
		.idle_ms = BN_DIST_IDLE_MS,
		.max_redirects = r->follows ? MOST_REDIRECTS : 0,
		.progress = on_progress,
		.progress_user = d};
	d->counts_sent = r->body.kind == BN_HTTP_FILE;
	d->exchange_sent = 0;
	int rc = bn_http_do(d->client, &call, &d->answer, err);
	if (d->counts_sent && rc == 0 && d->answer.status < 300)
		d->exchange_sent = (uint64_t)r->body.length;
	d->sent += d->exchange_sent;
	return rc;
}

/* Sends, and once more with fresh authorization if the registry wants it. *lost: sending failed, and may be
 * repeated; not so if authorization did. */
static int exchange_authorized(
	bn_distribution *d, const bn_dist_request *r, bool *lost, bn_err *err)
{
	bool own = bn_http_url_same_origin(r->url, d->base);
	int rc;
	for (int tries = 0;; tries++) {
		*lost = false;
		if (own && (rc = bn_dist_authorize(d, err)) < 0)
			return rc;
		*lost = true;
		if ((rc = exchange(d, r, own, err)) < 0)
			return rc;
		*lost = false;
		if (d->answer.status != 401 || !own ||
			!bn_http_url_same_origin(d->answer.url.ptr, d->base))
			return 0;
		bool knew = d->authorization != NULL;
		if (tries == 2 || (tries == 1 && !knew))
			return bn_dist_refused(d, "authorization", err);
		if ((rc = bn_dist_challenged(d, err)) < 0)
			return rc;
		if (d->challenge.kind == BN_CHALLENGE_NONE ||
			(d->challenge.kind == BN_CHALLENGE_BASIC && (knew || !d->o.credentials)))
			return bn_dist_refused(d, "authorization", err);
	}
}

int bn_dist_do(bn_distribution *d, const bn_dist_request *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bool lost;
	int rc;
	for (int tries = 1;; tries++) {
		rc = exchange_authorized(d, r, &lost, &why);
		bool again = bn_dist_is_transient(d->answer.status);
		if (rc <
			0) /* an answer that was cut, or was not valid, may be so again: one more try */
			again = lost && rc == BN_EIO && !d->answer.untrusted &&
				(!d->answer.status || tries == 1);
		if (!again || tries >= r->tries)
			break;
		if ((rc = bn_dist_pause(d, err)) < 0)
			return rc;
		bn_err_clear(&why);
	}
	d->backoff_ms = d->o.backoff_ms;
	if (rc == BN_EINTR)
		return stopped(d, err);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

int bn_dist_url(
	char **out, const bn_distribution *d, const char *what, const char *more, bn_err *err)
{
	*out = bn_strf("%s/v2/%s/%s%s", d->base, d->ref.name, what, more);
	return *out ? 0 : bn_err_nomem(err, "a URL");
}

/* ---- opening -------------------------------------------------------------------------------- */

/* GET /v2/ is there to learn whether this is a registry, and how it authenticates. */
static int ping(bn_distribution *d, bn_err *err)
{
	char *url = bn_strf("%s/v2/", d->base);
	int rc;
	if (!url)
		return bn_err_nomem(err, "a URL");
	bn_http_call call = {.url = url, .attempts = 2, .backoff_ms = d->o.backoff_ms};
	if ((rc = bn_http_do(d->client, &call, &d->answer, err)) < 0)
		goto out;
	if (d->answer.status == 401) {
		rc = bn_dist_challenged(d, err);
	} else if (d->answer.status != 200) {
		rc = bn_dist_refused(d, "asking for its version", err);
		bool maybe_tls = d->answer.status == 400 && !bn_http_url_is_https(d->base);
		bn_err_hint(err,
			maybe_tls
				? "does %.100s use TLS? then give --ca-file FILE, not --plain-http"
				: "is %.100s a container registry?",
			d->ref.registry);
	}
out:
	bn_free(url);
	return rc;
}

int bn_distribution_open(bn_distribution **out, const bn_env *env, const bn_reference *ref,
	const bn_distribution_options *options, bn_err *err)
{
	bool loopback = bn_reference_is_loopback(ref);
	bool http = options->plain_http || (loopback && !options->ca_file);
	/* A proxy cannot reach this machine's own addresses, and would read the password. */
	bn_http_client_options how = {
		.ca_file = options->ca_file, .use_proxy_variables = !loopback};
	int rc = 0;
	bn_distribution *d = bn_alloc_zeroed(1, sizeof *d);
	if (!d)
		return bn_err_nomem(err, "a registry");
	d->env = env;
	d->ref = *ref;
	d->o = *options;
	d->o.chunk_bytes = options->chunk_bytes ? options->chunk_bytes : BN_CHUNK_BYTES;
	d->o.backoff_ms = options->backoff_ms ? options->backoff_ms : BACKOFF_MS;
	d->backoff_ms = d->o.backoff_ms;
	d->what = "transferring";
	bn_http_answer_init(&d->answer);
	d->base = bn_strf("http%s://%s", http ? "" : "s", bn_reference_host(ref));
	if (!d->base) {
		rc = bn_err_nomem(err, "a registry");
		goto out;
	}
	if ((rc = bn_http_client_new(&d->client, env, &how, err)) < 0 || (rc = ping(d, err)) < 0)
		goto out;
	*out = d;
	d = NULL;
out:
	bn_distribution_close(d);
	return rc;
}

void bn_distribution_close(bn_distribution *d)
{
	if (!d)
		return;
	bn_http_client_free(d->client);
	bn_http_answer_release(&d->answer);
	bn_dist_forget_authorization(d);
	bn_free(d->mount_from);
	bn_free(d->base);
	bn_free(d);
}

uint64_t bn_distribution_sent(const bn_distribution *d)
{
	return d->sent;
}

uint64_t bn_distribution_received(const bn_distribution *d)
{
	return d->received;
}

/* ---- manifests ------------------------------------------------------------------------------ */

/* The digest that the registry says, if it says one. */
static int check_said_digest(const bn_distribution *d, const char *digest, bn_err *err)
{
	char said[256];
	if (!bn_http_answer_header(&d->answer, "Docker-Content-Digest", said, sizeof said) ||
		!strcmp(said, digest) || strncmp(said, "sha256:", 7) != 0)
		return 0;
	return bn_err_set(err, BN_ECORRUPT,
		"%s: says that the manifest's digest is '%.80s', and it is %s", d->ref.registry,
		said, digest);
}

int bn_distribution_push_manifest(bn_distribution *d, const bn_oci_descriptor *manifest,
	const char *tag, const bn_buf *text, bn_err *err)
{
	char *url = NULL, *type = bn_strf("Content-Type: %s", manifest->media_type);
	int rc = bn_dist_url(&url, d, "manifests/", tag, err);
	if (rc < 0 || !type) {
		rc = bn_err_nomem(err, "a URL");
		goto out;
	}
	bn_dist_request r = {.method = "PUT",
		.url = url,
		.headers = {type},
		.body = {.kind = BN_HTTP_BYTES, .bytes = text->ptr, .length = (int64_t)text->len},
		.tries = BN_DIST_TRIES};
	if ((rc = bn_dist_do(d, &r, err)) < 0)
		goto out;
	if (d->answer.status != 201 && d->answer.status != 200 && d->answer.status != 202)
		rc = bn_dist_refused(d, "storing the manifest", err);
	else
		rc = check_said_digest(d, manifest->digest, err);
out:
	bn_free(url);
	bn_free(type);
	return rc;
}

/* The media type: the header's, or without one what the document says. */
static int read_media_type(
	bn_oci_descriptor *out, const bn_distribution *d, const bn_buf *text, bn_err *err)
{
	char type[BN_OCI_MEDIA_TYPE_TEXT] = "";
	json_t *doc = NULL;
	int rc = 0;
	bn_http_answer_header(&d->answer, "Content-Type", type, sizeof type);
	type[strcspn(type, "; \t")] = '\0';
	if (strncmp(type, "application/vnd.", 16) != 0) {
		if ((rc = bn_json_parse(&doc, text->ptr, text->len, "the manifest", err)) < 0)
			return rc;
		snprintf(type, sizeof type, "%s", bn_json_str(doc, "mediaType", ""));
		json_decref(doc);
	}
	static const char *const known[] = {
		BN_OCI_MANIFEST, BN_OCI_INDEX, BN_DOCKER_MANIFEST, BN_DOCKER_LIST};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(type, known[i])) {
			strcpy(out->media_type, type);
			return 0;
		}
	return bn_err_set(err, BN_EUNSUPPORTED, "%s: sent a manifest of type '%.100s'",
		d->ref.registry, type[0] ? type : "unknown");
}

static int read_manifest(
	bn_oci_descriptor *out, bn_buf *text, bn_distribution *d, const char *wanted, bn_err *err)
{
	bn_oci_descriptor got = {.size = d->answer.body.len};
	int rc;
	bn_oci_digest(d->answer.body.ptr, d->answer.body.len, got.digest);
	if (!strncmp(wanted, "sha256:", 7) && strcmp(wanted, got.digest) != 0)
		return bn_err_set(err, BN_ECORRUPT, "%s: sent a manifest whose digest is %s for %s",
			d->ref.registry, got.digest, wanted);
	if ((rc = check_said_digest(d, got.digest, err)) < 0 ||
		(rc = read_media_type(&got, d, &d->answer.body, err)) < 0)
		return rc;
	bn_buf_clear(text);
	bn_buf_add(text, d->answer.body.ptr, d->answer.body.len);
	if ((rc = bn_buf_check(text, err, "a manifest")) < 0)
		return rc;
	*out = got;
	return 0;
}

int bn_distribution_pull_manifest(bn_distribution *d, bn_oci_descriptor *out, bn_buf *text,
	const char *tag_or_digest, bn_err *err)
{
	char *url = NULL, doing[BN_REFERENCE_TAG_MAX + 32];
	int rc = bn_dist_url(&url, d, "manifests/", tag_or_digest, err);
	if (rc < 0)
		return rc;
	snprintf(doing, sizeof doing, "reading the manifest %s", tag_or_digest);
	bn_dist_request r = {.method = "GET",
		.url = url,
		.headers = {"Accept: " BN_OCI_MANIFEST ", " BN_OCI_INDEX ", " BN_DOCKER_MANIFEST
			    ", " BN_DOCKER_LIST},
		.to = {.max_bytes = BN_OCI_DOCUMENT_MAX},
		.tries = BN_DIST_TRIES,
		.follows = true};
	if ((rc = bn_dist_do(d, &r, err)) < 0)
		goto out;
	if (d->answer.status != 200)
		rc = bn_dist_refused(d, doing, err);
	else
		rc = read_manifest(out, text, d, tag_or_digest, err);
out:
	bn_free(url);
	return rc;
}
