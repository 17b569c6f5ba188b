/*
 * policy.h - roles, and the policy document that defines what each role may do and what a model
 * must satisfy before it is approved.
 *
 * Roles are words, not a ladder; the policy lists for each act the roles that may do it.
 *	viewer     reads
 *	developer  registers models, asks for approval, tags
 *	reviewer   approves, rejects, moves aliases
 *	admin      everything, and only admins set policy and roles
 * Everyone has the policy's default_role and their granted roles. The owner of the .binnacle directory is
 * admin from the start.
 *
 * Events, all on entity "policy", all signed (identity.h):
 *	policy.set   {"policy": document, "reason"}
 *	role.grant   {"uid", "user", "role", "reason"}
 *	role.revoke  {"uid", "user", "role", "reason", "seen"}; the last admin cannot be revoked
 *
 * Each writer sets its own clock, so a user whose role was revoked could backdate an act. seen holds
 * how far the user's logs were known when the role was revoked: {writer: last sequence number}. An act
 * beyond that does not have the role, whatever its clock.
 *
 * Authorisation is part of the fold: an event that the policy in force does not allow is REFUSED and
 * changes nothing. "In force" refers to a position in the order of all events, so the index keeps
 * the whole history (policy_version, role_change) and lookups take a bn_event_key; an entity that
 * uses it calls bn_fold_depends(f, "policy") and is replayed when a late policy arrives.
 *
 * The document (JSON; unknown keys are errors; every key has a default):
 *	{
 *	  "default_role": "developer",
 *	  "self_approval": false,               may an author approve their own?
 *	  "approvals": 1,                       different reviewers needed
 *	  "gate_override": false,               may a reviewer approve although a blocking gate does
 *	                                        not pass, with --override and a reason?
 *	  "protected_aliases": ["champion"],    only approved versions may get these
 *	  "allow": {"register": ["developer", "reviewer", "admin"], "request": [...],
 *	            "approve": [...], "alias": [...], "tag": [...], "attest": [...],
 *	            "remove": [...]},
 *	  "gates": [
 *	    {"name": "error", "metric": "rmse", "part": "test", "op": "<=", "threshold": 12.5,
 *	     "severity": "block"},
 *	    {"name": "no worse", "metric": "rmse", "op": "<=", "than": "champion", "margin": 0.5},
 *	    {"name": "reproducible", "check": "reproducible", "severity": "warn"},
 *	    {"name": "on ours", "metric": "rmse", "data": "holdout@v2", "by": "other", "op": "<=",
 *	     "threshold": 13}
 *	  ],
 *	  "recheck": false,                     does evidence that comes later undo an approval?
 *	  "links": {"signers": 1}               admins who sign a change of policy or roles
 *	}
 * admin need not be listed under "allow": it may do everything.
 *
 * "by" of a gate says whose evidence counts: "other", from someone who is neither author nor registrar
 * (core/registry/evidence.h), or "author", also what the run reports. Default: "other" in a workspace with
 * a chain of authority, else "author". "data" names the dataset version on which a metric must be
 * measured, "NAME@v3" or "NAME@sha256:" and the whole digest; default: the data of the registration.
 */
#ifndef BN_GOVERN_POLICY_H
#define BN_GOVERN_POLICY_H
#include "core/govern/role.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

#include <stdbool.h>

typedef enum bn_act {
	BN_ACT_REGISTER,
	BN_ACT_REQUEST,
	BN_ACT_APPROVE, /* and reject */
	BN_ACT_ALIAS,
	BN_ACT_TAG,
	BN_ACT_ATTEST, /* record the outcome of a named check */
	BN_ACT_REMOVE,
	BN_ACT_POLICY, /* set policy, grant and revoke roles: admin, regardless of "allow" */
	BN_ACTS
} bn_act;

const char *bn_act_name(bn_act act);

/* ---- the document -------------------------------------------------------------------------- */

typedef enum bn_gate_op { BN_GATE_LE, BN_GATE_LT, BN_GATE_GE, BN_GATE_GT, BN_GATE_EQ } bn_gate_op;
typedef enum bn_gate_severity { BN_GATE_BLOCK, BN_GATE_WARN } bn_gate_severity;
typedef enum bn_gate_by { BN_GATE_BY_UNSAID, BN_GATE_BY_AUTHOR, BN_GATE_BY_OTHER } bn_gate_by;

typedef struct bn_policy_gate {
	char *name;
	char *metric, *part; /* part: "test" by default; both NULL for a check */
	char *check;         /* "reproducible", "data", "card" ...; NULL for a metric */
	char *data;          /* for a metric; NULL: the registration's */
	bn_gate_by by;
	bn_gate_op op;
	bool than_champion; /* compare with the champion's value + margin instead of threshold */
	double threshold, margin;
	bn_gate_severity severity;
} bn_policy_gate;

typedef struct bn_policy {
	bn_role default_role;
	bool self_approval, gate_override, recheck;
	int approvals;
	int link_signers;        /* admins who sign a link of the chain of authority */
	unsigned allow[BN_ACTS]; /* bit 1u << role */
	char **protected_aliases;
	size_t n_protected;
	bn_policy_gate *gates;
	size_t n_gates;
	char hash[65]; /* SHA-256 of the canonical document, defaults not filled in */
} bn_policy;

/* source names the document in errors ("policy.json: gates[1].op: ..."). */
int bn_policy_parse(bn_policy **out, const json_t *document, const char *source, bn_err *err);
/* 0; BN_EINVAL; BN_EUNSUPPORTED if the document has content of a newer binnacle, which is not an error
 * there. */
int bn_policy_link_check(const json_t *document, bn_err *err);
void bn_policy_free(bn_policy *p);
/* The document with every default filled in; new reference, NULL without memory. */
json_t *bn_policy_document(const bn_policy *p);
/* An alias that the policy protects, or that a reader may take for one: in another case, with other or without - _ and .,
 * with 0 for o, or with 1, i and l in each other's place ("Champion", "champ1on"). Other letters than ASCII's are in no
 * alias. */
bool bn_policy_protects(const bn_policy *p, const char *alias);
const char *bn_gate_op_text(bn_gate_op op); /* "<=" */

/* ---- the policy in force, as of an event (NULL: now)
 * ------------------------------------------------- */

extern const bn_fold_class bn_policy_class; /* entity "policy" */

int bn_policy_get(bn_policy **out, sqlite3 *db, const bn_event_key *at, bn_err *err);
/* The founder of the workspace, who is admin until revoked: the owner of the segment with the
 * record named by the workspace's id (core/store/founding.h); for an id of the first version, the
 * owner of the log's first event. BN_NOBODY if neither is in the log. */
#define BN_NOBODY ((uid_t)-1)
uid_t bn_policy_founder(const char *workspace_id, sqlite3 *db);
/* What is wrong between the workspace's id and the log's founding records, in words (static);
 * NULL if nothing. If there is a problem nobody is admin as the founder. */
const char *bn_policy_founding_fault(const char *workspace_id, sqlite3 *db);
/* All roles of uid as bits 1u << role: default, granted, admin as the founder. */
int bn_policy_roles(unsigned *out, const char *workspace_id, sqlite3 *db, uid_t uid,
	const bn_event_key *at, bn_err *err);
/* 0, or BN_EREFUSED with the reason ("alice (developer) may not approve: that needs reviewer or
 * admin"). user: for the message. */
int bn_policy_allows(const char *workspace_id, sqlite3 *db, uid_t uid, const char *user, bn_act act,
	const bn_event_key *at, bn_err *err);
/* The same in apply(): 1: allowed, 0: refused (the outcome is set), negative: the index failed.
 * From then on the entity depends on the policy. */
int bn_policy_admits(bn_fold *f, const bn_event *ev, bn_act act, bn_err *err);

/* ---- writing: checked first, recorded even if refused, decided again by every fold --------- */

/* All three commit, and return BN_EREFUSED (the attempt is in the audit log) when not allowed. */
int bn_policy_set(bn_workspace *ws, const json_t *document, const char *reason, bn_err *err);
int bn_role_grant(bn_workspace *ws, uid_t uid, const char *user, bn_role role, const char *reason,
	bn_err *err);
int bn_role_revoke(bn_workspace *ws, uid_t uid, const char *user, bn_role role, const char *reason,
	bn_err *err);

/* ---- lists for screens and verbs ----------------------------------------------------------- */

typedef struct bn_user_row {
	uid_t uid;
	char *user;       /* name as last seen, or "uid-1000" */
	unsigned roles;   /* bits */
	bool is_founder;  /* of the workspace */
	char *public_key; /* newest published, or NULL */
	int64_t since_ms; /* first event, or 0 when none */
} bn_user_row;

typedef struct bn_user_list {
	bn_user_row *items;
	size_t count;
} bn_user_list;

/* Everyone who has a role, published a key or wrote an ordered event; by uid. */
int bn_user_list_read(bn_user_list **out, bn_workspace *ws, bn_err *err);
void bn_user_list_free(bn_user_list *l);
/* "viewer, developer" into out; "-" for none. */
void bn_roles_text(unsigned roles, char *out, size_t size);

#endif
