"""What can go wrong at a carrier, in our words.

These are plain exceptions, not wire errors: a use case catches them and decides (retry later,
reconcile, offer another slot, fall back to drop-off) long before anything becomes a gRPC status.
"""
# ruff: noqa: N818 - the names are the spec's own words, without an Error suffix

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


class CarrierError(Exception):
    """The parent of everything a `CarrierGateway` raises; `str(error)` is safe to log."""

    def __init__(self, message: str, *, native_code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.native_code = native_code
        """The carrier's own code, for support calls; empty when the carrier gave none."""


class Transient(CarrierError):
    """The carrier certainly did nothing and may do it later: safe to repeat."""


class OutcomeUnknown(CarrierError):
    """The call left us and no answer came back: it may or may not have happened.

    Never repeat a booking after this: ask `find_pickups(reference)` first, and book only if it is
    not there.
    """


class InvalidRequest(CarrierError):
    """The carrier refused a field; `field` is our name of it, empty if it cannot be told."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message, native_code=code)
        self.field = field
        self.code = code


class NotFound(InvalidRequest):
    """The carrier does not know the shipment, pickup or label that was asked for."""


class NoCoverage(CarrierError):
    """The carrier does not serve this lane, postal code or method."""


class SlotTaken(CarrierError):
    """The slot was offered and is gone; quote again and let the customer choose."""


class TooLate(CarrierError):
    """The carrier's cut-off has passed, or the goods have moved on."""


class NotSupported(CarrierError):
    """The carrier has no such operation; `capabilities` says so beforehand."""


class AuthFailed(CarrierError):
    """Our credentials were refused: an operator must act, retries do not help."""


class RateLimited(Transient):
    """The carrier asked us to slow down; `retry_after` is its wish, or our default."""

    def __init__(self, message: str, *, retry_after: timedelta, native_code: str = "") -> None:
        super().__init__(message, native_code=native_code)
        self.retry_after = retry_after


class BadWebhook(CarrierError):
    """The signature is missing, wrong or too old, or the body is not the carrier's."""
