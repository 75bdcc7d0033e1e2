"""Leases: one owner at a time for one name, by the database server's clock."""

import os
import secrets
import socket
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

LEASES = "leases"


class Lease:
    """Leases kept in one collection, taken by blocking calls: for `work` and `relay`.

    Only the server's clock is read, so processes whose clocks differ cannot both think they own a name.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection.with_options(write_concern=WriteConcern("majority", wtimeout=10_000))

    def acquire(self, name: str, owner: str, ttl: timedelta) -> int | None:
        """Take the lease or make it last `ttl` from now; None while somebody else has it.

        The number is the fencing token: it stays while one owner renews and grows with each new tenure,
        so a store that remembers the highest one it saw can refuse an owner that slept through its time.
        """
        try:
            found = self._collection.find_one_and_update(
                {"_id": name}, [_take(owner, ttl)], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # two first takers at once: the other one was faster
            return None
        return int(found["token"]) if found is not None and found["owner"] == owner else None

    def release(self, name: str, owner: str) -> None:
        """Give the lease back before its time; nothing happens when somebody else has it."""
        self._collection.update_one({"_id": name, "owner": owner}, [{"$set": {"until": "$$NOW"}}])


def new_owner() -> str:
    """A name for this process as an owner: host, process and something no other process has."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _take(owner: str, ttl: timedelta) -> dict[str, Any]:
    # All expressions of one $set see the document as it was before.
    over = {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}
    free = {"$or": [over, {"$eq": ["$owner", owner]}]}
    token = {"$ifNull": ["$token", 0]}
    until = {
        "$dateAdd": {
            "startDate": "$$NOW",
            "unit": "millisecond",
            "amount": round(ttl / timedelta(milliseconds=1)),
        }
    }
    return {
        "$set": {
            "owner": {"$cond": [free, owner, "$owner"]},
            "token": {"$cond": [over, {"$add": [token, 1]}, token]},
            "until": {"$cond": [free, until, "$until"]},
        }
    }
