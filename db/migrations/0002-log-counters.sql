-- compatible: true
-- One counter for each target: its row's lock, held to the commit, makes commit order offset order.
CREATE TABLE IF NOT EXISTS targets (
  target_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  head BIGINT NOT NULL,
  epoch_start BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (target_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
-- One row: the lifetime of the logs that cursors belong to.
CREATE TABLE IF NOT EXISTS log_epoch (
  singleton TINYINT NOT NULL DEFAULT 1,
  epoch VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  started_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (singleton),
  CONSTRAINT log_epoch_one_row CHECK (singleton = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- next
-- 128 random bits as 22 characters. An epoch that is there already stays.
INSERT INTO log_epoch (epoch)
VALUES (REPLACE(REPLACE(TRIM(TRAILING '=' FROM TO_BASE64(RANDOM_BYTES(16))), '+', '-'), '/', '_'))
ON DUPLICATE KEY UPDATE epoch = epoch;
