/* human.c - see human.h. */
#include "tests/support/human.h"

#include "core/base/hash.h"
#include "core/govern/key.h"
#include "tests/support/check_main.h"

#include <string.h>

static const char *(*toy_get)(const bn_env *e, const char *name);

static const char *human_get(const bn_env *e, const char *name)
{
	const human *h = (const human *)e->ctx; /* its toy comes first */
	return strcmp(name, "XDG_CONFIG_HOME") ? toy_get(e, name) : h->config;
}

static const char *human_host(const bn_env *e)
{
	return ((const human *)e->ctx)->host;
}

void human_make(human *h, const toy_dir *d, const char *home, const char *host)
{
	char index[340];
	toy_env_init(&h->toy, d);
	toy_get = h->toy.env.get;
	h->toy.env.get = human_get;
	snprintf(h->host, sizeof h->host, "%s", host ? host : "");
	if (host)
		h->toy.env.host = human_host;
	snprintf(h->config, sizeof h->config, "%.200s/%s-config", d->path, home);
	snprintf(h->toy.state_dir, sizeof h->toy.state_dir, "%.200s/%s-state", d->path, home);
	snprintf(index, sizeof index, "%.200s/%s-index%s", d->path, home, h->host);
	toy_env_own_index(&h->toy, index);
	h->ws = NULL;
}

void human_key(const human *h, uint8_t key[32])
{
	bn_key *k = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_key_open(&k, &h->toy.env, NULL, &err), &err);
	ck_assert_int_eq(bn_unhex(bn_key_public(k), 32, key), 0);
	bn_key_free(k);
}
