-- Which ids are stored. An index of them in `message` would be written with every change of a message,
-- each time at a place of its own: a claim would read and log pages that no other claim needs.
CREATE TABLE {s}.known (
    id text COLLATE "C" PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL
);
INSERT INTO {s}.known (id, seq) OVERRIDING SYSTEM VALUE SELECT id, seq FROM {s}.message;
SELECT setval(
    pg_get_serial_sequence('{s}.known', 'seq'),
    nextval(pg_get_serial_sequence('{s}.message', 'seq'))
);
ALTER TABLE {s}.message ALTER COLUMN seq DROP IDENTITY, DROP CONSTRAINT message_id_key;

-- Claims take messages from the front of their index, and leave dead entries there, over which every
-- later claim goes until they are vacuumed. A part of the table would be more the more messages wait,
-- and few dead rows alone leave the indexes as they are.
ALTER TABLE {s}.message SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    vacuum_index_cleanup = on
);
