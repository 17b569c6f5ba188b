/* Counters of a node, read from directory trees that imitate /proc and /sys. */
#include "core/base/fs.h"
#include "core/source/ingest.h"
#include "core/source/node.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static char root[64];

static void put(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(const char *path, const char *fmt, ...)
{
	bn_err err = BN_ERR_INIT;
	char full[256], text[1024], dir[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(full, sizeof full, "%s%s", root, path);
	snprintf(dir, sizeof dir, "%s", full);
	*strrchr(dir, '/') = '\0';
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), dir, 0755, &err), &err);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), full, text, strlen(text), 0644, &err), &err);
}

static void tree_begin(void)
{
	strcpy(root, "/tmp/bn-node-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void tree_end(void)
{
	bn_fs_remove_tree(bn_env_real(), root, NULL);
}

static bn_node *node_new(void)
{
	bn_err err = BN_ERR_INIT;
	bn_node *n = NULL;
	ck_assert_bn_ok(bn_node_new(&n, bn_env_real(), root, &err), &err);
	return n;
}

#define MAX 128

/* Rates of the first sample are relative to the readings of bn_node_new, at a time the test does
 * not control; so each test first takes a sample at a known time. */
static void sample(bn_node *n, double at_s, double values[MAX])
{
	bn_err err = BN_ERR_INIT;
	ck_assert_uint_le(bn_node_schema(n)->count, MAX);
	ck_assert_bn_ok(bn_node_sample(n, (int64_t)((1e6 + at_s) * 1e9), values, &err), &err);
}

static double value_of(const bn_node *n, const double *values, const char *column)
{
	size_t at = bn_schema_find(bn_node_schema(n), column);
	ck_assert_msg(at != BN_SCHEMA_NONE, "no column %s", column);
	return values[at - 1];
}

START_TEST(test_node_processor_and_memory)
{
	double v[MAX];
	tree_begin();
	put("/proc/stat", "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8\nctxt 1000\n"
			  "procs_running 3\nprocs_blocked 1\n");
	put("/proc/loadavg", "0.50 0.25 0.10 1/200 4242\n");
	put("/proc/meminfo", "MemTotal:       1000 kB\nMemFree:  400 kB\nMemAvailable: 600 kB\n"
			     "Buffers: 10 kB\nCached: 90 kB\nSwapTotal: 0 kB\n");
	bn_node *n = node_new();
	sample(n, 0, v);
	put("/proc/stat", "cpu  130 0 60 850 60 0 0 0 0 0\nctxt 1500\nprocs_running 2\n"
			  "procs_blocked 0\n");
	sample(n, 2, v);
	ck_assert_double_eq_tol(value_of(n, v, "cpu_user"), 30, 1e-9);
	ck_assert_double_eq_tol(value_of(n, v, "cpu_idle"), 50, 1e-9);
	ck_assert_double_eq_tol(value_of(n, v, "cpu_busy"), 40, 1e-9);
	ck_assert_double_eq(value_of(n, v, "context_switches"), 250);
	ck_assert_double_eq(value_of(n, v, "procs_running"), 2);
	ck_assert_double_eq(value_of(n, v, "load_5"), 0.25);
	ck_assert_double_eq(value_of(n, v, "mem_available"), 600 * 1024.0);
	ck_assert_double_eq(value_of(n, v, "swap_total"), 0);
	ck_assert(isnan(value_of(n, v, "swap_free"))); /* not in the file: absent, not 0 */
	bn_node_free(n);
	tree_end();
}
END_TEST

START_TEST(test_node_disks_and_network_count_whole_devices)
{
	double v[MAX];
	tree_begin();
	put("/sys/block/sda/size", "1");
	put("/sys/block/loop0/size", "1");
	put("/proc/diskstats", "8 0 sda 1 0 100 5 1 0 200 5 0 1000 10\n"
			       "8 1 sda1 1 0 100 5 1 0 200 5 0 1000 10\n"
			       "7 0 loop0 1 0 100 5 1 0 200 5 0 1000 10\n");
	put("/proc/net/dev",
		"Inter-|   Receive\n face |bytes\n    lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 "
		"0\n  eth0: 1000 0 0 0 0 0 0 0 500 0 0 0 0 0 0 0\n");
	bn_node *n = node_new();
	ck_assert(bn_schema_find(bn_node_schema(n), "sda1_read") == BN_SCHEMA_NONE);
	ck_assert(bn_schema_find(bn_node_schema(n), "loop0_read") == BN_SCHEMA_NONE);
	ck_assert(bn_schema_find(bn_node_schema(n), "lo_receive") == BN_SCHEMA_NONE);
	sample(n, 0, v);
	put("/proc/diskstats", "8 0 sda 1 0 120 5 1 0 200 5 0 1500 10\n");
	put("/proc/net/dev", "  eth0: 400 0 0 0 0 0 0 0 700 0 0 0 0 0 0 0\n");
	sample(n, 1, v);
	ck_assert_double_eq(value_of(n, v, "sda_read"), 20 * 512.0);
	ck_assert_double_eq(value_of(n, v, "disk_read"), 20 * 512.0);
	ck_assert_double_eq(value_of(n, v, "sda_write"), 0); /* measured, and zero */
	ck_assert_double_eq_tol(value_of(n, v, "sda_busy"), 50, 1e-9);
	ck_assert(isnan(value_of(n, v, "eth0_receive"))); /* the counter was reset: absent */
	ck_assert_double_eq(value_of(n, v, "eth0_transmit"), 200);
	put("/proc/diskstats", "\n"); /* the disk is gone */
	sample(n, 2, v);
	ck_assert(isnan(value_of(n, v, "sda_read")));
	ck_assert(isnan(value_of(n, v, "disk_read")));
	bn_node_free(n);
	tree_end();
}
END_TEST

START_TEST(test_node_energy_wraps_and_adds_up)
{
	double v[MAX];
	tree_begin();
	put("/sys/class/powercap/intel-rapl/name", "intel-rapl\n");
	put("/sys/class/powercap/intel-rapl:0/name", "package-0\n");
	put("/sys/class/powercap/intel-rapl:0/energy_uj", "999000000\n");
	put("/sys/class/powercap/intel-rapl:0/max_energy_range_uj", "1000000000\n");
	put("/sys/class/powercap/intel-rapl:0:1/name", "dram\n");
	put("/sys/class/powercap/intel-rapl:0:1/energy_uj", "5000000\n");
	bn_node *n = node_new();
	sample(n, 0, v);
	ck_assert_double_eq(value_of(n, v, "energy_package_0"), 0);
	put("/sys/class/powercap/intel-rapl:0/energy_uj", "49000000\n");
	put("/sys/class/powercap/intel-rapl:0:1/energy_uj", "1000000\n"); /* no range is given */
	sample(n, 0.5, v);
	ck_assert_double_eq_tol(value_of(n, v, "power_package_0"), 100, 1e-6);
	ck_assert_double_eq_tol(value_of(n, v, "energy_package_0"), 50, 1e-6);
	ck_assert(isnan(value_of(n, v, "power_package_0_dram")));
	const bn_schema *s = bn_node_schema(n);
	ck_assert_str_eq(s->fields[bn_schema_find(s, "power_package_0")].unit, "W");
	ck_assert_str_eq(s->fields[bn_schema_find(s, "energy_package_0")].unit, "J");
	bn_node_free(n);
	tree_end();
}
END_TEST

START_TEST(test_node_what_cannot_be_read_is_no_column_and_is_named)
{
	tree_begin();
	put("/proc/loadavg", "1 2 3\n");
	put("/sys/class/powercap/intel-rapl:0/name", "package-0\n");
	put("/sys/class/powercap/intel-rapl:0/energy_uj/is",
		"a directory, which even root cannot read");
	bn_node *n = node_new();
	const bn_schema *s = bn_node_schema(n);
	ck_assert_uint_eq(s->count, 4);
	ck_assert_ptr_nonnull(bn_schema_get_meta(s, "not_readable"));
	ck_assert_ptr_nonnull(strstr(bn_schema_get_meta(s, "not_readable"), "intel-rapl:0"));
	bn_node_free(n);
	tree_end();
}
END_TEST

START_TEST(test_node_temperatures_by_label)
{
	double v[MAX];
	tree_begin();
	put("/sys/class/hwmon/hwmon0/name", "coretemp\n");
	put("/sys/class/hwmon/hwmon0/temp1_input", "45500\n");
	put("/sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
	put("/sys/class/hwmon/hwmon0/temp2_input", "41000\n");
	put("/sys/class/hwmon/hwmon0/fan1_input", "900\n");
	put("/sys/class/thermal/thermal_zone3/type", "acpitz\n");
	put("/sys/class/thermal/thermal_zone3/temp", "27800\n");
	bn_node *n = node_new();
	sample(n, 0, v);
	ck_assert_double_eq(value_of(n, v, "temp_coretemp_package_id_0"), 45.5);
	ck_assert_double_eq(value_of(n, v, "temp_coretemp_temp2"), 41);
	ck_assert_double_eq(value_of(n, v, "temp_acpitz_3"), 27.8);
	bn_node_free(n);
	tree_end();
}
END_TEST

START_TEST(test_node_nothing_at_all_is_said)
{
	bn_err err = BN_ERR_INIT;
	bn_node *n = NULL;
	tree_begin();
	ck_assert_int_eq(bn_node_new(&n, bn_env_real(), root, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, root));
	tree_end();
}
END_TEST

static bool stop_after_three(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	(void)ctx;
	(void)done;
	ck_assert_uint_gt(total, 0);
	return rows < 3;
}

START_TEST(test_node_source_ends_early_with_what_it_has)
{
	bn_err err = BN_ERR_INIT;
	char uri[80], out[96];
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_ingest_report report = {0};
	tree_begin();
	put("/proc/loadavg", "1 2 3\n");
	snprintf(uri, sizeof uri, "proc:%s", root);
	snprintf(out, sizeof out, "%s/out.arrow", root);
	o.duration_ns = INT64_C(3600000000000);
	o.interval_ns = 2000000;
	o.progress = stop_after_three;
	ck_assert_bn_ok(bn_ingest(bn_env_real(), NULL, uri, &o, NULL, out, &report, &err), &err);
	ck_assert_uint_eq(report.rows, 3);
	bn_ingest_report_release(&report);
	o.duration_ns = 0;
	ck_assert_int_eq(bn_ingest(bn_env_real(), NULL, uri, &o, NULL, out, NULL, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "for how long"));
	tree_end();
}
END_TEST

BN_TEST_MAIN("core/source/node", test_node_processor_and_memory,
	test_node_disks_and_network_count_whole_devices, test_node_energy_wraps_and_adds_up,
	test_node_what_cannot_be_read_is_no_column_and_is_named, test_node_temperatures_by_label,
	test_node_nothing_at_all_is_said, test_node_source_ends_early_with_what_it_has)
