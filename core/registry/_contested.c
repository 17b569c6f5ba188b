/* _contested.c - see _contested.h. */
#include "core/registry/_contested.h"

#include "core/base/hash.h"
#include "core/base/json.h"

#include <stdio.h>
#include <string.h>

/* Keys of the contested: -(number * KEYS + 1), -(number * KEYS + 2) ... */
enum { KEYS = 4096 };
#define ASIDE INT64_MIN /* during an exchange of two */

int64_t bn_entry_number(int64_t version)
{
	return version >= 0 ? version : -version / KEYS;
}

void bn_contested_keys(int64_t number, int64_t *low, int64_t *high)
{
	bool fits = number > 0 && number <= BN_MODEL_NUMBER_MAX;
	*high = fits ? -number * KEYS - 1 : 0;
	*low = fits ? *high - (KEYS - 2) : 1;
}

/* The next key for a registration of a taken number. */
static int next_key(int64_t *key, bn_entry *e, int64_t number, bn_err *err)
{
	int64_t low, high;
	bn_contested_keys(number, &low, &high);
	*key = high - bn_sql_int(e->db, 0,
			      "SELECT count(*) FROM model_version WHERE name = ? AND version "
			      "BETWEEN ? AND ?",
			      "sii", e->name, low, high);
	if (*key < low)
		return bn_err_set(err, BN_EINVAL, "%s/%lld was registered too often", e->name,
			(long long)number);
	return 0;
}

static int registration_target(bn_entry *e, bn_entry_act *a, bn_err *err)
{
	bn_entry_version *holder;
	int64_t number = a->version;
	if (number < 1)
		return 0; /* its own check reports it */
	int rc = bn_entry_find(&holder, e, number, err);
	if (rc < 0 || !holder)
		return rc;
	if (!strcmp(holder->uuid, bn_json_str(a->payload, "uuid", "")) &&
		!strcmp(holder->registrar_who, a->who))
		return bn_err_set(err, BN_EINVAL, "%s/%lld is already registered, as %s", e->name,
			(long long)number, holder->uuid);
	return next_key(&a->version, e, number, err);
}

/* The key of the version that a record is about; 0 if about none that counts. */
static int64_t version_about(bn_entry *e, const char *id)
{
	return bn_sql_int(e->db, 0,
		"SELECT v.version FROM model_about b JOIN model_version v ON v.name = b.name AND "
		"v.registration = b.registration WHERE b.name = ? AND b.id = ?",
		"ss", e->name, id);
}

int bn_contested_target(bn_entry *e, bn_entry_act *a, bn_err *err)
{
	const json_t *answers = json_object_get(a->payload, "answers");
	if (a->kind == BN_ENTRY_REGISTERED)
		return registration_target(e, a, err);
	if (a->version < 1)
		return 0; /* about the model, or malformed */
	for (size_t i = 0; i < json_array_size(answers); i++) {
		const char *id = json_string_value(json_array_get(answers, i));
		int64_t key = id ? version_about(e, id) : 0;
		if (key && bn_entry_number(key) == a->version) {
			a->version = key;
			return 0;
		}
	}
	return bn_err_set(err, BN_EINVAL, "it does not refer to a record of %s/%lld that counts",
		e->name, (long long)a->version);
}

static bool is_approved_by_anybody(const bn_entry_version *v)
{
	for (size_t i = 0; i < v->n_decisions; i++)
		if (v->decisions[i].approved)
			return true;
	return false;
}

int bn_contested_check(bn_entry *e, const bn_entry_act *a, bn_err *err)
{
	bn_entry_version *v, *holder;
	int64_t number = bn_entry_number(a->version);
	int rc;
	if (a->version >= 0)
		return 0;
	if ((rc = bn_entry_find(&v, e, a->version, err)) < 0 ||
		(rc = bn_entry_find(&holder, e, number, err)) < 0)
		return rc;
	BN_BUG(!v || !holder);
	if (holder->epoch < v->epoch)
		return bn_err_set(err, BN_EREFUSED,
			"%s/%lld is contested, and belongs to the registration %s, of an earlier "
			"link",
			e->name, (long long)number, holder->uuid);
	if (is_approved_by_anybody(holder))
		return bn_err_set(err, BN_EREFUSED,
			"%s/%lld is contested, and belongs to the registration %s, which was "
			"approved "
			"first",
			e->name, (long long)number, holder->uuid);
	return 0;
}

/* Exchanges the keys of two versions, and takes aliases off the number. */
static int exchange(bn_entry *e, int64_t number, int64_t key, bn_err *err)
{
	static const char *const tables[] = {
		"UPDATE model_version SET version = ?3 WHERE name = ?1 AND version = ?2",
		"UPDATE model_decision SET version = ?3 WHERE name = ?1 AND version = ?2",
		"UPDATE model_tag SET version = ?3 WHERE name = ?1 AND version = ?2",
		"UPDATE model_evidence SET version = ?3 WHERE name = ?1 AND version = ?2"};
	const int64_t moves[3][2] = {{number, ASIDE}, {key, number}, {ASIDE, key}};
	int rc = bn_sql_run(e->db, err, "DELETE FROM model_alias WHERE name = ? AND version = ?",
		"si", e->name, number);
	if (rc < 0 || (rc = bn_sql_run(e->db, err,
			       "UPDATE model_version SET stage = 'None' WHERE name = ? AND version = ?",
			       "si", e->name, number)) < 0)
		return rc;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (size_t k = 0; k < 3 && rc >= 0; k++)
			rc = bn_sql_run(
				e->db, err, tables[i], "sii", e->name, moves[k][0], moves[k][1]);
	return rc;
}

int bn_contested_settle(bn_entry *e, const bn_entry_act *a, char *remark, size_t size, bn_err *err)
{
	int64_t number = bn_entry_number(a->version);
	if (a->version >= 0)
		return 0;
	if (a->kind == BN_ENTRY_REGISTERED)
		snprintf(remark, size, "contested: %s/%lld was registered before", e->name,
			(long long)number);
	if (a->kind != BN_ENTRY_APPROVED)
		return 0;
	snprintf(remark, size, "it gives the number %lld to this registration, of several",
		(long long)number);
	return exchange(e, number, a->version, err);
}

int bn_contested_remember(bn_entry *e, const bn_entry_act *a, const char *id, bn_err *err)
{
	bn_entry_version *v = NULL;
	int rc = a->version ? bn_entry_find(&v, e, a->version, err) : 0;
	if (rc < 0 || !v || !v->registration)
		return rc;
	return bn_sql_run(e->db, err,
		"INSERT OR REPLACE INTO model_about (name, id, registration) VALUES (?, ?, ?)",
		"sss", e->name, id, v->registration);
}
