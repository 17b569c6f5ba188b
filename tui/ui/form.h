/*
 * form.h - a form: one field per line, for more input than a dialog can take (labels of a run, a
 * launch).
 *
 * It moves like a list. Enter edits a field; during editing keys are text, each key validates the
 * value again, Tab completes from the field's choices, Enter keeps the value and Esc restores the
 * old one. Left and right step through the choices of a field that is not being edited; a switch is
 * never edited, Enter steps it too.
 *
 * The owner of the form owns its fields and everything that they point to, and is notified of
 * changed values.
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
	const char *name; /* its label; borrowed */
	bool is_rule;     /* a horizontal rule, with its name as the title and aside at its right */
	bool is_folded;   /* not shown, and skipped */
	bool is_fixed;    /* shown, but not editable */
	bool is_set;      /* differs from its default */
	char value[BN_FORM_VALUE];
	char aside[96];             /* its default, or its meaning; dim, after the value */
	const char *const *choices; /* NULL-terminated, borrowed; NULL: none known */
	bool is_list;               /* words separated by commas, each from the choices */
	bool is_switch;             /* only the choices: Enter takes the next one */
	char wrong[BN_FORM_WRONG];  /* why the value is invalid; "" if it is valid */
} bn_form_field;

typedef struct bn_form {
	bn_form_field *fields; /* borrowed */
	int count;
	int selected, top;
	bool editing;
	bn_input input;
	int name_cols, value_cols; /* widths of names and of values, before the asides */
	void *ctx;
	/* Writes why the text is not a valid value; NULL: every text is valid. */
	void (*check)(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG]);
	/* The value has changed; the previous one is in `before`. */
	void (*kept)(void *ctx, int field, const char *before);
} bn_form;

/* Moves to the first editable field, from `at` on. */
void bn_form_select(bn_form *f, int at);
/* Motion, Enter, left and right through choices; false if the command is not the form's. */
bool bn_form_command(bn_form *f, bn_command_id id);
/* Handles a key while a field is edited. */
void bn_form_key(bn_form *f, int key);
/* Moves to the next field whose name contains the words, else one whose value does; from the first field on if step
 * is 0. False: there is none. */
bool bn_form_find(bn_form *f, const char *words, int step);
/* Moves to the next field with an invalid value; false: there is none. */
bool bn_form_step_wrong(bn_form *f, int step);
void bn_form_draw(bn_form *f, bn_area a, bool focused);
/* The possible values of the field being edited, as one line; empty if unknown. */
void bn_form_draw_choices(const bn_form *f, bn_area a, int row);

#endif
