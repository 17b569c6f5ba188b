/*
 * forgotten.h - what was erased on request: the rows of a person, with every object that held them. core/forget does it.
 *
 * One event of class "forget" for each act (entity "forget/ID", ID 16 hex digits), signed, with the right to remove:
 *
 * 	forget.rows  {versions [{name, version, rows, stand_in}], objects [{hash, name, version}],
 * 	              batches [{hash, instead, rows}], reason, mark}
 *
 * versions: those that held such rows, how many, and the version of the same dataset that has the other rows (absent: none).
 * objects: what must not exist any more, and whose it was (name and version: optional). batches: logged predictions, and the
 * object that has the other rows. mark: HMAC of what was asked for, by which who knows it can show that it was done; the event
 * never has the person.
 *
 * From the event on the versions are forgotten. Reading one fails with the date, the user and the version to use; it is not
 * restored, its bytes are not stored again, and gc removes what is left of it, whatever names it
 * (core/store/forgotten.h). Its row, its place in the lineage and all records stay: what happened can still be verified, but for the bytes.
 */
#ifndef BN_DATA_FORGOTTEN_H
#define BN_DATA_FORGOTTEN_H
#include "core/data/dataset.h"

extern const struct bn_fold_class bn_forget_class; /* for core/pipeline/fold_classes.c */

enum { BN_FORGET_REASON_MOST = 1000 }; /* bytes */

/* "was forgotten on 2026-12-01 by ann: use jobs@v7"; NULL if it was not (or memory failed, which leaves err set). The caller
 * owns it. Uses the index as folded. */
char *bn_forgotten_words(bn_workspace *ws, const char *name, int64_t version, bn_err *err);

/* Follows logged predictions to what stands for them: hash, of 64 digits, becomes that of the object without the rows that
 * were erased, and *rows what it has; "" if there is none; both stay if nothing was erased. */
int bn_forgotten_instead(char *hash, int64_t *rows, sqlite3 *db, bn_err *err);

#endif
