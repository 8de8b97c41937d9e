-- compatible: true
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
