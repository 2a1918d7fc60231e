-- A condition `state IN (…)` builds a table of the states for each row that is changed; one of
-- equations does not.
DROP INDEX ms_outbox_order;
CREATE INDEX ms_outbox_order ON ms_outbox_messages (route, order_key, held, seq)
    WHERE order_key IS NOT NULL AND (state = 0 OR state = 1 OR state = 4);
DROP INDEX ms_outbox_twin;
CREATE INDEX ms_outbox_twin ON ms_outbox_messages (twin, state, seq)
    WHERE state = 1 OR state = 2 OR state = 4;
DROP INDEX ms_outbox_final;
CREATE INDEX ms_outbox_final ON ms_outbox_messages (changed_at)
    WHERE state = 2 OR state = 3 OR state = 5 OR state = 6;
