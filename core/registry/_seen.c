/* _seen.c - see _seen.h. */
#include "core/registry/_seen.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/index/signed.h"

#include <string.h>

enum { ID = BN_SHA256_BYTES };

/* One member of `seen`: false when it is malformed. */
static bool head_read(const json_t *head, int64_t *seq, uint8_t after[ID])
{
	const json_t *n = json_array_get(head, 0), *hex = json_array_get(head, 1);
	if (json_array_size(head) != 2 || !json_is_integer(n) || json_integer_value(n) < 1 ||
		json_string_length(hex) != 2 * ID)
		return false;
	*seq = json_integer_value(n);
	return bn_unhex(json_string_value(hex), ID, after) == 0;
}

int bn_model_sees(sqlite3 *db, const bn_entry_act *a, const bn_entry_evidence *x, bn_err *err)
{
	uint8_t said[ID], found[ID];
	int64_t seq;
	if (x->epoch != a->ev->epoch)
		return x->epoch < a->ev->epoch;
	if (!strcmp(x->writer, a->ev->key.writer))
		return (uint64_t)x->seq < a->ev->key.seq;
	const json_t *head = json_object_get(json_object_get(a->payload, "seen"), x->writer);
	if (!head || !head_read(head, &seq, said) || seq < x->seq)
		return 0;
	int rc = bn_signed_after(found, db, x->writer, seq, err);
	return rc <= 0 ? rc : !memcmp(said, found, ID);
}

int bn_model_decision_check(const bn_entry_act *a, bn_err *err)
{
	const json_t *seen = json_object_get(a->payload, "seen");
	int64_t rules = bn_json_int(a->payload, "rules", 0), seq;
	uint8_t after[ID];
	const char *writer;
	json_t *head;
	if (rules > BN_GATE_RULES)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"it uses rules %lld, which this version does not know", (long long)rules);
	if (rules < 1 || !json_is_object(seen))
		return bn_err_set(
			err, BN_EINVAL, "it does not name its rules, or what its signer had seen");
	json_object_foreach((json_t *)(uintptr_t)seen, writer, head)
	{
		if (!head_read(head, &seq, after))
			return bn_err_set(
				err, BN_EINVAL, "what it has seen of %.80s is malformed", writer);
	}
	return 0;
}

int bn_model_seen_wait(bn_fold *f, const bn_entry_act *a, bn_err *err)
{
	uint8_t said[ID], found[ID];
	int64_t seq;
	const char *writer;
	json_t *head;
	json_object_foreach(json_object_get(a->payload, "seen"), writer, head)
	{
		if (!head_read(head, &seq, said))
			continue;
		int rc = bn_signed_after(found, bn_fold_db(f), writer, seq, err);
		if (rc == 0)
			rc = bn_sql_run(bn_fold_db(f), err,
				"INSERT OR IGNORE INTO model_unseen (name, writer, seq) VALUES "
				"(substr(?, 7), ?, ?)",
				"ssi", a->ev->entity, writer, seq);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_model_seen_add(json_t *payload, sqlite3 *db, bn_err *err)
{
	json_t *seen;
	int rc = bn_authority_seen(&seen, db, err);
	if (rc < 0)
		return rc;
	if (json_object_set_new(payload, "seen", seen) < 0 ||
		json_object_set_new(payload, "rules", json_integer(BN_GATE_RULES)) < 0)
		return bn_err_nomem(err, "an event");
	return 0;
}

/* ---- what is replayed ------------------------------------------------------------------------- */

/* Requests a replay of the models of a statement for which `is_changed` is true; NULL: all. */
typedef int row_check(bn_fold *f, sqlite3_stmt *st, bn_err *err);

static int models_replay(bn_fold *f, sqlite3_stmt *st, row_check *is_changed, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		rc = is_changed ? is_changed(f, st, err) : 1;
		if (rc < 0)
			break;
		if (rc && bn_names_add(&names, (const char *)sqlite3_column_text(st, 0)) < 0) {
			rc = bn_err_nomem(err, "the fold's models");
			break;
		}
	}
	sqlite3_finalize(st);
	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		int64_t no = bn_index_entity(bn_fold_db(f), names.items[i]);
		rc = no < 0 ? 0 : bn_fold_replay_entity(f, no, err);
	}
	bn_names_release(&names);
	return rc < 0 ? rc : 0;
}

/* A row of model_author whose writer has a new seal. */
static int is_other_author(bn_fold *f, sqlite3_stmt *st, bn_err *err)
{
	uint8_t key[ID];
	char hex[2 * ID + 1] = "";
	int rc = bn_writer_author(key, bn_fold_db(f), sqlite3_column_int64(st, 3),
		(uint64_t)sqlite3_column_int64(st, 1), err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		bn_hex(key, ID, hex);
	return strcmp(hex, (const char *)sqlite3_column_text(st, 2)) != 0;
}

static int seal_look(bn_fold *f, int64_t writer_no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_fold_db(f), err,
		"SELECT 'model/' || a.name, a.seq, a.key, w.no FROM index_name w JOIN model_author "
		"a "
		"ON a.writer = w.name WHERE w.no = ?",
		"i", writer_no);
	return rc < 0 ? rc : models_replay(f, st, is_other_author, err);
}

static int record_look(bn_fold *f, const bn_signed_new *r, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_fold_db(f), err,
		"SELECT 'model/' || u.name FROM index_name w JOIN model_unseen u ON u.writer = "
		"w.name "
		"WHERE w.no = ? AND u.seq = ?",
		"ii", r->writer_no, (int64_t)r->seq);
	return rc < 0 ? rc : models_replay(f, st, NULL, err);
}

int bn_model_before_replay(bn_fold *f, bn_err *err)
{
	size_t n_seals, n_records;
	const int64_t *seals = bn_fold_seals_new(f, &n_seals);
	const bn_signed_new *records = bn_fold_signed_new(f, &n_records);
	sqlite3 *db = bn_fold_db(f);
	int rc = 0;
	if (n_seals && bn_sql_int(db, 0, "SELECT 1 FROM model_author LIMIT 1", ""))
		for (size_t i = 0; rc >= 0 && i < n_seals; i++)
			rc = seal_look(f, seals[i], err);
	if (n_records && rc >= 0 && bn_sql_int(db, 0, "SELECT 1 FROM model_unseen LIMIT 1", ""))
		for (size_t i = 0; rc >= 0 && i < n_records; i++)
			rc = record_look(f, &records[i], err);
	return rc;
}
