"""The baseline of reads: a bare grpc.aio server that answers at once.

    python -m benchmarks.echo PORT

It answers any RPC with the bytes of an empty Balance, with no interceptor and no database.
"""

import asyncio
import sys
from typing import Any

import grpc
import uvloop

from aftercare.loyalty.v1 import account_service_pb2, resources_pb2


class _Echo(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc's class is untyped
    """Any RPC, one answer."""

    def service(self, handler_call_details: Any) -> Any:  # noqa: ANN401 - grpc's own types
        async def answer(request: account_service_pb2.GetBalanceRequest, _: Any) -> resources_pb2.Balance:  # noqa: ANN401 - the same
            return resources_pb2.Balance(available=len(request.account_id))

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=account_service_pb2.GetBalanceRequest.FromString,
            response_serializer=resources_pb2.Balance.SerializeToString,
        )


async def main(port: int) -> None:
    """Serve until killed."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print("ready", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(main(int(sys.argv[1])))
