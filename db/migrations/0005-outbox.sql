-- Where publish_message puts messages, inside the application's own transaction, until an API moves them to their logs.
CREATE TABLE IF NOT EXISTS outbox (
  id BIGINT NOT NULL AUTO_INCREMENT,
  target_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY outbox_target (target_id),
  CONSTRAINT outbox_target_id CHECK (target_id REGEXP '^[A-Za-z0-9]' AND target_id NOT REGEXP '[^A-Za-z0-9._:@-]' AND target_id <> 'group:'),
  CONSTRAINT outbox_message CHECK (LENGTH(message) >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
-- Not IF NOT EXISTS, which MySQL knows only from 8.0.29 on.
DROP PROCEDURE IF EXISTS publish_message;
-- next
CREATE PROCEDURE publish_message(
  IN target_id LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN message LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
  DECLARE id_before BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();
  IF target_id IS NULL OR LENGTH(target_id) NOT BETWEEN 1 AND 128 OR target_id = 'group:'
    OR target_id NOT REGEXP '^[A-Za-z0-9]' OR target_id REGEXP '[^A-Za-z0-9._:@-]' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
      'target_id must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -, start with a letter or digit, and name a group after group:';
  END IF;
  IF message IS NULL OR LENGTH(message) NOT BETWEEN 1 AND 65535 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'message must be 1 to 65535 bytes in UTF-8';
  END IF;
  INSERT INTO outbox (target_id, message) VALUES (target_id, message);
  DO LAST_INSERT_ID(id_before);
END;
