/* sign_verify.c - see sign.h: verifying signatures; writers never do. */
#include "core/base/ed25519.h"
#include "core/store/log/_sign.h"
#include "core/store/log/sign.h"

static int text_verify(const bn_signature *s, const bn_buf *text, const char *what, bn_err *err)
{
	if (s->key_bytes == BN_ED25519_KEY_BYTES &&
		s->signature_bytes == BN_ED25519_SIGNATURE_BYTES &&
		bn_ed25519_verify(s->key, s->bytes, text->ptr, text->len))
		return 0;
	return bn_err_set(err, BN_ECORRUPT, "the signature of %s was not made with its key", what);
}

int bn_verify_record(const bn_record *r, const bn_log_identity *who,
	const uint8_t chain[BN_SHA256_BYTES], bn_err *err)
{
	const bn_signature *s = &r->signature;
	bn_buf text = BN_BUF_INIT;
	if (s->scheme != BN_SIGNATURE_ED25519)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"a record has a signature scheme (%d) unknown to this binnacle", s->scheme);
	bn_record_head h = {.type = r->type,
		.version = r->version,
		.seq = r->seq,
		.clock = r->clock,
		.chain = chain,
		.kind = r->kind,
		.entity = r->entity};
	int rc = bn_sign_record_text(
		&text, who, &h, s->epoch, s->epoch_bytes, r->payload, r->payload_len, err);
	if (rc < 0)
		goto out;
	rc = text_verify(s, &text, "a record", err);
out:
	bn_buf_release(&text);
	return rc;
}

int bn_verify_trailer(const bn_seg_trailer *t, const bn_log_identity *who, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	if (t->signature.scheme != BN_SIGNATURE_ED25519)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"a trailer has a signature scheme (%d) unknown to this binnacle",
			t->signature.scheme);
	int rc = bn_sign_trailer_text(&text, who, t, err);
	if (rc < 0)
		goto out;
	rc = text_verify(&t->signature, &text, "a trailer", err);
out:
	bn_buf_release(&text);
	return rc;
}
