"""Reasons of the loyalty service, by the names of its specification (section 3)."""

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind

IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
DUPLICATE_SOURCE = "DUPLICATE_SOURCE"


def account_not_found(account_id: str) -> AftercareError:
    """No such account in the tenant."""
    return AftercareError(
        Kind.NOT_FOUND,
        "ACCOUNT_NOT_FOUND",
        f"there is no account {account_id!r}; create it first",
        {"account_id": account_id},
    )


def program_not_found(program_id: str) -> AftercareError:
    """No such programme in the tenant."""
    return AftercareError(
        Kind.NOT_FOUND,
        "PROGRAM_NOT_FOUND",
        f"there is no programme {program_id!r}; create it first",
        {"program_id": program_id},
    )


def program_exists(program_id: str) -> AftercareError:
    """The programme's id is taken."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        "PROGRAM_EXISTS",
        f"programme {program_id!r} exists already",
        {"program_id": program_id},
    )


def already_enrolled(customer_id: str, account_id: str) -> AftercareError:
    """The account id is taken, or the customer has an account in the programme."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        "ALREADY_ENROLLED",
        "this customer or account id is a member of the programme already; use that account",
        {"customer_id": customer_id, "account_id": account_id},
    )


def account_not_active(account_id: str, state: str) -> AftercareError:
    """The account neither earns nor spends."""
    return AftercareError(
        Kind.FAILED_PRECONDITION,
        "ACCOUNT_SUSPENDED",
        f"account {account_id!r} is {state.lower()}: it neither earns nor spends",
        {"account_id": account_id, "state": state},
    )


def insufficient_points(available: int, requested: int) -> AftercareError:
    """More points were asked for than can be spent now. Not stored under the key: asking again is allowed."""
    return AftercareError(
        Kind.FAILED_PRECONDITION,
        "INSUFFICIENT_POINTS",
        f"{requested} points were asked for, {available} are available",
        {
            "available": str(available),
            "requested": str(requested),
            "missing": str(requested - available),
        },
    )


def duplicate_source(source: str, entry_id: str) -> AftercareError:
    """The order, return or import row has moved points before, under another key (rule R6, guard 2)."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        DUPLICATE_SOURCE,
        f"{source} has moved its points already",
        {"entry_id": entry_id, "source": source},
    )


def key_reused(rpc: str) -> AftercareError:
    """The idempotency key belongs to another request (rule R6, guard 1)."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        IDEMPOTENCY_KEY_REUSED,
        "this idempotency key was used for another request; use a new key for a new intent",
        {"rpc": rpc},
    )


def order_not_earned(order_id: str) -> AftercareError:
    """Nothing is known of the order's points."""
    return AftercareError(
        Kind.NOT_FOUND,
        "ORDER_NOT_EARNED",
        f"order {order_id!r} has not earned on this account",
        {"order_id": order_id},
    )


def return_exceeds_order(line_id: str, left: int, asked: int) -> AftercareError:
    """More comes back than was bought, in minor units or pieces of one line."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "RETURN_EXCEEDS_ORDER",
        f"line {line_id!r} has {left} left to return, {asked} came back",
        {"line_id": line_id, "left": str(left), "asked": str(asked)},
        (FieldViolation("lines", f"line {line_id}: at most {left}"),),
    )


def invalid_currency(wanted: str, got: str) -> AftercareError:
    """An amount is in another currency than the programme earns in."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "INVALID_CURRENCY",
        f"the programme earns in {wanted}, not in {got}",
        {"currency": got, "expected": wanted},
    )


def invalid_timezone(name: str) -> AftercareError:
    """Not a zone of the IANA data base."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "INVALID_TIMEZONE",
        f"{name!r} is not an IANA time zone such as Europe/Warsaw",
        {"timezone": name},
        (FieldViolation("program.timezone", "must be an IANA zone name"),),
    )


def invalid_points(message: str) -> AftercareError:
    """A number of points, or a basket, that cannot be."""
    return AftercareError(Kind.INVALID_ARGUMENT, "INVALID_POINTS", message)


def reservation_not_found(reservation_id: str) -> AftercareError:
    """No such reservation on the account."""
    return AftercareError(
        Kind.NOT_FOUND,
        "RESERVATION_NOT_FOUND",
        f"there is no reservation {reservation_id!r} on this account",
        {"reservation_id": reservation_id},
    )


def hold_over(reason: str, reservation_id: str) -> AftercareError:
    """The reservation ended another way: HOLD_EXPIRED, HOLD_ALREADY_COMMITTED or HOLD_ALREADY_CANCELED."""
    words = reason.removeprefix("HOLD_").lower().replace("_", " ")
    return AftercareError(
        Kind.FAILED_PRECONDITION,
        reason,
        f"reservation {reservation_id!r}: {words}",
        {"reservation_id": reservation_id},
    )


def too_many_holds(limit: int) -> AftercareError:
    """The account has as many live reservations as it may."""
    return AftercareError(
        Kind.RESOURCE_EXHAUSTED,
        "VELOCITY_LIMIT",
        f"the account has {limit} live reservations; commit or cancel some first",
        {"limit": str(limit)},
    )


def invalid_page_token() -> AftercareError:
    """A page token that we did not make."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "INVALID_PAGE_TOKEN",
        "page_token must be the next_page_token of the previous answer, unchanged",
        violations=(FieldViolation("page_token", "not a token of ours"),),
    )
