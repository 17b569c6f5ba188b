/*
 * _entry.h - one registered model: its versions and what was done to them, in memory.
 *
 * The state machine of registry.h. The fold gives it one event after the other and stores what changed
 * (_entry_rows.c); a writer or a reader asks what an act would do now. So each rule stands in one place,
 * and is the same for who decides (the fold) and for who asks first.
 *
 * A version is read from the index when it is asked for, so an act costs the same however many versions
 * the model has.
 *
 * An act is checked (bn_entry_check), then done (bn_entry_do). What a role allows, which policy holds and
 * whether a signature vouches for an act is not decided here: a bn_entry_rights answers that.
 *
 * Memory: texts that the entry made lie in its arena; JSON values are its own references. Texts of an
 * act are copied when they are kept.
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
	BN_ENTRY_KINDS
} bn_entry_kind;

extern const bn_fold_kind bn_entry_kinds[BN_ENTRY_KINDS + 1]; /* each at its place */

/* Who somebody is, as texts that are compared: "uid-1000" by the rules of uids, the hex of a person's first
 * key by those of core/govern/authority.h. */
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
} bn_entry_part;

typedef struct bn_entry_version {
	int64_t version; /* 0: the model itself, which has tags alone; negative: contested */
	const char *uuid, *digest, *manifest;
	const char *run_id, *trainer, *description, *author; /* may be NULL */
	const char *author_who, *registrar_who;
	const char *registration; /* id of the record; NULL where there is no chain */
	int64_t epoch; /* of the registration; 0 where there is no chain; BN_CLOSED_EPOCH */
	uid_t author_uid, registrar_uid;
	int64_t registered_ms;
	bn_model_state state;
	int64_t state_ms;
	int64_t request_no; /* 0: never asked */
	int64_t requested_ms;
	uid_t requester_uid;
	const char *request_reason;     /* may be NULL */
	json_t *data, *metrics, *files; /* array, object, array */
	bn_entry_decision *decisions;   /* one per request and who, the last */
	size_t n_decisions, cap_decisions;
	bn_entry_attestation *attestations; /* one per check, the last */
	size_t n_attestations, cap_attestations;
	bn_entry_tags tags;
	bool is_new;      /* has no row yet */
	unsigned changed; /* bits of bn_entry_part: what the rows do not say yet */
} bn_entry_version;

typedef struct bn_entry_alias {
	const char *alias;
	int64_t version, time_ms;
	uid_t uid;
} bn_entry_alias;

typedef struct bn_entry {
	bn_arena arena;
	const char *name; /* of the model; borrowed */
	sqlite3 *db;      /* the index that it is read from */
	bool names_users; /* texts for people name users as this host does, else "uid-1000" */
	bool is_chained;  /* the workspace has a chain of authority */
	bn_entry_version **versions; /* those that were asked for */
	size_t n_versions, cap_versions;
	bn_entry_alias *aliases; /* all */
	size_t n_aliases, cap_aliases;
	bool aliases_changed;
} bn_entry;

/* One act, done or asked about. payload is borrowed for the call. */
typedef struct bn_entry_act {
	bn_entry_kind kind;
	int64_t version; /* 0: the payload names none */
	const json_t *payload;
	const char *who;
	uid_t uid;
	const char *user; /* for messages */
	int64_t time_ms;
	const bn_event *ev; /* NULL: it is not an event yet */
	const char *id;     /* of its record in hex; NULL: it has none that others could answer */
	bool is_bot;        /* who acts by a bot's key */
} bn_entry_act;

/* What somebody found out about a version: evidence.h. Texts may be NULL but for id, who, user and writer. */
typedef struct bn_entry_evidence {
	const char *id, *who, *user;
	bool is_other;             /* of neither author nor registrar */
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

/* Who may do what: by uids and the policy as of an event, see _rights.h. Each returns 0 or a negative
 * code; BN_EREFUSED says no in words. */
typedef struct bn_entry_rights {
	int (*may)(void *ctx, const bn_entry_act *a, bn_act act, bn_err *err);
	/* The policy that the act is judged by; borrowed until the next call. */
	int (*policy)(void *ctx, const bn_entry_act *a, const bn_policy **out, bn_err *err);
	/* Who made what is registered: words for author_who. */
	int (*authors)(void *ctx, const bn_entry_act *a, bn_buf *who, bn_err *err);
	/* 1 when who acts is one of them. */
	int (*is_author)(void *ctx, const bn_entry_act *a, const bn_entry_version *v, bn_err *err);
	/* 1 when the account is that of who acts. */
	int (*owns)(void *ctx, const bn_entry_act *a, uid_t uid, bn_err *err);
	/* 1 when the act is to be judged with this evidence, 0 when it came later. NULL: with all. */
	int (*sees)(void *ctx, const bn_entry_act *a, const bn_entry_evidence *x, bn_err *err);
	/* Whether a signature of who acts covers it. NULL: it will. */
	int (*vouched)(void *ctx, const bn_entry_act *a, bn_err *err);
	void *ctx;
} bn_entry_rights;

/* What a check found out on its way. */
typedef struct bn_entry_finding {
	bn_gate_report *
		gates; /* of an approval, whenever the version is there; bn_entry_finding_release */
	bool overridden; /* gates block, and the override holds */
	bool by_gates; /* refused for gates that block, and for nothing else that was looked at before */
} bn_entry_finding;

/* ---- acting --------------------------------------------------------------------------------- */

/* 0, or why the act has no effect: BN_EREFUSED (role, four eyes, gates, protected alias, signature), or
 * BN_EINVAL, BN_ENOTFOUND, BN_ECONFLICT (makes no sense, or not in this state). Any other code is a
 * failure. Roles come first: who may not act at all learns nothing else. */
int bn_entry_check(bn_entry_finding *out, bn_entry *e, const bn_entry_rights *r,
	const bn_entry_act *a, bn_err *err);
void bn_entry_finding_release(bn_entry_finding *f);
/* What a checked act does. remark, of the given size, gets a text for the audit log, or "". */
int bn_entry_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a,
	const bn_entry_finding *found, char *remark, size_t size, bn_err *err);

/* The number of a version's key, which is the number itself unless it is contested (_contested.h). */
int64_t bn_entry_number(int64_t version);

/* ---- looking -------------------------------------------------------------------------------- */

/* Reads the aliases; name is borrowed. A model without rows has no versions. On failure there is nothing
 * to release. */
int bn_entry_open(bn_entry *e, sqlite3 *db, const char *name, bn_err *err);
void bn_entry_release(bn_entry *e);
/* *out is NULL when there is none; removed ones are found. Stays where it is until release. */
int bn_entry_find(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err);
/* The same for a version that must be there: BN_ENOTFOUND, also for a removed one. */
int bn_entry_need(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err);
const bn_entry_alias *bn_entry_find_alias(const bn_entry *e, const char *alias); /* NULL: none */
/* How a user is named in texts for people. */
void bn_entry_user(const bn_entry *e, uid_t uid, char *out, size_t size);

/* ---- building: for _acts.c and _entry_rows.c; NULL or -1 without memory ------------------------ */

bn_entry_version *bn_entry_add_version(bn_entry *e, int64_t version);
bn_entry_decision *bn_entry_put_decision(
	bn_entry *e, bn_entry_version *v, int64_t request_no, const char *who);
bn_entry_attestation *bn_entry_put_attestation(bn_entry *e, bn_entry_version *v, const char *check);
int bn_entry_put_alias(bn_entry *e, const char *alias, int64_t version, uid_t uid, int64_t time_ms);
/* value NULL removes. */
int bn_entry_put_tag(bn_entry *e, bn_entry_tags *tags, const char *key, const char *value);

/* ---- what an act that is not an event yet says: new references, NULL without memory ------------- */

/* A decision about the version as it is; reason may be NULL. */
json_t *bn_entry_decision_draft(const bn_entry_version *v, const char *reason, bool override);
/* A spec as bn_version_get takes it; the version need not exist. *name is yours. */
int bn_version_resolve(char **name, int64_t *version, sqlite3 *db, const char *spec, bn_err *err);

/* ---- gates (judge.c) ------------------------------------------------------------------------- */

/* For an act, with the evidence that it sees; a NULL: with all there is. */
int bn_entry_gates(bn_gate_report **out, bn_entry *e, const bn_entry_version *v,
	const bn_policy *policy, const bn_entry_rights *r, const bn_entry_act *a, bn_err *err);

/* ---- evidence (_evidence.c) --------------------------------------------------------------------- */

/* Whether who acts is author or registrar of the version: 1 author, 2 registrar, 0 neither. Neither the
 * person nor the account. */
int bn_entry_is_own(
	const bn_entry_rights *r, const bn_entry_version *v, const bn_entry_act *a, bn_err *err);
int bn_entry_evidence_check(bn_entry *e, const bn_entry_act *a, bn_err *err);
int bn_entry_attested_check(bn_entry *e, const bn_entry_act *a, bn_err *err);
/* Of an event alone. remark as bn_entry_do. */
int bn_entry_evidence_do(bn_entry *e, const bn_entry_rights *r, const bn_entry_act *a, char *remark,
	size_t size, bn_err *err);
/* What an act sees of it, in order; texts lie in the entry's arena. a NULL: all. items are yours. */
int bn_entry_evidence_read(bn_entry_evidences *out, bn_entry *e, const bn_entry_version *v,
	const bn_entry_rights *r, const bn_entry_act *a, bn_err *err);

/* ---- rows (_entry_rows.c) --------------------------------------------------------------------- */

/* One version with all that belongs to it; *out is NULL when there is no row. */
int bn_entry_version_read(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err);
/* Writes what changed to the index that it was read from. */
int bn_entry_store(bn_entry *e, bn_err *err);
int bn_entry_rows_clear(sqlite3 *db, const char *name, bn_err *err);

#endif
