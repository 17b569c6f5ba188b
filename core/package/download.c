/* download.c - receiving a blob: see distribution.h. */
#include "core/base/mem.h"
#include "core/package/_distribution.h"

typedef struct download {
	bn_distribution *d;
	const bn_oci_descriptor *blob;
	const bn_blob_sink *sink;
	uint64_t have;
	uint64_t base; /* d->done without this blob */
	bool failed;   /* the sink, or our own check, ended the request */
} download;

static int take(void *user, const void *bytes, size_t n, bn_err *err)
{
	download *g = user;
	bn_distribution *d = g->d;
	int rc;
	g->failed = true;
	if (n > g->blob->size - g->have)
		return bn_err_set(err, BN_ECORRUPT, "%s: sends more than the %llu bytes of %s",
			d->ref.registry, (unsigned long long)g->blob->size, g->blob->digest);
	if ((rc = g->sink->add(g->sink->user, bytes, n, err)) < 0)
		return rc;
	g->have += n;
	d->received += n;
	d->done = g->base + g->have;
	if ((rc = bn_progress_step(d->o.progress, d->what, d->done, d->total, err)) < 0)
		return rc;
	g->failed = false;
	return 0;
}

static int restart(download *g, bn_err *err)
{
	g->have = 0;
	g->d->done = g->base;
	return g->sink->restart(g->sink->user, err);
}

static int request(download *g, const char *url, bn_err *err)
{
	bn_dist_request r = {.method = "GET",
		.url = url,
		.to = {.kind = BN_HTTP_TO_CALLBACK,
			.first = g->have,
			.count = g->have ? g->blob->size - g->have : 0,
			.write = take,
			.user = g},
		.follows = true};
	return bn_dist_do(g->d, &r, err);
}

/* One request. BN_EIO in *why may be repeated unless g->failed. */
static int receive(download *g, const char *url, bn_err *why)
{
	const bn_http_answer *a = &g->d->answer;
	uint64_t before = g->have;
	int rc = request(g, url, why);
	bool whole = rc < 0 && !g->failed && before && g->have == before && a->status == 200;
	if (whole || (rc == 0 && a->status == 416)) { /* no ranges here, or none from there on */
		bn_err_clear(why);
		if ((rc = restart(g, why)) < 0) {
			g->failed = true;
			return rc;
		}
		rc = request(g, url, why);
	}
	if (rc < 0)
		return rc;
	if (a->status != 200 && a->status != 206) {
		g->failed = !bn_dist_is_transient(a->status);
		rc = bn_dist_refused(g->d, "reading a blob", why);
		return g->failed ? rc : BN_EIO;
	}
	if (g->have < g->blob->size)
		return bn_err_set(why, BN_EIO, "%s: sent %llu of the %llu bytes of %s",
			g->d->ref.registry, (unsigned long long)g->have,
			(unsigned long long)g->blob->size, g->blob->digest);
	return 0;
}

int bn_distribution_pull_blob(
	bn_distribution *d, const bn_oci_descriptor *blob, const bn_blob_sink *sink, bn_err *err)
{
	download g = {d, blob, sink, sink->have, d->done, false};
	bn_err why = BN_ERR_INIT;
	char *url = NULL;
	uint64_t best = g.have;
	int rc = bn_dist_url(&url, d, "blobs/", blob->digest, err);
	if (rc < 0)
		return rc;
	d->done = g.base + g.have;
	for (int tries = 1; g.have < blob->size; tries++) {
		if ((rc = receive(&g, url, &why)) >= 0)
			break;
		if (g.have > best) { /* it got further than ever before */
			best = g.have;
			tries = 1;
		}
		if (rc != BN_EIO || g.failed || d->answer.untrusted || tries >= BN_DIST_TRIES) {
			bn_err_move(err, &why);
			goto out;
		}
		bn_err_clear(&why);
		if ((rc = bn_dist_pause(d, err)) < 0)
			goto out;
	}
	d->backoff_ms = d->o.backoff_ms;
	rc = bn_progress_step(d->o.progress, d->what, d->done, d->total, err);
out:
	bn_free(url);
	return rc;
}
