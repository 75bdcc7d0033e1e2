"""Somebody else wrote the same document first."""

from services.chassis.kernel.errors import AftercareError, Kind


def version_conflict(what: str) -> AftercareError:
    """A write whose version was no longer the present one; nothing was written."""
    return AftercareError(
        Kind.ABORTED,
        "VERSION_CONFLICT",
        f"{what} was changed by somebody else at the same time; retry with the same key",
        retry_after=1.0,
    )
