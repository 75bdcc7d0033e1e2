"""The baseline of reads: a bare grpc.aio server that answers at once.

    python -m benchmarks.echo

It answers any RPC with the bytes of an empty Balance, with no interceptor and no database.
"""

import asyncio
from typing import Any

import grpc
import uvloop

from aftercare.loyalty.v1 import account_service_pb2, resources_pb2


class _Echo(grpc.GenericRpcHandler):
    """Any RPC, one answer."""

    def service(self, handler_call_details: Any) -> Any:  # noqa: ANN401, ARG002 - grpc's signature
        async def answer(request: account_service_pb2.GetBalanceRequest, _: Any) -> resources_pb2.Balance:  # noqa: ANN401 - the same
            return resources_pb2.Balance(available=len(request.account_id))

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=account_service_pb2.GetBalanceRequest.FromString,
            response_serializer=resources_pb2.Balance.SerializeToString,
        )


async def main() -> None:
    """Serve on a free port, which is printed, until killed."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(main())
