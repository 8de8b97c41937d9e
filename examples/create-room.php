<?php
// Creates a chat room with its members and first message in one transaction of the application's own database:
//   php create-room.php general 'Welcome!' anna ben
declare(strict_types=1);

/** Stores the room, its members and its first message: all of them, or nothing. */
function createRoom(PDO $database, string $room, string $message, array $clientIds): void
{
    $database->beginTransaction();
    try {
        $database->prepare('INSERT INTO rooms (name) VALUES (?)')->execute([$room]);
        $join = $database->prepare('CALL join_group(?, ?)');
        foreach ($clientIds as $clientId) {
            $join->execute([$room, $clientId]);
        }
        // After the joins, so that it reaches these members.
        $database->prepare('CALL publish_message(?, ?)')->execute(["group:$room", $message]);
        $database->commit();
    } catch (Throwable $error) {
        $database->rollBack();
        throw $error;
    }
}

$url = parse_url(getenv('DATABASE_URL') ?: 'mysql://root@127.0.0.1:3306/postline');
$source = sprintf('mysql:host=%s;port=%d;dbname=%s;charset=utf8mb4', $url['host'], $url['port'] ?? 3306, trim($url['path'], '/'));
$database = new PDO($source, urldecode($url['user'] ?? ''), urldecode($url['pass'] ?? ''), [
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
]);
$database->exec('CREATE TABLE IF NOT EXISTS rooms (name VARCHAR(122) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY)');

[, $room, $message] = $argv;
createRoom($database, $room, $message, array_slice($argv, 3));
echo "created $room\n";
