/* core/exchange: TensorBoard's event files and W&B's offline logs, as bytes that this test writes. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/exchange/event_file.h"
#include "core/exchange/protobuf.h"
#include "core/exchange/wandb_log.h"
#include "core/run/runlog.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/exchange_sources.h"

#include <math.h>
#include <string.h>

static track_world w;
static bn_err err;

/* ---- writing messages ----------------------------------------------------------------------------- */

static void add_varint(bn_buf *b, uint64_t x)
{
	for (; x >= 0x80; x >>= 7)
		bn_buf_addch(b, (char)(0x80 | (x & 0x7f)));
	bn_buf_addch(b, (char)x);
}

static void add_fixed(bn_buf *b, uint64_t x, int n)
{
	for (int i = 0; i < n; i++)
		bn_buf_addch(b, (char)(x >> (8 * i)));
}

static void add_int(bn_buf *b, uint32_t number, uint64_t x)
{
	add_varint(b, number << 3);
	add_varint(b, x);
}

static void add_double(bn_buf *b, uint32_t number, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	add_varint(b, number << 3 | 1);
	add_fixed(b, bits, 8);
}

static void add_float(bn_buf *b, uint32_t number, float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	add_varint(b, number << 3 | 5);
	add_fixed(b, bits, 4);
}

static void add_bytes(bn_buf *b, uint32_t number, const void *bytes, size_t n)
{
	add_varint(b, number << 3 | 2);
	add_varint(b, n);
	bn_buf_add(b, bytes, n);
}

static void add_text(bn_buf *b, uint32_t number, const char *text)
{
	add_bytes(b, number, text, strlen(text));
}

/* Adds the message and empties it. */
static void add_message(bn_buf *b, uint32_t number, bn_buf *message)
{
	add_bytes(b, number, message->ptr, message->len);
	bn_buf_clear(message);
}

static void save(const char *path, const bn_buf *b)
{
	char *whole = bn_path_join(w.dir.path, path);
	char *parent = bn_strndup(whole, (size_t)(strrchr(whole, '/') - whole));
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), parent, 0755, &err), &err);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), whole, b->ptr, b->len, 0644, &err), &err);
	bn_free(parent);
	bn_free(whole);
}

/* ---- event files ---------------------------------------------------------------------------------- */

static uint32_t masked(const void *bytes, size_t n)
{
	uint32_t crc = bn_crc32c(0, bytes, n);
	return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

/* Adds an event with the summary value, which it empties. */
static void add_event(bn_buf *file, double time, int64_t step, bn_buf *value)
{
	bn_buf event = BN_BUF_INIT, summary = BN_BUF_INIT;
	add_double(&event, 1, time);
	add_int(&event, 2, (uint64_t)step);
	add_message(&summary, 1, value);
	add_message(&event, 5, &summary);
	size_t at = file->len;
	add_fixed(file, event.len, 8);
	add_fixed(file, masked(file->ptr + at, 8), 4);
	bn_buf_add(file, event.ptr, event.len);
	add_fixed(file, masked(event.ptr, event.len), 4);
	bn_buf_release(&event);
	bn_buf_release(&summary);
}

static void add_scalar(bn_buf *file, const char *tag, double time, int64_t step, float x)
{
	bn_buf value = BN_BUF_INIT;
	add_text(&value, 1, tag);
	add_float(&value, 2, x);
	add_event(file, time, step, &value);
	bn_buf_release(&value);
}

static void add_plugin(bn_buf *value, const char *name, bn_buf *content)
{
	bn_buf data = BN_BUF_INIT, metadata = BN_BUF_INIT;
	add_text(&data, 1, name);
	if (content)
		add_message(&data, 2, content);
	add_message(&metadata, 1, &data);
	add_message(value, 9, &metadata);
	bn_buf_release(&data);
	bn_buf_release(&metadata);
}

/* A scalar as TensorFlow 2 writes it: a tensor of dtype with content. */
static void add_tensor(
	bn_buf *file, const char *tag, double time, int64_t step, int dtype, uint64_t bits, int n)
{
	bn_buf value = BN_BUF_INIT, tensor = BN_BUF_INIT, content = BN_BUF_INIT;
	add_fixed(&content, bits, n);
	add_text(&value, 1, tag);
	add_int(&tensor, 1, (uint64_t)dtype);
	add_message(&tensor, 4, &content);
	add_message(&value, 8, &tensor);
	add_plugin(&value, "scalars", NULL);
	add_event(file, time, step, &value);
	bn_buf_release(&value);
	bn_buf_release(&tensor);
	bn_buf_release(&content);
}

static void add_hparams(bn_buf *file)
{
	bn_buf value = BN_BUF_INIT, entry = BN_BUF_INIT, number = BN_BUF_INIT, start = BN_BUF_INIT,
	       data = BN_BUF_INIT;
	add_text(&entry, 1, "lr");
	add_double(&number, 2, 0.25);
	add_message(&entry, 2, &number);
	add_message(&start, 1, &entry);
	add_text(&entry, 1, "opt");
	add_text(&number, 3, "adam");
	add_message(&entry, 2, &number);
	add_message(&start, 1, &entry);
	add_double(&start, 5, 1699999999.0);
	add_message(&data, 3, &start);
	add_text(&value, 1, "_hparams_/session_start_info");
	add_plugin(&value, "hparams", &data);
	add_event(file, 1700000000.5, 0, &value);
	add_int(&start, 1, 2);
	add_message(&data, 4, &start);
	add_text(&value, 1, "_hparams_/session_end_info");
	add_plugin(&value, "hparams", &data);
	add_event(file, 1700000000.5, 0, &value);
	bn_buf_release(&value);
	bn_buf_release(&entry);
	bn_buf_release(&number);
	bn_buf_release(&start);
	bn_buf_release(&data);
}

static void has_points(const char *run, const char *key, size_t n, double last)
{
	bn_points p = BN_POINTS_INIT;
	char id[BN_RUN_ID_TEXT];
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_run_resolve(w.ws, run, id, &err), &err);
	ck_assert_bn_ok(bn_series_read(&p, w.ws, id, key, &err), &err);
	ck_assert_msg(p.count == n, "%s has %zu points, not %zu", key, p.count, n);
	ck_assert_msg(!n || p.value[n - 1] == last, "%s ends with %g", key, n ? p.value[n - 1] : 0);
	bn_points_release(&p);
}

static bn_exchange_report import(const char *path)
{
	char *whole = bn_path_join(w.dir.path, path);
	bn_exchange_report r = source_import(&w, whole, NULL);
	bn_free(whole);
	return r;
}

START_TEST(test_event_files)
{
	bn_buf file = BN_BUF_INIT, value = BN_BUF_INIT;
	char id[BN_RUN_ID_TEXT];
	bn_pairs params = BN_PAIRS_INIT;
	bn_run_info *run = NULL;
	track_make(&w);
	for (int i = 0; i < 3; i++)
		add_scalar(&file, "loss", 1700000000.25 + i, i, 1.0f / (float)(i + 1));
	add_tensor(&file, "acc", 1700000003, 0, 1, 0x3f000000, 4);         /* float 0.5 */
	add_tensor(&file, "acc", 1700000003, 1, 2, 0x3fe8000000000000, 8); /* double 0.75 */
	add_tensor(&file, "acc", 1700000003, 2, 19, 0x3c00, 2);            /* half 1 */
	add_tensor(&file, "acc", 1700000003, 3, 9, (uint64_t)-7, 8);       /* int64 */
	add_hparams(&file);
	add_text(&value, 1, "histo");
	add_text(&value, 5, "");
	add_event(&file, 1700000004, 1, &value);
	save("tb/a/events.out.tfevents.1.host", &file);
	bn_buf_clear(&file);
	add_scalar(&file, "loss", 1700000009, 9, 0.125f);
	bn_buf_add(&file, "half a record", 5); /* it is growing */
	save("tb/a/events.out.tfevents.2.host", &file);
	bn_exchange_report r = import("tb");
	ck_assert_str_eq(r.kind, "tensorboard");
	ck_assert_int_eq(r.added.runs_new, 1);
	ck_assert_int_eq(r.added.points, 8);
	ck_assert_int_eq(r.unreadable, 0);
	ck_assert_ptr_nonnull(source_note(&r, "'histo'"));
	bn_exchange_report_release(&r);
	has_points("a", "loss", 4, 0.125);
	has_points("a", "acc", 4, -7);
	ck_assert_bn_ok(bn_run_resolve(w.ws, "a", id, &err), &err);
	ck_assert_bn_ok(bn_run_params(&params, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&params, "lr"), "0.25");
	ck_assert_str_eq(bn_pairs_get(&params, "opt"), "adam");
	bn_pairs_release(&params);
	ck_assert_bn_ok(bn_run_get(&run, w.ws, id, &err), &err);
	ck_assert_str_eq(run->experiment, "tb");
	ck_assert_int_eq(run->status, BN_RUN_FAILED);
	ck_assert_int_eq(run->started_ms, 1699999999000);
	bn_run_info_free(run);
	/* The record becomes whole, and another follows. */
	bn_buf_truncate(&file, file.len - 5);
	add_scalar(&file, "loss", 1700000010, 10, 0.0625f);
	save("tb/a/events.out.tfevents.2.host", &file);
	r = import("tb");
	ck_assert_int_eq(r.added.points, 1);
	ck_assert_int_eq(r.added.runs_grown, 1);
	bn_exchange_report_release(&r);
	int64_t before = source_events(&w);
	r = import("tb/a"); /* the same run from nearer by */
	ck_assert_int_eq(r.added.points + r.added.runs_new, 0);
	bn_exchange_report_release(&r);
	r = import("tb");
	ck_assert_int_eq(r.added.points + r.added.runs_new, 0);
	bn_exchange_report_release(&r);
	ck_assert_int_ge(source_events(&w), before);
	/* Damage in the middle: what is before it is kept, and it is said. */
	file.ptr[30] ^= 1;
	save("broken/events.out.tfevents.9.host", &file);
	r = import("broken");
	ck_assert_int_eq(r.unreadable, 1);
	ck_assert_ptr_nonnull(source_note(&r, "checksum"));
	bn_exchange_report_release(&r);
	bn_buf_release(&file);
	bn_buf_release(&value);
	track_remove(&w);
}
END_TEST

/* ---- W&B ------------------------------------------------------------------------------------------ */

static uint32_t crc32_plain(uint8_t type, const char *bytes, size_t n)
{
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i <= n; i++) {
		crc ^= i ? (uint8_t)bytes[i - 1] : type;
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? 0xedb88320u ^ crc >> 1 : crc >> 1;
	}
	return ~crc;
}

/* Adds a record in fragments, and empties it. */
static void add_record(bn_buf *log, bn_buf *record)
{
	size_t from = 0;
	if (!log->len)
		bn_buf_add(log, ":W&B\xe1\xbe\0", 7);
	do {
		size_t left = 32768 - log->len % 32768;
		for (; left < 7 && left; left--)
			bn_buf_addch(log, 0);
		left = 32768 - log->len % 32768;
		size_t n = record->len - from < left - 7 ? record->len - from : left - 7;
		bool first = from == 0, last = from + n == record->len;
		uint8_t type = first ? last ? 1 : 2 : last ? 4 : 3;
		add_fixed(log, crc32_plain(type, record->ptr + from, n), 4);
		add_fixed(log, n, 2);
		bn_buf_addch(log, (char)type);
		bn_buf_add(log, record->ptr + from, n);
		from += n;
	} while (from < record->len);
	bn_buf_clear(record);
}

static void add_item(
	bn_buf *message, uint32_t number, const char *key, const char *nested, const char *json)
{
	bn_buf item = BN_BUF_INIT;
	if (nested) {
		add_text(&item, 2, key);
		add_text(&item, 2, nested);
	} else {
		add_text(&item, 1, key);
	}
	add_text(&item, 16, json);
	add_message(message, number, &item);
	bn_buf_release(&item);
}

static void add_run(bn_buf *log)
{
	bn_buf record = BN_BUF_INIT, run = BN_BUF_INIT, part = BN_BUF_INIT;
	add_text(&run, 1, "abcd1234");
	add_text(&run, 3, "power");
	add_text(&run, 8, "brave-sun-1");
	add_text(&run, 9, "a note");
	add_text(&run, 10, "x");
	add_item(&part, 1, "lr", NULL, "0.1");
	add_item(&part, 1, "opt", NULL, "{\"name\": \"adam\", \"betas\": [1, 2]}");
	add_item(&part, 1, "_wandb", NULL, "{\"a\": 1}");
	add_message(&run, 4, &part);
	add_int(&part, 1, 1700000000);
	add_int(&part, 2, 500000000);
	add_message(&run, 17, &part);
	add_message(&record, 17, &run);
	add_record(log, &record);
	bn_buf_release(&record);
	bn_buf_release(&run);
	bn_buf_release(&part);
}

static void add_history(bn_buf *log, int step, const char *loss)
{
	bn_buf record = BN_BUF_INIT, history = BN_BUF_INIT, part = BN_BUF_INIT;
	char text[40];
	add_item(&history, 1, "loss", NULL, loss);
	add_item(&history, 1, "val", "acc", "0.5");
	snprintf(text, sizeof text, "%d.25", 1700000001 + step);
	add_item(&history, 1, "_timestamp", NULL, text);
	snprintf(text, sizeof text, "%d", step);
	add_item(&history, 1, "_step", NULL, text);
	add_item(&history, 1, "image", NULL,
		"{\"_type\": \"image-file\", \"path\": \"media/a.png\"}");
	add_int(&part, 1, (uint64_t)step);
	add_message(&history, 2, &part);
	add_message(&record, 2, &history);
	add_record(log, &record);
	bn_buf_release(&record);
	bn_buf_release(&history);
	bn_buf_release(&part);
}

/* best, who, and with that much text so that the record spans blocks; then the exit. */
static void add_end(bn_buf *log, int exit_code, size_t filler)
{
	bn_buf record = BN_BUF_INIT, message = BN_BUF_INIT, text = BN_BUF_INIT;
	bn_buf_addch(&text, '"');
	for (size_t i = 0; i < filler; i++)
		bn_buf_addch(&text, 'a');
	bn_buf_addch(&text, '"');
	add_item(&message, 1, "best", NULL, "0.99");
	add_item(&message, 1, "who", NULL, "\"ann\"");
	add_item(&message, 1, "loss", NULL, "0.5");
	add_item(&message, 1, "long", NULL, text.ptr);
	add_message(&record, 3, &message);
	add_record(log, &record);
	add_int(&message, 1, (uint64_t)exit_code);
	add_message(&record, 18, &message);
	add_record(log, &record);
	bn_buf_release(&record);
	bn_buf_release(&message);
	bn_buf_release(&text);
}

START_TEST(test_wandb_offline_runs)
{
	bn_buf log = BN_BUF_INIT;
	char id[BN_RUN_ID_TEXT];
	bn_pairs pairs = BN_PAIRS_INIT;
	bn_run_info *run = NULL;
	bn_artifacts files = BN_ARTIFACTS_INIT;
	track_make(&w);
	add_run(&log);
	add_history(&log, 0, "1.5");
	add_history(&log, 1, "NaN");
	save("p/wandb/offline-run-1-abcd1234/run-abcd1234.wandb", &log);
	source_write(w.dir.path, "p/wandb/offline-run-1-abcd1234/files/media/a.png", "png");
	bn_exchange_report r = import("p");
	ck_assert_str_eq(r.kind, "wandb");
	ck_assert_int_eq(r.added.points, 4);
	ck_assert_int_eq(r.added.artifacts, 1);
	ck_assert_ptr_nonnull(source_note(&r, "only numbers are points"));
	bn_exchange_report_release(&r);
	ck_assert_bn_ok(bn_run_resolve(w.ws, "brave-sun-1", id, &err), &err);
	ck_assert_bn_ok(bn_run_get(&run, w.ws, id, &err), &err);
	ck_assert_int_eq(run->status, BN_RUN_RUNNING);
	ck_assert_int_eq(run->started_ms, 1700000000500);
	ck_assert_str_eq(run->experiment, "power");
	ck_assert_str_eq(run->note, "a note");
	bn_run_info_free(run);
	/* It goes on in the same log, and after a resume in another one. */
	add_history(&log, 2, "\"Infinity\"");
	save("p/wandb/offline-run-1-abcd1234/run-abcd1234.wandb", &log);
	bn_buf_clear(&log);
	add_run(&log);
	add_history(&log, 3, "0.5");
	add_end(&log, 1, 70000);
	save("p/wandb/offline-run-2-abcd1234/run-abcd1234.wandb", &log);
	r = import("p/wandb");
	ck_assert_int_eq(r.added.runs_new, 0);
	ck_assert_int_eq(r.added.runs_grown, 1);
	ck_assert_int_eq(r.added.points, 5);
	bn_exchange_report_release(&r);
	has_points("brave-sun-1", "loss", 4, 0.5);
	has_points("brave-sun-1", "val.acc", 4, 0.5);
	has_points("brave-sun-1", "best", 1, 0.99);
	ck_assert_bn_ok(bn_run_get(&run, w.ws, id, &err), &err);
	ck_assert_int_eq(run->status, BN_RUN_FAILED);
	bn_run_info_free(run);
	ck_assert_bn_ok(bn_run_params(&pairs, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&pairs, "lr"), "0.1");
	ck_assert_str_eq(bn_pairs_get(&pairs, "opt.name"), "adam");
	ck_assert_str_eq(bn_pairs_get(&pairs, "opt.betas"), "[1,2]");
	ck_assert_ptr_null(bn_pairs_get(&pairs, "_wandb.a"));
	bn_pairs_release(&pairs);
	ck_assert_bn_ok(bn_run_tags(&pairs, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&pairs, "wandb.summary.who"), "ann");
	ck_assert_str_eq(bn_pairs_get(&pairs, "wandb.tag.x"), "true");
	bn_pairs_release(&pairs);
	ck_assert_bn_ok(bn_run_artifacts(&files, w.ws, id, &err), &err);
	ck_assert_uint_eq(files.count, 1);
	bn_artifacts_release(&files);
	int64_t before = source_events(&w);
	r = import("p/wandb");
	ck_assert_int_eq(r.added.runs_same, 1);
	bn_exchange_report_release(&r);
	ck_assert_int_eq(source_events(&w), before);
	/* Damage. */
	log.ptr[log.len - 3] ^= 1;
	save("q/run-abcd1234.wandb", &log);
	r = import("q");
	ck_assert_int_eq(r.unreadable, 1);
	ck_assert_ptr_nonnull(source_note(&r, "checksum of a fragment"));
	bn_exchange_report_release(&r);
	bn_buf_release(&log);
	track_remove(&w);
}
END_TEST

/* ---- the parsers, byte by byte -------------------------------------------------------------------- */

static int count_record(void *user, const bn_wandb_record *record, bn_err *e)
{
	(void)record;
	(void)e;
	++*(int *)user;
	return 0;
}

START_TEST(test_logs_read_the_same_however_they_are_cut)
{
	bn_buf log = BN_BUF_INIT;
	bn_wandb_reader reader;
	int whole = 0, bytes = 0;
	add_run(&log);
	for (int i = 0; i < 300; i++)
		add_history(&log, i, "0.5");
	add_end(&log, 0, 100000);
	bn_wandb_reader_init(&reader);
	ck_assert_bn_ok(bn_wandb_feed(&reader, log.ptr, log.len, count_record, &whole, &err), &err);
	bn_wandb_reader_release(&reader);
	bn_wandb_reader_init(&reader);
	for (size_t i = 0; i < log.len; i++)
		ck_assert_bn_ok(
			bn_wandb_feed(&reader, log.ptr + i, 1, count_record, &bytes, &err), &err);
	bn_wandb_reader_release(&reader);
	ck_assert_int_eq(whole, 303);
	ck_assert_int_eq(bytes, whole);
	bn_buf_release(&log);
}
END_TEST

START_TEST(test_messages_that_are_none)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {{"\x08", 1},
		{"\x0a\x05"
		 "ab",
			4},
		{"\x0b\x0c", 2}, {"\x00\x01", 2}, {"\x09\x01\x02", 3}, {"\x0d\x01", 2},
		{"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11}};
	bn_pb_field f;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_pb m = {(const uint8_t *)bad[i].bytes, (const uint8_t *)bad[i].bytes + bad[i].n};
		ck_assert_msg(bn_pb_next(&m, &f) == -1, "case %zu", i);
	}
	bn_pb good = {(const uint8_t *)"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		(const uint8_t *)"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + 11};
	good.end = good.at + 11;
	ck_assert_int_eq(bn_pb_next(&good, &f), 1);
	ck_assert(f.value == UINT64_MAX && f.number == 1);
	ck_assert_int_eq(bn_pb_next(&good, &f), 0);
}
END_TEST

BN_TEST_MAIN("core/exchange/import_logs", test_event_files, test_wandb_offline_runs,
	test_logs_read_the_same_however_they_are_cut, test_messages_that_are_none)
