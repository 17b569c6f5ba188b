/* remembered.c - see remembered.h. */
#include "tests/support/remembered.h"

#include "core/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *get(const bn_env *env, const char *name)
{
	const remembered_env *e = env->ctx;
	static char path[400];
	if (e->homeless)
		return NULL;
	if (!strcmp(name, "BINNACLE_TRUST"))
		return e->trust[0] ? e->trust : NULL;
	if (!strcmp(name, "XDG_STATE_HOME"))
		snprintf(path, sizeof path, "%s/state", e->home);
	else if (!strcmp(name, "XDG_CONFIG_HOME"))
		snprintf(path, sizeof path, "%s/config", e->home);
	else
		return NULL;
	return path;
}

static int user_home(const bn_env *env, uid_t uid, char *path, size_t size)
{
	(void)env;
	(void)uid;
	(void)path;
	(void)size;
	return -1;
}

static const char *host(const bn_env *env)
{
	return ((const remembered_env *)env->ctx)->host;
}

static int64_t now_ns(const bn_env *env)
{
	const remembered_env *e = env->ctx;
	if (!e->now_ms)
		return bn_env_now_ns(bn_env_real());
	return e->now_ms < INT64_MAX / 1000000 ? e->now_ms * 1000000 : INT64_MAX;
}

void remembered_env_init(remembered_env *e, const char *home, const char *name)
{
	*e = (remembered_env){.env = *bn_env_real()};
	snprintf(e->home, sizeof e->home, "%s", home);
	snprintf(e->host, sizeof e->host, "%s", name);
	e->env.ctx = e;
	e->env.get = get;
	e->env.host = host;
	e->env.now_ns = now_ns;
	e->env.user_home = user_home;
}

const char *remembered_path(const remembered_env *e, const char *what)
{
	static char path[500];
	snprintf(path, sizeof path, "%s/state/binnacle/trust/%s", e->home, what);
	return path;
}

static void id_of(uint8_t out[32], const char *what, bool other, uint64_t n)
{
	char text[100];
	int len = snprintf(text, sizeof text, "%s %d %llu", what, other, (unsigned long long)n);
	bn_sha256(text, (size_t)len, out);
}

void remembered_link(const remembered_view *v, uint32_t n, uint8_t id[32])
{
	id_of(id, "link", v->fork_at >= 0 && n >= v->fork_at, n);
}

void remembered_crowd(uint64_t seq, uint8_t after[32])
{
	id_of(after, "crowd", false, seq);
}

static int link_at(void *user, uint32_t n, uint8_t id[32], bn_err *err)
{
	const remembered_view *v = user;
	if (v->blind)
		return bn_err_set(err, BN_EIO, "the index cannot be read");
	if (!v->view.has_chain || n > v->view.newest)
		abort(); /* must not be called */
	remembered_link(v, n, id);
	return 0;
}

static int after_at(void *user, const char *writer, uint64_t seq, uint8_t after[32], bn_err *err)
{
	const remembered_view *v = user;
	if (v->blind)
		return bn_err_set(err, BN_EIO, "the index cannot be read");
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->writers[i].name, writer) && seq <= v->writers[i].length) {
			uint64_t fork = v->writers[i].fork_at;
			id_of(after, writer, fork && seq >= fork, seq);
			return 1;
		}
	if (!v->crowd || seq > 9)
		return 0;
	remembered_crowd(seq, after);
	return 1;
}

void remembered_view_init(remembered_view *v, int64_t newest)
{
	*v = (remembered_view){.fork_at = -1};
	v->view = (bn_memory_view){.workspace_id = REMEMBERED_ID,
		.has_chain = newest >= 0,
		.newest = newest < 0 ? 0 : (uint32_t)newest,
		.link_at = link_at,
		.after_at = after_at,
		.heads = v->heads,
		.user = v};
}

void remembered_writer(remembered_view *v, const char *name, uint64_t length, bool acts)
{
	size_t i = 0;
	while (i < v->n && strcmp(v->writers[i].name, name))
		i++;
	if (i == REMEMBERED_WRITERS)
		abort();
	if (i == v->n)
		v->n++;
	snprintf(v->writers[i].name, sizeof v->writers[i].name, "%s", name);
	v->writers[i].length = length;
	v->writers[i].acts = acts;
	v->heads[i] = (bn_memory_head){.writer = v->writers[i].name, .seq = length, .acts = acts};
	v->heads[i].key[0] = (uint8_t)(1 + i);
	after_at(v, name, length, v->heads[i].after, NULL);
	v->view.n_heads = v->n;
}
