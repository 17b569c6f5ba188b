/*
 * cmd_store.c - the store from the command line: index status, index rebuild, gc, doctor fs.
 * (`audit log` and `audit verify` are in cmd_govern.c.)
 */
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/settings.h"
#include "core/base/str.h"
#include "core/forget/forget.h"
#include "core/govern/object_faults.h"
#include "core/store/doctor.h"
#include "core/store/inspect.h"
#include "core/store/log/clock.h"
#include "core/store/object/gc.h"
#include "core/track/run_dirs.h"
#include "tui/cli/cli.h"
#include "tui/cli/due.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* ---- index ---------------------------------------------------------------------------------- */

static int dump_line(void *ctx, const char *text, size_t n)
{
	bn_cli_write_data(ctx, text, n);
	return bn_cli_interrupted();
}

static json_t *gaps_json(const bn_index_status *s)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < s->gap_count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I}", "writer", s->gaps[i].writer, "why",
				      s->gaps[i].why, "folded", (json_int_t)s->gaps[i].folded));
	return list;
}

static json_t *forks_json(const bn_index_status *s)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < s->fork_count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:s}", "writer", s->forks[i].writer, "seq",
				      (json_int_t)s->forks[i].seq, "why", s->forks[i].words));
	return list;
}

static json_t *unknown_json(const bn_index_status *s)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < s->unknown_count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:I, s:s}", "kind", s->unknown[i].kind, "version",
				(json_int_t)s->unknown[i].version, "events",
				(json_int_t)s->unknown[i].events, "entity", s->unknown[i].entity));
	return list;
}

static json_t *fields_json(const bn_index_status *s)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < s->field_count; i++) {
		const bn_index_unknown_field *u = &s->fields[i];
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:I}", "kind", u->kind, "field",
				u->field, "events", (json_int_t)u->events, "entity", u->entity,
				"writer", u->writer, "version", (json_int_t)u->version, "last_ms",
				(json_int_t)bn_clock_ms((uint64_t)u->clock)));
	}
	return list;
}

/* Records of a newer program, one per line. */
static void warn_newer(bn_cli *cli, const bn_index_status *s)
{
	for (size_t i = 0; i < s->unknown_count; i++)
		bn_cli_warn(cli,
			"%lld events '%s' (version %lld) of '%s' and others are from a newer "
			"binnacle: kept, not shown",
			(long long)s->unknown[i].events, s->unknown[i].kind,
			(long long)s->unknown[i].version, s->unknown[i].entity);
	for (size_t i = 0; i < s->field_count; i++)
		bn_cli_warn(cli,
			"field '%s' in %lld event%s '%s' is from a newer binnacle: kept, not "
			"shown; the newest is of '%s', by writer %s (version %lld)",
			s->fields[i].field, (long long)s->fields[i].events,
			s->fields[i].events == 1 ? "" : "s", s->fields[i].kind, s->fields[i].entity,
			s->fields[i].writer, (long long)s->fields[i].version);
	if (s->field_count == BN_INDEX_FIELDS_MOST)
		bn_cli_warn(cli, "there may be more such fields: the first %d are listed",
			(int)BN_INDEX_FIELDS_MOST);
}

/* Faults of the log, one per line. BN_EFAILED if there are any. */
static int warn_of_log(bn_cli *cli, const bn_index_status *s, bn_err *err)
{
	for (size_t i = 0; i < s->gap_count; i++)
		bn_cli_warn(cli, "log of %s: %s; its first %lld events are in the index",
			s->gaps[i].writer, s->gaps[i].why, (long long)s->gaps[i].folded);
	for (size_t i = 0; i < s->fork_count; i++)
		bn_cli_warn(cli, "log of %s: %s; nothing signed there counts", s->forks[i].writer,
			s->forks[i].words);
	if (!s->gap_count && !s->fork_count)
		return 0;
	int rc = bn_err_set(err, BN_EFAILED,
		s->gap_count ? "part of the log cannot be read" : "a writer has two histories");
	bn_err_hint(err, "see `binnacle audit verify`");
	return rc;
}

static int show_status(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	static const bn_col fields[] = {{"path", "index", BN_AS_TEXT}, {"fs", "on", BN_AS_TEXT},
		{"why", "there because", BN_AS_TEXT}, {"bytes", "size", BN_AS_BYTES},
		{"writers", "writers", BN_AS_COUNT}, {"events", "events", BN_AS_COUNT},
		{"entities", "entities", BN_AS_COUNT}, {"refused", "refused", BN_AS_COUNT},
		{"invalid", "invalid", BN_AS_COUNT}, {"newer", "of a newer binnacle", BN_AS_COUNT},
		{"newer_fields", "with newer fields", BN_AS_COUNT},
		{"last_event_ms", "last event", BN_AS_TIME_MS}, {"gap_count", "gaps", BN_AS_COUNT},
		{0}};
	bn_index_status s;
	int rc = bn_index_status_get(&s, ws, err);
	if (rc)
		goto out;
	json_t *o = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
		"path", s.path, "fs", s.fs, "why", s.why[0] ? json_string(s.why) : json_null(),
		"bytes", (json_int_t)s.bytes, "writers", (json_int_t)s.writers, "events",
		(json_int_t)s.events, "entities", (json_int_t)s.entities, "refused",
		(json_int_t)s.refused, "invalid", (json_int_t)s.invalid, "newer",
		(json_int_t)s.newer, "last_event_ms",
		s.last_clock ? json_integer((json_int_t)bn_clock_ms((uint64_t)s.last_clock))
			     : json_null(),
		"gaps", gaps_json(&s));
	if (!o) {
		rc = bn_err_nomem(err, "the result");
		goto out;
	}
	json_object_set_new(o, "gap_count", json_integer((json_int_t)s.gap_count));
	json_object_set_new(o, "forks", forks_json(&s));
	json_object_set_new(o, "unknown", unknown_json(&s));
	json_object_set_new(o, "newer_fields", json_integer((json_int_t)s.with_unknown_fields));
	json_object_set_new(o, "unknown_fields", fields_json(&s));
	rc = bn_cli_object(cli, o, fields, err);
	warn_newer(cli, &s);
	if (rc >= 0)
		rc = warn_of_log(cli, &s, err);
out:
	bn_index_status_release(&s);
	return rc;
}

static int run_index_status(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc || !bn_cli_flag(cli, "dump"))
		return rc ? rc : show_status(cli, ws, err);
	if ((rc = bn_workspace_refresh(ws, NULL, err)))
		return rc;
	bn_cli_begin_text(cli);
	rc = bn_index_dump(ws, dump_line, cli, err);
	return rc && bn_cli_interrupted() ? BN_EINTR : rc;
}

static int run_index_rebuild(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_index_rebuild(ws, err);
	return rc ? rc : show_status(cli, ws, err);
}

/* ---- gc ------------------------------------------------------------------------------------- */

typedef struct gc_judge {
	bn_cli *cli;
	bool has_said; /* gc checks more than once */
} gc_judge;

/* Objects that only a stranger's records name do not stop gc; the records are reported. */
static int judge_hidden(
	void *ctx, bn_workspace *ws, bn_live_hidden *items, size_t count, bn_err *err)
{
	gc_judge *j = ctx;
	bn_object_faults f = {0};
	int rc = bn_object_faults_judge(&f, ws, items, count, err);
	for (size_t i = 0; rc >= 0 && !j->has_said && i < f.count; i++)
		if (f.items[i].is_strangers)
			bn_cli_warn(j->cli,
				"%s, ignored: only records of writers who were not admitted name "
				"it (log/%s record %llu, %s on %s)",
				f.items[i].words, f.items[i].writer,
				(unsigned long long)f.items[i].seq, f.items[i].kind,
				f.items[i].entity);
	j->has_said = true;
	bn_object_faults_release(&f);
	return rc;
}

/* As the option says, else as it is set (core/base/settings.h), else *ms as it is. */
static int retention_of(int64_t *ms, bn_cli *cli, const bn_workspace *ws, bn_err *err)
{
	static const int64_t day_ms = (int64_t)86400 * 1000;
	const char *given = bn_cli_opt(cli, "older-than");
	bn_settings *s = NULL;
	char what[80];
	int rc = bn_settings_load(&s, bn_cli_env(cli), bn_workspace_at(ws), err);
	if (rc < 0)
		return rc;
	int64_t days = bn_settings_number(s, BN_SETTING_RETENTION_DAYS, *ms / day_ms);
	int64_t ns = days * day_ms * 1000000;
	if ((rc = bn_cli_opt_duration(cli, "older-than", &ns, err)) < 0)
		goto out;
	*ms = ns / 1000000;
	snprintf(what, sizeof what, "--older-than %.60s", given ? given : "");
	if (given)
		rc = bn_settings_check_number(
			s, BN_SETTING_RETENTION_DAYS, *ms / day_ms, what, err);
out:
	bn_settings_free(s);
	return rc;
}

static int run_gc(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"objects", "objects removed", BN_AS_COUNT},
		{"object_bytes", "bytes removed", BN_AS_BYTES},
		{"leftovers", "leftovers removed", BN_AS_COUNT},
		{"run_dirs", "directories of runs removed", BN_AS_COUNT},
		{"run_dirs_packed", "directories of runs packed", BN_AS_COUNT},
		{"live", "kept, named by something", BN_AS_COUNT},
		{"young", "kept, younger than the limit", BN_AS_COUNT},
		{"failed", "could not be removed", BN_AS_COUNT}, {0}};
	bn_workspace *ws = NULL;
	bn_gc_report r;
	json_t *due = NULL;
	uint64_t run_dirs = 0, packed = 0;
	bn_gc_options options = {
		.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS, .dry_run = false};
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc || (rc = retention_of(&options.retention_ms, cli, ws, err)))
		return rc;
	options.dry_run = bn_cli_dry_run(cli);
	gc_judge asked = {.cli = cli};
	const bn_live_judge judge = {judge_hidden, &asked};
	options.judge = &judge;
	if ((!options.dry_run && (rc = bn_forget_finish(ws, NULL, err)) < 0) ||
		(rc = bn_cli_due(&due, cli, ws, bn_cli_flag(cli, "expired"), err)) < 0 ||
		(rc = bn_gc_run(&r, ws, &options, err)) < 0)
		goto out;
	/* Afterwards: they go with the bytes that their runs name. */
	if ((rc = bn_run_dirs_free(&run_dirs, ws,
		     bn_env_now_ms(bn_cli_env(cli)) - options.retention_ms, options.dry_run,
		     err)) ||
		(rc = bn_run_dirs_pack(&packed, ws, options.dry_run, err)))
		goto out;
	if (options.dry_run)
		bn_cli_say(cli, "nothing was removed (--dry-run); this would be removed");
	json_t *o = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"dry_run", options.dry_run, "run_dirs", (json_int_t)run_dirs, "run_dirs_packed",
		(json_int_t)packed, "objects", (json_int_t)r.objects, "object_bytes",
		(json_int_t)r.object_bytes, "live", (json_int_t)r.live, "live_bytes",
		(json_int_t)r.live_bytes, "young", (json_int_t)r.young, "young_bytes",
		(json_int_t)r.young_bytes, "leftovers", (json_int_t)r.leftovers, "leftover_bytes",
		(json_int_t)r.leftover_bytes, "failed", (json_int_t)r.failed);
	if (o)
		json_object_set(o, "due", due);
	rc = o ? bn_cli_object(cli, o, fields, err) : bn_err_nomem(err, "the result");
out:
	json_decref(due);
	return rc;
}

/* ---- doctor fs ------------------------------------------------------------------------------ */

static json_t *fs_json(const bn_fs_report *r)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < r->count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s?}", "what", r->checks[i].what, "state",
				      bn_fs_state_name(r->checks[i].state), "detail",
				      r->checks[i].detail, "cure", r->checks[i].cure));
	return list;
}

static int run_doctor_fs(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"state", "STATE", BN_AS_TEXT}, {"what", "WHAT", BN_AS_TEXT},
		{"detail", "FOUND", BN_AS_WORDS}, {"cure", "CURE", BN_AS_WORDS}, {0}};
	bn_fs_report r;
	const char *dir = bn_cli_arg(cli, 0);
	int rc = bn_fs_examine(&r, bn_cli_env(cli), dir, err);
	if (rc)
		return rc;
	json_t *list = fs_json(&r);
	if (!list)
		return bn_err_nomem(err, "the findings");
	if (bn_cli_is_json(cli)) {
		json_t *o = json_pack("{s:s, s:b, s:o, s:o, s:s, s:o}", "type", r.type, "network",
			r.is_network, "fsync_median_ms", bn_json_real_or_null(r.fsync_median_ms),
			"fsync_p99_ms", bn_json_real_or_null(r.fsync_p99_ms), "verdict",
			bn_fs_state_name(r.verdict), "checks", list);
		if (!o || bn_json_set_bytes(o, "dir", dir, strlen(dir), err) < 0) {
			json_decref(o);
			return bn_err_nomem(err, "the findings");
		}
		rc = bn_cli_document(cli, o, err);
	} else {
		rc = bn_cli_list(cli, list, cols, NULL, err);
	}
	if (!rc && r.verdict == BN_FS_FAIL)
		rc = bn_err_set(err, BN_EFAILED, "a workspace in '%s' would not be safe", dir);
	return rc;
}

static const bn_opt status_options[] = {
	{"dump", 0, NULL, "print every table and row of the index, in a stable order"}, {0}};
static const bn_opt gc_options[] = {
	{"older-than", 0, "AGE", "minimum age of unnamed objects (default 14d, or as set)"},
	{"expired", 0, NULL, "remove versions past the retention of their dataset first"}, {0}};

const bn_verb bn_verbs_store[] = {
	{"index", "status", "", 0, 0, "location and content of the index",
		"The index is derived from the log and may be deleted at any time.",
		{"binnacle index status", "binnacle index status --dump", NULL}, status_options,
		BN_VERB_NAMES_GAPS | BN_VERB_UNJUDGED, run_index_status},
	{"index", "rebuild", "", 0, 0, "rebuild the index from the whole log", NULL,
		{"binnacle index rebuild", "binnacle index rebuild --json", NULL}, NULL,
		BN_VERB_UNJUDGED, run_index_rebuild},
	{"gc", NULL, "", 0, 0, "remove objects that nothing names",
		"Removes objects that no row of the index names and that are older than 14 days, "
		"and\nleftovers in tmp/ and trash/. Removals are recorded in the log first. "
		"Directories "
		"of your own\nruns that can no longer be restored are removed as well. Versions past the retention "
		"of\ntheir dataset (data protect --keep) are shown, and with --expired removed, unless a "
		"registered\nmodel or a run that waits or runs needs them.",
		{"binnacle gc --dry-run", "binnacle gc --older-than 30d", NULL}, gc_options,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_gc},
	{0},
};

const bn_verb bn_verbs_doctor_fs[] = {
	{"doctor", "fs", "DIR", 1, 1, "test a directory's file system for a workspace",
		"Tests locks, links, renames and fsync in a scratch directory in DIR, and "
		"measures them.",
		{"binnacle doctor fs /scratch/me", "binnacle doctor fs . --json", NULL}, NULL,
		BN_VERB_NO_WORKSPACE, run_doctor_fs},
	{0},
};
