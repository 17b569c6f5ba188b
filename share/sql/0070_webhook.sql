-- Webhooks. Owner: core/registry (webhook.c). Their addresses and secrets are not in the log.

CREATE TABLE webhook (
	id TEXT NOT NULL,         -- two users may name one: then there are two
	uid INTEGER NOT NULL,     -- whose it is
	name TEXT NOT NULL,
	description TEXT,
	origin TEXT NOT NULL,     -- "https://host:port" of its address
	events INTEGER NOT NULL,  -- bits, by bn_webhook_event
	active INTEGER NOT NULL,
	signed INTEGER NOT NULL,  -- it has a secret
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	PRIMARY KEY (id, uid)
) WITHOUT ROWID;
