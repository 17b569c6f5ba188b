/*
 * candidate.h - the model of a run judged by a policy's gates, before it is registered: what continuous
 * integration asks of a commit.
 *
 * Metrics are measured here, on the stored bytes of the model and on the rows that the run's spec held out (or
 * the dataset version that a gate names), with the code that approving uses (recompute.h). What cannot be
 * measured here (another program's model, a series of the run) counts as the run reports it: who runs this has
 * just run the training too. If measured and reported differ, the worse one counts, as for a gate "by": "author".
 * A gate that compares with the champion measures the one of the registered model of that name on the same rows.
 *
 * This is no evidence: nothing is signed or written, and an approval needs its own.
 */
#ifndef BN_REGISTRY_CANDIDATE_H
#define BN_REGISTRY_CANDIDATE_H
#include "core/base/progress.h"
#include "core/registry/gate.h"
#include "core/track/run.h"

typedef struct bn_candidate {
	bn_run_info *run;
	char digest[65]; /* of the model */
	json_t *data; /* as the spec has it: [{"name", "version", "digest", "part"}]; never NULL */
	json_t *code; /* the spec's {"commit", "dirty", ...}, or NULL */
	json_t *reported; /* {"test": {"rmse": ...}, ...}, and under "run" the series' last values */
	json_t *measured; /* the same as measured here, of the parts that could be */
	json_t *problems; /* {"test": "why it could not be measured"} */
	json_t *gate_problems; /* by the gate's place, such as "0": why its number could not be measured */
	bn_gate_report *gates; /* one result for each gate of the policy, in its order */
} bn_candidate;

/* run: as for bn_run_resolve, in the index as refreshed. model: whose champion gates compare with; NULL: there is
 * none. progress may be NULL. BN_ECONFLICT while the run is live, BN_ENOTFOUND if it stored no model. */
int bn_candidate_judge(bn_candidate **out, bn_workspace *ws, const char *run, const char *model,
	const bn_policy *policy, const bn_progress *progress, bn_err *err);
void bn_candidate_free(bn_candidate *c);

#endif
