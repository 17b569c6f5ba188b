/*
 * gate.h - what a model version must satisfy before it is approved, and whether it does.
 *
 * A gate comes from the policy (core/govern/policy.h). Its verdict is a pure function of what the
 * registration recorded (metrics, files, data), of the evidence so far, and of the champion at
 * that time, so every fold gets the same one. A missing value is INCONCLUSIVE, never PASS. Whose
 * evidence counts in a workspace with a chain of authority: evidence.h.
 *
 * Checks that a gate may name instead of a metric:
 *	data          the training data has a name and a content digest
 *	signature     the model states its inputs (features.json)
 *	card          there is a model card (model_card.md)
 *	anything else an attestation by that name ("reproducible", "drift"): model.attested
 */
#ifndef BN_REGISTRY_GATE_H
#define BN_REGISTRY_GATE_H
#include "core/govern/policy.h"

/* The rules by which evidence and decisions are judged; they permanently name them. */
enum { BN_GATE_RULES = 1 };

typedef enum bn_verdict {
	BN_VERDICT_PASS,
	BN_VERDICT_FAIL,
	BN_VERDICT_INCONCLUSIVE,   /* the evidence is missing */
	BN_VERDICT_NOT_APPLICABLE, /* compares with a champion, and there is none yet */
} bn_verdict;

const char *bn_verdict_name(bn_verdict v); /* "pass", "fail", "inconclusive", "n/a" */

typedef struct bn_gate_result {
	char *name;     /* of the gate */
	char *claim;    /* "test rmse <= 12.5", "reproducible" */
	char *evidence; /* "11.92, 0.58 below the limit"; "run recorded no test rmse" */
	char *source;   /* "run 7f3a...", "attested by bob", "policy" */
	bn_verdict verdict;
	bn_gate_severity severity;
	double value, threshold; /* NaN when absent or not a number */
	bool recomputes; /* inconclusive until measured by another person, which approving does (recompute.h) */
} bn_gate_result;

typedef struct bn_gate_report {
	bn_gate_result *items;
	size_t count;
	size_t passed, failed, inconclusive;
	bool blocked; /* a blocking gate failed or is inconclusive */
	char policy_hash[65];
} bn_gate_report;

/* As of an event of this model (NULL: now). db: the index. BN_ENOTFOUND: no such version. */
int bn_gate_evaluate(bn_gate_report **out, sqlite3 *db, const bn_policy *policy, const char *name,
	int64_t version, bn_err *err);
void bn_gate_report_free(bn_gate_report *r);
json_t *bn_gate_report_json(const bn_gate_report *r); /* new reference; NULL without memory */

#endif
