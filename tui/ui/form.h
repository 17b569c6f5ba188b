/*
 * form.h - fields to fill in, one a line: what a dialog is too small for (labels of a run, a launch).
 *
 * It moves like a list. Enter edits a field; while it is edited letters are text, each key checks the value anew,
 * Tab completes from the field's choices, Enter keeps the value and Esc takes the edit back. Left and right step
 * through the choices of a field that is not being edited; a switch is never edited, Enter steps it too.
 *
 * The owner of the form holds its fields and everything that they point to, and hears of values that were kept.
 */
#ifndef BN_TUI_UI_FORM_H
#define BN_TUI_UI_FORM_H
#include "tui/ui/command.h"
#include "tui/ui/input.h"
#include "tui/ui/surface.h"

#include <stdbool.h>

#define BN_FORM_VALUE 256
#define BN_FORM_WRONG 160

typedef struct bn_form_field {
	const char *name; /* what stands before it; borrowed */
	bool is_rule;     /* a line across, with its name as the title and aside at its right */
	bool is_folded;   /* not shown, and not gone to */
	bool is_fixed;    /* shown, and not to be edited */
	bool is_set;      /* differs from what it would be by itself */
	char value[BN_FORM_VALUE];
	char aside[96]; /* what it is otherwise, or what it means; dim, behind the value */
	const char *const *choices; /* NULL-terminated, borrowed; NULL: none are known */
	bool is_list;               /* words between commas, each from the choices */
	bool is_switch;             /* nothing but the choices: Enter takes the next one at once */
	char wrong[BN_FORM_WRONG];  /* why the value cannot be; "" it can */
} bn_form_field;

typedef struct bn_form {
	bn_form_field *fields; /* borrowed */
	int count;
	int selected, top;
	bool editing;
	bn_input input;
	int name_cols, value_cols; /* widths of names and of values, before the asides */
	void *ctx;
	/* Writes why the text cannot be the value; NULL: all can. */
	void (*check)(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG]);
	/* A value was kept that differs from the one before, which is in `before`. */
	void (*kept)(void *ctx, int field, const char *before);
} bn_form;

/* To the first field that can be edited, from `at` on. */
void bn_form_select(bn_form *f, int at);
/* Motion, Enter, left and right through choices; false when the command is not the form's. */
bool bn_form_command(bn_form *f, bn_command_id id);
/* While a field is edited. */
void bn_form_key(bn_form *f, int key);
/* The next field whose value cannot be; false: there is none. */
bool bn_form_step_wrong(bn_form *f, int step);
void bn_form_draw(bn_form *f, bn_area a, bool focused);
/* What can stand in the field that is edited, as one line; nothing when nothing is known. */
void bn_form_draw_choices(const bn_form *f, bn_area a, int row);

#endif
