/* taken.c - see taken.h. */
#include "core/govern/taken.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <string.h>

#define APPROVALS \
	"SELECT DISTINCT substr(t.entity, 7) || '/' || (e.payload ->> '$.version') FROM " \
	"signed_record s JOIN index_name w ON w.no = s.writer JOIN index_name k ON k.no = s.kind " \
	"JOIN index_entity_text t ON t.no = s.entity JOIN event e ON e.entity = s.entity AND " \
	"e.clock = s.clock AND e.writer = s.writer AND e.seq = s.seq WHERE k.name = " \
	"'model.approved' AND e.payload ->> '$.version' IS NOT NULL AND (NOT ?1 OR e.outcome = " \
	"0) "

/* Adds the versions of a statement, which it finalises. */
static int versions_add(bn_names *out, sqlite3_stmt *st, bn_err *err)
{
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (bn_names_add(out, (const char *)sqlite3_column_text(st, 0)) < 0) {
			rc = bn_err_nomem(err, "approvals");
			break;
		}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

static int versions_read(
	bn_names *out, sqlite3 *db, const bn_link *link, bool counting, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	for (size_t i = 0; i < link->n_cuts; i++) {
		const bn_chain_cut *c = &link->cuts[i];
		if ((rc = bn_sql_prepare(&st, db, err,
			     APPROVALS "AND s.key = ?2 AND w.name = ?3 AND s.seq > ?4 ORDER BY 1",
			     "ibsi", (int64_t)counting, c->key, sizeof c->key, c->writer,
			     (int64_t)c->seq)) < 0 ||
			(rc = versions_add(out, st, err)) < 0)
			return rc;
	}
	for (size_t i = 0; i < link->n_voids; i++)
		if ((rc = bn_sql_prepare(&st, db, err, APPROVALS "AND s.id = ?2 ORDER BY 1", "ib",
			     (int64_t)counting, link->voids[i], sizeof link->voids[i])) < 0 ||
			(rc = versions_add(out, st, err)) < 0)
			return rc;
	return 0;
}

int bn_taken_text(char **out, sqlite3 *db, const bn_link *link, bool counting, bn_err *err)
{
	bn_names all = BN_NAMES_INIT;
	bn_buf text = BN_BUF_INIT;
	*out = NULL;
	int rc = versions_read(&all, db, link, counting, err);
	if (rc < 0 || !all.count)
		goto out;
	bn_buf_adds(&text, all.count > 1 ? "the approvals of " : "the approval of ");
	for (size_t i = 0; i < all.count && i < BN_TAKEN_NAMED; i++) {
		const char *before = i + 1 == all.count ? " and " : ", ";
		bn_buf_addf(&text, "%s%s", i ? before : "", all.items[i]);
	}
	if (all.count > BN_TAKEN_NAMED)
		bn_buf_addf(&text, " and %zu more", all.count - BN_TAKEN_NAMED);
	if ((rc = bn_buf_check(&text, err, "approvals")) >= 0)
		*out = bn_buf_take(&text, NULL);
out:
	bn_names_release(&all);
	bn_buf_release(&text);
	return rc;
}
