/* proof_kept.c - see proof_kept.h. */
#include "core/registry/proof_kept.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/memory.h"

#include <stdio.h>
#include <string.h>

/* Version of the proof and of the stored result; raise it when a version could be proven under the old rules
 * but not under the new ones. */
enum { RULES = 3 };

/* Of this reader's memory; false: not available now. */
static bool memory_hex(char out[BN_SHA256_HEX + 1], bn_workspace *ws)
{
	uint8_t digest[BN_SHA256_BYTES];
	bn_memory *m = NULL;
	int rc = bn_memory_load(&m, bn_workspace_env(ws), bn_workspace_id(ws), NULL);
	if (rc >= 0)
		rc = bn_memory_digest(digest, m, NULL);
	bn_memory_free(m);
	if (rc >= 0)
		bn_hex(digest, sizeof digest, out);
	return rc >= 0;
}

void bn_kept_proof_open(bn_kept_proof *out, bn_workspace *ws, const char *spec)
{
	char hex[BN_SHA256_HEX + 1], memory[BN_SHA256_HEX + 1];
	const bn_env *env = bn_workspace_env(ws);
	const bn_dir *at = bn_workspace_at(ws);
	*out = (bn_kept_proof){.begun_ms = bn_env_now_ms(env)};
	if (bn_dir_is_network(at) || bn_cache_open(&out->cache, ws, NULL) < 0)
		return;
	if (bn_log_state_read(&out->log, at, NULL) < 0 ||
		out->begun_ms - out->log.changed_ns / 1000000 <= BN_PROOF_SETTLED_MS ||
		!memory_hex(memory, ws)) {
		bn_cache_close(out->cache);
		out->cache = NULL;
		return;
	}
	bn_hex(out->log.hash, sizeof out->log.hash, hex);
	bn_cache_key_init(&out->key, "version proven", RULES);
	bn_cache_key_add(&out->key, "program", BN_VERSION);
	bn_cache_key_add(&out->key, "workspace", bn_workspace_id(ws));
	bn_cache_key_add(&out->key, "spec", spec);
	bn_cache_key_add(&out->key, "log", hex);
	bn_cache_key_add(&out->key, "memory", memory);
}

int bn_kept_proof_get(bn_version **out, const bn_kept_proof *k, bn_err *err)
{
	bn_buf bytes = BN_BUF_INIT;
	json_t *j = NULL;
	bn_version *v = NULL;
	int rc = 0;
	if (!k->cache || !bn_cache_get(k->cache, &k->key, &bytes))
		goto out;
	if (bn_json_parse(&j, bytes.ptr, bytes.len, "proof", NULL) < 0)
		goto out;
	const char *name = bn_json_str(j, "name", NULL), *digest = bn_json_str(j, "digest", NULL);
	const char *manifest = bn_json_str(j, "manifest", NULL);
	if (!name || !digest || !manifest)
		goto out;
	if (!(v = bn_alloc_zeroed(1, sizeof *v)) || !(v->name = bn_strdup(name)) ||
		!(v->digest = bn_strdup(digest)) || !(v->manifest = bn_strdup(manifest))) {
		rc = bn_err_nomem(err, "a model version");
		goto out;
	}
	v->version = v->key = (int64_t)json_integer_value(json_object_get(j, "version"));
	*out = v;
	v = NULL;
	rc = 1;
out:
	bn_version_free(v);
	json_decref(j);
	bn_buf_release(&bytes);
	return rc;
}

void bn_kept_proof_put(const bn_kept_proof *k, bn_workspace *ws, const bn_version *v)
{
	bn_log_state now;
	bn_buf bytes = BN_BUF_INIT;
	if (!k->cache || !v->digest || !v->manifest || v->key < 0 || v->state == BN_MODEL_REMOVED ||
		bn_log_state_read(&now, bn_workspace_at(ws), NULL) < 0 ||
		memcmp(now.hash, k->log.hash, sizeof now.hash) != 0)
		return;
	json_t *j = json_pack("{s:s, s:I, s:s, s:s}", "name", v->name, "version",
		(json_int_t)v->version, "digest", v->digest, "manifest", v->manifest);
	if (j && bn_json_canonical(j, &bytes, NULL) == 0)
		bn_cache_put(k->cache, &k->key, bytes.ptr, bytes.len, NULL);
	json_decref(j);
	bn_buf_release(&bytes);
}

void bn_kept_proof_release(bn_kept_proof *k)
{
	if (k->cache)
		bn_cache_key_release(&k->key);
	bn_cache_close(k->cache);
	*k = (bn_kept_proof){0};
}
