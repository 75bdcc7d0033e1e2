"""gRPC and eventlet never meet in one process, and neither comes in by the back door."""

import subprocess
import sys

import pytest

CHASSIS_NAMEKO = (
    "from services.chassis.nameko.green import go_green; go_green(); "
    "import services.chassis.nameko.runner, services.chassis.events.relay"
)


@pytest.mark.parametrize(
    ("imports", "forbidden"),
    [
        (CHASSIS_NAMEKO, "grpc"),
        ("import services.chassis.grpc.server, services.chassis.grpc.client", "eventlet"),
        ("import services.chassis.events.relay_process, services.chassis.events.dead_letters", "eventlet"),
        ("import services.chassis.mongo.unit_of_work, services.chassis.mongo.leases", "grpc"),
    ],
)
def test_a_process_does_not_load(imports: str, forbidden: str) -> None:
    program = f"{imports}; import sys; assert {forbidden!r} not in sys.modules, 'loaded'"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)  # noqa: S603, PLW1510 - our own code
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("first", "complaint"), [("import grpc", "grpc is loaded"), ("import pymongo", "must come before")]
)
def test_a_process_cannot_go_green_beside_grpc_or_too_late(first: str, complaint: str) -> None:
    program = f"{first}; from services.chassis.nameko.green import go_green; go_green()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)  # noqa: S603, PLW1510 - our own code
    assert done.returncode == 1
    assert complaint in done.stderr
