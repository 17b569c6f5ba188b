-- Settings of local queues. Owner: core/launch (queue_fold.c). Their entries are events of runs, so table
-- queue_entry comes with the tables of runs (0020_track.sql).

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
