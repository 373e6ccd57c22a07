"""What all API endpoints share: problems, keys, strict JSON, cursors, idempotency, ETags and limits."""
