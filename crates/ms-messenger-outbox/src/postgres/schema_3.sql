-- When a pause was set and a slot was taken: it tells those of a clock that was ahead.
ALTER TABLE {s}.route ADD COLUMN paused_at bigint NOT NULL DEFAULT 0;
ALTER TABLE {s}.route ADD COLUMN taken_at bigint NOT NULL DEFAULT 0;
ALTER TABLE {s}.target ADD COLUMN taken_at bigint NOT NULL DEFAULT 0;
