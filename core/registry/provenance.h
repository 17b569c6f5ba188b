/*
 * provenance.h - origin and integrity of a model version: lineage, card, verification, checkout
 * of its files.
 */
#ifndef BN_REGISTRY_PROVENANCE_H
#define BN_REGISTRY_PROVENANCE_H
#include "core/base/buf.h"
#include "core/base/progress.h"
#include "core/govern/prove.h"
#include "core/registry/registry.h"

/* ---- lineage: data -> run -> model version ------------------------------------------------- */

typedef struct bn_lineage_node {
	const char *kind; /* "data", "code", "run", "model", "alias" */
	char *label;      /* "jobs@v3", "power/3" */
	char *detail;     /* digest, state, who; may be NULL */
} bn_lineage_node;

typedef struct bn_lineage_edge {
	size_t from, to;  /* nodes */
	const char *verb; /* "trained", "produced", "points to" */
} bn_lineage_edge;

typedef struct bn_lineage {
	bn_lineage_node *nodes;
	size_t n_nodes;
	bn_lineage_edge *edges;
	size_t n_edges;
} bn_lineage;

int bn_lineage_read(bn_lineage **out, bn_workspace *ws, const char *spec, bn_err *err);
void bn_lineage_free(bn_lineage *l);

/* ---- card ---------------------------------------------------------------------------------- */

/* The version's model_card.md followed by what the registry knows (state, decisions, gates). */
int bn_version_card(bn_buf *out, bn_workspace *ws, const char *spec, bn_err *err);

/* ---- verify -------------------------------------------------------------------------------- */

typedef struct bn_verify_line {
	char *what;    /* "file model.safetensors", "approval by bob", "manifest" */
	char *problem; /* NULL: fine */
	bool is_note;  /* for information: an act without effect */
} bn_verify_line;

typedef struct bn_verify_report {
	bn_verify_line *items;
	size_t count, cap, problems;
	bool is_chained;
	bn_proof_about about;
} bn_verify_report;

/* Re-hashes manifest and files, recomputes the digest, and proves who registered and decided: by the chain of
 * authority (proof.h), or, without one, by the signature and key of every decision. Reads the segments, not the
 * index. Returns 0 even with problems: see the report. progress may be NULL. */
int bn_version_verify(bn_verify_report **out, bn_workspace *ws, const char *spec,
	const bn_progress *progress, bn_err *err);
void bn_verify_report_free(bn_verify_report *r);
/* Adds a line to it; problem NULL: ok. */
int bn_verify_line_add(bn_verify_report *r, const char *problem, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- files --------------------------------------------------------------------------------- */

/* Copies the version's files into dir, which must not exist; verified while copying. MLflow loads
 * the result as a model folder. */
int bn_version_checkout(bn_workspace *ws, const char *spec, const char *dir, bn_err *err);

#endif
