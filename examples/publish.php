<?php
// Publishes one message with PHP alone:  php publish.php 1 'Hello Client 1!' [idempotency-key]
declare(strict_types=1);

define('API_URL', getenv('POSTLINE_URL') ?: 'http://localhost:8080');
const TRIES_MAX = 8;
const ANSWER_WITHIN_SECONDS = 15;

/** One attempt: status, body, seconds to wait. Status 0 means no answer: the message may be stored or not. */
function post(array $message, string $key): array
{
    $headers = ['Content-Type: application/json', "Idempotency-Key: $key"];
    if (getenv('POSTLINE_KEY')) {
        $headers[] = 'Authorization: Bearer ' . getenv('POSTLINE_KEY');
    }
    $stream = @fopen(API_URL, 'r', false, stream_context_create(['http' => [
        'method' => 'POST',
        'header' => $headers,
        'content' => json_encode($message, JSON_THROW_ON_ERROR),
        'timeout' => ANSWER_WITHIN_SECONDS,
        'ignore_errors' => true, // a 4xx or 5xx is an answer too
    ]]));
    if ($stream === false) {
        return [0, error_get_last()['message'], 0];
    }
    $body = (string) stream_get_contents($stream);
    ['wrapper_data' => $lines, 'timed_out' => $isLate] = stream_get_meta_data($stream);
    preg_match('/^HTTP\S+ (\d+)/', $lines[0], $status);
    preg_match('/^Retry-After: *(\d+)$/im', implode("\n", $lines), $wait);
    return [$isLate ? 0 : (int) $status[1], $body, (int) ($wait[1] ?? 0)];
}

/** Repeats until a retry cannot change the answer. The key stays the same, so the message is stored once. */
function publish(array $message, string $key): array
{
    for ($tries = 1; ; $tries++) {
        [$status, $body, $retryAfter] = post($message, $key);
        if ($status >= 200 && $status < 300) {
            return json_decode($body, true, 512, JSON_THROW_ON_ERROR);
        }
        $canHelp = in_array($status, [0, 408, 429], true) || $status >= 500;
        if (!$canHelp || $tries === TRIES_MAX) {
            throw new RuntimeException("not published (status $status): $body");
        }
        $jitter = random_int(0, 1_000_000) / 1_000_000 * min(10, 0.25 * 2 ** $tries);
        usleep((int) (1_000_000 * ($retryAfter + $jitter)));
    }
}

[, $targetId, $message] = $argv;
$key = $argv[3] ?? bin2hex(random_bytes(16));
echo json_encode(publish(['message' => $message, 'targetId' => $targetId], $key)), "\n";
