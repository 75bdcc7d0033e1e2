"""What writes answer. Tuples, since they are made thousands of times a second and stored as JSON."""

from datetime import datetime
from typing import NamedTuple

from services.loyalty.domain.account import Account, AccountState
from services.loyalty.domain.ledger import Balance, Entry
from services.loyalty.domain.reservations import Reservation, ReservationState


class PointsChange(NamedTuple):
    """What a write did: its own entries, oldest first, and the balance after it."""

    entries: tuple[Entry, ...]
    balance: Balance


class AccountView(NamedTuple):
    """An account as it is shown."""

    account_id: str
    program_id: str
    customer_id: str
    state: AccountState
    created_at: datetime
    version: int


class ReservationView(NamedTuple):
    """A reservation as it is shown."""

    reservation_id: str
    account_id: str
    order_id: str
    points: int
    committed_points: int
    state: ReservationState
    expires_at: datetime


class ReservationChange(NamedTuple):
    """What a reservation RPC did."""

    reservation: ReservationView
    entries: tuple[Entry, ...]
    balance: Balance


def view_account(account: Account) -> AccountView:
    """How an account is shown."""
    return AccountView(
        account.account_id,
        account.program_id,
        account.customer_id,
        account.state,
        account.created_at,
        account.version,
    )


def view_reservation(account: Account, reservation: Reservation) -> ReservationView:
    """How a reservation is shown."""
    return ReservationView(
        reservation.reservation_id,
        account.account_id,
        reservation.order_id,
        reservation.points,
        reservation.committed_points,
        reservation.state,
        reservation.expires_at,
    )


def points_change(account: Account, entries_before: int, now: datetime) -> PointsChange:
    """The answer after a command that began with so many entries recorded."""
    return PointsChange(tuple(account.entries[entries_before:]), account.balance(now))


def reservation_change(
    account: Account, reservation: Reservation, entries_before: int, now: datetime
) -> ReservationChange:
    """The answer after a reservation command."""
    entries = tuple(account.entries[entries_before:])
    return ReservationChange(view_reservation(account, reservation), entries, account.balance(now))
