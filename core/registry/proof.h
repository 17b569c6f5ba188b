/*
 * proof.h - a model as the segments tell it, and the demand that it be proven before its bytes are used.
 *
 * `model verify`, `serve`, `predict` of a registered model and `model export` do not believe the index: they
 * read a view (core/store/view.h) of what concerns models, the runs that this one comes from, and authority.
 *
 * In a workspace with a chain of authority a version is vouched for when link 0 is there and nothing that the
 * chain's links name is missing; its registration, requests, decisions and evidence are signed by persons who
 * might, under links of the chain; no person's record about the model names what the log lacks; and keys of persons
 * vouch for the records of its run. A version need not be approved for that: what it is said to be, it is.
 * Without a chain there is nothing to demand.
 */
#ifndef BN_REGISTRY_PROOF_H
#define BN_REGISTRY_PROOF_H
#include "core/registry/provenance.h"

typedef struct bn_model_view bn_model_view;

/* Of the model that spec names. BN_ENOTFOUND as bn_version_get. Close it before ws. */
int bn_model_view_open(bn_model_view **out, bn_workspace *ws, const char *spec, bn_err *err);
void bn_model_view_close(bn_model_view *v); /* NULL is fine */
/* To read from as from any workspace; borrowed. */
bn_workspace *bn_model_view_workspace(const bn_model_view *v);
bool bn_model_view_is_chained(const bn_model_view *v);

/* What does not depend on bytes: adds a line to r for each step from link 0 to the decisions. */
int bn_version_prove(bn_verify_report *r, bn_model_view *v, const bn_version *version, bn_err *err);

/* Whoever is about to use a version's bytes: the view to read it from; NULL where there is no chain, and ws will
 * do. BN_EREFUSED, in words, when the version is not proven; BN_ENOTFOUND when there is none. */
int bn_version_demand(bn_model_view **out, bn_workspace *ws, const char *spec, bn_err *err);
/* Whoever goes on using "NAME/N": reads what has come since. BN_EREFUSED, in words, when it was removed, counts as
 * registered no more, or was approved when it was demanded and is so no more. What is missing meanwhile is
 * no reason to stop. */
int bn_version_demand_again(bn_model_view *v, const char *exact, bn_err *err);

/* bn_version_checkout of what is proven. */
int bn_version_export(bn_workspace *ws, const char *spec, const char *dir, bn_err *err);

#endif
