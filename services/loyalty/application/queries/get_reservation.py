"""GetReservation."""

from datetime import datetime

from services.loyalty.application.answers import ReservationView, view_reservation
from services.loyalty.application.ports import Needs, Ports
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program


async def get_reservation(
    ports: Ports, tenant_id: str, account_id: str, reservation_id: str
) -> ReservationView:
    """A reservation by the clock. Raises ACCOUNT_NOT_FOUND, RESERVATION_NOT_FOUND."""

    def view(account: Account, _program: Program, _now: datetime) -> ReservationView:
        reservation = account.reservations.get(reservation_id)
        if reservation is None:
            raise errors.reservation_not_found(reservation_id)
        return view_reservation(account, reservation)

    return await ports.accounts.look(tenant_id, account_id, view, Needs(reservation_id=reservation_id))
