/* _commute.c - see _commute.h. */
#include "core/registry/_commute.h"

#include "core/base/json.h"
#include "core/govern/authority.h"
#include "core/registry/_contested.h"
#include "core/registry/_entry.h"

#include <stdio.h>
#include <string.h>

enum { ID_TEXT = 65 };

/* The registration that a record is about, and the state and the key of its version. 1; 0 if not known. */
static int about_read(char registration[ID_TEXT], int64_t *state, int64_t *key, sqlite3 *db,
	const char *entity, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT v.registration, v.state, v.version FROM model_about b JOIN model_version v "
		"ON v.name = b.name AND v.registration = b.registration WHERE b.name = substr(?, "
		"7) AND b.id = ?",
		"ss", entity, id);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		snprintf(registration, ID_TEXT, "%s", (const char *)sqlite3_column_text(st, 0));
		*state = sqlite3_column_int64(st, 1);
		*key = sqlite3_column_int64(st, 2);
	}
	sqlite3_reset(st);
	return rc;
}

/* The registration that the event is about, found as by bn_contested_target: an event may also refer to records
 * about other versions. 1; 0 if there is none. */
static int answered(
	char registration[ID_TEXT], int64_t *state, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	const json_t *answers = json_object_get(ev->payload, "answers");
	int64_t key = 0, number = bn_json_int(ev->payload, "version", 0);
	for (size_t i = 0; number > 0 && i < json_array_size(answers); i++) {
		const char *id = json_string_value(json_array_get(answers, i));
		int rc = id ? about_read(registration, state, &key, db, ev->entity, id, err) : 0;
		if (rc < 0 || (rc == 1 && bn_entry_number(key) == number))
			return rc;
	}
	return 0;
}

/* The event refers to the last record about a subject; fresh: or there is none. */
static int answers_last(
	sqlite3 *db, const bn_event *ev, const char *subject, bool fresh, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const json_t *answers = json_object_get(ev->payload, "answers");
	int rc = bn_sql_cached(&st, db, err,
		"SELECT id FROM model_last WHERE name = substr(?, 7) AND subject = ?", "ss",
		ev->entity, subject);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0)
		rc = fresh;
	else if (rc == 1) {
		const char *last = (const char *)sqlite3_column_text(st, 0);
		rc = 0;
		for (size_t i = 0; !rc && i < json_array_size(answers); i++) {
			const char *id = json_string_value(json_array_get(answers, i));
			rc = id && !strcmp(id, last);
		}
	}
	sqlite3_reset(st);
	return rc;
}

static bool number_is_free(sqlite3 *db, const bn_event *ev)
{
	return !bn_sql_int(db, 0,
		"SELECT 1 FROM model_version WHERE name = substr(?, 7) AND version = ?", "si",
		ev->entity, bn_json_int(ev->payload, "version", 0));
}

static bool somebody_rechecks(sqlite3 *db)
{
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM authority_policy WHERE document LIKE '%\"recheck\":true%' "
		       "LIMIT 1",
		       "") == 1;
}

int bn_model_commutes(sqlite3 *db, const bn_event *ev, int64_t epoch, bn_err *err)
{
	char registration[ID_TEXT], subject[400];
	int64_t state = 0;
	int rc;
	if (ev->kind_no == BN_ENTRY_REGISTERED)
		return number_is_free(db, ev);
	if (ev->kind_no != BN_ENTRY_REQUESTED && ev->kind_no != BN_ENTRY_EVIDENCE &&
		ev->kind_no != BN_ENTRY_ATTESTED && ev->kind_no != BN_ENTRY_TAG)
		return 0;
	if ((rc = answered(registration, &state, db, ev, err)) <= 0)
		return rc;
	if (state == BN_MODEL_REMOVED)
		return 0;
	if (ev->kind_no == BN_ENTRY_REQUESTED) {
		snprintf(subject, sizeof subject, "version/%s", registration);
		return answers_last(db, ev, subject, false, err);
	}
	if (ev->kind_no == BN_ENTRY_TAG) {
		snprintf(subject, sizeof subject, "tag/%s/%.200s", registration,
			bn_json_str(ev->payload, "key", ""));
		return answers_last(db, ev, subject, true, err);
	}
	return epoch == bn_authority_newest(db, NULL) && !somebody_rechecks(db);
}
