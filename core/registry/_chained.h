/*
 * _chained.h - a model's records under the chain of authority (core/govern/authority.h): their order,
 * permissions, and references.
 *
 * A signed record of class "model" names what it refers to in `answers`, the ids of the records that its signer
 * acted on (for a request the registration or decision before it, for a decision its request and the alias of
 * the champion that it is compared with, for an alias the one that it replaces). Records are applied by (epoch,
 * depth, clock, writer, sequence), where depth is 1 + the maximum over its references, so a record never
 * precedes what it refers to, regardless of clocks. A rejection precedes the approvals of the same request.
 *
 * A record that refers to a missing one waits for it, without effect. One that refers to a record of a later
 * epoch was backdated, and is refused.
 */
#ifndef BN_REGISTRY_CHAINED_H
#define BN_REGISTRY_CHAINED_H
#include "core/govern/authority.h"
#include "core/registry/_entry.h"

/* Class version of records under the chain; those of uids are of version 1. */
enum { BN_MODEL_CLASS_VERSION = 2, BN_RECORD_ID_TEXT = 65 };

/* The class's place(). */
int bn_model_place(bn_fold *f, bn_event *ev, bn_err *err);
/* Whether a record of the model counts, and its signer. 1; 0, with the event's outcome set; or negative. */
int bn_model_admit(bn_standing *s, bn_fold *f, const bn_event *ev, bn_err *err);

/* Rights of a person in an epoch. */
typedef struct bn_person_rights {
	sqlite3 *db;
	bn_fold *f; /* NULL: asked by a reader or a writer, as of now */
	int64_t epoch;
	bool is_bot;
	const uint8_t *key; /* of a bot that acts now, and on what; f NULL */
	const char *entity;
	bn_policy *policy;
	bn_entry_rights rights; /* borrow this */
} bn_person_rights;

void bn_person_rights_init(
	bn_person_rights *r, sqlite3 *db, bn_fold *f, int64_t epoch, bool is_bot);
void bn_person_rights_release(bn_person_rights *r);

/* The key in a word of n bytes of model_version.author_who; false: it names an account. */
bool bn_author_key(uint8_t key[32], const char *word, size_t n);

/* The ids that an act made now refers to; a new reference. */
int bn_model_answers(json_t **out, bn_entry *e, const bn_entry_act *a, bn_err *err);
/* Stores the record as the last one about its subjects. old_alias: the version that the alias left, or 0. */
int bn_model_touch(
	bn_entry *e, const bn_entry_act *a, int64_t old_alias, const char *id, bn_err *err);
/* BN_ECONFLICT if a decision is about another request than the open one. */
int bn_model_request_check(bn_entry *e, const bn_entry_act *a, bn_err *err);

#endif
