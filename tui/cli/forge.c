/* forge.c - see forge.h. */
#include "tui/cli/forge.h"

#include "core/base/settings.h"

static bool goes_on(void *user)
{
	(void)user;
	return !bn_cli_interrupted();
}

static int check_allowed(const bn_cli *cli, const char *api, bn_err *err)
{
	bn_settings *s = NULL;
	int rc = bn_settings_load(&s, bn_cli_env(cli), NULL, err);
	if (rc < 0)
		return rc;
	rc = bn_settings_check_remote(s, api, err);
	bn_settings_free(s);
	return rc;
}

int bn_cli_forge_open(bn_cli_forge *out, bn_cli *cli, bn_forge_need need, int64_t request,
	const char *commit, bn_err *err)
{
	const char *start = bn_cli_start_dir(cli);
	bn_forge_wish wish = {.kind = bn_cli_opt(cli, "forge"),
		.url = bn_cli_opt(cli, "url"),
		.project = bn_cli_opt(cli, "project"),
		.commit = commit,
		.request = request,
		.dir = start ? start : ".",
		.plain_http = bn_cli_flag(cli, "plain-http")};
	bn_forge_access access = {.need = need,
		.token_file = bn_cli_opt(cli, "token-file"),
		.token_kind = bn_cli_opt(cli, "token-kind"),
		.ca_file = bn_cli_opt(cli, "ca-file"),
		.goes_on = goes_on};
	int rc;
	*out = (bn_cli_forge){0};
	if ((rc = bn_forge_locate(&out->place, bn_cli_env(cli), &wish, err)) < 0 ||
		(rc = check_allowed(cli, out->place.api, err)) < 0)
		return rc;
	return bn_forge_open(&out->forge, bn_cli_env(cli), &out->place, &access, err);
}

void bn_cli_forge_close(bn_cli_forge *f)
{
	bn_forge_close(f->forge);
	bn_forge_place_release(&f->place);
	f->forge = NULL;
}
