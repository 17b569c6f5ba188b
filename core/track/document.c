/* document.c - see document.h. */
#include "core/track/document.h"

#include "core/base/markup.h"
#include "core/track/_svg.h"

static const char style[] =
	"body{font:14px/1.45 sans-serif;margin:2em auto;max-width:1320px;padding:0 1em;background:#fff;color:#1a1a1a}"
	"h1{font-size:22px}h2{font-size:17px;margin-top:2em}"
	".wide{overflow-x:auto}table{border-collapse:collapse}"
	"td,th{border:1px solid #cfcfcf;padding:3px 8px;text-align:left;vertical-align:top}"
	"td.n{text-align:right;white-space:nowrap}td.best{font-weight:bold}"
	"pre{border:1px solid #cfcfcf;padding:8px;overflow-x:auto;max-height:40em}"
	"code,pre{font:13px monospace}svg{max-width:100%;height:auto}\n"
	"@media (prefers-color-scheme:dark){body{background:#161616;color:#ededed}td,th,pre{border-color:#454545}}\n";

void bn_document_begin(bn_document *d, bn_buf *out, bool is_html, const char *title)
{
	*d = (bn_document){.out = out, .is_html = is_html};
	if (!is_html) {
		bn_buf_addf(out, "# %s\n", title);
		return;
	}
	bn_buf_adds(out,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	bn_markup_add_xml(out, title, BN_SHOWN_LINE);
	bn_buf_adds(out, "</title>\n<style>\n");
	bn_buf_adds(out, style);
	bn_svg_add_style(out);
	bn_buf_adds(out, "</style></head><body>\n<h1>");
	bn_markup_add_xml(out, title, BN_SHOWN_LINE);
	bn_buf_adds(out, "</h1>\n");
}

void bn_document_end(bn_document *d)
{
	if (d->is_html)
		bn_buf_adds(d->out, "</body></html>\n");
}

void bn_document_heading(bn_document *d, const char *text)
{
	bn_buf_addf(d->out, d->is_html ? "<h2>%s</h2>\n" : "\n## %s\n", text);
}

void bn_document_text(bn_document *d, const char *text)
{
	bn_document_code_text(d, text, NULL, "");
}

void bn_document_code_text(bn_document *d, const char *before, const char *code, const char *after)
{
	bn_buf_adds(d->out, d->is_html ? "<p>" : "\n");
	bn_buf_adds(d->out, before);
	if (code && d->is_html) {
		bn_buf_adds(d->out, "<code>");
		bn_markup_add_xml(d->out, code, BN_SHOWN_LINE);
		bn_buf_adds(d->out, "</code>");
	} else if (code) {
		bn_markup_add_code(d->out, code);
	}
	bn_buf_adds(d->out, after);
	bn_buf_adds(d->out, d->is_html ? "</p>\n" : "\n");
}

/* ---- tables ------------------------------------------------------------------------------------- */

void bn_document_table_begin(bn_document *d)
{
	d->in_head = true;
	d->cells = 0;
	d->table_at = d->out->len + 1;
	bn_buf_adds(d->out, d->is_html ? "<div class=\"wide\"><table>\n" : "\n");
}

static void cell_begin(bn_document *d, const char *class)
{
	if (d->is_html && d->cells == 0)
		bn_buf_adds(d->out, "<tr>");
	if (d->is_html)
		bn_buf_addf(d->out, d->in_head ? "<th>" : "<td%s>", class);
	else
		bn_buf_adds(d->out, d->cells == 0 ? "| " : " ");
	d->cells++;
}

static void cell_end(bn_document *d)
{
	if (d->is_html)
		bn_buf_adds(d->out, d->in_head ? "</th>" : "</td>");
	else
		bn_buf_adds(d->out, " |");
}

void bn_document_cell(bn_document *d, const char *untrusted)
{
	cell_begin(d, "");
	if (d->is_html)
		bn_markup_add_xml(d->out, untrusted, BN_SHOWN_LINE);
	else if (untrusted[0])
		bn_markup_add_code(d->out, untrusted);
	cell_end(d);
}

void bn_document_cell_words(bn_document *d, const char *text)
{
	cell_begin(d, "");
	bn_buf_adds(d->out, text);
	cell_end(d);
}

void bn_document_cell_number(bn_document *d, const char *text, bool is_best)
{
	cell_begin(d, is_best ? " class=\"n best\"" : " class=\"n\"");
	bn_buf_addf(d->out, is_best && !d->is_html ? "**%s**" : "%s", text);
	cell_end(d);
}

void bn_document_row_end(bn_document *d)
{
	bn_buf_adds(d->out, d->is_html ? "</tr>\n" : "\n");
	if (!d->is_html && d->in_head) {
		for (size_t i = 0; i < d->cells; i++)
			bn_buf_adds(d->out, i ? "---|" : "|---|");
		bn_buf_adds(d->out, "\n");
	}
	d->in_head = false;
	d->cells = 0;
}

void bn_document_table_end(bn_document *d)
{
	if (d->is_html)
		bn_buf_adds(d->out, "</table></div>\n");
	else
		bn_markup_align_table(d->out, d->table_at);
}

void bn_document_block(bn_document *d, const char *lines, const char *language)
{
	if (!d->is_html) {
		bn_buf_adds(d->out, "\n");
		bn_markup_add_block(d->out, lines, language);
		return;
	}
	bn_buf_adds(d->out, "<pre>");
	bn_markup_add_xml(d->out, lines, BN_SHOWN_LINES);
	bn_buf_adds(d->out, "</pre>\n");
}
