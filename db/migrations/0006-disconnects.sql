-- compatible: true
-- Which clients the API disconnected, so that every relay learns of it.
CREATE TABLE IF NOT EXISTS disconnects (
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position BIGINT NOT NULL,
  tokens_refused_up_to TIMESTAMP(3) NULL DEFAULT NULL,
  PRIMARY KEY (client_id),
  UNIQUE KEY disconnects_position (position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
CREATE TABLE IF NOT EXISTS disconnect_head (
  singleton TINYINT NOT NULL DEFAULT 1,
  head BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (singleton),
  CONSTRAINT disconnect_head_one_row CHECK (singleton = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
INSERT INTO disconnect_head (head) VALUES (0) ON DUPLICATE KEY UPDATE head = head;
