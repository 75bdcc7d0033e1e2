"""Whether the gateway can serve: what is behind it, looked at every second, never by a caller's request."""

import asyncio

import pymongo

from services.chassis.mongo.client import DatabaseHandle
from services.gateway.adapters.upstreams.channels import Channels

SECONDS = 1.0


class Readiness:
    """`missing` names what did not answer at the last look; at first that is not known yet."""

    def __init__(self, channels: Channels, database: DatabaseHandle) -> None:
        self._channels, self._database = channels, database
        self.missing = ["unknown"]

    async def known(self) -> list[str]:
        """What was missing at the last look."""
        return self.missing

    async def keep_looking(self) -> None:
        """Look, for ever."""
        while True:
            self.missing = await self._look()
            await asyncio.sleep(SECONDS)

    async def _look(self) -> list[str]:
        names = await self._channels.unready()
        try:
            with pymongo.timeout(SECONDS):
                await self._database.command("ping")
        except Exception:  # noqa: BLE001 - any failure means the same
            names.append("mongodb")
        return names
