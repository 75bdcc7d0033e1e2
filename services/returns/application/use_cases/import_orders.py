"""Taking over past orders in bulk: no event is told, and a bad row never fails its neighbours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.errors import AftercareError
from services.returns.application.ports import Ports
from services.returns.application.ports.order_history import Verdict
from services.returns.domain.access import check_staff
from services.returns.domain.errors import duplicate_order
from services.returns.domain.orders.importing import take_over
from services.returns.domain.orders.order import Order

MOST_ERRORS = 1_000


@dataclass(frozen=True, slots=True)
class ImportOrders:
    """A chunk of a stream; `first_row` is the number of its first order in the whole stream.

    `rows` make one order each when called, or raise what is wrong with that row alone.
    """

    ctx: RequestContext
    first_row: int
    rows: Sequence[Callable[[], Order]]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken over."""

    row: int
    reason: str
    message: str


@dataclass(slots=True)
class Imported:
    """What an import did; `errors` are the first `MOST_ERRORS` of `error_count`."""

    rows: int = 0
    imported: int = 0
    duplicates: int = 0
    error_count: int = 0
    errors: list[RefusedRow] = field(default_factory=list)

    def add(self, chunk: "Imported") -> None:
        """Count a chunk in."""
        self.rows += chunk.rows
        self.imported += chunk.imported
        self.duplicates += chunk.duplicates
        self.error_count += chunk.error_count
        self.errors.extend(chunk.errors[: MOST_ERRORS - len(self.errors)])

    def refuse(self, row: int, error: AftercareError) -> None:
        """Count a refused row."""
        self.error_count += 1
        self.errors.append(RefusedRow(row, error.reason, error.message))


async def import_orders(ports: Ports, command: ImportOrders) -> Imported:
    """What became of the chunk. Natural keys make it safe to send again."""
    check_staff(command.ctx.actor, "import orders")
    done = Imported(rows=len(command.rows))
    numbers: list[int] = []
    taken: list[Order] = []
    for row, order_of in enumerate(command.rows, command.first_row):
        try:
            taken.append(take_over(order_of()))
            numbers.append(row)
        except AftercareError as error:
            done.refuse(row, error)
    verdicts = await ports.history.add_many(taken) if taken else []
    for row, order, verdict in zip(numbers, taken, verdicts, strict=True):
        if verdict is Verdict.IMPORTED:
            done.imported += 1
        elif verdict is Verdict.DUPLICATE:
            done.duplicates += 1
        else:
            done.refuse(row, duplicate_order(order.order_id))
    return done
