/*
 * _launch.h - the internals of the launch form: launch.c is the screen, fields.c its fields and
 * their valid values, words.c the resulting command lines.
 */
#ifndef BN_TUI_VIEWS_LAUNCH__LAUNCH_H
#define BN_TUI_VIEWS_LAUNCH__LAUNCH_H
#include "core/launch/sweep.h"
#include "core/learn/trainer.h"
#include "tui/ui/form.h"
#include "tui/ui/grid.h"
#include "tui/views/views.h"

#define BN_REFUSED 800 /* size of a message and its hint */

typedef enum bn_launch_field {
	BN_LAUNCH_WHAT, /* a rule */
	BN_LAUNCH_TRAINER,
	BN_LAUNCH_COMMAND,
	BN_LAUNCH_NAME,
	BN_LAUNCH_DATA, /* a rule */
	BN_LAUNCH_TRAIN,
	BN_LAUNCH_VALID,
	BN_LAUNCH_TEST,
	BN_LAUNCH_TARGET,
	BN_LAUNCH_FEATURES,
	BN_LAUNCH_ROWS,     /* filter of rows: --where */
	BN_LAUNCH_SETTINGS, /* a rule */
	BN_LAUNCH_SEED,
	BN_LAUNCH_HYPER, /* the first of the trainer's */
	BN_LAUNCH_HYPERS = 16,
	BN_LAUNCH_WHERE = BN_LAUNCH_HYPER + BN_LAUNCH_HYPERS, /* a rule */
	BN_LAUNCH_EXECUTOR,
	BN_LAUNCH_CORES,
	BN_LAUNCH_MEMORY,
	BN_LAUNCH_TIME,
	BN_LAUNCH_RUNS, /* of a sweep: number of random combinations */
	BN_LAUNCH_DRY,  /* a line that shows what would be started */
	BN_LAUNCH_FIELDS,
} bn_launch_field;

typedef struct bn_launch_view {
	bn_view view;
	bn_page *page;
	bn_launch_arg of;
	bn_form form;
	bn_form_field fields[BN_LAUNCH_FIELDS];
	char base[BN_LAUNCH_FIELDS]
		 [BN_FORM_VALUE]; /* the value in the repeated run, or the default */
	uint64_t filled;          /* hash of the fields as filled in */
	bool only_changed;        /* changed */
	bn_warnings_arg warned_of; /* the requested fields, */
	char warnings[800];        /* and the warnings of run start for them; "": none */
	bool is_refused;           /* the warnings say why it cannot be started */
	bool starting;
	char find[BN_GRID_FILTER]; /* the words after '/', which a field's name or value contains */
	char refused[BN_REFUSED]; /* why there is no form; "" */
} bn_launch_view;

static inline const bn_launch_page *bn_launch_data(const bn_launch_view *v)
{
	return v->page ? v->page->data : NULL;
}

/* ---- fields.c ------------------------------------------------------------------------------------ */

/* Initialises for a new page. */
void bn_launch_fill(bn_launch_view *v);
/* The selected trainer; NULL: a command. */
const bn_trainer *bn_launch_trainer(const bn_launch_view *v);
const bn_hyper_def *bn_launch_hyper(const bn_launch_view *v, int field);
void bn_launch_check(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG]);
void bn_launch_kept(void *ctx, int field, const char *before);
/* Sets which fields are shown, and which differ from the base. */
void bn_launch_show(bn_launch_view *v);
size_t bn_launch_changes(const bn_launch_view *v);

/* ---- words.c ------------------------------------------------------------------------------------- */

/* The number of runs of the form, and of combinations; 0 if there are too many. */
size_t bn_launch_runs(const bn_launch_view *v, size_t *combinations);
/* The command line as text to show and paste: of a sweep all of it. */
void bn_launch_line(const bn_launch_view *v, bn_buf *out);
/* All of them for the worker; *out is yours (bn_free). */
int bn_launch_words(bn_start_arg **out, const bn_launch_view *v, bool dry, bn_err *err);

#endif
