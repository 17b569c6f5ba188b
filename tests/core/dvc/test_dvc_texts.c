/* Texts and hashes of DVC, against what DVC itself says (tests/reference/dvc_texts.py), and what is refused. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/yaml.h"
#include "core/dvc/ignore.h"
#include "core/dvc/ini.h"
#include "core/dvc/listing.h"
#include "core/dvc/pointer.h"
#include "tests/support/check_main.h"
#include "tests/support/reference.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static json_t *table(const char *name)
{
	json_t *all = reference_load("dvc_texts"), *part = json_incref(json_object_get(all, name));
	ck_assert(json_array_size(part) > 0);
	json_decref(all);
	return part;
}

/* ---- MD5 -------------------------------------------------------------------------------------- */

static void write_runs(int fd, const json_t *runs)
{
	const json_t *run;
	size_t i;
	json_array_foreach(runs, i, run)
	{
		uint8_t unit[2];
		size_t n = json_string_length(json_array_get(run, 0)) / 2;
		ck_assert_int_eq(bn_unhex(json_string_value(json_array_get(run, 0)), n, unit), 0);
		size_t count = (size_t)json_integer_value(json_array_get(run, 1));
		char *bytes = bn_alloc(count * n);
		for (size_t k = 0; k < count * n; k++)
			bytes[k] = (char)unit[k % n];
		ck_assert_int_eq(write(fd, bytes, count * n), (ssize_t)(count * n));
		bn_free(bytes);
	}
}

START_TEST(test_md5_of_both_versions_is_dvcs)
{
	json_t *cases = table("hashes");
	const json_t *c;
	toy_dir dir;
	size_t i;
	toy_dir_make(&dir);
	json_array_foreach(cases, i, c)
	{
		char path[300], plain[BN_MD5_HEX + 1], unix_lines[BN_MD5_HEX + 1];
		bn_err err = BN_ERR_INIT;
		uint64_t size;
		snprintf(path, sizeof path, "%s/f%zu", dir.path, i);
		int fd = open(path, O_RDWR | O_CREAT, 0600);
		write_runs(fd, json_object_get(c, "runs"));
		ck_assert_bn_ok(bn_md5_open_file(bn_env_real(), fd, path, false, NULL, NULL, plain,
					&size, &err),
			&err);
		ck_assert_bn_ok(bn_md5_open_file(bn_env_real(), fd, path, true, NULL, NULL,
					unix_lines, &size, &err),
			&err);
		ck_assert_msg(!strcmp(plain, bn_json_str(c, "md5", "")), "case %zu", i);
		ck_assert_msg(!strcmp(unix_lines, bn_json_str(c, "dos2unix", "")), "case %zu", i);
		close(fd);
	}
	toy_dir_remove(&dir);
	json_decref(cases);
}
END_TEST

/* ---- listings ----------------------------------------------------------------------------------- */

START_TEST(test_listings_have_the_bytes_of_dvc)
{
	json_t *cases = table("listings");
	const json_t *c, *path;
	size_t i, k;
	json_array_foreach(cases, i, c)
	{
		bn_dvc_listing l = BN_DVC_LISTING_INIT, back = BN_DVC_LISTING_INIT;
		bn_buf text = BN_BUF_INIT;
		bn_err err = BN_ERR_INIT;
		char md5[BN_MD5_HEX + 1];
		json_array_foreach(json_object_get(c, "paths"), k, path)
			ck_assert_int_eq(bn_dvc_listing_add(&l, json_string_value(path),
						 "d41d8cd98f00b204e9800998ecf8427e", 0, NULL),
				0);
		bn_dvc_listing_sort(&l);
		ck_assert_bn_ok(bn_dvc_listing_write(&text, &l, &err), &err);
		ck_assert_str_eq(text.ptr, bn_json_str(c, "text", ""));
		bn_md5_hex(text.ptr, text.len, md5);
		ck_assert_int_eq(strncmp(md5, bn_json_str(c, "md5", ""), BN_MD5_HEX), 0);
		ck_assert_bn_ok(bn_dvc_listing_parse(&back, text.ptr, text.len, "l", &err), &err);
		ck_assert_uint_eq(back.count, l.count);
		for (k = 0; k < l.count; k++) {
			ck_assert_str_eq(back.items[k].path, l.items[k].path);
			ck_assert_ptr_nonnull(bn_dvc_listing_find(&back, l.items[k].path));
		}
		ck_assert_ptr_null(bn_dvc_listing_find(&back, "nowhere"));
		bn_buf_release(&text);
		bn_dvc_listing_release(&l);
		bn_dvc_listing_release(&back);
	}
	json_decref(cases);
}
END_TEST

#define E(path) "{\"md5\": \"d41d8cd98f00b204e9800998ecf8427e\", \"relpath\": \"" path "\"}"

START_TEST(test_listings_that_lead_elsewhere_are_refused)
{
	static const struct {
		const char *text, *says;
	} cases[] = {{"[" E("../x") "]", "leads out"}, {"[" E("/etc/passwd") "]", "leads out"},
		{"[" E("a/../../x") "]", "leads out"}, {"[" E("a//b") "]", "leads out"},
		{"[" E("a/.") "]", "leads out"}, {"[" E("a/") "]", "leads out"},
		{"[" E("") "]", "empty"}, {"[" E("a") ", " E("a") "]", "twice"},
		{"[" E("a") ", " E("a/b") "]", "a file and a directory"},
		{"[" E("a/b") ", " E("a/b/c/d") ", " E("a/b-") "]", "a file and a directory"},
		{"[" E(".git/hooks/post-checkout") "]", "control directory"},
		{"[" E("x/.git") "]", "control directory"}, {"[" E("a\\u0000b") "]", "NUL"},
		{"[" E("\\ud800") "]", "surrogate"}, {"[" E("a\xff") "]", "UTF-8"},
		{"[" E("a"), "',' or ']'"}, {"[" E("a") "] x", "after the listing"}, {"{}", "'['"},
		{"[{\"relpath\": \"a\"}]", "md5 is missing"},
		{"[{\"md5\": \"d41d8cd98f00b204e9800998ecf8427e\"}]", "relpath is missing"},
		{"[{\"md5\": \"../../x\", \"relpath\": \"a\"}]", "32 hex"},
		{"[{\"md5\": 1}]", "string is expected"}, {"[" E("\n") "]", "control character"},
		{"[" E("\\x") "]", "unknown escape"}, {"[{", "string is expected"},
		{"[{\"md5\": \"", "not closed"}, {"", "'['"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_dvc_listing l = BN_DVC_LISTING_INIT;
		bn_err err = BN_ERR_INIT;
		int rc = bn_dvc_listing_parse(
			&l, cases[i].text, strlen(cases[i].text), "ab/cd.dir", &err);
		ck_assert_msg(rc == BN_EINVAL && strstr(err.msg, cases[i].says), "%s: %s",
			cases[i].text, err.msg);
		bn_dvc_listing_release(&l);
	}
}
END_TEST

/* ---- configuration ---------------------------------------------------------------------------------- */

static int take(void *user, const bn_ini_option *o, bn_err *err)
{
	char *key = bn_strf("%s\n%s", o->section, o->key);
	(void)err;
	json_object_set_new(user, key, json_string(o->value));
	bn_free(key);
	return 0;
}

START_TEST(test_configurations_are_read_as_by_dvc)
{
	json_t *cases = table("configs");
	const json_t *c;
	size_t i;
	json_array_foreach(cases, i, c)
	{
		const char *text = bn_json_str(c, "text", NULL);
		const json_t *want = json_object_get(c, "options");
		json_t *got = json_object();
		bn_err err = BN_ERR_INIT;
		int rc = bn_ini_parse(text, strlen(text), ".dvc/config", take, got, &err);
		ck_assert_msg(json_is_null(want) == (rc == BN_EINVAL), "%s: %s", text, err.msg);
		ck_assert_msg(rc < 0 || json_equal(want, got), "%s", text);
		ck_assert_msg(rc == 0 || !strncmp(err.msg, ".dvc/config:", 12), "%s", err.msg);
		json_decref(got);
	}
	json_decref(cases);
}
END_TEST

START_TEST(test_configurations_that_are_garbage_name_the_line_and_no_value)
{
	static const char *const texts[] = {"[core]\nx = 1\nsecret = 'geheim\n",
		"[core]\nsecret = \"geheim\" x\n", "[core]\nurl = %(geheim)s\n",
		"[a]\n[[geheim]]\n", "[core]\nx = '''geheim\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *got = json_object();
		bn_err err = BN_ERR_INIT;
		ck_assert_int_eq(
			bn_ini_parse(texts[i], strlen(texts[i]), "c", take, got, &err), BN_EINVAL);
		ck_assert_msg(
			!strncmp(err.msg, "c:", 2) && !strstr(err.msg, "geheim"), "%s", err.msg);
		json_decref(got);
	}
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_ini_parse("a\0b", 3, "c", take, NULL, &err), BN_EINVAL);
}
END_TEST

/* ---- .dvcignore --------------------------------------------------------------------------------- */

START_TEST(test_ignored_is_what_dvc_ignores)
{
	json_t *cases = table("ignores");
	const json_t *c;
	size_t i;
	json_array_foreach(cases, i, c)
	{
		bn_dvc_ignore ig = BN_DVC_IGNORE_INIT;
		const char *rules = bn_json_str(c, "rules", ""), *path = bn_json_str(c, "path", "");
		bool dir = bn_json_bool(c, "dir", false);
		ck_assert_int_eq(bn_dvc_ignore_add(&ig, 0, rules, strlen(rules), NULL), 0);
		ck_assert_msg(
			bn_dvc_ignore_has(&ig, path, dir) == bn_json_bool(c, "ignored", false),
			"%s: %s%s", rules, path, dir ? "/" : "");
		bn_dvc_ignore_release(&ig);
	}
	json_decref(cases);
}
END_TEST

START_TEST(test_rules_of_a_deeper_directory_come_first)
{
	bn_dvc_ignore ig = BN_DVC_IGNORE_INIT;
	ck_assert_int_eq(bn_dvc_ignore_add(&ig, 0, "*.log\n", 6, NULL), 0);
	ck_assert_int_eq(bn_dvc_ignore_add(&ig, 2, "!/keep.log\n", 11, NULL), 0);
	ck_assert(!bn_dvc_ignore_has(&ig, "d/keep.log", false));
	ck_assert(bn_dvc_ignore_has(&ig, "d/e/keep.log", false));
	ck_assert(bn_dvc_ignore_has(&ig, "d/.git", true) && bn_dvc_ignore_has(&ig, ".dvc", true));
	ck_assert(!bn_dvc_ignore_has(&ig, "x.dvc", false));
	bn_dvc_ignore_back_to(&ig, 1);
	ck_assert(bn_dvc_ignore_has(&ig, "d/keep.log", false));
	bn_dvc_ignore_release(&ig);
}
END_TEST

/* ---- .dvc files ------------------------------------------------------------------------------------ */

START_TEST(test_pointers_have_the_bytes_of_dvc)
{
	json_t *cases = table("pointers");
	const json_t *c;
	size_t i;
	json_array_foreach(cases, i, c)
	{
		const char *name = bn_json_str(c, "name", ""), *theirs = bn_json_str(c, "text", "");
		bn_dvc_out o = {.size = 14, .nfiles = -1};
		bn_dvc_outs back = BN_DVC_OUTS_INIT;
		bn_buf text = BN_BUF_INIT;
		bn_err err = BN_ERR_INIT;
		memcpy(o.md5, bn_json_str(c, "md5", ""), BN_MD5_HEX);
		ck_assert_bn_ok(bn_dvc_pointer_write(&text, &o, name, &err), &err);
		if (strlen(name) < 80 &&
			!strchr(name,
				'\t')) /* DVC begins a new line for a longer one, and writes \t */
			ck_assert_str_eq(text.ptr, theirs);
		ck_assert_bn_ok(
			bn_dvc_pointer_parse(&back, theirs, strlen(theirs), "x.dvc", &err), &err);
		ck_assert_bn_ok(
			bn_dvc_pointer_parse(&back, text.ptr, text.len, "x.dvc", &err), &err);
		for (size_t k = 0; k < 2; k++) {
			ck_assert_str_eq(back.items[k].path, name);
			ck_assert_str_eq(back.items[k].md5, o.md5);
		}
		bn_buf_release(&text);
		bn_dvc_outs_release(&back);
	}
	json_decref(cases);
}
END_TEST

static bn_dvc_outs parse(const char *text, const char *file)
{
	bn_dvc_outs outs = BN_DVC_OUTS_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_dvc_pointer_parse(&outs, text, strlen(text), file, &err), &err);
	return outs;
}

#define MD5 "a304afb96060aad90176268345e10355"

START_TEST(test_pointers_of_every_kind_are_read)
{
	bn_dvc_outs outs = parse(
		"wdir: ..\nouts:\n- md5: " MD5 ".dir\n  size: 5\n  nfiles: 2\n  path: raw/./x\n"
		"- md5: " MD5
		"\n  size: 7\n  isexec: true\n  hash: md5\n  cache: false\n  push: false\n"
		"  remote: lab\n  path: run.sh\n- path: later\ndeps:\n- repo: {url: u}\n  path: "
		"x\n",
		"data/d.dvc");
	ck_assert_uint_eq(outs.count, 3);
	ck_assert_str_eq(outs.items[0].path, "raw/x");
	ck_assert(outs.items[0].is_dir && outs.items[0].is_legacy && outs.items[0].imported);
	ck_assert_int_eq(outs.items[0].nfiles, 2);
	ck_assert(outs.items[1].is_exec && !outs.items[1].is_legacy && outs.items[1].uncached &&
		  outs.items[1].no_push);
	ck_assert_str_eq(outs.items[1].remote, "lab");
	ck_assert_uint_eq(outs.items[1].number, 1);
	ck_assert(!outs.items[2].md5[0] && outs.items[2].size == -1);
	bn_dvc_outs_release(&outs);
}
END_TEST

START_TEST(test_pointers_that_are_wrong_name_file_line_and_field)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"outs:\n- md5: " MD5 "\n  path: ../../x\n", "d/x.dvc:3: field 'path' leads out"},
		{"outs:\n- path: /etc/passwd\n  md5: " MD5 "\n",
			"d/x.dvc:2: field 'path' is absolute"},
		{"outs:\n- path: ..\n", "field 'path' is the repository itself"},
		{"outs:\n- path: ../.git/config\n", "leads into .git"},
		{"outs:\n- path: ../.dvc/tmp\n", "leads into .dvc"},
		{"wdir: ../..\nouts:\n- path: x\n", "leads out"},
		{"wdir: /tmp\nouts:\n- path: x\n", "is absolute"},
		{"outs:\n- md5: abc\n  path: x\n", "d/x.dvc:2: field 'md5' is not an MD5"},
		{"outs:\n- md5: 5\n  path: x\n", "is not an MD5"},
		{"outs:\n- md5: ../../../../etc/passwd0123456789\n  path: x\n", "is not an MD5"},
		{"outs:\n- md5: A304AFB96060AAD90176268345E10355\n  path: x\n", "is not an MD5"},
		{"outs:\n- md5: " MD5 "\n  hash: blake3\n  path: x\n",
			"d/x.dvc:3: field 'hash' is 'blake3'"},
		{"outs:\n- md5: " MD5 "\n", "field 'path' is missing"},
		{"outs:\n- md5: " MD5 "\n  size: -1\n  path: x\n", "field 'size'"},
		{"outs:\n- version_id: v\n  path: x\n", "field 'version_id'"},
		{"outs: x\n", "d/x.dvc:1: field 'outs' is not a list"},
		{"- a\n", "a mapping is expected"}, {"outs:\n- x\n", "an output is a mapping"},
		{"<<<<<<< HEAD\nouts:\n- path: x\n", "d/x.dvc"}, {"a: &a [x]\nb: *a\n", "anchors"},
		{"outs: [\n", "d/x.dvc:"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_dvc_outs outs = BN_DVC_OUTS_INIT;
		bn_err err = BN_ERR_INIT;
		int rc = bn_dvc_pointer_parse(
			&outs, cases[i].text, strlen(cases[i].text), "d/x.dvc", &err);
		ck_assert_msg(
			rc < 0 && strstr(err.msg, cases[i].says), "%s: %s", cases[i].text, err.msg);
		bn_dvc_outs_release(&outs);
	}
}
END_TEST

START_TEST(test_a_rewritten_pointer_keeps_comments_and_other_fields)
{
	static const char before[] = "# ours\nouts:\n- md5: " MD5
				     " # old\n  size: 5\n  desc: 'the data' # why\n  hash: md5\n"
				     "  path: x\n- md5: " MD5 "\n  path: y\nmeta: {a: 1} # kept\n";
	static const char after[] = "# ours\nouts:\n- md5: 0123456789abcdef0123456789abcdef.dir # "
				    "old\n  size: 6\n  nfiles: 2\n"
				    "  desc: 'the data' # why\n  hash: md5\n  path: x\n- md5: " MD5
				    "\n  path: y\nmeta: {a: 1} # kept\n";
	bn_dvc_out o = {.size = 6,
		.nfiles = 2,
		.is_dir = true,
		.md5 = "0123456789abcdef0123456789abcdef",
		.file = (char[]){"x.dvc"}};
	bn_buf text = BN_BUF_INIT, again = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_dvc_pointer_rewrite(&text, before, strlen(before), &o, &err), &err);
	ck_assert_str_eq(text.ptr, after);
	/* and back: a line goes, one comes */
	o = (bn_dvc_out){.size = 5, .nfiles = -1, .md5 = MD5, .file = o.file};
	ck_assert_bn_ok(bn_dvc_pointer_rewrite(&again, after, strlen(after), &o, &err), &err);
	ck_assert_str_eq(again.ptr, before);
	bn_buf_release(&text);
	bn_buf_release(&again);
}
END_TEST

START_TEST(test_a_pointer_of_dvc_2_or_in_flow_style_is_rewritten)
{
	static const char old2[] = "outs:\n- md5: " MD5 "\n  size: 5\n  path: x\n",
			  flow[] = "outs: [{md5: " MD5 ", path: x}]\nk: v\n";
	bn_dvc_out o = {.size = 6,
		.nfiles = -1,
		.md5 = "0123456789abcdef0123456789abcdef",
		.file = (char[]){"x.dvc"}};
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_dvc_pointer_rewrite(&text, old2, strlen(old2), &o, &err), &err);
	ck_assert_str_eq(text.ptr, "outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 6\n  "
				   "hash: md5\n  path: x\n");
	bn_buf_clear(&text);
	ck_assert_bn_ok(bn_dvc_pointer_rewrite(&text, flow, strlen(flow), &o, &err), &err);
	bn_dvc_outs outs = parse(text.ptr, "x.dvc");
	ck_assert_str_eq(outs.items[0].md5, o.md5);
	ck_assert(outs.items[0].size == 6 && !outs.items[0].is_legacy && strstr(text.ptr, "k: v"));
	bn_dvc_outs_release(&outs);
	bn_buf_release(&text);
}
END_TEST

START_TEST(test_outputs_of_stages_are_those_of_dvc_yaml)
{
	static const char yaml_text[] =
		"stages:\n  prepare:\n    cmd: x\n    wdir: sub\n    outs:\n    - a\n    metrics:\n"
		"    - m.json: {cache: false}\n  train:\n    foreach: [xl]\n    do:\n      cmd: y "
		"${item}\n"
		"      outs:\n      - model-${item}.bin\n      - log-${item}.txt: {cache: false}\n";
	static const char lock[] =
		"schema: '2.0'\nstages:\n  prepare:\n    cmd: x\n    outs:\n    - path: a\n      "
		"hash: md5\n"
		"      md5: " MD5
		"\n      size: 3\n    - path: m.json\n      hash: md5\n      md5: " MD5 "\n"
		"  train@xl:\n    cmd: y xl\n    outs:\n    - path: log-xl.txt\n      hash: md5\n  "
		"    md5: " MD5 "\n    - path: model-xl.bin\n      hash: md5\n      md5: " MD5
		"\n  gone:\n    outs:\n    - path: z\n";
	bn_dvc_outs outs = BN_DVC_OUTS_INIT;
	bn_err err = BN_ERR_INIT;
	json_t *yaml = NULL;
	ck_assert_bn_ok(bn_yaml_parse(&yaml, yaml_text, strlen(yaml_text), "dvc.yaml", &err), &err);
	ck_assert_bn_ok(
		bn_dvc_lock_parse(&outs, lock, strlen(lock), "p/dvc.lock", yaml, &err), &err);
	ck_assert_uint_eq(outs.count, 4);
	ck_assert_str_eq(outs.items[0].path, "p/sub/a");
	ck_assert(!outs.items[0].uncached && outs.items[1].uncached && outs.items[2].uncached &&
		  !outs.items[3].uncached);
	ck_assert_str_eq(outs.items[3].stage, "train@xl");
	ck_assert_str_eq(outs.items[3].path, "p/model-xl.bin");
	json_decref(yaml);
	bn_dvc_outs_release(&outs);
}
END_TEST

/* Everything once, with the n-th allocation failing: an error, or what it is without. */
static int read_and_write_all(bn_err *err)
{
	static const char pointer[] = "outs:\n- md5: " MD5 "\n  size: 5\n  path: x\n",
			  config[] = "[core]\nremote = 'x'\n";
	static const char list[] = "[" E("s/b") ", " E("s/a\\u00fc") "]";
	bn_dvc_outs outs = BN_DVC_OUTS_INIT;
	bn_dvc_listing l = BN_DVC_LISTING_INIT;
	bn_dvc_ignore ig = BN_DVC_IGNORE_INIT;
	bn_buf text = BN_BUF_INIT;
	json_t *got = json_object();
	int rc;
	if ((rc = bn_dvc_pointer_parse(&outs, pointer, strlen(pointer), "d/x.dvc", err)) < 0 ||
		(rc = bn_dvc_pointer_rewrite(
			 &text, pointer, strlen(pointer), &outs.items[0], err)) < 0 ||
		(rc = bn_dvc_pointer_write(&text, &outs.items[0], "it's: #", err)) < 0 ||
		(rc = bn_dvc_listing_parse(&l, list, strlen(list), "l", err)) < 0 ||
		(rc = bn_dvc_listing_write(&text, &l, err)) < 0 ||
		(rc = bn_dvc_ignore_add(&ig, 0, "*.log\n/a\n", 9, err)) < 0)
		goto out;
	rc = bn_ini_parse(config, strlen(config), "c", take, got, err);
out:
	json_decref(got);
	bn_dvc_outs_release(&outs);
	bn_dvc_listing_release(&l);
	bn_dvc_ignore_release(&ig);
	bn_buf_release(&text);
	return rc;
}

START_TEST(test_any_allocation_may_fail)
{
	int rc = BN_ENOMEM;
	for (long n = 1; rc == BN_ENOMEM; n++) {
		bn_err err = BN_ERR_INIT;
		bn_alloc_fail_at(n);
		rc = read_and_write_all(&err);
		bn_alloc_fail_at(0);
		ck_assert_msg(rc == 0 || rc == BN_ENOMEM, "%ld: %d %s", n, rc, err.msg);
		ck_assert_int_lt(n, 500);
	}
}
END_TEST

BN_TEST_MAIN("core/dvc/texts", test_md5_of_both_versions_is_dvcs,
	test_listings_have_the_bytes_of_dvc, test_listings_that_lead_elsewhere_are_refused,
	test_configurations_are_read_as_by_dvc,
	test_configurations_that_are_garbage_name_the_line_and_no_value,
	test_ignored_is_what_dvc_ignores, test_rules_of_a_deeper_directory_come_first,
	test_pointers_have_the_bytes_of_dvc, test_pointers_of_every_kind_are_read,
	test_pointers_that_are_wrong_name_file_line_and_field,
	test_a_rewritten_pointer_keeps_comments_and_other_fields,
	test_a_pointer_of_dvc_2_or_in_flow_style_is_rewritten,
	test_outputs_of_stages_are_those_of_dvc_yaml, test_any_allocation_may_fail)
