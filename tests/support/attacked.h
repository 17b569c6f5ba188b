/*
 * attacked.h - a team with an approved model, and what all its members see after an attack.
 *
 * ann founded it; bob is a reviewer, cleo and dan are developers. The policy requires test rmse <=
 * 12.5, measured by somebody else. power/1 comes from cleo's run; bob has measured 11 and approved
 * it; ann made it champion. All four have opened the workspace, and remember it. mal has an
 * account, and a key that is not admitted.
 */
#ifndef BN_TEST_ATTACKED_H
#define BN_TEST_ATTACKED_H
#include "core/govern/trust.h"
#include "core/registry/evidence.h"
#include "tests/support/chain_people.h"
#include "tests/support/forged_log.h"
#include "tests/support/registry_team.h"
#include "tests/support/signer.h"

#define ATTACKED_RUN "00112233445566778899aabbccddeeff"
#define ATTACKED_POLICY \
	"{\"gates\":[{\"metric\":\"rmse\",\"name\":\"error\",\"op\":\"<=\",\"threshold\":12.5}]}"

typedef struct attacked {
	team t;
	toy_dir dir; /* the team's, for forged logs */
	person *ann, *bob, *cleo, *dan;
	bn_signer mal;
	char uuid[40]; /* of the champion */
	char invitation[BN_PIN_TEXT];
} attacked;

extern attacked at;
extern bn_err attacked_err;

void attacked_begin(void);
void attacked_must(int rc);
void attacked_must_be(int rc, int code);
void attacked_see_all(void);
void attacked_seal_all(void);
void attacked_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What every reader must see of power/1: the column `readers` of the table (attack_table.h). */
typedef struct attacked_sight {
	bool falls; /* it is no longer champion and approved */
	bool is_not_served;
	bn_memory_allows allows; /* of a reader with a memory */
	bn_memory_allows new,
		invited; /* of a reader without memory; with the invitation from before the attack */
} attacked_sight;

/* Checks all four members, with the index that they had and that folded the attack, with that index
 * reopened and with a new one, with a memory, without, and with an invitation from before; their
 * rows are equal. */
void attacked_expect(const attacked_sight *sight);
/* The same by the row of this test, and what verify reports; then removes the team. */
void attacked_end_row(const char *function);
#define attacked_end() attacked_end_row(__func__)

/* ---- forging --------------------------------------------------------------------------------- */

void attacked_newest(uint8_t epoch[32]);
/* Signs with p's key; lives until the end of the test. */
bn_signer attacked_signer(person *p);
/* A record in a separate log: its signer (NULL: unsigned), its link (NULL: none). ms 0: 2017. */
void attacked_forge(const char *writer, const bn_signer *by, const uint8_t *epoch, const char *kind,
	const char *entity, const char *payload, int64_t ms);
/* A decision about a version as no program of ours signs it: answers (an id in hex or NULL: none),
 * digest (NULL: the version's own). */
void attacked_decide(const char *writer, const bn_signer *by, const char *kind, const char *spec,
	const char *answers, const char *digest);
/* The name of the writer that p's key signs in; yours. */
char *attacked_writer(person *p);
/* The id, in hex, of the last record of that kind. */
void attacked_record(const char *kind, char hex[65]);
/* Evidence about a version, measured on its data. */
int attacked_measure(person *p, const char *spec, double value);
/* The outcome of a writer's record in the fold. */
bn_outcome attacked_outcome(person *p, const char *writer, uint64_t seq);

#endif
