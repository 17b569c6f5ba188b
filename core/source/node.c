/* node.c - see node.h: reads the kernel's counters. The ingest source is in node_source.c. */
#include "core/source/node.h"

#include "core/base/fs.h"
#include "core/base/str.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 16
#define SENSORS 128
#define SECTOR 512.0

/* A kernel counter and its previous reading. */
typedef struct counter {
	double last;
	bool known;
} counter;

typedef struct device {
	char name[32];
	counter a, b, c; /* disks: sectors read, written, ms busy; interfaces: bytes in, out */
	size_t column;
	bool seen;
} device;

typedef struct sensor {
	char path[256];
	double wrap; /* RAPL: J after which it restarts at 0; 0 for temperatures */
	counter joules;
	double total;
	size_t column;
} sensor;

enum { CPU_STATES = 8, MEM_FIELDS = 7, PROC_FIELDS = 3 };

static const char *const cpu_names[CPU_STATES] = {"cpu_user", "cpu_nice", "cpu_system", "cpu_idle",
	"cpu_iowait", "cpu_irq", "cpu_softirq", "cpu_steal"};
static const char *const mem_names[MEM_FIELDS] = {"mem_total", "mem_free", "mem_available",
	"mem_buffers", "mem_cached", "swap_total", "swap_free"};
static const char *const mem_keys[MEM_FIELDS] = {
	"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree"};

struct bn_node {
	const bn_env *env;
	char *root;
	bn_schema schema;
	bn_buf text; /* of the file being read */
	int64_t last_ns;
	bool started;
	size_t cpu, switches, procs, load, mem, disk, net; /* first column of each; 0: none */
	counter cpu_ticks[CPU_STATES], switch_count;
	device disks[DEVICES], links[DEVICES];
	size_t disk_count, link_count;
	sensor temps[SENSORS], zones[SENSORS];
	size_t temp_count, zone_count;
};

/* ---- reading ------------------------------------------------------------------------------- */

/* The file's text, borrowed until the next call; NULL if it cannot be read. */
static const char *read_text(bn_node *n, const char *path, int *rc)
{
	bn_err err = BN_ERR_INIT;
	char full[512];
	snprintf(full, sizeof full, "%s%s", n->root, path);
	bn_buf_clear(&n->text);
	int code = bn_fs_read_file(n->env, full, &n->text, &err);
	if (rc)
		*rc = code;
	return code ? NULL : n->text.ptr;
}

/* A file that contains one number. */
static bool read_number(bn_node *n, const char *path, double *out, int *rc)
{
	const char *text = read_text(n, path, rc);
	char *end;
	if (!text)
		return false;
	*out = strtod(text, &end);
	return end != text;
}

/* A file's first word, adapted for a column's name. */
static void read_word(bn_node *n, const char *path, const char *fallback, char *out, size_t size)
{
	const char *text = read_text(n, path, NULL);
	snprintf(out, size, "%s", text && *text ? text : fallback);
	out[strcspn(out, "\n")] = '\0';
	for (char *p = out; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_';
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end ? end + 1 : "";
}

static const char *find_line(const char *text, const char *key)
{
	size_t n = strlen(key);
	for (const char *line = text; line && *line; line = next_line(line))
		if (!strncmp(line, key, n) && (line[n] == ' ' || line[n] == ':'))
			return line + n + (line[n] == ':');
	return NULL;
}

/* The increase since the previous reading; NaN at the first, and after a reset. */
static double counter_step(counter *c, double now)
{
	double step = c->known && now >= c->last ? now - c->last : NAN;
	c->last = now;
	c->known = true;
	return step;
}

/* ---- discovery ------------------------------------------------------------------------------- */

static int add_column(bn_node *n, size_t *first, const char *name, const char *unit, bn_err *err)
{
	size_t at = n->schema.count;
	char unique[128];
	snprintf(unique, sizeof unique, "%s", name);
	for (int k = 2; bn_schema_find(&n->schema, unique) != BN_SCHEMA_NONE; k++)
		snprintf(unique, sizeof unique, "%s_%d", name, k);
	int rc = bn_schema_add(&n->schema, unique, BN_TYPE_FLOAT64, true, unit, err);
	if (first && !*first)
		*first = at;
	return rc;
}

static int find_processor(bn_node *n, bn_err *err)
{
	int rc = 0;
	const char *text = read_text(n, "/proc/stat", NULL);
	if (text) {
		bool switches = find_line(text, "ctxt") != NULL;
		bool procs = find_line(text, "procs_running") != NULL;
		for (int i = 0; !rc && find_line(text, "cpu") && i < CPU_STATES; i++)
			rc = add_column(n, &n->cpu, cpu_names[i], "%", err);
		if (!rc && n->cpu)
			rc = add_column(n, NULL, "cpu_busy", "%", err);
		if (!rc && switches)
			rc = add_column(n, &n->switches, "context_switches", "1/s", err);
		if (!rc && procs)
			rc = add_column(n, &n->procs, "procs_running", NULL, err);
		if (!rc && procs)
			rc = add_column(n, NULL, "procs_blocked", NULL, err);
	}
	if (!rc && read_text(n, "/proc/loadavg", NULL)) {
		rc = add_column(n, &n->load, "load_1", NULL, err);
		if (!rc)
			rc = add_column(n, NULL, "load_5", NULL, err);
		if (!rc)
			rc = add_column(n, NULL, "load_15", NULL, err);
	}
	if (!rc && read_text(n, "/proc/meminfo", NULL))
		for (int i = 0; !rc && i < MEM_FIELDS; i++)
			rc = add_column(n, &n->mem, mem_names[i], "B", err);
	return rc;
}

/* A whole disk is one that /sys/block lists; without /sys/block, any. */
static bool is_whole_disk(bn_node *n, const char *name)
{
	char block[256], path[320];
	if (bn_str_starts(name, "loop") || bn_str_starts(name, "ram") ||
		bn_str_starts(name, "zram"))
		return false;
	snprintf(block, sizeof block, "%s/sys/block", n->root);
	snprintf(path, sizeof path, "%s/%s", block, name);
	return !bn_fs_exists(n->env, block) || bn_fs_exists(n->env, path);
}

static int add_device(bn_node *n, device *d, const char *const *suffixes, const char *const *units,
	size_t count, bn_err *err)
{
	int rc = 0;
	d->column = 0;
	for (size_t i = 0; !rc && i < count; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s_%s", d->name, suffixes[i]);
		rc = add_column(n, &d->column, name, units[i], err);
	}
	return rc;
}

static int find_disks(bn_node *n, bn_err *err)
{
	static const char *const suffixes[] = {"read", "write", "busy"}, *const units[] = {
										 "B/s", "B/s", "%"};
	const char *text = read_text(n, "/proc/diskstats", NULL);
	if (!text)
		return 0;
	for (const char *line = text; *line; line = next_line(line)) {
		char name[32];
		if (n->disk_count < DEVICES && sscanf(line, "%*u %*u %31s", name) == 1 &&
			is_whole_disk(n, name))
			strcpy(n->disks[n->disk_count++].name, name);
	}
	if (!n->disk_count)
		return 0;
	int rc = add_column(n, &n->disk, "disk_read", "B/s", err);
	if (!rc)
		rc = add_column(n, NULL, "disk_write", "B/s", err);
	for (size_t i = 0; !rc && i < n->disk_count; i++)
		rc = add_device(n, &n->disks[i], suffixes, units, 3, err);
	return rc;
}

static int find_links(bn_node *n, bn_err *err)
{
	static const char *const suffixes[] = {"receive", "transmit"}, *const units[] = {
									       "B/s", "B/s"};
	const char *text = read_text(n, "/proc/net/dev", NULL);
	for (const char *line = text ? text : ""; *line; line = next_line(line)) {
		char name[32];
		if (n->link_count < DEVICES && sscanf(line, " %31[^: \n]:", name) == 1 &&
			memchr(line, ':', strcspn(line, "\n")) && strcmp(name, "lo") != 0)
			strcpy(n->links[n->link_count++].name, name);
	}
	if (!n->link_count)
		return 0;
	int rc = add_column(n, &n->net, "net_receive", "B/s", err);
	if (!rc)
		rc = add_column(n, NULL, "net_transmit", "B/s", err);
	for (size_t i = 0; !rc && i < n->link_count; i++)
		rc = add_device(n, &n->links[i], suffixes, units, 2, err);
	return rc;
}

static int list_below(bn_node *n, const char *dir, bn_names *names)
{
	char full[512];
	snprintf(full, sizeof full, "%s%s", n->root, dir);
	return bn_fs_list_dir(n->env, full, names, NULL);
}

/* Listed in the metadata: it exists, but is not readable. */
static int not_readable(bn_node *n, const char *path, bn_err *err)
{
	const char *before = bn_schema_get_meta(&n->schema, "not_readable");
	char *text = bn_strf("%s%s%s", before ? before : "", before ? ", " : "", path);
	int rc = text ? bn_schema_set_meta(&n->schema, "not_readable", text, err)
		      : bn_err_nomem(err, "a schema");
	bn_free(text);
	return rc;
}

static int add_temperature(bn_node *n, const char *path, const char *name, bn_err *err)
{
	double value;
	int rc = 0;
	if (n->temp_count == SENSORS || !read_number(n, path, &value, &rc))
		return rc && rc != BN_ENOTFOUND ? not_readable(n, path, err) : 0;
	sensor *s = &n->temps[n->temp_count++];
	snprintf(s->path, sizeof s->path, "%s", path);
	return add_column(n, &s->column, name, "degC", err);
}

static int find_chip(bn_node *n, const char *dir, bn_err *err)
{
	bn_names files = BN_NAMES_INIT;
	char path[256], chip[40], label[40], name[128];
	int rc = 0;
	snprintf(path, sizeof path, "%.100s/name", dir);
	read_word(n, path, "chip", chip, sizeof chip);
	list_below(n, dir, &files);
	for (size_t i = 0; !rc && i < files.count; i++) {
		const char *file = files.items[i];
		if (!bn_str_starts(file, "temp") || !bn_str_ends(file, "_input"))
			continue;
		int stem = (int)(strlen(file) - strlen("_input"));
		char fallback[40];
		snprintf(fallback, sizeof fallback, "%.*s", stem < 39 ? stem : 39, file);
		snprintf(path, sizeof path, "%.100s/%.*s_label", dir, stem < 99 ? stem : 99, file);
		read_word(n, path, fallback, label, sizeof label);
		snprintf(name, sizeof name, "temp_%s_%s", chip, label);
		snprintf(path, sizeof path, "%.100s/%.100s", dir, file);
		rc = add_temperature(n, path, name, err);
	}
	bn_names_release(&files);
	return rc;
}

static int find_temperatures(bn_node *n, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char path[256], type[40], name[128];
	int rc = 0;
	list_below(n, "/sys/class/hwmon", &names);
	for (size_t i = 0; !rc && i < names.count; i++) {
		snprintf(path, sizeof path, "/sys/class/hwmon/%.60s", names.items[i]);
		rc = find_chip(n, path, err);
	}
	bn_names_release(&names);
	list_below(n, "/sys/class/thermal", &names);
	for (size_t i = 0; !rc && i < names.count; i++) {
		if (!bn_str_starts(names.items[i], "thermal_zone"))
			continue;
		snprintf(path, sizeof path, "/sys/class/thermal/%.60s/type", names.items[i]);
		read_word(n, path, "zone", type, sizeof type);
		snprintf(name, sizeof name, "temp_%s_%.20s", type,
			names.items[i] + strlen("thermal_zone"));
		snprintf(path, sizeof path, "/sys/class/thermal/%.60s/temp", names.items[i]);
		rc = add_temperature(n, path, name, err);
	}
	bn_names_release(&names);
	return rc;
}

/* intel-rapl:0 is "package-0", intel-rapl:0:1 within it "dram": power_package_0_dram. */
static int find_zone(bn_node *n, const char *zone, bn_err *err)
{
	char path[256], name[64], outer[64] = "", column[160];
	double value, wrap = 0;
	int rc = 0;
	snprintf(path, sizeof path, "/sys/class/powercap/%.60s/name", zone);
	read_word(n, path, zone, name, sizeof name);
	const char *first = strchr(zone, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	if (second) {
		snprintf(path, sizeof path, "/sys/class/powercap/%.*s/name", (int)(second - zone),
			zone);
		read_word(n, path, "", outer, sizeof outer);
	}
	snprintf(path, sizeof path, "/sys/class/powercap/%.60s/max_energy_range_uj", zone);
	read_number(n, path, &wrap, NULL);
	snprintf(path, sizeof path, "/sys/class/powercap/%.60s/energy_uj", zone);
	if (n->zone_count == SENSORS || !read_number(n, path, &value, &rc))
		return rc && rc != BN_ENOTFOUND ? not_readable(n, path, err) : 0;
	sensor *s = &n->zones[n->zone_count++];
	snprintf(s->path, sizeof s->path, "%s", path);
	s->wrap = wrap * 1e-6;
	snprintf(column, sizeof column, "power_%s%s%s", outer, outer[0] ? "_" : "", name);
	rc = add_column(n, &s->column, column, "W", err);
	snprintf(column, sizeof column, "energy_%s%s%s", outer, outer[0] ? "_" : "", name);
	return rc ? rc : add_column(n, NULL, column, "J", err);
}

static int find_energy(bn_node *n, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = 0;
	list_below(n, "/sys/class/powercap", &names);
	for (size_t i = 0; !rc && i < names.count; i++)
		if (strchr(names.items[i],
			    ':')) /* without a parent it is the control type itself */
			rc = find_zone(n, names.items[i], err);
	bn_names_release(&names);
	return rc;
}

/* ---- one sample ------------------------------------------------------------------------------ */

static void put(double *values, size_t column, double x)
{
	values[column - 1] = x;
}

static void sample_processor(bn_node *n, double seconds, double *values)
{
	const char *text = read_text(n, "/proc/stat", NULL);
	const char *line = text ? find_line(text, "cpu") : NULL;
	double now[CPU_STATES], step[CPU_STATES], all = 0, x;
	if (line && n->cpu &&
		sscanf(line, "%lf %lf %lf %lf %lf %lf %lf %lf", &now[0], &now[1], &now[2], &now[3],
			&now[4], &now[5], &now[6], &now[7]) == CPU_STATES) {
		for (int i = 0; i < CPU_STATES; i++)
			all += step[i] = counter_step(&n->cpu_ticks[i], now[i]);
		for (size_t i = 0; all > 0 && i < CPU_STATES; i++)
			put(values, n->cpu + i, 100 * step[i] / all);
		if (all > 0)
			put(values, n->cpu + CPU_STATES, 100 * (1 - (step[3] + step[4]) / all));
	}
	if (text && n->switches && (line = find_line(text, "ctxt")) && sscanf(line, "%lf", &x) == 1)
		put(values, n->switches, counter_step(&n->switch_count, x) / seconds);
	if (text && n->procs && (line = find_line(text, "procs_running")) &&
		sscanf(line, "%lf", &x) == 1)
		put(values, n->procs, x);
	if (text && n->procs && (line = find_line(text, "procs_blocked")) &&
		sscanf(line, "%lf", &x) == 1)
		put(values, n->procs + 1, x);
}

static void sample_memory(bn_node *n, double *values)
{
	double x[3];
	const char *text = n->load ? read_text(n, "/proc/loadavg", NULL) : NULL;
	if (text && sscanf(text, "%lf %lf %lf", &x[0], &x[1], &x[2]) == 3)
		for (size_t i = 0; i < 3; i++)
			put(values, n->load + i, x[i]);
	text = n->mem ? read_text(n, "/proc/meminfo", NULL) : NULL;
	for (size_t i = 0; text && i < MEM_FIELDS; i++) {
		const char *line = find_line(text, mem_keys[i]);
		if (line && sscanf(line, "%lf", &x[0]) == 1)
			put(values, n->mem + i, x[0] * 1024);
	}
}

static device *device_find(device *all, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	return NULL;
}

/* Sums the known values; absent if none is known. */
static double add_known(double sum, double x)
{
	return isnan(x) ? sum : isnan(sum) ? x : sum + x;
}

static void sample_disks(bn_node *n, double seconds, double *values)
{
	double all_read = NAN, all_write = NAN;
	const char *text = n->disk ? read_text(n, "/proc/diskstats", NULL) : NULL;
	for (const char *line = text ? text : ""; *line; line = next_line(line)) {
		char name[32];
		double in, out, busy;
		if (sscanf(line, "%*u %*u %31s %*f %*f %lf %*f %*f %*f %lf %*f %*f %lf", name, &in,
			    &out, &busy) != 4)
			continue;
		device *d = device_find(n->disks, n->disk_count, name);
		if (!d)
			continue;
		double r = counter_step(&d->a, in) * SECTOR / seconds;
		double w = counter_step(&d->b, out) * SECTOR / seconds;
		put(values, d->column, r);
		put(values, d->column + 1, w);
		put(values, d->column + 2, fmin(100, counter_step(&d->c, busy) / (10 * seconds)));
		all_read = add_known(all_read, r);
		all_write = add_known(all_write, w);
	}
	if (n->disk) {
		put(values, n->disk, all_read);
		put(values, n->disk + 1, all_write);
	}
}

static void sample_links(bn_node *n, double seconds, double *values)
{
	double all_in = NAN, all_out = NAN;
	const char *text = n->net ? read_text(n, "/proc/net/dev", NULL) : NULL;
	for (const char *line = text ? text : ""; *line; line = next_line(line)) {
		char name[32];
		double in, out;
		if (sscanf(line, " %31[^: \n]: %lf %*f %*f %*f %*f %*f %*f %*f %lf", name, &in,
			    &out) != 3)
			continue;
		device *d = device_find(n->links, n->link_count, name);
		if (!d)
			continue;
		double r = counter_step(&d->a, in) / seconds;
		double w = counter_step(&d->b, out) / seconds;
		put(values, d->column, r);
		put(values, d->column + 1, w);
		all_in = add_known(all_in, r);
		all_out = add_known(all_out, w);
	}
	if (n->net) {
		put(values, n->net, all_in);
		put(values, n->net + 1, all_out);
	}
}

/* Energy since the previous reading; the counter restarts at 0 after wrap. */
static double zone_step(sensor *s, double joules)
{
	double step = NAN;
	if (s->joules.known)
		step = joules >= s->joules.last ? joules - s->joules.last
		       : s->wrap > 0            ? joules + s->wrap - s->joules.last
						: NAN;
	s->joules.last = joules;
	s->joules.known = true;
	return step;
}

static void sample_sensors(bn_node *n, double seconds, double *values)
{
	double x;
	for (size_t i = 0; i < n->temp_count; i++)
		if (read_number(n, n->temps[i].path, &x, NULL))
			put(values, n->temps[i].column, x / 1000);
	for (size_t i = 0; i < n->zone_count; i++) {
		sensor *s = &n->zones[i];
		if (!read_number(n, s->path, &x, NULL)) {
			s->total = NAN; /* a gap: the sum from here on would be too low */
			s->joules.known = false;
			continue;
		}
		double step = zone_step(s, x * 1e-6);
		if (n->started)
			s->total += step;
		put(values, s->column, step / seconds);
		put(values, s->column + 1, s->total);
	}
}

int bn_node_sample(bn_node *n, int64_t monotonic_ns, double *values, bn_err *err)
{
	double seconds = (double)(monotonic_ns - n->last_ns) * 1e-9;
	for (size_t i = 1; i < n->schema.count; i++)
		values[i - 1] = NAN;
	if (!n->started || seconds <= 0)
		seconds = NAN; /* rates of the first reading are unknown */
	sample_processor(n, seconds, values);
	sample_memory(n, values);
	sample_disks(n, seconds, values);
	sample_links(n, seconds, values);
	sample_sensors(n, seconds, values);
	n->last_ns = monotonic_ns;
	n->started = true;
	return bn_buf_check(&n->text, err, "a file of the kernel");
}

/* ---- open and close -------------------------------------------------------------------------- */

int bn_node_new(bn_node **out, const bn_env *env, const char *root, bn_err *err)
{
	bn_node *n = bn_alloc_zeroed(1, sizeof *n);
	if (!n)
		return bn_err_nomem(err, "a sampler");
	n->env = env;
	n->root = bn_strdup(root);
	n->schema = (bn_schema)BN_SCHEMA_INIT;
	bn_buf_init(&n->text);
	int rc = n->root ? bn_schema_add(&n->schema, "time", BN_TYPE_TIMESTAMP, false, NULL, err)
			 : bn_err_nomem(err, "a sampler");
	if (rc || (rc = find_processor(n, err)) || (rc = find_disks(n, err)) ||
		(rc = find_links(n, err)) || (rc = find_temperatures(n, err)) ||
		(rc = find_energy(n, err)))
		goto out;
	if (n->schema.count == 1) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "no counters below '%s/proc' or '%s/sys'",
			root, root);
		goto out;
	}
	double *values = bn_alloc(n->schema.count * sizeof *values);
	rc = values ? bn_node_sample(n, bn_env_monotonic_ns(env), values, err)
		    : bn_err_nomem(err, "a sample");
	bn_free(values);
out:
	if (rc)
		bn_node_free(n);
	else
		*out = n;
	return rc;
}

void bn_node_free(bn_node *n)
{
	if (!n)
		return;
	bn_schema_release(&n->schema);
	bn_buf_release(&n->text);
	bn_free(n->root);
	bn_free(n);
}

const bn_schema *bn_node_schema(const bn_node *n)
{
	return &n->schema;
}
