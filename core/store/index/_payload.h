/*
 * _payload.h - payloads that the index does not repeat: a row names their record, and they are read from the log.
 *
 * Points are nearly all of a large log. A copy of them in the index would double what a workspace costs, once for
 * each user and host. So a module keeps writer, seq, place and CRC of the record (bn_event), and reads the payload with
 * the SQL function
 *
 *	bn_log_payload(writer, seq, at, crc)   a blob; writer: index_name.no
 *
 * `at` is where the record was in its file when it was folded, and only a hint: a merge of segments moves records. The
 * record is the one of that sequence number and CRC in any segment of the writer; the CRC is checked again. A segment
 * that cannot be read is an error of the statement, never another value.
 */
#ifndef BN_STORE_INDEX__PAYLOAD_H
#define BN_STORE_INDEX__PAYLOAD_H
#include "core/store/log/listing.h"

#include <sqlite3.h>

/* Registers the function; at (.binnacle) and log must outlive the handle. */
int bn_payload_register(sqlite3 *db, const bn_dir *at, bn_log *log, bn_err *err);

#endif
