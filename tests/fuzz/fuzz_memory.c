/* Any bytes as a file of trust memory, and as its body: refused with a message, or content that reads back to the same
 * text and is unchanged when merged with itself. */
#include "core/govern/_host_files.h"
#include "core/govern/_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ID "0f8b1c2d-0000-8000-8000-00000000000a"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void format(bn_buf *out, const bn_memory_content *c)
{
	bn_buf_clear(out);
	bn_memory_content_format(out, c, ID);
}

static void body(const char *text, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_memory_content c, parts[2], merged = {.texts = BN_ARENA_INIT};
	bn_buf once = BN_BUF_INIT, twice = BN_BUF_INIT;
	if (bn_memory_content_parse(&c, ID, text, n, &err) < 0) {
		if (!err.msg[0])
			abort();
		bn_memory_content_release(&c);
		return;
	}
	format(&once, &c);
	for (int i = 0; i < 2; i++)
		if (bn_memory_content_parse(&parts[i], ID, once.ptr, once.len, &err) < 0)
			abort();
	format(&twice, &parts[0]);
	if (once.len != twice.len || memcmp(once.ptr, twice.ptr, once.len))
		abort();
	if (bn_memory_content_merge(&merged, parts, 2, &err) < 0 || merged.n_links != c.n_links ||
		merged.n_heads != c.n_heads || merged.generation != c.generation ||
		!merged.first.by != !c.first.by)
		abort();
	bn_memory_content_release(&merged);
	bn_memory_content_release(&parts[0]);
	bn_memory_content_release(&parts[1]);
	bn_memory_content_release(&c);
	bn_buf_release(&once);
	bn_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *at;
	bn_err err = BN_ERR_INIT;
	bn_buf whole = BN_BUF_INIT;
	size_t n;
	if (bn_host_file_check(&at, &n, "memory", text, size, &err) < 0 && !err.msg[0])
		abort();
	bn_buf_adds(&whole, "binnacle memory 1\n");
	bn_buf_add(&whole, text, size);
	if (size && text[size - 1] == '\n') { /* a correct hash: the parser is reached */
		bn_host_file_finish(&whole);
		if (bn_host_file_check(&at, &n, "memory", whole.ptr, whole.len, NULL) == 0)
			body(at, n);
	}
	body(text, size);
	bn_buf_release(&whole);
	return 0;
}
