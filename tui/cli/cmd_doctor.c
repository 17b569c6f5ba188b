/*
 * cmd_doctor.c - `binnacle doctor`: what this machine offers, what is disabled, and remedies.
 *
 * Each finding is {what, state, detail, cure}: state OK, OFF (works without it) or FAIL. The
 * exit status is 1 if something fails. `doctor fs DIR` is in cmd_store.c.
 */
#include "core/base/buf.h"
#include "core/base/curl.h"
#include "core/base/fs.h"
#include "core/base/git2.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/settings.h"
#include "core/base/str.h"
#include "core/govern/rights.h"
#include "core/store/cache.h"
#include "core/store/inspect.h"
#include "core/store/modes.h"
#include "kernels/backend.h"
#include "tui/cli/cli.h"
#include "tui/cli/verbs.h"

#include <dirent.h>
#include <langinfo.h>
#include <nettle/version.h>
#include <openssl/crypto.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

static void find(json_t *list, const char *what, const char *state, const char *cure,
	const char *detail_fmt, ...) __attribute__((format(printf, 5, 6)));

static void find(json_t *list, const char *what, const char *state, const char *cure,
	const char *detail_fmt, ...)
{
	char detail[512];
	va_list ap;
	va_start(ap, detail_fmt);
	vsnprintf(detail, sizeof detail, detail_fmt, ap);
	va_end(ap);
	json_t *f = json_pack(
		"{s:s,s:s,s:s,s:s?}", "what", what, "state", state, "detail", detail, "cure", cure);
	if (f)
		json_array_append_new(list, f);
}

/* The first directory of PATH that holds an executable of that name; yours, or NULL. */
static char *find_program(const bn_env *env, const char *name)
{
	const char *path = bn_env_get(env, "PATH");
	while (path && *path) {
		size_t n = strcspn(path, ":");
		char *full = bn_strf("%.*s/%s", (int)n, path, name);
		if (full && access(full, X_OK) == 0)
			return full;
		bn_free(full);
		path += n + (path[n] == ':');
	}
	return NULL;
}

static void find_backends(json_t *list, const bn_env *env)
{
	char text[2048];
	bnk_backend_describe(bn_env_get(env, "BINNACLE_CUDA_PLUGIN"), text, sizeof text);
	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		char *colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		char what[64];
		snprintf(what, sizeof what, "back end %.40s", line);
		const char *detail = colon + 1 + strspn(colon + 1, " ");
		bool off = bn_str_starts(detail, "not used");
		find(list, what, off ? "OFF" : "OK", NULL, "%s", detail);
	}
}

/* The variant of each operation on the CPU; BINNACLE_KERNELS changes it. */
static void find_variants(json_t *list, const bn_env *env)
{
	char text[1024];
	const char *forced = bn_env_get(env, "BINNACLE_KERNELS");
	if (bnk_variants_describe(forced, text, sizeof text) == BNK_OK)
		find(list, "kernels", "OK", NULL, "%s", text);
	else
		find(list, "kernels", "FAIL", "BINNACLE_KERNELS is operation=variant,...",
			"BINNACLE_KERNELS: %s", text);
}

static void find_schedulers(json_t *list, const bn_env *env)
{
	static const struct {
		const char *what, *program;
	} all[] = {{"Slurm", "sbatch"}, {"Flux", "flux"}, {"Apptainer", "apptainer"},
		{"Podman", "podman"}, {"git", "git"}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		char *path = find_program(env, all[i].program);
		find(list, all[i].what, path ? "OK" : "OFF", NULL, "%s%s",
			path ? path : all[i].program, path ? "" : " is not in PATH");
		bn_free(path);
	}
}

/* Energy: RAPL through powercap is often readable only by root. */
static void find_meters(json_t *list)
{
	DIR *d = opendir("/sys/class/powercap");
	size_t zones = 0, readable = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[512];
		if (strncmp(e->d_name, "intel-rapl:", 11) && strncmp(e->d_name, "amd", 3))
			continue;
		zones++;
		snprintf(path, sizeof path, "/sys/class/powercap/%s/energy_uj", e->d_name);
		readable += access(path, R_OK) == 0;
	}
	if (d)
		closedir(d);
	if (!zones)
		find(list, "energy (RAPL)", "OFF", NULL, "no zones under /sys/class/powercap");
	else
		find(list, "energy (RAPL)", readable ? "OK" : "OFF",
			readable ? NULL : "ask the administrator for read access to energy_uj",
			"%zu zones, %zu readable", zones, readable);
}

static void find_terminal(json_t *list, const bn_env *env)
{
	const char *term = bn_env_get(env, "TERM"), *codeset = nl_langinfo(CODESET);
	bool utf8 = !strcmp(codeset, "UTF-8"), tty = isatty(STDOUT_FILENO) == 1;
	bool usable = tty && term && *term && strcmp(term, "dumb");
	find(list, "terminal", usable ? "OK" : "OFF",
		usable ? NULL
		       : "the workbench needs a terminal; every screen has a command with --json",
		"TERM=%s, %s, stdout is %sa terminal", term ? term : "(unset)", codeset,
		tty ? "" : "not ");
	if (usable && !utf8)
		find(list, "locale", "OFF", "export LC_ALL=C.UTF-8", "%s: ASCII glyphs are used",
			codeset);
}

static void find_libraries(json_t *list)
{
	int major = 0, minor = 0, rev = 0;
	char pcre2[64] = "?";
	const char *curl = "?";
	bn_err why = BN_ERR_INIT;
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	if (bn_git2_open(&why) == 0)
		git_libgit2_version(&major, &minor, &rev);
	if (bn_curl_open(&why) == 0)
		curl = curl_version_info(CURLVERSION_NOW)->version;
	if (why.code)
		find(list, "libraries", "FAIL", why.hint, "%s", why.msg);
	find(list, "libraries", "OK", NULL,
		"SQLite %s, libgit2 %d.%d.%d, jansson %s, libcurl %s, %s, nettle %d.%d, zstd %s, "
		"PCRE2 %s",
		sqlite3_libversion(), major, minor, rev, jansson_version_str(),
		curl, OpenSSL_version(OPENSSL_VERSION),
		nettle_version_major(), nettle_version_minor(), ZSTD_versionString(), pcre2);
}

static void find_index(json_t *list, bn_workspace *ws)
{
	bn_err e = BN_ERR_INIT;
	bn_index_status s;
	bool memory;
	if (bn_index_status_get(&s, ws, &e) < 0) {
		find(list, "index", "FAIL", e.hint[0] ? e.hint : "binnacle index rebuild", "%s",
			e.msg);
	} else if (s.why[0]) {
		memory = !strcmp(s.fs, "memory");
		find(list, "index", memory ? "OFF" : "OK",
			"make the preferred place usable (free space there), or set "
			"BINNACLE_INDEX=DIR to a directory on a local disk",
			"%s, since %s", s.path, s.why);
	} else {
		find(list, "index", "OK", NULL, "%s", s.path);
	}
	bn_index_status_release(&s);
}

static void find_cache(json_t *list, bn_workspace *ws)
{
	char size[BN_FMT], limit[BN_FMT];
	bn_err e = BN_ERR_INIT;
	bn_cache *cache = NULL;
	bn_cache_status s = {0};
	int rc = bn_cache_open(&cache, ws, &e);
	if (rc < 0 || (rc = bn_cache_status_get(&s, cache, &e)) < 0)
		find(list, "cache", rc == BN_ENOTFOUND ? "OFF" : "FAIL",
			e.hint[0] ? e.hint : "binnacle cache clear", "%s", e.msg);
	else
		find(list, "cache", "OK", NULL, "%s, %llu entries, %s of at most %s", s.path,
			(unsigned long long)s.entries, bn_fmt_bytes(s.bytes, size),
			bn_fmt_bytes(s.limit, limit));
	bn_cache_status_release(&s);
	bn_cache_close(cache);
}

/* Who must run the remedy, if not this user: " (as ann)". */
static const char *as_whom(char buf[80], const bn_env *env, uid_t owner)
{
	char name[65] = "";
	buf[0] = '\0';
	if (owner != env->uid(env)) {
		env->user_name(env, owner, name, sizeof name);
		snprintf(buf, 80, " (as %s)", name);
	}
	return buf;
}

static void find_foreign(json_t *list, const bn_env *env, const bn_mode_finding *f, uid_t founder)
{
	char has[65] = "", founded[65] = "", as[80];
	env->user_name(env, f->owner, has, sizeof has);
	if (strstr(f->path, "/objects/" BN_PRIVATE_PREFIX)) {
		char *away = bn_strf("rm -r '%s'%s", f->path, as_whom(as, env, f->owner));
		find(list, "directories", "FAIL", away,
			"%s belongs to %s, not to the user whose private data its name is for",
			f->path, has);
		bn_free(away);
		return;
	}
	env->user_name(env, founder, founded, sizeof founded);
	char *cure = bn_strf(
		"chown %s '%s', as root, if its content is known to be intact", founded, f->path);
	find(list, "directories", "FAIL", cure,
		"%s belongs to %s, not to %s, who founded the workspace: someone has put it there",
		f->path, has, founded);
	bn_free(cure);
}

/* The repair command; yours. */
static char *mode_cure(const bn_env *env, const bn_mode_finding *f)
{
	char as[80];
	as_whom(as, env, f->owner);
	switch (f->fault) {
	case BN_MODE_KIND:
		return bn_strf("rm '%s'%s", f->path, as);
	case BN_MODE_DEVICE:
		return bn_strf("umount '%s', or move its content into the workspace", f->path);
	case BN_MODE_ABOVE:
		if (f->is == f->want) /* its owner may, sticky or not */
			return bn_strf("move the workspace, or have root give '%s' to its founder",
				f->path);
		return bn_strf("chmod +t '%s'%s", f->path, as);
	case BN_MODE_LOOSE:
		return bn_strf("chmod +t '%s'%s", f->path, as);
	default:
		return bn_strf("chmod %o '%s'%s", (unsigned)f->want, f->path, as);
	}
}

static void find_mode(json_t *list, const bn_env *env, const bn_mode_finding *f, uid_t founder)
{
	static const struct {
		const char *what, *state, *says;
	} words[] = {
		[BN_MODE_OPEN] = {"modes", "FAIL", "others may write to it"},
		[BN_MODE_SHUT] = {"modes", "FAIL", "members of the group cannot use it"},
		[BN_MODE_LOOSE] = {"directories", "OFF",
			"anyone who can write there can move directories of others away"},
		[BN_MODE_SHOWN] = {"modes", "FAIL", "others can read it"},
		[BN_MODE_FOREIGN] = {0},
		[BN_MODE_KIND] = {"directories", "FAIL", "is not a directory"},
		[BN_MODE_DEVICE] = {"directories", "OFF",
			"is on another file system than the workspace: gc leaves it alone"},
		[BN_MODE_ABOVE] = {"parents", "OFF",
			"others may rename entries there, including the workspace: users who know "
			"it would be stopped"},
	};
	if (f->fault == BN_MODE_FOREIGN) {
		find_foreign(list, env, f, founder);
		return;
	}
	char *cure = mode_cure(env, f);
	find(list, words[f->fault].what, f->holds_others ? "FAIL" : words[f->fault].state, cure,
		"%s (mode %o) %s", f->path, (unsigned)f->is, words[f->fault].says);
	bn_free(cure);
}

/* Modes below .binnacle, and directories above in which others may rename it. */
static void find_modes(json_t *list, const bn_workspace *ws, sqlite3 *db)
{
	uid_t founder = db ? bn_rights_founder_uid(bn_workspace_id(ws), db) : BN_NOBODY;
	bn_mode_findings f;
	bn_err e = BN_ERR_INIT;
	if (bn_modes_look(&f, ws, founder, &e) < 0)
		find(list, "directories", "FAIL", NULL, "%s", e.msg);
	for (size_t i = 0; i < f.count; i++)
		find_mode(list, bn_workspace_env(ws), &f.items[i], founder);
	if (f.left_out)
		find(list, "modes", "FAIL", "repair those above, and run this again",
			"%zu more like these", f.left_out);
	if (f.stopped)
		find(list, "modes", "OFF", NULL, "only the first %d entries were looked at",
			BN_MODE_ENTRIES);
	bn_modes_release(&f);
}

/* Whether it is the workspace known to this user. One without a chain and without objections is not
 * reported. */
static void find_trust(json_t *list, bn_cli *cli)
{
	bn_err e = BN_ERR_INIT;
	bn_trust *t = NULL;
	if (bn_cli_trust(&t, cli, BN_ALLOWS_TRUST, &e) < 0) {
		find(list, "trust", "FAIL", e.hint[0] ? e.hint : NULL, "%s", e.msg);
		return;
	}
	const bn_memory_verdict *v = bn_trust_verdict(t);
	if (bn_trust_note(t)[0])
		find(list, "trust", "OFF", NULL, "%s", bn_trust_note(t));
	for (size_t i = 0; i < v->count; i++) {
		const bn_memory_finding *f = &v->findings[i];
		find(list, "trust", f->allows == BN_ALLOWS_TRUST ? "FAIL" : "OFF",
			f->hint[0] ? f->hint : NULL, "%s", f->words);
	}
	if (!v->count && bn_memory_first(bn_trust_memory(t)))
		find(list, "trust", "OK", NULL, "known and unchanged");
}

static void show_setting(char *out, size_t size, const bn_setting *set)
{
	size_t n = 0;
	out[0] = '\0';
	if (set->text)
		snprintf(out, size, "%.200s", set->text);
	else if (set->number >= 0)
		snprintf(out, size, "%lld", (long long)set->number);
	for (size_t i = 0; i < set->list.count && n + 8 < size; i++)
		n += (size_t)snprintf(
			out + n, size - n, "%s%.60s", i ? " " : "", set->list.items[i]);
}

/* What is set, and which file decides (core/base/settings.h). */
static void find_settings(json_t *list, const bn_env *env, const bn_dir *workspace)
{
	bn_settings *s = NULL;
	bn_err e = BN_ERR_INIT;
	if (bn_settings_load(&s, env, workspace, &e) < 0) {
		find(list, "settings", "FAIL", e.hint[0] ? e.hint : "mend that file, or remove it",
			"%s", e.msg);
		return;
	}
	for (int key = 0; key < BN_SETTING_KEYS; key++) {
		const bn_setting *set = bn_settings_get(s, (bn_setting_key)key);
		bool unused = key == BN_SETTING_PARTITION || key == BN_SETTING_ACCOUNT;
		char value[300], what[64];
		if (!set->is_set)
			continue;
		show_setting(value, sizeof value, set);
		snprintf(what, sizeof what, "setting %s", bn_setting_name((bn_setting_key)key));
		find(list, what, unused ? "OFF" : "OK", NULL, "%s, from %s%s%s%s%s", value,
			set->path, set->enforced ? ", enforced by the site" : "",
			set->overruled ? "; passed over, as it is looser: " : "",
			set->overruled ? set->overruled : "",
			unused ? "; no executor of this version asks a scheduler" : "");
	}
	bn_settings_free(s);
}

static void find_workspace(json_t *list, bn_cli *cli)
{
	bn_err e = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	if (bn_cli_workspace(cli, &ws, &e)) {
		find(list, "workspace", e.code == BN_ENOTFOUND ? "OFF" : "FAIL",
			e.code == BN_ENOTFOUND ? "binnacle init" : e.hint, "%s", e.msg);
		find_settings(list, bn_cli_env(cli), NULL);
		return;
	}
	char buf[24];
	const char *root = bn_workspace_root(ws), *type = bn_fs_type(root, buf);
	sqlite3 *db = bn_workspace_index(ws);
	const char *fault = db ? bn_rights_founding_fault(bn_workspace_id(ws), db) : NULL;
	find(list, "workspace", fault ? "FAIL" : "OK",
		fault ? "restore the workspace.json that belongs to this log" : NULL,
		"%s (%s%s)%s%s", root, type,
		bn_fs_is_network(root) ? ", network: the index is kept on a local disk" : "",
		fault ? ": " : "", fault ? fault : "");
	find_trust(list, cli);
	find_modes(list, ws, db);
	find_index(list, ws);
	find_cache(list, ws);
	find_settings(list, bn_cli_env(cli), bn_workspace_at(ws));
}

static int run_doctor(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"state", "STATE", BN_AS_TEXT}, {"what", "WHAT", BN_AS_TEXT},
		{"detail", "FOUND", BN_AS_WORDS}, {"cure", "CURE", BN_AS_WORDS}, {0}};
	const bn_env *env = bn_cli_env(cli);
	json_t *list = json_array();
	if (!list)
		return bn_err_nomem(err, "the findings");
	find_workspace(list, cli);
	find_backends(list, env);
	find_variants(list, env);
	find_schedulers(list, env);
	find_meters(list);
	find_terminal(list, env);
	find_libraries(list);
	size_t failed = 0, i;
	json_t *f;
	json_array_foreach(list, i, f) failed += !strcmp(bn_json_str(f, "state", ""), "FAIL");
	int rc = bn_cli_list(cli, list, cols, NULL, err);
	if (!rc && failed)
		rc = bn_err_set(err, BN_EFAILED, "%zu of the above failed", failed);
	return rc;
}

const bn_verb bn_verbs_doctor[] = {
	{"doctor", NULL, "", 0, 0, "check this machine: what works, what is disabled, and remedies",
		NULL,
		{"binnacle doctor", "binnacle doctor --json", "binnacle doctor fs /scratch/me"},
		NULL, BN_VERB_NO_WORKSPACE | BN_VERB_UNJUDGED, run_doctor},
	{0},
};
