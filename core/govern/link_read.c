/* link_read.c - see _link.h: common code for the payloads of class authority. */
#include "core/base/utf8.h"
#include "core/govern/_link.h"
#include "core/store/log/limits.h"

#include <string.h>

int bn_link_bad(const bn_link_reader *r, const char *where, const char *name, const char *should)
{
	return bn_err_set(r->err, BN_EINVAL, "%s: '%s%.80s' %s", r->what, where, name, should);
}

static int no_memory(const bn_link_reader *r)
{
	return bn_err_nomem(r->err, r->what);
}

int bn_link_parse(json_t **out, const bn_link_reader *r, const void *payload, size_t n)
{
	bn_buf text = BN_BUF_INIT;
	json_t *value = NULL;
	int rc = bn_json_parse(&value, payload, n, r->what, r->err);
	if (rc < 0)
		goto out;
	if (!json_is_object(value)) {
		rc = bn_err_set(r->err, BN_EINVAL, "%s: is not an object", r->what);
		goto out;
	}
	if ((rc = bn_json_canonical(value, &text, r->err)) < 0)
		goto out;
	if (text.len != n || memcmp(text.ptr, payload, n) != 0) {
		rc = bn_err_set(r->err, BN_EINVAL, "%s: is not in canonical form", r->what);
		goto out;
	}
	*out = value;
	value = NULL;
out:
	json_decref(value);
	bn_buf_release(&text);
	return rc;
}

/* ---- members -------------------------------------------------------------------------------- */

static const char *other_member(const json_t *object, const char *const *known)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value)
	{
		const char *const *k = known;
		while (*k && strcmp(*k, name) != 0)
			k++;
		if (!*k)
			return name;
	}
	return NULL;
}

bool bn_link_has_other(const json_t *object, const char *const *known)
{
	return json_is_object(object) && other_member(object, known);
}

int bn_link_refuse_other(const bn_link_reader *r, const json_t *object, const char *const *known)
{
	const char *name = other_member(object, known);
	if (!name)
		return 0;
	return bn_err_set(r->err, BN_EUNSUPPORTED,
		"%s: made by a newer binnacle: '%.80s' is unknown to this one", r->what, name);
}

int bn_link_hex_text(
	const bn_link_reader *r, const char *where, const char *text, uint8_t *out, size_t bytes)
{
	if (!bn_is_hex(text) || bn_unhex(text, bytes, out) != 0)
		return bn_link_bad(r, where, text,
			bytes == BN_CHAIN_ID_BYTES ? "is not 64 digits of lower-case hex"
						   : "is not 32 digits of lower-case hex");
	return 0;
}

int bn_link_hex(const bn_link_reader *r, const json_t *object, const char *where, const char *name,
	uint8_t *out, size_t bytes)
{
	const char *text = json_string_value(json_object_get(object, name));
	if (!text || !bn_is_hex(text) || bn_unhex(text, bytes, out) != 0)
		return bn_link_bad(r, where, name,
			bytes == BN_CHAIN_ID_BYTES ? "is not 64 digits of lower-case hex"
						   : "is not 32 digits of lower-case hex");
	return 0;
}

int bn_link_maybe_hex(const bn_link_reader *r, const json_t *object, const char *where,
	const char *name, uint8_t out[BN_CHAIN_ID_BYTES], bool *has)
{
	*has = json_object_get(object, name) != NULL;
	return *has ? bn_link_hex(r, object, where, name, out, BN_CHAIN_ID_BYTES) : 0;
}

static bool is_plain(const char *text, size_t most)
{
	size_t n = strlen(text);
	if (n < 1 || n > most)
		return false;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		size_t used = bn_utf8_decode(text + i, n - i, &c);
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
		i += used ? used : 1;
	}
	return bn_utf8_is_valid(text, n);
}

static int text_keep(const bn_link_reader *r, const char *text, const char **out)
{
	*out = bn_arena_strdup(r->arena, text);
	return *out ? 0 : no_memory(r);
}

int bn_link_text(const bn_link_reader *r, const json_t *object, const char *where, const char *name,
	const char **out)
{
	const char *text = json_string_value(json_object_get(object, name));
	if (!text || !is_plain(text, BN_LINK_TEXT_MAX))
		return bn_link_bad(r, where, name,
			"is not a text of 1 to 256 bytes without control characters");
	return text_keep(r, text, out);
}

int bn_link_writer(const bn_link_reader *r, const char *where, const char *name, const char **out)
{
	if (!is_plain(name, BN_WRITER_NAME_MAX) || strchr(name, '/'))
		return bn_link_bad(r, where, name, "is not the name of a writer");
	return text_keep(r, name, out);
}

int bn_link_int(const bn_link_reader *r, const json_t *object, const char *where, const char *name,
	int64_t low, int64_t high, int64_t *out)
{
	const json_t *v = json_object_get(object, name);
	*out = json_integer_value(v);
	if (!json_is_integer(v) || *out < low || *out > high)
		return bn_err_set(r->err, BN_EINVAL,
			"%s: '%s%s' is not a whole number from %lld to %lld", r->what, where, name,
			(long long)low, (long long)high);
	return 0;
}

int bn_link_object(const bn_link_reader *r, const json_t *object, const char *where,
	const char *name, json_t **out)
{
	*out = json_object_get(object, name);
	if (!json_is_object(*out) || json_object_size(*out) > BN_LINK_MANY_MAX)
		return bn_link_bad(r, where, name, "is not an object of at most 100000 members");
	return 0;
}

int bn_link_array(
	const bn_link_reader *r, const json_t *object, const char *name, size_t most, json_t **out)
{
	*out = json_object_get(object, name);
	if (!json_is_array(*out))
		return bn_link_bad(r, "", name, "is not a list");
	if (json_array_size(*out) > most)
		return bn_err_set(r->err, BN_EINVAL, "%s: '%s' has more than %zu entries", r->what,
			name, most);
	return 0;
}

/* ---- policy and horizon --------------------------------------------------------------------- */

static int signers_read(const bn_link_reader *r, const json_t *policy, uint32_t *signers)
{
	const json_t *links = json_object_get(policy, "links");
	int64_t n = 1;
	int rc;
	*signers = 1;
	if (!links)
		return 0;
	if (!json_is_object(links))
		return bn_link_bad(r, "policy.", "links", "is not an object");
	if ((rc = bn_link_refuse_other(r, links, (const char *const[]){"signers", NULL})) < 0)
		return rc;
	if (json_object_get(links, "signers") &&
		(rc = bn_link_int(
			 r, links, "policy.links.", "signers", 1, BN_CHAIN_ADMINS_MAX, &n)) < 0)
		return rc;
	*signers = (uint32_t)n;
	return 0;
}

int bn_link_policy(
	const bn_link_reader *r, const json_t *object, uint32_t *signers, const char **text)
{
	bn_buf b = BN_BUF_INIT;
	json_t *policy;
	int rc;
	if ((rc = bn_link_object(r, object, "", "policy", &policy)) < 0)
		goto out;
	if ((rc = signers_read(r, policy, signers)) < 0)
		goto out;
	if (r->check && (rc = r->check(policy, r->err)) < 0)
		goto out;
	if ((rc = bn_json_canonical(policy, &b, r->err)) < 0)
		goto out;
	rc = text_keep(r, b.ptr, text);
out:
	bn_buf_release(&b);
	return rc;
}

static int head_read(
	const bn_link_reader *r, const char *writer, const json_t *value, bn_chain_head *head)
{
	const json_t *seq = json_array_get(value, 0);
	const char *hash = json_string_value(json_array_get(value, 1));
	int rc;
	if ((rc = bn_link_writer(r, "horizon.", writer, &head->writer)) < 0)
		return rc;
	if (json_array_size(value) != 2 || !json_is_integer(seq) || json_integer_value(seq) < 1 ||
		!hash)
		return bn_link_bad(r, "horizon.", writer, "is not [sequence number, chain hash]");
	head->seq = (uint64_t)json_integer_value(seq);
	return bn_link_hex_text(r, "horizon.", hash, head->after, BN_CHAIN_ID_BYTES);
}

int bn_link_heads(const bn_link_reader *r, const json_t *object, const char *name,
	const bn_chain_head **out, size_t *n)
{
	json_t *heads, *value;
	const char *writer;
	int rc;
	*n = 0;
	if ((rc = bn_link_object(r, object, "", name, &heads)) < 0)
		return rc;
	bn_chain_head *all = bn_arena_alloc(r->arena, (json_object_size(heads) + 1) * sizeof *all);
	if (!all)
		return no_memory(r);
	json_object_foreach(heads, writer, value)
	{
		if ((rc = head_read(r, writer, value, &all[*n])) < 0)
			return rc;
		++*n;
	}
	*out = all;
	return 0;
}

/* ---- encoding ------------------------------------------------------------------------------- */

json_t *bn_link_hex_json(const uint8_t *bytes, size_t n)
{
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	bn_hex(bytes, n, hex);
	return json_string(hex);
}

json_t *bn_link_policy_json(const char *text)
{
	json_t *policy = NULL;
	return bn_json_parse(&policy, text, strlen(text), "policy", NULL) < 0 ? NULL : policy;
}

json_t *bn_link_heads_json(const bn_chain_head *heads, size_t n)
{
	json_t *all = json_object();
	for (size_t i = 0; all && i < n; i++) {
		bool is_twice = json_object_get(all, heads[i].writer) != NULL;
		json_t *head = json_pack("[I, o]", (json_int_t)heads[i].seq,
			bn_link_hex_json(heads[i].after, BN_CHAIN_ID_BYTES));
		if (json_object_set_new(all, heads[i].writer, head) != 0 || is_twice) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

int bn_link_write(bn_buf *out, json_t *object, const char *what, bn_err *err)
{
	int rc =
		object ? bn_json_canonical(object, out, err)
		       : bn_err_set(err, BN_EINVAL,
				 "%s: a text that is not UTF-8, a duplicate name, or no memory",
				 what);
	json_decref(object);
	return rc;
}
