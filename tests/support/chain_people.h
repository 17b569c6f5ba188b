/*
 * chain_people.h - the people of people.h under a chain of authority: the changes that a link makes about them,
 * and what they all must see.
 */
#ifndef BN_TEST_CHAIN_PEOPLE_H
#define BN_TEST_CHAIN_PEOPLE_H
#include "core/govern/chain.h"
#include "tests/support/people.h"

void person_key(person *p, uint8_t key[BN_CHAIN_ID_BYTES]); /* made at first need */
bn_change person_admitted(person *p);
bn_change person_role(person *p, bn_role role, bool grant);
bn_change person_removed(person *p);
/* The next link, by p; its code, with err set. */
int person_try_link(person *p, const bn_change *changes, size_t n, bn_err *err);
/* The same; fails the test when the chain does not take it. */
void person_link(person *p, const bn_change *changes, size_t n);
/* Fails the test unless all readers' rows are equal, also those of an index that is made anew. */
void town_expect_one_view(town *t);

#endif
