/*
 * webhook.h - webhooks: which changes of the registry a user's server reports to which address.
 *
 * The log has what everybody may know: that a webhook exists, its name, the origin of its address, its events,
 * whether it is active, and whether what it sends is signed. Events on entity webhook/ID (a UUID):
 *
 *	webhook.created {name, origin, events ["model_version.created"...], active, signed, description?}
 *	webhook.updated {name?, origin?, events?, active?, signed?, description?}   "" removes the description
 *	webhook.deleted {}
 *
 * A webhook is its user's: the same id of another user is another webhook, and nobody else's record changes it.
 *
 * The address and the secret are in a file that only that user can read: STATE/webhooks/WORKSPACE/ID (mode 0600; STATE
 * is ~/.local/state/binnacle). Addresses of chats and forges hold a password, and a workspace has many readers. So a
 * record of the log alone, whoever forged it, makes nothing be sent anywhere. A host with another home directory
 * lists the webhook and cannot send.
 */
#ifndef BN_REGISTRY_WEBHOOK_H
#define BN_REGISTRY_WEBHOOK_H
#include "core/base/id.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

extern const bn_fold_class bn_webhook_class;

/* name, entity, action: as payloads name them. Bits of the index: only add at the end. */
#define BN_WEBHOOK_EVENTS(X) \
	X(MODEL_CREATED, "registered_model", "created") \
	X(VERSION_CREATED, "model_version", "created") \
	X(VERSION_TAG_SET, "model_version_tag", "set") \
	X(VERSION_TAG_DELETED, "model_version_tag", "deleted") \
	X(ALIAS_CREATED, "model_version_alias", "created") \
	X(ALIAS_DELETED, "model_version_alias", "deleted") \
	X(PROMPT_CREATED, "prompt", "created") \
	X(PROMPT_VERSION_CREATED, "prompt_version", "created") \
	X(PROMPT_TAG_SET, "prompt_tag", "set") \
	X(PROMPT_TAG_DELETED, "prompt_tag", "deleted") \
	X(PROMPT_VERSION_TAG_SET, "prompt_version_tag", "set") \
	X(PROMPT_VERSION_TAG_DELETED, "prompt_version_tag", "deleted") \
	X(PROMPT_ALIAS_CREATED, "prompt_alias", "created") \
	X(PROMPT_ALIAS_DELETED, "prompt_alias", "deleted")

typedef enum bn_webhook_event {
#define X(name, entity, action) BN_WEBHOOK_##name,
	BN_WEBHOOK_EVENTS(X)
#undef X
		BN_WEBHOOK_EVENT_COUNT
} bn_webhook_event;

const char *bn_webhook_entity(bn_webhook_event e); /* "model_version" */
const char *bn_webhook_action(bn_webhook_event e); /* "created" */
/* False: there is no such event. */
bool bn_webhook_event_find(bn_webhook_event *out, const char *entity, const char *action);

enum {
	BN_WEBHOOKS_MOST = 256, /* of a user in a workspace */
	BN_WEBHOOK_NAME_MOST = 63,
	BN_WEBHOOK_TEXT_MOST = 5000, /* bytes of a description */
	BN_WEBHOOK_URL_MOST = 2000,
	BN_WEBHOOK_SECRET_MOST = 1000,
};

typedef struct bn_webhook {
	char id[BN_UUID_TEXT];
	char *name, *description, *origin; /* description may be NULL */
	uint32_t events;                   /* bit 1 << bn_webhook_event */
	bool is_active, is_signed;
	int64_t created_ms, updated_ms;
} bn_webhook;

typedef struct bn_webhooks {
	bn_webhook *items; /* newest first, then by id */
	size_t count, cap;
} bn_webhooks;
#define BN_WEBHOOKS_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Those of this user, of the last refresh; event_bits: only active ones of one of these events; 0: all. Release *out
 * also after an error. */
int bn_webhook_list(bn_webhooks *out, bn_workspace *ws, uint32_t event_bits, bn_err *err);
void bn_webhooks_release(bn_webhooks *l);
/* BN_ENOTFOUND. *out is borrowed from l, which is to be released also after an error. */
int bn_webhook_get(
	const bn_webhook **out, bn_webhooks *l, bn_workspace *ws, const char *id, bn_err *err);

/* What a record says: NULL and -1 are left out. */
typedef struct bn_webhook_change {
	const char *name, *description, *origin;
	int64_t events;           /* bits */
	int is_active, is_signed; /* 0, 1 */
} bn_webhook_change;

/* Each appends one record; the caller commits. */
int bn_webhook_write_created(
	bn_workspace *ws, const char *id, const bn_webhook_change *c, bn_err *err);
int bn_webhook_write_updated(
	bn_workspace *ws, const char *id, const bn_webhook_change *c, bn_err *err);
int bn_webhook_write_deleted(bn_workspace *ws, const char *id, bn_err *err);

/* ---- address and secret --------------------------------------------------------------------- */

typedef struct bn_webhook_target {
	char *url, *secret; /* secret may be NULL */
} bn_webhook_target;

/* Durable before it returns, so that it is there when the log names the webhook. */
int bn_webhook_target_write(const bn_env *env, const char *workspace_id, const char *id,
	const bn_webhook_target *t, bn_err *err);
/* BN_ENOTFOUND on a host that does not have it; BN_EREFUSED if others may read it. *out is to be released. */
int bn_webhook_target_read(bn_webhook_target *out, const bn_env *env, const char *workspace_id,
	const char *id, bn_err *err);
int bn_webhook_target_remove(
	const bn_env *env, const char *workspace_id, const char *id, bn_err *err);
void bn_webhook_target_release(bn_webhook_target *t); /* overwrites them */

#endif
