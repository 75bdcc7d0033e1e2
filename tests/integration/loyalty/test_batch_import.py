from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from aftercare.loyalty.v1 import points_service_pb2, resources_pb2
from services.chassis.kernel.errors import AftercareError
from tests.integration.loyalty.world import World, basket, context

pytestmark = pytest.mark.integration
Row = points_service_pb2.BatchImportRow


def row(number: int, world: World, **changes: object) -> Row:
    placed = world.clock.now() - timedelta(days=number % 40)
    goods = basket(f"o{number}", 1_000, 550, placed=placed, delivered=placed)
    member = f"m{number % 50}"
    made = Row(account_id=member, customer_id=f"c-{member}", basket=goods)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


async def chunks(program_id: str, rows: list[Row]) -> AsyncIterator[points_service_pb2.BatchImportRequest]:
    for start in range(0, len(rows), 500):
        yield points_service_pb2.BatchImportRequest(
            ctx=context("import"), program_id=program_id, rows=rows[start : start + 500]
        )


async def test_history_is_imported_once_and_the_clock_sees_what_is_due(world: World) -> None:
    program_id = await world.program(return_window_days=14)
    rows = [row(number, world) for number in range(1_200)]

    report = await world.points.BatchImport(chunks(program_id, rows))
    again = await world.points.BatchImport(chunks(program_id, [*rows, row(1_200, world)]))

    assert (report.rows, report.earned_orders, report.points) == (1_200, 1_200, 18_000)
    assert (report.opened_accounts, report.error_count) == (50, 0)
    assert (again.earned_orders, again.duplicate_orders, again.opened_accounts) == (1, 1_200, 0)
    balance = await world.balance("m0")  # orders 0, 50, …: ages 0, 10, 20, 30 days in turn, window 14
    assert (balance.pending, balance.available) == (13 * 15, 12 * 15)
    assert await world.told("account.created") == 50
    assert await world.told("points.earned") == 0


async def test_a_bad_row_is_told_and_fails_no_neighbour(world: World) -> None:
    program_id = await world.program()
    bad_currency = row(1, world)
    for line in bad_currency.basket.lines:
        line.net.currency = "USD"
    mixed = row(2, world)
    mixed.basket.lines[0].net.currency = "USD"
    negative = row(3, world)
    negative.basket.lines[0].net.minor = -1
    taken = row(4, world, customer_id="c-m0")

    report = await world.points.BatchImport(
        chunks(program_id, [row(0, world), bad_currency, mixed, negative, taken, row(5, world)])
    )

    assert (report.rows, report.earned_orders, report.error_count) == (6, 2, 4)
    assert sorted((error.row, error.reason) for error in report.errors) == [
        (1, "INVALID_CURRENCY"),
        (2, "INVALID_CURRENCY"),
        (3, "INVALID_POINTS"),
        (4, "ALREADY_ENROLLED"),
    ]
    with pytest.raises(AftercareError, match="PROGRAM_NOT_FOUND"):
        await world.points.BatchImport(chunks("unknown", [row(9, world)]))


async def test_programmes_are_checked(world: World) -> None:
    for changes, reason in (
        ({"timezone": "Mars/Olympus"}, "INVALID_TIMEZONE"),
        ({"currency": "XXX"}, "INVALID_CURRENCY"),
    ):
        with pytest.raises(AftercareError, match=reason):
            await world.program(**changes)
    name = await world.program(rounding=resources_pb2.Program.ROUNDING_CEIL)
    with pytest.raises(AftercareError, match="IDEMPOTENCY_KEY_REUSED"):
        await world.program(program_id=name)
