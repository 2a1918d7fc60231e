//! The statements, for one schema.

/// The statements, for one schema.
pub(super) struct Statements {
    pub(super) insert: String,
    pub(super) known: String,
    pub(super) lock_turns: String,
    pub(super) promote: String,
    pub(super) demote: String,
    pub(super) order_keys: String,
    pub(super) lock: String,
    pub(super) update: String,
    pub(super) claim_session: String,
    pub(super) candidates: String,
    pub(super) put_off: String,
    pub(super) lock_route: String,
    pub(super) set_route: String,
    pub(super) lock_targets: String,
    pub(super) set_targets: String,
    pub(super) next: String,
    pub(super) pause: String,
    pub(super) move_pause: String,
    pub(super) get: String,
    pub(super) list: String,
    pub(super) counts: String,
    pub(super) has_pending: String,
    pub(super) twins_sent: String,
    pub(super) twins_in_doubt: String,
    pub(super) being_sent: String,
    pub(super) reported: String,
    pub(super) purge: String,
    pub(super) purge_targets: String,
    pub(super) open_session: String,
    pub(super) beat: String,
    pub(super) sessions: String,
    pub(super) lock_session: String,
    pub(super) bury: String,
    pub(super) forget_sessions: String,
    pub(super) owned: String,
    pub(super) ahead: String,
    pub(super) touch: String,
    pub(super) disown: String,
}

impl Statements {
    /// Writes the statements for a schema, whose name is a checked identifier.
    pub(super) fn new(schema: &str) -> Self {
        let of = |template: &str| for_schema(template, schema);
        Self {
            insert: of(INSERT),
            known: of(KNOWN),
            lock_turns: of(LOCK_TURNS),
            promote: of(PROMOTE),
            demote: of(DEMOTE),
            order_keys: of(ORDER_KEYS),
            lock: of(LOCK),
            update: of(UPDATE),
            claim_session: of(CLAIM_SESSION),
            candidates: of(CANDIDATES),
            put_off: of(PUT_OFF),
            lock_route: of(LOCK_ROUTE),
            set_route: of(SET_ROUTE),
            lock_targets: of(LOCK_TARGETS),
            set_targets: of(SET_TARGETS),
            next: of(NEXT),
            pause: of(PAUSE),
            move_pause: of(MOVE_PAUSE),
            get: of(GET),
            list: of(LIST),
            counts: of(COUNTS),
            has_pending: of(HAS_PENDING),
            twins_sent: of(TWINS_SENT),
            twins_in_doubt: of(TWINS_IN_DOUBT),
            being_sent: of(BEING_SENT),
            reported: of(REPORTED),
            purge: of(PURGE),
            purge_targets: of(PURGE_TARGETS),
            open_session: of(OPEN_SESSION),
            beat: of(BEAT),
            sessions: of(SESSIONS),
            lock_session: of(LOCK_SESSION),
            bury: of(BURY),
            forget_sessions: of(FORGET_SESSIONS),
            owned: of(OWNED),
            ahead: of(AHEAD),
            touch: of(TOUCH),
            disown: of(DISOWN),
        }
    }
}

/// Puts the name of a schema into a template.
pub(super) fn for_schema(template: &str, schema: &str) -> String {
    template.replace("{s}", &format!("\"{schema}\""))
}

const INSERT: &str = "\
WITH new AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], \
        $7::bigint[], $8::bytea[], $9::bytea[], $10::text[], $11::bytea[]) WITH ORDINALITY \
        AS u(id, route, order_key, state, wakes_at, enqueued_at, changed_at, hash, twin, head, content, \
        position)
), known AS (
    INSERT INTO {s}.known (id) SELECT id FROM new ORDER BY position
    ON CONFLICT (id) DO NOTHING RETURNING id, seq
)
INSERT INTO {s}.message (seq, id, route, order_key, state, is_first, wakes_at, enqueued_at, \
    changed_at, hash, twin, head, content)
SELECT seq, id, route, order_key, state, order_key IS NULL, wakes_at, enqueued_at, changed_at, \
    hash, twin, head::json, content
FROM known JOIN new USING (id) ORDER BY seq
RETURNING id, (SELECT pg_notify($12, '')) IS NULL";

const LOCK_TURNS: &str = "\
INSERT INTO {s}.turn AS t (slot, version)
SELECT slot, 1 FROM unnest($1::integer[]) AS u(slot) ORDER BY slot
ON CONFLICT (slot) DO UPDATE SET version = t.version + 1";

const PROMOTE: &str = "\
UPDATE {s}.message SET is_first = true
WHERE NOT is_first AND seq IN (
    SELECT (
        SELECT m.seq FROM {s}.message m
        WHERE m.route = k.route AND m.order_key = k.order_key
            AND m.state IN ('queued', 'sending', 'unconfirmed')
        ORDER BY m.seq LIMIT 1
    ) FROM unnest($1::text[], $2::text[]) AS k(route, order_key)
)";

const DEMOTE: &str = "\
UPDATE {s}.message m SET is_first = false
FROM unnest($1::text[], $2::text[]) AS k(route, order_key)
WHERE m.route = k.route AND m.order_key = k.order_key
    AND m.state IN ('queued', 'sending', 'unconfirmed') AND m.is_first";

const UPDATE: &str = "\
UPDATE {s}.message m SET state = u.state, owner = u.owner, wakes_at = u.wakes_at, \
    changed_at = u.changed_at, message_ref = u.message_ref, head = u.head::json, \
    content = CASE WHEN u.erases THEN NULL ELSE m.content END
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[], \
    $7::text[], $8::boolean[]) \
    AS u(seq, state, owner, wakes_at, changed_at, message_ref, head, erases)
WHERE m.seq = u.seq
RETURNING m.seq, CASE WHEN m.owner IS NOT NULL THEN m.content END AS content";

const CLAIM_SESSION: &str = "\
SELECT coalesce(r.paused_until, 0) AS paused_until, coalesce(r.paused_at, 0) AS paused_at
FROM {s}.session s LEFT JOIN {s}.route r ON r.name = $2
WHERE s.worker = $1 AND s.buried_at IS NULL FOR KEY SHARE OF s";

const CANDIDATES: &str = "\
WITH sending AS (
    SELECT seq, wakes_at, id, head::text AS head FROM {s}.message
    WHERE route = $1 AND state = 'sending' AND owner IS NULL AND wakes_at <= $2
    ORDER BY wakes_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED
), queued AS (
    SELECT seq, wakes_at, id, head::text AS head FROM {s}.message
    WHERE route = $1 AND state = 'queued' AND is_first AND owner IS NULL AND wakes_at <= $2
        AND NOT $4
    ORDER BY wakes_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED
)
SELECT seq, wakes_at, id, head FROM sending
UNION ALL SELECT seq, wakes_at, id, head FROM queued
ORDER BY wakes_at, seq";

const LOCK_TARGETS: &str = "\
INSERT INTO {s}.target (lane, next)
SELECT lane, 0 FROM unnest($1::bytea[]) AS u(lane) ORDER BY lane
ON CONFLICT (lane) DO UPDATE SET lane = excluded.lane
RETURNING lane, next, taken_at";

const NEXT: &str = "\
SELECT least((
    SELECT wakes_at FROM {s}.message WHERE route = $1 AND state = 'sending' AND owner IS NULL
    ORDER BY wakes_at LIMIT 1
), (
    SELECT wakes_at FROM {s}.message
    WHERE route = $1 AND state = 'queued' AND is_first AND owner IS NULL AND NOT $2
    ORDER BY wakes_at LIMIT 1
))";

const PAUSE: &str = "UPDATE {s}.route SET paused_until = $2, paused_at = $3 WHERE name = $1";

/// If no other change came first.
const MOVE_PAUSE: &str = "UPDATE {s}.route SET paused_until = $2, paused_at = $3 \
    WHERE name = $1 AND paused_until = $4 AND paused_at = $5";

const LIST: &str = "\
SELECT seq, id, head::text AS head FROM {s}.message
WHERE seq > $1 AND (cardinality($2::text[]) = 0 OR state = ANY($2)) AND ($3::text IS NULL OR route = $3)
ORDER BY seq LIMIT $4";

const PURGE: &str = "\
WITH purged AS (
    DELETE FROM {s}.message WHERE seq IN (
        SELECT seq FROM {s}.message
        WHERE state = ANY($1) AND state IN ('sent', 'refused', 'expired', 'cancelled') \
            AND changed_at < $2
        ORDER BY changed_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) RETURNING id
)
DELETE FROM {s}.known WHERE id = ANY(ARRAY(SELECT id FROM purged))";

const OPEN_SESSION: &str = "\
INSERT INTO {s}.session AS s (worker, beats, lease) VALUES ($1, 1, $2)
ON CONFLICT (worker) DO UPDATE SET beats = s.beats + 1, lease = excluded.lease
WHERE s.buried_at IS NULL";

const KNOWN: &str = "SELECT id, hash, state FROM {s}.message \
    WHERE seq = ANY(ARRAY(SELECT seq FROM {s}.known WHERE id = ANY($1)))";

const ORDER_KEYS: &str = "SELECT DISTINCT route, order_key FROM {s}.message \
    WHERE seq = ANY(ARRAY(SELECT seq FROM {s}.known WHERE id = ANY($1))) AND order_key IS NOT NULL";

const LOCK: &str = "SELECT seq, id, head::text AS head FROM {s}.message \
    WHERE seq = ANY(ARRAY(SELECT seq FROM {s}.known WHERE id = ANY($1))) ORDER BY id FOR UPDATE";

const PUT_OFF: &str = "UPDATE {s}.message SET wakes_at = $2 WHERE seq = ANY($1)";

const LOCK_ROUTE: &str = "INSERT INTO {s}.route (name, paused_until, next) VALUES ($1, 0, 0) \
    ON CONFLICT (name) DO UPDATE SET name = excluded.name \
    RETURNING next, taken_at, paused_until, paused_at";

const SET_ROUTE: &str = "UPDATE {s}.route SET next = $2, taken_at = $3 WHERE name = $1";

const SET_TARGETS: &str = "UPDATE {s}.target t SET next = u.next, taken_at = $3 \
    FROM unnest($1::bytea[], $2::bigint[]) AS u(lane, next) WHERE t.lane = u.lane";

const GET: &str = "SELECT seq, id, head::text AS head, content FROM {s}.message \
    WHERE seq = (SELECT seq FROM {s}.known WHERE id = $1)";

const COUNTS: &str = "SELECT route, state, count(*) AS messages, min(enqueued_at) AS oldest \
    FROM {s}.message GROUP BY route, state";

/// Each part takes the first entry of an index. Of messages with an order key the first ones wait or
/// have an owner, unless they are unconfirmed.
const HAS_PENDING: &str = "\
SELECT coalesce((
    SELECT true FROM {s}.message
    WHERE route = $1 AND state = 'queued' AND is_first AND owner IS NULL
    ORDER BY wakes_at, seq LIMIT 1
), (
    SELECT true FROM {s}.message WHERE route = $1 AND state = 'sending' AND owner IS NULL
    ORDER BY wakes_at, seq LIMIT 1
), (
    SELECT true FROM {s}.message WHERE route = $1 AND owner IS NOT NULL ORDER BY owner LIMIT 1
), (
    SELECT true FROM {s}.message
    WHERE route = $1 AND order_key IS NOT NULL AND state IN ('queued', 'sending', 'unconfirmed')
        AND state <> 'unconfirmed'
    ORDER BY order_key, seq LIMIT 1
), false)";

const TWINS_SENT: &str = "SELECT seq, id, head::text AS head FROM {s}.message \
    WHERE twin = $1 AND id <> $2 AND state = 'sent' ORDER BY seq DESC LIMIT 201";

const TWINS_IN_DOUBT: &str = "SELECT seq, id, head::text AS head, \
    count(*) OVER () AS in_doubt FROM {s}.message \
    WHERE twin = $1 AND id <> $2 AND state IN ('sending', 'unconfirmed') ORDER BY seq DESC LIMIT 100";

// Few are being sent, but any number that are equal may have been sent: the expressions keep the planner
// from the index of contents, so that it reads those that a worker has, and those that wait for one.
const BEING_SENT: &str = "\
SELECT seq, id, head::text AS head FROM {s}.message \
    WHERE owner IS NOT NULL AND state || '' = 'sending' AND twin || ''::bytea = $1 AND id <> $2 \
UNION ALL SELECT seq, id, head::text FROM {s}.message \
    WHERE owner IS NULL AND state = 'sending' AND twin || ''::bytea = $1 AND id <> $2 \
ORDER BY seq DESC LIMIT 100";

const REPORTED: &str = "SELECT seq, id, head::text AS head FROM {s}.message \
    WHERE message_ref = $1 AND state = 'sent' ORDER BY id FOR UPDATE";

const PURGE_TARGETS: &str = "DELETE FROM {s}.target WHERE lane IN \
    (SELECT lane FROM {s}.target WHERE next < $1 LIMIT 10000 FOR UPDATE SKIP LOCKED)";

const BEAT: &str = "UPDATE {s}.session SET beats = beats + 1 \
    WHERE worker = $1 AND buried_at IS NULL";

const SESSIONS: &str = "SELECT worker, beats, lease FROM {s}.session WHERE buried_at IS NULL";

const LOCK_SESSION: &str = "SELECT 1 FROM {s}.session \
    WHERE worker = $1 AND beats = $2 AND buried_at IS NULL FOR UPDATE";

const BURY: &str = "UPDATE {s}.session SET buried_at = $2 WHERE worker = $1";

const FORGET_SESSIONS: &str = "DELETE FROM {s}.session WHERE buried_at < $1";

const OWNED: &str = "SELECT seq, id, head::text AS head FROM {s}.message \
    WHERE owner = $1 ORDER BY id FOR UPDATE";

const AHEAD: &str = "SELECT seq, id, head::text AS head FROM {s}.message \
    WHERE route = $1 AND owner IS NULL AND state IN ('queued', 'sending') AND changed_at > $2 \
    ORDER BY changed_at LIMIT 10000 FOR UPDATE SKIP LOCKED";

const TOUCH: &str = "UPDATE {s}.message SET changed_at = $2, enqueued_at = least(enqueued_at, $2) \
    WHERE seq = ANY($1)";

const DISOWN: &str = "UPDATE {s}.message SET owner = NULL WHERE seq = ANY($1)";
