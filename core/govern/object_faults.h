/*
 * object_faults.h - objects that do not match the records that name them, and the authors of
 * those records.
 *
 * Anyone who can write to the workspace can write a record that names an object that never existed. That is a
 * fault if a member's record names it, or if no such record is found; otherwise it only tells about the
 * record's author. A member's record is signed with a key of the chain of authority, or such a key vouches for
 * its writer's log (store/index/signed.h), or an upgrade closed it.
 *
 * Reads the index of a view once for all objects, however many.
 */
#ifndef BN_GOVERN_OBJECT_FAULTS_H
#define BN_GOVERN_OBJECT_FAULTS_H
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/index/fold.h"
#include "core/store/object/live.h"

typedef struct bn_object_fault {
	uint8_t named
		[BN_SHA256_BYTES]; /* what records name: the object, or the manifest that contains it */
	bool is_missing;
	bool is_strangers; /* the other fields are of one such record, the first by writer */
	const char *writer, *kind, *entity; /* NULL when no record was found */
	uint64_t seq;
	const char *words;
} bn_object_fault;

typedef struct bn_object_faults {
	bn_object_fault *items;
	size_t count, cap;
	bn_arena texts;
} bn_object_faults;

/* named: in hex. Faults may be found in any order. */
int bn_object_faults_add(
	bn_object_faults *f, const char *named, bool is_missing, const char *words, bn_err *err);
/* Determines the author of each; sorts them. */
int bn_object_faults_find_records(bn_object_faults *f, sqlite3 *db, bn_err *err);
/* For gc: which of these are named only by strangers' records; f gets them, with one record each. None in a
 * workspace without a chain of authority. */
int bn_object_faults_judge(
	bn_object_faults *f, bn_workspace *ws, bn_live_hidden *items, size_t count, bn_err *err);
void bn_object_faults_release(bn_object_faults *f);

#endif
