/* founding.c - see founding.h. */
#include "core/store/founding.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/log/segment.h"
#include "core/store/log/writer.h"

#include <stdio.h>
#include <string.h>

void bn_founding_id(
	char id[BN_UUID_TEXT], int form, const char *writer, const void *payload, size_t n)
{
	bn_hasher *h = NULL;
	uint8_t hash[BN_SHA256_BYTES];
	char domain[40];
	id[0] = '\0';
	if (bn_hasher_new(&h, NULL) < 0)
		return;
	snprintf(domain, sizeof domain, "binnacle workspace %d\n", form);
	bn_hasher_add(h, domain, strlen(domain));
	bn_hasher_add(h, writer, strlen(writer));
	bn_hasher_add(h, "\n", 1);
	bn_hasher_add(h, payload, n);
	bn_hasher_finish(h, hash);
	bn_hasher_free(h);
	bn_uuid_of_hash(hash, id);
}

bool bn_founding_is_named(const char *id)
{
	return strlen(id) == BN_UUID_TEXT - 1 && id[14] == '8';
}

bool bn_founding_matches(
	const char *id, const char *writer, uint64_t seq, const void *payload, size_t n)
{
	char made[BN_UUID_TEXT];
	bn_founding_id(made, 1, writer, payload, n);
	return seq == 1 && made[0] && !strcmp(made, id);
}

/* ---- the record -------------------------------------------------------------------------------- */

static int payload_make(bn_buf *text, const bn_env *env, bn_err *err)
{
	uint8_t nonce[16];
	char hex[33], user[128];
	int rc = bn_env_random(env, nonce, sizeof nonce, err);
	if (rc)
		return rc;
	bn_hex(nonce, sizeof nonce, hex);
	env->user_name(env, env->uid(env), user, sizeof user);
	json_t *p = json_pack("{ss ss sI ss}", "host", env->host(env), "nonce", hex, "uid",
		(json_int_t)env->uid(env), "user", user);
	rc = p ? bn_json_canonical(p, text, err) : bn_err_nomem(err, "the founding record");
	json_decref(p);
	return rc;
}

/* ---- finding -------------------------------------------------------------------------------- */

typedef enum look {
	LOOK_NOTHING,  /* no record at all: left by an interrupted init */
	LOOK_FOUNDING, /* the first record is a founding record */
	LOOK_RECORDS,  /* it begins with another record, or later */
} look;

/* 0: not a founding record. */
static int form_of(const bn_record *r)
{
	if (!strcmp(r->kind, BN_FOUNDING_KIND) && !strcmp(r->entity, BN_FOUNDING_ENTITY))
		return 1;
	return r->type == BN_RECORD_SIGNED && !strcmp(r->kind, BN_FOUNDING_SIGNED_KIND) &&
			       !strcmp(r->entity, BN_FOUNDING_SIGNED_ENTITY)
		       ? 2
		       : 0;
}

/* What a segment begins with, apart from writer's cards; a look or a negative code. */
static int segment_look(char id[BN_UUID_TEXT], const bn_dir *root, const char *path, bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_record r;
	bn_err why = BN_ERR_INIT;
	int rc = bn_segment_open(&s, root, path, false, &why);
	if (rc)
		return rc == BN_ENOTFOUND || rc == BN_ECORRUPT ? LOOK_NOTHING
							       : bn_err_move(err, &why);
	look found = s.header.first_seq == 1 ? LOOK_NOTHING : LOOK_RECORDS;
	while ((rc = bn_segment_next(&s, &r, err)) == 1 && !strcmp(r.kind, BN_WRITER_OPENED))
		;
	if (rc == 1) {
		int form = found == LOOK_NOTHING ? form_of(&r) : 0;
		found = form ? LOOK_FOUNDING : LOOK_RECORDS;
		if (form)
			bn_founding_id(id, form, s.header.writer, r.payload, r.payload_len);
	}
	bn_segment_close(&s);
	return rc < 0 ? rc : (int)found;
}

static int writer_look(char id[BN_UUID_TEXT], const bn_dir *root, const char *dir, bn_err *err)
{
	bn_names segments = BN_NAMES_INIT;
	uint64_t first, last;
	bool has_open;
	char *path = NULL;
	int rc = bn_segment_list(root, dir, &segments, &has_open, err);
	if (rc < 0)
		goto out;
	const char *name = has_open ? BN_SEGMENT_OPEN : NULL;
	if (segments.count && bn_segment_parse_name(segments.items[0], &first, &last))
		name = segments.items[0];
	if (!name)
		goto out;
	path = bn_path_join(dir, name);
	rc = path ? segment_look(id, root, path, err) : bn_err_nomem(err, "a file name");
out:
	bn_free(path);
	bn_names_release(&segments);
	return rc;
}

/* Counts founding records at the start of a log's segments, with the id of one, and tells whether
 * there are other records. */
static int log_look(
	char id[BN_UUID_TEXT], size_t *founding, bool *others, const bn_dir *root, bn_err *err)
{
	bn_names writers = BN_NAMES_INIT;
	char made[BN_UUID_TEXT];
	int rc = bn_dir_list(root, "log", &writers, err);
	*founding = 0;
	*others = false;
	for (size_t i = 0; rc >= 0 && i < writers.count; i++) {
		char *dir = bn_path_join("log", writers.items[i]);
		bn_path_kind kind = BN_PATH_ABSENT;
		rc = dir ? bn_dir_look(&kind, root, dir, err) : bn_err_nomem(err, "a file name");
		if (rc >= 0)
			rc = kind == BN_PATH_DIR ? writer_look(made, root, dir, err) : LOOK_NOTHING;
		bn_free(dir);
		if (rc == LOOK_FOUNDING) {
			memcpy(id, made, sizeof made);
			++*founding;
		}
		*others = *others || rc == LOOK_RECORDS;
	}
	bn_names_release(&writers);
	return rc < 0 ? rc : 0;
}

/* ---- writing or finding it ------------------------------------------------------------------ */

/* Appends the record that defines the id. */
static int founding_append(
	char id[BN_UUID_TEXT], bn_writer *w, const bn_founder *founder, bn_err *err)
{
	bn_founding_id(id, 2, w->name, founder->payload, founder->n);
	if (!id[0])
		return bn_err_nomem(err, "the founding record");
	int rc = bn_writer_set_signer(w, founder->signer, id, err);
	if (rc < 0)
		return rc;
	bn_draft draft = {.type = BN_RECORD_SIGNED,
		.kind = founder->kind,
		.entity = founder->entity,
		.payload = founder->payload,
		.n = founder->n};
	return bn_writer_append(w, &draft, 0, err);
}

static int founding_append_unsigned(char id[BN_UUID_TEXT], bn_writer *w, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = payload_make(&text, w->env, err);
	if (rc < 0)
		goto out;
	bn_draft draft = {.type = BN_RECORD_JSON,
		.kind = BN_FOUNDING_KIND,
		.entity = BN_FOUNDING_ENTITY,
		.payload = text.ptr,
		.n = text.len};
	if ((rc = bn_writer_append(w, &draft, 0, err)) < 0)
		goto out;
	BN_BUG(w->tip.seq != 1);
	bn_founding_id(id, 1, w->name, text.ptr, text.len);
	if (!id[0])
		rc = bn_err_nomem(err, "the founding record");
out:
	bn_buf_release(&text);
	return rc;
}

int bn_founding_make(
	char id[BN_UUID_TEXT], const bn_dir *root, const bn_founder *founder, bn_err *err)
{
	bn_writer *w = NULL;
	size_t founding;
	bool others;
	int rc = log_look(id, &founding, &others, root, err);
	if (rc < 0)
		return rc;
	if (founding > 1 || (others && !founding)) {
		bn_err_set(err, BN_ECONFLICT, "'%s' contains a log, but no workspace.json",
			root->path);
		bn_err_hint(err, "put its workspace.json back, or move the directory away");
		return BN_ECONFLICT;
	}
	/* Also seals what an interrupted init left open, so that the record is durable. */
	if ((rc = bn_writer_open(&w, root, NULL, err)) < 0 || founding)
		goto out;
	rc = founder ? founding_append(id, w, founder, err) : founding_append_unsigned(id, w, err);
	if (rc >= 0)
		rc = bn_writer_seal(w, err);
out:
	bn_writer_free(w);
	return rc;
}
