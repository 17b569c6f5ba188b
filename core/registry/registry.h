/*
 * registry.h - models by name and version, and the states from registered to approved.
 *
 * A version is a claim (model/NAME/N), an event, and a manifest object: the list of the model's
 * files with their hashes, which are objects too. It never changes; what changes is its state:
 *
 *	registered --request--> requested --approve (as many as the policy requires)--> approved
 *	     ^                      |
 *	     |                      +--reject (reason)--> rejected --request--> requested ...
 *	any state --remove--> removed
 *
 * Events on entity model/NAME (decisions, aliases and removals are signed):
 *	model.registered    {version, uuid, run, author_uid, author, digest, manifest, data, metrics,
 *	                     trainer, description, files [{path, sha256}], repeats?: the id of the late
 *	                     registration that it replaces (late.h)}
 *	model.requested     {version, reason}
 *	model.approved      {version, uuid, digest, reason, policy, gates, override}
 *	model.rejected      {version, uuid, digest, reason, policy, gates}
 *	model.attested      {version, check, verdict, detail}
 *	model.alias         {alias, version}
 *	model.alias_removed {alias}
 *	model.tag           {version?, key, value}    value null removes
 *	model.removed       {version, reason}
 *	model.evidence      see evidence.h
 *	model.created       {description?, renamed_from?}  a model that may have no version yet
 *	model.described     {version?, description}   of the model or a version; "" removes
 *	model.stage         {version, stage}          None, Staging, Production, Archived (MLflow's): Production is
 *	                                              allowed as a protected alias is
 *	model.deleted       {reason}                  a model without versions is no longer listed
 *
 * model.registered may have `source`, `run_link` and `logged_model`: where its files came from. With `external` they
 * stay there: the version's one file is the text of the source (model.h), which its digest and so its approval cover.
 *
 * In a workspace with a chain of authority (core/govern/authority.h) all of them are signed records of class
 * version 2, which name in `answers` what they act on (_chained.h), and persons replace uids. A decision
 * also has `seen` and `rules`. An act that was refused to its writer has `attempt`, and never counts; with `unrecorded`
 * it is the last of that number of acts that have no record each (attempts.h).
 *
 * The fold decides, regardless of the writer: role (policy at that time), four eyes (neither who
 * registered a version nor its author, the owner of the run, may approve it, unless the policy
 * allows it), quorum (different users), blocking gates (override only if the policy allows it,
 * with a reason; the audit log then shows OVERRIDE), the digest in a decision equals the
 * registered one, and the signature is made with a key that the acting user had published. A
 * protected alias ("champion") can only point to approved versions. Acts that are not allowed
 * stay in the audit log as refused or invalid.
 *
 * Writers here first check the same rules on their index. When refused they record the attempt
 * for the audit log and return BN_EREFUSED with the reason.
 *
 * Pages are immutable copies: they may cross threads and outlive the workspace.
 */
#ifndef BN_REGISTRY_REGISTRY_H
#define BN_REGISTRY_REGISTRY_H
#include "core/base/buf.h"
#include "core/registry/gate.h"
#include "core/registry/state.h"

/* Fold class "model": tables registered_model, model_version, model_decision, model_alias,
 * model_tag, model_attestation, model_evidence. */
extern const bn_fold_class bn_registry_class;

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct bn_decision {
	int64_t time_ms;
	uid_t uid;
	char *user;
	bool approved, override;
	bool counts; /* belongs to the open or last request */
	char *reason, *policy_hash, *public_key;
	json_t *gates; /* evidence as seen by the decider */
} bn_decision;

typedef struct bn_version {
	char *name;
	int64_t version;
	int64_t key; /* = version; negative: contested, does not hold its number and is named by its UUID */
	char *contested; /* who else registered that number, and who holds it; NULL: nobody */
	char *uuid, *run_id, *digest, *manifest, *trainer, *description;
	char *source, *run_link, *logged_model; /* or NULL */
	bool is_external; /* its files are at the source, not here: it is shown, and never served */
	char *stage; /* "None", "Staging", "Production", "Archived" */
	int64_t updated_ms;
	bn_model_state state;
	bool bytes_gone; /* removed, and gc has freed its files */
	uid_t author_uid, registrar_uid;
	char *author, *registrar;
	int64_t registered_ms, state_ms;
	char *request_reason, *requester; /* NULL if never requested */
	int64_t requested_ms;
	json_t *data;    /* [{"name","version","digest","role"}...] as registered, never NULL */
	json_t *metrics; /* {"test": {"rmse": 11.9}}, never NULL */
	json_t *tags;    /* {"key": "value"}, never NULL */
	char **aliases;
	size_t n_aliases;
	bn_decision *decisions; /* oldest first */
	size_t n_decisions;
	int approvals, approvals_needed; /* of the current request */
} bn_version;

typedef struct bn_version_page {
	bn_version *items;
	size_t count;
} bn_version_page;

typedef struct bn_model_row {
	char *name;
	int64_t latest;   /* newest version that is not removed; 0 none */
	int64_t champion; /* 0 none */
	size_t versions, requested;
	int64_t updated_ms;
} bn_model_row;

typedef struct bn_model_page {
	bn_model_row *items;
	size_t count;
} bn_model_page;

int bn_model_list(bn_model_page **out, bn_workspace *ws, bn_err *err); /* by name; without prompts */
void bn_model_page_free(bn_model_page *p);
/* Newest first; name NULL: of all models but prompts (model.h). removed: those too. */
int bn_version_list(
	bn_version_page **out, bn_workspace *ws, const char *name, bool removed, bn_err *err);
void bn_version_page_free(bn_version_page *p);
/* spec: "power/3", "power@champion", "power@latest", "power" (champion, else latest), or a UUID.
 * BN_ENOTFOUND names what exists instead. */
int bn_version_get(bn_version **out, bn_workspace *ws, const char *spec, bn_err *err);
/* Whether a model has a similar name: the hint of BN_ENOTFOUND then names it. */
bool bn_model_is_near(bn_workspace *ws, const char *name);
void bn_version_free(bn_version *v);
/* Its name: "power/3", or the UUID if it does not hold its number. */
enum { BN_VERSION_SPEC = 200 };
const char *bn_version_spec(const bn_version *v, char spec[BN_VERSION_SPEC]);
/* Appends who brought the version into its state: who registered it, who asked for approval, who signed the request
 * ("ann, lin"), who rejected it. Nothing if that is not recorded with it (withdrawn). */
void bn_version_state_by(const bn_version *v, bn_buf *out);
/* A double of metrics; NaN when absent. */
double bn_version_metric(const bn_version *v, const char *part, const char *metric);

/* The approval sheet: a version, its current gates, the champion, and what I may do. */
typedef struct bn_inbox_item {
	bn_version *version;
	bn_version *champion; /* NULL if none, or if it is this one */
	bn_gate_report *gates;
	bool can_approve, can_reject, override_allowed;
	bool waits_for_me; /* the user may approve it, by an override too, or reject it if only its gates
			     * prevent approval. Not an author, who may only reject. */
	size_t recomputes; /* number of gates that approving must measure first (recompute.h) */
	char *why_not;     /* why I cannot approve: "you registered it; ..."; NULL when I can */
} bn_inbox_item;

typedef struct bn_inbox {
	bn_inbox_item *items;
	size_t count;
	size_t for_me; /* number of items with waits_for_me */
} bn_inbox;

/* Open requests, oldest first. */
int bn_inbox_read(bn_inbox **out, bn_workspace *ws, bn_err *err);
void bn_inbox_free(bn_inbox *i);
/* The sheet of one version, whether requested or not. */
int bn_inbox_item_read(bn_inbox_item **out, bn_workspace *ws, const char *spec, bn_err *err);
void bn_inbox_item_free(bn_inbox_item *i);

/* ---- writing: all commit, then refresh the index ------------------------------------------- */

typedef struct bn_registration {
	const char *name;   /* of the model */
	const char *run_id; /* NULL: none (an imported model) */
	uid_t author_uid;   /* owner of the run */
	const char *author;
	const char *manifest;              /* object: {"files": [{"path", "sha256", "size"}...]} */
	const char *trainer, *description; /* may be NULL */
	const json_t *data;                /* array, may be NULL */
	const json_t *metrics;             /* object of objects, may be NULL */
	const char *source, *run_link, *logged_model; /* may be NULL */
	bool is_external;
	int64_t number; /* the version's, at most BN_VERSION_NUMBER_MAX; 0: the next */
	bool resumes;   /* an earlier try of this user may have claimed that number and ended before it was recorded */
} bn_registration;

/* From the caller's data. Checks that manifest and files are stored. */
int bn_version_register_manifest(
	int64_t *version, bn_workspace *ws, const bn_registration *r, bn_err *err);
/* From a run (id, prefix or name): its model, data, metrics and owner. path: which of several models, by its directory
 * among the run's files or the id of a logged model; NULL: the artifacts below model/, or the only other one. BN_EINVAL,
 * with their names, if there are several. */
int bn_version_register(int64_t *version, bn_workspace *ws, const char *name, const char *run,
	const char *path, bn_err *err);
int bn_version_request(bn_workspace *ws, const char *spec, const char *reason, bn_err *err);
/* Whether bn_version_approve would count, or is only blocked by gates that evidence may still satisfy. */
int bn_version_may_be_approved(
	bn_workspace *ws, const char *spec, const char *reason, bool override, bn_err *err);
/* override: approve although blocking gates do not pass; needs a reason and permission by the
 * policy. Approving twice, or without an open request: BN_ECONFLICT. */
int bn_version_approve(
	bn_workspace *ws, const char *spec, const char *reason, bool override, bn_err *err);
int bn_version_reject(bn_workspace *ws, const char *spec, const char *reason, bn_err *err);
int bn_version_attest(bn_workspace *ws, const char *spec, const char *check, bn_verdict verdict,
	const char *detail, bn_err *err);
int bn_version_remove(bn_workspace *ws, const char *spec, const char *reason, bn_err *err);
/* alias of the model in spec ("power/3"); BN_EINVAL for "latest" and "v3", which denote
 * versions. */
int bn_version_set_alias(bn_workspace *ws, const char *spec, const char *alias, bn_err *err);
int bn_model_remove_alias(bn_workspace *ws, const char *name, const char *alias, bn_err *err);
/* value NULL removes the tag. */
int bn_version_set_tag(
	bn_workspace *ws, const char *spec, const char *key, const char *value, bn_err *err);

#endif
