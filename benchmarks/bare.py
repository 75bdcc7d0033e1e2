"""The baseline: plain pymongo, one transaction of two documents a call, in threads.

    python -m benchmarks.bare URI CALLERS COUNT

Prints {"rate": calls a second}. Nothing of ours is imported.
"""

import json
import random
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pymongo import MongoClient, ReturnDocument
from pymongo.client_session import ClientSession

ACCOUNTS = 5_000
_WARM_UP = 200


def run(uri: str, callers: int, count: int) -> float:
    """Calls a second of `callers` threads doing `count` calls."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri, w="majority", journal=True, maxPoolSize=callers)
    database = client["bench_bare"]
    for name in ("accounts", "entries"):
        if name not in database.list_collection_names():
            database.create_collection(name)

    def call(number: int) -> None:
        account = f"a{random.randrange(ACCOUNTS)}"  # noqa: S311 - load, not secrets

        def work(session: ClientSession) -> None:
            after = database.accounts.find_one_and_update(
                {"_id": account},
                {"$inc": {"balance": 10, "seq": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            assert after is not None  # an upsert always has an after
            entry = {
                "_id": uuid.uuid4().hex,
                "a": account,
                "p": 10,
                "seq": after["seq"],
                "order": f"o{number}",
            }
            database.entries.insert_one(entry | {"bal": after["balance"], "ts": time.time()}, session=session)

        with client.start_session() as session:
            session.with_transaction(work)

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(call, range(_WARM_UP)))
        started = time.perf_counter()
        list(pool.map(call, range(count)))
        return count / (time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps({"rate": run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))}))
