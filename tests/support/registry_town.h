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
void town_policy(person *p, const char *document);
bn_model_state town_state(person *p, const char *spec);
/* Events of that kind and outcome in the audit log as p sees it. */
size_t town_count(person *p, const char *kind, bn_outcome outcome);

#endif
