"""The main job: a shop's past comes in, then one customer's story, then the figures."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo import baskets, report
from deploy.demo.checks import Figures, StepError
from deploy.demo.history import Imported, bring_in
from deploy.demo.shop import Gateway, Shop
from deploy.demo.story import Story
from deploy.local.state import StackState
from services.chassis.kernel.errors import AftercareError

HOUSEHOLDS = 200
HISTORY_PROGRAM = "journey"
_PROGRAM: dict[str, Any] = {
    "program_id": HISTORY_PROGRAM,
    "display_name": "Journey",
    "timezone": "America/New_York",
    "currency": baskets.CURRENCY,
    "earn_rate": {"num": 1, "den": 100},
    "rounding": "FLOOR",
    "clawback_policy": "ALLOW_NEGATIVE",
    "return_window_days": 30,
    "expiry_months": 24,
    "points_per_major_unit": 100,
    "restore_grace_days": 30,
}
_PASSES = ("orders", "payments", "points")


def run(state: StackState, *, full: bool, as_json: bool) -> int:
    """Run the main job against a stack that is up. 0 when every figure is what it must be, else 1.

    Progress goes to standard error, the figures to standard output.
    """
    console = Console(stderr=True)
    started = time.perf_counter()
    with Shop.of(state) as shop:
        story = Story(shop, tell=_teller(console))
        try:
            imported = _bring_in_history(shop.gateway, state.environment, full=full, console=console)
            _check_history(imported, story.figures)
            story.run()
        except (StepError, AftercareError) as error:
            console.print(f"[bold red]main job: failed[/] {error}")
            console.print("Look at `make logs`; the stack is still up.")
            return 1
    seconds = time.perf_counter() - started
    wrong = story.figures.wrong
    if as_json:
        sys.stdout.write(json.dumps(_as_json(imported, story, seconds), indent=2, default=str) + "\n")
    else:
        report.show(Console(), imported, story, seconds)
    return 1 if wrong else 0


def _bring_in_history(
    gateway: Gateway, environment: dict[str, str], *, full: bool, console: Console
) -> Imported:
    gateway.post("shop", "/v1/programs", _PROGRAM, key="demo-journey")
    with console.status("reading the real baskets"):
        past = baskets.read(None if full else HOUSEHOLDS, datetime.now(UTC))
    addresses = {name: environment[f"{name.upper()}_ADDRESS"] for name in ("loyalty", "returns", "refunds")}
    with Progress(
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        bars = {name: progress.add_task(name, total=len(past)) for name in _PASSES}
        return asyncio.run(
            bring_in(addresses, HISTORY_PROGRAM, past, lambda name, rows: progress.advance(bars[name], rows))
        )


def _check_history(imported: Imported, figures: Figures) -> None:
    figures.check("orders brought in", imported.orders + imported.orders_known, imported.baskets)
    figures.check("payments brought in", imported.payments, imported.baskets)
    figures.check("orders that earned", imported.earned_orders + imported.earned_known, imported.baskets)
    figures.check("rows refused", imported.refused, 0)


def _teller(console: Console) -> Callable[[str], None]:
    return lambda text: console.print(f"[green]✓[/] {text}", highlight=False, soft_wrap=True)


def _as_json(imported: Imported, story: Story, seconds: float) -> dict[str, Any]:
    return {
        "main_job": "failed" if story.figures.wrong else "ok",
        "seconds": round(seconds, 1),
        "history": asdict(imported),
        "figures": [asdict(figure) | {"right": figure.right} for figure in story.figures.all],
        **story.shown,
    }
