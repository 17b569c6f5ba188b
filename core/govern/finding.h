/*
 * finding.h - findings of a proof (prove.h), by record and rule: a list of bounded length.
 *
 * Faults are kept individually. Of records without effect the first BN_FINDINGS_NAMED of one writer, rule and
 * kind are kept; the last of these counts the rest. If the list is full, a fault replaces an entry that is not
 * one. The sums include what is not in the list.
 */
#ifndef BN_GOVERN_FINDING_H
#define BN_GOVERN_FINDING_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_proof_finding {
	bool is_fault;
	int rule;
	char *writer; /* of the record; NULL: the workspace itself */
	uint64_t seq;
	char *kind, *entity; /* NULL when the record is not here */
	char *words;
	uint64_t
		count; /* number of records of this writer, rule and kind, starting with this one; 0 means 1 */
	uint32_t group; /* internal */
} bn_proof_finding;

enum { BN_FINDINGS_MAX = 1000, BN_FINDINGS_NAMED = 5 };

typedef struct bn_proof_findings {
	bn_proof_finding *items; /* BN_FINDINGS_MAX at most, faults and others */
	size_t count, cap;
	uint64_t faults, others; /* all that were found */
} bn_proof_findings;

void bn_proof_findings_release(bn_proof_findings *f);
/* "signed records" */
const char *bn_rule_name(int rule);
/* kind and entity are both NULL or both set; all are copied. rule 0: the log's bytes, regardless of
 * their content. */
int bn_proof_finding_add(bn_proof_findings *f, const bn_proof_finding *of, bn_err *err);
/* "rule 4 (epochs), log/WRITER record 7, model.approved on model/power: words"; appends. */
void bn_proof_finding_text(const bn_proof_finding *f, bn_buf *out);

#endif
