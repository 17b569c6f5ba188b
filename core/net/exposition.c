/* exposition.c - see exposition.h. */
#include "core/net/exposition.h"

#include "core/base/process.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

void bn_exposition_head(bn_buf *b, const char *name, const char *type, const char *help)
{
	const char *const texts[] = {
		"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		bn_buf_adds(b, texts[i]);
}

void bn_exposition_label(bn_buf *b, const char *name, const char *value)
{
	bn_buf_adds(b, name);
	bn_buf_adds(b, "=\"");
	for (size_t used, n = strlen(value); n; value += used, n -= used) {
		uint32_t cp;
		used = bn_utf8_decode(value, n, &cp);
		if (cp == BN_UTF8_BAD) {
			bn_buf_adds(b, "\xef\xbf\xbd");
			continue;
		}
		if (*value == '\\' || *value == '"')
			bn_buf_addch(b, '\\');
		if (*value == '\n')
			bn_buf_adds(b, "\\n");
		else
			bn_buf_add(b, value, used);
	}
	bn_buf_addch(b, '"');
}

void bn_exposition_value(bn_buf *b, double value)
{
	char text[BN_FMT];
	if (isnan(value))
		bn_buf_adds(b, "NaN");
	else if (isinf(value))
		bn_buf_adds(b, value < 0 ? "-Inf" : "+Inf");
	else
		bn_buf_adds(b, bn_fmt_f64(value, text));
	bn_buf_addch(b, '\n');
}

void bn_exposition_sample(
	bn_buf *b, const char *name, const bn_exposition_pair *labels, size_t n, double value)
{
	bool any = false;
	bn_buf_adds(b, name);
	for (size_t i = 0; i < n; i++) {
		if (!labels[i].value)
			continue;
		bn_buf_addch(b, any ? ',' : '{');
		bn_exposition_label(b, labels[i].name, labels[i].value);
		any = true;
	}
	bn_buf_adds(b, any ? "} " : " ");
	bn_exposition_value(b, value);
}

/* The names of Prometheus' client libraries. */
void bn_exposition_process(bn_buf *out, const bn_env *env)
{
	bn_process_self p;
	bn_process_read_self(&p, env);
	const struct {
		const char *name, *type, *help;
		double value;
		bool known;
	} all[] = {
		{"process_cpu_seconds_total", "counter",
			"User and system CPU time spent in seconds.", p.cpu_seconds,
			!isnan(p.cpu_seconds)},
		{"process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
			(double)p.rss_bytes, p.rss_bytes >= 0},
		{"process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
			(double)p.virtual_bytes, p.virtual_bytes >= 0},
		{"process_virtual_memory_max_bytes", "gauge",
			"Limit of the virtual memory size in bytes.", (double)p.max_virtual_bytes,
			p.max_virtual_bytes >= 0},
		{"process_threads", "gauge", "Threads of the process.", (double)p.threads,
			p.threads >= 0},
		{"process_open_fds", "gauge", "Open file descriptors.", (double)p.descriptors,
			p.descriptors >= 0},
		{"process_max_fds", "gauge", "Limit of open file descriptors.",
			(double)p.max_descriptors, p.max_descriptors >= 0},
		{"process_start_time_seconds", "gauge",
			"Start time of the process since 1970 in seconds.", p.start_seconds,
			!isnan(p.start_seconds)},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (!all[i].known)
			continue;
		bn_exposition_head(out, all[i].name, all[i].type, all[i].help);
		bn_exposition_sample(out, all[i].name, NULL, 0, all[i].value);
	}
}
