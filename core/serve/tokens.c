/*
 * tokens.c - the accepted tokens, and the number of requests in progress for each.
 *
 * All tokens are compared completely, regardless of earlier results, so the time reveals only the length of
 * the input.
 */
#include "core/base/mem.h"
#include "core/serve/_server.h"

#include <string.h>

int bn_tokens_read(bn_tokens *t, const char *text, bn_err *err)
{
	size_t cap = 0;
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		if (n) {
			if (bn_grow(&t->items, &cap, t->count + 1, sizeof *t->items))
				return bn_err_nomem(err, "a token");
			bn_token *one = &t->items[t->count];
			atomic_init(&one->in_hand, 0);
			if (!(one->text = bn_strndup(text, n)))
				return bn_err_nomem(err, "a token");
			t->count++;
		}
		text += n + (text[n] == '\n');
	}
	return 0;
}

void bn_tokens_release(bn_tokens *t)
{
	for (size_t i = 0; i < t->count; i++)
		bn_free(t->items[i].text);
	bn_free(t->items);
	*t = (bn_tokens){0};
}

bn_token *bn_tokens_find(const bn_tokens *t, const bn_http_request *request)
{
	bn_token *found = NULL;
	for (size_t i = 0; i < t->count; i++)
		if (bn_http_has_bearer(request, t->items[i].text))
			found = &t->items[i];
	return found;
}

bool bn_token_take(bn_token *t, unsigned most)
{
	if (atomic_fetch_add(&t->in_hand, 1) < most)
		return true;
	atomic_fetch_sub(&t->in_hand, 1);
	return false;
}

void bn_token_give(bn_token *t)
{
	atomic_fetch_sub(&t->in_hand, 1);
}
