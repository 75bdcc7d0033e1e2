"""Reading accounts with the parts that commands need: few queries, however many accounts.

The account is read first and its parts after it. Every write bumps the account's version, so parts that are
newer than the account make the write fail its version check and the commands are decided again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.chassis.mongo.client import DatabaseHandle, Document
from services.loyalty.adapters.mongo import accounts, lots, reservations
from services.loyalty.adapters.mongo.accounts import ACCOUNTS, EPOCH
from services.loyalty.adapters.mongo.lots import LOTS
from services.loyalty.adapters.mongo.reservations import RESERVATIONS
from services.loyalty.application.ports import Needs
from services.loyalty.domain.account import Account
from services.loyalty.domain.lots import NEVER, LotState, consumption_order
from services.loyalty.domain.reservations import ReservationState
from services.loyalty.domain.rules.earning import order_lot_id

_TIMED = [LotState.PENDING.value, LotState.ACTIVE.value]
_ACTIVE = {
    "state": LotState.ACTIVE.value,
    "due_at": {"$gt": EPOCH, "$lte": NEVER},
}  # each has one, so the index has it
SPENDING_LOTS = 500  # read at first for one account that spends; more only when they do not suffice


@dataclass(slots=True)
class Wanted:
    """What the commands on one account need, put together."""

    orders: set[str] = field(default_factory=set)
    spends: bool = False
    reservation_ids: set[str] = field(default_factory=set)
    spent_on: set[str] = field(default_factory=set)
    everything: bool = False

    def add(self, needs: Needs, *, careful: bool) -> None:
        """Also what this command needs. Only a careful reader looks for orders that are guessed to be new."""
        if careful or not needs.guess_new:
            self.orders.update(needs.orders)
            if needs.spent_on:
                self.spent_on.add(needs.spent_on)
        self.spends |= needs.spends > 0
        if needs.reservation_id:
            self.reservation_ids.add(needs.reservation_id)


@dataclass(slots=True)
class Loaded:
    """One account as stored. `build` makes a fresh aggregate of it, as often as asked."""

    row: Document
    lots: dict[str, Document] = field(default_factory=dict)
    reservations: dict[str, Document] = field(default_factory=dict)
    cut: bool = False  # the spendable lots are only the first ones

    def build(self) -> Account:
        """The account, whose commit will write the next version."""
        account = accounts.to_account(self.row)
        account.version += 1
        for row in self.lots.values():
            if lots.has_lot(row):
                lot = lots.to_lot(row)
                account.lots[lot.lot_id] = lot
            if "order" in row:
                account.orders[row["order_id"]] = lots.to_order(row)
        for row in self.reservations.values():
            account.reservations[row["reservation_id"]] = reservations.to_reservation(row)
        if self.cut:
            self._limit(account)
        return account

    def _limit(self, account: Account) -> None:
        # The cut may go through lots that expire together, so only those before the last such group count.
        active = [lot for lot in account.lots.values() if lot.state is LotState.ACTIVE]
        last = max(lot.due_at for lot in active)
        before = [consumption_order(lot) for lot in active if lot.due_at < last]
        account.loaded_until = max(before, default=None)


async def load(database: DatabaseHandle, wanted: Mapping[str, Wanted], now: datetime) -> dict[str, Loaded]:
    """The accounts that exist, by key, with what is wanted of them and what the clock has made due."""
    rows = await database[ACCOUNTS].find({"_id": {"$in": list(wanted)}}).to_list()
    loaded = {row["_id"]: Loaded(row) for row in rows}
    due = [row["_id"] for row in rows if row["next_due_at"] is not None and row["next_due_at"] <= now]
    await _load_lots(database, loaded, wanted, due, now)
    if due:
        await _load_next_pending(database, loaded, due, now)
    await _load_reservations(database, loaded, wanted, now)
    return loaded


async def _load_lots(
    database: DatabaseHandle,
    loaded: Mapping[str, Loaded],
    wanted: Mapping[str, Wanted],
    due: Sequence[str],
    now: datetime,
) -> None:
    clauses: list[Document] = []
    ids = [lots.lot_key(key, order_lot_id(order)) for key in loaded for order in wanted[key].orders]
    if ids:
        clauses.append({"_id": {"$in": ids}})
    if due:
        clauses.append(
            {"owner": {"$in": due}, "state": {"$in": _TIMED}, "due_at": {"$gt": EPOCH, "$lte": now}}
        )
    spending = [key for key in loaded if wanted[key].spends or wanted[key].everything]
    if len(spending) == 1 and not wanted[spending[0]].everything:
        await _load_first_spendable(database, loaded[spending[0]])
    elif spending:
        clauses.append({"owner": {"$in": spending}, **_ACTIVE})
    if clauses:
        _keep(loaded, await database[LOTS].find({"$or": clauses}).to_list())


async def _load_first_spendable(database: DatabaseHandle, loaded: Loaded) -> None:
    query = {"owner": loaded.row["_id"], **_ACTIVE}
    rows = await database[LOTS].find(query).sort([("due_at", 1)]).limit(SPENDING_LOTS).to_list()
    loaded.cut = len(rows) == SPENDING_LOTS
    loaded.lots.update((row["_id"], row) for row in rows)


async def _load_next_pending(
    database: DatabaseHandle, loaded: Mapping[str, Loaded], due: Iterable[str], now: datetime
) -> None:
    # So that the account can tell when it is due next.
    for key in due:
        query = {"owner": key, "state": LotState.PENDING.value, "due_at": {"$gt": now, "$lt": NEVER}}
        _keep(loaded, await database[LOTS].find(query).sort([("due_at", 1)]).limit(1).to_list())


async def _load_reservations(
    database: DatabaseHandle, loaded: Mapping[str, Loaded], wanted: Mapping[str, Wanted], now: datetime
) -> None:
    ids, spent_on = [], []
    for key, each in loaded.items():
        lapsing = {hold for hold, at in each.row["holds"].items() if at <= now}
        ids += [reservations.reservation_key(key, hold) for hold in wanted[key].reservation_ids | lapsing]
        spent_on += [{"owner": key, "order_id": order} for order in wanted[key].spent_on]
    clauses: list[Document] = [{"_id": {"$in": ids}}] if ids else []
    if spent_on:
        clauses.append({"$or": spent_on, "state": ReservationState.COMMITTED.value})
    if not clauses:
        return
    missing: set[str] = set()
    for row in await database[RESERVATIONS].find({"$or": clauses}).to_list():
        owner = loaded[row["owner"]]
        owner.reservations[row["_id"]] = row
        missing.update(lots.lot_key(row["owner"], lot_id) for lot_id, *_ in row["shares"])
    missing.difference_update(*(each.lots for each in loaded.values()))
    if missing:
        _keep(loaded, await database[LOTS].find({"_id": {"$in": list(missing)}}).to_list())


def _keep(loaded: Mapping[str, Loaded], rows: Iterable[Document]) -> None:
    for row in rows:
        loaded[row["owner"]].lots[row["_id"]] = row
