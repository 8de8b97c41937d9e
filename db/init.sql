-- The whole current schema. It is what the files in migrations/ lead to, from an empty database and from the proof of
-- concept's alike; a test holds the two equal. An API does the same by itself when it starts, so this file is for
-- reading, and for those who create databases by hand:  mysql postline < db/init.sql
-- Runs unchanged on MySQL 8.0, 8.4, 9 and MariaDB from 10.11 on.
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
-- A procedure keeps the mode it was made in: a text that doesn't fit is refused, whatever the caller's own mode.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- The logs. A row is an acknowledged message. `offset` is its position in its target's log: 1, 2, 3, … without a gap.
-- Only the API (or publish_message) can know the next one, so it has no default and a bare INSERT fails.
CREATE TABLE messages (
  id BIGINT NOT NULL AUTO_INCREMENT,
  message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `offset` BIGINT NOT NULL,
  created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- The scope of idempotency keys; empty where nobody has to say who they are.
  publisher VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  idempotency_key VARBINARY(255) NULL,
  -- Which append wrote the row: proves that its transaction was committed. NULL in rows from before version 7.
  append_id VARBINARY(16) NULL DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY messages_target_offset (target_id, `offset`),
  UNIQUE KEY messages_publisher_key (publisher, idempotency_key),
  -- A server that is not strict would give a missing offset the value 0.
  CONSTRAINT messages_offset_from_one CHECK (`offset` >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One counter for each target: its row's lock, held to the commit, makes commit order offset order. Never deleted.
CREATE TABLE targets (
  target_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  head BIGINT NOT NULL,
  -- The last offset that came from before the current epoch.
  epoch_start BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (target_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row: the lifetime of the logs that cursors belong to.
CREATE TABLE log_epoch (
  singleton TINYINT NOT NULL DEFAULT 1,
  epoch VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  started_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Where this epoch began without the command: the one before, and until when its rows are common to both for certain.
  replaced_epoch VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  certain_until TIMESTAMP(3) NULL DEFAULT NULL,
  PRIMARY KEY (singleton),
  CONSTRAINT log_epoch_one_row CHECK (singleton = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- 128 random bits as 22 characters.
INSERT INTO log_epoch (epoch)
VALUES (REPLACE(REPLACE(TRIM(TRAILING '=' FROM TO_BASE64(RANDOM_BYTES(16))), '+', '-'), '/', '_'));

-- What each device of a client has processed: one row for each target it follows. `offset` is the last ack, and from
-- the moment that a device first asks for its last ack to its first one the head that it found then.
CREATE TABLE acks (
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Empty for connections that name no device: they are one.
  device_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The one that `offset` belongs to.
  epoch VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `offset` BIGINT NOT NULL,
  -- NULL where nothing was acked yet.
  acked_at TIMESTAMP(3) NULL DEFAULT NULL,
  -- By it the longest unused of a client's devices is found; in microseconds, so that it is one.
  last_used_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (client_id, device_id, target_id),
  KEY acks_target (target_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Publishing by SQL: messages from publish_message, joins and leaves from join_group and leave_group, until an API moves
-- them to the logs and to `members`, for each target in id order. A transaction holds rows of its own here, and nothing
-- that another one waits for.
CREATE TABLE outbox (
  id BIGINT NOT NULL AUTO_INCREMENT,
  -- Of a join or leave the group.
  target_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind ENUM('message', 'join', 'leave') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'message',
  -- Who joins or leaves.
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  -- When it was published; the message gets the time of its move, which is the order of its log.
  created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY outbox_target (target_id),
  -- A row that no log could take would stay for ever.
  CONSTRAINT outbox_target_id CHECK (target_id REGEXP '^[A-Za-z0-9_-]' AND target_id NOT REGEXP '[^A-Za-z0-9._~:@|+-]' AND target_id NOT IN ('group:', '__proto__')),
  CONSTRAINT outbox_message CHECK (kind <> 'message' OR (message IS NOT NULL AND LENGTH(message) >= 1)),
  CONSTRAINT outbox_member CHECK (kind = 'message' OR (message IS NULL AND target_id LIKE 'group:%' AND client_id IS NOT NULL
    AND client_id REGEXP '^[A-Za-z0-9_-]' AND client_id NOT REGEXP '[^A-Za-z0-9._~:@|+-]'
    AND client_id NOT LIKE 'group:%' AND client_id <> '__proto__'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Rows of the outbox that can't be moved, put there by hand or past the checks: an API moves them here, so that no other
-- row waits behind them, and logs each once. As bytes, for they may be no text. Read it, then empty it with DELETE: Postline
-- never does.
CREATE TABLE outbox_refused (
  id BIGINT NOT NULL AUTO_INCREMENT,
  -- What its id in the outbox was.
  outbox_id BIGINT NOT NULL,
  target_id VARBINARY(512) NULL,
  -- NULL where an API of a schema before version 10 put it here: it knows no other kind than messages.
  kind VARBINARY(16) NULL DEFAULT NULL,
  client_id VARBINARY(512) NULL DEFAULT NULL,
  message LONGBLOB NULL,
  created_at TIMESTAMP(3) NULL DEFAULT NULL,
  refused_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id),
  -- An API of a schema before version 10 takes a join or leave for a message that is empty. It can't set it aside: this
  -- check fails its transaction, and the row waits for an API that knows it.
  CONSTRAINT outbox_refused_kind CHECK (message IS NOT NULL OR kind IS NOT NULL)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CALL publish_message('1', 'Hello'): publishes inside the caller's transaction, see docs/publishing-from-sql.md.
-- The parameters are wider than what they may hold, so that a text that is too long is seen and not cut on its way in.
-- LAST_INSERT_ID() is left as the application knows it. Of what is no text, MariaDB lets through
-- one thing: encoded surrogates, the byte ED before one of A0 to BF. The pattern is ED[A0-BF], in latin1 because MySQL's
-- regular expressions take no bytes.
DELIMITER //
CREATE PROCEDURE publish_message(
  IN target_id LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN message LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
COMMENT 'Postline, version 2'
BEGIN
  DECLARE id_before BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();
  IF target_id IS NULL OR LENGTH(target_id) NOT BETWEEN 1 AND 128 OR target_id IN ('group:', '__proto__')
    OR target_id NOT REGEXP '^[A-Za-z0-9_-]' OR target_id REGEXP '[^A-Za-z0-9._~:@|+-]' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
      'target_id must be 1 to 128 of A-Z a-z 0-9 . _ ~ : @ | + -, start with a letter, digit, _ or -, and name a group after group:';
  END IF;
  IF message IS NULL OR LENGTH(message) NOT BETWEEN 1 AND 65535 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'message must be 1 to 65535 bytes in UTF-8';
  END IF;
  IF LOCATE(X'ED', CAST(message AS BINARY)) > 0
    AND CONVERT(CAST(message AS BINARY) USING latin1) COLLATE latin1_bin REGEXP _latin1 X'ED5BA02DBF5D' COLLATE latin1_bin THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'message must be well-formed UTF-8, without encoded surrogates';
  END IF;
  INSERT INTO outbox (target_id, message) VALUES (target_id, message);
  DO LAST_INSERT_ID(id_before);
END//

-- CALL join_group('news', 'anna') and CALL leave_group('news', 'anna'): change who reads a group's messages, inside the
-- caller's transaction and in the order of its calls, those of publish_message included. See docs/groups.md.
CREATE PROCEDURE join_group(
  IN group_name LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN client_id LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
COMMENT 'Postline, version 1'
BEGIN
  DECLARE id_before BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();
  IF group_name IS NULL OR LENGTH(group_name) NOT BETWEEN 1 AND 122 OR group_name REGEXP '[^A-Za-z0-9._~:@|+-]' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'group_name must be 1 to 122 of A-Z a-z 0-9 . _ ~ : @ | + -';
  END IF;
  IF client_id IS NULL OR LENGTH(client_id) NOT BETWEEN 1 AND 128 OR client_id = '__proto__' OR client_id LIKE 'group:%'
    OR client_id NOT REGEXP '^[A-Za-z0-9_-]' OR client_id REGEXP '[^A-Za-z0-9._~:@|+-]' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
      'client_id must be 1 to 128 of A-Z a-z 0-9 . _ ~ : @ | + -, start with a letter, digit, _ or -, and be no group';
  END IF;
  INSERT INTO outbox (target_id, kind, client_id) VALUES (CONCAT('group:', group_name), 'join', client_id);
  DO LAST_INSERT_ID(id_before);
END//

CREATE PROCEDURE leave_group(
  IN group_name LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN client_id LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
COMMENT 'Postline, version 1'
BEGIN
  DECLARE id_before BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();
  IF group_name IS NULL OR LENGTH(group_name) NOT BETWEEN 1 AND 122 OR group_name REGEXP '[^A-Za-z0-9._~:@|+-]' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'group_name must be 1 to 122 of A-Z a-z 0-9 . _ ~ : @ | + -';
  END IF;
  IF client_id IS NULL OR LENGTH(client_id) NOT BETWEEN 1 AND 128 OR client_id = '__proto__' OR client_id LIKE 'group:%'
    OR client_id NOT REGEXP '^[A-Za-z0-9_-]' OR client_id REGEXP '[^A-Za-z0-9._~:@|+-]' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
      'client_id must be 1 to 128 of A-Z a-z 0-9 . _ ~ : @ | + -, start with a letter, digit, _ or -, and be no group';
  END IF;
  INSERT INTO outbox (target_id, kind, client_id) VALUES (CONCAT('group:', group_name), 'leave', client_id);
  DO LAST_INSERT_ID(id_before);
END//
DELIMITER ;

-- The members of groups: their connections follow the group's log. Every change first takes the group's counter in
-- `targets`, as an append does, and then member_head.
CREATE TABLE members (
  -- Without the group: of its target id.
  group_name VARCHAR(122) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The offset of the group's log after which the member's stream begins.
  from_offset BIGINT NOT NULL,
  -- When it joined; when it left where it is no member any more.
  since TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Departures are kept for a day, so that relays learn of them.
  state ENUM('member', 'left') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Of its last change, in the order of the commits.
  position BIGINT NOT NULL,
  PRIMARY KEY (group_name, client_id),
  -- Has all that a relay reads of a client.
  KEY members_client (client_id, state, group_name, from_offset, position),
  KEY members_position (state, position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row. Its lock, held to the commit, makes commit order position order, and holds the limit of groups for each client.
CREATE TABLE member_head (
  singleton TINYINT NOT NULL DEFAULT 1,
  -- The last position.
  head BIGINT NOT NULL DEFAULT 0,
  -- Departures up to this position may have been deleted.
  forgotten BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (singleton),
  CONSTRAINT member_head_one_row CHECK (singleton = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO member_head (head) VALUES (0);

-- Which clients the API disconnected, each with its latest time: relays close what connected before it. One row for each
-- client that ever was.
CREATE TABLE disconnects (
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- In the order of the commits.
  position BIGINT NOT NULL,
  -- Tokens that were issued up to then are refused.
  tokens_refused_up_to TIMESTAMP(3) NULL DEFAULT NULL,
  PRIMARY KEY (client_id),
  UNIQUE KEY disconnects_position (position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row: the last position. Its lock, held to the commit, makes commit order position order.
CREATE TABLE disconnect_head (
  singleton TINYINT NOT NULL DEFAULT 1,
  head BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (singleton),
  CONSTRAINT disconnect_head_one_row CHECK (singleton = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO disconnect_head (head) VALUES (0);

-- What of migrations/ this database has.
CREATE TABLE schema_migrations (
  version INT NOT NULL,
  name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Services of the release before it go on beside it.
  compatible BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO schema_migrations (version, name, compatible)
VALUES (1, 'proof-of-concept', TRUE), (2, 'log-counters', TRUE), (3, 'target-logs', FALSE), (4, 'acks', TRUE),
  (5, 'outbox', TRUE), (6, 'disconnects', TRUE), (7, 'append-ids', TRUE), (8, 'wider-ids', TRUE),
  (9, 'replaced-epochs', TRUE), (10, 'members', TRUE), (11, 'migration-marks', TRUE);
