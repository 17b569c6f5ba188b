/* sign.c - see sign.h: what is signed, and signing it. The cryptography is in the signer. */
#include "core/store/log/sign.h"

#include "core/base/json.h"
#include "core/store/log/_sign.h"

#include <stdio.h>
#include <string.h>

/* ---- what is signed ------------------------------------------------------------------------- */

static void add_number(bn_buf *b, uint64_t v, size_t bytes)
{
	uint8_t raw[8];
	for (size_t i = 0; i < bytes; i++)
		raw[i] = (uint8_t)(v >> 8 * i);
	bn_buf_add(b, raw, bytes);
}

static void add_part(bn_buf *b, const void *bytes, size_t n)
{
	add_number(b, n, 4);
	bn_buf_add(b, bytes, n);
}

static void add_number_part(bn_buf *b, uint64_t v, size_t bytes)
{
	add_number(b, bytes, 4);
	add_number(b, v, bytes);
}

/* The common prefix of records and trailers; magic is written with its NUL. */
static void add_front(bn_buf *b, const char *magic, const bn_log_identity *who, uint64_t seq,
	uint64_t clock, const uint8_t *chain, const uint8_t *epoch, size_t epoch_bytes)
{
	bn_buf_add(b, magic, strlen(magic) + 1);
	add_part(b, who->workspace, strlen(who->workspace));
	add_part(b, who->writer, strlen(who->writer));
	add_number_part(b, seq, 8);
	add_number_part(b, clock, 8);
	add_part(b, chain, BN_SHA256_BYTES);
	add_part(b, epoch, epoch_bytes);
}

int bn_sign_record_text(bn_buf *b, const bn_log_identity *who, const bn_record_head *h,
	const uint8_t *epoch, size_t epoch_bytes, const void *payload, size_t n, bn_err *err)
{
	add_front(b, "BNSIG1", who, h->seq, h->clock, h->chain, epoch, epoch_bytes);
	add_number_part(b, h->version ? h->version : 1, 2);
	add_part(b, h->kind, strlen(h->kind));
	add_part(b, h->entity, strlen(h->entity));
	add_part(b, payload, n);
	return bn_buf_check(b, err, "a text to sign");
}

int bn_sign_trailer_text(
	bn_buf *b, const bn_log_identity *who, const bn_seg_trailer *t, bn_err *err)
{
	add_front(b, "BNSEAL1", who, t->last_seq, t->last_clock, t->chain, t->signature.epoch,
		t->signature.epoch_bytes);
	return bn_buf_check(b, err, "a text to sign");
}

/* ---- signing -------------------------------------------------------------------------------- */

static int text_sign(bn_signature *out, uint8_t raw[BN_ED25519_SIGNATURE_BYTES],
	const bn_signer *signer, const bn_buf *text, bn_err *err)
{
	int rc = signer->sign(signer->ctx, text->ptr, text->len, raw, err);
	if (rc < 0)
		return rc;
	*out = (bn_signature){.scheme = BN_SIGNATURE_ED25519,
		.key = signer->key,
		.key_bytes = sizeof signer->key,
		.bytes = raw,
		.signature_bytes = BN_ED25519_SIGNATURE_BYTES};
	return 0;
}

int bn_sign_record(bn_buf *b, uint32_t *crc, const bn_signer *signer, const bn_log_identity *who,
	const bn_record_head *h, const uint8_t *epoch, const void *payload, size_t n, bn_err *err)
{
	uint8_t raw[BN_ED25519_SIGNATURE_BYTES];
	bn_signature signature;
	bn_buf text = BN_BUF_INIT;
	size_t epoch_bytes = epoch ? BN_EPOCH_BYTES : 0;
	int rc = bn_sign_record_text(&text, who, h, epoch, epoch_bytes, payload, n, err);
	if (rc < 0)
		goto out;
	if ((rc = text_sign(&signature, raw, signer, &text, err)) < 0)
		goto out;
	signature.epoch = epoch;
	signature.epoch_bytes = (uint16_t)epoch_bytes;
	*crc = bn_record_encode_signed(b, h, &signature, payload, n);
	rc = bn_buf_check(b, err, "a signed record");
out:
	bn_buf_release(&text);
	return rc;
}

int bn_sign_trailer(bn_buf *b, const bn_signer *signer, const bn_log_identity *who,
	const bn_seg_trailer *t, bn_err *err)
{
	uint8_t raw[BN_ED25519_SIGNATURE_BYTES];
	bn_seg_trailer done = *t;
	bn_buf text = BN_BUF_INIT;
	done.signature = (bn_signature){0};
	int rc = bn_sign_trailer_text(&text, who, &done, err);
	if (rc < 0)
		goto out;
	if ((rc = text_sign(&done.signature, raw, signer, &text, err)) < 0)
		goto out;
	bn_record_encode_trailer(b, &done);
	rc = bn_buf_check(b, err, "a signed trailer");
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- cards ---------------------------------------------------------------------------------- */

int bn_writer_card_encode(bn_buf *payload, const bn_writer_card *card, bn_err *err)
{
	json_t *j = json_pack("{s:s, s:I, s:s}", "host", card->host, "uid", (json_int_t)card->uid,
		"user", card->user);
	if (!j) /* a name that is not UTF-8 */
		j = json_pack(
			"{s:s, s:I, s:s}", "host", "", "uid", (json_int_t)card->uid, "user", "");
	int rc = j ? bn_json_canonical(j, payload, err) : bn_err_nomem(err, "a writer's card");
	json_decref(j);
	return rc;
}

static int card_text(char *out, size_t size, const json_t *j, const char *key, bn_err *err)
{
	const char *s = bn_json_str(j, key, NULL);
	if (!s || strlen(s) >= size)
		return bn_err_set(err, BN_ECORRUPT, "a writer's card has no proper '%s'", key);
	snprintf(out, size, "%s", s);
	return 0;
}

int bn_writer_card_decode(bn_writer_card *card, const void *payload, size_t n, bn_err *err)
{
	json_t *j = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_json_parse(&j, payload, n, "card", &why);
	if (rc < 0)
		return bn_err_set(err, rc == BN_ENOMEM ? BN_ENOMEM : BN_ECORRUPT,
			"a writer's card: %s", why.msg);
	json_t *uid = json_object_get(j, "uid");
	if (!json_is_integer(uid) || json_integer_value(uid) < 0) {
		rc = bn_err_set(err, BN_ECORRUPT, "a writer's card has no proper 'uid'");
		goto out;
	}
	card->uid = (int64_t)json_integer_value(uid);
	if ((rc = card_text(card->user, sizeof card->user, j, "user", err)) < 0)
		goto out;
	rc = card_text(card->host, sizeof card->host, j, "host", err);
out:
	json_decref(j);
	return rc;
}
