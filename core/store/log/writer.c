/*
 * writer.c - appending, committing and sealing. See writer.h; writer_open.c is about how a writer gets its
 * slot.
 *
 * States. Each event moves from left to right; what is further right is on the disk.
 *
 *	           append               flush              fsync (1st: directory too)
 *	  EMPTY -----------> PENDING -----------> WRITTEN -----------------> DURABLE
 *	    ^                 |   |                  |                        |   |
 *	    |     roll back   |   |    roll back     |       append           |   | seal
 *	    +-----------------+   +<-----------------+   (on to PENDING) <----+   |
 *	    |                                                                     v
 *	    +<------------------- rename, fsync of the directory ----------- TRAILED
 *
 *	EMPTY    fd < 0, pending is empty: no open.seg
 *	PENDING  pending holds records that exist nowhere else
 *	WRITTEN  written_size > durable_size
 *	DURABLE  written_size == durable_size > 0: this is what was acknowledged (L1)
 *	TRAILED  open.seg ends in a trailer and has its old name; a crash leaves it to the next owner
 *	broken   from any state: after a failed fsync, a failed cut, or a rename of unknown outcome. The
 *	         content of the file is left to the next owner of the slot.
 *
 * Rolling back truncates open.seg to durable_size and drops the rest. If an append does that and
 * earlier events are lost, `lost` is set until a commit has returned it.
 */
#include "core/store/log/writer.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/log/clock.h"
#include "core/store/log/segment.h"
#include "core/store/log/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	PENDING_MAX = 1 << 20,       /* bytes buffered before they are written (without fsync) */
	SEGMENT_BYTES_MAX = 8 << 20, /* open.seg is sealed when it is larger */
	SEAL_MS_MIN = 1000,
	SEAL_MS_MAX = 30000,
};

/* ---- writing -------------------------------------------------------------------------------- */

static int writer_is_usable(const bn_writer *w, bn_err *err)
{
	if (w->broken)
		return bn_err_set(err, BN_EIO, "'%s/%s' failed earlier and takes no more events",
			w->at->path, w->open_path);
	return 0;
}

/* What is dropped with the group begins here. */
static void group_mark(bn_writer *w)
{
	w->group = w->tip;
	w->group_card = w->card_seq;
	w->group_len = w->pending.len;
}

/* Drops everything since the last good commit, in the file too. */
static void writer_roll_back(bn_writer *w)
{
	bn_buf_clear(&w->pending);
	w->tip = w->durable;
	if (w->card_seq > w->tip.seq)
		w->card_seq = 0;
	group_mark(w);
	if (w->fd >= 0 && w->durable_size == 0) {
		/* Not even the header is known to be on disk. */
		w->env->fs->close(w->env, w->fd);
		w->fd = -1;
		w->broken = bn_dir_unlink(w->at, w->open_path, NULL) < 0;
	} else if (w->fd >= 0 && w->env->fs->ftruncate(w->env, w->fd, (off_t)w->durable_size) < 0) {
		w->broken = true;
	}
	w->written_size = w->durable_size;
}

static int open_segment(bn_writer *w, bn_err *err)
{
	int rc = bn_dir_open_file(
		&w->fd, w->at, w->open_path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0644, err);
	if (rc < 0) {
		w->fd = -1;
		w->broken = true;
		return rc;
	}
	struct stat st;
	int e = w->env->fs->fstat(w->env, w->fd, &st);
	if (e == 0 && (st.st_mode & 0777) !=
			      0644) /* its directory decides who can read it, not the umask */
		e = w->env->fs->fchmod(w->env, w->fd, 0644);
	if (e < 0) {
		w->broken = true;
		return bn_dir_error(err, -e, "cannot stat", w->at, w->open_path);
	}
	w->device = st.st_dev;
	w->inode = st.st_ino;
	w->durable_size = w->written_size = 0;
	w->seg_ms = bn_env_monotonic_ns(w->env) / 1000000;
	return 0;
}

/* fd now belongs to other code: do not write to it, truncate or close it. The lock was probably closed with
 * it. */
static int say_closed(bn_writer *w, bn_err *err)
{
	w->fd = w->lock_fd = -1;
	return bn_err_set(err, BN_EIO,
		"'%s/%s': other code in this process has closed its descriptor", w->at->path,
		w->open_path);
}

/* Acknowledged data is gone. */
static int say_cut(bn_writer *w, int64_t size, bn_err *err)
{
	w->env->fs->close(w->env, w->fd);
	w->fd = -1;
	bn_err_set(err, BN_ECORRUPT,
		"'%s/%s' is damaged: of %" PRIu64 " bytes that were on disk it has %" PRId64
		": something else has cut it",
		w->at->path, w->open_path, w->durable_size, size);
	bn_slot_give_up(w->at, w->dir, err->msg); /* L9 */
	return BN_ECORRUPT;
}

/* Checks that open.seg is the file that was opened and holds what was written. The caller rolls back if
 * not. */
static int check_file(bn_writer *w, bn_err *err)
{
	struct stat st;
	int e = w->env->fs->fstat(w->env, w->fd, &st);
	if (e < 0 && e != -EBADF)
		return bn_dir_error(err, -e, "cannot stat", w->at, w->open_path);
	bool ours = e == 0 && st.st_dev == w->device && st.st_ino == w->inode;
	if (ours && (uint64_t)st.st_size == w->written_size)
		return 0;
	w->broken = true;
	if (!ours)
		return say_closed(w, err);
	if ((uint64_t)st.st_size < w->durable_size)
		return say_cut(w, (int64_t)st.st_size, err);
	return bn_err_set(err, BN_EIO,
		"'%s/%s' has %" PRId64 " bytes, and %" PRIu64
		" were written to it: other code in this process writes to it",
		w->at->path, w->open_path, (int64_t)st.st_size, w->written_size);
}

static int write_pending(bn_writer *w, bn_err *err)
{
	int rc = check_file(w, err);
	if (rc < 0)
		return rc;
	return bn_dir_write_all(
		w->env, w->at, w->open_path, w->fd, w->pending.ptr, w->pending.len, err);
}

/* Writes what is pending, without fsync. */
static int writer_flush(bn_writer *w, bn_err *err)
{
	int rc = 0;
	if (w->pending.len == 0)
		return 0;
	if (w->fd < 0 && (rc = open_segment(w, err)) < 0)
		goto out;
	if ((rc = write_pending(w, err)) < 0)
		goto out;
	w->written_size += w->pending.len;
	bn_buf_clear(&w->pending);
out:
	if (rc < 0)
		writer_roll_back(w);
	return rc;
}

static int add_header(bn_writer *w, bn_err *err)
{
	bn_seg_header h = {.first_seq = w->tip.seq + 1, .prev_crc = w->tip.crc};
	memcpy(h.chain, w->tip.chain, sizeof h.chain);
	snprintf(h.writer, sizeof h.writer, "%s", w->name);
	snprintf(h.host, sizeof h.host, "%.71s", w->env->host(w->env));
	snprintf(h.boot, sizeof h.boot, "%.39s", w->env->boot_id(w->env));
	w->start = w->tip;
	bn_seg_header_encode(&w->pending, &h);
	return bn_buf_check(&w->pending, err, "a segment header");
}

static uint64_t next_clock(const bn_writer *w, uint64_t seen_clock)
{
	uint64_t clock = (uint64_t)bn_env_now_ms(w->env) << BN_CLOCK_SHIFT;
	if (clock <= seen_clock)
		clock = seen_clock + 1;
	if (clock <= w->tip.clock)
		clock = w->tip.clock + 1; /* L3 */
	return clock;
}

/* Encodes the record at the end of the pending bytes. */
static int draft_encode(
	bn_writer *w, uint32_t *crc, const bn_draft *d, const bn_record_head *h, bn_err *err)
{
	bn_log_identity who = {w->workspace, w->name};
	if (d->type != BN_RECORD_SIGNED) {
		*crc = bn_record_encode(&w->pending, h, d->payload, d->n);
		return bn_buf_check(&w->pending, err, "an event");
	}
	if (!w->signer)
		return bn_err_set(err, BN_EREFUSED, "event %s of %s: no key to sign it with",
			d->kind, d->entity);
	return bn_sign_record(
		&w->pending, crc, w->signer, &who, h, d->epoch, d->payload, d->n, err);
}

static int append_one(bn_writer *w, const bn_draft *d, uint64_t seen_clock, bn_err *err)
{
	size_t before = w->pending.len;
	bool head = w->fd < 0 && before == 0;
	int rc = 0;
	if (bn_buf_reserve(&w->pending, BN_SEG_HEADER_MAX + BN_RECORD_FIXED + strlen(d->kind) +
						strlen(d->entity) + 2 + BN_SIGNATURE_BLOCK_MAX +
						d->n)) {
		w->pending.failed = false; /* what was buffered before is still intact */
		return bn_err_nomem(err, "an event");
	}
	if (head && (rc = add_header(w, err)) < 0)
		goto out;
	size_t at = w->pending.len;
	bn_record_head h = {.type = (uint8_t)d->type,
		.version = d->version,
		.seq = w->tip.seq + 1,
		.clock = next_clock(w, seen_clock),
		.chain = w->tip.chain,
		.kind = d->kind,
		.entity = d->entity};
	uint32_t crc;
	if ((rc = draft_encode(w, &crc, d, &h, err)) < 0)
		goto out;
	w->tip.crc = crc;
	w->tip.seq = h.seq;
	w->tip.clock = h.clock;
	bn_chain_add(w->tip.chain, w->hasher, w->pending.ptr + at, w->pending.len - at); /* L4 */
out:
	if (rc < 0)
		bn_buf_truncate(&w->pending, before);
	return rc;
}

/* The signed card of a writer that has a signer and none in the log yet. */
static int append_card(bn_writer *w, uint64_t seen_clock, bn_err *err)
{
	bn_writer_card card = {.uid = (int64_t)w->env->uid(w->env)};
	char entity[BN_WRITER_NAME_MAX + 16];
	bn_buf payload = BN_BUF_INIT;
	w->env->user_name(w->env, w->env->uid(w->env), card.user, sizeof card.user);
	snprintf(card.host, sizeof card.host, "%.71s", w->env->host(w->env));
	snprintf(entity, sizeof entity, "writer/%s", w->name);
	int rc = bn_writer_card_encode(&payload, &card, err);
	if (rc < 0)
		goto out;
	bn_draft d = {.type = BN_RECORD_SIGNED,
		.kind = BN_WRITER_OPENED,
		.entity = entity,
		.payload = payload.ptr,
		.n = payload.len};
	if ((rc = append_one(w, &d, seen_clock, err)) < 0)
		goto out;
	w->card_seq = w->tip.seq;
out:
	bn_buf_release(&payload);
	return rc;
}

/* The failure is kept: a commit returns it too. */
static int say_lost(const bn_writer *w, bn_err *err)
{
	bn_err copy = w->lost;
	return bn_err_move(err, &copy);
}

int bn_writer_append(bn_writer *w, const bn_draft *event, uint64_t seen_clock, bn_err *err)
{
	bool alone = w->tip.seq == w->durable.seq;
	if (w->lost.code)
		return say_lost(w, err);
	int rc = writer_is_usable(w, err);
	if (rc < 0)
		return rc;
	if (w->signer && !w->card_seq && (rc = append_card(w, seen_clock, err)) < 0)
		return rc;
	if ((rc = append_one(w, event, seen_clock, err)) < 0)
		return rc;
	if (w->pending.len < PENDING_MAX || w->in_group)
		return 0;
	bn_err why = BN_ERR_INIT;
	if ((rc = writer_flush(w, &why)) == 0)
		return 0;
	if (!alone)
		w->lost = why;
	return bn_err_move(err, &why);
}

void bn_writer_group_begin(bn_writer *w)
{
	w->in_group = true;
	group_mark(w);
}

/* Without a group there is nothing. */
static bool group_close(bn_writer *w)
{
	bool had = w->in_group && w->tip.seq != w->group.seq;
	w->in_group = false;
	return had;
}

bool bn_writer_group_end(bn_writer *w)
{
	bn_err why = BN_ERR_INIT;
	bool had = group_close(w);
	if (w->pending.len >= PENDING_MAX && writer_flush(w, &why) < 0)
		w->lost = why;
	return had;
}

bool bn_writer_group_drop(bn_writer *w)
{
	bool had = group_close(w);
	if (had) {
		w->tip = w->group;
		w->card_seq = w->group_card;
		bn_buf_truncate(&w->pending, w->group_len);
	}
	return had;
}

int bn_writer_commit(bn_writer *w, bn_err *err)
{
	if (w->lost.code)
		return bn_err_move(err, &w->lost);
	int rc = writer_is_usable(w, err);
	if (rc || (rc = writer_flush(w, err)))
		return rc;
	if (w->written_size == w->durable_size)
		return 0;
	if ((rc = bn_dir_sync_file(w->env, w->at, w->open_path, w->fd, err)) < 0 ||
		(w->durable_size == 0 && (rc = bn_dir_sync(w->at, w->dir, err)) < 0) ||
		(rc = check_file(w, err)) < 0) {
		/* After a failed fsync the kernel may have dropped the pages: the file cannot be
		 * trusted after the last commit, and is not written to again. */
		writer_roll_back(w);
		w->broken = true;
		return rc;
	}
	w->durable = w->tip;
	w->durable_size = w->written_size;
	group_mark(w);
	return 0;
}

static int trailer_encode(bn_writer *w, bn_err *err)
{
	bn_log_identity who = {w->workspace, w->name};
	bn_seg_trailer t = {.count = w->durable.seq - w->start.seq,
		.last_seq = w->durable.seq,
		.last_clock = w->durable.clock,
		.last_crc = w->durable.crc};
	memcpy(t.chain, w->durable.chain, sizeof t.chain);
	if (w->signer && w->card_seq)
		return bn_sign_trailer(&w->pending, w->signer, &who, &t, err);
	bn_record_encode_trailer(&w->pending, &t);
	return bn_buf_check(&w->pending, err, "a segment trailer");
}

/* Writes the trailer and gives the file its final name. *unclear: it may have either name. */
static int segment_close(bn_writer *w, const char *to, bool *unclear, bn_err *err)
{
	int rc = trailer_encode(w, err);
	if (rc < 0)
		return rc;
	if ((rc = write_pending(w, err)) < 0)
		return rc;
	if ((rc = bn_dir_sync_file(w->env, w->at, w->open_path, w->fd, err)) < 0) { /* L2 */
		w->broken = true;
		return rc;
	}
	w->written_size += w->pending.len;
	if ((rc = check_file(w, err)) < 0)
		return rc;
	return bn_segment_rename(w->at, w->fd, w->open_path, to, unclear, err);
}

int bn_writer_seal(bn_writer *w, bn_err *err)
{
	bool unclear = false;
	int rc = bn_writer_commit(w, err);
	if (rc < 0 || w->fd < 0)
		return rc;
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, w->start.seq + 1, w->durable.seq);
	char *to = bn_path_join(w->dir, name);
	rc = to ? segment_close(w, to, &unclear, err) : bn_err_nomem(err, "a file name");
	bn_free(to);
	if (unclear) {
		w->broken = true; /* L2: a file that may be sealed is not truncated */
		return rc;
	}
	if (rc < 0) {
		writer_roll_back(w); /* back to an unsealed open.seg with everything committed */
		return rc;
	}
	bn_buf_clear(&w->pending);
	w->env->fs->close(w->env, w->fd);
	w->fd = -1;
	w->durable_size = w->written_size = 0;
	w->start = w->durable;
	w->merge_due = true;
	return bn_dir_sync(w->at, w->dir, err);
}

bool bn_writer_must_move(const bn_writer *w)
{
	if (w->lost.code || w->tip.seq != w->durable.seq)
		return false;
	return w->damaged || (w->fd < 0 && bn_slot_is_given_up(w->at, w->dir)); /* L9 */
}

bool bn_writer_is_full(const bn_writer *w)
{
	return !w->broken && w->durable_size > SEGMENT_BYTES_MAX;
}

bool bn_writer_is_due(const bn_writer *w)
{
	/* A caller that seals in passing must not have to check the fate of its events. */
	if (w->broken || w->lost.code || w->fd < 0 || w->tip.seq != w->durable.seq)
		return false;
	if (bn_writer_is_full(w))
		return true;
	int64_t now = bn_env_monotonic_ns(w->env) / 1000000;
	/* Seal early at first, since someone may be waiting for the first records; an old writer is
	 * a long job. */
	int64_t limit = (now - w->opened_ms) / 10;
	if (limit < SEAL_MS_MIN)
		limit = SEAL_MS_MIN;
	if (limit > SEAL_MS_MAX)
		limit = SEAL_MS_MAX;
	return now - w->seg_ms >= limit;
}
