-- The ids of platforms and the hashes of contents have no order: each send wrote a page of each index
-- that no other message needed. Only reports, and settling, look for them: the index of each is
-- created when it is first needed, and kept from then on.
DROP INDEX ms_outbox_message_id;
DROP INDEX ms_outbox_twin;
-- Those that are being sent are few, and found by their state.
DROP INDEX ms_outbox_doubt;
CREATE INDEX ms_outbox_unconfirmed ON ms_outbox_messages (twin) WHERE state = 4;
-- Each send wrote the id of its worker into an index and removed it, and wrote it again between. What
-- is claimed is few: a small index has what is queued, and the state finds what is being sent.
DROP INDEX ms_outbox_owner;
CREATE INDEX ms_outbox_claimed ON ms_outbox_messages (seq) WHERE owner IS NOT NULL AND state = 0;
