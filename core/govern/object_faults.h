/*
 * object_faults.h - objects that are not as records name them, and whose records those are.
 *
 * Anybody who may write to the workspace can write a record that names an object which never was. That is a fault
 * where a member's record names it, or where no record is found that does; else it is a trace of who wrote the
 * record. A member's is a record that a key of the chain of authority has signed, or whose writer's log such a key
 * vouches for (store/index/signed.h), or that an upgrade closed.
 *
 * Of the index of a view, read once for all objects, whatever their number.
 */
#ifndef BN_GOVERN_OBJECT_FAULTS_H
#define BN_GOVERN_OBJECT_FAULTS_H
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/index/fold.h"
#include "core/store/object/live.h"

typedef struct bn_object_fault {
	uint8_t named
		[BN_SHA256_BYTES]; /* what records name: the object, or the manifest that has it as a part */
	bool is_missing;
	bool is_strangers; /* the rest is of a record of theirs, the first by writer */
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
/* Says of each whose it is; sorts them. */
int bn_object_faults_find_records(bn_object_faults *f, sqlite3 *db, bn_err *err);
/* For gc: which of these only strangers' records name; f gets them, with a record each. None in a workspace without a
 * chain of authority. */
int bn_object_faults_judge(
	bn_object_faults *f, bn_workspace *ws, bn_live_hidden *items, size_t count, bn_err *err);
void bn_object_faults_release(bn_object_faults *f);

#endif
