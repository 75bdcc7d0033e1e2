"""What this service refuses and why; the reasons are the names of the contract and of spec returns.md 4."""

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind

IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
"""The reason of an idempotency key that comes again with another body."""


def invalid(reason: str, message: str, field: str = "", **metadata: str) -> AftercareError:
    """A request that is never right, whatever the state of things; `field` is the wrong one's path."""
    violations = (FieldViolation(field, message),) if field else ()
    return AftercareError(Kind.INVALID_ARGUMENT, reason, message, metadata, violations)


def precondition(reason: str, message: str, **metadata: str) -> AftercareError:
    """A request that the present state does not allow."""
    return AftercareError(Kind.FAILED_PRECONDITION, reason, message, metadata)


def order_not_found(order_id: str) -> AftercareError:
    """No such order, or not this customer's."""
    return AftercareError(Kind.NOT_FOUND, "ORDER_NOT_FOUND", "there is no such order", {"order_id": order_id})


def return_not_found(code: str) -> AftercareError:
    """No such return, or not this customer's."""
    return AftercareError(Kind.NOT_FOUND, "RETURN_NOT_FOUND", "there is no such return", {"return_id": code})


def duplicate_order(order_id: str) -> AftercareError:
    """The order is known with other contents; an import never changes one."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        "DUPLICATE_ORDER",
        "this order was imported before with other contents; orders are imported once and never changed",
        {"order_id": order_id},
    )


def units_already_on_return(line_id: str, free: int) -> AftercareError:
    """Somebody else's return has these units."""
    return AftercareError(
        Kind.ABORTED,
        "UNITS_ALREADY_ON_RETURN",
        f"only {free} units of line {line_id} can still be returned; ask for a new quote",
        {"line_id": line_id, "free": str(free)},
    )


def carrier_down(carrier: str, cause: str) -> AftercareError:
    """The carrier did nothing and may do it later."""
    return AftercareError(
        Kind.UNAVAILABLE,
        "CARRIER_DOWN",
        f"the courier {carrier} cannot be reached now; try again",
        {"carrier": carrier, "cause": cause},
        retry_after=2.0,
    )


def booking_in_progress(carrier: str) -> AftercareError:
    """Somebody else, perhaps a process that died, asks the carrier for this very booking."""
    return AftercareError(
        Kind.UNAVAILABLE,
        "BOOKING_IN_PROGRESS",
        f"the courier {carrier} is being asked for this booking already; ask again with the same key",
        {"carrier": carrier},
        retry_after=1.0,
    )


def role_not_allowed(role: str, act: str) -> AftercareError:
    """This kind of actor may not do that."""
    return AftercareError(
        Kind.PERMISSION_DENIED, "ROLE_NOT_ALLOWED", f"{role} may not {act}", {"role": role, "act": act}
    )
