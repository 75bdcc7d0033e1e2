"""The same parts from `deploy/compose.yaml`, by pytest-docker: asked for with `--infra=docker`."""

import socket
from pathlib import Path
from typing import Any, cast

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0


@pytest.fixture(scope="session")
def docker_compose_file() -> list[str]:
    """The product's own compose file, with ports that cannot collide with anything."""
    return [str(REPOSITORY / "deploy" / "compose.yaml"), str(Path(__file__).with_name("compose.test.yaml"))]


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    """Only the infrastructure: tests bring their own services."""
    return ["up --detach --wait mongo rabbitmq"]


def mongodb_uri(request: pytest.FixtureRequest) -> str:
    """The compose `mongo`, once it is primary of its replica set."""
    services = _services(request)
    port = services.port_for("mongo", 27017)
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true&w=majority&retryWrites=true"
    services.wait_until_responsive(lambda: _is_primary(uri), timeout=START_SECONDS, pause=0.2)
    return uri


def amqp_uri(request: pytest.FixtureRequest) -> str:
    """The compose `rabbitmq`, once it speaks."""
    services = _services(request)
    port = services.port_for("rabbitmq", 5672)
    services.wait_until_responsive(lambda: _speaks_amqp(port), timeout=START_SECONDS, pause=0.2)
    return f"amqp://guest:guest@127.0.0.1:{port}//"


def _services(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - pytest-docker ships no types
    return request.getfixturevalue("docker_services")


def _is_primary(uri: str) -> bool:
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=1000) as client:
            return cast("bool", client.admin.command("hello").get("isWritablePrimary", False))
    except PyMongoError:
        return False


def _speaks_amqp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"
    except OSError:
        return False
