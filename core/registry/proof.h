/*
 * proof.h - a model as proven from the segments, and requiring that proof before its bytes are used.
 *
 * `model verify`, `serve`, `predict` of a registered model and `model export` do not trust the index: they
 * read a view (core/store/view.h) of models, the runs that this one comes from, and authority.
 *
 * In a workspace with a chain of authority a version is vouched for when link 0 is there and nothing that the
 * chain's links name is missing; its registration, requests, decisions and evidence are signed by persons with
 * permission, under links of the chain; no person's record about the model names something the log lacks; and
 * keys of persons vouch for the records of its run. A version need not be approved for that: only its stated
 * state must be true. Without a chain there is nothing to require.
 */
#ifndef BN_REGISTRY_PROOF_H
#define BN_REGISTRY_PROOF_H
#include "core/registry/provenance.h"

typedef struct bn_model_view bn_model_view;

/* Of the model named by spec. BN_ENOTFOUND as bn_version_get. Close it before ws. */
int bn_model_view_open(bn_model_view **out, bn_workspace *ws, const char *spec, bn_err *err);
void bn_model_view_close(bn_model_view *v); /* NULL is fine */
/* A workspace for reading; borrowed. */
bn_workspace *bn_model_view_workspace(const bn_model_view *v);
bool bn_model_view_is_chained(const bn_model_view *v);

/* The checks that do not depend on bytes: adds a line to r for each step from link 0 to the
 * decisions. */
int bn_version_prove(bn_verify_report *r, bn_model_view *v, const bn_version *version, bn_err *err);

/* Call before using a version's bytes: returns the view to read it from; NULL without a chain, then use ws.
 * BN_EREFUSED, with the reason, if the version is not proven; BN_ENOTFOUND if there is none. */
int bn_version_demand(bn_model_view **out, bn_workspace *ws, const char *spec, bn_err *err);
/* Call while continuing to use "NAME/N": reads what is new. BN_EREFUSED, with the reason, if it was removed, no
 * longer counts as registered, or was approved when required and no longer is. Records missing meanwhile are
 * not a reason to stop. */
int bn_version_demand_again(bn_model_view *v, const char *exact, bn_err *err);

/* bn_version_checkout of a proven version. */
int bn_version_export(bn_workspace *ws, const char *spec, const char *dir, bn_err *err);

#endif
