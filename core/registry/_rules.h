/*
 * _rules.h - the rules of the registry, once, for the fold and for the writers.
 *
 * The fold asks them as of an event, a writer asks them as of now before it writes. Each returns 0,
 * BN_EREFUSED (role, four eyes, gates, protected alias), or BN_EINVAL, BN_ENOTFOUND, BN_ECONFLICT
 * (makes no sense, or not in this state); any other code is a failure of the index.
 */
#ifndef BN_REGISTRY_RULES_H
#define BN_REGISTRY_RULES_H
#include "core/registry/registry.h"

typedef struct rules_actor {
	const char *workspace_id;
	sqlite3 *db;
	uid_t uid;
	const char *user;       /* for messages */
	const bn_event_key *at; /* NULL: now */
} rules_actor;

/* The part of a version that rules look at. */
typedef struct rules_version {
	bn_model_state state;
	uid_t author_uid, registrar_uid;
	int64_t request_no;
	char uuid[40], digest[65], author[64];
} rules_version;

/* BN_ENOTFOUND also for removed ones. */
int bn_rules_find(rules_version *out, sqlite3 *db, const char *name, int64_t version, bn_err *err);

int bn_rules_request(const rules_actor *a, const char *name, int64_t version, bn_err *err);
/* What an approval would need. gates (may be NULL) is set whenever the version exists, also when
 * the approval is refused. overridden: gates block, and the override holds. */
int bn_rules_approve(const rules_actor *a, const char *name, int64_t version, const char *reason,
	bool override, bn_gate_report **gates, bool *overridden, bn_err *err);
int bn_rules_reject(
	const rules_actor *a, const char *name, int64_t version, const char *reason, bn_err *err);
int bn_rules_attest(const rules_actor *a, const char *name, int64_t version, const char *check,
	const char *verdict, bn_err *err);
int bn_rules_alias(
	const rules_actor *a, const char *name, const char *alias, int64_t version, bn_err *err);
int bn_rules_remove_alias(const rules_actor *a, const char *name, const char *alias, bn_err *err);
/* version 0: a tag of the model itself. */
int bn_rules_tag(const rules_actor *a, const char *name, int64_t version, const char *key,
	const char *value, bn_err *err);
int bn_rules_remove(const rules_actor *a, const char *name, int64_t version, bn_err *err);

/* A spec as bn_version_get takes it; the version need not exist. *name is yours. */
int bn_version_resolve(char **name, int64_t *version, sqlite3 *db, const char *spec, bn_err *err);

#endif
