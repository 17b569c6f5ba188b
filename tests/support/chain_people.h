/*
 * chain_people.h - the team of people.h under a chain of authority: the changes that a link makes
 * to its members, and what they all must see.
 */
#ifndef BN_TEST_CHAIN_PEOPLE_H
#define BN_TEST_CHAIN_PEOPLE_H
#include "core/govern/chain.h"
#include "tests/support/people.h"

void person_key(person *p, uint8_t key[BN_CHAIN_ID_BYTES]); /* created when first needed */
bn_change person_admitted(person *p);
bn_change person_role(person *p, bn_role role, bool grant);
bn_change person_removed(person *p);
/* The next link, by p; returns its code, with err set. */
int person_try_link(person *p, const bn_change *changes, size_t n, bn_err *err);
/* The same; fails the test if the chain does not accept it. */
void person_link(person *p, const bn_change *changes, size_t n);
/* Fails the test unless all readers' rows are equal, including those of a rebuilt index. */
void team_expect_one_view(team *t);

#endif
