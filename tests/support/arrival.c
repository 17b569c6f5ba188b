/* arrival.c - see arrival.h. */
#include "tests/support/arrival.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

enum { PIECES_MOST = 4096 };

void arrival_hide(const team *t, arrival_piece *p, bool away)
{
	char in_log[700], hidden[700];
	snprintf(in_log, sizeof in_log, "%s/.binnacle/log/%s/%s", t->dir, p->writer, p->file);
	snprintf(hidden, sizeof hidden, "%s/hidden-%s-%s", t->dir, p->writer, p->file);
	if (p->hidden != away)
		ck_assert_int_eq(rename(away ? in_log : hidden, away ? hidden : in_log), 0);
	p->hidden = away;
}

size_t arrival_list(const team *t, arrival_piece *pieces, size_t max)
{
	bn_err err = BN_ERR_INIT;
	bn_names writers = BN_NAMES_INIT;
	char dir[700];
	size_t n = 0;
	snprintf(dir, sizeof dir, "%s/.binnacle/log", t->dir);
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir, &writers, &err), &err);
	for (size_t i = 0; i < writers.count; i++) {
		bn_names files = BN_NAMES_INIT;
		snprintf(dir, sizeof dir, "%s/.binnacle/log/%s", t->dir, writers.items[i]);
		ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir, &files, &err), &err);
		for (size_t k = 0; k < files.count; k++) {
			const char *dot = strrchr(files.items[k], '.');
			if (!dot || strcmp(dot, ".seg") != 0 || !strcmp(files.items[k], "open.seg"))
				continue;
			ck_assert_uint_lt(n, max);
			snprintf(pieces[n].writer, sizeof pieces[n].writer, "%s", writers.items[i]);
			snprintf(pieces[n].file, sizeof pieces[n].file, "%s", files.items[k]);
			pieces[n++].hidden = false;
		}
		bn_names_release(&files);
	}
	bn_names_release(&writers);
	return n;
}

static bool is_same_writer(const arrival_piece *a, const arrival_piece *b)
{
	return !strcmp(a->writer, b->writer);
}

void arrival_hide_last(const team *t, arrival_piece *pieces, size_t n, const person *p, bn_rng *rng)
{
	char own[80];
	int own_len = snprintf(own, sizeof own, "%s@", p->name);
	for (size_t first = 0, end; first < n; first = end) {
		for (end = first; end < n && is_same_writer(&pieces[first], &pieces[end]); end++)
			;
		if (!strncmp(pieces[first].writer, own, (size_t)own_len))
			continue;
		size_t keep = 1 + bn_rng_below(rng, end - first);
		for (size_t i = first + keep; i < end; i++)
			arrival_hide(t, &pieces[i], true);
	}
}

void arrival_show_all(const team *t, arrival_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		arrival_hide(t, &pieces[i], false);
}

arrival_piece *arrival_pick(arrival_piece *pieces, size_t n, bn_rng *rng)
{
	for (;;) {
		arrival_piece *p = &pieces[bn_rng_below(rng, n)];
		while (p > pieces && is_same_writer(&p[-1], p))
			p--;
		for (size_t i = (size_t)(p - pieces); i < n && is_same_writer(&pieces[i], p); i++)
			if (pieces[i].hidden)
				return &pieces[i];
	}
}

/* Where two long texts differ. */
static void expect_equal(const char *got, const char *expected, uint64_t order)
{
	size_t at = 0, line = 0;
	while (got[at] && got[at] == expected[at])
		line = got[at++] == '\n' ? at : line;
	ck_assert_msg(got[at] == expected[at], "order %d:\n got      %.300s\n expected %.300s",
		(int)order, got + line, expected + line);
}

void arrival_try_orders(team *t, person *reader, const char *expected, uint64_t orders)
{
	static arrival_piece pieces[PIECES_MOST];
	bn_err err = BN_ERR_INIT;
	size_t n = arrival_list(t, pieces, PIECES_MOST);
	for (uint64_t k = 0; k < orders; k++) {
		bn_rng rng;
		bn_rng_init(&rng, 11, "arrival", k);
		for (size_t i = 0; i < n; i++)
			arrival_hide(t, &pieces[i], true);
		person_reopen(t, reader, true);
		for (size_t i = 0; i < n; i++) {
			arrival_hide(t, arrival_pick(pieces, n, &rng), false);
			ck_assert_bn_ok(bn_workspace_refresh(reader->ws, NULL, &err), &err);
		}
		char *got = person_dump(reader);
		expect_equal(got, expected, k);
		bn_free(got);
	}
}
