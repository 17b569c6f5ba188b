/*
 * column.h - a column of a list, declared once, and what a cell of it is.
 *
 * A list declares its columns in a table and says for each row the value of each column. Everything else
 * follows from that: how a value is written and aligned, how rows are sorted by it, what an export writes, what
 * ':sort' and ':columns' call it, and the command line that prints the same list.
 *
 *	static const bn_grid_column columns[] = {
 *		[COL_NAME] = {.title = "dataset", .name = "name", .frozen = true, .min = 10},
 *		[COL_ROWS] = {.title = "rows", .name = "latest.rows", .form = BN_COLUMN_COUNT},
 *		[COL_AGE] = {.title = "added", .name = "latest.created_ms", .form = BN_COLUMN_AGE},
 *	};
 *
 *	case COL_ROWS:
 *		out->number = (double)v->rows;
 *		return;
 *
 * A cell has a number, a text, or both: the number sorts and is exported, the text is shown. A number alone is
 * shown as the form of its column has it. A cell with neither is absent: shown as '-', sorted last in both
 * directions, exported as an empty field or null.
 */
#ifndef BN_TUI_UI_COLUMN_H
#define BN_TUI_UI_COLUMN_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stdint.h>

/* What the numbers of a column are. */
typedef enum bn_column_form {
	BN_COLUMN_TEXT, /* no number, or one that orders texts; texts with digits in them as people count */
	BN_COLUMN_STATE,  /* a word; its number is its severity, which sorts and is not exported */
	BN_COLUMN_NUMBER, /* 11.92 */
	BN_COLUMN_COUNT,  /* 1 204 117 */
	BN_COLUMN_BYTES,  /* 1.2 MiB */
	BN_COLUMN_SHARE,  /* a fraction: 12.3 % */
	BN_COLUMN_DURATION, /* ms: 3 min 05 s */
	BN_COLUMN_AGE,      /* ms since 1970: "3 min ago", the newest first; exported as ISO time */
	BN_COLUMN_TIME,     /* the same as "03-01 14:05:09" */
	BN_COLUMN_BARS, /* a picture of the number; exported as the number, absent without one */
} bn_column_form;

typedef struct bn_grid_column {
	const char *title; /* borrowed: as long as the table has these columns */
	/* What exports and the command line call it: the path of the value in its --json ("latest.rows"). NULL:
	 * the title. ':sort' and ':columns' know both. */
	const char *name;
	bn_column_form form;
	bool falls;  /* sorted largest first, when it is sorted first */
	bool hidden; /* until it is asked for */
	bool frozen; /* stays when scrolled sideways, and is never hidden; such columns come first */
	bool flexible; /* takes the width that is left */
	bool prose;    /* sentences: cut at the end; names are cut in the middle */
	int min, max;  /* columns of text; max 0: no limit */
	int wish;      /* flexible: what is enough for most names; 0: min */
	int priority;  /* 0: never left out; larger goes first */
} bn_grid_column;

typedef struct bn_grid_cell {
	const char *text; /* may point into buf, or into the page */
	const char *full; /* exported where text is only the beginning of it; NULL: text is all */
	double number;    /* NaN: none */
	bn_ink ink;       /* TEXT at first */
	bool pending;     /* not here yet: shown as an ellipsis */
	bool stands_in; /* the text says why there is no value: it sorts nothing, and is not exported */
	int glyph;      /* a bn_glyph_id drawn before the text, or -1 */
	char buf[96];
} bn_grid_cell;

/* With which clock times are written. */
typedef struct bn_grid_clock {
	int64_t now_ms;
	bool utc;
} bn_grid_clock;

const char *bn_grid_column_name(const bn_grid_column *c);
bool bn_grid_column_is_right(const bn_grid_column *c); /* numbers are aligned right */
/* Whether it goes by that word: its title, its name, or what stands behind a dot of either. */
bool bn_grid_column_is_called(const bn_grid_column *c, const char *word, size_t n);

void bn_grid_cell_clear(bn_grid_cell *cell);
/* Gives a cell that has a number alone its text; a negative count or time is none. */
void bn_grid_cell_show(bn_grid_cell *cell, const bn_grid_column *c, bn_grid_clock clock);
bool bn_grid_cell_is_absent(const bn_grid_cell *cell);

/* What sorts a row. */
typedef struct bn_grid_sort_value {
	double number;
	char *text; /* NULL: none */
} bn_grid_sort_value;
/* < 0: a comes first, going up. Absent ones come last whatever `descending` says. */
int bn_grid_column_compare(const bn_grid_column *c, const bn_grid_sort_value *a,
	const bn_grid_sort_value *b, bool descending);

/* ---- export ------------------------------------------------------------------------------------ */

typedef enum bn_export_as { BN_EXPORT_TSV, BN_EXPORT_CSV, BN_EXPORT_JSON } bn_export_as;

/* Which of the endings (".csv", NULL behind the last) the file's name has, in any case of letters. BN_EINVAL: it has
 * none; BN_EUNSUPPORTED: another. The hint names them. */
int bn_export_ending(const char *path, const char *const *endings, bn_err *err);
/* By the end of a file's name: .tsv, .csv, .json. Errors as bn_export_ending. */
int bn_export_as_of(bn_export_as *out, const char *path, bn_err *err);
/* One value as that form has it: numbers in full, times in ISO form in UTC, no blanks in numbers. */
void bn_grid_column_write(
	bn_buf *out, const bn_grid_column *c, const bn_grid_cell *cell, bn_export_as as);
void bn_grid_column_write_name(bn_buf *out, const bn_grid_column *c, bn_export_as as);

#endif
