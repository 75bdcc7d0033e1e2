"""Threads or asyncio? The real earn path behind both kinds of gRPC server, without interceptors.

    python -m benchmarks.transport threads|asyncio URI

Use cases, committer and documents are the same; only the server, the driver and the queue in front of the
committer differ. The decision made by it is docs/adr/0004. Prints the port, then serves until killed.
"""

import asyncio
import queue
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import grpc
import uvloop

from aftercare.loyalty.v1 import account_service_pb2, points_service_pb2, resources_pb2
from services.chassis.kernel.coroutines import run_now
from services.chassis.mongo.client import connect, connect_blocking
from services.loyalty import bootstrap
from services.loyalty.application.ports import Ports
from services.loyalty.entrypoints.grpc.services import grpc_services

DATABASE = "aftercare_loyalty"
THREADS = 64
LIMIT = 256
_RPCS: dict[str, tuple[Any, Any]] = {
    "EarnPoints": (points_service_pb2.EarnPointsRequest, points_service_pb2.PointsChange),
    "GetBalance": (account_service_pb2.GetBalanceRequest, resources_pb2.Balance),
}


class ThreadedBatches:
    """Group commit with threads: callers block on a future, one thread handles a batch at a time."""

    def __init__(self, process: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]) -> None:
        self._process: Any = process
        self._waiting: queue.SimpleQueue[tuple[Any, Future[Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    async def submit(self, item: Any) -> Any:  # noqa: ANN401 - any item
        """Blocks its thread; `run_now` lets it."""
        future: Future[Any] = Future()
        self._waiting.put((item, future))
        return future.result()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < LIMIT and not self._waiting.empty():
                batch.append(self._waiting.get())
            results = run_now(self._process([item for item, _ in batch]))
            for (_, future), result in zip(batch, results, strict=True):
                if isinstance(result, BaseException):
                    future.set_exception(result)
                else:
                    future.set_result(result)


def _handlers(ports: Ports, adapt: Callable[[Any], Any]) -> list[grpc.GenericRpcHandler]:
    found = []
    for service in grpc_services(ports):
        methods = {
            name: grpc.unary_unary_rpc_method_handler(
                adapt(getattr(service.servicer, name)),
                request_deserializer=request.FromString,
                response_serializer=answer.SerializeToString,
            )
            for name, (request, answer) in _RPCS.items()
            if hasattr(service.servicer, name)
        }
        found.append(grpc.method_handlers_generic_handler(service.name, methods))
    return found


def threads(uri: str) -> None:
    """A threaded server on the blocking driver."""
    parts = bootstrap._build(connect_blocking(uri), DATABASE, None, None)  # noqa: SLF001 - a slice of the path
    ports = parts.ports(
        ThreadedBatches(parts.committer.commit).submit, ThreadedBatches(parts.reader.answer).submit
    )
    server = grpc.server(ThreadPoolExecutor(THREADS))
    server.add_generic_rpc_handlers(
        _handlers(ports, lambda method: lambda request, context: run_now(method(request, context)))
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


async def aio(uri: str) -> None:
    """An asyncio server on the asyncio driver."""
    ports = bootstrap.build_serve_ports(connect(uri), DATABASE)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(_handlers(ports, lambda method: method))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    if sys.argv[1] == "threads":
        threads(sys.argv[2])
    else:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        asyncio.run(aio(sys.argv[2]))
