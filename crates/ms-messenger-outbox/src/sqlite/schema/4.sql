-- When a pause was set and a slot was taken: it tells those of a clock that was ahead.
ALTER TABLE ms_outbox_routes ADD COLUMN paused_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ms_outbox_routes ADD COLUMN taken_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ms_outbox_lanes ADD COLUMN taken_at INTEGER NOT NULL DEFAULT 0;
