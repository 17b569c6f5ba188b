/*
 * workspace_write.c - see workspace.h: the writing side, which needs no index and links none.
 */
#include "core/store/appended.h"
#include "core/store/workspace.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/store/_workspace.h"
#include "core/store/log/clock.h"
#include "core/store/log/merge.h"
#include "core/store/log/slot.h"

#include <string.h>
#include <unistd.h>

enum { ADOPT_MOST = 8 };

int bn_workspace_need_writable(const bn_workspace *ws, bn_err *err)
{
	if (ws->format <= BN_FORMAT)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED,
		"'%s' has format %lld: this binnacle reads it, and writes formats %d to %d only",
		ws->dir, (long long)ws->format, BN_FORMAT_OLDEST, BN_FORMAT);
	bn_err_hint(err, "use the newer binnacle that is in use there");
	return BN_EUNSUPPORTED;
}

/* Records in workspace.json that the first version must no longer write here: it would not
 * understand what is about to be appended. If the file is not ours a failure is ignored: the
 * first version then stops at the record itself. */
static int upgrade(bn_workspace *ws, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	struct stat st;
	json_t *j = NULL;
	if (ws->format >= BN_FORMAT_SIGNED)
		return 0;
	int rc = bn_workspace_load_identity(&j, &st, ws->at, &why);
	if (rc < 0)
		goto out;
	int64_t now = bn_json_int(
		j, "format", BN_FORMAT_OLDEST); /* another process may have been faster */
	if (now < BN_FORMAT_SIGNED) {
		if (json_object_set_new(j, "format", json_integer(BN_FORMAT_SIGNED))) {
			rc = bn_err_nomem(&why, BN_IDENTITY);
			goto out;
		}
		if ((rc = bn_json_pretty(j, &text, &why)) < 0)
			goto out;
		rc = bn_dir_write_file(ws->at, BN_IDENTITY, text.ptr, text.len, 0644, &why);
		now = BN_FORMAT_SIGNED;
	}
	if (rc < 0 && bn_dir_stat(ws->at, BN_IDENTITY, &st, NULL) == 0 &&
		st.st_uid != ws->env->uid(ws->env)) {
		bn_err_clear(&why);
		rc = 0;
	}
	if (rc < 0)
		goto out;
	ws->format = now;
out:
	json_decref(j);
	bn_buf_release(&text);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* Makes ws->writer usable by this process. */
static int need_writer(bn_workspace *ws, bn_err *err)
{
	bool ours = ws->writer && ws->writer->pid == getpid();
	if (ours && bn_writer_must_move(ws->writer))
		bn_writer_seal(
			ws->writer, NULL); /* if the seal fails, the next process adopts it */
	/* A writer that holds a failure stays until a commit has returned it. */
	else if (ours && (!ws->writer->broken || ws->writer->lost.code))
		return 0;
	bn_writer_free(ws->writer); /* the parent's, or one that failed: others will adopt it */
	ws->writer = NULL;
	if (!ws->signer.sign && ws->signer_of && ws->is_chained) {
		ws->signer_of(&ws->signer, ws->env);
		ws->signer_of = NULL;
	}
	int rc = bn_writer_open(&ws->writer, ws->at, ws->signer.sign ? ws->signer.key : NULL, err);
	if (rc < 0)
		return rc;
	bn_slot_adopt_dead(ws->at, ws->writer->name, ADOPT_MOST);
	if (ws->signer.sign &&
		(rc = bn_writer_set_signer(ws->writer, &ws->signer, ws->id, err)) < 0) {
		bn_writer_free(ws->writer);
		ws->writer = NULL;
	}
	return rc;
}

int bn_workspace_set_signer(bn_workspace *ws, const struct bn_signer *signer, bn_err *err)
{
	bn_signer before = ws->signer;
	bool had_writer = ws->writer != NULL;
	int rc = bn_workspace_need_writable(ws, err);
	if (rc < 0)
		return rc;
	ws->signer = *signer; /* before opening the writer, which chooses its slot by the key */
	if ((rc = need_writer(ws, err)) < 0 ||
		(had_writer &&
			(rc = bn_writer_set_signer(ws->writer, &ws->signer, ws->id, err)) < 0)) {
		ws->signer = before;
		return rc;
	}
	if (before.release)
		before.release(before.ctx);
	return 0;
}

void bn_workspace_set_signer_source(bn_workspace *ws, bn_signer_source *source)
{
	ws->signer_of = source;
}

int bn_workspace_set_epoch(bn_workspace *ws, const uint8_t *epoch, bn_err *err)
{
	if (epoch && !ws->signer.sign)
		return bn_err_set(err, BN_EREFUSED, "this process has no signer");
	ws->has_epoch = epoch != NULL;
	if (epoch)
		memcpy(ws->epoch, epoch, sizeof ws->epoch);
	return 0;
}

bool bn_workspace_signs(const bn_workspace *ws)
{
	return ws->signer.sign != NULL;
}

const uint8_t *bn_workspace_key(const bn_workspace *ws)
{
	return ws->signer.key;
}

/* "run.created": lower case words joined by dots. */
static bool kind_is_valid(const char *s)
{
	size_t n = strlen(s);
	return n >= 1 && n <= BN_KIND_MAX &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static bool entity_is_valid(const char *s)
{
	size_t n = strlen(s);
	if (n < 1 || n > BN_ENTITY_MAX || *s == '/')
		return false;
	for (const unsigned char *p = (const unsigned char *)s; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

static int check_draft(const bn_draft *d, bn_err *err)
{
	if (!kind_is_valid(d->kind))
		return bn_err_set(err, BN_EINVAL, "'%.140s' is not a kind of event", d->kind);
	if (!entity_is_valid(d->entity))
		return bn_err_set(err, BN_EINVAL,
			"'%.140s' is not the name of an entity (at most %d bytes, no control "
			"characters)",
			d->entity, BN_ENTITY_MAX);
	if (d->n > BN_PAYLOAD_MAX)
		return bn_err_set(err, BN_EINVAL, "event %s of %s: %zu bytes; the limit is %d",
			d->kind, d->entity, d->n, BN_PAYLOAD_MAX);
	if (d->version > UINT16_MAX)
		return bn_err_set(err, BN_EINVAL, "event %s of %s: no version %u of a class",
			d->kind, d->entity, d->version);
	return 0;
}

static uint64_t seen_clock(const bn_workspace *ws)
{
	uint64_t folded = ws->index ? ws->index_clock(ws->index) : 0;
	return folded > ws->seen_clock ? folded : ws->seen_clock;
}

uint64_t bn_workspace_clock(const bn_workspace *ws)
{
	uint64_t seen = seen_clock(ws), own = ws->writer ? ws->writer->tip.clock : 0;
	return own > seen ? own : seen;
}

void bn_workspace_see_clock(bn_workspace *ws, uint64_t clock)
{
	if (clock > ws->seen_clock && bn_clock_is_sane(ws->env, clock))
		ws->seen_clock = clock;
}

static int append(bn_workspace *ws, const bn_draft *d, bn_err *err)
{
	int rc = check_draft(d, err);
	if (rc < 0 || (rc = bn_workspace_need_writable(ws, err)) < 0)
		return rc;
	/* Nothing is written that was decided by a failing index. */
	if (ws->index && (rc = ws->index_failed(ws->index, err)) < 0)
		return rc;
	bool is_old = d->version <= 1 && d->type != BN_RECORD_SIGNED && !ws->signer.sign;
	if (!is_old && (rc = upgrade(ws, err)) < 0) /* S7 */
		return rc;
	if ((rc = need_writer(ws, err)) < 0)
		return rc;
	ws->recent_ns = 0;
	if (ws->in_group && !ws->writer->in_group)
		bn_writer_group_begin(ws->writer);
	return bn_writer_append(ws->writer, d, seen_clock(ws), err);
}

/* Appends d with the canonical text of an object (NULL: an empty one) as its payload. */
static int append_json(bn_workspace *ws, bn_draft *d, const json_t *payload, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (!payload)
		bn_buf_adds(&text, "{}");
	else if (!json_is_object(payload))
		rc = bn_err_set(err, BN_EINVAL, "event %s of %s: the payload is not an object",
			d->kind, d->entity);
	else
		rc = bn_json_canonical(payload, &text, err);
	if (rc < 0 || (rc = bn_buf_check(&text, err, "an event")) < 0)
		goto out;
	d->payload = text.ptr;
	d->n = text.len;
	rc = append(ws, d, err);
out:
	bn_buf_release(&text);
	return rc;
}

int bn_workspace_append(
	bn_workspace *ws, const char *kind, const char *entity, const json_t *payload, bn_err *err)
{
	return bn_workspace_append_version(ws, 1, kind, entity, payload, err);
}

int bn_workspace_append_version(bn_workspace *ws, unsigned version, const char *kind,
	const char *entity, const json_t *payload, bn_err *err)
{
	bn_draft d = {.type = BN_RECORD_JSON, .version = version, .kind = kind, .entity = entity};
	if (ws->has_epoch)
		return bn_workspace_append_signed(
			ws, version, kind, entity, payload, ws->epoch, err);
	return append_json(ws, &d, payload, err);
}

int bn_workspace_append_signed(bn_workspace *ws, unsigned version, const char *kind,
	const char *entity, const json_t *payload, const uint8_t *epoch, bn_err *err)
{
	bn_draft d = {.type = BN_RECORD_SIGNED,
		.version = version,
		.epoch = epoch,
		.kind = kind,
		.entity = entity};
	return append_json(ws, &d, payload, err);
}

int bn_workspace_append_raw(bn_workspace *ws, const char *kind, const char *entity,
	const void *payload, size_t n, bn_err *err)
{
	bn_draft d = {
		.type = BN_RECORD_RAW, .kind = kind, .entity = entity, .payload = payload, .n = n};
	return append(ws, &d, err);
}

void bn_workspace_group_begin(bn_workspace *ws)
{
	ws->in_group = true;
}

bool bn_workspace_group_end(bn_workspace *ws)
{
	ws->in_group = false;
	return ws->writer && bn_writer_group_end(ws->writer);
}

bool bn_workspace_group_drop(bn_workspace *ws)
{
	ws->in_group = false;
	return ws->writer && bn_writer_group_drop(ws->writer);
}

/* A forked child has nothing to commit: pending events are its parent's. */
static bn_writer *own_writer(const bn_workspace *ws)
{
	return ws->writer && ws->writer->pid == getpid() ? ws->writer : NULL;
}

/* A segment was sealed: merges small ones if there are many. A failure leaves them unchanged. */
static void merge_if_due(bn_workspace *ws, bn_writer *w)
{
	if (!w->merge_due || w->broken)
		return;
	w->merge_due = false;
	bn_log_merge(ws->at, w->dir, ws->merge_at, NULL);
}

/* What the commit made durable stays durable even if the seal fails. */
static void seal_if_full(bn_workspace *ws, bn_writer *w)
{
	bn_err why = BN_ERR_INIT;
	if (bn_writer_is_full(w) && bn_writer_seal(w, &why) < 0 && !ws->unsealed.code)
		ws->unsealed = why;
}

int bn_workspace_commit(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	int rc;
	if (!w)
		return 0;
	if ((rc = bn_writer_commit(w, err)) < 0)
		goto out;
	seal_if_full(ws, w);
out:
	merge_if_due(ws, w);
	return rc;
}

int bn_workspace_seal(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	if (!w)
		return 0;
	int rc = bn_writer_seal(w, err);
	merge_if_due(ws, w);
	if (rc < 0)
		return rc;
	if (ws->unsealed.code == BN_ECORRUPT)
		return bn_err_move(err, &ws->unsealed);
	bn_err_clear(&ws->unsealed); /* this one has succeeded */
	return 0;
}

int bn_workspace_tick(bn_workspace *ws, bn_err *err)
{
	bn_writer *w = own_writer(ws);
	if (w && bn_writer_is_due(w))
		return bn_workspace_seal(ws, err);
	return ws->unsealed.code ? bn_err_move(err, &ws->unsealed) : 0;
}

bool bn_workspace_is_sealed(const bn_workspace *ws)
{
	const bn_writer *w = own_writer(ws);
	return !w || w->broken || (w->fd < 0 && w->pending.len == 0);
}

void bn_workspace_abandon(bn_workspace *ws)
{
	if (ws->writer)
		bn_writer_abandon(ws->writer);
}

int bn_workspace_writer(const char **name, bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_need_writable(ws, err);
	if (rc < 0 || (rc = need_writer(ws, err)) < 0)
		return rc;
	*name = ws->writer->name;
	return 0;
}

bool bn_workspace_appended(const bn_workspace *ws, const char **writer, uint64_t *seq)
{
	if (!ws->writer || !ws->writer->tip.seq)
		return false;
	*writer = ws->writer->name;
	*seq = ws->writer->tip.seq;
	return true;
}
