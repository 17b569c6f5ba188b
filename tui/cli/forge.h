/* forge.h - a forge (core/ci/forge.h) from the options that its verbs share. */
#ifndef BN_CLI_FORGE_H
#define BN_CLI_FORGE_H
#include "core/ci/forge.h"
#include "tui/cli/cli.h"

/* clang-format off */
/* Options of every verb that talks to a forge. */
#define BN_FORGE_OPTIONS \
	{"url", 0, "URL", "the forge, or its API (else BINNACLE_FORGE_URL, CI variables, the git remote)"}, \
	{"forge", 0, "KIND", "gitlab or github, where the address does not say"}, \
	{"project", 0, "PATH", "GROUP/PROJECT (GitLab: or its number); else from the CI's variables or the git remote"}, \
	{"token-file", 0, "FILE", "the token, mode 0600 (else BINNACLE_FORGE_TOKEN, GITLAB_TOKEN or GITHUB_TOKEN)"}, \
	{"token-kind", 0, "KIND", "how GitLab gets it: private, job, deploy or bearer (else by how it starts)"}, \
	{"ca-file", 0, "FILE", "trust this authority (PEM) instead of the system's"}, \
	{"plain-http", 0, NULL, "send the token to another host without encryption"}
/* clang-format on */

/* The place and the forge; both are released with bn_cli_forge_close. request and commit: as in bn_forge_wish. */
typedef struct bn_cli_forge {
	bn_forge_place place;
	bn_forge *forge;
} bn_cli_forge;

/* Needs no workspace. BN_EREFUSED if the site's remotes do not name that host. */
int bn_cli_forge_open(bn_cli_forge *out, bn_cli *cli, bn_forge_need need, int64_t request,
	const char *commit, bn_err *err);
void bn_cli_forge_close(bn_cli_forge *f);

#endif
