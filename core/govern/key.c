/* key.c - see key.h. Keys and their PEM text are wiped from memory as soon as they are not needed. */
#include "core/govern/key.h"

#include "core/base/buf.h"
#include "core/base/ed25519.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/_key_pem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES (BN_KEY_PUBLIC_HEX / 2)
#define SIGNATURE_BYTES (BN_KEY_SIGNATURE_HEX / 2)

struct bn_key {
	uint8_t seed[BN_ED25519_SEED_BYTES], public[KEY_BYTES];
	char public_hex[BN_KEY_PUBLIC_HEX + 1];
};

static int key_path(char **out, const bn_env *env, bn_err *err)
{
	const char *own = bn_env_get(env, "BINNACLE_KEY");
	char *dir = NULL;
	if (own && *own) {
		*out = bn_strdup(own);
		return *out ? 0 : bn_err_nomem(err, "a file name");
	}
	bn_err e = BN_ERR_INIT;
	int rc = bn_env_config_dir(&dir, env, &e);
	if (rc < 0) {
		bn_err_prefix(&e, "no place for a private key");
		return bn_err_recode(err, &e, rc == BN_ENOTFOUND ? BN_EREFUSED : rc);
	}
	*out = bn_path_join(dir, "identity.pem");
	bn_free(dir);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

char *bn_key_path(const bn_env *env)
{
	char *path = NULL;
	return key_path(&path, env, NULL) < 0 ? NULL : path;
}

void bn_key_free(bn_key *key)
{
	if (!key)
		return;
	explicit_bzero(key->seed, sizeof key->seed);
	bn_free(key);
}

const char *bn_key_public(const bn_key *key)
{
	return key->public_hex;
}

void bn_key_fingerprint(const char *public_hex, char out[25])
{
	uint8_t raw[KEY_BYTES], hash[BN_SHA256_BYTES];
	char hex[17];
	if (bn_unhex(public_hex, sizeof raw, raw)) {
		snprintf(out, 25, "not a key");
		return;
	}
	bn_sha256(raw, sizeof raw, hash);
	bn_hex(hash, 8, hex);
	snprintf(out, 25, "ed25519:%s", hex);
}

static int key_make(bn_key **out, const uint8_t seed[BN_ED25519_SEED_BYTES], bn_err *err)
{
	bn_key *key = bn_alloc_zeroed(1, sizeof *key);
	if (!key)
		return bn_err_nomem(err, "a key");
	memcpy(key->seed, seed, sizeof key->seed);
	bn_ed25519_public(key->public, seed);
	bn_hex(key->public, sizeof key->public, key->public_hex);
	*out = key;
	return 0;
}

static int key_check_file(const bn_env *env, const char *path, bn_err *err)
{
	struct stat st;
	int e = env->fs->stat(env, NULL, path, &st);
	if (e < 0)
		return bn_err_sys(err, e == -ENOENT || e == -ENOTDIR ? BN_ENOTFOUND : BN_EIO, -e,
			"no private key at '%s'", path);
	if (st.st_uid != env->uid(env)) {
		char owner[64];
		env->user_name(env, st.st_uid, owner, sizeof owner);
		return bn_err_set(err, BN_EREFUSED, "private key '%s' belongs to %s, not to you",
			path, owner);
	}
	if (st.st_mode & 077) {
		bn_err_set(err, BN_EREFUSED,
			"private key '%s' has mode %04o: group or others may read it", path,
			(unsigned)(st.st_mode & 07777));
		bn_err_hint(err,
			"chmod 600 '%s', and make a new key if another account may have read it",
			path);
		return BN_EREFUSED;
	}
	return 0;
}

/* BN_ENOTFOUND when the file is not there, BN_EREFUSED when its mode or owner is wrong,
 * BN_ECORRUPT if it is not an Ed25519 private key; never asks for a passphrase. */
static int key_load(bn_key **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	uint8_t seed[BN_ED25519_SEED_BYTES];
	int rc = key_check_file(env, path, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_fs_read_file(env, path, &text, err)) < 0)
		goto out;
	if (bn_key_pem_read(seed, text.ptr, text.len))
		rc = key_make(out, seed, err);
	else
		rc = bn_err_set(err, BN_ECORRUPT, "'%s' is not an Ed25519 private key", path);
out:
	explicit_bzero(seed, sizeof seed);
	if (text.ptr)
		explicit_bzero(text.ptr, text.len);
	bn_buf_release(&text);
	return rc;
}

/* Writes the key beside path and links it there, so that if two processes both find no key, one
 * wins and neither key is overwritten. */
static int key_store(const bn_env *env, const char *path, const char *dir, const char *pem,
	size_t n, bn_err *err)
{
	uint64_t tag = 0;
	int e, rc = bn_env_random(env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	char *fresh = bn_strf("%s.new-%016llx", path, (unsigned long long)tag);
	if (!fresh)
		return bn_err_nomem(err, "a file name");
	if ((rc = bn_fs_write_file(env, fresh, pem, n, 0600, err)) < 0)
		goto out;
	if ((e = env->fs->link(env, NULL, fresh, NULL, path)) < 0) {
		rc = bn_err_sys(err, e == -EEXIST ? BN_ECONFLICT : BN_EIO, -e,
			"cannot create private key '%s'", path);
		goto out;
	}
	rc = bn_fs_sync_dir(env, dir, err);
out:
	env->fs->unlink(env, NULL, fresh);
	bn_free(fresh);
	return rc;
}

int bn_key_create(bn_key **out, const bn_env *env, const char *path, bn_err *err)
{
	int rc = 0;
	bn_key *key = NULL;
	uint8_t seed[BN_ED25519_SEED_BYTES];
	char pem[BN_KEY_PEM_TEXT] = "";
	size_t above = (size_t)(bn_path_base(path) - path);
	char *dir = above ? bn_strndup(path, above) : bn_strdup(".");
	if (!dir) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if ((rc = bn_fs_make_dirs(env, dir, 0700, err)) < 0) {
		bn_err_prefix(err, "no place for your signing key");
		bn_err_hint(err, "set HOME or XDG_CONFIG_HOME to a directory that you own, or "
				 "BINNACLE_KEY to a file");
		goto out;
	}
	if ((rc = bn_env_random(env, seed, sizeof seed, err)) < 0 ||
		(rc = key_make(&key, seed, err)) < 0)
		goto out;
	bn_key_pem_write(pem, seed);
	if ((rc = key_store(env, path, dir, pem, strlen(pem), err)) < 0)
		goto out;
	*out = key;
	key = NULL;
out:
	explicit_bzero(seed, sizeof seed);
	explicit_bzero(pem, sizeof pem);
	bn_key_free(key);
	bn_free(dir);
	return rc;
}

int bn_key_open(bn_key **out, const bn_env *env, bool *created, bn_err *err)
{
	if (created)
		*created = false;
	char *path = NULL;
	bn_err e = BN_ERR_INIT;
	int rc = key_path(&path, env, err);
	if (rc < 0)
		return rc;
	rc = key_load(out, env, path, &e);
	if (rc == BN_ENOTFOUND) {
		bn_err_clear(&e);
		rc = bn_key_create(out, env, path, &e);
		if (created)
			*created = rc == 0;
		if (rc == BN_ECONFLICT) { /* another process of this user was faster */
			bn_err_clear(&e);
			rc = key_load(out, env, path, &e);
		}
	}
	bn_free(path);
	return rc < 0 ? bn_err_move(err, &e) : 0;
}

int bn_key_find(bn_key **out, const bn_env *env, bn_err *err)
{
	char *path = NULL;
	int rc = key_path(&path, env, err);
	if (rc < 0)
		return rc;
	rc = key_load(out, env, path, err);
	bn_free(path);
	return rc;
}

void bn_key_sign(
	const bn_key *key, const void *bytes, size_t n, char signature[BN_KEY_SIGNATURE_HEX + 1])
{
	uint8_t raw[SIGNATURE_BYTES];
	bn_ed25519_sign(raw, key->public, key->seed, bytes, n);
	bn_hex(raw, sizeof raw, signature);
}

static int record_sign(void *ctx, const void *bytes, size_t n,
	uint8_t signature[BN_ED25519_SIGNATURE_BYTES], bn_err *err)
{
	const bn_key *key = ctx;
	(void)err;
	bn_ed25519_sign(signature, key->public, key->seed, bytes, n);
	return 0;
}

static void signer_release(void *ctx)
{
	bn_key_free(ctx);
}

void bn_key_signer(bn_signer *out, bn_key *key)
{
	*out = (bn_signer){.sign = record_sign, .ctx = key, .release = signer_release};
	memcpy(out->key, key->public, sizeof out->key);
}

int bn_key_verify(
	const char *public_hex, const char *signature_hex, const void *bytes, size_t n, bn_err *err)
{
	uint8_t key[KEY_BYTES], sig[SIGNATURE_BYTES];
	if (bn_unhex(public_hex, sizeof key, key))
		return bn_err_set(
			err, BN_ECORRUPT, "the public key is not %d hex digits", BN_KEY_PUBLIC_HEX);
	if (bn_unhex(signature_hex, sizeof sig, sig))
		return bn_err_set(err, BN_ECORRUPT, "the signature is not %d hex digits",
			BN_KEY_SIGNATURE_HEX);
	if (bn_ed25519_verify(key, sig, bytes, n))
		return 0;
	char print[25];
	bn_key_fingerprint(public_hex, print);
	return bn_err_set(err, BN_ECORRUPT, "the signature is not that of key %s", print);
}
