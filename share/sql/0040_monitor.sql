-- Endpoints (core/serve/endpoint.c), logged predictions and drift reports (core/monitor).

CREATE TABLE endpoint (
	id TEXT NOT NULL,         -- two users may name one: then there are two servers
	models TEXT NOT NULL,     -- "power/3, power/2"
	url TEXT NOT NULL,
	unix_path TEXT,           -- of its socket; NULL: none, or an older program
	host TEXT NOT NULL,
	boot_id TEXT NOT NULL,
	pid INTEGER NOT NULL,
	start_ticks INTEGER NOT NULL,
	port INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	started_ms INTEGER NOT NULL,
	stopped_ms INTEGER,
	requests INTEGER,         -- as it stopped
	errors INTEGER,
	predictions INTEGER,
	p50_ms REAL,
	p95_ms REAL,
	p99_ms REAL,
	logged INTEGER,           -- of predictions; NULL: no log, or an older program
	set_aside INTEGER,
	lost INTEGER,
	PRIMARY KEY (id, uid)
) WITHOUT ROWID;

CREATE TABLE endpoint_seen (  -- commuting: the newest of each user by (clock, writer, seq) stays
	id TEXT NOT NULL,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	uid INTEGER NOT NULL,     -- counts only when it is the endpoint's
	requests INTEGER NOT NULL,
	errors INTEGER NOT NULL,
	predictions INTEGER NOT NULL,
	p50_ms REAL,
	p95_ms REAL,
	p99_ms REAL,
	logged INTEGER,
	set_aside INTEGER,
	lost INTEGER,
	PRIMARY KEY (id, uid)
) WITHOUT ROWID;

CREATE TABLE prediction_batch ( -- commuting
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	endpoint TEXT NOT NULL,
	model TEXT NOT NULL,
	version TEXT NOT NULL,
	rows INTEGER NOT NULL,
	object TEXT NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER NOT NULL,
	dropped INTEGER NOT NULL,
	PRIMARY KEY (writer, seq)
) WITHOUT ROWID;
CREATE INDEX prediction_batch_by_time ON prediction_batch (model, to_ms DESC);

CREATE TABLE monitor_report (
	id TEXT NOT NULL,         -- as the payload has it: unique within a model's reports of one user
	model TEXT NOT NULL,
	version TEXT,
	time_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	verdict INTEGER NOT NULL, -- 0 no drift, 1 drift, 2 inconclusive
	share REAL,
	threshold REAL NOT NULL,
	columns INTEGER NOT NULL,
	drifted INTEGER NOT NULL,
	inconclusive INTEGER NOT NULL,
	why TEXT NOT NULL,
	rows INTEGER NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER NOT NULL,
	reference_kind TEXT NOT NULL,
	reference TEXT,
	reference_rows INTEGER NOT NULL,
	object TEXT NOT NULL,
	private INTEGER NOT NULL, -- 1: compared with private rows, and only the user can read the object
	PRIMARY KEY (model, id, uid)
) WITHOUT ROWID;
CREATE INDEX monitor_report_by_time ON monitor_report (model, time_ms DESC);
