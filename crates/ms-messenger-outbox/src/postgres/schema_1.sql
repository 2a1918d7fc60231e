-- Times are milliseconds since 1970, those of rates nanoseconds.

CREATE TABLE {s}.message (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    route text COLLATE "C" NOT NULL,
    order_key text COLLATE "C",
    state text COLLATE "C" NOT NULL CHECK (state IN
        ('queued', 'sending', 'sent', 'refused', 'unconfirmed', 'expired', 'cancelled')),
    -- Whether no earlier message with its order key holds the order.
    is_first boolean NOT NULL,
    owner text COLLATE "C",
    wakes_at bigint NOT NULL,
    enqueued_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    hash bytea NOT NULL,
    twin bytea NOT NULL,
    -- The hash of the id that the platform gave it.
    message_ref bytea,
    -- Everything but the content. The columns beside it are for finding it.
    head json NOT NULL,
    content bytea
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.1,
    autovacuum_analyze_scale_factor = 0.05
);

CREATE INDEX message_queued ON {s}.message (route, wakes_at, seq)
    WHERE state = 'queued' AND is_first AND owner IS NULL;
CREATE INDEX message_sending ON {s}.message (route, wakes_at, seq)
    WHERE state = 'sending' AND owner IS NULL;
CREATE INDEX message_order ON {s}.message (route, order_key, seq)
    WHERE order_key IS NOT NULL AND state IN ('queued', 'sending', 'unconfirmed');
CREATE INDEX message_owner ON {s}.message (owner) WHERE owner IS NOT NULL;
CREATE INDEX message_twin ON {s}.message (twin, seq)
    WHERE state IN ('sending', 'sent', 'unconfirmed');
CREATE INDEX message_ref ON {s}.message (message_ref) WHERE message_ref IS NOT NULL;
CREATE INDEX message_final ON {s}.message (changed_at)
    WHERE state IN ('sent', 'refused', 'expired', 'cancelled');

-- One row for each of 65,536 groups of order keys. Whoever stores or ends a message with an order
-- key updates its row first: so they come one after the other, at every isolation level.
CREATE TABLE {s}.turn (
    slot integer PRIMARY KEY,
    version bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE {s}.route (
    name text COLLATE "C" PRIMARY KEY,
    paused_until bigint NOT NULL,
    next bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE {s}.target (
    lane bytea PRIMARY KEY,
    next bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE {s}.session (
    worker text COLLATE "C" PRIMARY KEY,
    beats bigint NOT NULL,
    lease bigint NOT NULL,
    buried_at bigint
) WITH (fillfactor = 50);
