-- compatible: true
-- Ids as wide as those of identity providers, and a place for rows of the outbox that no log takes.
-- No statement here reads or rewrites `messages`. Those about `outbox` read all of it, and the ALTER copies it, which is
-- nothing in ordinary service: a row is there for a quarter of a second. It waits for applications whose transactions
-- have called publish_message, a second at a time, so that others are not held up behind it.
CREATE TABLE IF NOT EXISTS outbox_refused (
  id BIGINT NOT NULL AUTO_INCREMENT,
  outbox_id BIGINT NOT NULL,
  target_id VARBINARY(512) NULL,
  message LONGBLOB NULL,
  created_at TIMESTAMP(3) NULL DEFAULT NULL,
  refused_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
-- The server checks every row that it copies, so a row that was put there past the checks would fail the ALTER for ever.
-- First copied, then deleted where it is found in the copy: whatever ends in between loses none, and copies none twice.
INSERT INTO outbox_refused (outbox_id, target_id, message, created_at, reason)
SELECT o.id, CAST(o.target_id AS BINARY), CAST(o.message AS BINARY), o.created_at, 'violates the checks of outbox'
FROM outbox o
WHERE (o.target_id NOT REGEXP '^[A-Za-z0-9_-]' OR o.target_id REGEXP '[^A-Za-z0-9._~:@|+-]'
    OR o.target_id IN ('group:', '__proto__') OR LENGTH(o.message) < 1)
  AND NOT EXISTS (
    SELECT 1 FROM outbox_refused r WHERE r.outbox_id = o.id
      AND r.target_id = CAST(o.target_id AS BINARY) AND r.message = CAST(o.message AS BINARY));
-- next
DELETE o FROM outbox_refused r STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY)
  ON o.id = r.outbox_id AND CAST(o.target_id AS BINARY) = r.target_id AND CAST(o.message AS BINARY) = r.message;
-- next
ALTER TABLE outbox
  DROP CONSTRAINT outbox_target_id,
  ADD CONSTRAINT outbox_target_id CHECK (target_id REGEXP '^[A-Za-z0-9_-]' AND target_id NOT REGEXP '[^A-Za-z0-9._~:@|+-]' AND target_id NOT IN ('group:', '__proto__'));
