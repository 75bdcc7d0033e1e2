"""Counting returns."""

from typing import Protocol


class RmaNumbers(Protocol):
    """Hands out each number of a tenant and year once; numbers may be skipped, never repeated."""

    async def next(self, tenant_id: str, year: int) -> int:
        """The next number, from 1."""
        ...
