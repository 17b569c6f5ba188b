/* kept.h - texts that the workbench saves between sessions, one file per workspace and subject in the user's state
 * directory. */
#ifndef BN_TUI_UI_KEPT_H
#define BN_TUI_UI_KEPT_H
#include <stdbool.h>

/* The file of a subject ("views"); workspace: its directory. make: creates the directory. NULL: there is no place for it,
 * or no memory. Yours. */
char *bn_kept_path(const char *workspace, const char *what, bool make);
/* The text; NULL: none was saved. Yours. */
char *bn_kept_recall(const char *workspace, const char *what);

#endif
