/*
 * hooks.h - sending webhooks: what a request changed is reported after its commit, by threads of their own.
 *
 * A handler names the change (bn_api_tell). When its data is durable, a copy for each webhook that asked for it goes to
 * the queue; the answer waits for nothing of that. The queue is in memory: at most HOOKS_MOST deliveries and
 * HOOKS_BYTES, and of one webhook at most HOOKS_OF_ONE; beyond that new ones are dropped and counted. Deliveries of
 * one webhook are sent one at a time and in order, so a receiver that is dead or slow holds up its own only, and never
 * more than one of the threads. What was not sent when the server ends is lost.
 *
 * A delivery is tried HOOK_TRIES times: again if nothing answered, and after 429, 500, 502, 503 and 504, after 1, 2 and 4
 * seconds or the Retry-After of the answer. Redirects are not followed, and no proxy is used.
 *
 * Where to: https, to a public address. http, and a private address, if the options allow it. A loopback address if
 * the URL names one ("localhost", 127.0.0.1, [::1]), with http too. Names are judged by the address at each connecting,
 * so that a name that leads elsewhere later gains nothing (core/net/address.h).
 */
#ifndef BN_API_HOOKS_H
#define BN_API_HOOKS_H
#include "core/api/_api.h"
#include "core/registry/webhook.h"

/* A header of each delivery; the signature is "v1," and the base 64 of HMAC-SHA256(secret, "ID.SECONDS.BODY"). */
#define BN_HOOK_ID "X-MLflow-Delivery-Id"
#define BN_HOOK_TIME "X-MLflow-Timestamp"
#define BN_HOOK_SIGNATURE "X-MLflow-Signature"

struct bn_hook_body; /* a text that deliveries share */

typedef struct bn_api_delivery {
	struct bn_api_delivery *next;
	char webhook[BN_UUID_TEXT];
	char id[BN_UUID_TEXT];
	bool is_signed;
	struct bn_hook_body *shared;
	const char *body; /* borrowed from shared */
	size_t n;
} bn_api_delivery;

/* ---- of handlers ---------------------------------------------------------------------------- */

/* That happened: model for a registered model, prompt for one that is a prompt; BN_WEBHOOK_EVENT_COUNT: nobody asks. data
 * is taken. It never fails a request: what cannot be told is counted as dropped. */
void bn_api_tell(bn_api_call *c, bn_webhook_event model, bn_webhook_event prompt, const char *name,
	json_t *data);
/* Data of an event: name, and what else is not NULL. */
json_t *bn_api_tell_about(const char *name, const char *version, const char *alias, const char *key,
	const char *value);
/* A request's tags as an object, without those that MLflow marks prompts with; and the prompt's text, to *text if
 * that is not NULL. */
json_t *bn_api_tell_tags(const json_t *tags, bool is_prompt, const char **text);
/* What a webhook gets: {"entity", "action", "timestamp", "data"}. NULL: out of memory; else the caller's (free). */
char *bn_api_hook_body(const bn_env *env, bn_webhook_event e, const json_t *data);

int bn_api_delivery_new(bn_api_delivery **out, const bn_env *env, const bn_webhook *w,
	const char *body, bn_err *err);
/* With the body of another delivery, which they share: a change is reported to many webhooks at the cost of one. */
int bn_api_delivery_like(bn_api_delivery **out, const bn_env *env, const bn_webhook *w,
	const bn_api_delivery *other, bn_err *err);

/* ---- the queue ------------------------------------------------------------------------------ */

/* Takes c->told. */
void bn_api_hooks_post(struct bn_api_hooks *h, bn_api_call *c);
/* Answers a call whose place is BN_API_SENDS on one of the threads: false if too many wait, and c is refused. */
bool bn_api_hooks_add(struct bn_api_hooks *h, bn_api_call *c);
void bn_api_deliveries_free(bn_api_delivery *first);
void bn_api_hooks_drop(struct bn_api_hooks *h, uint64_t n); /* counts */
void bn_api_hooks_write_metrics(struct bn_api_hooks *h, bn_buf *out);
uint64_t bn_api_hooks_lost(const struct bn_api_hooks *h); /* not sent at the end */

/* ---- one request ---------------------------------------------------------------------------- */

enum { BN_HOOK_TEXT = 1024 };

typedef struct bn_hook_result {
	int status;       /* of the answer; 0: there was none, and why says so */
	bool again;       /* may work later */
	int64_t after_ms; /* as the answer asks; -1: it does not */
	bn_err why;
	char text[BN_HOOK_TEXT + 1]; /* the beginning of the answer's body */
} bn_hook_result;

typedef struct bn_hook_sender bn_hook_sender;

/* Of one thread. cancelled, asked about every 100 ms, may be NULL. */
int bn_hook_sender_new(bn_hook_sender **out, const bn_api *a, bool (*cancelled)(void *user),
	void *user, bn_err *err);
void bn_hook_sender_free(bn_hook_sender *s);
void bn_hook_send(
	bn_hook_sender *s, const char *workspace_id, const bn_api_delivery *d, bn_hook_result *out);
/* INVALID_PARAMETER_VALUE unless a webhook may have that URL; *origin is the caller's. */
int bn_hook_check_url(char **origin, bn_api_call *c, const char *url, bn_err *err);

#endif
