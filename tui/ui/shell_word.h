/*
 * shell_word.h - words of command lines that the workbench shows, to be pasted into a shell.
 */
#ifndef BN_TUI_UI_SHELL_WORD_H
#define BN_TUI_UI_SHELL_WORD_H
#include "core/base/buf.h"

/* Appends the word, in quotes where a POSIX shell would read it otherwise. */
void bn_shell_word_add(bn_buf *out, const char *word);
/* Appends " --option=word"; nothing for a NULL or empty word. */
void bn_shell_option_add(bn_buf *out, const char *option, const char *word);

#endif
