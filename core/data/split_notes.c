/* split_notes.c - notes about a split for the user: see split.h. */
#include "core/data/_split.h"

#include <inttypes.h>
#include <math.h>

#define FAR 0.02 /* from the requested share, and by more than a row */

static double share_of(const bn_split_outcome *outcome, size_t part)
{
	return outcome->rows ? (double)outcome->counts[part] / (double)outcome->rows : 0;
}

static int note_part(bn_source_notes *out, const bn_split_options *o,
	const bn_split_outcome *outcome, size_t part, bn_err *err)
{
	const bn_split_part *p = &o->parts[part];
	const char *group = o->group ? o->group : o->column;
	bool by_group = o->kind == BN_SPLIT_GROUP || o->kind == BN_SPLIT_STRATIFIED_GROUP;
	double is = share_of(outcome, part), off = fabs(is - p->share);

	if (!outcome->counts[part] && by_group)
		return bn_source_note_add(out, true, err,
			"part '%s' is empty: column '%s' has %" PRIu64 " value%s for %zu parts",
			p->name, group, outcome->groups, outcome->groups == 1 ? "" : "s",
			o->part_count);
	if (!outcome->counts[part])
		return bn_source_note_add(out, true, err,
			"part '%s' is empty: %g %% of %" PRIu64 " rows%s", p->name, p->share * 100,
			outcome->rows,
			o->kind == BN_SPLIT_TEMPORAL ? ", and rows of one time stay together" : "");
	if (off <= FAR || off * (double)outcome->rows <= 1 + 1e-9 + (double)outcome->left_out)
		return 0;
	if (by_group)
		return bn_source_note_add(out, true, err,
			"part '%s' has %.1f %% of the rows, not %g %%: rows of one '%s' stay "
			"together, and "
			"there are %" PRIu64,
			p->name, is * 100, p->share * 100, group, outcome->groups);
	return bn_source_note_add(out, true, err, "part '%s' has %.1f %% of the rows, not %g %%%s",
		p->name, is * 100, p->share * 100,
		o->kind == BN_SPLIT_TEMPORAL ? ": rows of one time stay together" : "");
}

int bn_split_notes(bn_source_notes *out, const bn_split_options *o, const bn_split_outcome *outcome,
	bn_err *err)
{
	bool empty = false;
	size_t before;
	int rc;

	if (outcome->left_out && (rc = bn_source_note_add(out, false, err,
					"%" PRIu64 " of %" PRIu64
					" rows are in no part: their labels reach into a later part",
					outcome->left_out, outcome->rows)) < 0)
		return rc;
	before = out->count;
	for (size_t i = 0; i < o->part_count; i++)
		empty |= !outcome->counts[i];
	/* Of two parts, one note is enough: that of the empty part. */
	for (size_t i = 0; i < o->part_count && (o->part_count > 2 || out->count == before); i++)
		if (o->part_count > 2 || !empty || !outcome->counts[i])
			if ((rc = note_part(out, o, outcome, i, err)) < 0)
				return rc;
	if (!outcome->scarce)
		return 0;
	return bn_source_note_add(out, true, err,
		"%" PRIu64 " of %" PRIu64
		" values of '%s' are in too few rows to be in every part: '%s' is in %" PRIu64,
		outcome->scarce, outcome->groups, o->column, outcome->rarest, outcome->rarest_rows);
}
