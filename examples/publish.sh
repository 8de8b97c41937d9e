#!/usr/bin/env bash
# Publishes one message with curl:  ./publish.sh '{"message": "Hello Client 1!", "targetId": 1}' [idempotency-key]
# The body is sent unchanged; use `jq` to build it from data.
set -euo pipefail
body=$1
key=${2:-$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)}

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# curl retries after no answer, 408, 429 and 5xx, with the same key, so the message is stored once. It waits as long as
# Retry-After says; the random delay keeps many such scripts from coming back in the same second.
# No --fail, because a 4xx is a final answer.
status=$(curl --silent --show-error --max-time 15 \
  --retry 8 --retry-all-errors --retry-delay $((RANDOM % 3 + 1)) \
  --header 'Content-Type: application/json' --header "Idempotency-Key: $key" \
  ${POSTLINE_KEY:+--header "Authorization: Bearer $POSTLINE_KEY"} \
  --data-raw "$body" --output "$answer" --write-out '%{http_code}' "${POSTLINE_URL:-http://localhost:8080}")

if [[ $status != 2* ]]; then
  printf 'not published (status %s): %s\n' "$status" "$(cat "$answer")" >&2
  exit 1
fi
printf '%s\n' "$(cat "$answer")"
