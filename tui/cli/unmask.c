/* unmask.c - see unmask.h. */
#include "tui/cli/unmask.h"

#include "core/base/buf.h"
#include "core/data/protect_marks.h"

#define SHOWN 5

static int tell(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	bn_buf names = BN_BUF_INIT;
	int rc = bn_protection_of(&p, ws, v, err);
	for (size_t i = 0; rc >= 0 && i < p.personal_count && i < SHOWN; i++)
		bn_buf_addf(&names, "%s%s", i ? ", " : "", p.personal[i]);
	if (rc >= 0 && p.personal_count)
		bn_cli_say(cli, "masked as personal: %s%s (--unmask WHY shows them)", names.ptr,
			p.personal_count > SHOWN ? ", ..." : "");
	bn_buf_release(&names);
	bn_protection_release(&p);
	return rc;
}

int bn_cli_unmask(bn_cli *cli, bn_workspace *ws, bn_dataset_version *v, bn_err *err)
{
	const char *why = bn_cli_opt(cli, "unmask");
	return why ? bn_protect_unmask(ws, v, why, err) : tell(cli, ws, v, err);
}

int bn_cli_need_unmasked(bn_workspace *ws, const bn_dataset_version *v, const char *column, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	if (!column || v->unmasked)
		return 0;
	if (column[0])
		return bn_protect_need_shown(ws, v, column, err);
	int rc = bn_protection_of(&p, ws, v, err);
	if (rc >= 0 && p.personal_count)
		rc = bn_protect_need_shown(ws, v, p.personal[0], err);
	bn_protection_release(&p);
	return rc;
}

int bn_cli_tell_personal(
	bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, const bn_profile *profile, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	bn_buf names = BN_BUF_INIT;
	int rc = bn_protection_of(&p, ws, v, err);
	if (rc < 0)
		goto out;
	bn_protect_proposals(&p, profile, &names);
	if (names.len && !names.failed)
		bn_cli_say(cli, "may be personal, by their names: binnacle data protect %s --personal %s", v->name, names.ptr);
out:
	bn_buf_release(&names);
	bn_protection_release(&p);
	return rc;
}
