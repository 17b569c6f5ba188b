/*
 * _read.h - reading one or many versions from the index, for the files of this module.
 */
#ifndef BN_REGISTRY_READ_H
#define BN_REGISTRY_READ_H
#include "core/registry/registry.h"

/* The display name: that of a person of the chain of authority, else the account's. */
#define BN_NAME_OF(who, uid) \
	"coalesce((SELECT p.name FROM authority_person p WHERE p.person = " who \
	" ORDER BY p.from_n DESC LIMIT 1), bn_user(" uid "))"
#define BN_NAME_OF_REGISTRAR BN_NAME_OF("registrar_who", "registrar_uid")

#define BN_VERSION_COLUMNS \
	"name, version, uuid, run_id, digest, manifest, trainer, description, state, author_uid," \
	" coalesce(author, bn_user(author_uid)), registrar_uid, " BN_NAME_OF_REGISTRAR ", " \
	"registered_ms, state_ms, request_no, requested_ms," \
	" bn_user(requester_uid), request_reason, data, metrics, source, external, run_link, " \
	"logged_model, stage, updated_ms"

/* Reads what st gives, a statement over BN_VERSION_COLUMNS; finalizes it. */
int bn_version_page_read(bn_version_page **out, sqlite3 *db, sqlite3_stmt *st, bn_err *err);
/* One version by number; if it does not exist, the hint names the newest. */
int bn_version_load(bn_version **out, sqlite3 *db, const char *name, int64_t version, bn_err *err);
int64_t bn_version_of_alias(sqlite3 *db, const char *name, const char *alias); /* 0: none */

#endif
