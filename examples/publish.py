#!/usr/bin/env python3
"""Publishes one message with Python's standard library: python3 publish.py 1 'Hello Client 1!' [idempotency-key]"""
import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

API_URL = os.environ.get("POSTLINE_URL", "http://localhost:8080")
TRIES_MAX = 8
ANSWER_WITHIN_SECONDS = 15


def post(message, key):
    """One attempt: status, body, seconds to wait. Status 0 means no answer: it may be stored or not."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if "POSTLINE_KEY" in os.environ:
        headers["Authorization"] = "Bearer " + os.environ["POSTLINE_KEY"]
    request = urllib.request.Request(API_URL, json.dumps(message).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_SECONDS) as response:
            return response.status, response.read().decode(), 0.0
    except urllib.error.HTTPError as refusal:
        retry_after = refusal.headers.get("Retry-After") or "0"
        return refusal.code, refusal.read().decode(), float(retry_after) if retry_after.isdigit() else 0.0
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error), 0.0


def publish(message, key):
    """Repeats until a retry cannot change the answer. The key stays the same, so the message is stored once."""
    for tries in range(1, TRIES_MAX + 1):
        status, body, retry_after = post(message, key)
        if 200 <= status < 300:
            return json.loads(body)
        if status not in (0, 408, 429) and status < 500:
            break
        if tries < TRIES_MAX:
            time.sleep(retry_after + random.uniform(0, min(10, 0.25 * 2**tries)))
    raise SystemExit(f"not published (status {status}): {body}")


if __name__ == "__main__":
    target_id, text, key, *_ = sys.argv[1:] + [str(uuid.uuid4())]
    print(json.dumps(publish({"message": text, "targetId": target_id}, key)))
