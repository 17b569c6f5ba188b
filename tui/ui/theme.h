/*
 * theme.h - maps roles to attributes.
 *
 * A theme is a text file (themes/NAME.theme): one line per role, with three appearances each,
 * because a terminal has no colours, 8 to 16 colours that its owner chose, or many that we choose:
 *
 * 	# comment
 * 	name = dark
 * 	background = explicit              # every role names its own background; contrast is tested
 * 	selected = reverse ; black on cyan ; #ffffff on #264f78 bold
 * 	           mono      16 colours      256 or true colour
 *
 * Colours: default, black red green yellow blue magenta cyan white, bright-NAME, #rrggbb (third
 * appearance only). Attributes: bold dim underline reverse normal. Omitted roles look like "text".
 * The order of choice is --no-color, NO_COLOR, --theme, the terminal's number of colours.
 */
#ifndef BN_TUI_UI_THEME_H
#define BN_TUI_UI_THEME_H
#include "core/base/err.h"
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_ATTR_BOLD 1u
#define BN_ATTR_DIM 2u
#define BN_ATTR_UNDERLINE 4u
#define BN_ATTR_REVERSE 8u

#define BN_COLOR_DEFAULT (-1)

typedef struct bn_look {
	int32_t fg, bg; /* 16 colours: 0..15; rich: 0xrrggbb; or BN_COLOR_DEFAULT */
	unsigned attrs;
} bn_look;

typedef struct bn_ink_look {
	unsigned mono;
	bn_look few;  /* 16 colours */
	bn_look rich; /* 256 and true colour */
} bn_ink_look;

typedef struct bn_theme {
	char name[32];
	bool is_explicit; /* paints the whole background itself */
	bn_ink_look roles[BN_INK_COUNT];
} bn_theme;

/* Parses text; file is for messages: "themes/x.theme:12: no role 'selectde'". */
int bn_theme_parse(bn_theme *out, const char *text, const char *file, bn_err *err);
/* A built-in name, or the path of a file if it contains a '/' or ends in ".theme". NULL:
 * default. */
int bn_theme_load(bn_theme *out, const char *name_or_path, bn_err *err);
/* Names of the built-in themes, NULL at the end, borrowed, static. */
const char *const *bn_theme_names(void);

/* WCAG 2.1 contrast of two 0xrrggbb colours, 1 to 21.
 * https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
double bn_theme_contrast(int32_t a, int32_t b);
int32_t bn_theme_ansi_rgb(int color);  /* xterm's rgb of colours 0..15 */
int bn_theme_nearest_256(int32_t rgb); /* index 16..255 of the xterm palette nearest to rgb */

#endif
