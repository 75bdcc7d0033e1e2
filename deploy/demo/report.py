"""What the main job shows at its end."""

from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.demo.history import Imported
from deploy.demo.story import Story


def show(console: Console, imported: Imported, story: Story, seconds: float) -> None:
    """History, balance, return, refund, reconciliation, every wrong figure, and the verdict."""
    console.print(_history(imported))
    console.print(_outcome(story))
    console.print(_statement(story.shown["statement"]))
    for figure in story.figures.wrong:
        console.print(f"[bold red]wrong:[/] {figure.name} is {figure.seen!r}, must be {figure.wanted!r}")
    right = len(story.figures.all) - len(story.figures.wrong)
    verdict = "[bold red]failed" if story.figures.wrong else "[bold green]ok"
    console.print(f"{right} of {len(story.figures.all)} figures right in {seconds:.1f} s")
    console.print(f"main job: {verdict}[/]", highlight=False)


def _history(imported: Imported) -> Table:
    table = _table("Real baskets brought in")
    rows = (
        ("baskets", imported.baskets),
        ("orders new / known", f"{imported.orders:,} / {imported.orders_known:,}"),
        ("orders that earned now", imported.earned_orders),
        ("points earned now", imported.points),
        ("members enrolled now", imported.members),
        ("orders a second", round(imported.baskets / imported.seconds)),
    )
    for name, value in rows:
        table.add_row(name, value if isinstance(value, str) else f"{value:,}")
    return table


def _outcome(story: Story) -> Table:
    balance, returned, refund = (story.shown[name] for name in ("balance", "return", "refund"))
    table = _table("One customer's story")
    table.add_row("points available / pending", f"{balance['available']:,} / {balance['pending']:,}")
    table.add_row("return", f"{returned['rma_number']} {returned['state']}, {returned['settlement_state']}")
    leg = refund["legs"][0]
    table.add_row("refund", f"{_money(refund['amount'])} {refund['state']}, {leg['provider_refund_id']}")
    table.add_row("calls to the provider", str(leg["wire_calls"]))
    return table


def _statement(statement: dict[str, Any]) -> Table:
    table = _table(f"Reconciliation, {statement['currency']}")
    table.add_row("refunded by our ledger", _money(statement["ledger_total"]))
    table.add_row("refunded by the provider", _money(statement["psp_total"]))
    table.add_row("matched", str(statement["matched"]))
    table.add_row("differences", str(len(statement["breaks"])))
    table.add_row("[bold]unexplained", f"[bold]{_money(statement['unexplained'])}")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, show_header=False, title_justify="left", min_width=52)
    table.add_column()
    table.add_column(justify="right")
    return table


def _money(amount: dict[str, Any]) -> str:
    return f"{Decimal(amount['minor']).scaleb(-2):,.2f} {amount['currency']}"
