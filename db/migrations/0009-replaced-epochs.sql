-- compatible: true
-- An epoch also begins without the command, where a relay notices that rows which it has seen are others now.
ALTER TABLE log_epoch
  ADD COLUMN replaced_epoch VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  ADD COLUMN certain_until TIMESTAMP(3) NULL DEFAULT NULL;
-- already done: 1060
