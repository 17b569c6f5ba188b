/*
 * Any bytes as text to be shown, in one piece and in two: no C0 except line feed and tab, no C1, no hidden characters, no
 * invalid UTF-8; the result is unchanged when converted again, and the same wherever the text is divided. Also any
 * bytes as a pattern of checks for any text: a result or an error, within its limits.
 */
#include "core/base/json_bytes.h"
#include "core/base/shown.h"
#include "core/base/utf8.h"
#include "core/check/pattern.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(const bn_buf *b, bn_shown_form form)
{
	size_t used;
	for (size_t i = 0; i < b->len; i += used) {
		uint32_t cp;
		used = bn_utf8_decode(b->ptr + i, b->len - i, &cp);
		bool kept = form == BN_SHOWN_LINES && (cp == '\n' || cp == '\t');
		if (!kept && !bn_utf8_is_shown(cp))
			abort();
	}
}

static void check_form(const char *s, size_t n, size_t cut, bn_shown_form form)
{
	bn_buf whole = BN_BUF_INIT, again = BN_BUF_INIT, pieces = BN_BUF_INIT;
	bn_shown state = {false, 0};
	bn_shown_add(&whole, s, n, form);
	check_shown(&whole, form);
	bn_shown_add(&again, whole.ptr ? whole.ptr : "", whole.len, form);
	if (again.len != whole.len || (whole.len && memcmp(again.ptr, whole.ptr, whole.len) != 0))
		abort();
	cut -= bn_utf8_tail(s, cut);
	if (cut > 0 && s[cut - 1] == '\r')
		cut--; /* whether a line feed follows is decided within a piece */
	bn_shown_add_piece(&pieces, &state, s, cut, form);
	bn_shown_add_piece(&pieces, &state, s + cut, n - cut, form);
	if (pieces.len != whole.len || (whole.len && memcmp(pieces.ptr, whole.ptr, whole.len) != 0))
		abort();
	bn_buf_release(&whole);
	bn_buf_release(&again);
	bn_buf_release(&pieces);
}

static void check_pattern(const char *s, size_t n, size_t cut)
{
	bn_err err = BN_ERR_INIT;
	bn_pattern *p = NULL;
	bool hit;
	char *pattern = malloc(cut + 1);
	if (!pattern)
		return;
	memcpy(pattern, s, cut);
	pattern[cut] = '\0';
	if (bn_pattern_compile(&p, pattern, &err) == 0)
		bn_pattern_matches(&hit, p, s + cut, n - cut, &err);
	bn_pattern_free(p);
	p = NULL;
	bn_err_clear(&err);
	if (bn_pattern_compile_like(&p, pattern, &err) == 0 &&
		bn_pattern_matches(&hit, p, s + cut, n - cut, &err) < 0 && n - cut < 1000)
		abort(); /* LIKE never reaches a limit */
	bn_pattern_free(p);
	free(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const char *s = (const char *)data + 1;
	size_t n = size - 1, cut = n ? data[0] * n / 255 : 0;
	for (int form = BN_SHOWN_LINE; form <= BN_SHOWN_TSV; form++)
		check_form(s, n, cut, (bn_shown_form)form);
	json_t *v = bn_json_lossy(s, n);
	if (!v)
		abort();
	json_decref(v);
	check_pattern(s, n, cut);
	return 0;
}
