/*
 * settings.h - what a site, a user and a workspace have set, and which of them decides.
 *
 * Files, each a JSON object of the keys below and nothing else:
 *
 *	/etc/binnacle/site.json                  the site's: root's, and so is its directory
 *	$XDG_CONFIG_HOME/binnacle/settings.json  the user's (~/.config/binnacle)
 *	.binnacle/settings.json                  the workspace's: its founder's, root's or the user's own
 *
 * Order: site, user, workspace, and last what is said on the command line; the later one decides. The site's
 * "enforce" names keys for which that holds only as far as it is stricter: the same text, a lower number of cores or
 * minutes, more days of retention, a remote that both allow. What a file says beyond that is passed over, and
 * bn_setting.overruled names that file; what the command line says beyond it is BN_EREFUSED.
 *
 *	executor        "local" | "queue"     who starts runs
 *	partition       "gpu"                 what a scheduler is asked for. No executor of this version asks one, and
 *	account         "p123"                a spec that names another one than the site enforces is refused
 *	index           "/local/binnacle"     directory on a local disk: indexes lie below it, in binnacle-<uid>
 *	login_hosts     ["login*"]            hosts where work is limited, by their short names
 *	login_cores     4                     cores of a process, and of what it starts, there
 *	login_minutes   30                    minutes of a run there
 *	remotes         ["https://n?.a.org"]  servers of other hosts that may be sent rows, notes and models
 *	retention_days  90                    how long gc keeps what nothing names
 *
 * login_hosts is for the site alone; index, remotes, login_cores and login_minutes for site and user; the rest for all.
 * Of the command line there is no remote: which servers are allowed is for the files alone to say.
 *
 * The files' places are fixed, and no variable moves the site's: it could loosen what the site enforces. A test gives
 * an env whose file system leads elsewhere. A file that is not believed or not understood is an error that names it
 * and the field, never the same as an absent one. Whoever replaces the program is bound by nothing here.
 */
#ifndef BN_BASE_SETTINGS_H
#define BN_BASE_SETTINGS_H
#include "core/base/dir.h"

#define BN_SITE_FILE "/etc/binnacle/site.json"
#define BN_SETTINGS_FILE "settings.json"

typedef enum bn_setting_key {
	BN_SETTING_EXECUTOR,
	BN_SETTING_PARTITION,
	BN_SETTING_ACCOUNT,
	BN_SETTING_INDEX,
	BN_SETTING_LOGIN_HOSTS,
	BN_SETTING_LOGIN_CORES,
	BN_SETTING_LOGIN_MINUTES,
	BN_SETTING_REMOTES,
	BN_SETTING_RETENTION_DAYS,
	BN_SETTING_KEYS
} bn_setting_key;

typedef enum bn_setting_level {
	BN_SET_BY_SITE,
	BN_SET_BY_USER,
	BN_SET_BY_WORKSPACE,
	BN_SET_LEVELS
} bn_setting_level;

typedef struct bn_setting {
	bool is_set;
	bool enforced;
	const char *text;      /* of a text, else NULL */
	int64_t number;        /* of a number, else -1 */
	bn_names list;         /* of a list, else empty */
	const char *path;      /* the file that decides */
	const char *overruled; /* a file that says something looser, or NULL */
} bn_setting;

typedef struct bn_settings bn_settings;

/* workspace: the directory .binnacle, or NULL. *out is yours. BN_EREFUSED for a file that is not believed, BN_EINVAL
 * for one that is not understood. */
int bn_settings_load(bn_settings **out, const bn_env *env, const bn_dir *workspace, bn_err *err);
void bn_settings_free(bn_settings *s);

const char *bn_setting_name(bn_setting_key key);
const bn_setting *bn_settings_get(const bn_settings *s, bn_setting_key key);
/* The number of a key of numbers, or otherwise where nobody has set it. */
int64_t bn_settings_number(const bn_settings *s, bn_setting_key key, int64_t otherwise);

/* What a command line or a spec says: 0, or BN_EREFUSED where the site enforces otherwise. what: "--older-than 1d". */
int bn_settings_check_text(
	const bn_settings *s, bn_setting_key key, const char *given, const char *what, bn_err *err);
int bn_settings_check_number(
	const bn_settings *s, bn_setting_key key, int64_t given, const char *what, bn_err *err);
/* Whether data may be sent to the server at url. This host's own servers always are allowed. */
int bn_settings_check_remote(const bn_settings *s, const char *url, bn_err *err);
/* Whether this host is one of login_hosts. */
bool bn_settings_on_login_host(const bn_settings *s, const bn_env *env);
/* Gives this process, and so what it starts, no more cores than the site enforces for this host. Files that are not
 * understood limit nothing here: what starts work says so. */
void bn_settings_limit_process(const bn_env *env);

#endif
