/*
 * stream.h - the output streams of the command line: standard output and standard error.
 *
 * Nothing else in tui/cli writes (tests/lint/layers.sh): a stream is not a FILE, and each function states the
 * kind of text it takes. Text may contain untrusted names, notes, logs and messages; no control characters
 * except line feed and tab, no C1, no characters that change text direction and no invalid UTF-8 reach a
 * terminal (core/base/shown.h). Colours are not part of a text: they are roles, added here.
 */
#ifndef BN_TUI_CLI_STREAM_H
#define BN_TUI_CLI_STREAM_H
#include "core/base/shown.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct bn_stream {
	FILE *file; /* private to stream.c */
	bool is_terminal, has_color;
	bn_shown seen;    /* of the text so far */
	bool is_held;     /* output is kept in held instead */
	int failed;       /* errno of the first write that failed; 0: none */
	bool has_written; /* anything was written or tried */
	bn_buf held;
} bn_stream;

void bn_stream_open(bn_stream *s, FILE *file);
size_t bn_stream_columns(const bn_stream *s); /* 0: not a terminal, or unknown */
int bn_stream_flush(
	bn_stream *s); /* 0; EOF when any write so far has failed, with the errno of the first */

/* From here on output is held; the frame ends that, and finds it in s->held. */
void bn_stream_hold(bn_stream *s);
/* Text in lines: '?' replaces what is not shown, in files and pipes as well. */
void bn_stream_text(bn_stream *s, const char *text, size_t n);
void bn_stream_put(bn_stream *s, const char *text);
void bn_stream_printf(bn_stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* JSON: what is not shown is escaped inside strings, and reads back unchanged. */
void bn_stream_json(bn_stream *s, const char *text, size_t n);
/* The content of a program's output or a file: unchanged into a file or a pipe; as text on a terminal, without
 * colour sequences in logs. */
void bn_stream_data(bn_stream *s, const void *bytes, size_t n);
/* Unchanged even to a terminal: only for `run log --raw`. */
void bn_stream_raw(bn_stream *s, const void *bytes, size_t n);

/* Begins a role ("bold", "dim", "good", "bad", "warn"), or ends it ("reset"); nothing where colours are off. */
void bn_stream_role(bn_stream *s, const char *role);
/* Clears the line: for progress on a terminal. */
void bn_stream_clear_line(bn_stream *s);

#endif
