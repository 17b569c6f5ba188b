/*
 * audit.h - who did what, when, and whether it was allowed; and proof that the log is complete.
 *
 * The audit log is not a copy: it is the ordered events themselves (table `event` of the index),
 * each with its outcome in the fold. High-volume events (metrics, heartbeats) are not in it.
 */
#ifndef BN_GOVERN_AUDIT_H
#define BN_GOVERN_AUDIT_H
#include "core/base/progress.h"
#include "core/govern/prove.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef struct bn_audit_filter {
	const char *user;           /* name or uid in digits; NULL any */
	const char *kind;           /* glob: "model.*"; NULL any */
	const char *entity;         /* glob: "model/power"; NULL any */
	int outcome;                /* a bn_outcome, or -1 for any */
	unsigned outcomes;          /* bits 1u << bn_outcome of the wanted ones; 0: use `outcome` */
	/* Only decisions of people (about models, roles, the policy, people, keys and removals), and all actions that
	 * were refused, invalid or late; of a newer version, records that are signed, or about models or datasets. */
	bool decisions;
	bool mine;                  /* of this user's account, or signed with this user's key */
	int64_t since_ms, until_ms; /* 0: open */
	const char *text; /* somewhere in kind, entity, user, reason or payload; NULL any */
	size_t limit;     /* 0: 1000 */
	size_t offset;    /* newest first */
} bn_audit_filter;

typedef struct bn_audit_row {
	int64_t time_ms;
	uint64_t clock, seq;
	char *writer;
	uid_t uid;
	char *user, *kind, *entity;
	char *person; /* name of the signing key's owner; NULL: none known */
	bn_outcome outcome;
	/* The outcome in one word, more specific if possible: "void", "cut", "forked", "contested", "late".
	 * Static. */
	const char *standing;
	char *reason;  /* why refused or invalid, or a remark ("OVERRIDE: ..."); NULL when none */
	char *summary; /* the payload in one line for display: "version 3, reason: ..." */
	char *payload; /* canonical JSON, or NULL for raw bytes */
	char *unknown; /* its unknown fields: "font, source.path"; NULL: none */
	bool is_signed;
} bn_audit_row;

/* Immutable; may cross threads. */
typedef struct bn_audit_page {
	bn_audit_row *items;
	size_t count;
	size_t total;   /* rows that the filter matches */
	size_t refused; /* refused or invalid ones among them: they changed nothing */
	size_t newer;   /* from a newer binnacle: unknown, or with unknown fields */
	size_t newer_apart; /* with `decisions`: other records of a newer version, which may or may
			     * not be decisions; independent of the filter */
} bn_audit_page;

int bn_audit_read(
	bn_audit_page **out, bn_workspace *ws, const bn_audit_filter *filter, bn_err *err);
void bn_audit_page_free(bn_audit_page *p);
const char *bn_outcome_name(bn_outcome o); /* "applied", "refused", "invalid" */

/* ---- verify -------------------------------------------------------------------------------- */

typedef struct bn_audit_report {
	uint64_t writers, segments, records, bytes;     /* of the log */
	uint64_t signatures, bad_signatures;            /* of signed events */
	uint64_t objects, bad_objects, missing_objects; /* named by live rows, and hashed */
	uint64_t left_out_objects; /* of a copy: not here by choice (core/store/copy.h), and not counted above */
	uint64_t private_objects; /* private ones of other users: not counted above */
	char *private_of;         /* their names; NULL when there are none */
	uint64_t newer; /* records and signatures in a form that this version does not know */
	uint64_t faults;
	char *first_fault; /* names file and offset, event or object; NULL if there is no fault */
	/* Faults, and records without effect, by record and rule if there is a chain of authority
	 * (prove.h). */
	bn_proof_findings findings;
	bool is_chained;
	bn_proof_about about;
} bn_audit_report;

/* Re-reads the whole log (chain, CRC, sequence, owner), checks every signature of a known key, follows the chain
 * of authority from link 0 to its newest link, and re-hashes every object that an event names. Proved from the
 * segments, in a view (core/store/view.h): no index is trusted. With a chain, a bad object that only records of
 * non-members name is not a fault, and the first is named. Without a chain of authority signatures inside
 * events are checked, and permissions rest on the owners of files. Returns 0 even if there are faults: see the
 * report. progress (may be NULL) gets "log" in bytes, "signatures", "objects", and "hashing" in bytes of a
 * large object. */
int bn_audit_verify(
	bn_audit_report **out, bn_workspace *ws, const bn_progress *progress, bn_err *err);
void bn_audit_report_free(bn_audit_report *r);

#endif
