"""The three services, played by one real gRPC server with the chassis' guard and canned answers."""

from typing import Any, Self

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2_grpc

from services.chassis.grpc.interceptors import CallInterceptor
from services.chassis.grpc.server import nothing_to_translate
from tests.builders.contract import FILES
from tests.integration.gateway import samples

METHODS = {
    f"/{service.full_name}/{method.name}": method
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
Behaviour = Message | Exception


class CannedUpstream(grpc.GenericRpcHandler):
    """Answers every RPC with every field set, unless a test says otherwise; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answers: dict[str, Behaviour] = {}

    def reset(self) -> None:
        self.asked.clear()
        self.answers.clear()

    def last(self) -> Any:
        """The request of the last call."""
        return self.asked[-1][1]

    def service(self, details: Any) -> Any:
        method = METHODS.get(details.method)
        if method is None or method.client_streaming:
            return None

        async def behave(request: Any, context: Any) -> Any:
            self.asked.append((method.name, request))
            wanted = self.answers.get(method.name)
            if wanted is None:
                return samples.answer(method)
            if isinstance(wanted, Exception):
                raise wanted
            return wanted

        return grpc.unary_unary_rpc_method_handler(
            behave,
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    async def __aenter__(self) -> Self:
        self._server = grpc.aio.server(interceptors=[CallInterceptor("canned", nothing_to_translate)])
        self._server.add_generic_rpc_handlers((self,))
        health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(None)
