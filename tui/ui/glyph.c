/* glyph.c - see glyph.h. */
#include "tui/ui/glyph.h"

#include "core/base/utf8.h"

static const uint32_t glyph_table[BN_GLYPH_COUNT][3] = {
#define X(id, ascii, block, braille) [BN_GLYPH_##id] = {ascii, block, braille},
	BN_GLYPHS(X)
#undef X
};

uint32_t bn_glyph(bn_alphabet alphabet, bn_glyph_id id)
{
	return glyph_table[id][alphabet];
}

const char *bn_glyph_text(char out[8], bn_alphabet alphabet, bn_glyph_id id)
{
	out[bn_utf8_encode(bn_glyph(alphabet, id), out)] = '\0';
	return out;
}

uint32_t bn_glyph_level(bn_alphabet alphabet, int level)
{
	static const char ascii[9] = {' ', '_', '.', ':', '-', '=', '+', '*', '#'};
	static const uint32_t block[9] = {
		' ', '_', 0x2591, 0x2591, 0x2592, 0x2592, 0x2593, 0x2593, 0x2588};
	level = level < 0 ? 0 : level > 8 ? 8 : level;
	if (alphabet == BN_ALPHABET_ASCII)
		return (uint32_t)ascii[level];
	if (alphabet == BN_ALPHABET_BLOCK)
		return block[level];
	return level ? 0x2580 + (uint32_t)level : ' ';
}

uint32_t bn_glyph_series(bn_alphabet alphabet, int series)
{
	static const char ascii[6] = {'*', 'o', '+', 'x', '#', '@'};
	static const uint32_t block[6] = {0x2022, 'o', '+', 'x', 0x25a0, '@'};
	static const uint32_t full[6] = {0x25cf, 0x25cb, 0x25b2, 0x25a1, 0x25c6, 0x00d7};
	series = series < 0 ? 0 : series % 6;
	return alphabet == BN_ALPHABET_ASCII   ? (uint32_t)ascii[series]
	       : alphabet == BN_ALPHABET_BLOCK ? block[series]
					       : full[series];
}

const char *bn_alphabet_name(bn_alphabet alphabet)
{
	static const char *const names[] = {"ascii", "block", "braille"};
	return names[alphabet];
}
