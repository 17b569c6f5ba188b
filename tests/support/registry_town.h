/*
 * registry_town.h - the people of people.h with models to argue about.
 */
#ifndef BN_TEST_REGISTRY_TOWN_H
#define BN_TEST_REGISTRY_TOWN_H
#include "core/registry/registry.h"
#include "tests/support/people.h"

extern const bn_fold_class *const registry_town_classes[];

/* Registers a model of three small files as p, said to be the work of author. metrics: JSON text.
 * Returns the version; fails the test when it cannot. */
int64_t town_register(person *p, const char *name, const person *author, const char *metrics);
/* The same, returning the code. */
int town_try_register(
	person *p, const char *name, const person *author, const char *metrics, int64_t *version);
/* The dataset version that the next one names: jobs@v3. */
#define TOWN_DATA "da7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7a"
/* A registration that names its run and its data. */
int64_t town_register_run(
	person *p, const char *name, const person *author, const char *run, const char *metrics);
int town_try_register_run(person *p, const char *name, const person *author, const char *run,
	const char *metrics, int64_t *version);
/* A run of 32 hex digits that p creates, in a sealed segment. */
void town_run(person *p, const char *run);
void town_policy(person *p, const char *document);
bn_model_state town_state(person *p, const char *spec);
/* Events of that kind and outcome in the audit log as p sees it. */
size_t town_count(person *p, const char *kind, bn_outcome outcome);

#endif
