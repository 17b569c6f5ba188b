/* liveness_fold.c - heartbeats and resources: the latest event of each kind, by (clock, writer,
 * seq). */
#include "core/base/json.h"
#include "core/track/_fold.h"

#include <math.h>

/* Whether the event is after what the row has in the columns prefix_clock, _writer, _seq. Equal
 * clocks are ordered by the writers' names, since their numbers depend on the order of arrival. */
#define NEWER(prefix) \
	"(excluded." prefix \
	"_clock, coalesce((SELECT name FROM index_name WHERE no = excluded." prefix \
	"_writer), ''), excluded." prefix "_seq) > (coalesce(" prefix \
	"_clock, -1), coalesce((SELECT name FROM index_name WHERE no = run_liveness." prefix \
	"_writer), ''), coalesce(" prefix "_seq, -1))"

int bn_liveness_apply_heartbeat(bn_fold *f, const bn_event *ev, bn_err *err)
{
	int64_t interval = bn_json_int(ev->payload, "interval_ms", -1);
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO run_liveness (run, owner, beat_clock, beat_writer, beat_seq, "
		"beat_ms, interval_ms) VALUES (?, ?, ?, ?, ?, ?, nullif(?, -1)) "
		"ON CONFLICT (run, owner) DO UPDATE SET beat_clock = excluded.beat_clock, "
		"beat_writer = excluded.beat_writer, beat_seq = excluded.beat_seq, "
		"beat_ms = excluded.beat_ms, interval_ms = excluded.interval_ms "
		"WHERE " NEWER("beat"),
		"iiiiiii", ev->entity_no, (int64_t)ev->uid, (int64_t)ev->key.clock, ev->writer_no,
		(int64_t)ev->key.seq, bn_event_time_ms(ev), interval);
}

int bn_liveness_apply_resources(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const json_t *p = ev->payload;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO run_liveness (run, owner, res_clock, res_writer, res_seq, processes, "
		"threads, rss_bytes, peak_rss_bytes, cpu_ms, read_bytes, write_bytes, "
		"energy_joules) VALUES (?, ?, ?, ?, ?, nullif(?, -1), nullif(?, -1), "
		"nullif(?, -1), nullif(?, -1), nullif(?, -1), nullif(?, -1), nullif(?, -1), ?) "
		"ON CONFLICT (run, owner) DO UPDATE SET res_clock = excluded.res_clock, "
		"res_writer = excluded.res_writer, res_seq = excluded.res_seq, "
		"processes = excluded.processes, threads = excluded.threads, "
		"rss_bytes = excluded.rss_bytes, peak_rss_bytes = excluded.peak_rss_bytes, "
		"cpu_ms = excluded.cpu_ms, read_bytes = excluded.read_bytes, "
		"write_bytes = excluded.write_bytes, energy_joules = excluded.energy_joules "
		"WHERE " NEWER("res"),
		"iiiiiiiiiiiid", ev->entity_no, (int64_t)ev->uid, (int64_t)ev->key.clock,
		ev->writer_no, (int64_t)ev->key.seq, bn_json_int(p, "processes", -1),
		bn_json_int(p, "threads", -1), bn_json_int(p, "rss_bytes", -1),
		bn_json_int(p, "peak_rss_bytes", -1), bn_json_int(p, "cpu_ms", -1),
		bn_json_int(p, "read_bytes", -1), bn_json_int(p, "write_bytes", -1),
		bn_json_num(p, "energy_joules", NAN));
}
