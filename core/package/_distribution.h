/*
 * _distribution.h - shared declarations of the registry client: distribution.c (opening, requests, manifests),
 * authorize.c (challenges and tokens), upload.c, download.c, registry_error.c, upload_memory.c.
 */
#ifndef BN_PACKAGE_DISTRIBUTION_INTERNAL_H
#define BN_PACKAGE_DISTRIBUTION_INTERNAL_H
#include "core/net/client.h"
#include "core/package/challenge.h"
#include "core/package/distribution.h"

#define BN_DIST_TRIES 5
#define BN_DIST_IDLE_MS 300000 /* a registry is silent while it hashes a large blob */

struct bn_distribution {
	const bn_env *env;
	bn_http_client *client;
	bn_reference ref;
	bn_distribution_options o;
	char *base; /* "https://host:port" */
	bn_http_answer answer;

	bn_challenge challenge; /* the newest */
	char *authorization;    /* a header line, or NULL: none is needed, or there is none */
	char *token;            /* of the Bearer line, for removing it from messages; or NULL */
	int64_t token_end_ns;   /* monotonic; of a token */
	char *mount_from;       /* a repository that tokens must be able to read as well, or NULL */
	bool scope_of_registry; /* ask for the scope that the registry named, not for ours */

	bool no_patch; /* the registry does not take chunks */
	const char *what;
	uint64_t done, total;    /* for progress */
	uint64_t sent, received; /* on the wire */
	bool counts_sent;        /* the exchange in progress is an upload */
	uint64_t
		exchange_sent; /* bytes of the exchange in progress, as far as they were reported */
	int backoff_ms;        /* of the next pause */
	bool ends_piece; /* a stop waits for the end of the piece in progress, at most 10 s: a registry may forget
			  * an upload that was cut within one */
	int64_t stop_ns; /* when the stop was wanted; 0: it was not */
};

/* One request to the registry. */
typedef struct bn_dist_request {
	const char *method, *url; /* url: whole */
	const char *headers[6];   /* without Authorization; ends with NULL */
	bn_http_upload body;
	bn_http_download to;
	int tries;    /* 0: 1; with 5 a lost connection, 408, 429 and 5xx are repeated */
	bool follows; /* redirects */
} bn_dist_request;

/* Sends it, with authorization if the URL is the registry's, and answers a challenge once. 0 if a response
 * came: d->answer, whatever its status except 401. */
int bn_dist_do(bn_distribution *d, const bn_dist_request *r, bn_err *err);
/* "BASE/v2/NAME/WHAT"; the caller frees it. */
int bn_dist_url(
	char **out, const bn_distribution *d, const char *what, const char *more, bn_err *err);
/* Waits before a repetition: Retry-After of d->answer, or the back-off. BN_EINTR; BN_EIO if the registry wants
 * more than two minutes. */
int bn_dist_pause(bn_distribution *d, bn_err *err);
bool bn_dist_is_transient(int status);
/* BN_EINTR, with how to go on, if the caller's progress wants to stop. */
int bn_dist_look(bn_distribution *d, bn_err *err);

/* authorize.c. Makes d->authorization what the newest challenge wants; a token that has ended is renewed. */
int bn_dist_authorize(bn_distribution *d, bn_err *err);
/* Reads the challenge of a 401 in d->answer; what was sent before is not used again. */
int bn_dist_challenged(bn_distribution *d, bn_err *err);
void bn_dist_forget_authorization(bn_distribution *d);

/* registry_error.c. The error of d->answer, a response that is not the one wanted: doing names what was tried. */
int bn_dist_refused(const bn_distribution *d, const char *doing, bn_err *err);
/* Whether d->answer's first error has that code ("DIGEST_INVALID"). */
bool bn_dist_has_code(const bn_distribution *d, const char *code);

/* upload_memory.c: addresses of unfinished uploads. Failures are silent, as an upload starts over without them. */
char *bn_upload_memory_load(const bn_distribution *d, const char *digest); /* yours, or NULL */
void bn_upload_memory_save(const bn_distribution *d, const char *digest, const char *location);
void bn_upload_memory_forget(const bn_distribution *d, const char *digest);

#endif
