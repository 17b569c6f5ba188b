/* run_id.c - see run_id.h. */
#include "core/run/run_id.h"

#include "core/base/hash.h"
#include "core/store/appended.h"
#include "core/store/log/limits.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 16, MADE_BYTES = 12 };

static bool id_of(uint8_t id[ID_BYTES], const char *writer, const char *nonce)
{
	char text[32 + BN_WRITER_NAME_MAX + BN_RUN_ID_TEXT];
	uint8_t hash[BN_SHA256_BYTES];
	int n = snprintf(text, sizeof text, "binnacle run\n%s\n%s", writer, nonce);
	if (n < 0 || (size_t)n >= sizeof text || strlen(nonce) != BN_RUN_ID_TEXT - 1)
		return false;
	bn_sha256(text, (size_t)n, hash);
	memcpy(id, hash, MADE_BYTES);
	return true;
}

/* The last bytes, which mark this form of id. */
static void form_of(uint8_t form[ID_BYTES - MADE_BYTES], const uint8_t id[MADE_BYTES])
{
	static const char prefix[] = "binnacle run id\n";
	uint8_t text[sizeof prefix - 1 + MADE_BYTES], hash[BN_SHA256_BYTES];
	memcpy(text, prefix, sizeof prefix - 1);
	memcpy(text + sizeof prefix - 1, id, MADE_BYTES);
	bn_sha256(text, sizeof text, hash);
	memcpy(form, hash, ID_BYTES - MADE_BYTES);
}

int bn_run_id_make(bn_run_id *out, bn_workspace *ws, bn_err *err)
{
	const char *writer;
	uint8_t id[ID_BYTES];
	int rc;
	if ((rc = bn_workspace_writer(&writer, ws, err)) < 0 ||
		(rc = bn_run_id_new(bn_workspace_env(ws), out->nonce, err)) < 0)
		return rc;
	if (!id_of(id, writer, out->nonce))
		return bn_err_set(err, BN_EINVAL, "the name of the log '%s' is too long", writer);
	form_of(id + MADE_BYTES, id);
	bn_hex(id, sizeof id, out->id);
	return 0;
}

bn_run_maker bn_run_id_maker(const char *id, const char *writer, const char *nonce)
{
	uint8_t bytes[ID_BYTES], form[ID_BYTES - MADE_BYTES], made[ID_BYTES];
	if (strlen(id) != BN_RUN_ID_TEXT - 1 || bn_unhex(id, sizeof bytes, bytes) < 0)
		return BN_RUN_MAKER_UNSAID;
	form_of(form, bytes);
	if (memcmp(form, bytes + MADE_BYTES, sizeof form) != 0)
		return BN_RUN_MAKER_UNSAID;
	if (!nonce || !id_of(made, writer, nonce))
		return BN_RUN_MAKER_OTHER;
	return memcmp(made, bytes, MADE_BYTES) == 0 ? BN_RUN_MAKER_WRITER : BN_RUN_MAKER_OTHER;
}

int bn_run_id_check(const char *id, const char *nonce, bn_workspace *ws, bn_err *err)
{
	const char *writer;
	int rc = bn_workspace_writer(&writer, ws, err);
	if (rc < 0 || bn_run_id_maker(id, writer, nonce) != BN_RUN_MAKER_OTHER)
		return rc;
	bn_err_set(err, BN_ECONFLICT, "run %.8s was not created in the log '%s'", id, writer);
	bn_err_hint(err, "this process has changed its log directory; try again");
	return BN_ECONFLICT;
}
