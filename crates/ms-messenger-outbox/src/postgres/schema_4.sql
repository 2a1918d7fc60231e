-- What was changed on a clock that was ahead of the present time is found at once, however many messages
-- wait. Messages that wait for the one before them are in it, too.
CREATE INDEX message_open ON {s}.message (route, changed_at)
    WHERE owner IS NULL AND state IN ('queued', 'sending');
