-- compatible: true
-- Says of each migration whether services of the release before it go on beside it. Such a service does not have the newer
-- files, and reads the mark here. Migration 3 changed the columns that the proof of concept wrote.
ALTER TABLE schema_migrations ADD COLUMN compatible BOOLEAN NOT NULL DEFAULT FALSE;
-- already done: 1060
-- next
UPDATE schema_migrations SET compatible = (version <> 3) WHERE version < 11;
