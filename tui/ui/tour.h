/*
 * tour.h - the guided tour: steps that are shown in a band at the bottom while the workbench works as
 * usual.
 *
 * A step has parts, each of which names one command and waits until it is done. The end of a part is
 * data: a screen and its state. So every way to it counts: another key of the command, its name after
 * ':', a line of '?' or ^P. Other keys work as usual and do not end the part; on another screen the
 * part says how to come back.
 *
 * The table of parts is tui/views/tour_steps.c; the frame shows it (frame_tour.c).
 */
#ifndef BN_TUI_UI_TOUR_H
#define BN_TUI_UI_TOUR_H
#include "tui/ui/command.h"

typedef enum bn_tour_state {
	BN_TOUR_SHOWN,   /* the screen is enough; no prompt, dialog or field is open */
	BN_TOUR_DONE,    /* the part's command was run */
	BN_TOUR_MARKED,  /* two rows or more are marked */
	BN_TOUR_REFUSED, /* the part's command is refused by now: it was decided */
	BN_TOUR_LISTED   /* the list of commands is open */
} bn_tour_state;

typedef struct bn_tour_part {
	int step;          /* from 1; parts of a step are consecutive */
	const char *title; /* title of the step, in its first part; else NULL */
	const char *
		text; /* what is on the screen, and why it matters: at most two lines of 76 columns */
	bn_command_id press; /* the command to run; its first key is shown */
	const char
		*does; /* what it does, or what to type after it: one line with the key */
	bn_view_set from;    /* screens where it works */
	bn_view_set at;      /* the screen that ends the part, ... */
	bn_tour_state state; /* ... in this state, ... */
	const char *says;    /* ... if its name in the path, or the command line that Y copies,
				* contains these words; NULL: any */
	const char *back;    /* the way back from another screen; NULL: from is every screen */
} bn_tour_part;

/* The first part of a step; -1: there is no such step. */
int bn_tour_find(const bn_tour_part *parts, int count, int step);
/* The title of the step of a part. */
const char *bn_tour_title(const bn_tour_part *parts, int part);

#endif
