/* _signed.c - writing and reading the rows of signed records. */
#include "core/store/index/_batch.h"
#include "core/store/index/_sql.h"
#include "core/store/log/sign.h"

#include <string.h>

bool bn_signature_is_known(const bn_signature *s)
{
	return s->scheme == BN_SIGNATURE_ED25519 && s->key_bytes == BN_ED25519_KEY_BYTES &&
	       s->signature_bytes == BN_ED25519_SIGNATURE_BYTES;
}

void bn_signed_point(fold_signed *s)
{
	s->view.id = s->id;
	s->view.before = s->before;
	s->view.after = s->after;
	s->view.key = s->view.key ? s->key : NULL;
	s->view.epoch = s->view.epoch ? s->epoch : NULL;
}

void bn_fold_signed_of(bn_fold *f, const fold_record *from)
{
	const bn_signature *s = &from->r->signature;
	fold_signed *out = &f->sig;
	*out = (fold_signed){0};
	bn_sha256(from->r->bytes, from->r->size, out->id);
	memcpy(out->before, from->before, sizeof out->before);
	memcpy(out->after, from->after, sizeof out->after);
	if (bn_signature_is_known(s)) {
		memcpy(out->key, s->key, sizeof out->key);
		out->view.key = out->key;
	}
	if (s->epoch_bytes) {
		memcpy(out->epoch, s->epoch, sizeof out->epoch);
		out->view.epoch = out->epoch;
	}
	bn_signed_point(out);
}

static int row_add(bn_fold *f, const bn_event *ev, const bn_record *r, bn_err *err)
{
	const bn_signature *s = &r->signature;
	int64_t kind;
	int rc = bn_numbers_name(&f->numbers, BN_NAME_KIND, ev->kind, &kind, err);
	if (rc < 0)
		return rc;
	return bn_sql_run(f->db, err,
		"INSERT INTO signed_record (writer, seq, clock, entity, kind, version, id, before, "
		"after, scheme, key, epoch, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?)",
		"iiiiiibbbibbb", ev->writer_no, (int64_t)ev->key.seq, (int64_t)ev->key.clock,
		ev->entity_no, kind, (int64_t)ev->version, f->sig.id, sizeof f->sig.id,
		f->sig.before, sizeof f->sig.before, f->sig.after, sizeof f->sig.after,
		(int64_t)s->scheme, s->key, (size_t)s->key_bytes, s->epoch, (size_t)s->epoch_bytes,
		s->bytes, (size_t)s->signature_bytes);
}

static int list_add(bn_fold *f, const bn_event *ev, bn_err *err)
{
	if (bn_grow(&f->signed_new, &f->signed_cap, f->signed_count + 1, sizeof *f->signed_new))
		return bn_err_nomem(err, "the fold's signed records");
	bn_signed_new *n = &f->signed_new[f->signed_count++];
	*n = (bn_signed_new){.writer_no = ev->writer_no,
		.entity_no = ev->entity_no,
		.seq = ev->key.seq,
		.has_epoch = ev->sig->epoch != NULL};
	memcpy(n->id, f->sig.id, sizeof n->id);
	memcpy(n->key, f->sig.key, sizeof n->key);
	memcpy(n->epoch, f->sig.epoch, sizeof n->epoch);
	return 0;
}

/* A card of the writer itself, in a form known to this program. */
static int card_add(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bn_writer_card card;
	if (!ev->sig->key || ev->version > 1 || strcmp(ev->kind, BN_WRITER_OPENED) ||
		strncmp(ev->entity, "writer/", 7) || strcmp(ev->entity + 7, ev->key.writer) ||
		bn_writer_card_decode(&card, ev->raw, ev->raw_len, NULL) < 0)
		return 0;
	return bn_sql_run(f->db, err,
		"INSERT INTO writer_card (writer, seq, key, uid, host, user) VALUES (?, ?, ?, ?, "
		"?, ?)",
		"iibiss", ev->writer_no, (int64_t)ev->key.seq, ev->sig->key,
		(size_t)BN_ED25519_KEY_BYTES, card.uid, card.host, card.user);
}

int bn_fold_signed_take(bn_fold *f, const bn_event *ev, const bn_record *r, bn_err *err)
{
	int rc = row_add(f, ev, r, err);
	if (rc < 0)
		return rc;
	if ((rc = list_add(f, ev, err)) < 0)
		return rc;
	return card_add(f, ev, err);
}

int bn_fold_signed_read(bn_fold *f, int64_t writer_no, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	fold_signed *out = &f->sig;
	*out = (fold_signed){0};
	int rc = bn_sql_cached(&st, f->db, err,
		"SELECT id, before, after, scheme, key, epoch, length(signature) FROM "
		"signed_record "
		"WHERE writer = ? AND seq = ?",
		"ii", writer_no, (int64_t)seq);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	if (rc != 1 || !bn_sql_bytes(st, 0, out->id, sizeof out->id) ||
		!bn_sql_bytes(st, 1, out->before, sizeof out->before) ||
		!bn_sql_bytes(st, 2, out->after, sizeof out->after)) {
		rc = bn_sql_damaged(err, "a signed event has no proper row in signed_record");
		goto out;
	}
	if (sqlite3_column_int64(st, 3) == BN_SIGNATURE_ED25519 &&
		sqlite3_column_int64(st, 6) == BN_ED25519_SIGNATURE_BYTES &&
		bn_sql_bytes(st, 4, out->key, sizeof out->key))
		out->view.key = out->key;
	if (bn_sql_bytes(st, 5, out->epoch, sizeof out->epoch))
		out->view.epoch = out->epoch;
	bn_signed_point(out);
	rc = 0;
out:
	sqlite3_reset(st);
	return rc;
}

const bn_signed_new *bn_fold_signed_new(bn_fold *f, size_t *n)
{
	*n = f->signed_count;
	return f->signed_new;
}

const int64_t *bn_fold_seals_new(bn_fold *f, size_t *n)
{
	*n = f->seal_count;
	return f->seals;
}
