-- CALL leave_group('news', 'anna'): ends the membership of a client in a group, at the place of the call among the
-- messages that its transaction publishes.
-- The parameters are wider than what they may hold, so that a text that is too long is seen and not cut on its way in.
-- LAST_INSERT_ID() is left as the application knows it.
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
END;
