/*
 * _entry.h - one registered model: its versions and what was done to them, in memory.
 *
 * The state machine of registry.h. The fold feeds it events and stores the changes (_entry_rows.c); a
 * writer or a reader asks what an act would do now. So each rule is in one place, and the same for the
 * fold, which decides, and for callers that check first.
 *
 * A version is read from the index on demand, so an act costs the same regardless of the number of
 * versions.
 *
 * An act is checked (bn_entry_check), then done (bn_entry_do). Roles, the policy in force and signatures
 * are not decided here but by a bn_entry_rights.
 *
 * Memory: texts created by the entry are in its arena; JSON values are its own references. Texts of
 * an act are copied if kept.
 */
#ifndef BN_REGISTRY_ENTRY_H
#define BN_REGISTRY_ENTRY_H
#include "core/base/mem.h"
#include "core/registry/gate.h"
#include "core/registry/state.h"

typedef enum bn_entry_kind {
	BN_ENTRY_REGISTERED,
	BN_ENTRY_REQUESTED,
	BN_ENTRY_APPROVED,
	BN_ENTRY_REJECTED,
	BN_ENTRY_ATTESTED,
	BN_ENTRY_ALIAS,
	BN_ENTRY_ALIAS_REMOVED,
	BN_ENTRY_TAG,
	BN_ENTRY_REMOVED,
	BN_ENTRY_EVIDENCE,
	BN_ENTRY_CREATED,
	BN_ENTRY_DESCRIBED,
	BN_ENTRY_STAGE,
	BN_ENTRY_DELETED,
	BN_ENTRY_KINDS
} bn_entry_kind;

extern const bn_fold_kind bn_entry_kinds[BN_ENTRY_KINDS + 1]; /* each at its place */

/* An identity as a text for comparison: "uid-1000" under the rules for uids, the hex of a person's first
 * key under core/govern/authority.h. */
enum { BN_WHO_TEXT = 72 };

typedef struct bn_entry_decision {
	int64_t request_no, time_ms;
	const char *who;
	uid_t uid;
	bool approved, override;
	const char *reason, *policy_hash, *public_key; /* may be NULL */
	json_t *gates;                                 /* array */
} bn_entry_decision;

typedef struct bn_entry_attestation {
	const char *check, *verdict, *detail; /* detail may be NULL */
	uid_t uid;
	int64_t time_ms;
} bn_entry_attestation;

typedef struct bn_entry_tag {
	const char *key, *value;
} bn_entry_tag;

typedef struct bn_entry_tags {
	bn_entry_tag *items;
	size_t count, cap;
} bn_entry_tags;

typedef enum bn_entry_part {
	BN_ENTRY_PART_STATE = 1, /* of the version itself */
	BN_ENTRY_PART_DECISIONS = 2,
	BN_ENTRY_PART_ATTESTATIONS = 4,
	BN_ENTRY_PART_TAGS = 8,
	BN_ENTRY_PART_WORDS = 16, /* description, stage */
} bn_entry_part;

typedef struct bn_entry_version {
	int64_t version; /* 0: the model itself, which has only tags; negative: contested */
	const char *uuid, *digest, *manifest;
	const char *run_id, *trainer, *description, *author; /* may be NULL */
	const char *source, *run_link, *logged_model;        /* as registered; may be NULL */
	bool is_external;  /* its bytes are at the source, not here */
	const char *stage; /* one of bn_model_stages; NULL: the first */
	int64_t updated_ms; /* of its newest registration, description or stage */
	const char *author_who, *registrar_who;
	const char *registration; /* id of the record; NULL without a chain */
	int64_t epoch;            /* of the registration; 0 without a chain; BN_CLOSED_EPOCH */
	uid_t author_uid, registrar_uid;
	int64_t registered_ms;
	bn_model_state state;
	int64_t state_ms;
	int64_t request_no; /* 0: never requested */
	int64_t requested_ms;
	uid_t requester_uid;
	const char *request_reason;     /* may be NULL */
	json_t *data, *metrics, *files; /* array, object, array */
	bn_entry_decision *decisions;   /* one per request and identity, the last */
	size_t n_decisions, cap_decisions;
	bn_entry_attestation *attestations; /* one per check, the last */
	size_t n_attestations, cap_attestations;
	bn_entry_tags tags;
	bool is_new;      /* has no row yet */
	unsigned changed; /* bits of bn_entry_part: changes not yet in the rows */
} bn_entry_version;

typedef struct bn_entry_alias {
	const char *alias;
	int64_t version, time_ms;
	uid_t uid;
} bn_entry_alias;

/* The model itself. Times are the least and the greatest of its acts, so their order does not matter; it is deleted
 * if it was after it last appeared, and has no version left. */
typedef struct bn_entry_model {
	bool is_read, exists, changed;
	int64_t created_ms, updated_ms;
	/* Clocks (core/store/log/clock.h), as one millisecond has room for both. deleted 0: never. */
	int64_t appeared, deleted;
	const char *creator_who, *description, *renamed_from; /* the latter two may be NULL */
	uid_t creator_uid;
} bn_entry_model;

typedef struct bn_entry {
	bn_arena arena;
	const char *name;            /* of the model; borrowed */
	sqlite3 *db;                 /* the index that it is read from */
	bool names_users;            /* display texts use this host's user names, else "uid-1000" */
	bool is_chained;             /* the workspace has a chain of authority */
	bn_entry_version **versions; /* those requested so far */
	size_t n_versions, cap_versions;
	bn_entry_alias *aliases; /* all */
	size_t n_aliases, cap_aliases;
	bool aliases_changed;
	bn_entry_model model;
} bn_entry;

/* One act, to do or to check. payload is borrowed for the call. */
typedef struct bn_entry_act {
	bn_entry_kind kind;
	int64_t version; /* 0: the payload names none */
	const json_t *payload;
	const char *who;
	uid_t uid;
	const char *user; /* for messages */
	int64_t time_ms;
	const bn_event *ev; /* NULL: it is not an event yet */
	const char *id;     /* id of its record in hex; NULL: none that others could refer to */
	bool is_bot;        /* the actor uses a bot's key */
} bn_entry_act;

/* Evidence about a version: evidence.h. Texts may be NULL except id, who, user and writer. */
typedef struct bn_entry_evidence {
	const char *id, *who, *user;
	bool is_other;             /* from neither author nor registrar */
	const char *metric, *part; /* metric NULL: a check */
	double value;              /* NaN: not defined on these rows */
	int64_t rows;
	const char *dataset, *dataset_digest; /* "jobs@v3" */
	const char *check, *verdict, *detail;
	const char *how, *tool;
	int64_t epoch, clock;
	const char *writer;
	int64_t seq;
} bn_entry_evidence;

typedef struct bn_entry_evidences {
	bn_entry_evidence *items;
	size_t count, cap;
} bn_entry_evidences;

/* Permissions: by uids and the policy as of an event, see _rights.h. Each returns 0 or a negative
 * code; BN_EREFUSED has the reason. */
typedef struct bn_entry_rights {
	int (*may)(void *ctx, const bn_entry_act *a, bn_act act, bn_err *err);
	/* The policy in force for the act; borrowed until the next call. */
	int (*policy)(void *ctx, const bn_entry_act *a, const bn_policy **out, bn_err *err);
	/* The authors of what is registered: words for author_who. */
	int (*authors)(void *ctx, const bn_entry_act *a, bn_buf *who, bn_err *err);
	/* 1 if the actor is one of them. */
	int (*is_author)(void *ctx, const bn_entry_act *a, const bn_entry_version *v, bn_err *err);
	/* 1 if the account is the actor's. */
	int (*owns)(void *ctx, const bn_entry_act *a, uid_t uid, bn_err *err);
	/* 1 if this evidence applies to the act, 0 if it came later. NULL: all applies. */
	int (*sees)(void *ctx, const bn_entry_act *a, const bn_entry_evidence *x, bn_err *err);
	/* Whether the actor's signature covers it. NULL: it will. */
	int (*vouched)(void *ctx, const bn_entry_act *a, bn_err *err);
	void *ctx;
} bn_entry_rights;

/* By-products of a check. */
typedef struct bn_entry_finding {
	bn_gate_report
		*gates;  /* for an approval, if the version exists; bn_entry_finding_release */
	bool overridden; /* gates block, and the override is valid */
	bool by_gates;   /* refused only because of blocking gates, as far as was checked */
} bn_entry_finding;

/* ---- acting --------------------------------------------------------------------------------- */

/* 0, or why the act has no effect: BN_EREFUSED (role, four eyes, gates, protected alias, signature), or
 * BN_EINVAL, BN_ENOTFOUND, BN_ECONFLICT (not applicable, or not in this state). Any other code is a
 * failure. Roles come first: an actor without permission learns nothing else. */
int bn_entry_check(bn_entry_finding *out, bn_entry *e, const bn_entry_rights *r,
	const bn_entry_act *a, bn_err *err);
void bn_entry_finding_release(bn_entry_finding *f);
/* Performs a checked act. remark, of the given size, gets a text for the audit log, or "". */
int bn_entry_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a,
	const bn_entry_finding *found, char *remark, size_t size, bn_err *err);

/* The number of a version's key, which is the number itself unless it is contested (_contested.h). */
int64_t bn_entry_number(int64_t version);
#define BN_MODEL_NUMBER_MAX ((int64_t)1 << 48) /* the largest number of a version */

/* ---- looking -------------------------------------------------------------------------------- */

/* Reads the aliases; name is borrowed. A model without rows has no versions. On failure there is nothing
 * to release. */
int bn_entry_open(bn_entry *e, sqlite3 *db, const char *name, bn_err *err);
void bn_entry_release(bn_entry *e);
/* *out is NULL if there is none; removed ones are found. The pointer is valid until release. */
int bn_entry_find(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err);
/* The same for a version that must exist: BN_ENOTFOUND, also for a removed one. */
int bn_entry_need(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err);
/* The row of the model, read on demand; borrowed. */
int bn_entry_model_need(bn_entry_model **out, bn_entry *e, bn_err *err);
const bn_entry_alias *bn_entry_find_alias(const bn_entry *e, const char *alias); /* NULL: none */
/* How a user is named in display texts. */
void bn_entry_user(const bn_entry *e, uid_t uid, char *out, size_t size);

/* ---- building: for _acts.c and _entry_rows.c; NULL or -1 if out of memory
 * ------------------------ */

bn_entry_version *bn_entry_add_version(bn_entry *e, int64_t version);
bn_entry_decision *bn_entry_put_decision(
	bn_entry *e, bn_entry_version *v, int64_t request_no, const char *who);
bn_entry_attestation *bn_entry_put_attestation(bn_entry *e, bn_entry_version *v, const char *check);
int bn_entry_put_alias(bn_entry *e, const char *alias, int64_t version, uid_t uid, int64_t time_ms);
/* value NULL removes. */
int bn_entry_put_tag(bn_entry *e, bn_entry_tags *tags, const char *key, const char *value);

/* ---- the payload of an act that is not yet an event: new references, NULL if out of memory
 * ------------- */

/* A decision about the version in its present state; reason may be NULL. */
json_t *bn_entry_decision_draft(const bn_entry_version *v, const char *reason, bool override);
/* A spec as bn_version_get takes it; the version need not exist. *name is yours. */
int bn_version_resolve(char **name, int64_t *version, sqlite3 *db, const char *spec, bn_err *err);

/* ---- gates (judge.c) ------------------------------------------------------------------------- */

/* One version, the champion it is compared with, and the evidence about them. */
typedef struct bn_entry_facts {
	const bn_entry *e;
	const bn_entry_version *v, *champion; /* champion NULL: none */
	bn_entry_evidences found, of_champion;
} bn_entry_facts;

/* By these facts alone. Items of the report are in the policy's order. */
int bn_entry_judge(
	bn_gate_report **out, const bn_entry_facts *f, const bn_policy *policy, bn_err *err);
/* For an act, with the evidence that applies to it; a NULL: with all evidence. */
int bn_entry_gates(bn_gate_report **out, bn_entry *e, const bn_entry_version *v,
	const bn_policy *policy, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err);

/* ---- evidence (_evidence.c) --------------------------------------------------------------------- */

/* Whether the actor, as a person or by account, is author or registrar of the version: 1: author, 2:
 * registrar, 0: neither. */
int bn_entry_is_own(
	const bn_entry_rights *r, const bn_entry_version *v, const bn_entry_act *a, bn_err *err);
int bn_entry_evidence_check(bn_entry *e, const bn_entry_act *a, bn_err *err);
int bn_entry_attested_check(bn_entry *e, const bn_entry_act *a, bn_err *err);
/* Only for events. remark as in bn_entry_do. */
int bn_entry_evidence_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, char *remark,
	size_t size, bn_err *err);
/* The evidence that applies to an act, in order; texts are in the entry's arena. a NULL: all. items
 * are yours. */
int bn_entry_evidence_read(bn_entry_evidences *out, bn_entry *e, const bn_entry_version *v,
	const bn_entry_rights *r, const bn_entry_act *a, bn_err *err);

/* ---- rows (_entry_rows.c) --------------------------------------------------------------------- */

/* One version with everything that belongs to it; *out is NULL if there is no row. */
int bn_entry_version_read(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err);
/* Writes changes to the index it was read from. */
int bn_entry_store(bn_entry *e, bn_err *err);
int bn_entry_rows_clear(sqlite3 *db, const char *name, bn_err *err);

#endif
