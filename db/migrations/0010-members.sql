-- compatible: true
-- Members of groups, and joins and leaves by SQL among the messages of the outbox.
-- No statement here reads or rewrites `messages`. The ALTER of `outbox` copies it, which is nothing in ordinary service: a
-- row is there for a quarter of a second. It waits for applications whose transactions have called publish_message, a
-- second at a time, so that others are not held up behind it.
CREATE TABLE IF NOT EXISTS members (
  group_name VARCHAR(122) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_offset BIGINT NOT NULL,
  since TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  state ENUM('member', 'left') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (group_name, client_id),
  KEY members_client (client_id, state, group_name, from_offset, position),
  KEY members_position (state, position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
CREATE TABLE IF NOT EXISTS member_head (
  singleton TINYINT NOT NULL DEFAULT 1,
  head BIGINT NOT NULL DEFAULT 0,
  forgotten BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (singleton),
  CONSTRAINT member_head_one_row CHECK (singleton = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
INSERT INTO member_head (head) VALUES (0) ON DUPLICATE KEY UPDATE head = head;
-- next
-- An API of the schema before takes a join for a message without a text. It would set it aside here, and let the messages
-- behind it go ahead; with the check below its transaction fails, and the join waits for an API of this schema.
-- A row that has no text already can only come from a table that was changed by hand.
UPDATE outbox_refused SET message = '' WHERE message IS NULL;
-- next
-- already done: 1060 3822
ALTER TABLE outbox_refused
  ADD COLUMN kind VARBINARY(16) NULL DEFAULT NULL AFTER target_id,
  ADD COLUMN client_id VARBINARY(512) NULL DEFAULT NULL AFTER kind,
  ADD CONSTRAINT outbox_refused_kind CHECK (message IS NOT NULL OR kind IS NOT NULL);
-- next
-- MySQL writes checks that it copies in another way than new ones: so the one of target_id is made anew.
-- already done: 1060 3822
ALTER TABLE outbox
  ADD COLUMN kind ENUM('message', 'join', 'leave') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'message' AFTER target_id,
  ADD COLUMN client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL AFTER kind,
  MODIFY message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  DROP CONSTRAINT outbox_target_id,
  ADD CONSTRAINT outbox_target_id CHECK (target_id REGEXP '^[A-Za-z0-9_-]' AND target_id NOT REGEXP '[^A-Za-z0-9._~:@|+-]' AND target_id NOT IN ('group:', '__proto__')),
  DROP CONSTRAINT outbox_message,
  ADD CONSTRAINT outbox_message CHECK (kind <> 'message' OR (message IS NOT NULL AND LENGTH(message) >= 1)),
  ADD CONSTRAINT outbox_member CHECK (kind = 'message' OR (message IS NULL AND target_id LIKE 'group:%' AND client_id IS NOT NULL
    AND client_id REGEXP '^[A-Za-z0-9_-]' AND client_id NOT REGEXP '[^A-Za-z0-9._~:@|+-]'
    AND client_id NOT LIKE 'group:%' AND client_id <> '__proto__'));
