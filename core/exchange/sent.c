/* sent.c - see _sent.h. */
#include "core/exchange/_sent.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <string.h>

struct bn_sent {
	const bn_env *env;
	char *path;
	json_t *runs;
	bool changed;
	int64_t written_ns;
};

#define WRITE_NS 5000000000

int bn_sent_open(bn_sent **out, bn_workspace *ws, const char *to, bn_err *err)
{
	char hash[65], *state = NULL, *key = NULL, *dir = NULL;
	bn_sent *s = bn_alloc_zeroed(1, sizeof *s);
	int rc = s ? 0 : bn_err_nomem(err, "a file");
	size_t n = strlen(to);
	while (n && to[n - 1] == '/')
		n--;
	if (rc < 0 || (rc = bn_env_state_dir(&state, bn_workspace_env(ws), err)) < 0)
		goto out;
	key = bn_strf("%s\n%.*s", bn_workspace_id(ws), (int)n, to);
	dir = bn_strf("%s/sent", state);
	if (!key || !dir) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	bn_sha256_hex(key, strlen(key), hash);
	s->env = bn_workspace_env(ws);
	s->path = bn_strf("%s/%.32s.json", dir, hash);
	if (!s->path || (rc = bn_fs_make_dirs(s->env, dir, 0700, err)) < 0)
		goto out;
	if (bn_json_load(&s->runs, s->env, s->path, NULL) < 0 || !json_is_object(s->runs)) {
		json_decref(s->runs);
		s->runs = json_object();
	}
	s->written_ns = bn_env_monotonic_ns(s->env);
	*out = s;
	s = NULL;
out:
	bn_free(state);
	bn_free(key);
	bn_free(dir);
	bn_sent_close(s);
	return rc;
}

static void write_file(bn_sent *s)
{
	bn_buf text = BN_BUF_INIT;
	if (bn_json_canonical(s->runs, &text, NULL) >= 0)
		bn_fs_write_file(s->env, s->path, text.ptr, text.len, 0600, NULL);
	bn_buf_release(&text);
	s->changed = false;
	s->written_ns = bn_env_monotonic_ns(s->env);
}

void bn_sent_close(bn_sent *s)
{
	if (!s)
		return;
	if (s->changed)
		write_file(s);
	json_decref(s->runs);
	bn_free(s->path);
	bn_free(s);
}

bool bn_sent_has(const bn_sent *s, const char *id, const char *hash)
{
	return !strcmp(bn_json_str(s->runs, id, ""), hash);
}

int bn_sent_set(bn_sent *s, const char *id, const char *hash, bn_err *err)
{
	if (json_object_set_new(s->runs, id, json_string(hash)) < 0)
		return bn_err_nomem(err, "a file");
	s->changed = true;
	if (bn_env_monotonic_ns(s->env) - s->written_ns > WRITE_NS)
		write_file(s);
	return 0;
}
