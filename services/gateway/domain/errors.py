"""What the gateway itself refuses. The services' own reasons pass through unchanged."""

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind


def unauthenticated(reason: str, message: str) -> AftercareError:
    """No proof of who asks: MISSING_API_KEY, BAD_API_KEY."""
    return AftercareError(Kind.UNAUTHENTICATED, reason, message)


def scope_missing(scope: str, audience: str) -> AftercareError:
    """The key is good, the route is not for it: SCOPE_MISSING."""
    return AftercareError(
        Kind.PERMISSION_DENIED,
        "SCOPE_MISSING",
        f"a key for {audience} does not carry the scope {scope}",
        {"scope": scope},
    )


def bad_request(reason: str, message: str, *violations: FieldViolation) -> AftercareError:
    """The request cannot be read: INVALID_REQUEST, MISSING_IDEMPOTENCY_KEY, BAD_PARAMETER."""
    return AftercareError(Kind.INVALID_ARGUMENT, reason, message, violations=violations)


def invalid_cursor() -> AftercareError:
    """The cursor is none of ours: INVALID_PAGE_TOKEN."""
    return bad_request(
        "INVALID_PAGE_TOKEN",
        "cursor must be the next_cursor of the previous answer, unchanged",
        FieldViolation("cursor", "not a cursor of ours"),
    )


def body_too_large(limit: int) -> AftercareError:
    """The body is over the limit in bytes: BODY_TOO_LARGE."""
    return AftercareError(
        Kind.INVALID_ARGUMENT, "BODY_TOO_LARGE", f"send at most {limit} bytes", {"limit": str(limit)}
    )
