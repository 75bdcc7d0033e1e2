"""What happens around every RPC: request id, log line, metric, validation, deadline, errors."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter
from typing import Any

import grpc
import structlog

from services.chassis import logging
from services.chassis.grpc.deadlines import within_deadline
from services.chassis.grpc.errors import status_code, to_trailers
from services.chassis.grpc.validation import RequestReader
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.metrics import RPC_SECONDS

REQUEST_ID_KEY = "x-request-id"

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Any  # grpc.RpcMethodHandler, whose stub knows the synchronous server only
# Turns a foreign exception (a driver's) into ours, or says that it does not know it.
Translator = Callable[[BaseException], AftercareError | None]


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Guards every RPC of a server except gRPC's own (health, reflection).

    `domain` names the service in errors. `active` counts the calls being handled, for the drain.
    """

    def __init__(self, domain: str, translate: Translator) -> None:
        self.domain = domain
        self.translate = translate
        self.active = 0
        self._guarded: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler, guarded; made once per method."""
        path = handler_call_details.method
        guarded = self._guarded.get(path)
        if guarded is not None:
            return guarded
        handler = await continuation(handler_call_details)
        if handler is None or path.startswith("/grpc."):
            return handler
        guarded = self._guarded[path] = _guard(self, path, handler)
        return guarded


def _guard(server: CallInterceptor, path: str, handler: Handler) -> Handler:
    if handler.response_streaming:
        raise NotImplementedError(f"{path}: streamed answers are not guarded yet, so they are not served")
    method = _Method(server, path, handler)
    # The guard gets bytes and parses by itself, so that it sees malformed and unknown input.
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler(
            method.streamed, response_serializer=handler.response_serializer
        )
    return grpc.unary_unary_rpc_method_handler(method.unary, response_serializer=handler.response_serializer)


class _Method:
    """One RPC of the server, with all that is the same for each of its calls."""

    def __init__(self, server: CallInterceptor, path: str, handler: Handler) -> None:
        self._server = server
        self._service, self._name = path[1:].split("/")
        self._behavior: Callable[[Any, Context], Awaitable[Any]] = (
            handler.stream_unary if handler.request_streaming else handler.unary_unary
        )
        self._reader = RequestReader(self._name, handler.request_deserializer)
        self._seconds: dict[str, Any] = {}
        # Bound here, once: the lazy proxy would look its configuration up on each line.
        self._log = structlog.get_logger().bind(rpc=f"{self._service.rpartition('.')[2]}.{self._name}")

    async def unary(self, raw: bytes, context: Context) -> Any:  # noqa: ANN401 - the RPC's own answer type
        return await self._handle(context, self._unary(raw, context))

    async def streamed(self, raws: AsyncIterator[bytes], context: Context) -> Any:  # noqa: ANN401 - same
        # No default deadline: an import runs as long as its rows come; keepalive notices a dead sender.
        return await self._handle(context, self._behavior(self._each(raws), context))

    async def _unary(self, raw: bytes, context: Context) -> Any:  # noqa: ANN401 - same
        request = self._reader.read(raw)
        return await within_deadline(context.time_remaining(), self._behavior(request, context))

    async def _each(self, raws: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        index = 0
        async for raw in raws:
            try:
                request = self._reader.read(raw)
            except AftercareError as error:
                error.metadata = {**error.metadata, "message_index": str(index)}
                raise
            yield request
            index += 1

    async def _handle(self, context: Context, call: Awaitable[Any]) -> Any:  # noqa: ANN401 - same
        started = perf_counter()
        code = "OK"
        self._server.active += 1
        request_id = _request_id(context)
        try:
            logging.bind(request_id=request_id)
            context.set_trailing_metadata(((REQUEST_ID_KEY, request_id),))
            return await call
        except asyncio.CancelledError:
            code = "CANCELLED"  # by the caller or by its deadline; gRPC answers
            raise
        except Exception as error:  # noqa: BLE001 - nothing may leave unseen or with its text
            failure = self._failure(error, request_id)
            code = failure.kind.value
            await context.abort(
                status_code(failure.kind),
                failure.message,
                ((REQUEST_ID_KEY, request_id), *to_trailers(failure, self._server.domain)),
            )
        finally:
            self._server.active -= 1
            self._finish(code, perf_counter() - started)

    def _failure(self, error: Exception, request_id: str) -> AftercareError:
        failure = error if isinstance(error, AftercareError) else self._server.translate(error)
        if failure is None:
            self._log.error("rpc failed unexpectedly", exc_info=error)
            return AftercareError(
                Kind.INTERNAL,
                "INTERNAL",
                "something failed that should not; quote the request id",
                {"request_id": request_id},
            )
        if failure is not error:
            # What the driver said stays here; the caller gets our words only.
            self._log.warning("rpc failed", kind=failure.kind.value, reason=failure.reason, cause=repr(error))
        return failure

    def _finish(self, code: str, seconds: float) -> None:
        observed = self._seconds.get(code)
        if observed is None:
            observed = self._seconds[code] = RPC_SECONDS.labels(self._service, self._name, code)
        observed.observe(seconds)
        self._log.debug("rpc", code=code, ms=round(seconds * 1000, 3))


def _request_id(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID_KEY and value:
            return str(value)[:128]
    return logging.new_request_id()
