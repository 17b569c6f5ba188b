/* command.c - see command.h. */
#include "tui/ui/command.h"

#include "core/base/str.h"
#include "tui/ui/key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const bn_command command_table[BN_CMD_COUNT] = {
#define X(id, name, keys, flags, views, help) {name, keys, help, flags, views},
	BN_COMMANDS(X)
#undef X
};

const bn_command *bn_command_get(bn_command_id id)
{
	return &command_table[id];
}

bn_word_kind bn_command_word(bn_command_id id, int i)
{
	int last = bn_command_words(id) - 1;
	i = i < last ? i : last;
	return i < 0 ? BN_WORD_NONE : (bn_word_kind)(command_table[id].flags >> (8 + 8 * i) & 0xff);
}

int bn_command_words(bn_command_id id)
{
	unsigned flags = command_table[id].flags;
	if (!(flags & BN_CMD_ARGUMENT))
		return 0;
	return flags >> 16 & 0xff ? 2 : 1;
}

/* The next word of a list of keys; length 0 at the end. */
static size_t keys_next(const char **at, const char **word)
{
	*word = *at + strspn(*at, " ");
	size_t n = strcspn(*word, " ");
	*at = *word + n;
	return n;
}

bn_command_id bn_command_for_key(int key, bn_view_set view)
{
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		const char *at = command_table[i].keys, *word;
		if (!(command_table[i].views & view))
			continue;
		for (size_t n = keys_next(&at, &word); n; n = keys_next(&at, &word))
			if (bn_key_from_name(word, n) == key)
				return (bn_command_id)i;
	}
	return BN_CMD_NONE;
}

bn_command_id bn_command_for_name(const char *name, size_t n, bn_view_set view)
{
	bn_command_id found = BN_CMD_NONE;
	int matches = 0;
	for (int i = 0; n && i < BN_CMD_COUNT; i++) {
		const bn_command *c = &command_table[i];
		if (strlen(c->name) < n || memcmp(c->name, name, n) != 0)
			continue;
		if (c->name[n] == '\0')
			return (bn_command_id)i;
		if (c->views & view) {
			found = (bn_command_id)i;
			matches++;
		}
	}
	return matches == 1 ? found : BN_CMD_NONE;
}

void bn_command_where(bn_command_id id, bn_buf *out)
{
	static const char *const screens[BN_SCREEN_COUNT] = {
#define X(id, title, is_list, bar) title,
		BN_VIEWS(X)
#undef X
	};
	const char *between = "";
	if (__builtin_popcountll(command_table[id].views) > 4)
		return;
	for (int i = 0; i < BN_SCREEN_COUNT; i++) {
		if (!(command_table[id].views & UINT64_C(1) << i))
			continue;
		bn_buf_addf(out, "%s%s", between, screens[i]);
		between = ", ";
	}
}

void bn_command_near(const char *name, size_t n, bn_buf *out)
{
	const char *names[BN_CMD_COUNT + 1] = {NULL}, *near;
	char word[64];
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		names[i] = command_table[i].name;
		if (n && strncmp(names[i], name, n) == 0)
			bn_buf_addf(out, "%s:%s", out->len ? ", " : "", names[i]);
	}
	snprintf(word, sizeof word, "%.*s", (int)n, name);
	if (!out->len && (near = bn_nearest_word(word, names)))
		bn_buf_addf(out, ":%s", near);
}

bool bn_command_bar(bn_view_set view, int i, char key[16], char label[32])
{
	static const char *const bars[BN_SCREEN_COUNT] = {
#define X(id, title, is_list, bar) bar,
		BN_VIEWS(X)
#undef X
	};
	const char *at = view ? bars[__builtin_ctzll(view)] : "", *word;
	size_t n = keys_next(&at, &word);
	for (; n && i > 0; i--)
		n = keys_next(&at, &word);
	if (!n)
		return false;
	const char *colon = memchr(word + 1, ':', n - 1); /* the first word may be a key */
	snprintf(key, 16, "%.*s", (int)(colon - word), word);
	snprintf(label, 32, "%.*s", (int)(word + n - colon - 1), colon + 1);
	return true;
}

bool bn_command_first_key(bn_command_id id, char out[16])
{
	const char *at = command_table[id].keys, *word;
	size_t n = keys_next(&at, &word);
	snprintf(out, 16, "%.*s", (int)n, word);
	return n > 0;
}

static bool text_has_word(const char *text, const char *word, size_t n)
{
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

bool bn_command_matches(bn_command_id id, const char *query)
{
	const bn_command *c = &command_table[id];
	const char *word;
	for (size_t n = keys_next(&query, &word); n; n = keys_next(&query, &word)) {
		const char *at = c->keys, *key;
		bool hit = text_has_word(c->name, word, n) || text_has_word(c->help, word, n);
		for (size_t k = keys_next(&at, &key); k && !hit; k = keys_next(&at, &key))
			hit = k == n && memcmp(key, word, n) == 0;
		if (!hit)
			return false;
	}
	return true;
}

void bn_command_write_man(bn_buf *out)
{
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		const bn_command *c = &command_table[i];
		bn_buf_addf(out, ".TP\n.B :%s", c->name);
		const char *at = c->keys, *word;
		for (size_t n = keys_next(&at, &word); n; n = keys_next(&at, &word)) {
			bn_buf_adds(out, word == c->keys ? "\\fR  key \\fB" : "\\fR, \\fB");
			for (size_t k = 0; k < n; k++)
				bn_buf_addf(out, word[k] == '^' ? "\\(ha" : "%c", word[k]);
		}
		bn_buf_addf(out, "\n%s.\n", c->help);
	}
}
