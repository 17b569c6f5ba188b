/*
 * _session.h - what session.c (cells and answers), session_row.c (rows as objects) and session_vector.c share: the inside of a
 * session.
 */
#ifndef BN_PREDICT_SESSION_INTERNAL_H
#define BN_PREDICT_SESSION_INTERNAL_H
#include "core/predict/_predictor.h"

#define BN_SESSION_SHOWN 80 /* bytes of a value in a message */

/* An input's cells: numbers, or the rest. */
typedef struct bn_session_cells {
	double *numbers;
	int32_t *codes;
	uint8_t *validity;
	char **texts; /* NULL unless unknown */
} bn_session_cells;

struct bn_session {
	const bn_predictor *p;
	bn_session_policy policy;
	size_t room;                         /* capacity of each array, in rows */
	bn_batch batch;                      /* cells; its rows are the requested ones */
	bn_session_cells *cells;             /* by input */
	uint8_t *given;                      /* per input: set in the current row */
	double *outputs;                     /* room * outputs */
	void *scratch;                       /* memory for `room` rows */
	size_t unknown;                      /* cells with a text */
	size_t infinite;                     /* infinite cells taken as missing, */
	size_t infinite_row, infinite_input; /* and the position of the first */
	uint64_t first_row;                  /* for messages */
	bool of_file;                        /* messages name columns of a file */
	bn_arena arena;                      /* texts */
};

/* "field" or, for a file, "column". */
const char *bn_session_field_word(const bn_session *s);
/* "row 7: " before a message, unless a request has only one row. */
void bn_session_name_row(const bn_session *s, size_t row, bn_err *err);
/* Counts a cell that is infinite and taken as missing. */
void bn_session_note_infinite(bn_session *s, size_t row, size_t input);
/* A vector's text: JSON, in which NaN and infinities may stand for numbers as in a cell of CSV. They are null then. */
int bn_vector_parse(json_t **out, const char *text, size_t len, bn_err *err);

#endif
