/*
 * wandb_log.h - W&B's transaction log (run-ID.wandb): records of LevelDB's log format, each a message
 * wandb_internal.Record.
 *
 *	":W&B"  u16 0xbee1  u8 0    7 bytes, little-endian, counted in the first block
 *	blocks of 32768 bytes of fragments:
 *	u32     CRC-32 (IEEE 802.3, as zlib's) of the type and the bytes; u16 length; u8 type: 1 the whole record,
 *	        2 its first, 3 a middle, 4 its last fragment. Less than 7 bytes at the end of a block are padding.
 *
 *	Record         history = 2, summary = 3, config = 5, files = 6, stats = 7, run = 17, exit = 18
 *	RunRecord      run_id = 1, entity = 2, project = 3, config = 4, summary = 5, run_group = 6, job_type = 7,
 *	               display_name = 8, notes = 9, tags = 10, sweep_id = 12, host = 13, start_time = 17
 *	ConfigRecord   update = 1, remove = 2; SummaryRecord likewise
 *	*Item          key = 1, nested_key = 2, value_json = 16; of a history also none = 3, boolean = 4, integer = 5,
 *	               number = 6, text = 7, json = 8
 *	HistoryRecord  item = 1, step = 2 {num = 1}
 *	StatsRecord    timestamp = 2 {seconds = 1, nanos = 2}, item = 3
 *	RunExitRecord  exit_code = 1
 *
 * (wandb/sdk/internal/datastore.py, wandb/proto/wandb_internal.proto.)
 *
 * A parser of bytes in memory; the caller feeds it. A log may be growing or cut off at its end.
 */
#ifndef BN_EXCHANGE_WANDB_LOG_H
#define BN_EXCHANGE_WANDB_LOG_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_WANDB_RECORD_MAX (64u << 20)

typedef enum bn_wandb_kind {
	BN_WANDB_RUN = 17,
	BN_WANDB_CONFIG = 5,
	BN_WANDB_HISTORY = 2,
	BN_WANDB_SUMMARY = 3,
	BN_WANDB_STATS = 7,
	BN_WANDB_EXIT = 18,
} bn_wandb_kind;

typedef struct bn_wandb_record {
	bn_wandb_kind kind;
	/* of a run: {"run_id","entity","project","run_group","job_type","display_name","notes","sweep_id","host": text,
	 * "tags": [text]} */
	json_t *run;
	json_t *update; /* of all but an exit: {"a.b": value}; a value that is no JSON is its text */
	json_t *remove;  /* of a configuration and a summary: ["a.b"] */
	int64_t step;    /* of a history: -1 if it is not said */
	int64_t time_ms; /* start of a run, time of statistics; -1: unknown */
	int64_t exit_code;
} bn_wandb_record;

typedef struct bn_wandb_reader {
	uint64_t at;   /* byte of the file that comes next */
	bn_buf rest;   /* bytes that are no whole fragment yet */
	bn_buf record; /* fragments so far */
	bool within;   /* a record has begun */
} bn_wandb_reader;

void bn_wandb_reader_init(bn_wandb_reader *r);
void bn_wandb_reader_release(bn_wandb_reader *r);

/* record: of a kind above; what it points to is borrowed. */
typedef int bn_wandb_each(void *user, const bn_wandb_record *record, bn_err *err);
/* Takes bytes in order. BN_ECORRUPT, with the byte: not such a log, a wrong checksum, an order of fragments that cannot
 * be, no message. Errors of each() are returned as they are. */
int bn_wandb_feed(bn_wandb_reader *r, const void *bytes, size_t n, bn_wandb_each *each, void *user,
	bn_err *err);
bool bn_wandb_is(const uint8_t *head, size_t n);

#endif
