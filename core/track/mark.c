/*
 * mark.c - the position of a row in a list as text: its sort values, creation time and id. Words
 * with spaces between: "CREATED ID VALUE...", a value being "-" absent, "n" and the 16 hex digits of
 * a double, or "t" and the hex digits of a text.
 */
#include "core/track/_list.h"

#include "core/base/hash.h"
#include "core/base/str.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bn_mark_write(bn_buf *out, const bn_run_list *l, size_t position, int64_t created_ms,
	const char *id, bn_err *err)
{
	char hex[3];
	bn_buf_addf(out, "%" PRId64 " %s", created_ms, id);
	for (size_t i = 0; i < l->key_count; i++) {
		const bn_sort_key *k = &l->keys[i];
		uint64_t bits;
		if (k->is_text ? !k->text[position] : isnan(k->number[position])) {
			bn_buf_adds(out, " -");
		} else if (k->is_text) {
			bn_buf_adds(out, " t");
			for (const char *s = k->text[position]; *s; s++) {
				bn_hex((const uint8_t *)s, 1, hex);
				bn_buf_add(out, hex, 2);
			}
		} else {
			memcpy(&bits, &k->number[position], sizeof bits);
			bn_buf_addf(out, " n%016" PRIx64, bits);
		}
	}
	return bn_buf_check(out, err, "a page of runs");
}

void bn_mark_release(bn_mark *m)
{
	for (size_t i = 0; i < m->count; i++)
		bn_free(m->text[i]);
	m->count = 0;
}

/* One value of the mark; false if malformed. */
static bool read_value(bn_mark *m, const bn_sort_key *k, const char *word)
{
	size_t i = m->count++, n = strlen(word);
	m->number[i] = (double)NAN;
	m->text[i] = NULL;
	if (!strcmp(word, "-"))
		return true;
	if (k->is_text) {
		size_t bytes = (n - 1) / 2;
		m->text[i] = bn_alloc_zeroed(bytes + 1, 1);
		return word[0] == 't' && n % 2 == 1 && m->text[i] &&
		       bn_unhex(word + 1, bytes, (uint8_t *)m->text[i]) == 0;
	}
	uint8_t bytes[8];
	uint64_t bits = 0;
	if (word[0] != 'n' || bn_unhex(word + 1, sizeof bytes, bytes) != 0)
		return false;
	for (size_t b = 0; b < sizeof bytes; b++)
		bits = bits << 8 | bytes[b];
	memcpy(&m->number[i], &bits, sizeof bits);
	return true;
}

int bn_mark_read(bn_mark *out, const bn_run_list *l, const char *text, bn_err *err)
{
	*out = (bn_mark){.count = 0};
	char *copy = bn_strdup(text), *rest = copy, *end;
	if (!copy)
		return bn_err_nomem(err, "a query");
	const char *created = strsep(&rest, " "), *id = rest ? strsep(&rest, " ") : NULL;
	out->created_ms = strtoll(created, &end, 10);
	bool fine = *created && !*end && id && strlen(id) == BN_RUN_ID_TEXT - 1 && bn_is_hex(id);
	if (fine)
		memcpy(out->id, id, BN_RUN_ID_TEXT);
	while (fine && out->count < l->key_count)
		fine = rest && read_value(out, &l->keys[out->count], strsep(&rest, " "));
	fine = fine && !rest;
	bn_free(copy);
	if (fine)
		return 0;
	bn_mark_release(out);
	return bn_err_set(err, BN_EINVAL, "this mark does not belong to a list with this order");
}
