"""The services behind the gateway, as its routes see them."""

from typing import Any, Protocol

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from aftercare.common.v1 import context_pb2


class Upstreams(Protocol):
    """Any RPC of any service, by its descriptor. `adapters.upstreams.channels` is the real one."""

    async def call(
        self,
        method: MethodDescriptor,
        request: Any,  # noqa: ANN401 - the RPC's own request message
        context: context_pb2.RequestContext,
    ) -> Any:  # noqa: ANN401 - the RPC's own answer message
        """Ask on behalf of `context`. Raises the service's AftercareError."""
        ...

    async def close(self) -> None:
        """Close the channels."""
        ...


def request_class(method: MethodDescriptor) -> type[Message]:
    """The request message of an RPC."""
    return GetMessageClass(method.input_type)
