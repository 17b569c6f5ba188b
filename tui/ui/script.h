/*
 * script.h - runs the workbench from a file, without a terminal: for golden screens, documentation
 * and screens in users' reports.
 *
 * 	# comment
 * 	3                    keys, separated by blanks: j k Enter PgDn ^P Space "typed text"
 * 	:sort created        a command, as typed after ':'
 * 	:save-screen runs    writes runs.screen: cells, then one letter per cell for its role
 * 	:size 60x15          columns x rows
 *
 * After each key and command the driver waits until nothing is being loaded, so that a script has
 * no delays and no races. A command that fails ends the script with file:line and its message.
 */
#ifndef BN_TUI_UI_SCRIPT_H
#define BN_TUI_UI_SCRIPT_H
#include "tui/ui/frame.h"

int bn_script_run(bn_frame *f, bn_surface *s, const char *text, const char *file, bn_err *err);
/* Takes pages until no job is active, and draws. */
void bn_script_settle(bn_frame *f, bn_surface *s);

#endif
