"""Ids as a port: prefixed, sortable by time, 80 random bits."""

import secrets
import time
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing that looks like something else


class Ids(Protocol):
    """Makes ids."""

    def new(self, prefix: str) -> str:
        """A fresh id such as `ret_01jd…`: prefix, then 26 lower-case letters and digits."""
        ...


class SortableIds:
    """Ids from the machine's clock and its randomness."""

    def new(self, prefix: str) -> str:
        """See `Ids.new`."""
        number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        return f"{prefix}_{base32(number)}"


class CountingIds:
    """Ids for tests: the same run gives the same ids."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, prefix: str) -> str:
        """See `Ids.new`."""
        self._last += 1
        return f"{prefix}_{base32(self._last)}"


def base32(number: int) -> str:
    """26 characters, zero-padded, so that text order is number order."""
    letters = []
    for _ in range(26):
        letters.append(_ALPHABET[number & 31])
        number >>= 5
    return "".join(reversed(letters))
