/* shell_word.c - see shell_word.h. */
#include "tui/ui/shell_word.h"

#include <string.h>

void bn_shell_word_add(bn_buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./,:=@%+-";
	if (*word && !word[strspn(word, plain)]) {
		bn_buf_adds(out, word);
		return;
	}
	bn_buf_addch(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			bn_buf_adds(out, "'\\'");
		bn_buf_addch(out, *word);
	}
	bn_buf_addch(out, '\'');
}

void bn_shell_option_add(bn_buf *out, const char *option, const char *word)
{
	if (!word || !*word)
		return;
	bn_buf_addf(out, " --%s=", option);
	bn_shell_word_add(out, word);
}
