/* cmd_cache.c - binnacle cache: location, size and removal of cached results. See
 * core/store/cache.h. */
#include "core/base/mem.h"
#include "core/store/cache.h"
#include "tui/cli/cli.h"
#include "tui/cli/verbs.h"

static int open_cache(bn_cache **out, bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	return rc < 0 ? rc : bn_cache_open(out, ws, err);
}

static int run_status(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"path", "cache", BN_AS_TEXT},
		{"entries", "entries", BN_AS_COUNT}, {"bytes", "size", BN_AS_BYTES},
		{"limit", "at most", BN_AS_BYTES}, {0}};
	bn_cache *cache = NULL;
	bn_cache_status s = {0};
	int rc = open_cache(&cache, cli, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_cache_status_get(&s, cache, err)) < 0)
		goto out;
	json_t *o = json_pack("{s:s, s:I, s:I, s:I}", "path", s.path, "entries",
		(json_int_t)s.entries, "bytes", (json_int_t)s.bytes, "limit", (json_int_t)s.limit);
	rc = o ? bn_cli_object(cli, o, fields, err) : bn_err_nomem(err, "the result");
out:
	bn_cache_status_release(&s);
	bn_cache_close(cache);
	return rc;
}

static int run_clear(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"entries", "entries removed", BN_AS_COUNT},
		{"bytes", "bytes removed", BN_AS_BYTES}, {0}};
	bn_cache *cache = NULL;
	bn_cache_status s = {0};
	int rc = open_cache(&cache, cli, err);
	if (rc < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "nothing was removed (--dry-run); this would be removed");
		rc = bn_cache_status_get(&s, cache, err);
	} else {
		rc = bn_cache_clear(cache, &s.entries, &s.bytes, err);
	}
	if (rc < 0)
		goto out;
	json_t *o = json_pack("{s:b, s:I, s:I}", "dry_run", bn_cli_dry_run(cli), "entries",
		(json_int_t)s.entries, "bytes", (json_int_t)s.bytes);
	rc = o ? bn_cli_object(cli, o, fields, err) : bn_err_nomem(err, "the result");
out:
	bn_cache_status_release(&s);
	bn_cache_close(cache);
	return rc;
}

const bn_verb bn_verbs_cache[] = {
	{"cache", "status", "", 0, 0, "location and size of cached results",
		"Profiles of filtered rows, and which bytes were already hashed. It is private, "
		"on a\nlocal disk of this host, and not evidence: verify always computes "
		"everything.\nBINNACLE_CACHE=SIZE sets its maximum size (256 MiB), 0 turns it off.",
		{"binnacle cache status", "binnacle cache status --json", NULL}, NULL, 0,
		run_status},
	{"cache", "clear", "", 0, 0, "remove everything from the cache",
		"Nothing depends on it: results are computed again when needed.",
		{"binnacle cache clear", "binnacle cache clear --dry-run", NULL}, NULL,
		BN_VERB_DRY_RUN, run_clear},
	{0},
};
