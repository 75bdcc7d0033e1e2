"""Reservations. Parts of the account: its version guards them."""

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.loyalty.adapters.mongo.accounts import account_key
from services.loyalty.domain.account import Account
from services.loyalty.domain.reservations import Reservation, ReservationState, Share

RESERVATIONS = "reservations"
INDEXES = [IndexModel([("owner", ASCENDING), ("order_id", ASCENDING)], name="order")]


def reservation_key(owner: str, reservation_id: str) -> str:
    """The document's id."""
    return f"{owner}/{reservation_id}"


def to_document(account: Account, reservation: Reservation) -> Document:
    """The document of a new reservation."""
    owner = account_key(account.tenant_id, account.account_id)
    return {
        "_id": reservation_key(owner, reservation.reservation_id),
        "owner": owner,
        "tenant_id": account.tenant_id,
        "reservation_id": reservation.reservation_id,
        "order_id": reservation.order_id,
        "points": reservation.points,
        "expires_at": reservation.expires_at,
        **to_update(reservation),
    }


def to_update(reservation: Reservation) -> Document:
    """What can change of it."""
    return {
        "state": reservation.state.value,
        "committed_points": reservation.committed_points,
        "committed_sequence": reservation.committed_sequence,
        "shares": [(share.lot_id, share.held, share.spent, share.restored) for share in reservation.shares],
    }


def to_reservation(row: Document) -> Reservation:
    """The reservation in a document."""
    return Reservation(
        row["reservation_id"],
        row["order_id"],
        row["points"],
        ReservationState(row["state"]),
        row["expires_at"],
        [Share(*share) for share in row["shares"]],
        row["committed_points"],
        row["committed_sequence"],
    )
