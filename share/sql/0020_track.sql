-- Runs and experiments. Owner: core/track (run_fold.c, series_fold.c, liveness_fold.c).
--
-- run is index_entity.no, experiment, key and boot are index_name.no. Keys are named with their kind:
-- 'metrics.rmse', 'params.lr', 'tags.team'. Form of the packed columns: 2 (raise it when
-- series_pack.h or column.h changes, so that every index is made anew).

CREATE TABLE experiment (
	name TEXT PRIMARY KEY,
	note TEXT,
	uid INTEGER,
	created_ms INTEGER,
	removed INTEGER NOT NULL DEFAULT 0,
	id TEXT, -- as given when it was created; NULL: derived from the name
	artifact_location TEXT,
	updated_ms INTEGER,
	is_made INTEGER NOT NULL DEFAULT 0, -- got experiment.created
	renamed TEXT, -- the newest name; NULL: that of the entity
	renamed_clock INTEGER,
	first_clock INTEGER NOT NULL -- of its first event
) WITHOUT ROWID;

CREATE TABLE experiment_tag (
	experiment TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (experiment, key)
) WITHOUT ROWID;

-- All experiments, with events or named by runs: the name that each shows and its id, which no two share
-- (core/track/experiment_names.c), and whether its runs count as removed. Derived at the end of a batch.
CREATE TABLE index_experiment (
	no INTEGER PRIMARY KEY, -- index_name.no of the entity's name
	shown TEXT NOT NULL,
	id TEXT NOT NULL,
	removed INTEGER NOT NULL
);
CREATE INDEX index_experiment_shown ON index_experiment (shown);
CREATE INDEX index_experiment_id ON index_experiment (id);

CREATE TABLE run (
	no INTEGER PRIMARY KEY,
	id BLOB NOT NULL, -- its 16 bytes
	name TEXT NOT NULL,
	experiment INTEGER NOT NULL,
	owner INTEGER NOT NULL, -- uid of who created it
	removed INTEGER NOT NULL DEFAULT 0, -- trashed, or its experiment is removed
	trashed INTEGER NOT NULL DEFAULT 0, -- by an event of its own
	removed_ms INTEGER NOT NULL DEFAULT 0, -- when; 0 while it is not in the trash
	status TEXT NOT NULL, -- SCHEDULED QUEUED RUNNING FINISHED FAILED KILLED LOST
	created_ms INTEGER NOT NULL,
	started_ms INTEGER,
	finished_ms INTEGER,
	stop_ms INTEGER, -- when somebody asked it to stop
	exit_code INTEGER,
	signal INTEGER,
	pid INTEGER,
	interval_ms INTEGER,
	boot INTEGER,
	kind TEXT,
	title TEXT,
	host TEXT,
	dataset TEXT,
	reason TEXT,
	spec TEXT,
	model TEXT, -- digest of the model directory under artifact path model/
	parent TEXT,
	again TEXT,
	resumes TEXT, -- id of the run whose fit it continues
	resumed_step INTEGER, -- after so many of its steps
	note TEXT,
	executor TEXT, -- it was given to; NULL: by a version that did not say
	job TEXT, -- there
	code_changed TEXT, -- how the code was other than the spec's when it started, in words
	failure TEXT, -- what kept Binnacle from going on with it: "no_space", "io"; NULL: nothing did
	reported INTEGER NOT NULL DEFAULT 0, -- its own program reports its state
	reported_user TEXT, -- as its client said
	source TEXT -- the protocol or format it came through
);
-- The public order, which all lists share: newest first, then by id.
CREATE INDEX run_by_time ON run (removed, created_ms DESC, id);
CREATE INDEX run_by_experiment ON run (experiment, removed, created_ms DESC, id);
CREATE INDEX run_by_name ON run (name);
CREATE INDEX run_resuming ON run (resumes) WHERE resumes IS NOT NULL;
CREATE INDEX run_live ON run (status) WHERE status IN ('SCHEDULED', 'RUNNING');
CREATE INDEX run_queued ON run (status) WHERE status = 'QUEUED';
CREATE INDEX run_failed ON run (removed, created_ms DESC, id) WHERE status IN ('FAILED', 'LOST');
CREATE VIEW dump_run AS
	SELECT lower(hex(id)) AS id, name,
		(SELECT name FROM index_name WHERE no = r.experiment) AS experiment, owner AS uid,
		status, reason, exit_code, signal, kind, title, host,
		(SELECT name FROM index_name WHERE no = r.boot) AS boot_id, pid, interval_ms,
		created_ms, started_ms, finished_ms, stop_ms, spec, model, dataset, parent, again,
		resumes, resumed_step, note, executor, job, code_changed, failure, removed, trashed, removed_ms,
		reported, reported_user, source
	FROM run r;

CREATE TABLE run_param (
	run INTEGER NOT NULL,
	key INTEGER NOT NULL,
	value TEXT NOT NULL,
	number REAL, -- the value, where it is a number
	PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE VIEW dump_run_param AS
	SELECT (SELECT id FROM index_entity_text WHERE no = p.run) AS run_id,
		(SELECT substr(name, 8) FROM index_name WHERE no = p.key) AS key, value, number
	FROM run_param p;

-- Runs with an id of an older program whose creation an upgrade had not closed: one that it closed takes their place.
CREATE TABLE run_unclosed (run INTEGER PRIMARY KEY);
CREATE VIEW dump_run_unclosed AS
	SELECT (SELECT id FROM index_entity_text WHERE no = u.run) AS run_id FROM run_unclosed u;

CREATE TABLE run_tag (
	run INTEGER NOT NULL,
	key INTEGER NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE VIEW dump_run_tag AS
	SELECT (SELECT id FROM index_entity_text WHERE no = t.run) AS run_id,
		(SELECT substr(name, 6) FROM index_name WHERE no = t.key) AS key, value
	FROM run_tag t;

CREATE TABLE run_artifact (
	run INTEGER NOT NULL,
	path TEXT NOT NULL,
	hash TEXT NOT NULL,
	size INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	PRIMARY KEY (run, path)
) WITHOUT ROWID;
CREATE VIEW dump_run_artifact AS
	SELECT (SELECT id FROM index_entity_text WHERE no = a.run) AS run_id, path, hash, size,
		time_ms
	FROM run_artifact a;

-- Datasets that a run used, by name and digest, in the order in which they were logged. A long schema or profile is an
-- object.
CREATE TABLE run_dataset (
	run INTEGER NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	place INTEGER NOT NULL,
	source_type TEXT NOT NULL,
	source TEXT NOT NULL,
	schema TEXT,
	schema_hash TEXT,
	profile TEXT,
	profile_hash TEXT,
	PRIMARY KEY (run, name, digest)
) WITHOUT ROWID;
CREATE INDEX run_dataset_by_name ON run_dataset (name);
CREATE INDEX run_dataset_by_digest ON run_dataset (digest);
CREATE VIEW dump_run_dataset AS
	SELECT (SELECT id FROM index_entity_text WHERE no = d.run) AS run_id, name, digest, place,
		source_type, source, schema, schema_hash, profile, profile_hash
	FROM run_dataset d;
CREATE TABLE run_dataset_tag (
	run INTEGER NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run, name, digest, key)
) WITHOUT ROWID;
CREATE VIEW dump_run_dataset_tag AS
	SELECT (SELECT id FROM index_entity_text WHERE no = t.run) AS run_id, name, digest, key, value
	FROM run_dataset_tag t;

-- Logged models that a run used or made.
CREATE TABLE run_model (
	run INTEGER NOT NULL,
	output INTEGER NOT NULL, -- 1: made, 0: used
	model TEXT NOT NULL,     -- id of a logged model
	place INTEGER NOT NULL,
	step INTEGER,
	PRIMARY KEY (run, output, model)
) WITHOUT ROWID;
CREATE INDEX run_model_by_model ON run_model (model);
CREATE VIEW dump_run_model AS
	SELECT (SELECT id FROM index_entity_text WHERE no = m.run) AS run_id, output, model, place, step
	FROM run_model m;

-- The summaries of all series of a run, packed (core/track/series_pack.h). owner is who wrote them:
-- readers join it with run.owner, so that nobody can put points into another user's run. Those
-- that came before their run wait here.
CREATE TABLE metric_series (
	run INTEGER NOT NULL,
	owner INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (run, owner)
) WITHOUT ROWID;
CREATE VIEW dump_metric_series AS
	SELECT (SELECT id FROM index_entity_text WHERE no = s.run) AS run_id, s.owner AS uid,
		(SELECT substr(name, 9) FROM index_name WHERE no = json_extract(j.value, '$[0]'))
			AS key,
		json_extract(j.value, '$[1]') AS points, json_extract(j.value, '$[2]') AS nans,
		json_extract(j.value, '$[3]') AS first_step, json_extract(j.value, '$[4]')
			AS first_ms,
		bn_real(json_extract(j.value, '$[5]')) AS first_value,
		json_extract(j.value, '$[6]') AS last_step, json_extract(j.value, '$[7]')
			AS last_ms,
		bn_real(json_extract(j.value, '$[8]')) AS last_value,
		json_extract(j.value, '$[9]') AS min_ms, json_extract(j.value, '$[10]') AS max_ms,
		bn_real(json_extract(j.value, '$[11]')) AS min_value,
		json_extract(j.value, '$[12]') AS min_step,
		bn_real(json_extract(j.value, '$[13]')) AS max_value,
		json_extract(j.value, '$[14]') AS max_step,
		bn_real(json_extract(j.value, '$[15]')) AS mean
	FROM metric_series s, json_each(bn_series_json(s.data)) j;

-- Points. key 0: the payload of one event as it lies in the log, of all its series. Else up to 4096
-- points of one series, sorted, with a pyramid (core/track/chunk.h); clock is a serial number then. A key below 0:
-- summaries of chunks, without points.
-- How points are spread over chunks depends on the order of arrival; what points there are does not.
CREATE TABLE metric_chunk (
	run INTEGER NOT NULL,
	owner INTEGER NOT NULL,
	key INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	points INTEGER NOT NULL,
	min_step INTEGER, -- of key >= 0: of all points, so that a question for one step opens few rows
	max_step INTEGER,
	total BLOB,   -- of key > 0: what the chunk comes to, and each 64 points of it
	pyramid BLOB,
	data BLOB,    -- NULL: a large payload, in the log: where its record was in its file, and its checksum
	at INTEGER,
	crc INTEGER,
	PRIMARY KEY (run, owner, key, clock, writer, seq)
);
CREATE VIEW dump_metric_chunk AS
	SELECT (SELECT id FROM index_entity_text WHERE no = c.run) AS run_id, c.owner AS uid,
		json_extract(j.value, '$[0]') AS key, json_extract(j.value, '$[1]') AS step,
		json_extract(j.value, '$[2]') AS time_ms, bn_real(json_extract(j.value, '$[3]'))
			AS value
	FROM metric_chunk c, json_each(bn_points_json(
		coalesce(c.data, bn_log_payload(c.writer, c.seq, c.at, c.crc)))) j WHERE c.key >= 0
	UNION ALL
	SELECT (SELECT id FROM index_entity_text WHERE no = s.run), s.owner,
		(SELECT substr(name, 9) FROM index_name WHERE no = json_extract(j.value, '$[0]')),
		json_extract(j.value, '$[3]'), json_extract(j.value, '$[4]'),
		bn_real(json_extract(j.value, '$[5]'))
	FROM metric_series s, json_each(bn_series_json(s.data)) j
	WHERE json_extract(j.value, '$[16]');

-- The latest word of each kind, by (clock, writer's name, seq).
CREATE TABLE run_liveness (
	run INTEGER NOT NULL,
	owner INTEGER NOT NULL,
	beat_clock INTEGER, beat_writer INTEGER, beat_seq INTEGER,
	beat_ms INTEGER, interval_ms INTEGER,
	res_clock INTEGER, res_writer INTEGER, res_seq INTEGER,
	processes INTEGER, threads INTEGER, rss_bytes INTEGER, peak_rss_bytes INTEGER,
	cpu_ms INTEGER, read_bytes INTEGER, write_bytes INTEGER, energy_joules REAL,
	PRIMARY KEY (run, owner)
) WITHOUT ROWID;
CREATE VIEW dump_run_liveness AS
	SELECT (SELECT id FROM index_entity_text WHERE no = l.run) AS run_id, owner AS uid,
		beat_clock, (SELECT name FROM index_name WHERE no = l.beat_writer) AS beat_writer,
		beat_seq, beat_ms, interval_ms, res_clock,
		(SELECT name FROM index_name WHERE no = l.res_writer) AS res_writer, res_seq,
		processes, threads, rss_bytes, peak_rss_bytes, cpu_ms, read_bytes, write_bytes,
		energy_joules
	FROM run_liveness l;

-- Derived at the end of a batch from the rows above, for the runs that it touched; not dumped.

-- One key of 224 neighbouring runs (core/track/column.h): no is key << 32 | run / 224. Living runs
-- alone, and of metrics the series of the run's owner.
CREATE TABLE index_column (no INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE index_key (key INTEGER PRIMARY KEY, runs INTEGER NOT NULL); -- how many have it
CREATE TABLE index_run_changes ( -- another random number after each change of table run
	one INTEGER PRIMARY KEY CHECK (one = 1),
	stamp INTEGER NOT NULL
);
CREATE TABLE index_count (
	experiment INTEGER NOT NULL,
	removed INTEGER NOT NULL,
	status TEXT NOT NULL,
	runs INTEGER NOT NULL,
	PRIMARY KEY (experiment, removed, status)
) WITHOUT ROWID;

-- Local queues. Owner: core/launch (queue_fold.c), which the fold of runs calls: so they come with the
-- tables of runs. run is index_entity.no; queue and writer are index_name.no.

-- Runs that wait in a queue, or hold a place of it while they run. In line by (clock, writer, seq) of
-- the event that queued them.
CREATE TABLE queue_entry (
	run INTEGER PRIMARY KEY,
	queue INTEGER NOT NULL, -- "ann@node1"
	owner INTEGER NOT NULL,
	started INTEGER NOT NULL DEFAULT 0,
	clock INTEGER NOT NULL,
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	cores INTEGER NOT NULL,
	memory_bytes INTEGER NOT NULL, -- 0: none asked for
	stop INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX queue_line ON queue_entry (owner, queue, started, clock);
CREATE VIEW dump_queue_entry AS
	SELECT (SELECT id FROM index_entity_text WHERE no = e.run) AS run_id,
		(SELECT name FROM index_name WHERE no = e.queue) AS queue, owner AS uid, started,
		clock, (SELECT name FROM index_name WHERE no = e.writer) AS writer, seq, cores,
		memory_bytes, stop
	FROM queue_entry e;
