"""The desk joins the office, its drivers and the post: one batch of notices per moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from deploy.standins.courier.company.dispatch import Dispatch
from deploy.standins.courier.company.office import Office
from deploy.standins.courier.company.records import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from deploy.standins.courier.company.clock import VirtualClock
    from deploy.standins.courier.company.records import Scan

    Post = Callable[[Iterable[Sequence[dict[str, Any]]], str], None]

_TICK_SECS: Final = 0.5


class Desk:
    """What becomes known in one go is posted in one go, so that a shuffle has something to mix."""

    def __init__(self, clock: VirtualClock, post: Post, seed: int | None = None) -> None:
        self._post = post
        self._untold: list[list[Scan]] = []
        self.office = Office(clock, self._announce, seed)
        self.dispatch = Dispatch(self.office)

    def _announce(self, scans: list[Scan]) -> None:
        if not self._untold:
            asyncio.get_running_loop().call_soon(self._tell)
        self._untold.append(scans)

    def _tell(self) -> None:
        groups, self._untold = self._untold, []
        rendered = ([scan.rendered() for scan in group] for group in groups)
        self._post(rendered, utc_text(self.office.clock.now()))

    def run_due(self) -> list[Scan]:
        """Everything due by now, told at once."""
        scans = self.dispatch.run_due()
        self._tell()
        return scans

    def scan_at_will(self, scan: Scan) -> None:
        """A control's scan, told at once."""
        self.dispatch.scan_at_will(scan)
        self._tell()

    def reset(self) -> None:
        """As on the first day."""
        self._untold = []
        self.dispatch.scripted_next.clear()
        self.office.reset()

    async def tick(self) -> None:
        """Let real time bring what is due; a frozen clock only moves by control."""
        while not self.office.clock.is_frozen:
            await asyncio.sleep(_TICK_SECS)
            self.run_due()
