/* cmd_monitor_prometheus.c - binnacle monitor targets, export: files that Prometheus reads. */
#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/monitor/export.h"
#include "core/serve/targets.h"
#include "tui/cli/verbs.h"

#include <string.h>

#define LOST_NS (INT64_C(3600) * 1000000000)

/* The label of that name: the directory's, unless the user chose one. */
static int workspace_label(const char **out, bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	const char *chosen = bn_cli_opt(cli, "workspace");
	const char *dir = bn_workspace_dir(ws), *base = bn_path_base(dir);
	*out = *base ? base : dir;
	if (chosen)
		*out = chosen;
	if (chosen && !*chosen)
		return bn_err_set(err, BN_EINVAL, "--workspace needs a name");
	return 0;
}

static int need_file(const char **out, bn_cli *cli, const char *option, const char *example,
	bn_err *err)
{
	const char *path = bn_cli_opt(cli, option);
	*out = path;
	if (path && *path)
		return 0;
	bn_err_set(err, BN_EINVAL, "--%s FILE says what to write", option);
	bn_err_hint(err, "such as --%s %s, or - for standard output", option, example);
	return BN_EINVAL;
}

static bool is_same(const bn_env *env, const char *path, const bn_buf *text)
{
	bn_buf old = BN_BUF_INIT;
	bool same = bn_fs_read_file(env, path, &old, NULL) == 0 && old.len == text->len &&
		    !memcmp(old.ptr, text->ptr, text->len);
	bn_buf_release(&old);
	return same;
}

/* Prometheus and its exporters are other users. */
static int write_for_others(bn_cli *cli, const char *path, const bn_buf *text, bn_err *err)
{
	struct stat st;
	const bn_env *env = bn_cli_env(cli);
	int rc = bn_fs_write_file(env, path, text->ptr, text->len, 0644, err);
	if (rc < 0)
		return rc;
	if (env->fs->stat(env, NULL, path, &st) == 0 && S_ISREG(st.st_mode) &&
		!(st.st_mode & S_IROTH))
		bn_cli_note(cli, "%s: only you can read it (umask 022 lets Prometheus)", path);
	return 0;
}

/* ---- monitor targets ------------------------------------------------------------------------ */

static void tell_left_out(bn_cli *cli, const bn_targets_counts *c)
{
	if (c->on_sockets)
		bn_cli_note(cli,
			"%zu servers on a Unix socket are left out: Prometheus needs a port "
			"(serve --unix PATH --port N has both)",
			c->on_sockets);
	if (c->on_loopbacks)
		bn_cli_note(cli,
			"%zu servers on the loopback of another host are left out: Prometheus "
			"reaches them from there",
			c->on_loopbacks);
	if (c->of_others)
		bn_cli_note(cli,
			"%zu servers of other users are left out: Prometheus would send its token "
			"to them (--all-users includes those of members)",
			c->of_others);
}

static int show_targets(bn_cli *cli, const char *path, const bn_targets_counts *c, bool changed,
	bn_err *err)
{
	static const bn_col fields[] = {{"file", "File", BN_AS_WHOLE},
		{"targets", "Targets", BN_AS_COUNT}, {"lost", "Lost", BN_AS_COUNT},
		{"left_out", "Left out", BN_AS_COUNT}, {"changed", "Changed", BN_AS_BOOL}, {0}};
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:b}", "file", path, "targets",
		(json_int_t)c->listed, "lost", (json_int_t)c->lost, "left_out",
		(json_int_t)(c->on_sockets + c->on_loopbacks + c->of_others), "changed", (int)changed);
	return bn_cli_object(cli, o, fields, err);
}

static int run_targets(bn_cli *cli, bn_err *err)
{
	int rc = 0;
	int64_t lost_ns = LOST_NS;
	bn_workspace *ws = NULL;
	bn_targets_counts counts;
	const char *path;
	bn_buf text = BN_BUF_INIT;
	const bn_env *env = bn_cli_env(cli);
	bn_targets_options o = {.all_users = bn_cli_flag(cli, "all-users")};
	if ((rc = need_file(&path, cli, "file-sd", "binnacle.json", err)) < 0 ||
		(rc = bn_cli_opt_duration(cli, "lost", &lost_ns, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = workspace_label(&o.workspace, cli, ws, err)) < 0)
		goto out;
	o.lost_ms = lost_ns / 1000000;
	if ((rc = bn_targets_write(&text, &counts, ws, &o, err)) < 0)
		goto out;
	tell_left_out(cli, &counts);
	if (!strcmp(path, "-")) {
		bn_cli_write_data(cli, text.ptr, text.len);
		goto out;
	}
	/* Prometheus reads the file again whenever it changes. */
	bool changed = !is_same(env, path, &text);
	if (changed && (rc = write_for_others(cli, path, &text, err)) < 0)
		goto out;
	rc = show_targets(cli, path, &counts, changed, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- monitor export ------------------------------------------------------------------------- */

static void warn_line(void *ctx, const char *line)
{
	bn_cli_warn(ctx, "%s", line);
}

static int check_name(const char *path, bn_err *err)
{
	if (!strcmp(path, "-") || bn_str_ends(path, ".prom"))
		return 0;
	bn_err_set(err, BN_EINVAL, "--textfile '%s': the name must end in .prom", path);
	bn_err_hint(err, "the textfile collector reads only *.prom");
	return BN_EINVAL;
}

static int run_export(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {
		{"file", "File", BN_AS_WHOLE}, {"bytes", "Size", BN_AS_BYTES}, {0}};
	int rc = 0;
	bn_workspace *ws = NULL;
	const char *path, *label;
	bn_buf text = BN_BUF_INIT;
	if ((rc = need_file(&path, cli, "textfile", "binnacle.prom", err)) < 0 ||
		(rc = check_name(path, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = workspace_label(&label, cli, ws, err)) < 0 ||
		(rc = bn_monitor_export(&text, ws, label, warn_line, cli, err)) < 0)
		goto out;
	if (!strcmp(path, "-")) {
		bn_cli_begin_text(cli);
		bn_cli_write_data(cli, text.ptr, text.len);
		goto out;
	}
	if ((rc = write_for_others(cli, path, &text, err)) < 0)
		goto out;
	rc = bn_cli_object(cli,
		json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)text.len), fields, err);
out:
	bn_buf_release(&text);
	return rc;
}

static const bn_opt targets_options[] = {
	{"file-sd", 0, "FILE", "the file to write (-: standard output)"},
	{"all-users", 0, NULL, "servers of all members, not only yours"},
	{"lost", 0, "TIME", "how long servers that disappeared stay listed (default 1h)"},
	{"workspace", 0, "NAME", "value of the label workspace (default: the directory's name)"},
	{0}};

static const bn_opt export_options[] = {
	{"textfile", 0, "FILE", "the file to write, *.prom (-: standard output)"},
	{"workspace", 0, "NAME", "value of the label workspace (default: the directory's name)"},
	{0}};

const bn_verb bn_verbs_monitor_prometheus[] = {
	{"monitor", "targets", "", 0, 0, "Write the servers of the workspace for Prometheus",
		"For file_sd_configs: your running servers, and for --lost those that disappeared, "
		"so that `up` is 0.\nThe file appears as a whole, and only if its content has "
		"changed.",
		{"binnacle monitor targets --file-sd /etc/prometheus/sd/power.json",
			"binnacle monitor targets --file-sd -"},
		targets_options, 0, run_targets},
	{"monitor", "export", "", 0, 0, "Write the state of the workspace for Prometheus",
		"For the textfile collector of a node exporter: runs, their metrics and energy, "
		"datasets, checks,\ndrift. The file appears as a whole; call it from cron or at "
		"the end of a job.",
		{"binnacle monitor export --textfile /var/lib/prometheus/node-exporter/power.prom",
			"binnacle monitor export --textfile -"},
		export_options, 0, run_export},
	{0}};
