/* link_persons.c - link 0, bots and key requests as JSON, and back (link.h). */
#include "core/govern/_link.h"
#include "core/store/founding.h"

#include <string.h>

/* ---- link 0 --------------------------------------------------------------------------------- */

static int upgrade_read(const bn_link_reader *r, const json_t *o, bn_founded *f)
{
	json_t *upgrade;
	int rc;
	f->is_upgrade = json_object_get(o, "upgrade") != NULL;
	f->old_founder = -1;
	if (!f->is_upgrade)
		return 0;
	if ((rc = bn_link_object(r, o, "", "upgrade", &upgrade)) < 0)
		return rc;
	if ((rc = bn_link_refuse_other(
		     r, upgrade, (const char *const[]){"closes", "founder", NULL})) < 0)
		return rc;
	if (json_object_get(upgrade, "founder") &&
		(rc = bn_link_int(
			 r, upgrade, "upgrade.", "founder", 0, UINT32_MAX, &f->old_founder)) < 0)
		return rc;
	return bn_link_heads(r, upgrade, "closes", &f->closes, &f->n_closes);
}

static int founder_read(const bn_link_reader *r, const json_t *o, bn_founded *f)
{
	json_t *founder;
	int rc;
	if ((rc = bn_link_object(r, o, "", "founder", &founder)) < 0)
		return rc;
	if ((rc = bn_link_refuse_other(r, founder, (const char *const[]){"key", "name", NULL})) < 0)
		return rc;
	if ((rc = bn_link_hex(r, founder, "founder.", "key", f->founder, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	if ((rc = bn_link_text(r, founder, "founder.", "name", &f->name)) < 0)
		return rc;
	if ((rc = bn_link_maybe_hex(r, o, "", "recovery", f->recovery, &f->has_recovery)) < 0)
		return rc;
	if (f->has_recovery && !memcmp(f->recovery, f->founder, BN_CHAIN_ID_BYTES))
		return bn_link_bad(r, "", "recovery", "is the founder's own key");
	return 0;
}

static int founded_read(const bn_link_reader *r, const json_t *o, bn_founded *f)
{
	static const char *const names[] = {
		"founder", "host", "nonce", "policy", "recovery", "uid", "upgrade", "user", NULL};
	int rc;
	if ((rc = bn_link_refuse_other(r, o, names)) < 0)
		return rc;
	if ((rc = founder_read(r, o, f)) < 0)
		return rc;
	if ((rc = bn_link_text(r, o, "", "host", &f->host)) < 0)
		return rc;
	if ((rc = bn_link_text(r, o, "", "user", &f->user)) < 0)
		return rc;
	if ((rc = bn_link_int(r, o, "", "uid", 0, INT64_MAX, &f->uid)) < 0)
		return rc;
	if ((rc = bn_link_hex(r, o, "", "nonce", f->nonce, BN_LINK_NONCE_BYTES)) < 0)
		return rc;
	if ((rc = bn_link_policy(r, o, &f->signers, &f->policy)) < 0)
		return rc;
	return upgrade_read(r, o, f);
}

int bn_founded_decode(const bn_founded **out, bn_arena *arena, const void *payload, size_t n,
	bn_link_policy_check *check, bn_err *err)
{
	bn_link_reader r = {
		.what = BN_AUTHORITY_FOUNDED, .arena = arena, .check = check, .err = err};
	json_t *o = NULL;
	int rc;
	bn_founded *f = bn_arena_alloc(arena, sizeof *f);
	if (!f)
		return bn_err_nomem(err, "a founding record");
	if ((rc = bn_link_parse(&o, &r, payload, n)) < 0)
		return rc;
	if ((rc = founded_read(&r, o, f)) < 0)
		goto out;
	*out = f;
out:
	json_decref(o);
	return rc;
}

static json_t *founded_json(const bn_founded *f)
{
	json_t *recovery =
		f->has_recovery ? bn_link_hex_json(f->recovery, BN_CHAIN_ID_BYTES) : NULL;
	json_t *founder = f->old_founder >= 0 ? json_integer(f->old_founder) : NULL;
	json_t *upgrade = f->is_upgrade ? json_pack("{so sO*}", "closes",
						  bn_link_heads_json(f->closes, f->n_closes),
						  "founder", founder)
					: NULL;
	json_t *o = json_pack("{s{so ss} ss so so sO* sI sO* ss}", "founder", "key",
		bn_link_hex_json(f->founder, BN_CHAIN_ID_BYTES), "name", f->name, "host", f->host,
		"nonce", bn_link_hex_json(f->nonce, BN_LINK_NONCE_BYTES), "policy",
		bn_link_policy_json(f->policy), "recovery", recovery, "uid", (json_int_t)f->uid,
		"upgrade", upgrade, "user", f->user);
	bool is_whole = o && !f->has_recovery == !recovery && !f->is_upgrade == !upgrade;
	is_whole = is_whole && (!f->is_upgrade || f->old_founder < 0 || founder);
	json_decref(recovery);
	json_decref(founder);
	json_decref(upgrade);
	if (is_whole)
		return o;
	json_decref(o);
	return NULL;
}

int bn_founded_encode(bn_buf *out, const bn_founded *f, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	const bn_founded *again;
	size_t start = out->len;
	int rc;
	if ((rc = bn_link_write(out, founded_json(f), BN_AUTHORITY_FOUNDED, err)) < 0)
		goto out;
	rc = bn_founded_decode(&again, &arena, out->ptr + start, out->len - start, NULL, err);
out:
	if (rc < 0)
		bn_buf_truncate(out, start);
	bn_arena_release(&arena);
	return rc;
}

void bn_founded_workspace_id(
	char id[BN_UUID_TEXT], const char *writer, const void *payload, size_t n)
{
	bn_founding_id(id, 2, writer, payload, n);
}

/* ---- bots ----------------------------------------------------------------------------------- */

/* A list of different texts. */
static int words_read(
	const bn_link_reader *r, const json_t *o, const char *name, const char *const **out)
{
	json_t *list;
	int rc;
	if ((rc = bn_link_array(r, o, name, BN_LINK_CHANGES_MAX, &list)) < 0)
		return rc;
	size_t n = json_array_size(list);
	const char **all = bn_arena_alloc(r->arena, (n + 1) * sizeof *all);
	if (!all)
		return bn_err_nomem(r->err, "a bot");
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_pack("{sO}", name, json_array_get(list, i));
		rc = one ? bn_link_text(r, one, "", name, &all[i]) : bn_err_nomem(r->err, "a bot");
		json_decref(one);
		if (rc < 0)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(all[k], all[i]))
				return bn_link_bad(r, "", name, "says a word twice");
	}
	*out = all;
	return 0;
}

static int bot_read(const bn_link_reader *r, const json_t *o, bn_bot *bot)
{
	static const char *const names[] = {
		"key", "name", "patterns", "proof", "until", "verbs", NULL};
	int rc;
	if ((rc = bn_link_refuse_other(r, o, names)) < 0)
		return rc;
	if ((rc = bn_link_hex(r, o, "", "key", bot->key, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	if ((rc = bn_link_text(r, o, "", "name", &bot->name)) < 0)
		return rc;
	if ((rc = words_read(r, o, "verbs", &bot->verbs)) < 0)
		return rc;
	if ((rc = words_read(r, o, "patterns", &bot->patterns)) < 0)
		return rc;
	if ((rc = bn_link_hex(r, o, "", "proof", bot->proof, sizeof bot->proof)) < 0)
		return rc;
	bot->until_ms = -1;
	if (json_object_get(o, "until"))
		return bn_link_int(r, o, "", "until", 0, INT64_MAX, &bot->until_ms);
	return 0;
}

int bn_bot_decode(const bn_bot **out, bn_arena *arena, const void *payload, size_t n, bn_err *err)
{
	bn_link_reader r = {.what = BN_AUTHORITY_BOT, .arena = arena, .err = err};
	json_t *o = NULL;
	int rc;
	bn_bot *bot = bn_arena_alloc(arena, sizeof *bot);
	if (!bot)
		return bn_err_nomem(err, "a bot");
	if ((rc = bn_link_parse(&o, &r, payload, n)) < 0)
		return rc;
	if ((rc = bot_read(&r, o, bot)) < 0)
		goto out;
	*out = bot;
out:
	json_decref(o);
	return rc;
}

static json_t *words_json(const char *const *words)
{
	json_t *all = json_array();
	for (; *words; words++)
		if (json_array_append_new(all, json_string(*words)) != 0) {
			json_decref(all);
			return NULL;
		}
	return all;
}

int bn_bot_encode(bn_buf *out, const bn_bot *bot, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	const bn_bot *again;
	size_t start = out->len;
	json_t *until = bot->until_ms >= 0 ? json_integer(bot->until_ms) : NULL;
	char proof[2 * sizeof bot->proof + 1];
	bn_hex(bot->proof, sizeof bot->proof, proof);
	json_t *o = json_pack("{so ss so ss so* so}", "key",
		bn_link_hex_json(bot->key, BN_CHAIN_ID_BYTES), "name", bot->name, "patterns",
		words_json(bot->patterns), "proof", proof, "until", until, "verbs",
		words_json(bot->verbs));
	int rc;
	if ((rc = bn_link_write(out, o, BN_AUTHORITY_BOT, err)) < 0)
		goto out;
	rc = bn_bot_decode(&again, &arena, out->ptr + start, out->len - start, err);
out:
	if (rc < 0)
		bn_buf_truncate(out, start);
	bn_arena_release(&arena);
	return rc;
}

/* How far the key's records count in a writer; 0: none. */
static int ending_read(const bn_link_reader *r, json_t *o, bn_bot_ending *e)
{
	json_t *horizon, *value;
	const char *writer;
	int64_t seq;
	int rc;
	if ((rc = bn_link_refuse_other(r, o, (const char *const[]){"horizon", "key", NULL})) < 0 ||
		(rc = bn_link_hex(r, o, "", "key", e->key, BN_CHAIN_ID_BYTES)) < 0 ||
		(rc = bn_link_object(r, o, "", "horizon", &horizon)) < 0)
		return rc;
	bn_chain_cut *all = bn_arena_alloc(r->arena, (json_object_size(horizon) + 1) * sizeof *all);
	if (!all)
		return bn_err_nomem(r->err, "the end of a bot");
	json_object_foreach(horizon, writer, value)
	{
		bn_chain_cut *at = &all[e->n_horizon];
		if ((rc = bn_link_writer(r, "horizon.", writer, &at->writer)) < 0 ||
			(rc = bn_link_int(r, horizon, "horizon.", writer, 0, INT64_MAX, &seq)) < 0)
			return rc;
		memcpy(at->key, e->key, BN_CHAIN_ID_BYTES);
		at->seq = (uint64_t)seq;
		e->n_horizon++;
	}
	e->horizon = all;
	return 0;
}

int bn_bot_ending_decode(
	const bn_bot_ending **out, bn_arena *arena, const void *payload, size_t n, bn_err *err)
{
	bn_link_reader r = {.what = BN_AUTHORITY_BOT_ENDED, .arena = arena, .err = err};
	json_t *o = NULL;
	int rc;
	bn_bot_ending *e = bn_arena_alloc(arena, sizeof *e);
	if (!e)
		return bn_err_nomem(err, "the end of a bot");
	*e = (bn_bot_ending){0};
	if ((rc = bn_link_parse(&o, &r, payload, n)) < 0)
		return rc;
	if ((rc = ending_read(&r, o, e)) < 0)
		goto out;
	*out = e;
out:
	json_decref(o);
	return rc;
}

int bn_bot_ending_encode(bn_buf *out, const bn_bot_ending *e, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	const bn_bot_ending *again;
	size_t start = out->len;
	json_t *horizon = json_object();
	for (size_t i = 0; horizon && i < e->n_horizon; i++)
		if (json_object_set_new(horizon, e->horizon[i].writer,
			    json_integer((json_int_t)e->horizon[i].seq)) != 0) {
			json_decref(horizon);
			horizon = NULL;
		}
	int rc = bn_link_write(out,
		horizon ? json_pack("{so so}", "horizon", horizon, "key",
				  bn_link_hex_json(e->key, BN_CHAIN_ID_BYTES))
			: NULL,
		BN_AUTHORITY_BOT_ENDED, err);
	if (rc < 0)
		goto out;
	rc = bn_bot_ending_decode(&again, &arena, out->ptr + start, out->len - start, err);
out:
	if (rc < 0)
		bn_buf_truncate(out, start);
	bn_arena_release(&arena);
	return rc;
}

/* ---- key requests --------------------------------------------------------------------------- */

static int request_read(const bn_link_reader *r, const json_t *o, bn_key_request *q)
{
	static const char *const names[] = {"host", "key", "name", "uid", "user", NULL};
	int rc;
	if ((rc = bn_link_refuse_other(r, o, names)) < 0)
		return rc;
	if ((rc = bn_link_hex(r, o, "", "key", q->key, BN_CHAIN_ID_BYTES)) < 0)
		return rc;
	if ((rc = bn_link_text(r, o, "", "name", &q->name)) < 0)
		return rc;
	if ((rc = bn_link_text(r, o, "", "host", &q->host)) < 0)
		return rc;
	if ((rc = bn_link_text(r, o, "", "user", &q->user)) < 0)
		return rc;
	return bn_link_int(r, o, "", "uid", 0, INT64_MAX, &q->uid);
}

int bn_key_request_decode(
	const bn_key_request **out, bn_arena *arena, const void *payload, size_t n, bn_err *err)
{
	bn_link_reader r = {.what = BN_AUTHORITY_REQUEST, .arena = arena, .err = err};
	json_t *o = NULL;
	int rc;
	bn_key_request *q = bn_arena_alloc(arena, sizeof *q);
	if (!q)
		return bn_err_nomem(err, "a key request");
	if ((rc = bn_link_parse(&o, &r, payload, n)) < 0)
		return rc;
	if ((rc = request_read(&r, o, q)) < 0)
		goto out;
	*out = q;
out:
	json_decref(o);
	return rc;
}

int bn_key_request_encode(bn_buf *out, const bn_key_request *q, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	const bn_key_request *again;
	size_t start = out->len;
	json_t *o = json_pack("{ss so ss sI ss}", "host", q->host, "key",
		bn_link_hex_json(q->key, BN_CHAIN_ID_BYTES), "name", q->name, "uid",
		(json_int_t)q->uid, "user", q->user);
	int rc;
	if ((rc = bn_link_write(out, o, BN_AUTHORITY_REQUEST, err)) < 0)
		goto out;
	rc = bn_key_request_decode(&again, &arena, out->ptr + start, out->len - start, err);
out:
	if (rc < 0)
		bn_buf_truncate(out, start);
	bn_arena_release(&arena);
	return rc;
}
