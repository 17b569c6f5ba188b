/*
 * stream.h - what the command line writes to, standard output and standard error.
 *
 * Nothing else of tui/cli writes (tests/lint/layers.sh): a stream is no FILE, and each way into it says what kind of
 * text it takes. Names, notes, logs and messages may stand in any of them, and no control character but the line feed
 * and the tab, no C1, no character that turns the direction of text and no broken UTF-8 gets to a terminal
 * (core/base/shown.h). Colours are no part of a text: they are roles, put around it here.
 */
#ifndef BN_TUI_CLI_STREAM_H
#define BN_TUI_CLI_STREAM_H
#include "core/base/shown.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct bn_stream {
	FILE *file; /* for stream.c alone */
	bool is_terminal, has_color;
	bn_shown seen;    /* of the text so far */
	bool is_held;     /* what is written is kept in held instead */
	int failed;       /* errno of the first write that failed; 0: none */
	bool has_written; /* anything, or tried to */
	bn_buf held;
} bn_stream;

void bn_stream_open(bn_stream *s, FILE *file);
size_t bn_stream_columns(const bn_stream *s); /* 0: no terminal, or one that does not say */
int bn_stream_flush(
	bn_stream *s); /* 0; EOF when any write so far has failed, with the errno of the first */

/* From here on what is written is held; the frame ends that, and has it in s->held. */
void bn_stream_hold(bn_stream *s);
/* Text for people, in lines: '?' is in the place of what is not shown, into files and pipes as well. */
void bn_stream_text(bn_stream *s, const char *text, size_t n);
void bn_stream_put(bn_stream *s, const char *text);
void bn_stream_printf(bn_stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* JSON: what is not shown is escaped inside its strings, and reads back as it was. */
void bn_stream_json(bn_stream *s, const char *text, size_t n);
/* What somebody's program or file holds: the same bytes into a file or a pipe; on a terminal text, without the colours
 * that programs write into their logs. */
void bn_stream_data(bn_stream *s, const void *bytes, size_t n);
/* The same bytes also onto a terminal: `run log --raw`, which says so, alone. */
void bn_stream_raw(bn_stream *s, const void *bytes, size_t n);

/* Begins a role ("bold", "dim", "good", "bad", "warn"), or ends it ("reset"); nothing where colours are off. */
void bn_stream_role(bn_stream *s, const char *role);
/* To the beginning of the line, which is blank then: for progress on a terminal. */
void bn_stream_clear_line(bn_stream *s);

#endif
