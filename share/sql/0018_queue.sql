-- Local queues. Owner: core/launch (queue_fold.c). run is index_entity.no; queue and writer are
-- index_name.no.

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

-- What a queue is set to, by whom: only what its own user says counts.
CREATE TABLE queue_setting (
	queue TEXT NOT NULL,
	owner INTEGER NOT NULL,
	cores INTEGER, -- NULL: the default
	memory_bytes INTEGER,
	at_once INTEGER,
	paused_ms INTEGER, -- since when; NULL: it is not
	PRIMARY KEY (queue, owner)
) WITHOUT ROWID;
