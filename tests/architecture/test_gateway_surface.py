"""No RPC is out of reach by accident: each has a route, or stands here with the reason why not."""

import subprocess
import sys

import pytest

from services.gateway.entrypoints.http.app import OPERATIONS
from services.gateway.entrypoints.http.routes import orders, webhooks
from tests.builders.contract import FILES

WORK = (
    "from services.chassis.nameko.green import go_green; go_green(); import services.gateway.bootstrap, "
    "services.gateway.entrypoints.events.handlers, services.chassis.nameko.runner"
)
SERVE = (
    "import services.gateway.bootstrap, services.gateway.entrypoints.http.app, "
    "services.gateway.adapters.upstreams.channels"
)
INTERNAL = {
    "aftercare.loyalty.v1.PointsService.ProcessReturn": "returns calls it when a return is settled",
    "aftercare.loyalty.v1.PointsService.SimulateReturn": "asked for the quote's points_preview",
    "aftercare.loyalty.v1.PointsService.BatchImport": "a stream for operators, by the command line",
    "aftercare.returns.v1.OrderService.ImportOrders": "a stream for operators, by the command line",
    "aftercare.refunds.v1.PaymentService.ImportPayments": "a stream for operators, by the command line",
}


def test_every_rpc_has_a_route_or_a_reason() -> None:
    every = {
        method.full_name
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    routed = {operation.method.full_name for operation in (*OPERATIONS, orders.QUOTE)} | {
        webhooks.STRIPE.full_name,
        webhooks.CARRIER.full_name,
    }

    assert every - routed == set(INTERNAL)
    assert not routed & set(INTERNAL)


def test_no_two_routes_are_one() -> None:
    routes = [(operation.verb, operation.path) for operation in (*OPERATIONS, orders.QUOTE)]
    assert len(set(routes)) == len(routes)


@pytest.mark.parametrize(
    ("imports", "forbidden"),
    [
        (
            WORK,
            "grpc",
        ),
        (
            SERVE,
            "eventlet",
        ),
    ],
)
def test_a_process_of_the_gateway_does_not_load(imports: str, forbidden: str) -> None:
    program = f"{imports}; import sys; assert {forbidden!r} not in sys.modules, 'loaded'"
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
