/*
 * forged_log.h - builds the log of a writer byte by byte: what no correct writer would write. Every
 * function aborts on failure.
 */
#ifndef BN_TEST_FORGED_LOG_H
#define BN_TEST_FORGED_LOG_H
#include "core/store/log/clock.h"
#include "core/store/log/sign.h"
#include "tests/support/toy.h"

typedef struct forged_log {
	char workspace[80], writer[BN_WRITER_NAME_MAX + 1];
	bn_log_point start, tip; /* of the current segment */
	bn_buf records;          /* of that segment */
	bn_hasher *hasher;
} forged_log;

/* workspace: the id in signatures. The first record's clock is that of `ms` since 1970; each
 * further one is a millisecond later. */
void forged_begin(forged_log *l, const char *workspace, const char *writer, int64_t ms);
/* Another history with the same beginning. */
void forged_branch(forged_log *out, const forged_log *of);
void forged_end(forged_log *l);

void forged_add(forged_log *l, const char *kind, const char *entity, const char *payload);
/* epoch: 32 bytes or NULL. */
void forged_sign(forged_log *l, const bn_signer *signer, const uint8_t *epoch, const char *kind,
	const char *entity, const char *payload);
/* With that signature block, valid or not. */
void forged_add_block(forged_log *l, const bn_signature *block, const char *kind,
	const char *entity, const char *payload);
/* The card of this writer. */
void forged_card(forged_log *l, const bn_signer *signer);

/* Writes what was added since the last call as a sealed segment of the workspace in d, signed
 * unless signer is NULL; what is added next goes into another one. */
void forged_seal(forged_log *l, const toy_dir *d, const bn_signer *signer);
/* The same under `name` instead of "<first>-<last>.seg", with those bytes after the header instead
 * of what was added; they need not be records. */
void forged_write(forged_log *l, const toy_dir *d, const char *name, const void *bytes, size_t n);

#endif
