/* due.c - see due.h. */
#include "tui/cli/due.h"

#include "core/base/timestamp.h"
#include "core/forget/retention.h"

#include <stdio.h>
#include <time.h>

enum { SAID_MOST = 20 };

static json_t *due_json(const bn_due_versions *l)
{
	json_t *list = json_array();
	char ref[192];
	for (size_t i = 0; list && i < l->count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:I, s:s?}", "version",
				bn_dataset_version_name(l->items[i].v, ref, sizeof ref), "due_ms",
				(json_int_t)l->items[i].due_ms, "size_bytes", (json_int_t)l->items[i].v->size_bytes,
				"needed_by", l->items[i].needed_by));
	return list;
}

static void say(bn_cli *cli, const bn_due_versions *l)
{
	for (size_t i = 0; i < l->count && i < SAID_MOST; i++) {
		const bn_due_version *d = &l->items[i];
		time_t at = (time_t)(d->due_ms / 1000);
		struct tm tm;
		char ref[192], day[16];
		strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&at, &tm));
		bn_cli_say(cli, "%s was to be kept until %s (%.1f MB)%s%s", bn_dataset_version_name(d->v, ref, sizeof ref), day,
			(double)d->v->size_bytes / 1e6, d->needed_by ? ", stays: needed by " : "",
			d->needed_by ? d->needed_by : "");
	}
	if (l->count > SAID_MOST)
		bn_cli_say(cli, "and %zu more", l->count - SAID_MOST);
}

static int remove_due(bn_cli *cli, bn_workspace *ws, const bn_due_versions *l, bn_err *err)
{
	int rc = bn_cli_confirm(cli, err, "Remove %zu versions that are past their release date (at most %.1f MB)?", l->free,
		(double)l->bytes / 1e6);
	return rc < 0 ? rc : bn_due_remove(ws, l, err);
}

int bn_cli_due(json_t **out, bn_cli *cli, bn_workspace *ws, bool remove, bn_err *err)
{
	bn_due_versions l = {.items = NULL};
	int rc = bn_due_find(&l, ws, err);
	if (rc < 0)
		goto out;
	say(cli, &l);
	if (remove && l.free && !bn_cli_dry_run(cli))
		rc = remove_due(cli, ws, &l, err);
	else if (l.free)
		bn_cli_say(cli, "binnacle gc --expired removes %zu of them", l.free);
	if (rc >= 0 && !(*out = due_json(&l)))
		rc = bn_err_nomem(err, "what is due");
out:
	bn_due_release(&l);
	return rc;
}
