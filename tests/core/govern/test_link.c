/* test_link.c - the encoding of authority records: one text for each meaning, and nothing is guessed. */
#include "core/base/hash.h"
#include "core/govern/link.h"
#include "tests/support/check_main.h"

#include <string.h>

#define K "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define L "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define N16 "000102030405060708090a0b0c0d0e0f"

#define LINK_TAIL ",\"horizon\":{},\"n\":1,\"prev\":\"" K "\"}"
#define LINK(changes) "{\"changes\":[" changes "]" LINK_TAIL
#define FULL \
	"{\"changes\":[{\"policy\":{\"links\":{\"signers\":2}}}," \
	"{\"person\":{\"key\":\"" K "\",\"name\":\"Zo\xc3\xab\",\"request\":\"" L "\"}}," \
	"{\"key\":{\"key\":\"" L "\",\"person\":\"" K "\"}}," \
	"{\"role\":{\"grant\":true,\"person\":\"" K "\",\"role\":\"admin\"}}," \
	"{\"revoke\":{\"key\":\"" L "\"}},{\"remove\":{\"person\":\"" K "\"}}," \
	"{\"restored\":{\"why\":\"disk lost\"}}],\"cuts\":{\"" L \
	"\":{\"a@h-1-0\":0,\"b@h-1-0\":7}},\"horizon\":{\"a@h-1-0\":[9223372036854775807,\"" K \
	"\"]},\"n\":4294967294,\"prev\":\"" K "\",\"void\":[\"" L "\",\"" K "\"]}"
#define FOUNDED \
	"{\"founder\":{\"key\":\"" K "\",\"name\":\"alice\"},\"host\":\"h1\",\"nonce\":\"" N16 \
	"\",\"policy\":{\"approvals\":2},\"recovery\":\"" L \
	"\",\"uid\":1000,\"upgrade\":{\"closes\":" \
	"{\"w\":[3,\"" L "\"]}},\"user\":\"alice\"}"

static bn_arena arena;

static int decode(const bn_link **out, const char *text, bn_err *err)
{
	bn_err_clear(err);
	return bn_link_decode(out, &arena, 1, text, strlen(text), NULL, err);
}

START_TEST(test_a_link_of_all_kinds_of_changes_is_read_and_written_to_the_same_bytes)
{
	bn_err err = BN_ERR_INIT;
	const bn_link *l;
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(decode(&l, FULL, &err), &err);
	ck_assert(!l->is_newer);
	ck_assert_uint_eq(l->n, 4294967294u);
	ck_assert_uint_eq(l->n_changes, 7);
	ck_assert_int_eq(l->changes[0].kind, BN_CHANGE_POLICY);
	ck_assert_uint_eq(l->changes[0].signers, 2);
	ck_assert_str_eq(l->changes[0].policy, "{\"links\":{\"signers\":2}}");
	ck_assert_str_eq(l->changes[1].text, "Zo\xc3\xab");
	ck_assert(l->changes[1].has_request && l->changes[1].request[0] == 0x11);
	ck_assert(!l->changes[2].has_request && l->changes[2].key[0] == 0x11);
	ck_assert(l->changes[3].grant && l->changes[3].role == BN_ROLE_ADMIN);
	ck_assert_int_eq(l->changes[6].kind, BN_CHANGE_RESTORED);
	ck_assert_uint_eq(l->n_horizon, 1);
	ck_assert_uint_eq(l->horizon[0].seq, INT64_MAX);
	ck_assert_uint_eq(l->n_cuts, 2);
	ck_assert_str_eq(l->cuts[1].writer, "b@h-1-0");
	ck_assert_uint_eq(l->cuts[1].seq, 7);
	ck_assert_uint_eq(l->n_voids, 2);
	ck_assert_bn_ok(bn_link_encode(&b, l, &err), &err);
	ck_assert_str_eq(b.ptr, FULL);
	bn_buf_release(&b);
	bn_arena_release(&arena);
}
END_TEST

START_TEST(test_what_is_not_the_canonical_text_of_a_link_is_refused_with_words)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{"", "authority.link"},
		{"[]", "is not an object"},
		{"{}", "'n' is not a whole number"},
		{LINK("") " ", "is not in canonical form"},
		{" " LINK(""), "is not in canonical form"},
		{"{\"horizon\":{},\"changes\":[],\"n\":1,\"prev\":\"" K "\"}", "canonical"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"n\":1,\"prev\":\"" K "\"}", "duplicate"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1.0,\"prev\":\"" K "\"}", "n"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1e0,\"prev\":\"" K "\"}", "n"},
		{"{\"changes\":[],\"horizon\":{},\"n\":0,\"prev\":\"" K "\"}",
			"'n' is not a whole number"},
		{"{\"changes\":[],\"horizon\":{},\"n\":4294967295,\"prev\":\"" K "\"}", "'n'"},
		{"{\"changes\":[],\"horizon\":{},\"n\":9223372036854775808,\"prev\":\"" K "\"}",
			"big"},
		{"{\"changes\":[],\"horizon\":{},\"n\":true,\"prev\":\"" K "\"}", "'n'"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":\"0" K "\"}", "'prev'"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":\"" N16 "\"}", "'prev'"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":"
		 "\"0123456789ABCDEF0123456789abcdef"
		 "0123456789abcdef0123456789abcdef\"}",
			"'prev' is not 64 digits of lower-case hex"},
		{"{\"changes\":[],\"n\":1,\"prev\":\"" K "\"}", "'horizon'"},
		{"{\"horizon\":{},\"n\":1,\"prev\":\"" K "\"}", "'changes' is not a list"},
		{LINK("{}"), "not an object with one change"},
		{LINK("1"), "not an object with one change"},
		{LINK("{\"remove\":{\"person\":\"" K "\"},\"revoke\":{\"key\":\"" K "\"}}"),
			"not an object with one change"},
		{LINK("{\"policy\":1}"), "'policy' is not an object"},
		{LINK("{\"policy\":{\"links\":1}}"), "'policy.links' is not an object"},
		{LINK("{\"policy\":{\"links\":{\"signers\":0}}}"), "policy.links.signers"},
		{LINK("{\"policy\":{\"links\":{\"signers\":65}}}"), "1 to 64"},
		{LINK("{\"policy\":{\"links\":{\"signers\":\"2\"}}}"), "policy.links.signers"},
		{LINK("{\"person\":{\"key\":\"" K "\"}}"), "person.name"},
		{LINK("{\"person\":{\"key\":\"" K "\",\"name\":\"\"}}"), "person.name"},
		{LINK("{\"person\":{\"key\":\"" K "\",\"name\":\"a\\nb\"}}"), "control characters"},
		{LINK("{\"person\":{\"key\":\"" K "\",\"name\":\"a\xc2\x9b"
		      "b\"}}"),
			"control"},
		{LINK("{\"person\":{\"key\":\"" K "\",\"name\":\"a\\u0000b\"}}"), "authority.link"},
		{LINK("{\"person\":{\"key\":\"" K "\",\"name\":\"\\ud800\"}}"), "authority.link"},
		{LINK("{\"person\":{\"key\":\"" K "\",\"name\":\"\xff\"}}"), "authority.link"},
		{LINK("{\"person\":{\"key\":7,\"name\":\"a\"}}"), "person.key"},
		{LINK("{\"role\":{\"grant\":1,\"person\":\"" K "\",\"role\":\"admin\"}}"), "grant"},
		{LINK("{\"role\":{\"grant\":true,\"person\":\"" K "\"}}"), "is not a role"},
		{LINK("{\"restored\":{\"why\":3}}"), "restored.why"},
		{"{\"changes\":[],\"horizon\":{\"w\":[0,\"" K "\"]},\"n\":1,\"prev\":\"" K "\"}",
			"'horizon.w' is not [sequence number, chain hash]"},
		{"{\"changes\":[],\"horizon\":{\"w\":[-1,\"" K "\"]},\"n\":1,\"prev\":\"" K "\"}",
			"horizon.w"},
		{"{\"changes\":[],\"horizon\":{\"w\":[1]},\"n\":1,\"prev\":\"" K "\"}",
			"horizon.w"},
		{"{\"changes\":[],\"horizon\":{\"w\":[1,\"" K "\",1]},\"n\":1,\"prev\":\"" K "\"}",
			"horizon.w"},
		{"{\"changes\":[],\"horizon\":{\"w/v\":[1,\"" K "\"]},\"n\":1,\"prev\":\"" K "\"}",
			"is not the name of a writer"},
		{"{\"changes\":[],\"horizon\":{\"\":[1,\"" K "\"]},\"n\":1,\"prev\":\"" K "\"}",
			"is not the name of a writer"},
		{"{\"changes\":[],\"cuts\":{},\"horizon\":{},\"n\":1,\"prev\":\"" K "\"}",
			"'cuts'"},
		{"{\"changes\":[],\"cuts\":{\"" K "\":{}},\"horizon\":{},\"n\":1,\"prev\":\"" K
		 "\"}",
			"'cuts'"},
		{"{\"changes\":[],\"cuts\":{\"AB\":{\"w\":1}},\"horizon\":{},\"n\":1,\"prev\":\"" K
		 "\"}",
			"cuts.AB"},
		{"{\"changes\":[],\"cuts\":{\"" K
		 "\":{\"w\":-1}},\"horizon\":{},\"n\":1,\"prev\":\"" K "\"}",
			"cuts.w"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":\"" K "\",\"void\":[]}",
			"is empty"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":\"" K "\",\"void\":[\"" K
		 "\",\"" K "\"]}",
			"names an id twice"},
		{"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":\"" K "\",\"void\":[1]}", "void"},
	};
	bn_err err = BN_ERR_INIT;
	const bn_link *l;
	ck_assert_bn_ok(decode(&l, LINK(""), &err), &err);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(decode(&l, rows[i].text, &err) == BN_EINVAL, "row %zu: %s", i,
			rows[i].text);
		ck_assert_msg(strstr(err.msg, rows[i].part) != NULL, "row %zu: %s", i, err.msg);
	}
	bn_arena_release(&arena);
}
END_TEST

static int knows_approvals_alone(const json_t *document, bn_err *err)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)document, name, value)
	{
		if (strcmp(name, "approvals") != 0)
			return bn_err_set(err, BN_EUNSUPPORTED, "no '%s'", name);
		if (!json_is_integer(value))
			return bn_err_set(err, BN_EINVAL, "approvals is no number");
	}
	return 0;
}

START_TEST(test_what_a_newer_binnacle_says_is_never_guessed_at)
{
	static const char *const newer[] = {
		LINK("{\"policy\":{\"links\":{\"quorum\":2}}}"),
		LINK("{\"person\":{\"expires\":5,\"key\":\"" K "\",\"name\":\"a\"}}"),
		LINK("{\"pause\":{}}"),
		LINK("{\"pause\":{}},1"),
		LINK("{\"revoke\":{\"because\":\"x\",\"key\":\"AB\"}}"),
		LINK("{\"role\":{\"grant\":true,\"person\":\"" K "\",\"role\":\"auditor\"}}"),
		"{\"changes\":[],\"horizon\":{},\"n\":1,\"prev\":\"" K "\",\"witness\":1}",
		"{\"changes\":7,\"n\":1,\"prev\":\"" K "\",\"witness\":1}",
	};
	bn_err err = BN_ERR_INIT;
	const bn_link *l;
	for (size_t i = 0; i < sizeof newer / sizeof *newer; i++) {
		ck_assert_bn_ok(decode(&l, newer[i], &err), &err);
		ck_assert_msg(l->is_newer && l->n == 1 && l->prev[1] == 0x23, "%s", newer[i]);
	}
	ck_assert_bn_ok(
		bn_link_decode(&l, &arena, 2, LINK(""), strlen(LINK("")), NULL, &err), &err);
	ck_assert(l->is_newer);
	const char *text = LINK("{\"policy\":{\"recheck\":true}}");
	ck_assert_bn_ok(decode(&l, text, &err), &err);
	ck_assert(!l->is_newer);
	ck_assert_bn_ok(
		bn_link_decode(&l, &arena, 1, text, strlen(text), knows_approvals_alone, &err),
		&err);
	ck_assert(l->is_newer);
	text = LINK("{\"policy\":{\"approvals\":\"2\"}}");
	ck_assert_int_eq(
		bn_link_decode(&l, &arena, 1, text, strlen(text), knows_approvals_alone, &err),
		BN_EINVAL);
	ck_assert_int_eq(err.code, BN_EINVAL);
	bn_arena_release(&arena);
}
END_TEST

START_TEST(test_a_newer_link_without_n_and_prev_is_no_link)
{
	bn_err err = BN_ERR_INIT;
	const bn_link *l;
	ck_assert_int_eq(decode(&l, "{\"n\":1,\"witness\":1}", &err), BN_EINVAL);
	ck_assert_int_eq(decode(&l, "{\"prev\":\"" K "\",\"witness\":1}", &err), BN_EINVAL);
	bn_arena_release(&arena);
}
END_TEST

START_TEST(test_more_changes_than_a_link_may_have_are_refused)
{
	bn_err err = BN_ERR_INIT;
	const bn_link *l;
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, "{\"changes\":[");
	for (int i = 0; i < BN_LINK_CHANGES_MAX + 1; i++)
		bn_buf_addf(&b, "%s{\"revoke\":{\"key\":\"" K "\"}}", i ? "," : "");
	bn_buf_adds(&b, "]" LINK_TAIL);
	ck_assert_int_eq(decode(&l, b.ptr, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 1000 entries"));
	bn_buf_release(&b);
	bn_arena_release(&arena);
}
END_TEST

START_TEST(test_the_encoder_writes_nothing_that_cannot_be_read)
{
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	bn_chain_head heads[2] = {{.writer = "w", .seq = 1}, {.writer = "w", .seq = 2}};
	bn_change c = {.kind = BN_CHANGE_PERSON, .text = "a\nb"};
	bn_link l = {.n = 1, .horizon = heads, .n_horizon = 2};
	bn_buf_adds(&b, "x");
	ck_assert_int_eq(bn_link_encode(&b, &l, &err), BN_EINVAL);
	ck_assert_str_eq(b.ptr, "x");
	bn_err_clear(&err);
	heads[0].seq = UINT64_MAX;
	l.n_horizon = 1;
	ck_assert_int_eq(bn_link_encode(&b, &l, &err), BN_EINVAL);
	ck_assert_str_eq(b.ptr, "x");
	bn_err_clear(&err);
	l = (bn_link){.n = 1, .changes = &c, .n_changes = 1};
	ck_assert_int_eq(bn_link_encode(&b, &l, &err), BN_EINVAL);
	bn_err_clear(&err);
	l = (bn_link){.n = 0};
	ck_assert_int_eq(bn_link_encode(&b, &l, &err), BN_EINVAL);
	ck_assert_str_eq(b.ptr, "x");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_the_founding_record_is_read_and_written_to_the_same_bytes)
{
	bn_err err = BN_ERR_INIT;
	const bn_founded *f;
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_founded_decode(&f, &arena, FOUNDED, strlen(FOUNDED), NULL, &err), &err);
	ck_assert_str_eq(f->name, "alice");
	ck_assert_int_eq(f->uid, 1000);
	ck_assert(f->has_recovery && f->is_upgrade);
	ck_assert_uint_eq(f->signers, 1);
	ck_assert_uint_eq(f->n_closes, 1);
	ck_assert_uint_eq(f->closes[0].seq, 3);
	ck_assert_str_eq(f->policy, "{\"approvals\":2}");
	ck_assert_bn_ok(bn_founded_encode(&b, f, &err), &err);
	ck_assert_str_eq(b.ptr, FOUNDED);
	bn_founded plain = *f;
	plain.has_recovery = plain.is_upgrade = false;
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_founded_encode(&b, &plain, &err), &err);
	ck_assert_ptr_null(strstr(b.ptr, "recovery"));
	ck_assert_bn_ok(bn_founded_decode(&f, &arena, b.ptr, b.len, NULL, &err), &err);
	ck_assert(!f->has_recovery && !f->is_upgrade && !f->n_closes);
	memcpy(plain.recovery, plain.founder, sizeof plain.founder);
	plain.has_recovery = true;
	bn_buf_clear(&b);
	ck_assert_int_eq(bn_founded_encode(&b, &plain, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "the founder's own key"));
	bn_buf_release(&b);
	bn_arena_release(&arena);
}
END_TEST

START_TEST(test_the_workspace_id_is_that_of_writer_and_payload)
{
	char id[BN_UUID_TEXT], other[BN_UUID_TEXT], made[BN_UUID_TEXT];
	const char *text = "binnacle workspace 2\na@h-1-0\n{}";
	uint8_t hash[BN_SHA256_BYTES];
	bn_founded_workspace_id(id, "a@h-1-0", "{}", 2);
	bn_sha256(text, strlen(text), hash);
	bn_uuid_of_hash(hash, made);
	ck_assert_str_eq(id, made);
	ck_assert_int_eq(id[14], '8');
	bn_founded_workspace_id(other, "b@h-1-0", "{}", 2);
	ck_assert_str_ne(id, other);
}
END_TEST

START_TEST(test_bots_requests_and_signatures_are_read_and_written_to_the_same_bytes)
{
	static const char bot[] =
		"{\"key\":\"" K "\",\"name\":\"nightly\",\"patterns\":"
		"[\"power-*\"],\"proof\":\"" K K "\",\"until\":0,\"verbs\":[\"run\",\"register\"]}";
	static const char request[] = "{\"host\":\"h1\",\"key\":\"" K
				      "\",\"name\":\"Bob\",\"uid\":1001,\"user\":\"bob\"}";
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	const bn_bot *t;
	const bn_key_request *q;
	uint8_t id[BN_CHAIN_ID_BYTES];
	ck_assert_bn_ok(bn_bot_decode(&t, &arena, bot, strlen(bot), &err), &err);
	ck_assert_str_eq(t->verbs[1], "register");
	ck_assert_ptr_null(t->verbs[2]);
	ck_assert(t->until_ms == 0 && t->proof[63]);
	ck_assert_bn_ok(bn_bot_encode(&b, t, &err), &err);
	ck_assert_str_eq(b.ptr, bot);
	bn_buf_clear(&b);
	static const char ending[] =
		"{\"horizon\":{\"bob@h1-0\":7,\"bob@h2-0\":0},\"key\":\"" K "\"}";
	const bn_bot_ending *e;
	ck_assert_bn_ok(bn_bot_ending_decode(&e, &arena, ending, strlen(ending), &err), &err);
	ck_assert_int_eq((int)e->n_horizon, 2);
	ck_assert_bn_ok(bn_bot_ending_encode(&b, e, &err), &err);
	ck_assert_str_eq(b.ptr, ending);
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_key_request_decode(&q, &arena, request, strlen(request), &err), &err);
	ck_assert_str_eq(q->user, "bob");
	ck_assert_bn_ok(bn_key_request_encode(&b, q, &err), &err);
	ck_assert_str_eq(b.ptr, request);
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_link_signed_encode(&b, q->key, &err), &err);
	ck_assert_str_eq(b.ptr, "{\"id\":\"" K "\"}");
	ck_assert_bn_ok(bn_link_signed_decode(id, b.ptr, b.len, &err), &err);
	ck_assert_mem_eq(id, q->key, sizeof id);
	bn_buf_release(&b);
	bn_arena_release(&arena);
}
END_TEST

#define FOUNDED_ODD \
	"{\"founder\":{\"key\":\"" K "\",\"name\":\"a\"},\"host\":\"h\",\"nonce\":\"" N16 \
	"\",\"policy\":{},\"quorum\":2,\"uid\":1,\"user\":\"a\"}"

START_TEST(test_other_records_of_a_newer_binnacle_are_unsupported)
{
	static const char bot[] =
		"{\"hosts\":[],\"key\":\"" K "\",\"name\":\"n\",\"patterns\":[],\"verbs\":[]}";
	static const char twice[] =
		"{\"key\":\"" K "\",\"name\":\"n\",\"patterns\":[],\"proof\":\"" K K "\",\"verbs\":"
		"[\"a\",\"a\"]}";
	static const char request[] = "{\"host\":\"h\",\"key\":\"" K
				      "\",\"name\":\"n\",\"ssh\":1,\"uid\":1,\"user\":\"u\"}";
	static const char sign[] = "{\"id\":\"" K "\",\"if\":1}";
	bn_err err = BN_ERR_INIT;
	const bn_bot *t;
	const bn_key_request *q;
	const bn_founded *f;
	uint8_t id[BN_CHAIN_ID_BYTES];
	ck_assert_int_eq(bn_bot_decode(&t, &arena, bot, strlen(bot), &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(
		strstr(err.msg, "made by a newer binnacle: 'hosts' is unknown to this one"));
	ck_assert_int_eq(bn_bot_decode(&t, &arena, twice, strlen(twice), NULL), BN_EINVAL);
	ck_assert_int_eq(
		bn_key_request_decode(&q, &arena, request, strlen(request), NULL), BN_EUNSUPPORTED);
	ck_assert_int_eq(bn_link_signed_decode(id, sign, strlen(sign), NULL), BN_EUNSUPPORTED);
	ck_assert_int_eq(
		bn_founded_decode(&f, &arena, FOUNDED_ODD, strlen(FOUNDED_ODD), NULL, NULL),
		BN_EUNSUPPORTED);
	bn_arena_release(&arena);
}
END_TEST

BN_TEST_MAIN("core/govern/link",
	test_a_link_of_all_kinds_of_changes_is_read_and_written_to_the_same_bytes,
	test_what_is_not_the_canonical_text_of_a_link_is_refused_with_words,
	test_what_a_newer_binnacle_says_is_never_guessed_at,
	test_a_newer_link_without_n_and_prev_is_no_link,
	test_more_changes_than_a_link_may_have_are_refused,
	test_the_encoder_writes_nothing_that_cannot_be_read,
	test_the_founding_record_is_read_and_written_to_the_same_bytes,
	test_the_workspace_id_is_that_of_writer_and_payload,
	test_bots_requests_and_signatures_are_read_and_written_to_the_same_bytes,
	test_other_records_of_a_newer_binnacle_are_unsupported)
