-- The key of a message that is sent changes no more, and those in doubt are few: each send writes
-- one page of the large index, not two.
DROP INDEX ms_outbox_twin;
CREATE INDEX ms_outbox_twin ON ms_outbox_messages (twin, seq) WHERE state = 2;
CREATE INDEX ms_outbox_doubt ON ms_outbox_messages (twin) WHERE state = 1 OR state = 4;
