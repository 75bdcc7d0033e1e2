"""A server of two loyalty services with canned answers, chosen by the account id.

Run as a program it serves until SIGTERM; it prints `port N`, then `began K` and `ended K` for each
EarnPoints, so that a test can tell which calls were accepted.
"""

import asyncio
import sys
from collections import Counter
from typing import Any

from pymongo import _csot

from aftercare.loyalty.v1 import account_service_pb2_grpc, points_service_pb2, points_service_pb2_grpc
from aftercare.loyalty.v1.resources_pb2 import Account, Balance
from services.chassis import logging
from services.chassis.grpc.context import request_context
from services.chassis.grpc.server import Service, run, serve
from services.chassis.kernel.errors import AftercareError, Kind


class Accounts(account_service_pb2_grpc.LoyaltyAccountServiceServicer):
    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def GetBalance(self, request: Any, context: Any) -> Balance:
        account = request.account_id
        self.asked[account] += 1
        match account.split("-"):
            case ["missing", *_]:
                raise AftercareError(Kind.NOT_FOUND, "ACCOUNT_NOT_FOUND", "open it first", {"id": account})
            case ["crash", *_]:
                raise ValueError("the password is hunter2")
            case ["driver", *_]:
                raise LookupError("a driver's words: hunter2")
            case ["flaky", *_] if self.asked[account] < 3:
                raise AftercareError(Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "later", retry_after=0.05)
            case ["closed", *_]:
                raise AftercareError(Kind.UNAVAILABLE, "CARRIER_DOWN", "in an hour", retry_after=3600)
            case ["slow", *_]:
                await asyncio.sleep(30)
            case ["left", *_]:
                return Balance(available=int((_csot.remaining() or 0) * 1000))
            case ["who", *_]:
                return Balance(available=int(logging.request_id() == "req-42"))
        return Balance(available=self.asked[account])

    async def CreateAccount(self, request: Any, context: Any) -> Account:
        self.asked["created"] += 1
        return Account(account_id=request_context(request).fingerprint[:8])

    async def GetAccount(self, request: Any, context: Any) -> Account:
        raise NotImplementedError

    async def ListLedgerEntries(self, request: Any, context: Any) -> Any:
        raise NotImplementedError


class Points(points_service_pb2_grpc.PointsServiceServicer):
    async def EarnPoints(self, request: Any, context: Any) -> Any:
        print("began", request.ctx.idempotency_key, flush=True)  # noqa: T201 - read by the test
        await asyncio.sleep(0.3)
        print("ended", request.ctx.idempotency_key, flush=True)  # noqa: T201 - the same
        return points_service_pb2.PointsChange()

    async def BatchImport(self, request_iterator: Any, context: Any) -> Any:
        rows = 0
        async for chunk in request_iterator:
            rows += len(chunk.rows)
        return points_service_pb2.BatchImportResponse(rows=rows)


# The RPCs that no test asks for stay unimplemented, which ABCMeta would not allow.
Points.__abstractmethods__ = frozenset()


def services(accounts: Accounts) -> list[Service]:
    return [
        Service(
            "aftercare.loyalty.v1.LoyaltyAccountService",
            account_service_pb2_grpc.add_LoyaltyAccountServiceServicer_to_server,
            accounts,
        ),
        Service(
            "aftercare.loyalty.v1.PointsService",
            points_service_pb2_grpc.add_PointsServiceServicer_to_server,
            Points(),  # type: ignore[abstract] # see above
        ),
    ]


async def _ready() -> bool:
    return True


def main() -> None:
    logging.configure("loyalty", "serve", "info")
    run(
        serve(
            services(Accounts()),
            "127.0.0.1:0",
            service_name="loyalty",
            ready=_ready,
            drain_seconds=float(sys.argv[1]),
            on_listening=lambda port: print("port", port, flush=True),  # noqa: T201 - read by the test
        )
    )


if __name__ == "__main__":
    main()
