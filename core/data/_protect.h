/* _protect.h - shared by the parts of protect.h. */
#ifndef BN_DATA__PROTECT_H
#define BN_DATA__PROTECT_H
#include "core/data/protect.h"

#include <sqlite3.h>

/* The newest state of the dataset, {} if there is none; new reference. */
int bn_protection_state(json_t **out, sqlite3 *db, const char *name, bn_err *err);
/* The state after a change; new reference, NULL if out of memory. *weaker: whether anything is less strict than before. */
json_t *bn_protection_after(const json_t *state, const json_t *change, bool *weaker);
/* Why a payload of protection.set is not one; NULL if it is. */
const char *bn_protection_fault(const json_t *change);

#endif
