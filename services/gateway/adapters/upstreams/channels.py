"""The three services behind the gateway: one channel each, any RPC by its descriptor."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2

from aftercare.common.v1 import context_pb2
from services.chassis.grpc.client import channel
from services.chassis.kernel.errors import AftercareError

SECONDS = 5.0  # a shop's page waits behind it
HEALTH_SECONDS = 1.0

_Call = Callable[..., Awaitable[Message]]


@dataclass(frozen=True)
class Channels:
    """Channels by service name: loyalty, returns, refunds. See `entrypoints.http.upstreams.Upstreams`."""

    channels: Mapping[str, grpc.aio.Channel]
    _calls: dict[str, _Call]

    async def call(
        self,
        method: MethodDescriptor,
        request: Any,  # noqa: ANN401 - the RPC's own request message
        context: context_pb2.RequestContext,
    ) -> Any:  # noqa: ANN401 - the RPC's own answer message
        """Ask a service on behalf of `context`. Raises the service's AftercareError."""
        request.ctx.CopyFrom(context)
        call = self._calls.get(method.full_name)
        if call is None:
            call = self._calls[method.full_name] = self._bind(method)
        return await call(request, timeout=SECONDS)

    async def unready(self) -> list[str]:
        """Names of the services that do not answer as serving."""
        missing = []
        for name, link in self.channels.items():
            check = link.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            try:
                answer = await check(health_pb2.HealthCheckRequest(), timeout=HEALTH_SECONDS)
            except AftercareError:
                missing.append(name)
                continue
            if answer.status != health_pb2.HealthCheckResponse.SERVING:
                missing.append(name)
        return missing

    async def close(self) -> None:
        """Close the channels."""
        for link in self.channels.values():
            await link.close()

    def _bind(self, method: MethodDescriptor) -> _Call:
        service = method.containing_service
        name = service.file.package.split(".")[1]
        call: _Call = self.channels[name].unary_unary(
            f"/{service.full_name}/{method.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        return call


def open_upstreams(addresses: Mapping[str, str]) -> Channels:
    """Channels to `host:port` by service name; they connect when first used and find restarted services."""
    return Channels({name: channel(address) for name, address in addresses.items()}, {})
