/* inspect.c - see inspect.h. */
#include "core/store/inspect.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"

int bn_index_status_get(bn_index_status *out, bn_workspace *ws, bn_err *err)
{
	*out = (bn_index_status){0};
	int rc = bn_workspace_refresh(ws, NULL, err);
	return rc < 0 ? rc : bn_index_describe(out, ws->index, err);
}

int bn_index_rebuild(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_need_index(ws, err);
	return rc < 0 ? rc : bn_index_rebuild_all(ws->index, err);
}

int bn_index_dump(bn_workspace *ws, bn_dump_write write, void *ctx, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	return db ? bn_index_print(db, write, ctx, err) : bn_workspace_refresh(ws, NULL, err);
}

static int hash_line(void *ctx, const char *text, size_t n)
{
	bn_hasher_add(ctx, text, n);
	return 0;
}

int bn_index_dump_hash(bn_workspace *ws, char hash[65], bn_err *err)
{
	bn_hasher *h = NULL;
	uint8_t raw[BN_SHA256_BYTES];
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_index_dump(ws, hash_line, h, err)) < 0)
		goto out;
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, hash);
out:
	bn_hasher_free(h);
	return rc;
}
