/* sheet_packages.c - the lines of a version's sheet about its container images: what was built and where it was pushed.
 * See _sheet.h. */
#include "tui/views/models/_sheet.h"

#include "tui/ui/format.h"

#include <stdio.h>

/* "registry.example.org/group/power:3", with a digest in place of a missing tag. */
static void destination(const bn_package *p, char *out, size_t size)
{
	snprintf(out, size, "%.120s/%.200s%s%.100s", p->registry ? p->registry : "-",
		p->name ? p->name : "-", p->tag ? ":" : "@", p->tag ? p->tag : p->manifest_digest);
}

void bn_sheet_package_draw(const bn_package *p, bn_area a, int row, const bn_frame *f)
{
	char when[BN_FORMAT_BYTES], size[BN_FORMAT_BYTES], where[500];
	int col = bn_area_textf(a, row, 0, BN_INK_DIM, "%s",
		bn_format_when(when, p->time_ms, bn_frame_now_ms(f), bn_frame_is_utc(f)));
	col = bn_area_textf(a, row, col + 1, BN_INK_TEXT, "%.30s", p->user ? p->user : "-");
	if (p->act == BN_PACKAGE_PUSHED) {
		destination(p, where, sizeof where);
		col = bn_area_text(a, row, col + 1, BN_INK_TEXT, "pushed ");
	} else {
		snprintf(where, sizeof where, "%.16s  %s  %.400s", p->format ? p->format : "-",
			bn_format_bytes(size, p->bytes), p->path ? p->path : "-");
		col = bn_area_text(a, row, col + 1, BN_INK_TEXT, "built ");
	}
	if (p->is_unapproved)
		col = bn_area_text(a, row, col, BN_INK_WARN, "unapproved ");
	bn_area_field(a, row, col, a.cols - col, BN_INK_TEXT, where);
}

void bn_sheet_package_write(const bn_package *p, bool utc, bn_buf *out)
{
	char when[BN_FORMAT_BYTES], size[BN_FORMAT_BYTES], where[500];
	bool built = p->act == BN_PACKAGE_BUILT;
	bn_buf_addf(out, "%s     %s by %s\nimage      %s\n", built ? "built " : "pushed",
		bn_format_time(when, p->time_ms, utc), p->user ? p->user : "-", p->digest);
	if (built) {
		bn_buf_addf(out, "format     %s, %s\npath       %s\nhost       %s\n",
			p->format ? p->format : "-", bn_format_bytes(size, p->bytes),
			p->path ? p->path : "-", p->host ? p->host : "-");
		if (p->is_unapproved)
			bn_buf_adds(out, "\nmade although the version was not approved\n");
		return;
	}
	destination(p, where, sizeof where);
	bn_buf_addf(out, "to         %s\nmanifest   %s\n", where, p->manifest_digest);
}
