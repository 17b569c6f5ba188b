-- Runs and experiments. Owner: core/track (run_fold.c, series_fold.c).

CREATE TABLE experiment (
	name TEXT PRIMARY KEY,
	note TEXT,
	user TEXT,
	created_ms INTEGER,
	removed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE run (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	experiment TEXT NOT NULL,
	uid INTEGER NOT NULL,
	user TEXT,
	status TEXT NOT NULL, -- SCHEDULED RUNNING FINISHED FAILED KILLED LOST
	reason TEXT,
	exit_code INTEGER,
	signal INTEGER,
	kind TEXT,
	title TEXT,
	host TEXT,
	boot_id TEXT,
	pid INTEGER,
	interval_ms INTEGER,
	created_ms INTEGER NOT NULL,
	started_ms INTEGER,
	finished_ms INTEGER,
	stop_ms INTEGER, -- when somebody asked it to stop
	spec TEXT,
	model TEXT, -- digest of the model directory under artifact path model/
	dataset TEXT,
	parent TEXT,
	again TEXT,
	note TEXT,
	removed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX run_by_time ON run (removed, created_ms DESC, id);
CREATE INDEX run_by_experiment ON run (experiment, removed, created_ms DESC, id);
CREATE INDEX run_by_name ON run (name);
CREATE INDEX run_live ON run (status) WHERE status IN ('SCHEDULED', 'RUNNING');

CREATE TABLE run_param (
	run_id TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	number REAL, -- the value, where it is a number
	PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE INDEX run_param_by_key ON run_param (key);

CREATE TABLE run_tag (
	run_id TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE INDEX run_tag_by_key ON run_tag (key);

CREATE TABLE run_artifact (
	run_id TEXT NOT NULL,
	path TEXT NOT NULL,
	hash TEXT NOT NULL,
	size INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	PRIMARY KEY (run_id, path)
) WITHOUT ROWID;
CREATE INDEX run_artifact_by_hash ON run_artifact (hash);

-- One row per series. uid is who wrote it: readers join it with run.uid, so that nobody can put
-- points into another user's run. min_step and max_step mean nothing where min_value is NULL.
CREATE TABLE metric_series (
	run_id TEXT NOT NULL,
	uid INTEGER NOT NULL,
	key TEXT NOT NULL,
	points INTEGER NOT NULL,
	nans INTEGER NOT NULL,
	first_step INTEGER NOT NULL, first_ms INTEGER NOT NULL, first_value REAL,
	last_step INTEGER NOT NULL, last_ms INTEGER NOT NULL, last_value REAL,
	min_ms INTEGER NOT NULL, max_ms INTEGER NOT NULL,
	min_value REAL, min_step INTEGER,
	max_value REAL, max_step INTEGER,
	PRIMARY KEY (run_id, uid, key)
) WITHOUT ROWID;
CREATE INDEX metric_series_by_key ON metric_series (key);

-- Column chunks; data is a metric chunk (core/train/metric_chunk.h) of this one series.
CREATE TABLE metric_chunk (
	run_id TEXT NOT NULL,
	uid INTEGER NOT NULL,
	key TEXT NOT NULL,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	points INTEGER NOT NULL,
	nans INTEGER NOT NULL,
	min_step INTEGER NOT NULL, max_step INTEGER NOT NULL,
	min_ms INTEGER NOT NULL, max_ms INTEGER NOT NULL,
	min_value REAL, max_value REAL, sum REAL,
	last_step INTEGER NOT NULL, last_ms INTEGER NOT NULL, last_value REAL,
	data BLOB NOT NULL,
	PRIMARY KEY (run_id, uid, key, clock, writer, seq)
);

-- The latest word of each kind, by (clock, writer, seq).
CREATE TABLE run_liveness (
	run_id TEXT NOT NULL,
	uid INTEGER NOT NULL,
	beat_clock INTEGER, beat_writer TEXT, beat_seq INTEGER,
	beat_ms INTEGER, interval_ms INTEGER,
	res_clock INTEGER, res_writer TEXT, res_seq INTEGER,
	processes INTEGER, threads INTEGER, rss_bytes INTEGER, peak_rss_bytes INTEGER,
	cpu_ms INTEGER, read_bytes INTEGER, write_bytes INTEGER, energy_joules REAL,
	PRIMARY KEY (run_id, uid)
) WITHOUT ROWID;
