/*
 * note.h - one note on a merge or pull request: created once, updated afterwards.
 *
 * The note is found again by its first line, `<!-- binnacle:ci:NAME -->`, which is not displayed, and by its author: the
 * account of the token. (The tokens of GitHub Actions do not say their account; there the author must be a bot.) So a
 * note of another person who copied the line is never changed, nor is one that quotes it.
 *
 * Nothing is sent twice blindly: before a note is created the notes are searched, and again after an answer that
 * did not arrive. Two jobs that create one at the same moment can still make two; the older one is updated from then on.
 */
#ifndef BN_CI_NOTE_H
#define BN_CI_NOTE_H
#include "core/ci/forge.h"

#define BN_NOTE_GITLAB_BYTES 1000000 /* GitLab counts 1 000 000 characters, GitHub 65 536; */
#define BN_NOTE_GITHUB_BYTES 65536   /* bytes are never fewer */

typedef enum bn_note_outcome {
	BN_NOTE_NONE, /* a dry run */
	BN_NOTE_CREATED,
	BN_NOTE_UPDATED,
	BN_NOTE_UNCHANGED, /* it holds that text already */
} bn_note_outcome;

const char *bn_note_outcome_name(bn_note_outcome o); /* "created" */

typedef struct bn_note_result {
	bn_note_outcome outcome;
	bool exists;  /* for a dry run: whether there is one to update */
	bool cut;     /* the text was longer than the forge takes */
	size_t bytes; /* of the note */
	int64_t id;   /* 0: not known */
	char *page;   /* URL for people; NULL: not known */
} bn_note_result;

void bn_note_result_release(bn_note_result *r);

/* The note's text: the first line, then the Markdown in text, cut at a line to what the forge takes, with a word
 * that says so. On GitLab lines that would be commands ("/merge") are escaped. name: letters, digits and _ . / -, at most
 * 100. BN_EINVAL: an empty text, a byte 0, a wrong name. Appends to out. */
int bn_note_text(bn_buf *out, bool *cut, bn_forge_kind kind, const char *name, const char *text,
	size_t n, bn_err *err);

/* Creates or updates the note. BN_EINVAL if there is no request, or the text holds the token. dry_run: only looks. out
 * is set in any case, and yours. */
int bn_note_post(bn_note_result *out, bn_forge *f, const char *name, const char *text, size_t n,
	bool dry_run, bn_err *err);

#endif
