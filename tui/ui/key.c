/* key.c - see key.h. */
#include "tui/ui/key.h"

#include "core/base/str.h"
#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct key_word {
	int key;
	const char *name;
} key_words[] = {
#define X(id, name) {BN_KEY_##id, name},
	BN_KEYS(X)
#undef X
		{BN_KEY_TAB, "Tab"},
	{BN_KEY_ENTER, "Enter"}, {BN_KEY_ESC, "Esc"}, {' ', "Space"}};

int bn_key_from_name(const char *name, size_t n)
{
	uint32_t cp;
	if (n == 0)
		return BN_KEY_NONE;
	if (n == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
		return BN_KEY_CTRL(name[1]);
	for (size_t i = 0; i < sizeof key_words / sizeof *key_words; i++)
		if (bn_str_is(key_words[i].name, name, n))
			return key_words[i].key;
	if (bn_utf8_decode(name, n, &cp) == n && cp != BN_UTF8_BAD && cp > 0x20)
		return (int)cp;
	return BN_KEY_NONE;
}

void bn_key_name(int key, char out[16])
{
	for (size_t i = 0; i < sizeof key_words / sizeof *key_words; i++) {
		if (key_words[i].key == key) {
			snprintf(out, 16, "%s", key_words[i].name);
			return;
		}
	}
	if (key > 0 && key < 0x20)
		snprintf(out, 16, "^%c", key + '@');
	else
		out[bn_utf8_encode((uint32_t)key, out)] = '\0';
}
