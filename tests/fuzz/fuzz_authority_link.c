/* Any bytes as a record of authority: refused with a message, or written back to the same bytes; and as the second link
 * of a chain it has a standing with a message. */
#include "core/base/buf.h"
#include "core/govern/link.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const bn_buf *b, const uint8_t *data, size_t size)
{
	if (b->len != size || memcmp(b->ptr, data, size) != 0)
		abort();
}

static void chain_of(const bn_link *link)
{
	bn_chain_link links[2] = {{.id = {1}, .link = link}, {.id = {2}, .link = link}};
	bn_chain_input in = {.root = {.signers = 1}, .links = links, .count = 2};
	bn_chain *c = NULL;
	bn_buf words = BN_BUF_INIT;
	memcpy(in.root.id, link->prev, sizeof in.root.id);
	if (bn_chain_choose(&c, &in, NULL) != 0)
		abort();
	bn_chain_words(c, 0, &words);
	bn_chain_words(c, 1, &words);
	if (!words.len)
		abort();
	bn_buf_release(&words);
	bn_chain_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	const bn_link *link;
	const bn_founded *founded;
	const bn_bot *bot;
	const bn_bot_ending *ending;
	const bn_key_request *request;
	uint8_t id[BN_CHAIN_ID_BYTES];
	if (bn_link_decode(&link, &arena, 1, data, size, NULL, &err) == 0) {
		chain_of(link);
		if (!link->is_newer) {
			if (bn_link_encode(&b, link, NULL) != 0)
				abort();
			same(&b, data, size);
		}
	} else if (!err.msg[0]) {
		abort(); /* refused without a message */
	}
	bn_buf_clear(&b);
	if (bn_founded_decode(&founded, &arena, data, size, NULL, NULL) == 0) {
		if (bn_founded_encode(&b, founded, NULL) != 0)
			abort();
		same(&b, data, size);
	}
	bn_buf_clear(&b);
	if (bn_bot_decode(&bot, &arena, data, size, NULL) == 0) {
		if (bn_bot_encode(&b, bot, NULL) != 0)
			abort();
		same(&b, data, size);
	}
	bn_buf_clear(&b);
	if (bn_bot_ending_decode(&ending, &arena, data, size, NULL) == 0) {
		if (bn_bot_ending_encode(&b, ending, NULL) != 0)
			abort();
		same(&b, data, size);
	}
	bn_buf_clear(&b);
	if (bn_key_request_decode(&request, &arena, data, size, NULL) == 0) {
		if (bn_key_request_encode(&b, request, NULL) != 0)
			abort();
		same(&b, data, size);
	}
	bn_buf_clear(&b);
	if (bn_link_signed_decode(id, data, size, NULL) == 0) {
		if (bn_link_signed_encode(&b, id, NULL) != 0)
			abort();
		same(&b, data, size);
	}
	bn_buf_release(&b);
	bn_arena_release(&arena);
	return 0;
}
