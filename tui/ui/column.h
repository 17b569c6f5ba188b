/*
 * column.h - a column of a list, declared once, and its cells.
 *
 * A list declares its columns in a table and returns the value of each column for a row. Everything
 * else follows from that: how a value is formatted and aligned, how rows are sorted by it, what an
 * export writes, its name in ':sort' and ':columns', and the command line that prints the same
 * list.
 *
 * 	static const bn_grid_column columns[] = {
 * 		[COL_NAME] = {.title = "dataset", .name = "name", .frozen = true, .min = 10},
 * 		[COL_ROWS] = {.title = "rows", .name = "latest.rows", .form = BN_COLUMN_COUNT},
 * 		[COL_AGE] = {.title = "added", .name = "latest.created_ms", .form = BN_COLUMN_AGE},
 * 	};
 *
 * 	case COL_ROWS:
 * 		out->number = (double)v->rows;
 * 		return;
 *
 * A cell has a number, a text, or both: the number is sorted by and exported, the text is shown. A
 * cell with only a number is shown in the form of its column. A cell with neither is absent: shown
 * as '-', sorted last in both directions, exported as an empty field or null.
 */
#ifndef BN_TUI_UI_COLUMN_H
#define BN_TUI_UI_COLUMN_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stdint.h>

/* The form of a column's numbers. */
typedef enum bn_column_form {
	BN_COLUMN_TEXT, /* no number, or one that only sorts; texts with digits sort in natural
			 * order */
	BN_COLUMN_STATE, /* a word; its number is its severity, which is sorted by and not exported */
	BN_COLUMN_NUMBER,   /* 11.92 */
	BN_COLUMN_COUNT,    /* 1 204 117 */
	BN_COLUMN_BYTES,    /* 1.2 MiB */
	BN_COLUMN_SHARE,    /* a fraction: 12.3 % */
	BN_COLUMN_DURATION, /* ms: 3 min 05 s */
	BN_COLUMN_AGE,      /* ms since 1970: "3 min ago", the newest first; exported as ISO time */
	BN_COLUMN_TIME,     /* the same as "03-01 14:05:09" */
	BN_COLUMN_BARS, /* a picture of the number; exported as the number; absent without one */
} bn_column_form;

typedef struct bn_grid_column {
	const char *title; /* borrowed: valid as long as the table has these columns */
	const char *unit;  /* likewise, below the title; NULL: none */
	/* Name in exports and on the command line: the path of the value in its --json
	 * ("latest.rows"). NULL: the title. ':sort' and ':columns' accept both. */
	const char *name;
	bn_column_form form;
	bool falls;  /* the first sort is largest first */
	bool hidden; /* hidden until requested */
	bool frozen; /* stays when scrolled sideways, and is never hidden; such columns come first */
	bool stays;  /* the same, but may be hidden: the state and the name of a row */
	bool flexible; /* takes the remaining width */
	bool prose;    /* sentences: truncated at the end; names are truncated in the middle */
	int min, max;  /* widths of text; max 0: no limit */
	int wish;      /* flexible: enough for most names; 0: min */
	int priority;  /* 0: never left out; larger ones are left out first */
} bn_grid_column;

typedef struct bn_grid_cell {
	const char *text; /* may point into buf, or into the page */
	const char *full; /* exported if text is only the beginning of it; NULL: text is complete */
	double number;    /* NaN: none */
	bn_ink ink;       /* initially TEXT */
	bool pending;     /* not loaded yet: shown as an ellipsis */
	bool stands_in;   /* the text says why there is no value: neither sorted by nor exported */
	int glyph;      /* a bn_glyph_id drawn before the text, or -1 */
	size_t tail;    /* bytes at the end of a text in buf, as " (12)": of a name that has to be shortened they stay whole */
	char buf[256];  /* holds any name and version */
} bn_grid_cell;

/* How times of day are formatted. */
typedef struct bn_grid_clock {
	int64_t now_ms;
	bool utc;
} bn_grid_clock;

const char *bn_grid_column_name(const bn_grid_column *c);
bool bn_grid_column_is_right(const bn_grid_column *c); /* numbers are right-aligned */
/* Whether the word is the column's title, its name, or the part of either after a dot. */
bool bn_grid_column_is_called(const bn_grid_column *c, const char *word, size_t n);

void bn_grid_cell_clear(bn_grid_cell *cell);
/* A text that may have several lines: a row shows the first, and that there are more. */
void bn_grid_cell_lines(bn_grid_cell *cell, const char *text);
/* Sets the text of a cell that has only a number; a negative count or time is absent. */
void bn_grid_cell_show(bn_grid_cell *cell, const bn_grid_column *c, bn_grid_clock clock);
bool bn_grid_cell_is_absent(const bn_grid_cell *cell);

/* The sort key of a row. */
typedef struct bn_grid_sort_value {
	double number;
	char *text; /* NULL: none */
} bn_grid_sort_value;
/* texts: holds the text until the sort is done. */
void bn_grid_cell_sort_value(bn_grid_sort_value *out, const bn_grid_cell *cell, bn_arena *texts);
/* < 0: a comes first in ascending order. Absent values come last in both directions. */
int bn_grid_column_compare(const bn_grid_column *c, const bn_grid_sort_value *a,
	const bn_grid_sort_value *b, bool descending);

/* ---- export ------------------------------------------------------------------------------------ */

typedef enum bn_export_as {
	BN_EXPORT_TSV,
	BN_EXPORT_CSV,
	BN_EXPORT_JSON,
	BN_EXPORT_MARKDOWN, /* these are written by grid_save.h */
	BN_EXPORT_ARROW,
	BN_EXPORT_PARQUET,
} bn_export_as;

/* The index of the file name's ending in `endings` (".csv", ..., NULL), ignoring case. BN_EINVAL: it has no ending;
 * BN_EUNSUPPORTED: another one. The hint lists the endings. */
int bn_export_ending(const char *path, const char *const *endings, bn_err *err);
/* The format given by the file name's ending: .tsv, .csv, .json, .md, .arrow, .parquet. Errors as bn_export_ending. */
int bn_export_as_of(bn_export_as *out, const char *path, bn_err *err);
/* One value in that format: numbers in full, times in ISO form in UTC, no blanks in numbers. */
void bn_grid_column_write(
	bn_buf *out, const bn_grid_column *c, const bn_grid_cell *cell, bn_export_as as);
void bn_grid_column_write_name(bn_buf *out, const bn_grid_column *c, bn_export_as as);

#endif
