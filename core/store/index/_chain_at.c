/* _chain_at.c - the chain hash after a record in the middle of a writer's log. See fold.h. */
#include "core/base/fs.h"
#include "core/store/index/_batch.h"

#include <string.h>

/* From the trailer of a segment that ends there, which was compared with what was folded. */
static int at_an_end(
	uint8_t chain[BN_SHA256_BYTES], bn_fold *f, const char *writer, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, f->db, err,
		"SELECT chain FROM index_segment WHERE writer = ? AND last = ? AND state = 0", "ii",
		bn_index_name(f->db, BN_NAME_WRITER, writer), (int64_t)seq);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	if (rc == 1 && !bn_sql_bytes(st, 0, chain, BN_SHA256_BYTES))
		rc = 0;
	sqlite3_reset(st);
	return rc;
}

/* From the segment that holds it: its header has the chain hash before it, which the intake has
 * checked. */
static int within(uint8_t chain[BN_SHA256_BYTES], bn_fold *f, const bn_log_writer *w, uint64_t seq,
	bn_err *err)
{
	char name[BN_SEGMENT_NAME] = BN_SEGMENT_OPEN;
	const bn_log_range *range = bn_log_cover(w, seq);
	bn_segment s = {.fd = -1};
	bn_record r;
	bn_err why = BN_ERR_INIT;
	if (range)
		bn_segment_name(name, range->first, range->last);
	char *path = bn_path_join(w->dir, name);
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = bn_segment_open(&s, f->from->at, path, true, &why);
	bn_free(path);
	if (rc >= 0)
		while ((rc = bn_segment_next(&s, &r, &why)) == 1 && r.seq < seq)
			;
	bool found = rc == 1 && r.seq == seq;
	if (found)
		memcpy(chain, s.chain, BN_SHA256_BYTES);
	bn_segment_close(&s);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	return found;
}

int bn_fold_chain_at(
	uint8_t chain[BN_SHA256_BYTES], bn_fold *f, const char *writer, uint64_t seq, bn_err *err)
{
	const bn_log_writer *w = bn_log_find(f->from->log, writer);
	if (!w || !seq || w->seq < seq)
		return 0;
	if (w->seq == seq) {
		memcpy(chain, w->chain, BN_SHA256_BYTES);
		return 1;
	}
	int rc = at_an_end(chain, f, writer, seq, err);
	return rc ? rc : within(chain, f, w, seq, err);
}
