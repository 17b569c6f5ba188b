/*
 * audit.h - who did what, when, and whether it was allowed; and proof that the record is whole.
 *
 * The audit log is not a copy: it is the ordered events themselves (table `event` of the index),
 * each with the outcome that the fold gave it. Floods (metrics, heartbeats) are not in it.
 */
#ifndef BN_GOVERN_AUDIT_H
#define BN_GOVERN_AUDIT_H
#include "core/base/progress.h"
#include "core/govern/prove.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef struct bn_audit_filter {
	const char *user;   /* name or uid in digits; NULL any */
	const char *kind;   /* glob: "model.*"; NULL any */
	const char *entity; /* glob: "model/power"; NULL any */
	int outcome;        /* a bn_outcome, or -1 for any */
	unsigned
		outcomes; /* bits 1u << bn_outcome of those that are wanted; 0: `outcome` says it */
	bool mine;        /* of this user's account, or signed with this user's key */
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
	char *person; /* whose key signed it, by name; NULL: nobody's that is known */
	bn_outcome outcome;
	/* The outcome in one word, more exactly where there is one: "void", "cut", "forked", "contested", "late".
	 * Borrowed for ever. */
	const char *standing;
	char *reason;  /* why refused or invalid, or a remark ("OVERRIDE: ..."); NULL when none */
	char *summary; /* the payload in one line for people: "version 3, reason: ..." */
	char *payload; /* canonical JSON, or NULL for raw bytes */
	char *unknown; /* fields of it that this program does not know: "font, source.path"; NULL: none */
	bool is_signed;
} bn_audit_row;

/* Immutable; may cross threads. */
typedef struct bn_audit_page {
	bn_audit_row *items;
	size_t count;
	size_t total;   /* rows that the filter matches */
	size_t refused; /* of them refused or invalid: they changed nothing */
	size_t newer;   /* of them of a newer binnacle: not known at all, or with unknown fields */
} bn_audit_page;

int bn_audit_read(
	bn_audit_page **out, bn_workspace *ws, const bn_audit_filter *filter, bn_err *err);
void bn_audit_page_free(bn_audit_page *p);
const char *bn_outcome_name(bn_outcome o); /* "applied", "refused", "invalid" */

/* ---- verify -------------------------------------------------------------------------------- */

typedef struct bn_audit_report {
	uint64_t writers, segments, records, bytes;     /* of the log */
	uint64_t signatures, bad_signatures;            /* of signed events */
	uint64_t objects, bad_objects, missing_objects; /* named by live rows, re-hashed */
	uint64_t private_objects; /* of other users, which only they can verify: not among them */
	char *private_of;         /* their names; NULL when there are none */
	uint64_t newer; /* records and signatures in a form that this version does not know */
	uint64_t faults;
	char *first_fault; /* names file and offset, event or object; NULL when whole */
	/* Faults, and what had no effect, by record and rule where there is a chain of authority (prove.h). */
	bn_proof_findings findings;
	bool is_chained;
	bn_proof_about about;
} bn_audit_report;

/* Re-reads the whole log (chain, CRC, sequence, owner), checks every signature of a known key, follows the chain
 * of authority from link 0 to its newest link, and re-hashes every object that an event names. Proved from the
 * segments, in a view (core/store/view.h): no index is believed. With a chain, an object that only records of nobody
 * name and that is not as they say is no fault, and the first of them is named. Without a chain of authority the signatures that
 * events of that form carry are checked, and who may do what is the word of the files' owners. 0 also when there are faults: look at the report. progress (may be
 * NULL) hears "log" in bytes, "signatures", "objects", and "hashing" in bytes of a large object. */
int bn_audit_verify(
	bn_audit_report **out, bn_workspace *ws, const bn_progress *progress, bn_err *err);
void bn_audit_report_free(bn_audit_report *r);

#endif
