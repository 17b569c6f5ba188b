/*
 * cmd_workbench.c - without arguments: the workbench. See tui/ui/app.h.
 */
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "tui/cli/cli.h"
#include "tui/cli/verbs.h"
#include "tui/ui/app.h"

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

static int run_workbench(bn_cli *cli, bn_err *err)
{
	bn_tui_options opt = {
		.dir = bn_cli_start_dir(cli),
		.theme = bn_cli_opt(cli, "theme"),
		.ascii = bn_cli_flag(cli, "ascii"),
		.no_color = bn_cli_no_color(cli),
		.slow_line = bn_cli_flag(cli, "slow-line"),
		.readonly = bn_cli_flag(cli, "readonly"),
		.utc = bn_cli_utc(cli),
		.script = bn_cli_opt(cli, "script"),
		.save_dir = bn_cli_opt(cli, "save-dir"),
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
	opt.dir = bn_workspace_dir(ws);
	return bn_tui_run(&opt, err);
}

static const bn_opt options[] = {
	{"theme", 0, "NAME",
		"theme: default, dark, light, high-contrast, colour-blind, mono, or a file"},
	{"ascii", 0, NULL, "plain ASCII, even in a UTF-8 locale"},
	{"readonly", 0, NULL, "read-only"},
	{"slow-line", 0, NULL, "at most one frame every two seconds unless a key is pressed"},
	{"script", 0, "FILE",
		"read keys and commands from FILE instead of a terminal (- is stdin)"},
	{"size", 0, "COLSxROWS", "size of the screen of a script (80x24)"},
	{"save-dir", 0, "DIR", "directory for a script's :save-screen"},
	{"now", 0, "TIME", "fixed clock for a script, so that ages on screen do not change"},
	{0},
};

const bn_verb bn_verbs_workbench[] = {
	{"workbench", NULL, "", 0, 0, "open the workbench (also without arguments)",
		"Keys: arrows or hjkl move, Enter opens, Esc goes back, 1-9 choose a screen, / "
		"filters,\n"
		": takes a command, ? shows every key, q leaves.",
		{"binnacle", "binnacle --theme light",
			"binnacle -C /scratch/me/project --readonly"},
		options, 0, run_workbench},
	{0},
};
