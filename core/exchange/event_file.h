/*
 * event_file.h - TensorBoard's event files: records of TensorFlow's TFRecord, each a message tensorflow.Event.
 *
 *	u64      length, little-endian
 *	u32      masked CRC-32C of the length: ((crc >> 15) | (crc << 17)) + 0xa282ead8
 *	bytes    the message
 *	u32      masked CRC-32C of the message
 *
 *	Event             wall_time double = 1, step int64 = 2, summary = 5
 *	Summary           value = 1
 *	Value             tag = 1, simple_value float = 2, image = 4, histo = 5, audio = 6, tensor = 8, metadata = 9
 *	SummaryMetadata   plugin_data = 1 {plugin_name = 1, content = 2}
 *	TensorProto       dtype = 1, tensor_shape = 2, tensor_content = 4, float_val = 5, double_val = 6, int_val = 7,
 *	                  int64_val = 10, half_val = 13
 *	HParamsPluginData session_start_info = 3 {hparams = 1 {key = 1, value = 2 (google.protobuf.Value)},
 *	                  start_time_secs = 5}, session_end_info = 4 {status = 1, end_time_secs = 2}
 *
 * (tensorflow/core/util/event.proto, framework/summary.proto, tensorboard/plugins/hparams/plugin_data.proto.)
 *
 * A parser of bytes in memory; the caller feeds it. A file may be growing, so a record that is cut off at the end is not
 * an error.
 */
#ifndef BN_EXCHANGE_EVENT_FILE_H
#define BN_EXCHANGE_EVENT_FILE_H
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_EVENT_TAG_MAX 1024
#define BN_EVENT_RECORD_MAX (256u << 20)

typedef enum bn_event_value_kind {
	BN_EVENT_SCALAR,
	BN_EVENT_OTHER, /* an image, a histogram, a text: `what` names it */
} bn_event_value_kind;

typedef struct bn_event_value {
	bn_event_value_kind kind;
	const char *tag, *what;
	double value;
	double wall_time; /* s since 1970 */
	int64_t step;
} bn_event_value;

/* What the hparams plugin says of a session; fields are absent until they are set. */
typedef struct bn_event_session {
	json_t *params;           /* {key: text}, or NULL */
	int64_t start_ms, end_ms; /* -1: unknown */
	const char *status;       /* "FINISHED", "FAILED", "RUNNING"; NULL: unknown */
} bn_event_session;

typedef struct bn_event_sink {
	int (*value)(void *user, const bn_event_value *v, bn_err *err);
	int (*session)(void *user, const bn_event_session *s, bn_err *err);
	void *user;
} bn_event_sink;

/* Takes whole records from bytes[0..n); *used is how many bytes they were. BN_ECORRUPT: not a record (its checksum, its
 * length) or not a message; the message says why and at which byte of these. Errors of the sink are returned as they are.
 * first_wall_time (may be NULL): of the first event, if it is 0 so far. */
int bn_event_file_feed(size_t *used, const uint8_t *bytes, size_t n, const bn_event_sink *sink,
	double *first_wall_time, bn_err *err);

#endif
