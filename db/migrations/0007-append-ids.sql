-- compatible: true
-- Proves which append wrote a row. Ids and offsets can't: after a crash the server may give them to another row.
-- A column at the end with a constant default: neither server rewrites the table for it.
ALTER TABLE messages ADD COLUMN append_id VARBINARY(16) NULL DEFAULT NULL;
-- already done: 1060
