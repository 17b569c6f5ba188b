/*
 * shell_word.h - quotes words of displayed command lines, so that they can be pasted into a shell.
 */
#ifndef BN_TUI_UI_SHELL_WORD_H
#define BN_TUI_UI_SHELL_WORD_H
#include "core/base/buf.h"

/* Appends the word, quoted if a POSIX shell would otherwise change it. */
void bn_shell_word_add(bn_buf *out, const char *word);
/* Appends " --option=word"; nothing for a NULL or empty word. */
void bn_shell_option_add(bn_buf *out, const char *option, const char *word);

#endif
