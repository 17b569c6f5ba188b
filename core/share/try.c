/* try.c - trying a remote: see transfer.h. */
#include "core/base/hash.h"
#include "core/share/_share.h"

#include <stdio.h>
#include <string.h>

typedef struct trial {
	bn_remote_store *s;
	char key[64], text[80];
} trial;

static int put_it(trial *t, bn_err *err)
{
	return bn_remote_store_put_bytes(
		t->s, t->key, t->text, strlen(t->text), BN_REMOTE_IF_ABSENT, NULL, err);
}

static int read_it(trial *t, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	char hash[BN_SHA256_HEX + 1];
	bn_sha256_hex(t->text, strlen(t->text), hash);
	int rc = bn_remote_store_load(&b, t->s, t->key, sizeof t->text, hash, err);
	bn_buf_release(&b);
	return rc;
}

/* What is there stays. */
static int put_again(trial *t, bn_err *err)
{
	bool put = true;
	int rc = bn_remote_store_put_bytes(t->s, t->key, "x", 1, BN_REMOTE_IF_ABSENT, &put, err);
	if (rc < 0)
		return rc;
	return put ? bn_err_set(err, BN_EFAILED, "a second put replaced what was there") : 0;
}

static int find_it(void *ctx, const char *key, const bn_remote_info *info, bn_err *err)
{
	trial *t = ctx;
	(void)err;
	if (!strcmp(key, t->key) && info->bytes == strlen(t->text))
		t->text[0] = '\0';
	return 0;
}

static int list_it(trial *t, bn_err *err)
{
	trial copy = *t;
	int rc = bn_remote_store_list(t->s, "trials/", find_it, &copy, err);
	if (rc < 0)
		return rc;
	return copy.text[0] ? bn_err_set(err, BN_EFAILED, "a listing lacks what was put") : 0;
}

static int remove_it(trial *t, bn_err *err)
{
	return bn_remote_store_remove(t->s, t->key, err);
}

/* That a key is absent can be found out. */
static int look(trial *t, bn_err *err)
{
	bn_remote_info info;
	bn_err why = BN_ERR_INIT;
	int rc = bn_remote_store_stat(t->s, t->key, &info, &why);
	return rc == BN_ENOTFOUND || rc == 0 ? 0 : bn_err_move(err, &why);
}

int bn_share_try(bn_share_probe probes[BN_SHARE_PROBES], size_t *count, const bn_env *env,
	bn_remote_store *s, bn_err *err)
{
	static const struct {
		const char *what;
		int (*step)(trial *t, bn_err *err);
		bool writes;
	} steps[BN_SHARE_PROBES] = {{"look", look, false}, {"write", put_it, true},
		{"read", read_it, true}, {"put if absent", put_again, true},
		{"list", list_it, true}, {"remove", remove_it, true}};
	trial t = {.s = s};
	uint64_t tag = 0;
	bool written = false;
	int rc = bn_env_random(env, &tag, sizeof tag, err);
	*count = 0;
	if (rc < 0)
		return rc;
	snprintf(t.key, sizeof t.key, "trials/%016llx", (unsigned long long)tag);
	snprintf(t.text, sizeof t.text, "binnacle tries this place: %016llx",
		(unsigned long long)tag);
	for (size_t i = 0; i < BN_SHARE_PROBES; i++) {
		bn_share_probe *p = &probes[*count];
		if (steps[i].writes && !bn_remote_store_is_writable(s))
			break;
		*p = (bn_share_probe){.what = steps[i].what, .why = BN_ERR_INIT};
		++*count;
		if (rc < 0 && !(written && steps[i].step == remove_it))
			continue;
		int64_t from = bn_env_monotonic_ns(env);
		int failed = steps[i].step(&t, &p->why);
		p->ns = bn_env_monotonic_ns(env) - from;
		p->done = failed >= 0;
		written |= p->done && steps[i].step == put_it;
		rc = rc < 0 ? rc : failed;
	}
	return rc;
}
