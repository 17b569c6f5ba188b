/*
 * Any bytes as a response left in a socket after sending failed (core/net/late.c), and as the text of a refusal:
 * bounded, one status, and a message of one line without control characters.
 */
#include "core/net/_client.h"

#include "core/base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s)
{
	for (size_t n = strlen(s), i = 0; i < n;) {
		uint32_t cp;
		i += bn_utf8_decode(s + i, n - i, &cp);
		/* A message is truncated to its size, perhaps within a character. */
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp == BN_UTF8_BAD && n < 250))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bn_http_client client;
	bn_http_call call = {.url = "http://h/"};
	bn_http_answer answer;
	bn_err err = BN_ERR_INIT;
	client.env = bn_env_real();
	bn_http_answer_init(&answer);
	bn_http_attempt a = {.client = &client,
		.call = &call,
		.answer = &answer,
		.method = "POST",
		.label = "http://h/",
		.late = BN_BUF_INIT};
	bn_buf_add(&a.late, data, size);
	bn_http_late_read(&a);
	if (a.status < 0 || a.head_bytes > size + 1 || answer.body.len > size)
		abort();
	if (a.head_done && (a.lengths > 1 || (a.lengths && a.encodings)))
		abort();
	answer.status = a.status;
	bn_buf_adds(&answer.place, "http://h/");
	if (bn_http_answer_check(&answer, &err) < 0) {
		check_text(err.msg);
		check_text(err.hint);
	}
	bn_http_answer_release(&answer);
	bn_http_attempt_release(&a);
	return 0;
}
