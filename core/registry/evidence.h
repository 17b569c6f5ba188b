/*
 * evidence.h - what others than its author have found about a model version.
 *
 * In a workspace with a chain of authority (core/govern/authority.h) a run's numbers are its author's claim,
 * and are shown as reported. What counts for a gate of the policy is evidence by a person who is neither author
 * nor registrar of the version:
 *
 *	model.evidence   signed, class version 2, on entity model/NAME
 *	  {"answers": [id of the registration], "registration": the same id, "version": number,
 *	   "model": digest of the version,
 *	   "metric": text, "part": text, "value": number or null, "rows": number,
 *	   "dataset": {"name": text, "version": number, "digest": hex}
 *	     or "check": name, "verdict": "pass"|"fail"|"inconclusive", "detail"?: text
 *	   "how": text, "tool": text, "rules": 1}
 *	  It is about one metric of one part of one dataset version, or about one check. value null: not defined
 *	  on these rows. how: in words ("recomputed from the registered bytes"). tool: program and version.
 *	model.attested   a check stated by a person, judged by the same rule
 *
 * The author is the owner of the key that vouches for the run's records (bn_writer_author), with any of his
 * keys; if no key vouches, the account that wrote them. The registrar, anyone who registered from the same
 * account, and bots are not independent either; of their evidence only what is against the version counts (so
 * naming a strict colleague as the author does not silence him). Among the evidence of several persons a fail
 * beats a pass; of one person's evidence on one subject the last counts. A gate with "by": "author" also
 * accepts what the registration reports.
 *
 * A decision is always judged with the evidence of earlier epochs and, of its own epoch, with what its signer
 * had seen: `seen`, how far each writer of signed records was known to him. Later evidence is shown, and
 * cancels an approval only if the policy of its epoch has "recheck". "rules" is the number of these rules
 * (BN_GATE_RULES); a record with a higher one is made by a newer binnacle.
 */
#ifndef BN_REGISTRY_EVIDENCE_H
#define BN_REGISTRY_EVIDENCE_H
#include "core/store/workspace.h"

/* One measured metric of one part. */
typedef struct bn_measured {
	const char *metric, *part;
	double value; /* NaN: not defined on these rows */
	int64_t rows;
	const char *dataset; /* name */
	int64_t dataset_version;
	const char *dataset_digest;
} bn_measured;

/* Signs evidence about the version, one record for each; commits, and refreshes the index. BN_EREFUSED without
 * a chain, or without the right to attest. how, tool: see above. */
int bn_evidence_give(bn_workspace *ws, const char *spec, const bn_measured *items, size_t n,
	const char *how, const char *tool, bn_err *err);

typedef struct bn_evidence {
	char *id, *user;     /* user: the person's name at that time */
	bool counts;         /* from neither author nor registrar */
	char *metric, *part; /* metric NULL: a check */
	double value;
	int64_t rows;
	char *dataset, *dataset_digest;
	char *check, *verdict, *detail, *how, *tool;
	int64_t time_ms;
} bn_evidence;

typedef struct bn_evidence_list {
	bn_evidence *items;
	size_t count;
} bn_evidence_list;

/* All counting evidence about a version, in order. */
int bn_evidence_read(bn_evidence_list **out, bn_workspace *ws, const char *spec, bn_err *err);
void bn_evidence_list_free(bn_evidence_list *l);

#endif
