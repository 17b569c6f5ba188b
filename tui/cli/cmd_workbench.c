/*
 * cmd_workbench.c - without arguments: the workbench; `binnacle tour`: the same on a demo's workspace,
 * with the guided tour. See tui/ui/app.h and tour.h.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "tui/cli/_cli.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"
#include "tui/ui/app.h"
#include "tui/views/views.h"

#include <string.h>

static int read_size(const char *text, bn_tui_options *opt, bn_err *err)
{
	int64_t cols, rows;
	const char *x = strchr(text, 'x');
	if (!x || !bn_parse_i64(text, (size_t)(x - text), &cols) ||
		!bn_parse_i64(x + 1, strlen(x + 1), &rows) || cols < 1 || rows < 1 || cols > 1000 ||
		rows > 1000)
		return bn_err_set(
			err, BN_EINVAL, "--size %s: must be COLUMNSxROWS, such as 80x24", text);
	opt->cols = (int)cols;
	opt->rows = (int)rows;
	return 0;
}

static int open_workbench(bn_cli *cli, bool tour, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	bn_tui_options opt = {
		.tour = tour,
		.theme = bn_cli_opt(cli, "theme"),
		.ascii = bn_cli_flag(cli, "ascii"),
		.no_color = bn_cli_no_color(cli),
		.mouse = bn_cli_flag(cli, "mouse"),
		.slow_line = bn_cli_flag(cli, "slow-line"),
		.readonly = bn_cli_flag(cli, "readonly"),
		.utc = bn_cli_utc(cli),
		.script = bn_cli_opt(cli, "script"),
		.save_dir = bn_cli_opt(cli, "save-dir"),
		.home = env->get(env, "HOME"),
	};
	const char *size = bn_cli_opt(cli, "size"), *now = bn_cli_opt(cli, "now");
	int64_t now_ns = 0;
	bn_workspace *ws;
	int rc;
	if (size && read_size(size, &opt, err))
		return BN_EINVAL;
	if (now && !bn_timestamp_parse(now, strlen(now), &now_ns))
		return bn_err_set(err, BN_EINVAL,
			"--now %s: must be a time such as 2026-01-31T09:00:00Z", now);
	opt.fixed_now_ms = now_ns / 1000000;
	/* Confirms a first use, and reports errors of the workspace, before the screen is taken
	 * over. */
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0)
		return rc;
	if (bn_cli_mirror(cli)) {
		opt.store = bn_mirror_address(bn_cli_mirror(cli));
		opt.access = &cli->access;
		opt.cached = cli->cached;
	} else {
		/* A verdict about a directory in it is not one about the workspace. */
		bool is_same = cli->trust && bn_trust_is_named(cli->trust);
		opt.workspace = ws;
		opt.trust = is_same ? cli->trust : NULL;
		if (!is_same)
			bn_trust_free(cli->trust);
		cli->workspace = NULL;
		cli->trust = NULL;
	}
	return bn_tui_run(&opt, err);
}

static int run_workbench(bn_cli *cli, bn_err *err)
{
	return open_workbench(cli, false, err);
}

/* ---- the tour ----------------------------------------------------------------------------------- */

static bool is_demo(const bn_cli *cli, const char *dir)
{
	char *mark = bn_path_join(dir, BN_DEMO_MARK);
	bool is = mark && bn_fs_exists(bn_cli_env(cli), mark);
	bn_free(mark);
	return is;
}

/* The directory of the tour: the one that is named, the current one, the demo in the current one, or else the workspace
 * that contains it. */
static void tour_place(bn_cli *cli)
{
	static const char *const places[] = {".", "binnacle-demo", "demo-workspace"};
	if (bn_cli_arg(cli, 0))
		cli->start_dir = bn_cli_arg(cli, 0);
	for (size_t i = 0; !cli->start_dir && i < sizeof places / sizeof *places; i++)
		if (is_demo(cli, places[i]))
			cli->start_dir = places[i];
}

static int none_found(const bn_cli *cli, bn_err *err)
{
	bn_err_set(err, BN_ENOTFOUND, "%s is not in a demo's workspace, which the tour is about",
		cli->start_dir ? cli->start_dir : "this directory");
	bn_err_hint(err, "`binnacle demo` makes one in binnacle-demo; then `binnacle tour`");
	return BN_ENOTFOUND;
}

/* Prints the text of all steps. */
static void steps_print(bn_cli *cli)
{
	enum { WIDTH = 78 };
	bn_buf out = BN_BUF_INIT;
	for (int i = 0; i < bn_view_tour_count; i++) {
		const bn_tour_part *p = &bn_view_tour[i];
		char key[16];
		if (p->title) {
			bn_cli_print_in(
				cli, "bold", "%s%d  %s\n", i ? "\n" : "", p->step, p->title);
		}
		bn_buf_clear(&out);
		bn_buf_adds(&out, "   ");
		bn_cli_add_wrapped(&out, p->text, WIDTH - 3, 3);
		bn_buf_adds(&out, "\n     ");
		if (bn_command_first_key(p->press, key))
			bn_buf_addf(&out, "%s  ", key);
		bn_cli_add_wrapped(&out, p->does, WIDTH - 5, 5);
		bn_cli_print(cli, "%s\n", out.ptr ? out.ptr : "");
	}
	bn_buf_release(&out);
}

static int steps_list(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"step", "step", BN_AS_INT}, {"title", "title", BN_AS_TEXT},
		{"key", "key", BN_AS_WHOLE}, {"does", "does", BN_AS_WORDS},
		{"text", "text", BN_AS_WORDS}, {0}};
	json_t *items = json_array();
	if (bn_cli_is_text(cli)) {
		json_decref(items);
		steps_print(cli);
		return 0;
	}
	for (int i = 0; i < bn_view_tour_count; i++) {
		const bn_tour_part *p = &bn_view_tour[i];
		char key[16] = "";
		bn_command_first_key(p->press, key);
		json_array_append_new(items, json_pack("{s:i, s:s, s:s, s:s, s:s}", "step", p->step,
						     "title", bn_tour_title(bn_view_tour, i), "key",
						     key, "does", p->does, "text", p->text));
	}
	return bn_cli_list(cli, items, cols, "", err);
}

static int run_tour(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_err why = BN_ERR_INIT;
	if (bn_cli_flag(cli, "list"))
		return steps_list(cli, err);
	tour_place(cli);
	int rc = bn_cli_workspace(cli, &ws, &why);
	if (rc == BN_ENOTFOUND || (rc == 0 && !is_demo(cli, bn_workspace_dir(ws))))
		return none_found(cli, err);
	if (rc < 0) {
		bn_err_move(err, &why);
		return rc;
	}
	return open_workbench(cli, true, err);
}

/* ---- verbs -------------------------------------------------------------------------------------- */

/* of both verbs */
#define OPTIONS_OF_SCREEN \
	{"theme", 0, "NAME", \
		"theme: default, dark, light, high-contrast, colour-blind, mono, or a file"}, \
		{"ascii", 0, NULL, "plain ASCII, even in a UTF-8 locale"}, \
		{"readonly", 0, NULL, "read-only"}, \
		{"mouse", 0, NULL, "take clicks and the wheel, as :mouse on does"}, \
		{"slow-line", 0, NULL, \
			"at most one frame every two seconds unless a key is pressed"}, \
		{"script", 0, "FILE", \
			"read keys and commands from FILE instead of a terminal (- is stdin)"}, \
		{"size", 0, "COLSxROWS", "size of the screen of a script (80x24)"}, \
		{"save-dir", 0, "DIR", "directory for a script's :save-screen"}, \
	{ \
		"now", 0, "TIME", "fixed clock for a script, so that ages on screen do not change" \
	}

static const bn_opt options[] = {OPTIONS_OF_SCREEN, {0}};
static const bn_opt tour_options[] = {
	{"list", 0, NULL, "print the steps to read, and open nothing"}, OPTIONS_OF_SCREEN, {0}};

const bn_verb bn_verbs_workbench[] = {
	{"workbench", NULL, "", 0, 0, "open the workbench (also without arguments)",
		"Keys: arrows or hjkl move, Enter opens, Esc goes back, 1-9 choose a screen, / "
		"filters,\n"
		": takes a command, ? shows every key, Q leaves.",
		{"binnacle", "binnacle --theme light",
			"binnacle --store https://mlflow.example.org"},
		options, BN_VERB_REMOTE | BN_VERB_REMOTE_READS, run_workbench},
	{"tour", NULL, "[DIR]", 0, 1, "learn the workbench in ten steps on a demo's workspace",
		"Opens the workbench on the workspace that `binnacle demo` made in DIR: by "
		"default\n"
		"this directory, or binnacle-demo or demo-workspace in it. A band at the foot "
		"says\n"
		"what is on the screen, why it matters and which key to press, and goes on when\n"
		"that was done. Every key works as always; Z goes back a step, E leaves the tour.",
		{"binnacle tour", "binnacle tour binnacle-demo", "binnacle tour --list"},
		tour_options, 0, run_tour},
	{0},
};
