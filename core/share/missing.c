/* missing.c - see missing.h. */
#include "core/share/missing.h"

#include "core/base/mem.h"
#include "core/share/kept.h"
#include "core/share/remotes.h"

#include <string.h>

static bool has_it(bn_workspace *ws, const char *remote, const bn_dataset_version *v)
{
	bn_share_report seen = {0};
	bool yes = false;
	if (bn_share_kept_load(&seen, ws, remote, NULL) == 0)
		for (size_t i = 0; i < seen.count; i++)
			yes |= seen.versions[i].recorded && !strcmp(seen.versions[i].hash, v->hash);
	bn_share_report_release(&seen);
	return yes;
}

int bn_share_missing_words(char **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_remotes remotes = BN_REMOTES_INIT;
	char ref[192];
	*out = NULL;
	if (v->removed || v->forgotten || bn_dataset_need_rows(ws, v, NULL) < 0 || bn_dataset_is_whole(ws, v))
		return 0;
	bn_dataset_version_name(v, ref, sizeof ref);
	int rc = bn_remotes_load(&remotes, ws, err);
	for (size_t i = 0; rc >= 0 && !*out && i < remotes.count; i++)
		if (has_it(ws, remotes.items[i].name, v))
			*out = bn_strf("the bytes of %s are not all here: binnacle data fetch %s --remote %s brings them back",
				ref, ref, remotes.items[i].name);
	if (rc >= 0 && !*out)
		*out = bn_strf("the bytes of %s are not all here, and no remote was seen to have them: binnacle data status asks; "
			       "adding the same file again brings them back",
			ref);
	bn_remotes_release(&remotes);
	if (rc >= 0 && !*out)
		rc = bn_err_nomem(err, "a message");
	return rc;
}
