"""A whole answer of Kurier's, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body, and the header that a refusal may carry."""

    status: int
    body: bytes
    retry_after: str = ""
