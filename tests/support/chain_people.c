/* chain_people.c - see chain_people.h. */
#include "tests/support/chain_people.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "tests/support/check_main.h"

#include <string.h>

void person_key(person *p, uint8_t key[BN_CHAIN_ID_BYTES])
{
	bn_key *k = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_key_open(&k, &p->env, NULL, &err), &err);
	ck_assert_int_eq(bn_unhex(bn_key_public(k), BN_CHAIN_ID_BYTES, key), 0);
	bn_key_free(k);
}

bn_change person_admitted(person *p)
{
	bn_change c = {.kind = BN_CHANGE_PERSON, .text = p->name};
	person_key(p, c.key);
	return c;
}

bn_change person_role(person *p, bn_role role, bool grant)
{
	bn_change c = {.kind = BN_CHANGE_ROLE, .role = role, .grant = grant};
	person_key(p, c.person);
	return c;
}

bn_change person_removed(person *p)
{
	bn_change c = {.kind = BN_CHANGE_REMOVE};
	person_key(p, c.person);
	return c;
}

int person_try_link(person *p, const bn_change *changes, size_t n, bn_err *err)
{
	const bn_link link = {.changes = changes, .n_changes = n};
	bn_err_clear(err);
	uint8_t id[BN_CHAIN_ID_BYTES];
	int rc = bn_authority_change(p->ws, &link, id, err);
	return rc == BN_LINK_WAITS ? bn_err_set(err, BN_EREFUSED, "it lacks signatures") : rc;
}

void person_link(person *p, const bn_change *changes, size_t n)
{
	bn_err err = BN_ERR_INIT;
	int rc = person_try_link(p, changes, n, &err);
	ck_assert_bn_ok(rc, &err);
}

/* The position where two dumps begin to differ, with context; in a buffer that the next call
 * reuses. */
static const char *first_difference(const char *a, const char *b)
{
	enum { BEFORE = 120, SHOWN = 300 };
	static char text[2 * SHOWN + 20];
	size_t same = 0;
	while (a[same] && a[same] == b[same])
		same++;
	size_t from = same > BEFORE ? same - BEFORE : 0;
	snprintf(text, sizeof text, "\n'%.*s'\n'%.*s'", SHOWN, a + from, SHOWN, b + from);
	return text;
}

void team_expect_one_view(team *t)
{
	char *first = NULL;
	for (size_t i = 0; i < PEOPLE; i++)
		person_reopen(t, &t->people[i], false); /* seals what they wrote */
	for (int fresh = 0; fresh < 2; fresh++)
		for (size_t i = 0; i < PEOPLE; i++) {
			if (fresh)
				person_reopen(t, &t->people[i], true);
			char *dump = person_dump(&t->people[i]);
			if (!first)
				first = bn_strdup(dump);
			ck_assert_msg(!strcmp(first, dump), "%s sees other rows%s: %s",
				t->people[i].name, fresh ? " in a fresh index" : "",
				first_difference(first, dump));
			bn_free(dump);
		}
	bn_free(first);
}
