"""API keys in MongoDB: only their hashes, with a short memory in front."""

import time
from collections import OrderedDict
from datetime import datetime

import pymongo
from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import DatabaseHandle
from services.gateway.domain.credentials import Audience, Credential

KEYS = "api_keys"
INDEXES = [IndexModel([("tenant_id", ASCENDING)], name="tenant")]

LOOK_UP_SECONDS = 2.0  # a caller waits behind it, with the whole request still to be done
REMEMBERED = 10_000
REMEMBERED_SECONDS = 10.0  # a revoked key works at most this much longer


class MongoKeys:
    """See the port `Keys`."""

    def __init__(self, database: DatabaseHandle) -> None:
        self._rows = database[KEYS]
        self._memory: OrderedDict[str, tuple[float, Credential]] = OrderedDict()

    async def find(self, key_hash: str) -> Credential | None:
        """See the port. Only good keys are remembered, so nobody can fill the memory with guesses."""
        known = self._memory.get(key_hash)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        with pymongo.timeout(LOOK_UP_SECONDS):
            row = await self._rows.find_one({"_id": key_hash, "revoked_at": None})
        if row is None:
            self._memory.pop(key_hash, None)
            return None
        credential = Credential(row["key_id"], row["tenant_id"], Audience(row["audience"]))
        self._memory[key_hash] = (time.monotonic() + REMEMBERED_SECONDS, credential)
        while len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)
        return credential

    async def put(self, key_hash: str, credential: Credential, now: datetime) -> None:
        """Register a key; a second time changes nothing."""
        await self._rows.update_one(
            {"_id": key_hash},
            {
                "$setOnInsert": {
                    "key_id": credential.key_id,
                    "tenant_id": credential.tenant_id,
                    "audience": credential.audience.value,
                    "created_at": now,
                    "revoked_at": None,
                    "version": 1,
                }
            },
            upsert=True,
        )
