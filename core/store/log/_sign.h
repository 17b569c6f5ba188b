/* _sign.h - the texts covered by signatures (sign.h), for signing and verifying. */
#ifndef BN_STORE_LOG__SIGN_H
#define BN_STORE_LOG__SIGN_H
#include "core/store/log/sign.h"

/* Appends the text of a record to b. epoch_bytes: 0 or BN_EPOCH_BYTES. */
int bn_sign_record_text(bn_buf *b, const bn_log_identity *who, const bn_record_head *h,
	const uint8_t *epoch, size_t epoch_bytes, const void *payload, size_t n, bn_err *err);
/* The text of a trailer, with the epoch of its signature. */
int bn_sign_trailer_text(
	bn_buf *b, const bn_log_identity *who, const bn_seg_trailer *t, bn_err *err);

#endif
