-- Times are milliseconds since 1970, slots nanoseconds.
CREATE TABLE ms_outbox_routes (
    route INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    paused_until INTEGER NOT NULL DEFAULT 0,
    next_slot INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE ms_outbox_lanes (
    lane BLOB PRIMARY KEY,
    next_slot INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE ms_outbox_sessions (
    worker TEXT PRIMARY KEY,
    beats INTEGER NOT NULL,
    lease_ms INTEGER NOT NULL,
    buried_at INTEGER
) WITHOUT ROWID;

-- state: 0 queued, 1 sending, 2 sent, 3 refused, 4 unconfirmed, 5 expired, 6 cancelled.
-- held: an earlier message of the same order key comes first.
CREATE TABLE ms_outbox_messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    route INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
    held INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    due INTEGER GENERATED ALWAYS AS (min(due_at, expires_at)) VIRTUAL,
    owner TEXT,
    fence INTEGER NOT NULL,
    has_slot INTEGER NOT NULL,
    order_key TEXT,
    enqueued_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    twin BLOB NOT NULL,
    lane BLOB NOT NULL,
    message_id TEXT,
    rest TEXT
);

CREATE INDEX ms_outbox_due ON ms_outbox_messages (route, due, seq)
    WHERE owner IS NULL AND (state = 1 OR (state = 0 AND held = 0));
CREATE INDEX ms_outbox_sending ON ms_outbox_messages (route, due, seq)
    WHERE owner IS NULL AND state = 1;
CREATE INDEX ms_outbox_owner ON ms_outbox_messages (owner) WHERE owner IS NOT NULL;
CREATE INDEX ms_outbox_order ON ms_outbox_messages (route, order_key, held, seq)
    WHERE order_key IS NOT NULL AND state IN (0, 1, 4);
CREATE INDEX ms_outbox_state ON ms_outbox_messages (state, route, seq);
CREATE INDEX ms_outbox_twin ON ms_outbox_messages (twin, state, seq) WHERE state IN (1, 2, 4);
CREATE INDEX ms_outbox_message_id ON ms_outbox_messages (message_id)
    WHERE message_id IS NOT NULL;
CREATE INDEX ms_outbox_final ON ms_outbox_messages (changed_at) WHERE state IN (2, 3, 5, 6);

-- Apart from the rest, so that a change of state does not write it again.
CREATE TABLE ms_outbox_contents (
    seq INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);

CREATE TRIGGER ms_outbox_deleted AFTER DELETE ON ms_outbox_messages BEGIN
    DELETE FROM ms_outbox_contents WHERE seq = old.seq;
END;

-- For people and other programs.
CREATE VIEW ms_outbox AS
SELECT m.seq, m.id, r.name AS route,
    CASE m.state
        WHEN 0 THEN 'queued' WHEN 1 THEN 'sending' WHEN 2 THEN 'sent' WHEN 3 THEN 'refused'
        WHEN 4 THEN 'unconfirmed' WHEN 5 THEN 'expired' WHEN 6 THEN 'cancelled'
    END AS state,
    strftime('%FT%TZ', m.enqueued_at / 1000, 'unixepoch') AS enqueued_at,
    strftime('%FT%TZ', m.due_at / 1000, 'unixepoch') AS due_at,
    strftime('%FT%TZ', m.changed_at / 1000, 'unixepoch') AS changed_at,
    m.order_key, m.owner, m.message_id, m.rest
FROM ms_outbox_messages m JOIN ms_outbox_routes r ON r.route = m.route;
