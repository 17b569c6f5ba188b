/*
 * prove.h - finds contradictions in a log with a chain of authority: records that claim more than they may,
 * and records that others name and the log lacks. Reads a view (core/store/view.h), which was built from
 * the segments with every signature of a known key verified.
 *
 * A finding names the record (writer, sequence number) and the rule of docs/governance.md that it breaks.
 * *Faults* prevent vouching for what they concern. The others had no effect: they are traces of attempts,
 * or of late acts, and do not affect what counts.
 *
 *	rule                   fault                               no effect
 *	1 signed records       a signature that is not its key's,  the same in the log of somebody else; a form
 *	                       in a log of that key                that this program does not know
 *	2 seals                a seal that is not the good card's
 *	3 chain of authority                                       a link that the chain does not take; void; cut
 *	4 epochs                                                   late: not known to who closed the epoch
 *	5 forked links                                             a link beaten by another; what is signed under it
 *	6 order                                                    a registration, request, alias or tag that the
 *	                                                           rules refuse, whoever signed it
 *	7 persons                                                  a key that is nobody's
 *	8 evidence                                                 evidence that does not count
 *	9 decisions                                                an act that is not signed; a decision that is refused
 *	10 holes               a link, a record or the head of a writer that a person names and the log lacks,
 *	                       or has otherwise; two histories     the same, named by a key that is nobody's
 */
#ifndef BN_GOVERN_PROVE_H
#define BN_GOVERN_PROVE_H
#include "core/base/fs.h"
#include "core/govern/finding.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

/* Checks links that are not in the chain, and what its links name. */
int bn_prove_chain(bn_proof_findings *out, sqlite3 *db, bn_err *err);
/* Checks the signed records of an entity (NULL: of all), those that they name, and the unsigned ones of
 * classes whose records must be signed. */
int bn_prove_records(bn_proof_findings *out, sqlite3 *db, const char *entity, bn_err *err);

/* Whether the key is or was a person's, or a bot's. */
bool bn_prove_is_known_key(sqlite3 *db, const uint8_t key[32]);

/* Who vouches for it, and what was not seen. */
typedef struct bn_proof_about {
	int64_t epoch;    /* -1: no chain */
	char link[65];    /* id of the newest link */
	char *founder;    /* name of the founder; NULL without a chain */
	char *persons;    /* "ann (admin), bob (reviewer), cleo" */
	bool is_upgraded; /* it was upgraded by the founder */
	bn_names before;  /* for an upgraded one: what nobody vouches for (closed.h) */
	bn_names unseen;  /* in words: "log/WRITER from record 12 on: a segment is missing" */
} bn_proof_about;

/* Release it, also after a failure. */
int bn_proof_about_read(bn_proof_about *out, bn_workspace *view, bn_err *err);
void bn_proof_about_release(bn_proof_about *a);

#endif
