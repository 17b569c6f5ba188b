/*
 * app.c - assembles the workbench: workspace, theme, frame, and a terminal or a script.
 *
 * The loop is small: wait for a key, a page, a resize or the next tick; let the frame change; draw
 * the whole frame into a surface; ncurses sends the differences. If nothing happens, nothing is
 * sent.
 */
#include "tui/ui/kept.h"
#include "tui/ui/app.h"

#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/store/workspace.h"
#include "tui/term/term.h"
#include "tui/ui/frame.h"
#include "tui/ui/key.h"
#include "tui/ui/script.h"
#include "tui/views/remote/remote.h"
#include "tui/views/source.h"
#include "tui/views/views.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOW_LINE_MS 2000
#define STOP_JOBS_MS 5000 /* every job checks for cancellation more often */

typedef struct app {
	const bn_tui_options *opt;
	bn_frame *frame;
	bn_surface *surface;
	bn_term *term; /* NULL for a script */
	char *dir;     /* of the workspace, or address of the store */
	bn_remote *remote; /* NULL: a workspace */
	_Atomic(void *) ready; /* the context of the first lane that opens; NULL: taken */
	/* What :theme, :glyphs and :mouse have set, for the next session; "": nothing. */
	char theme[512], glyphs[16], mouse[8];
	bool keeps; /* changes are the user's: those of the last session were made */
} app;

/* The file of how the workbench looks: the user's, in every workspace. */
static char *look_path(bool make)
{
	char *state = NULL, *path = NULL;
	if (bn_env_state_dir(&state, bn_env_real(), NULL) < 0)
		return NULL;
	if (make)
		bn_fs_make_dirs(bn_env_real(), state, 0700, NULL);
	path = bn_strf("%s/look", state);
	bn_free(state);
	return path;
}

/* One of the three is now `value`. The file has commands, one per line; a directory that cannot be written makes it a
 * choice for this session. */
static void look_keep(app *a, char *field, size_t size, const char *value)
{
	bn_buf text = BN_BUF_INIT;
	if (!a->keeps)
		return;
	snprintf(field, size, "%s", value);
	if (a->theme[0])
		bn_buf_addf(&text, "theme %s\n", a->theme);
	if (a->glyphs[0])
		bn_buf_addf(&text, "glyphs %s\n", a->glyphs);
	if (a->mouse[0])
		bn_buf_addf(&text, "mouse %s\n", a->mouse);
	char *path = look_path(true);
	if (path && !text.failed)
		bn_fs_write_file(bn_env_real(), path, text.ptr, text.len, 0600, NULL);
	bn_buf_release(&text);
	bn_free(path);
}

static void look_line(app *a, const char *line)
{
	const bn_tui_options *o = a->opt;
	const struct {
		const char *command;
		char *field;
		size_t size;
		bool is_given; /* an option of this session comes before what was kept */
	} looks[] = {{"theme ", a->theme, sizeof a->theme, o->theme || o->no_color},
		{"glyphs ", a->glyphs, sizeof a->glyphs, o->ascii},
		{"mouse ", a->mouse, sizeof a->mouse, o->mouse}};
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		size_t n = strlen(looks[i].command);
		if (strncmp(line, looks[i].command, n) != 0)
			continue;
		snprintf(looks[i].field, looks[i].size, "%s", line + n);
		if (!looks[i].is_given)
			bn_frame_run(a->frame, line, NULL); /* a refusal is shown */
	}
}

/* Makes the look of the last session, before the first picture. */
static void look_take(app *a)
{
	char *path = look_path(false);
	bn_buf all = BN_BUF_INIT;
	if (path && bn_fs_read_file(bn_env_real(), path, &all, NULL) == 0 && all.len)
		for (char *rest = all.ptr, *line; (line = strsep(&rest, "\n"));)
			look_line(a, line);
	bn_buf_release(&all);
	bn_free(path);
	a->keeps = true;
}

static int64_t host_now(void *user)
{
	const app *a = user;
	return a->opt->fixed_now_ms ? a->opt->fixed_now_ms : bn_env_now_ms(bn_env_real());
}

static bool host_copy(void *user, const char *text)
{
	const app *a = user;
	return a->term && bn_term_copy(a->term, text);
}

static void host_suspend(void *user)
{
	bn_term_suspend(((app *)user)->term);
}

static void host_repaint(void *user)
{
	app *a = user;
	if (a->term)
		bn_term_repaint(a->term);
}

static int host_set_theme(void *user, const char *name, bn_err *err)
{
	app *a = user;
	bn_theme theme;
	int rc = bn_theme_load(&theme, name, err);
	if (rc < 0)
		return rc;
	if (a->term)
		bn_term_set_theme(a->term, &theme);
	char *whole = NULL; /* a file by its whole path: the next session may begin elsewhere */
	bool is_file = strchr(name, '/') && bn_path_absolute(&whole, name, NULL) == 0;
	look_keep(a, a->theme, sizeof a->theme, is_file ? whole : name);
	bn_free(whole);
	return 0;
}

static int host_set_alphabet(void *user, bn_alphabet alphabet, bn_err *err)
{
	app *a = user;
	if (a->term && alphabet > bn_term_alphabet(a->term))
		return bn_err_set(err, BN_EUNSUPPORTED, "this terminal or locale shows %s at most",
			bn_alphabet_name(bn_term_alphabet(a->term)));
	a->surface->alphabet = alphabet;
	look_keep(a, a->glyphs, sizeof a->glyphs, bn_alphabet_name(alphabet));
	return 0;
}

static int host_set_mouse(void *user, bool on, bn_err *err)
{
	app *a = user;
	int rc = a->term ? bn_term_set_mouse(a->term, on, err) : 0;
	if (rc < 0)
		return rc;
	look_keep(a, a->mouse, sizeof a->mouse, on ? "on" : "off");
	return 0;
}

static char *host_recall(void *user, const char *what)
{
	return bn_kept_recall(((app *)user)->dir, what);
}

static int host_remember(void *user, const char *what, const char *text, bn_err *err)
{
	char *path = bn_kept_path(((app *)user)->dir, what, true);
	int rc = path ? bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0600, err)
		      : bn_err_set(err, BN_EIO, "no directory of yours to save the %s in", what);
	bn_free(path);
	return rc;
}

static void worker_wake(void *user)
{
	app *a = user;
	if (a->term)
		bn_term_wake(a->term);
}

static int lane_open(void **context, bn_lane lane, void *user, bn_err *err)
{
	app *a = user;
	(void)lane;
	if ((*context = atomic_exchange(&a->ready, NULL)))
		return 0;
	return a->remote ? bn_source_remote_open(context, a->remote, err)
			 : bn_source_open(context, bn_env_real(), a->dir, err);
}

static void lane_close(void *context, bn_lane lane, void *user)
{
	(void)lane;
	(void)user;
	bn_source_close(context);
}

/* Errors are printed before the terminal is taken over, with their exit status. */
static int place_open(app *a, bn_err *err)
{
	void *ready = NULL;
	const bn_remote_source_options store = {
		.address = a->opt->store, .access = a->opt->access, .is_cached = a->opt->cached};
	if (store.address) {
		a->dir = bn_strdup(store.address);
		return a->dir ? bn_remote_open(&a->remote, bn_env_real(), &store, err)
			      : bn_err_nomem(err, "the address of a store");
	}
	a->dir = bn_strdup(bn_workspace_dir(a->opt->workspace));
	int rc = bn_source_take(&ready, a->opt->workspace, a->opt->trust, err);
	atomic_store(&a->ready, ready);
	if (rc < 0)
		return rc;
	return a->dir ? 0 : bn_err_nomem(err, "the workspace's name");
}

static bool is_demo(const app *a)
{
	char *mark = bn_strf("%s/" BN_DEMO_MARK, a->dir);
	bool is = mark && bn_fs_exists(bn_env_real(), mark);
	bn_free(mark);
	return is;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static int frame_open(app *a, bn_err *err)
{
	const bn_page_source *source = a->remote ? bn_source_remote() : bn_source_workspace();
	const bool demo = is_demo(a);
	bn_frame_options f = {
		.host = {.now_ms = host_now,
			.copy = host_copy,
			.suspend = a->term ? host_suspend : NULL,
			.repaint = host_repaint,
			.recall = host_recall,
			.remember = host_remember,
			.set_theme = host_set_theme,
			.set_alphabet = host_set_alphabet,
			.set_mouse = host_set_mouse,
			.user = a},
		.loader = {.open = lane_open, .close = lane_close, .wake = worker_wake, .user = a},
		.tabs = bn_view_tabs,
		.tab_count = bn_view_tab_count,
		.side = bn_view_side,
		.side_count = bn_view_side_count,
		.make_text = bn_view_text_new,
		.status = source->status,
		.find = source->find,
		.words = source->words,
		.open_found = bn_view_open_found,
		.title = a->remote ? bn_remote_title(a->remote) : base_name(a->dir),
		.save_dir = a->opt->save_dir,
		.home = a->opt->home,
		.source = source,
		.tour = demo ? bn_view_tour : NULL,
		.tour_count = demo ? bn_view_tour_count : 0,
		.readonly = a->opt->readonly,
		.utc = a->opt->utc,
	};
	int rc = bn_frame_new(&a->frame, &f, err);
	if (rc < 0)
		return rc;
	if (a->opt->mouse)
		bn_frame_run(a->frame, "mouse on", NULL); /* a refusal is shown */
	if (a->term)
		look_take(a);
	if (a->opt->tour)
		return bn_frame_run(a->frame, "tour", err);
	if (a->term)
		bn_frame_tour_offer(a->frame);
	return 0;
}

/* ---- script -------------------------------------------------------------------------------------- */

static int file_read(bn_buf *out, const char *path, bn_err *err)
{
	char chunk[4096];
	size_t n;
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	if (!f)
		return bn_err_sys(err, BN_ENOTFOUND, errno, "script %s", path);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		bn_buf_add(out, chunk, n);
	if (!is_stdin)
		fclose(f);
	return bn_buf_check(out, err, "the script");
}

static int script_run(app *a, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	const bn_tui_options *o = a->opt;
	int rc = file_read(&text, o->script, err);
	if (!rc)
		rc = bn_surface_new(&a->surface, o->rows ? o->rows : 24, o->cols ? o->cols : 80,
			o->ascii ? BN_ALPHABET_ASCII : BN_ALPHABET_BRAILLE, err);
	if (!rc)
		rc = frame_open(a, err);
	if (!rc)
		rc = bn_script_run(a->frame, a->surface, text.ptr, o->script, err);
	bn_frame_free(a->frame);
	bn_buf_release(&text);
	return rc;
}

/* ---- terminal ------------------------------------------------------------------------------------ */

static int resize(app *a, bn_err *err)
{
	return bn_surface_resize(a->surface, bn_term_rows(a->term), bn_term_cols(a->term), err);
}

static void paint(app *a, int64_t *painted_ms)
{
	bn_frame_draw(a->frame, a->surface);
	bn_term_paint(a->term, a->surface);
	*painted_ms = bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

/* On a slow line keys are echoed at once, everything else at most every two seconds. */
static int slow_line_rest(const app *a, int64_t painted_ms)
{
	int64_t now = bn_env_monotonic_ns(bn_env_real()) / 1000000;
	int64_t rest = painted_ms + SLOW_LINE_MS - now;
	return a->opt->slow_line && rest > 0 ? (int)rest : 0;
}

static int loop_run(app *a, bn_err *err)
{
	int64_t painted_ms = 0;
	bool dirty = true, typed = true;
	while (!bn_frame_is_done(a->frame)) {
		dirty |= bn_frame_pump(a->frame);
		int rest = typed ? 0 : slow_line_rest(a, painted_ms);
		if (dirty && !rest) {
			paint(a, &painted_ms);
			bn_frame_pump(a->frame); /* drawing may have requested rows */
			dirty = typed = false;
		}
		int wait = bn_frame_wait_ms(a->frame);
		if (dirty && (wait < 0 || rest < wait))
			wait = rest;
		switch (bn_term_wait(a->term, wait)) {
		case BN_TERM_LOST:
			return 0; /* terminal_run checks again, and leaves */
		case BN_TERM_RESIZED:
			if (resize(a, err))
				return err ? err->code : BN_ENOMEM;
			dirty = typed = true;
			break;
		case BN_TERM_KEY:
			for (int k = bn_term_key(a->term); k != BN_KEY_NONE;
				k = bn_term_key(a->term))
				bn_frame_key(a->frame, k);
			dirty = typed = true;
			break;
		case BN_TERM_WOKEN:
		case BN_TERM_TIMEOUT:
			break;
		}
	}
	return 0;
}

static int terminal_run(app *a, bn_err *err)
{
	bn_theme theme;
	const bn_tui_options *o = a->opt;
	bn_term_options t = {.ascii = o->ascii, .no_color = o->no_color};
	int rc = bn_theme_load(&theme, o->theme, err);
	if (!rc)
		rc = bn_term_open(&a->term, &t, &theme, err);
	if (!rc)
		rc = bn_surface_new(&a->surface, bn_term_rows(a->term), bn_term_cols(a->term),
			bn_term_alphabet(a->term), err);
	if (!rc)
		rc = frame_open(a, err);
	if (!rc)
		rc = loop_run(a, err);
	bool lost = a->term && bn_term_wait(a->term, 0) == BN_TERM_LOST;
	bool stuck = !lost && a->frame && !bn_jobs_stop(bn_frame_jobs(a->frame), STOP_JOBS_MS);
	if (a->term)
		bn_term_leave(a->term);
	if (lost || stuck)
		_exit(0); /* no terminal to restore, or a worker is blocked in a dead file system */
	bn_frame_free(a->frame);
	bn_term_close(a->term);
	return rc;
}

int bn_tui_run(const bn_tui_options *opt, bn_err *err)
{
	app a = {.opt = opt};
	int rc = place_open(&a, err);
	if (!rc)
		rc = opt->script ? script_run(&a, err) : terminal_run(&a, err);
	bn_surface_free(a.surface);
	bn_source_close(atomic_exchange(&a.ready, NULL));
	bn_remote_close(a.remote);
	bn_free(a.dir);
	return rc;
}
