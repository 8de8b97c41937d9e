-- compatible: true
-- The table that the proof of concept's first visitor made. Where it is there already, with rows, it is left as it is:
-- an empty database and the proof of concept's take the same way from here.
CREATE TABLE IF NOT EXISTS messages (
  id INT AUTO_INCREMENT PRIMARY KEY,
  message TEXT,
  target_id INT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB;
