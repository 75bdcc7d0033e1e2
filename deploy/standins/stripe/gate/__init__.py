"""What a request passes before and after it takes effect: faults, idempotency, the log."""
